from __future__ import annotations

import time
from enum import StrEnum
from types import MappingProxyType

import pytest

from audits.log import profile
from audits.log.canonical import MAX_BYTES, MAX_INTEGER, NotCanonical, canonical, parse
from tests.memory_log import signed_log


class Colour(StrEnum):
    RED = "red"


def nested(depth: int) -> dict[str, object]:
    record: dict[str, object] = {}
    for _ in range(depth - 1):
        record = {"a": record}
    return record


def test_keys_are_sorted_and_nothing_is_put_between() -> None:
    record = {"b": [1, True, None], "a": {"d": "é", "c": -0}}

    assert canonical(record) == '{"a":{"c":0,"d":"é"},"b":[1,true,null]}'.encode()


def test_what_orjson_can_write_and_the_profile_allows_is_written() -> None:
    record = MappingProxyType({"colour": Colour.RED, "pair": (1, "x"), "big": MAX_INTEGER})

    assert canonical(record) == b'{"big":9007199254740991,"colour":"red","pair":[1,"x"]}'


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"score": 0.5}, "score is a float"),
        ({"score": float("nan")}, "score is a float"),
        ({"a": {"b": [1, {"c": 1.0}]}}, "a.b[1].c is a float"),
        ({"n": MAX_INTEGER + 1}, "n is an integer beyond"),
        ({"n": -MAX_INTEGER - 1}, "n is an integer beyond"),
        ({"Big": 1}, "Big is not an allowed key"),
        ({"a-b": 1}, "a-b is not an allowed key"),
        ({"": 1}, "is not an allowed key"),
        ({"é": 1}, "é is not an allowed key"),
        ({"a\n": 1}, "is not an allowed key"),
        ({1: 1}, "1 is not an allowed key"),
        ({Colour.RED: 1}, "red is not an allowed key"),
        ({"t": "\ud800"}, "not valid Unicode"),
        ({"t": b"bytes"}, "t is a bytes"),
        ({"t": {1, 2}}, "t is a set"),
        ({"t": MappingProxyType({})}, "t is a mappingproxy"),
        (nested(17), "deeper than 16"),
        ({"a": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}, "deeper than 16"),
        ({"t": "x" * MAX_BYTES}, f"at most {MAX_BYTES}"),
    ],
)
def test_what_lies_outside_the_profile_is_refused_and_named(
    record: dict[str, object], says: str
) -> None:
    with pytest.raises(NotCanonical, match=says.replace("[", r"\[")) as refused:
        canonical(record)

    assert refused.value.detail in str(refused.value)


def test_the_limits_themselves_are_within() -> None:
    longest = {"t": "x" * (MAX_BYTES - len('{"t":""}'))}

    assert len(canonical(longest)) == MAX_BYTES
    assert canonical(nested(16)).count(b"{") == 16


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b"null",
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1.0}',
        b'{"a":-0}',
        b'{"a":1e2}',
        b'{"a":9007199254740993}',
        b'{"a":123456789012345678901234567890}',
        b'{"a":NaN}',
        rb'{"a":"\u0041"}',
        rb'{"a":"\/"}',
        rb'{"a":"\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"' + b"x" * MAX_BYTES + b'"}',
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
def test_bytes_that_were_not_written_here_are_refused(entry: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(entry)
    with pytest.raises(NotCanonical):
        profile.parse(entry)


def test_written_bytes_are_read_back() -> None:
    record = {"id": "x", "data": {"n": 7, "list": ["\u0000", "\u2028", "😀", '"\\/']}}

    assert parse(canonical(record)) == record
    assert profile.parse(canonical(record)) == record


def test_writing_an_entry_takes_some_microseconds() -> None:
    record = parse(signed_log(1).entries[0].entry or b"")
    record["data"]["more"] = {f"key_{n}": "x" * 20 for n in range(15)}
    assert 900 < len(canonical(record)) < 1300

    best = min(_seconds(record) for _ in range(20))

    # Some 6 us on an idle core; the bound leaves room for a busy machine.
    assert best < 40e-6


def _seconds(record: dict[str, object]) -> float:
    start = time.perf_counter()
    for _ in range(100):
        canonical(record)
    return (time.perf_counter() - start) / 100
