"""What the pages of the staff notice, of one's own reviews and of alarms are told."""

from __future__ import annotations

from dataclasses import dataclass

from audits.reports.document import Document
from web.console.views.fairness import AlarmRow, Verdict
from web.console.views.shell import Form, Moment


@dataclass(frozen=True, kw_only=True)
class Acknowledged:
    """Somebody who works a queue; `at` is None while they did not acknowledge the notice in force."""

    name: str
    at: Moment | None


@dataclass(frozen=True, kw_only=True)
class StaffNoticePage:
    """The staff notice in force; `version` 0 where there is none. `people` are told to admins alone."""

    version: int
    text: tuple[str, ...]
    text_language: str
    published: Moment | None
    published_by: str
    acknowledged: Moment | None
    to_acknowledge: bool
    may_write: bool
    people: tuple[Acknowledged, ...] = ()
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class FiguresRow:
    """One person's figures at a decision point; `href` opens them."""

    id: str
    title: str
    name: str
    reviews: int
    since: str
    until: str
    verdict: Verdict
    made: Moment
    shown: Moment
    comment: str
    href: str


@dataclass(frozen=True, kw_only=True)
class MyReviewsPage:
    """One's own figures, and alarms about oneself."""

    figures: tuple[FiguresRow, ...]
    alarms: tuple[AlarmRow, ...]
    version: int
    to_acknowledge: bool
    acknowledged: bool
    measured: bool


@dataclass(frozen=True, kw_only=True)
class FiguresPage:
    """One person's figures, whole; `mine` lets that person comment on them."""

    row: FiguresRow
    document: Document
    mine: bool
    open: bool
    all_href: str
    back: tuple[tuple[str, str], ...]
    commented: Moment | None
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """The figures of each person at a decision point, by name."""

    point: str
    title: str
    rows: tuple[FiguresRow, ...]
