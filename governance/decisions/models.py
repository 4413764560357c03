"""Decisions: their clear columns."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Decision(Base):
    """One case decided at a decision point.

    All but the last block is fixed when the row is written; ``status``, ``outcome``, ``decided_at`` and ``effective_at`` follow the verdicts.
    ``queue`` and ``due_at`` are those of the ruling; the case's own may move. A verdict counts from ``effective_at``.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        sa.UniqueConstraint("app_id", "idempotency_key"),
        sa.Index("ix_decisions_point_recorded", "point", "recorded_at", "id"),
        sa.Index("ix_decisions_app_recorded", "app_id", "recorded_at", "id"),
        sa.Index("ix_decisions_recorded", "recorded_at", "id"),
        sa.Index(
            "ix_decisions_app_sequence",
            "app_id",
            "sequence",
            "recorded_at",
            sqlite_where=sa.text("sequence IS NOT NULL"),
            postgresql_where=sa.text("sequence IS NOT NULL"),
        ),
        sa.Index(
            "ix_decisions_point_happened",
            "point",
            sa.text("coalesce(occurred_at, recorded_at)"),
            "id",
        ),
        sa.Index(
            "ix_decisions_gold_for",
            "gold_for",
            sqlite_where=sa.text("gold_for IS NOT NULL"),
            postgresql_where=sa.text("gold_for IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    policy_version: Mapped[int]
    policy_digest: Mapped[str] = mapped_column(sa.String(71))
    app_id: Mapped[str | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(sa.String(80))
    source: Mapped[str] = mapped_column(sa.String(80))
    imported: Mapped[bool]
    rollout: Mapped[str] = mapped_column(sa.String(8))
    disposition: Mapped[str] = mapped_column(sa.String(8))
    reasons: Mapped[list[Any]] = mapped_column(sa.JSON)
    proposed_outcome: Mapped[str | None] = mapped_column(sa.String(200))
    confidence: Mapped[float | None] = mapped_column(sa.Double)
    queue: Mapped[str | None] = mapped_column(sa.String(63))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    occurred_at: Mapped[datetime | None] = mapped_column(Instant)
    person_requested: Mapped[bool]
    language: Mapped[str | None] = mapped_column(sa.String(35))
    channel: Mapped[str | None] = mapped_column(sa.String(64))
    sequence: Mapped[int | None] = mapped_column(sa.BigInteger)
    body_digest: Mapped[str | None] = mapped_column(sa.String(64))
    idempotency_key: Mapped[str | None] = mapped_column(sa.String(200))

    status: Mapped[str] = mapped_column(sa.String(12))
    outcome: Mapped[str | None] = mapped_column(sa.String(200))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    effective_at: Mapped[datetime | None] = mapped_column(Instant)

    #: The person to whom this is served as a case like any other, while its answer is known; see ``governance.decisions.sight``.
    gold_for: Mapped[str | None] = mapped_column(Id)
