"""Does a difference between groups remain among those who are alike in what may matter?

A rate that differs overall may be the same within every class of a legitimate feature, or the other way round (Simpson's
paradox). Here groups are compared within each class, and the comparisons are put together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from audits.fairness import intervals, testing
from audits.fairness.comparisons import finite
from audits.fairness.counts import Group, Stage, StratumCell
from audits.fairness.metrics import Item, Rate, group_in

#: Two rates whose difference is smaller than this are the same.
_SAME: Final = 1e-12


class Stratum(NamedTuple):
    """One class of a feature: the rate of the group and of the reference."""

    value: str
    group: Rate
    reference: Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """Strata put together.

    ``ratio`` and ``difference`` are weighted means over classes that both groups are in; 1 and 0 mean that within classes the group is
    treated as the reference is. ``p_value`` tests that no class differs. ``demographic_disparity`` is the group's share of
    the not selected less its share of the selected, averaged over classes; more than 0: it has more of the not selected.
    ``reversed`` says that the overall difference points the other way.
    """

    ratio: float | None
    ratio_interval: intervals.Interval | None
    difference: float | None
    difference_interval: intervals.Interval | None
    crude_ratio: float | None
    crude_difference: float | None
    p_value: float | None
    demographic_disparity: float | None
    compared: int
    left_out: int
    reversed: bool


def conditional(strata: Sequence[Stratum], z: float) -> Conditional:
    """Put comparisons within strata together by the weights of Mantel and Haenszel.

    Mantel, N. and Haenszel, W. (1959), JNCI 22, 719-748 (weights and test); Greenland, S. and Robins, J. M. (1985),
    Biometrics 41, 55-68 (variance of the ratio's logarithm); Sato, T. (1989), Biometrics 45, 1323-1324 (variance of the
    difference); Wachter, S. et al. (2021), Computer Law and Security Review 41, 105567 (conditional demographic disparity).
    """
    usable = [one for one in strata if one.group.of and one.reference.of]
    everybody = sum(one.group.of + one.reference.of for one in strata)
    compared = sum(one.group.of + one.reference.of for one in usable)
    crude_ratio, crude_difference = _crude(strata)
    difference, difference_interval = _difference(usable, z)
    ratio, ratio_interval = _ratio(usable, z)
    return Conditional(
        ratio=ratio,
        ratio_interval=ratio_interval,
        difference=difference,
        difference_interval=difference_interval,
        crude_ratio=crude_ratio,
        crude_difference=crude_difference,
        p_value=_p_value(usable),
        demographic_disparity=_demographic_disparity(strata),
        compared=compared,
        left_out=everybody - compared,
        reversed=(
            difference is not None
            and crude_difference is not None
            and difference * crude_difference < 0
            and min(abs(difference), abs(crude_difference)) > _SAME
        ),
    )


def _crude(strata: Sequence[Stratum]) -> tuple[float | None, float | None]:
    own = Rate(sum(one.group.hits for one in strata), sum(one.group.of for one in strata)).value
    other = Rate(
        sum(one.reference.hits for one in strata), sum(one.reference.of for one in strata)
    ).value
    if own is None or other is None:
        return None, None
    return own / other if other > 0 else None, own - other


def _ratio(strata: Sequence[Stratum], z: float) -> tuple[float | None, intervals.Interval | None]:
    own = math.fsum(one.group.hits * one.reference.of / _size(one) for one in strata)
    other = math.fsum(one.reference.hits * one.group.of / _size(one) for one in strata)
    if other <= 0:
        return None, None
    if own <= 0:
        return 0.0, None  # The logarithm has no bound; the difference has one.
    variance = math.fsum(
        (
            (one.group.hits + one.reference.hits) * one.group.of * one.reference.of
            - one.group.hits * one.reference.hits * _size(one)
        )
        / _size(one) ** 2
        for one in strata
    ) / (own * other)
    half = z * math.sqrt(max(0.0, variance))
    ratio = own / other
    return ratio, (ratio * math.exp(-half), ratio * math.exp(half))


def _difference(
    strata: Sequence[Stratum], z: float
) -> tuple[float | None, intervals.Interval | None]:
    weight = math.fsum(one.group.of * one.reference.of / _size(one) for one in strata)
    if weight <= 0:
        return None, None
    difference = (
        math.fsum(
            (one.group.hits * one.reference.of - one.reference.hits * one.group.of) / _size(one)
            for one in strata
        )
        / weight
    )
    first = math.fsum(
        (
            one.group.of**2 * one.reference.hits
            - one.reference.of**2 * one.group.hits
            + one.group.of * one.reference.of * (one.reference.of - one.group.of) / 2
        )
        / _size(one) ** 2
        for one in strata
    )
    second = math.fsum(
        (
            one.group.hits * (one.reference.of - one.reference.hits)
            + one.reference.hits * (one.group.of - one.group.hits)
        )
        / (2 * _size(one))
        for one in strata
    )
    variance = max(0.0, difference * first + second) / weight**2
    half = z * math.sqrt(variance)
    return difference, (max(-1.0, difference - half), min(1.0, difference + half))


def _p_value(strata: Sequence[Stratum]) -> float | None:
    excess, variance = 0.0, 0.0
    for one in strata:
        size, hits = _size(one), one.group.hits + one.reference.hits
        if size < 2:
            continue
        excess += one.group.hits - one.group.of * hits / size
        variance += one.group.of * one.reference.of * hits * (size - hits) / (size**2 * (size - 1))
    return testing.chi2_sf(excess**2 / variance, 1) if variance > 0 else None


def _demographic_disparity(strata: Sequence[Stratum]) -> float | None:
    total, weighted = 0, 0.0
    for one in strata:
        selected = one.group.hits + one.reference.hits
        rejected = _size(one) - selected
        if not selected or not rejected:
            continue
        share = (one.group.of - one.group.hits) / rejected - one.group.hits / selected
        total += _size(one)
        weighted += _size(one) * share
    return weighted / total if total else None


def _size(one: Stratum) -> int:
    return one.group.of + one.reference.of


Rates = Mapping[Group, Mapping[str, Rate]]


def rates_within(
    cells: Iterable[StratumCell], item: Item
) -> dict[tuple[Stage, str], dict[Group, dict[str, Rate]]]:
    """Add up cells: by stage and feature, for each known group, the rate within each class."""
    totals: dict[tuple[Stage, str], dict[Group, Counter[tuple[str, bool]]]] = {}
    for cell in cells:
        group = group_in(cell.group, item)
        if group is None:
            continue
        groups = totals.setdefault((cell.stage, cell.feature), {})
        groups.setdefault(group, Counter())[cell.value, cell.positive] += cell.count
    return {
        key: {
            group: {
                value: Rate(found[value, True], found[value, True] + found[value, False])
                for value in sorted({value for value, _ in found})
            }
            for group, found in groups.items()
        }
        for key, groups in totals.items()
    }


def between(rates: Rates, group: Group, reference: Group) -> list[Stratum]:
    """Lay the classes of a group beside those of its reference."""
    own, other = rates.get(group, {}), rates.get(reference, {})
    return [
        Stratum(value, own.get(value, Rate(0, 0)), other.get(value, Rate(0, 0)))
        for value in sorted({*own, *other})
    ]


def document(strata: Sequence[Stratum], z: float) -> dict[str, Any]:
    """Write a conditional comparison as a report holds it, with each class."""
    found = conditional(strata, z)
    return {
        "ratio": found.ratio,
        "ratio_interval": None if found.ratio_interval is None else finite(found.ratio_interval),
        "difference": found.difference,
        "difference_interval": (
            None if found.difference_interval is None else finite(found.difference_interval)
        ),
        "crude_ratio": found.crude_ratio,
        "crude_difference": found.crude_difference,
        "p_value": found.p_value,
        "demographic_disparity": found.demographic_disparity,
        "compared": found.compared,
        "left_out": found.left_out,
        "reversed": found.reversed,
        "strata": [
            {
                "value": one.value,
                "group": {"rate": one.group.value, "of": list(one.group)},
                "reference": {"rate": one.reference.value, "of": list(one.reference)},
            }
            for one in strata
        ],
    }
