"""How much comes into a queue and leaves it by weekday, how old what waits is, and when the queue will be empty at the present pace."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from governance.errors import NotFound
from governance.permissions import Permission
from governance.queues.models import Queue
from governance.reviews import queries
from governance.reviews.models import Case
from governance.reviews.purposes import WORKED
from governance.reviews.transitions import CaseStatus
from governance.work import Work

#: The two stretches that are told, in whole weeks, so that each weekday counts alike.
WEEK: Final = 7
MONTH: Final = 28
#: Fewer cases that left than these tell no pace.
ENOUGH: Final = 10
#: So many standard deviations of chance are no trend.
_CHANCE: Final = 2.0
_A_YEAR: Final = 365
#: Cases that came to a queue by being sent on were opened elsewhere up to this long before.
_SENT_ON: Final = timedelta(days=31)


class Trend(StrEnum):
    """Where a queue is going: too few cases to tell, empty already, growing, shrinking, or neither beyond chance."""

    FEW = "few"
    EMPTY = "empty"
    GROWS = "grows"
    SHRINKS = "shrinks"
    STEADY = "steady"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLoad:
    """What came in on a day, what people decided, and what left otherwise (lapsed, withdrawn)."""

    day: date
    came_in: int
    decided: int
    otherwise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekdayLoad:
    """The same by weekday (0 is Monday), over the last 7 and the last 28 days."""

    weekday: int
    came_in_7: int
    decided_7: int
    came_in_28: int
    decided_28: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What follows if it goes on as in the last ``days``; figures are None where they do not follow.

    ``clear_days`` is how long what waits now takes without anything new, ``a_day`` by how much the queue grows (or shrinks, below nothing), and
    ``empty_on`` the day on which it is empty: None too where that is more than a year off.
    """

    trend: Trend
    days: int
    clear_days: float | None = None
    a_day: float | None = None
    empty_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLoad:
    """The load of a queue. ``median_age_seconds`` is of what waits now, None where nothing does."""

    queue: str
    title: str
    open: int
    median_age_seconds: float | None
    weekdays: Sequence[WeekdayLoad]
    forecast: Forecast


def of_queues(work: Work, *, queue: str | None = None) -> list[QueueLoad]:
    """Return the load of the actor's queues, or of one of them.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or not this one.
    """
    work.require(Permission.CASES_READ)
    if queue is not None and queue not in work.actor.queues:
        raise NotFound(f"There is no queue {queue!r} of yours.")
    names = sorted(work.actor.queues) if queue is None else [queue]
    rows = work.session.execute(
        sa.select(Queue).where(Queue.name.in_(names)).order_by(Queue.title)
    ).scalars()
    counts = queries.open_counts(work.session, names, work.now, work.now)
    found = []
    for row in rows.all():
        waiting = counts.get(row.name, queries.OpenCounts()).open
        days = _days(work, row.name)
        found.append(
            QueueLoad(
                queue=row.name,
                title=row.title,
                open=waiting,
                median_age_seconds=_median_age(work, row.name, waiting),
                weekdays=by_weekday(days),
                forecast=forecast(waiting, days, _local(work).date()),
            )
        )
    return found


def by_weekday(days: Sequence[DayLoad]) -> list[WeekdayLoad]:
    """Add days up by weekday; ``days`` are the last 28, the newest last."""
    last = days[-WEEK:]
    return [
        WeekdayLoad(
            weekday=weekday,
            came_in_7=sum(one.came_in for one in last if one.day.weekday() == weekday),
            decided_7=sum(one.decided for one in last if one.day.weekday() == weekday),
            came_in_28=sum(one.came_in for one in days if one.day.weekday() == weekday),
            decided_28=sum(one.decided for one in days if one.day.weekday() == weekday),
        )
        for weekday in range(WEEK)
    ]


def forecast(waiting: int, days: Sequence[DayLoad], today: date) -> Forecast:
    """Say what follows if it goes on: as in the last week where that shows a trend, else as in the last four."""
    found = Forecast(trend=Trend.FEW, days=MONTH)
    for stretch in (WEEK, MONTH):
        taken = days[-stretch:]
        came = sum(one.came_in for one in taken)
        left = sum(one.decided + one.otherwise for one in taken)
        if left < ENOUGH:
            continue
        found = _going_on(waiting, came, left, stretch, today)
        if found.trend is not Trend.STEADY:
            break
    return found if waiting else Forecast(trend=Trend.EMPTY, days=found.days)


def _going_on(waiting: int, came: int, left: int, days: int, today: date) -> Forecast:
    a_day = (came - left) / days
    found = Forecast(trend=Trend.STEADY, days=days, clear_days=waiting / (left / days), a_day=a_day)
    if abs(came - left) <= _CHANCE * math.sqrt(came + left):
        return found
    if a_day > 0:
        return replace(found, trend=Trend.GROWS)
    until = math.ceil(waiting / -a_day)
    empty_on = today + timedelta(days=until) if until <= _A_YEAR else None
    return replace(found, trend=Trend.SHRINKS, empty_on=empty_on)


def _local(work: Work) -> datetime:
    return work.now.astimezone(ZoneInfo(work.actor.time_zone))


def _days(work: Work, queue: str) -> list[DayLoad]:
    """Count the last 28 whole days where the reader is; today is not over, and left out."""
    zone = ZoneInfo(work.actor.time_zone)
    today = _local(work).date()
    days = [today - timedelta(days=back) for back in range(MONTH, -1, -1)]
    edges = [datetime.combine(day, time(), zone) for day in days]
    spans = list(pairwise(edges))
    arrived = sa.func.coalesce(Case.escalated_at, Case.opened_at)
    here = (Case.queue == queue, Case.purpose.in_(WORKED))
    came = work.session.execute(
        sa.select(*(_within(arrived, *span) for span in spans)).where(
            *here, Case.opened_at >= edges[0] - _SENT_ON
        )
    ).one()
    closed = (*here, Case.closed_at >= edges[0])
    left = work.session.execute(
        sa.select(
            *(_within(Case.closed_at, *span) for span in spans),
            *(_within(Case.closed_at, *span, Case.status == CaseStatus.DECIDED) for span in spans),
        ).where(*closed)
    ).one()
    return [
        DayLoad(
            day=day,
            came_in=came[place],
            decided=left[MONTH + place],
            otherwise=left[place] - left[MONTH + place],
        )
        for place, day in enumerate(days[:-1])
    ]


def _within(
    at: Any, begins: datetime, ends: datetime, *more: sa.ColumnElement[bool]
) -> sa.ColumnElement[int]:
    return sa.func.count().filter(sa.and_(at >= begins, at < ends, *more))


def _median_age(work: Work, queue: str, waiting: int) -> float | None:
    if not waiting:
        return None
    rows = (
        work.session.execute(
            sa.select(Case.opened_at)
            .where(Case.queue == queue, Case.status == "open", Case.purpose.in_(WORKED))
            .order_by(Case.opened_at)
            .offset((waiting - 1) // 2)
            .limit(2 - waiting % 2)
        )
        .scalars()
        .all()
    )
    return sum((work.now - opened).total_seconds() for opened in rows) / len(rows)
