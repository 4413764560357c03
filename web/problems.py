"""Errors as problem documents (RFC 9457): one table gives each error its status and title.

Under /api/, and where programs read the log's files, every failure is ``application/problem+json``. Elsewhere it is a page, which the console draws; a plain text
stands in where the console is not part of the application.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from flask import Flask, Response, current_app, g, make_response, request
from werkzeug.exceptions import HTTPException

from governance import errors
from governance.errors import AnswerableError, FieldProblem, InvalidInput, Unavailable
from governance.primitives import random_bytes

CONTENT_TYPE: Final = "application/problem+json"
#: Where programs read the log's files; they are no part of the API, but its failures are told as the API's are.
_LOG_FILES: Final = (
    "/log/checkpoint",
    "/log/log.vkey",
    "/log/receipt.vkey",
    "/log/tile/",
    "/log/epochs/",
)
#: Where an application keeps the function that draws an error as a page.
ERROR_PAGE: Final = "answerable.error_page"
log = structlog.get_logger("answerable.web")


class NotJson(AnswerableError):
    """The body cannot be read at all: not JSON, not UTF-8, or too deep."""

    code = "not-json"


class TooLarge(AnswerableError):
    """The body is larger than the service takes."""

    code = "too-large"


class WrongContentType(AnswerableError):
    """The body is of a kind that this address does not take."""

    code = "wrong-content-type"


class RevisionRequired(AnswerableError):
    """The request changes a thing and must say in If-Match which revision of it was read."""

    code = "revision-required"


class TooManyRequests(Unavailable):
    """The key asked more often than it may."""

    code = "too-many-requests"


@dataclass(frozen=True, slots=True)
class Told:
    """How an error is told over HTTP."""

    status: int
    title: str


#: Each error's status and title. An error that is not here is told as the nearest of its bases.
TABLE: Final[Mapping[type[AnswerableError], Told]] = {
    AnswerableError: Told(400, "It cannot be done"),
    errors.InvalidInput: Told(422, "The request does not fit"),
    errors.NotSignedIn: Told(401, "Nobody known is asking"),
    errors.NotAllowed: Told(403, "Not allowed"),
    errors.NotFound: Told(404, "Not found"),
    errors.NotProvenYet: Told(404, "Not in the signed log yet"),
    errors.Conflict: Told(409, "No longer possible"),
    errors.Stale: Told(412, "Changed meanwhile"),
    errors.Gone: Told(410, "Erased"),
    errors.TooManyTries: Told(429, "Too many tries"),
    errors.Unavailable: Told(503, "Not now"),
    errors.LogUnavailable: Told(503, "The log cannot be written"),
    errors.IdempotencyConflict: Told(409, "Another body under the same key"),
    errors.SelfConfirmation: Told(403, "A second person must confirm"),
    errors.AlreadySigned: Told(409, "Signed before"),
    errors.CaseClosed: Told(409, "The case is closed"),
    errors.ClaimedByAnother: Told(409, "Somebody else holds the case"),
    errors.NotClaimed: Told(409, "The case is not claimed"),
    errors.UndoPassed: Told(409, "Too late to take back"),
    errors.SettingsInvalid: Told(500, "The settings are wrong"),
    errors.WrongInstallation: Told(503, "Wrong installation"),
    NotJson: Told(400, "Not readable"),
    TooLarge: Told(413, "Too large"),
    WrongContentType: Told(415, "Wrong content type"),
    RevisionRequired: Told(428, "Which revision?"),
    TooManyRequests: Told(429, "Too many requests"),
}

#: What Flask itself refuses, and the code it is told under.
_OF_HTTP: Final[Mapping[int, str]] = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "wrong-content-type",
}
#: Kinds of failures that no error of ours stands for, with what they mean.
OTHERS: Final[Mapping[str, tuple[Told, str]]] = {
    "bad-request": (Told(400, "Not readable"), "The request is not one of HTTP as we read it."),
    "method-not-allowed": (
        Told(405, "Method not allowed"),
        "There is something at this address, but not for this method; `Allow` names those there are.",
    ),
    "error": (
        Told(500, "Something broke"),
        "The service failed in a way it does not know. Nothing was stored; trying again may work.",
    ),
}


def told(error: type[AnswerableError]) -> Told:
    """Return how a kind of error is told."""
    return next(TABLE[base] for base in error.__mro__ if base in TABLE)


def kinds() -> Mapping[type[AnswerableError], Told]:
    """Return all kinds of errors that this program knows, and how each is told."""
    known: dict[type[AnswerableError], Told] = {}
    waiting = [AnswerableError]
    while waiting:
        kind = waiting.pop()
        known[kind] = told(kind)
        waiting += kind.__subclasses__()
    return known


def document(error: AnswerableError, public_url: str) -> dict[str, Any]:
    """Return the problem document of an error."""
    how = told(type(error))
    body: dict[str, Any] = {
        "type": type_of(public_url, error.code),
        "title": how.title,
        "status": how.status,
        "detail": error.detail,
    }
    if isinstance(error, InvalidInput):
        body["errors"] = [
            {"pointer": each.pointer, "detail": each.detail} for each in error.problems
        ]
    return body


def type_of(public_url: str, code: str) -> str:
    """Return the address that names a kind of problem and describes it."""
    return f"{public_url}/problems/{code}"


def register(app: Flask) -> None:
    """Tell every failure of an application in one of the two ways."""
    app.register_error_handler(AnswerableError, _tell)
    app.register_error_handler(HTTPException, _tell_http)
    app.register_error_handler(Exception, _tell_unexpected)

    @app.before_request
    def refuse_what_nothing_is_named() -> None:
        # PostgreSQL takes no U+0000 in any text, so nothing at all can be found under such an address.
        if "\0" in request.path:
            raise errors.NotFound("There is nothing at this address.")
        _refuse_nul()


def of_api() -> bool:
    """Tell whether the present request is to the API."""
    return request.path.startswith("/api/")


def of_programs() -> bool:
    """Tell whether the present request is to the API or for one of the log's files."""
    return of_api() or request.path.startswith(_LOG_FILES)


def _refuse_nul() -> None:
    """Refuse U+0000 in queries and forms, as PostgreSQL takes it in no text; bodies of the API are read strictly anyway."""
    said = [request.args]
    if not of_api() and request.method == "POST":
        said.append(request.form)
    for name, value in (item for values in said for item in values.items(multi=True)):
        if "\0" in name or "\0" in value:
            detail = "The character U+0000 is not taken; leave it out."
            raise InvalidInput(detail, [FieldProblem(pointer="", detail=detail)])


def _tell(error: AnswerableError) -> Response:
    body = document(error, _public_url())
    response = _answer(body)
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if body["status"] == 401 and of_programs():
        response.headers["WWW-Authenticate"] = 'Bearer realm="answerable"'
    return response


def _how_large() -> str:
    most = request.max_content_length
    if most is None:
        return "The body is larger than is taken here."
    return f"The body has more than {most:,} bytes, which is what is taken here at most."


def _tell_http(error: HTTPException) -> Response:
    if error.code is None or error.response is not None or error.code < 400:
        return make_response(error.get_response())
    if error.code == TABLE[TooLarge].status:
        return _tell(TooLarge(_how_large()))
    response = _answer(
        {
            "type": type_of(_public_url(), _OF_HTTP.get(error.code, "error")),
            "title": error.name,
            "status": error.code,
            "detail": error.description or error.name,
        }
    )
    for name, value in error.get_headers():
        if name not in {"Content-Type", "Content-Length"}:
            response.headers[name] = value
    return response


def _tell_unexpected(error: Exception) -> Response:
    # The message of a database's error holds values; the place where it happened does not.
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    log.error("failed", error=type(error).__name__, at=frames, request=request_id())
    return _answer(
        {
            "type": type_of(_public_url(), "error"),
            "title": "Something broke",
            "status": 500,
            "detail": "The service failed in a way it does not know. Nothing was stored. Try again; "
            f"if it stays, tell whoever runs the service this reference: {request_id()}.",
        }
    )


def request_id() -> str:
    """Return the id under which the present request stands in our logs."""
    if "request_id" not in g:
        g.request_id = random_bytes(8).hex()
    known: str = g.request_id
    return known


def _answer(body: dict[str, Any]) -> Response:
    if of_programs():
        body = {**body, "request_id": request_id()}
        return Response(orjson.dumps(body), status=body["status"], content_type=CONTENT_TYPE)
    draw: Callable[[dict[str, Any]], Response] | None = current_app.extensions.get(ERROR_PAGE)
    if draw is not None:
        return draw(body)
    text = f"{body['title']}\n\n{body['detail']}\n"
    return Response(text, status=body["status"], content_type="text/plain; charset=utf-8")


def _public_url() -> str:
    return str(current_app.extensions["answerable"].settings.public_url)
