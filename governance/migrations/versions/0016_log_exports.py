"""Exports of the log that are made in the background."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "log_exports",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.Column("since", Instant(length=27), nullable=True),
        sa.Column("until", Instant(length=27), nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("entries", sa.BigInteger(), nullable=True),
        sa.Column("log_size", sa.BigInteger(), nullable=True),
        sa.Column("made_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_exports")),
    )
    op.create_index(op.f("ix_log_exports_asked_at"), "log_exports", ["asked_at"])
    op.create_table(
        "log_export_parts",
        sa.Column("export_id", Id(length=36), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["log_exports.id"], name=op.f("fk_log_export_parts_export_id")
        ),
        sa.PrimaryKeyConstraint("export_id", "attempt", "number", name=op.f("pk_log_export_parts")),
    )


def downgrade() -> None:
    """Drop them; what was exported can be exported again."""
    op.drop_table("log_export_parts")
    op.drop_table("log_exports")
