"""Every route says who may use it, and what the API offers is described."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from governance.permissions import Permission
from web.api import openapi
from web.application import create_app

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.fixture
def app(answerable):
    return create_app(answerable)


def test_every_route_names_its_permission_or_says_why_it_is_open(app) -> None:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        assert hasattr(view, "permission"), (
            f"{rule.rule} names no permission: use @requires(Permission...) or @open_to_everybody(why)."
        )
        if view.permission is None:
            assert len(view.open_because) > 20, f"{rule.rule} does not say why it is open."
        else:
            assert isinstance(view.permission, Permission), rule.rule


def test_a_route_that_names_nothing_would_be_found(app) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "")
    with pytest.raises(AssertionError, match="forgotten"):
        test_every_route_names_its_permission_or_says_why_it_is_open(app)


def test_without_a_secret_the_api_answers_401_to_everything_that_is_not_open(app) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1"):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method)
            assert answer.status_code == 401, (method, rule.rule)


def test_every_route_of_the_api_is_described(app) -> None:
    described = openapi.document(app)["paths"]
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                operation = described[path][method.lower()]
                assert operation["summary"], (method, path)
                assert operation["x-permission"] in set(Permission), (method, path)


def test_operations_have_names_of_their_own(app) -> None:
    names = [
        operation["operationId"]
        for operations in openapi.document(app)["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
    ]
    assert sorted(names) == sorted(set(names))


def test_the_checked_in_description_is_what_is_served(app) -> None:
    checked_in = json.loads((REFERENCE / "openapi.json").read_text(encoding="utf-8"))
    served = app.test_client().get("/api/openapi.json").json
    assert served == checked_in, "Run `make format` to write docs/reference/openapi.json again."
