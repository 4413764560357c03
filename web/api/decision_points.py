"""Decision points: what may be asked of them."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.permissions import Permission
from governance.points import service
from governance.points.views import PointView
from policies.document import Kind, Rollout
from web.api.resources import Query, Resource, answer, instant, look
from web.api.schemas import (
    Answer,
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

resource = Resource("Decision points", "What may be asked: facts, outcomes, an example request.")


class LanguageQuery(Query):
    """In which language labels are wanted."""

    lang = Text(load_default=None, validate=at_most(35))


class HoldInForceAnswer(Answer):
    """A hold that is in force: everything goes to a person."""

    decision_point = Text(
        required=True, allow_none=True, metadata={"description": "null: all points are held"}
    )
    reason = Text(required=True)
    set_at = Instant(required=True)


class PointSummaryAnswer(Answer):
    """A decision point in the list."""

    name = Text(required=True)
    kind = Text(required=True, validate=one_of(Kind))
    live_version = Whole(
        required=True, allow_none=True, metadata={"description": "null: nothing is published yet"}
    )
    held = Flag(required=True)


class PointsAnswer(Answer):
    """The decision points that whoever asks may know."""

    decision_points = List(Nested(PointSummaryAnswer), required=True)


class PointOutcomeAnswer(Answer):
    """Something that can be decided."""

    name = Text(required=True)
    label = Text(required=True)
    favourable = Flag(required=True)
    fallback = Flag(
        required=True, metadata={"description": "What rejected, refused and lapsed decisions get"}
    )


class ProposalSourceAnswer(Answer):
    """Where proposals come from."""

    source = Text(required=True)
    confidence = Text(required=True)


class PointAnswer(Answer):
    """What may be asked of a decision point."""

    name = Text(required=True)
    kind = Text(required=True, validate=one_of(Kind))
    title = Text(required=True)
    purpose = Text(required=True)
    rollout = Text(required=True, validate=one_of(Rollout))
    policy_version = Whole(required=True)
    features = Members(required=True, metadata={"description": "JSON Schema of the facts"})
    groups = List(
        Text(), required=True, metadata={"description": "Group attributes a request may bring"}
    )
    require = List(
        Text(), required=True, metadata={"description": "What a request must bring beside facts"}
    )
    outcomes = List(Nested(PointOutcomeAnswer), required=True)
    proposal = Nested(ProposalSourceAnswer, required=True)
    example = Members(required=True, metadata={"description": "A request that fits"})
    holds = List(Nested(HoldInForceAnswer), required=True)


@resource.route("/decision-points", methods=["GET"])
@requires(Permission.POINTS_READ)
@resource.response(200, PointsAnswer)
def list_points() -> Response:
    """List the decision points: an app's own, or all."""
    with look() as unit:
        points = service.list_points(unit)
    return answer(
        {
            "decision_points": [
                {
                    "name": point.name,
                    "kind": point.kind,
                    "live_version": None if point.live is None else point.live.version,
                    "held": bool(point.holds),
                }
                for point in points
            ]
        }
    )


@resource.route("/decision-points/<point>", methods=["GET"])
@requires(Permission.POINTS_READ)
@resource.arguments(LanguageQuery, location="query")
@resource.response(200, PointAnswer)
def get_point(query: dict[str, Any], point: str) -> Response:
    """Say what may be asked of a decision point."""
    with look() as unit:
        return answer(_told(service.point(unit, point, language=query["lang"]), query["lang"]))


def _told(view: PointView, language: str | None) -> dict[str, Any]:
    policy = view.policy
    return {
        "name": view.name,
        "kind": view.kind,
        "title": policy.title.in_(language),
        "purpose": policy.purpose.in_(language),
        "rollout": policy.rollout,
        "policy_version": view.version,
        "features": view.features_schema,
        "groups": policy.groups,
        "require": sorted(policy.require),
        "outcomes": [
            {
                "name": outcome.name,
                "label": outcome.label.in_(language),
                "favourable": outcome.favourable,
                "fallback": outcome.fallback,
            }
            for outcome in policy.outcomes.values()
        ],
        "proposal": {"source": policy.proposal.source, "confidence": policy.proposal.confidence},
        "example": view.example,
        "holds": [
            {"decision_point": hold.point, "reason": hold.reason, "set_at": instant(hold.set_at)}
            for hold in view.holds
        ],
    }
