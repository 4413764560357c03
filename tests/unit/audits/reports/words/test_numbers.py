from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.reports.words import numbers

GAP = numbers.NO_BREAK


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", ("1,500", f"58.8{GAP}%", "0.86")), ("de", ("1.500", f"58,8{GAP}%", "0,86"))],
)
def test_each_language_writes_figures_as_it_does(
    language: str, written: tuple[str, str, str]
) -> None:
    assert (
        numbers.count(1500, language),
        numbers.share(0.5882, language),
        numbers.ratio(0.857, language),
    ) == written


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_share_is_never_written_as_nothing_or_all_unless_it_is(part: int, more: int) -> None:
    figure = part / (part + more)
    written = numbers.share(figure, "en")
    assert not re.fullmatch(r"0(\.0+)?\s%", written)
    assert not re.fullmatch(r"100(\.0+)?\s%", written)


def test_nothing_and_all_are_written_plainly() -> None:
    assert numbers.share(0.0, "en") == f"0.0{GAP}%"
    assert numbers.share(1.0, "en") == f"100.0{GAP}%"
    assert numbers.share(None, "en") == numbers.DASH


@given(st.floats(-1, 1))
def test_a_difference_carries_its_sign_and_a_real_minus(figure: float) -> None:
    written = numbers.points(figure, "en")
    assert "-" not in written
    if written.startswith("+"):
        assert figure > 0
    if written.startswith(numbers.MINUS):
        assert figure < 0
    assert not re.search(r"[+−]0(\.0+)?\s", written)


def test_a_ratio_is_told_apart_from_the_limit_beside_it() -> None:
    assert numbers.ratio(0.7999, "en", beside=0.8) == "0.7999"
    assert numbers.ratio(0.8, "en", beside=0.8) == "0.80"


@pytest.mark.parametrize(
    ("figure", "written"), [(1483, "1,500"), (47, "47"), (12_345, "12,000"), (999, "1,000")]
)
def test_about_so_many_has_two_figures_that_count(figure: int, written: str) -> None:
    assert numbers.about(figure, "en") == written


@pytest.mark.parametrize(
    ("minutes", "en", "de"),
    [
        (1, f"1{GAP}minute", f"1{GAP}Minute"),
        (45, f"45{GAP}minutes", f"45{GAP}Minuten"),
        (90, f"1.5{GAP}hours", f"1,5{GAP}Stunden"),
        (4320, f"3{GAP}days", f"3{GAP}Tage"),
    ],
)
def test_a_time_is_said_in_its_largest_unit(minutes: int, en: str, de: str) -> None:
    assert numbers.duration(minutes, "en") == en
    assert numbers.duration(minutes, "de") == de


def test_a_day_is_said_in_words_and_anything_else_left_as_it_is() -> None:
    assert numbers.date("2026-11-21", "en") == f"21{GAP}November 2026"
    assert numbers.date("2026-03-01T10:00:00Z", "de") == f"1.{GAP}März 2026"
    assert numbers.date("some day", "en") == "some day"
    assert numbers.date(None, "en") == numbers.DASH


@pytest.mark.parametrize(
    ("parts", "en", "de"),
    [([], "", ""), (["a"], "a", "a"), (["a", "b", "c"], "a, b and c", "a, b und c")],
)
def test_a_list_reads_as_one_says_it(parts: list[str], en: str, de: str) -> None:
    assert numbers.joined(parts, "en") == en
    assert numbers.joined(parts, "de") == de


def test_what_chance_does_hardly_ever_is_not_written_as_never() -> None:
    assert numbers.probability(0.0, "en") == f"<{GAP}0.001"
    assert numbers.probability(0.0123, "de") == "0,012"
    assert numbers.probability(0.5, "en") == "0.50"


@pytest.mark.parametrize(
    ("asked", "spoken"), [("de-AT", "de"), ("DE", "de"), ("fr", "en"), (None, "en")]
)
def test_what_is_not_spoken_gets_english(asked: str | None, spoken: str) -> None:
    assert numbers.spoken(asked) == spoken
