"""How today stands at each decision point, and how far a business is with setting up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from governance.decisions.models import Decision
from governance.decisions.states import REVERSAL, Status
from governance.identities.models import Person
from governance.permissions import Permission
from governance.reviews import purposes
from governance.reviews.models import Case
from governance.reviews.service import minutes_of
from governance.work import Work

_BY_PEOPLE: Final = (Status.APPROVED, Status.CHANGED, Status.REJECTED)
#: Whoever has so many decisions has a past to compare with, imported or not.
_A_PAST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PointToday:
    """A decision point's day: what was recorded since midnight, how that was decided, and what waits now."""

    decisions: int = 0
    released: int = 0
    by_people: int = 0
    waiting: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What of setting up is done: an app has asked, there is a past to compare with, several people are here."""

    connected: bool
    has_past: bool
    invited: bool


def today(work: Work) -> Mapping[str, PointToday]:
    """Return how each decision point stands since midnight in the reader's zone; those with nothing are absent."""
    work.require(Permission.STATUS_READ)
    midnight = work.now.astimezone(ZoneInfo(work.actor.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    effective = sa.or_(Decision.effective_at.is_(None), Decision.effective_at <= work.now)
    recorded = work.session.execute(
        sa.select(
            Decision.point,
            sa.func.count(),
            sa.func.count().filter(Decision.status.in_((Status.RELEASED, Status.OBSERVED))),
            sa.func.count().filter(sa.and_(Decision.status.in_(_BY_PEOPLE), effective)),
        )
        .where(
            Decision.recorded_at >= midnight,
            Decision.imported.is_(False),
            Decision.source != REVERSAL,
            Decision.gold_for.is_(None),
        )
        .group_by(Decision.point)
    )
    days = {row[0]: (row[1], row[2], row[3]) for row in recorded}
    waits = work.session.execute(
        sa.select(Case.point, sa.func.count(), sa.func.count().filter(Case.due_at <= work.now))
        .where(Case.status == "open", Case.purpose == purposes.DECIDE)
        .group_by(Case.point)
    )
    waiting = {row[0]: (row[1], row[2]) for row in waits}
    told = {}
    for point in sorted(days.keys() | waiting.keys()):
        decisions, released, by_people = days.get(point, (0, 0, 0))
        open_cases, overdue = waiting.get(point, (0, 0))
        told[point] = PointToday(
            decisions=decisions,
            released=released,
            by_people=by_people,
            waiting=open_cases,
            overdue=overdue,
        )
    return told


def minutes(work: Work) -> int:
    """Estimate the minutes of work that wait in all queues."""
    work.require(Permission.STATUS_READ)
    rows = work.session.execute(
        sa.select(Case.queue, sa.func.count())
        .where(Case.status == "open", Case.purpose == purposes.DECIDE)
        .group_by(Case.queue)
    )
    return sum(minutes_of(work, queue, count) for queue, count in rows)


def beginning(work: Work) -> Beginning:
    """Return how far the business is with setting up."""
    work.require(Permission.STATUS_READ)
    first = sa.select(Decision.imported).order_by(Decision.recorded_at).limit(_A_PAST).subquery()
    count, imported = work.session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(first.c.imported)).select_from(first)
    ).one()
    people = work.session.execute(
        sa.select(sa.func.count()).select_from(Person).where(Person.disabled_at.is_(None))
    ).scalar_one()
    return Beginning(
        connected=count > imported or count == _A_PAST,
        has_past=imported > 0 or count == _A_PAST,
        invited=people > 1,
    )
