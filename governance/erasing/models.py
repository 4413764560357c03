"""Erasures and legal holds. Both hang on one of the subject's keys, so that after an erasure they tell that there was one, and no longer whose."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class Erasure(Base):
    """That somebody asked for a subject to be erased, and what became of it; ``status`` is that of ``transitions``.

    Its id is that of its entry, under which whom it is about, and why in words, are payloads. ``ground`` is a code, ``rights_id`` what the
    person themselves asked for. Once erased, ``mixed_at`` is when the log named the records in a batch with those of others, and
    ``wiped_at`` when the database's own leftovers were cleared away.
    """

    __tablename__ = "erasures"
    __table_args__ = (sa.Index("ix_erasures_status", "status", "asked_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key_id: Mapped[str | None] = mapped_column(
        Id, sa.ForeignKey("subject_keys.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[str] = mapped_column(sa.String(9))
    ground: Mapped[str] = mapped_column(sa.String(24))
    request_id: Mapped[str | None] = mapped_column(Id, index=True)
    rights_id: Mapped[str | None] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(sa.String(80))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(sa.String(80))
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    wiped_at: Mapped[datetime | None] = mapped_column(Instant)
    mixed_at: Mapped[datetime | None] = mapped_column(Instant)


class LegalHold(Base):
    """That a subject's data must be kept, whoever asks for erasure. Its id is that of its entry, under which the reason is a payload."""

    __tablename__ = "legal_holds"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key_id: Mapped[str | None] = mapped_column(
        Id, sa.ForeignKey("subject_keys.id", ondelete="SET NULL"), index=True
    )
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[str] = mapped_column(sa.String(80))
    lifted_at: Mapped[datetime | None] = mapped_column(Instant)
    lifted_by: Mapped[str | None] = mapped_column(sa.String(80))


class SpentKey(Base):
    """An idempotency key whose decision was erased, as an HMAC under the lookup secret, as long as keys are kept: a replay is told that it is gone."""

    __tablename__ = "spent_keys"

    tag: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(Instant)


class ErasedRecord(Base):
    """A record whose payloads were erased, until the log names it in a batch with those of others. Nothing says which belong together."""

    __tablename__ = "erased_records"
    __table_args__ = ({"sqlite_with_rowid": False},)

    record_id: Mapped[str] = mapped_column(Id, primary_key=True)
