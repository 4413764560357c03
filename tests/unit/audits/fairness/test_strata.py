from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from audits.fairness import strata
from audits.fairness.counts import Stage, StratumCell
from audits.fairness.intervals import z_of
from audits.fairness.metrics import Rate
from audits.fairness.strata import Stratum, conditional
from tests.conftest import FULL
from tests.fairness_tables import group

Z = z_of(0.95)
WOMEN, MEN = group(gender="female"), group(gender="male")


def stratum(own, other, value="x"):
    return Stratum(value, Rate(*own), Rate(*other))


rates = st.integers(2, 400).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))


@given(pairs=st.lists(st.tuples(rates, rates), min_size=1, max_size=6))
def test_the_weighted_ratio_and_the_test_are_those_of_statsmodels(pairs):
    found = conditional([stratum(*pair) for pair in pairs], Z)

    table = StratifiedTable(
        [np.array([[a, n - a], [b, m - b]], dtype=float) for (a, n), (b, m) in pairs]
    )
    assert found.ratio == pytest.approx(table.riskratio_pooled, rel=1e-9)
    assert found.p_value == pytest.approx(table.test_null_odds().pvalue, rel=1e-6, abs=1e-12)


@given(own=rates, other=rates)
def test_one_stratum_is_the_plain_comparison(own, other):
    found = conditional([stratum(own, other)], Z)

    assert found.ratio == pytest.approx(found.crude_ratio)
    assert found.difference == pytest.approx(found.crude_difference)
    p, q = own[0] / own[1], other[0] / other[1]
    katz = math.sqrt(1 / own[0] - 1 / own[1] + 1 / other[0] - 1 / other[1])
    assert found.ratio_interval == pytest.approx(
        (p / q * math.exp(-Z * katz), p / q * math.exp(Z * katz))
    )


def test_a_difference_that_turns_round_within_classes_is_called_reversed():
    # Berkeley 1973, two departments: women apply where few are admitted.
    found = conditional([stratum((89, 108), (512, 825)), stratum((24, 341), (22, 373))], Z)

    assert found.crude_ratio < 0.6
    assert found.ratio > 1
    assert found.reversed
    assert found.p_value < 0.05


def test_a_difference_that_classes_explain_vanishes_within_them():
    found = conditional([stratum((10, 100), (2, 20)), stratum((40, 50), (160, 200))], Z)

    assert found.crude_difference < -0.3
    assert found.difference == pytest.approx(0, abs=1e-12)
    assert found.ratio == pytest.approx(1)
    assert not found.reversed
    assert found.demographic_disparity == pytest.approx(0, abs=1e-12)


def test_classes_of_one_group_alone_are_left_out_and_counted():
    found = conditional([stratum((5, 50), (10, 50)), stratum((0, 0), (30, 40))], Z)

    assert (found.compared, found.left_out) == (100, 40)
    assert found.ratio == 0.5


def test_nothing_in_common_is_not_estimable():
    found = conditional([stratum((5, 50), (0, 0)), stratum((0, 0), (30, 40))], Z)

    assert found.ratio is None
    assert found.difference is None
    assert found.p_value is None
    assert found.ratio_interval is None
    assert found.crude_difference == pytest.approx(0.1 - 0.75)


def test_conditional_demographic_disparity_weighs_classes_by_their_size():
    found = conditional([stratum((20, 100), (40, 100)), stratum((5, 10), (5, 10))], Z)

    # Of 140 rejected 80 are of the group, of 60 selected 20; the second class is even.
    assert found.demographic_disparity == pytest.approx((80 / 140 - 20 / 60) * 200 / 220)


@pytest.mark.parametrize("true", [(0.5, 1.0), (0.8, 1.0), (1.2, 1.0)])
def test_intervals_within_strata_hold_their_coverage(true):
    runs = 10_000 if FULL else 1_000
    generator = np.random.default_rng(21)
    designs = [(60, 200, 0.2), (150, 90, 0.4), (40, 300, 0.55)]
    of_ratio = of_difference = 0
    for _ in range(runs):
        drawn = [
            stratum(
                (int(generator.binomial(n, base * true[0])), n),
                (int(generator.binomial(m, base)), m),
            )
            for n, m, base in designs
        ]
        low, high = conditional(drawn, Z).ratio_interval
        of_ratio += low <= true[0] <= high
        shifted = [
            stratum(
                (int(generator.binomial(n, base + true[0] / 10 - 0.1)), n),
                (int(generator.binomial(m, base)), m),
            )
            for n, m, base in designs
        ]
        low, high = conditional(shifted, Z).difference_interval
        of_difference += low <= true[0] / 10 - 0.1 <= high
    assert of_ratio / runs == pytest.approx(0.95, abs=0.01 if FULL else 0.02)
    assert of_difference / runs == pytest.approx(0.95, abs=0.01 if FULL else 0.02)


def test_cells_are_added_up_by_stage_feature_and_class():
    def counted(of, value, positive, count, feature="contract", stage=Stage.PROPOSAL):
        return StratumCell(
            stage=stage, group=of, feature=feature, value=value, positive=positive, count=count
        )

    both = group(age="old", gender="female")
    found = strata.rates_within(
        [
            counted(WOMEN, "monthly", positive=True, count=3),
            counted(both, "monthly", positive=True, count=2),
            counted(WOMEN, "monthly", positive=False, count=5),
            counted(MEN, "yearly", positive=False, count=4),
            counted((), "yearly", positive=True, count=9),
            counted(MEN, "yearly", positive=True, count=1, stage=Stage.OUTCOME),
        ],
        ("gender",),
    )

    assert found == {
        (Stage.PROPOSAL, "contract"): {
            WOMEN: {"monthly": Rate(5, 10)},
            MEN: {"yearly": Rate(0, 4)},
        },
        (Stage.OUTCOME, "contract"): {MEN: {"yearly": Rate(1, 1)}},
    }
    assert strata.between(found[Stage.PROPOSAL, "contract"], WOMEN, MEN) == [
        stratum((5, 10), (0, 0), "monthly"),
        stratum((0, 0), (0, 4), "yearly"),
    ]
