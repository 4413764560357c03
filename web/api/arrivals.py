"""What never arrived: holes in apps' own counters, counts that disagree, and where decisions and log do."""

from __future__ import annotations

from typing import Any, Final

import marshmallow as ma

from governance.auditing import arrivals
from governance.permissions import Permission
from web.api.resources import MOST_OF_A_PAGE, Query, Resource, identifier, look, work
from web.api.schemas import Answer, Body, Count, Flag, Instant, List, Nested, Text, Whole, at_most
from web.security import requires

resource = Resource(
    "What never arrived",
    "An app numbers its requests without gaps (`sequence`), over all its keys and decision points. So it shows which of them never came, and which came twice.",
)

_LARGEST: Final = 2**53 - 1
_NUMBER: Final = ma.validate.Range(
    min=0, max=_LARGEST, error="Expected a number from 0 to 2^53 - 1."
)
#: How far back decisions and log are compared where nobody says.


class WindowQuery(Query):
    """What was recorded within which period."""

    since = Instant(load_default=None, metadata={"description": "From this instant on"})
    until = Instant(load_default=None, metadata={"description": "Before this instant"})


class StretchesQuery(WindowQuery):
    """Which page of stretches is wanted."""

    after = Count(
        load_default=None,
        validate=_NUMBER,
        metadata={"description": "`after` of the page before"},
    )
    limit = Count(
        load_default=50,
        validate=ma.validate.Range(
            min=1, max=MOST_OF_A_PAGE, error=f"Expected 1 to {MOST_OF_A_PAGE}."
        ),
    )


class CountsQuery(Query):
    """Whose counts, and how many."""

    app_id = Text(load_default=None, validate=at_most(36))
    limit = Count(
        load_default=50,
        validate=ma.validate.Range(
            min=1, max=MOST_OF_A_PAGE, error=f"Expected 1 to {MOST_OF_A_PAGE}."
        ),
    )


class CountBody(Body):
    """How many decisions an app asked for within a period that is over."""

    app = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(63),
        metadata={"description": "The app's name; an app leaves it out, as it reports its own"},
    )
    since = Instant(required=True)
    until = Instant(required=True)
    sent = Whole(
        required=True,
        validate=_NUMBER,
        metadata={"description": "Different requests; one that was sent again counts once"},
    )
    last_sequence = Whole(
        load_default=None,
        allow_none=True,
        validate=_NUMBER,
        metadata={"description": "The last number given within the period"},
    )


class AppArrivalsAnswer(Answer):
    """What arrived of one app."""

    app_id = Text(required=True)
    app = Text(required=True)
    decisions = Whole(required=True)
    numbered = Whole(required=True, metadata={"description": "Those with a number"})
    first = Whole(required=True, allow_none=True)
    last = Whole(required=True, allow_none=True)
    missing = Whole(
        required=True,
        metadata={"description": "Numbers between first and last that no decision has"},
    )
    again = Whole(required=True, metadata={"description": "Decisions whose number came before"})
    first_at = Instant(required=True)
    last_at = Instant(required=True)


class ArrivalsAnswer(Answer):
    """What arrived of each app."""

    apps = List(Nested(AppArrivalsAnswer), required=True)


class MissingAnswer(Answer):
    """Numbers that never arrived, and when those before and after them did."""

    first = Whole(required=True)
    last = Whole(required=True)
    count = Whole(required=True)
    after_at = Instant(required=True)
    before_at = Instant(required=True)


class MissingListAnswer(Answer):
    """Stretches of numbers that never arrived, lowest first."""

    missing = List(Nested(MissingAnswer), required=True)
    after = Whole(required=True, allow_none=True)


class AgainAnswer(Answer):
    """Numbers that came more than once; a long stretch is a counter that began anew."""

    first = Whole(required=True)
    last = Whole(required=True)
    times = Whole(required=True, metadata={"description": "Decisions too many"})
    began_at = Instant(required=True)
    ended_at = Instant(required=True)


class AgainListAnswer(Answer):
    """Stretches of numbers that came more than once, lowest first."""

    again = List(Nested(AgainAnswer), required=True)
    after = Whole(required=True, allow_none=True)


class CountAnswer(Answer):
    """What an app says that it sent, and what of it is here."""

    id = Text(required=True)
    app_id = Text(required=True)
    app = Text(required=True)
    since = Instant(required=True)
    until = Instant(required=True)
    sent = Whole(required=True)
    recorded = Whole(required=True)
    last_sequence = Whole(required=True, allow_none=True)
    recorded_last = Whole(required=True, allow_none=True)
    differs = Flag(required=True)
    by_app = Flag(required=True, metadata={"description": "The app said so itself"})
    reported_at = Instant(required=True)
    reported_by = Text(required=True, attribute="reported_by_name")


class CountsAnswer(Answer):
    """What apps said that they sent, the newest first."""

    counts = List(Nested(CountAnswer), required=True)


class UnloggedAnswer(Answer):
    """Where decisions and log disagree; the first of each."""

    without_leaf = List(
        Text(), required=True, metadata={"description": "Decisions that the log does not know"}
    )
    waiting = Whole(required=True, metadata={"description": "Decisions that wait for their place"})
    without_decision = List(
        Text(), required=True, metadata={"description": "Entries whose decision is not there"}
    )


@resource.route("/arrivals", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(WindowQuery, location="query")
@resource.response(200, ArrivalsAnswer)
def list_arrivals(query: dict[str, Any]) -> Any:
    """Say of each app what arrived, and how many numbers are missing or came again."""
    with look() as unit:
        return {"apps": arrivals.apps(unit, **query)}


@resource.route("/arrivals/<app_id>/missing", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(StretchesQuery, location="query")
@resource.response(200, MissingListAnswer)
def list_missing(query: dict[str, Any], app_id: str) -> Any:
    """List the numbers of an app that never arrived."""
    identifier(app_id, "app")
    with look() as unit:
        return arrivals.missing(unit, app_id, **query)


@resource.route("/arrivals/<app_id>/again", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(StretchesQuery, location="query")
@resource.response(200, AgainListAnswer)
def list_again(query: dict[str, Any], app_id: str) -> Any:
    """List the numbers of an app that came more than once."""
    identifier(app_id, "app")
    with look() as unit:
        return arrivals.again(unit, app_id, **query)


@resource.route("/arrivals/counts", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(CountsQuery, location="query")
@resource.response(200, CountsAnswer)
def list_counts(query: dict[str, Any]) -> Any:
    """List what apps said that they sent, beside what is here."""
    if query["app_id"] is not None:
        identifier(query["app_id"], "app")
    with look() as unit:
        return {"counts": arrivals.sent_counts(unit, **query)}


@resource.route("/arrivals/counts", methods=["POST"])
@requires(Permission.ARRIVALS_REPORT)
@resource.arguments(CountBody)
@resource.response(201, CountAnswer)
def report_count(body: dict[str, Any]) -> Any:
    """Say how many decisions were asked for within a period, by the app's own count; the log keeps it."""
    with work() as unit:
        return arrivals.report_count(unit, **body)


@resource.route("/arrivals/unlogged", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(WindowQuery, location="query")
@resource.response(200, UnloggedAnswer)
def list_unlogged(query: dict[str, Any]) -> Any:
    """List where decisions and log disagree, within a day where nothing else is said; verifying the log compares all."""
    with look() as unit:
        return arrivals.unlogged(unit, since=query["since"], until=query["until"])
