"""M8 and M9: do people override more against one group than another at the same score, and who waits and is misjudged by machine?

From counts by group alone, over all reviewers together: no figure joins a reviewer with a group.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from audits.fairness import strata, testing
from audits.fairness.comparisons import reference_of
from audits.fairness.counts import Counts, Group, Measure
from audits.fairness.groups import Grouped, Grouping, of_groups
from audits.fairness.intervals import newcombe
from audits.fairness.metrics import Item, Rate, items_of
from audits.fairness.mix import waits_report
from audits.fairness.strata import Stratum
from audits.oversight.plan import Volume
from audits.oversight.records import GroupCounts, OverrideCell, QueueCell


class Direction(StrEnum):
    """Which way an override goes for the person concerned."""

    #: From the positive outcome to another.
    AGAINST = "against"
    #: From another outcome to the positive one.
    FOR = "for"


class Leaning(StrEnum):
    """What the comparison of a group with its reference says."""

    MORE = "more"
    LESS = "less"
    #: No difference beyond chance is seen.
    EVEN = "even"
    TOO_FEW = "too_few"
    UNDEFINED = "undefined"


#: The chance of calling any difference real that is none, over all comparisons of a figure.
LEVEL: Final = 0.05


def measure_of(counts: GroupCounts, volume: Volume) -> Measure:
    return Measure(reference=counts.reference or {}, enough=volume.plan.group)


def reference(
    counts: GroupCounts, item: Item, sizes: Mapping[Group, int], volume: Volume
) -> Group | None:
    """Choose whom the groups of an item are compared with, the same in every figure wherever that group is in it.

    It is whom the counts name, else the largest among all decisions, or among all reviews where decisions are not counted.
    """
    measure = measure_of(counts, volume)
    every: tuple[Sequence[Grouped], ...] = (counts.queue, counts.overrides, counts.appeals)
    for cells in every:
        whole = {
            group: sum(cell.count for cell in own) for group, own in of_groups(cells, item).items()
        }
        found = reference_of(item, whole, measure)
        if found is not None and found[0] in sizes:
            return found[0]
        if found is not None:
            break
    found = reference_of(item, sizes, measure)
    return None if found is None else found[0]


def overrides(counts: GroupCounts, volume: Volume) -> dict[str, Any]:
    """Write M8: overrides against and for each group beside its reference, compared within bands of score.

    Against: positive proposals turned to another outcome, of all positive ones reviewed. For: other proposals turned positive, of all others.
    Bands are put together by the weights and the test of Mantel and Haenszel (1959; ``fairness.strata``), and p-values of all groups
    and both directions are adjusted by Holm's method. A direction needs ``plan.group`` reviews on both sides. A difference is no proof of ill
    will: it may stem from the machine erring more about one group, which people then put right. Albright (2019) found judges who
    overrode more harshly for Black defendants at equal scores.
    """
    rows = [
        row
        for item in items_of(counts.attributes)
        for direction in Direction
        for row in _compared(counts, item, direction, volume)
    ]
    tested = [row for row in rows if row["enough"] and row["p_value"] is not None]
    adjusted = testing.holm([row["p_value"] for row in tested])
    for row, p_holm in zip(tested, adjusted, strict=True):
        row["p_holm"] = p_holm
    for row in rows:
        row["says"] = _leaning(row).value
    return {"comparisons": rows}


def _compared(
    counts: GroupCounts, item: Item, direction: Direction, volume: Volume
) -> Iterable[dict[str, Any]]:
    wanted = direction is Direction.AGAINST
    split = of_groups((cell for cell in counts.overrides if cell.positive is wanted), item)
    sizes = {group: sum(cell.count for cell in own) for group, own in split.items()}
    base = reference(counts, item, sizes, volume)
    if base is None:
        return
    other = _by_band(split[base])
    for group, cells in split.items():
        if group == base:
            continue
        own = _by_band(cells)
        none = Rate(0, 0)
        bands = [
            Stratum(band, own.get(band, none), other.get(band, none))
            for band in sorted({*own, *other})
        ]
        fewer = min(sizes[group], sizes[base])
        yield {
            "direction": direction.value,
            "group": dict(group),
            "reference": dict(base),
            "own": _rate(own.values(), volume),
            "other": _rate(other.values(), volume),
            **strata.document(bands, volume.plan.z),
            "p_holm": None,
            **volume.standing(fewer, least=volume.plan.group),
        }


def _by_band(cells: Iterable[OverrideCell]) -> dict[str, Rate]:
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for cell in cells:
        found[cell.band][0] += cell.count * cell.overridden
        found[cell.band][1] += cell.count
    return {band: Rate(hits, of) for band, (hits, of) in found.items()}


def _rate(rates: Iterable[Rate], volume: Volume) -> dict[str, Any]:
    listed = list(rates)
    hits, of = sum(one.hits for one in listed), sum(one.of for one in listed)
    return volume.share(hits, of, least=volume.plan.group)


def _leaning(row: Mapping[str, Any]) -> Leaning:
    if not row["enough"]:
        return Leaning.TOO_FEW
    if row["difference"] is None or row["p_holm"] is None:
        return Leaning.UNDEFINED
    if row["p_holm"] > LEVEL:
        return Leaning.EVEN
    return Leaning.MORE if row["difference"] > 0 else Leaning.LESS


# ------------------------------------------------------------------------------------ queues


def queues(counts: GroupCounts, volume: Volume, *, since: str, until: str) -> dict[str, Any]:
    """Write M9: who had to wait for a person, how long, and how often the machine alone was wrong, by group.

    ``queued``: sent to a person, of all decisions. ``wrong``: wrong, of those decided without a person whose truth is known. Each rate with
    Wilson's interval and, against the reference, the difference with Newcombe's. Leaving the least sure cases to people can widen the gap in
    what stays automated (Jones et al. 2021). Waits are those of ``fairness.mix``.
    """
    found = Counts(
        decision_point="",
        kind="",
        since=since,
        until=until,
        outcomes={},
        attributes=counts.attributes,
        measure=measure_of(counts, volume),
        waits=counts.waits,
    )
    return {
        "queued": rates_of(counts, counts.queue, volume, _queued),
        "wrong": rates_of(counts, counts.queue, volume, _wrong),
        "waits": waits_report(found, list(counts.attributes), confidence=volume.plan.confidence),
    }


def _queued(cells: Sequence[QueueCell]) -> tuple[int, int]:
    return sum(one.count for one in cells if one.queued), sum(one.count for one in cells)


def _wrong(cells: Sequence[QueueCell]) -> tuple[int, int]:
    known = [one for one in cells if not one.queued and one.wrong is not None]
    return sum(one.count for one in known if one.wrong), sum(one.count for one in known)


def rates_of(
    counts: GroupCounts,
    cells: Iterable[Grouping],
    volume: Volume,
    split: Callable[[Sequence[Grouping]], tuple[int, int]],
    *,
    least: int | None = None,
) -> list[dict[str, Any]]:
    """Write a rate of each group, beside that of the group it is compared with; what is of no known group is left out."""
    listed = list(cells)
    needed = volume.plan.group if least is None else least
    rows: list[dict[str, Any]] = []
    for item in items_of(counts.attributes):
        rates: dict[Group, tuple[int, int]] = {
            group: split(own) for group, own in of_groups(listed, item).items()
        }
        sizes = {group: of for group, (_, of) in rates.items() if of}
        base = reference(counts, item, sizes, volume)
        for group, (hits, of) in rates.items():
            difference = None
            if base is not None and group != base and of:
                difference = list(newcombe(hits, of, *rates[base], volume.plan.z))
            rows.append(
                {
                    "group": dict(group),
                    "reference": None if base is None else dict(base),
                    **volume.share(hits, of, least=needed),
                    "difference_interval": difference,
                }
            )
    return rows
