"""Second opinions: a share of the decided cases is judged by somebody else too, who knows neither the proposal nor the verdict.

Nothing about the decision changes. Where nobody else works the queue, it is the second look of the same person a month later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import rfc3339
from governance.decisions.models import Decision
from governance.decisions.preparing import CHECK_WITHIN
from governance.identities import queries as people
from governance.points import queries as points
from governance.reviews.models import Case, Verdict
from governance.reviews.purposes import DOUBLE
from governance.reviews.transitions import CaseStatus
from governance.work import Work

#: After this long a person judges their own case again as if it were new.
OWN_AFTER: Final = timedelta(days=30)


def open_for(work: Work, case: Case, decision: Decision) -> None:
    """Open a case for a second opinion where the case that was just decided is drawn; it is there once the verdict is effective."""
    share = points.engine_of(work, decision.point, decision.policy_version).policy.review.double
    if not share or work.answerable.keyring.draw("double", case.id) >= share:
        return
    had_part = set(
        work.session.execute(
            sa.select(Verdict.person_id).where(Verdict.decision_id == decision.id)
        ).scalars()
    )
    others = [
        one
        for one in people.deciders_of(work.session, case.queue, work.now)
        if one.id not in had_part and decision.actor != f"person:{one.id}"
    ]
    opens = decision.effective_at or work.now
    if not others:
        opens += OWN_AFTER
    second = Case(
        id=work.new_id(),
        decision_id=decision.id,
        point=case.point,
        purpose=DOUBLE,
        queue=case.queue,
        status=CaseStatus.OPEN.value,
        opened_at=opens,
        due_at=work.configuration.due(case.queue, opens, CHECK_WITHIN),
        due_seconds=None,
        escalate_to=None,
        sensitive=False,
        sign_offs=1,
        approvable=False,
        # What was said blind stays as it was said: the verdict is shown right afterwards.
        undo_seconds=0,
        second_look_of=None if others else work.person_id,
        revision=1,
    )
    work.session.add(second)
    work.record(
        EntryKind.CASE_OPENED,
        decision_id=decision.id,
        refs={"case": second.id, "of": case.id, "second_look_of": second.second_look_of},
        data={
            "purpose": DOUBLE,
            "queue": second.queue,
            "opened_at": rfc3339(opens),
            "due_at": None if second.due_at is None else rfc3339(second.due_at),
        },
    )


def withdraw(work: Work, decision: Decision) -> None:
    """Close the second opinion on a verdict that is taken back; nobody has seen it yet."""
    rows = work.session.execute(
        sa.select(Case)
        .where(Case.decision_id == decision.id, Case.purpose == DOUBLE, Case.status == "open")
        .with_for_update()
    ).scalars()
    for case in rows:
        close(work, case, why="taken_back")


def close(work: Work, case: Case, *, why: str) -> None:
    """End a locked second look that nobody gave; ``why`` is not_looked_at or taken_back."""
    case.status, case.closed_at = CaseStatus.CLOSED.value, work.now
    case.claimed_by = case.claimed_at = case.claimed_until = None
    case.revision += 1
    work.record(
        EntryKind.CASE_CLOSED,
        decision_id=case.decision_id,
        refs={"case": case.id},
        data={"why": why},
    )
    work.session.flush()
