"""The verbs of queues: make, change, list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.identities.models import Person
from governance.permissions import Permission
from governance.queues import competence
from governance.queues.calendar import Calendar
from governance.queues.models import Queue, QueueMember
from governance.work import Work

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_TITLE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """A queue, its working hours (None: always open), the ids of its members, and whether they need a valid competence."""

    name: str
    title: str
    calendar: Mapping[str, Any] | None
    members: tuple[str, ...]
    competence_required: bool


def ensure_queue(work: Work, name: str) -> None:
    """Make a queue that is always open, unless there is one; for policies and people that name it.

    Raises:
        InvalidInput: the name is not one of lower-case letters, digits and hyphens.
    """
    if not _NAME.fullmatch(name):
        detail = (
            f"{name!r} cannot name a queue: use 1 to 63 lower-case letters, digits and hyphens."
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/queue", detail=detail)])
    if work.session.get(Queue, name) is not None:
        return
    title = name.replace("-", " ").capitalize()
    work.session.add(Queue(name=name, title=title, calendar=None, created_at=work.now))
    work.session.flush()
    work.record(EntryKind.QUEUE_CREATED, refs={"queue": name})
    work.configuration_changed()


def create_queue(work: Work, name: str) -> QueueView:
    """Make a queue by hand; one that exists stays as it is."""
    work.require(Permission.QUEUES_MANAGE)
    ensure_queue(work, name)
    return _view(work, _locked(work, name))


def change_queue(
    work: Work,
    name: str,
    *,
    title: str | None = None,
    calendar: Mapping[str, Any] | None = None,
    always_open: bool = False,
    members: Iterable[str] | None = None,
    competence_required: bool | None = None,
    confirmed: bool = False,
) -> QueueView:
    """Change a queue's title, working hours or people, or whether they need competence; None leaves each as it is.

    Args:
        calendar: As ``Calendar.from_document`` reads it. Cases that wait already keep their due time.
        always_open: Drop the working hours.
        members: Ids of all who work the queue from now on.
        confirmed: That whoever asks for competence knows who is left then.

    Raises:
        NotFound: there is no such queue, or no such person.
        InvalidInput: title or calendar do not fit; competence would leave nobody, or was not confirmed.
    """
    work.require(Permission.QUEUES_MANAGE)
    queue = _locked(work, name)
    changed = []
    if title is not None and title != queue.title:
        if not 0 < len(title.strip()) <= _LONGEST_TITLE:
            detail = f"Give a title of 1 to {_LONGEST_TITLE} characters."
            raise InvalidInput(detail, [FieldProblem(pointer="/title", detail=detail)])
        queue.title = title
        changed.append("title")
    if always_open and queue.calendar is not None:
        queue.calendar = None
        changed.append("calendar")
    elif calendar is not None and not always_open and calendar != queue.calendar:
        try:
            Calendar.from_document(calendar)
        except (ValueError, TypeError, AttributeError) as error:
            detail = f"The working hours do not fit: {error}"
            problem = FieldProblem(pointer="/calendar", detail=detail)
            raise InvalidInput(detail, [problem]) from error
        queue.calendar = dict(calendar)
        changed.append("calendar")
    if members is not None and _change_members(work, name, frozenset(members)):
        changed.append("members")
    if competence_required is not None and competence_required != (
        queue.competence_since is not None
    ):
        if competence_required:
            work.session.flush()
            competence.require_somebody_left(work, name, confirmed=confirmed)
        queue.competence_since = work.now if competence_required else None
        changed.append("competence_required")
    if changed:
        work.session.flush()
        view = _view(work, queue)
        values = {"title": view.title, "calendar": view.calendar, "members": view.members}
        work.record(
            EntryKind.QUEUE_CHANGED,
            refs={"queue": name},
            data={"changed": changed}
            | (
                {"competence_required": view.competence_required}
                if "competence_required" in changed
                else {}
            ),
            payloads={"queue": orjson.dumps(values, option=orjson.OPT_SORT_KEYS)},
        )
        work.configuration_changed()
    return _view(work, queue)


def list_queues(work: Work) -> Sequence[QueueView]:
    """Return all queues by name. Apps may not: who works a queue is nothing of theirs."""
    work.require(Permission.POLICIES_READ)
    queues = work.session.execute(sa.select(Queue).order_by(Queue.name)).scalars().all()
    return [_view(work, queue) for queue in queues]


def queue(work: Work, name: str) -> QueueView:
    """Return one queue.

    Raises:
        NotFound: there is no such queue.
    """
    work.require(Permission.POLICIES_READ)
    row = work.session.get(Queue, name)
    if row is None:
        raise _unknown(name)
    return _view(work, row)


def _locked(work: Work, name: str) -> Queue:
    row = work.session.execute(
        sa.select(Queue)
        .where(Queue.name == name)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> NotFound:
    return NotFound(f"There is no queue {name!r}.")


def _change_members(work: Work, name: str, wanted: frozenset[str]) -> bool:
    possible = [person for person in wanted if is_id(person)]
    people = work.session.execute(sa.select(Person.id).where(Person.id.in_(possible))).scalars()
    if missing := wanted - set(people):
        raise NotFound(f"There is no person {min(missing)!r}.")
    present = set(_members(work, name))
    work.session.execute(
        sa.delete(QueueMember).where(
            QueueMember.queue == name, QueueMember.person_id.in_(present - wanted)
        )
    )
    work.session.add_all(
        QueueMember(queue=name, person_id=person) for person in sorted(wanted - present)
    )
    return present != wanted


def _members(work: Work, name: str) -> tuple[str, ...]:
    members = sa.select(QueueMember.person_id).where(QueueMember.queue == name)
    return tuple(work.session.execute(members.order_by(QueueMember.person_id)).scalars())


def _view(work: Work, row: Queue) -> QueueView:
    return QueueView(
        name=row.name,
        title=row.title,
        calendar=row.calendar,
        members=_members(work, row.name),
        competence_required=row.competence_since is not None,
    )
