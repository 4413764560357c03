"""What waits for a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Request(Base):
    """An act that a second person must confirm. ``details`` is what the act needs, by kind."""

    __tablename__ = "requests"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    reason: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(Instant)
    requested_by: Mapped[str]
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None]
    closing_reason: Mapped[str | None]
    single_handed: Mapped[bool]
    revision: Mapped[int]
