"""Ratio dots: how many times as often as in the group compared with, on a scale where half and double are as far apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audits.reports.charts import rows
from audits.reports.charts.differences import verdict_legend
from audits.reports.charts.drawing import Drawing, Scale, log_ticks
from audits.reports.charts.figure import Figure, Table
from audits.reports.charts.rows import Lanes, Row
from audits.reports.words import Words, numbers

#: Edges that a scale of ratios may begin or end at.
_EDGES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 1.5, 2, 3, 5, 10, 20, 50, 100)


def ratios(
    name: str,
    compared: Sequence[Row],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
    reference: str,
    tolerance: float | None = None,
    watch: float | None = None,
) -> Figure:
    """Draw ratios of rates with their intervals; a tolerance of 0.8 is a band from 0.8 to 1.25."""
    drawing = Drawing(name)
    scale = _scale(compared, tolerance)
    shown = [
        tick
        for tick in log_ticks(scale.low, scale.high)
        # Beside 0.8 and 1.25 the next figures would run into theirs where the scale is long.
        if not (tick in {0.67, 1.5} and scale.high / scale.low > 5)
    ]
    lanes = Lanes(
        scale=scale,
        ticks=_apart(shown, scale),
        tolerated=None if tolerance is None else (tolerance, 1 / tolerance),
        watch=None if watch is None else (watch, 1 / watch),
        even=1.0,
    )
    bottom = rows.draw(drawing, compared, lanes)
    bottom = rows.axis(
        drawing,
        lanes,
        bottom,
        lambda tick: numbers.trimmed(tick, words.language),
        low=words.say("axis.less_often", reference=reference),
        high=words.say("axis.more_often"),
    )
    description = words.say("ratios.described", reference=reference)
    return drawing.figure(
        bottom,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        elsewhere=True,
        legend=verdict_legend(compared, words, band=tolerance is not None, watch=watch is not None),
    )


def _scale(compared: Sequence[Row], tolerance: float | None) -> Scale:
    firm = [row for row in compared if row.value is not None and row.enough] or [
        row for row in compared if row.value is not None
    ]
    edges = [edge for row in firm for edge in (row.value, row.low, row.high) if edge] + [1.0]
    if tolerance:
        edges += [tolerance, 1 / tolerance]
    low = max((edge for edge in _EDGES if edge <= min(edges) * 1.02), default=_EDGES[0])
    high = min((edge for edge in _EDGES if edge >= max(edges) * 0.98), default=_EDGES[-1])
    return Scale(low=min(low, 0.67), high=max(high, 1.5), start=2, end=98, logarithmic=True)


def _apart(shown: Sequence[float], scale: Scale) -> list[float]:
    """Leave out figures that would touch: 0.8, 1 and 1.25 stay, others give way."""
    kept: list[float] = []
    for tick in sorted(shown, key=lambda tick: (tick not in {1, 0.8, 1.25}, abs(scale(tick) - 50))):
        if all(abs(scale(tick) - scale(other)) >= 7 for other in kept):
            kept.append(tick)
    return sorted(kept)
