"""The rubber-stamp alarm: does what is seen of these reviews look like accepting without looking?

Two of five signs together raise it, over at least ``plan.reviews`` reviews; too few gold cases caught raise it alone. Where the gold cases show that
mistakes are caught, the signs are silent: who knows the cases well may be quick and brief. It says that somebody should talk, not that
somebody did wrong, and it is shown to the person concerned first.

It is made to be looked at once a window. Looked at again after every gold case, its errors add up: somebody who catches 80 % would be noticed at some
time within 1,000 reviews in 30 of 100.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final

from audits.oversight import attention, gold, overrides, reasons
from audits.oversight.gold import Catching
from audits.oversight.plan import Volume
from audits.oversight.records import Purpose, Review


class State(StrEnum):
    """What the alarm says."""

    RAISED = "raised"
    #: Enough is known, and nothing raises it.
    QUIET = "quiet"
    #: What is not known yet could raise it.
    NOT_ENOUGH_EVIDENCE = "not_enough_evidence"


class Sign(StrEnum):
    """What may be seen of somebody who stamps."""

    ACCEPTS_ALL = "accepts_all"
    TOO_FAST = "too_fast"
    MISSES_GOLD = "misses_gold"
    OPENS_LITTLE = "opens_little"
    SAME_REASONS = "same_reasons"


#: Accepting at least this share ...
ACCEPTED: Final = 0.99
#: ... while at least this share of the proposals is wrong.
ERROR: Final = 0.03
#: The median of the time looked at, over its floor.
MEDIAN: Final = 1.0
#: Upper bound of the gold cases caught.
CAUGHT: Final = 0.5
OPENED: Final = 0.5
REPEATED: Final = 0.8
#: Signs that raise the alarm together.
TOGETHER: Final = 2


def document(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    """Write the state, what raised it, and each sign with its figure, its limit, and None where it cannot be told.

    The alarm is quiet only where gold cases say that mistakes are caught: silence for want of evidence is not a pass. ``excused`` tells that signs
    would have raised it otherwise.
    """
    ordinary = [one for one in reviews if one.purpose is not Purpose.GOLD]
    signs = [
        _accepts_all(ordinary, volume),
        _too_fast(reviews, volume),
        _misses_gold(reviews, volume),
        _opens_little(reviews, volume),
        _same_reasons(reviews, volume),
    ]
    enough = len(reviews) >= volume.plan.reviews
    said, rule = gold.says(reviews)
    met = [sign for sign in signs if sign["met"]]
    unknown = [sign for sign in signs if sign["met"] is None]
    by_gold = said is Catching.TOO_FEW_CAUGHT
    excused = enough and len(met) >= TOGETHER and said is Catching.CAUGHT
    by_signs = enough and len(met) >= TOGETHER and not excused
    if by_gold or by_signs:
        state = State.RAISED
    elif enough and said is Catching.CAUGHT:
        state = State.QUIET
    else:
        state = State.NOT_ENOUGH_EVIDENCE
    return {
        "state": state.value,
        "by_gold": by_gold,
        "by_signs": by_signs,
        "excused": excused,
        "reviews": len(reviews),
        "gold": gold.caught(reviews, volume) | {"rule": None if rule is None else asdict(rule)},
        "signs": signs,
        "met": len(met),
        "unknown": len(unknown),
        **volume.standing(len(reviews), least=volume.plan.reviews, per_review=1.0),
    }


def _sign(
    sign: Sign, *, met: bool | None, value: float | None, limit: float, of: int
) -> dict[str, Any]:
    return {"sign": sign.value, "met": met, "value": value, "limit": limit, "of": of}


def _of_share(sign: Sign, share: Mapping[str, Any], limit: float, *, above: bool) -> dict[str, Any]:
    rate = share["rate"]
    met = None
    if share["enough"]:
        met = rate > limit if above else rate < limit
    return _sign(sign, met=met, value=rate, limit=limit, of=share["of"][1])


def _accepts_all(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    found = overrides.document(reviews, volume)["overall"]
    changed, error = found["changed"], found["error"]
    accepted = None if changed["rate"] is None else 1 - changed["rate"]
    met = None
    # Whoever changes more than one in a hundred does not accept all, whatever the machine's error is.
    if changed["enough"] and changed["rate"] > 1 - ACCEPTED:
        met = False
    elif changed["enough"] and error["enough"]:
        met = error["rate"] >= ERROR
    return _sign(Sign.ACCEPTS_ALL, met=met, value=accepted, limit=ACCEPTED, of=changed["of"][1]) | {
        "error": error["rate"],
        "error_limit": ERROR,
    }


def _too_fast(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    found = attention.dwell(reviews, volume)
    met = found["median"] < MEDIAN if found["below_floor"]["enough"] else None
    return _sign(Sign.TOO_FAST, met=met, value=found["median"], limit=MEDIAN, of=found["measured"])


def _misses_gold(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    found = gold.caught(reviews, volume)
    upper = None if found["interval"] is None else found["interval"][1]
    met = upper < CAUGHT if found["enough"] and upper is not None else None
    return _sign(Sign.MISSES_GOLD, met=met, value=upper, limit=CAUGHT, of=found["of"][1])


def _opens_little(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    found = attention.opened(reviews, volume)["opened"]
    return _of_share(Sign.OPENS_LITTLE, found, OPENED, above=False)


def _same_reasons(reviews: Sequence[Review], volume: Volume) -> dict[str, Any]:
    found = reasons.document(reviews, volume)["repeated"]
    return _of_share(Sign.SAME_REASONS, found, REPEATED, above=True)
