"""The verbs of reviews: see what waits, claim, decide, take back, send on."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.oversight.attention import floor_of
from governance.clock import rfc3339
from governance.decisions import first_judgement, masking
from governance.decisions import queries as decisions
from governance.decisions import service as decision_views
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.sight import DECIDING, OWN
from governance.decisions.views import DecisionView, RulingReason
from governance.deltas.noting import counted
from governance.errors import (
    AnswerableError,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    FieldProblem,
    InvalidInput,
    NotFound,
    Stale,
)
from governance.identities import queries as people
from governance.ledger.models import LogRecord
from governance.permissions import Permission
from governance.points import queries as points
from governance.queues import competence
from governance.queues.models import Queue
from governance.reviews import (
    checks,
    doubles,
    gold,
    history,
    purposes,
    queries,
    reversing,
    transitions,
)
from governance.reviews.history import Event
from governance.reviews.models import Case, Verdict
from governance.reviews.transitions import CaseState, CaseStatus, Lease, SignOff, VerdictKind
from governance.reviews.views import (
    CasePage,
    CaseSummary,
    CaseView,
    Given,
    LastAct,
    LeaseView,
    Looked,
    Message,
    MessageKind,
    Overview,
    QueueOverview,
    SignOffView,
    UndoView,
)
from governance.subjects import files, payloads
from governance.subjects.files import FileView
from governance.webhooks import outbox
from governance.work import Work
from policies import rulings
from policies.texts import band, render_for_reviewer

REASON_PAYLOAD = "reason"
LONGEST_REASON = 4000
#: Entries that say something on a case, and what; each stands in a payload of that name.
_MESSAGES = {
    EntryKind.COMMENT_ADDED: MessageKind.COMMENT,
    EntryKind.QUESTION_ASKED: MessageKind.QUESTION,
    EntryKind.INFORMATION_GIVEN: MessageKind.INFORMATION,
}
#: What a case is taken to need where too few were decided to know.
_DEFAULT_SECONDS = 70.0
#: Fewer durations than these say more of those who gave them than of the queue.
_ENOUGH_DURATIONS = 5
#: How long a commit may take. A verdict cannot be taken back closer than this to its effect, or others could see it counting first.
_COMMIT_TIME = timedelta(milliseconds=250)


def queue_overview(work: Work) -> Overview:
    """Return how the actor's queues stand.

    Raises:
        NotAllowed: the actor works no queues.
    """
    work.require(Permission.CASES_READ)
    names = sorted(work.actor.queues)
    rows = work.session.execute(sa.select(Queue).where(Queue.name.in_(names)).order_by(Queue.title))
    counts = queries.open_counts(work.session, names, work.now, work.now + timedelta(hours=1))
    overviews = []
    for queue in rows.scalars():
        counted_now = counts.get(queue.name, queries.OpenCounts())
        overviews.append(
            QueueOverview(
                queue=queue.name,
                title=queue.title,
                open=counted_now.open,
                overdue=counted_now.overdue,
                due_soon=counted_now.due_soon,
                claimed=counted_now.claimed,
                asleep=counted_now.asleep,
                minutes=minutes_of(work, queue.name, counted_now.open - counted_now.asleep),
            )
        )
    midnight = work.now.astimezone(ZoneInfo(work.actor.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return Overview(
        queues=overviews,
        decided_today=queries.verdicts_given_since(work.session, work.actor.id, midnight),
        competences=competence.own(work),
    )


def waiting(work: Work, most: int) -> int:
    """Count what waits in the actor's queues, up to ``most``."""
    work.require(Permission.CASES_READ)
    return queries.count_open(work.session, sorted(work.actor.queues), work.now, most)


def list_cases(
    work: Work,
    *,
    queue: str | None = None,
    status: str = "open",
    limit: int = 50,
    after: str | None = None,
) -> CasePage:
    """Return a page of the cases of the actor's queues: the open ones most urgent first, others the last closed first.

    ``after`` is the id of the last case of the page before.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or not this one.
        InvalidInput: there is no such status or no such case to go on after.
    """
    work.require(Permission.CASES_READ)
    if status not in set(CaseStatus):
        raise InvalidInput(
            f"There is no status {status!r}; expected one of {', '.join(CaseStatus)}.",
            [FieldProblem(pointer="/status", detail=f"Expected one of {', '.join(CaseStatus)}.")],
        )
    names = _ones_queues(work, queue)
    before = None if after is None else queries.by_id(work.session, after)
    if after is not None and before is None:
        raise InvalidInput("The list cannot go on there; begin it again without a cursor.")
    rows = queries.page(
        work.session, queues=names, status=status, limit=limit + 1, after=before, now=work.now
    )
    shown = rows[:limit]
    return CasePage(
        cases=summaries(work, shown), next_after=shown[-1].id if len(rows) > limit else None
    )


def held(work: Work) -> CaseSummary | None:
    """Return the case that the actor holds now, the one claimed last."""
    work.require(Permission.CASES_READ)
    row = queries.held_by(work.session, work.actor.id, sorted(work.actor.queues), work.now)
    return None if row is None else summaries(work, [row])[0]


def next_case(work: Work, *, queue: str | None = None) -> CaseView | None:
    """Return the case the actor holds, or claim the most urgent one that they may decide. None: nothing waits.

    Raises:
        NotAllowed, NotFound: the actor may not decide cases, or does not work this queue.
    """
    row = _take_next(work, queue)
    return None if row is None else view_of(work, row)


def next_id(work: Work, *, queue: str | None = None) -> str | None:
    """Do as ``next_case``, and return the case's id alone."""
    row = _take_next(work, queue)
    return None if row is None else row.id


def _take_next(work: Work, queue: str | None) -> Case | None:
    work.require(Permission.CASES_DECIDE)
    person_id = work.person_id
    names = _ones_queues(work, queue)
    row = queries.held_by(work.session, person_id, names, work.now)
    if row is None:
        row = queries.most_urgent(work.session, person_id, work.actor.reference, names, work.now)
        if row is None:
            return None
        # A known case takes the place of the one that would come, so that it comes when any would.
        row, decision = gold.serve(work, names, row) or (row, decision_of(work, row))
        _claim(work, row, decision)
    return row


def claim(work: Work, case_id: str, *, revision: int | None = None) -> CaseView:
    """Hold a case for ten minutes; claiming it again gives the whole time again.

    Raises:
        NotAllowed, NotFound: the actor may not decide this case, or it is not in a queue of theirs.
        Stale: it is not at ``revision`` any more; the message says what was done meanwhile.
        CaseClosed, AlreadySigned, ClaimedByAnother: why not.
    """
    work.require(Permission.CASES_DECIDE)
    row = of_ones_queues(work, case_id)
    locked = queries.lock(work.session, row.id)
    assert locked is not None
    decision = decision_of(work, locked)
    require_current(work, locked, decision, revision)
    _claim(work, locked, decision)
    return view_of(work, locked)


def release(work: Work, case_id: str, *, revision: int | None = None) -> CaseView:
    """Give a case back to its queue.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother: as ``claim``.
        NotClaimed: the actor does not hold it.
    """
    work.require(Permission.CASES_DECIDE)
    row = of_ones_queues(work, case_id)
    locked = queries.lock(work.session, row.id)
    assert locked is not None
    decision = decision_of(work, locked)
    require_current(work, locked, decision, revision)
    with telling_more(work, locked, decision):
        transitions.release(state_of(work, locked, decision), work.person_id, work.now)
    hand(locked, None)
    locked.revision += 1
    work.record(EntryKind.CASE_RELEASED, decision_id=decision.id, refs={"case": locked.id})
    work.session.flush()
    return view_of(work, locked)


def case_view(work: Work, case_id: str) -> CaseView:
    """Return one case with all that is needed to judge it.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or the case is not in one of theirs.
    """
    work.require(Permission.CASES_READ)
    return view_of(work, of_ones_queues(work, case_id))


def revision_of(work: Work, case_id: str) -> int:
    """Return at which revision a case is, which is cheaper than reading it.

    Raises:
        NotAllowed, NotFound: as ``case_view``.
    """
    work.require(Permission.CASES_READ)
    return of_ones_queues(work, case_id).revision


def give_verdict(work: Work, case_id: str, **said: Any) -> CaseView:
    """Do as ``say``, and return the case as it is then."""
    say(work, case_id, **said)
    case = queries.by_id(work.session, case_id)
    assert case is not None
    return view_of(work, case)


def say(
    work: Work,
    case_id: str,
    *,
    verdict: str | None = None,
    outcome: str | None = None,
    reason: str | None = None,
    reverse: bool = False,
    looked: Looked | None = None,
    revision: int | None = None,
    bulk: str | None = None,
) -> Given:
    """Say what one thinks of a case one holds: ``approve``, ``change`` (to ``outcome``) or ``reject``.

    The case is decided with it once as many people gave the same outcome as the policy asks for. A second opinion is an ``outcome`` alone.
    Of a sampled check, ``reverse`` puts what was wrong right for the person as well, for good. ``bulk`` names the bulk approval it is given with.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, AlreadySigned, ClaimedByAnother: as ``claim``.
        NotClaimed: the actor does not hold the case.
        InvalidInput: the verdict, its outcome or its reason does not fit.
        Conflict: the own judgement comes first, the case answers an appeal, or what a check found cannot be put right.
    """
    work.require(Permission.CASES_DECIDE)
    person_id = work.person_id
    row = taking_verdicts(of_ones_queues(work, case_id))
    _require_kind(row, verdict, reverse=reverse)
    said = words_of(reason)
    case, decision = queries.lock_with_decision(work.session, row)
    require_current(work, case, decision, revision)
    state = state_of(work, case, decision)
    claimed_at = case.claimed_at
    with telling_more(work, case, decision):
        if case.purpose == purposes.DOUBLE:
            after, sign_off = transitions.second_opinion(
                state,
                verdict_id=work.new_id(),
                person_id=person_id,
                outcome=outcome,
                now=work.now,
            )
        else:
            after, sign_off = transitions.decide(
                state,
                verdict_id=work.new_id(),
                person_id=person_id,
                kind=_verdict_kind(verdict),
                outcome=outcome,
                has_reason=said is not None,
                now=work.now,
            )
    if case.purpose == purposes.CHECK:
        checks.require_fitting(work, decision, sign_off.outcome, sign_off.kind, reverse=reverse)
    words, parts = _extent(work, decision)
    work.session.add(
        Verdict(
            id=sign_off.id,
            case_id=case.id,
            decision_id=decision.id,
            person_id=person_id,
            verdict=sign_off.kind.value,
            outcome=sign_off.outcome,
            decides=sign_off.decides,
            given_at=work.now,
            claimed_at=claimed_at,
            looked_seconds=None if looked is None else looked.seconds,
            parts_seen=None if looked is None else min(looked.parts_seen, parts),
            parts=None if looked is None else parts,
            words=words,
            undone_at=None,
            bulk_id=bulk,
        )
    )
    gold.count_by(work, case.point, 1)
    hand(case, None)
    case.revision += 1
    if sign_off.decides:
        case.status, case.closed_at = CaseStatus.DECIDED.value, work.now
    if sign_off.decides and case.purpose in DECIDING:
        with counted(work, decision):
            decision.status = transitions.STATUS_BY_VERDICT[sign_off.kind]
            decision.outcome = sign_off.outcome
            decision.decided_at, decision.effective_at = work.now, after.effective_at
        outbox.resolved(work, case)
    work.record(
        EntryKind.VERDICT_GIVEN,
        record_id=sign_off.id,
        decision_id=decision.id,
        refs={"case": case.id},
        data={
            "verdict": sign_off.kind.value,
            "outcome": sign_off.outcome,
            "decides": sign_off.decides,
            "shown": _shown(work, case, decision),
            "claimed_at": None if claimed_at is None else rfc3339(claimed_at),
            "effective_at": None if after.effective_at is None else rfc3339(after.effective_at),
            **({"purpose": case.purpose} if case.purpose in purposes.SECOND_LOOKS else {}),
            **({} if bulk is None else {"bulk": bulk}),
        },
        payloads={} if said is None else {REASON_PAYLOAD: said.encode()},
        key=None
        if said is None
        else payloads.key_of_record(work.session, work.answerable.keys, decision.id),
    )
    if case.purpose == purposes.CHECK:
        checks.conclude(work, case, decision, sign_off, reverse=reverse)
    elif case.purpose == purposes.DECIDE and sign_off.decides:
        doubles.open_for(work, case, decision)
    work.session.flush()
    verdicts = queries.standing_verdicts(work.session, case.id)
    mine = next(one for one in verdicts if one.id == sign_off.id)
    return Given(
        policy=points.engine_of(work, decision.point, decision.policy_version).policy,
        purpose=case.purpose,
        decided=sign_off.decides,
        undo=_undo_view(work, _state_of(work, case, decision, verdicts), mine),
        revision=case.revision,
    )


def _shown(work: Work, case: Case, decision: Decision) -> str:
    """Return what names all that a verdict was given on: the decision, the policy that ruled it, and what the app told since.

    Sign-offs of one case name the same, as those fall that were given before something came in.
    """
    told = [
        event.record_id
        for event in history.of_decision(work, decision.id)
        if event.kind is EntryKind.INFORMATION_GIVEN
    ]
    text = "\0".join([decision.id, case.id, decision.policy_digest, *told])
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _extent(work: Work, decision: Decision) -> tuple[int, int]:
    """Return how many words a case shows to whoever judges it, and in how many parts: why, the facts, and what moved the proposal; what was said in a chat is read too."""
    view = decision_views.full_view(work, decision, language=work.actor.language)
    return _words(view, reasons_told(work, [decision])[decision.id]), 2 + bool(
        view.proposal_reasons
    )


def _words(view: DecisionView, reasons: Sequence[RulingReason]) -> int:
    texts = [one.text for one in reasons]
    texts += [f"{name} {value}" for name, value in (view.features or {}).items()]
    texts += [turn["text"] for turn in (view.hand_over or {}).get("transcript", ())]
    return sum(len(text.split()) for text in texts)


def said_on(work: Work, decision_ids: Sequence[str]) -> set[str]:
    """Return those of these decisions on whose cases something was said: a comment, a question or an answer."""
    rows = work.session.execute(
        sa.select(LogRecord.decision_id).where(
            LogRecord.decision_id.in_(decision_ids),
            LogRecord.kind.in_([kind.value for kind in _MESSAGES]),
        )
    ).scalars()
    return {one for one in rows if one is not None}


def undo(work: Work, case_id: str, *, revision: int | None = None) -> CaseView:
    """Take one's verdict back, before it is effective; the case is open again and with the actor, unless another holds it.

    Raises:
        NotAllowed, NotFound, Stale: as ``claim``.
        UndoPassed, CaseClosed: it is too late.
        Conflict: the actor has no verdict that could be taken back.
    """
    work.require(Permission.CASES_DECIDE)
    person_id = work.person_id
    row = taking_verdicts(of_ones_queues(work, case_id))
    case, decision = queries.lock_with_decision(work.session, row)
    require_current(work, case, decision, revision)
    state = state_of(work, case, decision)
    # The lock may have been waited for: what counts is the time at which others will see it undone.
    committed = max(work.now, work.answerable.clock.now() + _COMMIT_TIME)
    if state.status is not CaseStatus.DECIDED:
        committed = work.now
    with telling_more(work, case, decision):
        after, mine = transitions.undo(state, person_id, committed)
    taken_back = work.session.get_one(Verdict, mine.id)
    taken_back.undone_at = work.now
    gold.count_by(work, case.point, -1)
    if mine.decides:
        case.status, case.closed_at = CaseStatus.OPEN.value, None
    if mine.decides and case.purpose in DECIDING:
        with counted(work, decision):
            decision.status, decision.outcome = "in_review", None
            decision.decided_at = decision.effective_at = None
        outbox.taken_back(work, case)
        doubles.withdraw(work, decision)
    if after.lease is not None and after.lease.person_id == person_id:
        hand(
            case,
            Lease(person_id=person_id, since=work.now, until=work.now + transitions.LEASE),
        )
    case.revision += 1
    work.record(
        EntryKind.VERDICT_UNDONE,
        decision_id=decision.id,
        refs={"case": case.id, "verdict": mine.id},
        data={"decides": mine.decides},
    )
    if case.purpose == purposes.CHECK:
        checks.take_back(work, decision, taken_back)
    work.session.flush()
    return view_of(work, case)


def escalate(
    work: Work, case_id: str, *, reason: str | None, revision: int | None = None
) -> CaseSummary:
    """Send a case to the queue that the policy names for it; its due time begins again there, once.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother: as ``claim``.
        InvalidInput: there is no reason.
        Conflict: the policy names no queue, or the case was sent there before.
    """
    work.require(Permission.CASES_DECIDE)
    person_id = work.person_id
    row = deciding(of_ones_queues(work, case_id))
    said = words_of(reason)
    if said is None:
        raise InvalidInput(
            "Say why the case goes to another queue, so that they know what to look at.",
            [FieldProblem(pointer="/reason", detail="Expected a reason; got none.")],
        )
    case, decision = queries.lock_with_decision(work.session, row)
    require_current(work, case, decision, revision)
    with telling_more(work, case, decision):
        transitions.require_escalatable(state_of(work, case, decision), person_id, work.now)
    if gold.ends(work, case, decision):
        return summaries(work, [case])[0]
    if case.escalated_at is not None:
        raise Conflict("The case was sent on before; it goes no further than this queue.")
    if case.escalate_to is None:
        raise Conflict("The policy names no queue to send this case to; it must be decided here.")
    move_on(work, case, overdue=False, reason=said)
    return summaries(work, [case])[0]


def move_on(work: Work, case: Case, *, overdue: bool, reason: str | None = None) -> None:
    """Move a locked case to the queue that the policy names, where its due time begins again.

    For ``escalate`` and the worker, which have checked that it may move.
    """
    assert case.escalate_to is not None
    left, case.queue = case.queue, case.escalate_to
    case.escalated_at = work.now
    case.due_at = None
    if case.due_seconds is not None:
        span = timedelta(seconds=case.due_seconds)
        case.due_at = work.configuration.due(case.queue, work.now, span)
    hand(case, None)
    reserve(case, None)
    case.sleeps_until = None
    case.revision += 1
    work.record(
        EntryKind.CASE_ESCALATED,
        decision_id=case.decision_id,
        refs={"case": case.id},
        data={
            "from": left,
            "queue": case.queue,
            "due_at": None if case.due_at is None else rfc3339(case.due_at),
            "overdue": overdue,
        },
        payloads={} if reason is None else {REASON_PAYLOAD: reason.encode()},
        key=None
        if reason is None
        else payloads.key_of_record(work.session, work.answerable.keys, case.decision_id),
    )
    if overdue:
        outbox.overdue(work, case)
    work.session.flush()


def lock_appeal(work: Work, case_id: str, *, revision: int | None) -> tuple[Case, Decision]:
    """Return the case of an appeal that the actor holds, and its decision, both locked, for ``governance.appeals`` to answer.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother: as ``claim``.
        NotClaimed: the actor does not hold the case.
        Conflict: the case takes a verdict.
    """
    work.require(Permission.CASES_DECIDE)
    row = of_ones_queues(work, case_id)
    if row.purpose != purposes.APPEAL:
        raise Conflict("This case decides its decision: it takes a verdict, no answer.")
    case, decision = queries.lock_with_decision(work.session, row)
    require_current(work, case, decision, revision)
    with telling_more(work, case, decision):
        transitions.require_holder(state_of(work, case, decision), work.person_id, work.now)
    return case, decision


def close_appeal(work: Work, case: Case, status: CaseStatus) -> None:
    """Close the locked case of an appeal that was answered or withdrawn."""
    hand(case, None)
    case.status, case.closed_at = status.value, work.now
    case.revision += 1


def last_act(work: Work, case_id: str) -> LastAct | None:
    """Return what somebody else did last with a case, for whoever came second."""
    work.require(Permission.CASES_READ)
    case = queries.by_id(work.session, case_id)
    if case is None:
        return None
    return _last_act(work, case, decision_of(work, case))


def file_of(work: Work, case_id: str, message_id: str, number: int) -> tuple[FileView, bytes]:
    """Return a file that came with something said on a case.

    Raises:
        NotAllowed, NotFound: there is no such case in the actor's queues, or no such file.
    """
    view = case_view(work, case_id)
    if message_id not in {one.id for one in view.messages}:
        raise NotFound("There is no such file here.")
    found = files.read(work.session, work.answerable.keys, message_id, number)
    work.reads("file", f"{message_id}/{number}", decision_id=view.decision.id)
    return found


def view_of(work: Work, case: Case) -> CaseView:
    """Return a case with all that is needed to judge it; whoever calls has checked that the actor may see it."""
    decision = decision_of(work, case)
    verdicts = queries.standing_verdicts(work.session, case.id)
    state = _state_of(work, case, decision, verdicts)
    engine = points.engine_of(work, decision.point, decision.policy_version)
    policy, actor_id = engine.policy, work.actor.id
    blind = case.id in _blind(work, [case])
    mine = next((v for v in verdicts if v.person_id == actor_id), None)
    events = history.told(
        work,
        history.of_decision(work, decision.id),
        decision=decision,
        case=case,
        has_signed=mine is not None,
        blind=blind,
    )
    told = {event.record_id for event in events}
    full = decision_views.full_view(work, decision, language=work.actor.language)
    if blind:
        full = first_judgement.without_proposal(full, engine)
        full = first_judgement.without_outcome(full)
    compared: Sequence[Verdict] = ()
    if case.purpose == purposes.DOUBLE and case.status == CaseStatus.DECIDED:
        compared = queries.deciding_verdicts(work.session, decision.id)
    is_check = case.purpose == purposes.CHECK
    why = reasons_told(work, [decision], {decision.id} if blind else ())[decision.id]
    judgement = queries.judged_by(work.session, case.id).get(actor_id) if case.judge_first else None
    messages = [event for event in events if event.kind in _MESSAGES]
    names = people.names(
        work.session,
        [
            case.claimed_by,
            case.reserved_for,
            *(v.person_id for v in (*verdicts, *compared)),
            *(event.person_id for event in messages),
        ],
    )
    reasons = payloads.read_many(
        work.session,
        work.answerable.keys,
        [v.id for v in (*verdicts, *compared)],
        REASON_PAYLOAD,
    )

    def signed(verdict: Verdict) -> SignOffView:
        return SignOffView(
            verdict_id=verdict.id,
            person_id=verdict.person_id,
            name=names.get(verdict.person_id, ""),
            verdict=verdict.verdict,
            outcome=verdict.outcome,
            reason=reasons[verdict.id].decode() if verdict.id in reasons else None,
            given_at=verdict.given_at,
            decides=verdict.decides,
            mine=verdict.person_id == actor_id,
        )

    return CaseView(
        id=case.id,
        decision=replace(full, reasons=why),
        policy=policy,
        band=band(full.confidence, work.actor.language),
        judge_first=case.judge_first,
        judgement=judgement,
        point=case.point,
        purpose=gold.purpose_told(case, decision, work.now),
        known=gold.known_of(work, case, decision),
        queue=case.queue,
        status=case.status,
        opened_at=case.opened_at,
        due_at=case.due_at,
        overdue=_overdue(work, case),
        escalate_to=case.escalate_to if case.escalated_at is None else None,
        escalated_at=case.escalated_at,
        sensitive=case.sensitive,
        approvable=state.may_be_approved or full.withheld,
        changes=[name for name in policy.outcomes if full.withheld or name != state.proposed],
        fallback=state.fallback,
        sign_offs_needed=case.sign_offs,
        sign_offs_given=len(verdicts),
        sign_offs=[signed(verdict) for verdict in verdicts if verdict.id in told],
        lease=_lease_view(work, state, names),
        reserved=_told_lease(work, state.reserved, names),
        sleeps_until=_asleep(work, case),
        asked=case.question_id is not None,
        messages=_messages(
            work, case, messages, names, masking.hidden_from(work, decision.id, policy)
        ),
        barred=transitions.bar(state, actor_id),
        undo=_undo_view(work, state, mine),
        blind=blind,
        own_second_look=case.second_look_of is not None,
        compared=[signed(verdict) for verdict in compared],
        may_reverse=is_check
        and case.status == CaseStatus.OPEN
        and checks.why_not_put_right(work, decision) is None,
        reversed_by=reversing.reversal_after(work, case.id) if is_check else None,
        history=history.unnamed(work, events) if case.purpose == purposes.APPEAL else events,
        revision=case.revision,
        reading_floor=floor_of(_words(full, why)),
    )


def _messages(
    work: Work,
    case: Case,
    events: Sequence[Event],
    names: dict[str, str],
    hidden: frozenset[str],
) -> tuple[Message, ...]:
    found = {
        kind: payloads.read_many(
            work.session,
            work.answerable.keys,
            [event.record_id for event in events if event.kind is entry],
            kind.value,
        )
        for entry, kind in _MESSAGES.items()
    }
    brought = files.of_records(
        work.session, work.answerable.keys, [event.record_id for event in events]
    )
    told = []
    for event in events:
        kind = _MESSAGES[event.kind]
        said = found[kind].get(event.record_id)
        words = None if said is None else said.decode()
        facts: dict[str, Any] = {}
        if said is not None and kind is MessageKind.INFORMATION:
            information = orjson.loads(said)
            words = information["words"] or ""
            facts = {
                name: value for name, value in information["facts"].items() if name not in hidden
            }
        told.append(
            Message(
                id=event.record_id,
                kind=kind,
                by=names.get(event.person_id or "", ""),
                at=event.at,
                words=words,
                facts=facts,
                open=event.record_id == case.question_id,
                files=brought.get(event.record_id, ()),
            )
        )
    return tuple(told)


def _undo_view(work: Work, state: CaseState, mine: Verdict | None) -> UndoView | None:
    if mine is None or state.status is CaseStatus.CLOSED:
        return None
    if state.status is CaseStatus.OPEN:
        return UndoView(verdict_id=mine.id, until=None)
    if mine.decides and state.effective_at is not None and work.now < state.effective_at:
        return UndoView(verdict_id=mine.id, until=state.effective_at)
    return None


def summaries(work: Work, cases: Sequence[Case]) -> list[CaseSummary]:
    """Return cases as a list shows them; whoever calls has checked that the actor may see them."""
    if not cases:
        return []
    ids = [case.id for case in cases]
    found = {
        row.id: row
        for row in work.session.execute(
            sa.select(Decision).where(Decision.id.in_([case.decision_id for case in cases])),
            execution_options=OWN,
        ).scalars()
    }
    counts = queries.sign_off_counts(work.session, ids)
    signed = queries.signed_by(work.session, ids, work.actor.id)
    names = people.names(
        work.session, [one for case in cases for one in (case.claimed_by, case.reserved_for)]
    )
    blind = _blind(work, cases)
    reasons = reasons_told(work, list(found.values()))
    owed = first_judgement.withheld(work, list(found))
    told = []
    for case in cases:
        decision = found[case.decision_id]
        lease = lease_of(case)
        withheld = decision.id in owed or case.id in blind
        told.append(
            CaseSummary(
                id=case.id,
                decision_id=case.decision_id,
                point=case.point,
                purpose=gold.purpose_told(case, decision, work.now),
                policy=points.engine_of(work, decision.point, decision.policy_version).policy,
                queue=case.queue,
                status=case.status,
                opened_at=case.opened_at,
                due_at=case.due_at,
                overdue=_overdue(work, case),
                sensitive=case.sensitive,
                withheld=withheld,
                own_second_look=case.second_look_of is not None,
                proposed_outcome=None if withheld else decision.proposed_outcome,
                confidence=None if withheld else decision.confidence,
                band=band(None if withheld else decision.confidence, work.actor.language),
                why=() if case.id in blind else reasons[decision.id],
                sign_offs_given=counts.get(case.id, 0),
                sign_offs_needed=case.sign_offs,
                signed=case.id in signed,
                lease=_told_lease(work, lease, names),
                reserved=_told_lease(work, _reserved(case), names),
                sleeps_until=_asleep(work, case),
                asked=case.question_id is not None,
                revision=case.revision,
            )
        )
    return told


def _blind(work: Work, cases: Sequence[Case]) -> frozenset[str]:
    """Return those of these cases of which the actor is told neither the proposal nor what was decided."""
    first = [case.id for case in cases if case.purpose == purposes.CHECK and case.judge_first]
    judged: set[str] = set()
    if first:
        judged = queries.judged_among(work.session, first, work.actor.id)
    return frozenset(
        case.id
        for case in cases
        if case.status == CaseStatus.OPEN
        and (case.purpose == purposes.DOUBLE or (case.id in first and case.id not in judged))
    )


def _claim(work: Work, case: Case, decision: Decision) -> None:
    with telling_more(work, case, decision):
        after = transitions.claim(state_of(work, case, decision), work.person_id, work.now)
    lease = after.lease
    assert lease is not None
    hand(case, lease)
    reserve(case, None)
    case.sleeps_until = None
    case.first_claimed_at = case.first_claimed_at or work.now
    case.revision += 1
    work.record(
        EntryKind.CASE_CLAIMED,
        decision_id=decision.id,
        refs={"case": case.id},
        data={"until": rfc3339(lease.until)},
    )
    # The page that shows it next then has nothing more to write.
    decision_views.note_reading(work, decision)
    work.session.flush()


def hand(case: Case, lease: Lease | None) -> None:
    """Write into a case's row who holds it."""
    case.claimed_by = None if lease is None else lease.person_id
    case.claimed_at = None if lease is None else lease.since
    case.claimed_until = None if lease is None else lease.until


def reserve(case: Case, kept: Lease | None) -> None:
    """Write into a case's row for whom it is kept."""
    case.reserved_for = None if kept is None else kept.person_id
    case.reserved_at = None if kept is None else kept.since
    case.reserved_until = None if kept is None else kept.until


def state_of(work: Work, case: Case, decision: Decision) -> CaseState:
    """Return a case as its rules see it."""
    return _state_of(work, case, decision, queries.standing_verdicts(work.session, case.id))


def _state_of(work: Work, case: Case, decision: Decision, verdicts: Sequence[Verdict]) -> CaseState:
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    return CaseState(
        status=CaseStatus(case.status),
        outcomes=frozenset(policy.outcomes),
        fallback=policy.fallback,
        proposed=decision.outcome if case.purpose == purposes.CHECK else decision.proposed_outcome,
        approvable=case.approvable,
        sensitive=case.sensitive,
        sign_offs=case.sign_offs,
        undo=timedelta(seconds=case.undo_seconds),
        lease=lease_of(case),
        reserved=_reserved(case),
        due_at=case.due_at,
        signed=tuple(
            SignOff(
                id=verdict.id,
                person_id=verdict.person_id,
                kind=VerdictKind(verdict.verdict),
                outcome=verdict.outcome,
                given_at=verdict.given_at,
                decides=verdict.decides,
            )
            for verdict in verdicts
        ),
        judge_first=case.judge_first,
        judged=frozenset(queries.judged_by(work.session, case.id))
        if case.judge_first
        else frozenset(),
        effective_at=_effective_at(work, case, decision),
        barred=_barred(work, case, decision),
    )


def _effective_at(work: Work, case: Case, decision: Decision) -> datetime | None:
    """Return from when on the verdict that decided a case cannot be taken back."""
    if case.status != CaseStatus.DECIDED:
        return None
    if case.purpose == purposes.DECIDE or case.closed_at is None:
        return decision.effective_at
    if case.purpose == purposes.CHECK and reversing.reversal_after(work, case.id) is not None:
        return case.closed_at
    return case.closed_at + timedelta(seconds=case.undo_seconds)


def _barred(work: Work, case: Case, decision: Decision) -> tuple[tuple[str, str], ...]:
    """Return the people who may not decide a case, each with the reason."""
    if case.purpose == purposes.APPEAL:
        return tuple(purposes.barred_from_appeal(work.session, case, decision, work.now))
    if case.purpose == purposes.DOUBLE:
        return tuple(purposes.barred_from_double(work.session, case, decision))
    barred = []
    kind, _, asker = decision.actor.partition(":")
    if kind == "person":
        barred.append((asker, "You asked for this decision, so another person must decide it."))
    if case.sign_offs > 1:
        author = queries.author_of(work.session, decision.point, decision.policy_version) or ""
        kind, _, author_id = author.partition(":")
        if kind == "person":
            barred.append(
                (
                    author_id,
                    "You wrote this version of the policy, which asks for several people; the case is for others to sign off.",
                )
            )
    return tuple(barred)


def lease_of(case: Case) -> Lease | None:
    """Return the lease that a case's row names, whether it has run out or not."""
    if case.claimed_by is None or case.claimed_until is None:
        return None
    return Lease(
        person_id=case.claimed_by,
        since=case.claimed_at or case.claimed_until - transitions.LEASE,
        until=case.claimed_until,
    )


def _reserved(case: Case) -> Lease | None:
    if case.reserved_for is None or case.reserved_at is None or case.reserved_until is None:
        return None
    return Lease(person_id=case.reserved_for, since=case.reserved_at, until=case.reserved_until)


def _asleep(work: Work, case: Case) -> datetime | None:
    until = case.sleeps_until
    return until if until is not None and until > work.now else None


def _lease_view(work: Work, state: CaseState, names: dict[str, str]) -> LeaseView | None:
    return _told_lease(work, state.lease, names)


def _told_lease(work: Work, lease: Lease | None, names: dict[str, str]) -> LeaseView | None:
    if lease is None or not lease.holds(work.now):
        return None
    return LeaseView(
        person_id=lease.person_id,
        name=names.get(lease.person_id, ""),
        since=lease.since,
        until=lease.until,
        mine=lease.person_id == work.actor.id,
    )


def _overdue(work: Work, case: Case) -> bool:
    return case.status == CaseStatus.OPEN and case.due_at is not None and case.due_at <= work.now


def decision_of(work: Work, case: Case) -> Decision:
    """Return the decision that waits with a case."""
    decision = decisions.by_id(work.session, case.decision_id)
    assert decision is not None, "a case has its decision by foreign key"
    return decision


def _ones_queues(work: Work, queue: str | None) -> list[str]:
    if queue is not None and queue not in work.actor.queues:
        raise NotFound(f"There is no queue {queue!r} of yours.")
    return sorted(work.actor.queues) if queue is None else [queue]


def of_ones_queues(work: Work, case_id: str) -> Case:
    """Return a case of the actor's queues.

    Raises:
        NotFound: there is none.
    """
    case = queries.by_id(work.session, case_id)
    if case is None or case.purpose not in purposes.WORKED or case.queue not in work.actor.queues:
        raise NotFound("There is no such case in your queues.")
    if case.purpose == purposes.DOUBLE and case.opened_at > work.now:
        raise NotFound("There is no such case in your queues yet.")
    return case


def deciding(case: Case) -> Case:
    """Return a case that decides its decision."""
    if case.purpose in purposes.SECOND_LOOKS:
        raise Conflict("This case looks at what is decided already; it takes a verdict alone.")
    return taking_verdicts(case)


def taking_verdicts(case: Case) -> Case:
    """Return a case that takes verdicts; an appeal is answered instead."""
    if case.purpose == purposes.APPEAL:
        raise Conflict(
            "This case answers an appeal: it takes an answer for the person, no verdict."
        )
    return case


def _require_kind(case: Case, verdict: str | None, *, reverse: bool) -> None:
    """Raise unless what is said is what this case takes."""
    if reverse and case.purpose != purposes.CHECK:
        detail = "Only what a sampled check finds wrong can be put right. Leave reverse out."
        raise InvalidInput(detail, [FieldProblem(pointer="/reverse", detail=detail)])
    if case.purpose != purposes.DOUBLE:
        _verdict_kind(verdict)
    elif verdict is not None:
        detail = "A second opinion is an outcome: what you would decide. Leave the verdict out."
        raise InvalidInput(detail, [FieldProblem(pointer="/verdict", detail=detail)])


def require_current(work: Work, case: Case, decision: Decision, revision: int | None) -> None:
    """Raise if the case is not as the caller read it, or is no longer theirs to see."""
    if revision is not None and revision != case.revision:
        act = _last_act(work, case, decision)
        raise Stale(
            "The case changed since you read it."
            + (f" {act.sentence}" if act is not None else "")
            + " Look at it again."
        )
    if case.queue not in work.actor.queues:
        raise NotFound("The case has moved to a queue that is not yours.")


def _verdict_kind(verdict: str | None) -> VerdictKind:
    try:
        return VerdictKind(verdict or "")
    except ValueError:
        expected = f"Expected one of {', '.join(VerdictKind)}."
        raise InvalidInput(
            f"Say a verdict. {expected}"
            if verdict is None
            else f"There is no verdict {verdict!r}. {expected}",
            [FieldProblem(pointer="/verdict", detail=expected)],
        ) from None


def words_of(text: str | None, *, pointer: str = "/reason") -> str | None:
    """Return what somebody wrote without blanks around it and with one kind of line break, None where it is nothing.

    Raises:
        InvalidInput: it is too long.
    """
    # A browser sends line breaks as two characters, and counts them as one.
    said = (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(said) > LONGEST_REASON:
        detail = f"At most {LONGEST_REASON} characters fit here; these are {len(said)}."
        raise InvalidInput(detail, [FieldProblem(pointer=pointer, detail=detail)])
    return said or None


@contextmanager
def telling_more(work: Work, case: Case, decision: Decision) -> Iterator[None]:
    """Tell whoever came second what the other person did, where a rule refuses an act because of it."""
    try:
        yield
    except (CaseClosed, ClaimedByAnother) as error:
        raise _told_more(work, case, decision, error) from error


def _told_more(
    work: Work, case: Case, decision: Decision, error: AnswerableError
) -> AnswerableError:
    """Return the error with what the other person did, so that whoever came second knows."""
    if isinstance(error, ClaimedByAnother) and case.claimed_until is not None:
        name = people.names(work.session, [case.claimed_by]).get(case.claimed_by or "", "Another")
        return ClaimedByAnother(
            f"{name} holds this case until {_clock_time(work, case.claimed_until)}. Take the next one."
        )
    act = _last_act(work, case, decision)
    return type(error)(error.detail if act is None else f"{error.detail} {act.sentence}")


def _last_act(work: Work, case: Case, decision: Decision) -> LastAct | None:
    events = history.of_decision(work, decision.id)
    # What was done before is not told to who looks a second time.
    alone = first_judgement.held_blind(work, [decision.id]).get(decision.id)
    if case.purpose in purposes.SECOND_LOOKS:
        alone = case.id
    event = next(
        (
            event
            for event in reversed(events)
            if event.actor_id != work.actor.id
            and event.kind not in {EntryKind.DECISION_RECORDED, EntryKind.CASE_OPENED}
            and (alone is None or event.refs.get("case") == alone)
        ),
        None,
    )
    if event is None:
        return None
    name = "Somebody"
    if event.person_id is not None:
        name = people.names(work.session, [event.person_id]).get(event.person_id, name)
    # Whoever came second is told how the case was decided, but not how it was signed off while it is open.
    tells = (
        event.kind is EntryKind.VERDICT_GIVEN
        and bool(event.data.get("decides"))
        and event.data.get("purpose") != purposes.DOUBLE
    )
    verdict = event.data.get("verdict") if tells else None
    outcome = event.data.get("outcome") if tells else None
    return LastAct(
        kind=event.kind.value,
        by=name if event.person_id is not None else "",
        at=event.at,
        verdict=verdict,
        outcome=outcome,
        sentence=_sentence(work, decision, event, name, verdict, outcome),
    )


def _sentence(
    work: Work,
    decision: Decision,
    event: Event,
    name: str,
    verdict: str | None,
    outcome: str | None,
) -> str:
    at = _clock_time(work, event.at)
    if event.kind is EntryKind.VERDICT_GIVEN:
        if verdict == VerdictKind.APPROVE:
            return f"{name} approved it at {at}."
        if verdict == VerdictKind.REJECT:
            return f"{name} rejected it at {at}."
        if verdict == VerdictKind.CHANGE and outcome is not None:
            policy = points.engine_of(work, decision.point, decision.policy_version).policy
            return f"{name} changed it to “{policy.outcomes[outcome].label.in_('en')}” at {at}."
        if event.data.get("purpose") == purposes.DOUBLE:
            return f"{name} gave a second opinion at {at}."
        return f"{name} signed it off at {at}."
    sentences = {
        EntryKind.SIGN_OFF_FELL: f"Something came in, so sign-offs fell, at {at}.",
        EntryKind.VERDICT_UNDONE: f"{name} took a verdict back at {at}.",
        EntryKind.CASE_CLAIMED: f"{name} claimed it at {at}.",
        EntryKind.CASE_RELEASED: f"{name} gave it back to the queue at {at}.",
        EntryKind.CASE_ESCALATED: f"It went to the queue {event.data.get('queue')} at {at}.",
        EntryKind.JUDGEMENT_GIVEN: f"{name} judged it before the proposal was shown, at {at}.",
        EntryKind.FACTS_REVEALED: f"{name} looked at what is masked at {at}.",
        EntryKind.CASE_SKIPPED: f"{name} passed it on at {at}.",
        EntryKind.CASE_PUT_OFF: f"{name} put it off at {at}.",
        EntryKind.CASE_HANDED_OVER: f"{name} handed it to a colleague at {at}.",
        EntryKind.COMMENT_ADDED: f"{name} commented on it at {at}.",
        EntryKind.AUTOMATION_DOUBTED: f"{name} said at {at} that the automation is wrong.",
        EntryKind.QUESTION_ASKED: f"{name} asked the app something about it at {at}.",
        EntryKind.INFORMATION_GIVEN: f"The app answered a question about it at {at}.",
        EntryKind.CASE_LAPSED: f"It lapsed at {at}.",
        EntryKind.CASE_CLOSED: f"It was closed at {at}, as nobody looked.",
        EntryKind.DECISION_WITHDRAWN: f"The app withdrew it at {at}.",
    }
    return sentences.get(event.kind, f"It was changed at {at}.")


def _clock_time(work: Work, instant: datetime) -> str:
    zone = ZoneInfo(work.actor.time_zone)
    local, today = instant.astimezone(zone), work.now.astimezone(zone).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%H:%M on %Y-%m-%d}"


def minutes_of(work: Work, queue: str, waiting: int) -> int:
    """Estimate the minutes that so many cases of a queue take, from how long the last ones took."""
    if not waiting:
        return 0
    durations = queries.recent_durations(work.session, queue)
    enough = len(durations) >= _ENOUGH_DURATIONS
    seconds = statistics.median(durations) if enough else _DEFAULT_SECONDS
    return max(1, math.ceil(waiting * seconds / 60))


def reasons_told(
    work: Work, rows: Sequence[Decision], blind: Collection[str] = ()
) -> dict[str, tuple[RulingReason, ...]]:
    """Return why each of these decisions came to a person; nothing where its payload was erased, or would tell what is withheld."""
    documents = payloads.read_many(
        work.session, work.answerable.keys, [row.id for row in rows], DECISION_PAYLOAD
    )
    withheld = first_judgement.withheld(work, [row.id for row in rows]) | set(blind)
    told: dict[str, tuple[RulingReason, ...]] = {}
    for row in rows:
        if row.id not in documents:
            told[row.id] = ()
            continue
        ruling = rulings.trace_from(orjson.loads(documents[row.id])["trace"])
        engine = points.engine_of(work, row.point, row.policy_version)
        told[row.id] = tuple(
            RulingReason(
                code=reason.code.value,
                rule=reason.rule,
                text=render_for_reviewer(reason, engine.policy, work.actor.language),
            )
            for reason in ruling.reasons
            if row.id not in withheld or not first_judgement.tells_of_proposal(reason.rule, engine)
        )
    return told
