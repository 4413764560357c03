"""What the templates are given of what stands beside a case."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Moment


@dataclass(frozen=True, kw_only=True)
class EarlierRow:
    """An earlier decision about the same subject; `href` is empty where it must not lead there."""

    point: str
    outcome: str
    by: str
    at: Moment
    objections: tuple[str, ...] = ()
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class DifferenceRow:
    """A fact in which a similar case differs, with both values; both are empty where they may burden."""

    label: str
    here: str
    there: str


@dataclass(frozen=True, kw_only=True)
class SimilarRow:
    """A decided case that is like the one that is judged; `truth` is empty where nobody knows."""

    outcome: str
    at: Moment
    truth: str = ""
    right: bool = False
    differs: tuple[DifferenceRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SimilarPage:
    """The decided cases most like one, on a page of their own that the case's page takes in."""

    case_id: str
    point: str
    looked_through: int
    rows: tuple[SimilarRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TurnRow:
    """What somebody said in a chat; `who` is customer, bot or person. `folded` counts the words of what is shown only when opened."""

    who: str
    text: str
    at: Moment | None = None
    folded: int = 0


@dataclass(frozen=True, kw_only=True)
class ChatView:
    """What a chat handed over; `words` are the customer's first. `folded` counts the words of a whole transcript that is shown only when opened."""

    words: TurnRow | None = None
    turns: tuple[TurnRow, ...] = ()
    tried: tuple[str, ...] = ()
    stopped_because: str = ""
    draft: str = ""
    folded: int = 0
    masked: bool = False


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside a case. `wrong` says how often such proposals are wrong, `warnings` what to know of that.

    `may_doubt` offers to say that the automation is wrong, `stop_href` leads to the stop button of those who may press it.
    """

    earlier: tuple[EarlierRow, ...] = ()
    wrong: str = ""
    warnings: tuple[str, ...] = ()
    chat: ChatView | None = None
    may_doubt: bool = False
    stop_href: str = ""


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """A key, and what it does."""

    key: str
    does: str


@dataclass(frozen=True, kw_only=True)
class ShortcutsPage:
    """All single keys, by where they act; `on` is false for a person who turned them off."""

    groups: tuple[tuple[str, tuple[KeyRow, ...]], ...]
    on: bool = True
