"""The way to the newest decided cases of a point."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index(
        "ix_cases_point_closed", "cases", ["point", "status", "closed_at", "id"], unique=False
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_cases_point_closed", table_name="cases")
