"""Evidence over time: how strongly the decisions so far speak against what is tolerated, and where an alarm begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from audits.reports.charts.drawing import Drawing, Scale, key, polyline, thinned, ticks
from audits.reports.charts.figure import Figure, Key, Table, header, row
from audits.reports.charts.plots import Field, draw_field
from audits.reports.words import Words, numbers

_MOST: Final = 160
_TOP, _BOTTOM = 26.0, 206.0
#: Odds are long to write; the line begins beside them.
_BEGIN: Final = 16.0
_APART: Final = 14.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The evidence at an instant, as the logarithm (base 10) of how many times likelier the decisions are beyond tolerance.

    ``at`` is a day or a time, or a number: after so many decisions. All points of a chart have the one or the other.
    """

    at: str | int
    log10_e: float


def evidence(
    name: str,
    points: Sequence[Evidence],
    *,
    threshold: float,
    words: Words,
    watch: float | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the line of evidence with its threshold (and the watch line), both as log10.

    Of many points each stretch keeps its lowest and highest, so that no peak is lost; the table lists what is drawn.
    """
    drawing = Drawing(name)
    title = title or words.say("evidence.title")
    instants = [_place(point.at) for point in points]
    by_count = any(isinstance(point.at, int) for point in points)
    kept = thinned(
        [(instant, point.log10_e) for instant, point in zip(instants, points, strict=True)], _MOST
    )
    first, last = (min(instants), max(instants)) if instants else (0.0, 1.0)
    top = max([threshold, watch or 0.0, *(value for _, value in kept)]) * 1.12
    low = min([0.0, *(max(value, -2.0) for _, value in kept)])
    down = Scale(low=low, high=top, start=_BOTTOM, end=_TOP)
    lines = [down(line) for line in (threshold, watch) if line is not None]
    field = Field(
        across=Scale(low=first, high=last, start=_BEGIN, end=98),
        down=down,
        ticks_across=_counts(first, last) if by_count else _days(first, last),
        # A figure that a line would run through is left out.
        ticks_down=[
            figure
            for figure in range(math.ceil(low), math.floor(top) + 1)
            if _spaced(figure, top) and all(abs(down(figure) - line) > _APART for line in lines)
        ],
    )
    draw_field(
        drawing,
        field,
        write_across=lambda instant: (
            numbers.count(instant, words.language)
            if by_count
            else numbers.short_date(_day(instant), words.language)
        ),
        write_down=words.odds,
    )
    for figure, kind, text in (
        (threshold, "chart-threshold", words.say("evidence.threshold", odds=words.odds(threshold))),
        (watch, "chart-watch", words.say("evidence.watch", odds=words.odds(watch or 0.0))),
    ):
        if figure is not None:
            y = field.down(figure)
            drawing.line(0, y, 100, y, kind)
            drawing.text(100, y - 5, text, kind="chart-note", anchor="end")
    polyline(drawing, [field.place(x, max(y, low)) for x, y in kept], "chart-line")
    if kept:
        x, y = kept[-1]
        crossed = y >= threshold
        mark, kind = ("breach", "chart-mark bad") if crossed else ("plain", "chart-mark")
        drawing.mark(mark, *field.place(x, max(y, low)), kind, says=words.odds(y))
    sentence = _sentence(points, threshold, watch, words)
    description = words.say("evidence.described")
    return drawing.figure(
        _BOTTOM + 24,
        title=title,
        description=description,
        table=_table(points, kept, instants, words),
        sentence=sentence,
        words=words,
        legend=(
            Key(svg=key("chart-line", "stroke"), text=words.say("evidence.line")),
            Key(svg=key("chart-threshold", "stroke"), text=words.say("evidence.alarm_line")),
            *(
                (Key(svg=key("chart-watch", "stroke"), text=words.say("legend.watch")),)
                if watch is not None
                else ()
            ),
        ),
        wide=True,
    )


def _sentence(
    points: Sequence[Evidence], threshold: float, watch: float | None, words: Words
) -> str:
    if not points:
        return words.say("evidence.none")
    newest = points[-1]
    crossed = next((point for point in points if point.log10_e >= threshold), None)
    slots = {
        "odds": words.odds(newest.log10_e),
        "threshold": words.odds(threshold),
        "day": _when(newest.at, words),
    }
    if crossed is not None:
        return words.say(_of("evidence.crossed", newest), **slots, since=_when(crossed.at, words))
    if watch is not None and newest.log10_e >= watch:
        return words.say(_of("evidence.watched", newest), **slots)
    return words.say(_of("evidence.calm", newest), **slots)


def _of(sentence: str, point: Evidence) -> str:
    return f"{sentence}_after" if isinstance(point.at, int) else sentence


def _when(at: str | int, words: Words) -> str:
    if isinstance(at, int):
        return numbers.count(at, words.language)
    return numbers.date(at, words.language)


def _table(
    points: Sequence[Evidence],
    kept: Sequence[tuple[float, float]],
    instants: Sequence[float],
    words: Words,
) -> Table:
    drawn = set(kept)
    return Table(
        caption=words.say("evidence.title"),
        header=header(
            words.say(
                "head.decisions"
                if any(isinstance(point.at, int) for point in points)
                else "head.when"
            ),
            words.say("head.odds"),
            words.say("head.log10"),
            figures=2,
        ),
        rows=tuple(
            row(
                _when(point.at, words),
                words.odds(point.log10_e),
                numbers.plain(point.log10_e, words.language),
            )
            for point, instant in zip(points, instants, strict=True)
            if (instant, point.log10_e) in drawn
        ),
    )


def _place(at: str | int) -> float:
    return float(at) if isinstance(at, int) else _seconds(at)


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def _day(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).date().isoformat()


def _days(first: float, last: float) -> list[float]:
    """Give up to four days to write below, the first and the last among them."""
    days = (last - first) / 86400
    if days < 1:
        return [last]
    parts = min(3, max(1, int(days)))
    return [first + (last - first) * place / parts for place in range(parts + 1)]


def _counts(first: float, last: float) -> list[float]:
    """Give round numbers of decisions to write below."""
    return [figure for figure in ticks(first, last, 4) if first <= figure <= last] or [last]


def _spaced(figure: int, top: float) -> bool:
    return figure % max(1, math.ceil(top / 6)) == 0
