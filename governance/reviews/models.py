"""Cases and verdicts."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Case(Base):
    """A decision that waits for a person.

    ``undo_seconds`` and ``due_seconds`` (working time) are the policy's, kept from the moment it
    opened. A claim counts until ``claimed_until``, a case is kept for ``reserved_for`` until ``reserved_until`` and handed to nobody
    until ``sleeps_until``; whoever reads the row computes that. ``question_id`` is the entry of a question that the app has not answered.
    A second opinion is not there before ``opened_at``, which may lie ahead; where nobody else could give it, it is that of
    ``second_look_of``, who decided first.
    """

    __tablename__ = "cases"
    __table_args__ = (
        sa.Index("ix_cases_urgency", "queue", "status", "sensitive", "due_at", "opened_at", "id"),
        sa.Index("ix_cases_status_due", "status", "due_at"),
        sa.Index("ix_cases_queue_opened", "queue", "opened_at"),
        sa.Index("ix_cases_queue_closed", "queue", "closed_at"),
        sa.Index(
            "ix_cases_claimed",
            "claimed_by",
            sqlite_where=sa.text("claimed_by IS NOT NULL"),
            postgresql_where=sa.text("claimed_by IS NOT NULL"),
        ),
        sa.Index("ix_cases_point_closed", "point", "status", "closed_at", "id"),
        sa.Index(
            "ix_cases_reserved",
            "reserved_for",
            sqlite_where=sa.text("reserved_for IS NOT NULL"),
            postgresql_where=sa.text("reserved_for IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), index=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    purpose: Mapped[str] = mapped_column(sa.String(8))
    queue: Mapped[str] = mapped_column(sa.String(63))
    status: Mapped[str] = mapped_column(sa.String(8))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    due_seconds: Mapped[int | None]
    escalate_to: Mapped[str | None] = mapped_column(sa.String(63))
    escalated_at: Mapped[datetime | None] = mapped_column(Instant)
    sensitive: Mapped[bool]
    sign_offs: Mapped[int]
    judge_first: Mapped[bool] = mapped_column(server_default=sa.false())
    approvable: Mapped[bool]
    undo_seconds: Mapped[int]
    claimed_by: Mapped[str | None] = mapped_column(Id)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    first_claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    reserved_for: Mapped[str | None] = mapped_column(Id)
    reserved_at: Mapped[datetime | None] = mapped_column(Instant)
    reserved_until: Mapped[datetime | None] = mapped_column(Instant)
    sleeps_until: Mapped[datetime | None] = mapped_column(Instant)
    question_id: Mapped[str | None] = mapped_column(Id)
    second_look_of: Mapped[str | None] = mapped_column(Id)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    revision: Mapped[int]


class Skip(Base):
    """That a person passed a case on undecided, and why; its id is that of its log entry."""

    __tablename__ = "case_skips"
    __table_args__ = (sa.Index("ix_case_skips_person", "person_id", "case_id", "skipped_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("cases.id"), index=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(sa.String(24))
    skipped_at: Mapped[datetime] = mapped_column(Instant)


class Judgement(Base):
    """What one person would have decided of a case before they saw the proposal; its id is that of its log entry. It is never changed."""

    __tablename__ = "judgements"
    __table_args__ = (sa.UniqueConstraint("case_id", "person_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("cases.id"))
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    outcome: Mapped[str] = mapped_column(sa.String(200))
    given_at: Mapped[datetime] = mapped_column(Instant)


class Reveal(Base):
    """That a person had facts of a decision shown which the policy masks; its id is that of its log entry, where the reason is a payload."""

    __tablename__ = "reveals"
    __table_args__ = (sa.Index("ix_reveals_decision_person", "decision_id", "person_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"))
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"))
    features: Mapped[list[str]] = mapped_column(sa.JSON)
    revealed_at: Mapped[datetime] = mapped_column(Instant)


class BulkApproval(Base):
    """Cases that a person wants to approve together, those that were drawn for them to open first, and those of them that they opened."""

    __tablename__ = "bulk_approvals"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    case_ids: Mapped[list[str]] = mapped_column(sa.JSON)
    drawn: Mapped[list[str]] = mapped_column(sa.JSON)
    opened: Mapped[list[str]] = mapped_column(sa.JSON)
    given_at: Mapped[datetime | None] = mapped_column(Instant)


class Verdict(Base):
    """What one person said of a case; taken back when ``undone_at`` is set.

    Its id is that of its log entry, under which its reason is a payload named ``reason``.
    ``decides`` where the case was decided with it. ``looked_seconds`` are those in which the case was in sight and had the focus,
    ``parts_seen`` of the ``parts`` of the case were on the screen, which held so many ``words``; each is None where nobody could tell.
    ``bulk_id`` is the bulk approval that it was given with.
    """

    __tablename__ = "verdicts"
    __table_args__ = (
        sa.Index(
            "uq_verdicts_standing",
            "case_id",
            "person_id",
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        ),
        sa.Index("ix_verdicts_person_given", "person_id", "given_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("cases.id"), index=True)
    decision_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("decisions.id"), index=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    verdict: Mapped[str] = mapped_column(sa.String(16))
    outcome: Mapped[str] = mapped_column(sa.String(200))
    decides: Mapped[bool]
    given_at: Mapped[datetime] = mapped_column(Instant)
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    looked_seconds: Mapped[float | None] = mapped_column(sa.Double)
    parts_seen: Mapped[int | None]
    parts: Mapped[int | None]
    words: Mapped[int | None]
    undone_at: Mapped[datetime | None] = mapped_column(Instant)
    bulk_id: Mapped[str | None] = mapped_column(Id)
