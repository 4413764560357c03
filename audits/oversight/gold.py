"""M7: of known mistakes put among the cases, how many are caught?

A mistake is a gold case whose proposal is not its known answer. A gold case whose proposal is right is no mistake to catch: it shows false
alarms, and does not count towards the six.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

from audits.oversight import samples
from audits.oversight.plan import Volume
from audits.oversight.records import Purpose, Review


class Catching(StrEnum):
    """What the gold cases say by themselves."""

    #: Fewer caught than a careful reviewer would miss by chance: an alarm, whatever else is known.
    TOO_FEW_CAUGHT = "too_few_caught"
    #: As many caught as a careful reviewer may.
    CAUGHT = "caught"
    #: There are too few gold cases to tell.
    TOO_FEW = "too_few"


def mistakes(reviews: Iterable[Review]) -> list[Review]:
    return [one for one in _gold(reviews) if one.proposal_right is False]


def _gold(reviews: Iterable[Review]) -> list[Review]:
    return [one for one in reviews if one.purpose is Purpose.GOLD and one.saw_proposal]


def caught(reviews: Iterable[Review], volume: Volume) -> dict[str, Any]:
    """Write the share of known mistakes that were not let stand; Wilson's interval, range 0 to 1."""
    put = mistakes(reviews)
    return volume.share(
        sum(one.overridden for one in put),
        len(put),
        least=max(volume.plan.gold, samples.smallest().of),
        per_review=1 / volume.plan.gold_every,
    )


def says(reviews: Iterable[Review]) -> tuple[Catching, samples.Rule | None]:
    """Judge by the exact binomial rule for so many cases: of 6, fewer than 3 caught is an alarm."""
    put = mistakes(reviews)
    rule = samples.rule(len(put))
    if rule is None:
        return Catching.TOO_FEW, None
    few = sum(one.overridden for one in put) < rule.flag_below
    return Catching.TOO_FEW_CAUGHT if few else Catching.CAUGHT, rule


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write what was caught, what was put right, false alarms, and the rule with both its errors.

    Caught means that the proposal did not stand; put right, that the known answer was given instead. Seeded fakes are known from airports, where
    single results need to be added up before they say anything (Hofer and Schwaninger 2005).
    """
    put = mistakes(reviews)
    noticed = [one for one in put if one.overridden]
    right = [one for one in _gold(reviews) if one.proposal_right]
    said, rule = says(reviews)
    return {
        "caught": caught(reviews, volume),
        "put_right": volume.share(
            sum(one.outcome == one.truth for one in noticed),
            len(noticed),
            least=volume.plan.gold,
        ),
        "false_alarms": volume.share(
            sum(one.overridden for one in right), len(right), least=volume.plan.gold
        ),
        "rule": None if rule is None else asdict(rule),
        "says": said.value,
    }
