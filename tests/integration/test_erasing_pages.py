"""The pages of erasing: found by a form, held back, asked for, confirmed by another, and told of afterwards."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.erasing import carrying_out
from tests import accounts, people, retention
from tests.applications import create_app
from tests.integration.test_console import sign_in
from tests.integration.test_rights_pages import post, request_path, send

# The use cases have tests on both databases; every page is opened on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SUBJECT = "cust-4711"


@pytest.fixture
def app(answerable: Answerable) -> Flask:
    people.publish(answerable, retention.POLICY)
    accounts.join(answerable, "Cleo", "auditor")
    accounts.join(answerable, "Anna", "admin")
    accounts.join(answerable, "Alma", "admin")
    return create_app(answerable)


@pytest.fixture
def address(app: Flask, answerable: Answerable) -> str:
    made = decisions.ask(answerable, people.app(answerable), Asked(request=retention.request()))
    return f"/my/{made.subject_page}"


def test_the_person_asks_two_people_erase_and_the_person_reads_that_it_is_done(
    app: Flask, address: str, answerable: Answerable
) -> None:
    mine = app.test_client(use_cookies=False)
    assert send(mine, address, "/ask", kind="erasure", words="Let me go.").status_code == 303
    anna, _ = sign_in(app, "Anna")
    wish = request_path(anna.get("/subjects").text)
    assert "Erase, or keep under a legal hold" in anna.get(wish).text
    page = post(anna, "/subjects/erasing", wish, right=wish.rpartition("/")[2]).text
    assert SUBJECT in page
    assert post(anna, "/subjects/erasures", wish, ref=SUBJECT, ground="").status_code == 422
    asked = post(
        anna, "/subjects/erasures", wish, ref=SUBJECT, ground="objected", words="They asked."
    )
    path = asked.headers["Location"]
    assert SUBJECT not in path
    assert "another person confirms it" in anna.get(path).text
    assert "the person objected" in anna.get("/requests").text
    alma, _ = sign_in(app, "Alma")
    told = alma.get(path).text
    assert SUBJECT in told
    assert "They asked." in told
    confirm = re.search(r'action="(/requests/[^"]+/confirm)"', told)
    assert confirm is not None
    assert post(alma, confirm[1], path).status_code == 303
    assert carrying_out.run(answerable) == 1
    assert "The content was erased" in mine.get(address).text
    done = alma.get(path).text
    assert SUBJECT not in done
    assert "erased" in done
    assert post(anna, "/subjects/erasing", "/subjects", ref=SUBJECT).status_code == 404


def test_an_auditor_holds_it_back_and_lets_it_go_with_a_reason_each(
    app: Flask, address: str
) -> None:
    cleo, _ = sign_in(app, "Cleo")
    assert (
        post(cleo, "/subjects/legal-holds", "/subjects", ref=SUBJECT, reason="").status_code == 422
    )
    held = post(
        cleo, "/subjects/legal-holds", "/subjects", ref=SUBJECT, reason="A court asked."
    ).text
    assert "A legal hold stands" in held
    assert "Ask for the erasure" not in held
    anna, _ = sign_in(app, "Anna")
    refused = post(anna, "/subjects/erasures", "/subjects", ref=SUBJECT, ground="objected")
    assert refused.status_code == 409
    lift = re.search(r'action="(/subjects/legal-holds/[^"]+/lift)"', held)
    assert lift is not None
    assert post(cleo, lift[1], "/subjects", ref=SUBJECT, why="").status_code == 422
    lifted = post(cleo, lift[1], "/subjects", ref=SUBJECT, why="It is settled.").text
    assert "Lifted by Cleo" in lifted
    assert "A legal hold stands, so" not in lifted
