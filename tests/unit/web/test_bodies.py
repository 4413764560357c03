"""Strict JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.api.bodies import decode, deeper_than, pointer
from web.problems import NotJson


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


@given(st.integers(1, 60), st.integers(1, 60))
def test_depth_counts_objects_and_lists_within_each_other(levels: int, most: int) -> None:
    assert deeper_than(nested(levels), most) == (levels > most)


@given(st.integers(1, 60))
def test_both_ways_of_reading_agree_on_what_is_too_deep(levels: int) -> None:
    raw = b"[" * levels + b"]" * levels
    if deeper_than(nested(levels), 32):
        with pytest.raises(NotJson):
            decode(raw)
    else:
        assert decode(raw) == nested(levels)


def test_a_pointer_escapes_what_would_be_read_as_a_step() -> None:
    assert pointer("a/b", "m~n", 0) == "/a~1b/m~0n/0"
    assert pointer() == ""
