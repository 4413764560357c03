"""The way past Flask answers as the route does, and leaves to it whatever is not plain."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import request_body
from tests.applications import create_app
from web.fast_door import FastDoor

PATH = "/api/v1/decisions"
#: What differs between two answers to equal requests, for they are two decisions.
_OWN = ("id", "recorded_at", "decided_at", "links", "receipt")


def _told(answer: Any) -> tuple[int, dict[str, Any], dict[str, str]]:
    body = answer.get_json()
    headers = {name.lower(): value for name, value in answer.headers.items()}
    for name in ("location", "x-request-id", "date"):
        assert (name in headers) == (name != "date")
        headers.pop(name, None)
    body = {name: value for name, value in body.items() if name not in _OWN}
    ruling = body.get("ruling")
    if ruling is not None and ruling["due_at"] is not None:
        ruling["due_at"] = "a time"
    return answer.status_code, body, headers


@pytest.fixture
def doors(served) -> tuple[FlaskClient, FlaskClient]:
    """Return a client of the whole application, and one of Flask alone."""
    whole, flask_alone = create_app(served.answerable), create_app(served.answerable)
    assert isinstance(whole.wsgi_app, FastDoor)
    flask_alone.wsgi_app = flask_alone.wsgi_app._beyond
    return whole.test_client(), flask_alone.test_client()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"proposal__confidence": 0.5},
        {"features__message": "never again"},
        {"language": "de", "channel": "chat", "sequence": 7, "metadata": {"ticket": "ü"}},
        {"person_requested": True},
    ],
)
def test_both_doors_answer_alike(served, doors, changes) -> None:
    body = json.dumps(request_body(**changes))
    headers = {
        "Authorization": f"Bearer {served.secrets['crm']}",
        "Content-Type": "application/json",
    }
    fast, slow = (door.post(PATH, data=body, headers=headers) for door in doors)
    assert _told(fast) == _told(slow)
    assert fast.status_code == 201


def test_both_doors_replay_alike(served, doors) -> None:
    headers = {
        "Authorization": f"Bearer {served.secrets['crm']}",
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
    }
    body = json.dumps(request_body())
    first = doors[0].post(PATH, data=body, headers=headers)
    again = [door.post(PATH, data=body, headers=headers) for door in doors]
    assert "Idempotent-Replayed" not in first.headers
    assert all(answer.headers["Idempotent-Replayed"] == "true" for answer in again)
    assert all(answer.get_json() == first.get_json() for answer in again)


def test_what_is_refused_is_asked_once_and_told_by_flask(served, doors, monkeypatch) -> None:
    from governance.decisions import service

    calls = []
    ask = service.ask
    monkeypatch.setattr(service, "ask", lambda *given: calls.append(1) or ask(*given))
    headers = {
        "Authorization": f"Bearer {served.secrets['crm']}",
        "Content-Type": "application/json",
    }
    answer = doors[0].post(PATH, data=json.dumps(request_body(features={})), headers=headers)
    assert (answer.status_code, len(calls)) == (422, 1)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({"Authorization": "Bearer ans_no_such"}, "", 401),
        ({}, "", 401),
        ({"Content-Type": "text/plain"}, "", 415),
        ({"Idempotency-Key": "not\tvisible"}, "", 422),
        ({}, "?dry_run=1", 201),
    ],
)
def test_what_is_not_plain_goes_on_to_flask(served, doors, headers, query, status) -> None:
    sent = {"Content-Type": "application/json"}
    if status != 401:
        sent["Authorization"] = f"Bearer {served.secrets['crm']}"
    answers = [
        door.post(f"{PATH}{query}", data=json.dumps(request_body()), headers={**sent, **headers})
        for door in doors
    ]
    assert [answer.status_code for answer in answers] == [status, status]
