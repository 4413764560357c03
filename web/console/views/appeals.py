"""What the templates of appeals are given."""

from __future__ import annotations

from dataclasses import dataclass, field

from web.console.views.beside import Beside
from web.console.views.shell import Choice, Form, Moment
from web.console.views.work import (
    BandView,
    ContributionView,
    FactView,
    FileRow,
    Instead,
    WhyView,
)


@dataclass(frozen=True, kw_only=True)
class JudgedFact:
    """A fact as it was recorded, and as the person concerned says it should be (empty: they say nothing of it)."""

    label: str
    recorded: FactView
    should_be: str = ""


@dataclass(frozen=True, kw_only=True)
class VerdictBefore:
    """What somebody decided before; not who."""

    verdict: str
    outcome: str
    at: Moment
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class WordsRow:
    """What the person concerned wrote, and when."""

    at: Moment
    text: str


@dataclass(frozen=True, kw_only=True)
class EarlierAppeal:
    """An earlier appeal to the same decision: how it ended, and what was answered."""

    opened: Moment
    ended: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class AppealCasePage:
    """An appeal on one screen. ``confirming`` shows the answer once more before it is sent for good."""

    id: str
    decision_id: str
    etag: str
    point: str
    purpose: str
    queue: str
    queue_title: str
    opened: Moment
    due: Moment
    overdue: bool
    door: str
    words: tuple[WordsRow, ...]
    files: tuple[FileRow, ...]
    facts: tuple[JudgedFact, ...]
    instead: Instead
    beside: Beside
    stands: str
    decided_by_software: bool
    proposed: str
    source: str
    band: BandView | None
    why: tuple[WhyView, ...]
    contributions: tuple[ContributionView, ...]
    before: tuple[VerdictBefore, ...]
    earlier: tuple[EarlierAppeal, ...]
    outcomes: tuple[Choice, ...]
    erased: bool
    state: str
    holder: str = ""
    barred: str = ""
    lease_until: Moment | None = None
    lease_seconds: int = 0
    answered: str = ""
    answered_text: str = ""
    answered_at: Moment | None = None
    reversed_by: str = ""
    confirming: bool = False
    shown: str = ""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, kw_only=True)
class EnterAppealPage:
    """The form with which a manager enters an objection that came by telephone or letter, and sets that a person always decides."""

    decision_id: str
    point: str
    outcome: str
    may_open: bool
    why_not: str
    open_since: Moment | None
    due: Moment | None
    people_only: bool | None
    form: Form = field(default_factory=Form)
