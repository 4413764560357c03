"""Known cases, to whom each was served, and how far each person is in their block."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class GoldCase(Base):
    """A resolved decision whose right answer somebody vouches for. Its id is that of its entry, under which the note is a payload."""

    __tablename__ = "gold_cases"
    __table_args__ = (
        sa.Index("ix_gold_cases_point", "point", "retired_at"),
        sa.Index(
            "uq_gold_cases_source",
            "decision_id",
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"))
    point: Mapped[str] = mapped_column(sa.String(63))
    answer: Mapped[str] = mapped_column(sa.String(200))
    made_by: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"))
    made_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class GoldServing(Base):
    """That a person was served a known case, as the decision of that id.

    ``block`` counts that person's verdicts at the point by the policy's share; by ``subject_tag`` the made-up subject is found. ``ended_at`` is set where it ended without a verdict,
    ``told_at`` once the person said that they have seen what was right.
    """

    __tablename__ = "gold_servings"
    __table_args__ = (
        sa.UniqueConstraint("gold_case_id", "person_id"),
        sa.Index("ix_gold_servings_person_point", "person_id", "point", "block"),
    )

    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), primary_key=True)
    gold_case_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("gold_cases.id"))
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"))
    point: Mapped[str] = mapped_column(sa.String(63))
    block: Mapped[int]
    subject_tag: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    served_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)


class GoldProgress(Base):
    """How many verdicts of a person stand at a point, since known cases are served there."""

    __tablename__ = "gold_progress"

    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), primary_key=True)
    point: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    verdicts: Mapped[int]
