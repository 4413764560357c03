"""What does a figure need before it may be believed, and when will it have that?

A figure that rests on too little says how much more it needs, and about when that is there at the present volume.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from audits.fairness.intervals import wilson, z_of
from audits.oversight.records import Purpose, Review

Document = dict[str, Any]

#: The one code of what is missing; sentences for people are made from it.
TOO_FEW: Final = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much each figure needs, and how oversight is sampled; every number is a setting.

    ``reviews`` is what override rates, time and opened panels need, and what a person needs to have figures of their own. ``known`` is
    the number of known mistakes or right proposals that reliance needs; ``pairs`` what agreement needs. The shares say how
    many reviews become of each kind where none has come yet.
    """

    confidence: float = 0.95
    reviews: int = 100
    known: int = 30
    gold: int = 6
    pairs: int = 30
    switches: int = 20
    reasons: int = 30
    appeals: int = 30
    group: int = 100
    gold_every: int = 20
    double_share: float = 0.05
    first_share: float = 0.2
    most_cost: float = 0.15

    def __post_init__(self) -> None:
        z_of(self.confidence)
        least = (self.reviews, self.known, self.gold, self.pairs, self.switches, self.reasons)
        if min(*least, self.appeals, self.group, self.gold_every) < 1:
            raise ValueError("What a figure needs is at least 1.")
        if not all(
            0 <= share <= 1 for share in (self.double_share, self.first_share, self.most_cost)
        ):
            raise ValueError("A share lies between 0 and 1.")

    @property
    def z(self) -> float:
        return z_of(self.confidence)

    def encode(self) -> Document:
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """How many reviews a selection holds, and over how many weeks."""

    reviews: int
    weeks: float
    plan: Plan

    def share(self, hits: int, of: int, *, least: int, per_review: float | None = None) -> Document:
        """Write a rate: its counts, Wilson's interval, whether it rests on enough, and what is missing.

        A rate of nothing is null, never 0. ``per_review`` is how many of the denominator a review brings where none has come yet.
        """
        return {
            "rate": hits / of if of else None,
            "of": [hits, of],
            "interval": list(wilson(hits, of, self.plan.z)) if of else None,
            **self.standing(of, least=least, per_review=per_review),
        }

    def standing(self, have: int, *, least: int, per_review: float | None = None) -> Document:
        """Say whether so many are enough, and else how many more are needed and when they will be there."""
        return {
            "enough": have >= least,
            "needed": None if have >= least else self._needed(have, least, per_review),
        }

    def _needed(self, have: int, least: int, per_review: float | None) -> Document:
        missing = least - have
        each = have / self.reviews if have and self.reviews else per_review
        reviews = math.ceil(missing / each - 1e-9) if each else None
        pace = self.reviews / self.weeks if self.weeks > 0 else 0.0
        weeks = math.ceil(reviews / pace - 1e-9) if reviews is not None and pace else None
        return {
            "code": TOO_FEW,
            "count": missing,
            "least": least,
            "reviews": reviews,
            "weeks": weeks,
        }


def median_of(values: Iterable[float], z: float) -> tuple[float, tuple[float, float]] | None:
    """Return the median and its interval, which supposes nothing about how the values are spread; None of no values.

    The interval ends at the values whose ranks the binomial distribution of one half leaves out on either side (Conover, Practical
    Nonparametric Statistics, 3.2), by its normal approximation and rounded outwards; with few values these are the
    smallest and the largest.
    """
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return None
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    reach = z * math.sqrt(n) / 2
    low = max(0, math.floor(n / 2 - reach) - 1)
    high = min(n - 1, math.ceil(n / 2 + reach))
    return middle, (ordered[low], ordered[high])


def cost(
    volume: Volume,
    reviews: Sequence[Review],
    *,
    median_seconds: float | None,
    most_minutes: float | None = None,
) -> Document:
    """Say how many minutes a week the measuring takes, of which part, and whether that is more than is allowed.

    Gold cases, checks and second reviews are whole reviews that decide nothing new: their measured time is the cost. Judging first was found
    to take no longer (Fogliato et al. 2022); where it does here, beyond the median of ordinary reviews, the difference counts. Before
    anything is measured, the plan tells what to expect. ``most_minutes`` a week replaces the share that is allowed.
    """
    plan = volume.plan
    expected = 1 / plan.gold_every + plan.double_share
    timed = [one for one in reviews if one.seconds is not None]
    total = math.fsum(one.seconds or 0.0 for one in timed)
    parts: list[Document] = [
        {
            "part": purpose.value,
            "reviews": sum(one.purpose is purpose for one in reviews),
            "seconds": math.fsum(one.seconds or 0.0 for one in timed if one.purpose is purpose),
        }
        for purpose in (Purpose.GOLD, Purpose.CHECK, Purpose.DOUBLE)
    ]
    parts.append(_judging_first(timed, plan))
    spent = math.fsum(part["seconds"] for part in parts)
    measured = bool(total) and any(part["reviews"] for part in parts)
    share = spent / total if measured else expected
    minutes = None
    if volume.weeks > 0 and measured:
        minutes = spent / 60 / volume.weeks
    elif volume.weeks > 0 and median_seconds is not None:
        minutes = volume.reviews / volume.weeks * expected * median_seconds / 60
    within = share <= plan.most_cost
    if most_minutes is not None:
        within = minutes is None or minutes <= most_minutes
    return {
        "share": share,
        "measured": measured,
        "minutes_a_week": minutes,
        "most": plan.most_cost,
        "most_minutes": most_minutes,
        "within": within,
        "parts": parts,
    }


def _judging_first(timed: Sequence[Review], plan: Plan) -> Document:
    """Say how much longer cases took that were judged before the proposal was shown, where enough of both were measured."""
    plain = [one for one in timed if one.purpose is Purpose.DECIDE]
    first = [one.seconds or 0.0 for one in plain if one.first is not None]
    usual = median_of([one.seconds or 0.0 for one in plain if one.first is None], plan.z)
    theirs = median_of(first, plan.z)
    longer = 0.0
    if usual and theirs and min(len(first), len(plain) - len(first)) >= plan.switches:
        longer = max(0.0, theirs[0] - usual[0]) * len(first)
    return {"part": "judge_first", "reviews": len(first), "seconds": longer}
