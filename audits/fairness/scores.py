"""How well does the confidence of proposals rank, what is it worth in each group, and what does sending the unsure away buy?

All from counts of proposals by confidence. Labels count from decisions that are old enough (``ScoreCell.mature``);
shares of what is sent to a person or lies above a median count every proposal that came with a confidence.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audits.fairness.comparisons import Reason, finite, highest_of
from audits.fairness.counts import (
    Counts,
    Group,
    Measure,
    Result,
    ScoreCell,
    Stage,
)
from audits.fairness.groups import bounded, of_groups, share
from audits.fairness.intervals import Interval, mover_ratio, wilson, z_of
from audits.fairness.metrics import (
    HARDLY_ANY,
    WOULD_BE_LABELLED,
    Item,
    Metric,
    Rate,
    items_of,
    rate,
    tally,
)
from audits.fairness.presets import SMALL_SHARE

CERTAIN: Final = 1_000_000
"""A confidence of 1, in the millionths that cells count in."""

COVERAGES: Final = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Shares of proposals that are left to the machine, at which the risk-coverage curve is told."""

BINS: Final = 10
"""Bins of equal width that calibration is looked at in."""

PROPOSED: Final = frozenset(
    {Result.TRUE_POSITIVE, Result.FALSE_POSITIVE, Result.UNLABELLED_POSITIVE}
)
"""Results of proposals of a positive outcome."""

_FEW: Final = 30

_LABELLED: Final = frozenset(
    {
        Result.TRUE_POSITIVE,
        Result.FALSE_POSITIVE,
        Result.TRUE_NEGATIVE,
        Result.FALSE_NEGATIVE,
        Result.OTHER_WRONG,
    }
)
_RIGHT: Final = frozenset({Result.TRUE_POSITIVE, Result.TRUE_NEGATIVE})
_POSITIVE: Final = frozenset({Result.TRUE_POSITIVE, Result.FALSE_NEGATIVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Automated:
    """Proposals at least as confident as a threshold: all of them, those with a label, those that were wrong, those that were positive."""

    count: int = 0
    labelled: int = 0
    wrong: int = 0
    positive: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Proposals from the most confident down to the least: after each confidence, what has been gathered so far."""

    confidences: Sequence[int]
    gathered: Sequence[Automated]

    @property
    def whole(self) -> Automated:
        """All proposals."""
        return self.gathered[-1] if self.gathered else Automated()

    def above(self, threshold: int) -> Automated:
        """Gather the proposals whose confidence is at least this threshold, in millionths."""
        steps = bisect_left(self.confidences, -threshold + 1, key=lambda confidence: -confidence)
        return self.gathered[steps - 1] if steps else Automated()

    def evenly_labelled(self, threshold: int) -> bool:
        """Say whether truth is known for both ends of what a threshold leaves: the least confident tenth and the rest.

        Where it is hardly known for one of them, the error among the labelled is that of the other. So it is where truth
        comes to light only of what was released, or only of what people looked at.
        """
        left = self.above(threshold)
        if left.labelled in {0, left.count}:
            return True
        at = bisect_left(self.gathered, 0.9 * left.count, key=lambda step: step.count)
        if self.gathered[at].count == left.count:
            at -= 1
        if at < 0:
            return True
        rest = self.gathered[at]
        ends = (
            (rest.labelled / rest.count, rest.count),
            (
                (left.labelled - rest.labelled) / (left.count - rest.count),
                left.count - rest.count,
            ),
        )
        (known_less, count), (known, _count) = sorted(ends)
        return known_less >= HARDLY_ANY * known or known * count < WOULD_BE_LABELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How well scores tell positives from negatives: the area under the ROC curve, with an interval."""

    value: float
    interval: Interval
    positives: int
    negatives: int


def is_binary(counts: Counts) -> bool:
    """Say whether a confidence is a score of the positive outcome: exactly two outcomes, and one of them positive."""
    return len(counts.outcomes) == 2 and len(counts.measure.positive & set(counts.outcomes)) == 1


def score(cell: ScoreCell) -> int:
    """Give the score of the positive outcome in millionths: the confidence where it was proposed, else what is left of 1."""
    return cell.confidence if cell.result in PROPOSED else CERTAIN - cell.confidence


def curve(cells: Iterable[ScoreCell]) -> Curve:
    """Order proposals by confidence; a count that was corrected down to nothing is no step."""
    steps: dict[int, list[int]] = {}
    for cell in cells:
        if not cell.count:
            continue
        step = steps.setdefault(cell.confidence, [0, 0, 0, 0])
        step[0] += cell.count
        if cell.mature and cell.result in _LABELLED:
            step[1] += cell.count
            step[2] += 0 if cell.result in _RIGHT else cell.count
        step[3] += cell.count if cell.result in PROPOSED else 0
    confidences = sorted(steps, reverse=True)
    gathered: list[Automated] = []
    count = labelled = wrong = positive = 0
    for confidence in confidences:
        step = steps[confidence]
        count, labelled = count + step[0], labelled + step[1]
        wrong, positive = wrong + step[2], positive + step[3]
        gathered.append(Automated(count=count, labelled=labelled, wrong=wrong, positive=positive))
    return Curve(confidences=confidences, gathered=gathered)


def scores_report(
    counts: Counts, by: Sequence[str], *, confidence: float = 0.95
) -> dict[str, Any] | None:
    """Tell of each group how its scores rank and hold true, and what becomes of it where the unsure go to a person.

    None where no proposal came with a confidence. ``auc`` and ``scoring_rate`` are None unless the point is binary;
    ``risk_coverage.groups`` are looked at with the same ``thresholds`` for all.
    ``calibration.of`` says whether scores are taken as the chance of the positive outcome or, elsewhere, of being right.
    A figure that cannot be estimated is None, never 0.
    """
    cells, z, items = counts.scores, z_of(confidence), items_of(by)
    if not any(cell.count for cell in cells):
        return None
    split: list[tuple[Group, list[ScoreCell]]] = [
        pair for item in items for pair in of_groups(cells, item).items()
    ]
    binary = is_binary(counts)
    whole = curve(cells)
    at_coverage = _thresholds(whole)
    return {
        "binary": binary,
        "count": whole.whole.count,
        "labelled": whole.whole.labelled,
        "auc": _auc_report(cells, split, counts.measure, z) if binary else None,
        "scoring_rate": _scoring_rates(cells, items, counts.measure, z) if binary else None,
        "median_score": _median(cells) / CERTAIN if binary else None,
        "calibration": _calibration(cells, split, binary, z),
        "risk_coverage": {
            "points": [_point(whole, coverage, z) for coverage in COVERAGES],
            "aurc": aurc(whole) if whole.evenly_labelled(0) else None,
            "groups": [
                {
                    "group": dict(group),
                    **_coverage_of(curve(own), whole, at_coverage, counts.measure, z),
                }
                for group, own in split
            ],
            "thresholds": {str(at): found / CERTAIN for at, found in at_coverage.items()},
            "operating_point": _operating_point(counts, z),
        },
    }


# ------------------------------------------------------------------------------------ ranking


def ranking(scored: Mapping[int, tuple[int, int]], *, z: float) -> Ranking | None:
    """Measure how often a positive has the higher score than a negative, equal scores counted half; 0.5 is chance.

    ``scored`` maps a score to how many negatives and positives have it. None where one of the two is absent. The value is
    exact. Its interval is DeLong's variance (DeLong, DeLong and Clarke-Pearson 1988) on the scale of log odds, where it
    stays within 0 and 1; with fewer than 30 of one kind, where that is too narrow, it is widened to reach as far as the
    inverted variance of Hanley and McNeil (Newcombe 2006, Statistics in Medicine 25:559, method 5), which also holds where
    the two do not overlap at all.
    """
    negatives = sum(pair[0] for pair in scored.values())
    positives = sum(pair[1] for pair in scored.values())
    if not negatives or not positives:
        return None
    below, doubled = 0, 0
    placements: list[tuple[int, int, int, int]] = []
    seen = 0
    for at in sorted(scored):
        n, p = scored[at]
        doubled += p * (2 * below + n)
        placements.append((n, p, 2 * below + n, 2 * (positives - seen) - p))
        below, seen = below + n, seen + p
    value = doubled / (2 * positives * negatives)
    low, high = _delong(placements, value, positives, negatives, z) or (value, value)
    if min(positives, negatives) < _FEW:
        lowest, highest = _inverted(value, positives, negatives, z)
        low, high = min(low, lowest), max(high, highest)
    return Ranking(value=value, interval=(low, high), positives=positives, negatives=negatives)


def _delong(
    placements: Iterable[tuple[int, int, int, int]],
    value: float,
    positives: int,
    negatives: int,
    z: float,
) -> Interval | None:
    of_positives = of_negatives = 0.0
    for n, p, doubled_below, doubled_above in placements:
        of_positives += p * (doubled_below / (2 * negatives) - value) ** 2
        of_negatives += n * (doubled_above / (2 * positives) - value) ** 2
    variance = 0.0
    if positives > 1:
        variance += of_positives / (positives - 1) / positives
    if negatives > 1:
        variance += of_negatives / (negatives - 1) / negatives
    if not 0 < value < 1 or variance <= 0:
        return None
    reach = z * math.sqrt(variance) / (value * (1 - value))
    centre = math.log(value / (1 - value))
    return _expit(centre - reach), _expit(centre + reach)


def _inverted(value: float, positives: int, negatives: int, z: float) -> Interval:
    balanced = (positives + negatives) / 2 - 1

    def within(candidate: float) -> bool:
        variance = candidate * (1 - candidate)
        variance *= (
            1
            + balanced * (1 - candidate) / (2 - candidate)
            + balanced * candidate / (1 + candidate)
        )
        return abs(candidate - value) <= z * math.sqrt(variance / (positives * negatives))

    return _edge(value, 0.0, within), _edge(value, 1.0, within)


def _edge(inside: float, outside: float, within: Callable[[float], bool]) -> float:
    """Find by halving where values stop to lie within, on the way from one that does."""
    if within(outside):
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if within(middle) else (inside, middle)
    return inside


def _labels(cells: Iterable[ScoreCell]) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for cell in cells:
        if cell.mature and cell.result in _LABELLED:
            at = score(cell)
            negatives, positives = found.get(at, (0, 0))
            if cell.result in _POSITIVE:
                positives += cell.count
            else:
                negatives += cell.count
            found[at] = (negatives, positives)
    return found


def _auc_report(
    cells: Sequence[ScoreCell],
    split: Iterable[tuple[Group, Sequence[ScoreCell]]],
    measure: Measure,
    z: float,
) -> dict[str, Any]:
    def told(own: Sequence[ScoreCell]) -> dict[str, Any]:
        found = ranking(_labels(own), z=z)
        if found is None:
            return {"value": None, "interval": None, "enough": False}
        return {
            "value": found.value,
            "interval": list(found.interval),
            "positives": found.positives,
            "negatives": found.negatives,
            "enough": min(found.positives, found.negatives) >= measure.enough,
        }

    return {
        "overall": told(cells),
        "groups": [{"group": dict(group), **told(own)} for group, own in split],
    }


# ------------------------------------------------------------------------------ scoring rates


def _median(cells: Iterable[ScoreCell]) -> float:
    """Take the median score of the full sample, those of no known group among them; between the middle two, half way."""
    totals: dict[int, int] = {}
    for cell in cells:
        totals[score(cell)] = totals.get(score(cell), 0) + cell.count
    count, seen = sum(totals.values()), 0
    lower: int | None = None
    for at in sorted(totals):
        seen += totals[at]
        if lower is None and 2 * seen >= count:
            lower = at
        if 2 * seen > count:
            return (at if lower is None else (lower + at)) / (1 if lower is None else 2)
    raise AssertionError("there is no sample without scores")


def _scoring_rates(
    cells: Sequence[ScoreCell], items: Iterable[Item], measure: Measure, z: float
) -> list[dict[str, Any]]:
    """Count by group who scored above the median of all, beside the group with the highest such rate.

    6 RCNY 5-300 and 5-301 (NYC Local Law 144). Above is strictly above: whoever scored the median itself is not, so that
    ties at the median lower every rate and never raise one. The highest is sought among groups of at least 2 % of
    those whose group is known.
    """
    median = _median(cells)
    told: list[dict[str, Any]] = []
    for item in items:
        rates = {
            group: (
                sum(cell.count for cell in own if score(cell) > median),
                sum(cell.count for cell in own),
            )
            for group, own in of_groups(cells, item).items()
        }
        known = sum(count for _above, count in rates.values())
        highest = highest_of(
            {group: Rate(*of) for group, of in rates.items()}, enough=measure.enough
        )
        for group, (above, count) in rates.items():
            top = rates[highest] if highest is not None else (0, 0)
            compared = top[0] > 0 and group != highest
            told.append(
                {
                    "group": dict(group),
                    "count": count,
                    "above": above,
                    "share": count / known,
                    "below_share": count < SMALL_SHARE * known,
                    "enough": count >= measure.enough,
                    "rate": above / count,
                    "interval": bounded(above, count, z),
                    "highest": group == highest,
                    "ratio": (above / count) / (top[0] / top[1]) if top[0] else None,
                    "ratio_interval": finite(mover_ratio(above, count, top[0], top[1], z))
                    if compared
                    else None,
                }
            )
    return told


# -------------------------------------------------------------------------------- calibration


def _calibration(
    cells: Sequence[ScoreCell],
    split: Iterable[tuple[Group, Sequence[ScoreCell]]],
    binary: bool,  # noqa: FBT001 - said by the only caller
    z: float,
) -> dict[str, Any]:
    """Hold what scores promise against what came true, in bins of equal width and at large.

    Observed by expected is 1 where scores hold on average, above 1 where more came true than they promised (calibration
    in the large: Van Calster et al. 2019, BMC Medicine 17:230). Its interval is Wilson's of what was observed; what the
    scores promised is a sum and has none.
    """

    def counted(own: Iterable[ScoreCell]) -> list[list[int]]:
        bins = [[0, 0, 0] for _ in range(BINS)]
        for cell in own:
            if not (cell.mature and cell.result in _LABELLED):
                continue
            at = score(cell) if binary else cell.confidence
            true = cell.result in (_POSITIVE if binary else _RIGHT)
            found = bins[min(at * BINS // CERTAIN, BINS - 1)]
            found[0] += cell.count
            found[1] += at * cell.count
            found[2] += cell.count if true else 0
        return bins

    def in_bins(bins: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
        return [
            {
                "from": at / BINS,
                "to": (at + 1) / BINS,
                "count": count,
                "mean_score": promised / CERTAIN / count if count else None,
                "observed": true / count if count else None,
                "interval": bounded(true, count, z),
            }
            for at, (count, promised, true) in enumerate(bins)
        ]

    def at_large(bins: Sequence[Sequence[int]]) -> dict[str, Any]:
        count, promised, true = (sum(column) for column in zip(*bins, strict=True))
        expected = promised / CERTAIN
        interval = wilson(true, count, z) if count else None
        return {
            "count": count,
            "observed": true,
            "expected": expected,
            "ratio": true / expected if promised else None,
            "interval": [bound * count / expected for bound in interval]
            if interval and promised
            else None,
            "difference": (true - expected) / count if count else None,
            "difference_interval": [bound - expected / count for bound in interval]
            if interval
            else None,
        }

    whole = counted(cells)
    of_groups = [(dict(group), counted(own)) for group, own in split]
    return {
        "of": "positive" if binary else "right",
        "overall": {"bins": in_bins(whole), "in_the_large": at_large(whole)},
        "bins": [{"group": group, **one} for group, bins in of_groups for one in in_bins(bins)],
        "in_the_large": [{"group": group, **at_large(bins)} for group, bins in of_groups],
    }


# ------------------------------------------------------------------------------ risk-coverage


def aurc(ranked: Curve) -> float | None:
    """Measure the area under the risk-coverage curve of labelled proposals: 0 means that no error is ever left.

    The mean, over every number of most confident proposals, of the error among them (Geifman, Uziel and El-Yaniv 2019).
    Where confidences are equal their order is unknown; each is taken to be as wrong as all of them on average.
    """
    area, seen, wrong = 0.0, 0, 0
    for step in ranked.gathered:
        fresh, errors = step.labelled - seen, step.wrong - wrong
        if fresh:
            rate = errors / fresh
            # The sum over k from seen + 1 to seen + fresh of (wrong + (k - seen) * rate) / k.
            area += fresh * rate + (wrong - seen * rate) * _reciprocals(seen, step.labelled)
            seen, wrong = step.labelled, step.wrong
    return area / seen if seen else None


def _reciprocals(after: int, until: int) -> float:
    """Sum 1/k over k from after + 1 to until; beyond 50 by the asymptotic series, which is exact to 1e-15 there."""
    if until - after <= 50 or after < 50:
        start = max(after, min(until, 50))
        exact = sum(1 / k for k in range(after + 1, start + 1))
        if start == until or until - start <= 50:
            return exact + sum(1 / k for k in range(start + 1, until + 1))
        return exact + _reciprocals(start, until)

    def tail(n: int) -> float:
        return 1 / (2 * n) - 1 / (12 * n**2) + 1 / (120 * n**4)

    return math.log(until / after) + tail(until) - tail(after)


def _threshold(ranked: Curve, count: int) -> int:
    """Find the confidence of the last of so many most confident proposals."""
    at = bisect_left(ranked.gathered, count, key=lambda step: step.count)
    return ranked.confidences[at]


def _point(ranked: Curve, coverage: float, z: float) -> dict[str, Any]:
    """Tell the error left where this share of proposals, the most confident, is not sent to a person.

    The share is rounded to whole proposals, halves to even. Of proposals as confident as the last one taken, as many as
    fit are taken evenly; ``range`` says between which errors their order could choose, where it can at all.
    ``at_threshold`` is what a policy gives that sends everything below the threshold to a person, and nothing else.
    Where truth is hardly known for one end of what stays, there is no error (``selective_labels``).
    """
    whole = ranked.whole
    taken = round(coverage * whole.count)
    told: dict[str, Any] = {
        "coverage": coverage,
        "automated": taken,
        "labelled": 0,
        "wrong": 0,
        "error": None,
        "interval": None,
        "range": None,
        "threshold": None,
        "at_threshold": None,
        "reason": None,
    }
    if not taken:
        return told
    threshold = _threshold(ranked, taken)
    step, before = ranked.above(threshold), ranked.above(threshold + 1)
    fit = taken - before.count
    part = fit / (step.count - before.count)
    told["labelled"] = labelled = before.labelled + part * (step.labelled - before.labelled)
    told["wrong"] = wrong = before.wrong + part * (step.wrong - before.wrong)
    even = ranked.evenly_labelled(threshold)
    if even:
        told["error"], told["interval"] = share(wrong, labelled), bounded(wrong, labelled, z)
        told["range"] = _tied(step, before, fit) if part < 1 else None
    else:
        told["reason"] = Reason.SELECTIVE_LABELS.value
    told["threshold"] = threshold / CERTAIN
    told["at_threshold"] = {
        "coverage": step.count / whole.count,
        "of": [step.wrong, step.labelled],
        "error": share(step.wrong, step.labelled) if even else None,
        "interval": bounded(step.wrong, step.labelled, z) if even else None,
    }
    return told


def _tied(step: Automated, before: Automated, wanted: int) -> list[float] | None:
    """Say between which errors the order of equally confident proposals could choose; None where it chooses nothing."""
    wrong = step.wrong - before.wrong
    labelled = step.labelled - before.labelled
    unlabelled = step.count - before.count - labelled

    def error(first: int, last: int) -> tuple[int, int]:
        """Take the one kind of labelled proposals first and the other only when nothing else is left."""
        early = min(wanted, first)
        late = max(0, wanted - first - unlabelled)
        return early, min(late, last)

    right_first, wrong_last = error(labelled - wrong, wrong)
    wrong_first, right_last = error(wrong, labelled - wrong)
    fewest = (before.wrong + wrong_last, before.labelled + right_first + wrong_last)
    most = (before.wrong + wrong_first, before.labelled + wrong_first + right_last)
    if not fewest[1] or not most[1]:
        return None
    low, high = fewest[0] / fewest[1], most[0] / most[1]
    return [low, high] if low < high else None


def _thresholds(ranked: Curve) -> dict[float, int]:
    """Find for each coverage the threshold that leaves about so many proposals to the machine.

    It is the quantile of all confidences, as libraries compute it by default (Hyndman and Fan 1996, type 7), rounded up to a
    confidence that there is; so it may leave one proposal fewer than the coverage rounded.
    """
    count = ranked.whole.count
    sent = {
        coverage: -((1 - count) * (100 - round(coverage * 100)) // 100) for coverage in COVERAGES
    }
    return {coverage: _threshold(ranked, count - below) for coverage, below in sent.items()}


def _coverage_of(
    own: Curve, whole: Curve, at_coverage: Mapping[float, int], measure: Measure, z: float
) -> dict[str, Any]:
    """Tell what one threshold for all does to a group: its share that goes to a person, and the error left in the rest.

    What is as confident as the threshold stays with the machine, as ``confidence_below`` has it. Such thresholds widen gaps
    between groups as easily as they narrow them (Jones et al. 2021, "Selective classification can magnify disparities
    across groups", ICLR).
    """
    count = own.whole.count
    review: dict[str, list[int]] = {}
    errors: dict[str, list[int]] = {}
    for coverage, threshold in at_coverage.items():
        left, even = own.above(threshold), whole.evenly_labelled(threshold)
        review[str(coverage)] = [count - left.count, count]
        errors[str(coverage)] = [left.wrong, left.labelled] if even else [0, 0]
    full = errors[str(1.0)]
    return {
        "count": count,
        "labelled": own.whole.labelled,
        "enough": count >= measure.enough,
        "review_share_at": {at: share(*pair) for at, pair in review.items()},
        "error_at": {at: share(*pair) for at, pair in errors.items()},
        "error_full": share(*full),
        "of": {"review_share_at": review, "error_at": errors, "error_full": full},
        "intervals": {
            "review_share_at": {at: bounded(pair[0], pair[1], z) for at, pair in review.items()},
            "error_at": {at: bounded(pair[0], pair[1], z) for at, pair in errors.items()},
            "error_full": bounded(full[0], full[1], z),
        },
    }


def _operating_point(counts: Counts, z: float) -> dict[str, Any] | None:
    """Tell where on the curve the point really worked: what was released, and how wrong that turned out to be."""
    routed = tally(counts.cells, Stage.ROUTING, (), counts.measure.positive).everybody
    taken, error = rate(Metric.AUTOMATED_SHARE, routed), rate(Metric.AUTOMATED_ERROR, routed)
    if not taken.of:
        return None
    return {
        "coverage": taken.value,
        "coverage_interval": bounded(*taken, z),
        "error": error.value,
        "interval": bounded(*error, z),
        "of": {"coverage": [*taken], "error": [*error]},
    }


def _expit(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
