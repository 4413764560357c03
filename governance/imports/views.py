"""Imports as they are told to those who may run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from governance.imports.fields import Field, Understanding
from governance.imports.states import Form, Kind, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as it stands.

    ``lines`` counts all of the file, ``done`` those gone through; of these so many were ``accepted`` (some of which were ``known`` before) and so many
    ``refused``. ``trial``: nothing is stored. ``here`` tells that the file was uploaded and is still kept, ``listed`` that the refused lines can be read.
    """

    id: str
    kind: Kind
    point: str
    file_name: str
    form: Form
    columns: Mapping[str, str]
    status: RunStatus
    trial: bool
    lines: int
    done: int
    accepted: int
    known: int
    refused: int
    problem: str | None
    started_at: datetime
    started_by: str
    finished_at: datetime | None
    here: bool
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An uploaded file as it is understood so far: what its columns mean, what they may mean, and the first cells of each."""

    run: RunView
    understanding: Understanding
    fields: tuple[Field, ...]
    samples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command's import came to, all tries of the same file together. ``before`` is when it was imported, where this time brought nothing new."""

    run_id: str | None
    before: datetime | None
    lines: int
    accepted: int
    known: int
    refused: int
    unused: tuple[str, ...] = ()
