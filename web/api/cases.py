"""Cases: what waits for a person, and what a person does with it. People only."""

from __future__ import annotations

from typing import Any, Final

from flask import Response

from governance.permissions import Permission
from governance.reviews import service
from governance.reviews.purposes import WORKED
from governance.reviews.transitions import CaseStatus, VerdictKind
from governance.reviews.views import CaseView
from web.api.decisions import ReasonAnswer, WholeDecisionAnswer, whole_decision
from web.api.resources import (
    PageQuery,
    ReasonBody,
    Resource,
    id_cursor,
    identifier,
    look,
    revision,
    work,
)
from web.api.schemas import (
    Answer,
    Body,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Number,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Cases",
    "What waits for a person. A person sees the cases of their queues, claims one, and says what they think of it.",
)

IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": 'The ETag of the case as you read it, like `"3"`; `*` for whichever it is. Absent: 428; changed meanwhile: 412.',
    "schema": {"type": "string"},
}
_PURPOSE: Final = Text(
    required=True,
    validate=one_of(WORKED),
    metadata={
        "description": "`decide`: it takes a verdict. `appeal`: it answers an objection, and takes an answer"
    },
)
ETAG: Final = {
    "ETag": {"description": "The case's revision, for If-Match", "schema": {"type": "string"}}
}


class CasesQuery(PageQuery):
    """Which cases are wanted."""

    queue = Text(load_default=None, validate=at_most(63))
    status = Text(load_default="open", validate=one_of(CaseStatus))


class NextBody(Body):
    """From which queue the next case is wanted."""

    queue = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(63),
        metadata={"description": "null: any of one's queues"},
    )


class VerdictBody(Body):
    """What a person says of a case."""

    verdict = Text(required=True, validate=one_of(VerdictKind))
    outcome = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(200),
        metadata={"description": "What `change` changes it to"},
    )
    reason = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(service.LONGEST_REASON, least=0),
        metadata={"description": "Required to change or reject, and always on a sensitive case"},
    )


class LeaseAnswer(Answer):
    """Who holds a case."""

    person_id = Text(required=True)
    name = Text(required=True)
    since = Instant(required=True)
    until = Instant(required=True)
    mine = Flag(required=True)


class CaseSummaryAnswer(Answer):
    """A case in a list."""

    id = Text(required=True)
    decision_id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    purpose = _PURPOSE
    queue = Text(required=True)
    status = Text(required=True)
    opened_at = Instant(required=True)
    due_at = Instant(required=True, allow_none=True)
    overdue = Flag(required=True)
    sensitive = Flag(required=True)
    proposed_outcome = Text(required=True, allow_none=True)
    confidence = Number(required=True, allow_none=True)
    why = List(Nested(ReasonAnswer), required=True)
    sign_offs_given = Whole(required=True)
    sign_offs_needed = Whole(required=True)
    signed = Flag(required=True, metadata={"description": "Whether whoever asks has signed it off"})
    lease = Nested(LeaseAnswer, required=True, allow_none=True)
    revision = Whole(required=True)


class CasesAnswer(Answer):
    """A page of cases, the most urgent first."""

    cases = List(Nested(CaseSummaryAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True, attribute="next_after")


class SignOffAnswer(Answer):
    """A verdict that stands."""

    person_id = Text(required=True)
    name = Text(required=True)
    verdict = Text(required=True)
    outcome = Text(required=True)
    reason = Text(required=True, allow_none=True)
    given_at = Instant(required=True)
    decides = Flag(required=True)
    mine = Flag(required=True)


class UndoAnswer(Answer):
    """A verdict of one's own that can be taken back."""

    until = Instant(
        required=True, allow_none=True, metadata={"description": "null: while the case is open"}
    )


class EventAnswer(Answer):
    """Something that happened to the decision."""

    entry = Text(required=True, attribute="record_id")
    kind = Text(required=True)
    at = Instant(required=True)
    actor = Text(required=True, attribute="actor_kind")
    person_id = Text(required=True, allow_none=True)
    data = Members(required=True)


class WholeDecision(Nested):
    """A decision as this API tells it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(WholeDecisionAnswer, **kwargs)

    # Marshmallow's own Nested names the value otherwise than its Field, and so do we.
    def _serialize(  # type: ignore[override]
        self, nested_obj: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> Any:
        return None if nested_obj is None else whole_decision(nested_obj)


class CaseAnswer(Answer):
    """A case with all that is needed to judge it."""

    id = Text(required=True)
    decision_point = Text(required=True, attribute="point")
    purpose = _PURPOSE
    decision = WholeDecision(required=True)
    queue = Text(required=True)
    status = Text(required=True)
    opened_at = Instant(required=True)
    due_at = Instant(required=True, allow_none=True)
    overdue = Flag(required=True)
    escalate_to = Text(required=True, allow_none=True)
    escalated_at = Instant(required=True, allow_none=True)
    sensitive = Flag(required=True, metadata={"description": "Every verdict needs a reason"})
    approvable = Flag(
        required=True,
        metadata={"description": "false: it can be changed, rejected or escalated, not approved"},
    )
    changes = List(
        Text(), required=True, metadata={"description": "The outcomes that `change` can choose"}
    )
    fallback = Text(required=True, metadata={"description": "What rejecting gives"})
    sign_offs_needed = Whole(required=True)
    sign_offs_given = Whole(required=True)
    sign_offs = List(
        Nested(SignOffAnswer),
        required=True,
        metadata={"description": "Others' are not shown to who may still sign"},
    )
    lease = Nested(LeaseAnswer, required=True, allow_none=True)
    barred = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Why whoever asks may not decide it; null: they may"},
    )
    undo = Nested(UndoAnswer, required=True, allow_none=True)
    history = List(Nested(EventAnswer), required=True)
    revision = Whole(required=True)


class QueueOverviewAnswer(Answer):
    """How a queue stands."""

    queue = Text(required=True)
    title = Text(required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)
    due_soon = Whole(required=True, metadata={"description": "Due within the hour"})
    claimed = Whole(required=True)
    minutes = Whole(required=True, metadata={"description": "Estimate of the work that waits"})


class OverviewAnswer(Answer):
    """How one's queues stand."""

    queues = List(Nested(QueueOverviewAnswer), required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)
    minutes = Whole(required=True)
    decided_today = Whole(required=True)


@resource.route("/cases", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.arguments(CasesQuery, location="query")
@resource.response(200, CasesAnswer)
def list_cases(query: dict[str, Any]) -> Any:
    """List the cases of one's queues: open ones most urgent first, others the last closed first."""
    after = None if query["cursor"] is None else id_cursor(query["cursor"])
    with look() as unit:
        return service.list_cases(
            unit, queue=query["queue"], status=query["status"], limit=query["limit"], after=after
        )


@resource.route("/cases/overview", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, OverviewAnswer)
def overview() -> Any:
    """Say how one's queues stand."""
    with look() as unit:
        return service.queue_overview(unit)


@resource.route("/cases/next", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.arguments(NextBody, required=False)
@resource.response(200, CaseAnswer, headers=ETAG)
@resource.alt_response(204, description="Nothing waits that this person may decide", success=True)
def next_case(body: dict[str, Any]) -> Any:
    """Claim the most urgent case one may decide, or give the one held already."""
    with work() as unit:
        case = service.next_case(unit, queue=body["queue"])
    return Response(status=204) if case is None else _told(case)


@resource.route("/cases/<case_id>", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, CaseAnswer, headers=ETAG)
def get_case(case_id: str) -> Any:
    """Read a case."""
    identifier(case_id, "case")
    with look() as unit:
        return _told(service.case_view(unit, case_id))


@resource.route("/cases/<case_id>/claim", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.response(200, CaseAnswer, headers=ETAG)
def claim(case_id: str) -> Any:
    """Hold a case for ten minutes."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(service.claim(unit, case_id, revision=read))


@resource.route("/cases/<case_id>/release", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.response(200, CaseAnswer, headers=ETAG)
def release(case_id: str) -> Any:
    """Give a case back to its queue."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(service.release(unit, case_id, revision=read))


@resource.route("/cases/<case_id>/verdict", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(VerdictBody)
@resource.response(200, CaseAnswer, headers=ETAG)
def give_verdict(body: dict[str, Any], case_id: str) -> Any:
    """Say what one thinks of a case one holds: approve, change or reject."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(service.give_verdict(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/undo", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.response(200, CaseAnswer, headers=ETAG)
def undo(case_id: str) -> Any:
    """Take one's verdict back before it is effective."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(service.undo(unit, case_id, revision=read))


@resource.route("/cases/<case_id>/escalate", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(ReasonBody)
@resource.response(200, CaseSummaryAnswer, headers=ETAG)
def escalate(body: dict[str, Any], case_id: str) -> Any:
    """Send a case to the queue that its policy names for it."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        case = service.escalate(unit, case_id, reason=body["reason"], revision=read)
    return case, 200, {"ETag": f'"{case.revision}"'}


def _told(case: CaseView) -> tuple[CaseView, int, dict[str, str]]:
    return case, 200, {"ETag": f'"{case.revision}"'}
