"""Risk against coverage: how wrong the automated part is, the more of the decisions it makes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.reports.charts.drawing import Drawing, Scale, key, polyline, thinned, ticks
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.plots import GUTTER, Field, draw_field, whisker
from audits.reports.charts.rates import ceiling
from audits.reports.words import Words, numbers

_TOP, _BOTTOM = 26.0, 216.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """With the surest share (``coverage``) decided by the machine alone, so many of those would be wrong (``error``)."""

    coverage: float
    error: float
    interval: tuple[float, float] | None = None


def risk_coverage(
    name: str,
    points: Sequence[Point],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
    operating: Point | None = None,
) -> Figure:
    """Draw the curve with what chance allows around it, and the point at which the policy works today."""
    drawing = Drawing(name)
    ordered = sorted(points, key=lambda point: point.coverage)
    # The first few decisions say little of their error: their range must not flatten the rest.
    firm = [point for point in ordered if point.coverage >= 0.05] or ordered
    highest = ceiling(
        [edge for point in firm for edge in (point.error, *(point.interval or ()))]
        + [operating.error if operating else None]
    )
    field = Field(
        across=Scale(low=0, high=1, start=GUTTER, end=98),
        down=Scale(low=0, high=highest, start=_BOTTOM, end=_TOP),
        ticks_across=(0, 0.25, 0.5, 0.75, 1),
        ticks_down=[tick for tick in ticks(0, highest, 4) if tick],
    )

    def written(figure: float) -> str:
        return numbers.tick_share(figure, words.language)

    draw_field(drawing, field, write_across=written, write_down=written)
    for point in ordered:
        whisker(drawing, field, point.coverage, point.interval, "chart-whisker")
    line = thinned([(point.coverage, point.error) for point in ordered], 200)
    polyline(drawing, [field.place(*point) for point in line], "chart-line")
    if operating is not None:
        x, y = field.place(operating.coverage, operating.error)
        drawing.line(x, y, x, _BOTTOM, "chart-drop")
        drawing.line(field.across.start, y, x, y, "chart-drop")
        whisker(drawing, field, operating.coverage, operating.interval, "chart-range")
        drawing.mark("square", x, y, "chart-mark strong", says=words.say("coverage.operating"))
    drawing.text(0, 12, words.say("coverage.down"), kind="chart-note")
    drawing.text(100, _BOTTOM + 34, words.say("coverage.across"), kind="chart-note", anchor="end")
    legend = [
        Key(svg=key("chart-line", "stroke"), text=words.say("coverage.line")),
        Key(svg=key("chart-whisker", "stroke"), text=words.say("legend.interval")),
    ]
    if operating is not None:
        legend.append(
            Key(svg=key("chart-mark strong", "square"), text=words.say("coverage.operating"))
        )
    description = words.say("coverage.described")
    return drawing.figure(
        _BOTTOM + 40,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
    )
