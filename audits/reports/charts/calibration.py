"""Calibration: how often what the software said came true, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, polyline
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.plots import GUTTER, Field, draw_field, whisker
from audits.reports.words import Words, numbers

_TOP, _BOTTOM = 26.0, 246.0
#: Groups are told apart by their mark as well as by their colour; so many marks there are.
MARKS: Final = ("plain", "square", "triangle", "breach", "cross")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One group: where its decisions stand by what was said and what came true, with what chance allows."""

    label: str
    points: Sequence[tuple[float, float, tuple[float, float] | None]]


def calibration(
    name: str,
    lines: Sequence[Line],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw a line for each of the first groups beside the diagonal on which what was said comes true."""
    drawing = Drawing(name)
    lines = lines[: len(MARKS)]
    quarters = (0, 0.25, 0.5, 0.75, 1)
    field = Field(
        across=Scale(low=0, high=1, start=GUTTER, end=98),
        down=Scale(low=0, high=1, start=_BOTTOM, end=_TOP),
        ticks_across=quarters,
        ticks_down=quarters[1:],
    )

    def per_cent(figure: float) -> str:
        return f"{numbers.trimmed(figure * 100, words.language)}{numbers.NO_BREAK}%"

    draw_field(drawing, field, write_across=per_cent, write_down=per_cent)
    drawing.line(*field.place(0, 0), *field.place(1, 1), "chart-diagonal")
    drawing.text(0, 12, words.say("calibration.down"), kind="chart-note")
    drawing.text(
        100, _BOTTOM + 34, words.say("calibration.across"), kind="chart-note", anchor="end"
    )
    legend = []
    for place, line in enumerate(lines):
        tone = f"chart-tone-{place}"
        for said, _, interval in line.points:
            whisker(drawing, field, said, interval, f"chart-whisker {tone}")
        places = [field.place(said, came) for said, came, _ in line.points]
        polyline(drawing, places, f"chart-line thin {tone}")
        for (x, y), (said, came, _) in zip(places, line.points, strict=True):
            says = f"{line.label}: {per_cent(round(said, 3))} → {per_cent(round(came, 3))}"
            drawing.mark(MARKS[place], x, y, f"chart-mark {tone}", says=says)
        legend.append(Key(svg=key(f"chart-mark {tone}", MARKS[place]), text=line.label))
    legend.append(Key(svg=key("chart-diagonal", "stroke"), text=words.say("calibration.diagonal")))
    legend.append(Key(svg=key("chart-whisker", "stroke"), text=words.say("legend.interval")))
    description = words.say("calibration.described")
    return drawing.figure(
        _BOTTOM + 40,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
    )
