"""What charts with a line have in common: two scales, hairlines to read from, and figures beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale

#: Where lines begin, so that they do not run through the figures at the left.
GUTTER: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The field of a plot: where figures stand across and down, and where its hairlines run."""

    across: Scale
    down: Scale
    ticks_across: Sequence[float]
    ticks_down: Sequence[float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        return self.across(x), self.down(y)


def draw_field(
    drawing: Drawing,
    field: Field,
    *,
    write_across: Callable[[float], str] | None,
    write_down: Callable[[float], str],
) -> None:
    """Draw hairlines with their figures above them at the left, and the figures across below the field."""
    for tick in field.ticks_down:
        y = field.down(tick)
        drawing.line(0, y, 100, y, "chart-grid")
        drawing.text(0, y - 4, write_down(tick), kind="chart-tick")
    bottom = max(field.down.start, field.down.end)
    drawing.line(0, bottom, 100, bottom, "chart-axis")
    for tick in field.ticks_across:
        x = field.across(tick)
        drawing.line(x, bottom, x, bottom + 4, "chart-axis")
        if write_across is not None:
            anchor = "start" if x < 5 else "end" if x > 93 else "middle"
            drawing.text(x, bottom + 17, write_across(tick), kind="chart-tick", anchor=anchor)


def whisker(
    drawing: Drawing, field: Field, x: float, interval: Sequence[float] | None, kind: str
) -> None:
    """Draw the range that chance allows at one place."""
    if interval is None:
        return
    across, low = field.place(x, interval[0])
    drawing.line(across, low, across, field.down(interval[1]), kind)
