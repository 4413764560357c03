"""Oversight of people: the staff notice, one's own figures, those of others who had them for a week, and alarms."""

from __future__ import annotations

from typing import Any

from governance.overseeing import alarms, figures, notice
from governance.overseeing.alarms import Done
from governance.permissions import Permission
from governance.reporting.access import note_reading
from web.api.resources import Query, Resource, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Oversight of people",
    "What people who review are told, their own figures, shown to them first, and alarms with what was done. Nothing ranks people.",
)

_PERSON = {"description": "Figures as in the oversight report, of one person"}


class NoticeBody(Body):
    """The texts of a notice, by language."""

    texts = Members(
        required=True,
        texts=True,
        most=len(notice.LANGUAGES),
        longest=notice.LONGEST,
        metadata={"description": "`en`, `de` or both; each up to 8000 characters"},
    )


class AcknowledgementBody(Body):
    """Which version was read."""

    version = Whole(required=True)


class FiguresCommentBody(Body):
    """What the figures do not tell."""

    words = Text(required=True, validate=at_most(figures.LONGEST_COMMENT))


class AlarmsQuery(Query):
    """Of which decision point alarms are wanted."""

    decision_point = Text(load_default=None, validate=at_most(63))


class PeopleQuery(Query):
    """Of which decision point figures are wanted."""

    decision_point = Text(required=True, validate=at_most(63))


class HandlingBody(Body):
    """What was done about an alarm."""

    done = Text(required=True, validate=one_of(Done))
    words = Text(
        load_default="",
        validate=at_most(alarms.LONGEST_WORDS, least=0),
        metadata={"description": "Needed where `done` is `other`"},
    )


class StaffNoticeAnswer(Answer):
    """The staff notice in force; version 0: none was published, and nobody has figures of their own."""

    version = Whole(required=True)
    texts = Members(required=True)
    published_at = Instant(required=True, allow_none=True)
    published_by_name = Text(required=True)
    acknowledged_at = Instant(
        required=True, allow_none=True, metadata={"description": "By the one who asks"}
    )
    to_acknowledge = Flag(required=True)


class StandingAnswer(Answer):
    """Somebody who works a queue."""

    person_id = Text(required=True)
    name = Text(required=True)
    acknowledged_at = Instant(required=True, allow_none=True)


class StandingsAnswer(Answer):
    """Who works a queue, by name, and whether they acknowledged the notice in force."""

    people = List(Nested(StandingAnswer), required=True)


class FiguresAnswer(Answer):
    """One person's figures at a decision point, as they stood on a day."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    person_id = Text(required=True)
    name = Text(required=True)
    since = Text(required=True)
    until = Text(required=True)
    made_at = Instant(required=True)
    shown_at = Instant(
        required=True, metadata={"description": "From when on others see them than the person"}
    )
    person = Members(required=True, metadata=_PERSON)
    pooled = Members(
        required=True,
        allow_none=True,
        metadata={
            "description": "The measures of all people together, where one person's are too few and three or more are in them"
        },
    )
    comment = Text(required=True, allow_none=True)
    commented_at = Instant(required=True, allow_none=True)


class FiguresListAnswer(Answer):
    """Figures of people: by name, never by value."""

    figures = List(Nested(FiguresAnswer), required=True)


class AlarmAnswer(Answer):
    """An alarm, and what was done about it; `done` null: nobody said so yet."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    of_one = Flag(required=True, metadata={"description": "Of one person, not of all together"})
    name = Text(
        required=True, metadata={"description": "Of whom; empty for all, and after 90 days"}
    )
    mine = Flag(required=True)
    begins_at = Instant(required=True)
    ends_at = Instant(required=True)
    judged_at = Instant(required=True)
    shown_at = Instant(required=True)
    reviews = Whole(required=True)
    measures = Members(required=True, metadata={"description": "What it rests on"})
    done = Text(required=True, allow_none=True, validate=one_of(Done))
    done_at = Instant(required=True, allow_none=True)
    done_by_name = Text(required=True)
    words = Text(required=True, allow_none=True)


class AlarmsAnswer(Answer):
    """Alarms, the newest first."""

    alarms = List(Nested(AlarmAnswer), required=True)


@resource.route("/staff-notice", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, StaffNoticeAnswer)
def get_staff_notice() -> Any:
    """Read what people are told before their work is measured."""
    with look() as unit:
        return notice.current(unit)


@resource.route("/staff-notice", methods=["PUT"])
@requires(Permission.SETTINGS_MANAGE)
@resource.arguments(NoticeBody)
@resource.response(200, StaffNoticeAnswer)
def put_staff_notice(body: dict[str, Any]) -> Any:
    """Put a notice in force, dated now; whoever works a queue acknowledges it anew."""
    with work() as unit:
        return notice.publish(unit, body["texts"])


@resource.route("/staff-notice/acknowledgement", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(AcknowledgementBody)
@resource.response(200, StaffNoticeAnswer)
def acknowledge_staff_notice(body: dict[str, Any]) -> Any:
    """Say that one read the notice in force."""
    with work() as unit:
        return notice.acknowledge(unit, body["version"])


@resource.route("/staff-notice/people", methods=["GET"])
@requires(Permission.SETTINGS_MANAGE)
@resource.response(200, StandingsAnswer)
def list_acknowledgements() -> Any:
    """List who acknowledged the notice in force."""
    with look() as unit:
        return {"people": notice.standing(unit)}


@resource.route("/account/reviews", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, FiguresListAnswer)
def list_own_figures() -> Any:
    """Read one's own figures, a week before anybody else does."""
    with look() as unit:
        return {"figures": figures.own(unit)}


@resource.route("/account/reviews/<figures_id>/comment", methods=["PUT"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(FiguresCommentBody)
@resource.response(200, FiguresAnswer)
def comment_on_figures(body: dict[str, Any], figures_id: str) -> Any:
    """Say something that stands beside one's own figures."""
    identifier(figures_id, "figures")
    with work() as unit:
        return figures.comment(unit, figures_id, body["words"])


@resource.route("/account/alarms", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, AlarmsAnswer)
def list_own_alarms() -> Any:
    """Read the alarms about oneself, a week before anybody else does."""
    with look() as unit:
        return {"alarms": alarms.own(unit)}


@resource.route("/reports/oversight/people", methods=["GET"])
@requires(Permission.OVERSIGHT_PEOPLE)
@resource.arguments(PeopleQuery, location="query")
@resource.response(200, FiguresListAnswer)
def list_figures_of_people(query: dict[str, Any]) -> Any:
    """Read the figures of each person who acknowledged the staff notice and had them for a week, by name."""
    point = query["decision_point"]
    with look() as unit:
        found = figures.of_people(unit, point)
    note_reading(unit.answerable, unit.actor, what="report.oversight_people", point=point)
    return {"figures": found}


@resource.route("/alarms", methods=["GET"])
@requires(Permission.REPORTS_READ)
@resource.arguments(AlarmsQuery, location="query")
@resource.response(200, AlarmsAnswer)
def list_alarms(query: dict[str, Any]) -> Any:
    """List rubber-stamp alarms with what was done; those about one person only for who may see figures of people, after a week."""
    with look() as unit:
        return {"alarms": alarms.listed(unit, query["decision_point"])}


@resource.route("/alarms/<alarm_id>/handling", methods=["POST"])
@requires(Permission.INCIDENTS_HANDLE)
@resource.arguments(HandlingBody)
@resource.response(200, AlarmAnswer)
def handle_alarm(body: dict[str, Any], alarm_id: str) -> Any:
    """Say what was done about an alarm, once."""
    identifier(alarm_id, "alarm")
    with work() as unit:
        return alarms.handle(unit, alarm_id, body["done"], body["words"])
