"""Is a group treated differently from the reference, beyond what is tolerated?

A comparison has a value, an interval, and, where the policy tolerates so much and no more, a verdict. A verdict rests on the
interval: wholly inside is a pass, wholly outside a breach, anything else is not enough evidence, with the size of the group
that would settle it. Nothing passes by lack of data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist
from typing import Any, Final

from audits.fairness import intervals, testing
from audits.fairness.counts import Group, Measure, Stage, Tolerance
from audits.fairness.metrics import OF_STAGE, Item, Metric, Rate
from audits.fairness.presets import SMALL_SHARE


class Verdict(StrEnum):
    """What a comparison, a stage or a report comes to."""

    PASS = "pass"  # noqa: S105 -- No password, but the opposite of a breach.
    BREACH = "breach"
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"
    NOT_ESTIMABLE = "not_estimable"
    NOT_MEASURED = "not_measured"


class Reason(StrEnum):
    """Why a comparison has no value, or no verdict from its value."""

    TOO_FEW = "too_few"
    #: Nobody in one of the groups is counted in the denominator.
    NO_DENOMINATOR = "no_denominator"
    #: The reference's rate is 0: the ratio has a lower bound and no value.
    REFERENCE_IS_ZERO = "reference_is_zero"
    #: Both rates are 0, so their ratio says nothing.
    BOTH_ARE_ZERO = "both_are_zero"
    SELECTIVE_LABELS = "selective_labels"
    NO_LABELS = "no_labels"
    NO_POSITIVE_OUTCOME = "no_positive_outcome"


class Kind(StrEnum):
    """How two rates are compared."""

    RATIO = "ratio"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disparity:
    """One way to compare groups: the ratio or the difference of one figure, or the mean difference of two."""

    name: str
    kind: Kind
    metrics: tuple[Metric, ...]


def _all_disparities() -> Iterable[Disparity]:
    for metric in Metric:
        if metric is Metric.TREATMENT_EQUALITY:  # It is no rate of anybody.
            continue
        for kind in Kind:
            yield Disparity(name=f"{metric}_{kind}", kind=kind, metrics=(metric,))
    yield Disparity(
        name="average_odds_difference", kind=Kind.DIFFERENCE, metrics=(Metric.TPR, Metric.FPR)
    )


#: All there are. Ratio 1 and difference 0 mean that the group is treated as the reference is.
DISPARITIES: Final[Mapping[str, Disparity]] = {one.name: one for one in _all_disparities()}

#: Other names for them; equalized odds holds where both of its differences do.
ALSO_CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "demographic_parity_difference": ("selection_rate_difference",),
    "demographic_parity_ratio": ("selection_rate_ratio",),
    "impact_ratio": ("selection_rate_ratio",),
    "equal_opportunity_difference": ("tpr_difference",),
    "equal_opportunity_ratio": ("tpr_ratio",),
    "equalized_odds_difference": ("tpr_difference", "fpr_difference"),
    "equalized_odds_ratio": ("tpr_ratio", "fpr_ratio"),
}

#: What is compared at each stage also where no tolerance is declared.
ALWAYS: Final[Mapping[Stage, tuple[str, ...]]] = {
    Stage.PROPOSAL: (
        "selection_rate_ratio",
        "selection_rate_difference",
        "tpr_difference",
        "fpr_difference",
        "average_odds_difference",
        "precision_difference",
        "accuracy_difference",
    ),
    Stage.ROUTING: (
        "review_rate_ratio",
        "review_rate_difference",
        "refused_rate_difference",
        "automated_error_difference",
    ),
    Stage.REVIEW: (
        "override_rate_ratio",
        "override_rate_difference",
        "toward_rate_difference",
        "away_rate_difference",
        "lapsed_rate_difference",
    ),
    Stage.OUTCOME: (
        "selection_rate_ratio",
        "selection_rate_difference",
        "tpr_difference",
        "fpr_difference",
        "average_odds_difference",
        "precision_difference",
        "accuracy_difference",
    ),
    Stage.APPEAL: (),
}

#: Beyond this size of a group nothing is said to be settled one day.
LARGEST: Final = 10**9

_NORMAL: Final = NormalDist()
_STEPS: Final = 45
_FARTHEST: Final = 40.0


def disparities_of(name: str) -> tuple[Disparity, ...]:
    """Give the disparities that a policy's metric stands for.

    Raises:
        ValueError: there is no such disparity.
    """
    names = ALSO_CALLED.get(name, (name,))
    if not all(one in DISPARITIES for one in names):
        raise ValueError(
            f"“{name}” compares nothing between groups; known are "
            f"{', '.join(sorted((*DISPARITIES, *ALSO_CALLED)))}."
        )
    return tuple(DISPARITIES[one] for one in names)


def belongs_to(disparity: Disparity, stage: Stage) -> bool:
    """Say whether a stage has the figures that are compared."""
    return all(metric in OF_STAGE[stage] for metric in disparity.metrics)


class Chosen(StrEnum):
    """How the reference was chosen."""

    DECLARED = "declared"
    LARGEST = "largest"
    #: By the figure itself, which makes what is found lean toward a difference.
    HIGHEST = "highest"


def reference_of(
    item: Item,
    sizes: Mapping[Group, int],
    measure: Measure,
    ties: Mapping[Group, tuple[int, ...]] | None = None,
) -> tuple[Group, Chosen] | None:
    """Choose whom groups are compared with: whom the policy names, else the largest group; None without groups.

    A declared reference that nobody belongs to is none. ``sizes`` counts the decisions of each known group; among equally large
    ones ``ties`` decides, and only then the name.
    """
    declared = tuple((name, measure.reference.get(name, "")) for name in item)
    if declared in sizes:
        return declared, Chosen.DECLARED
    if not sizes:
        return None
    further = ties or {}
    largest = max(sizes, key=lambda group: (sizes[group], further.get(group, ()), group))
    return largest, Chosen.LARGEST


def highest_of(
    rates: Mapping[Group, Rate], *, enough: int, small_share: float = SMALL_SHARE
) -> Group | None:
    """Find the group with the highest rate, once small ones are left out; None where nobody is left.

    Left out are groups of less than the share, and those without enough decisions as long as others have enough: a tiny group at
    100 % would otherwise make every other look passed over.
    """
    everybody = sum(rate.of for rate in rates.values())
    usable = {group: rate for group, rate in rates.items() if rate.of >= small_share * everybody}
    large = {group: rate for group, rate in usable.items() if rate.of >= enough}
    left = {group: rate for group, rate in (large or usable).items() if rate.of}
    if not left:
        return None
    return max(left, key=lambda group: (left[group].hits / left[group].of, left[group].of, group))


Pairs = tuple[tuple[Rate, Rate], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One group beside its reference.

    ``pairs`` holds, for each figure of the disparity, the rate of the group and of the reference; ``size`` is how many decisions
    of the group the stage has. ``interval`` is None where there is none at all, ``value`` also where it would be infinite.
    """

    disparity: Disparity
    item: Item
    group: Group
    reference: Group
    pairs: Pairs
    size: int
    enough: bool
    value: float | None = None
    interval: intervals.Interval | None = None
    tolerance: Tolerance | None = None
    reason: Reason | None = None
    verdict: Verdict | None = None
    p_value: float | None = None
    p_holm: float | None = None
    needed_count: int | None = None
    needed_weeks: int | None = None

    @property
    def judged(self) -> bool:
        """Say whether it is among those that share one chance of a false alarm."""
        return self.tolerance is not None and self.enough and self.interval is not None


def bounds(
    kind: Kind, pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]], z: float
) -> intervals.Interval:
    """Bound a disparity of rates, each ``(count, of)``, all denominators being more than 0."""
    (own, other), *more = pairs
    if kind is Kind.RATIO:
        return intervals.mover_ratio(*own, *other, z)
    interval = intervals.newcombe(*own, *other, z)
    for own_too, other_too in more:
        interval = intervals.mean_of_differences(
            own[0] / own[1] - other[0] / other[1],
            interval,
            own_too[0] / own_too[1] - other_too[0] / other_too[1],
            intervals.newcombe(*own_too, *other_too, z),
        )
    return interval


def compare(
    disparity: Disparity,
    *,
    item: Item,
    group: Group,
    reference: Group,
    pairs: Pairs,
    size: int,
    enough: int,
    z: float,
    tolerance: Tolerance | None = None,
    reason: Reason | None = None,
) -> Comparison:
    """Compare a group with its reference, without a verdict yet.

    ``reason`` tells why the rates are not estimable although there are counts.
    """
    plain = Comparison(
        disparity=disparity,
        item=item,
        group=group,
        reference=reference,
        pairs=pairs,
        size=size,
        enough=False,
        tolerance=tolerance,
    )
    if reason is not None:
        return replace(plain, reason=reason)
    if not all(own.of and other.of for own, other in pairs):
        return replace(plain, reason=Reason.NO_DENOMINATOR)
    plain = replace(plain, enough=all(min(own.of, other.of) >= enough for own, other in pairs))
    values = [(own.hits / own.of, other.hits / other.of) for own, other in pairs]
    if disparity.kind is Kind.RATIO:
        own, other = values[0]
        if other <= 0 and own <= 0:
            return replace(plain, reason=Reason.BOTH_ARE_ZERO)
        value = own / other if other > 0 else None
        reason = Reason.REFERENCE_IS_ZERO if value is None else None
    else:
        value = sum(own - other for own, other in values) / len(values)
    return replace(
        plain,
        value=value,
        interval=bounds(disparity.kind, pairs, z),
        reason=reason if plain.enough else reason or Reason.TOO_FEW,
    )


def tolerated(kind: Kind, tolerance: Tolerance) -> intervals.Interval:
    """Give the range of values that is tolerated.

    Raises:
        ValueError: a ratio's tolerance is not above 0 and at most 1, or a difference's is not from 0 to 1.
    """
    limit = tolerance.value
    if kind is Kind.RATIO:
        if not 0 < limit <= 1:
            raise ValueError(
                f"The lowest ratio of {tolerance.metric} that is tolerated lies above 0 and is at most 1, "
                f"for example 0.8; not {limit}."
            )
        return limit, 1 / limit
    if not 0 <= limit <= 1:
        raise ValueError(
            f"The largest difference of {tolerance.metric} that is tolerated lies from 0 to 1, "
            f"for example 0.1; not {limit}."
        )
    return -limit, limit


def p_beyond(comparison: Comparison) -> float:
    """Return the one-sided p-value of the tolerance on the side where the value lies, by inverting the interval.

    It is the largest p at which an interval of confidence 1 - 2p still reaches the tolerance; beyond one half where the
    value itself is tolerated.
    """
    assert comparison.tolerance is not None
    kind, value = comparison.disparity.kind, comparison.value
    low, high = tolerated(kind, comparison.tolerance)
    below = value is not None and value < (1.0 if kind is Kind.RATIO else 0.0)
    limit = low if below else high
    outside = value is None or (value < limit if below else value > limit)
    # The bound that looks at the limit: from outside the one on its side, from inside the other.
    upper = below == outside

    def reached(z: float) -> bool:
        bound = bounds(kind, comparison.pairs, z)[1 if upper else 0]
        return bound >= limit if upper else bound <= limit

    z = _first(reached)
    return testing.normal_sf(z if outside else -z)


def _first(reached: Callable[[float], bool]) -> float:
    near, far = 0.0, _FARTHEST
    if not reached(far):
        return far
    for _ in range(_STEPS):
        middle = (near + far) / 2
        near, far = (near, middle) if reached(middle) else (middle, far)
    return far


def judge(
    comparisons: Sequence[Comparison], *, enough: int, confidence: float, days: int | None
) -> list[Comparison]:
    """Give a verdict on each comparison that has a tolerance; those of one stage are judged together.

    A breach needs both that the interval lies wholly outside and that the p-value, adjusted by Holm's method for all comparisons of
    the stage that can be judged, is at most half of what the confidence leaves. ``days`` is the length of the window, from
    which the weeks are told that are missing at the present volume.
    """
    alpha = (1 - confidence) / 2
    p_values = {at: p_beyond(one) for at, one in enumerate(comparisons) if one.judged}
    adjusted = dict(zip(p_values, testing.holm(list(p_values.values())), strict=True))
    factors = dict(zip(p_values, testing.holm_factors(list(p_values.values())), strict=True))
    judged: list[Comparison] = []
    for at, one in enumerate(comparisons):
        if one.tolerance is None:
            judged.append(one)
            continue
        verdict = _verdict(one, adjusted.get(at), alpha)
        needed = None
        if verdict is Verdict.NOT_ENOUGH_EVIDENCE:
            factor = factors.get(at, len(factors) + 1)
            needed = needed_count(one, enough=enough, confidence=confidence, factor=factor)
        judged.append(
            replace(
                one,
                verdict=verdict,
                p_value=p_values.get(at),
                p_holm=adjusted.get(at),
                needed_count=needed,
                needed_weeks=_weeks(needed, one.size, days),
            )
        )
    return judged


def _verdict(one: Comparison, p_holm: float | None, alpha: float) -> Verdict:
    assert one.tolerance is not None
    if one.interval is None:
        return Verdict.NOT_ESTIMABLE
    if p_holm is None:
        return Verdict.NOT_ENOUGH_EVIDENCE
    low, high = tolerated(one.disparity.kind, one.tolerance)
    if low <= one.interval[0] and one.interval[1] <= high:
        return Verdict.PASS
    if (one.interval[1] < low or one.interval[0] > high) and p_holm <= alpha:
        return Verdict.BREACH
    return Verdict.NOT_ENOUGH_EVIDENCE


def needed_count(one: Comparison, *, enough: int, confidence: float, factor: int) -> int | None:
    """Return the size of the group at which the same rates would settle the verdict, None where they never would.

    Both groups are imagined to grow alike. ``factor`` is what Holm's method multiplies the p-value by now.
    """
    assert one.tolerance is not None
    if one.interval is None or not one.size:
        return None
    kind = one.disparity.kind
    low, high = tolerated(kind, one.tolerance)
    z, beyond = intervals.z_of(confidence), _NORMAL.inv_cdf(1 - (1 - confidence) / 2 / factor)

    def settled(size: int) -> bool:
        if any(min(own.of, other.of) * size < enough * one.size for own, other in one.pairs):
            return False
        # A whole number of people is not needed to see how wide an interval would be.
        grown = [
            (
                (own.hits * size / one.size, own.of * size / one.size),
                (other.hits * size / one.size, other.of * size / one.size),
            )
            for own, other in one.pairs
        ]
        least, most = bounds(kind, grown, z)
        if low <= least and most <= high:
            return True
        least, most = bounds(kind, grown, beyond)
        return most < low or least > high

    known = far = one.size
    while not settled(far):
        if far > LARGEST:
            return None
        known, far = far, far * 2
    while far - known > 1:
        middle = (known + far) // 2
        known, far = (known, middle) if settled(middle) else (middle, far)
    return far


def _weeks(needed: int | None, size: int, days: int | None) -> int | None:
    if needed is None or days is None or not size:
        return None
    return math.ceil((needed - size) * days / size / 7)


def overall(verdicts: Iterable[Verdict | None]) -> Verdict:
    """Put verdicts together: breach if any, else not enough evidence if any, else pass.

    What is not estimable is lack of evidence beside others that pass, and all there is to say where nothing else is.
    """
    given = {verdict for verdict in verdicts if verdict is not None}
    if Verdict.BREACH in given:
        return Verdict.BREACH
    if Verdict.NOT_ENOUGH_EVIDENCE in given or given == {Verdict.PASS, Verdict.NOT_ESTIMABLE}:
        return Verdict.NOT_ENOUGH_EVIDENCE
    return Verdict.PASS if Verdict.PASS in given else Verdict.NOT_ESTIMABLE


def document(one: Comparison) -> dict[str, Any]:
    """Write a comparison as a report holds it; an upper bound that is infinite is null."""
    return {
        "metric": one.disparity.name,
        "group": dict(one.group),
        "reference": dict(one.reference),
        "value": one.value,
        "interval": None if one.interval is None else finite(one.interval),
        "of": [[*own, *other] for own, other in one.pairs],
        "tolerance": None if one.tolerance is None else one.tolerance.value,
        "watch": None if one.tolerance is None else one.tolerance.watch,
        "source": None if one.tolerance is None else one.tolerance.source,
        "verdict": None if one.verdict is None else one.verdict.value,
        "needed_count": one.needed_count,
        "needed_weeks": one.needed_weeks,
        "p_value": one.p_value,
        "p_holm": one.p_holm,
        "enough": one.enough,
        "reason": None if one.reason is None else one.reason.value,
    }


def finite(interval: intervals.Interval) -> list[float | None]:
    """Write an interval as JSON holds it: a bound that is infinite is null."""
    return [None if math.isinf(bound) else bound for bound in interval]
