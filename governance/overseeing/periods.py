"""When somebody's work may be measured, and when a window for the alarm ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

#: Reviews that a window holds at least.
LEAST: Final = 100
#: The last moment of a review belongs to its window.
_AFTER: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant on, until another, which is not in it; None: without an end."""

    begins: datetime
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether an instant lies in it."""
        return self.begins <= at and (self.ends is None or at < self.ends)


def measured(
    published: Mapping[int, datetime], acknowledged: Mapping[int, datetime]
) -> list[Period]:
    """Return when somebody knew of being measured: from acknowledging a version of the notice until another took its place.

    >>> first, then, last = (datetime(2026, 11, day) for day in (1, 5, 9))
    >>> [(one.begins.day, one.ends.day) for one in measured({1: first, 2: last}, {1: then})]
    [(5, 9)]
    """
    versions = sorted(published)
    following = dict(pairwise(versions))
    found = []
    for version in versions:
        begins = acknowledged.get(version)
        after = following.get(version)
        ends = None if after is None else published[after]
        if begins is not None and (ends is None or begins < ends):
            found.append(Period(begins, ends))
    return found


def covered(periods: Sequence[Period], at: datetime) -> bool:
    """Tell whether a review given at an instant may be measured."""
    return any(period.holds(at) for period in periods)


def month_of(at: datetime) -> datetime:
    """Return the instant at which the calendar month of an instant begins."""
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(at: datetime) -> datetime:
    """Return the first instant of the next calendar month."""
    return month_of(month_of(at) + timedelta(days=32))


def ends_at(begins: datetime, given: Sequence[datetime]) -> datetime | None:
    """Return when a window ends: with its calendar month, or with its hundredth review where that comes later; None while that is not in.

    ``given`` are the instants of the reviews since it began.
    """
    if len(given) < LEAST:
        return None
    return max(month_after(begins), sorted(given)[LEAST - 1] + _AFTER)
