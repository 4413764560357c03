"""Sampled checks: somebody looks afterwards at a share of what was released by itself. What was released stands, whatever they say.

What they say is ground truth, unless somebody reported one. Where it was wrong they can put it right for the person as well; then another
decision comes in its place, the app is told, and that cannot be taken back.
"""

from __future__ import annotations

import sqlalchemy as sa

from governance.appeals.models import Appeal, Reversal
from governance.decisions.models import Decision
from governance.errors import Conflict, FieldProblem, InvalidInput
from governance.reviews import reversing
from governance.reviews.models import Case, Verdict
from governance.reviews.transitions import SignOff, VerdictKind
from governance.subjects import payloads
from governance.truth import service as truth
from governance.work import Work


def why_not_put_right(work: Work, decision: Decision) -> str | None:
    """Return why what a check finds wrong cannot be put right for the person, None where it can."""
    if work.session.execute(
        sa.select(Reversal.decision_id).where(Reversal.reverses == decision.id)
    ).first():
        return "Another decision is in its place already, so there is nothing to put right."
    if work.session.execute(
        sa.select(Appeal.id).where(Appeal.decision_id == decision.id, Appeal.status == "open")
    ).first():
        return "The person concerned objects to it; whoever answers them puts it right."
    if payloads.key_of_record(work.session, work.answerable.keys, decision.id) is None:
        return "Its content was erased, so nothing can be put right."
    return None


def require_fitting(
    work: Work, decision: Decision, given: str, kind: VerdictKind, *, reverse: bool
) -> None:
    """Raise unless a verdict says something of what was released.

    Raises:
        InvalidInput: it calls wrong what it gives, or would put right what it calls right.
        Conflict: it cannot be put right for the person.
    """
    if kind is not VerdictKind.APPROVE and given == decision.outcome:
        detail = f"{given!r} is what was released. Approve it, or say what would have been right."
        raise InvalidInput(detail, [FieldProblem(pointer="/verdict", detail=detail)])
    if not reverse:
        return
    if kind is VerdictKind.APPROVE:
        detail = "There is nothing to put right where the outcome was right."
        raise InvalidInput(detail, [FieldProblem(pointer="/reverse", detail=detail)])
    why_not = why_not_put_right(work, decision)
    if why_not is not None:
        raise Conflict(why_not)


def conclude(
    work: Work, case: Case, decision: Decision, sign_off: SignOff, *, reverse: bool
) -> None:
    """Keep what a check found as ground truth, and put it right for the person where that is wanted."""
    truth.learn(work, decision, outcome=sign_off.outcome, case_id=case.id, verdict_id=sign_off.id)
    if reverse:
        reversing.reverse(
            work,
            decision,
            new_id=work.new_id(),
            outcome=sign_off.outcome,
            queue=case.queue,
            check_id=case.id,
        )


def take_back(work: Work, decision: Decision, verdict: Verdict) -> None:
    """Forget what a check found, as its verdict is taken back."""
    truth.unlearn(work, decision, verdict_id=verdict.id, learnt_at=verdict.given_at)
