"""The auditor's home: what changed, which decision points need looking at first, and how the log stands."""

from __future__ import annotations

from typing import Any

from governance.ledger import reading
from governance.operations import verification
from governance.permissions import Permission
from governance.reporting import home as service
from governance.reporting.home import ChangeKind, Sign
from web.api.log import VerificationAnswer
from web.api.resources import Query, Resource, look
from web.api.schemas import Answer, Instant, List, Nested, Text, Whole, one_of
from web.security import requires

resource = Resource(
    "Home", "What changed since a person was last here, and what needs looking at first."
)


class HomeQuery(Query):
    """From when on changes are told."""

    since = Instant(
        load_default=None,
        metadata={"description": "Left out: when the person looked at the page before this visit"},
    )


class HomeChangeAnswer(Answer):
    """Something that was done."""

    kind = Text(required=True, validate=one_of(ChangeKind))
    at = Instant(required=True)
    id = Text(required=True, metadata={"description": "What it is about"})
    decision_point = Text(required=True, allow_none=True, attribute="point")
    by = Text(required=True)
    word = Text(required=True, metadata={"description": "A level, a verdict or a kind"})
    number = Whole(required=True, metadata={"description": "A policy version, or how many"})


class NewestReportAnswer(Answer):
    """The newest signed report of a decision point."""

    id = Text(required=True)
    verdict = Text(required=True)
    made_at = Instant(required=True)


class PointRiskAnswer(Answer):
    """How a decision point stands; its figures are of the last 30 days."""

    decision_point = Text(required=True, attribute="name")
    signs = List(
        Text(validate=one_of(Sign)),
        required=True,
        metadata={"description": "What asks for attention, the gravest first"},
    )
    decisions = Whole(required=True)
    automated = Whole(required=True, metadata={"description": "Released without a person"})
    without_groups = Whole(
        required=True, metadata={"description": "Decisions of which no group is known"}
    )
    attributes = List(Text(), required=True)
    report = Nested(NewestReportAnswer, required=True, allow_none=True)
    incident_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The gravest open incident"},
    )


class LogStateAnswer(Answer):
    """How the log stands, for those who may read it."""

    size = Whole(required=True)
    verification = Nested(VerificationAnswer, required=True)


class HomeAnswer(Answer):
    """What changed, the newest first, and the decision points, those at most risk first."""

    since = Instant(required=True)
    decisions = Whole(required=True)
    changes = List(Nested(HomeChangeAnswer), required=True)
    points = List(Nested(PointRiskAnswer), required=True)
    log = Nested(LogStateAnswer, required=True, allow_none=True)


@resource.route("/home", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(HomeQuery, location="query")
@resource.response(200, HomeAnswer)
def get_home(query: dict[str, Any]) -> Any:
    """Say what changed and what needs looking at first. Asking here does not count as a visit of the page."""
    with look() as unit:
        since = query["since"] or service.mark(unit).since
        found = service.home(unit, since)
        log = None
        if unit.actor.may(Permission.LOG_READ):
            checked = {"running": verification.is_running(unit), "last": verification.last(unit)}
            log = {"size": reading.state(unit).size, "verification": checked}
    return {
        "since": found.since,
        "decisions": found.decisions,
        "changes": found.changes,
        "points": found.points,
        "log": log,
    }
