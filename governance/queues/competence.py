"""Reviewers' competence: since when somebody has shown that they can judge a queue's cases, and until when that counts.

Where a queue asks for it, whoever has none that is valid does not work the queue, whichever door they come by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import service
from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.jobs import mail
from governance.jobs import queue as jobs
from governance.permissions import Permission, Role, of_roles
from governance.queues.models import Competence, Queue, QueueMember
from governance.subjects import payloads
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KIND: Final = "mail.competence_ends"
NOTE_PAYLOAD: Final = "note"
#: So long before it ends the person and the admins are told.
WARNING: Final = timedelta(days=30)
#: What was shown longer ago than this has to be shown again.
LONGEST: Final = timedelta(days=3660)
LONGEST_NOTE: Final = 1000


class Standing(StrEnum):
    """How a person's competence for a queue stands: it never was shown, has ended, ends soon, or is valid."""

    MISSING = "missing"
    ENDED = "ended"
    ENDING = "ending"
    VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompetenceView:
    """A member of a queue, and what they have shown; ``note`` is None where there is none, or nobody may read it here."""

    person_id: str
    name: str
    standing: Standing
    shown_on: date | None = None
    expires_on: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCompetence:
    """A queue of the actor's that asks for competence which is missing, has ended or ends soon; ``at`` is since when they do not work it, or from when on."""

    queue: str
    title: str
    standing: Standing
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The people who decide a queue's cases, by name: those who would still do so if competence were asked for, and those who would not."""

    left: tuple[str, ...]
    out: tuple[str, ...]


def of_queue(work: Work, name: str) -> Sequence[CompetenceView]:
    """Return a queue's members with what they have shown, by name.

    Raises:
        NotFound: there is no such queue.
    """
    work.require(Permission.QUEUES_MANAGE)
    _require_queue(work, name)
    rows = work.session.execute(
        sa.select(Person, Competence)
        .join(QueueMember, QueueMember.person_id == Person.id)
        .outerjoin(
            Competence,
            (Competence.person_id == Person.id) & (Competence.queue == QueueMember.queue),
        )
        .where(QueueMember.queue == name)
        .order_by(Person.name, Person.id)
    ).all()
    notes = payloads.read_many(
        work.session,
        work.answerable.keys,
        [row.record_id for _, row in rows if row is not None],
        NOTE_PAYLOAD,
    )
    return [_view(person, row, notes, work.now) for person, row in rows]


def show(
    work: Work,
    name: str,
    person_id: str,
    *,
    shown_on: date,
    expires_on: date,
    note: str | None = None,
) -> CompetenceView:
    """Keep that a person has shown that they can judge a queue's cases; it takes the place of what was kept before.

    Raises:
        NotFound: there is no such queue or person.
        InvalidInput: the dates do not fit, or the note is too long.
    """
    work.require(Permission.QUEUES_MANAGE)
    _require_queue(work, name)
    person = _person(work, person_id)
    zone = ZoneInfo(business_settings(work.session).time_zone)
    today = work.now.astimezone(zone).date()
    problems = []
    if shown_on > today:
        problems.append(("shown_on", "It is still to come. Give the day on which it was shown."))
    if expires_on < today or expires_on <= shown_on:
        problems.append(("expires_on", "It has passed, or is not after it was shown."))
    elif expires_on - shown_on > LONGEST:
        problems.append(("expires_on", "It is more than ten years after it was shown."))
    said = (note or "").strip()
    if len(said) > LONGEST_NOTE:
        problems.append(("note", f"At most {LONGEST_NOTE} characters fit here."))
    if problems:
        raise InvalidInput(
            " ".join(detail for _, detail in problems),
            [FieldProblem(pointer=f"/{field}", detail=detail) for field, detail in problems],
        )
    record_id = work.record(
        EntryKind.COMPETENCE_SHOWN,
        refs={"queue": name, "person": person.id},
        data={"shown_on": shown_on.isoformat(), "expires_on": expires_on.isoformat()},
        payloads={NOTE_PAYLOAD: said.encode()} if said else {},
    )
    row = work.session.get(Competence, (name, person.id))
    if row is None:
        row = Competence(queue=name, person_id=person.id)
        work.session.add(row)
    row.record_id, row.shown_on, row.expires_on = record_id, shown_on, expires_on
    row.ends_at = datetime.combine(expires_on + timedelta(days=1), time(), zone)
    row.warned_at = None
    work.session.flush()
    return _view(person, row, {record_id: said.encode()} if said else {}, work.now)


def end(work: Work, name: str, person_id: str) -> None:
    """End a person's competence for a queue now.

    Raises:
        NotFound: there is no such queue or person, or nothing was shown.
        Conflict: it is asked for, and nobody would be left who decides the queue's cases.
    """
    work.require(Permission.QUEUES_MANAGE)
    queue = _require_queue(work, name, lock=True)
    person = _person(work, person_id)
    row = work.session.get(Competence, (name, person.id))
    if row is None or row.ends_at <= work.now:
        raise NotFound("There is no competence of this person for this queue that could end.")
    valid, _ = _deciders(work, name)
    if queue.competence_since is not None and {one.id for one in valid} == {person.id}:
        raise Conflict(
            "Nobody would be left who decides this queue's cases. Enter another person's competence first, or ask for none."
        )
    row.ends_at = work.now
    work.session.flush()
    work.record(EntryKind.COMPETENCE_ENDED, refs={"queue": name, "person": person.id})


def effect(work: Work, name: str) -> Effect:
    """Return who would be left, and who not, if a queue asked for competence."""
    work.require(Permission.QUEUES_MANAGE)
    left, out = _deciders(work, name)
    return Effect(
        left=tuple(person.name for person in left), out=tuple(person.name for person in out)
    )


def require_somebody_left(work: Work, name: str, *, confirmed: bool) -> None:
    """Raise unless somebody still decides a queue's cases once it asks for competence, and whoever asks for it knows who.

    Raises:
        InvalidInput: nobody would be left, or it is not confirmed.
    """
    found = effect(work, name)
    if found.out and not found.left:
        detail = (
            f"Nobody would be left who decides this queue's cases: {', '.join(found.out)} "
            "would be shut out. Enter the competence of at least one of them first."
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/competence_required", detail=detail)])
    if found.left and not confirmed:
        detail = (
            f"Left to decide this queue's cases would be: {', '.join(found.left)}. "
            f"No longer: {', '.join(found.out) or 'nobody'}. Confirm it."
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/confirmed", detail=detail)])


def own(work: Work) -> Sequence[OwnCompetence]:
    """Return the queues of the actor's that are shut to them for want of competence, or will be within 30 days."""
    work.require(Permission.CASES_READ)
    rows = work.session.execute(
        sa.select(Queue, Competence.ends_at)
        .join(QueueMember, QueueMember.queue == Queue.name)
        .outerjoin(
            Competence,
            (Competence.queue == Queue.name) & (Competence.person_id == QueueMember.person_id),
        )
        .where(QueueMember.person_id == work.actor.id, Queue.competence_since.is_not(None))
        .order_by(Queue.title)
    )
    found = []
    for queue, ends_at in rows:
        standing = _standing(ends_at, work.now)
        if standing is not Standing.VALID:
            assert queue.competence_since is not None, "only such queues were asked for"
            at = max(ends_at or queue.competence_since, queue.competence_since)
            found.append(
                OwnCompetence(queue=queue.name, title=queue.title, standing=standing, at=at)
            )
    return found


def ending(work: Work) -> Mapping[str, date]:
    """Return the queues in which a competence that is asked for ends within 30 days, each with the first such day; for admins."""
    work.require(Permission.QUEUES_MANAGE)
    rows = work.session.execute(
        sa.select(Competence.queue, sa.func.min(Competence.expires_on))
        .where(*_ending(work.now))
        .group_by(Competence.queue)
    )
    return {row[0]: row[1] for row in rows}


# ------------------------------------------------------------------------------------ mails

_SUBJECT: Final = {
    "en": "A competence ends soon",
    "de": "Eine Befähigung endet bald",
}
_TEXT: Final = {
    "en": (
        "Good day,\n\n{whose} competence for the queue “{queue}” at {business} ends after {day}. "
        "Without a new one the queue is shut to them from then on.\n\n{link}\n"
    ),
    "de": (
        "Guten Tag,\n\n{whose} Befähigung für die Warteschlange „{queue}“ bei {business} endet nach dem {day}. "
        "Ohne eine neue ist die Warteschlange von da an verschlossen.\n\n{link}\n"
    ),
}
_WHOSE: Final = {"en": ("Your", "A colleague's"), "de": ("Ihre", "Eine")}


def warn(answerable: Answerable) -> int:
    """Owe the mails that say a competence ends within 30 days, to the person and to the admins, once; return how many were added.

    Raises:
        Unavailable: the database could not do it.
    """
    if answerable.settings.smtp_host is None:
        return 0
    worker = service("worker")
    with answerable.look(worker) as work:
        due = sa.select(Competence.queue).where(*_ending(work.now), Competence.warned_at.is_(None))
        if work.session.execute(due.limit(1)).first() is None:
            return 0
    with answerable.work(worker) as work:
        rows = work.session.execute(
            sa.select(Competence)
            .where(*_ending(work.now), Competence.warned_at.is_(None))
            .with_for_update(skip_locked=True)
        ).scalars()
        added = 0
        for row in rows.all():
            row.warned_at = work.now
            queue = work.session.get_one(Queue, row.queue)
            for person in mailed(work):
                theirs = person.id == row.person_id
                if theirs or Permission.QUEUES_MANAGE in _permissions(person):
                    added += jobs.add(
                        work,
                        kind=KIND,
                        unique_key=f"{KIND}:{row.record_id}:{person.id}",
                        payload=_letter(work, person, queue, row.expires_on, theirs=theirs),
                    )
        return added


def mailed(work: Work) -> Sequence[Person]:
    """Return the people who can sign in and want mails."""
    return (
        work.session.execute(
            sa.select(Person)
            .where(
                Person.mail_notices,
                Person.disabled_at.is_(None),
                Person.password_hash.is_not(None),
                sa.or_(Person.expires_at.is_(None), Person.expires_at > work.now),
            )
            .order_by(Person.id)
        )
        .scalars()
        .all()
    )


def _letter(
    work: Work, person: Person, queue: Queue, expires_on: date, *, theirs: bool
) -> dict[str, object]:
    language = person.language if person.language in _TEXT else "en"
    page = "queue" if theirs else f"queues/{queue.name}"
    return mail.letter(
        to=person.email,
        subject=_SUBJECT[language],
        text=_TEXT[language].format(
            whose=_WHOSE[language][not theirs],
            queue=queue.title,
            business=business_settings(work.session).business_name,
            day=expires_on.isoformat(),
            link=f"{work.answerable.settings.public_url}/{page}",
        ),
    )


# ------------------------------------------------------------------------------------ inside


def _ending(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    required = sa.select(Queue.name).where(
        Queue.name == Competence.queue, Queue.competence_since.is_not(None)
    )
    member = sa.select(QueueMember.queue).where(
        QueueMember.queue == Competence.queue, QueueMember.person_id == Competence.person_id
    )
    return (
        Competence.ends_at > now,
        Competence.ends_at <= now + WARNING,
        required.exists(),
        member.exists(),
    )


def _standing(ends_at: datetime | None, now: datetime) -> Standing:
    if ends_at is None:
        return Standing.MISSING
    if ends_at <= now:
        return Standing.ENDED
    return Standing.ENDING if ends_at <= now + WARNING else Standing.VALID


def _view(
    person: Person, row: Competence | None, notes: Mapping[str, bytes], now: datetime
) -> CompetenceView:
    if row is None:
        return CompetenceView(person_id=person.id, name=person.name, standing=Standing.MISSING)
    note = notes.get(row.record_id)
    return CompetenceView(
        person_id=person.id,
        name=person.name,
        standing=_standing(row.ends_at, now),
        shown_on=row.shown_on,
        expires_on=row.expires_on,
        note=None if note is None else note.decode(),
    )


def _deciders(work: Work, name: str) -> tuple[list[Person], list[Person]]:
    """Return the people of a queue who can sign in and decide cases: those with a valid competence, and those without."""
    valid = sa.select(Competence.queue).where(
        Competence.queue == QueueMember.queue,
        Competence.person_id == QueueMember.person_id,
        Competence.ends_at > work.now,
    )
    rows = work.session.execute(
        sa.select(Person, valid.exists())
        .join(QueueMember, QueueMember.person_id == Person.id)
        .where(
            QueueMember.queue == name,
            Person.disabled_at.is_(None),
            Person.password_hash.is_not(None),
            sa.or_(Person.expires_at.is_(None), Person.expires_at > work.now),
        )
        .order_by(Person.name, Person.id)
    ).all()
    deciders = [row for row in rows if Permission.CASES_DECIDE in _permissions(row[0])]
    return [row[0] for row in deciders if row[1]], [row[0] for row in deciders if not row[1]]


def _permissions(person: Person) -> frozenset[Permission]:
    return of_roles(frozenset(map(Role, person.roles)))


def _require_queue(work: Work, name: str, *, lock: bool = False) -> Queue:
    query = sa.select(Queue).where(Queue.name == name)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = work.session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound(f"There is no queue {name!r}.")
    return row


def _person(work: Work, person_id: str) -> Person:
    person = work.session.get(Person, person_id) if is_id(person_id) else None
    if person is None:
        raise NotFound(f"There is no person {person_id!r}.")
    return person
