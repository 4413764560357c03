"""What each route permits, and what each answer tells the browser to refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from flask import Flask, Response, request
from flask_wtf import CSRFProtect

from governance.permissions import Permission
from web import authentication
from web.problems import of_api

View = TypeVar("View", bound=Callable[..., Any])

#: Sent with every answer. All that a page needs comes from our own host, and no page may be framed.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ONLY: Final = "max-age=31536000; includeSubDomains"
#: The blueprint whose forms are guarded by itself.
OWN_FORMS: Final = "portal"
_NEVER_CHANGES: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "public, max-age=300"


def requires(permission: Permission) -> Callable[[View], View]:
    """Let only those use a view who have the permission; checked before anything else is looked at."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, **named: Any) -> Any:
            authentication.actor().require(permission)
            return view(*arguments, **named)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def open_to_everybody(reason: str) -> Callable[[View], View]:
    """Let everybody use a view, and say why."""

    def decorate(view: View) -> View:
        view.permission = None  # type: ignore[attr-defined]
        view.open_because = reason  # type: ignore[attr-defined]
        return view

    return decorate


def register(app: Flask, *, secure: bool) -> None:
    """Guard an application's forms, and send the headers with each of its answers."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf = CSRFProtect(app)
    static = app.view_functions.get("static")
    if static is not None:
        app.view_functions["static"] = open_to_everybody(
            "Styles, scripts and pictures are no secret."
        )(static)

    @app.before_request
    def guard_forms() -> None:
        # The API takes no cookies, so no other site can make a browser speak for somebody there.
        # On the pages of the person concerned each form carries a token bound to their link, which no other site knows.
        if (
            request.method not in {"GET", "HEAD", "OPTIONS"}
            and not of_api()
            and request.blueprint != OWN_FORMS
        ):
            csrf.protect()

    headers = tuple(HEADERS.items())

    @app.after_request
    def send_headers(response: Response) -> Response:
        for name, value in headers:
            # A page that gives more away by its address says so itself, more strictly.
            response.headers.setdefault(name, value)
        if secure:
            response.headers["Strict-Transport-Security"] = HTTPS_ONLY
        if request.endpoint == "static":
            known = response.status_code in {200, 304} and "v" in request.args
            response.headers["Cache-Control"] = _NEVER_CHANGES if known else _ASK_AGAIN
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
