"""Storing decisions in SQLite: one immediate transaction a batch, with ``executemany``."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from governance.decisions.storing.rows import TABLES, Fate, Prepared, columns
from governance.storage.database import Database


class SQLiteStore:
    """Writes batches to SQLite over one connection of its own."""

    def __init__(self, database: Database) -> None:
        assert database.file is not None
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
            for name in TABLES
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

    @staticmethod
    def is_lost_connection(error: Exception) -> bool:  # noqa: ARG004 -- a server's store looks at it.
        """Return false: there is no connection that a file could lose."""
        return False

    @staticmethod
    def is_outage(error: Exception) -> bool:
        """Tell whether the file could not be read or written, or was locked for too long."""
        return isinstance(error, sqlite3.OperationalError)

    @staticmethod
    def is_missing_key(error: Exception) -> bool:
        """Tell whether a row names a key that is gone; SQLite does not say which column."""
        return isinstance(error, sqlite3.IntegrityError) and "FOREIGN KEY" in str(error)
