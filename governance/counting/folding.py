"""Folding: what changed about decisions is taken off the list and added to the counts of their groups, in one transaction.

Taking from the list rather than reading behind a mark makes it safe against transactions that commit out of order, and against being
killed: either the deltas are gone and the counts have moved, or neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.actors import service
from governance.counting.contributions import Addition, Coarseness, Counted, additions
from governance.counting.groups import KnownValues, recorded
from governance.counting.models import (
    CellRow,
    OverrideRow,
    PathRow,
    RatingRow,
    ReasonRow,
    ScoreRow,
    ScoreStep,
    StratumRow,
    WaitRow,
)
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.states import REVERSAL
from governance.deltas.models import CountDelta
from governance.deltas.states import State, read
from governance.points import queries as points
from governance.storage.inserting import insert
from governance.subjects import payloads
from governance.work import Work
from policies.document import Policy

if TYPE_CHECKING:
    from governance.application import Answerable

#: Deltas that one transaction takes, so that nobody waits long for it.
BATCH: Final = 400
#: The same on SQLite, where it keeps everybody from writing, while others wait for a decision.
SQLITE_BATCH: Final = 100
_AT_ONCE: Final = 500
#: What counting needs of a decision's row; whole records would take three times as long to load.
COLUMNS: Final = (
    Decision.id,
    Decision.point,
    Decision.policy_version,
    Decision.source,
    Decision.imported,
    Decision.rollout,
    Decision.disposition,
    Decision.reasons,
    Decision.proposed_outcome,
    Decision.confidence,
    Decision.recorded_at,
    Decision.occurred_at,
    Decision.decided_at,
    Decision.language,
)
TABLES: Final = (
    CellRow,
    ScoreRow,
    WaitRow,
    StratumRow,
    ReasonRow,
    RatingRow,
    OverrideRow,
    PathRow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One decision's change, as those are told who watch: ``group`` is canonical JSON of what is known."""

    decision: Counted
    policy: Policy
    group: str
    was: State | None
    now: State
    decided_at: datetime | None


Watcher = Callable[[Work, Sequence[Change]], None]


def fold(answerable: Answerable, *, watch: Watcher | None = None, limit: int = BATCH) -> int:
    """Count what changed; return how many changes were taken. ``watch`` is told of them in the same transaction.

    Raises:
        Unavailable: the database could not do it; nothing was counted.
    """
    with answerable.look_as_fairness(service("fairness")) as work:
        # Most of the time there is nothing to do, and then nobody is kept from writing.
        if (
            work.session.execute(sa.select(CountDelta.id).where(_ready(work.now)).limit(1)).first()
            is None
        ):
            return 0
    with answerable.work_as_fairness(service("fairness")) as work:
        deltas = work.session.execute(
            sa.select(CountDelta.id, CountDelta.decision_id, CountDelta.was, CountDelta.now)
            .where(_ready(work.now))
            .order_by(CountDelta.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        _take(work, deltas, watch)
    return len(deltas)


def fold_of(work: Work, decision_ids: Sequence[str], *, watch: Watcher | None = None) -> None:
    """Count all that changed about some decisions now, in the transaction of who needs it counted; it reads the vault."""
    for start in range(0, len(decision_ids), _AT_ONCE):
        deltas = work.session.execute(
            sa.select(CountDelta.id, CountDelta.decision_id, CountDelta.was, CountDelta.now)
            .where(CountDelta.decision_id.in_(decision_ids[start : start + _AT_ONCE]))
            .order_by(CountDelta.id)
            .with_for_update()
        ).all()
        _take(work, deltas, watch)


def _take(work: Work, deltas: Sequence[Any], watch: Watcher | None) -> None:
    changes = _changes(work, deltas)
    count(work.session, changes)
    if watch is not None:
        watch(work, changes)
    work.session.execute(
        sa.delete(CountDelta)
        .where(CountDelta.id.in_([delta.id for delta in deltas]))
        .execution_options(synchronize_session=False)
    )


def count(
    session: Session, changes: Sequence[Change], *, regrouped_from: Mapping[int, str] | None = None
) -> None:
    """Add changes to the count tables; ``regrouped_from`` names, by position, the group a decision was counted in before."""
    steps = _steps(session, changes)
    sums: dict[Any, dict[tuple[Any, ...], list[int]]] = defaultdict(
        lambda: defaultdict(lambda: [0, 0])
    )
    for position, change in enumerate(changes):
        coarse = steps.get((change.decision.point, change.decision.day))
        before = change.group if regrouped_from is None else regrouped_from[position]
        if change.was is not None:
            for one in additions(change.decision, change.was, before, change.policy, coarse):
                _add(sums, one, -1)
        for one in additions(change.decision, change.now, change.group, change.policy, coarse):
            _add(sums, one, 1)
    apply(session, sums)


def apply(session: Session, sums: Mapping[Any, Mapping[tuple[Any, ...], Sequence[int]]]) -> None:
    """Add sums to the rows of the count tables, in an order that keeps two who do it from waiting for each other."""
    for table in TABLES:
        rows = sums.get(table)
        if not rows:
            continue
        names = [column.name for column in table.__table__.primary_key]
        amounts = ["n", "total"] if table is ReasonRow else ["n"]
        moved = [
            dict(zip(names, key, strict=True)) | dict(zip(amounts, amount, strict=False))
            for key, amount in sorted(rows.items())
            if any(amount)
        ]
        if moved:
            # On the connection itself, so that one prepared statement takes all rows.
            session.connection().execute(_adding(session, table, names, amounts), moved)


def _adding(session: Session, table: Any, names: list[str], amounts: list[str]) -> Any:
    columns = table.__table__.c
    statement = insert(session, table.__table__)
    return statement.on_conflict_do_update(
        index_elements=names,
        set_={name: columns[name] + statement.excluded[name] for name in amounts},
    )


def counted_of(row: Any, payload: bytes | None) -> Counted:
    """Return what does not change about a decision, from its row or from COLUMNS of it."""
    document = {} if payload is None else orjson.loads(payload)
    at = row.recorded_at if row.occurred_at is None else row.occurred_at
    return Counted(
        point=row.point,
        version=row.policy_version,
        day=at.astimezone(UTC).date().isoformat(),
        imported=row.imported,
        observed=row.rollout == "observe",
        disposition=row.disposition,
        proposed=row.proposed_outcome,
        confidence=row.confidence,
        codes=row.reasons,
        features=document.get("features"),
        contributions=document.get("reasons") or (),
        reverses=row.source == REVERSAL,
    )


def _ready(now: datetime) -> Any:
    return sa.or_(CountDelta.ready_at.is_(None), CountDelta.ready_at <= now)


def _changes(work: Work, deltas: Sequence[Any]) -> list[Change]:
    ids = list(dict.fromkeys(delta.decision_id for delta in deltas))
    rows: dict[str, Any] = {}
    for start in range(0, len(ids), _AT_ONCE):
        found = work.session.execute(
            sa.select(*COLUMNS).where(Decision.id.in_(ids[start : start + _AT_ONCE]))
        )
        rows |= {row.id: row for row in found}
    groups = recorded(work.session, work.answerable.keys, ids)
    told = payloads.read_many(work.session, work.answerable.keys, ids, DECISION_PAYLOAD)
    values = KnownValues(work.session)
    known: dict[str, tuple[Counted, Policy, str]] = {}
    for decision_id, row in rows.items():
        policy = points.engine_of(work, row.point, row.policy_version).policy
        key = values.key_of(policy, row, groups.get(decision_id, {}))
        known[decision_id] = counted_of(row, told.get(decision_id)), policy, key
    changes = []
    for delta in deltas:
        # What was counted of somebody who was erased since stays as it was: nobody can tell any more in which group.
        if delta.decision_id not in rows or (
            delta.was is not None and delta.decision_id not in told
        ):
            continue
        decision, policy, group = known[delta.decision_id]
        changes.append(
            Change(
                decision=decision,
                policy=policy,
                group=group,
                was=None if delta.was is None else read(delta.was),
                now=read(delta.now),
                decided_at=rows[delta.decision_id].decided_at,
            )
        )
    return changes


def _steps(session: Session, changes: Sequence[Change]) -> dict[tuple[str, str], Coarseness]:
    return coarseness(session, {change.decision.day for change in changes})


def coarseness(session: Session, days: set[str] | None = None) -> dict[tuple[str, str], Coarseness]:
    """Return how points keep the confidences of days, of those only that do not keep them exactly."""
    query = sa.select(ScoreStep)
    if days is not None:
        query = query.where(ScoreStep.day.in_(days))
    return {
        (row.point, row.day): Coarseness(step=row.step, kept_as=row.kept_as)
        for row in session.execute(query).scalars()
    }


def _add(sums: dict[Any, dict[tuple[Any, ...], list[int]]], one: Addition, sign: int) -> None:
    amount = sums[one.table][one.key]
    amount[0] += sign
    amount[1] += sign * one.total
