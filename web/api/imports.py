"""Imports: files of past decisions, of what turned out right, and of group attributes. People with the permission only."""

from __future__ import annotations

from typing import Any, Final

import marshmallow as ma
from flask import request

from governance.errors import AnswerableError, FieldProblem
from governance.imports import service
from governance.imports.states import Form, Kind, RunStatus
from governance.imports.views import RunView
from governance.permissions import Permission
from web import authentication, uploads
from web.api.bodies import misfit
from web.api.decisions import NDJSON, QueryFlag
from web.api.resources import (
    PageQuery,
    Query,
    Resource,
    cursor_of,
    identifier,
    look,
    position_of,
    require_content_type,
)
from web.api.schemas import (
    Answer,
    Count,
    Flag,
    Instant,
    List,
    Members,
    Nested,
    Text,
    Whole,
    at_most,
    one_of,
)
from web.security import requires

resource = Resource(
    "Imports",
    "Files of the past: decisions, what turned out right, group attributes. Each line is taken once, however often its file comes.",
)

CSV: Final = "text/csv"
MULTIPART: Final = "multipart/form-data"
_NAMES: Final = {CSV: "import.csv", NDJSON: "import.ndjson"}
_MOST_OF_A_LIST: Final = 1000


class ImportQuery(Query):
    """What a file holds, and what is to be done with it."""

    kind = Text(required=True, validate=one_of(Kind))
    point = Text(
        required=True, validate=at_most(63), metadata={"description": "The decision point"}
    )
    map = List(
        Text(validate=at_most(500)),
        load_default=list,
        metadata={
            "description": "What a CSV column means, as `COLUMN=FIELD`, where its name does not say it; an empty FIELD passes it over"
        },
    )
    dry_run = QueryFlag(
        load_default=False, metadata={"description": "1: read and check everything, store nothing"}
    )
    again = QueryFlag(
        load_default=False,
        metadata={"description": "1: also where the very file was imported with another map"},
    )
    file_name = Text(
        load_default=None,
        validate=at_most(200),
        metadata={"description": "How the history calls it; its ending says how it is written"},
    )


class RefusedQuery(Query):
    """Which refused lines are wanted."""

    after = Count(
        load_default=0,
        validate=ma.validate.Range(min=0, max=2**32, error="Expected a line's number."),
        metadata={"description": "Behind this line"},
    )
    limit = Count(
        load_default=200,
        validate=ma.validate.Range(
            min=1, max=_MOST_OF_A_LIST, error=f"Expected 1 to {_MOST_OF_A_LIST}."
        ),
    )


class ImportAnswer(Answer):
    """An import as it stands."""

    id = Text(required=True)
    kind = Text(required=True, validate=one_of(Kind))
    point = Text(required=True)
    file_name = Text(required=True)
    form = Text(required=True, validate=one_of(Form))
    columns = Members(
        required=True, metadata={"description": "What was said of columns, by their names"}
    )
    status = Text(
        required=True,
        validate=one_of(RunStatus),
        metadata={"description": "`open`: uploaded, and not begun"},
    )
    dry_run = Flag(required=True, attribute="trial")
    lines = Whole(required=True)
    done = Whole(required=True, metadata={"description": "Lines gone through"})
    accepted = Whole(required=True, metadata={"description": "Lines taken, or that would be"})
    known = Whole(
        required=True,
        metadata={"description": "Of these, lines that an earlier file or report had brought"},
    )
    refused = Whole(required=True)
    problem = Text(
        required=True, allow_none=True, metadata={"description": "Why it stopped, where it did"}
    )
    started_at = Instant(required=True)
    started_by = Text(required=True)
    finished_at = Instant(required=True, allow_none=True)


class ImportsAnswer(Answer):
    """Imports, those begun last first."""

    imports = List(Nested(ImportAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True)


class RefusedLineAnswer(Answer):
    """A line that was not taken, and why."""

    line = Whole(required=True)
    problem = Text(required=True)


class RefusedLinesAnswer(Answer):
    """Refused lines in the order of the file; kept for 30 days."""

    refused = List(Nested(RefusedLineAnswer), required=True)
    next_after = Whole(
        required=True, allow_none=True, metadata={"description": "Where the next stretch begins"}
    )


@resource.route("/imports", methods=["POST"])
@requires(Permission.IMPORTS_RUN)
@resource.arguments(ImportQuery, location="query")
@resource.response(
    202,
    ImportAnswer,
    description="It is taken in, and imported in the background; `done` and `lines` of its address say how far it is. "
    "Of a file that was imported before, that import.",
)
@resource.doc(
    requestBody={
        "required": True,
        "description": f"The file, up to {service.MOST_BYTES // 1_000_000} MB in UTF-8; in a form, the field `file`.",
        "content": {
            CSV: {"schema": {"type": "string"}},
            NDJSON: {"schema": {"type": "string"}},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    },
)
def import_file(query: dict[str, Any]) -> RunView:
    """Import a file, or try it. Group attributes need the permission to record them besides."""
    answerable, actor = authentication.installation(), authentication.actor()
    require_content_type(CSV, NDJSON, MULTIPART)
    if request.mimetype == MULTIPART:
        uploads.expect(service.MOST_BYTES)
        name, pieces = uploads.pieces_of("file")
        if not name:
            raise misfit([FieldProblem(pointer="/file", detail="This is required.")])
    else:
        name = _NAMES[request.mimetype]
        pieces = uploads.pieces_of_body(service.MOST_BYTES)
    mapping = _mapping(query["map"])
    run = service.take_in(
        answerable,
        actor,
        kind=Kind(query["kind"]),
        point=query["point"],
        file_name=query["file_name"] or name,
        chunks=pieces,
    )
    try:
        tried = service.try_out(answerable, actor, run.id, mapping)
        if query["dry_run"]:
            return tried
        return service.start(answerable, actor, run.id, again=query["again"])
    except AnswerableError:
        with authentication.installation().work(actor) as work:
            service.discard(work, run.id)
        raise


@resource.route("/imports", methods=["GET"])
@requires(Permission.IMPORTS_RUN)
@resource.arguments(PageQuery, location="query")
@resource.response(200, ImportsAnswer)
def list_imports(query: dict[str, Any]) -> Any:
    """List imports, those begun last first."""
    limit = query["limit"]
    with look() as unit:
        found = service.list_runs(unit, limit=limit + 1, before=position_of(query["cursor"]))
    more = found[limit - 1] if len(found) > limit else None
    return {
        "imports": found[:limit],
        "next_cursor": cursor_of(None if more is None else (more.started_at, more.id)),
    }


@resource.route("/imports/<import_id>", methods=["GET"])
@requires(Permission.IMPORTS_RUN)
@resource.response(200, ImportAnswer)
def get_import(import_id: str) -> Any:
    """Read how far an import is, or what it came to."""
    identifier(import_id, "import")
    with look() as unit:
        return service.get(unit, import_id)


@resource.route("/imports/<import_id>", methods=["DELETE"])
@requires(Permission.IMPORTS_RUN)
@resource.response(204)
def stop_import(import_id: str) -> None:
    """Forget a file that was only tried, or stop an import; what was imported stays."""
    identifier(import_id, "import")
    with authentication.installation().work(authentication.actor()) as unit:
        service.discard(unit, import_id)


@resource.route("/imports/<import_id>/refused", methods=["GET"])
@requires(Permission.IMPORTS_RUN)
@resource.arguments(RefusedQuery, location="query")
@resource.response(200, RefusedLinesAnswer)
def list_refused_lines(query: dict[str, Any], import_id: str) -> Any:
    """List the lines that were not taken, each with what is wrong with it."""
    identifier(import_id, "import")
    limit = query["limit"]
    found = service.refused(
        authentication.installation(),
        authentication.actor(),
        import_id,
        after=query["after"],
        limit=limit + 1,
    )
    return {
        "refused": found[:limit],
        "next_after": found[limit - 1].line if len(found) > limit else None,
    }


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not equals or not column:
            detail = f"{pair!r}: expected COLUMN=FIELD."
            raise misfit([FieldProblem(pointer="/query/map", detail=detail)])
        mapping[column] = field
    return mapping
