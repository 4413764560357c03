"""A rate for each group with its interval, and the rate of all together."""

from __future__ import annotations

from collections.abc import Sequence

from audits.reports.charts import rows
from audits.reports.charts.drawing import Drawing, Scale, doubts, key, nice_step, ticks
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import Lanes, Row
from audits.reports.words import Words, numbers


def rates(
    name: str,
    groups: Sequence[Row],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
    overall: float | None = None,
    plain: bool = False,
) -> Figure:
    """Draw shares of one from nothing up to the round figure above the largest; ``plain`` writes them as they are, not as per cent."""
    drawing = Drawing(name)
    high = ceiling([edge for row in groups if row.enough for edge in (row.value, row.high)])
    scale = Scale(low=0.0, high=high, start=1, end=99)
    lanes = Lanes(scale=scale, ticks=ticks(0.0, high, 5), even=overall)
    bottom = rows.draw(drawing, groups, lanes)
    bottom = rows.axis(
        drawing,
        lanes,
        bottom,
        lambda tick: (numbers.trimmed if plain else numbers.tick_share)(tick, words.language),
    )
    legend = [
        Key(svg=key("chart-mark", "plain"), text=words.say("legend.rate")),
        Key(svg=key("chart-range", "stroke"), text=words.say("legend.interval")),
    ]
    if overall is not None:
        written = (numbers.plain if plain else numbers.share)(overall, words.language)
        text = words.say("legend.overall", share=written)
        legend.append(Key(svg=key("chart-even", "stroke"), text=text))
    legend += doubts(
        words,
        few=any(not row.enough and row.value is not None for row in groups),
        unknown=any(row.value is None for row in groups),
    )
    description = words.say("rates.described")
    return drawing.figure(
        bottom,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
    )


def ceiling(figures: Sequence[float | None]) -> float:
    """Give the round figure that a scale of shares ends at; at most 1."""
    highest = max((figure for figure in figures if figure is not None), default=1.0)
    if highest <= 0:
        return 0.05
    step = nice_step(min(highest * 1.02, 1.0), 4)
    parts = -(-min(highest * 1.02, 1.0) // step)
    return min(1.0, round(step * parts, 12))
