"""Draw: markup of scalable graphics, whose places across are shares of the width and whose heights are pixels.

So a chart is as wide as its place and its writing never shrinks: what is 12 pixels high on a desk is so on a telephone.
No colour is written here. Each element carries classes that begin with ``chart-``; a sheet gives them colours, by day, by
night and on paper. What cannot be estimated is hatched, and verdicts differ in their mark's shape, so that nothing
rests on colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.words import Words

#: Marks by name, as paths around their middle. A verdict is told by the shape first.
MARKS: Final = {
    "pass": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z",
    "breach": "M0-6.5 6.5 0 0 6.5-6.5 0Z",
    "unsure": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z",
    "plain": "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z",
    "square": "M-4.5-4.5h9v9h-9Z",
    "triangle": "M0-5.5 5.5 4.5h-11Z",
    "cross": "M-4-4 4 4M-4 4 4-4",
    "beyond-left": "M3-4.5v9L-5 0Z",
    "beyond-right": "M-3-4.5v9L5 0Z",
}


class Drawing:
    """Gather the elements of one graphic and write them down in the order they came.

    Across, 0 is the left edge and 100 the right one; down, a unit is a pixel.
    """

    def __init__(self, name: str) -> None:
        self.name = identifier(name)
        self._parts: list[str] = []
        self._marks: dict[str, None] = {}
        self._hatched = False

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._parts.append(
            f'<line class="{kind}" x1="{percent(x1)}" y1="{pixels(y1)}" x2="{percent(x2)}" y2="{pixels(y2)}"/>'
        )

    def rect(
        self, x1: float, y: float, x2: float, height: float, kind: str, *, round_: float = 0
    ) -> None:
        """Fill from one place across to another."""
        left, right = min(x1, x2), max(x1, x2)
        corners = f' rx="{pixels(round_)}"' if round_ else ""
        self._parts.append(
            f'<rect class="{kind}" x="{percent(left)}" y="{pixels(y)}" width="{percent(right - left)}" height="{pixels(height)}"{corners}/>'
        )

    def hatch(self, x1: float, y: float, x2: float, height: float, kind: str = "") -> None:
        """Fill with the pattern that says: this cannot be estimated."""
        self._hatched = True
        self._parts.append(
            f'<rect class="{" ".join(filter(None, ("chart-hatched", kind)))}" fill="url(#{self.name}-hatch)" x="{percent(min(x1, x2))}" y="{pixels(y)}" '
            f'width="{percent(abs(x2 - x1))}" height="{pixels(height)}"/>'
        )

    def mark(self, mark: str, x: float, y: float, kind: str, *, says: str = "") -> None:
        """Set a mark; what it says is shown by browsers that point at it."""
        self._marks[mark] = None
        title = f"<title>{escape(says, quote=False)}</title>" if says else ""
        self._parts.append(
            f'<use class="{kind}" href="#{self.name}-{mark}" x="{percent(x)}" y="{pixels(y)}">{title}</use>'
            if title
            else f'<use class="{kind}" href="#{self.name}-{mark}" x="{percent(x)}" y="{pixels(y)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        *words: str | tuple[str, str],
        kind: str = "chart-label",
        anchor: str = "start",
        dx: float = 0,
    ) -> None:
        """Write at a place; words given with a class of their own are written in it."""
        anchored = "" if anchor == "start" else f' text-anchor="{anchor}"'
        moved = f' dx="{pixels(dx)}"' if dx else ""
        inner = "".join(
            f'<tspan class="{word[1]}">{escape(word[0], quote=False)}</tspan>'
            if isinstance(word, tuple)
            else escape(word, quote=False)
            for word in words
        )
        self._parts.append(
            f'<text class="{kind}" x="{percent(x)}" y="{pixels(y)}"{anchored}{moved}>{inner}</text>'
        )

    def svg(self, height: float, *, title: str, description: str) -> str:
        """Write the graphic down, with its title and what it shows for those who do not see it."""
        defs = [
            f'<path id="{self.name}-{mark}" d="{MARKS[mark]}"/>' for mark in sorted(self._marks)
        ]
        if self._hatched:
            defs.append(
                f'<pattern id="{self.name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
                f'<line class="chart-hatch" x1="0" y1="0" x2="0" y2="6"/></pattern>'
            )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="100%" height="{pixels(height)}" role="img" '
            f'aria-labelledby="{self.name}-title {self.name}-desc">'
            f'<title id="{self.name}-title">{escape(title, quote=False)}</title>'
            f'<desc id="{self.name}-desc">{escape(description, quote=False)}</desc>'
            f"{'<defs>' + ''.join(defs) + '</defs>' if defs else ''}{''.join(self._parts)}</svg>"
        )

    def figure(
        self,
        height: float,
        *,
        title: str,
        description: str,
        sentence: str,
        table: Table,
        words: Words,
        legend: Sequence[Key] = (),
        wide: bool = False,
        elsewhere: bool = False,
    ) -> Figure:
        """Hand the graphic over with all that it says; who does not see it is told what it shows and what it amounts to."""
        return Figure(
            id=self.name,
            title=title,
            description=description,
            svg=self.svg(height, title=title, description=f"{description} {sentence}"),
            table=table,
            sentence=sentence,
            table_title=words.say("page.figures"),
            legend=tuple(legend),
            wide=wide,
            elsewhere=elsewhere,
        )


def key(kind: str, mark: str = "") -> str:
    """Draw what stands before a line of a legend; ``hatch`` and ``swatch`` are fields, ``stroke`` a line."""
    if mark in MARKS:
        inner = f'<path class="{kind}" d="{MARKS[mark]}" transform="translate(8 8)"/>'
    elif mark == "hatch":
        inner = '<path class="chart-hatch" d="M1 9 8 2M1 15 15 1M8 15 15 8"/><rect class="chart-hatched" x="1" y="1" width="14" height="14" fill="none"/>'
    elif mark == "stroke":
        inner = f'<line class="{kind}" x1="0" y1="8" x2="16" y2="8"/>'
    else:
        inner = f'<rect class="{kind}" x="1" y="2" width="14" height="12" rx="2"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart-key" width="16" height="16" viewBox="0 0 16 16" '
        f'aria-hidden="true" focusable="false">{inner}</svg>'
    )


def doubts(words: Words, *, few: bool, unknown: bool) -> list[Key]:
    """Explain the faint marks of what rests on few, and the hatching of what cannot be estimated, where there are any."""
    found = []
    if few:
        found.append(Key(svg=key("chart-mark faint", "plain"), text=words.say("legend.few")))
    if unknown:
        found.append(Key(svg=key("", "hatch"), text=words.say("legend.not_estimable")))
    return found


def identifier(name: str) -> str:
    """Make a name fit to be an id: letters, digits and hyphens, beginning with a letter."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name)
    return plain if plain[:1].isalpha() else f"c{plain}"


def pixels(figure: float) -> str:
    return (
        f"{figure:.2f}".rstrip("0").rstrip(".").replace("-0", "0")
        if abs(figure) < 0.005
        else (f"{figure:.2f}".rstrip("0").rstrip("."))
    )


def percent(figure: float) -> str:
    return f"{pixels(figure)}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Place figures between two edges across (or down), evenly or by their logarithm."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0
    logarithmic: bool = False

    def __call__(self, figure: float) -> float:
        """Place a figure; what lies beyond stands at the edge."""
        return self.start + (self.end - self.start) * min(1.0, max(0.0, self._share(figure)))

    def holds(self, figure: float) -> bool:
        return self.low <= figure <= self.high

    def _share(self, figure: float) -> float:
        if self.high == self.low:
            return 0.5
        if not self.logarithmic:
            return (figure - self.low) / (self.high - self.low)
        if figure <= 0:
            return 0.0
        return (math.log(figure) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))


#: What lies closer together than ticks are rounded to is one place.
_LEAST_SPAN: Final = 1e-12


def nice_step(span: float, most: int) -> float:
    """Give the step of 1, 2 or 5 times a power of ten that parts a span into at most so many."""
    if span < _LEAST_SPAN:
        return 1.0
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if raw <= factor * power * (1 + 1e-9):
            return factor * power
    return 10 * power


def ticks(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Give round figures from a low one to a high one."""
    step = nice_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(count * step, 12) for count in range(first, last + 1))


def rounded_out(low: float, high: float, most: int = 5) -> tuple[float, float]:
    """Widen a span to round figures."""
    step = nice_step(high - low, most)
    return (
        round(math.floor(low / step + 1e-9) * step, 12),
        round(math.ceil(high / step - 1e-9) * step, 12),
    )


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Give the figures that a scale of ratios is read at."""
    known = (
        0.01,
        0.02,
        0.05,
        0.1,
        0.2,
        0.33,
        0.5,
        0.67,
        0.8,
        1,
        1.25,
        1.5,
        2,
        3,
        5,
        10,
        20,
        50,
        100,
    )
    return tuple(figure for figure in known if low * 0.999 <= figure <= high * 1.001)


def thinned(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Keep at most about so many points of a line: of each stretch its lowest and its highest, and both ends."""
    if len(points) <= most:
        return list(points)
    stretch = math.ceil(len(points) / (most / 2))
    kept: set[int] = {0, len(points) - 1}
    for begin in range(0, len(points), stretch):
        places = range(begin, min(begin + stretch, len(points)))
        kept.add(min(places, key=lambda place: points[place][1]))
        kept.add(max(places, key=lambda place: points[place][1]))
    return [points[place] for place in sorted(kept)]


def shortened(text: str, most: int) -> str:
    """Cut what would not fit on a line of a small screen; the table beside the chart has it whole."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def polyline(drawing: Drawing, points: Iterable[tuple[float, float]], kind: str) -> None:
    """Draw a line through places, stretch by stretch: only so can its places across be shares of the width."""
    last: tuple[float, float] | None = None
    for point in points:
        if last is not None:
            drawing.line(last[0], last[1], point[0], point[1], kind)
        last = point
