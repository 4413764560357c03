from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from audits.fairness import metrics
from audits.fairness.counts import NEVER, NOT_YET, Stage
from audits.fairness.intervals import z_of
from audits.fairness.metrics import DEFINITIONS, OF_STAGE, Labels, Metric, Part
from tests.fairness_tables import NO, YES, cell, confusion, group, review, routing

WOMEN, MEN = group(gender="female"), group(gender="male")
POSITIVE = frozenset({YES})
GENDER = ("gender",)


def tallied(*cells, stage=Stage.PROPOSAL, by=("gender",), positive=POSITIVE):
    found = [one for part in cells for one in (part if isinstance(part, list) else [part])]
    return metrics.tally(found, stage, metrics.items_of(by), positive)


def value(metric, of):
    return metrics.rate(metric, of).value


# ------------------------------------------------------------------------------------------ rates


def test_each_figure_is_its_numerator_over_its_denominator():
    of = tallied(confusion(WOMEN, tp=30, fp=10, fn=20, tn=40)).groups[GENDER][WOMEN]

    assert {metric.value: value(metric, of) for metric in OF_STAGE[Stage.PROPOSAL]} == {
        "selection_rate": 40 / 100,
        "tpr": 30 / 50,
        "fpr": 10 / 50,
        "fnr": 20 / 50,
        "tnr": 40 / 50,
        "precision": 30 / 40,
        "fdr": 10 / 40,
        "for": 20 / 60,
        "npv": 40 / 60,
        "accuracy": 70 / 100,
        "exact_accuracy": 70 / 100,
        "base_rate": 50 / 100,
        "label_coverage": 1.0,
        "treatment_equality": 20 / 10,
    }


def test_every_figure_belongs_to_a_stage_and_has_a_definition():
    assert {metric for stage in OF_STAGE.values() for metric in stage} == {*Metric}
    assert {*DEFINITIONS} == {*Metric}


def test_a_figure_without_a_denominator_is_none_and_has_no_interval():
    of = tallied(confusion(WOMEN, fp=3, tn=5)).groups[GENDER][WOMEN]

    assert value(Metric.TPR, of) is None
    assert value(Metric.FPR, of) == 3 / 8
    assert metrics.interval_of(Metric.TPR, metrics.rate(Metric.TPR, of), z_of(0.95)) is None


def test_without_a_positive_outcome_accuracy_is_of_the_very_outcome():
    cells = [cell(WOMEN, 6, "billing", "billing"), cell(WOMEN, 2, "billing", "sales")]
    of = tallied(cells, positive=frozenset()).groups[GENDER][WOMEN]

    assert value(Metric.ACCURACY, of) == 6 / 8
    assert value(Metric.SELECTION_RATE, of) is None
    assert value(Metric.BASE_RATE, of) is None


def test_among_many_outcomes_being_right_about_the_positive_one_is_told_from_being_right():
    # Proposing one offer where another was right is right about neither being nothing.
    cells = [
        cell(WOMEN, 5, "voucher", "voucher"),
        cell(WOMEN, 3, "voucher", "upgrade"),
        cell(WOMEN, 2, "nothing", "nothing"),
    ]
    of = tallied(cells, positive=frozenset({"voucher", "upgrade"})).groups[GENDER][WOMEN]

    assert value(Metric.ACCURACY, of) == 1
    assert value(Metric.EXACT_ACCURACY, of) == 7 / 10


def test_ruling_is_measured_of_all_that_were_ruled_and_error_of_what_no_person_saw():
    cells = [
        *routing(WOMEN, "released", right=40, wrong=10, unknown=20),
        *routing(WOMEN, "observed", right=4, wrong=1),
        *routing(WOMEN, "review", right=1, wrong=9, unknown=10),
        *routing(WOMEN, "refused", unknown=5),
    ]
    of = tallied(cells, stage=Stage.ROUTING).groups[GENDER][WOMEN]

    assert value(Metric.REVIEW_RATE, of) == 20 / 100
    assert value(Metric.REFUSED_RATE, of) == 5 / 100
    assert value(Metric.AUTOMATED_SHARE, of) == 75 / 100
    assert value(Metric.AUTOMATED_ERROR, of) == 11 / 55


def test_overriding_is_measured_of_what_people_decided_and_lapsing_beside_it():
    cells = review(WOMEN, kept=50, toward=6, away=3, other=1, lapsed=20, waiting=7, withdrawn=4)
    found = tallied(cells, stage=Stage.REVIEW)
    of = found.groups[GENDER][WOMEN]

    assert value(Metric.OVERRIDE_RATE, of) == 10 / 60
    assert value(Metric.TOWARD_RATE, of) == 6 / 60
    assert value(Metric.AWAY_RATE, of) == 3 / 60
    assert value(Metric.LAPSED_RATE, of) == 20 / 80
    assert found.left_out == {"waiting": 7, "withdrawn": 4}


# ------------------------------------------------------------------------------------------ groups


def test_what_to_group_by_is_read_as_asked_and_crossed_in_one_order():
    assert metrics.items_of(["gender", "gender * age", "age*gender"]) == {
        ("gender",): "gender",
        ("age", "gender"): "gender * age",
    }
    for nothing in ("", "gender*", "*"):
        with pytest.raises(ValueError, match="names no attribute"):
            metrics.items_of([nothing])


def test_who_is_unknown_is_counted_and_kept_out_of_groups():
    old = group(age="old", gender="female")
    nameless = group(age="old", gender="unknown")
    found = tallied(
        cell(old, 10), cell(nameless, 4), cell((), 3), cell(WOMEN, 2), by=("gender", "gender*age")
    )

    assert found.unknown == {("gender",): 7, ("age", "gender"): 9}
    assert found.partly_unknown == 9
    assert found.everybody[Part.ALL] == 19
    assert found.known[Part.ALL] == 12
    assert {of: tally[Part.ALL] for of, tally in found.groups["age", "gender"].items()} == {old: 10}


def test_what_has_no_proposal_is_told_apart():
    found = tallied(cell(WOMEN, 10), cell(WOMEN, 3, ""))

    assert found.left_out == {"no_proposal": 3}
    assert found.everybody[Part.ALL] == 10


# ------------------------------------------------------------------------------------------ labels


def test_labels_of_young_decisions_do_not_count():
    found = tallied(
        confusion(WOMEN, tp=10, tn=10), cell(WOMEN, 5, YES, NO, mature=False), cell(WOMEN, 2)
    )
    of = found.groups[GENDER][WOMEN]

    assert value(Metric.PRECISION, of) == 1
    assert value(Metric.LABEL_COVERAGE, of) == 20 / 22
    assert (of[Part.NOT_MATURE], of[Part.NOT_MATURE_LABELLED]) == (5, 5)
    assert value(Metric.SELECTION_RATE, of) == 17 / 27


def test_labels_known_not_yet_and_never_are_kept_apart():
    found = tallied(
        confusion(WOMEN, tp=6, fn=2), cell(WOMEN, 3, NO, NOT_YET), cell(WOMEN, 1, NO, NEVER)
    )
    of = found.groups[GENDER][WOMEN]

    assert [of[part] for part in (Part.KNOWN, Part.NOT_YET, Part.NEVER)] == [8, 3, 1]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([cell(WOMEN, 5)], Labels.NONE),
        (confusion(WOMEN, tp=5, tn=5), Labels.USABLE),
        ([*confusion(WOMEN, tp=50, fp=10), cell(WOMEN, 40, NO)], Labels.ONLY_POSITIVE),
        ([*confusion(WOMEN, tp=50, fp=10, tn=3), cell(WOMEN, 97, NO)], Labels.ONLY_POSITIVE),
        ([*confusion(WOMEN, fn=5, tn=10), cell(WOMEN, 40, YES)], Labels.ONLY_NEGATIVE),
        ([*confusion(WOMEN, tp=50, fp=10, tn=30), cell(WOMEN, 70, NO)], Labels.USABLE),
        (confusion(WOMEN, tp=50, fp=10), Labels.USABLE),
    ],
)
def test_labels_of_one_side_alone_are_selective(cells, expected):
    assert metrics.labels_of(tallied(cells).everybody) is expected


def test_clearly_fewer_labels_on_one_side_are_uneven():
    even = tallied(confusion(WOMEN, tp=50, tn=30), cell(WOMEN, 3, NO)).everybody
    lean = tallied(confusion(WOMEN, tp=50, tn=30), cell(WOMEN, 30, NO)).everybody

    assert not metrics.uneven(even)
    assert metrics.uneven(lean)


def test_selective_labels_leave_what_is_given_the_decision():
    kept = {
        labels: {
            metric.value for metric in OF_STAGE[Stage.PROPOSAL] if metrics.estimable(metric, labels)
        }
        for labels in (Labels.ONLY_POSITIVE, Labels.ONLY_NEGATIVE, Labels.ONLY_RELEASED)
    }

    always = {"selection_rate", "label_coverage"}
    assert kept[Labels.ONLY_POSITIVE] == always | {"precision", "fdr"}
    assert kept[Labels.ONLY_NEGATIVE] == always | {"npv", "for"}
    assert kept[Labels.ONLY_RELEASED] == always | {"precision", "fdr", "npv", "for"}


def test_labels_of_the_released_alone_are_found_from_routing():
    released = routing(WOMEN, "released", right=80, wrong=20)

    assert metrics.only_released_are_labelled([*released, *routing(WOMEN, "review", unknown=30)])
    assert metrics.only_released_are_labelled([*released, *routing(WOMEN, "refused", unknown=30)])
    # Four that wait for a person are no reason to hold back everything.
    assert not metrics.only_released_are_labelled([*released, *routing(WOMEN, "review", unknown=4)])
    assert not metrics.only_released_are_labelled(
        [*released, *routing(WOMEN, "review", right=10, unknown=20)]
    )
    assert not metrics.only_released_are_labelled(routing(WOMEN, "review", unknown=30))


def test_the_worst_case_bounds_what_selective_labels_leave_open():
    of = tallied(confusion(WOMEN, tp=30, fp=10), cell(WOMEN, 60, NO)).everybody

    bounds = metrics.worst_case(of)

    assert bounds[Metric.TPR] == (30 / 90, 1.0)
    assert bounds[Metric.FPR] == (10 / 70, 1.0)
    assert bounds[Metric.FNR] == (0.0, 1 - 30 / 90)
    assert bounds[Metric.BASE_RATE] == (30 / 100, 90 / 100)
    assert bounds[Metric.ACCURACY] == (30 / 100, 90 / 100)


@pytest.mark.parametrize("seed", range(20))
def test_no_assignment_of_missing_labels_leaves_the_bounds(seed):
    generator = np.random.default_rng(seed)
    tp, fp, fn, tn, above, below = generator.integers(0, 12, size=6).tolist()
    unlabelled = [cell(WOMEN, above, YES), cell(WOMEN, below, NO)]
    bounds = metrics.worst_case(
        tallied(confusion(WOMEN, tp=tp, fp=fp, fn=fn, tn=tn), unlabelled).everybody
    )
    for right_above in range(above + 1):
        for right_below in range(below + 1):
            full = tallied(
                confusion(
                    WOMEN,
                    tp=tp + right_above,
                    fp=fp + above - right_above,
                    fn=fn + right_below,
                    tn=tn + below - right_below,
                )
            ).everybody
            for metric, (low, high) in bounds.items():
                found = value(metric, full)
                if found is not None:
                    assert low - 1e-12 <= found <= high + 1e-12, metric


# --------------------------------------------------------------------------------- all groups


def test_the_widest_gap_names_the_lowest_and_the_highest():
    difference, ratio = metrics.widest_gap({WOMEN: 0.2, MEN: 0.5, group(gender="diverse"): 0.3})

    assert difference == (0.3, WOMEN, MEN)
    assert ratio == (0.4, WOMEN, MEN)


def test_there_is_no_gap_of_one_group_and_no_ratio_of_nothing():
    assert metrics.widest_gap({WOMEN: 0.2}) is None
    _, ratio = metrics.widest_gap({WOMEN: 0.0, MEN: 0.0})
    assert ratio.value is None


def indices(benefits):
    """Compute both indices person by person, as they are defined."""
    benefits = np.array(benefits, dtype=float)
    relative = benefits / benefits.mean()
    logs = np.log(np.where(relative > 0, relative, 1))
    return ((relative**2 - 1).mean() / 2, (relative * logs).mean())


def test_inequality_of_benefits_is_that_of_each_person_by_definition():
    women, men = confusion(WOMEN, tp=9, fp=4, fn=5, tn=12), confusion(MEN, tp=20, fp=9, fn=2, tn=8)
    found = tallied(women, men)
    groups = list(found.groups[GENDER].values())

    overall = metrics.inequality(groups)

    people = [1] * 21 + [2] * 4 + [0] * 5 + [1] * 28 + [2] * 9 + [0] * 2
    expected = indices(people)
    assert overall.generalized_entropy == pytest.approx(expected[0])
    assert overall.theil == pytest.approx(expected[1])
    # Between groups: everybody has the mean benefit of the own group.
    means = [np.mean(people[:30])] * 30 + [np.mean(people[30:])] * 39
    assert overall.between == pytest.approx(indices(means)[0])


def test_equal_treatment_is_no_inequality_and_no_benefit_has_no_index():
    equal = tallied(confusion(WOMEN, tp=5, tn=6), confusion(MEN, tp=2, tn=1))

    found = metrics.inequality(list(equal.groups[GENDER].values()))

    assert found.generalized_entropy == pytest.approx(0, abs=1e-15)
    assert found.theil == pytest.approx(0, abs=1e-15)
    assert found.between == pytest.approx(0, abs=1e-15)
    assert metrics.inequality([Counter({Part.FN: 4})]) is None


def test_rows_for_another_library_hold_labels_only_where_they_count():
    rows = metrics.rows_for_oracle(
        [
            *confusion(WOMEN, tp=3, tn=2),
            cell(WOMEN, 4),
            cell(WOMEN, 1, NO, YES, mature=False),
            cell((), 7),
            cell(MEN, 9, stage=Stage.OUTCOME),
        ],
        "gender",
        positive=POSITIVE,
    )

    assert rows == [
        (WOMEN, None, 0, 1),
        (WOMEN, None, 1, 4),
        (WOMEN, 0, 0, 2),
        (WOMEN, 1, 1, 3),
    ]


def test_the_ratio_of_misses_to_false_alarms_may_exceed_one_and_has_an_open_interval():
    of = tallied(confusion(WOMEN, fn=6, fp=0)).everybody

    assert value(Metric.TREATMENT_EQUALITY, of) is None
    of = tallied(confusion(WOMEN, fn=6, fp=2)).everybody
    low, high = metrics.interval_of(
        Metric.TREATMENT_EQUALITY, metrics.rate(Metric.TREATMENT_EQUALITY, of), z_of(0.95)
    )
    assert low < 3 < high
    assert math.isfinite(high)
