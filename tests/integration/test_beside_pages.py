"""What the pages show beside a case, and what they keep from who reads them."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.actors import Actor
from governance.appeals import service as appeals
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.reviews import service as reviews
from tests import accounts, people, retention
from tests.conftest import SettableClock
from tests.people import publish
from web.application import create_app

# The use cases below have their own tests on both databases.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PACKET = {
    "transcript": [
        {"from": "bot", "text": "Canary: what may I do?"},
        {"from": "customer", "text": "Canary: I want to leave."},
    ],
    "draft": "Canary: stay, for less.",
}
LONG = "Canary. " * 40


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    return people.app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return accounts.join(answerable, "Ada", "manager", queues=(retention.QUEUE,))


@pytest.fixture
def app(answerable: Answerable, ada: Actor) -> Flask:
    publish(answerable, retention.POLICY)
    return create_app(answerable)


@pytest.fixture
def window(app: Flask, ada: Actor) -> FlaskClient:
    client = app.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert found is not None
    form = {
        "csrf_token": found[1],
        "username": accounts.email_of("Ada"),
        "password": accounts.PASSWORD,
    }
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def asked(answerable: Answerable, shop: Actor, **changes: object):
    return decisions.ask(answerable, shop, Asked(request=retention.unsure(**changes)))


def page(window: FlaskClient, case_id: str | None) -> str:
    answer = window.get(f"/cases/{case_id}")
    assert answer.status_code == 200
    return answer.text


def test_a_chat_is_shown_with_the_customers_words_first_and_the_draft_marked(
    answerable: Answerable, window: FlaskClient, shop: Actor
) -> None:
    shown = page(window, asked(answerable, shop, hand_over=PACKET).case_id)
    chat = shown[shown.index("What the chat handed over") :]
    assert chat.index("I want to leave") < chat.index("what may I do") < chat.index("not sent")
    assert chat.index("not sent") < chat.index("stay, for less")


def test_a_masked_chat_is_named_and_can_be_asked_for(
    answerable: Answerable, window: FlaskClient, ada: Actor, shop: Actor
) -> None:
    publish(answerable, retention.POLICY.replace("message: {type", "message: {mask: true, type"))
    made = asked(answerable, shop, hand_over=PACKET)
    with answerable.work(ada) as work:
        reviews.claim(work, made.case_id)
    shown = page(window, made.case_id)
    assert "Canary" not in shown
    assert 'value="hand-over"' in shown


@pytest.mark.parametrize(
    ("burdening", "chosen", "folds"),
    [(True, "long", "Canary."), (False, "all", "Canary."), (False, "long", LONG)],
)
def test_what_may_burden_is_folded_by_the_policy_by_choice_and_by_length(
    answerable: Answerable,
    window: FlaskClient,
    shop: Actor,
    *,
    burdening: bool,
    chosen: str,
    folds: str,
) -> None:
    if burdening:
        text = retention.POLICY.replace("message: {type", "message: {burdening: true, type")
        publish(answerable, text)
    window.set_cookie("fold", chosen)

    def shown(message: str) -> str:
        facts = retention.body()["features"] | {"message": message}
        return page(window, asked(answerable, shop, features=facts).case_id)

    assert "Text that may burden" in shown(folds)
    if not burdening and chosen == "long":
        assert "Text that may burden" not in shown("Canary.")


def test_the_case_of_an_appeal_leads_to_no_earlier_decision_and_says_nothing_of_mistakes(
    answerable: Answerable, clock: SettableClock, window: FlaskClient, ada: Actor, shop: Actor
) -> None:
    before = asked(answerable, shop)
    ben = accounts.join(answerable, "Ben", "manager", queues=(retention.QUEUE,))
    made = asked(answerable, shop)
    with answerable.work(ben) as work:
        reviews.claim(work, made.case_id)
        reviews.give_verdict(work, made.case_id, verdict="reject", reason="So it is.")
    clock.advance(seconds=11)
    normal = page(window, asked(answerable, shop).case_id)
    assert f"/decisions/{before.id}" in normal
    assert "Too few like this are known" in normal
    with answerable.work(shop) as work:
        appeal = appeals.open_appeal(work, made.id, words="Please look again.")
    shown = page(window, appeal.case_id)
    assert "Earlier decisions about the same person" in shown
    assert f"/decisions/{before.id}" not in shown
    assert "Ben" not in shown
    assert "like this are known" not in shown


def test_before_a_judgement_that_comes_first_the_page_says_nothing_of_mistakes(
    answerable: Answerable, window: FlaskClient, shop: Actor
) -> None:
    publish(
        answerable,
        retention.POLICY.replace("  undo: 10s\n", "  undo: 10s\n  judge_first: 1\n"),
    )
    shown = page(window, asked(answerable, shop, hand_over=PACKET).case_id)
    assert "like this" not in shown
    assert "stay, for less" not in shown
    assert "I want to leave" in shown
