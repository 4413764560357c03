"""Appeals, and the decisions that took the place of others."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Appeal(Base):
    """An objection to a decision.

    Its id is that of its first entry, under which words, corrected facts and files are payloads; the answer is one of ``answer_id``, the
    entry that tells of it. ``door`` is where it came in, ``form`` an HMAC of the form that brought it, by which the same form sent twice is known.
    """

    __tablename__ = "appeals"
    __table_args__ = (
        sa.Index(
            "uq_appeals_open",
            "decision_id",
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        ),
        sa.Index("ix_appeals_status_due", "status", "due_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), index=True)
    case_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("cases.id"), unique=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    status: Mapped[str] = mapped_column(sa.String(9))
    door: Mapped[str] = mapped_column(sa.String(7))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[str] = mapped_column(sa.String(80))
    due_at: Mapped[datetime] = mapped_column(Instant)
    form: Mapped[str | None] = mapped_column(sa.String(64))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    upheld: Mapped[bool | None]
    answered_by: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("people.id"))
    answer_id: Mapped[str | None] = mapped_column(Id)


class Reversal(Base):
    """A decision that took the place of another after an appeal, or after the sampled check ``check_id``, a case.

    Each is reversed at most once, and then what reversed it may be.
    """

    __tablename__ = "reversals"

    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), primary_key=True)
    reverses: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), unique=True)
    appeal_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("appeals.id"), index=True)
    check_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("cases.id"), unique=True)
