"""Giving committed entries their place in the tree, in batches, by whoever holds the log's key.

Entries wait in ``log_pending``, into which the transaction of the change put them, and are taken by presence: ids become
visible out of order, so a cursor over them would lose some. Each batch is one transaction, and counts only if the log still
has the size it began with; any number of sequencers may try.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from audits.log import tiles
from audits.log.entries import EntryKind
from audits.log.tree import leaf_hash
from audits.sentences import sentence
from governance.actors import service
from governance.clock import rfc3339
from governance.errors import Failed
from governance.ledger import appending, queries
from governance.ledger.models import Leaf, Log, LogRecord, PendingRecord, QuarantinedRecord, Tile
from governance.storage.inserting import insert

if TYPE_CHECKING:
    from governance.application import Answerable

#: A batch on SQLite is small, as nobody else can write meanwhile.
SQLITE_BATCH = 400
POSTGRESQL_BATCH = 5000
TICK_BUSY = timedelta(seconds=60)
TICK_IDLE = timedelta(minutes=15)
#: How far the clock may go back before it is an anomaly.
CLOCK_TOLERANCE = timedelta(seconds=2)
_ADVISORY_LOCK = 7221002


class TreeDamaged(Failed):
    """The stored tree does not have the root that the log's state names; nothing is added to it."""

    def __init__(self, origin: str, size: int) -> None:
        super().__init__(
            sentence(
                "The stored tree of %(origin)s does not give the root that was computed at size %(size)s: tiles or state were "
                "changed. Entries are kept and wait. Run `answerable audit verify`; where a backup must be restored, or "
                "to go on from here, use `answerable audit new-epoch --reason ...`.",
                origin=origin,
                size=size,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """What one tick of the sequencer came to: entries ``placed``, the log's ``size``, and whether more wait."""

    placed: int
    size: int
    more: bool = False


@dataclass(slots=True, kw_only=True)
class _Batch:
    epoch: int
    size: int
    root: bytes
    records: Sequence[tuple[str, bytes]] = ()
    spoiled: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
    own: list[appending.PreparedRecord] = field(default_factory=list)
    ticked_at: datetime | None = None
    clock_was: datetime | None = None
    more: bool = False


class Sequencer:
    """Places entries, tick by tick. It remembers only the latest time it saw, and what it has said of the clock."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._database = answerable.database
        self._batch = SQLITE_BATCH if self._database.is_sqlite else POSTGRESQL_BATCH
        self._epoch = 0
        self._latest: datetime | None = None
        self._clock_reported: datetime | None = None

    def tick(self) -> Ticked:
        """Place one batch of the entries that wait, and write the log's own tick when it is due.

        Raises:
            TreeDamaged: the stored tree is not what it was; nothing was placed.
        """
        now = self._answerable.clock.now()
        if self._database.is_sqlite:
            # All but the writing is done before the turn to write is taken; the size tells whether it still holds.
            with self._database.read() as session:
                log, batch = self._gather(session, now)
                if batch is None:
                    return Ticked(placed=0, size=log.size)
                integration = _integrate(session, log, batch)
            with self._database.write() as session:
                return self._store(session, batch, integration, now)
        with self._database.write() as session:
            # Only a hint that saves work: the size decides.
            if not session.execute(
                sa.select(sa.func.pg_try_advisory_xact_lock(_ADVISORY_LOCK))
            ).scalar_one():
                return Ticked(placed=0, size=queries.current(session).size)
            log, batch = self._gather(session, now)
            if batch is None:
                return Ticked(placed=0, size=log.size)
            return self._store(session, batch, _integrate(session, log, batch), now)

    def _gather(self, session: Session, now: datetime) -> tuple[Log, _Batch | None]:
        log = queries.current(session)
        rows = session.execute(
            sa.select(PendingRecord.record_id, PendingRecord.leaf_hash, LogRecord.entry)
            .outerjoin(LogRecord, LogRecord.id == PendingRecord.record_id)
            .order_by(PendingRecord.record_id)
            .limit(self._batch)
        ).all()
        sound: list[tuple[str, bytes]] = []
        spoiled: dict[str, tuple[bytes, str]] = {}
        for record_id, kept, entry in rows:
            if entry is not None and leaf_hash(entry) == kept:
                sound.append((record_id, kept))
            else:
                what = "entry_missing" if entry is None else "entry_changed"
                spoiled[record_id] = (kept, what)
        batch = _Batch(
            epoch=log.epoch,
            size=log.size,
            root=log.root,
            records=sound,
            spoiled=spoiled,
            more=len(rows) == self._batch,
        )
        batch.own += [
            self._own(
                EntryKind.LOG_ANOMALY_FOUND, now, refs={"record": record_id}, data={"code": what}
            )
            for record_id, (_, what) in spoiled.items()
        ]
        self._tick_if_due(batch, log, now, busy=bool(rows))
        return log, batch if batch.records or batch.own else None

    def _tick_if_due(self, batch: _Batch, log: Log, now: datetime, *, busy: bool) -> None:
        last = log.last_tick_at
        if log.epoch != self._epoch:
            self._epoch, self._latest = log.epoch, None
        # What this process saw counts too: ticks are up to a quarter of an hour apart.
        seen = max((at for at in (last, self._latest) if at is not None), default=now)
        self._latest = max(seen, now)
        if now < seen - CLOCK_TOLERANCE:
            # Ticks never go back. Until the clock has caught up the log goes without, and says so once.
            if self._clock_reported != seen:
                found = {
                    "code": "clock_went_back",
                    "last_tick": None if last is None else rfc3339(last),
                    "seen": rfc3339(seen),
                }
                batch.own.append(self._own(EntryKind.LOG_ANOMALY_FOUND, now, data=found))
                batch.clock_was = seen
            return
        if last is None or now - last >= (TICK_BUSY if busy else TICK_IDLE):
            data = {"previous": None if last is None else rfc3339(last)}
            batch.own.append(self._own(EntryKind.LOG_TICK, now, data=data))
            batch.ticked_at = now

    def _own(
        self,
        kind: EntryKind,
        now: datetime,
        *,
        data: Mapping[str, Any],
        refs: Mapping[str, str | None] | None = None,
    ) -> appending.PreparedRecord:
        return own_record(self._answerable, kind, now, data=data, refs=refs)

    def _store(
        self, session: Session, batch: _Batch, integration: tiles.Integration, now: datetime
    ) -> Ticked:
        if not place(session, batch, integration, now):
            return Ticked(placed=0, size=batch.size, more=True)
        if batch.clock_was is not None:
            self._clock_reported = batch.clock_was
        return Ticked(
            placed=len(batch.records) + len(batch.own), size=integration.size, more=batch.more
        )


def own_record(
    answerable: Answerable,
    kind: EntryKind,
    now: datetime,
    *,
    data: Mapping[str, Any],
    refs: Mapping[str, str | None] | None = None,
) -> appending.PreparedRecord:
    """Make an entry of the log's own, which is placed in the tree at once."""
    return appending.prepare(
        kind,
        record_id=answerable.new_id(),
        origin=answerable.origin,
        actor=service("sequencer"),
        recorded_at=now,
        refs=refs,
        data=data,
    )


def _integrate(session: Session, log: Log, batch: _Batch) -> tiles.Integration:
    """Compute the tree with a batch added, after making sure that the stored one is the one that was computed.

    Raises:
        TreeDamaged: it is not.
    """
    read_tile = queries.tile_reader(session, log.epoch)
    try:
        intact = tiles.root_of(log.size, read_tile) == log.root
    except tiles.TileMissing:
        intact = False
    if not intact:
        raise TreeDamaged(log.origin, log.size)
    leaves = [leaf for _, leaf in batch.records] + [record.leaf_hash for record in batch.own]
    return tiles.integrate(log.size, leaves, read_tile)


def place(session: Session, batch: _Batch, integration: tiles.Integration, now: datetime) -> bool:
    """Write a batch; return False, having written nothing, when another sequencer was faster."""
    values: dict[str, Any] = {"size": integration.size, "root": integration.root}
    if batch.ticked_at is not None:
        values["last_tick_at"] = batch.ticked_at
    moved = cast(
        "CursorResult[Any]",
        session.execute(
            sa.update(Log)
            .where(
                Log.epoch == batch.epoch,
                Log.size == batch.size,
                Log.root == batch.root,
                Log.closed_at.is_(None),
            )
            .values(values)
            .execution_options(synchronize_session=False)
        ),
    ).rowcount
    if moved != 1:
        return False
    for record in batch.own:
        session.execute(
            sa.insert(LogRecord).values(
                id=record.id,
                kind=record.kind,
                recorded_at=record.recorded_at,
                decision_id=None,
                entry=record.entry,
            )
        )
    leaves = [*batch.records, *((record.id, record.leaf_hash) for record in batch.own)]
    session.execute(
        sa.insert(Leaf),
        [
            {
                "epoch": batch.epoch,
                "leaf_index": index,
                "record_id": record_id,
                "leaf_hash": leaf,
                "integrated_at": now,
            }
            for index, (record_id, leaf) in enumerate(leaves, start=batch.size)
        ],
    )
    statement = insert(session, Tile)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["epoch", "level", "idx"], set_={"hashes": statement.excluded.hashes}
        ),
        [
            {"epoch": batch.epoch, "level": level, "idx": index, "hashes": hashes}
            for (level, index), hashes in integration.tiles.items()
        ],
    )
    if batch.spoiled:
        session.execute(
            sa.insert(QuarantinedRecord),
            [
                {"record_id": record_id, "leaf_hash": leaf, "found_at": now, "detail": what}
                for record_id, (leaf, what) in batch.spoiled.items()
            ],
        )
    taken = [record_id for record_id, _ in batch.records] + list(batch.spoiled)
    if taken:
        session.execute(
            sa.delete(PendingRecord)
            .where(PendingRecord.record_id.in_(taken))
            .execution_options(synchronize_session=False)
        )
    return True


def close(session: Session, log: Log, closing: appending.PreparedRecord, now: datetime) -> bool:
    """Place an epoch's last entry and close it, in the caller's transaction; False where its tree is damaged."""
    batch = _Batch(epoch=log.epoch, size=log.size, root=log.root, own=[closing])
    try:
        integration = _integrate(session, log, batch)
    except TreeDamaged:
        return False
    return place(session, batch, integration, now)


def drain(answerable: Answerable) -> int:
    """Place all entries that wait now; return how many were placed.

    Raises:
        TreeDamaged: the stored tree is not what it was.
    """
    sequencer, placed = Sequencer(answerable), 0
    while True:
        ticked = sequencer.tick()
        placed += ticked.placed
        if not ticked.more:
            return placed
