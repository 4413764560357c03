"""What others read of the log: checkpoints, hash tiles and entry bundles, each under its C2SP name.

Only what a published checkpoint covers is given out. Checkpoints and hash tiles tell nothing of what was recorded; bundles hold the entries.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.bundles import write_bundle
from audits.log.tiles import HEIGHT, MAX_LEVEL, WIDTH, TileAt
from audits.log.tree import HASH_BYTES
from governance.errors import NotFound
from governance.ledger import queries
from governance.ledger.models import Leaf, Log, LogRecord, Tile
from governance.permissions import Permission
from governance.work import Work

#: The highest level at which a tree of fewer than 2^63 leaves has a hash.
_TOP: Final = MAX_LEVEL // HEIGHT


def may_read(work: Work, *, entries: bool = False) -> None:
    """Raise unless the actor may read hashes, which everybody may unless the settings say otherwise, or also entries.

    Raises:
        NotAllowed: they may not.
    """
    if entries or not work.answerable.settings.log_public:
        work.require(Permission.LOG_READ)


def log_of(session: Session, epoch: int | None) -> Log:
    """Return an epoch of the log, None meaning the current one.

    Raises:
        NotFound: there is no such epoch.
    """
    log = queries.current(session) if epoch is None else session.get(Log, epoch)
    if log is None:
        raise NotFound(f"The log has no epoch {epoch}.")
    return log


def checkpoint(session: Session, epoch: int) -> str:
    """Return an epoch's newest checkpoint as it is given out, with what witnesses wrote below it.

    Raises:
        NotFound: none was published yet.
    """
    found = queries.published_checkpoint(session, epoch)
    if found is None:
        raise NotFound(
            "No checkpoint was published yet. The sequencer signs one within seconds of the first entry; the status page says what it waits for."
        )
    return queries.note_of(session, found)


def content(session: Session, log: Log, at: TileAt) -> bytes:
    """Return the tile or the bundle that a path names, as far as the newest checkpoint covers it.

    Raises:
        NotFound: no signed tree has it, or its entries were pruned.
    """
    missing = NotFound(
        "The signed log has no such tile. Which ones a log of a size has is said by C2SP tlog-tiles; the size stands in the checkpoint."
    )
    level = 0 if at.level is None else at.level
    signed = queries.published_checkpoint(session, log.epoch)
    if signed is None or level > _TOP:
        raise missing
    if at.index * WIDTH + at.width > signed.size >> (HEIGHT * level):
        raise missing
    found = (
        bundle(session, log, at.index, at.width)
        if at.level is None
        else tile(session, log.epoch, level, at.index, at.width)
    )
    if found is None:
        raise missing
    return found


def tile(session: Session, epoch: int, level: int, index: int, width: int) -> bytes | None:
    """Return the first hashes of a stored tile; None where it holds fewer."""
    row = session.execute(
        sa.select(Tile.hashes).where(Tile.epoch == epoch, Tile.level == level, Tile.idx == index)
    ).scalar_one_or_none()
    length = width * HASH_BYTES
    return None if row is None or len(row) < length else row[:length]


def bundle(session: Session, log: Log, index: int, width: int) -> bytes | None:
    """Return the entries of a stretch of the log; None where one of them is no longer, or not yet, there."""
    start = index * WIDTH
    if start + width <= log.min_index:
        return None
    entries = session.execute(
        sa.select(LogRecord.entry)
        .join(Leaf, Leaf.record_id == LogRecord.id)
        .where(Leaf.epoch == log.epoch, Leaf.leaf_index >= start, Leaf.leaf_index < start + width)
        .order_by(Leaf.leaf_index)
    ).scalars()
    found = list(entries)
    return write_bundle(found) if len(found) == width else None
