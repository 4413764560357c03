"""The way of a plain decision request past Flask, which costs more than the decision itself.

It answers only what the route `POST /api/v1/decisions` would answer with 201, in the same bytes and headers; a test holds the two against each other. Whatever is not
plain (a query, a person's token, a body that the fast reading does not take) goes on to Flask untouched, and a refusal goes on to be told there.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Final

import orjson
import structlog

from governance.application import Answerable
from governance.decisions import service
from governance.decisions.preparing import Asked
from governance.errors import AnswerableError
from governance.identities import keys
from governance.permissions import Permission
from governance.primitives import random_bytes
from web import metrics
from web.api.bodies import MOST_BYTES
from web.api.decision_body import is_idempotency_key, parse_fitting
from web.api.decisions import REFUSED, address_of, asked_decision
from web.api.resources import JSON, PREFIX
from web.security import HEADERS, HTTPS_ONLY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_MOST_DIGITS: Final = 9
ROUTE: Final = f"{PREFIX}/decisions"
_CONTENT_TYPES: Final = frozenset({JSON, f"{JSON}; charset=utf-8", f"{JSON};charset=utf-8"})

log = structlog.get_logger("answerable.web")


class FastDoor:
    """A WSGI application before Flask's."""

    def __init__(self, beyond: WSGIApplication, answerable: Answerable) -> None:
        self._beyond = beyond
        self._answerable = answerable
        self._headers = [("Content-Type", JSON), *HEADERS.items(), ("Cache-Control", "no-store")]
        if answerable.settings.cookies_secure:
            self._headers.append(("Strict-Transport-Security", HTTPS_ONLY))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == ROUTE and environ["REQUEST_METHOD"] == "POST":
            answered = self._answer(environ, start_response)
            if answered is not None:
                return answered
        return self._beyond(environ, start_response)

    def _answer(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes] | None:
        began = time.perf_counter()
        key = environ.get("HTTP_IDEMPOTENCY_KEY")
        length = environ.get("CONTENT_LENGTH", "")
        bearer, _, secret = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if (
            environ.get("QUERY_STRING")
            or not length.isdecimal()
            # Python refuses to read a number of thousands of digits, be they all noughts.
            or len(length) > _MOST_DIGITS
            or int(length) > MOST_BYTES
            or environ.get("CONTENT_TYPE", "").lower() not in _CONTENT_TYPES
            or bearer.lower() != "bearer"
            or not secret.startswith("ans_")
            or not (key is None or is_idempotency_key(key))
        ):
            return None
        raw = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(raw)
        if len(raw) != int(length):
            return None
        parsed = parse_fitting(raw)
        if parsed is None:
            return None
        try:
            actor = keys.actor_of_key(self._answerable, secret)
            actor.require(Permission.DECISIONS_CREATE)
        except AnswerableError:
            return None
        try:
            asked = Asked(request=parsed.request, idempotency_key=key, body_digest=parsed.digest)
            view = service.ask(self._answerable, actor, asked)
        except Exception as error:  # noqa: BLE001 -- Flask tells of the unexpected too, and nothing is asked twice.
            environ[REFUSED] = error
            return None
        assert view.id is not None
        public_url = self._answerable.settings.public_url
        body = orjson.dumps(asked_decision(view, public_url))
        request_id = random_bytes(8).hex()
        headers = [
            *self._headers,
            ("Content-Length", str(len(body))),
            ("Location", address_of(view.id, public_url)),
            ("X-Request-Id", request_id),
        ]
        if view.replayed:
            headers.append(("Idempotent-Replayed", "true"))
        seconds = time.perf_counter() - began
        metrics.count_decision(view.disposition)
        metrics.count_request("POST", ROUTE, 201, seconds)
        log.info(
            "answered",
            method="POST",
            route=ROUTE,
            status=201,
            ms=round(seconds * 1000, 1),
            actor=actor.reference,
            request=request_id,
        )
        start_response("201 CREATED", headers)
        return [body]
