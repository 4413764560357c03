"""Appeals: an objection of the person concerned to a decision, and the answer of somebody who had no part in it."""

from __future__ import annotations

from typing import Any, Final

from flask import request

from governance.appeals import service
from governance.appeals.transitions import AppealStatus, Door
from governance.errors import FieldProblem
from governance.permissions import Permission
from web.api.attachments import FileAnswer, files_field, files_of, with_files
from web.api.bodies import misfit
from web.api.cases import IF_MATCH
from web.api.decision_body import KEY_EXPECTED, is_idempotency_key
from web.api.resources import Resource, identifier, look, revision, work
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
from web.downloads import attachment
from web.security import requires

resource = Resource(
    "Appeals",
    "The person concerned objects to a decision; somebody who had no part in it answers, and may reverse it.",
)

_KEY_HEADER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your key for this appeal: repeating it gives the same appeal again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]{1,200}$"},
}


class AppealBody(Body):
    """An objection, as the person concerned made it."""

    words = Text(
        required=True,
        validate=at_most(service.LONGEST_WORDS),
        metadata={"description": "What they say, in their own words"},
    )
    corrections = Members(
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Facts as they should be; those that the policy lets the person correct"
        },
    )
    files = files_field()


class AppealAnswerBody(Body):
    """The answer to an appeal. It is final."""

    upheld = Flag(required=True)
    outcome = Text(
        load_default=None,
        allow_none=True,
        validate=at_most(200),
        metadata={"description": "Where it is upheld: the outcome that holds from now on"},
    )
    answer = Text(
        required=True,
        validate=at_most(service.LONGEST_ANSWER),
        metadata={"description": "The text for the person"},
    )


class WordsAnswer(Answer):
    """What the person concerned wrote."""

    at = Instant(required=True)
    text = Text(required=True)


class AppealAnswer(Answer):
    """An appeal. Words, corrected facts and files are for people, and are empty for apps."""

    id = Text(required=True)
    decision_id = Text(required=True)
    case = Text(required=True, attribute="case_id")
    status = Text(required=True, validate=one_of(AppealStatus))
    door = Text(
        required=True,
        validate=one_of(Door),
        metadata={"description": "Where it came in: the person's page, an app, or a manager"},
    )
    opened_at = Instant(required=True)
    due_at = Instant(required=True)
    overdue = Flag(required=True)
    looked_at = Flag(required=True, metadata={"description": "Somebody took its case"})
    closed_at = Instant(required=True, allow_none=True)
    upheld = Flag(required=True, allow_none=True)
    outcome = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where it was upheld: the outcome that holds since"},
    )
    reversed_by = Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where it was upheld: the decision with that outcome"},
    )
    answer = Text(required=True, allow_none=True)
    words = List(Nested(WordsAnswer), required=True)
    corrections = Members(required=True, allow_none=True)
    files = List(Nested(FileAnswer), required=True)


class AppealsAnswer(Answer):
    """The appeals to a decision, oldest first."""

    appeals = List(Nested(AppealAnswer), required=True)


@resource.route("/decisions/<decision_id>/appeals", methods=["POST"])
@requires(Permission.APPEALS_OPEN)
@with_files
@resource.doc(parameters=[_KEY_HEADER])
@resource.arguments(AppealBody)
@resource.response(201, AppealAnswer)
def open_appeal(body: dict[str, Any], decision_id: str) -> Any:
    """Object to a decision for the person concerned; by its app, or by a manager who then does not answer it.

    A decision has one open appeal at a time, and is answered at most twice.
    """
    identifier(decision_id, "decision")
    key = request.headers.get("Idempotency-Key")
    if key is not None and not is_idempotency_key(key):
        raise misfit([FieldProblem(pointer="/headers/Idempotency-Key", detail=KEY_EXPECTED)])
    files = files_of(body["files"])
    with work() as unit:
        return service.open_appeal(
            unit,
            decision_id,
            words=body["words"],
            corrections=body["corrections"],
            files=files,
            form=None if key is None else f"{unit.actor.reference} {key}",
        )


@resource.route("/decisions/<decision_id>/appeals", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.response(200, AppealsAnswer)
def list_appeals(decision_id: str) -> Any:
    """Read the appeals to a decision."""
    identifier(decision_id, "decision")
    with look() as unit:
        return {"appeals": service.appeals_of(unit, decision_id)}


@resource.route("/cases/<case_id>/appeal-answer", methods=["POST"])
@requires(Permission.CASES_DECIDE)
@resource.doc(parameters=[IF_MATCH])
@resource.arguments(AppealAnswerBody)
@resource.response(200, AppealAnswer)
def answer_appeal(body: dict[str, Any], case_id: str) -> Any:
    """Answer the appeal whose case one holds, for good; upheld, another decision comes in the place of the one that stands."""
    identifier(case_id, "case")
    read = revision()
    with work() as unit:
        return service.answer(unit, case_id, revision=read, **body)


@resource.route("/cases/<case_id>/appeal-files/<int:number>", methods=["GET"])
@requires(Permission.CASES_READ)
@resource.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/octet-stream",
    description="The file as it came",
)
def appeal_file(case_id: str, number: int) -> Any:
    """Read a file that came with an appeal."""
    identifier(case_id, "case")
    with look() as unit:
        file, content = service.file_of(unit, case_id, number)
    return attachment(content, file.content_type, file.name)
