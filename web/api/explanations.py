"""Explanations: why it was decided so, for one audience; and what happened to a decision."""

from __future__ import annotations

from typing import Any

from governance.explanations import service
from governance.permissions import Permission
from policies.explanations import Audience
from policies.rulings import Said
from web.api.resources import Query, Resource, identifier, look
from web.api.schemas import (
    Answer,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Number,
    Raw,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource("Explanations", "Why it was decided so, and what happened to a decision.")


class ExplanationQuery(Query):
    """For whom, and in which language."""

    audience = Text(load_default="subject", validate=one_of(Audience))
    lang = Text(load_default=None, validate=at_most(35))


class FactAnswer(Answer):
    """A fact that was given; its value is not told to the subject's audience."""

    name = Text(required=True)
    label = Text(required=True)
    value = Raw(required=True, allow_none=True)
    contribution = Number(required=True, allow_none=True)
    hidden = Flag(required=True, metadata={"description": "Masked from who reads this"})


class ReasonShownAnswer(Answer):
    """A reason in words; code and rule are empty for the subject."""

    code = Text(required=True)
    rule = Text(required=True)
    text = Text(required=True)


class TraceStepAnswer(Answer):
    """One rule as it was asked."""

    rule = Text(required=True)
    when = Text(required=True)
    then = Text(required=True)
    said = Text(required=True, validate=one_of(Said))
    looked_at = Members(required=True)
    detail = Text(required=True)


class ChangeAnswer(Answer):
    """One thing that, had it been different, would have changed what the policy said."""

    path = Text(required=True)
    label = Text(required=True)
    was = Raw(required=True, allow_none=True)
    would_be = Raw(required=True, allow_none=True)
    disposition = Text(required=True)
    outcome = Text(required=True, allow_none=True)
    text = Text(required=True)


class ExplanationAnswer(Answer):
    """Why, for one audience in one language."""

    audience = Text(required=True, validate=one_of(Audience))
    language = Text(required=True)
    headline = Text(required=True)
    paragraphs = List(Text(), required=True)
    facts = List(Nested(FactAnswer), required=True)
    reasons = List(Nested(ReasonShownAnswer), required=True)
    trace = List(
        Nested(TraceStepAnswer),
        required=True,
        allow_none=True,
        metadata={"description": "For the auditor alone"},
    )
    what_would_change = List(Nested(ChangeAnswer), required=True)


class LogPlaceAnswer(Answer):
    """Where an entry stands in the log."""

    epoch = Whole(required=True)
    index = Whole(required=True)


class StepAnswer(Answer):
    """One step of a decision's story."""

    kind = Text(required=True)
    at = Instant(required=True)
    by_kind = Text(required=True)
    by = Text(required=True, allow_none=True)
    data = Members(required=True)
    reason = Text(required=True, allow_none=True)
    entry = Text(
        required=True,
        allow_none=True,
        attribute="record_id",
        metadata={"description": "The id of the log's entry that tells of it"},
    )
    place = Nested(
        LogPlaceAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "null while the entry waits for the log"},
    )


class StoryAnswer(Answer):
    """What happened to a decision, in order of time."""

    steps = List(Nested(StepAnswer), required=True)


@resource.route("/decisions/<decision_id>/explanation", methods=["GET"])
@requires(Permission.EXPLANATIONS_READ)
@resource.arguments(ExplanationQuery, location="query")
@resource.response(200, ExplanationAnswer)
def explain(query: dict[str, Any], decision_id: str) -> Any:
    """Say why it was decided so.

    Whoever may read decisions may read the subject's; the reviewer's and the auditor's need their own permission.
    """
    identifier(decision_id, "decision")
    with look() as unit:
        return service.explain(
            unit, decision_id, audience=query["audience"], language=query["lang"]
        )


@resource.route("/decisions/<decision_id>/story", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, StoryAnswer)
def tell_story(decision_id: str) -> Any:
    """Say what happened to a decision, as far as whoever asks may know it by now."""
    identifier(decision_id, "decision")
    with look() as unit:
        return {"steps": service.story(unit, decision_id)}


class ReaderAnswer(Answer):
    """That somebody was shown payloads of a decision; one for each actor and hour."""

    entry = Text(
        required=True,
        attribute="record_id",
        metadata={"description": "The id of the log's entry that tells of it"},
    )
    at = Instant(required=True)
    by_kind = Text(required=True)
    by = Text(required=True)
    what = Text(required=True, metadata={"description": "decision or file"})


class ReadersAnswer(Answer):
    """Who was shown payloads of a decision, newest first, the last 100."""

    readers = List(Nested(ReaderAnswer), required=True)


@resource.route("/decisions/<decision_id>/readers", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, ReadersAnswer)
def list_readers(decision_id: str) -> Any:
    """Say who was shown what a decision was made on, or what was written of it."""
    identifier(decision_id, "decision")
    with look() as unit:
        return {"readers": service.readers(unit, decision_id)}
