"""What contributes to a difference between two groups: a bar to the side it pushes to, and what all make together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, rounded_out, shortened, ticks
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import LINE
from audits.reports.words import Words

_BAR: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one rule or feature adds to the difference (below zero: takes from it)."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    text: str = ""
    total: bool = False


def contributions(
    name: str,
    parts: Sequence[Part],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
    written: Callable[[float], str],
    lower: str = "",
    higher: str = "",
) -> Figure:
    """Draw a bar for each part from nothing to what it adds, in the order given; totals are drawn in ink.

    What goes the same way as the whole is drawn as adding to it, what goes the other way as taking from it.
    """
    drawing = Drawing(name)
    edges = [
        edge for part in parts for edge in (part.value, part.low, part.high) if edge is not None
    ]
    low, high = rounded_out(min([0.0, *edges]), max([0.0, *edges]) or 0.01, 5)
    scale = Scale(low=low, high=high, start=2, end=98)
    top = 0.0
    whole = sum(part.value for part in parts if part.total) or sum(part.value for part in parts)
    for part in parts:
        if part.total and top:
            drawing.line(0, top - 4, 100, top - 4, "chart-grid")
            top += 4
        drawing.text(
            0,
            top + 14,
            shortened(part.label, LINE - len(part.text)),
            kind="chart-label strong" if part.total else "chart-label",
        )
        drawing.text(100, top + 14, part.text, kind="chart-value", anchor="end")
        top += 20
        drawing.rect(0, top, 100, _BAR, "chart-lane", round_=3)
        same_way = part.value * whole >= 0
        kind = "chart-total" if part.total else "chart-for" if same_way else "chart-against"
        drawing.rect(scale(0), top + 2, scale(part.value), _BAR - 4, kind, round_=1.5)
        if part.low is not None and part.high is not None:
            y = top + _BAR / 2
            drawing.line(scale(part.low), y, scale(part.high), y, "chart-error")
        drawing.line(scale(0), top - 1, scale(0), top + _BAR + 1, "chart-even")
        top += _BAR + 12
    for tick in ticks(low, high, 5):
        x = scale(tick)
        anchor = "start" if x < 5 else "end" if x > 95 else "middle"
        drawing.text(x, top + 9, written(tick), kind="chart-tick", anchor=anchor)
    top += 16
    if lower or higher:
        drawing.text(0, top + 13, lower, kind="chart-note")
        drawing.text(100, top + 13, higher, kind="chart-note", anchor="end")
        top += 18
    description = words.say("contributions.described")
    legend = [Key(svg=key("chart-for"), text=words.say("contributions.for"))]
    if any(part.value * whole < 0 for part in parts):
        legend.append(Key(svg=key("chart-against"), text=words.say("contributions.against")))
    if any(part.total for part in parts):
        legend.append(Key(svg=key("chart-total"), text=words.say("contributions.total")))
    if any(part.low is not None for part in parts):
        legend.append(Key(svg=key("chart-error", "stroke"), text=words.say("legend.interval")))
    return drawing.figure(
        top,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
    )
