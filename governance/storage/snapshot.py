"""Reading many tables as they stood at one instant, however long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from governance.storage.database import Database


@contextmanager
def snapshot(database: Database) -> Iterator[Session]:
    """Yield a session whose every statement sees the same state; nobody is kept from writing meanwhile."""
    with database.read() as session:
        if not database.is_sqlite:
            # On SQLite a transaction that reads is such a snapshot anyway.
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
