"""What persons concerned ask for, and the copy of all that is held about one. A reference stands in bodies, never in an address."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.permissions import Permission
from governance.rights import archive, service
from governance.rights.transitions import RightKind, RightsDoor, RightsStatus
from web.api.resources import Query, Resource, identifier, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, at_most, one_of
from web.api.subjects import ConcernedBody
from web.downloads import attachment
from web.languages import LANGUAGES
from web.security import requires

resource = Resource(
    "Rights",
    "What persons concerned ask for: a copy of their data, or to be erased; due within a month, answered by a person.",
)


class RightsQuery(Query):
    """Which are wanted."""

    status = Text(
        load_default="open",
        validate=one_of(("open", "closed")),
        metadata={"description": "closed: the 50 that were answered or taken back last"},
    )


class AskBody(Body):
    """Who asks for what."""

    subject = Nested(ConcernedBody, required=True)
    kind = Text(required=True, validate=one_of(RightKind))
    words = Text(load_default="", validate=at_most(service.LONGEST_WORDS, least=0))


class ExportBody(Body):
    """About whom the copy is."""

    subject = Nested(ConcernedBody, required=True)
    language = Text(
        load_default=None,
        allow_none=True,
        validate=one_of(tuple(LANGUAGES)),
        metadata={"description": "The page's. Default: that of the newest decision"},
    )


class GrantBody(Body):
    """What the person is told besides."""

    answer = Text(load_default="", validate=at_most(service.LONGEST_WORDS, least=0))


class RefuseBody(Body):
    """Why not, as the person reads it."""

    answer = Text(required=True, validate=at_most(service.LONGEST_WORDS))


class RightsAnswer(Answer):
    """What a person concerned asked for."""

    id = Text(required=True)
    kind = Text(required=True, validate=one_of(RightKind))
    status = Text(required=True, validate=one_of(RightsStatus))
    door = Text(required=True, validate=one_of(RightsDoor))
    asked_at = Instant(required=True)
    asked_by = Text(required=True)
    due_at = Instant(required=True)
    late = Flag(required=True)
    closed_at = Instant(required=True, allow_none=True)
    closed_by = Text(required=True, allow_none=True)
    copy_until = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "Until when the person can take a copy that was granted"},
    )
    may_answer = Flag(
        required=True, metadata={"description": "Whether whoever asks could answer it now"}
    )
    erased = Flag(required=True)


class WholeRightsAnswer(RightsAnswer):
    """What a person concerned asked for, with what was written; each is null where there is nothing, or it was erased."""

    words = Text(required=True, allow_none=True)
    answer = Text(required=True, allow_none=True)
    subject_ref = Text(required=True, allow_none=True)


class RightsListAnswer(Answer):
    """What persons concerned asked for."""

    requests = List(Nested(RightsAnswer), required=True)


@resource.route("/subjects/export", methods=["POST"])
@requires(Permission.SUBJECTS_EXPORT)
@resource.arguments(ExportBody)
@resource.response(
    200,
    {"type": "string", "format": "binary"},
    content_type=archive.CONTENT_TYPE,
    description="An archive: data.json, index.html and files",
)
def export_subject(body: dict[str, Any]) -> Response:
    """Take a copy of all that is held about a subject; the log says so."""
    with work() as unit:
        copy = archive.export(unit, body["subject"]["ref"], language=body["language"])
    return attachment(copy.pieces, copy.content_type, copy.name)


@resource.route("/subjects/requests", methods=["POST"])
@requires(Permission.SUBJECTS_ASK)
@resource.arguments(AskBody)
@resource.response(201, RightsAnswer)
def ask_for_subject(body: dict[str, Any]) -> Any:
    """Enter what a person concerned asks for. One of a kind waits at a time; asking again gives that one."""
    with work() as unit:
        return service.ask(
            unit,
            RightKind(body["kind"]),
            reference=body["subject"]["ref"],
            words=body["words"],
        )


@resource.route("/subjects/requests", methods=["GET"])
@requires(Permission.SUBJECTS_READ)
@resource.arguments(RightsQuery, location="query")
@resource.response(200, RightsListAnswer)
def list_subject_requests(query: dict[str, Any]) -> Any:
    """List what waits for an answer, what is due first first, or what was closed last."""
    with look() as unit:
        found = service.waiting(unit) if query["status"] == "open" else service.closed(unit)
        return {"requests": found}


@resource.route("/subjects/requests/<request_id>", methods=["GET"])
@requires(Permission.SUBJECTS_READ)
@resource.response(200, WholeRightsAnswer)
def get_subject_request(request_id: str) -> Any:
    """Read one with what was written, and whom it is about."""
    identifier(request_id, "request")
    with look() as unit:
        return service.get(unit, request_id)


@resource.route("/subjects/requests/<request_id>/grant", methods=["POST"])
@requires(Permission.SUBJECTS_READ)
@resource.arguments(GrantBody, required=False)
@resource.response(200, RightsAnswer)
def grant_subject_request(body: dict[str, Any], request_id: str) -> Any:
    """Grant a copy, which the person then takes from their page. It needs the permission to answer this kind."""
    identifier(request_id, "request")
    with work() as unit:
        return service.grant(unit, request_id, answer=body["answer"])


@resource.route("/subjects/requests/<request_id>/refuse", methods=["POST"])
@requires(Permission.SUBJECTS_READ)
@resource.arguments(RefuseBody)
@resource.response(200, RightsAnswer)
def refuse_subject_request(body: dict[str, Any], request_id: str) -> Any:
    """Refuse it, and tell the person why. It needs the permission to answer this kind."""
    identifier(request_id, "request")
    with work() as unit:
        return service.refuse(unit, request_id, answer=body["answer"])
