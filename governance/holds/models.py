"""Holds."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Hold(Base):
    """A stop: from ``set_at`` to ``lifted_at`` people decide everything at ``point`` (None: at all points)."""

    __tablename__ = "holds"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str | None] = mapped_column(sa.ForeignKey("decision_points.name"))
    reason: Mapped[str]
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[str]
    lifted_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    lifted_by: Mapped[str | None]
