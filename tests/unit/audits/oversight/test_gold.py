from __future__ import annotations

import pytest

from audits.oversight import gold as measured
from audits.oversight.plan import Plan, Volume
from audits.oversight.records import Purpose, TruthFrom
from tests.overseen import NO, YES, gold, review

VOLUME = Volume(reviews=120, weeks=6, plan=Plan())


def caught(count, of):
    return [gold(caught=at < count) for at in range(of)]


@pytest.mark.parametrize(
    ("count", "of", "says"),
    [
        (2, 6, "too_few_caught"),
        (3, 6, "caught"),
        (0, 5, "too_few"),
        (5, 10, "too_few_caught"),
        (6, 10, "caught"),
        (0, 0, "too_few"),
    ],
)
def test_of_six_fewer_than_three_is_an_alarm(count, of, says):
    assert measured.document(caught(count, of), VOLUME)["says"] == says


def test_a_gold_case_with_a_right_proposal_is_no_mistake_to_catch():
    right = {"purpose": Purpose.GOLD, "truth": YES, "truth_from": TruthFrom.GOLD}
    found = measured.document([*caught(2, 4), review(**right), review(**right, outcome=NO)], VOLUME)

    assert found["caught"]["of"] == [2, 4]
    assert found["false_alarms"]["of"] == [1, 2]
    assert found["says"] == "too_few"
    assert found["rule"] is None


def test_noticing_is_told_apart_from_putting_right():
    found = measured.document([*caught(3, 5), gold(caught=True, proposed="maybe")], VOLUME)
    noticed = measured.document(
        [review(purpose=Purpose.GOLD, truth=NO, truth_from=TruthFrom.GOLD, outcome="maybe")], VOLUME
    )

    assert found["put_right"]["of"] == [4, 4]
    assert noticed["caught"]["of"] == [1, 1]
    assert noticed["put_right"]["of"] == [0, 1]


def test_the_rule_tells_how_often_it_is_wrong():
    rule = measured.document(caught(6, 6), VOLUME)["rule"]
    assert rule["wrongly"] == pytest.approx(0.017, abs=0.001)
    assert rule["bad"] == 0.15
