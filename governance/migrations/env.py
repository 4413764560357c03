"""How Alembic runs a migration: on the database it is handed, one transaction each, with short locks on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from governance.records import metadata


def run() -> None:
    """Run the migrations that were asked for."""
    database = context.config.attributes["database"]
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET lock_timeout = '5s'"))
            connection.execute(sa.text("SELECT pg_advisory_lock(7221001)"))
            connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=metadata,
                transaction_per_migration=True,
                render_as_batch=connection.dialect.name == "sqlite",
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(sa.text("SELECT pg_advisory_unlock(7221001)"))
                connection.commit()


run()
