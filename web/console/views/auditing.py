"""What the pages are told on which an auditor asks for more: what never arrived, draws, a pack of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from web.console.views.shell import Choice, Form, Moment


@dataclass(frozen=True, kw_only=True)
class AppRow:
    """What arrived of one app; `span` is its first and last number."""

    name: str
    href: str
    decisions: int
    numbered: int
    span: str
    missing: int
    again: int


@dataclass(frozen=True, kw_only=True)
class CountRow:
    """What an app says that it sent, and what of it is here."""

    app: str
    since: Moment
    until: Moment
    sent: int
    recorded: int
    differs: bool
    last: int | None
    recorded_last: int | None
    by: str
    reported: Moment


@dataclass(frozen=True, kw_only=True)
class LostRow:
    """A decision or an entry that has no counterpart; `href` leads to what there is of it."""

    id: str
    href: str


@dataclass(frozen=True, kw_only=True)
class ArrivalsPage:
    """What never arrived, of all apps; `filters` are the days looked at."""

    apps: tuple[AppRow, ...]
    counts: tuple[CountRow, ...]
    without_leaf: tuple[LostRow, ...]
    without_decision: tuple[LostRow, ...]
    waiting: int
    compared_from: Moment
    filters: Mapping[str, str] = field(default_factory=dict)
    form: Form = Form()

    @property
    def missing(self) -> int:
        """Count the numbers that never arrived."""
        return sum(one.missing for one in self.apps)

    @property
    def doubtful(self) -> int:
        """Count the apps of which something is missing or whose own count is another."""
        differing = {one.app for one in self.counts if one.differs}
        return len({one.name for one in self.apps if one.missing} | differing)


@dataclass(frozen=True, kw_only=True)
class StretchRow:
    """Numbers of an app: never arrived between two instants, or come again between them; `href` looks at what came from there on."""

    first: int
    last: int
    count: int
    begins: Moment
    ends: Moment
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class AppPage:
    """What never arrived of one app, and what came twice; `next_*` lead to the next page."""

    app: str
    row: AppRow | None
    missing: tuple[StretchRow, ...]
    again: tuple[StretchRow, ...]
    next_missing: str = ""
    next_again: str = ""
    since: Moment | None = None
    until: Moment | None = None
    whole: str = ""


@dataclass(frozen=True, kw_only=True)
class DrawRow:
    """A draw in a list."""

    href: str
    wanted: int
    of: str
    population: int
    asked: Moment
    by: str
    settled: bool
    drawn: int
    looked_at: int


@dataclass(frozen=True, kw_only=True)
class DrawsPage:
    """Draws, and the form that asks for one."""

    draws: tuple[DrawRow, ...]
    points: tuple[Choice, ...]
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class DrawnRow:
    """A drawn decision."""

    id: str
    position: int
    href: str
    point: str
    recorded: Moment | None
    looked: Moment | None
    by: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class DrawPage:
    """A draw with its decisions; `facts` is how anybody draws again."""

    id: str
    row: DrawRow
    decisions: tuple[DrawnRow, ...]
    facts: tuple[tuple[str, str], ...]
    late: bool = False
    form: Form = Form()
    no_form: Form = Form()
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class EvidencePage:
    """The form that asks for a pack of evidence."""

    points: tuple[Choice, ...]
    form: Form = Form()
