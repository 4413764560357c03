"""Queues, who works them, and who has shown that they can."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Queue(Base):
    """Where cases wait. ``calendar`` None means always open; else see ``governance.queues.calendar``.

    Since ``competence_since`` only members with a valid competence work it; None: all members do. By mail its members were told of the cases
    that were due until ``overdue_told_until``, the admins of those until ``overdue_admins_told_until``.
    """

    __tablename__ = "queues"

    name: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    title: Mapped[str]
    calendar: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Instant)
    competence_since: Mapped[datetime | None] = mapped_column(Instant)
    overdue_told_until: Mapped[datetime | None] = mapped_column(Instant)
    overdue_admins_told_until: Mapped[datetime | None] = mapped_column(Instant)


class QueueMember(Base):
    """A person who works a queue."""

    __tablename__ = "queue_members"

    queue: Mapped[str] = mapped_column(sa.ForeignKey("queues.name"), primary_key=True)
    person_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("people.id"), primary_key=True, index=True
    )


class Competence(Base):
    """That a person has shown that they can judge a queue's cases, until ``ends_at``: the end of ``expires_on`` where the business is.

    ``record_id`` is its log entry, under which the note is a payload. ``warned_at`` is when the mail went out that says it ends soon.
    """

    __tablename__ = "competences"

    queue: Mapped[str] = mapped_column(sa.ForeignKey("queues.name"), primary_key=True)
    person_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("people.id"), primary_key=True, index=True
    )
    record_id: Mapped[str] = mapped_column(Id)
    shown_on: Mapped[date] = mapped_column(sa.Date)
    expires_on: Mapped[date] = mapped_column(sa.Date)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    warned_at: Mapped[datetime | None] = mapped_column(Instant)
