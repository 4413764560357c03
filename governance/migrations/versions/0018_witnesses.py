"""Witnesses' cosignatures, how witnesses answered, anchors, and when a checkpoint was published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what was signed until now was published at once."""
    op.add_column("log_checkpoints", sa.Column("published_at", Instant(length=27), nullable=True))
    op.execute("UPDATE log_checkpoints SET published_at = signed_at")
    op.create_table(
        "log_cosignatures",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("vkey", sa.String(length=500), nullable=False),
        sa.Column("cosigned_at", Instant(length=27), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size", "vkey", name=op.f("pk_log_cosignatures")),
    )
    op.create_table(
        "log_witnesses",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("vkey", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.Column("failing_since", Instant(length=27), nullable=True),
        sa.Column("fault", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("epoch", "vkey", name=op.f("pk_log_witnesses")),
    )
    op.create_table(
        "log_anchors",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=500), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_anchors")),
    )
    op.create_index(
        "ix_log_anchors_method_made", "log_anchors", ["method", "made_at"], unique=False
    )
    op.create_index("ix_log_anchors_epoch_size", "log_anchors", ["epoch", "size"], unique=False)


def downgrade() -> None:
    """Take the tables back."""
    op.drop_table("log_anchors")
    op.drop_table("log_witnesses")
    op.drop_table("log_cosignatures")
    op.drop_column("log_checkpoints", "published_at")
