"""Handling cases: put off, handed over, skipped, questions to the app, facts revealed, and judgements that come first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a case remembers of how it was handled, and the tables of skips, reveals and judgements."""
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("reserved_for", Id(length=36), nullable=True),
        sa.Column("reserved_at", Instant(length=27), nullable=True),
        sa.Column("reserved_until", Instant(length=27), nullable=True),
        sa.Column("sleeps_until", Instant(length=27), nullable=True),
        sa.Column("question_id", Id(length=36), nullable=True),
        sa.Column("judge_first", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for column in columns:
        op.add_column("cases", column)
    told: tuple[sa.Column[Any], ...] = (
        sa.Column("looked_seconds", sa.Double(), nullable=True),
        sa.Column("parts_seen", sa.Integer(), nullable=True),
        sa.Column("parts", sa.Integer(), nullable=True),
        sa.Column("words", sa.Integer(), nullable=True),
    )
    for column in told:
        op.add_column("verdicts", column)
    op.create_index(
        "ix_cases_reserved",
        "cases",
        ["reserved_for"],
        unique=False,
        sqlite_where=sa.text("reserved_for IS NOT NULL"),
        postgresql_where=sa.text("reserved_for IS NOT NULL"),
    )
    op.create_table(
        "case_skips",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("case_id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("skipped_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_case_skips_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_case_skips_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_skips")),
    )
    op.create_index(op.f("ix_case_skips_case_id"), "case_skips", ["case_id"], unique=False)
    op.create_index(
        "ix_case_skips_person", "case_skips", ["person_id", "case_id", "skipped_at"], unique=False
    )
    op.create_table(
        "reveals",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("features", sa.JSON(), nullable=False),
        sa.Column("revealed_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_reveals_decision_id_decisions")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reveals_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
    )
    op.create_index(
        "ix_reveals_decision_person", "reveals", ["decision_id", "person_id"], unique=False
    )
    op.create_table(
        "judgements",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("case_id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.Column("given_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_judgements_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_judgements_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        sa.UniqueConstraint("case_id", "person_id", name=op.f("uq_judgements_case_id_person_id")),
    )
    op.create_index(op.f("ix_judgements_person_id"), "judgements", ["person_id"], unique=False)


def downgrade() -> None:
    """Take it away again."""
    for name in ("words", "parts", "parts_seen", "looked_seconds"):
        op.drop_column("verdicts", name)
    op.drop_table("judgements")
    op.drop_table("reveals")
    op.drop_table("case_skips")
    op.drop_index("ix_cases_reserved", table_name="cases")
    for name in (
        "judge_first",
        "question_id",
        "sleeps_until",
        "reserved_until",
        "reserved_at",
        "reserved_for",
    ):
        op.drop_column("cases", name)
