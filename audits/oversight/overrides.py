"""M1: how often do people change what the machine proposed, and is that in keeping with how often it is wrong?

An override rate alone says nothing: changing little is right where the machine is right. So it stands beside an estimate of the machine's
error in the same band of confidence, from cases that were not chosen for being wrong (``records.REPRESENTATIVE``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from audits.oversight.plan import Volume
from audits.oversight.records import REPRESENTATIVE, Purpose, Review

#: Edges of the bands of confidence; the lower edge belongs to a band, and 1 to the last.
EDGES: Final = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
#: An upper bound below this part of the estimated error is an alarm.
PART: Final = 0.25


class Overriding(StrEnum):
    """What an override rate says beside the error of the machine."""

    #: So much less is changed than is wrong that chance does not explain it.
    FAR_BELOW_ERROR = "far_below_error"
    IN_KEEPING = "in_keeping"
    TOO_FEW = "too_few"
    #: How often the machine is wrong is known of too few cases.
    ERROR_UNKNOWN = "error_unknown"


def counted(reviews: Iterable[Review]) -> list[Review]:
    """Keep reviews in sight of a proposal; gold cases, which were chosen, are none of them."""
    return [one for one in reviews if one.saw_proposal and one.purpose is not Purpose.GOLD]


def error_of(reviews: Iterable[Review]) -> tuple[int, int]:
    """Count how many of the proposals whose truth is known by no choice of ours were wrong."""
    known = [one for one in counted(reviews) if one.truth_from in REPRESENTATIVE]
    return sum(one.proposal_right is False for one in known), len(known)


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write the override rate, the machine's error and what both say together, over all and by band of confidence.

    Changed over reviewed, with Wilson's interval. Far below the error: the upper bound is below a quarter of the estimated error.
    Range 0 to 1. It cannot say which of the two is wrong: for that see ``reliance``.
    """
    used = counted(reviews)
    banded = [one for one in used if one.confidence is not None]
    return {
        "overall": _compared(used, volume),
        "bands": [
            {"from": low, "to": high, **_compared(own, volume)}
            for low, high in pairwise(EDGES)
            if (own := [one for one in banded if band(one.confidence) == (low, high)])
        ],
        "without_confidence": len(used) - len(banded),
    }


def band(confidence: float | None) -> tuple[float, float] | None:
    """Find the band of a confidence."""
    if confidence is None:
        return None
    for low, high in pairwise(EDGES):
        if confidence < high:
            return low, high
    return EDGES[-2], EDGES[-1]


def _compared(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    plan = volume.plan
    changed = volume.share(
        sum(one.overridden for one in reviews), len(reviews), least=plan.reviews, per_review=1.0
    )
    wrong, known = error_of(reviews)
    error = volume.share(wrong, known, least=plan.known, per_review=plan.double_share)
    return {"changed": changed, "error": error, "says": _says(changed, error).value}


def _says(changed: dict[str, Any], error: dict[str, Any]) -> Overriding:
    if not changed["enough"]:
        return Overriding.TOO_FEW
    if not error["enough"]:
        return Overriding.ERROR_UNKNOWN
    if changed["interval"][1] < PART * error["rate"]:
        return Overriding.FAR_BELOW_ERROR
    return Overriding.IN_KEEPING
