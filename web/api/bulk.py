"""Several cases at once. People only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.errors import FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.reviews import bulk
from governance.reviews.bulk import BulkAct, BulkResult
from governance.reviews.service import LONGEST_REASON
from web import authentication
from web.api.cases import ETAG, CaseAnswer, CaseSummaryAnswer
from web.api.resources import Resource, identifier, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, Whole, at_most, one_of
from web.security import requires

resource = Resource(
    "Cases at once",
    "The same with several cases, at most 25, each in a transaction of its own; and approving alike ones after some were opened.",
)


class BulkBody(Body):
    """What is done with which cases."""

    act = Text(required=True, validate=one_of(BulkAct))
    cases = List(
        Text(validate=at_most(36)),
        load_default=list,
        metadata={"description": "Ids; for all acts but `approve`"},
    )
    to = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(36),
        metadata={"description": "The id of a colleague, for `hand_over`"},
    )
    until = Instant(load_default=None, allow_none=True, metadata={"description": "For `put_off`"})
    words = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(LONGEST_REASON, least=0),
        metadata={"description": "What others should know; required for `escalate`"},
    )
    approval = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(36),
        metadata={"description": "For `approve`: what `/cases/bulk-approvals` gave"},
    )


class CasesBody(Body):
    """Which cases are to be approved together."""

    cases = List(Text(validate=at_most(36)), required=True)


class OpenBody(Body):
    """Which case is opened."""

    case = Text(required=True, validate=at_most(36))


class ProblemAnswer(Answer):
    """Why a case was not done."""

    code = Text(required=True)
    detail = Text(required=True)


class BulkResultAnswer(Answer):
    """What became of one case."""

    case = Text(required=True, attribute="case_id")
    done = Flag(required=True)
    problem = Nested(ProblemAnswer, required=True, allow_none=True)


class BulkResultsAnswer(Answer):
    """What became of each case, in the order given."""

    results = List(Nested(BulkResultAnswer), required=True)


class BulkApprovalAnswer(Answer):
    """Cases to be approved together."""

    id = Text(required=True)
    cases = List(Nested(CaseSummaryAnswer), required=True)
    drawn = List(
        Text(), required=True, metadata={"description": "Cases that are to be opened first"}
    )
    opened = List(Text(), required=True)
    ready = Flag(required=True)
    given_at = Instant(required=True, allow_none=True)
    approved = Whole(required=True, metadata={"description": "How many of the verdicts stand"})
    undo_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Till when all can be taken back; null: nothing can be"},
    )


@resource.route("/cases/bulk", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(BulkBody)
@resource.response(200, BulkResultsAnswer)
def bulk_act(body: dict[str, Any]) -> Any:
    """Hand over, put off or send on several cases, or approve those that were chosen for it. Cases nobody holds are claimed for it."""
    answerable, actor = authentication.installation(), authentication.actor()
    cases, words = body["cases"], body["words"]
    match BulkAct(body["act"]):
        case BulkAct.HAND_OVER:
            found = bulk.hand_over(answerable, actor, cases, to=_needed(body, "to"), words=words)
        case BulkAct.PUT_OFF:
            until = _needed(body, "until")
            found = bulk.put_off(answerable, actor, cases, until=until, words=words)
        case BulkAct.ESCALATE:
            found = bulk.escalate(answerable, actor, cases, reason=_needed(body, "words"))
        case BulkAct.APPROVE:
            approval = _needed(body, "approval")
            identifier(approval, "bulk approval")
            found = bulk.approve(answerable, actor, approval)
    return _results(found)


@resource.route("/cases/bulk-approvals", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(CasesBody)
@resource.response(201, BulkApprovalAnswer)
def begin_bulk_approval(body: dict[str, Any]) -> Any:
    """Choose alike, harmless cases to approve together; some are drawn, which are to be opened first."""
    with work() as unit:
        return bulk.begin(unit, body["cases"])


@resource.route("/cases/bulk-approvals/<bulk_id>", methods=["GET"])
@requires(Permission.CASES_DECIDE)
@resource.response(200, BulkApprovalAnswer)
def get_bulk_approval(bulk_id: str) -> Any:
    """Read what one chose to approve together."""
    identifier(bulk_id, "bulk approval")
    with look() as unit:
        return bulk.look_at(unit, bulk_id)


@resource.route("/cases/bulk-approvals/<bulk_id>/open", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(OpenBody)
@resource.response(200, CaseAnswer, headers=ETAG)
def open_drawn(body: dict[str, Any], bulk_id: str) -> Any:
    """Open a case that was drawn."""
    identifier(bulk_id, "bulk approval")
    identifier(body["case"], "case")
    with work() as unit:
        case = bulk.open_drawn(unit, bulk_id, body["case"])
        return case, 200, {"ETag": f'"{case.revision}"'}


@resource.route("/cases/bulk-approvals/<bulk_id>/undo", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.response(200, BulkResultsAnswer)
def undo_bulk_approval(bulk_id: str) -> Any:
    """Take all verdicts of a bulk approval back that can be."""
    identifier(bulk_id, "bulk approval")
    return _results(bulk.take_back(authentication.installation(), authentication.actor(), bulk_id))


def _needed(body: dict[str, Any], name: str) -> Any:
    if not body[name]:
        detail = f"The act {body['act']} needs {name!r}."
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)])
    return body[name]


def _results(found: Sequence[BulkResult]) -> dict[str, Any]:
    return {"results": found}
