"""Could a difference between groups be chance?

Tests and corrections by closed forms and, where counts are too small for them, by simulation from a fixed seed, so that
whoever computes again finds the same figure.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist
from typing import Final

#: Below this expected count the chi-squared distribution is not relied on: Cochran, W. G. (1954), Biometrics 10, 417-451.
EXPECTED_ENOUGH: Final = 5
DRAWS: Final = 400
SEED: Final = 20_260_721

_NORMAL: Final = NormalDist()
#: Above this mean the normal distribution stands in for the binomial.
_NORMAL_FROM: Final = 200
#: Simulated and observed statistics that differ by rounding alone are the same.
_ROUNDING: Final = 1e-9


def normal_sf(z: float) -> float:
    """Return the chance that a standard normal variable exceeds ``z``."""
    return math.erfc(z / math.sqrt(2)) / 2


def chi2_sf(statistic: float, df: int) -> float:
    """Return the chance that a chi-squared variable with ``df`` whole degrees of freedom exceeds the statistic.

    The finite series of Abramowitz and Stegun (1964), 26.4.4 (odd) and 26.4.5 (even). No degree of freedom leaves no
    room for chance: 1 at 0, and 0 beyond.
    """
    if statistic <= 0:
        return 1.0
    if df == 0:
        return 0.0
    half = statistic / 2
    log_half = math.log(half)
    shift = 0.5 if df % 2 else 0.0
    tail = math.fsum(
        math.exp((step + shift) * log_half - half - math.lgamma(step + shift + 1))
        for step in range(df // 2)
    )
    return min(1.0, tail + (math.erfc(math.sqrt(half)) if df % 2 else 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Homogeneity:
    """Whether all groups may share one rate; ``simulated`` where a group was too small for the chi-squared distribution."""

    chi2: float
    df: int
    p_value: float
    smallest_expected: float
    simulated: bool


def homogeneity(rates: Sequence[tuple[int, int]]) -> Homogeneity | None:
    """Test whether groups, each ``(count, of)``, share one rate; None where there is nothing to compare.

    Pearson's chi-squared of the groups x 2 table. Where an expected count is below 5 the p-value comes from ``DRAWS``
    tables with the pooled rate; groups that are large enough enter them as one, and what they differ among
    themselves by its chi-squared distribution.
    """
    filled = sorted((of, count) for count, of in rates if of > 0)
    total, hits = sum(of for of, _ in filled), sum(count for _, count in filled)
    if len(filled) < 2 or hits in {0, total}:
        return None
    if hits * 2 > total:  # Look at the rarer of the two; the statistic is the same.
        filled = [(of, of - count) for of, count in filled]
        hits = total - hits
    rate = hits / total
    statistic = _chi2(filled, rate)
    smallest = filled[0][0] * rate
    simulated = smallest < EXPECTED_ENOUGH
    df = len(filled) - 1
    p_value = _simulated_p(filled, statistic, rate) if simulated else chi2_sf(statistic, df)
    return Homogeneity(
        chi2=statistic, df=df, p_value=p_value, smallest_expected=smallest, simulated=simulated
    )


def _chi2(groups: Sequence[tuple[int, int]], rate: float) -> float:
    if not 0 < rate < 1:
        return 0.0
    return math.fsum((count - of * rate) ** 2 / of for of, count in groups) / (rate * (1 - rate))


def _simulated_p(groups: Sequence[tuple[int, int]], statistic: float, rate: float) -> float:
    # The statistic splits without remainder: small groups and the rest as one, and the rest among themselves.
    small = [of for of, _ in groups if of * rate < EXPECTED_ENOUGH]
    rest = sum(of for of, _ in groups[len(small) :])
    sizes = [*small, rest] if rest else small
    df = max(0, len(groups) - len(small) - 1)
    drawing = random.Random(SEED)  # noqa: S311 -- A simulation, which must come out alike again.
    draws = [_draws(of, rate, drawing) for of in sizes]
    total = sum(sizes)
    reached = math.fsum(
        chi2_sf(
            statistic
            - _chi2(list(zip(sizes, counts, strict=True)), sum(counts) / total)
            - _ROUNDING * statistic,
            df,
        )
        for counts in zip(*draws, strict=True)
    )
    # The observed table counts as one draw: Davison, A. C. and Hinkley, D. V. (1997), section 4.2.
    return (1 + reached) / (1 + DRAWS)


def _draws(of: int, rate: float, drawing: random.Random) -> list[int]:
    """Draw binomial counts by turning the distribution over."""
    mean = of * rate
    if mean > _NORMAL_FROM:
        spread = math.sqrt(mean * (1 - rate))
        return [
            min(of, max(0, round(mean + spread * _NORMAL.inv_cdf(drawing.random() or 0.5))))
            for _ in range(DRAWS)
        ]
    chances = [math.exp(of * math.log1p(-rate))]
    odds = rate / (1 - rate)
    for count in range(min(of, int(mean + 12 * math.sqrt(mean) + 30))):
        chances.append(chances[-1] * odds * (of - count) / (count + 1))
    below = list(accumulate(chances))
    last = len(chances) - 1
    return [min(last, bisect_right(below, drawing.random())) for _ in range(DRAWS)]


def two_proportions(count: int, of: int, other: int, other_of: int) -> tuple[float, float] | None:
    """Test whether two rates differ: the pooled z and its two-sided p; None where nobody or everybody is counted.

    More than 2 in size is the "two standard deviations" of Hazelwood v. United States, 433 U.S. 299 (1977), note 14.
    """
    total, hits = of + other_of, count + other
    if of == 0 or other_of == 0 or hits in {0, total}:
        return None
    pooled = hits / total
    z = (count / of - other / other_of) / math.sqrt(pooled * (1 - pooled) * (1 / of + 1 / other_of))
    return z, math.erfc(abs(z) / math.sqrt(2))


def holm_factors(p_values: Sequence[float]) -> list[int]:
    """Say by how much each p-value is multiplied: the smallest by their number, the next by one less, and so on."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    factors = [0] * len(p_values)
    for rank, at in enumerate(order):
        factors[at] = len(p_values) - rank
    return factors


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for how many there are, so that the chance of any false finding stays at the level.

    Holm, S. (1979), Scandinavian Journal of Statistics 6, 65-70. Valid whatever the tests have in common.
    """
    factors = holm_factors(p_values)
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for at in sorted(range(len(p_values)), key=lambda at: p_values[at]):
        largest = max(largest, min(1.0, factors[at] * p_values[at]))
        adjusted[at] = largest
    return adjusted


def excess_variance(rates: Sequence[tuple[int, int]]) -> float | None:
    """Estimate how much true rates vary between groups; 0 on average where they do not, so it may be negative.

    The variance of the observed rates less what chance alone adds to it: Lum, K., Zhang, Y. and Bower, A. (2022),
    "De-biasing 'bias' measurement", FAccT. Groups of one are left out; None with fewer than two groups.
    """
    usable = [(count / of, of) for count, of in rates if of > 1]
    if len(usable) < 2:
        return None
    mean = math.fsum(rate for rate, _ in usable) / len(usable)
    observed = math.fsum((rate - mean) ** 2 for rate, _ in usable) / (len(usable) - 1)
    chance = math.fsum(rate * (1 - rate) / (of - 1) for rate, of in usable) / len(usable)
    return observed - chance


def excess_sd(rates: Sequence[tuple[int, int]]) -> float | None:
    """Estimate the spread of true rates between groups, in the unit of the rate; 0 where chance explains what is seen."""
    variance = excess_variance(rates)
    return None if variance is None else math.sqrt(max(0.0, variance))
