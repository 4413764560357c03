"""Requests: one person asks, another confirms, and only then is it done.

What can be asked for is a kind. The part that does it registers the kind with ``confirmable``; what it
registers runs in the transaction of the confirmation. Who asked, who confirms and whom else the act
must not be confirmed by are compared here, for all kinds alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound, SelfConfirmation
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.requests.eligible import people_who_may
from governance.requests.models import Request
from governance.subjects.keys import SubjectKey
from governance.work import Work

#: How long somebody waits who confirms alone what they asked for themselves.
ALONE_AFTER: Final = timedelta(hours=24)
LONGEST_REASON: Final = 2000


class RequestStatus(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request. ``requested_by`` and ``closed_by`` are references (``person:<id>``) with the names beside them.

    ``may_confirm`` is about whoever looks: whether they could confirm it now.
    """

    id: str
    kind: str
    status: RequestStatus
    details: Mapping[str, Any]
    reason: str
    requested_at: datetime
    requested_by: str
    requested_by_name: str
    closed_at: datetime | None
    closed_by: str | None
    closed_by_name: str | None
    closing_reason: str | None
    single_handed: bool
    revision: int
    may_confirm: bool


Act = Callable[[Work, RequestView], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What can be asked for: who may ask, who may confirm, and what is done then.

    ``parties`` names, as references, those who may not confirm one request besides whoever asked; ``key`` is that of whom a request is about, under
    which reasons are payloads.
    """

    name: str
    ask: Permission
    confirm: Permission
    execute: Act
    declined: Act | None
    parties: Callable[[Work, Mapping[str, Any]], Collection[str]] | None
    key: Callable[[Work, Mapping[str, Any]], SubjectKey | None] | None

    def key_of(self, work: Work, details: Mapping[str, Any]) -> SubjectKey | None:
        """Return the key of whom a request is about, None where it is about nobody."""
        return None if self.key is None else self.key(work, details)


_KINDS: dict[str, Kind] = {}


def confirmable(
    kind: str,
    *,
    ask: Permission,
    confirm: Permission,
    declined: Act | None = None,
    parties: Callable[[Work, Mapping[str, Any]], Collection[str]] | None = None,
    key: Callable[[Work, Mapping[str, Any]], SubjectKey | None] | None = None,
) -> Callable[[Act], Act]:
    """Register what is done, in the confirmation's transaction, once a request of this kind is confirmed."""

    def register(execute: Act) -> Act:
        _KINDS[kind] = Kind(
            name=kind,
            ask=ask,
            confirm=confirm,
            execute=execute,
            declined=declined,
            parties=parties,
            key=key,
        )
        return execute

    return register


def make(work: Work, kind: str, details: Mapping[str, Any], reason: str) -> RequestView:
    """Ask for an act that another person must confirm. ``details`` holds codes and ids alone.

    Raises:
        NotAllowed: the actor may not ask for this kind of act.
        Conflict: the same is asked for already.
        InvalidInput: the reason is too long.
    """
    known = _KINDS[kind]
    work.require(known.ask)
    _check_reason(reason)
    for other in open_requests(work, kind):
        if dict(other.details) == dict(details):
            raise Conflict(
                f"{other.requested_by_name} asked for the same already; "
                f"the request {other.id} waits for a second person."
            )
    row = Request(
        id=work.new_id(),
        kind=kind,
        status=RequestStatus.OPEN,
        details=dict(details),
        reason=reason,
        requested_at=work.now,
        requested_by=work.actor.reference,
        closed_at=None,
        closed_by=None,
        closing_reason=None,
        single_handed=False,
        revision=1,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        EntryKind.REQUEST_MADE,
        refs={"request": row.id},
        data={"kind": kind, "details": dict(details)},
        payloads={"reason": reason.encode()} if reason else None,
        key=known.key_of(work, row.details) if reason else None,
    )
    return _view(work, row)


def confirm(work: Work, request_id: str, reason: str | None = None) -> RequestView:
    """Confirm what another person asked for, and do it.

    In a business that has said that its people are few, whoever asked may confirm alone after 24 hours
    with a reason, as long as nobody else could; that is marked in the row and in the log.

    Raises:
        NotAllowed: the actor is no person or may not confirm this kind of act.
        NotFound: there is no such request.
        Conflict: it is confirmed or declined already, or the act is no longer possible.
        SelfConfirmation: the actor asked for it, or is party to it.
    """
    work.require(Permission.REQUESTS_READ)
    person = work.person_id
    row = _locked(work, request_id)
    kind = _KINDS[row.kind]
    work.require(kind.confirm)
    _check_reason(reason or "")
    _require_open(work, row)
    barred = _barred(work, kind, row)
    if work.actor.reference in barred:
        _require_alone(work, kind, row, barred, reason)
        row.single_handed = True
    _close(work, row, RequestStatus.CONFIRMED, reason)
    work.record(
        EntryKind.REQUEST_CONFIRMED,
        refs={"request": row.id, "person": person},
        data={"kind": row.kind, "single_handed": row.single_handed},
        payloads={"reason": reason.encode()} if reason else None,
        key=kind.key_of(work, row.details) if reason else None,
    )
    view = _view(work, row)
    kind.execute(work, view)
    return view


def decline(work: Work, request_id: str, reason: str) -> RequestView:
    """Say no to a request, or take back one's own.

    Raises:
        NotAllowed: the actor neither asked for it nor may confirm this kind of act.
        NotFound: there is no such request.
        Conflict: it is confirmed or declined already.
        InvalidInput: there is no reason.
    """
    work.require(Permission.REQUESTS_READ)
    row = _locked(work, request_id)
    kind = _KINDS[row.kind]
    if row.requested_by != work.actor.reference:
        work.require(kind.confirm)
    _check_reason(reason, required=True)
    _require_open(work, row)
    _close(work, row, RequestStatus.DECLINED, reason)
    work.record(
        EntryKind.REQUEST_DECLINED,
        refs={"request": row.id},
        data={"kind": row.kind},
        payloads={"reason": reason.encode()},
        key=kind.key_of(work, row.details),
    )
    view = _view(work, row)
    if kind.declined is not None:
        kind.declined(work, view)
    return view


def list_open(work: Work) -> Sequence[RequestView]:
    """Return all requests that wait for a second person, oldest first."""
    work.require(Permission.REQUESTS_READ)
    return open_requests(work)


def list_closed(work: Work, limit: int = 50) -> Sequence[RequestView]:
    """Return the requests that were confirmed or declined last, newest first."""
    work.require(Permission.REQUESTS_READ)
    rows = work.session.execute(
        sa.select(Request)
        .where(Request.status != RequestStatus.OPEN)
        .order_by(Request.closed_at.desc(), Request.id.desc())
        .limit(limit)
    ).scalars()
    return [_view(work, row) for row in rows.all()]


def get(work: Work, request_id: str) -> RequestView:
    """Return one request.

    Raises:
        NotFound: there is no such request.
    """
    work.require(Permission.REQUESTS_READ)
    row = work.session.get(Request, request_id) if is_id(request_id) else None
    if row is None:
        raise NotFound(f"There is no request {request_id!r}.")
    return _view(work, row)


def open_requests(work: Work, kind: str | None = None) -> Sequence[RequestView]:
    """Return the open requests, of one kind or all, for parts that have checked who asks."""
    query = sa.select(Request).where(Request.status == RequestStatus.OPEN)
    if kind is not None:
        query = query.where(Request.kind == kind)
    rows = work.session.execute(query.order_by(Request.requested_at, Request.id)).scalars()
    return [_view(work, row) for row in rows.all()]


def _locked(work: Work, request_id: str) -> Request:
    row = None
    if is_id(request_id):
        row = work.session.execute(
            sa.select(Request)
            .where(Request.id == request_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
    if row is None:
        raise NotFound(f"There is no request {request_id!r}.")
    return row


def _require_open(work: Work, row: Request) -> None:
    if row.status != RequestStatus.OPEN:
        who = _name(work, row.closed_by or "")
        raise Conflict(f"{who} {row.status} this request already; nothing is left to do.")


def _close(work: Work, row: Request, status: RequestStatus, reason: str | None) -> None:
    row.status = status
    row.closed_at = work.now
    row.closed_by = work.actor.reference
    row.closing_reason = reason
    row.revision += 1
    work.session.flush()


def _barred(work: Work, kind: Kind, row: Request) -> frozenset[str]:
    parties = kind.parties(work, row.details) if kind.parties is not None else ()
    return frozenset({row.requested_by, *parties})


def _others(work: Work, kind: Kind, barred: Collection[str]) -> bool:
    able = people_who_may(work.session, kind.confirm, work.now)
    return any(f"{ActorKind.PERSON}:{person}" not in barred for person in able)


def _require_alone(
    work: Work, kind: Kind, row: Request, barred: Collection[str], reason: str | None
) -> None:
    if not business_settings(work.session).people_few or _others(work, kind, barred):
        raise SelfConfirmation(
            "You asked for this or are party to it, so another person must confirm it."
        )
    ready = row.requested_at + ALONE_AFTER
    if work.now < ready:
        raise SelfConfirmation(
            "You asked for this yourself. Nobody else could confirm it, so you may do it alone "
            f"from {ready:%Y-%m-%d %H:%M} UTC on."
        )
    if not (reason or "").strip():
        detail = "Confirming alone what you asked for yourself needs a reason."
        raise InvalidInput(detail, [FieldProblem(pointer="/reason", detail=detail)])


def _check_reason(reason: str, *, required: bool = False) -> None:
    if len(reason) > LONGEST_REASON or (required and not reason.strip()):
        detail = f"Give a reason of 1 to {LONGEST_REASON} characters."
        raise InvalidInput(detail, [FieldProblem(pointer="/reason", detail=detail)])


def _may_confirm(work: Work, row: Request) -> bool:
    kind = _KINDS.get(row.kind)
    if kind is None or row.status != RequestStatus.OPEN or work.actor.kind is not ActorKind.PERSON:
        return False
    if not work.actor.may(kind.confirm):
        return False
    barred = _barred(work, kind, row)
    if work.actor.reference not in barred:
        return True
    try:
        _require_alone(work, kind, row, barred, "any")
    except SelfConfirmation:
        return False
    return True


def _name(work: Work, reference: str) -> str:
    kind, _, person_id = reference.partition(":")
    person = work.session.get(Person, person_id) if kind == ActorKind.PERSON else None
    return reference if person is None else person.name


def _view(work: Work, row: Request) -> RequestView:
    return RequestView(
        id=row.id,
        kind=row.kind,
        status=RequestStatus(row.status),
        details=row.details,
        reason=row.reason,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        requested_by_name=_name(work, row.requested_by),
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        closed_by_name=None if row.closed_by is None else _name(work, row.closed_by),
        closing_reason=row.closing_reason,
        single_handed=row.single_handed,
        revision=row.revision,
        may_confirm=_may_confirm(work, row),
    )
