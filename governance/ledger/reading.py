"""Reading the log: checkpoints and tiles for everybody, entries for those who may."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind, describe
from audits.log.witness_policy import WitnessPolicy
from audits.sentences import Sentence
from governance.clock import is_id
from governance.errors import InvalidInput, NotFound, SettingsInvalid
from governance.ledger import anchoring, queries, witnessing
from governance.ledger.anchoring import AnchorView
from governance.ledger.models import Leaf, Log, LogRecord, PendingRecord, StoredCheckpoint
from governance.ledger.witnessing import WitnessView
from governance.permissions import Permission
from governance.work import Work

MOST_ENTRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointView:
    """A published checkpoint; ``note`` is what was signed, with the log's signature and those of witnesses."""

    epoch: int
    origin: str
    vkey: str
    size: int
    root: bytes
    note: str
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideView:
    """Who watches the log from outside: ``mode`` is that of witnessing, ``published`` and ``signed`` how many entries the newest such checkpoint covers.

    ``quorum`` tells whether enough witnesses cosigned the published one, ``fault`` why the policy cannot be read.
    """

    mode: str
    published: int
    signed: int
    quorum: bool
    witnesses: Sequence[WitnessView]
    anchors: Sequence[AnchorView]
    fault: Sentence | None = None


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


def outside(work: Work) -> OutsideView:
    """Return who watches the current epoch from outside, and where its checkpoints were laid down."""
    work.require(Permission.LOG_READ)
    session = work.session
    log = queries.current(session)
    published = queries.published_checkpoint(session, log.epoch)
    signed = queries.newest_checkpoint(session, log.epoch)
    fault = None
    wanted = WitnessPolicy()
    try:
        wanted = witnessing.policy(work.answerable)
    except SettingsInvalid as error:
        fault = error.said
    found = () if published is None else witnessing.cosigned(session, published)
    return OutsideView(
        mode=work.answerable.settings.witnessing,
        published=0 if published is None else published.size,
        signed=0 if signed is None else signed.size,
        quorum=fault is None
        and bool(wanted.witnesses)
        and wanted.is_met(one.cosigner for one in found),
        witnesses=witnessing.views(session, wanted, log.epoch),
        anchors=anchoring.newest(session),
        fault=fault,
    )


def newest_checkpoint(work: Work, epoch: int | None = None) -> CheckpointView | None:
    """Return the newest published checkpoint of the current epoch, or of one named; anybody may know it."""
    log = queries.current(work.session) if epoch is None else work.session.get(Log, epoch)
    if log is None:
        return None
    found = queries.published_checkpoint(work.session, log.epoch)
    return None if found is None else _checkpoint_view(work, log, found)


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
        NotFound: there is none, or it was pruned.
    """
    work.require(Permission.LOG_READ)
    if epoch is None:
        epoch = queries.current(work.session).epoch
    leaf = work.session.get(Leaf, (epoch, index))
    if leaf is None:
        raise NotFound(f"There is no entry {index} in the log.")
    if work.session.get(LogRecord, leaf.record_id) is None:
        raise NotFound(
            f"Entry {index} was deleted when its time had passed. Its hash, {leaf.leaf_hash.hex()}, is still in the tree."
        )
    return entry(work, leaf.record_id)


def growth(work: Work, *, points: int = 30) -> list[tuple[datetime, int]]:
    """Return when the current epoch had how many entries: its opening, and equal steps of size up to the present one."""
    work.require(Permission.LOG_READ)
    log = queries.current(work.session)
    sizes = sorted({max(1, log.size * step // points) for step in range(1, points + 1)})
    placed = {}
    if log.size:
        rows = work.session.execute(
            sa.select(Leaf.leaf_index, Leaf.integrated_at).where(
                Leaf.epoch == log.epoch, Leaf.leaf_index.in_([size - 1 for size in sizes])
            )
        )
        placed = {row.leaf_index + 1: row.integrated_at for row in rows}
    # A clock may have been set back; the line goes on from where it was.
    grown, latest = [(log.opened_at, 0)], log.opened_at
    for size in sizes:
        latest = max(latest, placed.get(size, latest))
        grown.append((latest, size))
    return grown if log.size else []


def about(work: Work, wanted: str) -> str | None:
    """Return the id of the entry that an index of the current epoch, or an id, names; None where there is none.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 16:
        leaf = work.session.get(Leaf, (queries.current(work.session).epoch, int(wanted)))
        wanted = "" if leaf is None else leaf.record_id
    if not is_id(wanted) or work.session.get(LogRecord, wanted) is None:
        return None
    return wanted


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


def _checkpoint_view(work: Work, log: Log, found: StoredCheckpoint) -> CheckpointView:
    return CheckpointView(
        epoch=log.epoch,
        origin=log.origin,
        vkey=log.signing_vkey,
        size=found.size,
        root=found.root,
        note=queries.note_of(work.session, found),
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
