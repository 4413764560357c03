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
    with op.batch_alter_table("reversals") as table:
        table.alter_column("appeal_id", existing_type=Id(length=36), nullable=True)
        table.add_column(sa.Column("check_id", Id(length=36), nullable=True))
        table.create_foreign_key(op.f("fk_reversals_check_id"), "cases", ["check_id"], ["id"])
        table.create_unique_constraint(op.f("uq_reversals_check_id"), ["check_id"])


def downgrade() -> None:
    """Drop the columns; reversals after checks go with them."""
    op.execute("DELETE FROM reversals WHERE appeal_id IS NULL")
    with op.batch_alter_table("reversals") as table:
        table.drop_constraint(op.f("uq_reversals_check_id"), type_="unique")
        table.drop_constraint(op.f("fk_reversals_check_id"), type_="foreignkey")
        table.drop_column("check_id")
        table.alter_column("appeal_id", existing_type=Id(length=36), nullable=False)
    op.drop_index("ix_cases_claimed", table_name="cases")
    op.drop_column("cases", "second_look_of")
