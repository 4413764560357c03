"""What the pages about the log and the installation's health are told."""

from __future__ import annotations

from dataclasses import dataclass

from audits.reports.charts.figure import Figure
from web.console.views.shell import Choice, Form, Moment, Page


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
class ProofStep:
    """One hash of a proof: with `sibling` beside what is known, `node` stands for the entries `first` to `last`."""

    number: int
    left: bool
    sibling: str
    node: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class SignerRow:
    """A signature below a checkpoint: `whose` is log, witness or unknown."""

    name: str
    key_id: str
    whose: str
    holds: bool
    at: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class ProofView:
    """How an entry's hash leads to the root that was signed.

    `leaf` is computed from the entry's bytes, and `fits` where it is the leaf that the tree holds.
    """

    index: int
    size: int
    leaf: str
    stored: str
    fits: bool
    steps: tuple[ProofStep, ...]
    root: str
    reaches: bool
    note: str
    signers: tuple[SignerRow, ...]

    @property
    def signed(self) -> bool:
        """Tell whether a key of the log signed it."""
        return any(one.holds for one in self.signers if one.whose == "log")

    @property
    def holds(self) -> bool:
        """Tell whether every step fits."""
        return self.fits and self.reaches and self.signed


@dataclass(frozen=True, kw_only=True)
class EntryPage:
    """One entry: `what` its kind says, `canonical` the very text that was hashed, `proof` None while it waits or `fault` says why there is none."""

    row: EntryRow
    what: str
    canonical: str
    epoch: int | None = None
    leaf_hash: str = ""
    proof: ProofView | None = None
    fault: str = ""
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
    decision: str = ""
    growth: Figure | None = None
    may_verify: bool = False
    newest: bool = True

    @property
    def filters(self) -> dict[str, str]:
        """Return what narrows the entries down, for links to other pages of them."""
        chosen = {"kind": self.kind, "decision": self.decision}
        return {name: value for name, value in chosen.items() if value}

    page: Page = Page()
    outside: OutsideView = OutsideView()


@dataclass(frozen=True, kw_only=True)
class ExportRow:
    """An export of the log: `status` is asked, made or failed."""

    id: str
    at: Moment
    by: str
    period: str
    status: str
    problem: str = ""
    size: str = ""
    entries: int | None = None
    log_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class ExportsPage:
    """The exports of the log that are kept for so many days, and the form that asks for one."""

    rows: tuple[ExportRow, ...]
    days: int
    form: Form = Form()


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
