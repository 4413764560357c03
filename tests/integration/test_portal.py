"""The doors of the person's pages: the link, the forms, the headers, and how often; on both databases."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.appeals.models import Appeal
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from tests.applications import create_app
from tests.conftest import SettableClock
from tests.people import app, publish
from tests.retention import POLICY, request
from web.portal import guarding


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def client(answerable: Answerable, shop: Actor):
    return create_app(answerable).test_client(use_cookies=False)


@pytest.fixture
def address(answerable: Answerable, shop: Actor) -> str:
    made = decisions.ask(answerable, shop, Asked(request=request()))
    return f"/my/{made.subject_page}"


def form_of(client, address: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', client.get(address).text)
    assert found is not None
    return found[1]


def count(answerable: Answerable) -> int:
    with answerable.database.read() as session:
        return session.execute(sa.select(sa.func.count(Appeal.id))).scalar_one()


def test_the_page_tells_nobody_else_of_itself_and_sets_no_cookie(client, address) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answer.headers
    assert "cust-4711" not in answer.text, "who looks over a shoulder learns no reference"


def test_what_is_no_link_is_404_and_an_ended_one_says_so(
    client, address, clock: SettableClock
) -> None:
    wrong = client.get("/my/nonsense")
    altered = client.get(address[:-1] + ("A" if address[-1] != "A" else "B"))
    assert (wrong.status_code, altered.status_code) == (404, 404)
    assert wrong.text.replace("nonsense", "") == altered.text.replace(
        altered.request.path.rpartition("/")[2], ""
    )
    clock.advance(days=92)
    ended = client.get(address)
    assert ended.status_code == 404
    assert "This link has ended" in ended.text
    assert "This link has ended" not in wrong.text
    for act in ("appeal", "words", "withdraw", "people-only"):
        assert client.post(f"{address}/{act}", data={"form": "x"}).status_code == 404


def test_a_form_of_another_page_is_taken_nowhere(
    client, address, answerable: Answerable, shop: Actor
) -> None:
    other = decisions.ask(answerable, shop, Asked(request=request()))
    strange = form_of(client, f"/my/{other.subject_page}/appeal")
    for form in ("", "x", "x.y", strange):
        answer = client.post(f"{address}/appeal", data={"form": form, "words": "No."})
        assert answer.status_code == 400
    assert count(answerable) == 0


def test_the_same_form_sent_twice_opens_one_appeal(client, address, answerable) -> None:
    data = {"form": form_of(client, f"{address}/appeal"), "words": "Look again."}
    first, second = (client.post(f"{address}/appeal", data=data) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location == address
    assert count(answerable) == 1
    fresh = client.post(f"{address}/appeal", data={**data, "form": form_of(client, address)})
    assert fresh.status_code == 409
    assert "no longer possible" in fresh.text


def test_it_is_not_asked_for_or_sent_without_end(client, address, monkeypatch) -> None:
    monkeypatch.setattr(guarding, "_LOOKS", 20)
    monkeypatch.setattr(guarding, "_SENDS", 5)
    form = form_of(client, address)
    guarding.limit(client.application)
    sent = [
        client.post(f"{address}/words", data={"form": form, "words": ""}).status_code
        for _ in range(guarding._SENDS + 1)
    ]
    assert sent[-1] == 429
    answers = [client.get("/my/guess") for _ in range(guarding._LOOKS)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_what_stands_of_an_erased_subject_says_no_more_than_that(
    client, address, answerable: Answerable
) -> None:
    with answerable.database.write() as session:
        for table in (PayloadRow, VaultRow, SubjectKeyRow):
            session.execute(sa.delete(table))
    page = client.get(address)
    assert page.status_code == 200
    assert "The content was erased" in page.text
    assert "Months as a customer" not in page.text
    assert "Always a person" not in page.text
    assert client.get(f"{address}/appeal").status_code == 303


def test_too_large_files_are_refused_in_words(client, address, answerable) -> None:
    answer = client.post(
        f"{address}/appeal",
        data=b"x" * 13_000_000,
        content_type="multipart/form-data; boundary=between",
    )
    assert answer.status_code == 413
    assert count(answerable) == 0


def test_what_somebody_writes_is_shown_as_text(client, address) -> None:
    words = "<script>alert(1)</script> {{ 7 * 7 }} %(day)s"
    form = form_of(client, f"{address}/appeal")
    client.post(f"{address}/appeal", data={"form": form, "words": words})
    shown = client.get(address).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} %(day)s" in shown
