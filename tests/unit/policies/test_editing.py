from __future__ import annotations

import difflib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.document import PolicyInvalid, load
from policies.editing import EditRefused, with_threshold
from tests.unit.policies.examples import RETENTION, TICKETS

PLAIN = """\
# Who answers what.
decision_point: desk
kind: routing
title: Desk
purpose: Questions reach whoever can answer them.
owner: desk
features: {}
outcomes: {front: {fallback: true}, back: {}}
review:   # by people
  queue: people   # all of them
  # Nobody waits for longer than this.
  due_in: 4h
"""


def lines_changed(before: str, after: str) -> list[str]:
    told = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in told if line[0] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize(("text", "was"), [(RETENTION, "0.80"), (TICKETS, "0.6")])
def test_the_threshold_is_written_over_and_nothing_else_changes(text: str, was: str):
    changed = with_threshold(text, 0.925)

    assert lines_changed(text, changed) == [
        f"-  confidence_below: {was}",
        "+  confidence_below: 0.925",
    ]
    assert load(changed).review.confidence_below == 0.925


def test_a_comment_behind_the_threshold_stays():
    text = RETENTION.replace("0.80\n", "0.80   # agreed in March\n")

    assert "  confidence_below: 0.9   # agreed in March\n" in with_threshold(text, 0.9)


def test_where_there_is_no_threshold_it_is_added_behind_the_queue_and_no_comment_changes_its_place():
    assert lines_changed(PLAIN, with_threshold(PLAIN, 0.7)) == ["+  confidence_below: 0.7"]
    assert "of them\n  confidence_below: 0.7\n  # Nobody" in with_threshold(PLAIN, 0.7)


def test_a_policy_that_ends_with_its_queue_needs_no_line_break():
    head = PLAIN.partition("  # Nobody")[0].rstrip("\n")

    assert with_threshold(head, 0.7) == head + "\n  confidence_below: 0.7"


def test_a_review_on_one_line_keeps_its_line():
    text = PLAIN.partition("review:")[0] + "review: {queue: people, due_in: 4h}  # short\n"

    changed = with_threshold(text, 0.7)

    assert changed.endswith("review: {queue: people, confidence_below: 0.7, due_in: 4h}  # short\n")
    assert "confidence_below: 0.9, due" in with_threshold(changed, 0.9)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_a_policy_in_json_stays_json(indent):
    text = json.dumps(load(PLAIN).document, indent=indent)

    changed = with_threshold(text, 0.7)

    assert json.loads(changed)["review"] == {
        "queue": "people",
        "confidence_below": 0.7,
        "due_in": "4h",
    }
    assert load(with_threshold(changed, 0.8)).review.confidence_below == 0.8
    assert len(changed.splitlines()) == len(text.splitlines()) + (indent is not None)


def test_line_ends_of_another_system_are_kept():
    text = PLAIN.replace("\n", "\r\n")

    assert with_threshold(text, 0.7).replace("\r\n", "\n") == with_threshold(PLAIN, 0.7)
    assert with_threshold(text, 0.7).count("\n") == with_threshold(text, 0.7).count("\r\n")


def test_text_outside_ascii_before_the_threshold_moves_nothing():
    text = RETENTION.replace("# ", "").replace("Offers to", "😀 Größe über ")

    assert load(with_threshold(text, 0.75)).document["review"]["confidence_below"] == 0.75


def test_the_threshold_that_is_said_already_leaves_the_text_as_it_is():
    assert with_threshold(RETENTION, 0.8) == RETENTION


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_threshold_is_refused(threshold: float):
    with pytest.raises(EditRefused, match="0 to 1"):
        with_threshold(RETENTION, threshold)


def test_what_is_no_policy_is_refused():
    with pytest.raises(PolicyInvalid):
        with_threshold("decision_point: desk", 0.8)


def test_a_text_in_which_more_would_change_is_refused(monkeypatch):
    monkeypatch.setattr(
        "policies.editing._written",
        lambda text, figure: text.replace("0.80", figure).replace("due_in: 4h", "due_in: 8h"),
    )

    with pytest.raises(EditRefused, match="by hand"):
        with_threshold(RETENTION, 0.9)


@given(st.floats(0, 1))
def test_any_threshold_is_read_back_as_it_was_given(threshold: float):
    for text in (RETENTION, PLAIN):
        changed = with_threshold(text, threshold)

        assert load(changed).review.confidence_below == threshold
        assert with_threshold(changed, threshold) == changed
