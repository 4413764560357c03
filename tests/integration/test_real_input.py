"""Real texts and real facts through the batch endpoint: what is surprising goes to a person, and nothing else does."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.decisions.models import Decision
from governance.identities import keys
from tests import people
from tests.applications import create_app
from tests.conftest import FULL

THRESHOLD = 0.8
LONGEST_TEXT = 8192
LINES = 2000
#: Every tenth request is sent without the confidence that the policies require.
WITHHELD = 10
NOT_A_NUMBER = (
    b'{"decision_point": "%s", "features": {}, "proposal": {"outcome": "x", "confidence": NaN}}'
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of a file as a request, and the surprise in it by the file's own account."""

    features: dict
    outcome: str
    confidence: float | None
    surprise: str | None = None

    @property
    def in_review(self) -> bool:
        return self.surprise is not None or self.confidence is None or self.confidence < THRESHOLD


@dataclass(frozen=True, kw_only=True)
class Input:
    point: str
    features: str
    outcomes: list[str]
    rows: list[Row]


def policy(data: Input) -> str:
    outcomes = {name: {"fallback": True} if not at else {} for at, name in enumerate(data.outcomes)}
    return f"""
decision_point: {data.point}
kind: routing
title: Real input
purpose: To see what becomes of real input.
owner: tests
features: {data.features}
outcomes: {json.dumps(outcomes)}
proposal: {{from: app, confidence: required}}
review: {{queue: people, confidence_below: {THRESHOLD}, due_in: 4h}}
"""


def opened(path: Path) -> io.TextIOWrapper:
    return gzip.open(path, "rt", encoding="utf-8", newline="")  # type: ignore[return-value]


def text_row(text: str, outcome: str, declared: set[str]) -> Row:
    surprise = None
    if not text.strip():
        surprise = "empty_text"
    elif len(text.encode()) > LONGEST_TEXT:
        surprise = "too_long"
    elif outcome not in declared:
        surprise = "undeclared_outcome"
    return Row(features={"text": text}, outcome=outcome, confidence=0.95, surprise=surprise)


def banking(folder: Path) -> Input:
    """Questions to a bank, some empty, some out of scope: their labels are no declared outcomes."""
    with opened(folder / "banking77_oos" / "banking77_oos.csv.gz") as file:
        found = list(csv.DictReader(file))
    declared = sorted({row["label"] for row in found if row["kind"] == "in_scope"})
    rows = [text_row(row["text"], row["label"], set(declared)) for row in found]
    assert (len(rows), sum(row.surprise == "empty_text" for row in rows)) == (14_283, 16)
    return Input(point="banking", features="{text: {type: string}}", outcomes=declared, rows=rows)


def complaints(folder: Path) -> Input:
    """What consumers told a public authority, at length."""
    found = []
    for name in ("all_products", "payday_personal_loans_2023"):
        with opened(folder / "cfpb_complaints" / f"complaints_{name}.csv.gz") as file:
            found += [row for row in csv.DictReader(file) if row["Consumer complaint narrative"]]
    declared = sorted({row["Product"] for row in found})
    rows = [
        text_row(row["Consumer complaint narrative"], row["Product"], set(declared))
        for row in found
    ]
    assert (len(rows), sum(row.surprise == "too_long" for row in rows)) == (4_359, 14)
    return Input(
        point="complaints", features="{text: {type: string}}", outcomes=declared, rows=rows
    )


def scores(folder: Path, name: str) -> Iterator[tuple[int, float]]:
    """Give each scored row's place in its file and its score."""
    with opened(folder / name / "expected" / "baseline_predictions.csv.gz") as file:
        for row in csv.DictReader(file):
            yield int(row["row"]), float(row["score_lr_blind"])


def scored(features: dict, score: float) -> Row:
    outcome = "yes" if score >= 0.5 else "no"
    return Row(features=features, outcome=outcome, confidence=max(score, 1 - score))


def churn(folder: Path) -> Input:
    """Customers of a telephone company; a new one's total charges are blank."""
    with (folder / "telco_churn" / "Telco-Customer-Churn.csv").open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    rows = []
    for at, score in scores(folder, "telco_churn"):
        row = found[at]
        features = {
            "tenure": int(row["tenure"]),
            "monthly": float(row["MonthlyCharges"]),
            "total": float(row["TotalCharges"]) if row["TotalCharges"].strip() else None,
            "contract": row["Contract"],
        }
        rows.append(scored(features, score))
    assert len(rows) == 2_113
    return Input(
        point="churn",
        features="{tenure: {type: integer, minimum: 0}, monthly: {type: number, minimum: 0}, "
        "total: {type: number, nullable: true}, "
        "contract: {type: string, values: [Month-to-month, One year, Two year]}}",
        outcomes=["no", "yes"],
        rows=rows,
    )


def adult(folder: Path) -> Input:
    """People of a census; what is not known of them is a question mark."""
    found: list[list[str]] = []
    for name in ("adult.data.gz", "adult.test.gz"):
        with opened(folder / "adult" / name) as file:
            split = [line.strip().split(", ") for line in file]
        found += [fields for fields in split if len(fields) == 15]
    rows = []
    for at, score in scores(folder, "adult"):
        fields = found[at]
        features = {
            "age": int(fields[0]),
            "workclass": fields[1],
            "education": fields[3],
            "occupation": fields[6],
            "hours": int(fields[12]),
        }
        # The policy expects at most 80 hours of work in a week, and some say more.
        surprise = "out_of_range" if features["hours"] > 80 else None
        rows.append(replace(scored(features, score), surprise=surprise))
    assert len(rows) == 14_653
    return Input(
        point="adult",
        features="{age: {type: integer, minimum: 0}, workclass: {type: string}, "
        "education: {type: string}, occupation: {type: string}, "
        "hours: {type: integer, minimum: 0, maximum: 80}}",
        outcomes=["no", "yes"],
        rows=rows,
    )


def sampled(rows: list[Row]) -> list[Row]:
    """Take all in full mode, else a tenth; rare surprises are always among them."""
    if FULL:
        return rows
    rare = {"empty_text", "too_long"}
    return [row for at, row in enumerate(rows) if at % 10 == 0 or row.surprise in rare]


@pytest.mark.parametrize("read", [banking, complaints, churn, adult])
def test_of_real_input_exactly_what_is_surprising_or_unsure_goes_to_a_person(
    answerable, shared_data, read: Callable[[Path], Input]
):
    data = read(shared_data)
    people.publish(answerable, policy(data))
    with answerable.work(service("tests")) as work:
        key = keys.create_key(work, app="shop").secret
    client = create_app(answerable).test_client()
    rows = [
        replace(row, confidence=None) if at % WITHHELD == 3 else row
        for at, row in enumerate(sampled(data.rows))
    ]

    answered = []
    for start in range(0, len(rows), LINES):
        part = rows[start : start + LINES]
        lines = [
            orjson.dumps(
                {
                    "decision_point": data.point,
                    "features": row.features,
                    "proposal": {"outcome": row.outcome}
                    | ({} if row.confidence is None else {"confidence": row.confidence}),
                }
            )
            for row in part
        ]
        # A literal NaN is no JSON; it stands in the middle and stops nothing.
        middle = len(lines) // 2
        lines.insert(middle, NOT_A_NUMBER % data.point.encode())
        response = client.post(
            "/api/v1/decisions/batch",
            data=b"\n".join(lines),
            content_type="application/x-ndjson",
            headers={"Authorization": f"Bearer {key}"},
        )
        assert response.status_code == 200, response.text
        told = [orjson.loads(line) for line in response.data.splitlines()]
        assert len(told) == len(lines)
        refused = told.pop(middle)
        assert refused["status"] in {400, 422}
        assert refused["line"] == middle + 1
        answered += told

    for row, decision in zip(rows, answered, strict=True):
        codes = {reason["code"] for reason in decision["ruling"]["reasons"]}
        assert decision["status"] == ("in_review" if row.in_review else "released"), row
        assert decision["outcome"] == (None if row.in_review else row.outcome)
        if row.surprise is not None:
            assert row.surprise in codes
        assert ("confidence_missing" in codes) == (row.confidence is None)

    expected = Counter("in_review" if row.in_review else "released" for row in rows)
    with answerable.database.read() as session:
        stored = session.execute(sa.select(Decision.status, sa.func.count()).group_by("status"))
        assert dict(map(tuple, stored)) == expected
    assert set(expected) == {"in_review", "released"}
