from __future__ import annotations

from datetime import UTC, datetime

import pytest

from governance.operations.comparing import follow

CASE = {"queue": "sales", "due_at": "2026-11-23T11:00:00.000000Z"}


def at(minute):
    return datetime(2026, 11, 23, 10, minute, tzinfo=UTC)


def entry(kind, minute=0, *, name="e", refs=None, **data):
    return {
        "id": name,
        "kind": kind,
        "recorded_at": f"2026-11-23T10:{minute:02}:00.000000Z",
        "refs": refs or {},
        "data": data,
    }


RELEASED = entry("decision.recorded", status="released", outcome="offer", case=None)
IN_REVIEW = entry("decision.recorded", status="in_review", outcome=None, case=CASE)
APPROVED = entry(
    "verdict.given",
    5,
    name="v",
    verdict="approve",
    outcome="offer",
    decides=True,
    effective_at="2026-11-23T10:06:00.000000Z",
)


def test_a_released_decision_stands_as_recorded():
    stands = follow([RELEASED])
    assert (stands.status, stands.outcome, stands.decided_at) == ("released", "offer", at(0))
    assert stands.queue is None


def test_a_verdict_that_decides_gives_status_outcome_and_times():
    stands = follow([IN_REVIEW, APPROVED])
    assert (stands.status, stands.outcome) == ("approved", "offer")
    assert (stands.decided_at, stands.effective_at) == (at(5), at(6))


def test_a_sign_off_that_does_not_decide_changes_nothing():
    one = APPROVED | {"data": APPROVED["data"] | {"decides": False}}
    assert follow([IN_REVIEW, one]) == follow([IN_REVIEW])


def test_a_verdict_that_was_taken_back_does_not_count_whatever_the_order():
    undone = entry("verdict.undone", 6, refs={"verdict": "v"}, decides=True)
    assert follow([IN_REVIEW, APPROVED, undone]) == follow([IN_REVIEW])
    assert follow([IN_REVIEW, undone, APPROVED]) == follow([IN_REVIEW])


def test_an_escalation_moves_queue_and_due_time():
    moved = entry("case.escalated", 7, queue="leads", due_at="2026-11-23T10:59:00.000000Z")
    stands = follow([IN_REVIEW, moved])
    assert (stands.queue, stands.due_at, stands.escalated_at) == ("leads", at(59), at(7))
    assert stands.status == "in_review"


def test_the_clock_and_the_app_end_a_review_without_a_verdict():
    lapsed = follow([IN_REVIEW, entry("case.lapsed", 8, outcome="none")])
    assert (lapsed.status, lapsed.outcome, lapsed.effective_at) == ("lapsed", "none", at(8))
    withdrawn = follow([IN_REVIEW, entry("decision.withdrawn", 8)])
    assert (withdrawn.status, withdrawn.outcome) == ("withdrawn", None)


def test_an_entry_that_lacks_what_its_kind_must_say_is_an_error():
    with pytest.raises(KeyError):
        follow([IN_REVIEW, entry("case.lapsed", 8)])
