"""Which figures may leave the house without saying something of a handful of people?

An auditor sees all groups. What is published or exported hides counts from 1 to k - 1, every figure that is made of them, and as
many more cells as it takes that no hidden one follows from what is shown: sums of groups, of crossed groups, and of
the parts of a group are all published too.

Left open, as in all cell suppression: ranges that sums allow for a hidden cell, and the comparison of reports of different windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from fractions import Fraction
from typing import Any, Final

from audits.fairness.metrics import DEFINITIONS, Item, Metric, Part

DEFAULT_K: Final = 5
SUPPRESSED: Final = "suppressed"

#: A group as a report names it, in an order of its own.
Key = tuple[tuple[str, str], ...]

#: Sections that are not built of stages; in these, whatever speaks of a group is hidden as a whole.
_SECTIONS: Final = ("scores", "waits", "mix", "conditional", "ratings", "reasons")
#: Whole numbers that count nobody.
_NO_COUNTS: Final = frozenset({"rating", "from", "to", "at_most", "df", "threshold", "version"})

_LABELS: Final = frozenset(
    {
        Part.TP,
        Part.FP,
        Part.FN,
        Part.TN,
        Part.AGREED,
        Part.DIFFERED,
        Part.EXACT,
        Part.INEXACT,
        Part.AUTOMATED_RIGHT,
        Part.AUTOMATED_WRONG,
        Part.PEOPLE_RIGHT,
        Part.PEOPLE_WRONG,
    }
)
_COVERAGE: Final = frozenset({Part.KNOWN, Part.NOT_YET, Part.NEVER})


def is_small(count: int, k: int) -> bool:
    """Say whether a count is of so few people that it is hidden; nobody at all is not hidden."""
    return 0 < count < k


def suppressed(report: Mapping[str, Any], *, k: int = DEFAULT_K) -> dict[str, Any]:
    """Return a report that may be published: small cells hidden, and what they would follow from; its counts taken out.

    What is hidden is null beside ``"suppressed": true``. Reports of k 1 hide nothing but the counts. The names of outcomes, which
    came with the counts, stay as ``outcomes``.

    Raises:
        ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(
            f"The smallest count that is shown is at least 1, for example {DEFAULT_K}; not {k}."
        )
    published = deepcopy(dict(report))
    counts = published.pop("counts", None) or {}
    published["outcomes"] = counts.get("outcomes", {})
    published["suppression"] = {"k": k}
    stages = [stage for stage in published["stages"].values() if "groups" in stage]
    hidden = _hidden_groups(stages, k)
    for stage in stages:
        _hide_in_stage(stage, hidden, k)
    for name in _SECTIONS:
        if published.get(name) is not None:
            _hide_in_section(published[name], hidden, k)
    for row in published["exclusions"]:
        if "group" in row and key_of(row["group"]) in hidden:
            _blank(row, keep=("code", "stage", "by", "group"))
    return published


def key_of(group: Mapping[str, str]) -> Key:
    """Name a group whatever order its attributes come in."""
    return tuple(sorted(group.items()))


# ------------------------------------------------------------------------------------- complements


def closure(sizes: Mapping[Key, int], hidden: Iterable[Key], k: int) -> set[Key]:
    """Hide as many more groups as it takes that none of the hidden follows from sums of those shown.

    Groups of the same attributes add up to all; groups that share attributes add up alike. A group is found out where these
    equations have one solution for it (by elimination, exactly), or where all that is hidden in one is less than k. The
    smallest that helps is hidden next.
    """
    found = set(hidden)
    equations = list(_equations(sizes))
    while True:
        candidates = next(filter(None, _helpful(equations, sizes, found, k)), None)
        if candidates is None:
            return found
        found.add(min(candidates, key=lambda key: (sizes[key], key)))


def _item(key: Key) -> Item:
    return tuple(name for name, _ in key)


def _equations(sizes: Mapping[Key, int]) -> Iterator[dict[Key, int]]:
    """Give sums that anybody can form: of all groups of an item, and of what two items have in common."""
    items: dict[Item, list[Key]] = {}
    for key in sorted(sizes):
        items.setdefault(_item(key), []).append(key)
    for keys in items.values():
        yield dict.fromkeys(keys, 1)
    names = sorted(items)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            common = tuple(name for name in one if name in other)
            if not common:
                continue
            sums: dict[Key, dict[Key, int]] = {}
            for item, sign in ((one, 1), (other, -1)):
                for key in items[item]:
                    part = tuple(pair for pair in key if pair[0] in common)
                    sums.setdefault(part, {})[key] = sign
            yield from sums.values()


def _helpful(
    equations: Sequence[Mapping[Key, int]], sizes: Mapping[Key, int], hidden: set[Key], k: int
) -> Iterator[list[Key]]:
    """Give, for what can be found out, the groups that could be hidden beside it; those of its own item come first."""

    def shown(equation: Mapping[Key, int]) -> list[Key]:
        return [key for key in equation if key not in hidden and sizes[key]]

    # What one sum gives away is seen without solving all of them together.
    for equation in equations:
        inside = [key for key in equation if key in hidden]
        alike = len({equation[key] for key in inside}) == 1
        if len(inside) == 1 or (alike and sum(sizes[key] for key in inside) < k):
            yield shown(equation)
    for key in _determined(equations, hidden):
        yield from (shown(equation) for equation in equations if key in equation)


def _determined(equations: Sequence[Mapping[Key, int]], hidden: set[Key]) -> list[Key]:
    """Solve for what is hidden, and list what has one solution."""
    order = sorted(hidden)
    place = {key: at for at, key in enumerate(order)}
    rows = [
        {place[key]: Fraction(sign) for key, sign in equation.items() if key in hidden}
        for equation in equations
    ]
    reduced: dict[int, dict[int, Fraction]] = {}
    for start in rows:
        row = _reduce(start, reduced)
        if not row:
            continue
        pivot = min(row)
        scale = row[pivot]
        row = {at: value / scale for at, value in row.items()}
        for at, other in list(reduced.items()):
            if pivot in other:
                reduced[at] = _subtract(other, row, other[pivot])
        reduced[pivot] = row
    return [order[pivot] for pivot, row in sorted(reduced.items()) if len(row) == 1]


def _reduce(
    row: dict[int, Fraction], reduced: Mapping[int, Mapping[int, Fraction]]
) -> dict[int, Fraction]:
    for pivot in sorted(reduced):
        if pivot in row:
            row = _subtract(row, reduced[pivot], row[pivot])
    return row


def _subtract(
    row: Mapping[int, Fraction], other: Mapping[int, Fraction], times: Fraction
) -> dict[int, Fraction]:
    less = dict(row)
    for at, value in other.items():
        less[at] = less.get(at, Fraction(0)) - times * value
        if not less[at]:
            del less[at]
    return less


# ------------------------------------------------------------------------------------------ stages


def _hidden_groups(stages: Sequence[Mapping[str, Any]], k: int) -> set[Key]:
    """Find the groups whose very size is hidden: the same in all stages, as they are the same people."""
    hidden: set[Key] = set()
    while True:
        before = len(hidden)
        for stage in stages:
            sizes = {key_of(row["group"]): row["count"] for row in stage["groups"]}
            hidden |= {key for key, count in sizes.items() if is_small(count, k)}
            hidden |= closure(sizes, hidden & sizes.keys(), k)
        if len(hidden) == before:
            return hidden


def _hide_in_stage(stage: dict[str, Any], hidden: set[Key], k: int) -> None:
    rows = {key_of(row["group"]): row for row in stage["groups"]}
    labels = {key_of(row["group"]): row for row in stage["labels"]["by_group"]}
    sizes = {key: row["count"] for key, row in rows.items()}
    # Parts of a group add up to it, so what is small hides its whole block, and labels follow what was decided.
    small_labels = {key for key, row in rows.items() if _any_small(row, k, of_labels=True)}
    small_decided = {key for key, row in rows.items() if _any_small(row, k, of_labels=False)}
    small_known = {
        key
        for key, row in labels.items()
        if any(is_small(row[name], k) for name in ("known", "not_yet", "never"))
    }
    gone = hidden & rows.keys()
    decided = closure(sizes, gone | small_decided, k) if gone | small_decided else set()
    known = closure(sizes, gone | small_known, k) if gone | small_known else set()
    labelled = decided | known | small_labels
    labelled = closure(sizes, labelled, k) if labelled else set()
    blocks = {"decided": decided, "known": known, "labelled": labelled}
    for key, row in rows.items():
        if key in gone:
            _blank(row, keep=("group", "by"))
        else:
            _hide_figures(row, {name for name, keys in blocks.items() if key in keys})
    for key, row in labels.items():
        if key in known:
            _blank(row, keep=("group", "state"))
    overall = stage["overall"]
    _hide_figures(
        overall,
        ({"labelled"} if _any_small(overall, k, of_labels=True) else set())
        | ({"decided", "labelled"} if _any_small(overall, k, of_labels=False) else set()),
    )
    _hide_comparisons(stage, blocks)


def _any_small(row: Mapping[str, Any], k: int, *, of_labels: bool) -> bool:
    return any(
        is_small(count, k)
        for part, count in row["counts"].items()
        if (Part(part) in _LABELS) == of_labels
    )


def _block(metric: Metric) -> str:
    parts = {*DEFINITIONS[metric].numerator, *DEFINITIONS[metric].denominator}
    if parts <= _COVERAGE:
        return "known"
    return "decided" if parts.isdisjoint(_LABELS) else "labelled"


def _hide_figures(row: dict[str, Any], blocks: set[str]) -> None:
    """Hide those figures and counts of a group that belong to the blocks."""
    if not blocks:
        return
    row[SUPPRESSED] = True
    for part in row["counts"]:
        if ("labelled" if Part(part) in _LABELS else "decided") in blocks:
            row["counts"][part] = None
    for metric in Metric:
        if metric.value in row and _block(metric) in blocks:
            row[metric.value] = None
            row["intervals"][metric.value] = row["of"][metric.value] = None
    if "decided" in blocks and "impact_ratio" in row:
        row["impact_ratio"] = row["impact_ratio_reference"] = None
        row["intervals"]["impact_ratio_reference"] = None
    if "bounds" in row:
        row["bounds"] = {}


def _hide_comparisons(stage: dict[str, Any], blocks: Mapping[str, set[Key]]) -> None:
    for one in stage["comparisons"]:
        hidden = blocks[_block(_metric_of(one["metric"]))]
        if key_of(one["group"]) in hidden or key_of(one["reference"]) in hidden:
            _blank(one, keep=("metric", "group", "reference", "tolerance", "watch", "source"))
    for one in stage["homogeneity"]:
        hidden = blocks[_block(Metric(one["metric"]))]
        if any(_item(key) == _item_of(one["by"]) for key in hidden):
            _blank(one, keep=("by", "metric"))
    for worst in (stage["worst"], *stage["worst_by"].values()):
        for name, gap in worst.items():
            hidden = blocks[_block(_metric_of(name))]
            if any(key_of(group) in hidden for group in gap["between"]):
                _blank(gap, keep=("by",))
    # Who was chosen for the highest rate says how high it is.
    for one in stage["references"]:
        if one["highest"] is not None and key_of(one["highest"]) in blocks["decided"]:
            one["highest"] = None
    if stage.get("inequality") is not None and blocks["labelled"]:
        stage["inequality"]["between"] = dict.fromkeys(stage["inequality"]["between"])


def _item_of(by: str) -> Item:
    return tuple(sorted({name.strip() for name in by.split("*")}))


def _metric_of(disparity: str) -> Metric:
    name = disparity.rpartition("_")[0]
    return Metric.TPR if name in {"average_odds", "equalized_odds"} else Metric(name)


# ---------------------------------------------------------------------------------------- sections


def _hide_in_section(section: Any, hidden: set[Key], k: int) -> bool:
    """Hide, in every list of a section, groups with a small count anywhere, and what mentions a hidden group.

    Say whether anything was hidden: a test of all groups beside it then goes too.
    """
    if isinstance(section, dict):
        found = [_hide_in_section(value, hidden, k) for value in section.values()]
        if any(found) and "test" in section:
            section["test"] = None
        return any(found)
    if not isinstance(section, list):
        return False
    rows = [row for row in section if isinstance(row, dict) and _is_group(row.get("group"))]
    if not rows:
        found = [_hide_in_section(value, hidden, k) for value in section]
        return any(found)
    sizes: dict[Key, int] = {}
    gone: set[Key] = set()
    for row in rows:
        key = key_of(row["group"])
        sizes[key] = max(sizes.get(key, 0), _size_of(row))
        if key in hidden or _has_small(row, k):
            gone.add(key)
    gone = closure(sizes, gone, k) | hidden
    blanked = [row for row in rows if not gone.isdisjoint(_mentioned(row))]
    for row in blanked:
        _blank(row, keep=("group", "reference", "by", "stage", "feature", "outcome", "scale"))
    return bool(blanked)


def _is_group(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _mentioned(row: Any) -> Iterator[Key]:
    """Give every group that a row names, at any depth."""
    if isinstance(row, dict):
        for name, value in row.items():
            if name in {"group", "reference"} and _is_group(value):
                yield key_of(value)
            else:
                yield from _mentioned(value)
    elif isinstance(row, list):
        for value in row:
            yield from _mentioned(value)


def _size_of(row: Mapping[str, Any]) -> int:
    """Take how many a row counts; where it does not say, the largest number in it."""
    count = row.get("count")
    return count if isinstance(count, int) else max(_counts(row), default=1)


def _counts(value: Any) -> Iterator[int]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, float) and value.is_integer() and abs(value) > 1:
        yield int(value)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in _NO_COUNTS and not _is_group(one):
                yield from _counts(one)
    elif isinstance(value, list):
        yield from (count for one in value for count in _counts(one))
        # A numerator beside its denominator also tells the rest.
        if len(value) == 2 and all(type(one) is int for one in value):
            yield abs(value[1] - value[0])


def _has_small(row: Mapping[str, Any], k: int) -> bool:
    return any(is_small(count, k) for count in _counts(row))


def _blank(row: dict[str, Any], *, keep: Sequence[str]) -> None:
    """Empty a row of all but what it is about."""
    for name in row:
        if name not in keep:
            row[name] = None
    row[SUPPRESSED] = True
