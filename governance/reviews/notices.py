"""The mail "cases wait": to whom it is due, and what it says. It tells a number and a link, and nothing of any case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from governance.actors import service
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.jobs import mail
from governance.jobs import queue as jobs
from governance.permissions import Permission, Role, of_roles
from governance.queues.models import QueueMember
from governance.queues.queries import works
from governance.reviews.models import Case
from governance.reviews.purposes import is_there
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KIND: Final = "mail.cases_wait"
#: Nobody is told more often than this.
PAUSE: Final = timedelta(hours=1)

_SUBJECTS: Final = {
    "en": ("One case waits", "{count} cases wait"),
    "de": ("Ein Fall wartet", "{count} Fälle warten"),
}
_TEXTS: Final = {
    "en": (
        "Good day,\n\n{what} for a decision in your queues at {business}.\n\n{link}\n\n"
        "You can turn these mails off on your account page.\n"
    ),
    "de": (
        "Guten Tag,\n\n{what} bei {business} in Ihren Warteschlangen auf eine Entscheidung.\n\n"
        "{link}\n\nSie können diese Nachrichten auf Ihrer Kontoseite abstellen.\n"
    ),
}


def run(answerable: Answerable) -> int:
    """Owe a mail to everybody for whom new cases wait; return how many mails were added.

    Without a mail server nobody is told, and what waits then is told once there is one.

    Raises:
        Unavailable: the database could not do it.
    """
    if answerable.settings.smtp_host is None:
        return 0
    worker = service("worker")
    with answerable.look(worker) as work:
        # Most of the time there is nothing to tell, and then nobody's writing need wait for this.
        if not _due(work):
            return 0
    with answerable.work(worker) as work:
        added = 0
        for person, count in _due(work):
            person.mailed_at = work.now
            added += jobs.add(
                work,
                kind=KIND,
                unique_key=f"{KIND}:{person.id}:{work.now:%Y-%m-%dT%H:%M}",
                payload=_letter(work, person, count),
            )
        return added


def _due(work: Work) -> list[tuple[Person, int]]:
    """Return whom to tell of how many cases; their rows are locked where this unit of work writes."""
    query = (
        sa.select(Person)
        .where(
            Person.mail_notices,
            ~Person.mail_digest,
            Person.disabled_at.is_(None),
            Person.password_hash.is_not(None),
            sa.or_(Person.expires_at.is_(None), Person.expires_at > work.now),
            sa.or_(Person.mailed_at.is_(None), Person.mailed_at <= work.now - PAUSE),
            _new_cases(work.now).exists(),
        )
        .order_by(Person.id)
    )
    if work.writes:
        query = query.with_for_update(skip_locked=True)
    due = []
    for person in work.session.execute(query).scalars().all():
        roles = frozenset(Role(role) for role in person.roles)
        count = _waiting(work, person.id)
        if Permission.CASES_DECIDE in of_roles(roles) and count:
            due.append((person, count))
    return due


def _new_cases(now: datetime) -> sa.Select[str]:
    """Return a select of the open cases that came to the queues a person works since their last mail."""
    return (
        sa.select(Case.id)
        .join(QueueMember, QueueMember.queue == Case.queue)
        .where(
            QueueMember.person_id == Person.id,
            works(now),
            Case.status == "open",
            is_there(now),
            sa.or_(
                Person.mailed_at.is_(None),
                Case.opened_at > Person.mailed_at,
                Case.escalated_at > Person.mailed_at,
            ),
        )
    )


def _waiting(work: Work, person_id: str) -> int:
    return work.session.execute(
        sa.select(sa.func.count(Case.id))
        .join(QueueMember, QueueMember.queue == Case.queue)
        .where(
            QueueMember.person_id == person_id,
            works(work.now),
            Case.status == "open",
            is_there(work.now),
        )
    ).scalar_one()


def _letter(work: Work, person: Person, count: int) -> dict[str, object]:
    language = person.language if person.language in _TEXTS else "en"
    one, many = _SUBJECTS[language]
    what = one if count == 1 else many.format(count=count)
    text = _TEXTS[language].format(
        what=what,
        business=business_settings(work.session).business_name,
        link=f"{work.answerable.settings.public_url}/queue",
    )
    return mail.letter(to=person.email, subject=what, text=text)
