"""Which figures are there of a group, and what are they made of?

Every figure is a numerator over a denominator, both sums of counts of decisions, so that it can be shown with both
and computed again by hand. Where the denominator is 0 the figure is None: never 0, which would look like a finding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, NamedTuple

from audits.fairness import intervals
from audits.fairness.counts import (
    NEVER,
    NOT_YET,
    RIGHT,
    UNKNOWN,
    Appealed,
    Cell,
    Group,
    Reviewed,
    Routed,
    Stage,
)

#: What a cell of appeals says of the decisions that could be objected to; made for reports, never stored.
DECIDED: Final = "decided"
#: One thing to group by: one attribute, or several that are crossed, in the order of their names.
Item = tuple[str, ...]


class Part(StrEnum):
    """What decisions of a group are counted as. Positive is what the policy's ``measure.positive`` lists."""

    ALL = "all"
    IMPORTED = "imported"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    #: Decided positive, and rightly so; labels are of decisions old enough to have one.
    TP = "tp"
    FP = "fp"
    FN = "fn"
    TN = "tn"
    #: Right in respect of the positive outcome, or of the very outcome where none is positive.
    AGREED = "agreed"
    DIFFERED = "differed"
    #: The very outcome was right, also among more than two.
    EXACT = "exact"
    INEXACT = "inexact"
    KNOWN = "known"
    NOT_YET = "not_yet"
    NEVER = "never"
    #: Old enough and without a label, by what was decided.
    UNLABELLED_POSITIVE = "unlabelled_positive"
    UNLABELLED_NEGATIVE = "unlabelled_negative"
    #: Too young for its label to count, and how many of these have one already.
    NOT_MATURE = "not_mature"
    NOT_MATURE_LABELLED = "not_mature_labelled"
    #: Ruled: released or merely observed, sent to a person, forbidden.
    AUTOMATED = "automated"
    SENT = "sent"
    REFUSED = "refused"
    AUTOMATED_RIGHT = "automated_right"
    AUTOMATED_WRONG = "automated_wrong"
    #: Decided by people: as proposed, toward the positive outcome, away from it, or otherwise changed.
    KEPT = "kept"
    TOWARD = "toward"
    AWAY = "away"
    OTHER = "other"
    LAPSED = "lapsed"
    PEOPLE_RIGHT = "people_right"
    PEOPLE_WRONG = "people_wrong"
    #: Objected to by the person concerned, and what a second person said of it.
    OBJECTED = "objected"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class Metric(StrEnum):
    """The figures of a group: numerator over denominator, what 0 and 1 mean, and which way is better.

    "Neither" means that no size is good by itself, and that only a difference between groups says something.
    """

    #: Decided positive / all. 0: nobody gets it; 1: everybody. Neither.
    SELECTION_RATE = "selection_rate"
    #: True positives / those who should be positive (recall, sensitivity). 1: all of them found. Higher.
    TPR = "tpr"
    #: False positives / those who should not be positive. 0: none wrongly positive. Lower.
    FPR = "fpr"
    #: False negatives / those who should be positive: 1 - tpr. 0: none missed. Lower.
    FNR = "fnr"
    #: True negatives / those who should not be positive (specificity): 1 - fpr. Higher.
    TNR = "tnr"
    #: True positives / decided positive. 1: every positive decision was right. Higher.
    PRECISION = "precision"
    #: False positives / decided positive (false discovery rate): 1 - precision. Lower.
    FDR = "fdr"
    #: False negatives / decided negative (false omission rate): 1 - npv. Lower.
    FOR = "for"
    #: True negatives / decided negative (negative predictive value). Higher.
    NPV = "npv"
    #: Right about the positive outcome (without one: about the very outcome) / all with a label. Higher.
    ACCURACY = "accuracy"
    #: Right about the very outcome / all with a label; differs from accuracy with more than two outcomes. Higher.
    EXACT_ACCURACY = "exact_accuracy"
    #: Should be positive / all with a label. 0: nobody should; 1: everybody. Neither.
    BASE_RATE = "base_rate"
    #: With a label / all that are old enough for one. 1: all labels known. Higher.
    LABEL_COVERAGE = "label_coverage"
    #: False negatives / false positives (treatment equality); no share, so it may exceed 1. Neither.
    TREATMENT_EQUALITY = "treatment_equality"
    #: Sent to a person / all ruled. 0: nobody waits for a person; 1: everybody. Neither.
    REVIEW_RATE = "review_rate"
    #: Forbidden by the policy / all ruled. Neither.
    REFUSED_RATE = "refused_rate"
    #: Released (or merely observed) / all ruled. Neither.
    AUTOMATED_SHARE = "automated_share"
    #: Wrong among the released / released with a label. 0: none of what no person saw was wrong. Lower.
    AUTOMATED_ERROR = "automated_error"
    #: Changed by people / decided by people. 0: people kept all proposals; 1: none. Neither.
    OVERRIDE_RATE = "override_rate"
    #: Changed toward the positive outcome / decided by people. Neither.
    TOWARD_RATE = "toward_rate"
    #: Changed away from the positive outcome / decided by people. Neither.
    AWAY_RATE = "away_rate"
    #: Decided by the clock / decided by people or the clock. 0: everybody was seen by a person. Lower.
    LAPSED_RATE = "lapsed_rate"
    #: Wrong after people decided / decided by people with a label. Lower.
    REVIEW_ERROR = "review_error"
    #: Objected to / all decided. 0: nobody objected; 1: everybody did. Neither: who knows how to object is not who was wronged.
    APPEAL_RATE = "appeal_rate"
    #: Upheld / objections that were answered. 0: no objection was right; 1: all were. Lower.
    UPHELD_RATE = "upheld_rate"


class Direction(StrEnum):
    """Which way a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a figure is made of.

    ``given`` says what its denominator fixes: what was decided stays estimable where labels are selective, what was right
    does not.
    """

    numerator: tuple[Part, ...]
    denominator: tuple[Part, ...]
    better: Direction = Direction.NEITHER
    given: str | None = None


_LABELLED: Final = (Part.TP, Part.FP, Part.FN, Part.TN)
_SHOULD: Final = (Part.TP, Part.FN)
_SHOULD_NOT: Final = (Part.FP, Part.TN)
_RULED: Final = (Part.AUTOMATED, Part.SENT, Part.REFUSED)
_BY_PEOPLE: Final = (Part.KEPT, Part.TOWARD, Part.AWAY, Part.OTHER)


def _define(
    numerator: Part | tuple[Part, ...],
    denominator: tuple[Part, ...],
    better: Direction = Direction.NEITHER,
    given: str | None = None,
) -> Definition:
    above = numerator if isinstance(numerator, tuple) else (numerator,)
    return Definition(numerator=above, denominator=denominator, better=better, given=given)


#: What fixes the denominator of a figure that needs labels.
TRUTH, DECIDED_POSITIVE, DECIDED_NEGATIVE = "truth", "decided_positive", "decided_negative"

DEFINITIONS: Final[Mapping[Metric, Definition]] = {
    Metric.SELECTION_RATE: _define(Part.POSITIVE, (Part.POSITIVE, Part.NEGATIVE)),
    Metric.TPR: _define(Part.TP, _SHOULD, Direction.HIGHER, TRUTH),
    Metric.FPR: _define(Part.FP, _SHOULD_NOT, Direction.LOWER, TRUTH),
    Metric.FNR: _define(Part.FN, _SHOULD, Direction.LOWER, TRUTH),
    Metric.TNR: _define(Part.TN, _SHOULD_NOT, Direction.HIGHER, TRUTH),
    Metric.PRECISION: _define(Part.TP, (Part.TP, Part.FP), Direction.HIGHER, DECIDED_POSITIVE),
    Metric.FDR: _define(Part.FP, (Part.TP, Part.FP), Direction.LOWER, DECIDED_POSITIVE),
    Metric.FOR: _define(Part.FN, (Part.FN, Part.TN), Direction.LOWER, DECIDED_NEGATIVE),
    Metric.NPV: _define(Part.TN, (Part.FN, Part.TN), Direction.HIGHER, DECIDED_NEGATIVE),
    Metric.ACCURACY: _define(Part.AGREED, (Part.AGREED, Part.DIFFERED), Direction.HIGHER, TRUTH),
    Metric.EXACT_ACCURACY: _define(Part.EXACT, (Part.EXACT, Part.INEXACT), Direction.HIGHER, TRUTH),
    Metric.BASE_RATE: _define(_SHOULD, _LABELLED, given=TRUTH),
    Metric.LABEL_COVERAGE: _define(
        Part.KNOWN, (Part.KNOWN, Part.NOT_YET, Part.NEVER), Direction.HIGHER
    ),
    Metric.TREATMENT_EQUALITY: _define(Part.FN, (Part.FP,), given=TRUTH),
    Metric.REVIEW_RATE: _define(Part.SENT, _RULED),
    Metric.REFUSED_RATE: _define(Part.REFUSED, _RULED),
    Metric.AUTOMATED_SHARE: _define(Part.AUTOMATED, _RULED),
    Metric.AUTOMATED_ERROR: _define(
        Part.AUTOMATED_WRONG, (Part.AUTOMATED_RIGHT, Part.AUTOMATED_WRONG), Direction.LOWER
    ),
    Metric.OVERRIDE_RATE: _define((Part.TOWARD, Part.AWAY, Part.OTHER), _BY_PEOPLE),
    Metric.TOWARD_RATE: _define(Part.TOWARD, _BY_PEOPLE),
    Metric.AWAY_RATE: _define(Part.AWAY, _BY_PEOPLE),
    Metric.LAPSED_RATE: _define(Part.LAPSED, (*_BY_PEOPLE, Part.LAPSED), Direction.LOWER),
    Metric.REVIEW_ERROR: _define(
        Part.PEOPLE_WRONG, (Part.PEOPLE_RIGHT, Part.PEOPLE_WRONG), Direction.LOWER
    ),
    Metric.APPEAL_RATE: _define(Part.OBJECTED, (Part.ALL,)),
    Metric.UPHELD_RATE: _define(Part.UPHELD, (Part.UPHELD, Part.DISMISSED), Direction.LOWER),
}

_OF_OUTCOMES: Final = (
    Metric.SELECTION_RATE,
    Metric.TPR,
    Metric.FPR,
    Metric.FNR,
    Metric.TNR,
    Metric.PRECISION,
    Metric.FDR,
    Metric.FOR,
    Metric.NPV,
    Metric.ACCURACY,
    Metric.EXACT_ACCURACY,
    Metric.BASE_RATE,
    Metric.LABEL_COVERAGE,
    Metric.TREATMENT_EQUALITY,
)
#: The figures of each stage, in the order in which they are shown.
OF_STAGE: Final[Mapping[Stage, tuple[Metric, ...]]] = {
    Stage.PROPOSAL: _OF_OUTCOMES,
    Stage.ROUTING: (
        Metric.REVIEW_RATE,
        Metric.REFUSED_RATE,
        Metric.AUTOMATED_SHARE,
        Metric.AUTOMATED_ERROR,
    ),
    Stage.REVIEW: (
        Metric.OVERRIDE_RATE,
        Metric.TOWARD_RATE,
        Metric.AWAY_RATE,
        Metric.LAPSED_RATE,
        Metric.REVIEW_ERROR,
    ),
    Stage.OUTCOME: _OF_OUTCOMES,
    Stage.APPEAL: (Metric.APPEAL_RATE, Metric.UPHELD_RATE),
}
#: The figures whose largest gap between any two groups is told.
WIDEST: Final[Mapping[Stage, tuple[Metric, ...]]] = {
    Stage.PROPOSAL: (
        Metric.SELECTION_RATE,
        Metric.TPR,
        Metric.FPR,
        Metric.FNR,
        Metric.PRECISION,
        Metric.ACCURACY,
        Metric.EXACT_ACCURACY,
        Metric.BASE_RATE,
    ),
    Stage.ROUTING: (Metric.REVIEW_RATE, Metric.AUTOMATED_ERROR),
    Stage.REVIEW: (Metric.OVERRIDE_RATE, Metric.LAPSED_RATE),
    Stage.OUTCOME: (
        Metric.SELECTION_RATE,
        Metric.TPR,
        Metric.FPR,
        Metric.FNR,
        Metric.PRECISION,
        Metric.ACCURACY,
        Metric.EXACT_ACCURACY,
        Metric.BASE_RATE,
    ),
    Stage.APPEAL: (Metric.APPEAL_RATE, Metric.UPHELD_RATE),
}
#: Parts that are shown as the counts of a group.
COUNTED: Final[Mapping[Stage, tuple[Part, ...]]] = {
    Stage.PROPOSAL: (Part.POSITIVE, Part.NEGATIVE, *_LABELLED, Part.EXACT, Part.INEXACT),
    Stage.ROUTING: (*_RULED, Part.AUTOMATED_RIGHT, Part.AUTOMATED_WRONG),
    Stage.REVIEW: (*_BY_PEOPLE, Part.LAPSED, Part.PEOPLE_RIGHT, Part.PEOPLE_WRONG),
    Stage.OUTCOME: (Part.POSITIVE, Part.NEGATIVE, *_LABELLED, Part.EXACT, Part.INEXACT),
    Stage.APPEAL: (Part.OBJECTED, Part.UPHELD, Part.DISMISSED),
}


class Rate(NamedTuple):
    """A numerator and its denominator."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Divide; None where there is nothing to divide by."""
        return self.hits / self.of if self.of else None


Tally = Counter[Part]


def rate(metric: Metric, tally: Tally) -> Rate:
    """Take a figure's numerator and denominator from the counts of a group."""
    made_of = DEFINITIONS[metric]
    return Rate(
        sum(tally[part] for part in made_of.numerator),
        sum(tally[part] for part in made_of.denominator),
    )


def interval_of(metric: Metric, of: Rate, z: float) -> intervals.Interval | None:
    """Bound a figure; None where it is not estimable."""
    if not of.of:
        return None
    if metric is Metric.TREATMENT_EQUALITY:
        return intervals.odds(of.hits, of.of, z)
    return intervals.wilson(of.hits, of.of, z)


# ------------------------------------------------------------------------------------------ groups


def items_of(by: Iterable[str]) -> dict[Item, str]:
    """Read what to group by, each an attribute (``gender``) or several crossed (``gender*age_band``), with its name as asked.

    Attributes are put in order, as in the groups of cells; what is asked twice is given once.

    Raises:
        ValueError: an item names no attribute.
    """
    items: dict[Item, str] = {}
    for asked in by:
        item = tuple(sorted({name.strip() for name in asked.split("*")}))
        if not all(item):
            raise ValueError(
                f"“{asked}” names no attribute to group by; write gender, or gender*age_band."
            )
        items.setdefault(item, asked)
    return items


def group_in(group: Group, item: Item) -> Group | None:
    """Take the attributes of an item from a cell's group; None where one of them is unknown."""
    known = dict(group)
    taken = tuple((name, known.get(name, UNKNOWN)) for name in item)
    return None if any(value == UNKNOWN for _, value in taken) else taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """The counts of one stage, by item and group.

    ``everybody`` is all decisions of the stage, ``known`` those of which at least one asked item is known, ``unknown`` counts by
    item those of which it is not, and ``partly_unknown`` those of which any is not. ``left_out`` counts by reason
    what belongs to the stage and to no figure.
    """

    everybody: Tally = field(default_factory=Counter)
    known: Tally = field(default_factory=Counter)
    groups: Mapping[Item, dict[Group, Tally]]
    unknown: Counter[Item] = field(default_factory=Counter)
    partly_unknown: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def tally(
    cells: Iterable[Cell], stage: Stage, items: Iterable[Item], positive: frozenset[str]
) -> Tallies:
    """Add up the cells of one stage by item and group."""
    everybody: Tally = Counter()
    known_somewhere: Tally = Counter()
    groups: dict[Item, dict[Group, Tally]] = {item: {} for item in items}
    unknown: Counter[Item] = Counter()
    left_out: Counter[str] = Counter()
    partly_unknown = 0
    places: dict[Group, dict[Item, Group | None]] = {}
    for cell in cells:
        if cell.stage is not stage or not cell.count:
            continue
        # Objections are a part of what was decided, which is counted beside them.
        decisions = 0 if cell.stage is Stage.APPEAL and cell.value != DECIDED else cell.count
        reason = _left_out(cell)
        if reason is not None:
            left_out[reason] += cell.count
            continue
        if cell.group not in places:
            places[cell.group] = {item: group_in(cell.group, item) for item in groups}
        counted = [everybody]
        for item, group in places[cell.group].items():
            if group is None:
                unknown[item] += decisions
            else:
                counted.append(groups[item].setdefault(group, Counter()))
        if len(counted) > 1:
            counted.append(known_somewhere)
        if len(counted) < len(groups) + 2:
            partly_unknown += decisions if groups else 0
        for part in parts_of(cell, positive):
            for of in counted:
                of[part] += cell.count
    return Tallies(
        everybody=everybody,
        known=known_somewhere,
        groups=groups,
        unknown=unknown,
        partly_unknown=partly_unknown,
        left_out=left_out,
    )


def _left_out(cell: Cell) -> str | None:
    if cell.stage is Stage.PROPOSAL and not cell.value:
        return "no_proposal"
    if cell.stage is Stage.OUTCOME and not cell.value:
        return "no_outcome"
    if cell.stage is Stage.REVIEW and cell.value in {Reviewed.WAITING, Reviewed.WITHDRAWN}:
        return cell.value
    return None


def parts_of(cell: Cell, positive: frozenset[str]) -> list[Part]:
    """Say what the decisions of a cell are counted as."""
    if cell.stage is Stage.APPEAL and cell.value != DECIDED:
        return _appealed(cell)
    parts = [Part.ALL]
    if cell.imported:
        parts.append(Part.IMPORTED)
    labelled = cell.truth not in {NOT_YET, NEVER}
    if not cell.mature:
        parts.append(Part.NOT_MATURE)
        if labelled:
            parts.append(Part.NOT_MATURE_LABELLED)
    elif labelled:
        parts.append(Part.KNOWN)
    else:
        parts.append(Part.NEVER if cell.truth == NEVER else Part.NOT_YET)
    usable = cell.mature and labelled
    if cell.stage is Stage.ROUTING:
        parts += _routed(cell, usable=usable)
    elif cell.stage is Stage.REVIEW:
        parts += _reviewed(cell, usable=usable)
    elif cell.stage in {Stage.PROPOSAL, Stage.OUTCOME}:
        parts += _decided(cell, positive, usable=usable)
    return parts


def _appealed(cell: Cell) -> list[Part]:
    # Whoever took an objection back had objected; that it was not answered says nothing of who was right.
    answered = {Appealed.UPHELD: Part.UPHELD, Appealed.DISMISSED: Part.DISMISSED}
    said = answered.get(Appealed(cell.value))
    return [Part.OBJECTED] if said is None else [Part.OBJECTED, said]


def with_decided(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield the cells of appeals, and beside them what was decided and could be objected to."""
    for cell in cells:
        if cell.stage is Stage.APPEAL:
            yield cell
        elif cell.stage is Stage.OUTCOME and cell.value:
            yield replace(cell, stage=Stage.APPEAL, value=DECIDED, truth=NOT_YET)


def _decided(cell: Cell, positive: frozenset[str], *, usable: bool) -> Iterable[Part]:
    exact = cell.value == cell.truth
    if usable:
        yield Part.EXACT if exact else Part.INEXACT
    if not positive:
        if usable:
            yield Part.AGREED if exact else Part.DIFFERED
        return
    decided, right = cell.value in positive, cell.truth in positive
    yield Part.POSITIVE if decided else Part.NEGATIVE
    if usable:
        yield Part.AGREED if decided == right else Part.DIFFERED
        if decided:
            yield Part.TP if right else Part.FP
        else:
            yield Part.FN if right else Part.TN
    elif cell.mature:
        yield Part.UNLABELLED_POSITIVE if decided else Part.UNLABELLED_NEGATIVE


def _routed(cell: Cell, *, usable: bool) -> Iterable[Part]:
    if cell.value == Routed.REVIEW:
        yield Part.SENT
    elif cell.value == Routed.REFUSED:
        yield Part.REFUSED
    else:
        # What is merely observed goes out as the machine proposed it: no person sees it.
        yield Part.AUTOMATED
        if usable:
            yield Part.AUTOMATED_RIGHT if cell.truth == RIGHT else Part.AUTOMATED_WRONG


def _reviewed(cell: Cell, *, usable: bool) -> Iterable[Part]:
    yield Part(cell.value)
    if usable and cell.value != Reviewed.LAPSED:
        yield Part.PEOPLE_RIGHT if cell.truth == RIGHT else Part.PEOPLE_WRONG


# ------------------------------------------------------------------------------------------ labels


class Labels(StrEnum):
    """What the labels of a group allow to be said."""

    USABLE = "usable"
    NONE = "none"
    #: Labels (almost) only of those who were decided positive, decided negative, or released.
    ONLY_POSITIVE = "only_positive"
    ONLY_NEGATIVE = "only_negative"
    ONLY_RELEASED = "only_released"

    @property
    def selective(self) -> bool:
        """Say whether who has a label depends on what was decided."""
        return self in {Labels.ONLY_POSITIVE, Labels.ONLY_NEGATIVE, Labels.ONLY_RELEASED}


#: Labels are selective if one side has less than this part of the other's share of labels.
HARDLY_ANY: Final = 0.1
#: Labels are uneven, and the report says so, if one side has less than this part of the other's share.
UNEVEN: Final = 0.8
#: Of those who were not released at least so many would have to have a label, were labels given without regard to release.
WOULD_BE_LABELLED: Final = 5


def labels_of(of: Tally) -> Labels:
    """Say whether labels were given without regard to what was decided.

    True and false positive rates are not identified where one side was never labelled, and would look perfect: Lakkaraju, H.
    et al. (2017), "The selective labels problem", KDD.
    """
    if not of[Part.KNOWN]:
        return Labels.NONE
    above, below = _coverages(of)
    if above is None or below is None:
        return Labels.USABLE
    if below < HARDLY_ANY * above:
        return Labels.ONLY_POSITIVE
    if above < HARDLY_ANY * below:
        return Labels.ONLY_NEGATIVE
    return Labels.USABLE


def uneven(of: Tally) -> bool:
    """Say whether one side of what was decided has clearly fewer labels, so that rates lean to the other."""
    above, below = _coverages(of)
    return (
        above is not None and below is not None and min(above, below) < UNEVEN * max(above, below)
    )


def _coverages(of: Tally) -> tuple[float | None, float | None]:
    """Give the share of labels among decided positive and decided negative."""
    above, below = of[Part.TP] + of[Part.FP], of[Part.FN] + of[Part.TN]
    return (
        Rate(above, above + of[Part.UNLABELLED_POSITIVE]).value,
        Rate(below, below + of[Part.UNLABELLED_NEGATIVE]).value,
    )


def only_released_are_labelled(cells: Iterable[Cell]) -> bool:
    """Say from the cells of routing whether labels exist among the released alone."""
    known, unknown, known_others, others = 0, 0, 0, 0
    for cell in cells:
        if cell.stage is not Stage.ROUTING or not cell.mature:
            continue
        labelled = cell.count if cell.truth not in {NOT_YET, NEVER} else 0
        if cell.value in {Routed.RELEASED, Routed.OBSERVED}:
            known += labelled
            unknown += cell.count - labelled
        else:
            known_others += labelled
            others += cell.count
    if not known:
        return False
    coverage = known / (known + unknown)
    expected = others * coverage
    return expected >= WOULD_BE_LABELLED and known_others < HARDLY_ANY * expected


def estimable(metric: Metric, labels: Labels) -> bool:
    """Say whether the labels there are identify a figure."""
    given = DEFINITIONS[metric].given
    if given is None or not labels.selective:
        return True
    if labels is Labels.ONLY_POSITIVE:
        return given == DECIDED_POSITIVE
    if labels is Labels.ONLY_NEGATIVE:
        return given == DECIDED_NEGATIVE
    return given != TRUTH


def worst_case(of: Tally) -> dict[Metric, intervals.Interval]:
    """Bound figures that selective labels do not identify, whatever the missing labels are.

    Manski, C. F. (1989), Journal of Human Resources 24, 343-360. Figures without any bound are left out.
    """
    tp, fp, fn, tn = (of[part] for part in _LABELLED)
    above, below = of[Part.UNLABELLED_POSITIVE], of[Part.UNLABELLED_NEGATIVE]
    everybody = tp + fp + fn + tn + above + below
    pairs = {
        Metric.TPR: (Rate(tp, tp + fn + below), Rate(tp + above, tp + above + fn)),
        Metric.FPR: (Rate(fp, fp + tn + below), Rate(fp + above, fp + above + tn)),
        Metric.ACCURACY: (Rate(tp + tn, everybody), Rate(tp + tn + above + below, everybody)),
        Metric.BASE_RATE: (Rate(tp + fn, everybody), Rate(tp + fn + above + below, everybody)),
    }
    bounds: dict[Metric, intervals.Interval] = {}
    for metric, (lowest, highest) in pairs.items():
        low, high = lowest.value, highest.value
        if low is not None and high is not None:
            bounds[metric] = (low, high)
    if Metric.TPR in bounds:
        bounds[Metric.FNR] = (1 - bounds[Metric.TPR][1], 1 - bounds[Metric.TPR][0])
    return bounds


# -------------------------------------------------------------------------------- all groups at once


class Gap(NamedTuple):
    """The largest gap between any two groups: the value, and the groups with the lowest and highest rate."""

    value: float | None
    lowest: Group
    highest: Group


def widest_gap(rates: Mapping[Group, float]) -> tuple[Gap, Gap] | None:
    """Find the largest difference and the smallest ratio between any two groups.

    The difference is 0 and the ratio 1 where all are alike. Both grow with the number of groups and the smallness of the smallest,
    also where nothing is wrong: they carry no interval and no verdict. The ratio is None where every rate is 0.
    """
    if len(rates) < 2:
        return None
    lowest = min(rates, key=lambda group: (rates[group], group))
    highest = max(rates, key=lambda group: (rates[group], group))
    low, high = rates[lowest], rates[highest]
    return (
        Gap(high - low, lowest, highest),
        Gap(low / high if high > 0 else None, lowest, highest),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inequality:
    """How unequally right and wrong decisions fall on people; 0: everybody is treated alike.

    ``between`` is the part of the first index that lies between groups.
    """

    generalized_entropy: float
    theil: float
    between: float | None = None


def inequality(groups: Sequence[Tally]) -> Inequality | None:
    """Compute the generalized entropy index (alpha 2) and Theil's index of the benefit of decisions, and the part between groups.

    The benefit is 2 for a false positive, 1 for a right decision and 0 for a false negative: Speicher, T. et al. (2018), "A unified
    approach to quantifying algorithmic unfairness", KDD. None without labels, or where all benefits are 0.
    """
    twos = sum(of[Part.FP] for of in groups)
    ones = sum(of[Part.TP] + of[Part.TN] for of in groups)
    number = twos + ones + sum(of[Part.FN] for of in groups)
    if not twos + ones:
        return None
    mean = (2 * twos + ones) / number
    square = (4 * twos + ones) / number
    high, low = 2 / mean, 1 / mean
    theil = (twos * high * math.log(high) + ones * low * math.log(low)) / number
    between = math.fsum(_between(of, mean) for of in groups) / number
    return Inequality(
        generalized_entropy=(square / mean**2 - 1) / 2,
        theil=max(0.0, theil),
        between=between if len(groups) > 1 else None,
    )


def _between(of: Tally, mean: float) -> float:
    number = sum(of[part] for part in _LABELLED)
    if not number:
        return 0.0
    own = (2 * of[Part.FP] + of[Part.TP] + of[Part.TN]) / number
    return number * ((own / mean) ** 2 - 1) / 2


def rows_for_oracle(
    cells: Iterable[Cell],
    by: str,
    *,
    positive: frozenset[str],
    stage: Stage = Stage.PROPOSAL,
) -> list[tuple[Group, int | None, int, int]]:
    """Give weighted rows for another library: group, label, decision (1 is positive) and how many.

    The label is None where there is none, or where the decisions are too young for it to count; unknown groups are left out.
    """
    (item,) = items_of([by])
    rows: Counter[tuple[Group, int | None, int]] = Counter()
    for cell in cells:
        if cell.stage is not stage or not cell.count or _left_out(cell) is not None:
            continue
        group = group_in(cell.group, item)
        if group is None:
            continue
        labelled = cell.mature and cell.truth not in {NOT_YET, NEVER}
        truth = int(cell.truth in positive) if labelled else None
        rows[group, truth, int(cell.value in positive)] += cell.count
    order = sorted(rows, key=lambda row: (row[0], -1 if row[1] is None else row[1], row[2]))
    return [(*row, rows[row]) for row in order]
