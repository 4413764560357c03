"""Cases: what waits for a person, and what a person does with it. People only."""

from __future__ import annotations

from typing import Any, Final

import marshmallow as ma
from flask import Response

from governance.permissions import Permission
from governance.reviews import handling, judging, load, pace, service
from governance.reviews.load import Trend
from governance.reviews.pace import Nudge
from governance.reviews.purposes import WORKED
from governance.reviews.transitions import CaseStatus, SkipReason, VerdictKind
from governance.reviews.views import CaseSummary, CaseView, Looked, MessageKind
from web.api.attachments import FileAnswer, files_field, files_of, with_files
from web.api.decisions import ReasonAnswer, WholeDecisionAnswer, whole_decision
from web.api.gold import KnownAnswer
from web.api.resources import (
    PageQuery,
    Query,
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
    Day,
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
from web.downloads import attachment
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
        "description": "`decide`: it takes a verdict. `appeal`: it answers an objection, and takes an answer. `check`: what was released by itself is looked at "
        "afterwards; it takes a verdict. `double`: a second opinion; its verdict is an `outcome` alone. `gold`: it was a known case, which is told once it is over"
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


class LookedBody(Body):
    """How a case was looked at."""

    seconds = Number(
        required=True,
        validate=ma.validate.Range(min=0, max=86_400, error="Expected 0 to 86400."),
        metadata={"description": "In which it was in sight and had the focus"},
    )
    parts_seen = Whole(
        required=True, validate=ma.validate.Range(min=0, max=100, error="Expected 0 to 100.")
    )


class VerdictBody(Body):
    """What a person says of a case."""

    verdict = Text(
        load_default=None,
        allow_none=True,
        validate=one_of(VerdictKind),
        metadata={
            "description": "Required, but for a second opinion (purpose `double`). On a `check`, `approve` says that the outcome was right"
        },
    )
    outcome = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(200),
        metadata={
            "description": "What `change` changes it to; on a `check` what would have been right, on a `double` what one would decide"
        },
    )
    reason = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(service.LONGEST_REASON, least=0),
        metadata={"description": "Required to change or reject, and always on a sensitive case"},
    )
    reverse = Flag(
        load_default=False,
        metadata={
            "description": "Of a `check` that finds something wrong: put it right for the person. Another decision comes in its place, the app is told "
            "(`decision.reversed`), and it cannot be taken back"
        },
    )
    looked = Nested(
        LookedBody,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "How the case was looked at, where the page of the caller can tell"
        },
    )


_WORDS: Final = at_most(service.LONGEST_REASON, least=0)


class JudgementBody(Body):
    """What a person would decide, before they see what was proposed."""

    outcome = Text(required=True, validate=at_most(200))


class SkipBody(Body):
    """Why a person passes a case on."""

    reason = Text(required=True, validate=one_of(SkipReason))
    words = Text(
        load_default=None,
        allow_none=True,
        validate=_WORDS,
        metadata={"description": "Required where the reason is `other`"},
    )


class PutOffBody(Body):
    """Until when a case is put off."""

    until = Instant(
        required=True, metadata={"description": "At most 30 days off, and before it is due"}
    )
    words = Text(load_default=None, allow_none=True, validate=_WORDS)


class HandOverBody(Body):
    """To whom a case is handed."""

    to = Text(
        required=True,
        validate=at_most(36),
        metadata={"description": "The id of a colleague, as `/cases/{case_id}/colleagues` tells"},
    )
    words = Text(load_default=None, allow_none=True, validate=_WORDS)


class RevealBody(Body):
    """What is to be shown, and why."""

    facts = List(
        Text(validate=at_most(200)),
        required=True,
        metadata={"description": "Names of masked facts, as `decision.masked` tells"},
    )
    reason = Text(required=True, validate=at_most(service.LONGEST_REASON))


class CommentBody(Body):
    """What is said on a case."""

    words = Text(required=True, validate=at_most(service.LONGEST_REASON))
    files = files_field()


class QuestionBody(Body):
    """What a person needs to know from the app."""

    words = Text(required=True, validate=at_most(service.LONGEST_REASON))
    until = Instant(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "When the case goes on without an answer. Default: in three days, or when it is due"
        },
    )


class InformationBody(Body):
    """The app's answer to a question: words, facts, files, or several of these."""

    question = Text(
        required=True,
        validate=at_most(36),
        metadata={"description": "The question's id, as the decision tells it"},
    )
    words = Text(load_default=None, allow_none=True, validate=_WORDS)
    facts = Members(
        load_default=None, allow_none=True, metadata={"description": "At most 50, by name"}
    )
    files = files_field()


class ColleagueAnswer(Answer):
    """A person to whom a case can be handed."""

    id = Text(required=True)
    name = Text(required=True)


class ColleaguesAnswer(Answer):
    """The people to whom a case can be handed."""

    colleagues = List(Nested(ColleagueAnswer), required=True)


class MessageAnswer(Answer):
    """Something that was said on a case."""

    id = Text(required=True)
    kind = Text(required=True, validate=one_of(MessageKind))
    by = Text(required=True, metadata={"description": "A person's name, empty for the app"})
    at = Instant(required=True)
    words = Text(required=True, allow_none=True, metadata={"description": "null: erased"})
    facts = Members(required=True)
    open = Flag(required=True, metadata={"description": "A question that is not answered yet"})
    files = List(Nested(FileAnswer), required=True)


class LeaseAnswer(Answer):
    """Who holds a case."""

    person_id = Text(required=True)
    name = Text(required=True)
    since = Instant(required=True)
    until = Instant(required=True)
    mine = Flag(required=True)


def _reserved() -> Nested:
    told = "For whom it is kept since it was handed over; null: for nobody"
    return Nested(LeaseAnswer, required=True, allow_none=True, metadata={"description": told})


def _sleeps() -> Instant:
    told = "Till when it is handed to nobody; null: it is not put off"
    return Instant(required=True, allow_none=True, metadata={"description": told})


def _own() -> Flag:
    told = "Of a `double`: nobody else works the queue, so whoever decided looks again"
    return Flag(required=True, metadata={"description": told})


def _asked() -> Flag:
    return Flag(required=True, metadata={"description": "A question to the app is open"})


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
    withheld = Flag(
        required=True,
        metadata={
            "description": "One's own judgement comes first; what was proposed is null until then"
        },
    )
    own_second_look = _own()
    sign_offs_given = Whole(required=True)
    sign_offs_needed = Whole(required=True)
    signed = Flag(required=True, metadata={"description": "Whether whoever asks has signed it off"})
    lease = Nested(LeaseAnswer, required=True, allow_none=True)
    reserved = _reserved()
    sleeps_until = _sleeps()
    asked = _asked()
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
    known = Nested(
        KnownAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "What was right, of a known case that is over; null of any other"},
    )
    decision = WholeDecision(required=True)
    queue = Text(required=True)
    status = Text(required=True)
    opened_at = Instant(required=True)
    due_at = Instant(required=True, allow_none=True)
    overdue = Flag(required=True)
    escalate_to = Text(required=True, allow_none=True)
    escalated_at = Instant(required=True, allow_none=True)
    sensitive = Flag(required=True, metadata={"description": "Every verdict needs a reason"})
    judge_first = Flag(
        required=True,
        metadata={"description": "People say what they would decide before they see the proposal"},
    )
    judgement = Text(
        required=True,
        allow_none=True,
        metadata={"description": "What whoever asks said then; null: nothing yet"},
    )
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
    reserved = _reserved()
    sleeps_until = _sleeps()
    asked = _asked()
    messages = List(
        Nested(MessageAnswer),
        required=True,
        metadata={"description": "Comments, questions and answers in order of time"},
    )
    barred = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Why whoever asks may not decide it; null: they may"},
    )
    undo = Nested(UndoAnswer, required=True, allow_none=True)
    blind = Flag(
        required=True,
        metadata={
            "description": "Neither the proposal nor what was decided is told yet; the decision is told as one in review"
        },
    )
    own_second_look = _own()
    compared = List(
        Nested(SignOffAnswer),
        required=True,
        metadata={"description": "Of a `double` that is given: the verdicts it is compared with"},
    )
    may_reverse = Flag(
        required=True,
        metadata={"description": "Of a `check`: what is found wrong can be put right"},
    )
    reversed_by = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Of a `check`: the decision with which it was put right"},
    )
    history = List(Nested(EventAnswer), required=True)
    revision = Whole(required=True)
    reading_floor = Number(
        required=True,
        metadata={"description": "Seconds in which half of it can be read and a key found"},
    )


class QueueOverviewAnswer(Answer):
    """How a queue stands."""

    queue = Text(required=True)
    title = Text(required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)
    due_soon = Whole(required=True, metadata={"description": "Due within the hour"})
    claimed = Whole(required=True)
    asleep = Whole(
        required=True, metadata={"description": "Put off, or waiting for the app's answer"}
    )
    minutes = Whole(required=True, metadata={"description": "Estimate of the work that waits"})


class LoadQuery(Query):
    """Whose load is wanted."""

    queue = Text(load_default=None, validate=at_most(63))


class WeekdayLoadAnswer(Answer):
    """What came in and was decided on a weekday, added up over the last 7 and 28 whole days."""

    weekday = Whole(required=True, metadata={"description": "0 is Monday"})
    came_in_7 = Whole(required=True)
    decided_7 = Whole(required=True)
    came_in_28 = Whole(required=True)
    decided_28 = Whole(required=True)


class ForecastAnswer(Answer):
    """What follows if it goes on as in the last `days`."""

    trend = Text(
        required=True,
        validate=one_of(Trend),
        metadata={"description": "`few`: too few cases to tell. `steady`: no trend beyond chance"},
    )
    days = Whole(required=True)
    clear_days = Number(
        required=True,
        allow_none=True,
        metadata={"description": "What waits now takes so long, if nothing comes in"},
    )
    a_day = Number(
        required=True, allow_none=True, metadata={"description": "Cases more, or fewer, each day"}
    )
    empty_on = Day(required=True, allow_none=True)


class QueueLoadAnswer(Answer):
    """The load of a queue."""

    queue = Text(required=True)
    title = Text(required=True)
    open = Whole(required=True)
    median_age_seconds = Number(required=True, allow_none=True)
    weekdays = List(Nested(WeekdayLoadAnswer), required=True)
    forecast = Nested(ForecastAnswer, required=True)


class LoadsAnswer(Answer):
    """The load of one's queues."""

    queues = List(Nested(QueueLoadAnswer), required=True)


class PaceAnswer(Answer):
    """How fast, and for how long without a break, a person decides."""

    approvals = Whole(required=True, metadata={"description": "One after the other, till now"})
    median_seconds = Number(
        required=True, allow_none=True, metadata={"description": "That each of them took"}
    )
    minutes = Whole(required=True, metadata={"description": "Since the last break"})
    nudges = List(
        Text(validate=one_of(Nudge)),
        required=True,
        metadata={"description": "What the person is told; they are held back by none"},
    )


class OwnCompetenceAnswer(Answer):
    """A queue that asks for competence which one lacks, or soon will."""

    queue = Text(required=True)
    title = Text(required=True)
    standing = Text(required=True, validate=one_of(("missing", "ended", "ending")))
    at = Instant(
        required=True,
        metadata={"description": "Since when one does not work it; `ending`: from when on"},
    )


class OverviewAnswer(Answer):
    """How one's queues stand."""

    queues = List(Nested(QueueOverviewAnswer), required=True)
    open = Whole(required=True)
    overdue = Whole(required=True)
    minutes = Whole(required=True)
    decided_today = Whole(required=True)
    competences = List(Nested(OwnCompetenceAnswer), required=True)


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


@resource.route("/cases/load", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.arguments(LoadQuery, location="query")
@resource.response(200, LoadsAnswer)
def own_load(query: dict[str, Any]) -> Any:
    """Say what came into one's queues and was decided by weekday, and when they will be empty at the present pace."""
    with look() as unit:
        return {"queues": load.of_queues(unit, queue=query["queue"])}


@resource.route("/cases/pace", methods=["GET"])
@requires(Permission.CASES_DECIDE)
@resource.response(200, PaceAnswer)
def own_pace() -> Any:
    """Say how fast, and for how long without a break, one decides."""
    with look() as unit:
        return pace.own(unit)


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
    """Say what one thinks of a case one holds: approve, change or reject; or, as a second opinion, the outcome that one would give."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        looked = None if body["looked"] is None else Looked(**body["looked"])
        return _told(
            service.give_verdict(unit, case_id, revision=read, **body | {"looked": looked})
        )


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
        return _listed(service.escalate(unit, case_id, reason=body["reason"], revision=read))


@resource.route("/cases/<case_id>/judgement", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(JudgementBody)
@resource.response(200, CaseAnswer, headers=ETAG)
def judge(body: dict[str, Any], case_id: str) -> Any:
    """Say what one would decide where that comes first; the proposal is shown then. It cannot be changed."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(judging.judge(unit, case_id, outcome=body["outcome"], revision=read))


@resource.route("/cases/<case_id>/skip", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(SkipBody)
@resource.response(200, CaseSummaryAnswer, headers=ETAG)
def skip(body: dict[str, Any], case_id: str) -> Any:
    """Pass a case on undecided, saying why; it comes to whoever passed it on again only after eight hours."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _listed(handling.skip(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/snooze", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(PutOffBody)
@resource.response(200, CaseSummaryAnswer, headers=ETAG)
def snooze(body: dict[str, Any], case_id: str) -> Any:
    """Put a case off: it is handed to nobody until then."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _listed(handling.put_off(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/colleagues", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(200, ColleaguesAnswer)
def list_colleagues(case_id: str) -> Any:
    """List the people to whom a case can be handed."""
    identifier(case_id, "case")
    with look() as unit:
        return {"colleagues": handling.colleagues(unit, case_id)}


@resource.route("/cases/<case_id>/hand-over", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(HandOverBody)
@resource.response(200, CaseSummaryAnswer, headers=ETAG)
def hand_over(body: dict[str, Any], case_id: str) -> Any:
    """Hand a case to a colleague, for whom it is kept for eight hours."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _listed(handling.hand_over(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/reveal", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(RevealBody)
@resource.response(200, CaseAnswer, headers=ETAG)
def reveal(body: dict[str, Any], case_id: str) -> Any:
    """Have facts shown that the policy masks; who looks, and why, is in the log."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(handling.reveal(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/comment", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@with_files
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(CommentBody)
@resource.response(200, CaseAnswer, headers=ETAG)
def comment(body: dict[str, Any], case_id: str) -> Any:
    """Say something on a case to those who see it."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _told(
            handling.comment(
                unit, case_id, revision=read, words=body["words"], files=files_of(body["files"])
            )
        )


@resource.route("/cases/<case_id>/question", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(QuestionBody)
@resource.response(200, CaseSummaryAnswer, headers=ETAG)
def question(body: dict[str, Any], case_id: str) -> Any:
    """Ask the app for information; the case is handed to nobody until it answers, or until then."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return _listed(handling.ask(unit, case_id, revision=read, **body))


@resource.route("/cases/<case_id>/information", methods=["POST"])
@requires(Permission.CASES_INFORM)
@with_files
@resource.arguments(InformationBody)
@resource.response(204, description="The case has the answer, and is handed out again")
def information(body: dict[str, Any], case_id: str) -> Any:
    """Answer the open question about a decision of one's own; apps only."""
    identifier(case_id, "case")
    with work() as unit:
        handling.inform(unit, case_id, **body | {"files": files_of(body["files"])})


@resource.route("/cases/<case_id>/messages/<message_id>/files/<int:number>", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file as it came",
)
def message_file(case_id: str, message_id: str, number: int) -> Any:
    """Read a file that came with a comment, or with the app's answer."""
    identifier(case_id, "case")
    identifier(message_id, "message")
    with look() as unit:
        file, content = service.file_of(unit, case_id, message_id, number)
    return attachment(content, file.content_type, file.name)


def _listed(case: CaseSummary) -> tuple[CaseSummary, int, dict[str, str]]:
    return case, 200, {"ETag": f'"{case.revision}"'}


def _told(case: CaseView) -> tuple[CaseView, int, dict[str, str]]:
    return case, 200, {"ETag": f'"{case.revision}"'}
