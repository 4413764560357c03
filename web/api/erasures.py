"""Erasing persons concerned, and legal holds that stop it. A subject's reference stands in bodies, never in an address. People only."""

from __future__ import annotations

from typing import Any

from governance.erasing import service
from governance.erasing.transitions import ErasureStatus, Ground, Obstacle
from governance.permissions import Permission
from governance.reviews.service import LONGEST_REASON
from web.api.resources import Query, ReasonBody, Resource, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Text,
    at_most,
    one_of,
)
from web.api.subjects import ConcernedBody
from web.security import requires

resource = Resource(
    "Erasures",
    "Erase a person concerned: one person asks, another confirms, the worker does it. A legal hold stops it.",
)


class WhomBody(Body):
    """Whom: by their reference, or by what they asked for themselves, where no app names them."""

    subject = Nested(ConcernedBody, load_default=None, allow_none=True)
    subject_request = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(36),
        metadata={"description": "The id of what the person asked for; instead of subject"},
    )


class EraseBody(WhomBody):
    """Who is to be erased, and why."""

    ground = Text(
        required=True,
        validate=one_of(Ground),
        metadata={"description": "A ground of Article 17(1) of the GDPR"},
    )
    words = Text(load_default="", validate=at_most(LONGEST_REASON, least=0))


class LegalHoldBody(WhomBody):
    """Whose data must be kept, and why."""

    reason = Text(required=True, validate=at_most(LONGEST_REASON))


class ErasuresQuery(Query):
    """Which erasures are wanted."""

    status = Text(
        load_default="open",
        validate=one_of(("open", "closed")),
        metadata={"description": "closed: the 50 that were done or declined last"},
    )


class InTheWayAnswer(Answer):
    """What an erasure waits for."""

    obstacle = Text(required=True, validate=one_of(Obstacle))
    until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "null: until somebody does something about it"},
    )


class ErasureAnswer(Answer):
    """An erasure."""

    id = Text(required=True)
    status = Text(required=True, validate=one_of(ErasureStatus))
    ground = Text(required=True, validate=one_of(Ground))
    request_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The request that a second person confirms"},
    )
    subject_request = Text(
        required=True,
        allow_none=True,
        attribute="rights_id",
        metadata={"description": "What the person asked for themselves"},
    )
    asked_at = Instant(required=True)
    asked_by = Text(required=True)
    asked_by_name = Text(required=True)
    closed_at = Instant(required=True, allow_none=True)
    closed_by_name = Text(required=True, allow_none=True)
    erased_at = Instant(required=True, allow_none=True)
    may_confirm = Flag(required=True)
    in_the_way = Nested(InTheWayAnswer, required=True, allow_none=True)


class WholeErasureAnswer(ErasureAnswer):
    """An erasure with whom it is about, and why in words; null once they were erased, and where there is none."""

    subject_ref = Text(required=True, allow_none=True)
    words = Text(required=True, allow_none=True)


class LegalHoldAnswer(Answer):
    """A legal hold."""

    id = Text(required=True)
    reason = Text(required=True, allow_none=True, metadata={"description": "null: erased"})
    set_at = Instant(required=True)
    set_by = Text(required=True)
    set_by_name = Text(required=True)
    lifted_at = Instant(required=True, allow_none=True)
    lifted_by_name = Text(required=True, allow_none=True)


class HeldAnswer(Answer):
    """What is held about a subject."""

    subject_ref = Text(required=True, allow_none=True)
    counts = Members(
        required=True,
        metadata={
            "description": "How many, by name; group attributes are kept apart and not counted"
        },
    )
    holds = List(Nested(LegalHoldAnswer), required=True)
    erasure = Nested(
        WholeErasureAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "The one that is asked for and not done"},
    )
    in_the_way = Nested(InTheWayAnswer, required=True, allow_none=True)


class ErasuresAnswer(Answer):
    """Erasures."""

    erasures = List(Nested(ErasureAnswer), required=True)


@resource.route("/subjects/held", methods=["POST"])
@requires(Permission.SUBJECTS_READ)
@resource.arguments(WhomBody)
@resource.response(200, HeldAnswer)
def what_is_held(body: dict[str, Any]) -> Any:
    """Read what is held about a subject, in counts, and what stands in the way of erasing them."""
    with look() as unit:
        return service.held(unit, **_whom(body))


@resource.route("/subjects/erasures", methods=["POST"])
@requires(Permission.SUBJECTS_ERASE)
@resource.arguments(EraseBody)
@resource.response(202, WholeErasureAnswer)
def ask_for_erasure(body: dict[str, Any]) -> Any:
    """Ask that a subject be erased; another person confirms the request, and then the worker does it."""
    with work() as unit:
        return service.ask(unit, **_whom(body), ground=Ground(body["ground"]), words=body["words"])


@resource.route("/subjects/erasures", methods=["GET"])
@requires(Permission.SUBJECTS_READ)
@resource.arguments(ErasuresQuery, location="query")
@resource.response(200, ErasuresAnswer)
def list_erasures(query: dict[str, Any]) -> Any:
    """List the erasures that are not done yet, oldest first, or those that were done or declined last."""
    with look() as unit:
        found = service.list_going if query["status"] == "open" else service.list_closed
        return {"erasures": found(unit)}


@resource.route("/subjects/erasures/<erasure_id>", methods=["GET"])
@requires(Permission.SUBJECTS_READ)
@resource.response(200, WholeErasureAnswer)
def get_erasure(erasure_id: str) -> Any:
    """Read one erasure with whom it is about."""
    identifier(erasure_id, "erasure")
    with look() as unit:
        return service.get(unit, erasure_id)


@resource.route("/subjects/legal-holds", methods=["POST"])
@requires(Permission.SUBJECTS_HOLD)
@resource.arguments(LegalHoldBody)
@resource.response(201, LegalHoldAnswer)
def set_legal_hold(body: dict[str, Any]) -> Any:
    """Keep a subject's data, whoever asks for erasure, until the hold is lifted."""
    with work() as unit:
        return service.set_hold(unit, **_whom(body), reason=body["reason"])


@resource.route("/subjects/legal-holds/<hold_id>/lift", methods=["POST"])
@requires(Permission.SUBJECTS_HOLD)
@resource.arguments(ReasonBody)
@resource.response(200, LegalHoldAnswer)
def lift_legal_hold(body: dict[str, Any], hold_id: str) -> Any:
    """Let a subject be erased again."""
    identifier(hold_id, "legal hold")
    with work() as unit:
        return service.lift_hold(unit, hold_id, body["reason"])


def _whom(body: dict[str, Any]) -> dict[str, Any]:
    subject = body["subject"]
    return {
        "reference": None if subject is None else subject["ref"],
        "rights_id": body["subject_request"],
    }
