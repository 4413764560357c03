"""Appeals, reversals, and subjects about whom a person always decides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people_only",
        sa.Column("subject_tag", sa.String(length=64), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=False),
        sa.Column("set_at", Instant(length=27), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["subject_keys.id"],
            name=op.f("fk_people_only_key_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject_tag", name=op.f("pk_people_only")),
    )
    op.create_index(op.f("ix_people_only_key_id"), "people_only", ["key_id"], unique=False)
    op.create_table(
        "appeals",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("case_id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("status", sa.String(length=9), nullable=False),
        sa.Column("door", sa.String(length=7), nullable=False),
        sa.Column("opened_at", Instant(length=27), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", Instant(length=27), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=True),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answered_by", Id(length=36), nullable=True),
        sa.Column("answer_id", Id(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["people.id"], name=op.f("fk_appeals_answered_by")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_appeals_case_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_appeals_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
        sa.UniqueConstraint("case_id", name=op.f("uq_appeals_case_id")),
    )
    op.create_index(op.f("ix_appeals_decision_id"), "appeals", ["decision_id"], unique=False)
    op.create_index("ix_appeals_status_due", "appeals", ["status", "due_at"], unique=False)
    op.create_index(
        "uq_appeals_open",
        "appeals",
        ["decision_id"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "reversals",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("reverses", Id(length=36), nullable=False),
        sa.Column("appeal_id", Id(length=36), nullable=False),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_reversals_appeal_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_reversals_decision_id")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["decisions.id"], name=op.f("fk_reversals_reverses")),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("reverses", name=op.f("uq_reversals_reverses")),
    )
    op.create_index(op.f("ix_reversals_appeal_id"), "reversals", ["appeal_id"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(op.f("ix_reversals_appeal_id"), table_name="reversals")
    op.drop_table("reversals")
    op.drop_index(
        "uq_appeals_open",
        table_name="appeals",
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.drop_index("ix_appeals_status_due", table_name="appeals")
    op.drop_index(op.f("ix_appeals_decision_id"), table_name="appeals")
    op.drop_table("appeals")
    op.drop_index(op.f("ix_people_only_key_id"), table_name="people_only")
    op.drop_table("people_only")
