"""Which outcomes does each group get, how long do its people wait, and how do they rate it?

A mix may differ with good reason, so nothing here is a verdict: shares with intervals, a test of whether groups may share
one mix, and how strongly they differ if they do not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from audits.fairness.counts import (
    NEVER,
    NOT_YET,
    WAIT_MINUTES,
    Cell,
    Counts,
    Group,
    Measure,
    RatingCell,
    Stage,
    WaitCell,
)
from audits.fairness.groups import base, bounded, of_groups, references, share
from audits.fairness.intervals import Interval, newcombe, wilson, z_of
from audits.fairness.metrics import Item, items_of
from audits.fairness.testing import EXPECTED_ENOUGH, chi2_sf

LONG_WAITS: Final[Mapping[str, int]] = {"over_4h": 240, "over_24h": 1440}
"""Waits in minutes whose shares are told; each is the upper bound of a class, so the shares are exact."""

SCALES: Final[Mapping[str, tuple[int, int]]] = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10)}
"""Lowest and highest rating of each scale."""

_CONTENT: Final[Mapping[str, int]] = {"csat": 4, "ces": 5}
_PROMOTERS_FROM: Final = 9
_DETRACTORS_TO: Final = 6


# ---------------------------------------------------------------------------------------- mix


def mix_report(counts: Counts, by: Sequence[str], *, confidence: float = 0.95) -> dict[str, Any]:
    """Tell which outcomes were proposed to and decided for each group, and what came of them.

    ``stages`` holds a table for each attribute, at the proposal and at the outcome; decisions without one are left out.
    Where several of many outcomes are positive (offers, say), a second table tells the mix among those alone.
    ``acceptance`` (personalization) is how often what was offered turned out right, beside how often it was offered, and
    ``wrong_team`` (routing) how often it did not; both among decisions whose truth is known, None for other kinds.
    """
    z, items = z_of(confidence), items_of(by)
    told: dict[str, Any] = {"stages": {}, "acceptance": None, "wrong_team": None}
    stages = (Stage.PROPOSAL, Stage.OUTCOME)
    for stage in stages:
        cells = _with_value(counts, stage)
        told["stages"][stage.value] = [
            table
            for item, asked in items.items()
            for table in (
                _table(counts, item, asked, cells, z=z, among=None),
                _table(counts, item, asked, cells, z=z, among=_several_positive(counts)),
            )
            if table is not None
        ]
    if counts.kind == "personalization":
        told["acceptance"] = {stage.value: _acceptance(counts, items, stage, z) for stage in stages}
    if counts.kind == "routing":
        told["wrong_team"] = {stage.value: _wrong_team(counts, items, stage, z) for stage in stages}
    return told


def _with_value(counts: Counts, stage: Stage) -> list[Cell]:
    return [cell for cell in counts.cells if cell.stage is stage and cell.value and cell.count]


def _several_positive(counts: Counts) -> frozenset[str]:
    positive = counts.measure.positive & set(counts.outcomes)
    return positive if 1 < len(positive) < len(counts.outcomes) else frozenset()


def _table(
    counts: Counts,
    item: Item,
    asked: str,
    cells: Iterable[Cell],
    *,
    z: float,
    among: frozenset[str] | None,
) -> dict[str, Any] | None:
    """Make the table of one attribute; None where it would be empty, or where it is asked for among no outcomes."""
    taken = [cell for cell in cells if among is None or cell.value in among]
    groups: dict[Group, dict[str, int]] = {}
    for group, own in of_groups(taken, item).items():
        row = groups.setdefault(group, {})
        for cell in own:
            row[cell.value] = row.get(cell.value, 0) + cell.count
    if not groups:
        return None
    found = {name for row in groups.values() for name in row}
    declared = [name for name in counts.outcomes if among is None or name in among]
    outcomes = [*declared, *sorted(found - set(declared))]
    told = []
    for group, row in groups.items():
        count = sum(row.values())
        told.append(
            {
                "group": dict(group),
                "count": count,
                "enough": count >= counts.measure.enough,
                "counts": {name: row.get(name, 0) for name in outcomes},
                "shares": {name: row.get(name, 0) / count for name in outcomes},
                "intervals": {name: bounded(row.get(name, 0), count, z) for name in outcomes},
            }
        )
    return {
        "by": asked,
        "among": "all" if among is None else "positive",
        "outcomes": outcomes,
        "groups": told,
        "test": same_mix(groups, enough=counts.measure.enough),
    }


def same_mix(
    groups: Mapping[Group, Mapping[str, int]], *, enough: int = 1
) -> dict[str, Any] | None:
    """Test whether groups may share one mix of outcomes, and measure how strongly they differ.

    Pearson's chi-squared over the groups that have enough. Outcomes so rare that fewer than five are expected somewhere
    are taken together (``pooled``), since the test does not hold for them (Cochran 1954). Cramer's V runs from 0 (the same
    mix) to 1 (each group has its own outcomes) and is corrected for what chance alone would show (Bergsma 2013, Journal of
    the Korean Statistical Society 42:323). None where fewer than two groups or outcomes are left.
    """
    rows = {group: row for group, row in groups.items() if sum(row.values()) >= max(enough, 1)}
    totals: dict[str, int] = {}
    for row in rows.values():
        for name, count in row.items():
            totals[name] = totals.get(name, 0) + count
    count = sum(totals.values())
    if len(rows) < 2:
        return None
    smallest = min(sum(row.values()) for row in rows.values()) / count
    pooled: list[str] = []
    kept: list[str] = []
    for name in sorted(totals, key=lambda name: (totals[name], name)):
        together = sum(totals[rare] for rare in pooled)
        rare = totals[name] * smallest < EXPECTED_ENOUGH
        if rare or 0 < together * smallest < EXPECTED_ENOUGH:
            pooled.append(name)
        else:
            kept.append(name)
    columns = [[name] for name in kept] + ([pooled] if pooled else [])
    if len(columns) < 2:
        return None
    table = [
        [sum(row.get(name, 0) for name in column) for column in columns] for row in rows.values()
    ]
    chi2 = _chi2(table)
    df = (len(rows) - 1) * (len(columns) - 1)
    return {
        "chi2": chi2,
        "df": df,
        "p_value": chi2_sf(chi2, df),
        "cramers_v": _cramers_v(chi2, count, len(rows), len(columns)),
        "groups": [dict(group) for group in rows],
        "pooled": sorted(pooled) if len(pooled) > 1 else [],
    }


def _chi2(table: Sequence[Sequence[int]]) -> float:
    of_rows = [sum(row) for row in table]
    of_columns = [sum(column) for column in zip(*table, strict=True)]
    count = sum(of_rows)
    return math.fsum(
        (cell - of_row * of_column / count) ** 2 / (of_row * of_column / count)
        for row, of_row in zip(table, of_rows, strict=True)
        for cell, of_column in zip(row, of_columns, strict=True)
    )


def _cramers_v(chi2: float, count: int, rows: int, columns: int) -> float:
    by_chance = (rows - 1) * (columns - 1) / (count - 1)
    phi2 = max(0.0, chi2 / count - by_chance)
    least = min(rows - (rows - 1) ** 2 / (count - 1), columns - (columns - 1) ** 2 / (count - 1))
    return min(1.0, math.sqrt(phi2 / (least - 1)))


def _known(cell: Cell) -> bool:
    return cell.mature and cell.truth not in {NOT_YET, NEVER}


def _acceptance(
    counts: Counts, items: Iterable[Item], stage: Stage, z: float
) -> list[dict[str, Any]]:
    """Put beside each other how often a group was offered something and how often that was right.

    A group that is offered something less often and takes it as often as others when it is offered is passed over; one
    that takes it less often may just not want it. ``outcome`` None is all offers together.
    """
    told = []
    for item in items:
        for group, own in of_groups(_with_value(counts, stage), item).items():
            whole = sum(cell.count for cell in own)
            found = {cell.value for cell in own}
            names = [name for name in counts.outcomes if name in found]
            for outcome in (*names, *sorted(found - set(names)), None):
                offered = [cell for cell in own if outcome is None or cell.value == outcome]
                exposed = sum(cell.count for cell in offered)
                labelled = [cell for cell in offered if _known(cell)]
                known = sum(cell.count for cell in labelled)
                accepted = sum(cell.count for cell in labelled if cell.truth == cell.value)
                told.append(
                    {
                        "group": dict(group),
                        "outcome": outcome,
                        "exposed": exposed,
                        "exposure": exposed / whole,
                        "exposure_interval": bounded(exposed, whole, z),
                        "labelled": known,
                        "accepted": accepted,
                        "rate": share(accepted, known),
                        "interval": bounded(accepted, known, z),
                        "enough": known >= counts.measure.enough,
                    }
                )
    return told


def _wrong_team(
    counts: Counts, items: Iterable[Item], stage: Stage, z: float
) -> list[dict[str, Any]]:
    """Tell how often a group was sent to a team that turned out wrong, and how that differs from the reference."""
    told = []
    chosen = references(counts, items)
    for item in items:
        pairs: dict[Group, tuple[int, int]] = {}
        for group, own in of_groups(_with_value(counts, stage), item).items():
            labelled = [cell for cell in own if _known(cell)]
            wrong = sum(cell.count for cell in labelled if cell.truth != cell.value)
            pairs[group] = (wrong, sum(cell.count for cell in labelled))
        told += _rates(item, pairs, chosen, counts.measure, z)
    return told


def _rates(
    item: Item,
    pairs: Mapping[Group, tuple[int, int]],
    chosen: Mapping[Item, Group],
    measure: Measure,
    z: float,
) -> list[dict[str, Any]]:
    """Tell rates by group with their intervals, each beside the reference's."""
    sizes = {group: of for group, (_part, of) in pairs.items() if of}
    other = base(item, chosen, sizes, measure)
    told = []
    for group, (part, of) in pairs.items():
        one: dict[str, Any] = {
            "group": dict(group),
            "of": [part, of],
            "rate": share(part, of),
            "interval": bounded(part, of, z),
            "enough": of >= measure.enough,
            "reference": None,
            "difference": None,
            "difference_interval": None,
        }
        if other is not None and group != other and of:
            one["reference"] = dict(other)
            one["difference"] = part / of - pairs[other][0] / pairs[other][1]
            one["difference_interval"] = list(newcombe(part, of, *pairs[other], z))
        told.append(one)
    return told


# -------------------------------------------------------------------------------------- waits


def waits_report(
    counts: Counts, by: Sequence[str], *, confidence: float = 0.95
) -> dict[str, Any] | None:
    """Tell how long decisions waited for a person, by group; None where none has waited.

    Waits are counted in classes, so a quantile is known as the class ``{"from", "to"}`` (minutes; ``to`` None is open) in
    which it lies; its interval is the classes that it may lie in (Woodruff 1952, JASA 47:635, on Wilson's limits). Shares
    over 4 and 24 hours are exact. What still waits is not counted, so a queue that stands still looks better than it is.
    """
    z, items = z_of(confidence), items_of(by)
    waits = [cell for cell in counts.waits if cell.count]
    if not waits:
        return None
    groups = []
    chosen = references(counts, items)
    for item in items:
        split = of_groups(waits, item)
        longer = {
            name: _rates(
                item,
                {
                    group: (_longer(own, minutes), sum(cell.count for cell in own))
                    for group, own in split.items()
                },
                chosen,
                counts.measure,
                z,
            )
            for name, minutes in LONG_WAITS.items()
        }
        for at, (group, own) in enumerate(split.items()):
            count = sum(cell.count for cell in own)
            groups.append(
                {
                    "group": dict(group),
                    "count": count,
                    "enough": count >= counts.measure.enough,
                    **_quantiles(own, z),
                    **{
                        name: {key: value for key, value in rates[at].items() if key != "group"}
                        for name, rates in longer.items()
                    },
                }
            )
    whole = sum(cell.count for cell in waits)
    overall = {
        name: {
            "of": [_longer(waits, minutes), whole],
            "rate": _longer(waits, minutes) / whole,
            "interval": bounded(_longer(waits, minutes), whole, z),
        }
        for name, minutes in LONG_WAITS.items()
    }
    return {"overall": {"count": whole, **_quantiles(waits, z), **overall}, "groups": groups}


def _longer(cells: Iterable[WaitCell], minutes: int) -> int:
    return sum(cell.count for cell in cells if cell.at_most is None or cell.at_most > minutes)


def _quantiles(cells: Sequence[WaitCell], z: float) -> dict[str, Any]:
    told: dict[str, Any] = {}
    count = sum(cell.count for cell in cells)
    for name, level in (("median", 0.5), ("p90", 0.9)):
        low, high = wilson(level * count, count, z)
        first, last = _class_at(cells, low * count), _class_at(cells, high * count)
        told[name] = _class_at(cells, level * count)
        told[f"{name}_interval"] = {"from": first["from"], "to": last["to"]}
    return told


def _class_at(cells: Iterable[WaitCell], rank: float) -> dict[str, int | None]:
    """Find the class in which the wait of this rank lies, the shortest wait having rank 1."""
    by_class: dict[int | None, int] = {}
    for cell in cells:
        by_class[cell.at_most] = by_class.get(cell.at_most, 0) + cell.count
    seen, lower = 0, 0
    for at_most in (*WAIT_MINUTES, None):
        seen += by_class.get(at_most, 0)
        if seen and seen >= rank:
            return {"from": lower, "to": at_most}
        lower = at_most or lower
    raise AssertionError("every wait lies in a class")


# ------------------------------------------------------------------------------------ ratings


def ratings_report(
    counts: Counts, by: Sequence[str], *, confidence: float = 0.95
) -> list[dict[str, Any]]:
    """Tell by group what people thought of how they were decided about, on each scale that was used.

    ``share`` is of CSAT the ratings 4 and 5 of 5, of CES those from 5 of 7 (it was easy), of NPS the promoters (9 and 10)
    less the detractors (0 to 6), from -1 to 1. Means have Student's interval, shares Wilson's, and NPS the one of two
    shares of one sample (Zou and Donner 2008, Statistics in Medicine 27:1693). Those who rate choose to.
    """
    z, items = z_of(confidence), items_of(by)
    told = []
    for scale in SCALES:
        cells = [cell for cell in counts.ratings if cell.scale == scale and cell.count]
        if not cells:
            continue
        told.append(
            {
                "scale": scale,
                "share_of": {"csat": "top_two", "ces": "easy", "nps": "net_promoters"}[scale],
                "overall": _rated(cells, scale, counts.measure.enough, z),
                "groups": [
                    {"group": dict(group), **_rated(own, scale, counts.measure.enough, z)}
                    for item in items
                    for group, own in of_groups(cells, item).items()
                ],
            }
        )
    return told


def _rated(cells: Sequence[RatingCell], scale: str, enough: int, z: float) -> dict[str, Any]:
    def counted(chosen: Callable[[int], bool]) -> int:
        return sum(cell.count for cell in cells if chosen(cell.rating))

    count = sum(cell.count for cell in cells)
    mean = sum(cell.rating * cell.count for cell in cells) / count
    squares = sum(cell.count * (cell.rating - mean) ** 2 for cell in cells)
    told: dict[str, Any] = {
        "count": count,
        "enough": count >= enough,
        "mean": mean,
        "mean_interval": None,
    }
    # Ratings that are all alike say nothing of how far others would lie from them.
    if squares > 0:
        reach = student(z, count - 1) * math.sqrt(squares / (count - 1) / count)
        lowest, highest = SCALES[scale]
        told["mean_interval"] = [max(lowest, mean - reach), min(highest, mean + reach)]
    if scale == "nps":
        promoters = counted(lambda rating: rating >= _PROMOTERS_FROM)
        detractors = counted(lambda rating: rating <= _DETRACTORS_TO)
        told["of"] = [promoters, detractors, count]
        told["share"] = (promoters - detractors) / count
        told["interval"] = list(_net(promoters, detractors, count, z))
    else:
        content = counted(lambda rating: rating >= _CONTENT[scale])
        told["of"] = [content, count]
        told["share"] = content / count
        told["interval"] = bounded(content, count, z)
    return told


def student(z: float, df: int) -> float:
    """Turn a normal quantile into that of Student's t with so many degrees of freedom.

    Exact for 1 and 2, else the expansion of Abramowitz and Stegun (1964) 26.7.5, within 0.2 % at 95 %.
    """
    if df <= 2:
        level = math.erfc(-z / math.sqrt(2)) / 2
        if df == 1:
            return math.tan(math.pi * (level - 0.5))
        return (2 * level - 1) * math.sqrt(2 / (4 * level * (1 - level)))
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / math.pow(df, power) for power, term in enumerate(terms, start=1))


def _net(first: int, second: int, count: int, z: float) -> Interval:
    """Bound the difference of two shares of one sample: where one grows the other must shrink."""
    p, q = first / count, second / count
    low, high = wilson(first, count, z)
    other_low, other_high = wilson(second, count, z)
    together = 0.0
    if 0 < p < 1 and 0 < q < 1:
        together = -math.sqrt(p * q / ((1 - p) * (1 - q)))

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(0.0, one * one + other * other - 2 * together * one * other))

    return (
        max(-1.0, p - q - reach(p - low, other_high - q)),
        min(1.0, p - q + reach(high - p, q - other_low)),
    )
