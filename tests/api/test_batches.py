"""Batches: many decisions, each by itself, answered in order."""

from __future__ import annotations

import json

from werkzeug.test import EnvironBuilder

NDJSON = "application/x-ndjson"


def body(**changes) -> dict:
    return {
        "decision_point": "retention-offer",
        "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "one-year"},
        "proposal": {"outcome": "offer_discount", "confidence": 0.95},
        **changes,
    }


def send(served, lines: list, who: str = "crm"):
    raw = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )
    answer = served.call(who, "POST", "/decisions/batch", data=raw, content_type=NDJSON)
    told = (
        [json.loads(line) for line in answer.data.splitlines()] if answer.status_code == 200 else []
    )
    return answer, told


def test_a_bad_line_gets_its_own_problem_and_stops_nothing(served) -> None:
    answer, told = send(
        served,
        [
            body(),
            b"nonsense",
            body(proposal={"outcome": "offer_discount", "confidence": 7}),
            body(decision_point="win-back"),
            b"",
            body(proposal={"outcome": "offer_discount", "confidence": 0.1}),
        ],
    )
    assert answer.content_type == NDJSON
    assert [each["status"] for each in told] == ["released", 400, 422, 404, 400, "in_review"]
    assert [each.get("line") for each in told] == [None, 2, 3, 4, 5, None]
    assert told[2]["errors"][0]["pointer"] == "/proposal/confidence"
    assert len(served.call("crm", "GET", "/decisions").json["decisions"]) == 2


def test_more_lines_than_one_commit_takes_are_answered_in_order(served) -> None:
    _, told = send(served, [body(sequence=number) for number in range(600)])
    wholes = [
        served.call("crm", "GET", f"/decisions/{told[index]['id']}").json["sequence"]
        for index in (0, 249, 250, 599)
    ]
    assert wholes == [0, 249, 250, 599]


def test_a_line_may_carry_its_key_which_is_that_of_a_single_request_too(served) -> None:
    first = served.call(
        "crm", "POST", "/decisions", json=body(), headers={"Idempotency-Key": "k"}
    ).json
    _, told = send(
        served,
        [
            body(idempotency_key="k"),
            body(idempotency_key="k", channel="app"),
            body(idempotency_key=""),
        ],
    )
    assert told[0].pop("replayed") is True
    assert told[0] == first
    assert told[1]["type"].endswith("/problems/idempotency-conflict")
    assert told[2]["errors"][0]["pointer"] == "/idempotency_key"


def test_the_same_key_twice_in_a_batch_is_one_decision(served) -> None:
    _, told = send(served, [body(idempotency_key="k"), body(idempotency_key="k")])
    assert told[0]["id"] == told[1]["id"]


def test_too_many_lines_are_refused_as_a_whole(served) -> None:
    answer, _ = send(served, [b"{}"] * 10_001)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_a_batch_over_its_size_is_refused_and_one_line_over_its_own_alone(served) -> None:
    huge = json.dumps(body(metadata={"note": "x" * 1_000_000})).encode()
    answer, told = send(served, [huge, body()])
    assert (told[0]["status"], told[1]["status"]) == (413, "released")
    answer, _ = send(served, [b"x" * 32_000_001])
    assert answer.status_code == 413


def test_the_lines_are_told_after_the_view_has_ended(served) -> None:
    environ = EnvironBuilder(
        path="/api/v1/decisions/batch",
        method="POST",
        data=json.dumps(body()).encode(),
        content_type=NDJSON,
        headers={"Authorization": f"Bearer {served.secrets['crm']}"},
    ).get_environ()
    started = []
    sent = served.client.application(environ, lambda *told: started.append(told))
    told = json.loads(b"".join(sent))
    assert started[0][0] == "200 OK"
    assert told["status"] == "released"


def test_an_empty_batch_has_an_empty_answer(served) -> None:
    answer, told = send(served, [b""])
    assert (answer.status_code, told) == (200, [])


def test_a_batch_needs_the_permission_and_the_content_type(served) -> None:
    assert send(served, [body()], who="reader")[0].status_code == 403
    answer = served.call("crm", "POST", "/decisions/batch", json=[body()])
    assert answer.status_code == 415
