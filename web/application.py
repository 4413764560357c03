"""The web application: one Flask, put together from its doors."""

from __future__ import annotations

import atexit
import hashlib
import signal
import sys
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from governance import settings as process_settings
from governance.application import Answerable, open_installation
from governance.decisions.service import Waiting
from governance.logs import write_logs
from governance.settings import Settings
from web import (
    authentication,
    console,
    health,
    log_files,
    metrics,
    portal,
    problems,
    rate_limits,
    security,
)
from web.api import decisions, openapi
from web.api.bodies import MOST_BYTES
from web.fast_door import FastDoor

log = structlog.get_logger("answerable.web")
_NO_ROUTE: Final = "none"
_SWITCH_SECONDS: Final = 0.0005


def create_app(answerable: Answerable) -> Flask:
    """Return the application that serves an installation.

    Raises:
        SettingsInvalid: the setting ``rate_limit`` names no limit.
    """
    return attach(doors(secure=answerable.settings.cookies_secure), answerable)


def doors(*, secure: bool) -> Flask:
    """Return an application with all its routes, which serves no installation yet."""
    app = Flask("web", static_folder="static", template_folder="templates")
    app.json = _FastJSON(app)
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        SESSION_COOKIE_NAME="__Host-answerable" if secure else "answerable",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
    )
    problems.register(app)
    _watch(app)
    security.register(app, secure=secure)
    openapi.register(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(log_files.blueprint)
    console.register(app)
    portal.register(app)
    _name_static_files_by_content(app)
    return app


def attach(app: Flask, answerable: Answerable) -> Flask:
    """Let an application serve an installation.

    Raises:
        SettingsInvalid: the setting ``rate_limit`` names no limit.
    """
    settings = answerable.settings
    app.config["SECRET_KEY"] = answerable.keyring.session
    app.extensions["answerable"] = answerable
    app.extensions[decisions.WAITING] = Waiting(answerable)
    app.extensions[authentication.RATE_LIMIT] = rate_limits.from_setting(settings.rate_limit)
    portal.limit(app)
    if settings.trusted_proxies:
        trusted = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=trusted, x_proto=trusted, x_host=trusted)  # type: ignore[method-assign]
    if app.extensions[authentication.RATE_LIMIT] is None:
        app.wsgi_app = FastDoor(app.wsgi_app, answerable)  # type: ignore[method-assign]
    return app


@cache
def _prepared(*, secure: bool) -> Flask:
    return doors(secure=secure)


def prepare(settings: Settings) -> None:
    """Put together what ``serve`` will return, without an installation: a process that forks does it once for all."""
    _prepared(secure=settings.cookies_secure)


def serve() -> Flask:
    """Open the installation that the settings name, and return the application for a WSGI server's process.

    Raises:
        SettingsInvalid, WrongInstallation, Unavailable: it cannot be served.
    """
    # A process that is told to stop before it serves just stops; what it inherited would only take note of it.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Requests wait for the disk more than they compute: with Python's own 5 ms each of many threads that come back would wait long.
    sys.setswitchinterval(_SWITCH_SECONDS)
    settings = process_settings.load()
    write_logs(settings)
    answerable = open_installation(settings)
    atexit.register(answerable.close)
    if settings.background == "embedded":
        from governance.worker import Background

        background = Background(answerable)
        background.start()
        atexit.register(background.stop)
    app = attach(_prepared(secure=settings.cookies_secure), answerable)
    # It serves this installation and no other.
    _prepared.cache_clear()
    return app


class _FastJSON(JSONProvider):
    """Writes and reads JSON with orjson."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


def _watch(app: Flask) -> None:
    """Count and log each request; nothing personal, and nothing that stands in an address."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def tell(response: Response) -> Response:
        seconds = time.perf_counter() - g.get("began", time.perf_counter())
        route = _NO_ROUTE if request.url_rule is None else request.url_rule.rule
        metrics.count_request(request.method, route, response.status_code, seconds)
        log.info(
            "answered",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
            actor=authentication.reference(),
            request=problems.request_id(),
        )
        response.headers["X-Request-Id"] = problems.request_id()
        return response


def _name_static_files_by_content(app: Flask) -> None:
    """Give each link to a static file its content's hash, so that browsers keep it and still see a new one at once."""
    folder = Path(app.static_folder or "")

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "filename" in values and "v" not in values:
            path = folder / values["filename"]
            if path.is_file():
                values["v"] = _content_hash(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _content_hash(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
