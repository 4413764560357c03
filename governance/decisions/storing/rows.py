"""A decision's rows in the form in which both databases take them, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

import orjson
import sqlalchemy as sa

from governance.clock import rfc3339
from governance.decisions import sight  # noqa: F401 -- whoever stores decisions has others see no gold case.
from governance.decisions.models import Decision
from governance.deltas.models import CountDelta
from governance.imports.models import ImportReference
from governance.ledger.models import LogRecord, PendingRecord
from governance.reviews.models import Case
from governance.storage.database import Database
from governance.subjects.keys import SubjectKey
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth.models import GroundTruth

#: The tables a decision may write to, in the order that satisfies their foreign keys.
TABLES: dict[str, sa.Table] = {
    model.__tablename__: model.__table__  # type: ignore[misc]
    for model in (
        SubjectKeyRow,
        Decision,
        PayloadRow,
        VaultRow,
        Case,
        GroundTruth,
        ImportReference,
        CountDelta,
        LogRecord,
        PendingRecord,
    )
}


class Fate(Enum):
    """What became of a prepared decision."""

    WAITING = "waiting"
    STORED = "stored"
    #: Its idempotency key was taken, or its own rows were there already: the reader tells which.
    DUPLICATE = "duplicate"
    CONFIGURATION_CHANGED = "configuration_changed"
    KEY_GONE = "key_gone"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Prepared:
    """One decision's rows by table, all values in their stored form, and the generation they were ruled by.

    A ``repeatable`` one may be stored already under its id, by an earlier try; then it is a duplicate.
    """

    decision_id: str
    generation: int
    rows: dict[str, tuple[Any, ...]]
    idempotency: tuple[str, str] | None
    key: SubjectKey
    repeatable: bool = False
    fate: Fate = Fate.WAITING
    error: Exception | None = field(default=None, repr=False)


def columns(table: str) -> tuple[str, ...]:
    """Return the names of a table's columns in the order in which rows are given; the database counts some up by itself."""
    return tuple(column.name for column in given(TABLES[table]))


def given(table: sa.Table) -> list[sa.Column[Any]]:
    """Return the columns whose values are given, in order."""
    return [column for column in table.columns if column.autoincrement is not True]


def stored(value: Any, *, json: bool = False) -> Any:
    """Return a value in the form in which both drivers take it: instants and JSON as text."""
    if json:
        return orjson.dumps(value).decode()
    if isinstance(value, datetime):
        return rfc3339(value)
    return value


class Store(Protocol):
    """Writes batches over one connection of its own, each wholly or not at all."""

    #: Whether its connection can no longer be used.
    broken: bool

    def __init__(self, database: Database) -> None:
        """Connect."""

    def write(self, batch: Sequence[Prepared]) -> list[Fate]:
        """Store a batch; return what became of each, in order."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...

    @staticmethod
    def is_lost_connection(error: Exception) -> bool:
        """Tell whether the connection may have died while it was idle, so that a second try is worth it."""
        ...

    @staticmethod
    def is_outage(error: Exception) -> bool:
        """Tell whether the database could not be reached or could not write."""
        ...

    @staticmethod
    def is_missing_key(error: Exception) -> bool:
        """Tell whether the key that a decision was encrypted with is gone, by an erasure meanwhile."""
        ...
