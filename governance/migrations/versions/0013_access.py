"""What persons concerned ask for, and who read what within an hour."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "rights_requests",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=True),
        sa.Column("door", sa.String(length=7), nullable=False),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", Instant(length=27), nullable=False),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("answer_id", Id(length=36), nullable=True),
        sa.Column("copy_until", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["subject_keys.id"],
            name=op.f("fk_rights_requests_key_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_requests")),
    )
    op.create_index("ix_rights_requests_key", "rights_requests", ["key_id"], unique=False)
    op.create_index(
        "ix_rights_requests_status_due", "rights_requests", ["status", "due_at"], unique=False
    )
    op.create_index(
        "uq_rights_requests_open",
        "rights_requests",
        ["key_id", "kind"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "readings",
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("hour", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("actor", "what", "about", "hour", name=op.f("pk_readings")),
    )
    op.create_index(op.f("ix_readings_hour"), "readings", ["hour"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("readings")
    op.drop_table("rights_requests")
