"""The pages of those whose work is measured and of those who answer for it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.application import Answerable
from tests import accounts, retention
from tests.overseers import keep_overseen
from tests.people import publish
from web.application import create_app

# The pages ask the use cases, whose own tests run on both databases; every page is opened on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(answerable: Answerable) -> Flask:
    publish(answerable, retention.POLICY)
    accounts.join(answerable, "Anna", "admin")
    accounts.join(answerable, "Cleo", "auditor")
    ada = accounts.join(answerable, "Ada", "manager", queues=[retention.QUEUE])
    keep_overseen(answerable, ada)
    return create_app(answerable)


def enter(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    form = {
        "csrf_token": token(client, "/sign-in"),
        "username": accounts.email_of(name),
        "password": accounts.PASSWORD,
    }
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def send(client: FlaskClient, seen: str, path: str, **form: str):
    return client.post(
        path, data={"csrf_token": token(client, seen), **form}, follow_redirects=True
    )


def test_an_admin_publishes_the_offered_notice_and_who_reviews_is_reminded_until_they_read_it(app):
    anna, ada = enter(app, "Anna"), enter(app, "Ada")
    page = anna.get("/staff-notice").text
    offered = re.findall(r"<textarea[^>]*>([^<]+)</textarea>", page)
    assert len(offered) == 2
    assert "What is measured." in offered[0]
    assert "Was gemessen wird." in offered[1]
    none = send(anna, "/staff-notice", "/staff-notice", text_en="", text_de="")
    assert none.status_code == 422
    assert "Write 1 to 8000 characters." in none.text
    send(anna, "/staff-notice", "/staff-notice", text_en=offered[0], text_de=offered[1])
    again = send(anna, "/staff-notice", "/staff-notice", text_en=offered[0], text_de=offered[1])
    assert again.status_code == 409
    assert "There is a staff notice for you to read" in ada.get("/").text
    stale = send(ada, "/staff-notice", "/staff-notice/acknowledgement", version="7")
    assert "The notice changed meanwhile." in stale.text
    thanks = send(ada, "/staff-notice", "/staff-notice/acknowledgement", version="1")
    assert "Thank you." in thanks.text
    assert "There is a staff notice for you to read" not in ada.get("/").text
    assert "not yet" not in anna.get("/staff-notice").text


def test_somebody_reads_their_figures_first_and_what_they_say_stands_beside_them(app):
    ada, anna = enter(app, "Ada"), enter(app, "Anna")
    assert "Something in your reviews is worth a talk" in ada.get("/").text
    mine = ada.get("/account/reviews").text
    assert "Of 6 known mistakes" in mine
    assert mine.count('id="alarm-') >= 2
    (own,) = set(re.findall(r"/account/reviews/([0-9a-f-]{36})", mine))
    path = f"/account/reviews/{own}"
    whole = ada.get(path).text
    assert "Shares of one reviewer" in whole
    assert "This is no ranking" in whole
    assert send(ada, path, f"{path}/comment", words="  ").status_code == 422
    assert "I was new here." in send(ada, path, f"{path}/comment", words="I was new here.").text
    people = anna.get(f"/reports/oversight/{retention.POINT}/people").text
    assert own not in people, "the newer figures are Ada's alone for a week"
    assert "I was new here." not in people
    (shown,) = set(re.findall(r"/people/([0-9a-f-]{36})", people))
    told = anna.get(f"/reports/oversight/{retention.POINT}/people/{shown}").text
    assert "<h1>Ada</h1>" in told
    assert "What the figures do not tell" not in told
    assert ada.get(f"/account/reviews/{shown}").status_code == 404, "newer ones took its place"
    assert anna.get(path).status_code == 404


def test_whoever_answers_says_what_was_done_about_an_alarm(app):
    anna, cleo = enter(app, "Anna"), enter(app, "Cleo")
    path = f"/reports/oversight/{retention.POINT}"
    assert f"{path}#alarms" in anna.get("/").text
    page = anna.get(path).text
    assert "Figures of each person who knows of them" in page
    (alarm,) = set(re.findall(r"/alarms/([0-9a-f-]{36})", page))
    assert f'action="/alarms/{alarm}"' not in cleo.get(path).text
    wanting = send(anna, path, f"/alarms/{alarm}", point=retention.POINT, done="other", words="")
    assert wanting.status_code == 422
    assert "Say in 1 to 4000 characters what was done." in wanting.text
    form = {"point": retention.POINT, "done": "coaching", "words": "We looked at ten together."}
    done = send(anna, path, f"/alarms/{alarm}", **form)
    assert "We talked, and there was coaching" in done.text
    assert "We looked at ten together." in cleo.get(path).text
    late = send(anna, path, f"/alarms/{alarm}", **form)
    assert late.status_code == 409
    assert "somebody was quicker" in late.text
    assert f"{path}#alarms" not in anna.get("/").text


def test_the_page_says_what_measuring_takes_and_what_the_settings_allow(app):
    anna = enter(app, "Anna")
    form = {"business_name": "Corner", "language": "en", "time_zone": "Europe/Berlin"}
    wrong = send(anna, "/settings", "/settings", **form, oversight_minutes_per_week="many")
    assert wrong.status_code == 422
    send(anna, "/settings", "/settings", **form, oversight_minutes_per_week="45")
    page = anna.get(f"/reports/oversight/{retention.POINT}?open=all").text
    assert "The settings allow 45" in page
