"""Committing decisions: requests of one process share a transaction; each decision's rows are all or none.

A request puts its prepared rows on a list; the first becomes the leader and writes for all that wait, then wakes them and hands the lead to the next that came
meanwhile (leader and followers: no writer thread). On SQLite that is one immediate transaction with ``executemany``; on PostgreSQL one statement on one long-lived connection. Both check first that the
configuration is still the one the decisions were ruled by.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from governance.clock import rfc3339
from governance.decisions import sight  # noqa: F401 -- whoever stores decisions has others see no gold case.
from governance.decisions.models import Decision
from governance.deltas.models import CountDelta
from governance.errors import LogUnavailable, Unavailable
from governance.imports.models import ImportReference
from governance.ledger.models import LogRecord, PendingRecord
from governance.reviews.models import Case
from governance.subjects.keys import SubjectKey
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth.models import GroundTruth

if TYPE_CHECKING:
    from governance.application import Answerable

#: The tables a decision may write to, in the order that satisfies their foreign keys.
_TABLES: dict[str, sa.Table] = {
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
_BATCH = 256
#: How long a commit waits at most for decisions that are being prepared, and how often it looks.
_GATHER_SECONDS = 0.002
_GATHER_PAUSE = 0.0002
_POSTGRESQL = postgresql.dialect()


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
    return tuple(column.name for column in _given(_TABLES[table]))


def _given(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.columns if column.autoincrement is not True]


def stored(value: Any, *, json: bool = False) -> Any:
    """Return a value in the form in which both drivers take it: instants and JSON as text."""
    if json:
        return orjson.dumps(value).decode()
    if isinstance(value, datetime):
        return rfc3339(value)
    return value


class _Call:
    """The decisions of one call of ``commit``, and the lock its thread sleeps on: let go when they are done, or when it is its turn to lead."""

    __slots__ = ("done", "items", "woken")

    def __init__(self, items: Sequence[Prepared]) -> None:
        self.items = items
        self.done = False
        self.woken = threading.Lock()
        self.woken.acquire()


class DecisionWriter:
    """The one writer of decisions in a process."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._limit = answerable.settings.commit_queue
        self._waiting: deque[_Call] = deque()
        self._led = False
        self._preparing = 0
        self._list_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._store: _SQLiteStore | _PostgreSQLStore | None = None

    @contextmanager
    def preparing(self) -> Iterator[None]:
        """Say that decisions are being prepared, so that a commit about to begin waits a moment for them."""
        with self._list_lock:
            self._preparing += 1
        try:
            yield
        finally:
            with self._list_lock:
                self._preparing -= 1

    def commit(self, prepared: Sequence[Prepared]) -> None:
        """Store decisions; on return each has its fate.

        Raises:
            Unavailable: too many wait already; nothing of these was stored.
        """
        call = _Call(prepared)
        with self._list_lock:
            if len(self._waiting) >= self._limit:
                raise Unavailable(
                    "More decisions wait to be stored than this process takes. Nothing was stored; try again.",
                    retry_after=1,
                )
            self._waiting.append(call)
            leads, self._led = not self._led, True
        if not leads:
            call.woken.acquire()
        if not call.done:
            self._lead(call)

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being prepared or waits in this process."""
        return not self._preparing and not self._waiting

    def close(self) -> None:
        """Close the connection."""
        with self._commit_lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _lead(self, own: _Call) -> None:
        """Write for all that wait until one's own call is done, then wake them and hand the lead on."""
        taken: list[_Call] = []
        try:
            while not own.done:
                self._gather()
                batch = self._take()
                taken += batch
                try:
                    with self._commit_lock:
                        self._write([item for call in batch for item in call.items])
                finally:
                    for call in batch:
                        call.done = True
        finally:
            with self._list_lock:
                heir = self._waiting[0] if self._waiting else None
                self._led = heir is not None
            if heir is not None:
                heir.woken.release()
            for call in taken:
                if call is not own:
                    call.woken.release()

    def _gather(self) -> None:
        """Wait a moment while others prepare: one commit for many costs little more than for one."""
        end = time.perf_counter() + _GATHER_SECONDS
        while self._preparing and time.perf_counter() < end:
            time.sleep(_GATHER_PAUSE)

    def _take(self) -> list[_Call]:
        """Take calls off the list, at least one, up to a batch."""
        batch: list[_Call] = []
        count = 0
        with self._list_lock:
            while self._waiting and (not batch or count + len(self._waiting[0].items) <= _BATCH):
                batch.append(self._waiting.popleft())
                count += len(batch[-1].items)
        return batch

    def _write(self, batch: list[Prepared]) -> None:
        try:
            self._write_all(batch)
        except Exception as error:  # noqa: BLE001 -- whatever it was, each request must be told its fate.
            if len(batch) == 1 or _is_outage(error):
                for item in batch:
                    item.error, item.fate = (
                        error,
                        Fate.KEY_GONE if _is_missing_key(error) else Fate.FAILED,
                    )
                return
            for item in batch:
                self._write([item])
        except BaseException:
            for item in batch:
                if item.fate is Fate.WAITING:
                    item.fate = Fate.FAILED
                    item.error = Unavailable(
                        "The process was stopped before this decision was stored. Try again."
                    )
            raise

    def _write_all(self, batch: list[Prepared]) -> None:
        for attempt in (1, 2):
            if self._store is None:
                database = self._answerable.database
                self._store = (
                    _SQLiteStore(database) if database.is_sqlite else _PostgreSQLStore(database)
                )
            try:
                fates = self._store.write(batch)
                break
            except Exception as error:
                # A connection that died while it was idle is noticed only now, so it is worth a second try. Should the batch have been
                # stored before it died, the second try finds it there.
                if isinstance(error, psycopg.OperationalError) or self._store.broken:
                    self._store.close()
                    self._store = None
                    if attempt == 1 and isinstance(error, psycopg.OperationalError):
                        continue
                raise
        for item, fate in zip(batch, fates, strict=True):
            if fate is Fate.STORED:
                self._answerable.keys.committed(item.key)
            item.fate = fate


def _is_outage(error: Exception) -> bool:
    return isinstance(
        error, psycopg.OperationalError | sqlite3.OperationalError | OSError | LogUnavailable
    )


def _is_missing_key(error: Exception) -> bool:
    if isinstance(error, psycopg.errors.ForeignKeyViolation):
        return "key_id" in str(error.diag.constraint_name)
    return isinstance(error, sqlite3.IntegrityError) and "FOREIGN KEY" in str(error)


class _SQLiteStore:
    """Writes batches to SQLite over one connection of its own."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._connection = sqlite3.connect(
            database.file, timeout=15, isolation_level=None, check_same_thread=False
        )
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "cache_size=-16000",
        ):
            self._connection.execute(f"PRAGMA {pragma}")
        self._inserts = {
            name: f"INSERT INTO {name} ({', '.join(columns(name))}) VALUES ({', '.join('?' * len(columns(name)))})"  # noqa: S608 -- names of our own tables.
            for name in _TABLES
        }
        self.broken = False

    def write(self, batch: Sequence[Prepared]) -> list[Fate]:
        run = self._connection.execute
        with self._database.turn:
            run("BEGIN IMMEDIATE")
            try:
                (generation,) = run("SELECT generation FROM installation").fetchone()
                fates: list[Fate] = []
                seen: set[tuple[str, str]] = set()
                fresh: list[Prepared] = []
                for item in batch:
                    fate = Fate.STORED
                    if item.generation != generation:
                        fate = Fate.CONFIGURATION_CHANGED
                    elif item.repeatable:
                        found = run(
                            "SELECT 1 FROM decisions WHERE id = ?", (item.decision_id,)
                        ).fetchone()
                        fate = Fate.DUPLICATE if found else fate
                    elif item.idempotency is not None:
                        found = (
                            item.idempotency in seen
                            or run(
                                "SELECT 1 FROM decisions WHERE app_id = ? AND idempotency_key = ?",
                                item.idempotency,
                            ).fetchone()
                        )
                        fate = Fate.DUPLICATE if found else fate
                        seen.add(item.idempotency)
                    if fate is Fate.STORED:
                        fresh.append(item)
                    fates.append(fate)
                for name, insert in self._inserts.items():
                    rows = [item.rows[name] for item in fresh if name in item.rows]
                    if rows:
                        self._connection.executemany(insert, rows)
                run("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        return fates

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.broken = True

    def close(self) -> None:
        self._connection.close()


class _PostgreSQLStore:
    """Writes batches to PostgreSQL: one autocommitted statement, whose parameters are the rows of each table as a JSON text."""

    def __init__(self, database: Any) -> None:
        url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        try:
            self._connection.execute("SET synchronous_commit = on")
        except psycopg.Error:
            self._connection.close()
            raise
        self._statements: dict[frozenset[str], str] = {}
        self.broken = False

    def write(self, batch: Sequence[Prepared]) -> list[Fate]:
        generation = batch[0].generation
        current = [item for item in batch if item.generation == generation]
        unique: dict[Any, Prepared] = {}
        for item in current:
            unique.setdefault(item.idempotency or item.decision_id, item)
        present = frozenset(name for item in unique.values() for name in item.rows)
        # Each table's rows are a text of their own: the server reads all of one for each table that it takes from it.
        texts = [
            orjson.dumps(
                [_json_row(name, item.rows[name]) for item in unique.values() if name in item.rows]
            ).decode()
            for name in _TABLES
            if name in present
        ]
        statement = self._statements.get(present)
        if statement is None:
            statement = self._statements[present] = _statement(present)
        found = self._connection.execute(statement, (generation, *texts)).fetchone()
        assert found is not None
        same_generation, stored_ids = found
        ids = set(stored_ids)
        fates = []
        for item in batch:
            if item.generation != generation or not same_generation:
                fates.append(Fate.CONFIGURATION_CHANGED)
            else:
                fates.append(Fate.STORED if item.decision_id in ids else Fate.DUPLICATE)
        return fates

    def close(self) -> None:
        self._connection.close()


def _json_row(table: str, row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        name: in_json(value) for (name, in_json), value in zip(_IN_JSON[table], row, strict=True)
    }


def _hex(value: Any) -> Any:
    return None if value is None else value.hex()


def _as_it_is(value: Any) -> Any:
    return value


#: For each table: its columns, and how a value of each stands in the JSON text (bytes in hex, JSON not as a string).
_IN_JSON: dict[str, list[tuple[str, Callable[[Any], Any]]]] = {
    name: [
        (
            column.name,
            _hex
            if isinstance(column.type, sa.LargeBinary)
            else orjson.Fragment
            if isinstance(column.type, sa.JSON)
            else _as_it_is,
        )
        for column in _given(table)
    ]
    for name, table in _TABLES.items()
}


def _statement(present: frozenset[str]) -> str:
    """Return the statement that stores the rows of these tables, unless the configuration has changed."""
    parts = ["same AS (SELECT 1 FROM installation WHERE generation = %s)"]
    for name, table in _TABLES.items():
        if name not in present:
            continue
        types, values = [], []
        for column in _given(table):
            kind = column.type.compile(_POSTGRESQL)
            types.append(f"{column.name} {'text' if kind == 'BYTEA' else kind}")
            values.append(
                f"decode(r.{column.name}, 'hex')" if kind == "BYTEA" else f"r.{column.name}"
            )
        names = ", ".join(columns(name))
        # Rows hang on their decision: where its idempotency key was taken meanwhile, none of them is stored.
        owner = {
            "subject_keys": None,
            "decisions": None,
            "payloads": "record_id",
            "group_vault": "decision_id",
            "cases": "decision_id",
            "ground_truths": "decision_id",
            "import_references": "decision_id",
            "count_deltas": "decision_id",
            "log_records": "decision_id",
            "log_pending": "record_id",
        }[name]
        join = "" if owner is None else f" JOIN stored_decisions d ON d.id = r.{owner}"
        tail = {
            "subject_keys": " ON CONFLICT DO NOTHING",
            "decisions": " ON CONFLICT DO NOTHING RETURNING id",
        }.get(name, "")
        parts.append(
            f"stored_{name} AS (INSERT INTO {name} ({names}) SELECT {', '.join(values)} FROM same, "  # noqa: S608 -- names of our own tables.
            f"json_to_recordset(%s::json) AS r({', '.join(types)}){join}{tail})"
        )
    answer = "EXISTS (SELECT 1 FROM same), COALESCE((SELECT array_agg(id::text) FROM stored_decisions), '{}')"
    return f"WITH {', '.join(parts)} SELECT {answer}"
