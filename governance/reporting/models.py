"""Signed reports, and what a person keeps for looking at decisions again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class ReportRow(Base):
    """A report as it was signed: its canonical JSON, the SHA-256 of that, and the signed note that names it."""

    __tablename__ = "reports"
    __table_args__ = (sa.Index("ix_reports_point_made", "point", "made_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(16))
    point: Mapped[str] = mapped_column(sa.String(63))
    since: Mapped[str] = mapped_column(sa.String(10))
    until: Mapped[str] = mapped_column(sa.String(10))
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    digest: Mapped[str] = mapped_column(sa.String(71))
    document: Mapped[str] = mapped_column(sa.Text)
    note: Mapped[str] = mapped_column(sa.Text)
    verdict: Mapped[str] = mapped_column(sa.String(20))
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(sa.String(80))


class ReportFile(Base):
    """A drawn form of a report that takes long to make, such as its PDF, by language."""

    __tablename__ = "report_files"

    report_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("reports.id"), primary_key=True)
    form: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(8))
    content: Mapped[bytes | None]
    problem: Mapped[str | None] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)


class LogExport(Base):
    """An export of the log that somebody asked for: ``status`` is asked, made or failed; ``attempt`` names the parts that are the file."""

    __tablename__ = "log_exports"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    asked_by: Mapped[str] = mapped_column(sa.String(80))
    asked_at: Mapped[datetime] = mapped_column(Instant, index=True)
    since: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(sa.String(8))
    problem: Mapped[str | None] = mapped_column(sa.Text)
    attempt: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(sa.BigInteger)
    entries: Mapped[int | None] = mapped_column(sa.BigInteger)
    log_size: Mapped[int | None] = mapped_column(sa.BigInteger)
    made_at: Mapped[datetime | None] = mapped_column(Instant)


class LogExportPart(Base):
    """A stretch of an export's zip file, so that any process can give it out and none holds it whole."""

    __tablename__ = "log_export_parts"

    export_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("log_exports.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class SavedView(Base):
    """Filters of the ledger that a person keeps under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (sa.UniqueConstraint("person_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    filters: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)


class HomeVisit(Base):
    """When a person last looked at the auditor's home, and the time before, which 'since you were here' goes by."""

    __tablename__ = "home_visits"

    person_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("people.id"), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(Instant)
    before_at: Mapped[datetime | None] = mapped_column(Instant)
