"""The published figures of real predictions, computed from counts alone.

Counts keep no order. Where equally confident proposals straddle a coverage, the published error depended on the order of the
file's rows; it must then lie between the errors that orders can give.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from audits.fairness.counts import Cell, Counts, Group, Measure, Result, ScoreCell, Stage
from audits.fairness.mix import mix_report
from audits.fairness.scores import scores_report
from audits.fairness.whatif import target_error, thresholds

SCORED = ("adult", "bank_marketing", "german_credit", "telco_churn", "vehicle_coupon")
MODELS = ("lr_aware", "lr_blind", "hgb_aware", "hgb_blind")
#: Figures that are told of each group, and where the files have them.
OF_GROUPS = {
    "human_review_share_at_80%_coverage": lambda one: one["review_share_at"]["0.8"],
    "selective_error_at_80%_coverage": lambda one: one["error_at"]["0.8"],
    "error_full_coverage": lambda one: one["error_full"],
}


def folder_of(shared_data: Path, name: str) -> Path:
    folder = shared_data / name
    if not (folder / "expected").is_dir():
        pytest.skip(f"REAL DATA MISSING: {folder} has no expected figures")
    return folder


def expected_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "expected" / "expected.json").read_text(encoding="utf-8"))


def rows_of(folder: Path) -> list[dict[str, str]]:
    path = folder / "expected" / "baseline_predictions.csv.gz"
    with gzip.open(path) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def counted(
    rows: Iterable[tuple[Group, Result, int]], *, outcomes: int, attributes: Iterable[str] = ()
) -> Counts:
    found = Counter(rows)
    return Counts(
        decision_point="golden",
        kind="scoring",
        since="2026-01-01",
        until="2026-12-31",
        outcomes={str(at): {} for at in range(outcomes)},
        attributes=tuple(attributes),
        measure=Measure(positive=frozenset({"1"}) if outcomes == 2 else frozenset()),
        scores=[
            ScoreCell(group=group, result=result, confidence=confidence, mature=True, count=count)
            for (group, result, confidence), count in found.items()
        ],
    )


def binary_counts(rows: list[dict[str, str]], model: str) -> Counts:
    names = sorted(name for name in rows[0] if name.startswith("group:"))

    def told(row: dict[str, str]) -> tuple[Group, Result, int]:
        score = round(float(row[f"score_{model}"]) * 1_000_000)
        proposed, true = score >= 500_000, row["y"] == "1"
        result = Result(("t" if proposed == true else "f") + ("p" if proposed else "n"))
        group = tuple((name.removeprefix("group:"), row[name]) for name in names)
        return group, result, score if proposed else 1_000_000 - score

    attributes = [name.removeprefix("group:") for name in names]
    return counted(map(told, rows), outcomes=2, attributes=attributes)


def several_counts(rows: list[dict[str, str]], attribute: str | None = None) -> Counts:
    def told(row: dict[str, str]) -> tuple[Group, Result, int]:
        right = row["label"] == row["pred"]
        group = ((attribute, row[attribute]),) if attribute else ()
        result = Result.TRUE_NEGATIVE if right else Result.OTHER_WRONG
        return group, result, round(float(row["confidence"]) * 1_000_000)

    return counted(map(told, rows), outcomes=3, attributes=[attribute] if attribute else [])


def same(value: float, expected: float) -> bool:
    # Half a unit of the fourth decimal, and what a fraction in binary may add to it.
    return abs(value - expected) <= 5e-5 + 1e-9


def holds(point: dict[str, Any], expected: float) -> bool:
    """Compare an error; say whether ties left it open, in which case it must lie between what they allow."""
    if point["range"] is None:
        assert same(point["error"], expected), point
        return False
    low, high = point["range"]
    assert low - 5e-5 <= expected <= high + 5e-5, point
    return not (same(low, expected) and same(high, expected))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", SCORED)
def test_figures_of_groups_and_of_the_curve_are_the_published_ones(shared_data, name, model):
    folder = folder_of(shared_data, name)
    expected = expected_of(folder)["models"][model]
    counts = binary_counts(rows_of(folder), model)

    report = scores_report(counts, counts.attributes)

    assert same(report["auc"]["overall"]["value"], expected["auc"])
    compared = 0
    for told in report["auc"]["groups"]:
        ((attribute, value),) = told["group"].items()
        assert same(told["value"], expected["groups"][attribute]["auc_by_group"][value]), told
        compared += 1
    for told in report["risk_coverage"]["groups"]:
        ((attribute, value),) = told["group"].items()
        for name_there, ours in OF_GROUPS.items():
            assert same(ours(told), expected["groups"][attribute][name_there][value]), told
            compared += 1
    assert compared == sum(
        len(values)
        for group in expected["groups"].values()
        for key, values in group.items()
        if key in OF_GROUPS or key == "auc_by_group"
    )


@pytest.mark.parametrize("name", SCORED)
def test_the_error_at_each_coverage_is_the_published_one_wherever_ties_leave_it_one(
    shared_data, name
):
    folder = folder_of(shared_data, name)
    expected, rows, open_ones = expected_of(folder)["models"], rows_of(folder), []
    for model in MODELS:
        curve = expected[model]["risk_coverage(conf=max(p,1-p))"]
        told = scores_report(binary_counts(rows, model), [])["risk_coverage"]

        assert len(told["points"]) == len(curve["error_at"])
        open_ones += [
            (model, point["coverage"])
            for point in told["points"]
            if holds(point, curve["error_at"][str(point["coverage"])])
        ]
        assert same(told["aurc"], curve["aurc"])

    # Scores of few different people are alike: only these figures depend on the order of rows.
    assert len(open_ones) == {"adult": 12, "bank_marketing": 1}.get(name, 0), open_ones


def tables_of_several(name: str, expected: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Find the published curves of a set, each under a word that picks its rows."""
    if name == "clinc150":
        return {
            "": expected["risk_coverage_all_test (oos automated = error)"],
            "in scope": expected["risk_coverage_in_scope_only"],
        }
    if name == "banking77_oos":
        return {
            kind: expected[kind]["risk_coverage_all_test (oos automated = error)"]
            for kind in ("id_oos", "ood_oos")
        }
    if name == "cfpb_complaints":
        return {
            task: found["risk_coverage"]
            for task, found in expected.items()
            if "risk_coverage" in found
        }
    return {"": expected["risk_coverage"]}


def picked(rows: list[dict[str, str]], word: str) -> list[dict[str, str]]:
    choose: Callable[[dict[str, str]], bool] = {
        "": lambda row: True,
        "in scope": lambda row: row["label"] != "oos",
    }.get(word, lambda row: word in {row.get("kind"), row.get("task")})
    return [row for row in rows if choose(row)]


@pytest.mark.parametrize(
    ("name", "left_open"),
    [
        ("banking77", 0),
        ("banking77_oos", 0),
        ("bitext_support", 0),
        ("cfpb_complaints", 0),
        ("clinc150", 0),
        ("ibm_car_rental", 0),
    ],
)
def test_with_many_outcomes_the_curve_is_the_published_one(shared_data, name, left_open):
    folder = folder_of(shared_data, name)
    rows, open_ones = rows_of(folder), []
    for word, table in tables_of_several(name, expected_of(folder)).items():
        own = picked(rows, word)
        assert len(own) == table["n"]

        told = scores_report(several_counts(own), [])["risk_coverage"]

        assert same(told["aurc"], table["aurc"])
        for point, expected in zip(told["points"], table["table"], strict=True):
            assert point["coverage"] == expected["coverage"]
            assert point["automated"] == expected["automated"]
            assert point["threshold"] == pytest.approx(expected["threshold"], abs=1e-9)
            if holds(point, expected["error_automated"]):
                open_ones.append((word, point["coverage"]))
    assert len(open_ones) == left_open, open_ones


def test_errors_of_complaints_by_tag_are_the_published_ones(shared_data):
    folder = folder_of(shared_data, "cfpb_complaints")
    rows, compared = rows_of(folder), 0
    for task, expected in expected_of(folder).items():
        if "by_Tags" not in expected:
            continue
        told = scores_report(several_counts(picked(rows, task), "tags"), ["tags"])
        for one in told["risk_coverage"]["groups"]:
            published = expected["by_Tags"][one["group"]["tags"]]
            assert one["count"] == published["n"]
            assert same(one["error_full"], published["error"])
            assert same(1 - one["review_share_at"]["0.7"], published["automated_at_70%_coverage"])
            assert same(one["error_at"]["0.7"], published["error_automated"])
            compared += 1
    assert compared == 12


def test_errors_of_car_rental_by_gender_are_the_published_ones(shared_data):
    folder = folder_of(shared_data, "ibm_car_rental")
    expected = expected_of(folder)["error_by_Gender"]

    told = scores_report(several_counts(rows_of(folder), "Gender"), ["Gender"])["risk_coverage"]

    assert {one["group"]["Gender"]: one["count"] for one in told["groups"]} == {
        name: one["n"] for name, one in expected.items()
    }
    for one in told["groups"]:
        assert same(one["error_full"], expected[one["group"]["Gender"]]["error"])


def test_the_mix_of_offers_by_gender_is_the_published_one(shared_data):
    folder = folder_of(shared_data, "ibm_car_rental")
    expected = expected_of(folder)
    path = folder / "car_rental_training_data.csv"
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        found = Counter(
            (row["Gender"], row["Action"]) for row in csv.DictReader(file, delimiter=";")
        )
    outcomes = sorted({action for _gender, action in found})
    offers = frozenset(outcomes) - {"NA"}
    counts = Counts(
        decision_point="offers",
        kind="personalization",
        since="2026-01-01",
        until="2026-12-31",
        outcomes={name: {} for name in outcomes},
        attributes=("Gender",),
        measure=Measure(positive=offers, enough=50),
        cells=[
            Cell(
                stage=Stage.OUTCOME,
                group=(("Gender", gender),),
                value=action,
                truth="",
                mature=True,
                imported=True,
                count=count,
            )
            for (gender, action), count in found.items()
        ],
    )

    every, given = mix_report(counts, ["Gender"])["stages"]["outcome"]

    for one in every["groups"]:
        offered = sum(one["shares"][name] for name in offers)
        assert same(offered, expected["offer_rate_by_Gender"][one["group"]["Gender"]])
    assert given["among"] == "positive"
    for one in given["groups"]:
        published = expected["action_share_by_Gender(given an offer)"][one["group"]["Gender"]]
        assert {name: round(share, 4) for name, share in one["shares"].items()} == published
    assert given["test"]["p_value"] < 0.001
    assert given["test"]["cramers_v"] > 0.3


@pytest.mark.parametrize("name", SCORED)
def test_what_is_safe_to_automate_is_never_more_than_what_turned_out_well(shared_data, name):
    folder = folder_of(shared_data, name)
    expected = expected_of(folder)["max_automation_at_error_target(lr_blind)"]
    counts = binary_counts(rows_of(folder), "lr_blind")
    for error in (0.1, 0.05, 0.02):
        published = expected[f"error<={error}"]

        found = target_error(counts, error)

        if found is not None:
            assert found >= published["threshold"] - 5e-5
            (at,) = thresholds(counts, [], grid=[found])["thresholds"]
            assert at["error_interval"][1] < error
            assert 1 - at["load"] <= published["max_automation"] + 5e-5
