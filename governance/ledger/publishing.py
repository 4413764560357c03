"""Signing checkpoints: only of a tree that still begins with all that was signed before."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log import highwater, notes, tiles
from audits.log.highwater import HighWater
from governance.auditing.models import Draw
from governance.ledger import highwater_file, keys, queries
from governance.ledger.models import Log, StoredAnchor, StoredCheckpoint, StoredCosignature
from governance.storage.inserting import insert

if TYPE_CHECKING:
    from governance.application import Answerable

#: Checkpoints younger than this are all kept; of older ones, the last of each hour.
KEEP_ALL = timedelta(hours=24)


def guard(answerable: Answerable, session: Session, log: Log) -> HighWater | None:
    """Return an epoch's high-water mark after holding the stored tree against it.

    Raises:
        audits.log.highwater.SigningRefused: signing now could make the log contradict itself.
        OSError: the high-water file cannot be read.
    """
    mark = highwater_file.load(answerable, log)
    newest = queries.newest_checkpoint(session, log.epoch)
    if (
        mark is not None
        and newest is not None
        and (mark.size, mark.root) == (log.size, log.root) == (newest.size, newest.root)
    ):
        return mark
    read_tile = queries.tile_reader(session, log.epoch)
    highwater.check(
        mark,
        log.size,
        lambda size: tiles.root_of(size, read_tile),
        last_signed=None if newest is None else newest.size,
    )
    return mark


def publish(answerable: Answerable, *, epoch: int | None = None) -> str | None:
    """Sign a checkpoint of the current epoch (or one named) if it grew; return its note, None when nothing was signed.

    Where witnesses are required the checkpoint waits for them, and ``witnessing`` gives it out. While a key follows another, both sign. Repeating it after
    a crash signs the same bytes again. Where this process lacks the log's key nothing is signed.

    Raises:
        audits.log.highwater.SigningRefused: the tree no longer begins with what was signed; its ``diagnostics()`` say more.
        audits.log.tiles.TileMissing: the stored tree is damaged.
        OSError: the high-water file cannot be read or written; nothing was signed.
    """
    now = answerable.clock.now()
    with answerable.database.read() as session:
        log = queries.current(session) if epoch is None else session.get_one(Log, epoch)
        signers = keys.signing_keys(answerable, log)
        if not signers:
            return None
        guard(answerable, session, log)
        newest = queries.newest_checkpoint(session, log.epoch)
    at_once = answerable.settings.witnessing != "required"
    if log.size == (0 if newest is None else newest.size):
        if newest is not None and newest.published_at is None and at_once:
            # It waited for witnesses, which are no longer required.
            give_out(answerable, log.epoch, log.size)
        return None
    note = notes.sign(notes.checkpoint_body(log.origin, log.size, log.root), *signers)
    mark = HighWater.of(note, log.verifying_keys)
    # The mark is raised before anybody can see the checkpoint: a crash in between loses one publication, nothing else.
    highwater_file.store(answerable, log, mark)
    with answerable.database.write() as session:
        session.execute(
            insert(session, StoredCheckpoint)
            .values(
                epoch=log.epoch,
                size=log.size,
                root=log.root,
                note=note,
                signed_at=now,
                published_at=now if at_once else None,
            )
            .on_conflict_do_nothing()
        )
    return note


def give_out(answerable: Answerable, epoch: int, size: int) -> None:
    """Give a signed checkpoint out from now on."""
    with answerable.database.write() as session:
        session.execute(
            sa.update(StoredCheckpoint)
            .where(
                StoredCheckpoint.epoch == epoch,
                StoredCheckpoint.size == size,
                StoredCheckpoint.published_at.is_(None),
            )
            .values(published_at=answerable.clock.now())
        )


def thin_out(answerable: Answerable, now: datetime) -> int:
    """Drop old checkpoints but the last of each hour, and those that were cosigned, laid down outside or gave a draw its seed; return how many went.

    Consistency of those kept proves the rest.
    """
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(
                StoredCheckpoint.epoch,
                StoredCheckpoint.size,
                StoredCheckpoint.signed_at,
                sa.or_(
                    *(
                        sa.exists().where(
                            table.epoch == StoredCheckpoint.epoch,
                            table.size == StoredCheckpoint.size,
                        )
                        for table in (StoredCosignature, StoredAnchor, Draw)
                    )
                ).label("kept"),
            )
            .where(
                StoredCheckpoint.signed_at < now - KEEP_ALL,
                # What is older than three days was thinned out before.
                StoredCheckpoint.signed_at >= now - 3 * KEEP_ALL,
            )
            .order_by(StoredCheckpoint.epoch, StoredCheckpoint.size)
        ).all()
    spare = [
        (row.epoch, row.size)
        for row, following in pairwise(rows)
        if following.epoch == row.epoch
        and _hour(following.signed_at) == _hour(row.signed_at)
        and not row.kept
    ]
    for start in range(0, len(spare), 200):
        with answerable.database.write() as session:
            session.execute(
                sa.delete(StoredCheckpoint).where(
                    sa.tuple_(StoredCheckpoint.epoch, StoredCheckpoint.size).in_(
                        spare[start : start + 200]
                    )
                )
            )
    return len(spare)


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
