"""Second looks: whose own one a case is, and reversals after a sampled check."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and let a reversal do without an appeal."""
    op.add_column("cases", sa.Column("second_look_of", Id(length=36), nullable=True))
    op.create_index(
        "ix_cases_claimed",
        "cases",
        ["claimed_by"],
        unique=False,
        sqlite_where=sa.text("claimed_by IS NOT NULL"),
        postgresql_where=sa.text("claimed_by IS NOT NULL"),
    )
    _make_anew(checks=True)


def downgrade() -> None:
    """Drop the columns; reversals after checks go with them."""
    op.execute("DELETE FROM reversals WHERE appeal_id IS NULL")
    _make_anew(checks=False)
    op.drop_index("ix_cases_claimed", table_name="cases")
    op.drop_column("cases", "second_look_of")


def _make_anew(*, checks: bool) -> None:
    """Copy the table of reversals into one with, or without, checks: SQLite changes no column in place."""
    op.drop_index(op.f("ix_reversals_appeal_id"), table_name="reversals")
    op.rename_table("reversals", "reversals_before")
    # PostgreSQL keeps the names of constraints with the table that they came with.
    if op.get_bind().dialect.name == "postgresql":
        names = ["pk_reversals", "uq_reversals_reverses"]
        names += [f"fk_reversals_{one}" for one in ("appeal_id", "decision_id", "reverses")]
        for name in [
            *names,
            *([] if checks else ["fk_reversals_check_id", "uq_reversals_check_id"]),
        ]:
            op.execute(f"ALTER TABLE reversals_before RENAME CONSTRAINT {name} TO {name}_before")
    op.create_table(
        "reversals",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("reverses", Id(length=36), nullable=False),
        sa.Column("appeal_id", Id(length=36), nullable=checks),
        *([sa.Column("check_id", Id(length=36), nullable=True)] if checks else []),
        sa.ForeignKeyConstraint(["appeal_id"], ["appeals.id"], name=op.f("fk_reversals_appeal_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_reversals_decision_id")
        ),
        sa.ForeignKeyConstraint(["reverses"], ["decisions.id"], name=op.f("fk_reversals_reverses")),
        *(
            [
                sa.ForeignKeyConstraint(
                    ["check_id"], ["cases.id"], name=op.f("fk_reversals_check_id")
                ),
                sa.UniqueConstraint("check_id", name=op.f("uq_reversals_check_id")),
            ]
            if checks
            else []
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("reverses", name=op.f("uq_reversals_reverses")),
    )
    op.execute(
        "INSERT INTO reversals (decision_id, reverses, appeal_id) "
        "SELECT decision_id, reverses, appeal_id FROM reversals_before"
    )
    op.drop_table("reversals_before")
    op.create_index(op.f("ix_reversals_appeal_id"), "reversals", ["appeal_id"], unique=False)
