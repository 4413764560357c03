"""Requests: what waits for a second person, and that person's word. People only."""

from __future__ import annotations

from typing import Any

from governance.permissions import Permission
from governance.requests import service
from governance.requests.service import RequestStatus
from web.api.resources import MaybeReasonBody, Query, ReasonBody, Resource, identifier, look, work
from web.api.schemas import Answer, Flag, Instant, List, Members, Nested, Text, Whole, one_of
from web.security import requires

resource = Resource("Requests", "What a second person must confirm before it is done.")


class RequestsQuery(Query):
    """Which requests are wanted."""

    status = Text(
        load_default="open",
        validate=one_of(("open", "closed")),
        metadata={"description": "closed: the 50 that were confirmed or declined last"},
    )


class RequestAnswer(Answer):
    """A request."""

    id = Text(required=True)
    kind = Text(required=True, metadata={"description": "What it asks for, like policy.publish"})
    status = Text(required=True, validate=one_of(RequestStatus))
    details = Members(required=True)
    reason = Text(required=True)
    requested_at = Instant(required=True)
    requested_by = Text(required=True)
    requested_by_name = Text(required=True)
    closed_at = Instant(required=True, allow_none=True)
    closed_by = Text(required=True, allow_none=True)
    closed_by_name = Text(required=True, allow_none=True)
    closing_reason = Text(required=True, allow_none=True)
    single_handed = Flag(required=True)
    revision = Whole(required=True)
    may_confirm = Flag(
        required=True, metadata={"description": "Whether whoever asks could confirm it now"}
    )


class RequestsAnswer(Answer):
    """Requests."""

    requests = List(Nested(RequestAnswer), required=True)


@resource.route("/requests", methods=["GET"])
@requires(Permission.REQUESTS_READ)
@resource.arguments(RequestsQuery, location="query")
@resource.response(200, RequestsAnswer)
def list_requests(query: dict[str, Any]) -> Any:
    """List what waits for a second person, oldest first, or what was settled last."""
    with look() as unit:
        found = service.list_open(unit) if query["status"] == "open" else service.list_closed(unit)
        return {"requests": found}


@resource.route("/requests/<request_id>", methods=["GET"])
@requires(Permission.REQUESTS_READ)
@resource.response(200, RequestAnswer)
def get_request(request_id: str) -> Any:
    """Read a request."""
    identifier(request_id, "request")
    with look() as unit:
        return service.get(unit, request_id)


@resource.route("/requests/<request_id>/confirm", methods=["POST"])
@requires(Permission.REQUESTS_READ)
@resource.arguments(MaybeReasonBody, required=False)
@resource.response(200, RequestAnswer)
def confirm(body: dict[str, Any], request_id: str) -> Any:
    """Confirm what another person asked for, and do it.

    Beside this permission it needs the one that the kind of request asks for.
    """
    identifier(request_id, "request")
    with work() as unit:
        return service.confirm(unit, request_id, body["reason"])


@resource.route("/requests/<request_id>/decline", methods=["POST"])
@requires(Permission.REQUESTS_READ)
@resource.arguments(ReasonBody)
@resource.response(200, RequestAnswer)
def decline(body: dict[str, Any], request_id: str) -> Any:
    """Say no to a request, or take back one's own."""
    identifier(request_id, "request")
    with work() as unit:
        return service.decline(unit, request_id, body["reason"])
