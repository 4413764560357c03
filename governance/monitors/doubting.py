"""A person says of a case that the automation is wrong: it becomes an incident of the decision point, which somebody has to look into."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.monitors import acting, service
from governance.monitors.models import DOUBT, NOTE, Incident, IncidentNote
from governance.monitors.service import IncidentView
from governance.permissions import Permission
from governance.points.models import DecisionPoint
from governance.reviews import gold
from governance.reviews import service as reviews
from governance.subjects import payloads
from governance.work import Work

#: What stands where an incident of a monitor names it.
_RAISED_BY: Final = "person"
_SUBJECT: Final = {
    "en": "Somebody says that the software is wrong",
    "de": "Jemand sagt, dass die Software falsch liegt",
}
_TEXT: Final = {
    "en": "Good day,\n\nAt {business} a person who decides cases says that the software is wrong{held}.\n\n{link}\n\n"
    "You can turn these mails off on your account page.\n",
    "de": "Guten Tag,\n\nbei {business} sagt jemand, der Fälle entscheidet, dass die Software falsch liegt{held}.\n\n{link}\n\n"
    "Sie können diese Nachrichten auf Ihrer Kontoseite abstellen.\n",
}


def doubt(work: Work, case_id: str, *, words: str) -> IncidentView:
    """Say of a case that the automation is wrong, and why; it opens an incident of the decision point, or joins the one that is open. It holds nothing.

    Raises:
        NotAllowed, NotFound: the actor may not decide cases, or the case is not in a queue of theirs.
        InvalidInput: nothing is said, or too much.
    """
    work.require(Permission.CASES_DECIDE)
    case = reviews.of_ones_queues(work, case_id)
    said = service.words_of(words)
    # Two people who doubt at once wait for each other here, and the second joins the first.
    work.session.execute(
        sa.select(DecisionPoint.name).where(DecisionPoint.name == case.point).with_for_update()
    )
    incident = work.session.execute(
        sa.select(Incident).where(
            Incident.point == case.point, Incident.level == DOUBT, Incident.status == "open"
        )
    ).scalar_one_or_none()
    opened = incident is None
    # Of a known case, the proposal that is doubted is the one that it was made from.
    decision_id, case_id = gold.source_of(work, reviews.decision_of(work, case)) or (
        case.decision_id,
        case.id,
    )
    if incident is None:
        incident = Incident(
            id=work.new_id(),
            point=case.point,
            monitor=_RAISED_BY,
            grp="",
            level=DOUBT,
            status="open",
            opened_at=work.now,
            hold_id=None,
            details={},
        )
        work.session.add(incident)
        work.session.flush()
    entry = work.record(
        EntryKind.AUTOMATION_DOUBTED,
        decision_id=decision_id,
        refs={"case": case_id, "incident": incident.id},
        data={"opened": opened},
        payloads={NOTE: said.encode()},
        key=payloads.key_of_record(work.session, work.answerable.keys, decision_id),
    )
    work.session.add(
        IncidentNote(
            id=entry, incident_id=incident.id, kind=DOUBT, at=work.now, by=work.actor.reference
        )
    )
    if opened:
        acting.tell(work, incident, _SUBJECT, _TEXT)
    work.session.flush()
    return service.view_of(work, incident)
