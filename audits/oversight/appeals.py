"""M11: how often is a decision appealed, how often does another person find it wrong, and for whom?

An appeal is a check from outside: neither the machine nor the reviewer chose it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audits.oversight import disparity
from audits.oversight.plan import Volume
from audits.oversight.records import AppealCell, GroupCounts, Path


def document(counts: GroupCounts, volume: Volume) -> dict[str, Any]:
    """Write the rate of appeals of all decisions and the rate overturned of those answered: over all, by how the decision was made, by group.

    Range 0 to 1, Wilson's intervals. Few appeals may mean few mistakes, or that nobody knows how; those who appeal are not everybody. ``waiting``
    counts appeals without an answer yet, which are in no rate of what was overturned.
    """
    cells = [cell for cell in counts.appeals if cell.count]
    answered = [cell for cell in cells if cell.overturned is not None]
    return {
        **_pair(cells, volume),
        "waiting": sum(cell.count for cell in cells if cell.appealed and cell.overturned is None),
        "by_path": [
            {"path": path.value, **_pair([cell for cell in cells if cell.path is path], volume)}
            for path in Path
        ],
        "appealed_by_group": disparity.rates_of(counts, cells, volume, _appealed),
        "overturned_by_group": disparity.rates_of(
            counts, answered, volume, _overturned, least=volume.plan.appeals
        ),
    }


def _pair(cells: Sequence[AppealCell], volume: Volume) -> dict[str, Any]:
    return {
        "appealed": volume.share(*_appealed(cells), least=volume.plan.group),
        "overturned": volume.share(*_overturned(cells), least=volume.plan.appeals),
    }


def _appealed(cells: Sequence[AppealCell]) -> tuple[int, int]:
    return sum(one.count for one in cells if one.appealed), sum(one.count for one in cells)


def _overturned(cells: Sequence[AppealCell]) -> tuple[int, int]:
    known = [one for one in cells if one.overturned is not None]
    return sum(one.count for one in known if one.overturned), sum(one.count for one in known)
