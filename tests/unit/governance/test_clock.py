"""Time and ids."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from governance.clock import parse_rfc3339, rfc3339, uuid7


def test_an_id_is_a_lower_case_uuid_of_version_7_with_hyphens() -> None:
    made = uuid7()
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made
    )
    assert uuid.UUID(made).version == 7


def test_ids_are_all_different_and_carry_the_time() -> None:
    before = datetime.now(UTC)
    made = {uuid7() for _ in range(2000)}
    assert len(made) == 2000
    milliseconds = int(next(iter(made)).replace("-", "")[:12], 16)
    assert abs(milliseconds / 1000 - before.timestamp()) < 60


def test_an_instant_is_written_in_utc_with_microseconds_and_read_back() -> None:
    instant = datetime(2026, 11, 21, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    assert rfc3339(instant) == "2026-11-21T10:30:00.000000Z"
    assert parse_rfc3339(rfc3339(instant)) == instant


def test_a_time_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        parse_rfc3339("2026-11-21T10:00:00")


def test_ids_rise_within_a_millisecond_and_when_the_clock_goes_back(monkeypatch) -> None:
    first = [uuid7() for _ in range(10_000)]
    assert first == sorted(first)
    assert len(set(first)) == len(first)
    monkeypatch.setattr("governance.clock.time.time_ns", lambda: 1_700_000_000_000_000_000)
    later = [uuid7() for _ in range(10)]
    assert [*first, *later] == sorted([*first, *later])
