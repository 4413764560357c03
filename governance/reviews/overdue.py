"""What the clock does with cases that nobody decided in time: the next queue first, then the policy's fallback. Never approval.

A second look that nobody gave in time is closed as not looked at, and nothing comes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audits.log.entries import EntryKind
from governance.actors import service
from governance.decisions import queries as decisions
from governance.deltas.noting import counted
from governance.points import queries as points
from governance.reviews import doubles, queries, transitions
from governance.reviews.models import Case
from governance.reviews.purposes import LEFT_FOR
from governance.reviews.service import lease_of, move_on
from governance.reviews.transitions import CaseStatus
from governance.webhooks import outbox
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable


def run(answerable: Answerable, *, limit: int = 100) -> int:
    """Move on what is overdue and nobody holds; return how many cases were moved, each in a transaction of its own.

    Safe to run anywhere and any number of times at once: each case is looked at again under its lock.

    Raises:
        Unavailable: the database could not do it; what was moved stays moved.
    """
    worker = service("worker")
    with answerable.look(worker) as work:
        waiting = queries.overdue_ids(work.session, work.now, limit)
        left = queries.left_ids(work.session, work.now, limit)
    moved = 0
    for case_id in waiting:
        with answerable.work(worker) as work:
            moved += _move(work, case_id)
    for case_id in left:
        with answerable.work(worker) as work:
            moved += _close(work, case_id)
    return moved


def _close(work: Work, case_id: str) -> bool:
    case = queries.lock(work.session, case_id, skip_locked=True)
    if case is None or case.due_at is None:
        return False
    status, long_due = CaseStatus(case.status), case.due_at + LEFT_FOR
    if not transitions.lapses(status, lease_of(case), long_due, work.now):
        return False
    doubles.close(work, case, why="not_looked_at")
    return True


def _move(work: Work, case_id: str) -> bool:
    found = queries.by_id(work.session, case_id)
    if found is None:
        return False
    # The decision's lock comes first everywhere; whoever decides or withdraws this case now has it.
    if decisions.lock(work.session, found.decision_id) is None:
        return False
    case = queries.lock(work.session, case_id, skip_locked=True)
    if case is None:
        return False
    status, lease = CaseStatus(case.status), lease_of(case)
    if not transitions.lapses(status, lease, case.due_at, work.now):
        return False
    if case.escalate_to is not None and case.escalated_at is None:
        move_on(work, case, overdue=True)
    else:
        _lapse(work, case)
    return True


def _lapse(work: Work, case: Case) -> None:
    decision = decisions.by_id(work.session, case.decision_id)
    assert decision is not None
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    with counted(work, decision):
        decision.status, decision.outcome = transitions.LAPSED, policy.fallback
        decision.decided_at = decision.effective_at = work.now
    case.status, case.closed_at = CaseStatus.CLOSED.value, work.now
    case.claimed_by = case.claimed_at = case.claimed_until = None
    case.revision += 1
    work.record(
        EntryKind.CASE_LAPSED,
        decision_id=decision.id,
        refs={"case": case.id},
        data={"outcome": policy.fallback},
    )
    outbox.resolved(work, case)
    work.session.flush()
