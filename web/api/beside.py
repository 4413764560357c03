"""What stands beside a case, so that it can be judged well; and saying of a case that the automation is wrong. People only."""

from __future__ import annotations

from typing import Any

from governance.monitors import doubting, service
from governance.permissions import Permission
from governance.reviews import beside
from web.api.resources import Resource, identifier, look, work
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Nested,
    Number,
    Raw,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Beside a case",
    "What helps to judge a case: earlier decisions about the same subject, similar cases, how often such proposals were wrong. Nothing here names who decided.",
)


class EarlierAnswer(Answer):
    """An earlier decision about the same subject."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    status = Text(required=True)
    outcome = Text(required=True, allow_none=True)
    at = Instant(required=True, metadata={"description": "When it happened, else was recorded"})
    decided_by = Text(
        required=True,
        allow_none=True,
        validate=one_of(beside.DecidedBy),
        metadata={"description": "null: it has no outcome"},
    )
    objections = List(
        Text(validate=one_of(beside.Objection)),
        required=True,
        metadata={"description": "What became of each appeal to it, oldest first"},
    )


class EarlierListAnswer(Answer):
    """The last ten earlier decisions about the subject of a case, newest first."""

    decisions = List(Nested(EarlierAnswer), required=True)


class DifferenceAnswer(Answer):
    """A fact in which two cases differ; null: not given."""

    feature = Text(required=True)
    here = Raw(required=True, allow_none=True)
    there = Raw(required=True, allow_none=True)


class SimilarAnswer(Answer):
    """A decided case that is like another."""

    decided_at = Instant(required=True)
    outcome = Text(required=True)
    ground_truth = Text(
        required=True,
        allow_none=True,
        attribute="truth",
        metadata={"description": "What turned out right; null: nobody knows yet"},
    )
    differs = List(Nested(DifferenceAnswer), required=True)


class SimilarListAnswer(Answer):
    """The five decided cases most like one, the most alike first. What the policy masks is neither used nor shown."""

    cases = List(Nested(SimilarAnswer), required=True)
    looked_through = Whole(
        required=True,
        metadata={"description": f"Out of so many, at most {beside.LOOKED_THROUGH}"},
    )


class ReliabilityAnswer(Answer):
    """How often proposals that were about as sure turned out wrong here; `rate`, `low` and `high` (95 %) are null where too few are known."""

    known = Whole(required=True, metadata={"description": "Those whose ground truth is known"})
    wrong = Whole(required=True)
    needed = Whole(required=True, metadata={"description": "So many must be known to say a rate"})
    rate = Number(required=True, allow_none=True)
    low = Number(required=True, allow_none=True)
    high = Number(required=True, allow_none=True)
    until = Text(
        required=True,
        allow_none=True,
        metadata={"format": "date", "description": "The day of the newest of them"},
    )
    stale = Flag(required=True, metadata={"description": "That day is long ago"})
    selective = Flag(
        required=True,
        metadata={"description": "Hardly any of what no person looked at is among them"},
    )


class BesideAnswer(Answer):
    """How often proposals like that of a case were wrong."""

    wrong_like_this = Nested(
        ReliabilityAnswer,
        required=True,
        allow_none=True,
        metadata={
            "description": "null: the proposal has no confidence, or one's own judgement comes first"
        },
    )


class DoubtBody(Body):
    """Why the automation is wrong."""

    words = Text(required=True, validate=at_most(service.LONGEST_NOTE))


class DoubtAnswer(Answer):
    """The incident that a doubt opened or joined."""

    incident = Text(required=True, attribute="id")


@resource.route("/cases/<case_id>/earlier", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, EarlierListAnswer)
def list_earlier(case_id: str) -> Any:
    """List the last earlier decisions about the subject of a case, as far as one may see them."""
    identifier(case_id, "case")
    with look() as unit:
        return {"decisions": beside.earlier(unit, case_id)}


@resource.route("/cases/<case_id>/similar", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, SimilarListAnswer)
def list_similar(case_id: str) -> Any:
    """List the decided cases of one's queues that are most like a case."""
    identifier(case_id, "case")
    with look() as unit:
        return beside.similar(unit, case_id)


@resource.route("/cases/<case_id>/reliability", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, BesideAnswer)
def get_reliability(case_id: str) -> Any:
    """Say how often proposals that were about as sure turned out wrong."""
    identifier(case_id, "case")
    with look() as unit:
        return {"wrong_like_this": beside.wrong_like_this(unit, case_id)}


@resource.route("/cases/<case_id>/doubt", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(DoubtBody)
@resource.response(201, DoubtAnswer)
def doubt(body: dict[str, Any], case_id: str) -> Any:
    """Say that the automation is wrong here: it opens an incident of the decision point, or joins the open one. It holds nothing."""
    identifier(case_id, "case")
    with work() as unit:
        return doubting.doubt(unit, case_id, words=body["words"])
