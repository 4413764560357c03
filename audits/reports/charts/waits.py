"""How long each group waited for a person: half of its cases, and nine in ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, shortened
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import LANE, LINE
from audits.reports.words import Words, numbers

#: Times in minutes that the scale is read at.
_TICKS: Final = (1, 5, 15, 60, 240, 1440, 4320, 10080, 43200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A group's waits in minutes: at most so long for half of its cases, and for nine in ten (None: longer than is counted)."""

    label: str
    half: float | None
    nine: float | None
    text: str
    enough: bool = True


def waits(
    name: str,
    groups: Sequence[Wait],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw waits on a scale on which an hour is to a quarter of it as a day is to six hours."""
    drawing = Drawing(name)
    edges = [edge for one in groups for edge in (one.half, one.nine) if edge]
    longest = max(edges, default=60.0)
    high = next((tick for tick in _TICKS if tick >= longest), _TICKS[-1])
    scale = Scale(low=1, high=max(high, 60), start=2, end=96, logarithmic=True)
    top = 0.0
    for one in groups:
        faint = "" if one.enough else " faint"
        drawing.text(
            0, top + 14, shortened(one.label, LINE - len(one.text)), kind=f"chart-label{faint}"
        )
        drawing.text(100, top + 14, one.text, kind=f"chart-value{faint}", anchor="end")
        lane, middle = top + 22, top + 22 + LANE / 2
        drawing.rect(0, lane, 100, LANE, "chart-lane", round_=3)
        half = scale.high if one.half is None else max(one.half, 1)
        nine = scale.high if one.nine is None else max(one.nine, 1)
        drawing.line(scale(half), middle, scale(nine), middle, f"chart-range{faint}")
        if one.nine is None:
            drawing.mark("beyond-right", scale(nine), middle, f"chart-beyond{faint}")
        else:
            drawing.line(
                scale(nine), middle - 3.5, scale(nine), middle + 3.5, f"chart-range{faint}"
            )
        drawing.mark(
            "plain", scale(half), middle, f"chart-mark{faint}", says=f"{one.label}: {one.text}"
        )
        top += 50
    shown = [tick for tick in _TICKS if scale.holds(tick)]
    for tick in shown:
        x = scale(tick)
        anchor = "start" if x < 5 else "end" if x > 90 else "middle"
        drawing.text(x, top + 8, words.short_duration(tick), kind="chart-tick", anchor=anchor)
    description = words.say("waits.described")
    return drawing.figure(
        top + 14,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=(
            Key(svg=key("chart-mark", "plain"), text=words.say("waits.half")),
            Key(svg=key("chart-range", "stroke"), text=words.say("waits.nine")),
        ),
    )


def at_most(found: object) -> float | None:
    """Take the upper end of the class that a wait lies in."""
    end = found.get("to") if isinstance(found, dict) else None
    return float(end) if isinstance(end, int | float) else None


def said(found: object, words: Words) -> str:
    """Say a wait that is known as a class: within 20 minutes, longer than 30 days."""
    if not isinstance(found, dict):
        return numbers.DASH
    end = at_most(found)
    if end is None:
        start = found.get("from")
        return words.say(
            "waits.longer",
            time=numbers.duration(
                float(start) if isinstance(start, int | float) else 0, words.language
            ),
        )
    return numbers.duration(end, words.language)
