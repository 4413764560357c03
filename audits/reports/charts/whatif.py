"""What another threshold would give: how many go to a person, how wrong the rest is, how far apart the groups are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, polyline, rounded_out, ticks
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.plots import GUTTER, Field, draw_field, whisker
from audits.reports.words import Words, numbers

_HEIGHT: Final = 92.0
_GAP: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One thing that the threshold moves: its name, and its value and interval at each threshold (None: not estimable)."""

    title: str
    values: Sequence[float | None]
    intervals: Sequence[tuple[float, float] | None]
    written: Callable[[float], str]
    tolerated: tuple[float, float] | None = None


def whatif(
    name: str,
    thresholds: Sequence[float],
    strips: Sequence[Strip],
    *,
    current: float | None,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw the strips one below another over the same thresholds, with the present one through all of them."""
    drawing = Drawing(name)
    low, high = min(thresholds, default=0.0), max(thresholds, default=1.0)
    across = Scale(low=low, high=high, start=GUTTER, end=98)
    top = 0.0
    for place, strip in enumerate(strips):
        last = place == len(strips) - 1
        top = _draw_strip(drawing, strip, thresholds, across, current, top, last=last, words=words)
    drawing.text(100, top + 34, words.say("whatif.across"), kind="chart-note", anchor="end")
    legend = [
        Key(svg=key("chart-line", "stroke"), text=words.say("whatif.line")),
        Key(svg=key("chart-whisker", "stroke"), text=words.say("legend.interval")),
    ]
    if current is not None:
        text = words.say("whatif.current", threshold=numbers.trimmed(current, words.language, 3))
        legend.append(Key(svg=key("chart-mark strong", "square"), text=text))
    if any(strip.tolerated for strip in strips):
        legend.append(Key(svg=key("chart-tolerated"), text=words.say("legend.tolerated")))
    description = words.say("whatif.described")
    return drawing.figure(
        top + 40,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
        wide=True,
    )


def _draw_strip(
    drawing: Drawing,
    strip: Strip,
    thresholds: Sequence[float],
    across: Scale,
    current: float | None,
    top: float,
    *,
    last: bool,
    words: Words,
) -> float:
    drawing.text(0, top + 13, strip.title, kind="chart-label strong")
    begin, bottom = top + _GAP, top + _GAP + _HEIGHT
    low, high = _span(strip)
    field = Field(
        across=across,
        down=Scale(low=low, high=high, start=bottom, end=begin),
        ticks_across=ticks(across.low, across.high, 5),
        ticks_down=[tick for tick in ticks(low, high, 3) if tick != low],
    )
    if strip.tolerated:
        ends = [min(max(edge, low), high) for edge in strip.tolerated]
        upper, lower = field.down(max(ends)), field.down(min(ends))
        drawing.rect(0, upper, 100, lower - upper, "chart-tolerated")
    draw_field(
        drawing,
        field,
        write_across=(lambda tick: numbers.trimmed(tick, words.language, 3)) if last else None,
        write_down=strip.written,
    )
    points = list(zip(thresholds, strip.values, strip.intervals, strict=True))
    for threshold, value, interval in points:
        if value is not None:
            whisker(drawing, field, threshold, interval, "chart-whisker")
    stretch: list[tuple[float, float]] = []
    for threshold, value, _ in points:
        if value is None:
            polyline(drawing, stretch, "chart-line")
            stretch = []
        else:
            stretch.append(field.place(threshold, value))
    polyline(drawing, stretch, "chart-line")
    if current is not None:
        x = across(current)
        drawing.line(x, begin - 6, x, bottom, "chart-drop")
        nearest = min(points, key=lambda point: abs(point[0] - current), default=None)
        if nearest is not None and nearest[1] is not None:
            drawing.mark(
                "square",
                x,
                field.down(nearest[1]),
                "chart-mark strong",
                says=strip.written(nearest[1]),
            )
    return bottom if last else bottom + 22


def _span(strip: Strip) -> tuple[float, float]:
    """Span all values, and of what chance allows as much as leaves them readable; the table has it whole."""
    known = [value for value in strip.values if value is not None]
    lowest, highest = min(known, default=0.0), max(known, default=1.0)
    room = max(highest - lowest, 0.02)
    ends = [end for interval in strip.intervals if interval for end in interval]
    near = [end for end in ends if lowest - room / 2 <= end <= highest + room / 2]
    return rounded_out(min([0.0, lowest, *near]), max([highest, *near]) or 1.0, 3)
