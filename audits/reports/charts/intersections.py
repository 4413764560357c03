"""The heat map of groups that two attributes make together; what cannot be estimated is hatched."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

from audits.reports.charts.drawing import Drawing, key, shortened
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import LINE
from audits.reports.charts.stages import Rate
from audits.reports.words import Words, numbers

#: Steps of the ramp of shades.
STEPS: Final = 6
_CELL: Final = 44


def intersections(
    name: str,
    lines: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], tuple[Rate, int]],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw a field for each line and column with its rate and how many it rests on; a missing one is empty."""
    drawing = Drawing(name)
    gap = 0.6
    width = (100 - gap * (len(columns) - 1)) / len(columns)
    starts = [place * (width + gap) for place in range(len(columns))]
    letters = max(6, int(LINE / len(columns)) - 1)
    heads = [textwrap.wrap(column, letters)[:3] for column in columns]
    for start, head in zip(starts, heads, strict=True):
        for place, line in enumerate(head):
            text = shortened(line, letters + 1)
            drawing.text(
                start + width / 2, 12 + 15 * place, text, kind="chart-head", anchor="middle"
            )
    top = 15.0 * max(map(len, heads)) + 4
    shown = [rate for rate, _ in cells.values() if rate.value is not None and rate.enough] or [
        rate for rate, _ in cells.values() if rate.value is not None
    ]
    ends = _ends([rate.value or 0.0 for rate in shown])
    for line in lines:
        drawing.text(0, top + 16, shortened(line, LINE), kind="chart-label strong")
        top += 22
        for start, column in zip(starts, columns, strict=True):
            cell = cells.get((line, column))
            _draw_cell(drawing, cell, start, start + width, top, ends, words)
        top += _CELL + 6
    description = words.say("intersections.described")
    return drawing.figure(
        top,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        elsewhere=True,
        legend=_legend(cells, ends, words),
        wide=True,
    )


def _draw_cell(
    drawing: Drawing,
    cell: tuple[Rate, int] | None,
    start: float,
    end: float,
    top: float,
    ends: tuple[float, float],
    words: Words,
) -> None:
    middle = (start + end) / 2
    if cell is None or cell[0].value is None:
        drawing.hatch(start, top, end, _CELL)
        text = words.say("cell.none") if cell is None else numbers.DASH
        drawing.rect(middle - 8, top + 13, middle + 8, 18, "chart-plate", round_=4)
        drawing.text(middle, top + 26, text, kind="chart-note", anchor="middle")
        return
    rate, number = cell
    value = rate.value or 0.0
    part = (value - ends[0]) / (ends[1] - ends[0])
    step = max(0, min(STEPS - 1, int(part * STEPS)))
    kind = f"chart-heat-{step}" if rate.enough else "chart-few"
    drawing.rect(start, top, end, _CELL, f"chart-heat {kind}", round_=3)
    on = f" chart-on-{step}" if rate.enough else " faint"
    text = numbers.share(value, words.language)
    drawing.text(middle, top + 20, text, kind=f"chart-figure{on}", anchor="middle")
    amount = numbers.count(number, words.language)
    drawing.text(middle, top + 36, amount, kind=f"chart-note{on}", anchor="middle")


def _ends(shown: Sequence[float]) -> tuple[float, float]:
    """Give the rates at which the ramp of shades begins and ends: at least half of the highest, so that no trifle looks large."""
    highest = max(shown, default=1.0) or 1.0
    return min([highest / 2, *shown]), highest


def _legend(
    cells: Mapping[tuple[str, str], tuple[Rate, int]], ends: tuple[float, float], words: Words
) -> tuple[Key, ...]:
    legend = [
        Key(svg=key(f"chart-heat-{step}"), text=numbers.share(end, words.language))
        for step, end in zip((0, STEPS - 1), ends, strict=True)
    ]
    rates = [rate for rate, _ in cells.values()]
    if any(rate.value is not None and not rate.enough for rate in rates):
        legend.append(Key(svg=key("chart-few"), text=words.say("legend.few")))
    if any(rate.value is None for rate in rates):
        legend.append(Key(svg=key("", "hatch"), text=words.say("legend.not_estimable")))
    return tuple(legend)
