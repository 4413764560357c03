"""What the auditor's home, the ledger, incidents and monitors are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audits.reports.blocks import Figure
from web.console.views.shell import Choice, Form, Moment, Page
from web.console.views.trust import VerifyView
from web.console.views.work import BandView, StoryStep


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A word with its tone (good, info, warn, bad, calm) and drawing; ``href`` leads to what it is about."""

    text: str
    tone: str = "calm"
    drawing: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Something that needs looking at: ``tone`` is bad or warn, ``todo`` what to do, ``link`` the words that lead there."""

    tone: str
    text: str
    todo: str = ""
    href: str = ""
    link: str = ""
    since: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """Something that was done."""

    drawing: str
    tone: str
    text: str
    at: Moment
    by: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """One decision point of the last days; ``alone`` is the share decided without a person, empty where nothing was."""

    title: str
    kind: str
    chips: tuple[Chip, ...]
    decisions: int
    alone: str
    unknown: str
    href: str = ""
    todo: str = ""
    todo_href: str = ""
    todo_link: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportRowView:
    """A signed report in a list."""

    title: str
    window: str
    verdict: Chip
    made: Moment
    by: str
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class LogFacts:
    """How the log stands; ``entries`` counts what it holds."""

    entries: int
    verify: VerifyView
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class HomePage:
    """The auditor's home: what needs looking at, what changed, and the decision points, those at most risk first."""

    today: str
    since: Moment
    first: bool
    attention: tuple[Attention, ...]
    points: tuple[RiskRow, ...]
    changes: tuple[ChangeRow, ...]
    reports: tuple[ReportRowView, ...]
    decisions: int
    days: int
    decisions_href: str = ""
    log: LogFacts | None = None

    def count(self, tone: str) -> int:
        """Count what needs looking at, by tone."""
        return sum(one.tone == tone for one in self.attention)


@dataclass(frozen=True, kw_only=True)
class SavedViewRow:
    """A view that the person keeps; ``current`` where it is what is shown."""

    id: str
    name: str
    href: str
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class FilterChip:
    """A filter that is in use, in words, and the address without it."""

    text: str
    without: str


@dataclass(frozen=True, kw_only=True)
class LedgerRowView:
    """One decision in the ledger; ``why`` are the rules that spoke, ``truth`` what turned out right."""

    id: str
    point: str
    status: str
    outcome: str
    proposed: str
    disposition: str
    happened: Moment
    version: int
    why: tuple[str, ...] = ()
    band: BandView | None = None
    truth: Chip | None = None
    imported: bool = False


@dataclass(frozen=True, kw_only=True)
class LedgerPage:
    """The ledger with its filters.

    ``filters`` is what was asked for, as the address says it. ``first`` on the first page, where ``total`` is how many fit, at least so many where not
    ``exact``. ``looked_back_to``: nobody looked further back.
    """

    rows: tuple[LedgerRowView, ...]
    filters: Mapping[str, str]
    chips: tuple[FilterChip, ...] = ()
    total: int = 0
    exact: bool = True
    looked_back_to: Moment | None = None
    points: tuple[Choice, ...] = ()
    outcomes: tuple[Choice, ...] = ()
    rules: tuple[str, ...] = ()
    reasons: tuple[Choice, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[Choice, ...] = ()
    dispositions: tuple[Choice, ...] = ()
    persons: tuple[Choice, ...] = ()
    truths: tuple[Choice, ...] = ()
    origins: tuple[Choice, ...] = ()
    more_open: bool = False
    first: bool = True
    views: tuple[SavedViewRow, ...] = ()
    form: Form = Form()
    save: Form = Form()
    page: Page = Page()
    most_exported: int = 100_000


@dataclass(frozen=True, kw_only=True)
class ViewPage:
    """Renaming or deleting a view that one keeps."""

    id: str
    name: str
    href: str
    filters: tuple[str, ...] = ()
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class IncidentRow:
    """One incident in a list."""

    id: str
    title: str
    point: str
    level: Chip
    status: Chip
    opened: Moment
    held: bool = False
    closed: Moment | None = None
    closed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class WatchedPoint:
    """The monitors of one decision point in a line; ``worst`` is the gravest of their verdicts."""

    title: str
    href: str
    streams: int
    worst: Chip
    strongest: str = ""


@dataclass(frozen=True, kw_only=True)
class IncidentsPage:
    """Incidents, open ones first, and the monitors of each decision point."""

    incidents: tuple[IncidentRow, ...]
    open: int
    watched: tuple[WatchedPoint, ...]
    points: tuple[Choice, ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How often something happened to some people lately: ``part`` of ``whole``; ``share`` in words."""

    who: str
    part: int
    whole: int
    share: str


@dataclass(frozen=True, kw_only=True)
class MonitorRowView:
    """One monitor: what it looks for, what it has found, and how strong its evidence is."""

    id: str
    title: str
    tolerated: str
    verdict: Chip
    odds: str
    alarm: str
    seen: int
    recently: tuple[Compared, ...] = ()
    spark: str = ""
    spark_alarm: str = ""
    figure: Figure | None = None


@dataclass(frozen=True, kw_only=True)
class MonitorsPage:
    """The monitors of one decision point."""

    title: str
    monitors: tuple[MonitorRowView, ...]
    counted: bool
    report_href: str = ""
    policy_href: str = ""
    declared: int = 0


@dataclass(frozen=True, kw_only=True)
class IncidentPage:
    """One incident: what was found, who did what, and what can be done.

    ``hold_key`` names the hold to ask about, empty where none is in force.
    """

    id: str
    title: str
    point: str
    level: Chip
    status: Chip
    opened: Moment
    found: tuple[str, ...]
    recently: tuple[Compared, ...]
    counted: bool
    story: tuple[StoryStep, ...]
    open: bool
    may_handle: bool
    doubted: bool = False
    stop_href: str = ""
    figure: Figure | None = None
    held: bool = False
    lifting_asked: bool = False
    may_ask_to_lift: bool = False
    report_href: str = ""
    what_if_href: str = ""
    monitors_href: str = ""
    decisions_href: str = ""
    requests_href: str = ""
    note: Form = Form()
    close: Form = Form()
    resume: Form = Form()
