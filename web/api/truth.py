"""Ground truth and feedback: what turned out to be right, and how the person concerned rated what was done."""

from __future__ import annotations

from typing import Any

from governance.permissions import Permission
from governance.truth import service
from governance.truth.service import TruthView
from governance.work import Work
from web.api.resources import Resource, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Nested,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Ground truth and feedback",
    "Say later what would have been right for a decision, and how the person concerned rated it.",
)

_STATES = ("known", "never", "missing")


class TruthBody(Body):
    """What would have been right: an outcome, or that nobody will ever know."""

    outcome = Text(load_default=None, allow_none=True, validate=at_most(200))
    never = Flag(
        load_default=False,
        metadata={"description": "true, without an outcome: nobody will ever know"},
    )
    known_at = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "When it became known, says the app"},
    )


class TruthAnswer(Answer):
    """What is known of what would have been right; the newest report stands."""

    decision_id = Text(required=True)
    state = Text(required=True, validate=one_of(_STATES))
    outcome = Text(required=True, allow_none=True)
    known_at = Instant(required=True, allow_none=True)
    reported_at = Instant(required=True, allow_none=True)


class FeedbackBody(Body):
    """A rating: csat 1 to 5 (satisfaction), ces 1 to 7 (effort), nps 0 to 10 (would recommend)."""

    scale = Text(required=True, validate=one_of(tuple(service.SCALES)))
    rating = Whole(required=True)


class FeedbackAnswer(Answer):
    """A rating; the newest of each scale stands."""

    decision_id = Text(required=True)
    scale = Text(required=True, validate=one_of(tuple(service.SCALES)))
    rating = Whole(required=True)
    reported_at = Instant(required=True)


class RatingsAnswer(Answer):
    """The ratings of a decision."""

    ratings = List(Nested(FeedbackAnswer), required=True)


@resource.route("/decisions/<decision_id>/ground-truth", methods=["POST"])
@requires(Permission.TRUTH_REPORT)
@resource.arguments(TruthBody)
@resource.response(200, TruthAnswer)
def report_truth(body: dict[str, Any], decision_id: str) -> Any:
    """Say what would have been right for a decision, or that nobody will ever know.

    A later report replaces an earlier one, and the log keeps both. The same again changes nothing.
    """
    identifier(decision_id, "decision")
    with work() as unit:
        return _told(decision_id, service.report_truth(unit, decision_id, **body))


@resource.route("/decisions/<decision_id>/ground-truth", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, TruthAnswer)
def get_truth(decision_id: str) -> Any:
    """Read what turned out right for a decision; `missing` where nobody reported it yet."""
    identifier(decision_id, "decision")
    with look() as unit:
        return _told(decision_id, service.truth_of(unit, decision_id))


@resource.route("/decisions/<decision_id>/feedback", methods=["POST"])
@requires(Permission.FEEDBACK_REPORT)
@resource.arguments(FeedbackBody)
@resource.response(200, FeedbackAnswer)
def report_feedback(body: dict[str, Any], decision_id: str) -> Any:
    """Report how the person concerned rated a decision.

    A later rating on the same scale replaces an earlier one, and the log keeps both. The same again changes nothing.
    """
    identifier(decision_id, "decision")
    with work() as unit:
        return service.report_feedback(unit, decision_id, **body)


@resource.route("/decisions/<decision_id>/feedback", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, RatingsAnswer)
def get_feedback(decision_id: str) -> Any:
    """Read the ratings of a decision."""
    identifier(decision_id, "decision")
    with look() as unit:
        return {"ratings": service.feedback_of(unit, decision_id)}


def reported_later(unit: Work, decision_id: str) -> dict[str, Any]:
    """Return what was reported of a decision after it was made, as values of JSON."""
    truth = _told(decision_id, service.truth_of(unit, decision_id))
    ratings = service.feedback_of(unit, decision_id)
    return {
        "ground_truth": TruthAnswer().dump(truth),
        "ratings": FeedbackAnswer(many=True).dump(ratings),
    }


def _told(decision_id: str, view: TruthView | None) -> dict[str, Any]:
    if view is None:
        nothing = {"outcome": None, "known_at": None, "reported_at": None}
        return {"decision_id": decision_id, "state": "missing", **nothing}
    return {
        "decision_id": decision_id,
        "state": "never" if view.never else "known",
        "outcome": view.outcome,
        "known_at": view.known_at,
        "reported_at": view.reported_at,
    }
