"""The database: engine, sessions for reading and writing, and the turn to write that SQLite needs."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.sentences import sentence
from governance.errors import Unavailable

_BUSY_SECONDS = 15


class WriteTurn:
    """The turn to write to a SQLite file: threads queue on a lock, processes on ``flock``.

    SQLite's own busy handler sleeps between tries, which makes the slowest of many writers wait a second.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._holder: int | None = None
        self._descriptor: int | None = None
        self._pid = 0

    def __enter__(self) -> None:
        if self._holder == threading.get_ident():
            raise RuntimeError(
                "This thread writes already: a second transaction of it would wait for the first for ever."
            )
        self._threads.acquire()
        self._holder = threading.get_ident()
        try:
            if self._pid != os.getpid():
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                self._pid = os.getpid()
            assert self._descriptor is not None
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except BaseException:
            self._holder = None
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            if self._descriptor is not None:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            self._holder = None
            self._threads.release()


class _NoTurn:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class Database:
    """One database, as one process sees it. Connections are made when first needed, in the process that needs them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        options: dict[str, Any] = {"future": True}
        self.turn: WriteTurn | _NoTurn = _NoTurn()
        self.file: Path | None = None
        if self.is_sqlite:
            self.file = Path(url.removeprefix("sqlite:///"))
            self.turn = WriteTurn(self.file.with_name(self.file.name + ".writing"))
            options |= {
                "connect_args": {"timeout": _BUSY_SECONDS, "check_same_thread": False},
                "pool_size": 20,
                "max_overflow": 20,
            }
        else:
            options |= {
                "pool_size": 4,
                "max_overflow": 16,
                "pool_pre_ping": True,
                "pool_timeout": 10,
            }
        self.engine = sa.create_engine(url, **options)
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        else:
            sa.event.listen(self.engine, "connect", _prepare_postgresql)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session that sees one state of the database and is rolled back at the end."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session whose work is committed at the end, or rolled back when anything is raised."""
        with self.turn, Session(self.engine, expire_on_commit=False) as session:
            if self.is_sqlite:
                session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute("PRAGMA cache_size=-16000")
    cursor.close()


def _prepare_postgresql(connection: Any, _: Any) -> None:
    # In a server's own zone the first and last hours of the calendar are in years that Python has not.
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()
    except Exception:
        connection.close()
        raise


def _begin_sqlite(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def unavailable(error: Exception) -> Unavailable:
    """Return the error that tells a caller that the database cannot be reached or written."""
    return Unavailable(
        sentence(
            "The database could not do it now (%(error)s). Try again in a moment, with the same Idempotency-Key if there was one: "
            "then nothing is done twice. The status page says more.",
            error=type(error).__name__,
        ),
        retry_after=2,
    )
