"""Webhooks over HTTP: made, changed, tried out, looked at and replayed by people who manage them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.webhooks.delivering import Deliveries
from tests.receiver import receiving

NOBODYS = "019a0000-0000-7000-8000-000000000000"


@pytest.fixture
def receiver(served):
    served.answerable.settings = replace(
        served.answerable.settings, webhook_plain_http=True, webhook_private_targets=True
    )
    with receiving() as running:
        yield running


@pytest.fixture
def made(served, receiver):
    answer = served.call("Anna", "POST", "/webhooks", json={"app": "crm", "url": receiver.url})
    assert answer.status_code == 201, answer.text
    return answer.json


def deliver(served) -> None:
    worker = Deliveries(served.answerable)
    worker.work()
    worker.wait()


def test_a_webhook_is_made_read_changed_and_removed(served, made, receiver) -> None:
    hook = made["webhook"]
    assert made["secret"].startswith("whsec_")
    assert (hook["app"], hook["url"], hook["state"]) == ("crm", receiver.url, "active")
    assert hook["events"] == [
        "decision.resolved",
        "decision.reversed",
        "decision.overdue",
        "question.asked",
    ]
    path = f"/webhooks/{hook['id']}"
    assert served.call("Anna", "GET", path).json == hook
    assert served.call("Anna", "GET", "/webhooks").json == {"webhooks": [hook]}
    changed = served.call(
        "Anna", "PATCH", path, json={"events": ["decision.overdue"], "active": False}
    )
    assert changed.status_code == 200, changed.text
    assert changed.json["events"] == ["decision.overdue"]
    assert (changed.json["state"], changed.json["stopped_why"]) == ("stopped", "person")
    assert changed.json["url"] == receiver.url, "what is not named stays"
    assert served.call("Anna", "DELETE", path).status_code == 204
    assert served.call("Anna", "GET", path).status_code == 404


def test_a_secret_is_told_once_and_nowhere_else(served, made) -> None:
    path = f"/webhooks/{made['webhook']['id']}"
    second = served.call("Anna", "POST", f"{path}/secrets")
    assert second.status_code == 201, second.text
    for text in (
        served.call("Anna", "GET", path).text,
        served.call("Anna", "GET", "/webhooks").text,
        served.call("Anna", "GET", f"{path}/deliveries").text,
        served.call("Cleo", "GET", "/log/entries").text,
    ):
        assert "whsec_" not in text
        assert made["secret"] not in text
    ended = served.call("Anna", "POST", f"{path}/secrets/{made['secret_id']}/end")
    assert ended.status_code == 200
    live = [one for one in ended.json["secrets"] if one["ended_at"] is None]
    assert [one["id"] for one in live] == [second.json["secret_id"]]
    last = served.call("Anna", "POST", f"{path}/secrets/{second.json['secret_id']}/end")
    assert last.status_code == 409


def test_a_verdict_arrives_at_the_app_and_can_be_replayed(
    served, made, receiver, in_review, clock
) -> None:
    decision = in_review()["id"]
    case = served.call("Ada", "POST", "/cases/next", json={})
    given = served.call(
        "Ada",
        "POST",
        f"/cases/{case.json['id']}/verdict",
        json={"verdict": "approve"},
        headers={"If-Match": case.headers["ETag"]},
    )
    assert given.status_code == 200, given.text
    path = f"/webhooks/{made['webhook']['id']}"
    (owed,) = served.call("Anna", "GET", f"{path}/deliveries").json["deliveries"]
    assert (owed["state"], owed["decision_id"], owed["attempts"]) == ("waiting", decision, [])
    clock.advance(seconds=10)
    deliver(served)
    (came,) = receiver.received
    assert came.is_signed_with(made["secret"])
    seen = served.call("crm", "GET", f"/decisions/{decision}").json
    for name in ("id", "decision_point", "status", "outcome", "effective_at"):
        assert came.content["data"][name] == seen[name], name
    assert came.content["data"]["links"]["self"] == seen["links"]["self"]
    (done,) = served.call("Anna", "GET", f"{path}/deliveries?state=delivered").json["deliveries"]
    assert done["attempts"][0]["status"] == 204
    again = served.call("Anna", "POST", f"{path}/deliveries/{done['id']}/replay")
    assert (again.status_code, again.json["state"]) == (200, "waiting")
    deliver(served)
    assert [one.message_id for one in receiver.received] == [done["message_id"]] * 2


def test_a_test_is_sent_and_deliveries_come_in_pages_newest_first(
    served, made, receiver, clock
) -> None:
    path = f"/webhooks/{made['webhook']['id']}"
    sent = []
    for _ in range(5):
        answer = served.call("Anna", "POST", f"{path}/test")
        assert answer.status_code == 201, answer.text
        sent.append(answer.json["id"])
        clock.advance(seconds=1)
    deliver(served)
    assert {one.content["type"] for one in receiver.received} == {"webhook.test"}
    seen, cursor = [], ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        page = served.call("Anna", "GET", f"{path}/deliveries{query}").json
        seen += [one["id"] for one in page["deliveries"]]
        cursor = page["next_cursor"]
    assert seen == sent[::-1]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"url": "http://app.example.com/"}, "/url"),
        ({"url": "https://10.0.0.7/"}, "/url"),
        ({"url": "https://user:pass@app.example.com/"}, "/url"),
        ({"app": "nobody"}, "/app"),
        ({"events": []}, "/events"),
        ({"events": ["webhook.test"]}, "/events/0"),
        ({"description": "x" * 201}, "/description"),
        ({"secret": "whsec_mine"}, "/secret"),
    ],
)
def test_what_does_not_fit_is_pointed_at(served, change, pointer) -> None:
    body = {"app": "crm", "url": "https://app.example.com/hooks", **change}
    answer = served.call("Anna", "POST", "/webhooks", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [one["pointer"] for one in answer.json["errors"]]


def test_what_is_not_there_is_not_found(served, made) -> None:
    hook = made["webhook"]["id"]
    for method, path in [
        ("GET", f"/webhooks/{NOBODYS}"),
        ("PATCH", f"/webhooks/{NOBODYS}"),
        ("DELETE", f"/webhooks/{NOBODYS}"),
        ("POST", f"/webhooks/{NOBODYS}/test"),
        ("POST", f"/webhooks/{NOBODYS}/secrets"),
        ("GET", f"/webhooks/{NOBODYS}/deliveries"),
        ("GET", "/webhooks/none"),
        ("POST", f"/webhooks/{hook}/secrets/{NOBODYS}/end"),
        ("POST", f"/webhooks/{hook}/deliveries/{NOBODYS}/replay"),
        ("POST", f"/webhooks/{hook}/deliveries/none/replay"),
    ]:
        answer = served.call("Anna", method, path, json={} if method != "GET" else None)
        assert answer.status_code == 404, (method, path, answer.text)


def test_nobody_else_manages_webhooks(served, made) -> None:
    hook = f"/webhooks/{made['webhook']['id']}"
    for who in ("Ada", "Ben", "Cleo", "Pia", "crm", "shop"):
        for method, path in [
            ("GET", "/webhooks"),
            ("POST", "/webhooks"),
            ("GET", hook),
            ("PATCH", hook),
            ("DELETE", hook),
            ("POST", f"{hook}/test"),
            ("POST", f"{hook}/secrets"),
            ("GET", f"{hook}/deliveries"),
            ("POST", f"{hook}/deliveries/{NOBODYS}/replay"),
        ]:
            answer = served.call(who, method, path, json={} if method != "GET" else None)
            assert answer.status_code == 403, (who, method, path)
    narrow = served.narrow_token("Anna", "keys:manage")
    assert served.call(narrow, "GET", "/webhooks").status_code == 403
