from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from audits.fairness.counts import (
    RIGHT,
    WRONG,
    Cell,
    Counts,
    Measure,
    Result,
    Routed,
    ScoreCell,
    Stage,
)
from audits.fairness.intervals import z_of
from audits.fairness.scores import aurc, curve, ranking, scores_report

MEN = (("gender", "male"),)
WOMEN = (("gender", "female"),)
LETTERS = {Result.TRUE_POSITIVE: (1, 1), Result.FALSE_POSITIVE: (1, 0)}
LETTERS |= {Result.TRUE_NEGATIVE: (0, 0), Result.FALSE_NEGATIVE: (0, 1)}
BINARY = {"yes": {"en": "Yes"}, "no": {"en": "No"}}


def cell(result="tp", confidence=0.9, count=1, group=MEN, *, mature=True) -> ScoreCell:
    return ScoreCell(
        group=group,
        result=Result(result),
        confidence=round(confidence * 1_000_000),
        mature=mature,
        count=count,
    )


def counted(*cells: ScoreCell, outcomes=BINARY, enough=1, **more) -> Counts:
    return Counts(
        decision_point="loans",
        kind="scoring",
        since="2026-01-01",
        until="2026-01-31",
        outcomes=outcomes,
        attributes=("gender",),
        measure=Measure(positive=frozenset({"yes"}), enough=enough),
        scores=cells,
        **more,
    )


def of(found: list[dict], group=MEN) -> dict:
    (one,) = [entry for entry in found if entry["group"] == dict(group)]
    return one


cells_of_few = st.lists(
    st.builds(
        cell,
        result=st.sampled_from(["tp", "fp", "tn", "fn"]),
        confidence=st.sampled_from([0.5, 0.6, 0.75, 0.9, 1.0]),
        count=st.integers(1, 4),
        group=st.sampled_from([MEN, WOMEN]),
    ),
    min_size=1,
    max_size=12,
)


def spread(cells: list[ScoreCell]) -> list[ScoreCell]:
    return [one for one in cells for _ in range(one.count)]


# ------------------------------------------------------------------------------------ ranking


def expected_auc(cells: list[ScoreCell]) -> float | None:
    rows = [(LETTERS[one.result], one.confidence) for one in spread(cells)]
    labels = [label for (_proposed, label), _confidence in rows]
    scores = [
        confidence if proposed else 1_000_000 - confidence
        for (proposed, _label), confidence in rows
    ]
    return float(roc_auc_score(labels, scores)) if len(set(labels)) == 2 else None


@given(cells_of_few)
def test_the_area_under_the_curve_is_that_of_the_single_decisions_also_with_ties(cells):
    told = scores_report(counted(*cells), ["gender"])["auc"]

    for found, own in [
        (told["overall"], cells),
        *(
            (of([entry], group), [one for one in cells if one.group == group])
            for group in (MEN, WOMEN)
            for entry in told["groups"]
            if entry["group"] == dict(group)
        ),
    ]:
        expected = expected_auc(own)
        assert found["value"] == (None if expected is None else pytest.approx(expected, abs=1e-12))
        if expected is not None:
            low, high = found["interval"]
            assert 0 <= low <= expected + 1e-12
            assert expected - 1e-12 <= high <= 1
            assert low < high


def delong(positives: np.ndarray, negatives: np.ndarray) -> tuple[float, float]:
    wins = (positives[:, None] > negatives[None, :]) + 0.5 * (positives[:, None] == negatives)
    variance = wins.mean(axis=1).var(ddof=1) / len(positives)
    variance += wins.mean(axis=0).var(ddof=1) / len(negatives)
    return wins.mean(), math.sqrt(variance)


def scored(positives, negatives) -> dict[int, tuple[int, int]]:
    above, below = Counter(positives.tolist()), Counter(negatives.tolist())
    return {at: (below[at], above[at]) for at in {*above, *below}}


def test_the_interval_is_delongs_on_the_scale_of_log_odds():
    drawing = np.random.default_rng(3)
    positives = np.round(drawing.normal(70, 12, 60)).astype(int)
    negatives = np.round(drawing.normal(60, 10, 140)).astype(int)

    found = ranking(scored(positives, negatives), z=z_of(0.95))

    value, deviation = delong(positives, negatives)
    centre, reach = math.log(value / (1 - value)), 1.959964 * deviation / (value * (1 - value))
    assert found.value == pytest.approx(value, abs=1e-12)
    assert found.interval == pytest.approx(
        [1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre))], abs=1e-6
    )


@pytest.mark.parametrize(
    ("positives", "negatives", "deviation", "area"),
    [(5, 40, 1, 0.95), (12, 12, 1, 0.8), (60, 200, 1, 0.8), (60, 200, 3, 0.7)],
)
def test_the_interval_holds_the_true_area_as_often_as_it_says(
    positives, negatives, deviation, area
):
    drawing = np.random.default_rng(11)
    # Two normal distributions whose area is known; whole numbers make ties of a few.
    apart = _normal_quantile(area) * math.sqrt(1 + deviation**2)
    runs, held = 400, 0
    for _ in range(runs):
        own = np.round(100 * drawing.normal(apart, deviation, positives)).astype(int)
        other = np.round(100 * drawing.normal(0, 1, negatives)).astype(int)
        low, high = ranking(scored(own, other), z=z_of(0.95)).interval
        held += low <= area <= high

    assert held / runs >= 0.92


def _normal_quantile(level: float) -> float:
    low, high = -8.0, 8.0
    for _ in range(80):
        middle = (low + high) / 2
        below = (1 + math.erf(middle / math.sqrt(2))) / 2
        low, high = (middle, high) if below < level else (low, middle)
    return low


def test_scores_that_separate_all_of_few_are_not_taken_for_certain():
    found = ranking({1: (4, 0), 2: (0, 3)}, z=z_of(0.95))

    assert found.value == 1
    assert found.interval[0] < 0.8
    assert found.interval[1] == 1


def test_without_positives_or_without_negatives_there_is_no_area():
    assert ranking({1: (4, 0)}, z=z_of(0.95)) is None
    told = scores_report(counted(cell("tp"), cell("fn", group=WOMEN), cell("fp")), ["gender"])
    assert of(told["auc"]["groups"], WOMEN)["value"] is None
    assert of(told["auc"]["groups"], MEN)["value"] == 0.5


def test_with_more_than_two_outcomes_there_is_no_score_of_the_positive_one():
    three = {**BINARY, "later": {"en": "Later"}}

    told = scores_report(counted(cell("tp"), cell("xx"), cell("fn"), outcomes=three), ["gender"])

    assert not told["binary"]
    assert told["auc"] is told["scoring_rate"] is told["median_score"] is None
    assert told["calibration"]["of"] == "right"
    assert told["calibration"]["overall"]["in_the_large"]["observed"] == 1
    assert told["risk_coverage"]["points"][0]["error"] == pytest.approx(2 / 3)


def test_without_any_confidence_there_is_no_report():
    assert scores_report(counted(), ["gender"]) is None
    assert scores_report(counted(cell(count=0)), ["gender"]) is None


# ------------------------------------------------------------------------------ scoring rates


def test_only_scores_strictly_above_the_median_of_all_count():
    told = scores_report(
        counted(
            cell("up", 0.9, 3),
            cell("up", 0.6, 4, WOMEN),
            cell("un", 0.9, 2, WOMEN),
        ),
        ["gender"],
    )

    assert told["median_score"] == 0.6
    assert [entry["rate"] for entry in told["scoring_rate"]] == [0, 1]
    assert of(told["scoring_rate"], WOMEN)["ratio"] == 0
    assert of(told["scoring_rate"], MEN)["highest"]


def test_between_the_middle_two_the_median_lies_half_way():
    told = scores_report(counted(cell("up", 0.9, 2), cell("up", 0.6, 2, WOMEN)), ["gender"])

    assert told["median_score"] == 0.75


def test_whose_group_is_unknown_shapes_the_median_and_stands_in_no_group():
    told = scores_report(
        counted(cell("up", 0.9, 2), cell("up", 0.6, 2, WOMEN), cell("up", 0.95, 5, ())), ["gender"]
    )

    assert told["median_score"] == 0.95
    assert [entry["rate"] for entry in told["scoring_rate"]] == [0, 0]
    assert all(entry["ratio"] is None for entry in told["scoring_rate"])
    assert sum(entry["count"] for entry in told["scoring_rate"]) == 4


def test_a_tiny_group_is_never_the_one_that_others_are_measured_by():
    told = scores_report(
        counted(
            cell("up", 0.99, 1, (("gender", "other"),)),
            cell("up", 0.9, 60),
            cell("up", 0.5, 40),
            cell("up", 0.9, 30, WOMEN),
            cell("up", 0.5, 70, WOMEN),
        ),
        ["gender"],
    )

    assert of(told["scoring_rate"], MEN)["highest"]
    assert of(told["scoring_rate"], WOMEN)["ratio"] == pytest.approx(0.5)
    low, high = of(told["scoring_rate"], WOMEN)["ratio_interval"]
    assert 0.34 < low < 0.5 < high < 0.72
    tiny = of(told["scoring_rate"], (("gender", "other"),))
    assert (tiny["rate"], tiny["below_share"], tiny["highest"]) == (1, True, False)


# -------------------------------------------------------------------------------- calibration


def test_scores_that_come_true_as_often_as_they_say_have_a_ratio_of_one():
    told = scores_report(
        counted(cell("tp", 0.8, 80), cell("fp", 0.8, 20), cell("tn", 0.7, 70), cell("fn", 0.7, 30)),
        ["gender"],
    )["calibration"]

    overall = told["overall"]["in_the_large"]
    assert (overall["observed"], overall["expected"]) == (110, pytest.approx(110))
    assert overall["ratio"] == pytest.approx(1)
    assert overall["interval"] == pytest.approx(
        [bound * 200 / 110 for bound in proportion_confint(110, 200, method="wilson")]
    )
    assert of(told["in_the_large"])["difference"] == pytest.approx(0)
    bins = [entry for entry in told["bins"] if entry["count"]]
    assert [(entry["from"], entry["mean_score"], entry["observed"]) for entry in bins] == [
        (0.3, pytest.approx(0.3), pytest.approx(0.3)),
        (0.8, pytest.approx(0.8), pytest.approx(0.8)),
    ]


def test_every_labelled_proposal_lies_in_one_bin_also_at_the_ends():
    told = scores_report(
        counted(cell("tp", 1.0, 2), cell("tn", 1.0, 3), cell("fp", 0.1, 4), cell("up", 0.5, 9)),
        ["gender"],
    )["calibration"]["overall"]["bins"]

    assert [entry["count"] for entry in told] == [3, 4, 0, 0, 0, 0, 0, 0, 0, 2]
    assert told[5]["observed"] is told[5]["interval"] is None


# ------------------------------------------------------------------------------ risk-coverage


def test_the_least_confident_go_to_a_person_and_the_error_is_of_the_rest():
    told = scores_report(
        counted(
            *(cell("tp", 0.99 - at / 100) for at in range(8)),
            cell("fp", 0.70),
            cell("fp", 0.60),
        ),
        ["gender"],
    )["risk_coverage"]["points"]

    assert {entry["coverage"]: entry["error"] for entry in told} == {
        **dict.fromkeys([0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], 0),
        0.9: pytest.approx(1 / 9),
        0.85: 0,
        0.95: pytest.approx(0.2),
        1.0: pytest.approx(0.2),
    }
    at_80 = next(entry for entry in told if entry["coverage"] == 0.8)
    assert at_80["threshold"] == 0.92
    assert at_80["interval"] == pytest.approx(proportion_confint(0, 8, method="wilson"), abs=1e-9)
    assert all(entry["range"] is None for entry in told)


def orders(cells: list[ScoreCell], taken: int) -> list[float]:
    """Give the error among so many most confident for every order in which equals may stand."""
    rows = sorted(
        (
            (one.confidence, one.result in {Result.FALSE_POSITIVE, Result.FALSE_NEGATIVE})
            for one in spread(cells)
        ),
        reverse=True,
    )
    last = rows[taken - 1][0]
    before = [wrong for confidence, wrong in rows if confidence > last]
    alike = [wrong for confidence, wrong in rows if confidence == last]
    return [
        (sum(before) + sum(chosen)) / taken
        for chosen in itertools.combinations(alike, taken - len(before))
    ]


@given(
    st.lists(
        st.builds(
            cell,
            result=st.sampled_from(["tp", "fp", "tn", "fn"]),
            confidence=st.sampled_from([0.5, 0.75, 0.9]),
            count=st.integers(1, 2),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_among_equally_confident_the_error_is_what_their_orders_give_on_average(cells):
    told = scores_report(counted(*cells), ["gender"])["risk_coverage"]["points"]

    for point in told:
        if not point["automated"]:
            assert point["error"] is None
            continue
        found = orders(cells, point["automated"])
        assert point["error"] == pytest.approx(sum(found) / len(found), abs=1e-12)
        if min(found) < max(found):
            assert point["range"] == pytest.approx([min(found), max(found)], abs=1e-12)
        else:
            assert point["range"] is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tp", "fp", "up"]), st.sampled_from([0.6, 0.8, 0.9]), st.integers(1, 3)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_range_of_an_error_holds_whatever_the_order_where_some_have_no_label(rows):
    cells = [cell(*row) for row in rows]
    singles = sorted(
        ((one.confidence, one.result) for one in spread(cells)), key=lambda row: -row[0]
    )
    for point in scores_report(counted(*cells), ["gender"])["risk_coverage"]["points"]:
        if point["error"] is None:
            continue
        last = singles[point["automated"] - 1][0]
        before = [result for confidence, result in singles if confidence > last]
        alike = [result for confidence, result in singles if confidence == last]
        errors = set()
        for chosen in itertools.combinations(alike, point["automated"] - len(before)):
            known = [result for result in (*before, *chosen) if result != "up"]
            if known:
                errors.add(known.count("fp") / len(known))
        low, high = point["range"] or (min(errors), max(errors))
        assert low == pytest.approx(min(errors), abs=1e-12)
        assert high == pytest.approx(max(errors), abs=1e-12)


def slow_aurc(rows: list[tuple[float, float]]) -> float:
    wrong, total = 0.0, 0.0
    for at, (_confidence, rate) in enumerate(rows, start=1):
        wrong += rate
        total += wrong / at
    return total / len(rows)


@pytest.mark.parametrize("size", [3, 49, 51, 400, 5000])
def test_the_area_under_the_risk_coverage_curve_takes_equals_to_be_equally_wrong(size):
    drawing = np.random.default_rng(size)
    cells = [
        cell("fp" if drawing.random() < 0.3 else "tp", round(drawing.random(), 1))
        for _ in range(size)
    ]
    rates: dict[int, list[bool]] = {}
    for one in cells:
        rates.setdefault(one.confidence, []).append(one.result == "fp")
    rows = [
        (confidence, sum(wrong) / len(wrong))
        for confidence, wrong in sorted(rates.items(), reverse=True)
        for _ in wrong
    ]

    assert aurc(curve(cells)) == pytest.approx(slow_aurc(rows), abs=1e-12)


def test_labels_of_decisions_that_are_too_young_do_not_count_but_their_load_does():
    told = scores_report(
        counted(cell("tp", 0.9, 6), cell("fp", 0.6, 2), cell("fp", 0.5, 2, mature=False)),
        ["gender"],
    )

    assert (told["count"], told["labelled"]) == (10, 8)
    group = of(told["risk_coverage"]["groups"])
    assert group["review_share_at"]["0.8"] == 0.2
    assert group["error_full"] == 0.25


def test_where_truth_is_known_only_of_what_was_released_no_error_is_told_of_the_rest():
    cells = [cell("tp", 0.9, 55), cell("fp", 0.9, 5), cell("up", 0.6, 40)]

    told = scores_report(counted(*cells), ["gender"])["risk_coverage"]

    whole, half = told["points"][0], next(p for p in told["points"] if p["coverage"] == 0.5)
    assert (whole["error"], whole["interval"], whole["reason"]) == (None, None, "selective_labels")
    assert (half["error"], half["reason"]) == (pytest.approx(5 / 60), None)
    assert told["aurc"] is None
    assert told["groups"][0]["error_full"] is None
    assert told["groups"][0]["error_at"]["0.5"] == pytest.approx(5 / 60)


def test_where_truth_is_known_only_of_what_people_saw_no_error_is_told_of_what_they_did_not():
    cells = [cell("up", 0.9, 60), cell("tp", 0.6, 30), cell("fp", 0.6, 10)]

    told = scores_report(counted(*cells), ["gender"])["risk_coverage"]["points"]

    assert told[0]["reason"] == "selective_labels"
    assert all(point["error"] is None for point in told)


def test_a_group_is_sent_to_people_by_the_threshold_of_all():
    told = scores_report(
        counted(
            cell("tp", 0.9, 70),
            cell("fp", 0.7, 10),
            cell("tp", 0.8, 10, WOMEN),
            cell("fn", 0.6, 10, WOMEN),
        ),
        ["gender"],
    )["risk_coverage"]["groups"]

    women, men = of(told, WOMEN), of(told, MEN)
    assert (women["review_share_at"]["0.8"], men["review_share_at"]["0.8"]) == (0.5, 0.125)
    assert (women["error_at"]["0.8"], women["error_full"]) == (0, 0.5)
    assert women["of"]["review_share_at"]["0.8"] == [10, 20]
    assert women["intervals"]["review_share_at"]["0.8"] == pytest.approx(
        proportion_confint(10, 20, method="wilson"), abs=1e-9
    )


def test_the_operating_point_is_what_was_released_and_how_wrong_it_was():
    def routed(value: str, truth: str, count: int, *, mature: bool = True) -> Cell:
        return Cell(
            stage=Stage.ROUTING,
            group=MEN,
            value=value,
            truth=truth,
            mature=mature,
            imported=False,
            count=count,
        )

    told = scores_report(
        counted(
            cell(),
            cells=(
                routed(Routed.RELEASED, RIGHT, 57),
                routed(Routed.RELEASED, WRONG, 3),
                routed(Routed.RELEASED, WRONG, 20, mature=False),
                routed(Routed.REVIEW, WRONG, 20),
            ),
        ),
        ["gender"],
    )["risk_coverage"]["operating_point"]

    assert (told["coverage"], told["error"]) == (0.8, 0.05)
    assert told["of"] == {"coverage": [80, 100], "error": [3, 60]}
    assert scores_report(counted(cell()), [])["risk_coverage"]["operating_point"] is None


# ----------------------------------------------------------------------------- what must not matter


@given(cells_of_few, st.randoms())
def test_neither_the_order_of_cells_nor_how_they_are_split_changes_a_figure(cells, drawing):
    shuffled = [replace(one, count=1) for one in spread(cells)]
    drawing.shuffle(shuffled)

    assert scores_report(counted(*shuffled), ["gender"]) == scores_report(
        counted(*cells), ["gender"]
    )


def test_crossed_attributes_are_listed_beside_single_ones():
    old = (("age", "60+"), ("gender", "male"))
    told = scores_report(counted(cell(group=old), cell("fp")), ["gender", "gender*age"])

    assert [entry["group"] for entry in told["auc"]["groups"]] == [
        {"gender": "male"},
        {"age": "60+", "gender": "male"},
    ]
