"""The API's description: an OpenAPI document made from the code, and a page that shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template
from flask_smorest import Api

from governance.errors import NotFound
from web import problems
from web.api import (
    account,
    appeals,
    arrivals,
    beside,
    bulk,
    cases,
    decision_points,
    decisions,
    draws,
    erasures,
    explanations,
    gold,
    holds,
    home,
    imports,
    incidents,
    keys,
    ledger,
    log,
    overseeing,
    packs,
    people,
    policies,
    queues,
    reports,
    requests,
    rights,
    saved_views,
    settings,
    status,
    subjects,
    truth,
    webhooks,
)
from web.api.resources import JSON, PREFIX, answer
from web.api.schemas import Problem, properties
from web.security import open_to_everybody

#: The version of the API's shapes; a change that breaks an app raises the first number and the prefix.
VERSION: Final = "1.0.0"
RESOURCES: Final = (
    decisions.resource,
    truth.resource,
    explanations.resource,
    ledger.resource,
    saved_views.resource,
    decision_points.resource,
    cases.resource,
    gold.resource,
    bulk.resource,
    beside.resource,
    appeals.resource,
    rights.resource,
    erasures.resource,
    subjects.resource,
    holds.resource,
    requests.resource,
    policies.resource,
    people.resource,
    keys.resource,
    webhooks.resource,
    queues.resource,
    imports.resource,
    settings.resource,
    home.resource,
    reports.resource,
    overseeing.resource,
    incidents.resource,
    log.resource,
    arrivals.resource,
    draws.resource,
    packs.resource,
    status.resource,
    account.resource,
)

blueprint = Blueprint("api_docs", __name__)
_KNOWN_TO_ALL: Final = "How the API is used is no secret; what it gives out needs a key."
_DESCRIPTION: Final = (
    "Ask for decisions, follow them, decide what waits for a person, and read why. "
    "Apps send an app key (`ans_...`), people a personal token (`anp_...`); cookies count for nothing here. "
    "A failure is a problem document (RFC 9457); times are RFC 3339 in UTC; ids are lower-case UUIDs."
)
_VARIABLE: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_METHODS: Final = ("get", "post", "put", "patch", "delete")


class DescribedApi(Api):
    """Describes itself; how failures are told is not its matter."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """Leave the application's own handlers in place, which also draw pages."""


def register(app: Flask) -> None:
    """Add the API and its description to an application."""
    app.config.update(
        API_TITLE="Answerable",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": _DESCRIPTION},
            "security": [{"bearer": []}],
        },
    )
    api = DescribedApi(app)
    api.ma_plugin.converter.add_attribute_function(properties)
    api.spec.components.security_scheme(
        "bearer",
        {"type": "http", "scheme": "bearer", "description": "An app key or a personal token"},
    )
    for resource in RESOURCES:
        api.register_blueprint(resource)
    app.extensions["answerable.openapi"] = _finished(app, _in_words_of_today(api.spec.to_dict()))
    app.register_blueprint(blueprint)


def document(app: Flask) -> Mapping[str, Any]:
    """Return the OpenAPI document of an application."""
    known: Mapping[str, Any] = app.extensions["answerable.openapi"]
    return known


def described() -> Mapping[str, Any]:
    """Return the OpenAPI document without an installation, as it is checked in."""
    app = Flask("web")
    register(app)
    return document(app)


@blueprint.get("/api/openapi.json")
@open_to_everybody(_KNOWN_TO_ALL)
def openapi_json() -> Response:
    """Return the OpenAPI document."""
    return answer(document(current_app))


@blueprint.get("/api/docs")
@open_to_everybody(_KNOWN_TO_ALL)
def docs() -> str:
    """Show the OpenAPI document."""
    return render_template("api_docs.html", api=document(current_app), prefix=PREFIX)


@blueprint.get("/problems/<code>")
@open_to_everybody("A problem's type leads here; it says what kind of failure it is.")
def problem(code: str) -> str:
    """Say what a kind of problem is."""
    if code in problems.OTHERS:
        told, meaning = problems.OTHERS[code]
        return render_template("api_problem.html", code=code, told=told, meaning=meaning)
    for error, told in problems.kinds().items():
        if error.code == code:
            return render_template("api_problem.html", code=code, told=told, meaning=error.__doc__)
    raise NotFound(f"There is no kind of problem {code!r}.")


#: Names and phrases of statuses that Python 3.13 took over from RFC 9110; the document is the same whichever Python writes it.
_RENAMED: Final = {
    b"UNPROCESSABLE_ENTITY": b"UNPROCESSABLE_CONTENT",
    b"Unprocessable Entity": b"Unprocessable Content",
    b"REQUEST_ENTITY_TOO_LARGE": b"CONTENT_TOO_LARGE",
    b"Request Entity Too Large": b"Content Too Large",
}


def _in_words_of_today(spec: dict[str, Any]) -> dict[str, Any]:
    text = orjson.dumps(spec, option=orjson.OPT_NON_STR_KEYS)
    for old, new in _RENAMED.items():
        text = text.replace(old, new)
    told: dict[str, Any] = orjson.loads(text)
    return told


def _finished(app: Flask, spec: dict[str, Any]) -> dict[str, Any]:
    """Say of each operation what permission it needs, and that failures have their own content type."""
    views = {
        (_VARIABLE.sub(r"{\1}", rule.rule), method.lower()): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, operations in spec["paths"].items():
        for method in _METHODS:
            if method not in operations:
                continue
            operation = operations[method]
            view = views[path, method]
            operation["operationId"] = view.__name__
            for parameter in operation.get("parameters", ()):
                if parameter.get("schema", {}).get("default", ...) is None:
                    del parameter["schema"]["default"]
            operation["x-permission"] = str(getattr(view, "permission", None))
    for response in spec["components"].get("responses", {}).values():
        content = response.get("content", {})
        if content.get(JSON, {}).get("schema", {}).get("$ref", "").endswith("/Problem"):
            content[problems.CONTENT_TYPE] = content.pop(JSON)
    return spec
