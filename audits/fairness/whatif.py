"""What would another threshold give: how much work for people, how much error left, and how evenly spread?

Nothing is applied here. What people would decide of the cases that they would get is not known and is not guessed, so figures
are of what the machine would do alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from audits.fairness.comparisons import DISPARITIES, Kind, Reason, compare, document
from audits.fairness.counts import Counts, Group, Stage
from audits.fairness.groups import base, bounded, of_groups, references, share
from audits.fairness.intervals import wilson, z_of
from audits.fairness.metrics import Item, Rate, items_of, widest_gap
from audits.fairness.scores import CERTAIN, Curve, curve

GRID: Final = (*(step / 20 for step in range(20)), 0.97, 0.99)
"""Thresholds that are looked at where none are asked for."""

_COMPARED: Final = (
    "review_rate_ratio",
    "review_rate_difference",
    "selection_rate_ratio",
    "selection_rate_difference",
    "automated_error_difference",
)
_STARTS: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2)

TARGETS: Final = (0.1, 0.05, 0.02, 0.01)
"""Errors to aim at, for which the threshold is looked for that keeps them."""


def thresholds(
    counts: Counts,
    by: Sequence[str],
    current: float | None = None,
    grid: Sequence[float] | None = None,
    *,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Put thresholds (``review.confidence_below``) side by side: load, error left, and both by group.

    A proposal less confident than the threshold goes to a person, as if no rule sent or kept any. ``load`` is their share of
    the proposals with a confidence, ``error`` is of those that stay, as far as their truth is known. By group
    are told the share sent to a person, the rate of positive proposals among what stays, and the error; ``comparisons``
    hold these against the reference, and ``worst`` names the widest gap without an interval, because the widest of many
    is wide by chance. Where truth is hardly known for either end of what stays, the error is None (``selective_labels``),
    because it would be that of the other end. ``cannot_tell`` lists what cannot be estimated. The grid is the one asked for, or every twentieth
    that makes a difference; ``current`` is always in it. Confidences are counted in millionths. ``targets`` says, for errors that
    people aim at, at which threshold what stays is surely below (``target_error``).
    """
    z, items = z_of(confidence), items_of(by)
    whole, chosen = curve(counts.scores), references(counts, items)
    split = {
        item: {group: curve(own) for group, own in of_groups(counts.scores, item).items()}
        for item in items
    }
    found = sorted(set(_grid(whole, grid)) | ({current} if current is not None else set()))
    return {
        "current": current,
        "count": whole.whole.count,
        "labelled": whole.whole.labelled,
        "without_confidence": _without_confidence(counts),
        "thresholds": [
            {
                "threshold": threshold,
                "current": threshold == current,
                **_figures(whole, _millionths(threshold), z),
                **_by_group(
                    counts,
                    items,
                    split,
                    chosen,
                    _millionths(threshold),
                    z,
                    even=whole.evenly_labelled(_millionths(threshold)),
                ),
            }
            for threshold in found
        ],
        "targets": [
            {"error": error, "threshold": target_error(counts, error, confidence=confidence)}
            for error in TARGETS
        ],
        "cannot_tell": _cannot_tell(counts, whole),
    }


def target_error(counts: Counts, error: float, *, confidence: float = 0.95) -> float | None:
    """Find the lowest threshold at which the error left is surely below ``error``; None: do not automate this yet.

    Surely means that the upper bound of Wilson's interval stays below, at that threshold and at every stricter one down from
    a start. There are up to four starts, at shares of the labels fixed beforehand, and the confidence is shared among
    them, so that the promise is kept although many thresholds are tried (fixed sequences from several starts: Angelopoulos
    et al. 2021, "Learn then test"). A start with fewer labels than ``measure.enough`` is none.

    Raises:
        ValueError: the error is not between 0 and 1.
    """
    if not 0 < error < 1:
        raise ValueError(f"An error to aim at lies between 0 and 1, for example 0.05; not {error}.")
    ranked = curve(counts.scores)
    labelled, enough = ranked.whole.labelled, max(counts.measure.enough, 1)
    starts = [start for start in (part * labelled for part in _STARTS) if start >= enough]
    if not starts:
        return None
    z = z_of(1 - (1 - confidence) / len(starts))
    found: list[int] = []
    for start in starts:
        for at, left in zip(ranked.confidences, ranked.gathered, strict=True):
            if left.labelled < start:
                continue
            if wilson(left.wrong, left.labelled, z)[1] >= error or not ranked.evenly_labelled(at):
                break
            found.append(at)
    return min(found) / CERTAIN if found else None


def _millionths(threshold: float) -> int:
    return math.ceil(round(threshold * CERTAIN, 6))


def _grid(whole: Curve, grid: Sequence[float] | None) -> Sequence[float]:
    if grid is not None:
        return grid
    if not whole.confidences:
        return ()
    lowest, highest = whole.confidences[-1], whole.confidences[0]
    return [0.0, *(step for step in GRID if lowest < step * CERTAIN <= highest)]


def _without_confidence(counts: Counts) -> int:
    proposed = sum(
        cell.count for cell in counts.cells if cell.stage is Stage.PROPOSAL and cell.value
    )
    return max(0, proposed - sum(cell.count for cell in counts.scores))


def _rates(own: Curve, threshold: int) -> dict[str, Rate]:
    left, count = own.above(threshold), own.whole.count
    return {
        "review_rate": Rate(count - left.count, count),
        "selection_rate": Rate(left.positive, left.count),
        "automated_error": Rate(left.wrong, left.labelled),
    }


def _figures(whole: Curve, threshold: int, z: float) -> dict[str, Any]:
    rates, even = _rates(whole, threshold), whole.evenly_labelled(threshold)
    load, error = rates["review_rate"], rates["automated_error"]
    return {
        "automated": load.of - load.hits,
        "load": share(*load),
        "load_interval": bounded(*load, z),
        "error": share(*error) if even else None,
        "error_interval": bounded(*error, z) if even else None,
        "reason": None if even else Reason.SELECTIVE_LABELS.value,
        "of": {"load": [*load], "error": [*error]},
    }


def _by_group(
    counts: Counts,
    items: Mapping[Item, str],
    split: Mapping[Item, Mapping[Group, Curve]],
    chosen: Mapping[Item, Group],
    threshold: int,
    z: float,
    *,
    even: bool,
) -> dict[str, Any]:
    groups, comparisons, worst = [], [], []
    measure = counts.measure
    shown = {"review_rate": True, "selection_rate": bool(measure.positive), "automated_error": even}
    wanted = (
        _COMPARED if measure.positive else [name for name in _COMPARED if "selection" not in name]
    )
    for item, asked in items.items():
        rates = {group: _rates(own, threshold) for group, own in split[item].items()}
        for group, of in rates.items():
            told: dict[str, Any] = {"group": dict(group), "count": of["review_rate"].of}
            for name, one in of.items():
                told[name] = share(*one) if shown[name] else None
                told[f"{name}_interval"] = bounded(*one, z) if shown[name] else None
            told["of"] = {name: [*one] for name, one in of.items()}
            groups.append(told)
        sizes = {group: of["review_rate"].of for group, of in rates.items()}
        other = base(item, chosen, sizes, measure)
        for name in wanted:
            disparity = DISPARITIES[name]
            figure = disparity.metrics[0].value
            gap = _widest({group: of[figure] for group, of in rates.items()}, disparity.kind)
            gap = gap if shown[figure] else None
            worst += [] if gap is None else [{"by": asked, "metric": name, **gap}]
            if other is None:
                continue
            comparisons += [
                {
                    key: value
                    for key, value in document(
                        compare(
                            disparity,
                            item=item,
                            group=group,
                            reference=other,
                            pairs=((of[figure], rates[other][figure]),),
                            size=sizes[group],
                            enough=measure.enough,
                            z=z,
                            reason=None if shown[figure] else Reason.SELECTIVE_LABELS,
                        )
                    ).items()
                    if key
                    in {"metric", "group", "reference", "value", "interval", "enough", "reason"}
                }
                for group, of in rates.items()
                if group != other
            ]
    return {"groups": groups, "comparisons": comparisons, "worst": worst}


def _widest(rates: Mapping[Group, Rate], kind: Kind) -> dict[str, Any] | None:
    """Name the two groups that are farthest apart."""
    gaps = widest_gap({group: of.hits / of.of for group, of in rates.items() if of.of})
    if gaps is None:
        return None
    gap = gaps[0] if kind is Kind.DIFFERENCE else gaps[1]
    if gap.value is None:
        return None
    return {"value": gap.value, "between": [dict(gap.lowest), dict(gap.highest)]}


def _cannot_tell(counts: Counts, whole: Curve) -> list[str]:
    """List by code what is not among the figures, and why.

    ``people``: what people would decide, and so the final outcome. ``rules``: what rules and holds send to a person whatever
    the confidence. ``no_confidence``: proposals that came without one. ``no_labels``: error, for want of any truth.
    ``partly_labelled``: error is of those whose truth is known, and others may differ. ``no_positive``: rates of
    selection, because no outcome is positive.
    """
    codes = ["people", "rules"]
    if _without_confidence(counts):
        codes.append("no_confidence")
    if not whole.whole.labelled:
        codes.append("no_labels")
    elif whole.whole.labelled < whole.whole.count:
        codes.append("partly_labelled")
    if not counts.measure.positive:
        codes.append("no_positive")
    return codes
