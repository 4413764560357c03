"""Views of the ledger that people keep for themselves: filters under a name. People only."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.permissions import Permission
from governance.reporting import saved_views as service
from governance.reporting.saved_views import View
from web.api.ledger import wanted
from web.api.resources import Resource, identifier, look, work
from web.api.schemas import Answer, Body, Instant, List, Members, Nested, Text, at_most
from web.security import requires

resource = Resource(
    "Views of the ledger", "Filters of the ledger that a person keeps under a name."
)

_FILTERS = "Filters as the ledger's address takes them, each a text"


class ViewBody(Body):
    """A view to keep."""

    name = Text(required=True, validate=at_most(service.LONGEST_NAME))
    filters = Members(required=True, texts=True, most=20, metadata={"description": _FILTERS})


class ViewChangeBody(Body):
    """What of a view changes; what is left out or null stays."""

    name = Text(load_default=None, allow_none=True, validate=at_most(service.LONGEST_NAME))
    filters = Members(
        load_default=None,
        allow_none=True,
        texts=True,
        most=20,
        metadata={"description": _FILTERS},
    )


class ViewAnswer(Answer):
    """A view that the person keeps."""

    id = Text(required=True)
    name = Text(required=True)
    filters = Members(required=True, texts=True)
    created_at = Instant(required=True)


class ViewsAnswer(Answer):
    """The views that the person keeps, by name."""

    views = List(Nested(ViewAnswer), required=True)


@resource.route("/ledger/views", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, ViewsAnswer)
def list_views() -> Any:
    """List the views that one keeps."""
    with look() as unit:
        return {"views": [_told(view) for view in service.views(unit)]}


@resource.route("/ledger/views", methods=["POST"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(ViewBody)
@resource.response(201, ViewAnswer)
def save_view(body: dict[str, Any]) -> Any:
    """Keep filters under a name."""
    with work() as unit:
        return _told(service.save(unit, body["name"], _wanted(body)))


@resource.route("/ledger/views/<view_id>", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, ViewAnswer)
def get_view(view_id: str) -> Any:
    """Read a view that one keeps."""
    identifier(view_id, "view")
    with look() as unit:
        return _told(service.view(unit, view_id))


@resource.route("/ledger/views/<view_id>", methods=["PATCH"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(ViewChangeBody)
@resource.response(200, ViewAnswer)
def change_view(body: dict[str, Any], view_id: str) -> Any:
    """Give a view another name, other filters, or both."""
    identifier(view_id, "view")
    changed = None if body["filters"] is None else _wanted(body)
    with work() as unit:
        return _told(service.change(unit, view_id, name=body["name"], filters=changed))


@resource.route("/ledger/views/<view_id>", methods=["DELETE"])
@requires(Permission.DECISIONS_READ)
@resource.response(204, description="It is kept no longer")
def delete_view(view_id: str) -> Response:
    """Keep a view no longer."""
    identifier(view_id, "view")
    with work() as unit:
        service.delete(unit, view_id)
    return Response(status=204)


def _wanted(body: dict[str, Any]) -> Any:
    return wanted(body["filters"], "/filters")


def _told(view: View) -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "filters": view.filters.written,
        "created_at": view.created_at,
    }
