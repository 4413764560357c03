"""The schema's version: upgrading it, and refusing to run with another."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from governance.errors import WrongInstallation
from governance.storage.database import Database


def alembic_config() -> Config:
    """Return Alembic's configuration for the migrations inside this package."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
    )
    return config


def head() -> str:
    """Return the newest schema version this program knows."""
    revision = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert revision is not None
    return revision


def is_known(revision: str) -> bool:
    """Tell whether this program has a schema version."""
    return any(
        known.revision == revision
        for known in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    )


def current(database: Database) -> str | None:
    """Return the database's schema version, None when it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to a version, each migration in a transaction of its own."""
    config = alembic_config()
    config.attributes["database"] = database
    with database.turn:
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a version."""
    config = alembic_config()
    config.attributes["database"] = database
    with database.turn:
        command.downgrade(config, revision)


def check_schema(database: Database) -> None:
    """Raise unless the database has the schema of this program.

    Raises:
        WrongInstallation: it is empty, older or newer.
    """
    found, expected = current(database), head()
    if found != expected:
        raise WrongInstallation(
            f"The database has schema {found or 'none'}, this program needs {expected}. "
            "Run `answerable db upgrade` with the newest program, then start it again."
        )
