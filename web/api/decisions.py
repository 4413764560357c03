"""Decisions: ask for one or for many, read, search, withdraw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import marshmallow as ma
import orjson
from flask import Response, current_app, request, stream_with_context

from audits.log.proofs import SUFFIX as PROOF_SUFFIX
from audits.log.receipts import SUFFIX as RECEIPT_SUFFIX
from governance.actors import Actor
from governance.appeals import service as appeals
from governance.application import Answerable
from governance.decisions import service
from governance.decisions.preparing import Asked
from governance.decisions.states import Status
from governance.decisions.subject_links import PATH as PAGE_PATH
from governance.decisions.views import DecisionView
from governance.errors import AnswerableError, FieldProblem
from governance.permissions import Permission
from web import authentication, metrics, problems
from web.api.bodies import listed, misfit
from web.api.decision_body import (
    KEY_EXPECTED,
    DecisionRequestBody,
    Parsed,
    is_idempotency_key,
    parse,
    parse_line,
)
from web.api.resources import (
    JSON,
    PREFIX,
    PeriodQuery,
    Query,
    Resource,
    answer,
    cursor_of,
    identifier,
    instant,
    look,
    position_of,
    require_content_type,
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
from web.api.truth import FeedbackAnswer, TruthAnswer, reported_later
from web.downloads import attachment
from web.problems import TooLarge
from web.security import requires

resource = Resource("Decisions", "Ask for decisions, and follow them to their outcome.")

NDJSON: Final = "application/x-ndjson"
MOST_LINES: Final = 10_000
MOST_BATCH_BYTES: Final = 32_000_000
#: Lines of a batch that are ruled and stored together.
_CHUNK: Final = 250
#: Where a request's environment holds what its decision was refused for before Flask saw it.
REFUSED: Final = "answerable.refused"
#: Where an application keeps the places for requests that wait.
WAITING: Final = "answerable.waiting"
_FLAGS: Final = {"1": True, "true": True, "0": False, "false": False}


class QueryFlag(ma.fields.Boolean):
    """A switch in a query: 1 or 0."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        try:
            return _FLAGS[value]
        except (KeyError, TypeError):
            raise ma.ValidationError("Expected 1 or 0.") from None


class WaitQuery(Query):
    """How long to wait for an effective outcome."""

    wait = ma.fields.Float(
        load_default=0.0,
        validate=ma.validate.Range(min=0, max=300, error="Expected 0 to 300 seconds."),
        error_messages={
            "invalid": "Expected a number of seconds.",
            "special": "Expected a number of seconds.",
        },
        metadata={
            "description": "Seconds to wait for an effective outcome; the service has its own limit too"
        },
    )


class AskQuery(WaitQuery):
    """How a decision is asked for."""

    proof = ma.fields.Float(
        load_default=0.0,
        validate=ma.validate.Range(min=0, max=300, error="Expected 0 to 300 seconds."),
        error_messages={
            "invalid": "Expected a number of seconds.",
            "special": "Expected a number of seconds.",
        },
        metadata={
            "description": "Seconds to wait until the log has the decision's entry under a signature; the service has its own limit too"
        },
    )
    dry_run = QueryFlag(
        load_default=False, metadata={"description": "1: rule and explain, store nothing"}
    )


class DecisionsQuery(PeriodQuery):
    """Which decisions are wanted."""

    point = Text(load_default=None, validate=at_most(63))
    status = Text(load_default=None, validate=one_of(Status))


class SubjectReference(Body):
    """A subject to look for."""

    ref = Text(required=True, validate=at_most(200))


class SearchBody(Body):
    """A search by subject, whose reference never stands in an address."""

    subject = Nested(SubjectReference, required=True)
    decision_point = Text(load_default=None, allow_none=True, validate=at_most(63))
    status = Text(load_default=None, allow_none=True, validate=one_of(Status))
    limit = Whole(
        load_default=50, validate=ma.validate.Range(min=1, max=200, error="Expected 1 to 200.")
    )
    cursor = Text(load_default=None, allow_none=True, validate=at_most(500))


class AlternativeAnswer(Answer):
    """Another outcome that the machine considered."""

    outcome = Text(required=True)
    confidence = Number(required=True, allow_none=True)


class FeatureReasonAnswer(Answer):
    """How much one feature contributed."""

    feature = Text(required=True)
    contribution = Number(required=True)


class ProposalAnswer(Answer):
    """What the machine wanted; alternatives and reasons are not given in lists, nor after an erasure."""

    outcome = Text(required=True)
    confidence = Number(required=True, allow_none=True)
    source = Text(required=True, metadata={"description": "Who proposed it, like `app:crm`"})
    alternatives = List(Nested(AlternativeAnswer))
    reasons = List(Nested(FeatureReasonAnswer))


class ReasonAnswer(Answer):
    """One reason of a ruling."""

    code = Text(required=True)
    rule = Text(required=True, allow_none=True)
    text = Text(metadata={"description": "The sentence; not given in lists"})


class PolicyAnswer(Answer):
    """The policy version that ruled."""

    version = Whole(required=True)
    digest = Text(required=True)


class RulingAnswer(Answer):
    """What the policy said."""

    disposition = Text(required=True, validate=one_of(("release", "review", "refuse")))
    queue = Text(required=True, allow_none=True)
    due_at = Instant(required=True, allow_none=True)
    reasons = List(Nested(ReasonAnswer), required=True)
    policy = Nested(PolicyAnswer, required=True)


class NoticeAnswer(Answer):
    """What to tell the person concerned."""

    text = Text(required=True)
    language = Text(required=True)


class LinksAnswer(Answer):
    """Where to go on."""

    self = Text(required=True, metadata={"format": "uri"})
    explanation = Text(required=True, metadata={"format": "uri"})
    proof = Text(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri",
            "description": "The proof that the log has it, seconds after it was made. null for a person who may not read the log",
        },
    )
    subject_page = Text(
        required=True,
        allow_none=True,
        metadata={
            "format": "uri",
            "description": "The page of the person concerned; whoever has it sees the decision, so give it to them alone. null for people of the business",
        },
    )


class SubjectAnswer(Answer):
    """The person concerned, as the app named them. Group attributes are never given back."""

    ref = Text(required=True)


class DecisionAnswer(Answer):
    """A decision as everybody sees it but a reviewer who may still take a verdict back."""

    id = Text(required=True, allow_none=True, metadata={"description": "null for a dry run"})
    decision_point = Text(required=True)
    status = Text(required=True, validate=one_of(Status))
    outcome = Text(required=True, allow_none=True)
    recorded_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)
    effective_at = Instant(required=True, allow_none=True)
    rollout = Text(required=True, validate=one_of(("live", "observe")))
    proposal = Nested(ProposalAnswer, required=True, allow_none=True)
    ruling = Nested(RulingAnswer, required=True)
    notice = Nested(NoticeAnswer, required=True, allow_none=True)
    receipt = Text(
        allow_none=True,
        metadata={
            "description": "Where it was asked for just now: what the log promises, as a signed note; keep it. null: no key for receipts is here"
        },
    )
    proof = Text(
        allow_none=True,
        metadata={
            "description": "Where `proof` was asked for: a C2SP tlog-proof. null: the time was over, or there was no place to wait"
        },
    )
    links = Nested(LinksAnswer, metadata={"description": "Absent for a dry run"})
    dry_run = Flag()
    trace = Members(metadata={"description": "How the ruling came about; for a dry run only"})


class QuestionAnswer(Answer):
    """What a person wants to know before they decide; answer it at `/cases/{case}/information`."""

    id = Text(required=True)
    text = Text(required=True, allow_none=True, metadata={"description": "null: erased"})
    until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "When the case goes on without an answer"},
    )


class WholeDecisionAnswer(DecisionAnswer):
    """A decision with what it was decided on; what was erased is null."""

    occurred_at = Instant(required=True, allow_none=True)
    imported = Flag(required=True)
    person_requested = Flag(required=True)
    channel = Text(required=True, allow_none=True)
    language = Text(required=True, allow_none=True)
    sequence = Whole(required=True, allow_none=True)
    case = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The id of the case that decides it"},
    )
    question = Nested(
        QuestionAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "null: nobody asked, or it is answered"},
    )
    erased = Flag(required=True)
    subject = Nested(SubjectAnswer, required=True, allow_none=True)
    features = Members(required=True, allow_none=True)
    masked = List(
        Text(),
        required=True,
        metadata={"description": "Facts that were given and are hidden from who reads this"},
    )
    withheld = Flag(
        required=True,
        metadata={
            "description": "What was proposed is not shown to who reads this yet, as their own judgement comes first"
        },
    )
    metadata = Members(required=True, allow_none=True)
    hand_over = Members(
        required=True,
        allow_none=True,
        metadata={
            "description": "What a chat handed over, as it was sent; for people alone. Where the policy masks anything it is masked as `hand-over`"
        },
    )
    ground_truth = Nested(
        TruthAnswer, metadata={"description": "Where one decision is read, and then always"}
    )
    reverses = Text(
        allow_none=True,
        metadata={
            "description": "The decision in whose place this one came, after an appeal or a sampled check. Where one decision is read, and then always"
        },
    )
    reversed_by = Text(
        allow_none=True,
        metadata={
            "description": "The decision that came in the place of this one, after an appeal or a sampled check; its outcome holds. Where one decision is read, and then always"
        },
    )
    ratings = List(
        Nested(FeedbackAnswer),
        metadata={"description": "Where one decision is read, and then always"},
    )


class DecisionsAnswer(Answer):
    """A page of decisions, newest first."""

    decisions = List(Nested(DecisionAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True)


_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your key for this decision: repeating it with the same body gives the first answer again, for 30 days.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
}
_ASKED_HEADERS: Final = {
    "Location": {"description": "The decision's address", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` where this is the first answer again",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "Retry-After": {
        "description": "Seconds; there was no place to wait, so this is the answer without waiting",
        "schema": {"type": "string"},
    },
}


_ASK_QUERY: Final = AskQuery()
_NO_QUERY: Final = {"dry_run": False, "wait": 0.0, "proof": 0.0}


@resource.route("/decisions", methods=["POST"])
@requires(Permission.DECISIONS_CREATE)
@resource.response(201, DecisionAnswer, description="The decision", headers=_ASKED_HEADERS)
@resource.doc(
    parameters=[_KEY_HEADER, {"in": "query", "schema": AskQuery}],
    requestBody={"required": True, "content": {JSON: {"schema": DecisionRequestBody}}},
)
def ask() -> Response:
    """Ask for a decision.

    201 for every ruling. `in_review` means that a person decides, and `outcome` is null until then; it is no error.
    """
    refused: Exception | None = request.environ.get(REFUSED)
    if refused is not None:
        # It was asked already, before this view; asking again could make a second decision.
        raise refused
    actor, answerable = authentication.actor(), authentication.installation()
    query = _query(_ASK_QUERY) if request.query_string else _NO_QUERY
    key = request.headers.get("Idempotency-Key")
    if key is not None and not is_idempotency_key(key):
        raise misfit([FieldProblem(pointer="/headers/Idempotency-Key", detail=KEY_EXPECTED)])
    require_content_type(JSON)
    parsed = parse(request.get_data(cache=False))
    if query["dry_run"]:
        return answer(decision(service.dry_run(answerable, actor, parsed.request)), 201)
    view = asked = service.ask(answerable, actor, _asked(parsed, key))
    assert view.id is not None
    metrics.count_decision(view.disposition)
    headers = {"Location": address_of(view.id, answerable.settings.public_url)}
    if view.replayed:
        headers["Idempotent-Replayed"] = "true"
    if query["wait"] and view.status == Status.IN_REVIEW:
        view = _waited(view.id, query["wait"], headers)
    # A view that was waited for is another one; the promise stays.
    told = asked_decision(replace(view, receipt=asked.receipt))
    if query["proof"]:
        told["proof"] = _proven(told["id"], query["proof"], headers)
    return answer(told, 201, headers)


@resource.route("/decisions/batch", methods=["POST"])
@requires(Permission.DECISIONS_CREATE)
@resource.response(
    200,
    {"type": "string"},
    content_type=NDJSON,
    description="One line for each line of the body, in order: the decision, or its problem with `line`",
)
@resource.doc(
    requestBody={
        "required": True,
        "description": f"One decision request a line, which may carry `idempotency_key`; at most {MOST_LINES:,} lines.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
)
def ask_batch() -> Response:
    """Ask for many decisions.

    A bad line gets its own problem and stops nothing. Each line is stored, or not, by itself.
    """
    request.max_content_length = MOST_BATCH_BYTES
    require_content_type(NDJSON)
    lines = request.get_data(cache=False).split(b"\n")
    if not lines[-1].strip():
        lines.pop()
    if len(lines) > MOST_LINES:
        raise TooLarge(f"The batch has {len(lines):,} lines; at most {MOST_LINES:,} are taken.")
    answers = _answers(authentication.installation(), authentication.actor(), lines)
    return Response(stream_with_context(answers), content_type=NDJSON)


@resource.route("/decisions", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(DecisionsQuery, location="query")
@resource.response(200, DecisionsAnswer)
def list_decisions(query: dict[str, Any]) -> Response:
    """List decisions, newest first.

    An app sees its own, a manager those of their queues, an auditor all.
    """
    with look() as unit:
        page = service.search(
            unit,
            limit=query["limit"],
            point=query["point"],
            status=query["status"],
            since=query["since"],
            until=query["until"],
            before=position_of(query["cursor"]),
        )
    return answer(_page(page))


@resource.route("/decisions/search", methods=["POST"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(SearchBody)
@resource.response(200, DecisionsAnswer)
def search(body: dict[str, Any]) -> Response:
    """Find the decisions about a subject."""
    with look() as unit:
        page = service.search(
            unit,
            limit=body["limit"],
            point=body["decision_point"],
            status=body["status"],
            subject_ref=body["subject"]["ref"],
            before=position_of(body["cursor"], place="/cursor"),
        )
    return answer(_page(page))


@resource.route("/decisions/<decision_id>", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(WaitQuery, location="query")
@resource.response(200, WholeDecisionAnswer)
def get(query: dict[str, Any], decision_id: str) -> Response:
    """Read a decision, as it stands or once its outcome is effective."""
    identifier(decision_id, "decision")
    with look() as unit:
        view = service.get(unit, decision_id)
        later = reported_later(unit, decision_id)
        reverses, reversed_by = appeals.reversal(unit, decision_id)
    headers: dict[str, str] = {}
    if query["wait"] and view.status == Status.IN_REVIEW:
        view = _waited(decision_id, query["wait"], headers)
    told = {**whole_decision(view), **later, "reverses": reverses, "reversed_by": reversed_by}
    return answer(told, 200, headers)


@resource.route("/decisions/<decision_id>/proof", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="A C2SP tlog-proof: the entry's index, the hashes up to the root, and the signed checkpoint",
)
def prove(decision_id: str) -> Response:
    """Prove that a decision's entry is in the signed log, to anybody and without us; for the app that asked, and for auditors.

    While the entry waits for its place, the answer is 404 `not-proven-yet` with Retry-After.
    """
    identifier(decision_id, "decision")
    with look() as unit:
        proof = service.prove(unit, decision_id)
    return attachment(proof.text, "text/plain; charset=utf-8", f"{decision_id}{PROOF_SUFFIX}")


@resource.route("/decisions/<decision_id>/receipt", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="A signed note: see Receipts in the reference",
)
def get_receipt(decision_id: str) -> Response:
    """Read what the log promised when a decision was asked for, again; for the app that asked, and for auditors."""
    identifier(decision_id, "decision")
    with look() as unit:
        text = service.receipt(unit, decision_id)
    return attachment(text, "text/plain; charset=utf-8", f"{decision_id}{RECEIPT_SUFFIX}")


@resource.route("/decisions/<decision_id>/withdraw", methods=["POST"])
@requires(Permission.DECISIONS_WITHDRAW)
@resource.response(200, WholeDecisionAnswer)
def withdraw(decision_id: str) -> Response:
    """Take back a decision that waits for a person; the app that asked for it may."""
    identifier(decision_id, "decision")
    with work() as unit:
        view = service.withdraw(unit, decision_id)
    return answer(whole_decision(view))


def decision(view: DecisionView, public_url: str | None = None) -> dict[str, Any]:
    """Return a decision as the API tells it; outside a request the service's address must be given."""
    told: dict[str, Any] = {
        "id": view.id,
        "decision_point": view.point,
        "status": view.status,
        "outcome": view.outcome,
        "recorded_at": instant(view.recorded_at),
        "decided_at": instant(view.decided_at),
        "effective_at": instant(view.effective_at),
        "rollout": view.rollout,
        "proposal": _proposal(view),
        "ruling": {
            "disposition": view.disposition,
            "queue": view.queue,
            "due_at": instant(view.due_at),
            "reasons": [
                {"code": each.code, "rule": each.rule, **({"text": each.text} if each.text else {})}
                for each in view.reasons
            ],
            "policy": {"version": view.policy_version, "digest": view.policy_digest},
        },
        "notice": None
        if view.notice is None
        else {"text": view.notice, "language": view.notice_language},
    }
    if view.id is None:
        return {**told, "dry_run": True, "trace": view.trace}
    public = public_url or authentication.installation().settings.public_url
    address = address_of(view.id, public)
    told["links"] = {
        "self": address,
        "explanation": f"{address}/explanation",
        "proof": f"{address}/proof" if view.provable else None,
        "subject_page": None
        if view.subject_page is None
        else f"{public}{PAGE_PATH}{view.subject_page}",
    }
    return told


def asked_decision(view: DecisionView, public_url: str | None = None) -> dict[str, Any]:
    """Return a decision as it is told to whoever has just asked for it."""
    return {**decision(view, public_url), "receipt": view.receipt}


def whole_decision(view: DecisionView) -> dict[str, Any]:
    """Return a decision with what it was decided on."""
    return {
        **decision(view),
        "occurred_at": instant(view.occurred_at),
        "imported": view.imported,
        "person_requested": view.person_requested,
        "channel": view.channel,
        "language": view.language,
        "sequence": view.sequence,
        "case": view.case_id,
        "question": None
        if view.question is None
        else {
            "id": view.question.id,
            "text": view.question.words,
            "until": instant(view.question.until),
        },
        "erased": view.features is None,
        "subject": None if view.subject_ref is None else {"ref": view.subject_ref},
        "features": view.features,
        "masked": list(view.masked),
        "withheld": view.withheld,
        "metadata": view.metadata,
        "hand_over": view.hand_over,
    }


def _proposal(view: DecisionView) -> dict[str, Any] | None:
    if view.proposed_outcome is None:
        return None
    told: dict[str, Any] = {
        "outcome": view.proposed_outcome,
        "confidence": view.confidence,
        "source": view.source,
    }
    if view.alternatives is not None:
        told["alternatives"] = view.alternatives
    if view.proposal_reasons is not None:
        told["reasons"] = view.proposal_reasons
    return told


def _page(page: service.Page) -> dict[str, Any]:
    return {
        "decisions": [decision(view) for view in page.decisions],
        "next_cursor": cursor_of(page.next_cursor),
    }


def _query(schema: ma.Schema) -> Mapping[str, Any]:
    try:
        loaded: Mapping[str, Any] = schema.load(request.args.to_dict())
    except ma.ValidationError as error:
        raise misfit(list(listed(error.messages, "query"))) from None
    return loaded


def _asked(parsed: Parsed, key: str | None) -> Asked:
    return Asked(request=parsed.request, idempotency_key=key, body_digest=parsed.digest)


def address_of(decision_id: str, public_url: str) -> str:
    """Return the address of a decision."""
    return f"{public_url}{PREFIX}/decisions/{decision_id}"


def _waited(decision_id: str, seconds: float, headers: dict[str, str]) -> DecisionView:
    """Wait for an effective outcome; where there is no place to wait, say in the headers when to ask again."""
    waiting: service.Waiting = current_app.extensions[WAITING]
    if not waiting.until_final(authentication.actor(), decision_id, seconds):
        headers["Retry-After"] = "1"
    with look() as unit:
        return service.get(unit, decision_id)


def _proven(decision_id: str, seconds: float, headers: dict[str, str]) -> str | None:
    """Wait until the signed log has a decision's entry, and return the proof of it; where there is no place to wait, say when to ask again."""
    waiting: service.Waiting = current_app.extensions[WAITING]
    waited, proof = waiting.until_proven(authentication.actor(), decision_id, seconds)
    if not waited:
        headers["Retry-After"] = "1"
    return None if proof is None else proof.text


def _answers(answerable: Answerable, actor: Actor, lines: list[bytes]) -> Iterator[bytes]:
    for first in range(0, len(lines), _CHUNK):
        yield b"".join(
            orjson.dumps(told) + b"\n"
            for told in _chunk(answerable, actor, first, lines[first : first + _CHUNK])
        )


def _chunk(
    answerable: Answerable, actor: Actor, first: int, lines: list[bytes]
) -> list[dict[str, Any]]:
    told: dict[int, dict[str, Any]] = {}
    asked: dict[int, Asked] = {}
    for number, line in enumerate(lines, start=first + 1):
        try:
            parsed = parse_line(line)
            asked[number] = _asked(parsed, parsed.idempotency_key)
        except AnswerableError as error:
            told[number] = _problem(answerable, error, number)
    views: list[DecisionView | AnswerableError]
    try:
        views = service.ask_many(answerable, actor, list(asked.values())) if asked else []
    except AnswerableError as error:
        views = [error] * len(asked)
    for number, view in zip(asked, views, strict=True):
        if isinstance(view, AnswerableError):
            told[number] = _problem(answerable, view, number)
        else:
            metrics.count_decision(view.disposition)
            # The lines are told while they are sent, when the request's own context is gone.
            told[number] = asked_decision(view, answerable.settings.public_url)
            if view.replayed:
                told[number]["replayed"] = True
    return [told[number] for number in sorted(told)]


def _problem(answerable: Answerable, error: AnswerableError, line: int) -> dict[str, Any]:
    return {**problems.document(error, answerable.settings.public_url), "line": line}
