"""A line says the same as a row of a table and as a JSON object, and what no decision may hold is refused in both."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.imports.past import CsvLines, NdjsonLines, PastLine
from governance.imports.reading import Row
from governance.imports.values import Unfit
from policies import document
from tests.retention import POINT, POLICY

OFFERS = document.load(POLICY)
FIELDS = (
    "reference",
    "subject.ref",
    "subject.groups.gender",
    "features.tenure_months",
    "features.monthly_charges",
    "features.contract",
    "features.message",
    "proposal.outcome",
    "proposal.confidence",
    "outcome",
    "verdict",
    "ground_truth",
    "occurred_at",
    "language",
    "channel",
    "sequence",
    "person_requested",
    "metadata.ticket",
)
WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs", "Z", "C"]),
    min_size=1,
    max_size=20,
)
OUTCOMES = st.sampled_from(["offer_discount", "offer_gift", "no_offer"])
DECISIONS = st.fixed_dictionaries(
    {
        "features.tenure_months": st.integers(min_value=0, max_value=2**53),
        "features.monthly_charges": st.floats(
            min_value=0, max_value=1e9, allow_nan=False, allow_infinity=False
        ),
        "features.contract": WORDS,
        "outcome": OUTCOMES,
        "occurred_at": st.datetimes().map(lambda at: f"{at.isoformat(timespec='microseconds')}Z"),
        "subject.ref": WORDS,
    },
    optional={
        "reference": WORDS,
        "subject.groups.gender": WORDS.filter(lambda word: word.casefold() != "unknown"),
        "features.message": WORDS,
        "proposal.outcome": OUTCOMES,
        "verdict": st.sampled_from(["approve", "change", "reject"]),
        "ground_truth": OUTCOMES,
        "language": st.sampled_from(["en", "de-AT"]),
        "channel": WORDS,
        "sequence": st.integers(min_value=0, max_value=2**53 - 1),
        "person_requested": st.booleans(),
        "metadata.ticket": WORDS,
    },
)


def from_table(said: dict[str, Any]) -> PastLine:
    cells = ["" if said.get(field) is None else str(said[field]) for field in FIELDS]
    lines = CsvLines(OFFERS, FIELDS, ZoneInfo("UTC"))
    return lines.read(Row(line=2, until=2, cells=cells))


def as_object(said: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {"features": {}}
    for field, value in said.items():
        *path, last = field.split(".")
        place = document
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return document


def from_json(raw: dict[str, Any] | str) -> PastLine:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return NdjsonLines(OFFERS).read(Row(line=1, until=1, raw=text.encode()))


@given(DECISIONS)
def test_a_table_and_lines_of_json_say_the_same(said: dict[str, Any]) -> None:
    assert from_table(said) == from_json(as_object(said))


@given(DECISIONS)
def test_a_reference_is_kept_beside_the_decision(said: dict[str, Any]) -> None:
    line = from_table(said)
    assert line.reference == said.get("reference")
    assert line.past.request.metadata.get("reference") == said.get("reference")
    assert line.past.request.decision_point == POINT


def fits(**more: Any) -> dict[str, Any]:
    return {
        "features.tenure_months": 3,
        "features.monthly_charges": 10.5,
        "features.contract": "one-year",
        "subject.ref": "c-1",
        "proposal.outcome": "no_offer",
        "outcome": "no_offer",
        "occurred_at": "2026-10-01T08:00:00Z",
        **{name.replace("__", "."): value for name, value in more.items()},
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"reference": "x" * 201}, "reference: expected 1 to 200"),
        ({"subject__ref": "x" * 201}, "subject.ref: expected 1 to 200"),
        ({"subject__groups__gender": "x" * 201}, "groups.gender: expected at most 200"),
        ({"channel": "x" * 65}, "channel: expected 1 to 64"),
        ({"language": "Deutsch!"}, "no language tag"),
        ({"language": "de-" + "x" * 40}, "no language tag"),
        ({"sequence": 2**53}, "sequence: expected a number from 0"),
        ({"proposal__outcome": "x" * 201}, "proposal.outcome: expected 1 to 200"),
    ],
)
def test_what_is_longer_than_a_decision_may_hold_is_refused(
    more: dict[str, Any], told: str
) -> None:
    for read in (lambda: from_table(fits(**more)), lambda: from_json(as_object(fits(**more)))):
        with pytest.raises(Unfit) as caught:
            read()
        assert told in str(caught.value)


def test_what_a_line_of_json_says_of_its_reference_must_agree() -> None:
    said = as_object(fits(reference="A-1"))
    assert from_json(said | {"metadata": {"reference": "A-1"}}).reference == "A-1"
    assert (
        from_json(said | {"reference": None, "metadata": {"reference": "A-2"}}).reference == "A-2"
    )
    with pytest.raises(Unfit, match="says something else"):
        from_json(said | {"metadata": {"reference": "A-2"}})


def test_an_unknown_group_and_an_empty_cell_say_nothing() -> None:
    line = from_table(fits(subject__groups__gender=" Unknown ", features__message=""))
    assert line.past.request.subject is not None
    assert line.past.request.subject.groups == {}
    assert "message" not in line.past.request.features


def test_groups_of_nobody_in_particular_are_kept_beside_the_request() -> None:
    line = from_table(fits(subject__ref=None, subject__groups__gender="female"))
    assert line.past.request.subject is None
    assert line.past.groups == {"gender": "female"}
    assert from_table(fits(subject__groups__gender="female")).past.groups is None
