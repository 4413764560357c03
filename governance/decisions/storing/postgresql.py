"""Storing decisions in PostgreSQL: one autocommitted statement a batch, on one long-lived connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import orjson
import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from governance.decisions.storing.rows import TABLES, Fate, Prepared, columns, given
from governance.storage.database import Database

_POSTGRESQL = postgresql.dialect()


class PostgreSQLStore:
    """Writes batches to PostgreSQL: one autocommitted statement, whose parameters are the rows of each table as a JSON text."""

    def __init__(self, database: Database) -> None:
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
            for name in TABLES
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

    @staticmethod
    def is_lost_connection(error: Exception) -> bool:
        """Tell whether the connection may have died: one that was idle notices only when it is used."""
        return isinstance(error, psycopg.OperationalError)

    @staticmethod
    def is_outage(error: Exception) -> bool:
        """Tell whether the server could not be reached or could not write."""
        return isinstance(error, psycopg.OperationalError)

    @staticmethod
    def is_missing_key(error: Exception) -> bool:
        """Tell whether a row names a key that is gone."""
        return isinstance(error, psycopg.errors.ForeignKeyViolation) and "key_id" in str(
            error.diag.constraint_name
        )


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
        for column in given(table)
    ]
    for name, table in TABLES.items()
}


def _statement(present: frozenset[str]) -> str:
    """Return the statement that stores the rows of these tables, unless the configuration has changed."""
    parts = ["same AS (SELECT 1 FROM installation WHERE generation = %s)"]
    for name, table in TABLES.items():
        if name not in present:
            continue
        types, values = [], []
        for column in given(table):
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
