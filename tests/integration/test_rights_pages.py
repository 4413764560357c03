"""The pages of persons concerned: what people of the business find, enter and answer, and what the person asks for and takes."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask import Flask

from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from tests import accounts, people, retention
from tests.applications import create_app
from tests.conftest import SettableClock
from tests.integration.test_console import sign_in, token

# The use cases have tests on both databases; every page is opened on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SUBJECT = "cust-4711"


@pytest.fixture
def app(answerable: Answerable) -> Flask:
    people.publish(answerable, retention.POLICY)
    for name, role in (("Ada", "manager"), ("Cleo", "auditor"), ("Anna", "admin")):
        accounts.join(answerable, name, role)
    return create_app(answerable)


@pytest.fixture
def address(app: Flask, answerable: Answerable) -> str:
    made = decisions.ask(answerable, people.app(answerable), Asked(request=retention.request()))
    return f"/my/{made.subject_page}"


def post(client, path: str, on: str, **form: str):
    """Send a form of a page of the console."""
    return client.post(path, data={"csrf_token": token(client, on)} | form)


def send(client, address: str, act: str, **form: str):
    """Send a form of the person's page."""
    found = re.search(r'name="form" value="([^"]+)"', client.get(address).text)
    assert found is not None
    return client.post(f"{address}{act}", data={"form": found[1]} | form)


def request_path(page: str) -> str:
    found = re.search(r"/subjects/requests/[0-9a-f-]{36}", page)
    assert found is not None
    return found[0]


def test_the_person_asks_somebody_answers_and_the_person_takes_the_copy(
    app: Flask, address: str, clock: SettableClock
) -> None:
    mine = app.test_client(use_cookies=False)
    assert send(mine, address, "/ask", kind="access", words="Tell me all.").status_code == 303
    page = mine.get(address).text
    assert "You asked for a copy of your data" in page
    assert "23 December 2026" in page, "a month after the 23rd of November"
    anna, _ = sign_in(app, "Anna")
    listed = anna.get("/subjects").text
    path = request_path(listed)
    assert "Tell me all." in anna.get(path).text
    assert post(anna, f"{path}/refuse", path).status_code == 422
    assert post(anna, f"{path}/grant", path, answer="Gladly.").status_code == 303
    assert post(anna, f"{path}/grant", "/subjects").status_code == 409
    page = mine.get(address).text
    assert "Gladly." in page
    request_id = path.rpartition("/")[2]
    copy = send(mine, address, f"/asked/{request_id}/copy")
    assert copy.content_type == "application/zip"
    assert copy.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(copy.data)) as held:
        assert "data.json" in held.namelist()
    clock.advance(days=31)
    assert "The time to take it is over." in mine.get(address).text
    assert send(mine, address, f"/asked/{request_id}/copy").status_code == 409


def test_what_was_asked_for_can_be_taken_back_and_is_nobody_elses(
    app: Flask, address: str, answerable: Answerable
) -> None:
    mine = app.test_client(use_cookies=False)
    send(mine, address, "/ask", kind="erasure")
    anna, _ = sign_in(app, "Anna")
    path = request_path(anna.get("/subjects").text)
    assert "Grant the copy" not in anna.get(path).text
    request_id = path.rpartition("/")[2]
    other = retention.request(subject={"ref": "cust-1"})
    made = decisions.ask(answerable, people.app(answerable), Asked(request=other))
    strangers = send(mine, f"/my/{made.subject_page}", f"/asked/{request_id}/withdraw")
    assert strangers.status_code == 404
    assert send(mine, address, f"/asked/{request_id}/withdraw").status_code == 303
    assert "You took this back." in mine.get(address).text


def test_somebody_is_found_by_a_reference_that_stands_in_no_address(
    app: Flask, address: str
) -> None:
    cleo, _ = sign_in(app, "Cleo")
    found = post(cleo, "/subjects/find", "/subjects", ref=SUBJECT)
    assert found.status_code == 200
    assert "Take the copy" in found.text
    assert "Nothing is held" in post(cleo, "/subjects/find", "/subjects", ref="nobody").text
    assert post(cleo, "/subjects/find", "/subjects", ref=" ").status_code == 422
    copy = post(cleo, "/subjects/export", "/subjects", ref=SUBJECT, language="de")
    with zipfile.ZipFile(io.BytesIO(copy.data)) as held:
        assert b'<html lang="de">' in held.read("index.html")


def test_a_manager_enters_what_a_caller_asks_for_and_sees_no_more(app: Flask, address: str) -> None:
    ada, _ = sign_in(app, "Ada")
    entered = post(
        ada, "/subjects/ask", "/subjects/ask", ref=SUBJECT, kind="access", words="By phone."
    )
    assert entered.headers["Location"] == "/subjects/ask"
    assert "Entered. The answer is due by" in ada.get("/subjects/ask").text
    assert post(ada, "/subjects/ask", "/subjects/ask", ref="", kind="access").status_code == 422
    assert ada.get("/subjects").status_code == 403
    assert post(ada, "/subjects/export", "/subjects/ask", ref=SUBJECT).status_code == 403
    assert "By phone." in app.test_client(use_cookies=False).get(address).text
