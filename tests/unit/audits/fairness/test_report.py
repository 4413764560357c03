from __future__ import annotations

import json
import time
from copy import deepcopy

import pytest

from audits.fairness.counts import (
    NEVER,
    Measure,
    RatingCell,
    ReasonCell,
    ReasonKind,
    Result,
    ScoreCell,
    Stage,
    StratumCell,
    Tolerance,
    WaitCell,
)
from audits.fairness.report import (
    ReportUnreadable,
    counts_document,
    counts_from,
    fairness_report,
    recompute,
)
from audits.fairness.stages import Limit, Method
from tests.fairness_tables import (
    NO,
    YES,
    cell,
    confusion,
    counts,
    group,
    review,
    routing,
    selection,
)

WOMEN, MEN, DIVERSE = (group(gender=name) for name in ("female", "male", "diverse"))


def report_of(*cells, by=("gender",), preset=None, **more):
    return fairness_report(
        counts([one for part in cells for one in part], **more), by=by, preset=preset
    )


def found_in(stage, metric, gender="female"):
    (one,) = [
        one
        for one in stage["comparisons"]
        if one["metric"] == metric and one["group"] == {"gender": gender}
    ]
    return one


# ------------------------------------------------------------------------------------------ shape


def test_a_report_says_of_what_it_is_and_how_it_measured():
    report = report_of(
        confusion(WOMEN, tp=300, fp=100, fn=100, tn=500),
        confusion(MEN, tp=400, fp=100, fn=100, tn=400, imported=True),
        versions={2: 1_200, 1: 800},
        pending=3,
        measure={"reference": {"gender": "male"}, "maturity_days": 90},
    )

    assert report["decision_point"] == "loans"
    assert (report["since"], report["until"]) == ("2026-01-01", "2026-01-28")
    assert report["by"] == ["gender"]
    assert report["policy_versions"] == [
        {"version": 1, "decisions": 800},
        {"version": 2, "decisions": 1_200},
    ]
    assert report["measure"] == {
        "positive": [YES],
        "reference": {"gender": "male"},
        "enough": 100,
        "maturity_days": 90,
        "confidence": 0.95,
        "tolerances": [
            {
                "metric": "selection_rate_ratio",
                "value": 0.8,
                "watch": None,
                "by": None,
                "source": "default",
            }
        ],
    }
    assert report["stages"]["appeal"] == {"state": "none_recorded"}
    stage = report["stages"]["proposal"]
    assert (stage["decisions"], stage["imported"]) == (2_000, 1_000)
    assert stage["references"] == [
        {
            "by": "gender",
            "group": {"gender": "male"},
            "chosen": "declared",
            "highest": {"gender": "male"},
        }
    ]
    assert {Limit.PENDING_COUNTS, Limit.IMPORTED_DECISIONS} <= set(report["limits"])
    assert {Method.WILSON, Method.NEWCOMBE, Method.MOVER_R, Method.HOLM} <= set(report["methods"])
    assert Method.MANTEL_HAENSZEL not in report["methods"]
    assert {*report["limits"]} <= {*Limit}
    assert {*report["methods"]} <= {*Method}


def test_a_group_comes_with_figures_numerators_denominators_and_intervals():
    stage = report_of(confusion(WOMEN, tp=30, fp=10, fn=20, tn=40))["stages"]["proposal"]
    (row,) = stage["groups"]

    assert (row["group"], row["count"], row["share"]) == ({"gender": "female"}, 100, 1.0)
    assert (row["enough"], row["below_share"]) == (True, False)
    assert row["tpr"] == 0.6
    assert row["of"]["tpr"] == [30, 50]
    assert row["intervals"]["tpr"] == pytest.approx([0.4618, 0.7239], abs=0.0001)
    assert row["counts"] == {
        "positive": 40,
        "negative": 60,
        "tp": 30,
        "fp": 10,
        "fn": 20,
        "tn": 40,
        "exact": 70,
        "inexact": 30,
    }


def test_groups_of_several_attributes_and_their_cross_stand_together():
    young, old = group(age="young", gender="female"), group(age="old", gender="female")
    report = report_of(
        selection(young, 10, 40), selection(old, 30, 60), by=["gender", "age", "gender*age"]
    )
    stage = report["stages"]["proposal"]

    assert [(row["group"], row["count"]) for row in stage["groups"]] == [
        ({"gender": "female"}, 100),
        ({"age": "old"}, 60),
        ({"age": "young"}, 40),
        ({"age": "old", "gender": "female"}, 60),
        ({"age": "young", "gender": "female"}, 40),
    ]
    assert stage["worst_by"]["age"]["selection_rate_difference"]["value"] == 0.25
    assert stage["worst_by"]["gender"] == {}
    assert stage["worst"]["selection_rate_difference"]["by"] in {"age", "gender*age"}


def test_without_anything_asked_all_attributes_are_looked_at_one_by_one():
    report = fairness_report(counts(selection(group(age="old", gender="female"), 3, 9)))

    assert report["by"] == ["age", "gender"]


# ---------------------------------------------------------------------------------------- verdicts


def test_a_disparity_in_any_stage_is_a_breach_of_the_report():
    report = report_of(
        selection(WOMEN, 490, 1_000),
        selection(MEN, 500, 1_000),
        selection(WOMEN, 200, 1_000, stage=Stage.OUTCOME),
        selection(MEN, 500, 1_000, stage=Stage.OUTCOME),
    )

    assert report["stages"]["proposal"]["verdict"] == "pass"
    assert report["stages"]["outcome"]["verdict"] == "breach"
    assert report["verdict"] == "breach"


def test_stages_without_a_tolerance_have_values_and_no_say_in_the_verdict():
    report = report_of(
        selection(WOMEN, 490, 1_000),
        selection(MEN, 500, 1_000),
        routing(WOMEN, "review", unknown=400),
        routing(WOMEN, "released", unknown=600),
        routing(MEN, "review", unknown=100),
        routing(MEN, "released", unknown=900),
    )
    stage = report["stages"]["routing"]
    one = found_in(stage, "review_rate_ratio")

    assert one["value"] == 4.0
    assert one["interval"][0] > 3
    assert (one["verdict"], one["needed_count"], one["p_value"]) == (None, None, None)
    assert stage["verdict"] == "not_estimable"
    assert report["verdict"] == "pass"


def test_a_declared_tolerance_gives_any_stage_a_verdict():
    tolerances = (
        Tolerance(metric="review_rate_ratio", value=0.8, watch=0.9, source="policy"),
        Tolerance(metric="override_rate_difference", value=0.05, source="policy"),
    )
    report = report_of(
        routing(WOMEN, "review", unknown=400),
        routing(WOMEN, "released", unknown=600),
        routing(MEN, "review", unknown=100),
        routing(MEN, "released", unknown=900),
        review(WOMEN, kept=900, toward=100),
        review(MEN, kept=900, toward=100),
        measure={"tolerances": tolerances},
    )

    one = found_in(report["stages"]["routing"], "review_rate_ratio")
    assert (one["verdict"], one["watch"], one["source"]) == ("breach", 0.9, "policy")
    assert found_in(report["stages"]["review"], "override_rate_difference")["verdict"] == "pass"
    assert report["verdict"] == "breach"


def test_a_tolerance_for_one_attribute_is_no_tolerance_for_another():
    young, old = group(age="young", gender="female"), group(age="old", gender="male")
    report = report_of(
        selection(young, 100, 1_000),
        selection(old, 900, 1_000),
        by=["gender", "age"],
        measure={
            "tolerances": (
                Tolerance(metric="selection_rate_ratio", value=0.8, by="age", source="policy"),
            )
        },
    )

    verdicts = {
        next(iter(one["group"])): one["verdict"]
        for one in report["stages"]["proposal"]["comparisons"]
        if one["metric"] == "selection_rate_ratio"
    }
    assert verdicts == {"gender": None, "age": "breach"}


def test_a_tolerance_for_equalized_odds_judges_both_of_its_rates():
    tolerance = Tolerance(metric="equalized_odds_difference", value=0.1, source="policy")
    stage = report_of(
        confusion(WOMEN, tp=800, fn=200, fp=600, tn=400),
        confusion(MEN, tp=810, fn=190, fp=100, tn=901),
        measure={"tolerances": (tolerance,)},
    )["stages"]["proposal"]

    assert found_in(stage, "tpr_difference")["verdict"] == "pass"
    assert found_in(stage, "fpr_difference")["verdict"] == "breach"
    assert found_in(stage, "selection_rate_ratio")["verdict"] is None
    assert stage["verdict"] == "breach"


def test_monitors_without_groups_are_no_tolerances_of_a_report():
    report = report_of(
        selection(WOMEN, 200, 1_000),
        selection(MEN, 500, 1_000),
        measure={"tolerances": (Tolerance(metric="automated_error", value=0.05, source="policy"),)},
    )

    assert report["verdict"] == "breach"
    assert [one["metric"] for one in report["measure"]["tolerances"]] == ["selection_rate_ratio"]


def test_an_unknown_tolerance_is_refused():
    with pytest.raises(ValueError, match="compares nothing between groups"):
        report_of(
            selection(WOMEN, 1, 2),
            measure={"tolerances": (Tolerance(metric="fairness", value=0.8),)},
        )


def test_where_no_group_is_recorded_nothing_is_measured():
    report = fairness_report(counts([cell((), 900)], attributes=("gender",)))

    assert report["verdict"] == "not_measured"
    assert report["stages"]["proposal"]["verdict"] == "not_measured"
    assert report["stages"]["proposal"]["unknown_group"] == 900
    assert fairness_report(counts([]))["verdict"] == "not_measured"


def test_one_group_alone_is_compared_with_nobody():
    report = report_of(selection(WOMEN, 490, 1_000))

    assert report["verdict"] == "not_estimable"


def test_without_a_positive_outcome_only_errors_are_compared():
    right, wrong = cell(WOMEN, 800, "billing", "billing"), cell(WOMEN, 200, "sales", "billing")
    report = report_of(
        [right, wrong],
        [cell(MEN, 900, "billing", "billing"), cell(MEN, 100, "sales", "billing")],
        positive=frozenset(),
        kind="routing",
        outcomes={"billing": {}, "sales": {}},
        measure={
            "tolerances": (Tolerance(metric="accuracy_difference", value=0.05, source="policy"),)
        },
    )
    stage = report["stages"]["proposal"]

    assert {one["metric"] for one in stage["comparisons"]} == {"accuracy_difference"}
    row = next(row for row in stage["groups"] if row["group"] == {"gender": "female"})
    assert (row["accuracy"], row["selection_rate"], row["tpr"]) == (0.8, None, None)
    assert stage["verdict"] == "breach"
    assert Limit.NO_POSITIVE_OUTCOME in report["limits"]


def test_a_tolerance_that_needs_a_positive_outcome_is_not_estimable_without_one():
    tolerance = Tolerance(metric="selection_rate_ratio", value=0.8, source="policy")
    report = report_of(
        [cell(WOMEN, 800, "billing")],
        [cell(MEN, 900, "billing")],
        positive=frozenset(),
        measure={"tolerances": (tolerance,)},
    )

    one = report["stages"]["proposal"]["comparisons"][0]
    assert (one["verdict"], one["reason"]) == ("not_estimable", "no_positive_outcome")
    assert report["verdict"] == "not_estimable"


def test_a_reference_that_is_not_there_is_replaced_and_said():
    report = report_of(
        selection(WOMEN, 490, 1_000),
        selection(MEN, 500, 1_100),
        measure={"reference": {"gender": "diverse"}},
    )

    assert report["stages"]["proposal"]["references"][0]["chosen"] == "largest"
    assert report["stages"]["proposal"]["references"][0]["group"] == {"gender": "male"}
    assert Limit.REFERENCE_ABSENT in report["limits"]


# ------------------------------------------------------------------------------------------ labels


def selective():
    return (
        confusion(WOMEN, tp=300, fp=100),
        [cell(WOMEN, 600, NO, NEVER)],
        confusion(MEN, tp=400, fp=100),
        [cell(MEN, 500, NO, NEVER)],
    )


def test_labels_of_the_selected_alone_give_no_true_positive_rate_and_never_perfect_fairness():
    report = report_of(
        *selective(),
        measure={"tolerances": (Tolerance(metric="tpr_difference", value=0.1, source="policy"),)},
    )
    stage = report["stages"]["proposal"]
    row = stage["groups"][0]

    assert stage["labels"]["state"] == "selective"
    assert stage["labels"]["reason"] == "only_positive"
    for metric in ("tpr", "fpr", "fnr", "tnr", "accuracy", "base_rate", "npv", "for"):
        assert row[metric] is None
        assert row["of"][metric] is None
    assert row["precision"] == 0.75
    assert row["bounds"]["tpr"] == [300 / 900, 1.0]
    assert "precision" not in row["bounds"]
    assert "equalized_odds_difference" not in stage["worst"]
    one = found_in(stage, "tpr_difference")
    assert (one["verdict"], one["reason"]) == ("not_estimable", "selective_labels")
    assert report["verdict"] == "not_estimable"
    assert Limit.SELECTIVE_LABELS in report["limits"]
    assert Method.WORST_CASE_BOUNDS in report["methods"]
    assert stage["inequality"] is None


def test_labels_of_the_released_alone_are_selective_at_the_proposal_and_say_so():
    report = report_of(
        confusion(WOMEN, tp=300, fp=100, fn=100, tn=500),
        [cell(WOMEN, 300)],
        routing(WOMEN, "released", right=800, wrong=200),
        routing(WOMEN, "review", unknown=300),
    )
    stage = report["stages"]["proposal"]

    assert stage["labels"]["reason"] == "only_released"
    assert stage["groups"][0]["tpr"] is None
    assert stage["groups"][0]["precision"] == 0.75
    assert report["stages"]["routing"]["groups"][0]["automated_error"] == 0.2


def test_one_group_with_labels_of_the_selected_alone_is_not_estimable_among_others():
    report = report_of(
        confusion(WOMEN, tp=300, fp=100),
        [cell(WOMEN, 20, NO)],
        confusion(MEN, tp=400, fp=100, fn=100, tn=400),
    )
    stage = report["stages"]["proposal"]

    assert stage["labels"]["state"] == "usable"
    states = {row["group"]["gender"]: row["state"] for row in stage["labels"]["by_group"]}
    assert states == {"female": "selective", "male": "usable"}
    assert found_in(stage, "tpr_difference")["reason"] == "selective_labels"
    rows = {row["group"]["gender"]: row for row in stage["groups"]}
    assert rows["female"]["tpr"] is None
    assert rows["male"]["tpr"] == 0.8
    assert Limit.SELECTIVE_LABELS in report["limits"]


def test_labels_are_told_by_group_and_young_decisions_as_an_exclusion():
    report = report_of(
        confusion(WOMEN, tp=60, tn=20),
        [cell(WOMEN, 15, NO), cell(WOMEN, 5, YES, NEVER), cell(WOMEN, 7, YES, NO, mature=False)],
    )
    stage = report["stages"]["proposal"]

    assert stage["with_ground_truth"] == 80
    assert stage["labels"]["by_group"] == [
        {
            "group": {"gender": "female"},
            "known": 80,
            "not_yet": 15,
            "never": 5,
            "coverage": 0.8,
            "state": "usable",
        }
    ]
    assert stage["labels"]["not_mature"] == 7
    assert {"code": "not_mature", "stage": "proposal", "count": 7, "labelled": 7} in report[
        "exclusions"
    ]
    assert stage["groups"][0]["fpr"] == 0
    assert Limit.NOT_MATURE in report["limits"]


def test_without_labels_nothing_that_needs_them_is_compared():
    report = report_of(selection(WOMEN, 300, 1_000), selection(MEN, 500, 1_000))
    stage = report["stages"]["proposal"]

    assert {one["metric"] for one in stage["comparisons"]} == {
        "selection_rate_ratio",
        "selection_rate_difference",
    }
    assert Limit.NO_LABELS in report["limits"]


# ------------------------------------------------------------------------------------- exclusions


def test_what_belongs_to_no_figure_is_listed_with_its_reason():
    report = report_of(
        [cell(WOMEN, 10), cell(WOMEN, 4, ""), cell((), 3)],
        [cell(WOMEN, 6, "", stage=Stage.OUTCOME)],
        review(WOMEN, waiting=5, withdrawn=2, kept=1),
    )

    assert report["exclusions"] == [
        {"code": "no_proposal", "stage": "proposal", "count": 4},
        {"code": "unknown_group", "stage": "proposal", "by": "gender", "count": 3},
        {"code": "waiting", "stage": "review", "count": 5},
        {"code": "withdrawn", "stage": "review", "count": 2},
        {"code": "no_outcome", "stage": "outcome", "count": 6},
    ]


def test_groups_are_compared_within_strata_that_the_policy_names():
    strata = [
        StratumCell(
            stage=Stage.PROPOSAL,
            group=of,
            feature="department",
            value=value,
            positive=positive,
            count=count,
        )
        for of, value, admitted, applied in (
            (WOMEN, "a", 89, 108),
            (WOMEN, "f", 24, 341),
            (MEN, "a", 512, 825),
            (MEN, "f", 22, 373),
        )
        for positive, count in ((True, admitted), (False, applied - admitted))
    ]
    report = report_of(selection(WOMEN, 113, 449), selection(MEN, 534, 1_198), strata=strata)

    (one,) = report["conditional"]
    assert (one["stage"], one["feature"], one["by"]) == ("proposal", "department", "gender")
    assert (one["group"], one["reference"]) == ({"gender": "female"}, {"gender": "male"})
    assert one["reversed"] is True
    assert [stratum["value"] for stratum in one["strata"]] == ["a", "f"]
    assert Method.MANTEL_HAENSZEL in report["methods"]


def test_only_methods_that_were_used_are_named():
    bare = report_of(selection(WOMEN, 3, 9))
    full = fairness_report(everything(), by=["gender"])

    assert bare["methods"] == ["wilson"]
    assert set(full["methods"]) >= {
        "chi2_homogeneity",
        "chi2_simulated",
        "cramers_v",
        "delong",
        "kitagawa",
        "mover",
        "woodruff",
    }
    (simulated,) = [
        one
        for one in full["stages"]["proposal"]["homogeneity"]
        if one["metric"] == "selection_rate"
    ]
    assert simulated["simulated"]
    assert simulated["draws"] > 0
    assert simulated["seed"] > 0


# ------------------------------------------------------------------------------- computing again


def everything():
    return counts(
        [
            *confusion(WOMEN, tp=300, fp=100, fn=100, tn=500),
            *confusion(MEN, tp=400, fp=100, fn=100, tn=400, imported=True),
            *selection(DIVERSE, 3, 9, mature=False),
            cell((), 7),
            *routing(WOMEN, "review", right=5, wrong=1, unknown=20),
            *review(MEN, kept=8, toward=2, lapsed=1),
            *selection(WOMEN, 30, 90, stage=Stage.OUTCOME),
        ],
        versions={1: 900, 3: 1_100},
        pending=2,
        measure={
            "reference": {"gender": "male"},
            "tolerances": (
                Tolerance(metric="selection_rate_ratio", value=0.8, watch=0.9, by="gender"),
            ),
        },
        scores=[
            ScoreCell(group=of, result=result, confidence=at, mature=True, count=n)
            for n, (of, result, at) in enumerate(
                (of, result, at)
                for of in (WOMEN, MEN)
                for result in Result
                for at in (510_000, 800_000, 1_000_000)
            )
        ],
        waits=[
            WaitCell(group=WOMEN, at_most=60, count=4),
            WaitCell(group=MEN, at_most=None, count=2),
        ],
        strata=[
            StratumCell(
                stage=Stage.OUTCOME,
                group=MEN,
                feature="x",
                value="1",
                positive=True,
                count=5,
            )
        ],
        reasons=[
            ReasonCell(group=MEN, kind=ReasonKind.FEATURE, name="x", count=4, total=-20),
            ReasonCell(group=WOMEN, kind=ReasonKind.RULE, name="big", count=3),
        ],
        ratings=[RatingCell(group=WOMEN, scale="nps", rating=0, count=3)],
    )


def test_counts_are_read_back_whole():
    given = everything()

    read = counts_from(json.loads(json.dumps(counts_document(given))))

    for name in ("cells", "scores", "waits", "strata", "reasons", "ratings"):
        assert sorted(getattr(read, name), key=repr) == sorted(getattr(given, name), key=repr)
    assert read.measure == given.measure
    assert read.versions == given.versions
    assert (read.pending, read.kind, read.outcomes) == (2, "scoring", given.outcomes)
    assert isinstance(read.measure, Measure)


def signed(**more):
    made = fairness_report(everything(), by=["gender"], with_counts=True, **more)
    return json.loads(json.dumps(made))


@pytest.mark.parametrize("preset", [None, "four_fifths", "nyc_ll144", "equal_opportunity"])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_a_report_that_carries_its_counts_can_be_computed_again(preset, confidence):
    assert recompute(signed(preset=preset, confidence=confidence)) == []


def test_every_figure_that_was_changed_is_named():
    report = signed()
    report["stages"]["proposal"]["groups"][1]["tpr"] += 1e-6
    report["stages"]["proposal"]["comparisons"][0]["verdict"] = "pass"
    report["limits"].pop()
    report["stages"]["routing"]["more"] = 1
    del report["stages"]["review"]["family"]
    report["since"] = "2026-01-02"

    assert recompute(report) == [
        "/limits",
        "/since",
        "/stages/proposal/comparisons/0/verdict",
        "/stages/proposal/groups/1/tpr",
        "/stages/review/family",
        "/stages/routing/more",
    ]


def test_any_changed_figure_is_found():
    report = signed()

    def change(value, at):
        """Change one leaf after the other, and give its place."""
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, one in pairs:
            if isinstance(one, (dict, list)):
                yield from change(one, (*at, name))
                continue
            value[name] = (
                not one
                if isinstance(one, bool)
                else one + 1
                if isinstance(one, (int, float))
                else f"{one}!"
            )
            yield (*at, name)
            value[name] = one

    stages = report["stages"]["proposal"]
    changed = 0
    for part in ("groups", "comparisons", "worst"):
        for at in change(stages[part], ("stages", "proposal", part)):
            changed += 1
            if changed % 25 == 0:
                assert recompute(report) == ["/" + "/".join(str(name) for name in at)]
    assert changed > 200


def test_counts_that_were_changed_change_the_figures():
    report = signed()
    row = next(row for row in report["counts"]["cells"] if row[0] == "proposal" and row[6] == 300)
    row[6] -= 100

    assert "/stages/proposal/groups/1/tpr" in recompute(report)


def test_a_signature_beside_the_figures_is_none_of_them():
    assert recompute(signed() | {"signature": "ed25519:..."}) == []


SPOILT = {
    "no counts": lambda report: report.pop("counts"),
    "no groups": lambda report: report["counts"].pop("groups"),
    "another schema": lambda report: report["counts"].update(schema=9),
    "a short row": lambda report: report["counts"]["cells"].append(["proposal"]),
    "a negative count": lambda report: report["counts"]["cells"][0].__setitem__(6, -5),
    "half a decision": lambda report: report["counts"]["cells"][0].__setitem__(6, 1.5),
    "an unknown stage": lambda report: report["counts"]["cells"][0].__setitem__(0, "elsewhere"),
    "an unknown group": lambda report: report["counts"]["cells"][0].__setitem__(1, 99),
    "an unknown preset": lambda report: report.update(preset="five_sixths"),
    "nothing to group by": lambda report: report.pop("by"),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=[*SPOILT])
def test_what_cannot_be_read_is_said_and_not_guessed(spoil):
    report = deepcopy(signed())
    spoil(report)

    with pytest.raises(ReportUnreadable):
        recompute(report)


# ------------------------------------------------------------------------------------------- speed


def test_a_report_of_ten_million_decisions_takes_far_less_than_a_second():
    """The promise is for a quiet machine; this finds a loop over decisions, or a figure made too often."""
    groups = [
        group(age=age, gender=gender, region=region)
        for age in ("18-29", "30-44", "45-59", "60+")
        for gender in ("female", "male")
        for region in ("east", "north", "south")
    ]
    cells = [
        one
        for at, of in enumerate(groups)
        for stage in (Stage.PROPOSAL, Stage.OUTCOME)
        for one in confusion(
            of,
            tp=50_000 + at * 100,
            fp=20_000 + at * 70,
            fn=15_000 + at * 50,
            tn=125_000,
            stage=stage,
        )
    ]
    cells += [
        one
        for of in groups
        for one in (
            *routing(of, "released", right=150_000, wrong=20_000, unknown=30_000),
            *routing(of, "review", right=5_000, wrong=1_000, unknown=4_000),
            *review(of, kept=8_000, toward=1_500, away=500, lapsed=20),
        )
    ]
    assert len(cells) > 400
    given = counts(cells)
    assert sum(one.count for one in cells if one.stage is Stage.PROPOSAL) > 5_000_000

    best = min(_seconds(lambda: fairness_report(given, by=["age*gender*region"])) for _ in range(3))

    assert best < 0.5


def _seconds(run):
    start = time.process_time()
    run()
    return time.process_time() - start


# --------------------------------------------------------------------------------------- appeals


def objections(of, **became):
    """Make the cells of objections: ``objections(WOMEN, upheld=3, open=1)``."""
    return [cell(of, count, value, stage=Stage.APPEAL) for value, count in became.items()]


def test_who_objected_and_who_was_right_is_told_by_group_without_a_verdict():
    decided = [
        *selection(WOMEN, 100, 400, stage=Stage.OUTCOME),
        *selection(MEN, 300, 600, stage=Stage.OUTCOME),
    ]
    report = report_of(
        decided,
        objections(WOMEN, upheld=30, dismissed=10, open=5, withdrawn=15),
        objections(MEN, upheld=5, dismissed=25),
    )

    stage = report["stages"]["appeal"]
    assert (stage["state"], stage["decisions"]) == ("recorded", 1_000)
    assert stage["overall"]["counts"]["objected"] == 90
    women, men = sorted(stage["groups"], key=lambda row: row["group"]["gender"])
    assert (women["count"], women["counts"]["objected"]) == (400, 60)
    assert women["of"] == {"appeal_rate": [60, 400], "upheld_rate": [30, 40]}
    assert men["of"] == {"appeal_rate": [30, 600], "upheld_rate": [5, 30]}
    assert women["upheld_rate"] == 0.75
    assert stage["overall"]["of"]["upheld_rate"] == [35, 70]
    assert stage["verdict"] is None
    assert stage["comparisons"] == []
    assert {one["metric"] for one in stage["homogeneity"]} == {"appeal_rate", "upheld_rate"}
    alone = report_of(decided)
    assert alone["stages"]["appeal"] == {"state": "none_recorded"}
    for name in ("proposal", "routing", "review", "outcome"):
        assert report["stages"][name] == alone["stages"][name]
    assert (report["verdict"], report["exclusions"]) == (alone["verdict"], alone["exclusions"])


def test_objections_of_unknown_groups_are_no_decisions_more():
    stage = report_of(
        selection(WOMEN, 100, 400, stage=Stage.OUTCOME),
        selection((), 10, 40, stage=Stage.OUTCOME),
        objections((), upheld=4),
    )["stages"]["appeal"]

    assert (stage["decisions"], stage["unknown_group"]) == (440, 40)
    (women,) = stage["groups"]
    assert women["upheld_rate"] is None


def test_a_report_with_objections_is_computed_again_from_its_counts():
    made = fairness_report(
        counts(
            [
                *selection(WOMEN, 100, 400, stage=Stage.OUTCOME),
                *objections(WOMEN, upheld=30, dismissed=10),
            ]
        ),
        with_counts=True,
    )

    assert recompute(json.loads(json.dumps(made))) == []
    made["stages"]["appeal"]["groups"][0]["upheld_rate"] = 0.1
    assert recompute(json.loads(json.dumps(made))) == ["/stages/appeal/groups/0/upheld_rate"]
