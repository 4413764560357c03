"""Ground truth and feedback."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class GroundTruth(Base):
    """What would have been right for a decision; ``outcome`` None: it will never be known. The newest report stands."""

    __tablename__ = "ground_truths"

    decision_id: Mapped[str] = mapped_column(Id, primary_key=True)
    outcome: Mapped[str | None] = mapped_column(sa.String(200))
    known_at: Mapped[datetime | None] = mapped_column(Instant)
    reported_at: Mapped[datetime] = mapped_column(Instant)
    reported_by: Mapped[str] = mapped_column(sa.String(80))


class Feedback(Base):
    """How the person concerned rated a decision on one scale; the newest rating stands."""

    __tablename__ = "feedback"

    decision_id: Mapped[str] = mapped_column(Id, primary_key=True)
    scale: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    rating: Mapped[int]
    reported_at: Mapped[datetime] = mapped_column(Instant)
    reported_by: Mapped[str] = mapped_column(sa.String(80))
