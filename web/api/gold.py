"""Known cases: those whose right answer is known, put among the others to see whether mistakes are caught."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.gold import service
from governance.gold.service import Because
from governance.permissions import Permission
from governance.reviews import gold
from web.api.resources import Query, Resource, identifier, look, work
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
    "Known cases",
    "Cases with a known answer, made of resolved ones. Each is given to a person among the others, looks like any other until their verdict counts, and nothing comes of it.",
)


class PointQuery(Query):
    """Of which decision point."""

    decision_point = Text(load_default=None, validate=at_most(63))


class MakeBody(Body):
    """Which decided case, what is right, and why."""

    decision_id = Text(required=True, validate=at_most(36))
    answer = Text(
        required=True, validate=at_most(200), metadata={"description": "The outcome that is right"}
    )
    note = Text(
        required=True,
        validate=at_most(4000),
        metadata={"description": "Why; whoever decided it reads this"},
    )


class GoldAnswer(Answer):
    """A known case."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    secret = Flag(
        required=True,
        metadata={
            "description": "Whoever asks may be given it, so what it is made of and its answer are null"
        },
    )
    decision_id = Text(
        required=True, allow_none=True, metadata={"description": "The decision it was made of"}
    )
    proposed_outcome = Text(required=True, allow_none=True, attribute="proposed")
    answer = Text(required=True, allow_none=True)
    note = Text(
        required=True, allow_none=True, metadata={"description": "null also where it was erased"}
    )
    mistake = Flag(
        required=True,
        allow_none=True,
        metadata={
            "description": "What was proposed is not right, so that there is something to catch"
        },
    )
    made_by = Text(required=True)
    made_at = Instant(required=True)
    retired_at = Instant(required=True, allow_none=True)
    served = Whole(required=True, metadata={"description": "To how many people it was given"})
    decided = Whole(required=True, metadata={"description": "How many of them decided it"})
    caught = Whole(
        required=True, metadata={"description": "How many did not let the proposal stand"}
    )


class GoldListAnswer(Answer):
    """Known cases, the active ones first."""

    gold_cases = List(Nested(GoldAnswer), required=True)


class SuggestionAnswer(Answer):
    """A decided case that could become a known one."""

    decision_id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    proposed_outcome = Text(required=True, allow_none=True, attribute="proposed")
    answer = Text(required=True, metadata={"description": "What people changed it to"})
    because = Text(
        required=True,
        validate=one_of(Because),
        metadata={
            "description": "`truth`: ground truth agrees. `appeal`: an appeal was dismissed. `changed`: nothing was learnt later"
        },
    )
    recorded_at = Instant(required=True)


class SuggestionsAnswer(Answer):
    """Decided cases that could become known ones, the surest first."""

    suggestions = List(Nested(SuggestionAnswer), required=True)


class KnownAnswer(Answer):
    """What was right of a known case that is over."""

    case_id = Text(required=True)
    decision_id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    served_at = Instant(required=True)
    proposed_outcome = Text(required=True, attribute="proposed")
    answer = Text(required=True)
    said = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The outcome one gave; null: it was moved away undecided"},
    )
    caught = Flag(
        required=True,
        allow_none=True,
        metadata={"description": "null: what was proposed was right, or nothing was said"},
    )
    note = Text(required=True, allow_none=True)


class ResultsAnswer(Answer):
    """How one did on the known cases that one decided; nobody else is told by name."""

    mistakes = Whole(required=True)
    caught = Whole(required=True, metadata={"description": "Of the mistakes"})
    right = Whole(required=True, metadata={"description": "Proposals that were right"})
    kept = Whole(required=True, metadata={"description": "Of those, how many one let stand"})
    cases = List(Nested(KnownAnswer), required=True)


@resource.route("/gold-cases", methods=["GET"])
@requires(Permission.GOLD_MANAGE)
@resource.arguments(PointQuery, location="query")
@resource.response(200, GoldListAnswer)
def list_gold_cases(query: dict[str, Any]) -> Any:
    """List known cases that were made of decisions one may read."""
    with look() as unit:
        return {"gold_cases": service.list_gold(unit, point=query["decision_point"])}


@resource.route("/gold-cases", methods=["POST"])
@requires(Permission.GOLD_MANAGE)
@resource.arguments(MakeBody)
@resource.response(201, GoldAnswer)
def make_gold_case(body: dict[str, Any]) -> Any:
    """Make a known case of one that a person decided for good. Who makes it, or decided it, is never given it."""
    identifier(body["decision_id"], "decision")
    with work() as unit:
        return service.make(unit, **body)


@resource.route("/gold-cases/suggestions", methods=["GET"])
@requires(Permission.GOLD_MANAGE)
@resource.arguments(PointQuery, location="query")
@resource.response(200, SuggestionsAnswer)
def suggest_gold_cases(query: dict[str, Any]) -> Any:
    """List decided cases in which people changed the proposal, first those that something learnt later agrees with."""
    with look() as unit:
        return {"suggestions": service.suggestions(unit, point=query["decision_point"])}


@resource.route("/gold-cases/results", methods=["GET"])
@requires(Permission.CASES_DECIDE)
@resource.response(200, ResultsAnswer)
def gold_results() -> Any:
    """Say how one did on the known cases that one decided, the newest first."""
    with look() as unit:
        return gold.results(unit)


@resource.route("/gold-cases/<gold_id>/retire", methods=["POST"])
@requires(Permission.GOLD_MANAGE)
@resource.response(200, GoldAnswer)
def retire_gold_case(gold_id: str) -> Any:
    """Give a known case to nobody any more."""
    identifier(gold_id, "known case")
    with work() as unit:
        return service.retire(unit, gold_id)


@resource.route("/cases/<case_id>/seen", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.response(204, description="It is no news any more")
def see_gold_case(case_id: str) -> Any:
    """Say that one has seen what was right of a known case."""
    identifier(case_id, "case")
    with work() as unit:
        gold.seen(unit, case_id)
    return Response(status=204)
