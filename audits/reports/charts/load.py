"""What comes into a queue and what is decided, weekday by weekday: two bars each, with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, key
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.words import Words, numbers

_BAR: Final = 13
#: Figures stand behind the bars, and must not be cut off.
_LONGEST: Final = 84.0
_BEGIN: Final = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekday:
    """A weekday's name, and how many came in and were decided on one, on average."""

    label: str
    came_in: float
    decided: float


def load(
    name: str,
    days: Sequence[Weekday],
    *,
    words: Words,
    title: str,
    description: str,
    sentence: str,
    table: Table,
    came_in: str,
    decided: str,
) -> Figure:
    """Draw them; ``came_in`` and ``decided`` are what the bars are called."""
    drawing = Drawing(name)
    most = max((figure for day in days for figure in (day.came_in, day.decided)), default=0.0)
    top = 0.0
    for day in days:
        drawing.text(0, top + 12, day.label)
        top += 18
        for figure, kind in ((day.came_in, "chart-part-0"), (day.decided, "chart-part-1")):
            end = _BEGIN + (figure / most * (_LONGEST - _BEGIN) if most else 0.0)
            if figure:
                drawing.rect(_BEGIN, top, end, _BAR, f"chart-part {kind}")
            drawing.text(
                end,
                top + _BAR - 2,
                numbers.decimal(figure, 0 if figure >= 10 else 1, words.language),
                kind="chart-value",
                dx=6,
            )
            top += _BAR + 3
        top += 8
    return drawing.figure(
        top,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=(
            Key(svg=key("chart-part chart-part-0"), text=came_in),
            Key(svg=key("chart-part chart-part-1"), text=decided),
        ),
    )
