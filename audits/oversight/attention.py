"""M4, M5 and M10: is there time to read, is what must be read opened, and does either tire?

Time and opened panels show the absence of looking, never the presence of thinking: a quick verdict may be right, and a slow one asleep. They
count beside what was caught.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from audits.fairness import testing
from audits.oversight import gold, reliance
from audits.oversight.plan import Volume, median_of
from audits.oversight.records import Review

#: Words a minute at which adults read English silently: Brysbaert, M. (2019), Journal of Memory and Language 109, 104047.
WORDS_A_MINUTE: Final = 238
#: Nobody needs every word of a page, and everybody a moment to decide.
PART_READ: Final = 0.5
SECONDS_TO_DECIDE: Final = 2.0

#: Bands of the place in a session, first and last; the last is open.
POSITIONS: Final = ((1, 10), (11, 25), (26, 50), (51, None))
#: Bands of the hour, first and last.
HOURS: Final = ((0, 5), (6, 8), (9, 11), (12, 14), (15, 17), (18, 23))


def floor_of(words: int) -> float:
    """Return the seconds in which half of the words can be read and a key found: words / 238 a minute * 0.5 + 2 s."""
    return words / WORDS_A_MINUTE * 60 * PART_READ + SECONDS_TO_DECIDE


def dwell(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write M4: seconds looked at over the floor; the median with its interval, and the share below 1.

    Range from 0 on. A median below 1 says that most verdicts came before half of the page could be read. Where seconds were not measured a
    review is left out and counted.
    """
    measured = [one for one in reviews if one.seconds is not None]
    ratios = [one.seconds / floor_of(one.words) for one in measured if one.seconds is not None]
    found = median_of(ratios, volume.plan.z)
    return {
        "median": None if found is None else found[0],
        "interval": None if found is None else list(found[1]),
        "seconds": seconds_of(reviews, volume.plan.z),
        "measured": len(measured),
        "not_measured": len(reviews) - len(measured),
        "below_floor": volume.share(
            sum(ratio < 1 for ratio in ratios),
            len(ratios),
            least=volume.plan.reviews,
            per_review=None if reviews else 1.0,
        ),
    }


def seconds_of(reviews: Sequence[Review], z: float) -> float | None:
    """Return the median of the seconds a review took."""
    found = median_of((one.seconds for one in reviews if one.seconds is not None), z)
    return None if found is None else found[0]


def opened(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write M5: reviews in which every required panel was opened or scrolled, of those that required any.

    Range 0 to 1. ``panels`` is the mean share of panels opened, for who opens some.
    """
    required = [one for one in reviews if one.panels_required]
    whole = sum(one.panels_opened == one.panels_required for one in required)
    mean = None
    if required:
        mean = math.fsum(one.panels_opened / one.panels_required for one in required) / len(
            required
        )
    return {
        "opened": volume.share(
            whole,
            len(required),
            least=volume.plan.reviews,
            per_review=None if reviews else 1.0,
        ),
        "panels": mean,
    }


def vigilance(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write M10: over-reliance and gold cases caught by the place in a session and by the hour, each with a test of whether they differ.

    The test is chi-squared of all bands, by simulation where they are small (``testing.homogeneity``). People choose their hours, and cases may
    differ by them, so a difference is a reason to look, not a proof of tiredness.
    """
    return {
        "by_position": _by(reviews, volume, POSITIONS, lambda one: one.position),
        "by_hour": _by(reviews, volume, HOURS, lambda one: one.hour),
    }


def _by(
    reviews: Sequence[Review],
    volume: Volume,
    bands: Sequence[tuple[int, int | None]],
    place: Callable[[Review], int | None],
) -> dict[str, Any]:
    rows = []
    for first, last in bands:
        own = [
            one
            for one in reviews
            if (at := place(one)) is not None and first <= at and (last is None or at <= last)
        ]
        if own:
            rows.append(
                {
                    "from": first,
                    "to": last,
                    "reviews": len(own),
                    "over": reliance.relied(own, volume)["over"],
                    "caught": gold.caught(own, volume),
                }
            )
    return {"rows": rows, "over": _p_value(rows, "over"), "caught": _p_value(rows, "caught")}


def _p_value(rows: Sequence[dict[str, Any]], name: str) -> float | None:
    found = testing.homogeneity([(row[name]["of"][0], row[name]["of"][1]) for row in rows])
    return None if found is None else found.p_value
