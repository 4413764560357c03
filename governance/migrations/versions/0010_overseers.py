"""The staff notice, figures of people, alarms, and counts of what people turn round and of appeals by path."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "oversight_overrides",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("band", sa.String(length=9), nullable=False),
        sa.Column("positive", sa.Boolean(), nullable=False),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point",
            "day",
            "version",
            "grp",
            "band",
            "positive",
            "overridden",
            name=op.f("pk_oversight_overrides"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "oversight_paths",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("path", sa.String(length=9), nullable=False),
        sa.Column("appeal", sa.String(length=9), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point", "day", "version", "grp", "path", "appeal", name=op.f("pk_oversight_paths")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "staff_notices",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", Id(length=36), nullable=False),
        sa.Column("published_at", Instant(length=27), nullable=False),
        sa.Column("published_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_staff_notices")),
    )
    op.create_table(
        "staff_acknowledgements",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("acknowledged_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_staff_acknowledgements_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["version"],
            ["staff_notices.version"],
            name=op.f("fk_staff_acknowledgements_version"),
        ),
        sa.PrimaryKeyConstraint("version", "person_id", name=op.f("pk_staff_acknowledgements")),
    )
    op.create_table(
        "person_figures",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("made_at", Instant(length=27), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("commented_at", Instant(length=27), nullable=True),
        sa.Column("comment_key", Id(length=36), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["comment_key"], ["subject_keys.id"], name=op.f("fk_person_figures_comment_key")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_person_figures_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_figures")),
        sa.UniqueConstraint(
            "point", "person_id", "until", name=op.f("uq_person_figures_point_person_id_until")
        ),
    )
    op.create_index(op.f("ix_person_figures_made_at"), "person_figures", ["made_at"], unique=False)
    op.create_index(
        op.f("ix_person_figures_person_id"), "person_figures", ["person_id"], unique=False
    )
    op.create_table(
        "alarm_windows",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("person", sa.String(length=36), nullable=False),
        sa.Column("begins_at", Instant(length=27), nullable=False),
        sa.Column("ends_at", Instant(length=27), nullable=False),
        sa.Column("judged_at", Instant(length=27), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("done", sa.String(length=20), nullable=True),
        sa.Column("done_at", Instant(length=27), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("done_entry", Id(length=36), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_windows")),
        sa.UniqueConstraint(
            "point", "person", "begins_at", name=op.f("uq_alarm_windows_point_person_begins_at")
        ),
    )
    op.create_index(op.f("ix_alarm_windows_person"), "alarm_windows", ["person"], unique=False)


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "alarm_windows",
        "person_figures",
        "staff_acknowledgements",
        "staff_notices",
        "oversight_paths",
        "oversight_overrides",
    ):
        op.drop_table(table)
