"""The keys that sign for the log, with what each signs and from where to where it counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and enter the key that each epoch was opened with."""
    op.create_table(
        "log_keys",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("vkey", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("active_from_index", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", Instant(), nullable=True),
        sa.Column("retired_epoch", sa.Integer(), nullable=True),
        sa.Column("retired_at_index", sa.BigInteger(), nullable=True),
        sa.Column("retired_because", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_log_keys")),
        sa.UniqueConstraint("vkey", name=op.f("uq_log_keys_vkey")),
    )
    op.execute(
        "INSERT INTO log_keys (number, vkey, purpose, epoch, added_at, active_from_index) "
        "SELECT epoch, vkey, 'log', epoch, opened_at, 0 FROM logs"
    )


def downgrade() -> None:
    """Drop the table; entries of the log still name the keys."""
    op.drop_table("log_keys")
