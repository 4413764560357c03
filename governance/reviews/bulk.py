"""Doing the same with several cases: handing over, putting off, sending on; and approving alike ones, after some of them were looked at.

Each case is done in a transaction of its own with the usual rules, so that one that does not fit keeps no other back. What is approved
together is harmless and alike: one policy version, one proposal, one set of reasons, nothing sensitive, nothing that anybody added; and
it is approved only by whoever has opened those that were drawn.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import Actor
from governance.clock import is_id
from governance.decisions.models import Decision
from governance.errors import AnswerableError, Conflict, FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import handling, purposes, queries, service, transitions
from governance.reviews.models import BulkApproval, Case, Verdict
from governance.reviews.transitions import CaseStatus, VerdictKind
from governance.reviews.views import CaseSummary, CaseView
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: Cases that one act takes at most, and how many of those to be approved together are opened first.
MOST: Final = 25
DRAWN: Final = 3
#: How long a person has for that.
BEGUN_FOR: Final = timedelta(hours=1)


class BulkAct(StrEnum):
    """What can be done with several cases at once."""

    HAND_OVER = "hand_over"
    PUT_OFF = "put_off"
    ESCALATE = "escalate"
    APPROVE = "approve"


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of one case; ``problem`` says why it was not done, None where it was."""

    case_id: str
    problem: AnswerableError | None = None

    @property
    def done(self) -> bool:
        """Tell whether it was done."""
        return self.problem is None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkView:
    """Cases to be approved together: ``drawn`` are to be opened first, ``opened`` were. ``undo_until`` is set while all can be taken back."""

    id: str
    cases: Sequence[CaseSummary]
    drawn: tuple[str, ...]
    opened: tuple[str, ...]
    given_at: datetime | None
    approved: int
    undo_until: datetime | None

    @property
    def ready(self) -> bool:
        """Tell whether all that were drawn were opened, and nothing is given yet."""
        return self.given_at is None and set(self.drawn) <= set(self.opened)


# ------------------------------------------------------------------------------- act by act


def hand_over(
    answerable: Answerable,
    actor: Actor,
    case_ids: Sequence[str],
    *,
    to: str,
    words: str | None = None,
) -> list[BulkResult]:
    """Hand cases to a colleague, as ``handling.hand_over`` does with one."""
    return _each(
        answerable,
        actor,
        case_ids,
        lambda work, case_id: handling.hand_over(work, case_id, to=to, words=words),
        holding=True,
    )


def put_off(
    answerable: Answerable,
    actor: Actor,
    case_ids: Sequence[str],
    *,
    until: datetime,
    words: str | None = None,
) -> list[BulkResult]:
    """Put cases off, as ``handling.put_off`` does with one."""
    return _each(
        answerable,
        actor,
        case_ids,
        lambda work, case_id: handling.put_off(work, case_id, until=until, words=words),
        holding=True,
    )


def escalate(
    answerable: Answerable, actor: Actor, case_ids: Sequence[str], *, reason: str | None
) -> list[BulkResult]:
    """Send cases to the queues that their policies name, as ``service.escalate`` does with one."""
    return _each(
        answerable,
        actor,
        case_ids,
        lambda work, case_id: service.escalate(work, case_id, reason=reason),
        holding=False,
    )


# ---------------------------------------------------------------------------------- approving


def begin(work: Work, case_ids: Sequence[str]) -> BulkView:
    """Choose cases to approve together, and have some of them drawn, which are to be opened first.

    Raises:
        NotAllowed, NotFound: the actor may decide no cases, or one is not in a queue of theirs.
        InvalidInput: they are too few or too many, one is looked at by itself, or they are not alike.
    """
    work.require(Permission.CASES_DECIDE)
    ids = _distinct(case_ids)
    if len(ids) < 2:
        raise _misfit("Choose at least two cases to approve together.")
    _require_alike(work, [service.of_ones_queues(work, case_id) for case_id in ids])
    drawn = secrets.SystemRandom().sample(ids, min(DRAWN, len(ids)))
    row = BulkApproval(
        id=work.record(EntryKind.BULK_BEGUN, data={"cases": ids, "drawn": drawn}),
        person_id=work.person_id,
        begun_at=work.now,
        case_ids=ids,
        drawn=drawn,
        opened=[],
    )
    work.session.add(row)
    work.session.flush()
    return _view(work, row)


def look_at(work: Work, bulk_id: str) -> BulkView:
    """Return what the actor chose to approve together.

    Raises:
        NotFound: they chose nothing of the kind.
    """
    work.require(Permission.CASES_DECIDE)
    return _view(work, _own(work, bulk_id))


def open_drawn(work: Work, bulk_id: str, case_id: str) -> CaseView:
    """Open a case that was drawn, which is remembered.

    Raises:
        NotFound: the actor chose nothing of the kind, or the case was not drawn or is not theirs any more.
    """
    work.require(Permission.CASES_DECIDE)
    row = _own(work, bulk_id, lock=True)
    if case_id not in row.drawn:
        raise NotFound("This case was not drawn to be opened first.")
    view = service.case_view(work, case_id)
    if case_id not in row.opened and row.given_at is None:
        row.opened = [*row.opened, case_id]
        work.record(EntryKind.BULK_OPENED, refs={"bulk": row.id, "case": case_id})
        work.session.flush()
    return view


def approve(answerable: Answerable, actor: Actor, bulk_id: str) -> list[BulkResult]:
    """Approve what was chosen, once; each case gets a verdict of its own, which names this act.

    Raises:
        NotAllowed, NotFound: the actor may decide no cases, or chose nothing of the kind.
        Conflict: not all that were drawn were opened, it was too long ago, or it was approved before.
        InvalidInput: the cases are not alike any more.
    """
    with answerable.work(actor) as work:
        work.require(Permission.CASES_DECIDE)
        row = _own(work, bulk_id, lock=True)
        if row.given_at is not None:
            raise Conflict("These cases were approved together before.")
        if work.now - row.begun_at > BEGUN_FOR:
            raise Conflict("You chose these cases more than an hour ago. Choose them anew.")
        if not set(row.drawn) <= set(row.opened):
            raise Conflict(
                f"Open the {len(row.drawn)} cases first that were drawn; "
                f"{len(set(row.drawn) & set(row.opened))} of them are opened."
            )
        ids = list(row.case_ids)
        still = [
            case
            for case in (queries.by_id(work.session, one) for one in ids)
            if case is not None and case.status == CaseStatus.OPEN and case.queue in actor.queues
        ]
        if not still:
            raise Conflict("None of these cases is open in your queues any more.")
        alike = _require_alike(work, still)
        row.given_at = work.now

    def one(work: Work, case_id: str) -> None:
        case = service.of_ones_queues(work, case_id)
        if case.status == CaseStatus.OPEN and _likeness(work, [case]) != {alike}:
            raise Conflict("This case is no longer like the others. Look at it by itself.")
        service.say(work, case_id, verdict=VerdictKind.APPROVE.value, bulk=bulk_id)

    return _each(answerable, actor, ids, one, holding=True)


def take_back(answerable: Answerable, actor: Actor, bulk_id: str) -> list[BulkResult]:
    """Take all verdicts of a bulk approval back that can be; each case goes back to its queue.

    Raises:
        NotAllowed, NotFound: the actor may decide no cases, or chose nothing of the kind.
    """
    with answerable.look(actor) as work:
        work.require(Permission.CASES_DECIDE)
        row = _own(work, bulk_id)
        given = [one.case_id for one in _verdicts(work, row) if one.undone_at is None]

    def one(work: Work, case_id: str) -> None:
        view = service.undo(work, case_id)
        if view.lease is not None and view.lease.mine:
            service.release(work, case_id)

    return _each(answerable, actor, given, one, holding=False)


# ------------------------------------------------------------------------------------ inside


def _each(
    answerable: Answerable,
    actor: Actor,
    case_ids: Sequence[str],
    act: Callable[[Work, str], object],
    *,
    holding: bool,
) -> list[BulkResult]:
    """Do something with each case in a transaction of its own; ``holding``: claimed in it first, as the act asks for that."""
    actor.require(Permission.CASES_DECIDE)
    results = []
    for case_id in _distinct(case_ids):
        try:
            with answerable.work(actor) as work:
                if holding:
                    _hold(work, case_id)
                act(work, case_id)
        except AnswerableError as error:
            results.append(BulkResult(case_id=case_id, problem=error))
        else:
            results.append(BulkResult(case_id=case_id))
    return results


def _hold(work: Work, case_id: str) -> None:
    case = service.of_ones_queues(work, case_id)
    first = case.first_claimed_at
    service.claim(work, case_id)
    # Nobody has begun to look at it, so whoever waits is not told so, nor counted as no longer waiting.
    case.first_claimed_at = first


def _distinct(case_ids: Sequence[str]) -> list[str]:
    ids = list(dict.fromkeys(case_ids))
    if not ids:
        raise _misfit("Choose at least one case.")
    if len(ids) > MOST:
        raise _misfit(f"At most {MOST} cases are done at once; these are {len(ids)}.")
    return ids


def _misfit(detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer="/cases", detail=detail)])


def _require_alike(work: Work, cases: Sequence[Case]) -> str:
    """Return what the cases have in common.

    Raises:
        InvalidInput: one is looked at by itself, or they are not alike.
    """
    found = _likeness(work, cases)
    if None in found:
        raise _misfit(
            "One of these cases is looked at by itself: it is sensitive or of high stakes, needs several people or your own "
            "judgement first, cannot be approved, or something was said on it. Leave it out."
        )
    if len(found) != 1:
        raise _misfit(
            "These cases are not alike: the same version of one policy, the same proposal and the same reasons are needed."
        )
    (alike,) = found
    assert alike is not None
    return alike


def _likeness(work: Work, cases: Sequence[Case]) -> set[str | None]:
    """Return what the cases are alike in; None among it where one is looked at by itself."""
    decisions = {
        row.id: row
        for row in work.session.execute(
            sa.select(Decision).where(Decision.id.in_([case.decision_id for case in cases]))
        ).scalars()
    }
    reasons = service.reasons_told(work, list(decisions.values()))
    said = service.said_on(work, list(decisions))
    found: set[str | None] = set()
    for case in cases:
        decision = decisions[case.decision_id]
        told = sorted(f"{one.code}:{one.rule or ''}" for one in reasons[decision.id])
        if not told or decision.id in said or not _harmless(work, case, decision):
            found.add(None)
        else:
            parts = [case.point, str(decision.policy_version), decision.proposed_outcome or ""]
            found.add("\0".join([*parts, *told]))
    return found


def _harmless(work: Work, case: Case, decision: Decision) -> bool:
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    state = service.state_of(work, case, decision)
    return (
        case.purpose == purposes.DECIDE
        and state.status is CaseStatus.OPEN
        and not state.sensitive
        and not state.judge_first
        and state.sign_offs == 1
        and state.may_be_approved
        and policy.stakes == "low"
        and transitions.may_decide(state, work.person_id)
    )


def _own(work: Work, bulk_id: str, *, lock: bool = False) -> BulkApproval:
    row = None
    if is_id(bulk_id):
        query = sa.select(BulkApproval).where(BulkApproval.id == bulk_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        row = work.session.execute(query).scalar_one_or_none()
    if row is None or row.person_id != work.actor.id:
        raise NotFound("You have chosen no such cases to approve together.")
    return row


def _verdicts(work: Work, row: BulkApproval) -> list[Verdict]:
    return list(
        work.session.execute(
            sa.select(Verdict).where(
                Verdict.case_id.in_(row.case_ids),
                Verdict.person_id == row.person_id,
                Verdict.bulk_id == row.id,
            )
        ).scalars()
    )


def _view(work: Work, row: BulkApproval) -> BulkView:
    cases = [queries.by_id(work.session, case_id) for case_id in row.case_ids]
    seen = [case for case in cases if case is not None and case.queue in work.actor.queues]
    standing = [one for one in _verdicts(work, row) if one.undone_at is None]
    ends = [
        one
        for one in work.session.execute(
            sa.select(Decision.effective_at).where(
                Decision.id.in_([one.decision_id for one in standing])
            )
        ).scalars()
        if one is not None and one > work.now
    ]
    return BulkView(
        id=row.id,
        cases=service.summaries(work, seen),
        drawn=tuple(row.drawn),
        opened=tuple(row.opened),
        given_at=row.given_at,
        approved=len(standing),
        undo_until=min(ends, default=None),
    )
