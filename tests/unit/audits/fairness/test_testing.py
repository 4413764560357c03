from __future__ import annotations

import itertools
import math
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from audits.fairness import testing
from tests.conftest import FULL


@given(statistic=st.floats(1e-6, 2_000), df=st.integers(1, 400))
def test_the_tail_of_chi_squared_is_that_of_scipy(statistic, df):
    assert testing.chi2_sf(statistic, df) == pytest.approx(
        stats.chi2.sf(statistic, df), rel=1e-8, abs=1e-300
    )


def test_without_a_degree_of_freedom_there_is_no_chance():
    assert testing.chi2_sf(0.0, 0) == 1
    assert testing.chi2_sf(0.1, 0) == 0
    assert testing.chi2_sf(-1.0, 3) == 1


def test_the_tail_of_the_normal_distribution_is_that_of_scipy():
    for z in (-8, -1.5, 0, 1.96, 12):
        assert testing.normal_sf(z) == pytest.approx(stats.norm.sf(z), rel=1e-12)


groups = st.lists(
    st.integers(40, 3_000).flatmap(lambda n: st.tuples(st.integers(10, n - 10), st.just(n))),
    min_size=2,
    max_size=12,
)


@given(rates=groups)
def test_homogeneity_is_pearsons_test_of_scipy(rates):
    found = testing.homogeneity(rates)

    table = np.array([[k, n - k] for k, n in rates])
    theirs = stats.chi2_contingency(table, correction=False)
    assert found.chi2 == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert found.df == theirs.dof
    assert found.smallest_expected == pytest.approx(theirs.expected_freq.min())
    if found.smallest_expected >= 5:
        assert not found.simulated
        assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-7, abs=1e-300)
    else:
        assert found.simulated


def test_groups_of_nobody_are_no_groups_and_one_group_is_no_test():
    assert testing.homogeneity([(3, 10)]) is None
    assert testing.homogeneity([(3, 10), (0, 0)]) is None
    assert testing.homogeneity([(0, 10), (0, 12)]) is None
    assert testing.homogeneity([(10, 10), (12, 12)]) is None
    assert testing.homogeneity([(30, 100), (20, 100), (0, 0)]).df == 1


def permuted(rates, draws, seed):
    """Deal the same successes out to the same groups anew, and see how often they differ as much."""
    sizes = np.array([n for _, n in rates])
    hits, total = sum(k for k, _ in rates), int(sizes.sum())
    rate = hits / total

    def chi2(counts):
        return (((counts - sizes * rate) ** 2) / (sizes * rate * (1 - rate))).sum(axis=-1)

    dealt = np.random.default_rng(seed).multivariate_hypergeometric(sizes, hits, size=draws)
    observed = chi2(np.array([k for k, _ in rates]))
    return float((chi2(dealt) >= observed - 1e-9).mean())


@pytest.mark.parametrize(
    "rates",
    [
        [(1, 18), (2, 9), *[(300 + at, 700) for at in range(8)]],
        [(4, 6), (1, 7), (2, 5), (90, 240)],
        [(3, 4), (1, 5), (0, 3), (2, 6), (1, 4)],
        [(7, 9), (400, 900), (420, 900)],
        [(3, 2_000), (9, 1_500), (4, 900), (60, 20_000)],
    ],
)
def test_small_groups_get_the_p_value_of_dealing_anew(rates):
    found = testing.homogeneity(rates)

    assert found.simulated
    expected = permuted(rates, 40_000, seed=5)
    assert found.p_value == pytest.approx(expected, abs=max(0.03, expected / 4))


def test_the_simulation_comes_out_alike_whatever_the_order_and_the_side():
    rates = [(1, 18), (2, 9), (300, 700), (280, 650)]

    first = testing.homogeneity(rates)

    assert testing.homogeneity(rates[::-1]) == first
    assert testing.homogeneity([(n - k, n) for k, n in rates]).p_value == first.p_value


def test_homogeneity_seldom_alarms_where_nothing_is_wrong():
    # 24 groups with the same true rate, the smallest of about 3 and 15 people.
    runs = 2_000 if FULL else 200
    generator = np.random.default_rng(6)
    shares = generator.dirichlet(np.full(24, 0.9))
    for total in (2_000, 10_000):
        sizes = np.maximum(1, np.round(shares * total)).astype(int)
        alarms = 0
        for _ in range(runs):
            hits = generator.binomial(sizes, 0.4)
            found = testing.homogeneity(list(zip(hits.tolist(), sizes.tolist(), strict=True)))
            alarms += found.p_value < 0.05
        assert alarms / runs == pytest.approx(0.05, abs=0.015 if FULL else 0.045)


@given(rates=groups)
def test_two_rates_are_tested_as_statsmodels_does(rates):
    (k1, n1), (k2, n2) = rates[:2]

    z, p_value = testing.two_proportions(k1, n1, k2, n2)

    theirs = proportions_ztest([k1, k2], [n1, n2])
    assert (z, p_value) == pytest.approx(theirs, rel=1e-7, abs=1e-12)


def test_two_rates_without_anything_to_compare_have_no_test():
    assert testing.two_proportions(0, 10, 0, 20) is None
    assert testing.two_proportions(10, 10, 20, 20) is None
    assert testing.two_proportions(0, 0, 3, 20) is None


@given(p_values=st.lists(st.floats(0, 1), max_size=20))
def test_holm_adjusts_as_statsmodels_does(p_values):
    ours = testing.holm(p_values)

    # The oracle collects all garbage each time, which takes long where much is loaded.
    with mock.patch("gc.collect"):
        theirs = multipletests(p_values, method="holm")[1] if p_values else []
    assert ours == pytest.approx(list(theirs))
    assert all(adjusted >= p for adjusted, p in zip(ours, p_values, strict=True))


def test_the_smallest_p_value_is_multiplied_by_their_number():
    assert testing.holm_factors([0.04, 0.001, 0.5]) == [2, 3, 1]


def test_the_excess_spread_is_zero_on_average_where_groups_are_alike():
    generator = np.random.default_rng(7)
    sizes = np.maximum(2, np.round(generator.dirichlet(np.full(24, 2.0)) * 10_000)).astype(int)
    found, naive = [], []
    for _ in range(2_000 if FULL else 400):
        hits = generator.binomial(sizes, 0.4)
        rates = list(zip(hits.tolist(), sizes.tolist(), strict=True))
        found.append(testing.excess_variance(rates))
        naive.append(np.var(hits / sizes, ddof=1))
    assert abs(np.mean(found)) < np.mean(naive) / 10
    assert any(variance < 0 for variance in found)


def test_the_excess_is_exactly_zero_in_the_mean_also_of_the_smallest_groups():
    sizes, rate = (2, 3, 5), 0.4
    mean = sum(
        math.prod(stats.binom.pmf(hits, sizes, rate))
        * testing.excess_variance(list(zip(hits, sizes, strict=True)))
        for hits in itertools.product(*(range(size + 1) for size in sizes))
    )
    assert mean == pytest.approx(0, abs=1e-12)


def test_the_excess_spread_finds_what_is_there():
    generator = np.random.default_rng(8)
    true = np.linspace(0.2, 0.6, 12)
    found = [
        testing.excess_sd(
            [(int(k), 80) for k in generator.binomial(80, true)],
        )
        for _ in range(300)
    ]
    assert np.mean(found) == pytest.approx(np.std(true, ddof=1), abs=0.01)


def test_the_excess_spread_is_never_negative_and_needs_two_groups():
    assert testing.excess_sd([(5, 10), (50, 100), (500, 1000)]) == 0
    assert testing.excess_sd([(5, 10), (1, 1)]) is None
    assert not math.isnan(testing.excess_sd([(0, 10), (0, 10)]))
