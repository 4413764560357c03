"""What a chart hands over: the drawing, and everything it says, as words and as a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table: what stands in it, a quieter second line, and a tone (``bad``, ``warn``, ``good``, ``quiet``)."""

    text: str
    small: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column; figures stand at its end, so that their places line up."""

    text: str
    figures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; the first cell of a row names it."""

    header: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A line of a legend: a small drawing and what it stands for."""

    svg: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart as markup, with its title, what it shows, its figures as a table, and the sentence it amounts to.

    ``wide`` asks for the whole width; other figures may stand side by side. ``elsewhere`` says that its table's figures stand
    in a larger table of the document as well, so that paper need not repeat them. ``table_title`` is what the folded table is
    opened by.
    """

    id: str
    title: str
    description: str
    svg: str
    table: Table
    sentence: str
    legend: tuple[Key, ...] = ()
    table_title: str = ""
    wide: bool = False
    elsewhere: bool = False


def row(*cells: str | Cell) -> tuple[Cell, ...]:
    """Make a row of cells, some of them plain text."""
    return tuple(cell if isinstance(cell, Cell) else Cell(text=cell) for cell in cells)


def header(*columns: str, figures: int = 0) -> tuple[Column, ...]:
    """Make heads, the last so many of which stand over figures."""
    first = len(columns) - figures
    return tuple(Column(text=text, figures=place >= first) for place, text in enumerate(columns))
