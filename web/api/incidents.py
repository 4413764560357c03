"""Monitors and incidents: what stands watch over a decision point, what it found, and what people did about it."""

from __future__ import annotations

from typing import Any, Final

import marshmallow as ma

from audits.fairness.sequential import MonitorVerdict
from governance.monitors import service
from governance.monitors.models import DOUBT
from governance.permissions import Permission
from web.api.resources import MOST_OF_A_PAGE, Query, Resource, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Count,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Number,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Monitors and incidents",
    "What stands watch over decision points, what it found, and what people did about it.",
)

_LEVELS: Final = (MonitorVerdict.WATCH.value, MonitorVerdict.VIOLATION.value, DOUBT)
_STATUSES: Final = ("open", "closed")
_DONE: Final = (
    DOUBT,
    "worse",
    "held",
    "note",
    "closed",
    "resume_asked",
    "resume_declined",
    "resumed",
)
_COUNTED: Final = "How many of how many, lately; null to whoever may not read reports"


class IncidentsQuery(Query):
    """Which incidents are wanted."""

    point = Text(load_default=None, validate=at_most(63))
    status = Text(load_default=None, validate=one_of(_STATUSES))
    since = Instant(load_default=None, metadata={"description": "Opened from this instant on"})
    limit = Count(
        load_default=100,
        validate=ma.validate.Range(
            min=1, max=MOST_OF_A_PAGE, error=f"Expected 1 to {MOST_OF_A_PAGE}."
        ),
    )


class WordsBody(Body):
    """What is being done, or was."""

    words = Text(required=True, validate=at_most(service.LONGEST_NOTE))


class EvidenceAnswer(Answer):
    """The evidence after one block of decisions, as decimal logarithms."""

    block = Whole(required=True)
    end = Whole(required=True, metadata={"description": "Decisions seen by then"})
    violation = Number(required=True)
    watch = Number(required=True, allow_none=True)


class MonitorAnswer(Answer):
    """One monitor, for one group and one side; `log10_e` is its evidence against the tolerance being kept."""

    decision_point = Text(required=True, attribute="point")
    name = Text(required=True)
    metric = Text(required=True)
    by = Text(required=True, allow_none=True)
    group = Text(required=True, metadata={"description": "Empty where no groups are compared"})
    stage = Text(required=True)
    side = Text(required=True, validate=one_of(("below", "above")))
    tolerance = Number(required=True)
    watch = Number(required=True, allow_none=True)
    on_breach = Text(required=True, validate=one_of(("alert", "review_all")))
    threshold = Number(required=True, metadata={"description": "The evidence that makes an alarm"})
    block = Whole(required=True)
    verdict = Text(required=True, validate=one_of(MonitorVerdict))
    odds = Text(required=True)
    log10_e = Number(required=True)
    seen = Whole(required=True)
    history = List(Nested(EvidenceAnswer), required=True)
    recent_group = List(Whole(), required=True, allow_none=True, metadata={"description": _COUNTED})
    recent_reference = List(
        Whole(), required=True, allow_none=True, metadata={"description": _COUNTED}
    )
    started_at = Instant(required=True)
    updated_at = Instant(required=True)


class MonitorsAnswer(Answer):
    """The monitors of a decision point; one that has seen nothing is not there yet."""

    monitors = List(Nested(MonitorAnswer), required=True)


class IncidentAnswer(Answer):
    """An incident: a monitor found something, or people said that the automation is wrong."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    monitor = Text(required=True)
    group = Text(required=True)
    level = Text(
        required=True,
        validate=one_of(_LEVELS),
        metadata={
            "description": "`doubt`: no monitor found it, people who decide cases said so; then `monitor` is `person`, and there are no `details`"
        },
    )
    status = Text(required=True, validate=one_of(_STATUSES))
    opened_at = Instant(required=True)
    hold_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The hold that it set, or found in force"},
    )
    held = Flag(required=True, metadata={"description": "Whether that hold is in force"})
    details = Members(
        required=True,
        metadata={
            "description": "What the monitor looks at, and its figures; recent counts by group only for who may read reports"
        },
    )
    closed_at = Instant(required=True, allow_none=True)
    closed_by_name = Text(required=True, allow_none=True)


class NoteAnswer(Answer):
    """What somebody, or a monitor, did about an incident or its hold."""

    id = Text(
        required=True,
        metadata={
            "description": "The log's entry that tells of it; of `resume_asked` and `resume_declined` the request, of `resumed` the hold"
        },
    )
    kind = Text(required=True, validate=one_of(_DONE))
    at = Instant(required=True)
    by = Text(required=True)
    by_name = Text(required=True)
    words = Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "null: there are none, they were erased, or are not for who reads this"
        },
    )
    decision_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The decision that a doubt is about, for who may see it"},
    )


class WholeIncidentAnswer(IncidentAnswer):
    """An incident with all that was done about it, in order of time."""

    notes = List(Nested(NoteAnswer), required=True)


class IncidentsAnswer(Answer):
    """Incidents, open ones first, then the newest."""

    incidents = List(Nested(IncidentAnswer), required=True)


@resource.route("/decision-points/<point>/monitors", methods=["GET"])
@requires(Permission.INCIDENTS_READ)
@resource.response(200, MonitorsAnswer)
def list_monitors(point: str) -> Any:
    """List the monitors of a decision point's live policy, each with its evidence so far."""
    with look() as unit:
        return {"monitors": service.monitors(unit, point)}


@resource.route("/incidents", methods=["GET"])
@requires(Permission.INCIDENTS_READ)
@resource.arguments(IncidentsQuery, location="query")
@resource.response(200, IncidentsAnswer)
def list_incidents(query: dict[str, Any]) -> Any:
    """List incidents, open ones first, then the newest."""
    with look() as unit:
        return {"incidents": service.incidents(unit, **query)}


@resource.route("/incidents/<incident_id>", methods=["GET"])
@requires(Permission.INCIDENTS_READ)
@resource.response(200, WholeIncidentAnswer)
def get_incident(incident_id: str) -> Any:
    """Read an incident with all that was done about it."""
    identifier(incident_id, "incident")
    with look() as unit:
        return service.incident(unit, incident_id)


@resource.route("/incidents/<incident_id>/notes", methods=["POST"])
@requires(Permission.INCIDENTS_HANDLE)
@resource.arguments(WordsBody)
@resource.response(201, WholeIncidentAnswer)
def add_note(body: dict[str, Any], incident_id: str) -> Any:
    """Say what is being done about an incident."""
    identifier(incident_id, "incident")
    with work() as unit:
        return service.add_note(unit, incident_id, body["words"])


@resource.route("/incidents/<incident_id>/close", methods=["POST"])
@requires(Permission.INCIDENTS_HANDLE)
@resource.arguments(WordsBody)
@resource.response(200, WholeIncidentAnswer)
def close_incident(body: dict[str, Any], incident_id: str) -> Any:
    """Close an incident with what was done.

    Its monitor forgets its evidence and watches anew. A hold stays until it is lifted, which two people do.
    """
    identifier(incident_id, "incident")
    with work() as unit:
        return service.close(unit, incident_id, body["words"])
