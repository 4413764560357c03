from __future__ import annotations

import pytest

from audits.oversight import alarm
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import TruthFrom
from tests.overseen import NO, gold, review

CAREFUL = {"words": 100, "panels_required": 1}


def told(reviews):
    return alarm.document(reviews, Volume(reviews=len(reviews), weeks=4, plan=Plan()))


def some(count, *, seconds=60.0, opened=1, same=False, changed=0, wrong=0):
    return [
        review(
            **CAREFUL,
            seconds=seconds,
            panels_opened=opened,
            reason_digest="same" if same else str(at),
            reason_length=30,
            outcome=NO if at < changed else "yes",
            truth=NO if at < wrong else "yes",
            truth_from=TruthFrom.LATER,
        )
        for at in range(count)
    ]


def caught(count, of=6):
    return [gold(caught=at < count, seconds=60.0, panels_opened=1, **CAREFUL) for at in range(of)]


def met(found):
    return {sign["sign"] for sign in found["signs"] if sign["met"]}


def test_a_careful_person_raises_nothing():
    found = told(some(114, changed=10, wrong=12) + caught(5))
    assert (found["state"], met(found)) == ("quiet", set())


@pytest.mark.parametrize(
    ("manner", "sign"),
    [
        ({"wrong": 10}, "accepts_all"),
        ({"seconds": 5.0, "changed": 10}, "too_fast"),
        ({"opened": 0, "changed": 10}, "opens_little"),
        ({"same": True, "changed": 10}, "same_reasons"),
    ],
)
def test_one_sign_alone_is_none(manner, sign):
    found = told(some(114, **manner) + caught(4))
    assert (found["state"], met(found)) == ("quiet", {sign})


def test_two_signs_together_raise_it():
    found = told(some(114, seconds=5.0, opened=0, changed=10) + caught(4, of=5))
    assert (found["state"], found["by_signs"], found["by_gold"]) == ("raised", True, False)


def test_the_signs_are_silent_where_six_gold_cases_show_that_mistakes_are_caught():
    manner = some(114, seconds=5.0, opened=0, changed=10)
    found = told(manner + caught(3))
    assert (found["state"], found["by_signs"], found["excused"]) == ("quiet", False, True)
    assert told(manner + caught(2))["state"] == "raised"


def test_two_signs_over_fewer_than_a_hundred_reviews_do_not():
    found = told(some(90, seconds=5.0, opened=0, changed=10) + caught(4))
    assert found["state"] == "not_enough_evidence"
    assert found["needed"]["count"] == 4


def test_missed_gold_raises_it_alone_whatever_else_is_known():
    assert told(caught(2))["by_gold"]
    assert told(caught(2))["state"] == "raised"
    assert told(some(114, changed=10) + caught(2))["state"] == "raised"


def test_few_changes_are_right_where_little_is_wrong():
    assert "accepts_all" not in met(told(some(114, wrong=2) + caught(4)))


def test_what_is_not_known_is_no_pass():
    plain = [review(outcome=NO if at < 5 else "yes") for at in range(200)]
    found = told(plain)

    assert found["state"] == "not_enough_evidence"
    assert [sign["met"] for sign in found["signs"]] == [False, None, None, None, None]
    assert told(plain + caught(5, of=5))["state"] == "not_enough_evidence"
    assert told([])["state"] == "not_enough_evidence"


def test_missing_nearly_all_of_many_gold_cases_is_a_sign_too():
    found = told(some(114, changed=10) + caught(0))
    assert met(found) == {"misses_gold"}
