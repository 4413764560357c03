"""Bars of shares that make a whole: which outcomes a group gets, and of how many decisions the right answer is known."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.reports.charts.drawing import Drawing, key, shortened
from audits.reports.charts.figure import Figure, Key, Table
from audits.reports.charts.rows import LINE
from audits.reports.words import Words, numbers

#: Parts that a bar is drawn in; what is rarer is drawn together as the last.
MOST: Final = 7
LETTERS: Final = string.ascii_uppercase
_BAR: Final = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One whole: its name and its parts in the order of the legend, as shares of one."""

    label: str
    parts: Sequence[float]
    note: str = ""
    enough: bool = True


def mix(
    name: str,
    bars: Sequence[Bar],
    kinds: Sequence[str],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw which outcomes each group gets. Each part carries a letter besides its colour."""
    drawing = Drawing(name)
    parts = min(len(kinds), MOST)
    top = 0.0
    for bar in bars:
        _title(drawing, bar, top)
        top += 21
        start = 0.0
        for place, part in enumerate(_gathered(bar.parts, parts)):
            end = start + part * 100
            if part > 0:
                drawing.rect(start, top, end, _BAR, f"chart-part chart-part-{place}")
                _part_text(drawing, (start + end) / 2, top, part, place, words)
            start = end
        if not bar.parts or not any(bar.parts):
            drawing.hatch(0, top, 100, _BAR)
        top += _BAR + 14
    description = words.say("mix.described")
    legend = tuple(
        Key(
            svg=key(f"chart-part chart-part-{place}"),
            text=f"{LETTERS[place]}  {words.say('mix.others') if place == parts - 1 < len(kinds) - 1 else kind}",
        )
        for place, kind in enumerate(kinds[:parts])
    )
    return drawing.figure(
        top,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=legend,
        wide=True,
    )


def labels(
    name: str,
    bars: Sequence[Bar],
    *,
    words: Words,
    title: str,
    sentence: str,
    table: Table,
) -> Figure:
    """Draw of how many decisions the right answer is known, not known yet, and never will be; the last is hatched."""
    drawing = Drawing(name)
    top = 0.0
    for bar in bars:
        _title(drawing, bar, top)
        top += 21
        known, not_yet, never = (share * 100 for share in bar.parts)
        if known:
            drawing.rect(0, top, known, _BAR - 6, "chart-known")
        if not_yet:
            drawing.rect(known, top, known + not_yet, _BAR - 6, "chart-awaited")
        if never:
            drawing.hatch(known + not_yet, top, 100, _BAR - 6)
        top += _BAR + 8
    description = words.say("labels.described")
    return drawing.figure(
        top,
        title=title,
        description=description,
        table=table,
        sentence=sentence,
        words=words,
        legend=(
            Key(svg=key("chart-known"), text=words.say("labels.known")),
            Key(svg=key("chart-awaited"), text=words.say("labels.not_yet")),
            Key(svg=key("", "hatch"), text=words.say("labels.never")),
        ),
    )


def _title(drawing: Drawing, bar: Bar, top: float) -> None:
    kind = "chart-label" if bar.enough else "chart-label faint"
    drawing.text(0, top + 14, shortened(bar.label, LINE - len(bar.note)), kind=kind)
    if bar.note:
        drawing.text(100, top + 14, bar.note, kind="chart-note", anchor="end")


def _gathered(parts: Sequence[float], most: int) -> list[float]:
    """Draw what is beyond the last part together with it."""
    if len(parts) <= most:
        return list(parts)
    return [*parts[: most - 1], sum(parts[most - 1 :])]


def _part_text(
    drawing: Drawing, x: float, top: float, part: float, place: int, words: Words
) -> None:
    """Write letter and share where a telephone has room for both, the letter alone where there is room for one."""
    if part < 0.045:
        return
    text = LETTERS[place]
    if part >= 0.2:
        text = f"{text}{numbers.NO_BREAK}{numbers.NO_BREAK}{numbers.share(part, words.language)}"
    drawing.text(x, top + 15.5, text, kind=f"chart-on-part-{place}", anchor="middle")
