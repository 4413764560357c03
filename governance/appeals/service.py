"""The verbs of appeals: open, add words, withdraw, answer; and what stands of a decision after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import orjson

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.appeals import queries, transitions
from governance.appeals.models import Appeal
from governance.appeals.transitions import AppealState, AppealStatus, Door
from governance.appeals.views import (
    AppealCase,
    AppealView,
    EarlierVerdict,
    Standing,
    WordsView,
)
from governance.clock import rfc3339
from governance.decisions import first_judgement, masking
from governance.decisions import queries as decisions
from governance.decisions import service as decision_views
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.states import Status, visible
from governance.deltas.noting import counted
from governance.errors import AnswerableError, Conflict, FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import history, reversing
from governance.reviews import queries as reviews
from governance.reviews import service as review_cases
from governance.reviews.models import Case
from governance.reviews.purposes import APPEAL, barred_from_appeal
from governance.reviews.service import REASON_PAYLOAD
from governance.reviews.transitions import CaseStatus
from governance.subjects import files as brought
from governance.subjects import payloads
from governance.subjects.files import Brought, FileView
from governance.subjects.keys import SubjectKey
from governance.work import Work
from policies import corrections as facts
from policies.document import Policy

WORDS: Final = "words"
CORRECTIONS: Final = "corrections"
ANSWER: Final = "answer"
#: What is written on a case is no longer, whoever writes it.
LONGEST_WORDS = LONGEST_ANSWER = review_cases.LONGEST_REASON
#: How often words can be added to one appeal.
_MOST_ADDITIONS: Final = 20


def standing(work: Work, decision_id: str) -> Standing:
    """Return what stands of a decision after appeals, and whether one may be opened now.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
        Conflict: the actor's own judgement comes first.
    """
    row = _readable(work, decision_id)
    first_judgement.require_told(work, row.id)
    rows = queries.of_decision(work.session, row.id)
    status, outcome = _decided(work, row)
    stands = queries.standing(work.session, row)
    erased = _key(work, row) is None
    try:
        transitions.require_openable(
            status, outcome, [_state(work, one) for one in rows], erased=erased
        )
        why_not = None
    except AnswerableError as error:
        why_not = error.detail
    is_reversed = stands.id != row.id
    return Standing(
        decision_id=row.id,
        status=status,
        outcome=stands.outcome if is_reversed else outcome,
        reversed_by=stands.id if is_reversed else None,
        reversed_at=stands.recorded_at if is_reversed else None,
        appeals=[_view(work, one) for one in rows],
        why_not=why_not,
        erased=erased,
        answered_within=_terms(
            work, row, points.engine_of(work, row.point, row.policy_version).policy
        )[1],
    )


def appeals_of(work: Work, decision_id: str) -> list[AppealView]:
    """Return the appeals to a decision, oldest first.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
    """
    row = _readable(work, decision_id)
    first_judgement.require_told(work, row.id)
    return [_view(work, one) for one in queries.of_decision(work.session, row.id)]


def named(work: Work, standing: Standing, language: str) -> tuple[str, str]:
    """Return the title of a decision's point and the label of what stands, for whoever was given the standing."""
    row = decisions.by_id(work.session, standing.decision_id)
    assert row is not None
    policy = points.engine_of(work, row.point, row.policy_version).policy
    outcome = policy.outcomes.get(standing.outcome or "")
    label = (standing.outcome or "") if outcome is None else outcome.label.in_(language)
    return policy.title.in_(language), label


def subject_of(work: Work, decision_id: str) -> str | None:
    """Return whom a decision is about, None where nobody said, or it was erased.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
    """
    row = _readable(work, decision_id)
    said = payloads.read(work.session, work.answerable.keys, row.id, DECISION_PAYLOAD)
    reference: str | None = None if said is None else orjson.loads(said)["subject"]
    return reference


def reversal(work: Work, decision_id: str) -> tuple[str | None, str | None]:
    """Return which decision this one came in the place of, and which came in its place, each None where there is none.

    For whoever has read the decision, and so may see it; nothing to who judges it blind.
    """
    if first_judgement.held_blind(work, [decision_id]):
        return None, None
    return (
        queries.reverses(work.session, decision_id),
        queries.reversed_by(work.session, decision_id),
    )


def open_appeal(
    work: Work,
    decision_id: str,
    *,
    words: str,
    corrections: Mapping[str, Any] | None = None,
    files: Sequence[Brought] = (),
    form: str | None = None,
) -> AppealView:
    """Object to a decision in the name of the person concerned: its case waits for somebody who had no part in the decision.

    ``form`` names the form that was sent; the same form again gives the appeal it opened.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
        Conflict: it is not decided, has an open appeal, was answered as often as it is, or was erased.
        InvalidInput: words, corrected facts or files do not fit.
    """
    work.require(Permission.APPEALS_OPEN)
    found = _readable(work, decision_id)
    row = decisions.lock(work.session, found.id)
    assert row is not None
    earlier = queries.of_decision(work.session, row.id)
    tag = None if form is None else work.answerable.keyring.tag("appeal form", f"{row.id}\0{form}")
    same = next((one for one in earlier if tag is not None and one.form == tag), None)
    if same is not None:
        return _view(work, same)
    status, outcome = _decided(work, row)
    key = _key(work, row)
    transitions.require_openable(
        status, outcome, [_state(work, one) for one in earlier], erased=key is None
    )
    policy = points.engine_of(work, row.point, row.policy_version).policy
    said = _words(words)
    _require_correct(policy, corrections or {})
    kept = brought.stored(files)
    terms = _terms(work, row, policy)
    appeal_id, case = work.new_id(), _case(work, row, terms)
    work.session.add(case)
    work.session.flush()
    appeal = Appeal(
        id=appeal_id,
        decision_id=row.id,
        case_id=case.id,
        point=row.point,
        status=AppealStatus.OPEN.value,
        door=_door(work).value,
        opened_at=work.now,
        opened_by=work.actor.reference,
        due_at=case.due_at,
        form=tag,
    )
    with counted(work, row):
        work.session.add(appeal)
    stored: dict[str, bytes] = {WORDS: said.encode()}
    if corrections:
        stored[CORRECTIONS] = orjson.dumps(dict(corrections))
    work.record(
        EntryKind.APPEAL_OPENED,
        record_id=appeal_id,
        decision_id=row.id,
        refs={"appeal": appeal_id, "case": case.id},
        data={
            "door": appeal.door,
            "queue": case.queue,
            "due_at": rfc3339(appeal.due_at),
            "corrections": len(corrections or {}),
            "files": len(files),
        },
        payloads=stored | kept,
        key=key,
    )
    work.session.flush()
    return _view(work, appeal)


def add_words(work: Work, decision_id: str, *, words: str) -> AppealView:
    """Add words to the open appeal of a decision; the same words again are not added twice.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
        Conflict: it has no open appeal, or words were added too often.
        InvalidInput: there are no words, or too many.
    """
    work.require(Permission.APPEALS_OPEN)
    row, appeal = _locked_open(work, decision_id)
    said = _words(words)
    written = _written(work, appeal)
    if any(one.text == said for one in written):
        return _view(work, appeal)
    if len(written) > _MOST_ADDITIONS:
        raise Conflict("Words were added to this appeal many times; wait for its answer.")
    work.record(
        EntryKind.APPEAL_ADDED,
        decision_id=row.id,
        refs={"appeal": appeal.id, "case": appeal.case_id},
        payloads={WORDS: said.encode()},
        key=_key(work, row),
    )
    _touch(work, appeal)
    return _view(work, appeal)


def withdraw(work: Work, decision_id: str) -> AppealView:
    """Take the open appeal of a decision back; the decision stands.

    Raises:
        NotAllowed, NotFound: there is no such decision for the actor.
        Conflict: it has no open appeal.
    """
    work.require(Permission.APPEALS_OPEN)
    row, appeal = _locked_open(work, decision_id)
    after = transitions.withdraw(_state(work, appeal), work.now)
    with counted(work, row):
        appeal.status, appeal.closed_at = after.status.value, after.closed_at
    case = reviews.lock(work.session, appeal.case_id)
    assert case is not None, "an appeal has its case by foreign key"
    review_cases.close_appeal(work, case, CaseStatus.CLOSED)
    work.record(
        EntryKind.APPEAL_WITHDRAWN,
        decision_id=row.id,
        refs={"appeal": appeal.id, "case": appeal.case_id},
    )
    work.session.flush()
    return _view(work, appeal)


def answer(
    work: Work,
    case_id: str,
    *,
    upheld: bool,
    answer: str,
    outcome: str | None = None,
    revision: int | None = None,
) -> AppealView:
    """Answer an appeal whose case one holds, for good. Upheld, another decision with ``outcome`` comes in the place of what stands.

    Raises:
        NotAllowed, NotFound, Stale, CaseClosed, ClaimedByAnother, NotClaimed: as for a verdict.
        Conflict: the case answers no appeal, or the appeal is closed.
        InvalidInput: the answer or the outcome does not fit.
    """
    case, row = review_cases.lock_appeal(work, case_id, revision=revision)
    appeal = queries.of_case(work.session, case.id)
    assert appeal is not None, "a case for appeals is made with its appeal"
    stands = queries.standing(work.session, row)
    policy = points.engine_of(work, stands.point, stands.policy_version).policy
    key = _key(work, row)
    said = review_cases.words_of(answer, pointer="/answer") or ""
    after = transitions.answer(
        _state(work, appeal),
        upheld=upheld,
        outcome=outcome,
        has_answer=bool(said),
        outcomes=tuple(policy.outcomes),
        stands=stands.outcome,
        erased=key is None,
        now=work.now,
    )
    barred = {barred_id for barred_id, _ in barred_from_appeal(work.session, case, row)}
    review_cases.close_appeal(work, case, CaseStatus.DECIDED)
    answer_id = work.new_id()
    with counted(work, row):
        appeal.status, appeal.closed_at = after.status.value, after.closed_at
        appeal.upheld, appeal.answered_by = after.upheld, work.person_id
        appeal.answer_id = answer_id
    new_id = work.new_id() if upheld else None
    work.record(
        EntryKind.APPEAL_ANSWERED,
        record_id=answer_id,
        decision_id=row.id,
        refs={"appeal": appeal.id, "case": case.id, "reversal": new_id},
        data={
            "upheld": upheld,
            "outcome": after.outcome,
            # Whoever had a small part may answer where people are few; the log says so.
            "single_handed": work.person_id in barred,
        },
        # Nothing more is written about somebody whose content was erased.
        payloads={} if key is None else {ANSWER: said.encode()},
        key=key,
    )
    if new_id is not None:
        assert after.outcome is not None
        reversing.reverse(
            work,
            stands,
            new_id=new_id,
            outcome=after.outcome,
            queue=case.queue,
            appeal_id=appeal.id,
        )
    work.session.flush()
    return _view(work, appeal)


def appeal_case(work: Work, case_id: str) -> AppealCase:
    """Return what is needed to answer an appeal, beside the view of its case; nobody's name who decided before.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or there is no such case in theirs.
        Conflict: the case answers no appeal, or the actor's own judgement of its decision comes first.
    """
    view = review_cases.case_view(work, case_id)
    first_judgement.require_told(work, str(view.decision.id))
    appeal = queries.of_case(work.session, case_id)
    if appeal is None:
        raise Conflict("This case answers no appeal.")
    row = decisions.by_id(work.session, appeal.decision_id)
    assert row is not None
    verdicts = reviews.deciding_verdicts(work.session, row.id)
    reasons = payloads.read_many(
        work.session, work.answerable.keys, [one.id for one in verdicts], REASON_PAYLOAD
    )
    return AppealCase(
        appeal=_view(work, appeal),
        policy=view.policy,
        stands=queries.standing(work.session, row).outcome,
        earlier=[
            EarlierVerdict(
                verdict=one.verdict,
                outcome=one.outcome,
                reason=reasons[one.id].decode() if one.id in reasons else None,
                at=one.given_at,
            )
            for one in verdicts
        ],
        others=[
            _view(work, one)
            for one in queries.of_decision(work.session, row.id)
            if one.id != appeal.id
        ],
    )


def file_of(work: Work, case_id: str, number: int) -> tuple[FileView, bytes]:
    """Return a file that came with an appeal.

    Raises:
        NotAllowed, NotFound: there is no such case in the actor's queues, or no such file.
    """
    review_cases.case_view(work, case_id)
    appeal = queries.of_case(work.session, case_id)
    if appeal is None:
        raise NotFound("There is no such file with this appeal.")
    found = brought.read(work.session, work.answerable.keys, appeal.id, number)
    work.reads("file", f"{appeal.id}/{number}", decision_id=appeal.decision_id)
    return found


def _decided(work: Work, row: Decision) -> tuple[Status, str | None]:
    """Return how a decision stands as everybody sees it; of a known case that is over, that nothing was decided about anybody."""
    status, outcome = visible(row.status, row.outcome, row.effective_at, work.now)
    return status, None if row.gold_for is not None else outcome


def _readable(work: Work, decision_id: str) -> Decision:
    """Return the decision that was asked for, of which this is what stands; also for a manager in whose queue its appeals would be."""
    try:
        row = decision_views.readable(work, decision_id)
    except NotFound:
        found = decisions.by_id(work.session, decision_id)
        if found is None or work.actor.kind is not ActorKind.PERSON:
            raise
        policy = points.engine_of(work, found.point, found.policy_version).policy
        if _terms(work, found, policy)[0] not in work.actor.queues:
            raise
        row = found
    first = queries.first_of(work.session, row.id)
    return row if first == row.id else work.session.get_one(Decision, first)


def _locked_open(work: Work, decision_id: str) -> tuple[Decision, Appeal]:
    row = decisions.lock(work.session, _readable(work, decision_id).id)
    assert row is not None
    appeal = next(
        (
            one
            for one in queries.of_decision(work.session, row.id)
            if one.status == AppealStatus.OPEN
        ),
        None,
    )
    if appeal is None:
        raise Conflict("This decision has no open appeal.")
    return row, appeal


def _terms(work: Work, row: Decision, policy: Policy) -> tuple[str, timedelta]:
    """Return in which queue an appeal waits and for how long, as the policy in force says; else that of the decision."""
    live = work.configuration.live.get(row.point)
    now = policy if live is None else live.policy
    return now.appeals_queue, now.appeals.due_in


def _case(work: Work, row: Decision, terms: tuple[str, timedelta]) -> Case:
    queue, due_in = terms
    return Case(
        id=work.new_id(),
        decision_id=row.id,
        point=row.point,
        purpose=APPEAL,
        queue=queue,
        status=CaseStatus.OPEN.value,
        opened_at=work.now,
        # Days of the calendar, as laws count them, not working time.
        due_at=work.now + due_in,
        due_seconds=None,
        escalate_to=None,
        sensitive=False,
        sign_offs=1,
        approvable=False,
        undo_seconds=0,
        revision=1,
    )


def _door(work: Work) -> Door:
    return {ActorKind.APP: Door.APP, ActorKind.PERSON: Door.MANAGER}.get(work.actor.kind, Door.PAGE)


def _touch(work: Work, appeal: Appeal) -> None:
    """Let whoever reads the case now see that something came in."""
    case = reviews.lock(work.session, appeal.case_id)
    assert case is not None
    case.revision += 1
    work.session.flush()


def _require_correct(policy: Policy, corrections: Mapping[str, Any]) -> None:
    problems = [
        FieldProblem(pointer=f"/corrections/{name}", detail=detail)
        for name, detail in facts.problems(policy, corrections)
    ]
    if problems:
        raise InvalidInput("Corrected facts do not fit. Nothing was stored.", problems)


def _words(words: str) -> str:
    said = review_cases.words_of(words, pointer="/words")
    if said is None:
        detail = "Say in a few words what should be looked at again."
        raise InvalidInput(detail, [FieldProblem(pointer="/words", detail=detail)])
    return said


def _key(work: Work, row: Decision) -> SubjectKey | None:
    return payloads.key_of_record(work.session, work.answerable.keys, row.id)


def _state(work: Work, appeal: Appeal) -> AppealState:
    return AppealState(
        status=AppealStatus(appeal.status), upheld=appeal.upheld, closed_at=appeal.closed_at
    )


def _view(work: Work, appeal: Appeal) -> AppealView:
    made = queries.reversal_of(work.session, appeal.id)
    new = None if made is None else work.session.get_one(Decision, made.decision_id)
    said = (
        None
        if appeal.answer_id is None
        else payloads.read(work.session, work.answerable.keys, appeal.answer_id, ANSWER)
    )
    # What the person wrote is for those who answer; an app that wrote it has it.
    told = work.actor.kind is not ActorKind.APP
    if told or said is not None:
        work.reads("decision", appeal.decision_id, decision_id=appeal.decision_id)
    return AppealView(
        id=appeal.id,
        decision_id=appeal.decision_id,
        case_id=appeal.case_id,
        status=appeal.status,
        door=appeal.door,
        opened_at=appeal.opened_at,
        due_at=appeal.due_at,
        overdue=appeal.status == AppealStatus.OPEN and appeal.due_at <= work.now,
        looked_at=queries.was_looked_at(work.session, appeal.case_id),
        closed_at=appeal.closed_at,
        upheld=appeal.upheld,
        outcome=None if new is None else new.outcome,
        reversed_by=None if new is None else new.id,
        answer=None if said is None else said.decode(),
        words=_written(work, appeal) if told else (),
        corrections=_corrections(work, appeal) if told else None,
        files=_files(work, appeal) if told else (),
    )


def _written(work: Work, appeal: Appeal) -> list[WordsView]:
    added = [
        event
        for event in history.of_decision(work, appeal.decision_id)
        if event.kind in {EntryKind.APPEAL_OPENED, EntryKind.APPEAL_ADDED}
        and event.refs.get("appeal") == appeal.id
    ]
    said = payloads.read_many(
        work.session, work.answerable.keys, [one.record_id for one in added], WORDS
    )
    return [
        WordsView(at=one.at, text=said[one.record_id].decode())
        for one in added
        if one.record_id in said
    ]


def _corrections(work: Work, appeal: Appeal) -> Mapping[str, Any] | None:
    """Return what the person says is wrong, without what the policy masks from the reader."""
    said = payloads.read(work.session, work.answerable.keys, appeal.id, CORRECTIONS)
    if said is None:
        return None
    row = decisions.by_id(work.session, appeal.decision_id)
    assert row is not None
    policy = points.engine_of(work, row.point, row.policy_version).policy
    hidden = masking.hidden_from(work, row.id, policy)
    return masking.shown_features(orjson.loads(said), hidden)


def _files(work: Work, appeal: Appeal) -> list[FileView]:
    found = brought.of_records(work.session, work.answerable.keys, [appeal.id])
    return found.get(appeal.id, [])
