"""Queues and who works them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Queue(Base):
    """Where cases wait. ``calendar`` None means always open; else see ``governance.queues.calendar``."""

    __tablename__ = "queues"

    name: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    title: Mapped[str]
    calendar: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Instant)


class QueueMember(Base):
    """A person who works a queue."""

    __tablename__ = "queue_members"

    queue: Mapped[str] = mapped_column(sa.ForeignKey("queues.name"), primary_key=True)
    person_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("people.id"), primary_key=True, index=True
    )
