"""What texts of cells mean, and that nothing is read which could mean two things."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.clock import parse_rfc3339
from governance.imports import values
from governance.imports.values import Unfit
from policies.document import FeatureType

BERLIN = ZoneInfo("Europe/Berlin")


def read(kind: FeatureType, text: str) -> object:
    return values.reader_of("features.x", kind)(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_it_is_written(number: float) -> None:
    assert read(FeatureType.NUMBER, repr(number)) == number


@given(st.integers(min_value=-(10**18), max_value=10**18))
def test_a_whole_number_is_read_as_it_is_written_and_with_a_nought_behind_the_point(
    number: int,
) -> None:
    assert read(FeatureType.INTEGER, f" {number} ") == number
    assert read(FeatureType.INTEGER, f"{number}.0") == number


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (FeatureType.NUMBER, "89,5", "a comma"),
        (FeatureType.NUMBER, "1.234,50", "a comma"),
        (FeatureType.NUMBER, "1,234", "a comma"),
        (FeatureType.NUMBER, "nan", "a number, like 89.5"),
        (FeatureType.NUMBER, "inf", "a number, like 89.5"),
        (FeatureType.NUMBER, "1e999", "not too large"),
        (FeatureType.NUMBER, "1_000", "a number"),
        (FeatureType.NUMBER, "٣", "a number"),
        (FeatureType.NUMBER, "0x10", "a number"),
        (FeatureType.INTEGER, "3.5", "a whole number"),
        (FeatureType.INTEGER, "1_0", "a whole number"),
        (FeatureType.INTEGER, "10,0", "a comma"),
        (FeatureType.INTEGER, "9" * 40, "a whole number"),
        (FeatureType.BOOLEAN, "perhaps", "true or false"),
    ],
)
def test_what_could_mean_something_else_is_refused_with_how_to_write_it(
    kind: FeatureType, text: str, said: str
) -> None:
    with pytest.raises(Unfit, match=said) as caught:
        read(kind, text)
    assert str(caught.value).startswith("features.x: ")


@given(st.text(max_size=500))
def test_whatever_a_cell_holds_is_read_or_refused(text: str) -> None:
    for kind in FeatureType:
        with contextlib.suppress(Unfit):
            read(kind, text)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-01T08:00:00Z", datetime(2026, 10, 1, 8, tzinfo=UTC)),
        ("2026-10-01 08:00:00+02:00", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        # The business's clock: in October two hours ahead of UTC, in December one.
        ("2026-10-01 08:00", datetime(2026, 10, 1, 6, tzinfo=UTC)),
        ("2026-12-01T08:00:00.5", datetime(2026, 12, 1, 7, 0, 0, 500_000, tzinfo=UTC)),
        # A day alone is counted under that day, which is why it is not midnight in Berlin.
        ("2026-10-01", datetime(2026, 10, 1, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_an_offset_or_by_the_businesss_clock(
    text: str, instant: datetime
) -> None:
    assert parse_rfc3339(values.times(BERLIN)(text)) == instant


@pytest.mark.parametrize(
    "text",
    ["01.10.2026", "10/01/2026", "2026-13-01", "2026-02-30", "yesterday", "20261001", "1759305600"],
)
def test_a_date_that_could_be_another_is_refused(text: str) -> None:
    with pytest.raises(Unfit, match="a time, like 2026-11-21T10:00:00Z"):
        values.reading("occurred_at", values.times(BERLIN))(text)


def test_a_word_is_known_by_its_name_and_by_a_label_that_only_one_has() -> None:
    labels = [("Send it", "send"), ("Senden", "send"), ("Later", "wait"), ("later", "drop")]
    known = values.one_of(["send", "wait", "drop"], labels)
    assert [known(text) for text in ("send", " SEND IT ", "senden")] == ["send"] * 3
    assert known("Later") == "Later", "two have this label, so neither is meant"
    assert known("a yacht") == "a yacht", "whoever knows the policy says what is wrong with it"
