"""Erasing what was confirmed, clearing away what the database itself leaves behind, and naming the records in the log among those of others.

It runs where the vault can be read: in the worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import service
from governance.appeals import people_only
from governance.appeals import service as appeals
from governance.appeals.models import Appeal
from governance.counting import folding, summing
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.sight import ALL
from governance.decisions.states import Status
from governance.erasing import queries
from governance.erasing.erasers import ERASERS, Subject
from governance.erasing.models import ErasedRecord, Erasure, SpentKey
from governance.erasing.queries import Scope, some
from governance.erasing.service import obstacle_of
from governance.erasing.transitions import ErasureStatus
from governance.gold.models import GoldCase
from governance.monitors import watching
from governance.requests.models import Request
from governance.requests.service import RequestStatus
from governance.reviews import doubles
from governance.reviews import gold as known_cases
from governance.reviews.models import Case
from governance.reviews.purposes import SECOND_LOOKS
from governance.rights import queries as rights
from governance.rights import service as rights_requests
from governance.rights.transitions import RightKind
from governance.subjects import payloads
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: The log names erased records once those of so many people are mixed ...
MIXED: Final = 5
#: ... and only how many they are where there were too few for so long.
LONGEST: Final = timedelta(days=30)
#: Ids that one entry names: an entry holds 60,000 bytes.
_IDS: Final = 1_000


def run(answerable: Answerable) -> int:
    """Erase whom somebody asked for and another confirmed, unless something stands in the way; return how many were erased.

    Raises:
        Unavailable: the database could not do it; nothing was erased.
    """
    worker = service("worker")
    with answerable.look(worker) as work:
        confirmed = sa.select(Erasure.id).where(Erasure.status == ErasureStatus.CONFIRMED)
        waiting = list(work.session.execute(confirmed.order_by(Erasure.closed_at)).scalars())
        unwiped = Erasure.erased_at.is_not(None) & Erasure.wiped_at.is_(None)
        to_wipe = work.session.execute(sa.select(Erasure.id).where(unwiped).limit(1)).first()
    done = sum(_erase(answerable, erasure_id) for erasure_id in waiting)
    if (done or to_wipe is not None) and wipe(answerable):
        with answerable.work(worker) as work:
            work.session.execute(
                sa.update(Erasure).where(unwiped).values(wiped_at=work.now),
                execution_options={"synchronize_session": False},
            )
    return done


def _erase(answerable: Answerable, erasure_id: str) -> bool:
    with answerable.work_as_fairness(service("worker")) as work:
        row = queries.erasure_by_id(work.session, erasure_id, lock=True)
        if row is None or row.status != ErasureStatus.CONFIRMED:
            return False
        asked = work.session.get(Request, row.request_id)
        if asked is None or asked.status != RequestStatus.CONFIRMED:
            return False
        key_ids = queries.keys_beside(work.session, row.key_id)
        # Whoever writes under one of the keys now waits, finds it gone, and prepares it again under another.
        tags = set(
            work.session.execute(
                sa.select(SubjectKeyRow.subject_tag)
                .where(SubjectKeyRow.id.in_(key_ids))
                .with_for_update()
            ).scalars()
        )
        scope = queries.scope_of(work.session, key_ids)
        if obstacle_of(work, scope) is not None:
            return False
        said = payloads.read(work.session, answerable.keys, row.id, people_only.SUBJECT)
        _settle(work, scope)
        # What was written on the way is theirs too.
        scope = queries.scope_of(work.session, key_ids)
        folding.fold_of(work, scope.decision_ids, watch=watching.watch)
        summing.keep_of_erased(work, scope.decision_ids)
        work.session.expire_all()
        subject = Subject(scope=scope, reference=None if said is None else said.decode())
        for erase in ERASERS.values():
            erase(work, subject)
        work.session.expire_all()
        row.status, row.erased_at = ErasureStatus.ERASED.value, work.now
        work.record(
            EntryKind.SUBJECT_ERASED,
            refs={"erasure": row.id, "request": row.request_id},
            data={"ground": row.ground, "asked_by": row.asked_by, "confirmed_by": row.closed_by},
        )
        work.session.flush()
    for tag in tags:
        answerable.keys.forget_tag(tag)
    return True


def _settle(work: Work, scope: Scope) -> None:
    """End what still goes on about decisions: appeals and decisions in review are withdrawn, second looks closed, known cases retired."""
    for part in some(scope.decision_ids):
        rows = list(
            work.session.execute(
                sa.select(Decision)
                .where(Decision.id.in_(part))
                .order_by(Decision.id)
                .with_for_update()
                .execution_options(**ALL)
            ).scalars()
        )
        _retire(work, part)
        for row in rows:
            _settle_one(work, row)
    for key_id in scope.key_ids:
        asked = rights.open_one(work.session, [key_id], RightKind.ERASURE)
        if asked is not None:
            rights_requests.fulfilled(work, asked.id)
    work.session.flush()


def _settle_one(work: Work, row: Decision) -> None:
    cases = work.session.execute(
        sa.select(Case)
        .where(Case.decision_id == row.id, Case.status == "open")
        .with_for_update()
        .execution_options(**ALL)
    ).scalars()
    for case in cases.all():
        if known_cases.ends(work, case, row):
            continue
        if case.purpose in SECOND_LOOKS:
            doubles.close(work, case, why="erased")
    if row.gold_for is not None:
        return
    objected = sa.select(Appeal.id).where(Appeal.decision_id == row.id, Appeal.status == "open")
    if work.session.execute(objected).first() is not None:
        appeals.withdraw(work, row.id)
    if row.status == Status.IN_REVIEW:
        decisions.withdraw(work, row.id)


def _retire(work: Work, decision_ids: Sequence[str]) -> None:
    made = sa.select(GoldCase).where(
        GoldCase.decision_id.in_(decision_ids), GoldCase.retired_at.is_(None)
    )
    for one in work.session.execute(made.with_for_update()).scalars().all():
        one.retired_at = work.now
        work.record(EntryKind.GOLD_RETIRED, refs={"gold": one.id})


# ------------------------------------------------------------------------------------ afterwards


def wipe(answerable: Answerable) -> bool:
    """Clear away what the database keeps of deleted rows; return whether all is done, else it is tried again.

    SQLite overwrites them where they stood (``secure_delete``); its write-ahead log is emptied here. PostgreSQL frees their place by VACUUM; what its
    own write-ahead log and its backups hold goes with these.
    """
    engine = answerable.fairness_database.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if answerable.database.is_sqlite:
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return not busy
        tables = ", ".join(sorted({*ERASERS, "webhook_attempts", "erased_records"}))
        connection.exec_driver_sql(f"VACUUM {tables}")
    return True


def name_records(answerable: Answerable) -> int:
    """Name in the log the records whose payloads were erased, once a day and those of several people together; return how many.

    Sorted by their ids nobody can tell from the entry whose they were. Where too few people were erased in a month it says how many records, and no ids.
    """
    with answerable.work(service("worker")) as work:
        people = list(
            work.session.execute(
                sa.select(Erasure)
                .where(Erasure.erased_at.is_not(None), Erasure.mixed_at.is_(None))
                .order_by(Erasure.erased_at)
                .with_for_update()
            ).scalars()
        )
        today = work.now.replace(hour=0, minute=0, second=0, microsecond=0)
        people = people if people and (people[0].erased_at or work.now) < today else []
        enough = len(people) >= MIXED
        if not people or not (enough or (people[0].erased_at or work.now) <= work.now - LONGEST):
            return 0
        ids = sorted(work.session.execute(sa.select(ErasedRecord.record_id)).scalars())
        parts = [ids[start : start + _IDS] for start in range(0, len(ids), _IDS)]
        for part in parts if enough else [ids]:
            data = {"records": len(part)} | ({"ids": part} if enough else {})
            work.record(EntryKind.RECORDS_ERASED, data=data)
        work.session.execute(sa.delete(ErasedRecord))
        for row in people:
            row.mixed_at = work.now
            row.wiped_at = None
    return len(ids)


def forget_spent(answerable: Answerable) -> None:
    """Forget the idempotency keys of erased decisions that have served their time."""
    with answerable.database.write() as session:
        session.execute(sa.delete(SpentKey).where(SpentKey.until < answerable.clock.now()))
