"""The stages side by side: what the machine proposed, who had to wait, what people changed, what was done."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, doubts, key, shortened
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rates import ceiling
from audits.reports.charts.rows import LINE
from audits.reports.words import Words, numbers

_LANE: Final = 12
_GAP: Final = 4.0
#: Letters that a column's head holds on a line, by how many columns there are.
_LETTERS: Final = {1: 40, 2: 24, 3: 16, 4: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate of one group at one stage; ``value`` is None where it cannot be estimated."""

    value: float | None
    low: float | None = None
    high: float | None = None
    enough: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StageColumn:
    """One stage: its head, a rate for each group in their order (None: nothing there to measure), all together."""

    head: str
    rates: Sequence[Rate | None]
    overall: float | None = None
    #: Stages that measure the same thing are drawn on the same scale.
    scale: str = ""


def stages(
    name: str,
    groups: Sequence[str],
    columns: Sequence[StageColumn],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw a column for each stage and a line of lanes for each group, read from left to right as a decision goes."""
    drawing = Drawing(name)
    width = (100 - _GAP * (len(columns) - 1)) / len(columns)
    letters = _LETTERS.get(len(columns), 11)
    heads = [textwrap.wrap(column.head, letters)[:3] for column in columns]
    lines = max(map(len, heads))
    starts = [place * (width + _GAP) for place in range(len(columns))]
    for start, head in zip(starts, heads, strict=True):
        for place, line in enumerate(head):
            drawing.text(start, 12 + 15 * place, shortened(line, letters + 3), kind="chart-head")
    top = 15.0 * lines + 8
    scales = _scales(columns, starts, width)
    for place, group in enumerate(groups):
        drawing.line(0, top, 100, top, "chart-grid")
        drawing.text(0, top + 17, shortened(group, LINE), kind="chart-label strong")
        for column, scale in zip(columns, scales, strict=True):
            _draw_cell(drawing, column, column.rates[place], scale, top + 22, words)
        top += 60
    drawing.line(0, top, 100, top, "chart-grid")
    for scale in scales:
        drawing.text(scale.start, top + 13, "0", kind="chart-tick")
        end = f"{numbers.trimmed(scale.high * 100, words.language)}{numbers.NO_BREAK}%"
        drawing.text(scale.end, top + 13, end, kind="chart-tick", anchor="end")
    description = words.say("stages.described")
    return drawing.figure(
        top + 18,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        elsewhere=True,
        legend=_legend(columns, words),
        wide=True,
    )


def _scales(columns: Sequence[StageColumn], starts: Sequence[float], width: float) -> list[Scale]:
    highest: dict[str, list[float | None]] = {}
    for column in columns:
        edges = highest.setdefault(column.scale or column.head, [column.overall])
        edges += [
            edge
            for rate in column.rates
            if rate is not None and rate.enough
            for edge in (rate.value, rate.high)
        ]
    return [
        Scale(
            low=0,
            high=ceiling(highest[column.scale or column.head]),
            start=start,
            end=start + width,
        )
        for column, start in zip(columns, starts, strict=True)
    ]


def _draw_cell(
    drawing: Drawing,
    column: StageColumn,
    rate: Rate | None,
    scale: Scale,
    top: float,
    words: Words,
) -> None:
    lane, middle = top + 18, top + 18 + _LANE / 2
    if rate is None or rate.value is None:
        drawing.text(scale.start, top + 12, numbers.DASH, kind="chart-note")
        drawing.hatch(scale.start, lane, scale.end, _LANE)
        return
    faint = "" if rate.enough else " faint"
    figure = numbers.share(rate.value, words.language)
    drawing.text(scale.start, top + 12, figure, kind=f"chart-figure{faint}")
    drawing.rect(scale.start, lane, scale.end, _LANE, "chart-lane", round_=3)
    if column.overall is not None:
        x = scale(column.overall)
        drawing.line(x, lane - 2, x, lane + _LANE + 2, "chart-even")
    if rate.low is not None and rate.high is not None:
        drawing.line(scale(rate.low), middle, scale(rate.high), middle, f"chart-range{faint}")
    drawing.mark("plain", scale(rate.value), middle, f"chart-mark{faint}", says=figure)


def _legend(columns: Sequence[StageColumn], words: Words) -> tuple[Key, ...]:
    rates = [rate for column in columns for rate in column.rates]
    legend = [
        Key(svg=key("chart-mark", "plain"), text=words.say("legend.rate")),
        Key(svg=key("chart-range", "stroke"), text=words.say("legend.interval")),
    ]
    if any(column.overall is not None for column in columns):
        legend.append(Key(svg=key("chart-even", "stroke"), text=words.say("legend.all_together")))
    legend += doubts(
        words,
        few=any(rate is not None and not rate.enough for rate in rates),
        unknown=any(rate is None or rate.value is None for rate in rates),
    )
    return tuple(legend)
