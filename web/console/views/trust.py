"""What the pages about the log and the installation's health are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Moment, Page


@dataclass(frozen=True, kw_only=True)
class EntryRow:
    """One entry of the log; `href` leads to what it is about."""

    id: str
    index: int | None
    kind: str
    actor: str
    at: Moment
    about: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class EntryPage:
    """One entry: `what` its kind says, `canonical` the very text that was hashed."""

    row: EntryRow
    what: str
    canonical: str
    epoch: int | None = None
    leaf_hash: str = ""
    payloads: tuple[str, ...] = ()
    refs: tuple[tuple[str, str], ...] = ()
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """Something the check found; `href` leads to the decision it is about."""

    severity: str
    what: str
    expected: str = ""
    got: str = ""
    index: int | None = None
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class VerifyView:
    """The last check of the log: `ok` is None while none was ever made.

    `tampered` counts all that differs, `incomplete` all that could not be checked; `findings` are the first.
    """

    ok: bool | None = None
    at: Moment | None = None
    entries: int = 0
    decisions: int = 0
    tampered: int = 0
    incomplete: int = 0
    findings: tuple[FindingView, ...] = ()
    running: bool = False


@dataclass(frozen=True, kw_only=True)
class WitnessRow:
    """A witness, how much of the log it has cosigned, and what it last failed with."""

    name: str
    vkey: str
    size: int
    at: Moment | None = None
    since: Moment | None = None
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class AnchorRow:
    """A place outside, and the newest checkpoint that lies there."""

    method: str
    place: str
    size: int
    reference: str
    at: Moment


@dataclass(frozen=True, kw_only=True)
class OutsideView:
    """Who watches the log from outside; `waiting` entries are signed and wait for a quorum."""

    mode: str = "off"
    quorum: bool = False
    waiting: int = 0
    fault: str = ""
    witnesses: tuple[WitnessRow, ...] = ()
    anchors: tuple[AnchorRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """The log: its newest checkpoint, its last check, its entries; `newest` on their first page."""

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
    newest: bool = True
    page: Page = Page()
    outside: OutsideView = OutsideView()


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
