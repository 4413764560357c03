"""The ids of lines: UUIDv7s that rise, that nobody else's line has, and that tell which line they are of."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.clock import is_id
from governance.imports.identity import LAST_LINE, LineIds, run_digest
from governance.imports.states import Kind

BEGAN = datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC)
IDS = LineIds(digest="d" * 64, started_at=BEGAN)
LINES = st.integers(min_value=1, max_value=LAST_LINE)


@given(LINES)
def test_a_lines_id_is_a_uuid7_of_when_the_run_began_and_tells_its_line(line: int) -> None:
    made = IDS.of(line)
    assert is_id(made)
    known = uuid.UUID(made)
    assert (known.version, known.variant) == (7, uuid.RFC_4122)
    assert known.int >> 80 == int(BEGAN.timestamp() * 1000)
    assert IDS.line_of(made) == line


@given(LINES, LINES)
def test_ids_rise_with_the_lines(one: int, other: int) -> None:
    assert (IDS.of(one) < IDS.of(other)) == (one < other)


@given(LINES)
def test_another_run_gives_its_lines_other_ids_and_knows_none_of_these(line: int) -> None:
    for other in (
        LineIds(digest="e" * 64, started_at=BEGAN),
        LineIds(digest="d" * 64, started_at=BEGAN + timedelta(milliseconds=1)),
    ):
        assert other.of(line) != IDS.of(line)
        assert other.line_of(IDS.of(line)) is None


@pytest.mark.parametrize("line", [0, -1, LAST_LINE + 1])
def test_no_file_has_such_a_line(line: int) -> None:
    with pytest.raises(ValueError, match="between 1 and"):
        IDS.of(line)


def test_a_run_is_the_same_whatever_the_order_of_its_columns() -> None:
    one = run_digest(Kind.DECISIONS, "p", {"a": "outcome", "b": "occurred_at"}, "f")
    assert one == run_digest(Kind.DECISIONS, "p", {"b": "occurred_at", "a": "outcome"}, "f")


def test_a_run_is_another_for_another_kind_point_map_or_file() -> None:
    digests = {
        run_digest(Kind.DECISIONS, "p", {"a": "outcome"}, "f"),
        run_digest(Kind.GROUPS, "p", {"a": "outcome"}, "f"),
        run_digest(Kind.DECISIONS, "q", {"a": "outcome"}, "f"),
        run_digest(Kind.DECISIONS, "p", {"a": "verdict"}, "f"),
        run_digest(Kind.DECISIONS, "p", {"a": "outcome"}, "g"),
    }
    assert len(digests) == 5
