"""The most urgent case of a queue stands in an index in that order."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put one index in the place of another."""
    op.create_index(
        "ix_cases_urgency",
        "cases",
        ["queue", "status", "sensitive", "due_at", "opened_at", "id"],
        unique=False,
    )
    op.drop_index("ix_cases_queue_status_due", table_name="cases")


def downgrade() -> None:
    """Put the former one back."""
    op.create_index(
        "ix_cases_queue_status_due", "cases", ["queue", "status", "due_at", "id"], unique=False
    )
    op.drop_index("ix_cases_urgency", table_name="cases")
