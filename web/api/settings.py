"""The business's settings. Those of the process stand in its own file."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from governance.installation import service
from governance.permissions import Permission
from governance.requests.few import change_people_few
from web.api.requests import RequestAnswer
from web.api.resources import Resource, look, work
from web.api.schemas import Answer, Body, Flag, Nested, Text, Whole, at_most
from web.security import requires

resource = Resource("Settings", "What people of the business set.")


class SettingsBody(Body):
    """What is to be different; what is absent stays."""

    business_name = Text(validate=at_most(200))
    language = Text(validate=at_most(35))
    time_zone = Text(validate=at_most(64))
    oversight_minutes_per_week = Whole(validate=ma.validate.Range(min=0, max=service.MOST_MINUTES))
    pace_guards = Flag()
    keep_at_least_days = Whole(validate=ma.validate.Range(min=0, max=service.MOST_DAYS))


class PeopleFewBody(Body):
    """Whether one person may confirm alone after 24 hours, where no second could."""

    value = Flag(required=True)
    reason = Text(load_default="", validate=at_most(2000, least=0))


class SettingsAnswer(Answer):
    """The business's settings."""

    business_name = Text(required=True)
    language = Text(required=True)
    time_zone = Text(required=True)
    people_few = Flag(
        required=True,
        metadata={
            "description": "One person may confirm alone after 24 hours, where no second could"
        },
    )
    oversight_minutes_per_week = Whole(
        required=True,
        metadata={
            "description": "What measuring oversight may take at a decision point; 0: 15 % of the measured time"
        },
    )
    pace_guards = Flag(
        required=True,
        metadata={"description": "Whoever decides in haste, or without a break, is told so"},
    )
    keep_at_least_days = Whole(
        required=True,
        metadata={
            "description": "So many days a decision is kept at least; nobody it is about is erased before"
        },
    )


class PeopleFewAnswer(Answer):
    """What waits for another person; null: it was done at once, since nobody else could confirm it."""

    request = Nested(RequestAnswer, required=True, allow_none=True)


@resource.route("/settings", methods=["GET"])
@requires(Permission.SETTINGS_MANAGE)
@resource.response(200, SettingsAnswer)
def get_settings() -> Any:
    """Read the business's settings."""
    with look() as unit:
        return service.business_settings(unit.session)


@resource.route("/settings", methods=["PATCH"])
@requires(Permission.SETTINGS_MANAGE)
@resource.arguments(SettingsBody)
@resource.response(200, SettingsAnswer)
def change_settings(body: dict[str, Any]) -> Any:
    """Change what one person may change alone."""
    with work() as unit:
        return service.change_settings(unit, **body)


@resource.route("/settings/people-few", methods=["POST"])
@requires(Permission.SETTINGS_MANAGE)
@resource.arguments(PeopleFewBody)
@resource.response(202, PeopleFewAnswer)
def set_people_few(body: dict[str, Any]) -> Any:
    """Ask that a business of few people be told apart, or no longer; another person confirms it."""
    with work() as unit:
        return {"request": change_people_few(unit, value=body["value"], reason=body["reason"])}
