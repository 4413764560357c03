"""What apps say that they sent, draws, and an index on apps' own counters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the index."""
    op.create_table(
        "sent_counts",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("app_id", Id(length=36), nullable=False),
        sa.Column("since", Instant(length=27), nullable=False),
        sa.Column("until", Instant(length=27), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", Instant(length=27), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_sent_counts_app_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_counts")),
    )
    op.create_index(op.f("ix_sent_counts_app_id"), "sent_counts", ["app_id"], unique=False)
    op.create_index(
        op.f("ix_sent_counts_reported_at"), "sent_counts", ["reported_at"], unique=False
    )
    op.create_table(
        "draws",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=True),
        sa.Column("since", Instant(length=27), nullable=True),
        sa.Column("until", Instant(length=27), nullable=True),
        sa.Column("bounds", sa.JSON(), nullable=False),
        sa.Column("population", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("settled_at", Instant(length=27), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draws")),
    )
    op.create_index(op.f("ix_draws_settled_at"), "draws", ["settled_at"], unique=False)
    op.create_table(
        "drawn_decisions",
        sa.Column("draw_id", Id(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("looked_at", Instant(length=27), nullable=True),
        sa.Column("looked_by", sa.String(length=80), nullable=True),
        sa.Column("entry_id", Id(length=36), nullable=True),
        sa.ForeignKeyConstraint(["draw_id"], ["draws.id"], name=op.f("fk_drawn_decisions_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", "position", name=op.f("pk_drawn_decisions")),
        sa.UniqueConstraint(
            "draw_id", "decision_id", name=op.f("uq_drawn_decisions_draw_id_decision_id")
        ),
    )
    op.create_index(
        "ix_decisions_app_sequence",
        "decisions",
        ["app_id", "sequence", "recorded_at"],
        unique=False,
        sqlite_where=sa.text("sequence IS NOT NULL"),
        postgresql_where=sa.text("sequence IS NOT NULL"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_decisions_app_sequence", table_name="decisions")
    for table in ("drawn_decisions", "draws", "sent_counts"):
        op.drop_table(table)
