"""The mail that cases of a queue are overdue: to its people at once, to the admins when one is overdue for longer than an hour.

Each is told at most once an hour for a queue, and only when a case became so late since; a mail tells a number and a link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import sqlalchemy.orm

from governance.actors import service
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.jobs import mail
from governance.jobs import queue as jobs
from governance.permissions import Permission, Role, of_roles
from governance.queues.competence import mailed
from governance.queues.models import Queue, QueueMember
from governance.queues.queries import works
from governance.reviews.models import Case
from governance.reviews.purposes import WORKED
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KIND: Final = "mail.overdue"
#: How long a case is overdue before the admins are told, and how long nobody is told again of a queue.
HOUR: Final = timedelta(hours=1)

_SUBJECTS: Final = {
    "en": ("One case is overdue", "{count} cases are overdue"),
    "de": ("Ein Fall ist überfällig", "{count} Fälle sind überfällig"),
}
_SINCE: Final = {"en": " for longer than an hour", "de": ", seit mehr als einer Stunde"}
_TEXTS: Final = {
    "en": "Good day,\n\n{what}{since} in the queue “{queue}” at {business}.\n\n{link}\n",
    "de": "Guten Tag,\n\n{what}{since}: Warteschlange „{queue}“ bei {business}.\n\n{link}\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Who is told of cases that are overdue by how much, and the column that keeps until when what was due has been told."""

    to: str
    by: timedelta
    until: sa.orm.InstrumentedAttribute[datetime | None]


_MEMBERS: Final = _Told(to="members", by=timedelta(), until=Queue.overdue_told_until)
_ADMINS: Final = _Told(to="admins", by=HOUR, until=Queue.overdue_admins_told_until)


def run(answerable: Answerable) -> int:
    """Owe the mails that are due; return how many were added. Safe to run anywhere, any number of times.

    Raises:
        Unavailable: the database could not do it.
    """
    if answerable.settings.smtp_host is None:
        return 0
    worker = service("worker")
    with answerable.look(worker) as work:
        if not any(_late(work, told) for told in (_MEMBERS, _ADMINS)):
            return 0
    with answerable.work(worker) as work:
        return sum(
            _tell(work, queue, told) for told in (_MEMBERS, _ADMINS) for queue in _late(work, told)
        )


def _late(work: Work, told: _Told) -> list[Queue]:
    """Return the queues in which a case became so late since they were told of last, an hour ago or more; locked where this unit of work writes."""
    late = work.now - told.by
    fresh = sa.select(Case.id).where(
        *_open(late),
        Case.queue == Queue.name,
        sa.or_(told.until.is_(None), Case.due_at > told.until),
    )
    query = (
        sa.select(Queue)
        .where(sa.or_(told.until.is_(None), told.until <= late - HOUR), fresh.exists())
        .order_by(Queue.name)
    )
    if work.writes:
        query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    return list(work.session.execute(query).scalars())


def _tell(work: Work, queue: Queue, told: _Told) -> int:
    late = work.now - told.by
    setattr(queue, told.until.key, late)
    count = work.session.execute(
        sa.select(sa.func.count(Case.id)).where(*_open(late), Case.queue == queue.name)
    ).scalar_one()
    members = set(
        work.session.execute(
            sa.select(QueueMember.person_id).where(QueueMember.queue == queue.name, works(work.now))
        ).scalars()
    )
    added = 0
    for person in mailed(work):
        permissions = of_roles(frozenset(map(Role, person.roles)))
        if told is _ADMINS:
            wanted = Permission.QUEUES_MANAGE in permissions
        else:
            wanted = person.id in members and Permission.CASES_DECIDE in permissions
        if wanted:
            added += jobs.add(
                work,
                kind=KIND,
                unique_key=f"{KIND}:{told.to}:{queue.name}:{work.now:%Y-%m-%dT%H:%M}:{person.id}",
                payload=_letter(work, person, queue, count, told),
            )
    return added


def _open(late: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (Case.status == "open", Case.purpose.in_(WORKED), Case.due_at <= late)


def _letter(work: Work, person: Person, queue: Queue, count: int, told: _Told) -> dict[str, object]:
    language = person.language if person.language in _TEXTS else "en"
    one, many = _SUBJECTS[language]
    what = one if count == 1 else many.format(count=count)
    page = f"queues/{queue.name}" if told is _ADMINS else f"queue?queue={queue.name}"
    return mail.letter(
        to=person.email,
        subject=what,
        text=_TEXTS[language].format(
            what=what,
            since=_SINCE[language] if told is _ADMINS else "",
            queue=queue.title,
            business=business_settings(work.session).business_name,
            link=f"{work.answerable.settings.public_url}/{page}",
        ),
    )
