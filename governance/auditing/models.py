"""What apps say that they sent, and draws with the decisions they named."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant

#: The payload that holds what somebody said of a drawn decision.
COMMENT = "comment"


class SentCount(Base):
    """How many decisions an app asked for within a window, by its own count; the id is that of the entry that tells of it."""

    __tablename__ = "sent_counts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    app_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("apps.id"), index=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    sent: Mapped[int] = mapped_column(sa.BigInteger)
    last_sequence: Mapped[int | None] = mapped_column(sa.BigInteger)
    reported_at: Mapped[datetime] = mapped_column(Instant, index=True)
    reported_by: Mapped[str] = mapped_column(sa.String(80))


class Draw(Base):
    """A draw: how many were asked for, from which part of the log, and from which checkpoint its seed came, once there was one.

    The id is that of the entry that asked. ``bounds`` names for each epoch the entries that are drawn from: ``from`` included, ``size`` not.
    """

    __tablename__ = "draws"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    wanted: Mapped[int]
    point: Mapped[str | None] = mapped_column(sa.String(63))
    since: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    bounds: Mapped[list[dict[str, int]]] = mapped_column(sa.JSON)
    population: Mapped[int] = mapped_column(sa.BigInteger)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(sa.String(80))
    settled_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    epoch: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    seed: Mapped[str | None] = mapped_column(sa.String(64))


class DrawnDecision(Base):
    """One decision that a draw named, in the order of the draw; what the auditor said of it is a payload of ``entry_id``."""

    __tablename__ = "drawn_decisions"
    __table_args__ = (sa.UniqueConstraint("draw_id", "decision_id"),)

    draw_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("draws.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[str] = mapped_column(Id)
    looked_at: Mapped[datetime | None] = mapped_column(Instant)
    looked_by: Mapped[str | None] = mapped_column(sa.String(80))
    entry_id: Mapped[str | None] = mapped_column(Id)
