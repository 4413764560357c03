from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from audits.fairness.causes import kitagawa, reasons_report
from audits.fairness.counts import (
    Cell,
    Counts,
    Measure,
    ReasonCell,
    ReasonKind,
    Result,
    Routed,
    ScoreCell,
    Stage,
    StratumCell,
)
from audits.fairness.intervals import z_of
from audits.fairness.metrics import Rate
from audits.fairness.strata import Stratum

MEN, WOMEN = ((("gender", name),) for name in ("male", "female"))
BINARY = {"yes": {"en": "Yes"}, "no": {"en": "No"}}


def cell(stage, group, value, count) -> Cell:
    return Cell(
        stage=stage,
        group=group,
        value=value,
        truth="",
        mature=True,
        imported=False,
        count=count,
    )


def routed(group, *, released=0, review=0, refused=0, observed=0) -> list[Cell]:
    found = {
        Routed.RELEASED: released,
        Routed.REVIEW: review,
        Routed.REFUSED: refused,
        Routed.OBSERVED: observed,
    }
    return [cell(Stage.ROUTING, group, value, count) for value, count in found.items()]


def rule(group, name, count) -> ReasonCell:
    return ReasonCell(group=group, kind=ReasonKind.RULE, name=name, count=count)


def feature(group, name, count, total) -> ReasonCell:
    return ReasonCell(
        group=group,
        kind=ReasonKind.FEATURE,
        name=name,
        count=count,
        total=round(total * 1_000_000),
    )


def counted(*cells, outcomes=BINARY, positive=("yes",), **more) -> Counts:
    return Counts(
        decision_point="loans",
        kind="scoring",
        since="2026-01-01",
        until="2026-01-31",
        outcomes=outcomes,
        attributes=("gender",),
        measure=Measure(positive=frozenset(positive), reference={"gender": "male"}),
        cells=cells,
        **more,
    )


def women_beside_men(counts: Counts) -> dict:
    (told,) = reasons_report(counts, ["gender"])["comparisons"]
    assert (told["group"], told["reference"]) == (dict(WOMEN), dict(MEN))
    return told


# -------------------------------------------------------------------------------------- rules


def test_each_rule_has_its_part_of_the_difference_and_its_interval():
    told = women_beside_men(
        counted(
            *routed(MEN, released=180, review=20),
            *routed(WOMEN, released=60, review=35, refused=5),
            reasons=(
                rule(MEN, "confidence_below", 20),
                rule(WOMEN, "confidence_below", 30),
                rule(WOMEN, "big-loan", 10),
            ),
        )
    )["review"]

    assert (told["rate"], told["reference_rate"]) == (0.4, 0.1)
    assert told["difference"] == pytest.approx(0.3)
    assert {one["name"]: one["contribution"] for one in told["rules"]} == {
        "confidence_below": pytest.approx(0.2),
        "big-loan": pytest.approx(0.1),
    }
    assert not told["overlap"]
    assert told["rules"][0]["name"] == "confidence_below"
    assert told["rules"][0]["interval"] == pytest.approx(
        confint_proportions_2indep(30, 100, 20, 200, compare="diff", method="newcomb"), abs=1e-6
    )


counts_of_reasons = st.lists(st.integers(0, 60), min_size=3, max_size=3)


@given(counts_of_reasons, counts_of_reasons, st.integers(1, 80), st.integers(1, 80))
def test_parts_of_rules_add_up_to_the_difference_whatever_overlaps(own, theirs, women, men):
    told = women_beside_men(
        counted(
            *routed(MEN, released=100, review=men),
            *routed(WOMEN, released=50, review=women),
            reasons=[
                rule(group, name, count)
                for group, found in ((WOMEN, own), (MEN, theirs))
                for name, count in zip("abc", found, strict=True)
                if count
            ],
        )
    )["review"]

    assert sum(one["contribution"] for one in told["rules"]) == pytest.approx(
        told["difference"], abs=1e-12
    )
    assert told["overlap"] == (sum(own) > women or sum(theirs) > men)


def test_with_several_reasons_to_a_decision_parts_are_in_proportion_and_have_no_interval():
    told = women_beside_men(
        counted(
            *routed(MEN, released=100),
            *routed(WOMEN, released=60, review=40),
            reasons=(rule(WOMEN, "a", 40), rule(WOMEN, "b", 10)),
        )
    )["review"]

    assert told["overlap"]
    assert [(one["name"], one["contribution"], one["interval"]) for one in told["rules"]] == [
        ("a", pytest.approx(0.32), None),
        ("b", pytest.approx(0.08), None),
    ]
    assert told["rules"][0]["given"]["difference"] == 0.4
    assert told["rules"][0]["given"]["interval"] == pytest.approx(
        confint_proportions_2indep(40, 100, 0, 100, compare="diff", method="newcomb"), abs=1e-6
    )


def test_what_was_kept_without_a_reason_on_record_is_told_as_such():
    told = women_beside_men(
        counted(
            *routed(MEN, released=100),
            *routed(WOMEN, released=60, review=40),
            reasons=[rule(WOMEN, "a", 30)],
        )
    )["review"]

    assert {one["name"]: one["contribution"] for one in told["rules"]} == {
        "a": pytest.approx(0.3),
        None: pytest.approx(0.1),
    }


def test_what_is_merely_observed_was_kept_from_nobody():
    told = women_beside_men(
        counted(*routed(MEN, released=9, review=1), *routed(WOMEN, observed=5, review=5))
    )["review"]

    assert told["rate"] == 0.5
    assert not told["enough"]


# ----------------------------------------------------------------------------------- features


def proposed(group, *, yes, no) -> list[Cell]:
    return [cell(Stage.PROPOSAL, group, "yes", yes), cell(Stage.PROPOSAL, group, "no", no)]


def test_contributions_are_means_over_all_proposals_and_add_up():
    told = women_beside_men(
        counted(
            *proposed(MEN, yes=60, no=40),
            *proposed(WOMEN, yes=20, no=30),
            reasons=(
                feature(MEN, "income", 100, 50),
                feature(MEN, "age", 10, -20),
                feature(WOMEN, "income", 50, -10),
                feature(WOMEN, "children", 25, -5),
            ),
        )
    )["contributions"]

    assert {one["feature"]: one["difference"] for one in told["features"]} == {
        "income": pytest.approx(-0.7),
        "age": pytest.approx(0.2),
        "children": pytest.approx(-0.1),
    }
    assert told["features"][0]["feature"] == "income"
    assert told["difference"] == pytest.approx(told["mean"] - told["reference_mean"])
    assert told["difference"] == pytest.approx(-0.6)
    assert told["interval"] is None


def test_without_reasons_of_proposals_nothing_is_split_among_features():
    told = women_beside_men(counted(*proposed(MEN, yes=6, no=4), *proposed(WOMEN, yes=1, no=9)))

    assert told["contributions"] is None
    assert told["positive"]["reason"] == "no_contributions"
    assert told["positive"]["difference"] == pytest.approx(-0.5)
    assert told["positive"]["interval"] == pytest.approx(
        confint_proportions_2indep(1, 10, 6, 10, compare="diff", method="newcomb"), abs=1e-6
    )


def people(group, size, *, shift=0.0, penalty=0.0, seed=1):
    """Score people by two features of which the model tells, and by a penalty of which it does not."""
    drawing = np.random.default_rng(seed)
    income, tenure = drawing.normal(shift, 1, size), drawing.normal(0, 1, size)
    log_odds = income + 0.5 * tenure - penalty
    scores = np.round(1_000_000 / (1 + np.exp(-log_odds))).astype(int)
    yes = scores >= 500_000
    found = Counter(
        (
            Result.UNLABELLED_POSITIVE if one else Result.UNLABELLED_OTHER,
            int(at if one else 1_000_000 - at),
        )
        for one, at in zip(yes, scores, strict=True)
    )
    cells = [
        ScoreCell(group=group, result=result, confidence=confidence, mature=True, count=count)
        for (result, confidence), count in found.items()
    ]
    reasons = [
        feature(group, "income", size, float(income.sum())),
        feature(group, "tenure", size, float(0.5 * tenure.sum())),
    ]
    return proposed(group, yes=int(yes.sum()), no=int(size - yes.sum())), cells, reasons


def split(*sides) -> dict:
    proposals, scores, reasons = zip(*sides, strict=True)
    return women_beside_men(
        counted(
            *(one for side in proposals for one in side),
            scores=[one for side in scores for one in side],
            reasons=[one for side in reasons for one in side],
        )
    )["positive"]


def test_a_difference_that_the_features_make_is_explained_by_them():
    told = split(people(MEN, 20_000), people(WOMEN, 20_000, shift=-0.6, seed=2))

    assert told["difference"] < -0.15
    assert told["direction"] == "same"
    assert told["unexplained"] == pytest.approx(0, abs=0.01)
    assert told["explained"] + told["unexplained"] == pytest.approx(told["difference"])
    parts = {one["feature"]: one["contribution"] for one in told["features"]}
    assert parts["income"] == pytest.approx(told["explained"], abs=0.01)
    assert sum(parts.values()) == pytest.approx(told["explained"])


def test_a_difference_that_no_reason_tells_of_stays_unexplained():
    told = split(people(MEN, 20_000), people(WOMEN, 20_000, penalty=0.6, seed=2))

    assert told["difference"] < -0.15
    assert told["explained"] == pytest.approx(0, abs=0.01)
    assert told["unexplained"] == pytest.approx(told["difference"], abs=0.01)


def test_both_groups_are_moved_and_the_mean_is_taken():
    def scored(group, *scores) -> list[ScoreCell]:
        return [
            ScoreCell(
                group=group,
                result=Result.UNLABELLED_POSITIVE if at >= 500_000 else Result.UNLABELLED_OTHER,
                confidence=max(at, 1_000_000 - at),
                mature=True,
                count=1,
            )
            for at in scores
        ]

    told = women_beside_men(
        counted(
            *proposed(MEN, yes=3, no=1),
            *proposed(WOMEN, yes=1, no=3),
            scores=(
                *scored(MEN, 900_000, 800_000, 600_000, 300_000),
                *scored(WOMEN, 700_000, 450_000, 400_000, 100_000),
            ),
            # The women's reasons speak for them by one less, on average.
            reasons=(feature(MEN, "income", 4, 4), feature(WOMEN, "income", 4, 0)),
        )
    )["positive"]

    # One log odds up, 0.45 and 0.40 of the women pass; one down, 0.6 of the men does not.
    assert told["explained"] == pytest.approx((-2 / 4 - 1 / 4) / 2)
    assert told["unexplained"] == pytest.approx(-0.5 + 3 / 8)


def test_reasons_that_speak_for_whom_proposals_pass_over_are_said_to():
    told = split(people(MEN, 20_000), people(WOMEN, 20_000, shift=0.4, penalty=1.0, seed=2))

    assert told["direction"] == "opposite"
    assert told["explained"] > 0.1
    assert told["unexplained"] < told["difference"] < 0


def test_features_that_cancel_out_are_not_given_shares_of_nothing():
    proposals, scores, _reasons = people(MEN, 500)
    theirs, their_scores, _reasons = people(WOMEN, 500, seed=2)
    told = women_beside_men(
        counted(
            *proposals,
            *theirs,
            scores=(*scores, *their_scores),
            reasons=(feature(WOMEN, "a", 500, 300), feature(WOMEN, "b", 500, -299)),
        )
    )["positive"]

    assert told["explained"] is not None
    assert told["features"] == []


def test_without_a_score_of_the_positive_outcome_nothing_is_explained():
    proposals, scores, reasons = people(MEN, 100)
    theirs, their_scores, their_reasons = people(WOMEN, 100, seed=2)
    cells, given = (*proposals, *theirs), (*reasons, *their_reasons)

    def reason(**more) -> str:
        told = women_beside_men(counted(*cells, reasons=given, **more))["positive"]
        assert told["explained"] is told["unexplained"] is None
        return told["reason"]

    both = (*scores, *their_scores)
    assert reason() == "no_scores"
    assert reason(scores=both, outcomes={**BINARY, "later": {}}) == "no_scores"
    assert reason(scores=(*scores, *their_scores[:50])) == "scores_missing"
    wild = ScoreCell(
        group=MEN, result=Result.UNLABELLED_POSITIVE, confidence=1000, mature=True, count=1
    )
    assert reason(scores=(*both, wild)) == "no_cut"


def test_without_a_positive_outcome_there_is_no_difference_to_explain():
    told = women_beside_men(
        counted(*proposed(MEN, yes=6, no=4), *proposed(WOMEN, yes=1, no=9), positive=())
    )

    assert told["positive"] is None


# ------------------------------------------------------------------------------------- strata


def stratum(value, own, theirs) -> Stratum:
    return Stratum(value, Rate(*own), Rate(*theirs))


rates = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(st.tuples(rates, rates), min_size=1, max_size=4))
def test_composition_and_what_is_within_classes_add_up_to_the_difference(pairs):
    told = kitagawa([stratum(str(at), *pair) for at, pair in enumerate(pairs)], z_of(0.95))

    if not sum(own[1] for own, _ in pairs) or not sum(theirs[1] for _, theirs in pairs):
        assert told is None
        return
    assert told["composition"] + told["within"] == pytest.approx(told["difference"], abs=1e-12)
    assert sum(one["within"] for one in told["classes"]) == pytest.approx(told["within"])
    assert told["composition_interval"][0] <= told["composition"] + 1e-12


def test_equal_rates_in_each_class_leave_nothing_within():
    told = kitagawa([stratum("a", (9, 10), (90, 100)), stratum("b", (9, 90), (1, 10))], z_of(0.95))

    assert told["within"] == pytest.approx(0)
    assert told["composition"] == pytest.approx(-0.6472727, abs=1e-6)
    assert told["alone"] == 0


def test_a_class_that_one_group_is_not_in_counts_as_composition():
    told = kitagawa([stratum("a", (5, 10), (5, 10)), stratum("b", (8, 10), (0, 0))], z_of(0.95))

    assert told["within"] == 0
    assert told["composition"] == pytest.approx(0.15)
    assert told["alone"] == pytest.approx(1 / 3)
    assert told["classes"][1]["reference_rate"] is None


def test_where_a_group_is_alone_in_a_class_its_interval_counts_that_class_once():
    told = kitagawa([stratum("a", (50, 100), (80, 160)), stratum("b", (60, 100), (0, 0))], 1.96)

    # The composition is 0.5 (0.6 - 0.5) here: of shares that sum to 1, and of the rates in both classes.
    assert told["composition"] == pytest.approx(0.05)
    own = 0.5 * 0.5**2 + 0.5 * 0.6**2 - 0.55**2
    own += (0.5 - 1) ** 2 / 4 * 0.25 / 0.5 + 0.5**2 * 0.24 / 0.5
    theirs = (0.5 - 1) ** 2 / 4 * 0.25
    reach = 1.96 * math.sqrt(own / 200 + theirs / 160)
    assert told["composition_interval"] == pytest.approx([0.05 - reach, 0.05 + reach])
    both = 0.75**2 * 0.25
    reach = 1.96 * math.sqrt(both / 0.5 / 200 + both / 160)
    assert told["within_interval"] == pytest.approx([-reach, reach], abs=1e-9)


def test_intervals_of_both_parts_hold_the_truth_as_often_as_they_say():
    drawing = np.random.default_rng(7)
    shares, theirs = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    own_rates, their_rates = np.array([0.3, 0.5, 0.7]), np.array([0.4, 0.5, 0.9])
    composition = float(((shares - theirs) * (own_rates + their_rates) / 2).sum())
    within = float(((own_rates - their_rates) * (shares + theirs) / 2).sum())
    runs, held = 1000, [0, 0]
    for _ in range(runs):
        own_sizes, their_sizes = drawing.multinomial(600, shares), drawing.multinomial(900, theirs)
        told = kitagawa(
            [
                stratum(str(at), (int(a), int(n)), (int(b), int(m)))
                for at, (a, n, b, m) in enumerate(
                    zip(
                        drawing.binomial(own_sizes, own_rates),
                        own_sizes,
                        drawing.binomial(their_sizes, their_rates),
                        their_sizes,
                        strict=True,
                    )
                )
            ],
            z_of(0.95),
        )
        for at, (name, true) in enumerate((("composition", composition), ("within", within))):
            low, high = told[f"{name}_interval"]
            held[at] += low <= true <= high

    assert all(0.93 < count / runs < 0.97 for count in held), held


def test_strata_of_proposals_are_split_and_others_are_not():
    def placed(stage, group, value, positive, count) -> StratumCell:
        return StratumCell(
            stage=stage,
            group=group,
            feature="contract",
            value=value,
            positive=positive,
            count=count,
        )

    told = women_beside_men(
        counted(
            *proposed(MEN, yes=6, no=4),
            *proposed(WOMEN, yes=1, no=9),
            strata=(
                placed(Stage.PROPOSAL, MEN, "long", True, 6),
                placed(Stage.PROPOSAL, MEN, "short", False, 4),
                placed(Stage.PROPOSAL, WOMEN, "long", True, 1),
                placed(Stage.PROPOSAL, WOMEN, "short", False, 9),
                placed(Stage.OUTCOME, WOMEN, "short", False, 9),
                placed(Stage.OUTCOME, MEN, "short", False, 9),
            ),
        )
    )["strata"]

    assert [one["feature"] for one in told] == ["contract"]
    assert told[0]["composition"] == pytest.approx(-0.5)
    assert math.isclose(told[0]["within"], 0, abs_tol=1e-12)


def test_a_single_group_is_compared_with_nobody():
    assert reasons_report(counted(*routed(MEN, released=5)), ["gender"]) == {"comparisons": []}
