"""Monitors, and incidents with what people did about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant

#: The level of an incident that no monitor found: people said that the automation is wrong.
DOUBT: Final = "doubt"
#: The payload that holds what somebody said about an incident.
NOTE: Final = "note"


class MonitorRow(Base):
    """One monitor of a point's live policy for one group, and its state as ``audits.fairness.sequential`` writes it.

    ``config`` is what it was started with; another tolerance, block or budget starts it anew. ``verdict`` is quiet, watch or violation;
    ``acted`` is the last of these that was acted upon.
    """

    __tablename__ = "monitors"

    point: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    grp: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    config: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    state: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    verdict: Mapped[str] = mapped_column(sa.String(10))
    acted: Mapped[str] = mapped_column(sa.String(10))
    started_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class Incident(Base):
    """A monitor found something, or people said that the automation is wrong: what, how strong the evidence was, and whether people alone decide since.

    ``level`` is watch, violation or doubt; ``status`` is open or closed; ``details`` holds figures and names of groups, of nobody.
    """

    __tablename__ = "incidents"
    __table_args__ = (sa.Index("ix_incidents_status_opened", "status", "opened_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    point: Mapped[str] = mapped_column(sa.String(63))
    monitor: Mapped[str] = mapped_column(sa.String(200))
    grp: Mapped[str] = mapped_column(sa.String(200))
    level: Mapped[str] = mapped_column(sa.String(10))
    status: Mapped[str] = mapped_column(sa.String(8))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    hold_id: Mapped[str | None] = mapped_column(Id)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(sa.String(80))


class IncidentNote(Base):
    """What somebody did about an incident; its words are a payload named ``note`` of the entry with this id."""

    __tablename__ = "incident_notes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    incident_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("incidents.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    at: Mapped[datetime] = mapped_column(Instant)
    by: Mapped[str] = mapped_column(sa.String(80))
