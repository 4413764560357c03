"""The audit log's tables."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from audits.log.notes import VerifyingKey
from governance.storage.base import Base, Id, Instant


class KeyPurpose(StrEnum):
    """What a key signs: checkpoints of one epoch, or receipts for all."""

    LOG = "log"
    RECEIPT = "receipt"


class LogKey(Base):
    """A key that signs for the log, from which size on it does, and from which on it no longer counts.

    ``number`` counts them up. ``epoch`` is the one that a log key signs for, and for a receipt key the one whose entries announce it; indexes are of its tree.
    """

    __tablename__ = "log_keys"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    vkey: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(16))
    epoch: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(Instant)
    active_from_index: Mapped[int] = mapped_column(sa.BigInteger)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_epoch: Mapped[int | None]
    retired_at_index: Mapped[int | None] = mapped_column(sa.BigInteger)
    retired_because: Mapped[str | None] = mapped_column(sa.String(16))


class Log(Base):
    """One epoch of the log: its origin, its size and its root. The current one has the highest ``epoch``."""

    __tablename__ = "logs"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(unique=True)
    vkey: Mapped[str]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    root: Mapped[bytes]
    min_index: Mapped[int] = mapped_column(sa.BigInteger)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    last_tick_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    keys: Mapped[list[LogKey]] = relationship(
        primaryjoin=lambda: sa.and_(
            sa.orm.foreign(LogKey.epoch) == Log.epoch, LogKey.purpose == KeyPurpose.LOG
        ),
        order_by=lambda: LogKey.number,
        lazy="selectin",
        viewonly=True,
    )

    @property
    def verifying_keys(self) -> tuple[VerifyingKey, ...]:
        """Every key that has signed for this epoch: the one it was opened with, and later ones, retired or not."""
        vkeys = dict.fromkeys([self.vkey, *(key.vkey for key in self.keys)])
        return tuple(VerifyingKey.parse(vkey) for vkey in vkeys)

    @property
    def signing_vkey(self) -> str:
        """The key that readers should know now: while one follows another, the one that they know already."""
        return next((key.vkey for key in self.keys if key.retired_at is None), self.vkey)

    @property
    def retired_keys(self) -> dict[VerifyingKey, int]:
        """From which size on each retired key no longer counts."""
        return {
            VerifyingKey.parse(key.vkey): key.retired_at_index
            for key in self.keys
            if key.retired_at_index is not None
        }


class LogRecord(Base):
    """One entry, in its canonical bytes; rows are only ever inserted."""

    __tablename__ = "log_records"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    decision_id: Mapped[str | None] = mapped_column(Id, index=True)
    entry: Mapped[bytes]


class PendingRecord(Base):
    """An entry that the sequencer has yet to place in the tree."""

    __tablename__ = "log_pending"

    record_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("log_records.id"), primary_key=True)
    leaf_hash: Mapped[bytes]


class Leaf(Base):
    """An entry's place in the tree; rows are only ever inserted."""

    __tablename__ = "log_leaves"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    leaf_index: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    record_id: Mapped[str] = mapped_column(Id, unique=True)
    leaf_hash: Mapped[bytes]
    integrated_at: Mapped[datetime] = mapped_column(Instant)


class Tile(Base):
    """A tile of the tree (C2SP tlog-tiles, height 8); a partial one is the prefix of the row."""

    __tablename__ = "log_tiles"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    idx: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    hashes: Mapped[bytes]


class StoredCheckpoint(Base):
    """A signed checkpoint (C2SP tlog-checkpoint). ``published_at`` is None while it waits for witnesses, and is given out to nobody."""

    __tablename__ = "log_checkpoints"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    root: Mapped[bytes]
    note: Mapped[str] = mapped_column(sa.Text)
    signed_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)


class StoredCosignature(Base):
    """What a witness said of a checkpoint: its line below the note (C2SP tlog-cosignature)."""

    __tablename__ = "log_cosignatures"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    vkey: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    cosigned_at: Mapped[datetime] = mapped_column(Instant)
    line: Mapped[str] = mapped_column(sa.Text)


class WitnessState(Base):
    """How a witness last answered: the size it knows of an epoch, and since when and why it does not cosign."""

    __tablename__ = "log_witnesses"

    epoch: Mapped[int] = mapped_column(primary_key=True)
    vkey: Mapped[str] = mapped_column(sa.String(500), primary_key=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    fault: Mapped[str | None] = mapped_column(sa.String(300))


class StoredAnchor(Base):
    """A checkpoint that was laid down outside: ``note`` is what was laid down, ``token`` what came back, ``reference`` where it is found."""

    __tablename__ = "log_anchors"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    epoch: Mapped[int]
    size: Mapped[int] = mapped_column(sa.BigInteger)
    method: Mapped[str] = mapped_column(sa.String(16))
    place: Mapped[str] = mapped_column(sa.String(500))
    reference: Mapped[str] = mapped_column(sa.String(100))
    note: Mapped[str] = mapped_column(sa.Text)
    token: Mapped[bytes | None]
    made_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        sa.Index("ix_log_anchors_method_made", "method", "made_at"),
        sa.Index("ix_log_anchors_epoch_size", "epoch", "size"),
    )


class QuarantinedRecord(Base):
    """An entry whose bytes no longer had the hash they were written with; it is kept out of the tree and reported."""

    __tablename__ = "log_quarantine"

    record_id: Mapped[str] = mapped_column(Id, primary_key=True)
    leaf_hash: Mapped[bytes]
    found_at: Mapped[datetime] = mapped_column(Instant)
    detail: Mapped[str]
