from __future__ import annotations

import math

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audits.log import profile
from audits.log.canonical import MAX_INTEGER, NotCanonical, canonical, parse
from audits.log.entries import commitment, decimal_text

keys = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
leaves = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)
records = st.dictionaries(keys, values, max_size=8)


@given(records)
def test_the_bytes_are_those_of_rfc_8785(record: dict[str, object]) -> None:
    assert canonical(record) == rfc8785.dumps(record)


@given(records)
def test_stored_bytes_round_trip(record: dict[str, object]) -> None:
    entry = canonical(record)

    assert parse(entry) == record
    assert canonical(parse(entry)) == entry


@given(st.binary(max_size=60) | records.map(canonical), st.data())
def test_whatever_is_read_is_what_would_be_written(entry: bytes, data: st.DataObject) -> None:
    if entry:
        at = data.draw(st.integers(0, len(entry) - 1))
        entry = entry[:at] + bytes([data.draw(st.integers(0, 255))]) + entry[at + 1 :]
    try:
        record = parse(entry)
    except NotCanonical:
        with pytest.raises(NotCanonical):
            profile.parse(entry)
        return
    assert profile.parse(entry) == record
    assert rfc8785.dumps(record) == entry


@given(st.lists(records.map(canonical), max_size=4), st.data())
def test_many_are_read_as_each_of_them_is(entries: list[bytes], data: st.DataObject) -> None:
    joined = b"".join(entries)
    if joined and data.draw(st.booleans()):
        # Cut elsewhere: pieces that make the same text together, and are no records.
        at = data.draw(st.integers(0, len(joined)))
        entries = [joined[:at], joined[at:]]

    found = profile.parse_all(entries)

    for entry, record in zip(entries, found, strict=True):
        if isinstance(record, NotCanonical):
            with pytest.raises(NotCanonical):
                profile.parse(entry)
        else:
            assert record == profile.parse(entry)


@pytest.mark.parametrize(
    "entries",
    [
        [b'{"a":1},{"b":2}', b'{"c":3}'],
        [b'{"a":1', b'"b":2}'],
        [b"", b'{"a":1},{"b":2}'],
        [b"{}", b""],
    ],
)
def test_what_is_a_list_together_and_no_entries_apart_is_refused(entries: list[bytes]) -> None:
    assert any(isinstance(one, NotCanonical) for one in profile.parse_all(entries))


@given(records, keys, st.floats())
def test_a_float_never_gets_in(record: dict[str, object], key: str, value: float) -> None:
    with pytest.raises(NotCanonical, match="is a float"):
        canonical({**record, key: [value]})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_reads_back_as_the_same_float(value: float) -> None:
    read = float(decimal_text(value))

    assert read == value
    assert math.copysign(1, read) == math.copysign(1, value)


framed = st.tuples(st.text("ab:/", max_size=4), st.text("ab:/", max_size=4), st.binary(max_size=4))


@given(framed, framed)
def test_commitments_are_alike_only_where_all_is_alike(
    one: tuple[str, str, bytes], other: tuple[str, str, bytes]
) -> None:
    key = bytes(32)

    assert (commitment(key, *one) == commitment(key, *other)) == (one == other)
