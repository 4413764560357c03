"""Errors as problem documents: each has its place in the table, and none tells what it must not."""

from __future__ import annotations

import json

import flask
import pytest
from sqlalchemy.exc import IntegrityError

from governance import errors
from governance.errors import AnswerableError, FieldProblem, InvalidInput
from web import problems


class Installation:
    class settings:  # noqa: N801 -- stands where an installation has its settings.
        public_url = "https://decisions.example.com"


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask("web")
    app.extensions["answerable"] = Installation()
    problems.register(app)

    @app.get("/api/fail/<kind>")
    @app.get("/fail/<kind>")
    def fail(kind: str) -> str:
        if kind == "unavailable":
            raise errors.Unavailable("The database rests.", retry_after=7)
        if kind == "database":
            raise IntegrityError(
                "INSERT INTO people", {"email": "dov@example.com"}, ValueError("Dov")
            )
        if kind == "input":
            raise InvalidInput("It does not fit.", [FieldProblem(pointer="/a", detail="Too odd.")])
        if kind == "signed-out":
            raise errors.NotSignedIn("Sign in.")
        flask.abort(int(kind))

    return app


def test_every_kind_of_error_has_its_own_row_or_that_of_a_base_beside_the_last() -> None:
    for kind in problems.kinds():
        if kind is not AnswerableError:
            nearest = next(base for base in kind.__mro__ if base in problems.TABLE)
            assert nearest is not AnswerableError, (
                f"{kind.__name__} has no status; add it to TABLE."
            )


def test_every_kind_of_error_has_a_code_of_its_own_or_of_its_base() -> None:
    by_code: dict[str, type] = {}
    for kind in problems.kinds():
        first = by_code.setdefault(kind.code, kind)
        assert issubclass(kind, first), f"{kind.__name__} shares its code with {first.__name__}."


def test_a_problem_names_type_title_status_and_what_to_do(app) -> None:
    answer = app.test_client().get("/api/fail/input")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    told = answer.json
    assert told["type"] == "https://decisions.example.com/problems/invalid-input"
    assert told["detail"] == "It does not fit."
    assert told["errors"] == [{"pointer": "/a", "detail": "Too odd."}]


def test_what_may_work_later_says_when(app) -> None:
    answer = app.test_client().get("/api/fail/unavailable")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_what_nobody_foresaw_tells_and_logs_nothing_of_persons(app, capsys) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/api/fail/database")
    assert answer.status_code == 500
    written = capsys.readouterr()
    said = answer.text + written.out + written.err
    assert "IntegrityError" in said, "Whoever runs the service must learn what it was."
    assert "IntegrityError" not in answer.text
    assert answer.json["request_id"] in said
    for secret in ("dov", "Dov", "INSERT"):
        assert secret not in said


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415])
def test_what_flask_refuses_is_a_problem_too(app, status: int) -> None:
    answer = app.test_client().get(f"/api/fail/{status}")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.data)["status"] == status


def test_a_method_that_is_not_there_says_which_are(app) -> None:
    answer = app.test_client().post("/api/fail/404")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_outside_the_api_an_error_is_for_people(app) -> None:
    answer = app.test_client().get("/fail/signed-out")
    assert answer.status_code == 401
    assert answer.content_type.startswith("text/plain")
    assert "WWW-Authenticate" not in answer.headers, (
        "A browser would ask for a password of its own."
    )


def test_outside_the_api_the_page_that_the_console_draws_is_shown(app) -> None:
    app.extensions[problems.ERROR_PAGE] = lambda told: flask.Response(
        f"<h1>{told['title']}</h1>", status=told["status"], content_type="text/html"
    )
    answer = app.test_client().get("/fail/404")
    assert (answer.status_code, answer.text) == (404, "<h1>Not Found</h1>")
