from __future__ import annotations

import pytest

from audits.fairness import comparisons
from audits.fairness.counts import Result, ScoreCell, Tolerance
from audits.fairness.presets import PRESETS, preset_named
from audits.fairness.report import fairness_report
from tests.fairness_tables import cell, confusion, counts, group, selection

WOMEN, MEN, DIVERSE = (group(sex=name) for name in ("female", "male", "diverse"))


def proposal(cells, preset, **more):
    report = fairness_report(counts(cells, **more), preset=preset)
    return report, report["stages"]["proposal"]


def ratios(stage):
    return {
        one["group"]["sex"]: one
        for one in stage["comparisons"]
        if one["metric"] == "selection_rate_ratio" and [*one["group"]] == ["sex"]
    }


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
def test_each_preset_names_its_source_and_says_in_both_languages_what_it_does_not_say(preset):
    assert preset.source
    assert preset.date
    for texts in (preset.title, preset.says, preset.does_not_say, preset.left_out or preset.title):
        assert {*texts} == {"en", "de"}
        assert all(texts.values())
    for tolerance in preset.tolerances or ():
        assert comparisons.disparities_of(tolerance.metric)
    assert set(preset.always or ()) <= {*comparisons.DISPARITIES}


def test_a_preset_that_there_is_none_of_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="four_fifths, nyc_ll144, equal_opportunity"):
        preset_named("five_sixths")
    assert preset_named(None).name == "default"


# -------------------------------------------------------------------------------------- four fifths


def test_four_fifths_compares_with_the_highest_group_whatever_the_policy_refers_to():
    cells = [*selection(WOMEN, 300, 1_000), *selection(MEN, 500, 1_000)]
    report, stage = proposal(
        cells, "four_fifths", measure={"reference": {"sex": "female"}, "enough": 100}
    )

    (one,) = ratios(stage).values()
    assert (one["group"], one["reference"]) == ({"sex": "female"}, {"sex": "male"})
    assert one["value"] == 0.6
    assert one["verdict"] == "breach"
    assert "guideline" in one["source"]
    assert "reference_by_result" in report["limits"]
    assert "two_proportion_z" in report["methods"]


def test_four_fifths_ignores_what_the_policy_tolerates_itself():
    cells = [*selection(WOMEN, 300, 1_000), *selection(MEN, 500, 1_000)]
    lax = Tolerance(metric="selection_rate_ratio", value=0.5, source="policy")

    _, stage = proposal(cells, "four_fifths", measure={"tolerances": (lax,)})

    assert ratios(stage)["female"]["tolerance"] == 0.8
    assert proposal(cells, None, measure={"tolerances": (lax,)})[1]["verdict"] == "pass"


def test_practical_and_statistical_significance_may_disagree_both_ways():
    few = [*selection(WOMEN, 6, 20), *selection(MEN, 10, 20)]
    many = [*selection(WOMEN, 47_000, 100_000), *selection(MEN, 50_000, 100_000)]

    _, small = proposal(few, "four_fifths")
    _, large = proposal(many, "four_fifths")

    told = ratios(small)["female"]["significance"]
    assert (told["practical"], told["statistical"]) == (True, False)
    told = ratios(large)["female"]["significance"]
    assert (told["practical"], told["statistical"]) == (False, True)
    assert abs(told["z"]) > 2


@pytest.mark.parametrize("preset", ["four_fifths", "nyc_ll144"])
def test_groups_below_two_percent_are_shown_and_neither_compared_nor_compared_with(preset):
    cells = [
        *selection(WOMEN, 300, 1_000),
        *selection(MEN, 500, 1_000),
        *selection(DIVERSE, 10, 10),
    ]
    report, stage = proposal(cells, preset)

    assert {*ratios(stage)} == {"female"}
    rows = {row["group"]["sex"]: row for row in stage["groups"] if [*row["group"]] == ["sex"]}
    assert rows["diverse"]["selection_rate"] == 1
    assert rows["diverse"]["count"] == 10
    assert rows["diverse"]["below_share"]
    assert rows["diverse"]["impact_ratio"] is None
    assert rows["female"]["impact_ratio"] == 0.6
    assert rows["male"]["impact_ratio"] == 1
    left_out = [one for one in report["exclusions"] if one["code"] == "below_share"]
    assert [(one["group"], one["count"]) for one in left_out] == [({"sex": "diverse"}, 10)]


# -------------------------------------------------------------------------------------- nyc ll144


def races():
    return [
        *selection(group(race="black", sex="female"), 30, 100),
        *selection(group(race="black", sex="male"), 40, 100),
        *selection(group(race="white", sex="female"), 50, 100),
        *selection(group(race="white", sex="male"), 60, 100),
        cell(group(race="white"), 7),
        cell((), 5),
    ]


def test_new_york_has_both_attributes_and_their_cross_and_no_threshold():
    report = fairness_report(counts(races()), by=["sex", "race"], preset="nyc_ll144")
    stage = report["stages"]["proposal"]

    assert report["by"] == ["sex", "race", "sex*race"]
    assert len(stage["groups"]) == 2 + 2 + 4
    assert report["verdict"] is None
    assert stage["verdict"] is None
    assert report["measure"]["tolerances"] == []
    for one in stage["comparisons"]:
        assert (one["verdict"], one["tolerance"], one["p_holm"]) == (None, None, None)
    assert stage["family"] == 0
    crossed = {
        (row["group"]["sex"], row["group"]["race"]): row["impact_ratio"]
        for row in stage["groups"]
        if len(row["group"]) == 2
    }
    assert crossed == {
        ("female", "black"): 0.5,
        ("male", "black"): pytest.approx(2 / 3),
        ("female", "white"): pytest.approx(5 / 6),
        ("male", "white"): 1,
    }


def test_new_york_states_how_many_have_no_known_category_and_keeps_them_out():
    report = fairness_report(counts(races()), by=["sex", "race"], preset="nyc_ll144")
    stage = report["stages"]["proposal"]

    assert stage["unknown_by"] == {"sex": 12, "race": 5, "sex*race": 12}
    assert stage["decisions"] == 412
    assert sum(row["count"] for row in stage["groups"] if len(row["group"]) == 2) == 400
    unknown = {
        one["by"]: one["count"]
        for one in report["exclusions"]
        if one["code"] == "unknown_group" and one["stage"] == "proposal"
    }
    assert unknown == stage["unknown_by"]


def test_new_york_takes_scores_above_the_median_of_all_whatever_is_enough_elsewhere():
    def scored(of, low, high):
        return [
            ScoreCell(group=of, result=result, confidence=at, mature=True, count=count)
            for result, at, count in (
                (Result.UNLABELLED_OTHER, 900_000, low),
                (Result.UNLABELLED_POSITIVE, 900_000, high),
            )
        ]

    scores = [
        *scored(WOMEN, 700, 300),
        *scored(MEN, 500, 400),
        *scored(group(sex="none"), 10, 60),
        *scored(DIVERSE, 1, 5),
    ]
    report = fairness_report(
        counts(selection(WOMEN, 300, 1_000), scores=scores), by=["sex"], preset="nyc_ll144"
    )

    rows = {row["group"]["sex"]: row for row in report["scores"]["scoring_rate"]}
    assert [name for name, row in rows.items() if row["highest"]] == ["none"]
    assert rows["female"]["ratio"] == pytest.approx(0.3 / (60 / 70))
    assert (rows["diverse"]["rate"], rows["diverse"]["ratio"]) == (pytest.approx(5 / 6), None)
    assert rows["none"]["enough"] is False
    usual = fairness_report(counts(selection(WOMEN, 300, 1_000), scores=scores), by=["sex"])
    rows = {row["group"]["sex"]: row for row in usual["scores"]["scoring_rate"]}
    assert [name for name, row in rows.items() if row["highest"]] == ["male"]


def test_new_york_without_any_group_is_still_not_measured():
    report = fairness_report(counts([cell((), 9)]), by=["sex", "race"], preset="nyc_ll144")

    assert report["verdict"] == "not_measured"


# ------------------------------------------------------------------------------ equal opportunity


def test_equal_opportunity_judges_true_positive_rates_by_its_convention_or_the_policys_own():
    cells = [*confusion(WOMEN, tp=700, fn=300, tn=50), *confusion(MEN, tp=780, fn=220, tn=50)]
    own = Tolerance(metric="equal_opportunity_difference", value=0.02, source="policy")
    other = Tolerance(metric="selection_rate_ratio", value=0.99, source="policy")

    report, stage = proposal(cells, "equal_opportunity", measure={"tolerances": (other,)})
    _, strict = proposal(cells, "equal_opportunity", measure={"tolerances": (own, other)})

    (one,) = stage["comparisons"]
    assert (one["metric"], one["tolerance"], one["source"]) == ("tpr_difference", 0.1, "convention")
    assert one["verdict"] == "not_enough_evidence"
    assert report["measure"]["tolerances"][0]["source"] == "convention"
    (one,) = strict["comparisons"]
    assert (one["tolerance"], one["verdict"]) == (0.02, "breach")
