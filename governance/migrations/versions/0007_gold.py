"""Gold cases: known ones, to whom each was served, and how far each person is in their block."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ACTIVE = sa.text("retired_at IS NULL")
_SERVED = sa.text("gold_for IS NOT NULL")


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("decisions", sa.Column("gold_for", Id(length=36), nullable=True))
    op.create_index(
        "ix_decisions_gold_for",
        "decisions",
        ["gold_for"],
        unique=False,
        sqlite_where=_SERVED,
        postgresql_where=_SERVED,
    )
    op.create_table(
        "gold_cases",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("answer", sa.String(length=200), nullable=False),
        sa.Column("made_by", Id(length=36), nullable=False),
        sa.Column("made_at", Instant(length=27), nullable=False),
        sa.Column("retired_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_gold_cases_decision_id")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_gold_cases_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold_cases")),
    )
    op.create_index("ix_gold_cases_point", "gold_cases", ["point", "retired_at"], unique=False)
    op.create_index(
        "uq_gold_cases_source",
        "gold_cases",
        ["decision_id"],
        unique=True,
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.create_table(
        "gold_progress",
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("verdicts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_gold_progress_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "point", name=op.f("pk_gold_progress")),
    )
    op.create_table(
        "gold_servings",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("gold_case_id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("block", sa.Integer(), nullable=False),
        sa.Column("subject_tag", sa.String(length=64), nullable=True),
        sa.Column("served_at", Instant(length=27), nullable=False),
        sa.Column("ended_at", Instant(length=27), nullable=True),
        sa.Column("told_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_gold_servings_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["gold_case_id"], ["gold_cases.id"], name=op.f("fk_gold_servings_gold_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_gold_servings_person_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_gold_servings")),
        sa.UniqueConstraint(
            "gold_case_id", "person_id", name=op.f("uq_gold_servings_gold_case_id_person_id")
        ),
    )
    op.create_index(
        "ix_gold_servings_person_point",
        "gold_servings",
        ["person_id", "point", "block"],
        unique=False,
    )
    op.create_index(
        op.f("ix_gold_servings_subject_tag"), "gold_servings", ["subject_tag"], unique=False
    )


def downgrade() -> None:
    """Drop the tables and the column."""
    op.drop_index(op.f("ix_gold_servings_subject_tag"), table_name="gold_servings")
    op.drop_index("ix_gold_servings_person_point", table_name="gold_servings")
    op.drop_table("gold_servings")
    op.drop_table("gold_progress")
    op.drop_index(
        "uq_gold_cases_source",
        table_name="gold_cases",
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.drop_index("ix_gold_cases_point", table_name="gold_cases")
    op.drop_table("gold_cases")
    op.drop_index(
        "ix_decisions_gold_for",
        table_name="decisions",
        sqlite_where=_SERVED,
        postgresql_where=_SERVED,
    )
    op.drop_column("decisions", "gold_for")
