"""Read a report: its stages, the groups of each attribute, and what they are called.

A report is a value of JSON that may have been written by another release, so that whatever is absent is simply not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audits.reports.words import Words, numbers

Json = Mapping[str, Any]
Item = tuple[str, ...]

#: Groups that one chart shows; the tables show all.
MOST_GROUPS: Final = 24
RATIO, DIFFERENCE = "_ratio", "_difference"
#: Stages in the order of a decision's way.
STAGES: Final = ("proposal", "routing", "review", "outcome")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A report and the words to tell it in."""

    report: Json
    words: Words

    @property
    def language(self) -> str:
        return self.words.language

    @property
    def measure(self) -> Json:
        return part(self.report, "measure")

    @property
    def enough(self) -> int:
        return int(self.measure.get("enough") or 0)

    @property
    def measures_selection(self) -> bool:
        """Say whether the policy names outcomes whose rates are compared."""
        return bool(self.measure.get("positive"))

    @property
    def verdict(self) -> str:
        """Give the report's verdict; one of a rule that sets no limit has none."""
        if "verdict" in self.report and self.report["verdict"] is None:
            return "no_verdict"
        return str(self.report.get("verdict") or "not_measured")

    def stage(self, name: str) -> Json:
        return part(part(self.report, "stages"), name)

    def items(self) -> list[Item]:
        """List what the report is grouped by, single attributes first, and then what is crossed."""
        asked = [tuple(sorted(one.split("*"))) for one in self.report.get("by", [])]
        found = [
            item_of(group)
            for stage in part(self.report, "stages").values()
            for group in rows(stage, "groups", hidden=True)
        ]
        return sorted(dict.fromkeys([*asked, *found]), key=lambda item: len(item) > 1)

    def groups(self, stage: str, item: Item) -> list[Json]:
        """List the groups of one stage that an item makes, each with its stage."""
        return [
            {**one, "stage": stage}
            for one in rows(self.stage(stage), "groups", hidden=True)
            if item_of(one) == item
        ]

    def comparisons(self, stage: str, item: Item | None = None) -> list[Json]:
        """List the comparisons of one stage, each with its stage."""
        return [
            {**one, "stage": stage}
            for one in rows(self.stage(stage), "comparisons", hidden=True)
            if item is None or item_of(one) == item
        ]

    @property
    def stages(self) -> tuple[str, ...]:
        """Name the stages that have something of their own to say."""
        told = [stage for stage in STAGES if self.stage(stage)]
        if self.done_as_proposed:
            told.remove("outcome")
        return tuple(told)

    @property
    def done_as_proposed(self) -> bool:
        """Say whether the outcomes of all groups are their proposals, so that telling both would say everything twice."""
        proposed, done = (
            rows(self.stage(stage), "groups", hidden=True) for stage in ("proposal", "outcome")
        )
        return bool(proposed) and proposed == done

    # -------------------------------------------------------------------------- names

    def item_name(self, item: Item) -> str:
        return numbers.joined([self.words.attribute(name) for name in item], self.language)

    def item_title(self, item: Item) -> str:
        return capital(self.item_name(item))

    def label(self, one: Json) -> str:
        return self.words.group(part(one, "group"))

    def people(self, one: Json) -> str:
        return self.words.people(part(one, "group"))

    @property
    def hides_below(self) -> str:
        """Write the number of people below which a published report hides figures."""
        fewest = number(part(self.report, "suppression").get("k")) or 0
        return numbers.count(fewest, self.language)

    def say(self, sentence: str, **slots: str) -> str:
        return self.words.say(sentence, **slots)


def part(value: Json, name: str) -> Json:
    """Take an object out of another; where there is none, an empty one."""
    found = value.get(name)
    return found if isinstance(found, Mapping) else {}


def rows(value: Json, name: str, *, hidden: bool = False) -> list[Json]:
    """Take a list of objects out of an object; where there is none, an empty one.

    What a published report hides (``audits.fairness.suppression``) is left out, unless it is asked for.
    """
    found = value.get(name)
    if not isinstance(found, list):
        return []
    objects = [one for one in found if isinstance(one, Mapping)]
    return [one for one in objects if hidden or not is_hidden(one)]


def is_hidden(one: Json) -> bool:
    """Say whether figures of so few people are hidden here that they would give them away."""
    return bool(one.get("suppressed"))


def item_of(one: Json) -> Item:
    """Say by which attributes a group is one."""
    return tuple(sorted(part(one, "group")))


def number(value: object) -> float | None:
    """Take a figure; None is none, and so is what no figure is."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def interval(value: object) -> tuple[float, float] | None:
    """Take an interval; an upper end of null has none."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return None
    low, high = number(value[0]), number(value[1])
    if low is None:
        return None
    return low, math.inf if high is None else high


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def largest(groups: Iterable[Json], most: int = MOST_GROUPS) -> list[Json]:
    """Keep the largest groups, in the order they came."""
    listed = list(groups)
    kept = sorted(range(len(listed)), key=lambda place: -int(listed[place].get("count") or 0))
    return [listed[place] for place in sorted(kept[:most])]
