"""The person concerned corrects what the policy lets them, as values of the declared kind."""

from __future__ import annotations

import pytest

from policies import corrections, document

POLICY = document.load(
    """
decision_point: p
kind: scoring
title: P
purpose: P
owner: p
features:
  age: {type: integer, minimum: 0, maximum: 120}
  income: {type: number, minimum: 0}
  contract: {type: string, values: [short, long]}
  note: {type: string, required: false}
  member: {type: boolean}
  tags: {type: array, required: false}
  score: {type: number, correctable: false}
outcomes: {yes: {}, "no": {fallback: true}}
review: {queue: q}
""".replace("yes: {}", '"yes": {}')
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("age", " 42 ", 42),
        ("income", "1200.50", 1200.5),
        ("income", "1200,50", 1200.5),
        ("contract", "long", "long"),
        ("note", "I moved.", "I moved."),
        ("member", "true", True),
        ("member", "no", False),
        ("tags", "a\n\n b \n", ["a", "b"]),
    ],
)
def test_what_is_typed_becomes_a_value(name, text, value) -> None:
    typed = corrections.typed(POLICY.features[name], text)
    assert typed == value
    assert type(typed) is type(value)
    assert corrections.problems(POLICY, {name: typed}) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("age", "12.5"),
        ("age", "121"),
        ("age", "old"),
        ("income", "-1"),
        ("income", "nan"),
        ("income", "1e400"),
        ("contract", "medium"),
        ("member", "perhaps"),
        ("note", " "),
    ],
)
def test_what_does_not_fit_is_refused(name, text) -> None:
    with pytest.raises(ValueError, match="expected"):
        corrections.typed(POLICY.features[name], text)


def test_a_score_is_no_fact_that_somebody_could_correct() -> None:
    assert "score" not in corrections.correctable(POLICY)
    ((name, detail),) = corrections.problems(POLICY, {"score": 1.0})
    assert (name, "correct" in detail) == ("score", True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"unheard": 1},
        {"age": "42"},
        {"age": True},
        {"member": 1},
        {"tags": "a"},
        {"note": "\0"},
        {"note": "\ud800"},
        {"income": float("inf")},
        {"income": None},
    ],
)
def test_each_wrong_value_is_named(wrong) -> None:
    assert [name for name, _ in corrections.problems(POLICY, wrong)] == list(wrong)


def test_a_policy_says_where_and_until_when_objections_are_answered() -> None:
    text = POLICY.text.replace(
        "review: {queue: q}", "review: {queue: q}\nappeals: {queue: ombuds, due_in: 14d}"
    )
    named = document.load(text)
    assert (POLICY.appeals_queue, POLICY.appeals.due_in.days) == ("q", 30)
    assert (named.appeals_queue, named.appeals.due_in.days) == ("ombuds", 14)
    assert "ombuds" in named.queues
