from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from audits.oversight.plan import Plan
from audits.oversight.records import GroupCounts
from audits.oversight.report import oversight_report
from tests.overseen import (
    HONEST,
    POINT,
    STAMPER,
    doubled,
    drawn_cases,
    group_counts,
    review,
    reviewed,
)

CASES = drawn_cases()


def report(reviews, counts=None, **more):
    return oversight_report(
        reviews,
        counts or GroupCounts(attributes=("gender",)),
        **{"decision_point": POINT, "since": "2026-10-01", "until": "2026-10-28"} | more,
    )


def whole(people=True):
    pairs = [
        *reviewed(HONEST, CASES, 160, seed=3),
        *reviewed(STAMPER, CASES, 140, seed=4),
        *reviewed(replace(HONEST, name="newcomer"), CASES, 30, seed=5),
    ]
    return doubled(pairs), group_counts(pairs), people


def test_a_report_is_json_and_comes_out_alike():
    reviews, counts, people = whole()
    found = report(reviews, counts, people=people)
    shuffled = list(reviews)
    random.Random(2).shuffle(shuffled)

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    again = report(shuffled, counts, people=people)
    assert again["measures"]["agreement"] == found["measures"]["agreement"]
    assert again["measures"]["alarm"] == found["measures"]["alarm"]
    assert found["per_week"] == len(reviews) / 4


def test_who_has_enough_reviews_has_figures_and_who_has_not_is_pooled():
    reviews, counts, _ = whole()
    people = {row["reviewer"]: row for row in report(reviews, counts, people=True)["people"]}

    assert list(people) == sorted(people)
    assert people["stamper"]["measures"]["alarm"]["state"] == "raised"
    assert people["honest"]["measures"]["alarm"]["state"] != "raised"
    assert people["newcomer"]["pooled"]
    assert people["newcomer"]["measures"] is None
    needed = people["newcomer"]["needed"]
    assert (needed["code"], needed["count"], needed["weeks"]) == ("too_few", 70, 10)


def test_gold_cases_given_to_somebody_new_speak_by_themselves():
    eager = list(reviewed(STAMPER, CASES, 160, seed=6))
    golds = [one for one, _ in eager if one.purpose == "gold"]
    (person,) = report(golds, people=True)["people"]

    assert person["pooled"]
    assert person["gold"]["says"] == "too_few_caught"


def test_people_are_left_out_unless_asked_for():
    reviews, counts, _ = whole()
    assert report(reviews, counts)["people"] is None


def test_a_person_is_compared_with_those_who_judged_the_same_cases():
    reviews, counts, _ = whole()
    people = {row["reviewer"]: row for row in report(reviews, counts, people=True)["people"]}
    between = people["stamper"]["measures"]["agreement"]
    assert between["between_people"]["units"] == between["with_machine"]["units"] > 0


def test_it_says_when_each_measure_can_first_speak():
    found = {row["measure"]: row for row in report([review()] * 40)["speaks"]}

    # Ten reviews a week.
    assert found["overrides"]["needed"]["weeks"] == 6
    assert found["gold"]["needed"] == {
        "code": "too_few", "count": 6, "least": 6, "reviews": 120, "weeks": 12,
    }  # fmt: skip
    assert found["agreement"]["needed"]["reviews"] == 600


def test_what_is_counted_by_group_can_speak_once_each_group_can():
    reviews, counts, _ = whole()
    found = {row["measure"]: row for row in report(reviews, counts)["speaks"]}

    assert found["queues"] == {"measure": "queues", "enough": True, "needed": None}
    assert found["appeals"]["needed"]["count"] == 21
    assert not {row["measure"]: row for row in report([])["speaks"]}["disparity"]["enough"]


def test_an_empty_report_claims_nothing():
    found = report([])
    assert found["measures"]["alarm"]["state"] == "not_enough_evidence"
    assert not any(row["enough"] for row in found["speaks"])

    def rates(value):
        if isinstance(value, dict):
            yield from ([value["rate"]] if "rate" in value else [])
            for one in value.values():
                yield from rates(one)
        elif isinstance(value, list):
            for one in value:
                yield from rates(one)

    assert set(rates(found)) == {None}


def test_what_is_enough_is_a_setting():
    found = report([review()] * 40, plan=Plan(reviews=40))
    assert found["measures"]["overrides"]["overall"]["changed"]["enough"]
    assert found["plan"]["reviews"] == 40


def test_a_report_is_of_one_point_and_a_window():
    with pytest.raises(ValueError, match="one decision point"):
        report([review()], decision_point="other")
    with pytest.raises(ValueError, match="begins before"):
        report([], since="2026-11-01", until="2026-10-01")
