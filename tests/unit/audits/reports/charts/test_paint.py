"""The look of charts is said once: the console's sheet, the page's and paper's have the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audits.reports.charts import paint

REPOSITORY = Path(__file__).parents[5]
SHEET = REPOSITORY / "web" / "static" / "css" / "charts.css"
TOKENS = REPOSITORY / "web" / "static" / "css" / "tokens.css"


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def colour(name: str, *, night: bool) -> str:
    return paint.COLOURS[name][night] if name in paint.COLOURS else paint.OWN[name][2 + night]


def test_the_consoles_sheet_is_written_from_the_same_rules() -> None:
    assert paint.console_sheet() in SHEET.read_text(encoding="utf-8")


def test_the_console_knows_every_token_that_charts_use() -> None:
    known = set(re.findall(r"^\s*(--[\w-]+):", TOKENS.read_text(encoding="utf-8"), re.MULTILINE))
    used = set(re.findall(r"var\((--[\w-]+)\)", paint.console_sheet()))
    assert {name for name in used if not name.startswith("--chart-")} <= known


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("step", range(6))
def test_writing_on_a_field_can_be_read(step: int, night: bool) -> None:
    rules = dict(paint.RULES)
    ground = colour(rules[f"chart-heat-{step}"]["fill"][1:], night=night)
    ink = colour(rules[f"chart-on-{step}"]["fill"][1:], night=night)
    assert contrast(ground, ink) >= 4.5


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("place", range(7))
def test_letters_on_bars_can_be_read(place: int, night: bool) -> None:
    ground = colour(f"part-{place}", night=night)
    assert contrast(ground, colour("ink", night=night)) >= 4.5


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
@pytest.mark.parametrize("name", ["accent", "good", "bad", "tone-1", "tone-2", "tone-3", "against"])
def test_marks_stand_out_from_the_lane_they_lie_in(name: str, night: bool) -> None:
    assert contrast(colour(name, night=night), colour("lane", night=night)) >= 3


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_quiet_writing_can_be_read_on_the_surface(night: bool) -> None:
    ground = colour("surface", night=night)
    assert contrast(colour("ink-quiet", night=night), ground) >= 4.5


def test_paper_gets_the_look_of_day_as_attributes_and_the_classes_stay() -> None:
    drawn = '<circle class="chart-mark bad" r="3"/>'
    painted = paint.painted(drawn)
    assert 'class="chart-mark bad"' in painted
    assert 'fill="#a82828"' in painted
    assert "var(" not in painted


def test_the_most_particular_rule_wins_on_paper_as_on_screen() -> None:
    assert 'fill="#556167"' in paint.painted('<text class="chart-figure faint">')
    assert 'stroke="#ae662f"' in paint.painted('<line class="chart-line thin chart-tone-1"/>')
