"""Growth over time: how many entries a log had when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, polyline, ticks
from audits.reports.charts.figure import Figure, Key, Table, header, row
from audits.reports.charts.plots import GUTTER, Field, draw_field
from audits.reports.words import Words, numbers

_TOP, _BOTTOM = 26.0, 186.0
_DAY: Final = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many entries there were at an instant."""

    at: datetime
    entries: int


def growth(name: str, sizes: Sequence[Size], *, words: Words) -> Figure:
    """Draw how a log grew, from the earliest size to the latest; the table lists what is drawn."""
    drawing = Drawing(name)
    instants = [size.at.timestamp() for size in sizes]
    first, last = min(instants), max(instants)
    most = max(size.entries for size in sizes)
    field = Field(
        across=Scale(low=first, high=max(last, first + 1), start=GUTTER + 4, end=98),
        down=Scale(low=0, high=max(most, 1) * 1.08, start=_BOTTOM, end=_TOP),
        ticks_across=_days(first, last),
        ticks_down=[tick for tick in ticks(0, max(most, 1), 4) if tick == int(tick)],
    )
    draw_field(
        drawing,
        field,
        write_across=lambda instant: numbers.short_date(_day(instant), words.language),
        write_down=lambda figure: numbers.count(figure, words.language),
    )
    places = [
        field.place(instant, size.entries) for instant, size in zip(instants, sizes, strict=True)
    ]
    polyline(drawing, places, "chart-line")
    drawing.mark(
        "plain", *places[-1], "chart-mark", says=numbers.count(sizes[-1].entries, words.language)
    )
    return drawing.figure(
        _BOTTOM + 24,
        title=words.say("growth.title"),
        description=words.say("growth.described"),
        sentence=_sentence(sizes, words),
        table=Table(
            header=header(words.say("head.when"), words.say("head.entries"), figures=1),
            rows=tuple(
                row(
                    f"{numbers.date(_day(instant), words.language)}, {size.at.astimezone(UTC):%H:%M} UTC",
                    numbers.count(size.entries, words.language),
                )
                for instant, size in zip(instants, sizes, strict=True)
            ),
        ),
        words=words,
        legend=(Key(svg=key("chart-line", "stroke"), text=words.say("growth.line")),),
        wide=True,
    )


def _sentence(sizes: Sequence[Size], words: Words) -> str:
    newest = sizes[-1]
    first = _day(sizes[0].at.timestamp())
    half = _day(next(size.at for size in sizes if size.entries * 2 >= newest.entries).timestamp())
    return words.say(
        "growth.young" if half == first else "growth.sentence",
        entries=numbers.count(newest.entries, words.language),
        first=numbers.date(first, words.language),
        half=numbers.date(half, words.language),
    )


def _day(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).date().isoformat()


def _days(first: float, last: float) -> list[float]:
    """Give up to four days to write below, the first and the last among them."""
    parts = min(3, int((last - first) / _DAY))
    if parts < 1:
        return [last]
    return [first + (last - first) * place / parts for place in range(parts + 1)]
