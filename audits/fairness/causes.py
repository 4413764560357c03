"""Where does a difference between groups come from: which rule, which feature, and how much of it nothing given explains?

Every difference is split into parts that add up to it. A part says where a difference sits, not that it is wrong to be there,
and not what would happen if that part were gone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audits.fairness import strata
from audits.fairness.counts import Counts, Group, ReasonCell, ReasonKind, ScoreCell, Stage
from audits.fairness.groups import base, of_groups, references
from audits.fairness.intervals import newcombe, z_of
from audits.fairness.metrics import Item, Metric, Part, Rate, Tally, items_of, rate, tally
from audits.fairness.scores import CERTAIN, PROPOSED, is_binary, score

_MILLION: Final = 1_000_000
_CANCEL: Final = 0.1
_ALMOST_ALL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """All that is counted of one group and may tell why it differs."""

    routed: Tally
    proposed: Tally
    reasons: Sequence[ReasonCell]
    scored: Sequence[ScoreCell]

    def named(self, kind: ReasonKind) -> dict[str, tuple[int, int]]:
        """Give by name how often a reason was given, and the sum of its contributions."""
        found: dict[str, tuple[int, int]] = {}
        for cell in self.reasons:
            if cell.kind is kind:
                count, total = found.get(cell.name, (0, 0))
                found[cell.name] = (count + cell.count, total + cell.total)
        return found


def reasons_report(
    counts: Counts, by: Sequence[str], *, confidence: float = 0.95
) -> dict[str, Any]:
    """Split each group's differences from the reference by rule, by feature and by stratum.

    ``review`` is the difference in what is not released, by the rules and built-in reasons that kept it; ``contributions``
    the difference in the mean of what the proposals' reasons sum up to, by feature; ``positive`` how much of the difference in
    positive proposals these contributions account for; ``strata`` how much of it goes with how the groups are spread over a
    feature that the policy declares as a stratum. What is not there to be split is None.
    """
    z = z_of(confidence)
    comparisons: list[dict[str, Any]] = []
    items = items_of(by)
    chosen, positive = references(counts, items), counts.measure.positive
    routed = tally(counts.cells, Stage.ROUTING, items, positive).groups
    proposed = tally(counts.cells, Stage.PROPOSAL, items, positive).groups
    for item, asked in items.items():
        sides = _sides(counts, item, routed[item], proposed[item])
        sizes = {group: _size(side) for group, side in sides.items()}
        other = base(item, chosen, sizes, counts.measure)
        if other is None:
            continue
        within = strata.rates_within(counts.strata, item)
        comparisons += [
            {
                "by": asked,
                "group": dict(group),
                "reference": dict(other),
                "review": _review(side, sides[other], counts.measure.enough, z),
                "contributions": _contributions(side, sides[other]),
                "positive": _positive(counts, side, sides[other], z),
                "strata": [
                    {"feature": feature, **split}
                    for (stage, feature), rates in within.items()
                    if stage is Stage.PROPOSAL
                    and (split := kitagawa(strata.between(rates, group, other), z)) is not None
                ],
            }
            for group, side in sides.items()
            if group != other
        ]
    return {"comparisons": comparisons}


def _sides(
    counts: Counts, item: Item, routed: Mapping[Group, Tally], proposed: Mapping[Group, Tally]
) -> dict[Group, _Side]:
    reasons = of_groups(counts.reasons, item)
    scored = of_groups(counts.scores, item)
    return {
        group: _Side(
            routed=routed.get(group, Tally()),
            proposed=proposed.get(group, Tally()),
            reasons=reasons.get(group, ()),
            scored=scored.get(group, ()),
        )
        for group in sorted({*routed, *proposed})
    }


def _size(side: _Side) -> int:
    return side.proposed[Part.ALL] or side.routed[Part.ALL]


# -------------------------------------------------------------------------------------- rules


def _review(side: _Side, other: _Side, enough: int, z: float) -> dict[str, Any] | None:
    """Split the difference in what is not released (sent to a person, or forbidden) by the reasons for it.

    A decision may have several reasons, and each counts it whole. So each reason's part of a group's rate is taken in proportion
    to how often it was given: with ``overlap`` that is a convention, and the parts have no interval; without it they are
    plain shares of decisions, and each has Newcombe's. Either way they add up to the difference. ``given`` is free of the
    convention: the share of decisions that a reason was given for, which may add up to more.
    """
    own, theirs = _not_released(side), _not_released(other)
    if not own.of or not theirs.of:
        return None
    given, given_theirs = _given(side, own), _given(other, theirs)
    overlap = sum(given.values()) > own.hits or sum(given_theirs.values()) > theirs.hits
    rules = []
    for name in sorted({*given, *given_theirs}):
        count, count_theirs = given.get(name, 0), given_theirs.get(name, 0)
        interval = list(
            newcombe(min(count, own.of), own.of, min(count_theirs, theirs.of), theirs.of, z)
        )
        part = _part(count, given, own) - _part(count_theirs, given_theirs, theirs)
        rules.append(
            {
                "name": name or None,
                "contribution": part,
                "interval": None if overlap else interval,
                "given": {
                    "of": [count, own.of],
                    "reference_of": [count_theirs, theirs.of],
                    "difference": count / own.of - count_theirs / theirs.of,
                    "interval": interval,
                },
            }
        )
    return {
        "rate": own.hits / own.of,
        "reference_rate": theirs.hits / theirs.of,
        "of": [*own],
        "reference_of": [*theirs],
        "difference": own.hits / own.of - theirs.hits / theirs.of,
        "interval": list(newcombe(*own, *theirs, z)),
        "enough": min(own.of, theirs.of) >= enough,
        "overlap": overlap,
        "rules": sorted(rules, key=lambda rule: -abs(rule["contribution"])),
    }


def _not_released(side: _Side) -> Rate:
    released = rate(Metric.AUTOMATED_SHARE, side.routed)
    return Rate(released.of - released.hits, released.of)


def _given(side: _Side, not_released: Rate) -> dict[str, int]:
    """Count reasons by name; what was kept without any reason on record stands under the empty name."""
    given = {name: count for name, (count, _total) in side.named(ReasonKind.RULE).items()}
    missing = not_released.hits - sum(given.values())
    return {**given, "": missing} if missing > 0 else given


def _part(count: int, given: Mapping[str, int], not_released: Rate) -> float:
    together = sum(given.values())
    return not_released.hits / not_released.of * count / together if together else 0.0


# ----------------------------------------------------------------------------------- features


def _contributions(side: _Side, other: _Side) -> dict[str, Any] | None:
    """Split the difference in the mean sum of contributions by feature; a feature that was not named contributed nothing.

    Means are over all proposals of the group, so they add up exactly. Their spread is not counted, so they have no interval.
    Above zero speaks for the positive outcome.
    """
    own, theirs = side.proposed[Part.ALL], other.proposed[Part.ALL]
    named, named_theirs = side.named(ReasonKind.FEATURE), other.named(ReasonKind.FEATURE)
    if not own or not theirs or not (named or named_theirs):
        return None
    features: list[dict[str, Any]] = []
    for name in sorted({*named, *named_theirs}):
        count, total = named.get(name, (0, 0))
        count_theirs, total_theirs = named_theirs.get(name, (0, 0))
        mean, mean_theirs = total / own / _MILLION, total_theirs / theirs / _MILLION
        features.append(
            {
                "feature": name,
                "mean": mean,
                "reference_mean": mean_theirs,
                "difference": mean - mean_theirs,
                "given": [count, own],
                "reference_given": [count_theirs, theirs],
            }
        )
    mean = math.fsum(feature["mean"] for feature in features)
    mean_theirs = math.fsum(feature["reference_mean"] for feature in features)
    return {
        "mean": mean,
        "reference_mean": mean_theirs,
        "difference": mean - mean_theirs,
        "interval": None,
        "features": sorted(features, key=lambda feature: -abs(feature["difference"])),
    }


def _positive(counts: Counts, side: _Side, other: _Side, z: float) -> dict[str, Any] | None:
    """Say how much of the difference in positive proposals the reasons given account for, and how much nothing given does.

    As in the decompositions of Kitagawa (1955, JASA 50:1168), Oaxaca and Blinder (1973): a group's scores are moved by as much
    as its reasons speak for it more or less than for the reference, and positive proposals counted again; what remains of
    the difference is unexplained. Both groups are moved in turn, and the mean taken. Features share what is explained in
    proportion to their contributions (Yun 2004, Economics Letters 82:275), unless they all but cancel out.

    That rests on contributions being log odds of the positive outcome, as those of logistic regression and of boosted trees
    are (``assumes``). ``direction`` does not: ``same`` if the reasons speak for whom the proposals favour, ``opposite`` if they
    speak for the other, so that they explain nothing. Neither part has an interval, since the spread of contributions
    is not counted; the difference has Newcombe's. ``reason`` says why there is no split.
    """
    if not counts.measure.positive:
        return None
    own = rate(Metric.SELECTION_RATE, side.proposed)
    theirs = rate(Metric.SELECTION_RATE, other.proposed)
    if not own.of or not theirs.of:
        return None
    difference = own.hits / own.of - theirs.hits / theirs.of
    told: dict[str, Any] = {
        "of": [*own],
        "reference_of": [*theirs],
        "difference": difference,
        "interval": list(newcombe(*own, *theirs, z)),
        "direction": None,
        "explained": None,
        "unexplained": None,
        "features": [],
        "assumes": "log_odds",
        "reason": None,
    }
    contributed = _contributions(side, other)
    if contributed is None:
        return {**told, "reason": "no_contributions"}
    by: float = contributed["difference"]
    told["direction"] = (
        "same" if by * difference > 0 else "opposite" if by * difference < 0 else "none"
    )
    if not is_binary(counts) or not side.scored or not other.scored:
        return {**told, "reason": "no_scores"}
    if _scored(side) < _ALMOST_ALL * own.of or _scored(other) < _ALMOST_ALL * theirs.of:
        return {**told, "reason": "scores_missing"}
    cut = _cut((*side.scored, *other.scored))
    if cut is None:
        return {**told, "reason": "no_cut"}
    down = share_above(side.scored, cut) - share_above(side.scored, cut + by)
    up = share_above(other.scored, cut - by) - share_above(other.scored, cut)
    explained = (down + up) / 2
    told["explained"], told["unexplained"] = explained, difference - explained
    spread = math.fsum(abs(feature["difference"]) for feature in contributed["features"])
    if abs(by) > _CANCEL * spread:
        told["features"] = [
            {
                "feature": feature["feature"],
                "contribution": explained * feature["difference"] / by,
            }
            for feature in contributed["features"]
        ]
    return told


def _scored(side: _Side) -> int:
    return sum(cell.count for cell in side.scored)


def share_above(cells: Sequence[ScoreCell], cut: float) -> float:
    """Take the share of proposals whose score, in log odds, is at least the cut."""
    above = sum(cell.count for cell in cells if _log_odds(score(cell)) >= cut)
    return above / sum(cell.count for cell in cells)


def _cut(cells: Iterable[ScoreCell]) -> float | None:
    """Find the score in log odds from which on the positive outcome was proposed; None where it was not by the score.

    It is 0, even odds, where that is possible.
    """
    lowest, highest = math.inf, -math.inf
    for cell in cells:
        if cell.result in PROPOSED:
            lowest = min(lowest, _log_odds(score(cell)))
        else:
            highest = max(highest, _log_odds(score(cell)))
    if highest >= lowest:
        return None
    if highest < 0 <= lowest:
        return 0.0
    return lowest if math.isfinite(lowest) else math.nextafter(highest, math.inf)


def _log_odds(millionths: int) -> float:
    if millionths <= 0:
        return -math.inf
    return math.inf if millionths >= CERTAIN else math.log(millionths / (CERTAIN - millionths))


# ------------------------------------------------------------------------------------- strata


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """One class of a stratum: the share of each group that is in it, and each group's rate there."""

    value: str
    share: float
    reference_share: float
    rate: float
    reference_rate: float

    @property
    def alone(self) -> bool:
        """Say whether one of the groups is not in this class."""
        return not (self.share and self.reference_share)

    @property
    def composition(self) -> float:
        """Give the part of the difference that is owed to more or fewer of the group being here."""
        return (self.share - self.reference_share) * (self.rate + self.reference_rate) / 2

    @property
    def within(self) -> float:
        """Give the part that is owed to the group faring differently here."""
        return (self.rate - self.reference_rate) * (self.share + self.reference_share) / 2


def kitagawa(classes: Sequence[strata.Stratum], z: float) -> dict[str, Any] | None:
    """Split a difference of two rates into how the groups are spread over classes and how they fare within them.

    ``composition`` weighs differences in spread by the mean of both rates, ``within`` differences in rates by the mean of both
    spreads; they add up to the difference (Kitagawa 1955, JASA 50:1168). In a class that one group is not in, its rate is
    taken to be the other's, and ``alone`` is the share of decisions in such classes. Intervals are by the delta method. None where one of
    the groups is not there at all.
    """
    own, theirs = sum(one.group.of for one in classes), sum(one.reference.of for one in classes)
    if not own or not theirs:
        return None
    parts = [
        _Class(
            value=one.value,
            share=one.group.of / own,
            reference_share=one.reference.of / theirs,
            rate=(one.group if one.group.of else one.reference).value or 0.0,
            reference_rate=(one.reference if one.reference.of else one.group).value or 0.0,
        )
        for one in classes
        if one.group.of or one.reference.of
    ]
    composition = math.fsum(one.composition for one in parts)
    within = math.fsum(one.within for one in parts)
    hits = sum(one.group.hits for one in classes)
    their_hits = sum(one.reference.hits for one in classes)
    apart = [one for one in classes if not (one.group.of and one.reference.of)]
    return {
        "difference": hits / own - their_hits / theirs,
        "composition": composition,
        "composition_interval": _around(composition, _spread(parts, _moved, own, theirs), z),
        "within": within,
        "within_interval": _around(within, _spread(parts, _faring, own, theirs), z),
        "alone": sum(one.group.of + one.reference.of for one in apart) / (own + theirs),
        "classes": [
            {
                "value": one.value,
                "share": one.share,
                "reference_share": one.reference_share,
                "rate": None if not one.share else one.rate,
                "reference_rate": None if not one.reference_share else one.reference_rate,
                "composition": one.composition,
                "within": one.within,
            }
            for one in parts
        ],
    }


_Slopes = Callable[[_Class], tuple[float, float]]


def _moved(one: _Class) -> tuple[float, float]:
    """Say how composition changes with a share and with a rate; where one group is alone its rate stands for both."""
    by_rate = (one.share - one.reference_share) / (1 if one.alone else 2)
    return (one.rate + one.reference_rate) / 2, by_rate


def _faring(one: _Class) -> tuple[float, float]:
    """Say how the part within classes changes with a share and with a rate."""
    by_rate = 0.0 if one.alone else (one.share + one.reference_share) / 2
    return (one.rate - one.reference_rate) / 2, by_rate


def _spread(parts: Sequence[_Class], slopes: _Slopes, own: int, theirs: int) -> float:
    """Take the variance of a part: that of each group's sample, as far as the part moves with it."""
    mine = [(one.share, one.rate, *slopes(one)) for one in parts]
    others = [(one.reference_share, one.reference_rate, *slopes(one)) for one in parts]
    return _variance(mine, own) + _variance(others, theirs)


def _variance(parts: Sequence[tuple[float, float, float, float]], count: int) -> float:
    mean = math.fsum(share * by_share for share, _, by_share, _ in parts)
    shares = math.fsum(share * by_share**2 for share, _, by_share, _ in parts) - mean**2
    rates = math.fsum(
        by_rate**2 * rate * (1 - rate) / share for share, rate, _, by_rate in parts if share
    )
    return (max(0.0, shares) + rates) / count


def _around(value: float, variance: float, z: float) -> list[float]:
    reach = z * math.sqrt(variance)
    return [max(-1.0, value - reach), min(1.0, value + reach)]
