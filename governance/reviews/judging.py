"""Saying first what one would decide, before what the machine proposes is shown. What was said cannot be changed."""

from __future__ import annotations

from audits.log.entries import EntryKind
from governance.errors import Conflict, FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import queries, service, transitions
from governance.reviews.models import Judgement
from governance.reviews.views import CaseView
from governance.work import Work


def judge(work: Work, case_id: str, *, outcome: str, revision: int | None = None) -> CaseView:
    """Say what one would decide of a case one holds, and see then what was proposed.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother: as ``service.claim``.
        NotClaimed: the actor does not hold the case.
        Conflict: no judgement comes first here, or the actor has given theirs.
        InvalidInput: there is no such outcome.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    case, decision = queries.lock_with_decision(work.session, row)
    service.require_current(work, case, decision, revision)
    state = service.state_of(work, case, decision)
    with service.telling_more(work, case, decision):
        transitions.require_holder(state, work.person_id, work.now)
    if work.person_id in state.judged:
        raise Conflict("You have said what you would decide; it cannot be changed. Decide now.")
    if not case.judge_first:
        raise Conflict("This case asks for no judgement first. Decide it.")
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    if outcome not in policy.outcomes:
        detail = (
            f"There is no outcome {outcome!r} here. Expected one of {', '.join(policy.outcomes)}."
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/outcome", detail=detail)])
    case.revision += 1
    record_id = work.record(
        EntryKind.JUDGEMENT_GIVEN,
        decision_id=decision.id,
        refs={"case": case.id},
        data={"outcome": outcome},
    )
    work.session.add(
        Judgement(
            id=record_id,
            case_id=case.id,
            person_id=work.person_id,
            outcome=outcome,
            given_at=work.now,
        )
    )
    work.session.flush()
    return service.view_of(work, case)
