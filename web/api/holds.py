"""Holds: people alone decide, from the next request on. One person sets a hold; two lift it. People only."""

from __future__ import annotations

from typing import Any

from governance.holds import service
from governance.permissions import Permission
from web.api.requests import RequestAnswer
from web.api.resources import MaybeReasonBody, Resource, look, work
from web.api.schemas import Answer, Body, Instant, List, Nested, Text, at_most
from web.security import requires

resource = Resource(
    "Holds", "Stop automation at one decision point, or at all, and ask to resume it."
)


class HoldBody(Body):
    """Why automation is stopped; reviewers read it."""

    reason = Text(required=True, validate=at_most(service.LONGEST_REASON))


class HoldAnswer(Answer):
    """A hold."""

    id = Text(required=True)
    decision_point = Text(
        required=True,
        allow_none=True,
        attribute="point",
        metadata={"description": "null: all points"},
    )
    reason = Text(required=True)
    set_at = Instant(required=True)
    set_by = Text(required=True)
    set_by_name = Text(required=True)
    request_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The request to lift it that waits for a second person"},
    )


class HoldsAnswer(Answer):
    """The holds in force."""

    holds = List(Nested(HoldAnswer), required=True)


@resource.route("/holds", methods=["GET"])
@requires(Permission.STATUS_READ)
@resource.response(200, HoldsAnswer)
def list_holds() -> Any:
    """List the holds in force, the oldest first."""
    with look() as unit:
        return {"holds": service.in_force(unit)}


@resource.route("/hold", methods=["POST"])
@requires(Permission.HOLDS_SET)
@resource.arguments(HoldBody)
@resource.response(201, HoldAnswer)
def hold_all(body: dict[str, Any]) -> Any:
    """Let people alone decide at all decision points, from the next request on."""
    with work() as unit:
        return service.set_hold(unit, None, body["reason"])


@resource.route("/decision-points/<point>/hold", methods=["POST"])
@requires(Permission.HOLDS_SET)
@resource.arguments(HoldBody)
@resource.response(201, HoldAnswer)
def hold_point(body: dict[str, Any], point: str) -> Any:
    """Let people alone decide at a decision point, from the next request on."""
    with work() as unit:
        return service.set_hold(unit, point, body["reason"])


@resource.route("/resume", methods=["POST"])
@requires(Permission.HOLDS_LIFT)
@resource.arguments(MaybeReasonBody, required=False)
@resource.response(202, RequestAnswer)
def resume_all(body: dict[str, Any]) -> Any:
    """Ask that the hold of all points be lifted; another person confirms it."""
    return _asked(None, body["reason"])


@resource.route("/decision-points/<point>/resume", methods=["POST"])
@requires(Permission.HOLDS_LIFT)
@resource.arguments(MaybeReasonBody, required=False)
@resource.response(202, RequestAnswer)
def resume_point(body: dict[str, Any], point: str) -> Any:
    """Ask that the hold of a decision point be lifted; another person confirms it."""
    return _asked(point, body["reason"])


def _asked(point: str | None, reason: str | None) -> Any:
    with work() as unit:
        return service.request_lift(unit, service.hold_of(unit, point).id, reason or "")
