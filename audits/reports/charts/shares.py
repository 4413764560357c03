"""Shares of different things one below another, each with what chance allows: a forest, from nothing to all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audits.reports.charts import rows
from audits.reports.charts.drawing import Drawing, Scale, doubts, key
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import Lanes, Row
from audits.reports.words import Words, numbers

_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)


def shares(
    name: str, drawn: Sequence[Row], *, words: Words, title: str, sentence: str, table: Table
) -> Figure:
    """Draw shares on one scale from 0 to 100 %, since they are read beside each other; what nothing is known of is hatched."""
    drawing = Drawing(name)
    lanes = Lanes(scale=Scale(low=0.0, high=1.0, start=1, end=99), ticks=_TICKS)
    bottom = rows.draw(drawing, drawn, lanes)
    bottom = rows.axis(
        drawing, lanes, bottom, lambda tick: numbers.tick_share(tick, words.language)
    )
    legend = [
        Key(svg=key("chart-mark", "plain"), text=words.say("oversight.legend.share")),
        Key(svg=key("chart-range", "stroke"), text=words.say("legend.interval")),
    ]
    legend += doubts(
        words,
        few=any(not row.enough and row.value is not None for row in drawn),
        unknown=any(row.value is None for row in drawn),
    )
    description = words.say("oversight.shares.described")
    return drawing.figure(
        bottom,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
    )
