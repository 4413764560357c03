"""Writing down that a decision changed, in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.fairness.counts import NEVER, Appealed
from governance.appeals.models import Appeal
from governance.decisions.models import Decision
from governance.deltas.models import CountDelta
from governance.deltas.states import State, text
from governance.reviews.models import Case
from governance.truth.models import Feedback, GroundTruth
from governance.work import Work

#: What a person, or the clock in a person's stead, made of a decision.
DECIDED: Final = frozenset({"approved", "changed", "rejected", "lapsed"})


def state_of(session: Session, row: Decision) -> State:
    """Return how a decision stands in this session."""
    return states_of(session, [row])[row.id]


def states_of(session: Session, rows: Sequence[Decision]) -> dict[str, State]:
    """Return how decisions stand in this session, by id."""
    ids = [row.id for row in rows]
    decided = [row.id for row in rows if _waited_for(row)]
    due: dict[str, datetime | None] = {}
    if decided:
        cases = sa.select(Case.decision_id, Case.due_at).where(
            Case.decision_id.in_(decided), Case.purpose == "decide"
        )
        due = {row.decision_id: row.due_at for row in session.execute(cases)}
    truths = sa.select(GroundTruth.decision_id, GroundTruth.outcome).where(
        GroundTruth.decision_id.in_(ids)
    )
    truth = {decision_id: outcome or NEVER for decision_id, outcome in session.execute(truths)}
    ratings: dict[str, dict[str, int]] = {}
    for rating in session.execute(
        sa.select(Feedback).where(Feedback.decision_id.in_(ids))
    ).scalars():
        ratings.setdefault(rating.decision_id, {})[rating.scale] = rating.rating
    appeals: dict[str, Appealed] = {}
    for appeal in session.execute(
        sa.select(Appeal.decision_id, Appeal.status, Appeal.upheld).where(
            Appeal.decision_id.in_(ids)
        )
    ):
        told = appealed(appeal.status, upheld=appeal.upheld)
        appeals[appeal.decision_id] = weightier(appeals.get(appeal.decision_id), told)
    found = {}
    for row in rows:
        waited, late = None, False
        if row.id in due and row.decided_at is not None:
            waited = max(0, int((row.decided_at - row.recorded_at).total_seconds()))
            due_at = due[row.id]
            late = due_at is not None and row.decided_at > due_at
        found[row.id] = State(
            status=row.status,
            outcome=row.outcome,
            waited=waited,
            late=late,
            truth=truth.get(row.id, ""),
            ratings=ratings.get(row.id, {}),
            appeal=appeals.get(row.id, ""),
        )
    return found


def appealed(status: str, *, upheld: bool | None) -> Appealed:
    """Return what counts are told of an appeal."""
    if status == "answered":
        return Appealed.UPHELD if upheld else Appealed.DISMISSED
    return Appealed.WITHDRAWN if status == "withdrawn" else Appealed.OPEN


def weightier(one: Appealed | None, other: Appealed) -> Appealed:
    """Return which of two appeals to a decision it is counted by: each decision counts once."""
    order = (Appealed.WITHDRAWN, Appealed.DISMISSED, Appealed.OPEN, Appealed.UPHELD)
    return other if one is None else max(one, other, key=order.index)


def _waited_for(row: Decision) -> bool:
    return row.status in DECIDED and row.decided_at is not None and not row.imported


@contextmanager
def counted(work: Work, row: Decision) -> Iterator[None]:
    """Note what is changed about a decision within the block; the caller holds the decision's lock.

    A change that is not counted yet because it could still be undone is taken together with the one that undoes it. Nothing of a gold case counts.
    """
    if row.gold_for is not None:
        yield
        return
    before = text(state_of(work.session, row))
    yield
    work.session.flush()
    after = text(state_of(work.session, row))
    if after == before:
        return
    pending = work.session.execute(
        sa.select(CountDelta)
        .where(
            CountDelta.decision_id == row.id,
            CountDelta.now == before,
            CountDelta.ready_at > work.now,
        )
        .order_by(CountDelta.id.desc())
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    ready_at = _ready_at(row, work.now)
    if pending is None:
        work.session.add(CountDelta(decision_id=row.id, was=before, now=after, ready_at=ready_at))
    elif pending.was == after:
        work.session.delete(pending)
    else:
        pending.now, pending.ready_at = after, ready_at
    work.session.flush()


def _ready_at(row: Decision, now: datetime) -> datetime | None:
    return row.effective_at if row.effective_at is not None and row.effective_at > now else None
