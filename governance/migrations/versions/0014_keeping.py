"""Key-encryption keys that were in use, decisions whose payloads were pruned, and a log whose oldest entries may be deleted below ``min_index``."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BELOW = {
    "log_records": (
        "EXISTS (SELECT 1 FROM log_leaves JOIN logs ON logs.epoch = log_leaves.epoch "
        "WHERE log_leaves.record_id = OLD.id AND log_leaves.leaf_index < logs.min_index)"
    ),
    "log_leaves": "EXISTS (SELECT 1 FROM logs WHERE logs.epoch = OLD.epoch AND OLD.leaf_index < logs.min_index)",
}


def upgrade() -> None:
    """Make the tables, name the key in use, and let what is below ``min_index`` be deleted."""
    op.create_table(
        "key_encryption_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("used_from", Instant(length=27), nullable=False),
        sa.Column("used_until", Instant(length=27), nullable=True),
        sa.Column("rewrapped_at", Instant(length=27), nullable=True),
        sa.Column("deleted_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_encryption_keys")),
    )
    op.create_table(
        "pruned_decisions",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("pruned_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_pruned_decisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retention_marks",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("done_before", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("point", name=op.f("pk_retention_marks")),
    )
    _name_the_key_in_use()
    if op.get_bind().dialect.name == "sqlite":
        for table, below in _BELOW.items():
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT {below} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    for table, below in _BELOW.items():
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE FUNCTION refuse_delete_from_{table}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NOT {below} THEN RAISE EXCEPTION '{table} is append-only'; END IF; RETURN OLD; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_delete_from_{table}()"
        )


def _name_the_key_in_use() -> None:
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT fingerprints, created_at FROM installation")).first()
    if found is not None:
        said = found.fingerprints
        fingerprints = json.loads(said) if isinstance(said, str) else said
        connection.execute(
            sa.text("INSERT INTO key_encryption_keys (id, used_from) VALUES (:id, :used_from)"),
            {"id": fingerprints["kek"][:16], "used_from": found.created_at},
        )


def downgrade() -> None:
    """Refuse any delete again, and drop the tables."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _BELOW:
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    else:
        for table in _BELOW:
            op.execute(f"DROP TRIGGER {table}_no_delete ON {table}")
            op.execute(f"DROP FUNCTION refuse_delete_from_{table}()")
            op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
    for table in ("retention_marks", "pruned_decisions", "key_encryption_keys"):
        op.drop_table(table)
