"""Subjects: always a person. A subject's reference stands in bodies, never in an address."""

from __future__ import annotations

from typing import Any

from governance.appeals import people_only
from governance.permissions import Permission
from web.api.resources import Resource, look, work
from web.api.schemas import Answer, Body, Flag, Instant, Nested, Text, at_most
from web.security import requires

resource = Resource(
    "Subjects",
    "Have a person always decide about somebody, whatever the policies say.",
)


class ConcernedBody(Body):
    """Whom it is about, as the app names them."""

    ref = Text(required=True, validate=at_most(200))


class PeopleOnlyQueryBody(Body):
    """About whom it is asked."""

    subject = Nested(ConcernedBody, required=True)


class PeopleOnlyBody(PeopleOnlyQueryBody):
    """About whom a person is always to decide, or no longer."""

    people_only = Flag(required=True)


class PeopleOnlyAnswer(Answer):
    """Whether a person always decides about a subject."""

    people_only = Flag(required=True)
    since = Instant(required=True, allow_none=True)


@resource.route("/subjects/people-only", methods=["PUT"])
@requires(Permission.SUBJECTS_MARK)
@resource.arguments(PeopleOnlyBody)
@resource.response(200, PeopleOnlyAnswer)
def set_people_only(body: dict[str, Any]) -> Any:
    """Have a person always decide about a subject from the next request on, or let policies decide again.

    An app takes back only what it has set itself; what the person concerned or a manager set stays.
    """
    reference = body["subject"]["ref"]
    with work() as unit:
        if body["people_only"]:
            return people_only.mark(unit, reference)
        return people_only.lift(unit, reference)


@resource.route("/subjects/people-only/search", methods=["POST"])
@requires(Permission.SUBJECTS_MARK)
@resource.arguments(PeopleOnlyQueryBody)
@resource.response(200, PeopleOnlyAnswer)
def search_people_only(body: dict[str, Any]) -> Any:
    """Read whether a person always decides about a subject."""
    with look() as unit:
        return people_only.state_of(unit, body["subject"]["ref"])
