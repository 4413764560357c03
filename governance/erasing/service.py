"""The verbs of erasing: look what is held, ask, confirm; set a legal hold and lift it.

A subject is named by their reference, or by what they asked for themselves where nobody knows one. What is confirmed here is carried out by
``carrying_out``, where the vault can be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.appeals import people_only
from governance.appeals.models import Appeal
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.erasing import queries, transitions
from governance.erasing.models import Erasure, LegalHold
from governance.erasing.queries import Scope, some
from governance.erasing.transitions import GOING, ErasureStatus, Ground, Obstacle
from governance.erasing.views import ErasureView, Held, HoldView, InTheWay
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.gold.models import GoldCase
from governance.identities.queries import names_of
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.requests import service as requests
from governance.requests.service import RequestView, confirmable
from governance.reviews.models import Case
from governance.reviews.service import words_of
from governance.rights import queries as rights
from governance.rights.transitions import RightKind
from governance.subjects import payloads
from governance.subjects.keys import SubjectKey
from governance.subjects.models import PeopleOnlyRow, SubjectKeyRow
from governance.webhooks.models import WebhookDelivery
from governance.work import Work

#: The kind of the request that a second person confirms.
ERASE: Final = "subject.erase"
WORDS: Final = "words"
REASON: Final = "reason"


def held(work: Work, *, reference: str | None = None, rights_id: str | None = None) -> Held:
    """Return what is held about a subject, in counts. Group attributes are kept apart and not counted.

    Raises:
        NotAllowed: the actor may not see it.
        NotFound: nothing is held about them.
        InvalidInput: the reference is none.
    """
    work.require(Permission.SUBJECTS_READ)
    key_ids = _keys(work, reference, rights_id)
    scope = queries.scope_of(work.session, key_ids)
    going = queries.going(work.session, key_ids)
    return Held(
        subject_ref=_reference(work, scope) if reference is None else reference,
        counts=_counts(work, scope),
        holds=[_hold_view(work, row) for row in queries.holds_of(work.session, key_ids)],
        erasure=None if going is None else _view(work, going),
        in_the_way=obstacle_of(work, scope),
    )


def ask(
    work: Work,
    *,
    reference: str | None = None,
    rights_id: str | None = None,
    ground: Ground = Ground.NO_LONGER_NEEDED,
    words: str = "",
) -> ErasureView:
    """Ask that a subject be erased; another person confirms it.

    Raises:
        NotAllowed: the actor may not.
        NotFound: nothing is held about them.
        Conflict: it is asked for already, or something stands in the way.
        InvalidInput: the reference is none, or the words are too many.
    """
    work.require(Permission.SUBJECTS_ERASE)
    said = words_of(words, pointer="/words")
    key_ids = _keys(work, reference, rights_id)
    if queries.going(work.session, key_ids) is not None:
        raise Conflict("This is asked for already; see the erasures that are not done yet.")
    scope = queries.scope_of(work.session, key_ids)
    require_free(work, scope)
    key = _open(work, key_ids[0])
    told = reference if reference is not None else _reference(work, scope)
    asked_for = rights.open_one(work.session, key_ids, RightKind.ERASURE)
    row = Erasure(
        id=work.new_id(),
        key_id=key.id,
        status=ErasureStatus.ASKED.value,
        ground=ground.value,
        rights_id=None if asked_for is None else asked_for.id,
        asked_at=work.now,
        asked_by=work.actor.reference,
    )
    work.session.add(row)
    work.session.flush()
    stored = {} if said is None else {WORDS: said.encode()}
    if told is not None:
        stored[people_only.SUBJECT] = told.encode()
    work.record(
        EntryKind.ERASURE_ASKED,
        record_id=row.id,
        refs={"erasure": row.id},
        data={"ground": row.ground},
        payloads=stored,
        key=key,
    )
    row.request_id = requests.make(work, ERASE, {"erasure": row.id}, "").id
    work.session.flush()
    return _view(work, row)


def list_going(work: Work) -> Sequence[ErasureView]:
    """Return the erasures that are asked for or confirmed and not done yet, oldest first, without whom they are about.

    Raises:
        NotAllowed: the actor may not see them.
    """
    work.require(Permission.SUBJECTS_READ)
    query = sa.select(Erasure).where(Erasure.status.in_(GOING))
    rows = work.session.execute(query.order_by(Erasure.asked_at, Erasure.id)).scalars()
    return [_view(work, row, whole=False) for row in rows.all()]


def list_closed(work: Work, limit: int = 50) -> Sequence[ErasureView]:
    """Return the erasures that were done or declined last, newest first.

    Raises:
        NotAllowed: the actor may not see them.
    """
    work.require(Permission.SUBJECTS_READ)
    query = sa.select(Erasure).where(Erasure.status.not_in(GOING))
    rows = work.session.execute(
        query.order_by(Erasure.closed_at.desc(), Erasure.id.desc()).limit(limit)
    ).scalars()
    return [_view(work, row, whole=False) for row in rows.all()]


def get(work: Work, erasure_id: str) -> ErasureView:
    """Return one erasure, with whom it is about.

    Raises:
        NotAllowed: the actor may not see it.
        NotFound: there is no such erasure.
    """
    work.require(Permission.SUBJECTS_READ)
    row = queries.erasure_by_id(work.session, erasure_id)
    if row is None:
        raise NotFound("There is no such erasure.")
    return _view(work, row)


# ------------------------------------------------------------------------------- legal holds


def set_hold(
    work: Work, *, reason: str, reference: str | None = None, rights_id: str | None = None
) -> HoldView:
    """Keep a subject's data, whoever asks for erasure, until the hold is lifted.

    Raises:
        NotAllowed: the actor may not.
        NotFound: nothing is held about them.
        Conflict: a legal hold stands already.
        InvalidInput: the reference is none; there is no reason, or it is too long.
    """
    work.require(Permission.SUBJECTS_HOLD)
    said = _reason(reason)
    key_ids = _keys(work, reference, rights_id)
    standing = queries.standing_hold(work.session, key_ids)
    if standing is not None:
        raise Conflict(f"A legal hold stands since {standing.set_at:%Y-%m-%d %H:%M} UTC.")
    key = _open(work, key_ids[0])
    row = LegalHold(id=work.new_id(), key_id=key.id, set_at=work.now, set_by=work.actor.reference)
    work.session.add(row)
    work.session.flush()
    told = reference
    if told is None:
        told = _reference(work, queries.scope_of(work.session, key_ids))
    stored = {REASON: said.encode()}
    if told is not None:
        stored[people_only.SUBJECT] = told.encode()
    work.record(
        EntryKind.LEGAL_HOLD_SET,
        record_id=row.id,
        refs={"legal_hold": row.id},
        payloads=stored,
        key=key,
    )
    return _hold_view(work, row)


def lift_hold(work: Work, hold_id: str, reason: str) -> HoldView:
    """Let a subject be erased again.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such legal hold.
        Conflict: it was lifted.
        InvalidInput: there is no reason, or it is too long.
    """
    work.require(Permission.SUBJECTS_HOLD)
    row = queries.hold_by_id(work.session, hold_id)
    if row is None:
        raise NotFound("There is no such legal hold.")
    said = _reason(reason)
    if row.lifted_at is not None or row.key_id is None:
        raise Conflict("This legal hold was lifted already.")
    row.lifted_at, row.lifted_by = work.now, work.actor.reference
    work.record(
        EntryKind.LEGAL_HOLD_LIFTED,
        refs={"legal_hold": row.id},
        payloads={REASON: said.encode()},
        key=_open(work, row.key_id),
    )
    work.session.flush()
    return _hold_view(work, row)


# ------------------------------------------------------------------------- the second person


def _key_of(work: Work, details: Mapping[str, Any]) -> SubjectKey | None:
    row = queries.erasure_by_id(work.session, details["erasure"])
    return None if row is None or row.key_id is None else _open(work, row.key_id)


def _declined(work: Work, request: RequestView) -> None:
    row = queries.erasure_by_id(work.session, request.details["erasure"], lock=True)
    assert row is not None, "an erasure is made with its request"
    row.status, row.closed_at = ErasureStatus.DECLINED.value, work.now
    row.closed_by = work.actor.reference
    work.session.flush()


@confirmable(
    ERASE,
    ask=Permission.SUBJECTS_ERASE,
    confirm=Permission.SUBJECTS_ERASE,
    declined=_declined,
    key=_key_of,
)
def _confirmed(work: Work, request: RequestView) -> None:
    row = queries.erasure_by_id(work.session, request.details["erasure"], lock=True)
    assert row is not None, "an erasure is made with its request"
    require_free(
        work, queries.scope_of(work.session, queries.keys_beside(work.session, row.key_id))
    )
    row.status, row.closed_at = ErasureStatus.CONFIRMED.value, work.now
    row.closed_by = work.actor.reference
    work.session.flush()


# --------------------------------------------------------------------------- what is in the way


def obstacle_of(work: Work, scope: Scope) -> InTheWay | None:
    """Return what stands in the way of erasing a subject now; None where nothing does."""
    days = business_settings(work.session).keep_at_least_days
    found = transitions.obstacle(
        queries.facts_of(work.session, scope), timedelta(days=days), work.now
    )
    return None if found is None else InTheWay(obstacle=found[0], until=found[1])


def require_free(work: Work, scope: Scope) -> None:
    """Raise where something stands in the way that people must wait for or do something about.

    Raises:
        Conflict: a legal hold, a copy that was asked for, or the time that decisions are kept at least.
    """
    found = obstacle_of(work, scope)
    if found is not None and found.obstacle is not Obstacle.UNDO:
        raise Conflict(told(found.obstacle, found.until))


def told(obstacle: Obstacle, until: datetime | None) -> str:
    """Say what stands in the way, and what to do."""
    day = "" if until is None else f"{until:%Y-%m-%d %H:%M} UTC"
    return {
        Obstacle.LEGAL_HOLD: "A legal hold stands, so this person's data must be kept. Lift it first, with a reason.",
        Obstacle.COPY: "This person asked for a copy of their data and has no answer yet. Answer that first, as nothing is left to copy afterwards.",
        Obstacle.RETENTION: f"The business keeps decisions for a time at least (keep_at_least_days), the newest of these until {day}. Ask again then.",
        Obstacle.UNDO: f"A verdict can still be taken back until {day}; it is erased after that.",
    }[obstacle]


# ------------------------------------------------------------------------------------ reading


def _keys(work: Work, reference: str | None, rights_id: str | None) -> list[str]:
    found: list[str] = []
    if reference is not None:
        found = queries.keys_of_tag(work.session, people_only.tag_of(work, reference))
    elif rights_id is not None:
        row = rights.by_id(work.session, rights_id)
        found = [] if row is None else queries.keys_beside(work.session, row.key_id)
    if not found:
        raise NotFound(
            "Nothing is held about this person: the reference was never seen here, or they were erased."
        )
    return found


def _open(work: Work, key_id: str) -> SubjectKey:
    row = work.session.get_one(SubjectKeyRow, key_id)
    return work.answerable.keys.open(row.id, row.subject_tag, row.wrapped)


def _reference(work: Work, scope: Scope) -> str | None:
    """Return how apps name a subject, as one of the decisions about them says; None where none does."""
    for part in some(scope.decision_ids):
        said = payloads.read_many(work.session, work.answerable.keys, part, DECISION_PAYLOAD)
        for document in map(orjson.loads, said.values()):
            if "source_subject" not in document and document["subject"] is not None:
                return str(document["subject"])
    return None


def _counts(work: Work, scope: Scope) -> dict[str, int]:
    def of(column: Any, ids: Sequence[str], *conditions: Any) -> int:
        return sum(
            work.session.execute(
                sa.select(sa.func.count()).where(column.in_(part), *conditions)
            ).scalar_one()
            for part in some(ids)
        )

    decisions = scope.decision_ids
    going = Case.status == "open"
    return {
        "decisions": of(Decision.id, decisions),
        "open_cases": of(Case.decision_id, decisions, going),
        "records": len(scope.record_ids),
        "appeals": of(Appeal.decision_id, decisions),
        "known_cases": of(GoldCase.decision_id, decisions),
        "messages": of(WebhookDelivery.decision_id, decisions),
        "people_only": of(PeopleOnlyRow.key_id, scope.key_ids),
    }


def _reason(text: str) -> str:
    said = words_of(text)
    if said is None:
        detail = "Expected a reason; got none."
        raise InvalidInput(detail, [FieldProblem(pointer="/reason", detail=detail)])
    return said


def _said(work: Work, record_id: str, name: str) -> str | None:
    said = payloads.read(work.session, work.answerable.keys, record_id, name)
    return None if said is None else said.decode()


def _hold_view(work: Work, row: LegalHold) -> HoldView:
    names = names_of(work.session, [row.set_by, row.lifted_by])
    work.reads("legal_hold", row.id, refs={"legal_hold": row.id})
    return HoldView(
        id=row.id,
        reason=_said(work, row.id, REASON),
        set_at=row.set_at,
        set_by=row.set_by,
        set_by_name=names[row.set_by],
        lifted_at=row.lifted_at,
        lifted_by_name=None if row.lifted_by is None else names[row.lifted_by],
    )


def _view(work: Work, row: Erasure, *, whole: bool = True) -> ErasureView:
    names = names_of(work.session, [row.asked_by, row.closed_by])
    status = ErasureStatus(row.status)
    may_confirm = (
        status is ErasureStatus.ASKED
        and row.request_id is not None
        and work.actor.may(Permission.REQUESTS_READ)
        and requests.get(work, row.request_id).may_confirm
    )
    if whole:
        work.reads("erasure", row.id, refs={"erasure": row.id})
    in_the_way = None
    if status in GOING:
        keys = queries.keys_beside(work.session, row.key_id)
        in_the_way = obstacle_of(work, queries.scope_of(work.session, keys))
    return ErasureView(
        id=row.id,
        status=status,
        ground=Ground(row.ground),
        request_id=row.request_id,
        rights_id=row.rights_id,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        asked_by_name=names[row.asked_by],
        closed_at=row.closed_at,
        closed_by_name=None if row.closed_by is None else names[row.closed_by],
        erased_at=row.erased_at,
        subject_ref=_said(work, row.id, people_only.SUBJECT) if whole else None,
        words=_said(work, row.id, WORDS) if whole else None,
        may_confirm=may_confirm,
        in_the_way=in_the_way,
    )
