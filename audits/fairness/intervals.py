"""How sure is a rate, a difference of two rates, a ratio of two rates?

Closed forms that hold their coverage at small counts and at rates near 0 and 1: an interval that is given
is never a point by lack of data. All take counts, which may be fractions (of a sample imagined larger), and the
two-sided normal quantile ``z`` of the confidence wanted.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

#: Lower and upper bound. The upper bound of a ratio is infinite where the reference's rate may be 0.
Interval = tuple[float, float]

_NORMAL: Final = NormalDist()


@lru_cache(maxsize=64)
def z_of(confidence: float) -> float:
    """Return the two-sided normal quantile: 1.96 for 0.95.

    Raises:
        ValueError: the confidence is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"A confidence lies between 0 and 1, for example 0.95; not {confidence}.")
    return _NORMAL.inv_cdf(0.5 + confidence / 2)


def wilson(count: float, of: float, z: float) -> Interval:
    """Bound a rate, ``count`` out of ``of`` (more than 0).

    The score interval without continuity correction: Wilson, E. B. (1927), JASA 22, 209-212.
    """
    squared = z * z
    wide = of + squared
    centre = (count + squared / 2) / wide
    half = z * math.sqrt(count * (of - count) / of + squared / 4) / wide
    low = 0.0 if count <= 0 else max(0.0, centre - half)
    high = 1.0 if count >= of else min(1.0, centre + half)
    return low, high


def newcombe(count: float, of: float, other: float, other_of: float, z: float) -> Interval:
    """Bound the difference of two independent rates, the first less the second.

    Newcombe, R. G. (1998), Statistics in Medicine 17, 873-890, method 10: Wilson's limits put together.
    """
    rate, other_rate = count / of, other / other_of
    low, high = wilson(count, of, z)
    other_low, other_high = wilson(other, other_of, z)
    difference = rate - other_rate
    return (
        difference - math.hypot(rate - low, other_high - other_rate),
        difference + math.hypot(high - rate, other_rate - other_low),
    )


def mover_ratio(count: float, of: float, other: float, other_of: float, z: float) -> Interval:
    """Bound the ratio of two independent rates, the first over the second.

    MOVER-R on Wilson's limits: Donner, A. and Zou, G. Y. (2012), Statistical Methods in Medical Research 21,
    347-359. The roots are taken in the form that stays exact where a rate is 0; turning the ratio over
    turns the interval over. The upper bound is infinite where the second rate may be 0.
    """
    rate, other_rate = count / of, other / other_of
    low, high = wilson(count, of, z)
    other_low, other_high = wilson(other, other_of, z)
    product = rate * other_rate
    lowest = low * (2 * rate - low)
    across = other_high * (2 * other_rate - other_high)
    root = math.sqrt(max(0.0, product * product - lowest * across))
    below = lowest / (product + root) if lowest > 0 else 0.0
    highest = high * (2 * rate - high)
    across = other_low * (2 * other_rate - other_low)
    if across <= 0:
        return below, math.inf
    root = math.sqrt(max(0.0, product * product - highest * across))
    return below, (product + root) / across


def mean_of_differences(
    first: float, first_interval: Interval, second: float, second_interval: Interval
) -> Interval:
    """Bound the mean of two independent differences from their own intervals.

    The method of variance estimates recovery (MOVER): Zou, G. Y. and Donner, A. (2008), Statistics in Medicine 27,
    1693-1702. The differences of true and false positive rates are independent: they look at different people.
    """
    mean = (first + second) / 2
    below = math.hypot(first - first_interval[0], second - second_interval[0]) / 2
    above = math.hypot(first_interval[1] - first, second_interval[1] - second) / 2
    return mean - below, mean + above


def odds(count: float, other: float, z: float) -> Interval:
    """Bound the ratio of two counts of one sample (more than 0 in sum), from Wilson's interval of the first's share."""
    low, high = wilson(count, count + other, z)
    return low / (1 - low), high / (1 - high) if high < 1 else math.inf
