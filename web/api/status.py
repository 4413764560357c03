"""How each part of the service is."""

from __future__ import annotations

from typing import Any

from governance.operations import status
from governance.operations.status import Part, State
from governance.permissions import Permission
from web import authentication
from web.api.resources import Resource
from web.api.schemas import Answer, Instant, List, Nested, Text, one_of
from web.security import requires

resource = Resource("Status", "How each part of the service is.")


class PartAnswer(Answer):
    """One part."""

    part = Text(required=True, validate=one_of(Part))
    state = Text(required=True, validate=one_of(State))
    detail = Text(required=True)
    since = Instant(required=True, allow_none=True, metadata={"description": "Since when it fails"})
    todo = Text(required=True, metadata={"description": "What to do about it"})


class StatusAnswer(Answer):
    """All parts, in the order in which one failing explains the next."""

    parts = List(Nested(PartAnswer), required=True)


@resource.route("/status", methods=["GET"])
@requires(Permission.STATUS_READ)
@resource.response(200, StatusAnswer)
def get_status() -> Any:
    """Say how each part is: ok, failing or off; since when, and what to do about it."""
    return {"parts": status.status(authentication.installation(), authentication.actor())}
