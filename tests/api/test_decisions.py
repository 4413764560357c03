"""Asking for decisions: what is taken, what is refused, and what goes to a person."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest

MEGABYTE = 1_000_000


def test_a_released_decision_is_answered_in_full(served) -> None:
    answer = served.ask(language="en", channel="web", sequence=1, metadata={"ticket": "T-1"})
    assert answer.status_code == 201, answer.text
    told = answer.json
    assert answer.headers["Location"] == told["links"]["self"]
    assert told["links"]["self"] == f"http://127.0.0.1:8000/api/v1/decisions/{told['id']}"
    assert told["links"]["explanation"] == told["links"]["self"] + "/explanation"
    assert (told["status"], told["outcome"]) == ("released", "offer_discount")
    assert told["decision_point"] == "retention-offer"
    assert told["proposal"] == {
        "outcome": "offer_discount",
        "confidence": 0.95,
        "source": "app:crm",
        "alternatives": [],
        "reasons": [],
    }
    assert told["ruling"]["disposition"] == "release"
    assert told["ruling"]["policy"]["version"] == 1
    assert told["ruling"]["policy"]["digest"].startswith("sha256:")
    assert told["recorded_at"] == "2026-11-23T10:00:00.000000Z"
    assert told["notice"] == {
        "text": "This offer was suggested by software. You can ask for a person to decide.",
        "language": "en",
    }


def test_a_decision_in_review_says_why_and_by_when(served) -> None:
    told = served.ask(proposal__confidence=0.71).json
    assert (told["status"], told["outcome"], told["decided_at"]) == ("in_review", None, None)
    ruling = told["ruling"]
    assert (ruling["disposition"], ruling["queue"]) == ("review", "sales-managers")
    assert ruling["due_at"] == "2026-11-23T14:00:00.000000Z"
    (reason,) = ruling["reasons"]
    assert reason["code"] == "confidence_below"
    assert "0.71" in reason["text"]
    assert "0.80" in reason["text"]


MISTAKES = {
    "a wrong type": ({"features__tenure_months": "3"}, "/features/tenure_months"),
    "a number where a whole number is declared": (
        {"features__tenure_months": 3.5},
        "/features/tenure_months",
    ),
    "a truth value where a number is declared": (
        {"features__monthly_charges": True},
        "/features/monthly_charges",
    ),
    "a required fact that is absent": ({"features__contract": ...}, "/features/contract"),
    "null where it is not declared": ({"features__contract": None}, "/features/contract"),
    "an unknown fact": ({"features__shoe_size": 42}, "/features/shoe_size"),
    "an unknown field": ({"shoe_size": 42}, "/shoe_size"),
    "a confidence above one": ({"proposal__confidence": 1.2}, "/proposal/confidence"),
    "a confidence below zero": ({"proposal__confidence": -0.1}, "/proposal/confidence"),
    "no proposal": ({"proposal": ...}, "/proposal"),
    "a null for the proposal": ({"proposal": None}, "/proposal"),
    "an undeclared group": (
        {"subject": {"ref": "c", "groups": {"faith": "none"}}},
        "/subject/groups/faith",
    ),
    "a time far ahead of ours": ({"occurred_at": "2026-11-23T10:05:01Z"}, "/occurred_at"),
    "a day that does not exist": ({"occurred_at": "2026-02-30T10:00:00Z"}, "/occurred_at"),
}

RAW = {
    "NaN": (b'"monthly_charges": 89.5', b'"monthly_charges": NaN', 422),
    "Infinity": (b'"monthly_charges": 89.5', b'"monthly_charges": Infinity', 422),
    "a key that stands twice": (
        b'"tenure_months": 3',
        b'"tenure_months": 3, "tenure_months": 4',
        422,
    ),
    "U+0000": (b"cust-4711", b"cust\\u00004711", 422),
    "an integer beyond 2^53": (b'"tenure_months": 3', b'"tenure_months": 9007199254740993', 422),
    "half a character": (b"cust-4711", b"\\ud83d", 422),
    "no JSON": (b"{", b"[[", 400),
    "no UTF-8": (b"cust-4711", b"\xff\xfe", 400),
    "too deep": (b'"tenure_months": 3', b'"tenure_months": ' + b"[" * 40 + b"]" * 40, 400),
    "over a megabyte": (b"cust-4711", b"x" * MEGABYTE, 413),
}

SURPRISES = {
    "an undeclared outcome": ({"proposal__outcome": "free_beer"}, "undeclared_outcome"),
    "a value below its range": ({"features__tenure_months": -1}, None),
    "a value outside its list": ({"features__contract": "for-life"}, None),
    "an empty text": ({"features__message": ""}, None),
    "a string over 8 kB": ({"features__message": "x" * 9000}, None),
    "a list over 200": ({"features__tags": ["t"] * 201}, None),
    "no confidence": ({"proposal__confidence": ...}, None),
    "a null for the confidence": ({"proposal__confidence": None}, None),
    "a person asked for": ({"person_requested": True}, "person_requested"),
    "a sure no": ({"features__monthly_charges": 120}, None),
}


def test_the_apps_mistakes_are_refused_with_their_place(served) -> None:
    for name, (changes, pointer) in MISTAKES.items():
        answer = served.ask(**changes)
        assert answer.status_code == 422, (name, answer.text)
        assert answer.content_type == "application/problem+json", name
        problem = answer.json
        assert problem["type"].endswith("/problems/invalid-input"), name
        assert problem["status"] == 422, name
        assert pointer in {each["pointer"] for each in problem["errors"]}, (name, problem)
    assert served.call("crm", "GET", "/decisions").json["decisions"] == [], "Something was stored."


def test_what_is_no_proper_json_is_refused(served) -> None:
    good = json.dumps(
        {
            "decision_point": "retention-offer",
            "subject": {"ref": "cust-4711"},
            "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "one-year"},
            "proposal": {"outcome": "offer_discount", "confidence": 0.95},
        }
    ).encode()
    for name, (old, new, status) in RAW.items():
        body = good.replace(old, new, 1)
        assert body != good, name
        answer = served.call(
            "crm", "POST", "/decisions", data=body, content_type="application/json"
        )
        assert answer.status_code == status, (name, answer.text)
        assert answer.content_type == "application/problem+json", name
    assert served.call("crm", "GET", "/decisions").json["decisions"] == [], "Something was stored."


def test_the_worlds_surprises_are_accepted_and_go_to_a_person(served) -> None:
    for name, (changes, code) in SURPRISES.items():
        answer = served.ask(**changes)
        assert answer.status_code == 201, (name, answer.text)
        assert answer.json["status"] == "in_review", (name, answer.json)
        assert answer.json["ruling"]["reasons"], name
        if code is not None:
            assert code in {each["code"] for each in answer.json["ruling"]["reasons"]}, answer.json
        again = served.call("crm", "GET", f"/decisions/{answer.json['id']}")
        assert again.json["status"] == "in_review", name


def test_a_forbidden_proposal_gets_the_fallback(served) -> None:
    told = served.ask(features__message="never again").json
    assert (told["status"], told["outcome"]) == ("refused", "no_offer")


def test_a_hold_sends_everything_to_a_person_from_the_next_request_on(served) -> None:
    assert served.ask().json["status"] == "released"
    held = served.call(
        "Ada", "POST", "/decision-points/retention-offer/hold", json={"reason": "odd offers"}
    )
    assert held.status_code == 201, held.text
    told = served.ask().json
    assert told["status"] == "in_review"
    assert "hold" in {each["code"] for each in told["ruling"]["reasons"]}, told
    elsewhere = served.ask("shop", decision_point="win-back")
    assert elsewhere.json["status"] == "released"


def test_a_content_type_that_is_not_json_is_said_to_be_wrong(served) -> None:
    answer = served.call("crm", "POST", "/decisions", data=b"{}", content_type="text/plain")
    assert answer.status_code == 415
    assert "application/json" in answer.json["detail"]


def test_the_same_key_and_body_give_the_first_answer_again(served) -> None:
    key = {"Idempotency-Key": "order-17"}
    first = served.ask(headers=key, proposal__confidence=0.5)
    assert "Idempotent-Replayed" not in first.headers
    withdrawn = served.call("crm", "POST", f"/decisions/{first.json['id']}/withdraw")
    assert withdrawn.json["status"] == "withdrawn"
    again = served.ask(headers=key, proposal__confidence=0.5)
    assert again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == first.json, "The first answer is rebuilt as of its creation."


def test_the_same_key_with_another_body_is_a_conflict(served) -> None:
    key = {"Idempotency-Key": "order-17"}
    assert served.ask(headers=key).status_code == 201
    other = served.ask(headers=key, features__tenure_months=4)
    assert other.status_code == 409
    assert other.json["type"].endswith("/problems/idempotency-conflict")


def test_a_key_is_the_apps_own(served) -> None:
    key = {"Idempotency-Key": "order-17"}
    first = served.ask("crm", headers=key)
    other = served.ask("shop", headers=key)
    assert other.status_code == 201
    assert other.json["id"] != first.json["id"]


@pytest.mark.parametrize("key", ["", "with space", "ä", "x" * 201])
def test_a_key_that_is_none_is_refused(served, key: str) -> None:
    answer = served.ask(headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/headers/Idempotency-Key"


def test_a_dry_run_rules_and_explains_and_stores_nothing(served) -> None:
    answer = served.ask(query="?dry_run=1", features__monthly_charges=120)
    assert answer.status_code == 201
    told = answer.json
    assert (told["id"], told["dry_run"], told["status"]) == (None, True, "in_review")
    assert told["trace"]
    assert "links" not in told
    assert "Location" not in answer.headers
    assert served.call("crm", "GET", "/decisions").json["decisions"] == []


def test_a_switch_or_a_wait_that_is_none_is_refused(served) -> None:
    for query, pointer in {
        "?dry_run=maybe": "/query/dry_run",
        "?wait=-1": "/query/wait",
        "?wait=soon": "/query/wait",
        "?wait=nan": "/query/wait",
        "?colour=red": "/query/colour",
    }.items():
        answer = served.ask(query=query)
        assert answer.status_code == 422, query
        assert answer.json["errors"][0]["pointer"] == pointer


def test_waiting_ends_when_the_outcome_is_effective(served, in_review) -> None:
    decision = in_review()
    case = served.call("Ada", "POST", "/cases/next", json={})
    approved = served.call(
        "Ada",
        "POST",
        f"/cases/{case.json['id']}/verdict",
        json={"verdict": "approve"},
        headers={"If-Match": case.headers["ETag"]},
    )
    assert approved.status_code == 200, approved.text
    told = served.call("crm", "GET", f"/decisions/{decision['id']}?wait=0.1").json
    assert (told["status"], told["outcome"]) == ("in_review", None), "It can still be taken back."
    threading.Timer(0.3, lambda: served.answerable.clock.advance(seconds=11)).start()
    told = served.call("crm", "GET", f"/decisions/{decision['id']}?wait=20").json
    assert (told["status"], told["outcome"]) == ("approved", "offer_discount")


def test_waiting_while_asking_answers_201_on_time_out_too(served) -> None:
    answer = served.ask(query="?wait=0.2", proposal__confidence=0.5)
    assert answer.status_code == 201
    assert answer.json["status"] == "in_review"


def test_where_all_places_are_taken_the_answer_is_immediate(served) -> None:
    waiting = served.client.application.extensions["answerable.waiting"]
    for _ in range(served.answerable.settings.wait_places):
        assert waiting._places.acquire(blocking=False)
    answer = served.ask(query="?wait=60", proposal__confidence=0.5)
    assert answer.status_code == 201
    assert answer.headers["Retry-After"] == "1"


def test_a_whole_decision_has_what_it_was_made_on_but_never_groups(served) -> None:
    made = served.ask(
        subject={"ref": "cust-9", "groups": {"gender": "female"}}, metadata={"ticket": "T-1"}
    ).json
    told = served.call("crm", "GET", f"/decisions/{made['id']}").json
    assert told["features"]["tenure_months"] == 3
    assert told["metadata"] == {"ticket": "T-1"}
    assert told["subject"] == {"ref": "cust-9"}
    assert told["erased"] is False


def test_decisions_are_listed_newest_first_and_paged(served, clock) -> None:
    made = []
    for number in range(5):
        made.append(served.ask(features__tenure_months=number).json["id"])
        clock.advance(seconds=1)
    first = served.call("crm", "GET", "/decisions?limit=2").json
    assert [each["id"] for each in first["decisions"]] == [made[4], made[3]]
    second = served.call("crm", "GET", f"/decisions?limit=2&cursor={first['next_cursor']}").json
    assert [each["id"] for each in second["decisions"]] == [made[2], made[1]]
    third = served.call("crm", "GET", f"/decisions?limit=2&cursor={second['next_cursor']}").json
    assert [each["id"] for each in third["decisions"]] == [made[0]]
    assert third["next_cursor"] is None


def test_a_list_is_filtered_by_point_status_and_time(served, clock) -> None:
    old = served.ask("shop").json["id"]
    clock.advance(hours=1)
    waiting = served.ask("shop", proposal__confidence=0.1).json["id"]
    other = served.ask("shop", decision_point="win-back").json["id"]

    def listed(query: str) -> set[str]:
        answer = served.call("shop", "GET", f"/decisions?{query}")
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json["decisions"]}

    assert listed("point=win-back") == {other}
    assert listed("status=in_review") == {waiting}
    assert listed("until=2026-11-23T10:30:00Z") == {old}
    assert listed("since=2026-11-23T11:30:00%2B01:00") == {waiting, other}


def test_a_query_that_does_not_fit_is_refused(served) -> None:
    for query in (
        "limit=0",
        "limit=201",
        "cursor=abc",
        "cursor=ä",
        "status=odd",
        "since=today",
        "x=1",
    ):
        answer = served.call("crm", "GET", f"/decisions?{query}")
        assert answer.status_code == 422, query
        assert answer.json["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


def test_a_subject_is_found_by_search_and_never_in_an_address(served) -> None:
    mine = served.ask(subject={"ref": "cust-9"}).json["id"]
    served.ask(subject={"ref": "cust-10"})
    found = served.call("crm", "POST", "/decisions/search", json={"subject": {"ref": "cust-9"}})
    assert [each["id"] for each in found.json["decisions"]] == [mine]
    assert "cust-9" not in found.text.replace(mine, "")


def test_only_a_waiting_decision_can_be_withdrawn(served, in_review) -> None:
    waiting, released = in_review()["id"], served.ask().json["id"]
    told = served.call("crm", "POST", f"/decisions/{waiting}/withdraw")
    assert (told.status_code, told.json["status"]) == (200, "withdrawn")
    for decision in (waiting, released):
        again = served.call("crm", "POST", f"/decisions/{decision}/withdraw")
        assert again.status_code == 409
        assert again.json["type"].endswith("/problems/case-closed")


def test_what_is_no_id_is_not_found(served) -> None:
    for path in (
        "/decisions/1",
        "/decisions/019A0000-0000-7000-8000-000000000000",
        "/decisions/019a0000-0000-7000-8000-000000000000",
        "/decisions/%00",
    ):
        assert served.call("crm", "GET", path).status_code == 404, path


def test_an_explanation_is_told_for_its_audience(served, in_review) -> None:
    decision = in_review()["id"]
    for_subject = served.call("crm", "GET", f"/decisions/{decision}/explanation")
    assert for_subject.status_code == 200, for_subject.text
    assert for_subject.json["audience"] == "subject"
    assert for_subject.json["trace"] is None
    refused = served.call("crm", "GET", f"/decisions/{decision}/explanation?audience=auditor")
    assert refused.status_code == 403
    for_auditor = served.call(
        "Cleo", "GET", f"/decisions/{decision}/explanation?audience=auditor&lang=de"
    )
    assert for_auditor.json["trace"]
    assert for_auditor.json["language"] == "de"
    unknown = served.call("Cleo", "GET", f"/decisions/{decision}/explanation?audience=boss")
    assert unknown.status_code == 422


def test_a_story_is_told_in_order(served, in_review) -> None:
    decision = in_review()["id"]
    served.call("Ada", "POST", "/cases/next", json={})
    steps = served.call("Ada", "GET", f"/decisions/{decision}/story").json["steps"]
    assert [each["kind"] for each in steps][:3] == ["received", "ruled", "case_opened"]
    assert steps[-1]["kind"] == "claimed"
    assert steps[-1]["by"] == "Ada"


def test_a_decision_point_says_what_may_be_asked_and_its_example_fits(served) -> None:
    listed = served.call("crm", "GET", "/decision-points").json["decision_points"]
    assert [each["name"] for each in listed] == ["retention-offer"], "The key opens one point."
    told = served.call("crm", "GET", "/decision-points/retention-offer").json
    assert told["features"]["properties"]["tenure_months"]["type"] == "integer"
    assert {each["name"] for each in told["outcomes"]} == {"offer_discount", "no_offer"}
    example = served.call("crm", "POST", "/decisions?dry_run=1", json=told["example"])
    assert example.status_code == 201, example.text
    assert served.call("crm", "GET", "/decision-points/win-back").status_code == 404


def test_a_decision_that_lapses_is_told_as_of_its_effect(served, in_review, clock) -> None:
    decision = in_review()["id"]
    clock.set(clock.now() + timedelta(minutes=1))
    assert served.call("crm", "GET", f"/decisions/{decision}").json["case"] is not None
