"""What each answer tells the browser to refuse, and that forms of other sites are refused."""

from __future__ import annotations

import flask
import pytest

from web import problems, security
from web.security import HEADERS, open_to_everybody


class Installation:
    class settings:  # noqa: N801 -- stands where an installation has its settings.
        public_url = "https://decisions.example.com"


@pytest.fixture
def app(tmp_path) -> flask.Flask:
    (tmp_path / "mark.svg").write_text("<svg/>", encoding="utf-8")
    app = flask.Flask("web", static_folder=str(tmp_path), static_url_path="/static")
    app.secret_key = "x" * 32
    app.extensions["answerable"] = Installation()
    problems.register(app)
    security.register(app, secure=True)

    @app.route("/page", methods=["GET", "POST"])
    @app.route("/api/thing", methods=["GET", "POST"])
    @open_to_everybody("This is a test.")
    def thing() -> str:
        return "done"

    return app


def test_every_answer_carries_the_headers_errors_too(app) -> None:
    client = app.test_client()
    for path in ("/page", "/api/thing", "/nowhere", "/api/nowhere", "/static/mark.svg"):
        with client.get(path) as answer:
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (path, name)
            assert "max-age" in answer.headers["Strict-Transport-Security"], path


def test_nothing_comes_from_another_host_and_no_page_is_framed() -> None:
    policy = HEADERS["Content-Security-Policy"].split("; ")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not any("unsafe" in part or "http" in part or "*" in part for part in policy)


def test_without_https_the_browser_is_not_told_to_insist_on_it(tmp_path) -> None:
    app = flask.Flask("web")
    security.register(app, secure=False)
    assert "Strict-Transport-Security" not in app.test_client().get("/").headers


def test_pages_and_answers_are_not_kept_and_named_files_are(app) -> None:
    client = app.test_client()
    assert client.get("/page").headers["Cache-Control"] == "no-store"
    assert client.get("/api/thing").headers["Cache-Control"] == "no-store"
    with client.get("/static/mark.svg?v=abc") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    with client.get("/static/mark.svg") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]
    with client.get("/static/gone.svg?v=abc") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]


def test_a_form_without_our_token_is_refused_and_the_api_needs_none(app) -> None:
    client = app.test_client()
    assert client.post("/page").status_code == 400
    assert client.post("/api/thing").status_code == 200


def test_an_address_that_only_looks_like_the_api_is_guarded(app) -> None:
    app.add_url_rule(
        "/apiary", "apiary", open_to_everybody("A test.")(lambda: "done"), methods=["POST"]
    )
    assert app.test_client().post("/apiary").status_code == 400
