"""Reading the log: checkpoints and tiles for everybody, entries for those who may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind, describe
from governance.errors import InvalidInput, NotFound
from governance.ledger import queries
from governance.ledger.models import Leaf, Log, LogRecord, PendingRecord, StoredCheckpoint
from governance.permissions import Permission
from governance.work import Work

MOST_ENTRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointView:
    """A signed checkpoint; ``note`` is what was signed, with the signature."""

    epoch: int
    origin: str
    vkey: str
    size: int
    root: bytes
    note: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry stands."""

    epoch: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry. ``place`` is None while it waits for the sequencer; ``leaf_hash`` is hex; ``entry`` is what was hashed."""

    id: str
    kind: str
    description: str
    recorded_at: datetime
    actor_type: str
    actor_ref: str
    decision_id: str | None
    refs: Mapping[str, str]
    data: Mapping[str, Any]
    payloads: Sequence[str]
    place: Place | None
    leaf_hash: str | None
    entry: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesPage:
    """Entries, newest first, and where the next page begins (None: there is none)."""

    entries: Sequence[EntryView]
    next_cursor: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many entries wait for the sequencer, and since when the oldest does."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """The current epoch and what waits for it."""

    epoch: int
    origin: str
    vkey: str
    size: int
    root: bytes
    opened_at: datetime
    backlog: Backlog
    checkpoint: CheckpointView | None


def state(work: Work) -> LogState:
    """Return how the log stands."""
    work.require(Permission.LOG_READ)
    log = queries.current(work.session)
    return LogState(
        epoch=log.epoch,
        origin=log.origin,
        vkey=log.signing_vkey,
        size=log.size,
        root=log.root,
        opened_at=log.opened_at,
        backlog=backlog(work),
        checkpoint=newest_checkpoint(work),
    )


def newest_checkpoint(work: Work, epoch: int | None = None) -> CheckpointView | None:
    """Return the newest checkpoint of the current epoch, or of one named; anybody may know it."""
    log = queries.current(work.session) if epoch is None else work.session.get(Log, epoch)
    if log is None:
        return None
    found = queries.newest_checkpoint(work.session, log.epoch)
    return None if found is None else _checkpoint_view(log, found)


def backlog(work: Work) -> Backlog:
    """Return what waits for the sequencer."""
    work.require(Permission.STATUS_READ)
    count = work.session.execute(sa.select(sa.func.count()).select_from(PendingRecord)).scalar_one()
    oldest = work.session.execute(
        sa.select(LogRecord.recorded_at)
        .join(PendingRecord, PendingRecord.record_id == LogRecord.id)
        .order_by(PendingRecord.record_id)
        .limit(1)
    ).scalar_one_or_none()
    return Backlog(count=count, oldest_at=oldest)


def entries(
    work: Work,
    *,
    kind: str | None = None,
    decision_id: str | None = None,
    before: Place | None = None,
    limit: int = 50,
) -> EntriesPage:
    """Return entries that have their place, newest first, those before a place.

    Raises:
        NotAllowed: the actor may not read the log.
        InvalidInput: there is no such kind of entry.
    """
    work.require(Permission.LOG_READ)
    limit = max(1, min(limit, MOST_ENTRIES))
    query = (
        sa.select(LogRecord, Leaf)
        .join(Leaf, Leaf.record_id == LogRecord.id)
        .order_by(Leaf.epoch.desc(), Leaf.leaf_index.desc())
        .limit(limit + 1)
    )
    if kind is not None:
        if kind not in set(EntryKind):
            raise InvalidInput(f"There is no kind of entry {kind!r}.")
        query = query.where(LogRecord.kind == kind)
    if decision_id is not None:
        query = query.where(LogRecord.decision_id == decision_id)
    if before is not None:
        query = query.where(
            sa.or_(
                Leaf.epoch < before.epoch,
                sa.and_(Leaf.epoch == before.epoch, Leaf.leaf_index < before.index),
            )
        )
    rows = work.session.execute(query).all()
    views = [_entry_view(record, leaf) for record, leaf in rows[:limit]]
    return EntriesPage(entries=views, next_cursor=views[-1].place if len(rows) > limit else None)


def entry(work: Work, record_id: str) -> EntryView:
    """Return one entry by its id, placed or not.

    Raises:
        NotAllowed: the actor may not read the log.
        NotFound: there is none.
    """
    work.require(Permission.LOG_READ)
    record = work.session.get(LogRecord, record_id)
    if record is None:
        raise NotFound("There is no such entry in the log.")
    leaf = work.session.execute(
        sa.select(Leaf).where(Leaf.record_id == record_id)
    ).scalar_one_or_none()
    return _entry_view(record, leaf)


def entry_at(work: Work, index: int, epoch: int | None = None) -> EntryView:
    """Return the entry at an index of the current epoch, or of one named.

    Raises:
        NotAllowed: the actor may not read the log.
        NotFound: there is none.
    """
    work.require(Permission.LOG_READ)
    if epoch is None:
        epoch = queries.current(work.session).epoch
    leaf = work.session.get(Leaf, (epoch, index))
    if leaf is None:
        raise NotFound(f"There is no entry {index} in the log.")
    return entry(work, leaf.record_id)


def places(work: Work, record_ids: Iterable[str]) -> dict[str, Place]:
    """Return where records stand; those that wait are absent. Anybody who knows an id may know its place."""
    wanted = list(record_ids)
    found: dict[str, Place] = {}
    for start in range(0, len(wanted), 500):
        rows = work.session.execute(
            sa.select(Leaf.record_id, Leaf.epoch, Leaf.leaf_index).where(
                Leaf.record_id.in_(wanted[start : start + 500])
            )
        )
        found |= {row.record_id: Place(epoch=row.epoch, index=row.leaf_index) for row in rows}
    return found


def _checkpoint_view(log: Log, found: StoredCheckpoint) -> CheckpointView:
    return CheckpointView(
        epoch=log.epoch,
        origin=log.origin,
        vkey=log.signing_vkey,
        size=found.size,
        root=found.root,
        note=found.note,
        signed_at=found.signed_at,
    )


def _entry_view(record: LogRecord, leaf: Leaf | None) -> EntryView:
    try:
        said = orjson.loads(record.entry)
    except orjson.JSONDecodeError:
        # Somebody changed its bytes. It is shown as far as its row goes; `verify` says what is wrong.
        said = {}
    actor = said.get("actor", {})
    kind = record.kind
    return EntryView(
        id=record.id,
        kind=kind,
        description=describe(EntryKind(kind)).what if kind in set(EntryKind) else "",
        recorded_at=record.recorded_at,
        actor_type=str(actor.get("type", "")),
        actor_ref=str(actor.get("ref", "")),
        decision_id=record.decision_id,
        refs=said.get("refs", {}),
        data=said.get("data", {}),
        payloads=[payload["name"] for payload in said.get("payload", [])],
        place=None if leaf is None else Place(epoch=leaf.epoch, index=leaf.leaf_index),
        leaf_hash=None if leaf is None else leaf.leaf_hash.hex(),
        entry=record.entry,
    )
