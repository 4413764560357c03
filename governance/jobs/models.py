"""Jobs: the outbox and everything else that is done after the answer; and parts of the service that report how they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Job(Base):
    """Work that is due; effects are at least once, so handlers are idempotent."""

    __tablename__ = "jobs"
    __table_args__ = (sa.Index("ix_jobs_due", "done_at", "run_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    unique_key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    run_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int]
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_by: Mapped[str | None]
    done_at: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str | None]


class PartState(Base):
    """How one part of the service last fared, for the status page."""

    __tablename__ = "part_states"

    part: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    detail: Mapped[str]
