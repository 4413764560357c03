from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.reports.charts.drawing import (
    MARKS,
    Drawing,
    Scale,
    identifier,
    log_ticks,
    pixels,
    rounded_out,
    shortened,
    thinned,
    ticks,
)

figures = st.floats(-1e6, 1e6, allow_nan=False)


@given(figures, figures)
def test_ticks_are_round_and_lie_within(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    found = ticks(low, high)
    room = (high - low) * 1e-6 + 1e-9
    assert all(low - room <= tick <= high + room for tick in found)
    assert len(found) <= 6


def test_a_span_that_is_next_to_nothing_is_one_place():
    assert ticks(0.0, 5e-324) == (0.0,)
    assert ticks(0.3, 0.3) == ()


@given(figures, figures)
def test_a_span_rounded_out_holds_the_span(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    if high - low < 1e-6:
        return
    wide = rounded_out(low, high)
    room = (high - low) * 1e-6
    assert wide[0] <= low + room
    assert wide[1] >= high - room


@given(st.floats(0, 1e3, allow_nan=False), st.booleans())
def test_nothing_is_placed_beyond_the_edges(figure: float, logarithmic: bool) -> None:
    scale = Scale(low=0.1, high=10, start=5, end=95, logarithmic=logarithmic)
    assert 5 <= scale(figure) <= 95


def test_half_and_double_are_as_far_from_one_on_a_scale_of_ratios() -> None:
    scale = Scale(low=0.25, high=4, logarithmic=True)
    assert scale(1) == pytest.approx(50)
    assert scale(1) - scale(0.5) == pytest.approx(scale(2) - scale(1))
    assert log_ticks(0.5, 2) == (0.5, 0.67, 0.8, 1, 1.25, 1.5, 2)


@given(st.lists(figures, min_size=1, max_size=600), st.integers(4, 60))
def test_a_thinned_line_keeps_its_ends_and_its_peaks(values: list[float], most: int) -> None:
    points = [(float(place), value) for place, value in enumerate(values)]
    kept = thinned(points, most)
    assert kept[0] == points[0]
    assert kept[-1] == points[-1]
    assert max(value for _, value in kept) == max(values)
    assert min(value for _, value in kept) == min(values)
    assert len(kept) <= max(most + 2, 4)
    assert kept == sorted(kept)


@given(st.text())
def test_any_name_becomes_an_id(name: str) -> None:
    found = identifier(name)
    assert found[0].isalpha()
    assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in found)


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc"))))
def test_no_text_can_leave_its_place(text: str) -> None:
    drawing = Drawing("a")
    drawing.text(0, 10, text, (text, "chart-note"))
    drawing.mark("plain", 50, 10, "chart-mark", says=text)
    root = ET.fromstring(drawing.svg(20, title=text, description=text))
    assert {node.tag.rpartition("}")[2] for node in root.iter()} <= {
        "svg", "title", "desc", "defs", "path", "text", "tspan", "use",
    }  # fmt: skip


def test_a_graphic_says_what_it_is_to_those_who_do_not_see_it() -> None:
    drawing = Drawing("A name/with signs")
    drawing.hatch(0, 0, 100, 10)
    root = ET.fromstring(drawing.svg(20, title="Title", description="What it shows"))
    assert root.get("role") == "img"
    title, description = (root.get("aria-labelledby") or "").split()
    found = {node.get("id"): node.text for node in root.iter() if node.get("id")}
    assert found[title] == "Title"
    assert found[description] == "What it shows"


def test_verdicts_differ_in_the_shape_of_their_marks() -> None:
    assert len({MARKS[mark] for mark in ("pass", "breach", "square", "triangle", "cross")}) == 5


@pytest.mark.parametrize(
    ("figure", "written"), [(1, "1"), (1.5, "1.5"), (-0.001, "0"), (33.333, "33.33")]
)
def test_places_are_written_short_and_alike_everywhere(figure: float, written: str) -> None:
    assert pixels(figure) == written


def test_what_does_not_fit_is_cut() -> None:
    assert shortened("short", 10) == "short"
    assert shortened("much too long", 6) == "much…"
