"""The schema's version: upgrading it, and refusing to run with another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from audits.sentences import sentence, together
from governance.errors import WrongInstallation
from governance.storage.database import Database

# Alembic is imported where a migration runs: serving needs none of it, and it takes long to import.
if TYPE_CHECKING:
    from alembic.config import Config

#: The newest schema version this program knows; a test holds it against the migrations.
HEAD: Final = "0018"


def alembic_config() -> Config:
    """Return Alembic's configuration for the migrations inside this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%")
    )
    return config


def head() -> str:
    """Return the newest schema version this program knows."""
    return HEAD


def known() -> Iterator[str]:
    """Yield the schema versions this program has migrations to, newest first."""
    from alembic.script import ScriptDirectory

    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        yield script.revision


def is_known(revision: str) -> bool:
    """Tell whether this program has a schema version."""
    return revision in known()


def current(database: Database) -> str | None:
    """Return the database's schema version, None when it is empty."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
        found: str | None = version.scalar_one_or_none()
        return found


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the schema to a version, each migration in a transaction of its own."""
    from alembic import command

    config = alembic_config()
    config.attributes["database"] = database
    with database.turn:
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back to a version."""
    from alembic import command

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
            together(
                sentence(
                    "The database has schema %(found)s, this program needs %(expected)s.",
                    found=found,
                    expected=expected,
                )
                if found
                else sentence(
                    "The database has no schema, this program needs %(expected)s.",
                    expected=expected,
                ),
                sentence(
                    "Run `answerable db upgrade` with the newest program, then start it again."
                ),
            )
        )
