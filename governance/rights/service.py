"""The verbs of what persons concerned ask for: ask, look, grant, refuse, withdraw.

Who asks is known by their reference, or by a decision about them. One thing of a kind waits at a time; asking again gives that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.appeals import people_only
from governance.appeals import queries as appeals
from governance.clock import rfc3339
from governance.decisions import service as decisions
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.errors import Conflict, Gone, NotFound
from governance.permissions import Permission
from governance.reviews.service import LONGEST_REASON, words_of
from governance.rights import queries, transitions
from governance.rights.models import RightsRequest
from governance.rights.transitions import RightKind, RightsDoor, RightsState, RightsStatus
from governance.rights.views import RightsView
from governance.subjects import payloads
from governance.subjects.keys import SubjectKey
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

WORDS: Final = "words"
ANSWER: Final = "answer"
LONGEST_WORDS: Final = LONGEST_REASON
#: Who may answer what.
ANSWERS: Final = {
    RightKind.ACCESS: Permission.SUBJECTS_EXPORT,
    RightKind.ERASURE: Permission.SUBJECTS_ERASE,
}


def ask(
    work: Work,
    kind: RightKind,
    *,
    reference: str | None = None,
    decision_id: str | None = None,
    words: str = "",
) -> RightsView:
    """Ask in the name of the person concerned, who is named by their reference or else by a decision about them.

    Raises:
        NotAllowed: the actor may not ask for others.
        NotFound: there is no such decision for the actor.
        Gone: what the decision was about was erased.
        InvalidInput: the reference is none, or the words are too many.
    """
    work.require(Permission.SUBJECTS_ASK)
    said = words_of(words, pointer="/words")
    if reference is not None:
        key = people_only.key_of(work, people_only.tag_of(work, reference))
    else:
        key, reference = _of_decision(work, decision_id or "")
    keys = queries.keys_of(work.session, key.id, key.subject_tag)
    present = queries.open_one(work.session, keys, kind)
    if present is not None:
        return _view(work, present)
    row = RightsRequest(
        id=work.new_id(),
        kind=kind.value,
        status=RightsStatus.OPEN.value,
        key_id=keys[0],
        door=_door(work).value,
        asked_at=work.now,
        asked_by=work.actor.reference,
        due_at=transitions.due_after(work.now),
        closed_at=None,
        closed_by=None,
        answer_id=None,
        copy_until=None,
    )
    work.session.add(row)
    stored = {} if said is None else {WORDS: said.encode()}
    if reference is not None:
        stored[people_only.SUBJECT] = reference.encode()
    work.record(
        EntryKind.RIGHTS_ASKED,
        record_id=row.id,
        refs={"request": row.id},
        data={"kind": row.kind, "door": row.door, "due_at": rfc3339(row.due_at)},
        payloads=stored,
        key=key,
    )
    work.session.flush()
    return _view(work, row)


def waiting(work: Work) -> Sequence[RightsView]:
    """Return all that waits for an answer, what is due first first, without what was written.

    Raises:
        NotAllowed: the actor may not see it.
    """
    work.require(Permission.SUBJECTS_READ)
    return [_view(work, row) for row in queries.waiting(work.session, list(RightKind))]


def closed(work: Work, limit: int = 50) -> Sequence[RightsView]:
    """Return what was answered or withdrawn last, newest first, without what was written.

    Raises:
        NotAllowed: the actor may not see it.
    """
    work.require(Permission.SUBJECTS_READ)
    return [_view(work, row) for row in queries.closed(work.session, list(RightKind), limit)]


def get(work: Work, request_id: str) -> RightsView:
    """Return one with what was written, and whom it is about.

    Raises:
        NotAllowed: the actor may not see it.
        NotFound: there is no such request.
    """
    work.require(Permission.SUBJECTS_READ)
    row = _found(work, request_id)
    if row.key_id is not None:
        work.reads("rights", row.id, refs={"request": row.id})
    return _view(work, row, whole=True)


def of_decision(work: Work, decision_id: str) -> Sequence[RightsView]:
    """Return what the person asked for whom a decision is about, newest first, as they may read it.

    Raises:
        NotAllowed: the actor may not ask for others.
        NotFound: there is no such decision for the actor.
        Gone: what the decision was about was erased.
    """
    work.require(Permission.SUBJECTS_ASK)
    key, _ = _of_decision(work, decision_id)
    keys = queries.keys_of(work.session, key.id, key.subject_tag)
    return [_view(work, row, whole=True) for row in queries.of_keys(work.session, keys)]


def one_of_decision(work: Work, decision_id: str, request_id: str) -> RightsRequest:
    """Return what was asked for by whom a decision is about.

    Raises:
        NotAllowed, NotFound, Gone: as ``of_decision``, or it is not theirs.
    """
    work.require(Permission.SUBJECTS_ASK)
    key, _ = _of_decision(work, decision_id)
    row = _found(work, request_id)
    if row.key_id not in queries.keys_of(work.session, key.id, key.subject_tag):
        raise NotFound("There is no such request of this person.")
    return row


def grant(work: Work, request_id: str, *, answer: str = "") -> RightsView:
    """Grant a copy: the person can take it from their page for a while.

    Raises:
        NotAllowed: the actor is no person, or may not answer this.
        NotFound: there is no such request.
        Conflict: it is closed; or it asks for an erasure, which is granted by erasing.
        InvalidInput: the answer is too long.
    """
    work.require(Permission.SUBJECTS_READ)
    row = _locked(work, request_id)
    work.require(ANSWERS[RightKind(row.kind)])
    if row.kind == RightKind.ERASURE:
        raise Conflict("This is granted by erasing the person. Ask for that on the person's page.")
    return _close(work, row, transitions.grant(state_of(row), work.now), answer, work.person_id)


def fulfilled(work: Work, request_id: str) -> RightsView:
    """Say that what was asked for is done, in the transaction that did it; whoever erases has checked who may.

    Raises:
        NotFound: there is no such request.
        Conflict: it is closed.
    """
    row = _locked(work, request_id)
    return _close(work, row, transitions.grant(state_of(row), work.now), "", None)


def refuse(work: Work, request_id: str, *, answer: str) -> RightsView:
    """Refuse it, and tell the person why.

    Raises:
        NotAllowed: the actor is no person, or may not answer this.
        NotFound: there is no such request.
        Conflict: it is closed.
        InvalidInput: there is no answer, or it is too long.
    """
    work.require(Permission.SUBJECTS_READ)
    row = _locked(work, request_id)
    work.require(ANSWERS[RightKind(row.kind)])
    said = words_of(answer, pointer="/answer")
    after = transitions.refuse(state_of(row), work.now, has_answer=said is not None)
    return _close(work, row, after, answer, work.person_id)


def withdraw(work: Work, decision_id: str, request_id: str) -> RightsView:
    """Take back what was asked for by whom a decision is about.

    Raises:
        NotAllowed, NotFound, Gone: as ``one_of_decision``.
        Conflict: it is closed.
    """
    row = _locked(work, one_of_decision(work, decision_id, request_id).id)
    after = transitions.withdraw(state_of(row), work.now)
    row.status, row.closed_at, row.closed_by = (
        after.status.value,
        after.closed_at,
        work.actor.reference,
    )
    work.record(EntryKind.RIGHTS_WITHDRAWN, refs={"request": row.id}, data={"kind": row.kind})
    work.session.flush()
    return _view(work, row)


def view_of(work: Work, row: RightsRequest) -> RightsView:
    """Return a request with what was written, for whoever was given its row."""
    return _view(work, row, whole=True)


def _close(
    work: Work, row: RightsRequest, after: RightsState, answer: str, person_id: str | None
) -> RightsView:
    said = words_of(answer, pointer="/answer")
    key = _key(work, row)
    row.status, row.closed_at = after.status.value, after.closed_at
    row.copy_until = after.copy_until
    row.closed_by, row.answer_id = work.actor.reference, work.new_id()
    work.record(
        EntryKind.RIGHTS_ANSWERED,
        record_id=row.answer_id,
        refs={"request": row.id, "person": person_id},
        data={
            "kind": row.kind,
            "granted": after.status is RightsStatus.GRANTED,
            "late": work.now > row.due_at,
        },
        # Nothing more is written about somebody whose content was erased.
        payloads={} if key is None or said is None else {ANSWER: said.encode()},
        key=key,
    )
    work.session.flush()
    return _view(work, row)


def _of_decision(work: Work, decision_id: str) -> tuple[SubjectKey, str | None]:
    row = decisions.readable(work, decision_id)
    first = appeals.first_of(work.session, row.id)
    keys = work.answerable.keys
    key = payloads.key_of_record(work.session, keys, first)
    said = payloads.read(work.session, keys, first, DECISION_PAYLOAD)
    if key is None or said is None:
        raise Gone("What this decision was about was erased.")
    reference: str | None = orjson.loads(said)["subject"]
    return key, reference


def _found(work: Work, request_id: str) -> RightsRequest:
    row = queries.by_id(work.session, request_id)
    if row is None:
        raise NotFound("Nobody asked for this.")
    return row


def _locked(work: Work, request_id: str) -> RightsRequest:
    row = queries.by_id(work.session, request_id, lock=True)
    if row is None:
        raise NotFound("Nobody asked for this.")
    return row


def _key(work: Work, row: RightsRequest) -> SubjectKey | None:
    stored = None if row.key_id is None else work.session.get(SubjectKeyRow, row.key_id)
    if stored is None:
        return None
    return work.answerable.keys.open(stored.id, stored.subject_tag, stored.wrapped)


def _door(work: Work) -> RightsDoor:
    doors = {ActorKind.APP: RightsDoor.APP, ActorKind.PERSON: RightsDoor.STAFF}
    return doors.get(work.actor.kind, RightsDoor.PAGE)


def state_of(row: RightsRequest) -> RightsState:
    """Return a request as its rules see it."""
    return RightsState(
        kind=RightKind(row.kind),
        status=RightsStatus(row.status),
        closed_at=row.closed_at,
        copy_until=row.copy_until,
    )


def _view(work: Work, row: RightsRequest, *, whole: bool = False) -> RightsView:
    state = state_of(row)
    waits = state.status is RightsStatus.OPEN

    def read(record_id: str | None, name: str) -> str | None:
        if not whole or record_id is None:
            return None
        said = payloads.read(work.session, work.answerable.keys, record_id, name)
        return None if said is None else said.decode()

    return RightsView(
        id=row.id,
        kind=state.kind,
        status=state.status,
        door=RightsDoor(row.door),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        due_at=row.due_at,
        late=waits and work.now > row.due_at,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        copy_until=row.copy_until,
        may_answer=waits
        and work.actor.kind is ActorKind.PERSON
        and work.actor.may(ANSWERS[state.kind]),
        may_take=transitions.may_take(state, work.now),
        erased=row.key_id is None,
        words=read(row.id, WORDS),
        answer=read(row.answer_id, ANSWER),
        subject_ref=read(row.id, people_only.SUBJECT),
    )
