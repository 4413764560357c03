from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from audits.log.canonical import canonical, parse
from audits.log.entries import (
    Actor,
    ActorType,
    EntryKind,
    build,
    commitment,
    decimal_text,
    describe,
    instant_text,
)

KEY = bytes(range(32))
NOON = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)


def test_an_entry_says_what_was_done_when_and_by_whom() -> None:
    record = build(
        EntryKind.VERDICT_GIVEN,
        record_id="019ab4c5-0000-7000-8000-000000000001",
        origin="log.corner.example/1",
        recorded_at=NOON,
        occurred_at=NOON - timedelta(hours=1),
        actor=Actor(type=ActorType.PERSON, ref="019ab4c5-0000-7000-8000-00000000000a"),
        refs={"decision": "019ab4c5-0000-7000-8000-0000000000dd"},
        data={"verdict": "approve", "confidence": decimal_text(0.71)},
        commitments={"reason": b"\x02" * 32, "attachment": b"\x01" * 32},
    )

    assert parse(canonical(record)) == {
        "v": 1,
        "id": "019ab4c5-0000-7000-8000-000000000001",
        "log": "log.corner.example/1",
        "kind": "verdict.given",
        "recorded_at": "2026-11-21T12:00:00.000005Z",
        "occurred_at": "2026-11-21T11:00:00.000005Z",
        "actor": {"type": "person", "ref": "019ab4c5-0000-7000-8000-00000000000a"},
        "refs": {"decision": "019ab4c5-0000-7000-8000-0000000000dd"},
        "data": {"verdict": "approve", "confidence": "0.71"},
        "payload": [
            {"name": "attachment", "alg": "hmac-sha256", "commit": "01" * 32},
            {"name": "reason", "alg": "hmac-sha256", "commit": "02" * 32},
        ],
    }


def test_what_nobody_claimed_is_left_out() -> None:
    record = build(
        EntryKind.LOG_TICK,
        record_id="x",
        origin="o",
        recorded_at=NOON,
        actor=Actor(type=ActorType.SERVICE, ref="sequencer"),
    )

    assert "occurred_at" not in record
    assert (record["refs"], record["data"], record["payload"]) == ({}, {}, [])


def test_an_act_without_an_actor_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="An actor needs a ref"):
        Actor(type=ActorType.PERSON, ref="")


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_is_described_in_a_line(kind: EntryKind) -> None:
    described = describe(kind)

    assert re.fullmatch(r"[A-Z][^\n]+\.", described.what)
    assert set(described.written_by.split(", ")) <= {actor.value for actor in ActorType}
    assert re.fullmatch(r"[a-z]+(_[a-z]+)?\.[a-z]+(_[a-z]+)?", kind.value)


def test_times_are_written_in_utc_with_microseconds_so_that_text_order_is_time_order() -> None:
    east = datetime(2026, 11, 21, 13, 0, tzinfo=timezone(timedelta(hours=1)))

    assert instant_text(east) == "2026-11-21T12:00:00.000000Z"
    assert instant_text(east) < instant_text(NOON) < instant_text(NOON + timedelta(seconds=1))


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="carries no zone"):
        instant_text(datetime(2026, 11, 21))


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.71, "0.71"), (0.1 + 0.2, "0.30000000000000004"), (1, "1.0"), (1e-7, "1e-07"), (0, "0.0")],
)
def test_a_decimal_is_the_shortest_text_that_reads_back_equal(value: float, text: str) -> None:
    assert decimal_text(value) == text
    assert float(text) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2**53 + 1, 10**400])
def test_what_no_float_can_hold_is_no_decimal(value: float) -> None:
    with pytest.raises(ValueError, match="cannot be written as a decimal"):
        decimal_text(value)


@pytest.mark.parametrize("value", [True, "0.5", None])
def test_what_is_not_a_number_is_no_decimal(value: float) -> None:
    with pytest.raises(TypeError, match="Expected a number"):
        decimal_text(value)


def test_a_commitment_fits_one_key_record_name_and_payload_only() -> None:
    made = {
        commitment(KEY, "r1", "features", b"data"),
        commitment(KEY, "r2", "features", b"data"),
        commitment(KEY, "r1", "proposal", b"data"),
        commitment(KEY, "r1", "features", b"Data"),
        commitment(bytes(32), "r1", "features", b"data"),
        # What moves across a border between id, name and payload is another message.
        commitment(KEY, "r1f", "eatures", b"data"),
        commitment(KEY, "r", "1features", b"data"),
        commitment(KEY, "r1", "featuresd", b"ata"),
        commitment(KEY, "r1", "feature", b"sdata"),
    }

    assert len(made) == 9
    assert {len(commit) for commit in made} == {32}


def test_a_commitment_is_the_same_for_ever() -> None:
    assert commitment(KEY, "r1", "features", b"data").hex() == (
        "59c2f99c658012e890a4884d88582135d7b7de75625ace7ae5a405c51ad3dda5"
    )


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_commitment_key_has_one_length(size: int) -> None:
    with pytest.raises(ValueError, match="takes 32 bytes"):
        commitment(bytes(size), "r1", "features", b"data")
