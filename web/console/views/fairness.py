"""What the pages about fairness are told: verdicts, reports, what could be done. Groups are in them as counts alone."""

from __future__ import annotations

from dataclasses import dataclass

from audits.reports.blocks import Cell, Section
from audits.reports.document import Document
from web.console.views.shell import Choice, Form, Moment


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A verdict in a word, with its tone (good, warn, bad, calm) and drawing."""

    code: str
    word: str
    tone: str
    drawing: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """Something to do next; ``href`` is empty for somebody who may not, or where there is no such page."""

    text: str
    href: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class PointVerdict:
    """A decision point with what its figures come to now; ``evidence`` says how much they rest on."""

    title: str
    kind: str
    href: str
    verdict: Verdict
    sentences: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class MadeRow:
    """A signed report in a list; ``digest`` is its beginning."""

    href: str
    title: str
    window: str
    verdict: Verdict
    made: Moment
    by: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class ReportsPage:
    """Each decision point with its verdict, the riskiest first, and the signed reports, the newest first."""

    points: tuple[PointVerdict, ...]
    made: tuple[MadeRow, ...] = ()
    form: Form = Form()

    def count(self, code: str) -> int:
        """Count the decision points with a verdict."""
        return sum(point.verdict.code == code for point in self.points)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A window of days that is offered by name; ``chosen`` where it is the one that is shown."""

    text: str
    href: str
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Window:
    """What a report is asked for by: days (``since`` to ``until``), attributes and preset, and what else can be chosen.

    ``query`` asks for the same once more.
    """

    point: str
    title: str
    since: str
    until: str
    by: tuple[str, ...] = ()
    preset: str = ""
    attributes: tuple[Choice, ...] = ()
    presets: tuple[Choice, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    query: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    form: Form = Form()

    @property
    def values(self) -> dict[str, str | tuple[str, ...]]:
        """Return the query as an address takes it."""
        return dict(self.query)


@dataclass(frozen=True, kw_only=True)
class AlarmRow:
    """An alarm: `about` is whom it is of; `done` what was done, empty while nobody said so."""

    id: str
    about: str
    of_one: bool
    begins: Moment
    ends: Moment
    reviews: int
    why: tuple[str, ...]
    shown: Moment | None
    done: str
    done_at: Moment | None
    done_by: str
    words: str
    may_handle: bool
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class OversightPage:
    """Whether people really look, at one decision point; None where what was asked for does not fit."""

    point: str
    title: str
    since: str
    until: str
    document: Document | None = None
    verdict: Verdict | None = None
    open: bool = False
    second_looks: tuple[str, ...] = ()
    form: Form = Form()
    alarms: tuple[AlarmRow, ...] = ()
    done: tuple[Choice, ...] = ()
    people_href: str = ""


@dataclass(frozen=True, kw_only=True)
class FairnessPage:
    """A decision point's report as its figures are now; None where what was asked for does not fit.

    ``decisions`` is where they are listed; ``open`` shows all parts at once.
    """

    window: Window
    document: Document | None = None
    verdict: Verdict | None = None
    steps: tuple[Step, ...] = ()
    pending: int = 0
    counted: Moment | None = None
    decisions: str = ""
    may_make: bool = False
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something to know, with its tone; ``detail`` is what a program said."""

    tone: str
    text: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Download:
    """A form of a report that can be taken along, with its languages and the address in each."""

    name: str
    text: str
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A PDF that was asked for: ``ready`` False while it is drawn; a problem says why there is none."""

    language: str
    href: str
    ready: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class MadePage:
    """A signed report, or None for all of it while it is being made; ``late``: it takes longer than it should."""

    id: str
    title: str
    asked: Moment | None = None
    late: bool = False
    verdict: Verdict | None = None
    document: Document | None = None
    facts: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    note: str = ""
    signed_by: str = ""
    entry_href: str = ""
    entry_index: int | None = None
    cross_check: Remark | None = None
    downloads: tuple[Download, ...] = ()
    drawing: Drawing | None = None
    now_href: str = ""
    open: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a policy's text says now and would say then, as lines with their numbers.

    ``figure`` is the threshold in the new line, with what stands before and behind it.
    """

    gone: tuple[tuple[int, str], ...] = ()
    line: int = 0
    before: str = ""
    figure: str = ""
    behind: str = ""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing that the threshold moves: its name, what it is at each threshold, and what is tolerated of it."""

    name: str
    at: tuple[Cell, ...]
    tolerated: str = ""


@dataclass(frozen=True, kw_only=True)
class WhatIfPage:
    """What makes the differences, and what another threshold would give; ``chosen`` and ``current`` are places in ``thresholds``."""

    window: Window
    causes: Section | None = None
    whatif: Section | None = None
    thresholds: tuple[float, ...] = ()
    texts: tuple[str, ...] = ()
    chosen: int = 0
    current: int | None = None
    effects: tuple[Effect, ...] = ()
    change: Change | None = None
    may_draft: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckedStep:
    """One step of checking a report's file: ``state`` is ok, wrong or unknown; ``detail`` is what the check itself said."""

    title: str
    state: str
    text: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class VerifyPage:
    """Checking a file: the form, and what its steps came to where one was checked."""

    form: Form = Form()
    file: str = ""
    ok: bool | None = None
    digest: str = ""
    report_href: str = ""
    steps: tuple[CheckedStep, ...] = ()
