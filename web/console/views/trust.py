"""What the pages about the log and the installation's health are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Moment, Page


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One entry of the log; `href` leads to what it is about."""

    index: int | None
    kind: str
    actor: str
    at: Moment
    about: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """Something the check found; `severity` is error or notice."""

    severity: str
    what: str
    expected: str = ""
    got: str = ""
    index: int | None = None


@dataclass(frozen=True, kw_only=True)
class VerifyView:
    """The last check of the log: `ok` is None while none was ever made."""

    ok: bool | None = None
    at: Moment | None = None
    entries: int = 0
    findings: tuple[FindingView, ...] = ()
    running: bool = False


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """The log: its newest checkpoint, its last check, its entries."""

    origin: str
    size: int
    root: str
    checkpoint: str
    checkpointed: Moment | None
    pending: int
    verify: VerifyView
    entries: tuple[EntryRow, ...]
    kinds: tuple[Choice, ...] = ()
    kind: str = ""
    may_verify: bool = False
    page: Page = Page()


@dataclass(frozen=True, kw_only=True)
class PartRow:
    """One part of the installation: `state` is ok, failing or off."""

    name: str
    title: str
    state: str
    detail: str
    since: Moment | None = None
    todo: str = ""


@dataclass(frozen=True, kw_only=True)
class StatusPage:
    """Each part of the installation, and what it runs on."""

    parts: tuple[PartRow, ...]
    checked: Moment
    version: str
    about: tuple[tuple[str, str], ...] = ()

    @property
    def failing(self) -> int:
        """Count the parts that fail."""
        return sum(part.state == "failing" for part in self.parts)
