"""How many cases with a known answer tell a careful reviewer from one who stamps?

By the binomial distribution itself: the numbers are small, and nothing is approximated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice
from typing import Final

#: What a careful reviewer catches of the mistakes put before them, at least.
GOOD: Final = 0.8
#: What somebody catches who accepts nearly everything.
STAMP: Final = 0.1
#: Nobody who catches at least this is called a stamper, however many cases there are.
HALF: Final = 0.5
#: Both ways of being wrong, at most.
ERROR: Final = 0.05
_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Of ``of`` known mistakes, fewer than ``flag_below`` caught is an alarm.

    ``wrongly`` is how often that flags who catches ``good``; ``misses`` how often it lets pass who catches ``bad``.
    """

    of: int
    flag_below: int
    good: float
    bad: float
    wrongly: float
    misses: float


def below(count: int, of: int, chance: float) -> float:
    """Return the chance of fewer than ``count`` successes in ``of`` independent tries."""
    if count <= 0:
        return 0.0
    if count > of or chance <= 0:
        return 1.0
    if chance >= 1:
        return 0.0
    return min(1.0, math.fsum(islice(_masses(of, chance), count)))


def _masses(of: int, chance: float) -> Iterator[float]:
    """Give the chance of no success, of one, and so on; by logarithms, because factors of large numbers are none."""
    log_yes, log_no, whole = math.log(chance), math.log1p(-chance), math.lgamma(of + 1)
    for k in range(of + 1):
        ways = whole - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        yield math.exp(ways + k * log_yes + (of - k) * log_no)


@lru_cache(maxsize=256)
def smallest(good: float = GOOD, bad: float = STAMP, error: float = ERROR) -> Rule:
    """Return the rule of the fewest cases that is wrong at most ``error`` of the time, both ways.

    Raises:
        ValueError: the good one is not better than the bad one, or no rule of fewer than 1,000 cases tells them apart.
    """
    if not 0 <= bad < good <= 1:
        raise ValueError(f"A good reviewer catches more than a bad one; not {good} against {bad}.")
    for of in range(1, _MOST):
        flag_below = _highest(of, good, error)
        misses = 1 - below(flag_below, of, bad)
        if misses <= error:
            wrongly = below(flag_below, of, good)
            return Rule(
                of=of, flag_below=flag_below, good=good, bad=bad, wrongly=wrongly, misses=misses
            )
    raise ValueError(f"{good} and {bad} are too close to be told apart.")


def _highest(of: int, good: float, error: float) -> int:
    """Return the highest limit that flags a good reviewer at most ``error`` of the time; 0 flags nobody."""
    if good >= 1:
        return of
    tails = accumulate(_masses(of, good))
    return next((limit for limit, tail in enumerate(tails) if tail > error), of)


@lru_cache(maxsize=1024)
def rule(of: int) -> Rule | None:
    """Return the rule for so many known mistakes; None where they are too few to tell a careful reviewer from a stamper.

    The limit is the highest that flags who catches 80 % at most 5 % of the time. With many cases that alone would flag somebody who
    catches 75 %; so it never lies above the point at which catching 80 % and catching 50 % explain what is seen equally
    well (the likelihood ratio is 1): ``of`` times 0.661.
    """
    if of < smallest().of:
        return None
    even = math.log(HALF / (1 - GOOD)) / math.log(GOOD * (1 - HALF) / (HALF * (1 - GOOD)))
    flag_below = min(_highest(of, GOOD, ERROR), math.ceil(even * of))
    bad = worst_found(of, flag_below)
    return Rule(
        of=of,
        flag_below=flag_below,
        good=GOOD,
        bad=bad,
        wrongly=below(flag_below, of, GOOD),
        misses=1 - below(flag_below, of, bad),
    )


def worst_found(of: int, flag_below: int, error: float = ERROR) -> float:
    """Return the highest share caught, in hundredths, that such a limit still flags 95 times of 100; 0 where there is none."""
    low, high = 0, 100
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if below(flag_below, of, middle / 100) >= 1 - error else (low, middle)
        )
    return low / 100
