"""What the pages about imports are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Form, Moment


@dataclass(frozen=True, kw_only=True)
class ImportRow:
    """One import in the history; `state` is columns, waiting, running, tried, done or failed."""

    id: str
    file: str
    kind: str
    point: str
    state: str
    begun: Moment
    by: str
    accepted: int = 0
    known: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class ImportsPage:
    """Choosing a file, and what was imported before; `points` empty: there is no policy that a file could fit.

    `facts` are those that the policy requires, where there is one decision point alone.
    """

    rows: tuple[ImportRow, ...]
    kinds: tuple[Choice, ...]
    points: tuple[Choice, ...]
    most: int
    facts: tuple[str, ...] = ()
    policies: str = ""
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """A column: its first cells, and what it means; `hidden` where its cells are shown to nobody.

    `keep` is the meaning that keeps it beside the decision, empty where there is no such thing.
    """

    field: str
    name: str
    chosen: str
    keep: str = ""
    samples: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class FieldGroup:
    """Meanings that belong together in a list of choices."""

    title: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A line that was not taken, and why."""

    line: int
    problem: str


@dataclass(frozen=True, kw_only=True)
class ImportPage:
    """One import at whatever stage it is.

    `columns` and `meanings` are there while the file is; `asks` says whether they are what is to be looked at now. `percent` says how far it is. `twin`
    tells that the very file was imported before with other meanings. `report` is where figures of the decision point are.
    """

    row: ImportRow
    point: str
    columns: tuple[ColumnRow, ...] = ()
    meanings: tuple[FieldGroup, ...] = ()
    asks: bool = False
    problems: tuple[str, ...] = ()
    lines: int = 0
    done: int = 0
    percent: int = 0
    refused: tuple[RefusedRow, ...] = ()
    listed: bool = False
    here: bool = False
    trial: bool = False
    known_by_reference: bool = False
    problem: str = ""
    twin: bool = False
    zone: str = ""
    report: str = ""
    waits: bool = False
    finished: Moment | None = None
