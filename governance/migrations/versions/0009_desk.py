"""Competence for a queue, bulk approvals, mails by the morning, and when queues were told to be late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and columns."""
    for name in ("competence_since", "overdue_told_until", "overdue_admins_told_until"):
        op.add_column("queues", sa.Column(name, Instant(length=27), nullable=True))
    op.add_column(
        "people",
        sa.Column("mail_digest", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "competences",
        sa.Column("queue", sa.String(length=63), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.Column("shown_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("ends_at", Instant(length=27), nullable=False),
        sa.Column("warned_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["queue"], ["queues.name"], name=op.f("fk_competences_queue")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_competences_person_id")
        ),
        sa.PrimaryKeyConstraint("queue", "person_id", name=op.f("pk_competences")),
    )
    op.create_index(op.f("ix_competences_person_id"), "competences", ["person_id"], unique=False)
    op.create_table(
        "bulk_approvals",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("begun_at", Instant(length=27), nullable=False),
        sa.Column("case_ids", sa.JSON(), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("opened", sa.JSON(), nullable=False),
        sa.Column("given_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_bulk_approvals_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_approvals")),
    )
    # No foreign key: SQLite adds none to a table that is there.
    op.add_column("verdicts", sa.Column("bulk_id", Id(length=36), nullable=True))
    op.create_index("ix_verdicts_person_given", "verdicts", ["person_id", "given_at"], unique=False)
    op.create_index("ix_cases_queue_opened", "cases", ["queue", "opened_at"], unique=False)
    op.create_index("ix_cases_queue_closed", "cases", ["queue", "closed_at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_cases_queue_closed", table_name="cases")
    op.drop_index("ix_cases_queue_opened", table_name="cases")
    op.drop_index("ix_verdicts_person_given", table_name="verdicts")
    op.drop_column("verdicts", "bulk_id")
    op.drop_table("bulk_approvals")
    op.drop_index(op.f("ix_competences_person_id"), table_name="competences")
    op.drop_table("competences")
    op.drop_column("people", "mail_digest")
    for name in ("overdue_admins_told_until", "overdue_told_until", "competence_since"):
        op.drop_column("queues", name)
