"""What the API's resources have in common: their blueprint, how they read a request, how they answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, NoReturn

import marshmallow as ma
import orjson
from flask import Response, request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser

from governance.clock import parse_rfc3339, rfc3339
from governance.errors import FieldProblem, InvalidInput, NotFound, Stale
from governance.identities import keys
from governance.work import Work
from web import authentication
from web.api.bodies import decode, listed, misfit
from web.api.schemas import Body, Count, Instant, Text, at_most
from web.problems import RevisionRequired, WrongContentType

PREFIX: Final = "/api/v1"
JSON: Final = "application/json"
MOST_OF_A_PAGE: Final = 200
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_REVISION: Final = re.compile(r'"([0-9]{1,18})"', re.ASCII)
_PLACES: Final = {"query": ("query",), "headers": ("headers",)}


_ALL_SCHEMAS_DECIDE: dict[str, str | None] = {"json": None, "query": ma.RAISE, "path": ma.RAISE}


class Parser(FlaskParser):
    """Reads bodies strictly, and tells each mistake by its place."""

    # What a schema does not declare is a mistake, wherever it stands.
    DEFAULT_UNKNOWN_BY_LOCATION = _ALL_SCHEMAS_DECIDE

    def load_json(self, req: Any, schema: ma.Schema) -> Any:
        """Read the body; an empty one counts as an empty object."""
        raw = req.get_data()
        return strict_json(raw) if raw else {}

    def handle_error(
        self, error: ma.ValidationError, req: Any, schema: ma.Schema, **kwargs: Any
    ) -> NoReturn:
        """Tell what marshmallow found."""
        problems: list[FieldProblem] = []
        for location, messages in error.messages_dict.items():
            problems += listed(messages, *_PLACES.get(location, ()))
        raise misfit(problems) from None


class Resource(Blueprint):
    """One resource of the API."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str, *, prefix: str = PREFIX) -> None:
        super().__init__(name, __name__, url_prefix=prefix, description=description)


class Query(Body):
    """What an address asks for after its question mark; what is not asked for is None."""

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field) -> None:
        """Refuse null, which no address can say."""
        field_obj.allow_none = False


class PageQuery(Query):
    """Which stretch of a list is wanted."""

    limit = Count(
        load_default=50,
        validate=ma.validate.Range(
            min=1, max=MOST_OF_A_PAGE, error=f"Expected 1 to {MOST_OF_A_PAGE}."
        ),
    )
    cursor = Text(
        load_default=None,
        validate=ma.validate.Length(max=500, error="Expected a cursor as an answer gave it."),
        metadata={"description": "`next_cursor` of the page before"},
    )


class PeriodQuery(PageQuery):
    """A stretch of a list within a period."""

    since = Instant(metadata={"description": "From this instant on"}, load_default=None)
    until = Instant(metadata={"description": "Before this instant"}, load_default=None)


class ReasonBody(Body):
    """Why something is done."""

    reason = Text(required=True, validate=at_most(4000))


class MaybeReasonBody(Body):
    """Why something is done, where that need not be said."""

    reason = Text(load_default=None, allow_none=True, validate=at_most(4000))


@contextmanager
def work() -> Iterator[Work]:
    """Open a unit of work of whoever asks.

    Raises:
        NotSignedIn: the app's key was ended meanwhile, by whichever process.
    """
    with authentication.installation().work(authentication.actor()) as unit:
        keys.key_still_valid(unit)
        yield unit


@contextmanager
def look() -> Iterator[Work]:
    """Open a unit of work of whoever asks that only reads.

    Raises:
        NotSignedIn: the app's key was ended meanwhile, by whichever process.
    """
    with authentication.installation().look(authentication.actor()) as unit:
        keys.key_still_valid(unit)
        yield unit


def require_content_type(*taken: str) -> None:
    """Raise unless the body is of a kind that is taken.

    Raises:
        WrongContentType: it is not.
    """
    if request.mimetype not in taken:
        raise WrongContentType(
            f"The body's Content-Type is {request.mimetype or 'not said'}. Send {' or '.join(taken)}."
        )


def strict_json(raw: bytes) -> Any:
    """Read a body as JSON.

    Raises:
        WrongContentType, NotJson, InvalidInput: it is none, or holds what JSON readers disagree on.
    """
    require_content_type(JSON)
    return decode(raw)


def identifier(text: str, what: str) -> str:
    """Return an id from an address.

    Raises:
        NotFound: it is no id, so there is nothing under it.
    """
    if _ID.fullmatch(text) is None:
        raise NotFound(f"There is no such {what}, or it is not one of yours.")
    return text


def revision() -> int | None:
    """Return the revision that If-Match names, None for ``*``.

    Raises:
        RevisionRequired: there is no If-Match.
        Stale: it names no revision there ever was.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise RevisionRequired(
            'Say in If-Match which revision you read, as the ETag gave it, like If-Match: "3". '
            "So nobody overwrites what another did meanwhile."
        )
    if header == "*":
        return None
    match = _REVISION.fullmatch(header)
    if match is None:
        raise Stale(
            f"If-Match says {header[:40]}, which is no revision. Read the case again and send its ETag."
        )
    return int(match[1])


def answer(
    body: Any,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    etag: int | None = None,
) -> Response:
    """Return a JSON answer."""
    response = Response(orjson.dumps(body), status=status, content_type=JSON)
    if headers:
        response.headers.update(headers)
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    return response


def instant(value: datetime | None) -> str | None:
    """Return an instant as answers write it."""
    return None if value is None else rfc3339(value)


def cursor_of(position: tuple[datetime, str] | None) -> str | None:
    """Return where the next page begins, as an opaque text."""
    if position is None:
        return None
    text = f"{rfc3339(position[0])} {position[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def id_cursor(cursor: str, *, place: str = "/query/cursor") -> str:
    """Return the id after which a page begins.

    Raises:
        InvalidInput: the cursor is none that we gave.
    """
    if _ID.fullmatch(cursor) is None:
        raise _no_cursor(place)
    return cursor


def _no_cursor(place: str) -> InvalidInput:
    return misfit([FieldProblem(pointer=place, detail="Expected a cursor as an answer gave it.")])


def position_of(cursor: str | None, *, place: str = "/query/cursor") -> tuple[datetime, str] | None:
    """Return where a page begins.

    Raises:
        InvalidInput: the cursor is none that we gave.
    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        at, identity = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split(" ")
        position = parse_rfc3339(at), identity
    except (ValueError, OverflowError):
        raise _no_cursor(place) from None
    id_cursor(identity, place=place)
    return position
