"""Database roles on PostgreSQL: one that serves, which may fill the vault and never read it, and one that folds counts, which may.

The role that owns the tables upgrades the schema and is neither.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from psycopg import sql

from governance.errors import Conflict, InvalidInput, NotFound
from governance.storage.database import Database

#: What group attributes lie in; the serving role may only add to it.
_VAULT: Final = "group_vault"
#: PostgreSQL 17 lets who does not own a table be allowed to vacuum it.
_KNOWS_MAINTAIN: Final = 170_000


def set_roles(database: Database, *, serving: str, fairness: str) -> None:
    """Give both roles what they need of all tables, and take reading the vault from the one that serves.

    Run it as the tables' owner, again after each upgrade of the schema: new tables come without rights.

    Raises:
        InvalidInput: the database is SQLite, which knows no roles, or both are the same role.
        NotFound: there is no such role.
        Conflict: one of them owns the tables or is a superuser, and could read the vault whatever is taken from it.
    """
    if database.is_sqlite:
        raise InvalidInput(
            "SQLite knows no roles: whoever can open the file reads all of it. Use PostgreSQL to keep the vault apart."
        )
    if serving == fairness:
        raise InvalidInput("Name two roles: one that serves and another that reads the vault.")
    with database.engine.begin() as connection:
        for role in (serving, fairness):
            found = connection.execute(
                sa.text(
                    "SELECT rolsuper, (SELECT tableowner = rolname FROM pg_tables WHERE schemaname = 'public' "
                    "AND tablename = :vault) FROM pg_roles WHERE rolname = :role"
                ),
                {"role": role, "vault": _VAULT},
            ).one_or_none()
            if found is None:
                raise NotFound(f"There is no role {role!r}; make it first: CREATE ROLE ... LOGIN.")
            if any(found):
                raise Conflict(
                    f"The role {role!r} owns the tables or is a superuser, so nothing can be kept from it. Name a plain role."
                )
        raw = connection.connection.driver_connection
        assert raw is not None
        names = {
            "serving": sql.Identifier(serving),
            "fairness": sql.Identifier(fairness),
            "both": sql.SQL(", ").join([sql.Identifier(serving), sql.Identifier(fairness)]),
            "vault": sql.Identifier(_VAULT),
        }
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {both}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {both}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {both}",
            "REVOKE ALL ON {vault} FROM {serving}, PUBLIC",
            "GRANT INSERT ON {vault} TO {serving}",
        ):
            raw.execute(sql.SQL(statement).format(**names))
        if raw.info.server_version >= _KNOWS_MAINTAIN:
            # For the vacuum after an erasure; before, the tables' owner or autovacuum does it.
            statement = "GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {fairness}"
            raw.execute(sql.SQL(statement).format(**names))
