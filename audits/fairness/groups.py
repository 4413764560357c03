"""Put cells of any kind together by group, find the group that others are compared with, and write a share as a report holds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

from audits.fairness.comparisons import reference_of
from audits.fairness.counts import Counts, Group, Measure, Stage
from audits.fairness.intervals import wilson
from audits.fairness.metrics import Item, group_in, tally
from audits.fairness.stages import choose


class Grouped(Protocol):
    """Anything that is counted by group."""

    @property
    def group(self) -> Group:
        """Give the group, as far as it is known."""

    @property
    def count(self) -> int:
        """Say of how many."""


Grouping = TypeVar("Grouping", bound=Grouped)


def of_groups(cells: Iterable[Grouping], item: Item) -> dict[Group, list[Grouping]]:
    """Sort cells by the attributes of an item, in the order of their values; what is of no known group is left out."""
    places: dict[Group, Group | None] = {}
    found: dict[Group, list[Grouping]] = {}
    for cell in cells:
        if not cell.count:
            continue
        if cell.group not in places:
            places[cell.group] = group_in(cell.group, item)
        group = places[cell.group]
        if group is not None:
            found.setdefault(group, []).append(cell)
    return dict(sorted(found.items()))


def references(counts: Counts, items: Iterable[Item]) -> dict[Item, Group]:
    """Choose for each item the group that others are compared with, the same for every part of a report.

    It is that of the first stage which has groups: among proposals, wherever there are any.
    """
    found: dict[Item, Group] = {}
    for item in items:
        proposals = of_groups(
            (cell for cell in counts.cells if cell.stage is Stage.PROPOSAL and cell.value), item
        )
        sizes = {group: sum(cell.count for cell in own) for group, own in proposals.items()}
        chosen = reference_of(item, sizes, counts.measure)
        equals = chosen is not None and list(sizes.values()).count(sizes[chosen[0]]) > 1
        # All parts of a tally are needed only to tell equally large groups apart, or where nothing was proposed.
        group = _by_tally(counts, item) if chosen is None or equals else chosen[0]
        if group is not None:
            found[item] = group
    return found


def _by_tally(counts: Counts, item: Item) -> Group | None:
    for stage in (Stage.PROPOSAL, Stage.ROUTING, Stage.REVIEW, Stage.OUTCOME):
        tallies = tally(counts.cells, stage, [item], counts.measure.positive).groups[item]
        chosen = choose(item, tallies, counts.measure)
        if chosen is not None:
            return chosen
    return None


def base(
    item: Item, chosen: Mapping[Item, Group], sizes: Mapping[Group, int], measure: Measure
) -> Group | None:
    """Give the chosen group of an item where it is among these, else the one that would be chosen among these."""
    if chosen.get(item) in sizes:
        return chosen[item]
    found = reference_of(item, sizes, measure)
    return None if found is None else found[0]


def share(part: float, of: float) -> float | None:
    """Divide; None where there is nothing to divide by."""
    return part / of if of else None


def bounded(part: float, of: float, z: float) -> list[float] | None:
    """Bound a share by Wilson's interval; None where there is nothing to divide by."""
    return list(wilson(part, of, z)) if of else None
