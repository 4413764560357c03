"""Draws: decisions at random, by a seed that nobody chooses."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from governance.auditing import draws
from governance.permissions import Permission
from web.api.resources import PageQuery, Resource, identifier, look, work
from web.api.schemas import Answer, Body, Instant, List, Members, Nested, Text, Whole, at_most
from web.security import requires

resource = Resource(
    "Draws",
    "Decisions drawn at random for an auditor to look at. The ask stands in the log before the checkpoint that its seed is made of, so nobody picks; "
    "and whoever holds the log can draw again.",
)


class DrawBody(Body):
    """How many decisions, and of which."""

    wanted = Whole(
        required=True,
        validate=ma.validate.Range(
            min=1, max=draws.MOST_WANTED, error=f"Expected 1 to {draws.MOST_WANTED}."
        ),
    )
    decision_point = Text(load_default=None, allow_none=True, validate=at_most(63))
    since = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "Recorded from this instant on"},
    )
    until = Instant(
        load_default=None, allow_none=True, metadata={"description": "Recorded before this instant"}
    )


class FoundBody(Body):
    """What was found."""

    comment = Text(load_default="", validate=at_most(draws.LONGEST_COMMENT, least=0))


class DrawAnswer(Answer):
    """A draw. While it waits for its checkpoint, ``seed`` and the checkpoint are null."""

    id = Text(required=True, metadata={"description": "Also the id of its entry in the log"})
    wanted = Whole(required=True)
    decision_point = Text(required=True, allow_none=True, attribute="point")
    since = Instant(required=True, allow_none=True)
    until = Instant(required=True, allow_none=True)
    bounds = List(
        Members(),
        required=True,
        metadata={
            "description": "Which entries are drawn from: of each `epoch` those `from` an index on, below `size`"
        },
    )
    population = Whole(required=True, metadata={"description": "How many decisions that are"})
    asked_at = Instant(required=True)
    asked_by = Text(required=True, attribute="asked_by_name")
    settled_at = Instant(required=True, allow_none=True)
    epoch = Whole(required=True, allow_none=True)
    size = Whole(
        required=True,
        allow_none=True,
        metadata={"description": "Of the first checkpoint that covers its entry"},
    )
    seed = Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "Hex of SHA-256 over `answerable/draw-seed/1`, a line feed, the checkpoint's root and the draw's id. "
            "Drawn are the decisions with the lowest SHA-256 over `answerable/draw-ticket/1`, a line feed, the seed and the decision's id"
        },
    )
    drawn = Whole(required=True)
    looked_at = Whole(required=True, metadata={"description": "How many of them were looked at"})


class DrawsAnswer(Answer):
    """Draws, the newest first."""

    draws = List(Nested(DrawAnswer), required=True)


class DrawnAnswer(Answer):
    """A drawn decision."""

    decision_id = Text(required=True)
    position = Whole(required=True)
    decision_point = Text(required=True, allow_none=True, attribute="point")
    recorded_at = Instant(required=True, allow_none=True)
    looked_at = Instant(required=True, allow_none=True)
    looked_by = Text(required=True, allow_none=True, attribute="looked_by_name")
    comment = Text(required=True, allow_none=True)


class WholeDrawAnswer(Answer):
    """A draw with its decisions, in the order of the draw."""

    draw = Nested(DrawAnswer, required=True)
    decisions = List(Nested(DrawnAnswer), required=True)


@resource.route("/draws", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(PageQuery, location="query")
@resource.response(200, DrawsAnswer)
def list_draws(query: dict[str, Any]) -> Any:
    """List the draws, the newest first."""
    with look() as unit:
        return {"draws": draws.list_draws(unit, limit=query["limit"])}


@resource.route("/draws", methods=["POST"])
@requires(Permission.LOG_READ)
@resource.arguments(DrawBody)
@resource.response(201, DrawAnswer)
def make_draw(body: dict[str, Any]) -> Any:
    """Ask for decisions at random, of those that are in the log now. Which they are is settled by the next checkpoint, within seconds."""
    with work() as unit:
        return draws.ask(
            unit,
            wanted=body["wanted"],
            point=body["decision_point"],
            since=body["since"],
            until=body["until"],
        )


@resource.route("/draws/<draw_id>", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, WholeDrawAnswer)
def read_draw(draw_id: str) -> Any:
    """Read a draw with its decisions; there are none while it waits for its checkpoint."""
    identifier(draw_id, "draw")
    with look() as unit:
        return draws.get(unit, draw_id)


@resource.route("/draws/<draw_id>/decisions/<decision_id>", methods=["POST"])
@requires(Permission.LOG_READ)
@resource.arguments(FoundBody)
@resource.response(200, WholeDrawAnswer)
def look_at_drawn(body: dict[str, Any], draw_id: str, decision_id: str) -> Any:
    """Say that one looked at a drawn decision, and what one found."""
    identifier(draw_id, "draw")
    identifier(decision_id, "decision")
    with work() as unit:
        return draws.look_at(unit, draw_id, decision_id, comment=body["comment"].strip())
