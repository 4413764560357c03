"""The migrations make the tables that the records describe, on both databases, and can be taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from governance import schema
from governance.errors import WrongInstallation
from governance.records import metadata
from governance.storage.database import Database


@pytest.fixture
def empty(empty_database_url: str):
    database = Database(empty_database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield database
    database.dispose()


def test_the_newest_version_is_the_one_the_program_expects() -> None:
    assert next(schema.known()) == schema.HEAD


# SQLite tells nobody which expressions an index is made of; PostgreSQL does, and is compared.
@pytest.mark.filterwarnings(
    "ignore:Skipped unsupported reflection of expression-based index",
    "ignore:autogenerate skipping metadata-specified expression-based index",
)
def test_upgrading_an_empty_database_makes_what_the_records_describe(empty: Database) -> None:
    assert schema.current(empty) is None
    with pytest.raises(WrongInstallation, match="db upgrade"):
        schema.check_schema(empty)
    schema.upgrade(empty)
    schema.check_schema(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)
    assert schema.current(empty) == schema.HEAD


def test_downgrading_leaves_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    with empty.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    schema.upgrade(empty)
    assert schema.current(empty) == schema.HEAD


@pytest.mark.parametrize("table", ["log_records", "log_leaves"])
def test_the_database_itself_refuses_to_change_the_log(empty: Database, table: str) -> None:
    schema.upgrade(empty)
    row = {
        "log_records": "INSERT INTO log_records (id, kind, recorded_at, entry) VALUES ('01a20000-0000-7000-8000-000000000000', 'x', '2026-01-01T00:00:00.000000Z', 'e')",
        "log_leaves": "INSERT INTO log_leaves (epoch, leaf_index, record_id, leaf_hash, integrated_at) VALUES (1, 0, '01a20000-0000-7000-8000-000000000000', 'h', '2026-01-01T00:00:00.000000Z')",
    }[table]
    with empty.write() as session:
        session.execute(sa.text(row))
    for act in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET record_id = record_id"
        if table == "log_leaves"
        else f"UPDATE {table} SET kind = 'y'",
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), empty.write() as session:
            session.execute(sa.text(act))
