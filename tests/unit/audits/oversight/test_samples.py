from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from audits.oversight import samples


@given(of=st.integers(1, 400), share=st.floats(0, 1.2), chance=st.floats(0.001, 0.999))
def test_the_binomial_tail_is_that_of_scipy(of, share, chance):
    count = int(of * share)
    assert samples.below(count, of, chance) == pytest.approx(
        binom.cdf(count - 1, of, chance), rel=1e-9, abs=1e-13
    )


def test_the_edges_of_chance_are_certain():
    assert samples.below(1, 5, 0.0) == 1
    assert samples.below(5, 5, 1.0) == 0
    assert samples.below(0, 5, 0.5) == 0
    assert samples.below(6, 5, 0.5) == 1


@pytest.mark.parametrize(
    ("good", "bad", "of", "flag_below"),
    [(0.8, 0.1, 6, 3), (0.8, 0.3, 10, 6), (0.8, 0.5, 28, 19), (0.7, 0.4, 28, 16)],
)
def test_the_fewest_cases_are_those_of_the_design(good, bad, of, flag_below):
    found = samples.smallest(good, bad)

    assert (found.of, found.flag_below) == (of, flag_below)
    assert found.wrongly == pytest.approx(binom.cdf(flag_below - 1, of, good))
    assert found.misses == pytest.approx(binom.sf(flag_below - 1, of, bad))
    assert max(found.wrongly, found.misses) <= 0.05


def test_fewer_cases_than_the_fewest_do_not_do():
    for of in range(1, 6):
        for limit in range(of + 2):
            assert binom.cdf(limit - 1, of, 0.8) > 0.05 or binom.sf(limit - 1, of, 0.1) > 0.05
        assert samples.rule(of) is None


def test_a_stamper_is_found_in_98_of_100_and_a_good_reviewer_wronged_in_2():
    rule = samples.rule(6)

    assert rule is not None
    assert rule.flag_below == 3
    assert rule.wrongly == pytest.approx(0.017, abs=0.0005)
    assert binom.cdf(2, 6, 0.1) == pytest.approx(0.984, abs=0.0005)


@given(of=st.integers(6, 500))
def test_a_good_reviewer_is_wronged_at_most_once_in_twenty_whatever_the_number(of):
    rule = samples.rule(of)

    assert rule is not None
    assert binom.cdf(rule.flag_below - 1, of, 0.8) <= 0.05
    assert binom.cdf(rule.flag_below - 1, of, rule.bad) >= 0.95 - 1e-9
    assert binom.cdf(rule.flag_below - 1, of, rule.bad + 0.01) < 0.95
    assert rule.bad < 0.661


def test_more_cases_find_more_but_nobody_who_catches_three_quarters():
    assert [samples.rule(of).flag_below for of in (6, 10, 28, 50, 100)] == [3, 6, 19, 34, 67]
    assert binom.cdf(samples.rule(400).flag_below - 1, 400, 0.75) < 0.001


def test_who_cannot_be_told_apart_is_refused():
    with pytest.raises(ValueError, match="catches more"):
        samples.smallest(0.5, 0.5)
    with pytest.raises(ValueError, match="too close"):
        samples.smallest(0.5, 0.499)
