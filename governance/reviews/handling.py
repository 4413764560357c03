"""What a person does with a case instead of deciding it: pass it on, put it off, hand it over, say or ask something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from audits.log.entries import EntryKind
from governance.clock import rfc3339
from governance.decisions import masking
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.sight import app_of
from governance.errors import (
    CaseClosed,
    Conflict,
    FieldProblem,
    InvalidInput,
    NotAllowed,
    NotFound,
)
from governance.identities import queries as people
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import gold, purposes, queries, service, transitions
from governance.reviews.models import Case, Reveal, Skip
from governance.reviews.service import REASON_PAYLOAD
from governance.reviews.transitions import CaseState, CaseStatus, SkipReason
from governance.reviews.views import CaseSummary, CaseView, Colleague, MessageKind
from governance.subjects import files as brought
from governance.subjects import payloads
from governance.subjects.files import Brought
from governance.webhooks import outbox
from governance.work import Work

#: How long the app has to answer where nothing else is said.
_ANSWER_TIME: Final = timedelta(days=3)
#: Facts that one answer may hold, and the characters of a name and of all of them together.
_MOST_FACTS: Final = 50
_LONGEST_NAME: Final = 200
_LONGEST_FACTS: Final = 32_000


def skip(
    work: Work,
    case_id: str,
    *,
    reason: str,
    words: str | None = None,
    revision: int | None = None,
) -> CaseSummary:
    """Pass a case on undecided, saying why; it goes back to its queue, and comes to the actor again only after hours.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother: as ``service.claim``.
        NotClaimed: the actor does not hold it.
        InvalidInput: there is no such reason, or the words for another one are missing.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    code, said = _skip_reason(reason), service.words_of(words)
    if code is SkipReason.OTHER and said is None:
        detail = "Say in a sentence why, as none of the other reasons fits."
        raise InvalidInput(detail, [FieldProblem(pointer="/words", detail=detail)])
    case, decision, state = _held(work, row, revision)
    with service.telling_more(work, case, decision):
        transitions.release(state, work.person_id, work.now)
    if gold.ends(work, case, decision):
        return service.summaries(work, [case])[0]
    service.hand(case, None)
    case.revision += 1
    record_id = _record(
        work, EntryKind.CASE_SKIPPED, case, {"reason": code.value}, {REASON_PAYLOAD: said}
    )
    work.session.add(
        Skip(
            id=record_id,
            case_id=case.id,
            person_id=work.person_id,
            reason=code.value,
            skipped_at=work.now,
        )
    )
    work.session.flush()
    return service.summaries(work, [case])[0]


def put_off(
    work: Work,
    case_id: str,
    *,
    until: datetime,
    words: str | None = None,
    revision: int | None = None,
) -> CaseSummary:
    """Give a case back and have it handed to nobody until an instant; whoever opens it from the list may take it all the same.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother, NotClaimed: as ``skip``.
        InvalidInput: the instant has passed, is more than 30 days off, or the case is due before it.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    said = service.words_of(words)
    case, decision, state = _held(work, row, revision)
    with service.telling_more(work, case, decision):
        transitions.require_put_off(state, work.person_id, until, work.now)
    if gold.ends(work, case, decision):
        return service.summaries(work, [case])[0]
    service.hand(case, None)
    case.sleeps_until = until
    case.revision += 1
    _record(work, EntryKind.CASE_PUT_OFF, case, {"until": rfc3339(until)}, {REASON_PAYLOAD: said})
    work.session.flush()
    return service.summaries(work, [case])[0]


def hand_over(
    work: Work,
    case_id: str,
    *,
    to: str,
    words: str | None = None,
    revision: int | None = None,
) -> CaseSummary:
    """Hand a case to a colleague of its queue, for whom it is kept for eight hours; then anybody may take it again.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother, NotClaimed: as ``skip``.
        InvalidInput: it is nobody of the queue, or somebody who may not decide the case.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    said = service.words_of(words)
    case, decision, state = _held(work, row, revision)
    if to not in {one.id for one in people.deciders_of(work.session, case.queue, work.now)}:
        detail = "There is no such person in this queue who decides cases."
        raise InvalidInput(detail, [FieldProblem(pointer="/to", detail=detail)])
    with service.telling_more(work, case, decision):
        kept = transitions.hand_over(state, work.person_id, to, work.now)
    if gold.ends(work, case, decision):
        return service.summaries(work, [case])[0]
    service.hand(case, None)
    service.reserve(case, kept)
    case.revision += 1
    _record(
        work,
        EntryKind.CASE_HANDED_OVER,
        case,
        {"until": rfc3339(kept.until)},
        {REASON_PAYLOAD: said},
        refs={"to": to},
    )
    work.session.flush()
    return service.summaries(work, [case])[0]


def colleagues(work: Work, case_id: str) -> list[Colleague]:
    """Return the people to whom a case can be handed.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or the case is not in one of theirs.
    """
    work.require(Permission.CASES_READ)
    case = service.of_ones_queues(work, case_id)
    state = service.state_of(work, case, service.decision_of(work, case))
    return [
        Colleague(id=one.id, name=one.name)
        for one in people.deciders_of(work.session, case.queue, work.now)
        if one.id != work.actor.id and transitions.may_decide(state, one.id)
    ]


def reveal(
    work: Work, case_id: str, *, facts: Sequence[str], reason: str, revision: int | None = None
) -> CaseView:
    """Have facts shown to the actor that the policy masks, for eight hours; the log says which, to whom and that there was a reason.

    Raises:
        NotAllowed, NotFound, Stale: as ``service.claim``; also where the actor may not decide this case.
        InvalidInput: no masked fact is named, or no reason is given.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    said = _needed(reason, "/reason", "Say why you need to see it.")
    case, decision = queries.lock_with_decision(work.session, row)
    service.require_current(work, case, decision, revision)
    barred = transitions.bar(service.state_of(work, case, decision), work.person_id)
    if barred is not None:
        raise NotAllowed(barred)
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    hidden = masking.hidden_from(work, decision.id, policy)
    if masking.PACKET not in decisions.full_view(work, decision).masked:
        hidden -= {masking.PACKET}
    wanted = sorted(set(facts) & hidden)
    if not wanted or set(facts) - masking.maskable(policy):
        detail = f"Name at least one of the facts that are masked: {', '.join(sorted(hidden))}."
        if not hidden:
            detail = "Nothing of this case is masked, or you have revealed all of it."
        raise InvalidInput(detail, [FieldProblem(pointer="/facts", detail=detail)])
    record_id = _record(
        work, EntryKind.FACTS_REVEALED, case, {"facts": wanted}, {REASON_PAYLOAD: said}
    )
    work.session.add(
        Reveal(
            id=record_id,
            decision_id=decision.id,
            person_id=work.person_id,
            features=wanted,
            revealed_at=work.now,
        )
    )
    work.session.flush()
    return service.view_of(work, case)


def comment(
    work: Work,
    case_id: str,
    *,
    words: str,
    files: Sequence[Brought] = (),
    revision: int | None = None,
) -> CaseView:
    """Say something on a case to those who see it; also on one that is decided.

    Raises:
        NotAllowed, NotFound, Stale: as ``service.claim``.
        InvalidInput: nothing is said, or too much, or files do not fit.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.of_ones_queues(work, case_id)
    said = _needed(words, "/words", "Say something; this comment is empty.")
    kept = brought.stored(files)
    case, decision = queries.lock_with_decision(work.session, row)
    service.require_current(work, case, decision, revision)
    case.revision += 1
    _record(
        work,
        EntryKind.COMMENT_ADDED,
        case,
        _counted(files),
        {MessageKind.COMMENT: said},
        files=kept,
    )
    work.session.flush()
    return service.view_of(work, case)


def ask(
    work: Work,
    case_id: str,
    *,
    words: str,
    until: datetime | None = None,
    revision: int | None = None,
) -> CaseSummary:
    """Ask the app for information; the case is handed to nobody until it answers, or until an instant (in three days, or when due).

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother, NotClaimed: as ``skip``.
        Conflict: a question is open already, or no app made the decision.
        InvalidInput: there is no question, or the instant does not fit.
    """
    work.require(Permission.CASES_DECIDE)
    row = service.deciding(service.of_ones_queues(work, case_id))
    said = _needed(words, "/words", "Say what you need to know; the question is empty.")
    case, decision, state = _held(work, row, revision)
    if case.question_id is not None:
        raise Conflict("A question is open already. Wait for its answer, or decide without it.")
    if app_of(decision) is None:
        raise Conflict("No app made this decision, so there is nobody to ask. Use a comment.")
    if until is None:
        until = work.now + _ANSWER_TIME
        if case.due_at is not None:
            until = min(until, case.due_at)
    with service.telling_more(work, case, decision):
        transitions.require_put_off(state, work.person_id, until, work.now)
    if gold.ends(work, case, decision):
        return service.summaries(work, [case])[0]
    service.hand(case, None)
    case.sleeps_until = until
    case.revision += 1
    case.question_id = _record(
        work,
        EntryKind.QUESTION_ASKED,
        case,
        {"until": rfc3339(until)},
        {MessageKind.QUESTION: said},
    )
    outbox.asked(work, case, case.question_id)
    work.session.flush()
    return service.summaries(work, [case])[0]


def inform(
    work: Work,
    case_id: str,
    *,
    question: str,
    words: str | None,
    facts: Mapping[str, Any] | None,
    files: Sequence[Brought] = (),
) -> None:
    """Answer a question that was asked about a decision of one's own; the case is handed out again.

    Sign-offs that were given without the answer fall: who gave them is asked again.

    Raises:
        NotAllowed, NotFound: the actor is no app that may, or the case is of no decision of its own.
        CaseClosed: it was decided meanwhile, lapsed or was withdrawn.
        Conflict: this question is answered already, or another one is open.
        InvalidInput: it says nothing, or too much.
    """
    work.require(Permission.CASES_INFORM)
    row = queries.by_id(work.session, case_id)
    if row is None or row.purpose != purposes.DECIDE:
        raise NotFound("There is no such case of a decision of yours.")
    decisions.readable(work, row.decision_id)
    kept = brought.stored(files)
    information = _information(words, facts, files=len(files))
    case, _ = queries.lock_with_decision(work.session, row)
    if case.status != CaseStatus.OPEN:
        raise CaseClosed("The case is no longer open, so nothing can be added to it.")
    if case.question_id != question:
        raise Conflict("This question is not open: it was answered, or it is of another case.")
    case.question_id = case.sleeps_until = None
    case.revision += 1
    _record(
        work,
        EntryKind.INFORMATION_GIVEN,
        case,
        _counted(files),
        {MessageKind.INFORMATION: orjson.dumps(information, option=orjson.OPT_SORT_KEYS).decode()},
        refs={"question": question},
        files=kept,
    )
    for verdict in queries.standing_verdicts(work.session, case.id):
        verdict.undone_at = work.now
        work.record(
            EntryKind.SIGN_OFF_FELL,
            decision_id=case.decision_id,
            refs={"case": case.id, "verdict": verdict.id},
        )
    work.session.flush()


# ------------------------------------------------------------------------------------ in common


def _held(work: Work, row: Case, revision: int | None) -> tuple[Case, Decision, CaseState]:
    case, decision = queries.lock_with_decision(work.session, row)
    service.require_current(work, case, decision, revision)
    return case, decision, service.state_of(work, case, decision)


def _record(
    work: Work,
    kind: EntryKind,
    case: Case,
    data: Mapping[str, Any],
    texts: Mapping[str, str | None],
    *,
    refs: Mapping[str, str] | None = None,
    files: Mapping[str, bytes] | None = None,
) -> str:
    said = {name: text.encode() for name, text in texts.items() if text is not None}
    said |= files or {}
    return work.record(
        kind,
        decision_id=case.decision_id,
        refs={"case": case.id, **(refs or {})},
        data=dict(data),
        payloads=said,
        key=payloads.key_of_record(work.session, work.answerable.keys, case.decision_id)
        if said
        else None,
    )


def _skip_reason(reason: str) -> SkipReason:
    try:
        return SkipReason(reason)
    except ValueError:
        expected = f"Expected one of {', '.join(SkipReason)}."
        raise InvalidInput(
            f"There is no reason {reason!r} to pass a case on. {expected}",
            [FieldProblem(pointer="/reason", detail=expected)],
        ) from None


def _needed(words: str, pointer: str, detail: str) -> str:
    said = service.words_of(words, pointer=pointer)
    if said is None:
        raise InvalidInput(detail, [FieldProblem(pointer=pointer, detail=detail)])
    return said


def _counted(files: Sequence[Brought]) -> dict[str, int]:
    return {"files": len(files)} if files else {}


def _information(
    words: str | None, facts: Mapping[str, Any] | None, *, files: int
) -> dict[str, Any]:
    said, told = service.words_of(words, pointer="/words"), dict(facts or {})
    if said is None and not told and not files:
        detail = "The answer is empty. Say something in words, in facts, or in files."
        raise InvalidInput(detail, [FieldProblem(pointer="/words", detail=detail)])
    problem = None
    if len(told) > _MOST_FACTS:
        problem = f"An answer holds at most {_MOST_FACTS} facts; this one has {len(told)}."
    elif any(not name.strip() or len(name) > _LONGEST_NAME for name in told):
        problem = f"A fact has a name of 1 to {_LONGEST_NAME} characters."
    elif len(orjson.dumps(told)) > _LONGEST_FACTS:
        problem = f"The facts take more than {_LONGEST_FACTS} bytes as JSON. Say the rest in words."
    if problem is not None:
        raise InvalidInput(problem, [FieldProblem(pointer="/facts", detail=problem)])
    return {"words": said, "facts": told}
