"""Writing down that a decision changed, in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.fairness.counts import NEVER
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
    waited, late = None, False
    if row.status in DECIDED and row.decided_at is not None and not row.imported:
        waited = max(0, int((row.decided_at - row.recorded_at).total_seconds()))
        due_at = session.execute(
            sa.select(Case.due_at).where(Case.decision_id == row.id, Case.purpose == "decide")
        ).scalar_one_or_none()
        late = due_at is not None and row.decided_at > due_at
    truth = session.get(GroundTruth, row.id)
    ratings = session.execute(
        sa.select(Feedback.scale, Feedback.rating).where(Feedback.decision_id == row.id)
    )
    return State(
        status=row.status,
        outcome=row.outcome,
        waited=waited,
        late=late,
        truth="" if truth is None else truth.outcome or NEVER,
        ratings={row.scale: row.rating for row in ratings},
    )


@contextmanager
def counted(work: Work, row: Decision) -> Iterator[None]:
    """Note what is changed about a decision within the block; the caller holds the decision's lock.

    A change that is not counted yet because it could still be undone is taken together with the one that undoes it.
    """
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
