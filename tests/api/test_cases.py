"""Cases over the API: claimed, decided, taken back, and two people on one."""

from __future__ import annotations

import pytest

from tests.api.conftest import POLICY
from tests.people import publish


@pytest.fixture
def case(served, in_review):
    """Return a case that waits, as Ada reads it."""
    decision = in_review()["id"]
    whole = served.call("crm", "GET", f"/decisions/{decision}").json
    answer = served.call("Ada", "GET", f"/cases/{whole['case']}")
    assert answer.status_code == 200, answer.text
    return answer


def act(served, who: str, case, verb: str, etag: str | None = None, body: dict | None = None):
    headers = {} if etag is None else {"If-Match": etag}
    return served.call(
        who, "POST", f"/cases/{case.json['id']}/{verb}", json=body or {}, headers=headers
    )


def test_a_case_is_read_with_all_that_is_needed_to_judge_it(served, case) -> None:
    told = case.json
    assert case.headers["ETag"] == f'"{told["revision"]}"'
    assert told["decision"]["features"]["tenure_months"] == 3
    assert told["decision"]["ruling"]["reasons"][0]["code"] == "confidence_below"
    assert told["changes"] == ["no_offer"]
    assert told["fallback"] == "no_offer"
    assert told["barred"] is None


def test_a_case_is_claimed_approved_and_taken_back(served, case) -> None:
    claimed = act(served, "Ada", case, "claim", case.headers["ETag"])
    assert claimed.status_code == 200, claimed.text
    assert claimed.json["lease"]["name"] == "Ada"
    approved = act(served, "Ada", case, "verdict", claimed.headers["ETag"], {"verdict": "approve"})
    assert approved.status_code == 200, approved.text
    assert approved.json["undo"]["until"] == "2026-11-23T10:00:10.000000Z"
    undone = act(served, "Ada", case, "undo", approved.headers["ETag"])
    assert undone.json["status"] == "open"
    released = act(served, "Ada", case, "release", undone.headers["ETag"])
    assert released.json["lease"] is None


def test_whoever_changes_a_case_must_say_what_they_read(served, case) -> None:
    for verb, body in [
        ("claim", {}),
        ("release", {}),
        ("verdict", {"verdict": "approve"}),
        ("undo", {}),
        ("escalate", {"reason": "over my head"}),
        ("skip", {"reason": "no_time"}),
        ("snooze", {"until": "2026-11-23T11:00:00Z"}),
        ("hand-over", {"to": "somebody"}),
        ("question", {"words": "Which contract?"}),
        ("comment", {"words": "She rang."}),
    ]:
        answer = act(served, "Ada", case, verb, body=body)
        assert answer.status_code == 428, verb
        assert answer.json["type"].endswith("/problems/revision-required")


def test_the_second_of_two_is_told_what_the_first_did(served, case) -> None:
    claimed = act(served, "Ben", case, "claim", case.headers["ETag"])
    act(served, "Ben", case, "verdict", claimed.headers["ETag"], {"verdict": "approve"})
    late = act(served, "Ada", case, "claim", case.headers["ETag"])
    assert late.status_code == 412
    assert "Ben" in late.json["detail"]


@pytest.mark.parametrize("etag", ['W/"1"', "1", '"one"', '"999999"'])
def test_a_revision_there_never_was_is_stale(served, case, etag: str) -> None:
    assert act(served, "Ada", case, "claim", etag).status_code == 412


def test_a_case_that_another_holds_cannot_be_decided(served, case) -> None:
    claimed = act(served, "Ben", case, "claim", case.headers["ETag"])
    answer = act(served, "Ada", case, "verdict", claimed.headers["ETag"], {"verdict": "approve"})
    assert answer.status_code == 409
    assert answer.json["type"].endswith("/problems/claimed-by-another")


def test_a_verdict_that_does_not_fit_is_refused_with_its_place(served, case) -> None:
    claimed = act(served, "Ada", case, "claim", case.headers["ETag"])
    for body, pointer in [
        ({"verdict": "perhaps"}, "/verdict"),
        ({}, "/verdict"),
        ({"verdict": "change", "outcome": "free_beer", "reason": "kind"}, "/outcome"),
        ({"verdict": "reject"}, "/reason"),
        ({"verdict": "approve", "colour": "red"}, "/colour"),
    ]:
        answer = act(served, "Ada", case, "verdict", claimed.headers["ETag"], body)
        assert answer.status_code == 422, (body, answer.text)
        assert pointer in {each["pointer"] for each in answer.json["errors"]}, answer.json


def test_a_case_is_sent_to_the_next_queue(served, case) -> None:
    claimed = act(served, "Ben", case, "claim", case.headers["ETag"])
    moved = act(served, "Ben", case, "escalate", claimed.headers["ETag"], {"reason": "unusual"})
    assert moved.status_code == 200, moved.text
    assert moved.json["queue"] == "sales-leads"
    assert served.call("Ben", "GET", f"/cases/{case.json['id']}").status_code == 404
    assert served.call("Ada", "GET", f"/cases/{case.json['id']}").status_code == 200


def test_cases_are_listed_most_urgent_first_and_paged(served, in_review, clock) -> None:
    for _ in range(3):
        in_review()
        clock.advance(minutes=1)
    first = served.call("Ada", "GET", "/cases?limit=2").json
    rest = served.call("Ada", "GET", f"/cases?limit=2&cursor={first['next_cursor']}").json
    due = [each["due_at"] for each in first["cases"] + rest["cases"]]
    assert due == sorted(due)
    assert len(due) == 3
    assert rest["next_cursor"] is None
    overview = served.call("Ada", "GET", "/cases/overview").json
    assert overview["open"] == 3
    for query in ("cursor=x", "status=odd", "limit=0"):
        assert served.call("Ada", "GET", f"/cases?{query}").status_code == 422, query


def test_where_nothing_waits_there_is_no_next_case(served) -> None:
    answer = served.call("Ada", "POST", "/cases/next")
    assert answer.status_code == 204
    assert answer.data == b""


def test_a_case_of_another_queue_or_of_none_is_not_found(served) -> None:
    assert served.call("Ada", "GET", "/cases/1").status_code == 404
    answer = served.call("Ada", "POST", "/cases/next", json={"queue": "somebody-elses"})
    assert answer.status_code == 404


def test_a_case_is_passed_on_put_off_and_commented(served, case) -> None:
    claimed = act(served, "Ada", case, "claim", case.headers["ETag"])
    wrong = act(served, "Ada", case, "skip", claimed.headers["ETag"], {"reason": "bored"})
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["pointer"] == "/reason"
    skipped = act(served, "Ada", case, "skip", claimed.headers["ETag"], {"reason": "no_time"})
    assert skipped.status_code == 200, skipped.text
    assert served.call("Ada", "POST", "/cases/next").status_code == 204
    taken = act(served, "Ben", case, "claim", skipped.headers["ETag"])
    until = "2026-11-23T11:00:00.000000Z"
    late = act(
        served, "Ben", case, "snooze", taken.headers["ETag"], {"until": "2027-01-01T00:00:00Z"}
    )
    assert late.status_code == 422
    put_off = act(served, "Ben", case, "snooze", taken.headers["ETag"], {"until": until})
    assert put_off.json["sleeps_until"] == until
    said = act(served, "Ada", case, "comment", put_off.headers["ETag"], {"words": "She rang."})
    assert [one["words"] for one in said.json["messages"]] == ["She rang."]


def test_a_case_is_handed_to_a_colleague_of_its_queue(served, case) -> None:
    claimed = act(served, "Ada", case, "claim", case.headers["ETag"])
    address = f"/cases/{case.json['id']}/colleagues"
    (ben,) = served.call("Ada", "GET", address).json["colleagues"]
    assert ben["name"] == "Ben"
    handed = act(served, "Ada", case, "hand-over", claimed.headers["ETag"], {"to": ben["id"]})
    assert handed.json["reserved"]["name"] == "Ben"
    assert served.call("Ada", "POST", "/cases/next").status_code == 204
    assert served.call("Ben", "POST", "/cases/next").json["id"] == case.json["id"]


def test_a_question_is_answered_by_the_app_that_asked_for_the_decision(served, case) -> None:
    claimed = act(served, "Ada", case, "claim", case.headers["ETag"])
    asked = act(served, "Ada", case, "question", claimed.headers["ETag"], {"words": "Since when?"})
    assert asked.json["asked"] is True
    decision = served.call("crm", "GET", f"/decisions/{asked.json['decision_id']}").json
    question = decision["question"]
    assert (question["text"], question["until"]) == ("Since when?", asked.json["sleeps_until"])
    address = f"/cases/{decision['case']}/information"
    answer = {"question": question["id"], "words": "Since 2019.", "facts": {"orders": 12}}
    assert served.call("Ada", "POST", address, json=answer).status_code == 403
    assert served.call("crm", "POST", address, json=answer | {"words": 7}).status_code == 422
    assert served.call("crm", "POST", address, json=answer).status_code == 204
    assert served.call("crm", "POST", address, json=answer).status_code == 409
    told = served.call("Ada", "GET", f"/cases/{decision['case']}").json
    assert (told["asked"], told["messages"][1]["facts"]) == (False, {"orders": 12})


def test_a_second_opinion_is_blind_until_its_outcome_is_given(served, clock) -> None:
    publish(served.answerable, POLICY.replace("undo: 10s", "undo: 10s\n  double: 1"))
    decision = served.ask(proposal__confidence=0.5).json
    held = served.call("Ada", "POST", "/cases/next", json={})
    act(served, "Ada", held, "verdict", held.headers["ETag"], {"verdict": "approve"})
    clock.advance(seconds=10)
    taken = served.call("Ben", "POST", "/cases/next", json={})
    told = taken.json
    assert (told["purpose"], told["blind"], told["own_second_look"]) == ("double", True, False)
    assert (told["decision"]["status"], told["decision"]["outcome"]) == ("in_review", None)
    assert told["decision"]["proposal"] is None or "offer_discount" not in str(told["decision"])
    assert "offer_discount" not in str(
        served.call("Ben", "GET", f"/decisions/{decision['id']}").json
    )
    wrong = act(served, "Ben", taken, "verdict", taken.headers["ETag"], {"verdict": "approve"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/verdict")
    given = act(served, "Ben", taken, "verdict", taken.headers["ETag"], {"outcome": "no_offer"})
    assert given.status_code == 200, given.text
    assert [one["outcome"] for one in given.json["compared"]] == ["offer_discount"]
    assert [one["outcome"] for one in given.json["sign_offs"]] == ["no_offer"]


def test_what_a_check_finds_wrong_is_put_right_when_asked_to(served) -> None:
    publish(served.answerable, POLICY.replace("undo: 10s", "undo: 10s\n  sample: 1"))
    decision = served.ask().json
    assert decision["status"] == "released"
    assert "sales-managers" not in str(decision), "the app is told of no case"
    taken = served.call("Ada", "POST", "/cases/next", json={})
    assert (taken.json["purpose"], taken.json["may_reverse"]) == ("check", True)
    body = {"verdict": "reject", "reason": "She asked for none.", "reverse": True}
    given = act(served, "Ada", taken, "verdict", taken.headers["ETag"], body)
    assert given.status_code == 200, given.text
    told = served.call("crm", "GET", f"/decisions/{decision['id']}").json
    assert told["reversed_by"] == given.json["reversed_by"] is not None
    assert (told["outcome"], told["ground_truth"]["outcome"]) == ("offer_discount", "no_offer")
    new = served.call("crm", "GET", f"/decisions/{told['reversed_by']}").json
    assert (new["outcome"], new["reverses"]) == ("no_offer", decision["id"])


def test_several_cases_are_put_off_and_each_says_what_became_of_it(served, in_review) -> None:
    decisions = [in_review()["id"] for _ in range(2)]
    ids = [served.call("crm", "GET", f"/decisions/{one}").json["case"] for one in decisions]
    body = {"act": "put_off", "cases": ids, "until": "2026-11-23T11:00:00Z"}
    served.call("Ben", "POST", f"/cases/{ids[1]}/claim", headers={"If-Match": "*"})
    answer = served.call("Ada", "POST", "/cases/bulk", json=body)
    assert answer.status_code == 200, answer.text
    assert [one["done"] for one in answer.json["results"]] == [True, False]
    assert answer.json["results"][1]["problem"]["code"] == "claimed-by-another"
    nobody = served.call("Ada", "POST", "/cases/bulk", json=body | {"cases": ["none"]})
    assert nobody.json["results"][0]["problem"]["code"] == "not-found"
    missing = served.call("Ada", "POST", "/cases/bulk", json=body | {"until": None})
    assert missing.json["errors"][0]["pointer"] == "/until"


def test_alike_cases_are_approved_together_once_those_drawn_were_opened(served, in_review) -> None:
    decisions = [in_review()["id"] for _ in range(2)]
    ids = [served.call("crm", "GET", f"/decisions/{one}").json["case"] for one in decisions]
    begun = served.call("Ada", "POST", "/cases/bulk-approvals", json={"cases": ids})
    assert begun.status_code == 201, begun.text
    place, approve = (
        f"/cases/bulk-approvals/{begun.json['id']}",
        {"act": "approve", "approval": begun.json["id"]},
    )
    assert served.call("Ada", "POST", "/cases/bulk", json=approve).status_code == 409
    for case_id in begun.json["drawn"]:
        opened = served.call("Ada", "POST", f"{place}/open", json={"case": case_id})
        assert opened.json["decision"]["features"]["tenure_months"] == 3
    assert served.call("Ada", "GET", place).json["ready"] is True
    assert served.call("Ben", "GET", place).status_code == 404
    given = served.call("Ada", "POST", "/cases/bulk", json=approve)
    assert [one["done"] for one in given.json["results"]] == [True, True]
    undone = served.call("Ada", "POST", f"{place}/undo")
    assert [one["done"] for one in undone.json["results"]] == [True, True]


def test_load_and_pace_are_told(served, case) -> None:
    (load,) = served.call("Ada", "GET", "/cases/load?queue=sales-managers").json["queues"]
    assert (load["open"], load["forecast"]["trend"], len(load["weekdays"])) == (1, "few", 7)
    pace = served.call("Ada", "GET", "/cases/pace").json
    assert pace == {"approvals": 0, "median_seconds": None, "minutes": 0, "nudges": []}
