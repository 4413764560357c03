"""People who sign in: added, changed, disabled. Admins only."""

from __future__ import annotations

from typing import Any

from governance.identities import service
from governance.identities.views import PersonState
from governance.permissions import Permission, Role
from governance.requests.service import RequestView
from web.api.requests import RequestAnswer
from web.api.resources import Resource, answer, identifier, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, at_most, one_of
from web.security import requires

resource = Resource("People", "Who signs in, what they are here to do, and until when.")


class AddPersonBody(Body):
    """Somebody new."""

    email = Text(required=True, validate=at_most(250))
    name = Text(required=True, validate=at_most(100))
    roles = List(Text(validate=one_of(Role)), load_default=list)
    queues = List(Text(validate=at_most(63)), load_default=list)
    expires_at = Instant(load_default=None, allow_none=True)
    reason = Text(load_default="", validate=at_most(2000, least=0))


class ChangePersonBody(Body):
    """What is to be different; what is absent stays."""

    name = Text(validate=at_most(100))
    roles = List(Text(validate=one_of(Role)))
    queues = List(Text(validate=at_most(63)))
    expires_at = Instant(allow_none=True, metadata={"description": "null: never"})
    reason = Text(validate=at_most(2000, least=0))


class ResetBody(Body):
    """What somebody has lost."""

    second_factor = Flag(load_default=False, metadata={"description": "Drop it too"})
    reason = Text(load_default="", validate=at_most(2000, least=0))


class PersonAnswer(Answer):
    """Somebody who has an account."""

    id = Text(required=True)
    email = Text(required=True)
    name = Text(required=True)
    roles = List(Text(validate=one_of(Role)), required=True)
    queues = List(Text(), required=True)
    state = Text(required=True, validate=one_of(PersonState))
    language = Text(required=True)
    time_zone = Text(required=True)
    mail_notices = Flag(required=True)
    mail_digest = Flag(required=True)
    second_factor = Flag(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    last_seen_at = Instant(required=True, allow_none=True)


class LinkAnswer(Answer):
    """A link with which one person sets a password, once."""

    url = Text(required=True)
    expires_at = Instant(required=True)


class PersonAddedAnswer(Answer):
    """Somebody who may sign in from now on."""

    person = Nested(PersonAnswer, required=True)
    link = Nested(LinkAnswer, required=True, allow_none=True)
    request = Nested(
        RequestAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "What waits for another person, for roles that confirm"},
    )


class PersonChangedAnswer(Answer):
    """A person after a change."""

    person = Nested(PersonAnswer, required=True)
    request = Nested(RequestAnswer, required=True, allow_none=True)


class PeopleAnswer(Answer):
    """Everybody."""

    people = List(Nested(PersonAnswer), required=True)


@resource.route("/people", methods=["GET"])
@requires(Permission.PEOPLE_MANAGE)
@resource.response(200, PeopleAnswer)
def list_people() -> Any:
    """List everybody who has an account."""
    with look() as unit:
        return {"people": service.list_people(unit)}


@resource.route("/people", methods=["POST"])
@requires(Permission.PEOPLE_MANAGE)
@resource.arguments(AddPersonBody)
@resource.response(201, PersonAddedAnswer)
def add_person(body: dict[str, Any]) -> Any:
    """Give somebody an account, with a one-time link."""
    with work() as unit:
        return service.add_person(unit, **body)


@resource.route("/people/<person_id>", methods=["GET"])
@requires(Permission.PEOPLE_MANAGE)
@resource.response(200, PersonAnswer)
def get_person(person_id: str) -> Any:
    """Read about somebody."""
    identifier(person_id, "person")
    with look() as unit:
        return service.person(unit, person_id)


@resource.route("/people/<person_id>", methods=["PATCH"])
@requires(Permission.PEOPLE_MANAGE)
@resource.arguments(ChangePersonBody)
@resource.response(200, PersonChangedAnswer)
def change_person(body: dict[str, Any], person_id: str) -> Any:
    """Change what somebody is called, is here to do, or until when."""
    identifier(person_id, "person")
    never = "expires_at" in body and body["expires_at"] is None
    with work() as unit:
        return service.change_person(unit, person_id, **body, never_expires=never)


@resource.route("/people/<person_id>/disable", methods=["POST"])
@requires(Permission.PEOPLE_MANAGE)
@resource.response(200, PersonAnswer)
def disable_person(person_id: str) -> Any:
    """Shut somebody out; sessions and tokens end at once."""
    identifier(person_id, "person")
    with work() as unit:
        return service.disable_person(unit, person_id)


@resource.route("/people/<person_id>/enable", methods=["POST"])
@requires(Permission.PEOPLE_MANAGE)
@resource.response(200, PersonAddedAnswer)
def enable_person(person_id: str) -> Any:
    """Let somebody back in, with a one-time link."""
    identifier(person_id, "person")
    with work() as unit:
        return service.enable_person(unit, person_id)


@resource.route("/people/<person_id>/reset", methods=["POST"])
@requires(Permission.PEOPLE_MANAGE)
@resource.arguments(ResetBody, required=False)
@resource.response(201, LinkAnswer)
@resource.alt_response(
    202,
    schema=RequestAnswer,
    description="They have a role that confirms, so another person is asked first; call again once that one has confirmed",
    success=True,
)
def reset_person(body: dict[str, Any], person_id: str) -> Any:
    """Make a link with which somebody sets a new password."""
    identifier(person_id, "person")
    with work() as unit:
        made = service.reset_person(unit, person_id, **body)
    return answer(RequestAnswer().dump(made), 202) if isinstance(made, RequestView) else made
