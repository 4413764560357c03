from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from audits.oversight.plan import Plan, Volume, cost, median_of
from audits.oversight.records import Purpose
from tests.overseen import gold, review

PLAN = Plan()


def volume(reviews=50, weeks=5.0, plan=PLAN):
    return Volume(reviews=reviews, weeks=weeks, plan=plan)


@given(of=st.integers(1, 500), share=st.floats(0, 1))
def test_intervals_are_those_of_statsmodels(of, share):
    hits = round(of * share)
    found = volume().share(hits, of, least=1)

    wanted = proportion_confint(hits, of, alpha=0.05, method="wilson")
    assert found["interval"] == pytest.approx(wanted, abs=1e-12)
    assert found["rate"] == hits / of


@pytest.mark.parametrize(
    ("of", "low", "high"), [(10, 0.49, 0.94), (20, 0.58, 0.92), (50, 0.67, 0.89), (100, 0.71, 0.87)]
)
def test_the_precision_of_a_share_of_80_per_cent_is_that_of_the_design(of, low, high):
    found = volume().share(of * 8 // 10, of, least=1)["interval"]
    assert [round(edge, 2) for edge in found] == [low, high]


def test_a_rate_of_nothing_is_none_and_never_0():
    found = volume().share(0, 0, least=6, per_review=1 / 20)

    assert found["rate"] is None
    assert found["interval"] is None
    assert found["enough"] is False


def test_what_is_missing_is_told_in_reviews_and_weeks_at_the_present_volume():
    # Ten reviews a week, none of them gold yet: six gold cases are 120 reviews, 12 weeks.
    assert volume().share(0, 0, least=6, per_review=1 / 20)["needed"] == {
        "code": "too_few", "count": 6, "least": 6, "reviews": 120, "weeks": 12,
    }  # fmt: skip
    # Two came with 50 reviews: four more come with 100, in 10 weeks.
    needed = volume().share(1, 2, least=6, per_review=1 / 20)["needed"]
    assert (needed["count"], needed["reviews"], needed["weeks"]) == (4, 100, 10)


def test_when_it_will_be_known_is_not_told_where_nothing_comes():
    needed = volume(reviews=0).share(0, 0, least=100, per_review=1.0)["needed"]
    assert (needed["reviews"], needed["weeks"]) == (100, None)
    assert volume().share(0, 0, least=30)["needed"]["reviews"] is None


def test_enough_needs_nothing_more():
    assert volume().standing(100, least=100) == {"enough": True, "needed": None}


@given(values=st.lists(st.floats(0, 100), min_size=1, max_size=300))
def test_the_median_is_that_of_numpy_and_lies_in_its_interval(values):
    middle, (low, high) = median_of(values, PLAN.z)

    assert middle == pytest.approx(np.median(values))
    assert min(values) <= low <= middle <= high <= max(values)


@given(n=st.integers(6, 2000))
def test_the_interval_of_a_median_covers_it_as_often_as_it_says(n):
    _, (low, high) = median_of(range(n), PLAN.z)

    # The chance that the true median lies between these ranks, by the binomial distribution itself.
    assert binom.cdf(high, n, 0.5) - binom.cdf(low, n, 0.5) >= 0.95
    assert n < 12 or low > 0


def test_no_values_have_no_median():
    assert median_of([], PLAN.z) is None


def test_what_oversight_costs_is_told_in_minutes():
    found = cost(volume(reviews=200, weeks=4), [], median_seconds=60)

    assert found["share"] == pytest.approx(0.1)
    assert found["minutes_a_week"] == pytest.approx(5.0)
    assert found["within"]
    assert not cost(volume(plan=Plan(double_share=0.2)), [], median_seconds=None)["within"]


@pytest.mark.parametrize("wrong", [{"gold": 0}, {"double_share": 1.5}, {"confidence": 1.0}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError):
        Plan(**wrong)


def test_the_cost_is_what_was_measured_once_there_is_something_to_measure():
    asked = volume(reviews=100, weeks=2)
    ordinary = [review(seconds=60.0) for _ in range(60)]
    judged = [review(seconds=90.0, first="no") for _ in range(20)]
    more = [gold(caught=True, seconds=120.0) for _ in range(5)]
    second = [review(purpose=Purpose.DOUBLE, seconds=60.0) for _ in range(10)]
    found = cost(asked, ordinary + judged + more + second, median_seconds=60)
    # 10 minutes of gold, 10 of second reviews, and 30 s more for each of 20 cases judged first.
    assert found["minutes_a_week"] == pytest.approx(15)
    assert found["share"] == pytest.approx(30 / (60 + 30 + 10 + 10))
    assert not found["within"]
    assert cost(asked, ordinary + more, median_seconds=60, most_minutes=5)["within"]
    assert not cost(asked, ordinary + more, median_seconds=60, most_minutes=4)["within"]
