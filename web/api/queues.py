"""Queues: who works them, and when."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.permissions import Permission
from governance.queues import competence, service
from governance.queues.competence import LONGEST_NOTE, Standing
from web.api.resources import Resource, look, work
from web.api.schemas import Answer, Body, Day, Flag, List, Members, Nested, Text, at_most, one_of
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
    competence_required = Flag(
        metadata={"description": "Only members with a valid competence work it"}
    )
    confirmed = Flag(
        metadata={
            "description": "That whoever asks for competence knows who is left then; without it the problem names them"
        }
    )


class QueueAnswer(Answer):
    """A queue."""

    name = Text(required=True)
    title = Text(required=True)
    calendar = Members(
        required=True, allow_none=True, metadata={"description": "null: always open"}
    )
    members = List(Text(), required=True, metadata={"description": "Ids of people"})
    competence_required = Flag(required=True)


class CompetenceBody(Body):
    """What a person has shown, and until when it counts."""

    shown_on = Day(required=True)
    expires_on = Day(required=True, metadata={"description": "The last day on which it counts"})
    note = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(LONGEST_NOTE, least=0),
        metadata={"description": "How it was shown"},
    )


class CompetenceAnswer(Answer):
    """A member of a queue, and what they have shown."""

    person_id = Text(required=True)
    name = Text(required=True)
    standing = Text(
        required=True,
        validate=one_of(Standing),
        metadata={"description": "`ending`: within 30 days"},
    )
    shown_on = Day(required=True, allow_none=True)
    expires_on = Day(required=True, allow_none=True)
    note = Text(required=True, allow_none=True)


class CompetencesAnswer(Answer):
    """The members of a queue, and what they have shown."""

    competences = List(Nested(CompetenceAnswer), required=True)


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
    """Change a queue's title, working hours or people, or whether they need competence. Cases that wait keep their due time."""
    always_open = "calendar" in body and body["calendar"] is None
    with work() as unit:
        return service.change_queue(unit, name, **body, always_open=always_open)


@resource.route("/queues/<name>/competences", methods=["GET"])
@requires(Permission.QUEUES_MANAGE)
@resource.response(200, CompetencesAnswer)
def list_competences(name: str) -> Any:
    """List a queue's members with what they have shown."""
    with look() as unit:
        return {"competences": competence.of_queue(unit, name)}


@resource.route("/queues/<name>/competences/<person_id>", methods=["PUT"])
@requires(Permission.QUEUES_MANAGE)
@resource.arguments(CompetenceBody)
@resource.response(200, CompetenceAnswer)
def show_competence(body: dict[str, Any], name: str, person_id: str) -> Any:
    """Keep that a person has shown that they can judge a queue's cases; it takes the place of what was kept before."""
    with work() as unit:
        return competence.show(unit, name, person_id, **body)


@resource.route("/queues/<name>/competences/<person_id>/end", methods=["POST"])
@requires(Permission.QUEUES_MANAGE)
@resource.response(204)
def end_competence(name: str, person_id: str) -> Any:
    """End a person's competence for a queue now."""
    with work() as unit:
        competence.end(unit, name, person_id)
    return Response(status=204)
