"""Reporting over the API what turned out right, and how the person concerned rated it."""

from __future__ import annotations

import pytest


@pytest.fixture
def decision(served) -> str:
    return served.ask().json["id"]


def truth(served, decision, who="crm", /, **body):
    return served.call(who, "POST", f"/decisions/{decision}/ground-truth", json=body)


def rating(served, decision, who="crm", /, **body):
    return served.call(who, "POST", f"/decisions/{decision}/feedback", json=body)


def test_ground_truth_is_missing_then_known_and_the_newest_report_stands(served, decision) -> None:
    path = f"/decisions/{decision}/ground-truth"
    before = served.call("crm", "GET", path)
    assert (before.status_code, before.json["state"]) == (200, "missing")
    assert before.json["outcome"] is before.json["reported_at"] is None
    told = truth(served, decision, outcome="no_offer", known_at="2026-11-22T10:00:00+01:00")
    assert told.status_code == 200, told.text
    assert told.json == {
        "decision_id": decision,
        "state": "known",
        "outcome": "no_offer",
        "known_at": "2026-11-22T09:00:00.000000Z",
        "reported_at": "2026-11-23T10:00:00.000000Z",
    }
    assert truth(served, decision, never=True).json["state"] == "never"
    assert served.call("Cleo", "GET", path).json["state"] == "never"
    kept = served.call("Cleo", "GET", f"/log/entries?decision={decision}").json
    assert kept["entries"] == [], "nothing has its place in the log yet"
    story = served.call("Cleo", "GET", f"/decisions/{decision}/story").json["steps"]
    said = [(step["kind"], step["data"].get("outcome")) for step in story[2:]]
    assert said == [("ground_truth.reported", "no_offer"), ("ground_truth.reported", None)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/outcome"),
        ({"outcome": "no_offer", "never": True}, "/outcome"),
        ({"outcome": "a gift"}, "/outcome"),
        ({"outcome": 7}, "/outcome"),
        ({"never": "yes"}, "/never"),
        ({"outcome": "no_offer", "known_at": "2026-12-24T10:00:00Z"}, "/known_at"),
        ({"outcome": "no_offer", "known_at": "soon"}, "/known_at"),
        ({"outcome": "no_offer", "gender": "female"}, "/gender"),
    ],
)
def test_what_is_no_truth_is_refused_with_its_place(served, decision, body, pointer) -> None:
    answer = truth(served, decision, **body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert served.call("crm", "GET", f"/decisions/{decision}/ground-truth").json["state"] == (
        "missing"
    )


def test_ratings_are_kept_by_scale(served, decision) -> None:
    assert rating(served, decision, scale="csat", rating=2).status_code == 200
    assert rating(served, decision, scale="nps", rating=0).status_code == 200
    assert rating(served, decision, scale="csat", rating=5).json["rating"] == 5
    told = served.call("Cleo", "GET", f"/decisions/{decision}/feedback").json["ratings"]
    whole = served.call("Cleo", "GET", f"/decisions/{decision}").json
    assert whole["ratings"] == told
    assert whole["ground_truth"]["state"] == "missing"
    assert [(one["scale"], one["rating"]) for one in told] == [("csat", 5), ("nps", 0)]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scale": "stars", "rating": 3}, "/scale"),
        ({"scale": "csat", "rating": 6}, "/rating"),
        ({"scale": "nps", "rating": -1}, "/rating"),
        ({"scale": "ces", "rating": "3"}, "/rating"),
        ({"scale": "ces"}, "/rating"),
    ],
)
def test_a_rating_off_its_scale_is_refused(served, decision, body, pointer) -> None:
    answer = rating(served, decision, **body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_who_may_not_see_a_decision_can_neither_report_nor_read(served, in_review) -> None:
    released, waiting = served.ask().json["id"], in_review()["id"]
    for decision, who, status in [
        (released, "shop", 404),
        (released, "reader", 403),
        (released, "Ada", 404),
        (waiting, "Ada", 200),
        (released, "Cleo", 403),
        ("nonsense", "crm", 404),
        ("019a0000-0000-7000-8000-000000000000", "crm", 404),
    ]:
        answers = {
            truth(served, decision, who, outcome="no_offer").status_code,
            rating(served, decision, who, scale="csat", rating=3).status_code,
        }
        assert answers == {status}, (decision, who)
    for who, status in [("shop", 404), ("Pia", 403), ("Cleo", 200), ("Ada", 404)]:
        for what in ("ground-truth", "feedback"):
            answer = served.call(who, "GET", f"/decisions/{released}/{what}")
            assert answer.status_code == status, (who, what)
