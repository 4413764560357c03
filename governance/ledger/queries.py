"""Reading the log's tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.cosignatures import with_lines
from audits.log.tiles import ReadTile
from audits.sentences import sentence
from governance.errors import WrongInstallation
from governance.ledger.models import (
    KeyPurpose,
    Log,
    LogKey,
    StoredCheckpoint,
    StoredCosignature,
    Tile,
)


def current(session: Session, *, lock: bool = False) -> Log:
    """Return the epoch that entries go to, locked until the end of the transaction if asked.

    Raises:
        WrongInstallation: no log was ever opened.
    """
    query = sa.select(Log).order_by(Log.epoch.desc()).limit(1)
    if lock:
        query = query.with_for_update()
    log = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if log is None:
        raise WrongInstallation(
            sentence("This installation has no log. `answerable init` opens one.")
        )
    return log


def epochs(session: Session) -> list[Log]:
    """Return every epoch, the first one first."""
    return list(session.execute(sa.select(Log).order_by(Log.epoch)).scalars())


def keys_of(session: Session, purpose: KeyPurpose) -> list[LogKey]:
    """Return every key that ever signed for a purpose, oldest first."""
    return list(
        session.execute(
            sa.select(LogKey).where(LogKey.purpose == purpose).order_by(LogKey.number)
        ).scalars()
    )


def add_key(
    session: Session, *, vkey: str, purpose: KeyPurpose, epoch: int, active_from: int, now: datetime
) -> None:
    """Enter a key that signs from a size on; the log must be locked."""
    last = session.execute(sa.select(sa.func.max(LogKey.number))).scalar_one()
    session.add(
        LogKey(
            number=(last or 0) + 1,
            vkey=vkey,
            purpose=purpose,
            epoch=epoch,
            added_at=now,
            active_from_index=active_from,
        )
    )
    session.flush()


def active_keys(session: Session, purpose: KeyPurpose) -> list[LogKey]:
    """Return the keys that sign for a purpose now, oldest first."""
    return [key for key in keys_of(session, purpose) if key.retired_at is None]


def tile_reader(session: Session, epoch: int) -> ReadTile:
    """Return what reads an epoch's tiles; each is read from the database once."""
    known: dict[tuple[int, int], bytes | None] = {}

    def read(level: int, index: int) -> bytes | None:
        if (level, index) not in known:
            known[level, index] = session.execute(
                sa.select(Tile.hashes).where(
                    Tile.epoch == epoch, Tile.level == level, Tile.idx == index
                )
            ).scalar_one_or_none()
        return known[level, index]

    return read


def newest_checkpoint(session: Session, epoch: int) -> StoredCheckpoint | None:
    """Return an epoch's largest signed checkpoint, published or not."""
    return session.execute(
        sa.select(StoredCheckpoint)
        .where(StoredCheckpoint.epoch == epoch)
        .order_by(StoredCheckpoint.size.desc())
        .limit(1)
    ).scalar_one_or_none()


def published_checkpoint(session: Session, epoch: int) -> StoredCheckpoint | None:
    """Return an epoch's largest checkpoint that may be given out."""
    return session.execute(
        sa.select(StoredCheckpoint)
        .where(StoredCheckpoint.epoch == epoch, StoredCheckpoint.published_at.is_not(None))
        .order_by(StoredCheckpoint.size.desc())
        .limit(1)
    ).scalar_one_or_none()


def cosignature_lines(session: Session, epoch: int, sizes: Iterable[int]) -> dict[int, list[str]]:
    """Return what witnesses wrote below checkpoints, by size, the earliest first."""
    lines: dict[int, list[str]] = defaultdict(list)
    wanted = list(sizes)
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            sa.select(StoredCosignature.size, StoredCosignature.line)
            .where(
                StoredCosignature.epoch == epoch,
                StoredCosignature.size.in_(wanted[start : start + 500]),
            )
            .order_by(StoredCosignature.cosigned_at, StoredCosignature.vkey)
        )
        for size, line in rows:
            lines[size].append(line)
    return lines


def note_of(session: Session, checkpoint: StoredCheckpoint) -> str:
    """Return a checkpoint as it is given out: the signed note with the cosignatures that came until now."""
    lines = cosignature_lines(session, checkpoint.epoch, [checkpoint.size])
    return with_lines(checkpoint.note, lines.get(checkpoint.size, []))
