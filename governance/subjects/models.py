"""Keys of subjects, what they encrypt, and the vault."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class SubjectKeyRow(Base):
    """A key under which a subject's payloads are encrypted, itself encrypted under the key-encryption key.

    ``subject_tag`` is the HMAC of the subject's reference under the installation's lookup secret (None: a decision without a subject).
    A subject may have several keys; erasing deletes them all, and with them every look-up by subject.
    """

    __tablename__ = "subject_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_tag: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    wrapped: Mapped[bytes]
    kek_id: Mapped[str] = mapped_column(sa.String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)


class PeopleOnlyRow(Base):
    """A subject about whom a person always decides.

    It hangs on one of the subject's keys, so that erasing the subject erases the mark; ``subject_tag`` is that key's.
    """

    __tablename__ = "people_only"

    subject_tag: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    key_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("subject_keys.id", ondelete="CASCADE"), index=True
    )
    set_at: Mapped[datetime] = mapped_column(Instant)
    set_by: Mapped[str] = mapped_column(sa.String(80))


class PayloadRow(Base):
    """One encrypted payload of one log record."""

    __tablename__ = "payloads"

    record_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    key_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("subject_keys.id"), index=True)
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]


class VaultRow(Base):
    """The group attributes of one decision, encrypted; only the fairness role reads them, to fold counts."""

    __tablename__ = "group_vault"

    decision_id: Mapped[str] = mapped_column(Id, primary_key=True)
    key_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("subject_keys.id"), index=True)
    nonce: Mapped[bytes]
    ciphertext: Mapped[bytes]


class PrunedDecision(Base):
    """A decision whose payloads were deleted when its policy's retention had passed."""

    __tablename__ = "pruned_decisions"
    __table_args__ = ({"sqlite_with_rowid": False},)

    decision_id: Mapped[str] = mapped_column(Id, primary_key=True)
    pruned_at: Mapped[datetime] = mapped_column(Instant)


class RetentionMark(Base):
    """Before this instant no decision of a point is left to be pruned, so that nobody looks there again."""

    __tablename__ = "retention_marks"

    point: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    done_before: Mapped[datetime] = mapped_column(Instant)
