"""Published and prepared figures of groups, from the very rows they were computed on.

The folder of real data is not part of the repository; without it these tests are skipped, and say so.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from audits.fairness.counts import Cell, Counts, Measure, Stage, Tolerance
from audits.fairness.report import fairness_report

SCORED = ("adult", "bank_marketing", "german_credit", "telco_churn", "vehicle_coupon")
MODELS = ("lr_aware", "lr_blind", "hgb_aware", "hgb_blind")
FIGURES = ("selection_rate", "tpr", "fpr", "fnr", "accuracy", "base_rate")
DISPARITIES = {
    "dp_difference": "selection_rate_difference",
    "dp_ratio(4/5 rule)": "selection_rate_ratio",
    "equal_opportunity_difference(TPR)": "tpr_difference",
    "fpr_difference": "fpr_difference",
    "equalized_odds_difference": "equalized_odds_difference",
}


def read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip(f"REAL DATA MISSING: there is no {path}")
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(raw.decode().splitlines()))


def expected(folder: Path) -> dict:
    return json.loads((folder / "expected" / "expected.json").read_text(encoding="utf-8"))


def counted(rows: Iterable[tuple[tuple, str, str]], **measure) -> Counts:
    """Count rows of group, decision and truth."""
    found = Counter(rows)
    return Counts(
        decision_point="golden",
        kind="scoring",
        since="2026-01-01",
        until="2026-01-31",
        outcomes={name: {} for name in sorted({row[1] for row in found})},
        attributes=sorted({name for row in found for name, _ in row[0]}),
        measure=Measure(**measure),
        cells=[
            Cell(
                stage=Stage.PROPOSAL,
                group=group,
                value=value,
                truth=truth,
                mature=True,
                imported=True,
                count=count,
            )
            for (group, value, truth), count in found.items()
        ],
    )


def rows_of(stage: dict, attribute: str) -> dict[str, dict]:
    return {
        row["group"][attribute]: row for row in stage["groups"] if [*row["group"]] == [attribute]
    }


def rounded(value: float) -> object:
    """Match what rounds to these four decimals; halves may have gone either way."""
    return pytest.approx(value, rel=0, abs=0.00005 + 1e-9)


def check(stage: dict, attribute: str, wanted: dict) -> int:
    """Compare every figure and disparity of an attribute; say how many were compared."""
    compared = 0
    groups = rows_of(stage, attribute)
    assert {*groups} == {*wanted["by_group"]}
    for name, figures in wanted["by_group"].items():
        assert groups[name]["count"] == figures["n"]
        for figure in FIGURES:
            assert groups[name][figure] == rounded(figures[figure]), (attribute, name, figure)
            hits, of = groups[name]["of"][figure]
            assert hits / of == groups[name][figure]
            compared += 1
    assert {*wanted} == {"by_group", *DISPARITIES}
    for theirs, ours in DISPARITIES.items():
        found = stage["worst_by"][attribute].get(ours, {"value": None})["value"]
        assert found == rounded(wanted[theirs]), (attribute, theirs)
        compared += 1
    return compared


# ---------------------------------------------------------------------------------------- compas


@pytest.fixture
def compas(shared_data) -> tuple[list[dict[str, str]], dict]:
    folder = shared_data / "compas"
    return read(folder / "compas_for_aequitas.csv"), expected(folder)


def judged(rows, **measure) -> dict:
    def outcome(value: str) -> str:
        return "high" if float(value) == 1 else "low"

    counts = counted(
        (
            (
                tuple(sorted((name, row[name]) for name in ("race", "sex", "age_cat"))),
                outcome(row["score"]),
                outcome(row["label_value"]),
            )
            for row in rows
        ),
        positive=frozenset({"high"}),
        reference={"race": "Caucasian"},
        **measure,
    )
    return fairness_report(counts, by=["race", "sex", "age_cat"])["stages"]["proposal"]


def test_every_group_figure_and_disparity_of_compas_is_the_expected_one(compas):
    rows, wanted = compas
    stage = judged(rows)

    compared = sum(check(stage, name, wanted[name]) for name in ("race", "sex", "age_cat"))

    assert compared == (6 + 2 + 3) * 6 + 3 * 5
    assert stage["decisions"] == stage["with_ground_truth"] == stage["imported"] == 7214
    assert stage["unknown_group"] == 0


def test_all_eight_cells_that_propublica_published_are_reproduced(compas):
    rows, wanted = compas
    stage = judged(rows)
    published = wanted["propublica_published (notebook cells in propublica/compas-analysis)"]

    for name, figures in published.items():
        row = stage["overall"] if name == "all" else rows_of(stage, "race")[name]
        counted = {key.upper(): row["counts"][key] for key in ("tn", "fp", "fn", "tp")}
        assert counted == {key: figures[key] for key in ("TN", "FP", "FN", "TP")}
        assert row["fpr"] * 100 == pytest.approx(figures["FPR"], abs=0.00501)
        assert row["fnr"] * 100 == pytest.approx(figures["FNR"], abs=0.00501)
    assert round(rows_of(stage, "race")["African-American"]["fpr"] * 100, 2) == 44.85
    assert round(rows_of(stage, "race")["Caucasian"]["fpr"] * 100, 2) == 23.45


def test_aequitas_finds_the_same_groups_and_disparities(compas):
    rows, wanted = compas
    names = {
        "fdr": "fdr",
        "for": "for",
        "fpr": "fpr",
        "fnr": "fnr",
        "pprev": "selection_rate",
    }
    stage = judged(
        rows, tolerances=[Tolerance(metric=f"{ours}_ratio", value=0.8) for ours in names.values()]
    )
    groups = rows_of(stage, "race")
    positive = stage["overall"]["counts"]["positive"]

    for name, figures in wanted["aequitas_groups(compas_for_aequitas.csv)"].items():
        for theirs, ours in names.items():
            assert groups[name][ours] == rounded(figures[theirs])
        assert groups[name]["counts"]["positive"] / positive == rounded(figures["ppr"])
    ratios = {
        (one["metric"], one["group"].get("race")): one["value"] for one in stage["comparisons"]
    }
    for name, figures in wanted["aequitas_disparity_vs_Caucasian"].items():
        if name == "Caucasian":
            continue
        for theirs, ours in names.items():
            assert ratios[f"{ours}_ratio", name] == rounded(figures[theirs])


def test_small_groups_of_compas_are_told_apart_from_those_that_can_be_judged(compas):
    rows, _ = compas
    stage = judged(rows)
    groups = rows_of(stage, "race")
    ratios = {
        one["group"]["race"]: one
        for one in stage["comparisons"]
        if one["metric"] == "selection_rate_ratio" and "race" in one["group"]
    }

    assert {name: row["enough"] for name, row in groups.items()} == {
        "African-American": True,
        "Asian": False,
        "Caucasian": True,
        "Hispanic": True,
        "Native American": False,
        "Other": True,
    }
    for name, size in (("Native American", 18), ("Asian", 32)):
        assert groups[name]["count"] == size
        assert ratios[name]["verdict"] == "not_enough_evidence"
        assert ratios[name]["reason"] == "too_few"
        assert ratios[name]["needed_count"] >= 100
    assert groups["Other"]["count"] == 377
    assert ratios["Other"]["verdict"] == "breach"
    assert ratios["Other"]["interval"] == pytest.approx([0.4896, 0.7343], abs=0.0001)
    hispanic = ratios["Hispanic"]
    assert hispanic["value"] == pytest.approx(0.857, abs=0.0005)
    assert hispanic["interval"] == pytest.approx([0.7505, 0.9746], abs=0.0001)
    assert hispanic["verdict"] == "not_enough_evidence"
    assert hispanic["needed_count"] > groups["Hispanic"]["count"]
    assert stage["worst"]["selection_rate_ratio"]["between"] == [
        {"race": "Other"},
        {"race": "Native American"},
    ]
    assert stage["verdict"] == "breach"


# ---------------------------------------------------------------------------------- scored models


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("model", MODELS)
def test_every_group_figure_and_disparity_of_scored_rows_is_the_expected_one(
    shared_data, name, model
):
    folder = shared_data / name
    rows = read(folder / "expected" / "baseline_predictions.csv.gz")
    wanted = expected(folder)["models"][model]["groups"]
    scores = [float(row[f"score_{model}"]) for row in rows]
    best = sorted(range(len(rows)), key=lambda at: -scores[at])[: round(0.2 * len(rows))]
    top = set(best)
    chosen = {
        "threshold_0.5": [score >= 0.5 for score in scores],
        "top_20%": [at in top for at in range(len(rows))],
    }
    compared = 0
    for rule, decided in chosen.items():
        counts = counted(
            (
                (
                    tuple(sorted((key, row[f"group:{key}"]) for key in wanted)),
                    "yes" if positive else "no",
                    "yes" if row["y"] == "1" else "no",
                )
                for row, positive in zip(rows, decided, strict=True)
            ),
            positive=frozenset({"yes"}),
        )
        stage = fairness_report(counts)["stages"]["proposal"]
        for attribute, figures in wanted.items():
            compared += check(stage, attribute, figures[rule])
    assert compared >= 2 * len(wanted) * (2 * 6 + 5)


# ------------------------------------------------------------------------------- without a positive


def by_error(rows: Iterable[tuple[str, str, str]], attribute: str) -> dict[str, dict]:
    counts = counted((((attribute, group),), value, truth) for group, value, truth in rows)
    return rows_of(fairness_report(counts)["stages"]["proposal"], attribute)


def test_errors_of_routing_by_gender_are_the_expected_ones(shared_data):
    folder = shared_data / "ibm_car_rental"
    rows = read(folder / "expected" / "baseline_predictions.csv.gz")

    groups = by_error([(row["Gender"], row["pred"], row["label"]) for row in rows], "gender")

    wanted = expected(folder)["error_by_Gender"]
    assert {*groups} == {*wanted}
    for name, figures in wanted.items():
        assert groups[name]["count"] == figures["n"]
        assert 1 - groups[name]["accuracy"] == rounded(figures["error"])
        assert groups[name]["selection_rate"] is None


def test_errors_of_complaints_by_tag_are_the_expected_ones(shared_data):
    folder = shared_data / "cfpb_complaints"
    rows = read(folder / "expected" / "baseline_predictions.csv.gz")
    wanted = expected(folder)
    for task in ("all_products:Product", "payday:Issue", "payday:Sub-product"):
        groups = by_error(
            [(row["tags"], row["pred"], row["label"]) for row in rows if row["task"] == task],
            "tags",
        )
        assert {*groups} == {*wanted[task]["by_Tags"]}
        for name, figures in wanted[task]["by_Tags"].items():
            assert groups[name]["count"] == figures["n"]
            assert 1 - groups[name]["accuracy"] == rounded(figures["error"])


def test_errors_by_register_of_language_are_the_expected_ones(shared_data):
    # A text has several registers, so each is an attribute of its own that it has or has not.
    folder = shared_data / "bitext_support"
    rows = read(folder / "expected" / "baseline_predictions.csv.gz")
    for tag, figures in expected(folder)["by_language_tag"].items():
        groups = by_error(
            [("yes" if tag in row["tags"] else "no", row["pred"], row["label"]) for row in rows],
            tag,
        )
        assert groups["yes"]["count"] == figures["n"]
        assert 1 - groups["yes"]["accuracy"] == rounded(figures["error"])
