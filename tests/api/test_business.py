"""What people do over the API beside cases: policies, requests, holds, people, keys, queues, settings, log, account."""

from __future__ import annotations

import pytest


def test_a_policy_is_drafted_by_one_and_published_by_another(served) -> None:
    live = served.call("Pia", "GET", "/policies/retention-offer/versions/1").json
    text = live["text"].replace("confidence_below: 0.8", "confidence_below: 0.99")
    drafted = served.call(
        "Pia", "POST", "/policies/retention-offer/drafts", json={"text": text, "reason": "careful"}
    )
    assert drafted.status_code == 201, drafted.text
    assert (drafted.json["version"], drafted.json["state"]) == (2, "draft")
    assert served.ask().json["status"] == "released", "A draft decides nothing."
    request = drafted.json["request_id"]
    alone = served.call("Pia", "POST", f"/requests/{request}/confirm")
    assert alone.status_code == 403
    assert alone.json["type"].endswith("/problems/self-confirmation")
    waiting = served.call("Paul", "GET", "/requests").json["requests"]
    assert [each["id"] for each in waiting] == [request]
    assert waiting[0]["may_confirm"] is True
    confirmed = served.call("Paul", "POST", f"/requests/{request}/confirm", json={"reason": "yes"})
    assert confirmed.json["status"] == "confirmed", confirmed.text
    assert served.ask().json["status"] == "in_review", "The next request is ruled by it."
    again = served.call("Paul", "POST", f"/requests/{request}/confirm")
    assert again.status_code == 409
    back = served.call("Pia", "POST", "/policies/retention-offer/restore", json={"reason": "oops"})
    assert back.status_code == 202, back.text
    assert served.call("Paul", "POST", f"/requests/{back.json['id']}/confirm").status_code == 200
    assert served.ask().json["status"] == "released"
    versions = served.call("Cleo", "GET", "/policies/retention-offer").json["versions"]
    assert [(each["version"], each["state"]) for each in versions] == [(2, "past"), (1, "live")]


def test_a_text_that_is_no_policy_is_refused_with_its_lines(served) -> None:
    answer = served.call(
        "Pia", "POST", "/policies/retention-offer/drafts", json={"text": "decision_point: x\n"}
    )
    assert answer.status_code == 422
    assert answer.json["errors"]
    checked = served.call("Cleo", "POST", "/policies/check", json={"text": "decision_point: x\n"})
    assert checked.status_code == 200
    assert checked.json["ok"] is False
    assert checked.json["problems"][0]["line"] >= 1


def test_a_draft_of_another_point_than_the_address_names_is_refused(served) -> None:
    text = served.call("Pia", "GET", "/policies/win-back/versions/1").json["text"]
    changed = text.replace("confidence_below: 0.8", "confidence_below: 0.9")
    answer = served.call("Pia", "POST", "/policies/retention-offer/drafts", json={"text": changed})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/text"
    assert len(served.call("Pia", "GET", "/policies/win-back").json["versions"]) == 1


def test_a_draft_is_taken_back(served) -> None:
    text = served.call("Pia", "GET", "/policies/win-back/versions/1").json["text"]
    served.call(
        "Pia",
        "POST",
        "/policies/win-back/drafts",
        json={"text": text.replace("due_in: 4h", "due_in: 8h")},
    )
    answer = served.call(
        "Pia", "POST", "/policies/win-back/versions/2/withdraw", json={"reason": "not yet"}
    )
    assert (answer.status_code, answer.json["state"]) == (200, "withdrawn")
    assert served.call("Pia", "GET", "/requests").json["requests"] == []
    closed = served.call("Pia", "GET", "/requests?status=closed").json["requests"]
    assert closed[0]["status"] == "declined"


def test_one_person_holds_and_two_resume(served) -> None:
    assert served.call("Ada", "POST", "/hold", json={}).status_code == 422
    held = served.call("Ada", "POST", "/hold", json={"reason": "something is odd"})
    assert held.status_code == 201, held.text
    assert served.ask().json["status"] == "in_review"
    assert served.call("Ben", "POST", "/hold", json={"reason": "again"}).status_code == 409
    asked = served.call("Ada", "POST", "/resume")
    assert asked.status_code == 202, asked.text
    assert served.call("Ada", "POST", f"/requests/{asked.json['id']}/confirm").status_code == 403
    holds = served.call("Cleo", "GET", "/holds").json["holds"]
    assert [(each["decision_point"], each["request_id"]) for each in holds] == [
        (None, asked.json["id"])
    ]
    assert served.call("Ben", "POST", f"/requests/{asked.json['id']}/confirm").status_code == 200
    assert served.ask().json["status"] == "released"
    assert served.call("Ada", "POST", "/decision-points/win-back/resume").status_code == 404


def test_people_are_added_changed_and_disabled(served) -> None:
    added = served.call(
        "Anna",
        "POST",
        "/people",
        json={"email": "dov@example.com", "name": "Dov", "roles": ["manager"], "queues": ["sales"]},
    )
    assert added.status_code == 201, added.text
    assert "/" in added.json["link"]["url"]
    person = added.json["person"]["id"]
    changed = served.call("Anna", "PATCH", f"/people/{person}", json={"name": "Dov D."})
    assert changed.json["person"]["name"] == "Dov D."
    assert changed.json["person"]["queues"] == ["sales"], "What is absent stays."
    assert served.call("Anna", "POST", f"/people/{person}/reset").status_code == 201
    assert served.call("Anna", "POST", f"/people/{person}/disable").json["state"] == "disabled"
    listed = served.call("Anna", "GET", "/people").json["people"]
    assert "Dov D." in {each["name"] for each in listed}
    for body in ({"email": "nobody"}, {"email": "a@b.c", "name": "A", "roles": ["king"]}, []):
        assert served.call("Anna", "POST", "/people", json=body).status_code == 422, body
    assert served.call("Anna", "GET", "/people/1").status_code == 404


def test_a_key_is_shown_once_and_opens_what_was_said(served) -> None:
    made = served.call(
        "Anna", "POST", "/keys", json={"app": "kiosk", "points": ["retention-offer"]}
    )
    assert made.status_code == 201, made.text
    served.secrets["kiosk"] = made.json["secret"]
    assert served.ask("kiosk").json["proposal"]["source"] == "app:kiosk"
    assert served.ask("kiosk", decision_point="win-back").status_code == 404
    listed = served.call("Anna", "GET", "/keys")
    assert made.json["secret"] not in listed.text
    unknown = served.call("Anna", "POST", "/keys", json={"app": "x", "points": ["never"]})
    assert unknown.json["errors"][0]["pointer"] == "/points"


def test_queues_have_hours_and_people(served) -> None:
    hours = {"zone": "Europe/Berlin", "hours": {"monday": [["09:00", "17:00"]]}}
    changed = served.call(
        "Anna",
        "PATCH",
        "/queues/sales-managers",
        json={"title": "Sales", "calendar": hours, "members": [served.people["Ben"]]},
    )
    assert changed.status_code == 200, changed.text
    assert changed.json["calendar"]["zone"] == "Europe/Berlin"
    assert served.call("Ada", "GET", "/cases?queue=sales-managers").status_code == 404
    always = served.call("Anna", "PATCH", "/queues/sales-managers", json={"calendar": None})
    assert always.json["calendar"] is None
    assert always.json["title"] == "Sales"
    for body in (
        {"calendar": {"zone": "Mars/Base"}},
        {"calendar": {"hours": {"monday": ["nine"]}}},
        {"calendar": {"hours": []}},
        {"calendar": {"holidays": [7]}},
        {"title": 7},
    ):
        answer = served.call("Anna", "PATCH", "/queues/sales-managers", json=body)
        assert answer.status_code == 422, (body, answer.text)
    assert served.call("Anna", "POST", "/queues", json={"name": "new-one"}).status_code == 201
    assert "new-one" in {
        each["name"] for each in served.call("Ada", "GET", "/queues").json["queues"]
    }


def test_settings_are_changed_by_one_and_people_few_by_two_or_at_once_where_nobody_is(
    served,
) -> None:
    changed = served.call("Anna", "PATCH", "/settings", json={"business_name": "Corner & Sons"})
    assert changed.json["business_name"] == "Corner & Sons"
    assert served.call("Anna", "PATCH", "/settings", json={"language": "tlh"}).status_code == 422
    few = served.call("Anna", "POST", "/settings/people-few", json={"value": True})
    assert few.status_code == 202, few.text
    assert few.json["request"] is None, "Nobody else could confirm it."
    assert served.call("Anna", "GET", "/settings").json["people_few"] is True


def test_the_log_is_read_by_auditors(served) -> None:
    state = served.call("Cleo", "GET", "/log")
    assert state.status_code == 200, state.text
    assert state.json["backlog"]["count"] > 0, "Nothing sequences in this test."
    assert served.call("Cleo", "GET", "/log/checkpoint").status_code == 404
    page = served.call("Cleo", "GET", "/log/entries?kind=policy.published&limit=1")
    assert page.status_code == 200, page.text
    decision = served.ask().json["id"]
    entry = served.call("Cleo", "GET", f"/log/entries/{decision}")
    assert entry.json["kind"] == "decision.recorded", entry.text
    assert entry.json["place"] is None
    assert '"decision.recorded"' in entry.json["entry"]
    for query in ("kind=odd", "cursor=x", "decision=1"):
        assert served.call("Cleo", "GET", f"/log/entries?{query}").status_code in {404, 422}, query
    asked = served.call("Cleo", "POST", "/log/verification")
    assert (asked.status_code, asked.json["running"]) == (202, True)


def test_everybody_sees_how_the_parts_are(served) -> None:
    told = served.call("Ada", "GET", "/status")
    assert told.status_code == 200, told.text
    parts = {each["part"]: each["state"] for each in told.json["parts"]}
    assert parts["database"] == "ok"
    assert parts["mail"] == "off"


def test_ones_own_account(served) -> None:
    told = served.call("Ada", "GET", "/account").json
    assert (told["name"], told["email"]) == ("Ada", "ada@example.com")
    assert "cases:decide" in told["permissions"]
    changed = served.call(
        "Ada", "PATCH", "/account", json={"language": "de", "mail_notices": False}
    )
    assert (changed.json["language"], changed.json["mail_notices"]) == ("de", False)
    made = served.call(
        "Ada", "POST", "/account/tokens", json={"name": "cron", "scopes": ["cases:read"], "days": 7}
    )
    assert made.status_code == 201, made.text
    served.secrets["cron"] = made.json["secret"]
    assert served.call("cron", "GET", "/cases").status_code == 200
    beyond = served.call(
        "Ada", "POST", "/account/tokens", json={"name": "x", "scopes": ["people:manage"], "days": 7}
    )
    assert beyond.status_code == 422
    token = made.json["token"]["id"]
    assert served.call("Ada", "POST", f"/account/tokens/{token}/revoke").status_code == 204
    assert served.call("cron", "GET", "/cases").status_code == 401
    wrong = served.call(
        "Ada",
        "POST",
        "/account/password",
        json={"old": "wrong", "new": "nine black swans by night"},
    )
    assert wrong.status_code == 422
    right = served.call(
        "Ada",
        "POST",
        "/account/password",
        json={"old": served.password, "new": "nine black swans by night"},
    )
    assert right.status_code == 204, right.text
    begun = served.call("Ada", "POST", "/account/second-factor").json
    assert begun["uri"].startswith("otpauth://")
    no_code = {"secret": begun["secret"], "code": "000000x"}
    assert (
        served.call("Ada", "POST", "/account/second-factor/confirm", json=no_code).status_code
        == 422
    )


@pytest.mark.parametrize("body", [b"{", b'{"reason": "a", "reason": "b"}', b"\xff"])
def test_all_bodies_are_read_as_strictly_as_those_of_decisions(served, body: bytes) -> None:
    answer = served.call("Ada", "POST", "/hold", data=body, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert served.call("Ada", "GET", "/holds").json["holds"] == []
    wrong = served.call("Ada", "POST", "/hold", data=b"reason=x", content_type="text/plain")
    assert wrong.status_code == 415


def test_a_queue_asks_for_competence_once_it_is_confirmed_who_is_left(served) -> None:
    queue = "/queues/sales-managers"
    members = served.call("Anna", "GET", f"{queue}/competences").json["competences"]
    ada = next(one["person_id"] for one in members if one["name"] == "Ada")
    body = {"shown_on": "2026-11-01", "expires_on": "2026-12-01", "note": "Twenty cases with Ben."}
    shown = served.call("Anna", "PUT", f"{queue}/competences/{ada}", json=body)
    assert (shown.json["standing"], shown.json["note"]) == ("ending", body["note"])
    assert served.call("Ada", "GET", f"{queue}/competences").status_code == 403
    asked = served.call("Anna", "PATCH", queue, json={"competence_required": True})
    assert asked.json["errors"][0]["pointer"] == "/confirmed"
    assert "Left to decide this queue's cases would be: Ada." in asked.json["detail"]
    wanted = {"competence_required": True, "confirmed": True}
    assert served.call("Anna", "PATCH", queue, json=wanted).json["competence_required"] is True
    assert served.call("Ada", "GET", "/cases").status_code == 200
    told = served.call("Ben", "GET", "/cases/overview").json
    assert [one["standing"] for one in told["competences"] if one["queue"] == "sales-managers"] == [
        "missing"
    ]
    assert served.call("Ben", "GET", "/cases?queue=sales-managers").status_code == 404
    assert served.call("Anna", "POST", f"{queue}/competences/{ada}/end").status_code == 409
