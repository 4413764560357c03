"""Queues: who works them, and when."""

from __future__ import annotations

from typing import Any

from governance.permissions import Permission
from governance.queues import service
from web.api.resources import Resource, look, work
from web.api.schemas import Answer, Body, List, Members, Nested, Text, at_most
from web.security import requires

resource = Resource("Queues", "Where cases wait: who works a queue, and when.")


class QueueBody(Body):
    """A new queue."""

    name = Text(required=True, validate=at_most(63))


class CalendarBody(Body):
    """Working hours."""

    zone = Text(validate=at_most(64), metadata={"description": "Like Europe/Berlin"})
    hours = Members(
        most=7,
        metadata={
            "description": 'By weekday, like `{"monday": [["09:00", "12:00"], ["13:00", "17:00"]]}`'
        },
    )
    holidays = List(Text(metadata={"format": "date"}), metadata={"description": "Days off"})


class ChangeQueueBody(Body):
    """What is to be different; what is absent stays."""

    title = Text(validate=at_most(200))
    calendar = Nested(CalendarBody, allow_none=True, metadata={"description": "null: always open"})
    members = List(
        Text(validate=at_most(36)),
        metadata={"description": "Ids of all people who work it from now on"},
    )


class QueueAnswer(Answer):
    """A queue."""

    name = Text(required=True)
    title = Text(required=True)
    calendar = Members(
        required=True, allow_none=True, metadata={"description": "null: always open"}
    )
    members = List(Text(), required=True, metadata={"description": "Ids of people"})


class QueuesAnswer(Answer):
    """All queues."""

    queues = List(Nested(QueueAnswer), required=True)


@resource.route("/queues", methods=["GET"])
@requires(Permission.POLICIES_READ)
@resource.response(200, QueuesAnswer)
def list_queues() -> Any:
    """List all queues by name."""
    with look() as unit:
        return {"queues": service.list_queues(unit)}


@resource.route("/queues", methods=["POST"])
@requires(Permission.QUEUES_MANAGE)
@resource.arguments(QueueBody)
@resource.response(201, QueueAnswer)
def create_queue(body: dict[str, Any]) -> Any:
    """Make a queue that is always open; one that exists stays as it is."""
    with work() as unit:
        return service.create_queue(unit, body["name"])


@resource.route("/queues/<name>", methods=["GET"])
@requires(Permission.POLICIES_READ)
@resource.response(200, QueueAnswer)
def get_queue(name: str) -> Any:
    """Read about a queue."""
    with look() as unit:
        return service.queue(unit, name)


@resource.route("/queues/<name>", methods=["PATCH"])
@requires(Permission.QUEUES_MANAGE)
@resource.arguments(ChangeQueueBody)
@resource.response(200, QueueAnswer)
def change_queue(body: dict[str, Any], name: str) -> Any:
    """Change a queue's title, working hours or people. Cases that wait keep their due time."""
    always_open = "calendar" in body and body["calendar"] is None
    with work() as unit:
        return service.change_queue(unit, name, **body, always_open=always_open)
