"""Draw one row for each group: its name and figure on a line, and below it a lane with the interval and the mark.

Names stand above lanes, so that a lane has the whole width on a telephone too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, shortened

#: Letters that a line holds on the narrowest screen.
LINE: Final = 48
LANE: Final = 16
_TITLE: Final = 22
_ROW: Final = _TITLE + LANE + 12

#: The mark and class of each verdict; no verdict is a plain dot.
VERDICT_MARKS: Final = {
    "pass": ("pass", "chart-mark good"),
    "breach": ("breach", "chart-mark bad"),
    "not_enough_evidence": ("unsure", "chart-mark unsure"),
    None: ("plain", "chart-mark"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure of a group with its interval; ``value`` is None where it cannot be estimated, and ``text`` says so."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    text: str = ""
    note: str = ""
    verdict: str | None = None
    #: False greys the row: it rests on too little.
    enough: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """What every lane shows behind its mark: what is tolerated, and where the groups would be even."""

    scale: Scale
    ticks: Sequence[float]
    tolerated: tuple[float, float] | None = None
    even: float | None = None
    watch: tuple[float, float] | None = None


def draw(drawing: Drawing, rows: Sequence[Row], lanes: Lanes, top: float = 0) -> float:
    """Draw the rows from a height on; gives the height below the last."""
    for row in rows:
        top = _draw_row(drawing, row, lanes, top)
    return top


def axis(
    drawing: Drawing,
    lanes: Lanes,
    top: float,
    written: Callable[[float], str],
    *,
    low: str = "",
    high: str = "",
) -> float:
    """Write the figures of the scale under the lanes, and what its two sides mean."""
    for tick in lanes.ticks:
        x = lanes.scale(tick)
        anchor = "start" if x < 5 else "end" if x > 95 else "middle"
        drawing.text(x, top + 10, written(tick), kind="chart-tick", anchor=anchor)
    top += 16
    if low or high:
        one_line = len(low) + len(high) <= LINE + 4
        drawing.text(0, top + 13, shortened(low, LINE), kind="chart-note")
        if not one_line:
            top += 15
        drawing.text(100, top + 13, shortened(high, LINE), kind="chart-note", anchor="end")
        top += 18
    return top


def _draw_row(drawing: Drawing, row: Row, lanes: Lanes, top: float) -> float:
    tone = {"breach": " bad"}.get(row.verdict or "", "" if row.enough else " faint")
    note = f"  {row.note}" if row.note else ""
    if len(row.label) + len(note) + len(row.text) > LINE:
        note = ""
    drawing.text(
        0,
        top + 14,
        shortened(row.label, LINE),
        *([(note, "chart-note")] if note else []),
        kind="chart-label" if row.enough else "chart-label faint",
    )
    if len(row.label) + len(row.text) > LINE:
        top += 17
        drawing.text(0, top + 14, row.text, kind=f"chart-value{tone}")
    else:
        drawing.text(100, top + 14, row.text, kind=f"chart-value{tone}", anchor="end")
    _draw_lane(drawing, row, lanes, top + _TITLE)
    return top + _ROW


def _draw_lane(drawing: Drawing, row: Row, lanes: Lanes, top: float) -> None:
    scale, middle = lanes.scale, top + LANE / 2
    if row.value is None:
        drawing.hatch(0, top, 100, LANE)
        return
    _draw_ground(drawing, lanes, top)
    mark, kind = VERDICT_MARKS.get(row.verdict, VERDICT_MARKS[None])
    faint = "" if row.enough else " faint"
    if row.low is not None and row.high is not None:
        tone = kind.removeprefix("chart-mark")
        span = f"chart-range{tone}{faint}"
        drawing.line(scale(row.low), middle, scale(row.high), middle, span)
        for end, beyond in ((row.low, "beyond-left"), (row.high, "beyond-right")):
            if scale.holds(end):
                drawing.line(scale(end), middle - 3.5, scale(end), middle + 3.5, span)
            elif (end < scale.low) == (beyond == "beyond-left"):
                drawing.mark(beyond, scale(end), middle, f"chart-beyond{tone}{faint}")
    if scale.holds(row.value):
        says = f"{row.label}: {row.text}"
        drawing.mark(mark, scale(row.value), middle, f"{kind}{faint}", says=says)


def _draw_ground(drawing: Drawing, lanes: Lanes, top: float) -> None:
    """Draw what every lane shows behind its mark."""
    scale, bottom = lanes.scale, top + LANE
    drawing.rect(0, top, 100, LANE, "chart-lane", round_=3)
    if lanes.tolerated is not None:
        low, high = lanes.tolerated
        drawing.rect(scale(low), top, scale(high), LANE, "chart-tolerated")
    edges = [("chart-edge", edge) for edge in lanes.tolerated or ()]
    edges += [("chart-watch", edge) for edge in lanes.watch or ()]
    for kind, edge in edges:
        if scale.holds(edge):
            drawing.line(scale(edge), top, scale(edge), bottom, kind)
    if lanes.even is not None:
        drawing.line(scale(lanes.even), top - 2, scale(lanes.even), bottom + 2, "chart-even")
