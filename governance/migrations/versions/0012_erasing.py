"""Erasures, legal holds, what is left of them, and what erased decisions had added to the counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erasures",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=True),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("ground", sa.String(length=24), nullable=False),
        sa.Column("request_id", Id(length=36), nullable=True),
        sa.Column("rights_id", Id(length=36), nullable=True),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("erased_at", Instant(length=27), nullable=True),
        sa.Column("wiped_at", Instant(length=27), nullable=True),
        sa.Column("mixed_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["subject_keys.id"],
            name=op.f("fk_erasures_key_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_key_id"), "erasures", ["key_id"], unique=False)
    op.create_index(op.f("ix_erasures_request_id"), "erasures", ["request_id"], unique=False)
    op.create_index("ix_erasures_status", "erasures", ["status", "asked_at"], unique=False)
    op.create_table(
        "legal_holds",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=True),
        sa.Column("set_at", Instant(length=27), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("lifted_at", Instant(length=27), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["subject_keys.id"],
            name=op.f("fk_legal_holds_key_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    op.create_index(op.f("ix_legal_holds_key_id"), "legal_holds", ["key_id"], unique=False)
    op.create_table(
        "spent_keys",
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("until", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_spent_keys")),
    )
    op.create_table(
        "erased_records",
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_erased_records")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erased_counts",
        sa.Column("counted", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counted", "digest", name=op.f("pk_erased_counts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("erased_counts", "erased_records", "spent_keys", "legal_holds", "erasures"):
        op.drop_table(table)
