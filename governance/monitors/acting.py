"""Acting on what monitors found: an incident is opened, people are told, and where the policy says so, people alone decide from then on.

A monitor's alarm is stored with the counts; acting on it comes after, in a transaction of its own, and is done once however often it is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from audits.fairness import sequential
from audits.fairness.sequential import MonitorState, MonitorVerdict
from audits.log.entries import EntryKind
from governance.actors import service
from governance.errors import Conflict
from governance.holds import service as holds
from governance.holds.models import Hold
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.jobs import queue as jobs
from governance.jobs.mail import letter
from governance.monitors.models import Incident, IncidentNote, MonitorRow
from governance.permissions import Permission, Role, of_roles
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

_MAIL: Final = "mail.incident"
_HOLD_REASON: Final = "A monitor found a disparity or errors beyond what the policy tolerates. People alone decide until it is looked into."
_SUBJECT: Final = {"en": "A monitor raised an alarm", "de": "Ein Wächter schlägt Alarm"}
_TEXT: Final = {
    "en": "Good day,\n\nAt {business} a monitor found something that the policy does not tolerate{held}.\n\n{link}\n\n"
    "You can turn these mails off on your account page.\n",
    "de": "Guten Tag,\n\nbei {business} hat ein Wächter etwas gefunden, was die Richtlinie nicht hinnimmt{held}.\n\n{link}\n\n"
    "Sie können diese Nachrichten auf Ihrer Kontoseite abstellen.\n",
}
_HELD: Final = {
    "en": "; until it is looked into, people alone decide there",
    "de": "; bis das geklärt ist, entscheiden dort nur Menschen",
}


def act(answerable: Answerable) -> int:
    """Act on every alarm that was not acted upon; return how many there were.

    Raises:
        Unavailable: the database could not do it; what was acted upon stays so.
    """
    monitor = service("monitor")
    with answerable.look(monitor) as work:
        due = work.session.execute(
            sa.select(MonitorRow.point, MonitorRow.name, MonitorRow.grp).where(
                MonitorRow.verdict != MonitorRow.acted
            )
        ).all()
    done = 0
    for point, name, group in due:
        with answerable.work(monitor) as work:
            done += _act(work, point, name, group)
    return done


def _act(work: Work, point: str, name: str, group: str) -> bool:
    row = work.session.execute(
        sa.select(MonitorRow)
        .where(MonitorRow.point == point, MonitorRow.name == name, MonitorRow.grp == group)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if row.verdict == row.acted:
        return False
    row.acted = row.verdict
    if row.verdict == MonitorVerdict.QUIET.value:
        return True
    details = details_of(row)
    incident = work.session.execute(
        sa.select(Incident).where(
            Incident.point == row.point,
            Incident.monitor == row.name,
            Incident.grp == row.grp,
            Incident.status == "open",
        )
    ).scalar_one_or_none()
    if incident is None:
        incident = Incident(
            id=work.new_id(),
            point=row.point,
            monitor=row.name,
            grp=row.grp,
            level=row.verdict,
            status="open",
            opened_at=work.now,
            hold_id=None,
            details=details,
        )
        work.session.add(incident)
        work.session.flush()
        work.record(EntryKind.INCIDENT_OPENED, refs={"incident": incident.id}, data=_told(row))
    else:
        incident.level, incident.details = row.verdict, details
        note(work, incident, "worse", _told(row))
    if row.verdict == MonitorVerdict.VIOLATION.value:
        if row.config["on_breach"] == "review_all":
            incident.hold_id = _hold(work, row.point)
            note(work, incident, "held", {"hold": incident.hold_id})
        tell(work, incident, _SUBJECT, _TEXT)
    work.session.flush()
    return True


def note(
    work: Work, incident: Incident, kind: str, data: dict[str, Any], words: str | None = None
) -> None:
    """Add to what was done about an incident; ``words`` are encrypted."""
    entry = work.record(
        EntryKind.INCIDENT_NOTED,
        refs={"incident": incident.id},
        data={"kind": kind} | data,
        payloads={} if words is None else {"note": words.encode()},
    )
    work.session.add(
        IncidentNote(
            id=entry, incident_id=incident.id, kind=kind, at=work.now, by=work.actor.reference
        )
    )


def details_of(row: MonitorRow) -> dict[str, Any]:
    """Return what an incident tells of its monitor: figures and the names of groups, of nobody."""
    state = MonitorState.parse(row.state)
    detector = state.violation if row.verdict == MonitorVerdict.VIOLATION.value else state.watch
    recent = state.recently
    return {
        "metric": row.config["metric"],
        "by": row.config["by"],
        "stage": row.config["stage"],
        "side": row.config["side"],
        "tolerance": row.config["tolerance"],
        "watch": row.config["watch"],
        "on_breach": row.config["on_breach"],
        "odds": sequential.odds(0.0 if detector is None else detector.log10_e),
        "decisions": state.seen,
        "recent": {
            "group": [recent.k_group, recent.n_group],
            "reference": [recent.k_reference, recent.n_reference],
        },
    }


def _told(row: MonitorRow) -> dict[str, Any]:
    """Return what the log says of an alarm, decimals as text."""
    details = details_of(row)
    return {
        "point": row.point,
        "monitor": row.name,
        "group": row.grp,
        "level": row.verdict,
        "odds": details["odds"],
        "decisions": details["decisions"],
    }


def _hold(work: Work, point: str) -> str:
    try:
        return holds.set_hold(work, point, _HOLD_REASON).id
    except Conflict:
        return work.session.execute(
            sa.select(Hold.id).where(Hold.lifted_at.is_(None), Hold.point == point)
        ).scalar_one()


def tell(
    work: Work, incident: Incident, subject: Mapping[str, str], text: Mapping[str, str]
) -> None:
    """Owe a mail to everybody who looks after incidents, with a link and nothing of anybody."""
    settings = work.answerable.settings
    if settings.smtp_host is None:
        return
    business = business_settings(work.session).business_name
    people = work.session.execute(
        sa.select(Person).where(
            Person.disabled_at.is_(None),
            Person.mail_notices,
            sa.or_(Person.expires_at.is_(None), Person.expires_at > work.now),
        )
    ).scalars()
    for person in people:
        roles = frozenset(Role(role) for role in person.roles)
        if Permission.INCIDENTS_READ not in of_roles(roles) or roles == {Role.MANAGER}:
            continue
        language = person.language if person.language in text else "en"
        jobs.add(
            work,
            kind=_MAIL,
            unique_key=f"{_MAIL}:{incident.id}:{incident.level}:{person.id}",
            payload=letter(
                to=person.email,
                subject=subject[language],
                text=text[language].format(
                    business=business,
                    held=_HELD[language] if incident.hold_id else "",
                    link=f"{settings.public_url}/incidents/{incident.id}",
                ),
            ),
        )
