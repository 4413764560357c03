from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from audits.fairness.counts import Cell, Counts, Measure, Result, ScoreCell, Stage
from audits.fairness.whatif import target_error, thresholds

MEN, WOMEN = ((("gender", name),) for name in ("male", "female"))
BINARY = {"yes": {"en": "Yes"}, "no": {"en": "No"}}


def cell(result, confidence, count=1, group=MEN, *, mature=True) -> ScoreCell:
    return ScoreCell(
        group=group,
        result=Result(result),
        confidence=round(confidence * 1_000_000),
        mature=mature,
        count=count,
    )


def counted(*cells, positive=("yes",), enough=10, **more) -> Counts:
    return Counts(
        decision_point="loans",
        kind="scoring",
        since="2026-01-01",
        until="2026-01-31",
        outcomes=BINARY,
        attributes=("gender",),
        measure=Measure(positive=frozenset(positive), enough=enough),
        scores=cells,
        **more,
    )


SOME = (
    cell("tp", 0.9, 60),
    cell("tn", 0.8, 30),
    cell("fp", 0.6, 10),
    cell("tp", 0.9, 15, WOMEN),
    cell("tn", 0.8, 10, WOMEN),
    cell("fn", 0.6, 25, WOMEN),
)


def at(told: dict, threshold: float) -> dict:
    (one,) = [entry for entry in told["thresholds"] if entry["threshold"] == threshold]
    return one


def compared(told: dict, metric: str) -> dict:
    (one,) = [entry for entry in told["comparisons"] if entry["metric"] == metric]
    return one


def test_load_error_and_disparity_stand_side_by_side():
    told = at(thresholds(counted(*SOME), ["gender"], current=0.7, grid=[0.0, 0.85]), 0.7)

    assert told["current"]
    assert told["load"] == pytest.approx(35 / 150)
    assert told["load_interval"] == pytest.approx(
        proportion_confint(35, 150, method="wilson"), abs=1e-9
    )
    assert told["error"] == 0
    assert told["of"] == {"load": [35, 150], "error": [0, 115]}
    women, men = told["groups"]
    assert (women["review_rate"], men["review_rate"]) == (0.5, 0.1)
    assert (women["selection_rate"], men["selection_rate"]) == (0.6, pytest.approx(60 / 90))
    ratio = compared(told, "selection_rate_ratio")
    assert (ratio["group"], ratio["reference"]) == (dict(WOMEN), dict(MEN))
    assert ratio["value"] == pytest.approx(0.9)
    difference = compared(told, "review_rate_difference")
    assert difference["value"] == pytest.approx(0.4)
    assert difference["interval"] == pytest.approx(
        confint_proportions_2indep(25, 50, 10, 100, compare="diff", method="newcomb"), abs=1e-6
    )
    assert difference["enough"]
    assert {one["metric"]: one["value"] for one in told["worst"]} == {
        "review_rate_ratio": pytest.approx(0.2),
        "review_rate_difference": pytest.approx(0.4),
        "selection_rate_ratio": pytest.approx(0.9),
        "selection_rate_difference": pytest.approx(60 / 90 - 0.6),
        "automated_error_difference": 0,
    }


def test_what_is_as_confident_as_the_threshold_stays_with_the_machine():
    told = thresholds(counted(*SOME), [], grid=[0.6, 0.600001, 0.9, 0.95])

    assert [one["automated"] for one in told["thresholds"]] == [150, 115, 75, 0]
    assert at(told, 0.95)["error"] is None
    assert at(told, 0.95)["load"] == 1


def test_without_a_threshold_nobody_is_sent_and_the_error_is_that_of_all():
    told = at(thresholds(counted(*SOME), ["gender"], grid=[0.0]), 0.0)

    assert (told["load"], told["error"]) == (0, pytest.approx(35 / 150))
    assert compared(told, "review_rate_ratio")["value"] is None
    assert compared(told, "review_rate_ratio")["reason"] == "both_are_zero"


def test_the_grid_holds_the_present_threshold_and_only_others_that_make_a_difference():
    told = thresholds(counted(*SOME), ["gender"], current=0.72)

    assert [one["threshold"] for one in told["thresholds"]] == pytest.approx(
        [0.0, 0.65, 0.7, 0.72, 0.75, 0.8, 0.85, 0.9]
    )
    assert [one["threshold"] for one in told["thresholds"] if one["current"]] == [0.72]
    assert thresholds(counted(), ["gender"])["thresholds"] == []


def test_what_cannot_be_told_is_listed():
    proposed = Cell(
        stage=Stage.PROPOSAL,
        group=MEN,
        value="yes",
        truth="",
        mature=True,
        imported=False,
        count=160,
    )

    told = thresholds(counted(*SOME, cells=(proposed,)), ["gender"])
    assert told["cannot_tell"] == ["people", "rules", "no_confidence"]
    assert told["without_confidence"] == 10
    told = thresholds(counted(cell("up", 0.9, 5), positive=()), ["gender"])
    assert told["cannot_tell"] == ["people", "rules", "no_labels", "no_positive"]
    assert all(one["groups"][0]["selection_rate"] is None for one in told["thresholds"])
    assert not any("selection" in one["metric"] for one in told["thresholds"][0]["worst"])
    told = thresholds(counted(cell("tp", 0.9, 5), cell("tp", 0.8, 5, mature=False)), [])
    assert told["cannot_tell"] == ["people", "rules", "partly_labelled"]


def test_below_the_threshold_where_nobody_knows_the_truth_no_error_is_told():
    told = thresholds(
        counted(cell("tp", 0.9, 90), cell("up", 0.7, 50), cell("un", 0.7, 60, WOMEN)),
        ["gender"],
        current=0.8,
        grid=[0.6],
    )

    assert at(told, 0.8)["error"] == 0
    lower = at(told, 0.6)
    assert (lower["error"], lower["reason"]) == (None, "selective_labels")
    assert all(one["automated_error"] is None for one in lower["groups"])
    assert compared(lower, "automated_error_difference")["reason"] == "selective_labels"


@given(
    st.lists(
        st.builds(
            cell,
            result=st.sampled_from(["tp", "fp", "tn", "fn", "up", "un"]),
            confidence=st.sampled_from([0.5, 0.65, 0.8, 0.95]),
            count=st.integers(1, 5),
            group=st.sampled_from([MEN, WOMEN]),
        ),
        min_size=1,
        max_size=12,
    ),
    st.floats(0, 1),
)
def test_groups_add_up_to_all_at_any_threshold(cells, threshold):
    told = at(thresholds(counted(*cells), ["gender"], grid=[threshold]), threshold)

    sent = sum(one.count for one in cells if one.confidence < threshold * 1_000_000)
    assert told["of"]["load"] == [sent, sum(one.count for one in cells)]
    for name, whole in (("review_rate", "load"), ("automated_error", "error")):
        columns = zip(*(one["of"][name] for one in told["groups"]), strict=True)
        assert [sum(column) for column in columns] == told["of"][whole]


# ------------------------------------------------------------------------------- target error


def test_the_lowest_threshold_is_found_whose_error_is_surely_below_the_target():
    cells = [
        cell("tp", 0.95, 500),
        cell("tp", 0.9, 490),
        cell("fp", 0.9, 10),
        cell("tp", 0.8, 450),
        cell("fp", 0.8, 50),
        cell("tp", 0.7, 300),
        cell("fp", 0.7, 200),
    ]

    assert target_error(counted(*cells), 0.05) == 0.9
    assert target_error(counted(*cells), 0.06) == 0.8
    assert target_error(counted(*cells), 0.2) == 0.7
    assert target_error(counted(*cells), 0.015) == 0.95
    assert target_error(counted(*cells), 0.01) is None


def test_errors_that_people_aim_at_are_told_with_their_thresholds():
    found = thresholds(counted(cell("tp", 0.95, 960), cell("fp", 0.8, 40)), [])
    assert {one["error"]: one["threshold"] for one in found["targets"]} == {
        0.1: 0.8,
        0.05: 0.95,
        0.02: 0.95,
        0.01: 0.95,
    }


def test_a_threshold_beyond_one_that_fails_is_not_reached_for():
    cells = [cell("tp", 0.95, 600), cell("fp", 0.9, 40), cell("tp", 0.8, 500)]

    assert target_error(counted(*cells), 0.06) == 0.95


def test_where_not_even_the_most_confident_are_right_often_enough_nothing_is_automated():
    assert target_error(counted(cell("tp", 0.99, 900), cell("fp", 0.99, 100)), 0.05) is None


def test_few_right_ones_are_not_enough_to_automate_by():
    assert target_error(counted(cell("tp", 0.99, 60)), 0.05) is None
    assert target_error(counted(cell("tp", 0.99, 1000)), 0.05) == 0.99
    assert target_error(counted(cell("tp", 0.99, 1000), enough=501), 0.05) is None
    assert target_error(counted(cell("up", 0.99, 9000)), 0.05) is None
    assert target_error(counted(), 0.05) is None


def test_nothing_is_automated_below_where_nobody_knows_the_truth():
    cells = [cell("tp", 0.95, 2000), cell("up", 0.8, 2000)]

    assert target_error(counted(*cells), 0.05) == 0.95


@pytest.mark.parametrize("error", [0, 1, -0.1])
def test_an_error_that_is_none_is_refused(error):
    with pytest.raises(ValueError, match="between 0 and 1"):
        target_error(counted(*SOME), error)


@pytest.mark.parametrize(("size", "least"), [(2_000, 0.01), (20_000, 0.15)])
def test_the_promise_is_kept_although_thresholds_are_tried_one_after_the_other(size, least):
    drawing = np.random.default_rng(4)
    target, runs, broken, automated = 0.05, 300, 0, 0.0
    for _ in range(runs):
        # Wrong with chance 1 - confidence, so that the error above t is (1 - t) / 2 on average.
        confidences = np.sort(drawing.integers(500, 1001, size)) / 1000
        wrong = drawing.random(size) < 1 - confidences
        found = Counter(zip(confidences.tolist(), wrong.tolist(), strict=True))
        cells = [cell("fp" if bad else "tp", sure, count) for (sure, bad), count in found.items()]
        threshold = target_error(counted(*cells, enough=100), target)
        if threshold is not None:
            broken += (1 - threshold) / 2 > target + 0.0005
            automated += 2 * (1 - threshold)

    assert broken / runs <= 0.04
    # A fifth could be automated if the truth were known.
    assert automated / runs > least


@pytest.mark.parametrize(("rate", "fewest", "most"), [(0.052, 0, 0.04), (0.035, 0.98, 1)])
def test_where_confidence_says_nothing_an_error_above_the_target_is_rarely_let_through(
    rate, fewest, most
):
    drawing = np.random.default_rng(9)
    runs, taken = 300, 0
    for _ in range(runs):
        confidences = drawing.integers(500, 1001, 10_000) / 1000
        wrong = drawing.random(10_000) < rate
        found = Counter(zip(confidences.tolist(), wrong.tolist(), strict=True))
        cells = [cell("fp" if bad else "tp", sure, count) for (sure, bad), count in found.items()]
        taken += target_error(counted(*cells, enough=100), 0.05) is not None

    assert fewest <= taken / runs <= most
