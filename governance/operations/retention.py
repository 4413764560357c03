"""Letting go of what has been kept for long enough: payloads by the retention of their point's policy, entries of the log by the longest in force.

It runs where the vault can be read: in the worker. Each batch is one transaction with its entry in the log, so that whoever is killed loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from audits.log.entries import EntryKind
from audits.log.tiles import WIDTH
from governance.actors import service
from governance.appeals.models import Appeal
from governance.clock import rfc3339
from governance.counting import folding, summing
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.sight import ALL
from governance.decisions.states import Status
from governance.erasing import carrying_out
from governance.erasing.erasers import ERASERS, Subject
from governance.erasing.models import LegalHold
from governance.erasing.queries import Scope
from governance.gold.models import GoldCase, GoldServing
from governance.installation.service import business_settings
from governance.ledger import queries
from governance.ledger.models import Leaf, Log, LogRecord
from governance.monitors import watching
from governance.operations import comparing, standing
from governance.records import metadata
from governance.reviews.models import Case
from governance.rights.models import RightsRequest
from governance.rights.transitions import RightKind, RightsStatus
from governance.storage.inserting import insert
from governance.subjects.models import (
    PayloadRow,
    PrunedDecision,
    RetentionMark,
    SubjectKeyRow,
    VaultRow,
)
from governance.work import Work
from policies.schema import duration_text

if TYPE_CHECKING:
    from governance.application import Answerable

#: Decisions that one transaction lets go of, so that nobody waits long for it.
BATCH: Final = 200
#: Bundles of entries that one transaction deletes.
BUNDLES: Final = 8
_AT_ONCE: Final = 500
_NO_SYNC: Final = {"synchronize_session": False}
#: What else of a decision is as with an erasure.
_OF_DECISIONS: Final = (
    "webhook_deliveries",
    "import_references",
    "appeals",
    "gold_servings",
    "decisions",
)
#: Entries about no decision that are let go of too: they come by the thousand, and nothing in force rests on them.
_PASSING: Final = frozenset(
    {
        EntryKind.LOG_TICK,
        EntryKind.ACCESS_READ,
        EntryKind.PERSON_SIGNED_IN,
        EntryKind.PERSON_SIGNED_OUT,
        EntryKind.PERSON_LOCKED,
        EntryKind.BULK_BEGUN,
        EntryKind.BULK_OPENED,
        EntryKind.COUNTS_CORRECTED,
    }
)
#: Entries of decisions that stay, as rows in force are held against them.
_STANDING: Final = frozenset({*standing.KINDS, *comparing.GOLD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many decisions are due to be let go of, and of how many more a legal hold or a copy that was asked for keeps the payloads."""

    due: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands: at how many points payloads go in time (``limits``), at which they are kept ``for_good``, and what waits."""

    limits: int
    for_good: Sequence[str]
    waiting: Waiting


class Retention:
    """What a worker does batch by batch, and what it has yet to clear away of the database's own leftovers."""

    def __init__(self, answerable: Answerable) -> None:
        self._answerable = answerable
        self._to_wipe = False

    def work(self) -> bool:
        """Let go of one batch; return whether more may wait."""
        if prune(self._answerable) or prune_entries(self._answerable):
            self._to_wipe = True
            return True
        if self._to_wipe:
            self._to_wipe = not carrying_out.wipe(self._answerable)
        return False


def prune(answerable: Answerable, *, batch: int = BATCH) -> int:
    """Delete the payloads of some decisions that were settled longer ago than the live policy of their point keeps them; return of how many.

    What a legal hold protects stays, and what somebody waits for a copy of. Rows, counts and entries stay.

    Raises:
        Unavailable: the database could not do it; nothing was deleted.
    """
    with answerable.look_as_fairness(service("retention")) as work:
        limits = limits_of(work)
    for point, (keep, before) in limits.items():
        with answerable.work_as_fairness(service("retention")) as work:
            since = _mark(work.session, point)
            due = _due(point, since, before).where(~_held())
            _retire(work, GoldCase.decision_id.in_(due))
            found = work.session.execute(
                due.where(~_judged())
                .order_by(Decision.recorded_at, Decision.id)
                .limit(batch)
                .with_for_update(of=Decision, skip_locked=True),
                execution_options=ALL,
            ).scalars()
            ids = list(found)
            if ids:
                _let_go(work, point, keep, before, ids)
                return len(ids)
            _move_mark(work.session, point, since, before)
    return 0


def waiting(work: Work, most: int = 10_000) -> Waiting:
    """Return what is due at each point, up to so much."""
    due = held = 0
    for point, (_, before) in limits_of(work).items():
        query = _due(point, _mark(work.session, point), before).limit(most)
        for condition, of_held in ((_held(), True), (~_held(), False)):
            count = work.session.execute(
                sa.select(sa.func.count()).select_from(query.where(condition).subquery()),
                execution_options=ALL,
            ).scalar_one()
            held, due = (held + count, due) if of_held else (held, due + count)
    return Waiting(due=due, held=held)


def standing_of(work: Work) -> Standing:
    """Return how it stands, for the status page."""
    keeps = _keeps(work)
    for_good = sorted(point for point, keep in keeps.items() if keep is None)
    limits = len(keeps) - len(for_good)
    none = Waiting(due=0, held=0)
    return Standing(limits=limits, for_good=for_good, waiting=waiting(work) if limits else none)


def limits_of(work: Work) -> dict[str, tuple[timedelta, datetime]]:
    """Return, by point, how long payloads are kept, and before which day decisions must have been settled to lose them."""
    today = work.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {point: (keep, today - keep) for point, keep in _keeps(work).items() if keep is not None}


def _keeps(work: Work) -> dict[str, timedelta | None]:
    """Return how long each point with a live policy keeps payloads (None: for good): never less than the business keeps at least."""
    least = timedelta(days=business_settings(work.session).keep_at_least_days)
    return {
        point: None if live.policy.keep is None else max(live.policy.keep, least)
        for point, live in work.configuration.live.items()
    }


# ------------------------------------------------------------------------------------- payloads


def _due(point: str, since: datetime | None, before: datetime) -> sa.Select[str]:
    """Select decisions of a point whose payloads are there, and that have been settled in all respects since before a day."""
    late_case = sa.select(Case.id).where(
        Case.decision_id == Decision.id,
        sa.or_(Case.status == "open", Case.closed_at >= before),
    )
    late_appeal = sa.select(Appeal.id).where(
        Appeal.decision_id == Decision.id,
        sa.or_(Appeal.status == "open", Appeal.closed_at >= before),
    )
    query = (
        sa.select(Decision.id)
        .join(
            PayloadRow,
            (PayloadRow.record_id == Decision.id) & (PayloadRow.name == DECISION_PAYLOAD),
        )
        .where(
            Decision.point == point,
            Decision.recorded_at < before,
            sa.func.coalesce(Decision.decided_at, Decision.recorded_at) < before,
            Decision.status != Status.IN_REVIEW,
            *(~one.exists() for one in (late_case, late_appeal)),
        )
    )
    return query if since is None else query.where(Decision.recorded_at >= since)


def _judged() -> sa.ColumnElement[bool]:
    """Tell of a decision whether somebody is judging a known case that was made of it."""
    served = aliased(Decision)
    return (
        sa.select(GoldServing.decision_id)
        .join(GoldCase, GoldCase.id == GoldServing.gold_case_id)
        .join(served, served.id == GoldServing.decision_id)
        .where(GoldCase.decision_id == Decision.id, served.status == Status.IN_REVIEW)
        .exists()
    )


def _held() -> sa.ColumnElement[bool]:
    """Tell of the payload that ``_due`` joins whether its subject's data must be kept for now."""
    holds = sa.select(LegalHold.key_id).where(LegalHold.lifted_at.is_(None))
    copies = sa.select(RightsRequest.key_id).where(
        RightsRequest.kind == RightKind.ACCESS, RightsRequest.status == RightsStatus.OPEN
    )
    named = aliased(SubjectKeyRow)
    beside = sa.select(named.subject_tag).where(
        sa.or_(named.id.in_(holds), named.id.in_(copies)), named.subject_tag.is_not(None)
    )
    mine = sa.select(SubjectKeyRow.id).where(
        sa.or_(
            SubjectKeyRow.id.in_(holds),
            SubjectKeyRow.id.in_(copies),
            SubjectKeyRow.subject_tag.in_(beside),
        )
    )
    return PayloadRow.key_id.in_(mine)


def _let_go(
    work: Work, point: str, keep: timedelta, before: datetime, settled: Sequence[str]
) -> None:
    session = work.session
    gold_ids = list(
        session.execute(sa.select(GoldCase.id).where(GoldCase.decision_id.in_(settled))).scalars()
    )
    copies = session.execute(
        sa.select(GoldServing.decision_id).where(GoldServing.gold_case_id.in_(gold_ids))
    ).scalars()
    ids = sorted({*settled, *copies})
    # What they have in the counts stays there.
    folding.fold_of(work, ids, watch=watching.watch)
    summing.keep_of_erased(work, ids)
    records = {*ids, *gold_ids}
    for part in _parts(ids):
        records.update(
            session.execute(
                sa.select(LogRecord.id).where(LogRecord.decision_id.in_(part))
            ).scalars()
        )
    key_ids, payloads = _delete_payloads(session, sorted(records), ids)
    gone = Subject(scope=Scope(key_ids=[], record_ids=[], decision_ids=ids), reference=None)
    for table in _OF_DECISIONS:
        ERASERS[table](work, gone)
    _drop_keys(session, key_ids)
    marks = [{"decision_id": one, "pruned_at": work.now} for one in ids]
    session.execute(insert(session, PrunedDecision).on_conflict_do_nothing(), marks)
    work.record(
        EntryKind.PAYLOADS_PRUNED,
        data={
            "point": point,
            "keep": duration_text(keep),
            "before": rfc3339(before),
            "decisions": len(ids),
            "payloads": payloads,
        },
    )


def _retire(work: Work, which: sa.ColumnElement[bool]) -> None:
    """Give nobody a known case any more that was made of what is due."""
    made = sa.select(GoldCase).where(GoldCase.retired_at.is_(None), which).with_for_update()
    for one in work.session.execute(made, execution_options=ALL).scalars().all():
        one.retired_at = work.now
        work.record(EntryKind.GOLD_RETIRED, refs={"gold": one.id})
    work.session.flush()


def _delete_payloads(
    session: Session, records: Sequence[str], decisions: Sequence[str]
) -> tuple[set[str], int]:
    """Delete all payloads of some records and the group attributes of some decisions; return their keys, and how many they were."""
    keys: set[str] = set()
    count = 0
    for model, column, ids in (
        (PayloadRow, PayloadRow.record_id, records),
        (VaultRow, VaultRow.decision_id, decisions),
    ):
        for part in _parts(ids):
            keys.update(
                session.execute(
                    sa.select(model.key_id).where(column.in_(part)).distinct()
                ).scalars()
            )
            count += _delete(session, model, column.in_(part))
    return keys, count


def _drop_keys(session: Session, key_ids: Iterable[str]) -> None:
    """Delete the keys of these under which nothing stands any more and on which nothing hangs."""
    hangs = [
        sa.exists().where(column == SubjectKeyRow.id)
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column is SubjectKeyRow.__table__.c.id for key in column.foreign_keys)
    ]
    for part in _parts(sorted(key_ids)):
        _delete(session, SubjectKeyRow, SubjectKeyRow.id.in_(part), *(~one for one in hangs))


def _mark(session: Session, point: str) -> datetime | None:
    return session.execute(
        sa.select(RetentionMark.done_before).where(RetentionMark.point == point)
    ).scalar_one_or_none()


def _move_mark(session: Session, point: str, since: datetime | None, before: datetime) -> None:
    """Note where the oldest payload is that is left, so that nobody looks further back again."""
    query = (
        sa.select(Decision.recorded_at)
        .join(
            PayloadRow,
            (PayloadRow.record_id == Decision.id) & (PayloadRow.name == DECISION_PAYLOAD),
        )
        .where(Decision.point == point, Decision.recorded_at < before)
        .order_by(Decision.recorded_at)
        .limit(1)
    )
    if since is not None:
        query = query.where(Decision.recorded_at >= since)
    left = session.execute(query, execution_options=ALL).scalar_one_or_none()
    done = before if left is None else left
    if done != since:
        session.execute(
            insert(session, RetentionMark)
            .values(point=point, done_before=done)
            .on_conflict_do_update(index_elements=["point"], set_={"done_before": done})
        )


# --------------------------------------------------------------------------------------- entries


def prune_entries(answerable: Answerable, *, bundles: int = BUNDLES) -> int:
    """Delete the oldest entries of the log, whole bundles of them, that are older than anything is kept for; return how many bundles were gone through.

    An epoch's ``min_index`` rises with the entry that says so. Leaves and tiles stay, and with them every proof; so do entries that what is in force is held
    against. It goes no further than the first entry of a decision whose payload is still there.
    """
    with answerable.look(service("retention")) as work:
        keeps = _keeps(work).values()
        longest = None if not keeps else max((k for k in keeps if k is not None), default=None)
        if longest is None or None in keeps:
            return 0
    with answerable.work(service("retention")) as work:
        before = work.now.replace(hour=0, minute=0, second=0, microsecond=0) - longest
        for log in queries.epochs(work.session):
            start, end = log.min_index, log.size - log.size % WIDTH
            stop = _first_kept(work.session, log, start, min(end, start + bundles * WIDTH), before)
            if stop > start:
                _delete_entries(work, log, start, stop, before)
                return (stop - start) // WIDTH
            if start < end:
                return 0
    return 0


def _first_kept(session: Session, log: Log, start: int, end: int, before: datetime) -> int:
    """Return the beginning of the first bundle that must stay."""
    while start < end:
        rows = session.execute(
            sa.select(Leaf.integrated_at, LogRecord.decision_id)
            .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
            .where(
                Leaf.epoch == log.epoch, Leaf.leaf_index >= start, Leaf.leaf_index < start + WIDTH
            )
        ).all()
        decisions = {row.decision_id for row in rows if row.decision_id is not None}
        there = sa.select(PayloadRow.record_id).where(
            PayloadRow.record_id.in_(decisions), PayloadRow.name == DECISION_PAYLOAD
        )
        if (
            any(row.integrated_at >= before for row in rows)
            or session.execute(there.limit(1)).first() is not None
        ):
            return start
        start += WIDTH
    return start


def _delete_entries(work: Work, log: Log, start: int, stop: int, before: datetime) -> None:
    session = work.session
    # The database lets nothing be deleted that does not lie below this.
    raised = sa.update(Log).where(Log.epoch == log.epoch, Log.min_index == start)
    session.execute(raised.values(min_index=stop), execution_options=_NO_SYNC)
    rows = session.execute(
        sa.select(LogRecord.id)
        .join(Leaf, Leaf.record_id == LogRecord.id)
        .where(
            Leaf.epoch == log.epoch,
            Leaf.leaf_index >= start,
            Leaf.leaf_index < stop,
            sa.or_(LogRecord.decision_id.is_not(None), LogRecord.kind.in_(_PASSING)),
            LogRecord.kind.not_in(_STANDING),
            # To whom a known case was served, and what they said, is held against all its entries.
            sa.or_(
                LogRecord.decision_id.is_(None),
                LogRecord.decision_id.not_in(sa.select(GoldServing.decision_id)),
            ),
        )
    )
    ids = list(rows.scalars())
    key_ids, _ = _delete_payloads(session, ids, [])
    _drop_keys(session, key_ids)
    entries = sum(_delete(session, LogRecord, LogRecord.id.in_(part)) for part in _parts(ids))
    work.record(
        EntryKind.LOG_PRUNED,
        data={
            "epoch": log.epoch,
            "min_index": stop,
            "entries": entries,
            "before": rfc3339(before),
        },
    )


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _delete(session: Session, model: Any, *conditions: Any) -> int:
    done = session.execute(sa.delete(model).where(*conditions), execution_options=_NO_SYNC)
    return cast("CursorResult[Any]", done).rowcount
