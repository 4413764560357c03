"""The forest plot: how far each group is from the one it is compared with, and what is tolerated."""

from __future__ import annotations

from collections.abc import Sequence

from audits.reports.charts import rows
from audits.reports.charts.drawing import Drawing, Scale, doubts, key, rounded_out, ticks
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import Lanes, Row
from audits.reports.words import Words, numbers


def differences(
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
    """Draw differences of rates, each with its interval, around nothing; the tolerated band reaches as far to both sides."""
    drawing = Drawing(name)
    scale = _scale(compared, tolerance)
    lanes = Lanes(
        scale=scale,
        ticks=ticks(scale.low, scale.high, 6),
        tolerated=None if tolerance is None else (-tolerance, tolerance),
        watch=None if watch is None else (-watch, watch),
        even=0.0,
    )
    bottom = rows.draw(drawing, compared, lanes)
    bottom = rows.axis(
        drawing,
        lanes,
        bottom,
        lambda tick: numbers.signed_trimmed(tick * 100, words.language),
        low=words.say("axis.lower", reference=reference),
        high=words.say("axis.higher"),
    )
    description = words.say("differences.described", reference=reference)
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
    """Span what rests on enough, and of what does not as much as leaves the rest readable."""
    firm = [row for row in compared if row.value is not None and row.enough] or [
        row for row in compared if row.value is not None
    ]
    edges = [edge for row in firm for edge in (row.value, row.low, row.high) if edge is not None]
    edges += [0.0, tolerance or 0.0, -(tolerance or 0.0)]
    low, high = min(edges), max(edges)
    room = (high - low) * 0.08 or 0.05
    low, high = rounded_out(max(-1.0, low - room), min(1.0, high + room), 6)
    return Scale(low=low, high=high, start=2, end=98)


def verdict_legend(
    compared: Sequence[Row], words: Words, *, band: bool, watch: bool = False
) -> tuple[Key, ...]:
    """Explain the marks that a chart of rows uses, and no others."""
    seen = {row.verdict for row in compared if row.value is not None}
    legend = [
        Key(svg=key(kind, mark), text=words.say(f"legend.{code}"))
        for code, (mark, kind) in rows.VERDICT_MARKS.items()
        if code is not None and code in seen
    ]
    if None in seen:
        legend.append(Key(svg=key("chart-mark", "plain"), text=words.say("legend.rate")))
    legend += doubts(
        words,
        few=any(row.value is not None and not row.enough for row in compared),
        unknown=any(row.value is None for row in compared),
    )
    if band:
        legend.append(Key(svg=key("chart-tolerated"), text=words.say("legend.tolerated")))
    if watch:
        legend.append(Key(svg=key("chart-watch", "stroke"), text=words.say("legend.watch")))
    legend.append(Key(svg=key("chart-range", "stroke"), text=words.say("legend.interval")))
    return tuple(legend)
