"""The ledger: every decision that the actor may see, found by its clear columns, newest first by when it happened.

When a decision happened is what the app says, else when it was recorded, and its day is one of UTC: so a window holds the very decisions that a
report counts in it.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final

import orjson
import sqlalchemy as sa

from governance.actors import ActorKind
from governance.decisions import first_judgement
from governance.decisions.models import Decision
from governance.decisions.service import row_view, sees_all
from governance.decisions.states import Status
from governance.decisions.views import DecisionView
from governance.identities.models import App
from governance.permissions import Permission
from governance.points.models import DecisionPoint
from governance.reporting.filters import Filters, Person, Truth
from governance.truth.models import GroundTruth
from governance.work import Work

#: When a decision happened, and its id.
Place = tuple[datetime, str]

#: Matches that are counted before "more than so many" is said.
MOST_COUNTED: Final = 10_000
#: Where a filter has no index: how many decisions of a point each statement of a search looks at, one after another. The first are few, since most
#: filters find a page among them.
_LOOKED_AT: Final = (5_000, 45_000, 150_000, 300_000)
#: In how many of a point's newest decisions matches are counted.
_COUNTED_AMONG: Final = 50_000
_FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"
_DECIDED: Final = (Status.APPROVED, Status.CHANGED, Status.REJECTED)

_happened = sa.func.coalesce(Decision.occurred_at, Decision.recorded_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """A decision without its payload. ``truth`` is the outcome that turned out right; ``never``: nobody will ever know."""

    decision: DecisionView
    happened_at: datetime
    truth: str | None
    never: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """So many decisions match; not ``exact``: at least so many do."""

    count: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """Some decisions, and where the next page begins (None: there is none).

    ``looked_back_to``: nobody looked further back than this, as there was too much to look at; the next page goes on there.
    """

    rows: Sequence[LedgerRow]
    next_cursor: Place | None
    looked_back_to: datetime | None


def search(
    work: Work, filters: Filters, *, limit: int = 50, before: Place | None = None
) -> LedgerPage:
    """Return a page of the decisions that fit and that the actor may see, without their payloads.

    Raises:
        NotAllowed: the actor may read no decisions.
    """
    work.require(Permission.DECISIONS_READ)
    found, looked_to = _Search(work, filters).places(before, limit + 1)
    following = looked_to
    if len(found) > limit:
        found, looked_to = found[:limit], None
        following = found[-1]
    return LedgerPage(
        rows=_rows(work, found),
        next_cursor=following,
        looked_back_to=None if looked_to is None else looked_to[0],
    )


def total(work: Work, filters: Filters) -> Total:
    """Count the decisions that fit, as far as that is done quickly.

    Raises:
        NotAllowed: the actor may read no decisions.
    """
    work.require(Permission.DECISIONS_READ)
    return _Search(work, filters).total()


def sources(work: Work) -> list[str]:
    """Name the apps by which decisions can be filtered, as decisions name their source.

    Raises:
        NotAllowed: the actor may read no decisions.
    """
    work.require(Permission.DECISIONS_READ)
    names = sa.select(App.name).order_by(App.name)
    if work.actor.kind is ActorKind.APP:
        names = names.where(App.id == work.actor.id)
    return [f"app:{name}" for name in work.session.execute(names).scalars()]


class _Search:
    """One set of filters at one instant. Each point is searched along its index, and what is found is merged."""

    def __init__(self, work: Work, filters: Filters) -> None:
        seen = _seen_by(work)
        self._session = work.session
        self._points = _points(work, filters)
        self._window = _window(filters)
        self._conditions = [*seen, *_conditions(filters, work.now)]
        self._indexed = filters.indexed and not seen

    def places(self, before: Place | None, limit: int) -> tuple[list[Place], Place | None]:
        """Return the newest matches before a place, and where the search stopped early (None: it did not)."""
        found: list[Place] = []
        for many in _LOOKED_AT:
            floor = self._floor(before, many)
            found += self._between(before, floor, limit - len(found))
            if len(found) >= limit or floor is None:
                return found, None
            before = (floor, _FIRST_ID)
        return found, before

    def total(self) -> Total:
        """Count matches among the newest decisions."""
        floor = self._floor(None, _COUNTED_AMONG)
        count = 0
        for point in self._points:
            some = self._matches(point, None, floor, Decision.id).limit(MOST_COUNTED + 1 - count)
            counted = sa.select(sa.func.count()).select_from(some.subquery())
            count += self._session.execute(counted).scalar_one()
            if count > MOST_COUNTED:
                return Total(count=MOST_COUNTED, exact=False)
        return Total(count=count, exact=floor is None)

    def _floor(self, before: Place | None, many: int) -> datetime | None:
        """Return the instant down to which no point has more than so many decisions; None where that is all there is."""
        if self._indexed:
            return None
        ends = []
        for point in self._points:
            query = sa.select(_happened).where(*self._part(point, before))
            end = self._session.execute(_newest_first(query).offset(many).limit(1))
            ends.append(end.scalar_one_or_none())
        return max((end for end in ends if end is not None), default=None)

    def _between(self, before: Place | None, floor: datetime | None, limit: int) -> list[Place]:
        found: list[list[Place]] = []
        for point in self._points:
            query = self._matches(point, before, floor, _happened, Decision.id)
            rows = self._session.execute(_newest_first(query).limit(limit))
            found.append([(happened, decision_id) for happened, decision_id in rows])
        return list(islice(heapq.merge(*found, reverse=True), limit))

    def _matches(
        self, point: str, before: Place | None, floor: datetime | None, *columns: Any
    ) -> sa.Select[Any]:
        query = sa.select(*columns).where(*self._part(point, before), *self._conditions)
        return query if floor is None else query.where(_happened >= floor)

    def _part(self, point: str, before: Place | None) -> list[sa.ColumnElement[bool]]:
        part = [Decision.point == point, *self._window]
        if before is not None:
            # The first condition is what the index is searched by.
            part += [
                _happened <= before[0],
                sa.or_(_happened < before[0], Decision.id < before[1]),
            ]
        return part


def _newest_first(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.order_by(_happened.desc(), Decision.id.desc())


def _points(work: Work, filters: Filters) -> list[str]:
    """Name the points that are searched: the one that is wanted, or all, as far as the actor may."""
    names = [filters.point]
    if filters.point is None:
        names = list(work.session.execute(sa.select(DecisionPoint.name)).scalars())
    limited_to = work.actor.points
    return [
        name for name in names if name is not None and (limited_to is None or name in limited_to)
    ]


def _seen_by(work: Work) -> list[sa.ColumnElement[bool]]:
    """Leave to an app what is its own, and to a manager what is of their queues, but for what they are to judge first."""
    actor = work.actor
    if actor.kind is ActorKind.APP:
        return [Decision.app_id == actor.id]
    if sees_all(actor):
        blind = sorted(first_judgement.held_blind(work))
        return [Decision.id.not_in(blind)] if blind else []
    own = first_judgement.owed(work, Decision.id)
    return [
        Decision.queue.in_(sorted(actor.queues)),
        *([] if own is None else [sa.not_(own)]),
    ]


def _window(filters: Filters) -> list[sa.ColumnElement[bool]]:
    window = []
    if filters.since is not None:
        window.append(_happened >= _begins(filters.since))
    if filters.until is not None and filters.until < date.max:
        window.append(_happened < _begins(filters.until + timedelta(days=1)))
    return window


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _conditions(filters: Filters, now: datetime) -> list[sa.ColumnElement[bool]]:
    """Return what the clear columns must hold, as readers see them at ``now``: a verdict that can be undone is not seen."""
    undoable = sa.and_(Decision.effective_at.is_not(None), Decision.effective_at > now)
    found: list[sa.ColumnElement[bool]] = []
    equal = {
        Decision.disposition: filters.disposition,
        Decision.proposed_outcome: filters.proposed,
        Decision.policy_version: filters.version,
        Decision.source: filters.source,
    }
    found += [column == value for column, value in equal.items() if value is not None]
    if filters.status is Status.IN_REVIEW:
        found.append(sa.or_(Decision.status == Status.IN_REVIEW, undoable))
    elif filters.status is not None:
        found += [Decision.status == filters.status, sa.not_(undoable)]
    if filters.outcome is not None:
        found += [Decision.outcome == filters.outcome, sa.not_(undoable)]
    if filters.imported is not None:
        found.append(Decision.imported.is_(filters.imported))
    if filters.confidence_from is not None:
        found.append(Decision.confidence >= filters.confidence_from)
    if filters.confidence_to is not None:
        found.append(Decision.confidence <= filters.confidence_to)
    if filters.rule is not None:
        found.append(_reason("rule", filters.rule))
    if filters.reason is not None:
        found.append(_reason("code", filters.reason))
    if filters.person is not None:
        found += _person(filters.person, undoable)
    if filters.truth is not None:
        found.append(_truth(filters.truth, undoable))
    return found


def _reason(member: str, value: str) -> sa.ColumnElement[bool]:
    """Find a member of the ruling's reasons in their JSON, which is written with a blank behind the colon or without."""
    written = sa.cast(Decision.reasons, sa.Text)
    name, text = orjson.dumps(member).decode(), orjson.dumps(value).decode()
    return sa.or_(
        *(written.contains(f"{name}:{blank}{text}", autoescape=True) for blank in ("", " "))
    )


def _person(person: Person, undoable: sa.ColumnElement[bool]) -> list[sa.ColumnElement[bool]]:
    sent = Decision.disposition == "review"
    if person is Person.SENT:
        return [sent]
    if person is Person.NONE:
        return [sa.not_(sent)]
    same = Decision.outcome == Decision.proposed_outcome
    decided = [sent, Decision.status.in_(_DECIDED), sa.not_(undoable)]
    return [*decided, same if person is Person.KEPT else sa.not_(same)]


def _truth(truth: Truth, undoable: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    reported = sa.select(GroundTruth.decision_id).where(GroundTruth.decision_id == Decision.id)
    right = GroundTruth.outcome
    if truth is Truth.MISSING:
        return sa.not_(reported.exists())
    condition = {
        Truth.KNOWN: right.is_not(None),
        Truth.NEVER: right.is_(None),
        Truth.PROPOSAL_RIGHT: right == Decision.proposed_outcome,
        Truth.PROPOSAL_WRONG: right != Decision.proposed_outcome,
        Truth.OUTCOME_WRONG: sa.and_(right != Decision.outcome, sa.not_(undoable)),
    }[truth]
    return reported.where(condition).exists()


def _rows(work: Work, places: Sequence[Place]) -> list[LedgerRow]:
    query = (
        sa.select(Decision, GroundTruth)
        .outerjoin(GroundTruth, GroundTruth.decision_id == Decision.id)
        .where(Decision.id.in_([decision_id for _, decision_id in places]))
    )
    found = {row.id: (row, truth) for row, truth in work.session.execute(query)}
    return [
        LedgerRow(
            decision=row_view(work, row),
            happened_at=happened,
            truth=None if truth is None else truth.outcome,
            never=truth is not None and truth.outcome is None,
        )
        for happened, (row, truth) in (
            (happened, found[decision_id]) for happened, decision_id in places
        )
    ]
