"""Pace guards: a word to whoever approves one case after the other in seconds, or has not paused for an hour. They hold nobody back.

All of it follows from the person's own verdicts since their last break; what was approved together counts for neither.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from audits.oversight.attention import floor_of
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.reviews.models import Verdict
from governance.reviews.transitions import VerdictKind
from governance.work import Work

#: So many approvals one after the other are a streak; a quick one where the median is below this many seconds, or below the time to read half.
STREAK: Final = 25
QUICK: Final = 10.0
#: Without a verdict for so long, somebody had a break; without one for an hour they are told.
BREAK: Final = timedelta(minutes=10)
HOUR: Final = timedelta(hours=1)
#: Verdicts that are looked at; nobody gives more in one sitting.
_MOST: Final = 500


class Nudge(StrEnum):
    """What a person is told about their pace."""

    STREAK = "streak"
    BREAK = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """A verdict as far as pace goes; ``seconds`` is None where nobody could tell."""

    id: str
    approves: bool
    begun_at: datetime
    given_at: datetime
    seconds: float | None
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Approvals in a row and their median time, and the minutes since the last break.

    ``streak`` and ``sitting`` name the first verdict of each, so that whoever is told once of one is not told again.
    """

    approvals: int = 0
    median_seconds: float | None = None
    minutes: int = 0
    streak: str = ""
    sitting: str = ""
    nudges: tuple[Nudge, ...] = ()


def own(work: Work) -> Pace:
    """Return the actor's pace; without nudges where the business has turned them off."""
    work.require(Permission.CASES_DECIDE)
    rows = work.session.execute(
        sa.select(Verdict)
        .where(
            Verdict.person_id == work.person_id,
            Verdict.given_at > work.now - timedelta(hours=12),
            Verdict.undone_at.is_(None),
            Verdict.bulk_id.is_(None),
        )
        .order_by(Verdict.given_at.desc(), Verdict.id.desc())
        .limit(_MOST)
    ).scalars()
    return pace_of(
        [_paced(row) for row in rows],
        work.now,
        guarded=business_settings(work.session).pace_guards,
    )


def pace_of(newest_first: Sequence[Paced], now: datetime, *, guarded: bool = True) -> Pace:
    """Return the pace that verdicts tell."""
    sitting: list[Paced] = []
    later = now
    for one in newest_first:
        if later - one.given_at >= BREAK:
            break
        sitting.append(one)
        later = one.begun_at
    if not sitting:
        return Pace()
    streak: list[Paced] = []
    for one in sitting:
        if not one.approves:
            break
        streak.append(one)
    seconds = [one.seconds for one in streak if one.seconds is not None]
    median = statistics.median(seconds) if seconds else None
    since = now - sitting[-1].begun_at
    nudges = []
    if len(streak) >= STREAK and median is not None:
        quick = max(QUICK, statistics.median(floor_of(one.words) for one in streak))
        if median < quick:
            nudges.append(Nudge.STREAK)
    if since >= HOUR:
        nudges.append(Nudge.BREAK)
    return Pace(
        approvals=len(streak),
        median_seconds=median,
        minutes=int(since.total_seconds() // 60),
        streak=streak[-1].id if streak else "",
        sitting=sitting[-1].id,
        nudges=tuple(nudges) if guarded else (),
    )


def _paced(row: Verdict) -> Paced:
    seconds = row.looked_seconds
    if seconds is None and row.claimed_at is not None:
        seconds = (row.given_at - row.claimed_at).total_seconds()
    begun = row.claimed_at or row.given_at
    return Paced(
        id=row.id,
        approves=row.verdict == VerdictKind.APPROVE,
        begun_at=max(begun, row.given_at - BREAK),
        given_at=row.given_at,
        seconds=seconds,
        words=row.words or 0,
    )
