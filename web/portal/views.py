"""What the templates of the person's pages are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from web.console.views.shell import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The frame around each page; ``others`` are the page's other languages, each with its name and address."""

    business: str
    language: str
    theme: str = "system"
    keys: bool = False
    others: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day, as machines and people read it."""

    iso: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A fact that was used; ``value`` is empty where its value is no fact that the person could correct."""

    label: str
    value: str = ""
    absent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """A fact that the person corrected, beside what was recorded."""

    label: str
    recorded: str
    should_be: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer: whether the person was right, the text, and the outcome since."""

    upheld: bool
    text: str
    at: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealShown:
    """An appeal as the person sees it; ``step`` is 1 received, 2 being looked at, 3 answered, 0 withdrawn."""

    step: int
    opened: Day
    due: Day
    late: bool
    words: Sequence[str]
    corrections: Sequence[Corrected]
    files: Sequence[str]
    answer: Answered | None
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedShown:
    """What the person asked for; ``kind`` is access or erasure, ``until`` the last day on which a copy can be taken, ``takable`` whether it can now."""

    id: str
    kind: str
    state: str
    asked: Day
    due: Day
    late: bool
    words: str
    answer: str
    closed: Day | None
    until: Day | None
    takable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionPage:
    """The decision, why, what was used, and what can be done about it.

    ``before`` is the outcome that an appeal reversed, empty where none did. ``always_person`` is None where nobody knows whom it is about.
    ``asked`` is what the person asked for, newest first; ``may_ask`` are the kinds of which none waits.
    """

    token: str
    number: str
    title: str
    purpose: str
    decided: Day | None
    recorded: Day
    outcome: str
    headline: str
    waiting: bool
    withdrawn: bool
    before: str
    changed_on: Day | None
    objected: bool
    reasons: Sequence[str]
    would_change: Sequence[str]
    used: Sequence[Used]
    never_used: str
    kept: str
    notice: str
    erased: bool
    appeal: AppealShown | None
    earlier: Sequence[AppealShown]
    may_appeal: bool
    again: bool
    answer_in: str
    always_person: bool | None
    always_since: Day | None
    asked: Sequence[AskedShown]
    may_ask: Sequence[str]
    longest_words: int
    form: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correctable:
    """A fact that can be corrected, and how it is typed: text, number, choice or lines."""

    name: str
    label: str
    recorded: str
    kind: str
    choices: Sequence[Choice] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealForm:
    """The form with which the person asks for a person."""

    token: str
    title: str
    outcome: str
    due: Day
    facts: Sequence[Correctable]
    most_files: int
    most_megabytes: int
    longest_words: int
    form: str
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    opened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A page that says one thing."""

    title: str
    text: str
    href: str = ""
    link: str = ""
