"""What the page of known cases is told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Moment


@dataclass(frozen=True, kw_only=True)
class GoldRow:
    """One known case; of a `secret` one, which the reader may be given, neither source nor answer is told."""

    id: str
    decision_id: str
    point: str
    secret: bool
    proposed: str
    answer: str
    note: str
    mistake: bool
    made_by: str
    made: Moment
    retired: Moment | None
    served: int
    decided: int
    caught: int


@dataclass(frozen=True, kw_only=True)
class SuggestionRow:
    """A decided case that could become a known one, and why it is suggested."""

    decision_id: str
    point: str
    proposed: str
    answer: str
    because: str
    recorded: Moment


@dataclass(frozen=True, kw_only=True)
class GoldPage:
    """The known cases of a point, or of all; `shares` say how many of each point's cases are known ones."""

    rows: tuple[GoldRow, ...]
    suggestions: tuple[SuggestionRow, ...]
    points: tuple[Choice, ...]
    point: str
    shares: tuple[str, ...]
    may_read: bool
