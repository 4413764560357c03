from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from audits.fairness import intervals
from tests.conftest import FULL

Z = intervals.z_of(0.95)
NULLS = 20_000


@st.composite
def rates(draw, most=5_000):
    of = draw(st.integers(1, most))
    return draw(st.integers(0, of)), of


confidences = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def test_the_quantile_is_two_sided_and_refuses_what_is_no_confidence():
    assert intervals.z_of(0.95) == pytest.approx(1.959963984540054, abs=1e-12)
    for confidence in (0, 1, -0.5, 95):
        with pytest.raises(ValueError, match="lies between 0 and 1"):
            intervals.z_of(confidence)


@given(rate=rates(), confidence=confidences)
def test_wilsons_interval_is_that_of_statsmodels(rate, confidence):
    ours = intervals.wilson(*rate, intervals.z_of(confidence))

    theirs = proportion_confint(*rate, alpha=1 - confidence, method="wilson")
    assert ours == pytest.approx(theirs, abs=1e-6)
    assert 0 <= ours[0] <= rate[0] / rate[1] <= ours[1] <= 1


@given(first=rates(), second=rates(), confidence=confidences)
def test_newcombes_interval_is_that_of_statsmodels(first, second, confidence):
    ours = intervals.newcombe(*first, *second, intervals.z_of(confidence))

    theirs = confint_proportions_2indep(
        *first, *second, compare="diff", method="newcomb", alpha=1 - confidence
    )
    assert ours == pytest.approx(theirs, abs=1e-6)


def mover_by_roots(first, second, confidence):
    """Solve for the ratios at which the difference of the first rate and so many times the second is just not settled."""
    (k1, n1), (k2, n2) = first, second
    p1, p2 = k1 / n1, k2 / n2
    l1, u1 = proportion_confint(k1, n1, alpha=1 - confidence, method="wilson")
    l2, u2 = proportion_confint(k2, n2, alpha=1 - confidence, method="wilson")

    def lower(ratio):
        return p1 - ratio * p2 - math.hypot(p1 - l1, ratio * (u2 - p2))

    def upper(ratio):
        return p1 - ratio * p2 + math.hypot(u1 - p1, ratio * (p2 - l2))

    far = p1 / p2
    low = 0.0 if l1 < 1e-12 else brentq(lower, 0, far, xtol=1e-14)
    while upper(far) > 0:
        far = far * 2 + 1
    return low, brentq(upper, p1 / p2, far, xtol=1e-14)


@given(first=rates(), second=rates().filter(lambda rate: rate[0] > 0), confidence=confidences)
def test_the_interval_of_a_ratio_is_the_root_of_its_definition(first, second, confidence):
    ours = intervals.mover_ratio(*first, *second, intervals.z_of(confidence))

    theirs = mover_by_roots(first, second, confidence)
    assert ours[0] == pytest.approx(theirs[0], abs=1e-6)
    assert ours[1] == pytest.approx(theirs[1], rel=1e-6)


@given(first=rates(), second=rates())
def test_turning_a_ratio_over_turns_its_interval_over(first, second):
    low, high = intervals.mover_ratio(*first, *second, Z)
    below, above = intervals.mover_ratio(*second, *first, Z)

    assert low == pytest.approx(1 / above if above > 0 else math.inf, rel=1e-9, abs=1e-12)
    assert high == pytest.approx(1 / below if below > 0 else math.inf, rel=1e-9)


def test_a_ratio_to_a_rate_that_may_be_zero_has_no_upper_bound():
    low, high = intervals.mover_ratio(30, 100, 0, 100, Z)

    assert low > 1
    assert math.isinf(high)


def test_no_interval_is_a_point_by_lack_of_data():
    for low, high in (
        intervals.wilson(0, 3, Z),
        intervals.wilson(3, 3, Z),
        intervals.newcombe(0, 3, 0, 3, Z),
        intervals.newcombe(3, 3, 3, 3, Z),
        intervals.mover_ratio(3, 3, 3, 3, Z),
        intervals.odds(0, 4, Z),
    ):
        assert high - low > 0.3


@given(rate=rates(50), other=rates(50))
def test_the_mean_of_a_difference_with_itself_is_narrower_and_in_the_middle(rate, other):
    difference = rate[0] / rate[1] - other[0] / other[1]
    single = intervals.newcombe(*rate, *other, Z)

    low, high = intervals.mean_of_differences(difference, single, difference, single)

    assert difference - low == pytest.approx((difference - single[0]) / math.sqrt(2), abs=1e-12)
    assert high - difference == pytest.approx((single[1] - difference) / math.sqrt(2), abs=1e-12)


def test_the_odds_of_two_counts_follow_from_the_share_of_the_first():
    low, high = intervals.odds(12, 8, Z)

    share = proportion_confint(12, 20, method="wilson")
    assert (low / (1 + low), high / (1 + high)) == pytest.approx(share, abs=1e-9)
    assert low < 12 / 8 < high
    assert math.isinf(intervals.odds(4, 0, Z)[1])


# -------------------------------------------------------------------------------------- coverage


def covered(statistic, truth, *designs, draws, seed):
    """Count how often the interval of drawn counts holds the truth; equal draws are computed once."""
    generator = np.random.default_rng(seed)
    drawn = np.column_stack([generator.binomial(n, p, size=draws) for n, p in designs])
    found, times = np.unique(drawn, axis=0, return_counts=True)
    hits = 0
    for row, often in zip(found.tolist(), times.tolist(), strict=True):
        pairs = [value for k, (n, _) in zip(row, designs, strict=True) for value in (k, n)]
        low, high = statistic(*pairs, Z)
        hits += often if low <= truth <= high else 0
    return hits / draws


# Each with the coverage that fairness.md measured for it; the seed is fixed, so no luck is needed.
SINGLE = [
    (10, 0.10, 0.930),
    (30, 0.02, 0.978),
    (30, 0.10, 0.974),
    (100, 0.02, 0.949),
    (500, 0.10, 0.956),
]
PAIRS = [
    (20, 2000, 0.30, 0.30, 0.950, 0.950),
    (20, 2000, 0.05, 0.10, 0.950, 0.940),
    (50, 2000, 0.10, 0.15, 0.955, 0.956),
    (10, 500, 0.90, 0.80, 0.950, 0.951),
    (200, 5000, 0.40, 0.50, 0.950, 0.949),
]


def check_coverage(draws, within):
    for of, rate, expected in SINGLE:
        found = covered(intervals.wilson, rate, (of, rate), draws=draws, seed=1)
        assert found == pytest.approx(expected, abs=within), (of, rate)
    for n1, n2, p1, p2, of_difference, of_ratio in PAIRS:
        design = ((n1, p1), (n2, p2))
        found = covered(intervals.newcombe, p1 - p2, *design, draws=draws, seed=2)
        assert found == pytest.approx(of_difference, abs=within), design
        found = covered(intervals.mover_ratio, p1 / p2, *design, draws=draws, seed=3)
        assert found == pytest.approx(of_ratio, abs=within), design


def test_intervals_hold_their_coverage_in_a_tenth_of_the_simulation():
    check_coverage(NULLS // 10, within=0.015)


@pytest.mark.full
def test_intervals_hold_their_coverage():
    check_coverage(NULLS, within=0.006)


def test_the_mean_of_two_differences_holds_its_coverage():
    draws = NULLS if FULL else NULLS // 10
    generator = np.random.default_rng(4)
    designs = ((60, 0.7), (900, 0.6), (90, 0.2), (1100, 0.15))
    truth = ((0.7 - 0.6) + (0.2 - 0.15)) / 2
    drawn = np.column_stack([generator.binomial(n, p, size=draws) for n, p in designs])
    hits = 0
    for a, b, c, d in drawn.tolist():
        first = intervals.newcombe(a, 60, b, 900, Z)
        second = intervals.newcombe(c, 90, d, 1100, Z)
        low, high = intervals.mean_of_differences(
            a / 60 - b / 900, first, c / 90 - d / 1100, second
        )
        hits += low <= truth <= high
    assert hits / draws == pytest.approx(0.95, abs=0.006 if FULL else 0.015)
