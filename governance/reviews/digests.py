"""The mail of each working morning, for those who chose it: what waits and what is overdue, queue by queue, with links and nothing of any case."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from governance.actors import service
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.jobs import mail
from governance.jobs import queue as jobs
from governance.permissions import Permission, Role, of_roles
from governance.queues.calendar import Calendar
from governance.queues.competence import mailed
from governance.queues.models import Queue, QueueMember
from governance.queues.queries import works
from governance.reviews import queries
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

KIND: Final = "mail.digest"
#: When the morning is, where the person is; whom no worker told by noon is told the next day.
MORNING: Final = time(8)
_NOON: Final = time(12)
_SATURDAY: Final = 5

_SUBJECTS: Final = {
    "en": ("One case waits", "{count} cases wait"),
    "de": ("Ein Fall wartet", "{count} Fälle warten"),
}
_LINES: Final = {
    "en": ("{queue}: {open} waiting, {overdue} overdue, {soon} due today\n{link}\n"),
    "de": ("{queue}: {open} warten, {overdue} überfällig, {soon} heute fällig\n{link}\n"),
}
_TEXTS: Final = {
    "en": (
        "Good morning,\n\nthis waits for a decision in your queues at {business}:\n\n{lines}\n"
        "You can choose other mails, or none, on your account page.\n"
    ),
    "de": (
        "Guten Morgen,\n\ndas wartet bei {business} in Ihren Warteschlangen auf eine Entscheidung:\n\n{lines}\n"
        "Auf Ihrer Kontoseite können Sie andere Nachrichten wählen oder keine.\n"
    ),
}


def run(answerable: Answerable) -> int:
    """Owe the morning's mail to everybody whose morning it is; return how many were added. Safe to run anywhere, any number of times.

    Raises:
        Unavailable: the database could not do it.
    """
    if answerable.settings.smtp_host is None:
        return 0
    worker = service("worker")
    with answerable.look(worker) as work:
        if not _due(work):
            return 0
    with answerable.work(worker) as work:
        added = 0
        for person, day in _due(work):
            letter = _letter(work, person)
            person.mailed_at = work.now
            if letter is not None:
                added += jobs.add(
                    work, kind=KIND, unique_key=f"{KIND}:{person.id}:{day}", payload=letter
                )
        return added


def _due(work: Work) -> list[tuple[Person, date]]:
    """Return whose morning it is and who was told nothing today; their rows are locked where this unit of work writes."""
    due = []
    wanted = [person.id for person in mailed(work) if person.mail_digest and _morning(work, person)]
    if not wanted:
        return []
    query = sa.select(Person).where(Person.id.in_(wanted)).order_by(Person.id)
    if work.writes:
        query = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    for person in work.session.execute(query).scalars().all():
        local = work.now.astimezone(ZoneInfo(person.time_zone))
        told = person.mailed_at
        if told is None or told.astimezone(local.tzinfo).date() < local.date():
            due.append((person, local.date()))
    return due


def _morning(work: Work, person: Person) -> bool:
    """Tell whether it is the morning of a day on which a queue of the person's works; always open ones do from Monday to Friday."""
    roles = frozenset(Role(role) for role in person.roles)
    local = work.now.astimezone(ZoneInfo(person.time_zone))
    if Permission.CASES_DECIDE not in of_roles(roles) or not MORNING <= local.time() < _NOON:
        return False
    return any(
        _works_on(Calendar.from_document(queue.calendar), local.date())
        for queue in _queues(work, person)
    )


def _works_on(calendar: Calendar, day: date) -> bool:
    if day in calendar.holidays:
        return False
    return day.weekday() in calendar.hours if calendar.hours else day.weekday() < _SATURDAY


def _queues(work: Work, person: Person) -> list[Queue]:
    return list(
        work.session.execute(
            sa.select(Queue)
            .join(QueueMember, QueueMember.queue == Queue.name)
            .where(QueueMember.person_id == person.id, works(work.now))
            .order_by(Queue.title)
        ).scalars()
    )


def _letter(work: Work, person: Person) -> dict[str, object] | None:
    """Return the mail; None where nothing waits."""
    language = person.language if person.language in _TEXTS else "en"
    queues = _queues(work, person)
    local = work.now.astimezone(ZoneInfo(person.time_zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    counts = queries.open_counts(work.session, [queue.name for queue in queues], work.now, midnight)
    waiting = sum(one.open for one in counts.values())
    if not waiting:
        return None
    lines = [
        _LINES[language].format(
            queue=queue.title,
            open=counts[queue.name].open,
            overdue=counts[queue.name].overdue,
            soon=counts[queue.name].due_soon,
            link=f"{work.answerable.settings.public_url}/queue?queue={queue.name}",
        )
        for queue in queues
        if queue.name in counts
    ]
    one, many = _SUBJECTS[language]
    return mail.letter(
        to=person.email,
        subject=one if waiting == 1 else many.format(count=waiting),
        text=_TEXTS[language].format(
            business=business_settings(work.session).business_name, lines="\n".join(lines)
        ),
    )
