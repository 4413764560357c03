"""What may happen to a case, and what comes of it. Pure: values in, values out.

A case is open, then decided by a verdict, or closed without one (lapsed or withdrawn). While it is
open one person at a time holds it on a lease that ends by itself, and people sign it off. It is
decided once as many different people gave the same outcome as the policy asks for. Until the
verdict becomes effective whoever gave it can take it back; afterwards nobody can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from governance.errors import (
    AlreadySigned,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    FieldProblem,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    UndoPassed,
)

#: How long a person may hold a case before it goes back to the queue by itself.
LEASE = timedelta(minutes=10)
#: How long a case that was handed over is kept for whom it was handed to.
RESERVED = timedelta(hours=8)
#: How far off a case may be put.
LONGEST_SLEEP = timedelta(days=30)


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    DECIDED = "decided"
    CLOSED = "closed"


class VerdictKind(StrEnum):
    """What a person can say of a case."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"


class SkipReason(StrEnum):
    """Why a person does not decide the case that they were handed."""

    CONFLICT_OF_INTEREST = "conflict_of_interest"
    NOT_MY_FIELD = "not_my_field"
    LANGUAGE = "language"
    BURDENING = "burdening"
    NO_TIME = "no_time"
    OTHER = "other"


#: What a decision becomes by the verdict that decides it.
STATUS_BY_VERDICT = {
    VerdictKind.APPROVE: "approved",
    VerdictKind.CHANGE: "changed",
    VerdictKind.REJECT: "rejected",
}
#: What a decision becomes when the clock ends its case.
LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who holds a case, since when and until when."""

    person_id: str
    since: datetime
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Tell whether it has not run out."""
        return now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """One person's verdict that stands; ``decides`` where the case was decided with it."""

    id: str
    person_id: str
    kind: VerdictKind
    outcome: str
    given_at: datetime
    decides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseState:
    """A case as its rules see it.

    ``proposed`` is None where nothing was proposed; ``barred`` are people who may not decide it,
    each with the reason as a sentence. ``reserved`` says for whom it is kept since it was handed over,
    ``judged`` who has said what they would decide where
    ``judge_first`` asks for that before the proposal is shown. ``effective_at`` is set while it is decided.
    """

    status: CaseStatus
    outcomes: frozenset[str]
    fallback: str
    proposed: str | None
    approvable: bool
    sensitive: bool
    sign_offs: int
    undo: timedelta
    lease: Lease | None = None
    reserved: Lease | None = None
    due_at: datetime | None = None
    signed: tuple[SignOff, ...] = ()
    judge_first: bool = False
    judged: frozenset[str] = frozenset()
    effective_at: datetime | None = None
    barred: tuple[tuple[str, str], ...] = ()

    def holder(self, now: datetime) -> str | None:
        """Return who holds the case now."""
        return self.lease.person_id if self.lease is not None and self.lease.holds(now) else None

    @property
    def may_be_approved(self) -> bool:
        """Tell whether what the machine proposed can be approved at all."""
        return self.approvable and self.proposed in self.outcomes


def bar(state: CaseState, person_id: str) -> str | None:
    """Return why a person may never decide this case, None if they may."""
    return next((why for barred, why in state.barred if barred == person_id), None)


def may_decide(state: CaseState, person_id: str) -> bool:
    """Tell whether a person may hold and decide the case, whoever holds it now."""
    return (
        state.status is CaseStatus.OPEN
        and bar(state, person_id) is None
        and all(sign_off.person_id != person_id for sign_off in state.signed)
    )


def claim(state: CaseState, person_id: str, now: datetime) -> CaseState:
    """Give the case to a person; whoever holds it already gets the whole time again.

    Raises:
        CaseClosed, NotAllowed, AlreadySigned, ClaimedByAnother: why not.
    """
    _require_open(state)
    _require_eligible(state, person_id)
    _require_not_held_by_another(state, person_id, now)
    _require_not_reserved_for_another(state, person_id, now)
    lease = state.lease
    since = lease.since if lease is not None and state.holder(now) == person_id else now
    return replace(
        state,
        lease=Lease(person_id=person_id, since=since, until=now + LEASE),
        reserved=None,
    )


def release(state: CaseState, person_id: str, now: datetime) -> CaseState:
    """Give the case back to its queue.

    Raises:
        CaseClosed, NotClaimed, ClaimedByAnother: why not.
    """
    _require_open(state)
    _require_not_held_by_another(state, person_id, now)
    if state.lease is None or state.lease.person_id != person_id:
        raise NotClaimed("You do not hold this case, so there is nothing to give back.")
    return replace(state, lease=None)


def decide(
    state: CaseState,
    *,
    verdict_id: str,
    person_id: str,
    kind: VerdictKind,
    outcome: str | None,
    has_reason: bool,
    now: datetime,
) -> tuple[CaseState, SignOff]:
    """Take a person's verdict and return the case with it, decided if it was the last one needed.

    Raises:
        CaseClosed, NotAllowed, AlreadySigned, ClaimedByAnother, NotClaimed: the person may not now.
        Conflict: the person's own judgement comes first.
        InvalidInput: the verdict, its outcome or its reason does not fit.
    """
    require_holder(state, person_id, now)
    if state.judge_first and person_id not in state.judged:
        raise Conflict(
            "Say first what you would decide; what the machine proposes is shown to you then."
        )
    given = outcome_of(state, kind, outcome)
    if not has_reason and needs_reason(state, kind):
        why = "The case is sensitive" if state.sensitive else "This changes what was proposed"
        raise InvalidInput(
            f"{why}, so a reason is needed. Say in a sentence why.",
            [FieldProblem(pointer="/reason", detail="Expected a reason; got none.")],
        )
    agreeing = sum(sign_off.outcome == given for sign_off in state.signed) + 1
    decides = agreeing >= state.sign_offs
    sign_off = SignOff(
        id=verdict_id,
        person_id=person_id,
        kind=kind,
        outcome=given,
        given_at=now,
        decides=decides,
    )
    return (
        replace(
            state,
            status=CaseStatus.DECIDED if decides else CaseStatus.OPEN,
            lease=None,
            signed=(*state.signed, sign_off),
            effective_at=now + state.undo if decides else None,
        ),
        sign_off,
    )


def second_opinion(
    state: CaseState, *, verdict_id: str, person_id: str, outcome: str | None, now: datetime
) -> tuple[CaseState, SignOff]:
    """Take the outcome that a person would give who knows neither proposal nor verdict, and return the case decided with it.

    Raises:
        CaseClosed, NotAllowed, AlreadySigned, ClaimedByAnother, NotClaimed: the person may not now.
        InvalidInput: there is no such outcome.
    """
    require_holder(state, person_id, now)
    if outcome is None or outcome not in state.outcomes:
        expected = f"Expected one of {', '.join(sorted(state.outcomes))}."
        detail = (
            f"Say which outcome you would give. {expected}"
            if outcome is None
            else f"There is no outcome {outcome!r} here. {expected}"
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/outcome", detail=detail)])
    sign_off = SignOff(
        id=verdict_id,
        person_id=person_id,
        kind=VerdictKind.APPROVE if outcome == state.proposed else VerdictKind.CHANGE,
        outcome=outcome,
        given_at=now,
        decides=True,
    )
    return (
        replace(
            state,
            status=CaseStatus.DECIDED,
            lease=None,
            signed=(*state.signed, sign_off),
            effective_at=now + state.undo,
        ),
        sign_off,
    )


def require_holder(state: CaseState, person_id: str, now: datetime) -> None:
    """Raise unless this person may end the case now: it is open, theirs to decide, and they claimed it last.

    Raises:
        CaseClosed, NotAllowed, AlreadySigned, ClaimedByAnother, NotClaimed: why not.
    """
    _require_open(state)
    _require_eligible(state, person_id)
    _require_not_held_by_another(state, person_id, now)
    if state.lease is None or state.lease.person_id != person_id:
        raise NotClaimed("Claim the case before you decide it, so that no two people work on it.")


def undo(state: CaseState, person_id: str, now: datetime) -> tuple[CaseState, SignOff]:
    """Take a person's verdict back and return the case without it, and the verdict.

    The case is open again and with that person again, unless somebody else holds it by now.

    Raises:
        CaseClosed: it lapsed or was withdrawn.
        UndoPassed: the verdict is effective.
        Conflict: the person has no verdict on it to take back.
    """
    if state.status is CaseStatus.CLOSED:
        raise CaseClosed("The case is closed; no verdict on it can be taken back.")
    mine = next((sign_off for sign_off in state.signed if sign_off.person_id == person_id), None)
    if mine is None:
        raise Conflict("You have given no verdict on this case, so there is nothing to take back.")
    if state.status is CaseStatus.DECIDED:
        if not mine.decides:
            raise Conflict(
                "Another person's verdict decided this case after yours; only that one can be taken "
                "back, by whoever gave it."
            )
        if state.effective_at is None or now >= state.effective_at:
            raise UndoPassed(
                "The verdict is effective, and others may have acted on it; it can no longer be "
                "taken back."
            )
    lease = state.lease
    if state.holder(now) is None:
        lease = Lease(person_id=person_id, since=now, until=now + LEASE)
    return (
        replace(
            state,
            status=CaseStatus.OPEN,
            lease=lease,
            signed=tuple(sign_off for sign_off in state.signed if sign_off is not mine),
            effective_at=None,
        ),
        mine,
    )


def require_put_off(state: CaseState, person_id: str, until: datetime, now: datetime) -> None:
    """Raise unless this person may give the case back to be handed to nobody until an instant, which lies before it is due.

    Raises:
        CaseClosed, NotClaimed, ClaimedByAnother: why not.
        InvalidInput: the instant has passed, is too far off, or the case is due before it.
    """
    release(state, person_id, now)
    problem = None
    if until <= now:
        problem = "It has passed already. Say a time in the future."
    elif until > now + LONGEST_SLEEP:
        problem = f"A case can be put off by at most {LONGEST_SLEEP.days} days."
    elif state.due_at is not None and until > state.due_at:
        problem = "The case is due before then. Say a time before it is due, or send it on."
    if problem is not None:
        raise InvalidInput(problem, [FieldProblem(pointer="/until", detail=problem)])


def hand_over(state: CaseState, person_id: str, to: str, now: datetime) -> Lease:
    """Give the case to another person, and return how long it is kept for them; after that anybody may take it.

    Raises:
        CaseClosed, NotClaimed, ClaimedByAnother: why not.
        InvalidInput: it is the same person, or one who may not decide it.
    """
    release(state, person_id, now)
    problem = None
    if to == person_id:
        problem = "You hold it already. Name another person."
    elif not may_decide(state, to):
        problem = "This person may not decide the case, or has signed it off already."
    if problem is not None:
        raise InvalidInput(problem, [FieldProblem(pointer="/to", detail=problem)])
    return Lease(person_id=to, since=now, until=now + RESERVED)


def require_escalatable(state: CaseState, person_id: str, now: datetime) -> None:
    """Raise unless this person may send the case to the next queue now.

    Raises:
        CaseClosed, ClaimedByAnother: why not.
    """
    _require_open(state)
    _require_not_held_by_another(state, person_id, now)


def lapses(status: CaseStatus, lease: Lease | None, due_at: datetime | None, now: datetime) -> bool:
    """Tell whether the clock may move a case on: it is open, overdue, and nobody is at it."""
    return (
        status is CaseStatus.OPEN
        and due_at is not None
        and due_at <= now
        and (lease is None or not lease.holds(now))
    )


def needs_reason(state: CaseState, kind: VerdictKind) -> bool:
    """Tell whether a verdict must come with a reason: it changes something, or the case is sensitive."""
    return state.sensitive or kind is not VerdictKind.APPROVE


def outcome_of(state: CaseState, kind: VerdictKind, outcome: str | None) -> str:
    """Return the outcome that a verdict gives.

    Raises:
        InvalidInput: the verdict cannot be given here, or its outcome does not fit.
    """
    if kind is VerdictKind.CHANGE:
        return _changed_to(state, outcome)
    given = state.fallback
    if kind is VerdictKind.APPROVE:
        if not state.may_be_approved or state.proposed is None:
            raise InvalidInput(
                "What was proposed cannot be approved here. Change it or reject it.",
                [FieldProblem(pointer="/verdict", detail="Expected change or reject.")],
            )
        given = state.proposed
    if outcome is not None and outcome != given:
        raise InvalidInput(
            f"The verdict {kind} gives the outcome {given!r}; only change takes another.",
            [FieldProblem(pointer="/outcome", detail=f"Leave it out, or say {given!r}.")],
        )
    return given


def _changed_to(state: CaseState, outcome: str | None) -> str:
    others = sorted(state.outcomes - {state.proposed})
    if outcome in state.outcomes and outcome != state.proposed and outcome is not None:
        return outcome
    expected = (
        f"Expected one of {', '.join(others)}." if others else "No other outcome is declared."
    )
    if outcome is None:
        detail = f"A change needs the outcome it changes to. {expected}"
    elif outcome == state.proposed:
        detail = f"{outcome!r} is what was proposed; approve it, or change to another. {expected}"
    else:
        detail = f"There is no outcome {outcome!r} here. {expected}"
    raise InvalidInput(detail, [FieldProblem(pointer="/outcome", detail=detail)])


def _require_open(state: CaseState) -> None:
    if state.status is CaseStatus.DECIDED:
        raise CaseClosed("The case is decided already.")
    if state.status is CaseStatus.CLOSED:
        raise CaseClosed("The case is closed: it was withdrawn or has lapsed.")


def _require_eligible(state: CaseState, person_id: str) -> None:
    why = bar(state, person_id)
    if why is not None:
        raise NotAllowed(why)
    if any(sign_off.person_id == person_id for sign_off in state.signed):
        raise AlreadySigned("You have signed this case off; another person must do so too.")


def _require_not_reserved_for_another(state: CaseState, person_id: str, now: datetime) -> None:
    reserved = state.reserved
    if reserved is not None and reserved.holds(now) and reserved.person_id != person_id:
        raise ClaimedByAnother("The case was handed to another person, for whom it is kept.")


def _require_not_held_by_another(state: CaseState, person_id: str, now: datetime) -> None:
    holder = state.holder(now)
    if holder is not None and holder != person_id:
        raise ClaimedByAnother("Another person holds this case.")
