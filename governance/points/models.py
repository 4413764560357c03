"""Decision points and policy versions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class DecisionPoint(Base):
    """A named place where automated decisions are made; ``live_version`` is the policy in force, None before the first."""

    __tablename__ = "decision_points"

    name: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    kind: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
    live_version: Mapped[int | None]


class PolicyVersion(Base):
    """One version of a point's policy; its text never changes. ``status`` is draft, published, or withdrawn."""

    __tablename__ = "policy_versions"
    __table_args__ = (sa.UniqueConstraint("point", "version"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str] = mapped_column(sa.ForeignKey("decision_points.name"))
    version: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(71))
    status: Mapped[str]
    drafted_at: Mapped[datetime] = mapped_column(Instant)
    drafted_by: Mapped[str]
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    published_by: Mapped[str | None]
