"""What a document is made of. Each block is drawn by the console's macros and by the stand-alone page alike."""

from __future__ import annotations

from dataclasses import dataclass

from audits.reports.charts.figure import Cell, Column, Figure, Key, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A verdict in one line: of what, what it is, and what that means, as whole sentences."""

    verdict: str
    tone: str
    word: str
    subject: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Verdicts one below another."""

    items: tuple[Answer, ...]
    block: str = "answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Figures, side by side where there is room, under a title of their own where they need one."""

    figures: tuple[Figure, ...]
    title: str = ""
    block: str = "gallery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table that stands by itself, under a title."""

    title: str
    table: Table
    sentences: tuple[str, ...] = ()
    block: str = "listing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and what they are, one line each."""

    items: tuple[tuple[str, str], ...]
    block: str = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that must not be overlooked; the tone is ``good``, ``info``, ``warn`` or ``bad``."""

    tone: str
    title: str
    sentences: tuple[str, ...] = ()
    block: str = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Sentences one below another, each of something of its own."""

    items: tuple[str, ...]
    block: str = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Blocks that stay folded until they are wanted; on paper they are open."""

    title: str
    blocks: tuple[Points | Listing | Facts, ...]
    block: str = "aside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A title inside a section."""

    text: str
    block: str = "heading"


Block = Answers | Gallery | Listing | Facts | Note | Points | Aside | Heading


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a document, with an id to point at, its title, what to know first, and what it shows."""

    id: str
    title: str
    lead: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()


__all__ = [
    "Answer",
    "Answers",
    "Aside",
    "Block",
    "Cell",
    "Column",
    "Facts",
    "Figure",
    "Gallery",
    "Heading",
    "Key",
    "Listing",
    "Note",
    "Points",
    "Section",
    "Table",
]
