"""What persons concerned asked for."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class RightsRequest(Base):
    """What a person concerned asked for.

    Its id is that of its first entry, under which the person's words and their reference are payloads; the answer is one of ``answer_id``.
    It hangs on one of the subject's keys: after an erasure it tells that somebody asked, and no longer who.
    """

    __tablename__ = "rights_requests"
    __table_args__ = (
        sa.Index(
            "uq_rights_requests_open",
            "key_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        ),
        sa.Index("ix_rights_requests_status_due", "status", "due_at"),
        sa.Index("ix_rights_requests_key", "key_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8))
    status: Mapped[str] = mapped_column(sa.String(9))
    key_id: Mapped[str | None] = mapped_column(
        Id, sa.ForeignKey("subject_keys.id", ondelete="SET NULL")
    )
    door: Mapped[str] = mapped_column(sa.String(7))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(sa.String(80))
    due_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(sa.String(80))
    answer_id: Mapped[str | None] = mapped_column(Id)
    copy_until: Mapped[datetime | None] = mapped_column(Instant)
