"""Real predictions, imported as a business imports its past and reported: the published figures come out, on both databases.

The folder of real data is not part of the repository; without it these tests are skipped, and say so.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.actors import service
from governance.application import Answerable
from governance.counting import folding, reconciling
from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.decisions.importing import Past, import_many
from governance.errors import AnswerableError
from governance.reporting import fairness
from tests.people import publish

POLICY = """\
decision_point: golden
kind: scoring
title: {{en: Golden}}
purpose: {{en: Real predictions.}}
owner: auditors
features: {{}}
groups: {groups}
outcomes:
  chosen: {{}}
  other: {{fallback: true}}
review: {{queue: people}}
measure: {{positive: chosen, reference: {reference}}}
"""
FIGURES = ("selection_rate", "tpr", "fpr", "fnr", "accuracy", "base_rate")
DISPARITIES = {
    "dp_difference": "selection_rate_difference",
    "dp_ratio(4/5 rule)": "selection_rate_ratio",
    "equal_opportunity_difference(TPR)": "tpr_difference",
    "fpr_difference": "fpr_difference",
    "equalized_odds_difference": "equalized_odds_difference",
}
MODEL = "lr_blind"


def rows_of(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip(f"REAL DATA MISSING: there is no {path}")
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(raw.decode().splitlines()))


def expected(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "expected" / "expected.json").read_text(encoding="utf-8"))


def attribute(name: str) -> str:
    """Return a column's name as a policy takes it."""
    return re.sub(r"[^a-z0-9_]+", "_", name.removeprefix("group:").lower()).strip("_")


def past(score: float, label: bool, groups: dict[str, str]) -> Past:
    chosen = score >= 0.5
    return Past(
        request=DecisionRequest(
            decision_point="golden",
            features={},
            subject=SubjectAsked(ref="somebody", groups=groups),
            proposal=ProposalAsked(
                outcome="chosen" if chosen else "other",
                confidence=round(score if chosen else 1 - score, 6),
            ),
            occurred_at="2026-11-01T10:00:00Z",
        ),
        outcome="chosen" if chosen else "other",
        ground_truth="chosen" if label else "other",
    )


def reported(
    answerable: Answerable, pasts: list[Past], groups: list[str], reference: str = "{}"
) -> dict[str, Any]:
    publish(answerable, POLICY.format(groups=json.dumps(groups), reference=reference))
    for start in range(0, len(pasts), 500):
        answers = import_many(answerable, service("cli"), pasts[start : start + 500])
        assert not [one for one in answers if isinstance(one, AnswerableError)]
    while folding.fold(answerable):
        pass
    assert reconciling.reconcile(answerable, service("cli")).differing == 0
    with answerable.look(service("cli")) as work:
        return fairness.figures(work, "golden")


def rounded(value: float) -> object:
    return pytest.approx(value, rel=0, abs=0.00005 + 1e-9)


def figures_of(report: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    return {
        row["group"][name]: row
        for row in report["stages"]["proposal"]["groups"]
        if [*row["group"]] == [name]
    }


def compared(report: dict[str, Any], name: str, wanted: dict[str, Any]) -> int:
    groups, count = figures_of(report, name), 0
    assert {*groups} == {*wanted["by_group"]}
    for value, figures in wanted["by_group"].items():
        assert groups[value]["count"] == figures["n"]
        for figure in FIGURES:
            assert groups[value][figure] == rounded(figures[figure]), (name, value, figure)
            count += 1
    worst = report["stages"]["proposal"]["worst_by"][name]
    for theirs, ours in DISPARITIES.items():
        assert worst[ours]["value"] == rounded(wanted[theirs]), (name, theirs)
        count += 1
    return count


def test_compas_imported_and_reported_gives_what_propublica_published(
    answerable: Answerable, shared_data: Path
) -> None:
    folder = shared_data / "compas"
    names = ["race", "sex", "age_cat"]
    pasts = [
        past(float(row["score"]), row["label_value"] == "1", {name: row[name] for name in names})
        for row in rows_of(folder / "compas_for_aequitas.csv")
    ]
    report = reported(answerable, pasts, names, "{race: Caucasian}")
    wanted = expected(folder)
    assert sum(compared(report, name, wanted[name]) for name in names) == 81
    race = figures_of(report, "race")
    assert round(race["African-American"]["fpr"] * 100, 2) == 44.85
    assert round(race["Caucasian"]["fpr"] * 100, 2) == 23.45
    assert {name: row["enough"] for name, row in race.items()} == {
        "African-American": True,
        "Asian": False,
        "Caucasian": True,
        "Hispanic": True,
        "Native American": False,
        "Other": True,
    }
    ratios = {
        one["group"]["race"]: one
        for one in report["stages"]["proposal"]["comparisons"]
        if one["metric"] == "selection_rate_ratio" and [*one["group"]] == ["race"]
    }
    assert ratios["Native American"]["verdict"] == "not_enough_evidence"
    assert (ratios["Other"]["verdict"], ratios["Other"]["enough"]) == ("breach", True)
    assert ratios["Hispanic"]["interval"] == [
        pytest.approx(0.75, abs=0.005),
        pytest.approx(0.975, abs=0.005),
    ]
    assert report["stages"]["proposal"]["imported"] == 7214


def scored() -> Iterator[Any]:
    for name in ("german_credit", "adult", "bank_marketing", "telco_churn", "vehicle_coupon"):
        marks = () if name == "german_credit" else (pytest.mark.full,)
        yield pytest.param(name, marks=marks)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*scored()])
def test_each_data_set_imported_and_reported_gives_its_expected_figures(
    answerable: Answerable, shared_data: Path, name: str
) -> None:
    folder = shared_data / name
    rows = rows_of(folder / "expected" / "baseline_predictions.csv.gz")
    columns = [column for column in rows[0] if column.startswith("group:")]
    groups = [attribute(column) for column in columns]
    pasts = [
        past(
            float(row[f"score_{MODEL}"]),
            row["y"] == "1",
            {attribute(column): row[column] for column in columns},
        )
        for row in rows
    ]
    report = reported(answerable, pasts, groups)
    wanted = expected(folder)["models"][MODEL]["groups"]
    count = 0
    for column, group in zip(columns, groups, strict=True):
        told = wanted.get(column.removeprefix("group:"))
        if told is None:
            continue
        count += compared(report, group, told["threshold_0.5"])
        areas = {
            one["group"][group]: one["value"]
            for one in report["scores"]["auc"]["groups"]
            if [*one["group"]] == [group]
        }
        for value, area in told["auc_by_group"].items():
            assert areas[value] == rounded(area), (group, value)
            count += 1
    assert count > 20
