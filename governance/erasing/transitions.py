"""What may happen to an erasure. Pure: values in, values out.

Asked for, it is confirmed by a second person or declined; confirmed, it is carried out as soon as nothing stands in its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ErasureStatus(StrEnum):
    """Where an erasure stands."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    ERASED = "erased"
    DECLINED = "declined"


#: Where it is not over.
GOING = (ErasureStatus.ASKED, ErasureStatus.CONFIRMED)


class Ground(StrEnum):
    """Why it is erased: the grounds of GDPR Article 17(1), in its order."""

    NO_LONGER_NEEDED = "no_longer_needed"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OBJECTED = "objected"
    UNLAWFUL = "unlawful"
    OBLIGED = "obliged"
    CHILD = "child"


class Obstacle(StrEnum):
    """What stands in the way of an erasure."""

    LEGAL_HOLD = "legal_hold"
    COPY = "copy"
    RETENTION = "retention"
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an erasure is judged by.

    Whether a legal hold stands (``held``), whether the person waits for a copy of their data, when their newest decision was recorded, and when
    the last verdict on one counts.
    """

    held: bool
    copy_asked: bool
    newest: datetime | None
    counts_at: datetime | None


def obstacle(
    facts: Facts, keep_at_least: timedelta, now: datetime
) -> tuple[Obstacle, datetime | None] | None:
    """Return what stands in the way, and until when (None: until somebody does something about it); None where nothing does."""
    if facts.held:
        return Obstacle.LEGAL_HOLD, None
    if facts.copy_asked:
        return Obstacle.COPY, None
    if facts.newest is not None and now < facts.newest + keep_at_least:
        return Obstacle.RETENTION, facts.newest + keep_at_least
    if facts.counts_at is not None and now < facts.counts_at:
        return Obstacle.UNDO, facts.counts_at
    return None
