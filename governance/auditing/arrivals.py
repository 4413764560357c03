"""What never arrived: holes in apps' own counters, counts that disagree, and decisions that the log does not know.

The counter (``sequence``) is the app's, over all its keys and decision points. Numbers that came again are told by themselves: an app that
begins anew at 1 shows as one long stretch of them, and ``since`` looks at what came from there on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from audits.log.drawing import DRAWN_FROM
from audits.log.entries import EntryKind, instant_text
from governance.actors import ActorKind
from governance.auditing.models import SentCount
from governance.clock import is_id
from governance.decisions.models import Decision
from governance.decisions.sight import ALL
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.identities.models import App
from governance.identities.queries import names_of
from governance.ledger.models import Leaf, LogRecord, PendingRecord
from governance.permissions import Permission
from governance.work import Work

MOST_OF_A_PAGE: Final = 200
_LARGEST: Final = 2**53 - 1
_DAY: Final = timedelta(days=1)
#: No id is of an earlier instant.
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppView:
    """What arrived of one app: how many decisions, how many of them with a number, and what that tells.

    ``missing`` counts the numbers between ``first`` and ``last`` that no decision has, ``again`` the decisions whose number came before.
    """

    app_id: str
    app: str
    decisions: int
    numbered: int
    first: int | None
    last: int | None
    missing: int
    again: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Numbers from ``first`` to ``last`` that never arrived; those before and after them came at ``after_at`` and ``before_at``."""

    first: int
    last: int
    count: int
    after_at: datetime
    before_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Numbers from ``first`` to ``last`` that came more than once: ``times`` decisions too many, the last of them between two instants."""

    first: int
    last: int
    times: int
    began_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """A page of missing numbers or of those that came again; ``after`` is where the next begins, None on the last."""

    missing: Sequence[Missing] = ()
    again: Sequence[Again] = ()
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountView:
    """What an app says that it sent within a window, and what of it is here. ``by_app``: it says so itself."""

    id: str
    app_id: str
    app: str
    since: datetime
    until: datetime
    sent: int
    recorded: int
    last_sequence: int | None
    recorded_last: int | None
    reported_at: datetime
    by_app: bool
    reported_by_name: str

    @property
    def differs(self) -> bool:
        """Tell whether both do not say the same."""
        return self.sent != self.recorded or (
            self.last_sequence is not None and self.last_sequence != self.recorded_last
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlogged:
    """Where decisions and log disagree within a window: ids of those without a leaf, and of entries whose decision is gone.

    ``waiting`` counts what only waits for its place. Each list holds the first of them.
    """

    without_leaf: Sequence[str]
    waiting: int
    without_decision: Sequence[str]


def apps(
    work: Work, *, since: datetime | None = None, until: datetime | None = None
) -> list[AppView]:
    """Return what arrived of each app within a window, by name.

    Raises:
        NotAllowed: the actor may not read the log.
        InvalidInput: the window is none.
    """
    work.require(Permission.LOG_READ)
    window = _window(since, until)
    # One walk along the index, in its order.
    each = (
        sa.select(Decision.app_id, Decision.sequence, sa.func.count().label("times"))
        .where(Decision.app_id.is_not(None), Decision.sequence.is_not(None), *window)
        .group_by(Decision.app_id, Decision.sequence)
        .subquery()
    )
    numbered = {
        row.app_id: row
        for row in work.session.execute(
            sa.select(
                each.c.app_id,
                sa.cast(sa.func.sum(each.c.times), sa.BigInteger).label("numbered"),
                sa.func.count().label("different"),
                sa.func.min(each.c.sequence).label("first"),
                sa.func.max(each.c.sequence).label("last"),
            ).group_by(each.c.app_id),
            execution_options=ALL,
        )
    }
    found = work.session.execute(
        sa.select(
            Decision.app_id,
            App.name,
            sa.func.count().label("decisions"),
            sa.func.min(Decision.recorded_at).label("first_at"),
            sa.func.max(Decision.recorded_at).label("last_at"),
        )
        .join(App, App.id == Decision.app_id)
        .where(*window)
        .group_by(Decision.app_id, App.name)
        .order_by(App.name),
        execution_options=ALL,
    ).all()
    told = []
    for row in found:
        counted: Any = numbered.get(row.app_id)
        told.append(
            AppView(
                app_id=row.app_id,
                app=row.name,
                decisions=row.decisions,
                numbered=0 if counted is None else counted.numbered,
                first=None if counted is None else counted.first,
                last=None if counted is None else counted.last,
                missing=0
                if counted is None
                else counted.last - counted.first + 1 - counted.different,
                again=0 if counted is None else counted.numbered - counted.different,
                first_at=row.first_at,
                last_at=row.last_at,
            )
        )
    return told


def app_name(work: Work, app_id: str) -> str:
    """Return what an app is called.

    Raises:
        NotAllowed, NotFound: the actor may not read the log; there is no such app.
    """
    work.require(Permission.LOG_READ)
    row = work.session.get(App, app_id) if is_id(app_id) else None
    if row is None:
        raise NotFound("There is no such app.")
    return row.name


def missing(
    work: Work,
    app_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Stretches:
    """Return the stretches of numbers that an app never sent, lowest first, from the number ``after`` on.

    Raises:
        NotAllowed, NotFound: as ``app_name``.
        InvalidInput: the window is none.
    """
    app_name(work, app_id)
    limit = max(1, min(limit, MOST_OF_A_PAGE))
    following, later, same = (aliased(Decision) for _ in range(3))

    def of(one: Any) -> list[sa.ColumnElement[bool]]:
        return _numbered(app_id, since, until, None, one)

    last = sa.select(sa.func.max(later.sequence)).where(*of(later)).scalar_subquery()
    followed = sa.select(following.id).where(
        *of(following), following.sequence == Decision.sequence + 1
    )
    # What is before a hole; found along the index, up to as many as are shown.
    before = (
        sa.select(Decision.sequence.label("number"))
        .where(
            *_numbered(app_id, since, until, after), ~followed.exists(), Decision.sequence < last
        )
        .distinct()
        .order_by(Decision.sequence)
        .limit(limit + 1)
        .subquery()
    )
    number = before.c.number
    next_number = (
        sa.select(sa.func.min(later.sequence))
        .where(*of(later), later.sequence > number)
        .scalar_subquery()
    )
    rows = work.session.execute(
        sa.select(
            number,
            next_number.label("next"),
            sa.select(sa.func.max(same.recorded_at))
            .where(*of(same), same.sequence == number)
            .scalar_subquery()
            .label("after_at"),
        ).order_by(number),
        execution_options=ALL,
    ).all()
    came: dict[int | None, datetime] = {
        row.sequence: row.at
        for row in work.session.execute(
            sa.select(Decision.sequence, sa.func.min(Decision.recorded_at).label("at"))
            .where(
                *_numbered(app_id, since, until, None),
                Decision.sequence.in_([row.next for row in rows]),
            )
            .group_by(Decision.sequence),
            execution_options=ALL,
        )
    }
    return Stretches(
        missing=[
            Missing(
                first=row.number + 1,
                last=row.next - 1,
                count=row.next - 1 - row.number,
                after_at=row.after_at,
                before_at=came[row.next],
            )
            for row in rows[:limit]
        ],
        after=rows[limit - 1].next if len(rows) > limit else None,
    )


def again(
    work: Work,
    app_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int | None = None,
    limit: int = 50,
) -> Stretches:
    """Return the stretches of an app's numbers that came more than once, lowest first, from the number ``after`` on.

    Raises:
        NotAllowed, NotFound, InvalidInput: as ``missing``.
    """
    app_name(work, app_id)
    limit = max(1, min(limit, MOST_OF_A_PAGE))
    several = (
        sa.select(
            Decision.sequence.label("number"),
            (sa.func.count() - 1).label("more"),
            sa.func.max(Decision.recorded_at).label("at"),
            # Numbers that follow each other lie the same way behind their rank.
            (Decision.sequence - sa.func.row_number().over(order_by=Decision.sequence)).label(
                "island"
            ),
        )
        .where(*_numbered(app_id, since, until, after))
        .group_by(Decision.sequence)
        .having(sa.func.count() > 1)
        .subquery()
    )
    first = sa.func.min(several.c.number)
    rows = work.session.execute(
        sa.select(
            first.label("first"),
            sa.func.max(several.c.number).label("last"),
            sa.func.sum(several.c.more).label("times"),
            sa.func.min(several.c.at).label("began_at"),
            sa.func.max(several.c.at).label("ended_at"),
        )
        .group_by(several.c.island)
        .order_by(first)
        .limit(limit + 1),
        execution_options=ALL,
    ).all()
    return Stretches(
        again=[
            Again(
                first=row.first,
                last=row.last,
                times=int(row.times),
                began_at=row.began_at,
                ended_at=row.ended_at,
            )
            for row in rows[:limit]
        ],
        after=rows[limit - 1].last + 1 if len(rows) > limit else None,
    )


def report_count(
    work: Work,
    *,
    since: datetime,
    until: datetime,
    sent: int,
    app: str | None = None,
    last_sequence: int | None = None,
) -> CountView:
    """Keep how many decisions an app asked for within a window by its own count: an app says so of itself, others name the app.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such app.
        InvalidInput: an app names another, nobody is named, or a number or the window is none.
    """
    work.require(Permission.ARRIVALS_REPORT)
    if since >= until:
        raise _misfit("until", "The window ends before it begins.")
    if until > work.now:
        raise _misfit("until", "The window is not over yet; report it afterwards.")
    for field, number in (("sent", sent), ("last_sequence", last_sequence or 0)):
        if not 0 <= number <= _LARGEST:
            raise _misfit(field, "Expected a number from 0 to 2^53 - 1.")
    by_app = work.actor.kind is ActorKind.APP
    if by_app and app not in {None, work.actor.name}:
        raise _misfit("app", "An app reports its own count; leave this out.")
    if not by_app and app is None:
        raise _misfit("app", "Name the app whose count it is.")
    found = (
        work.session.get(App, work.actor.id)
        if by_app
        else work.session.execute(sa.select(App).where(App.name == app)).scalar_one_or_none()
    )
    if found is None:
        raise NotFound(f"There is no app {app!r}.")
    row = SentCount(
        id=work.new_id(),
        app_id=found.id,
        since=since,
        until=until,
        sent=sent,
        last_sequence=last_sequence,
        reported_at=work.now,
        reported_by=work.actor.reference,
    )
    work.session.add(row)
    work.record(
        EntryKind.COUNT_REPORTED,
        record_id=row.id,
        refs={"app": found.id},
        data={
            "since": instant_text(since),
            "until": instant_text(until),
            "sent": sent,
            "last_sequence": last_sequence,
        },
    )
    return _count_view(work, row, found.name)


def sent_counts(work: Work, *, app_id: str | None = None, limit: int = 50) -> list[CountView]:
    """Return what apps said that they sent, the newest first, beside what is here.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    query = (
        sa.select(SentCount, App.name)
        .join(App, App.id == SentCount.app_id)
        .order_by(SentCount.reported_at.desc(), SentCount.id.desc())
        .limit(max(1, min(limit, MOST_OF_A_PAGE)))
    )
    if app_id is not None:
        query = query.where(SentCount.app_id == app_id)
    return [_count_view(work, row, name) for row, name in work.session.execute(query)]


def unlogged(
    work: Work, *, since: datetime | None = None, until: datetime | None = None, limit: int = 50
) -> Unlogged:
    """Return where decisions of a window (by default its last day) and the log disagree; ``audit verify`` compares all of both.

    Raises:
        NotAllowed: the actor may not read the log.
        InvalidInput: the window is none.
    """
    work.require(Permission.LOG_READ)
    until = until or work.now + timedelta(hours=1)
    since = since or max(until, _EARLIEST + _DAY) - _DAY
    window = _window(since, until)
    no_leaf = (
        sa.select(Decision.id)
        .outerjoin(Leaf, Leaf.record_id == Decision.id)
        .where(*window, Decision.gold_for.is_(None), Leaf.record_id.is_(None))
    )
    pending = sa.select(PendingRecord.record_id)
    without_leaf = work.session.execute(
        no_leaf.where(Decision.id.not_in(pending)).order_by(Decision.id).limit(limit),
        execution_options=ALL,
    ).scalars()
    waiting = work.session.execute(
        sa.select(sa.func.count())
        .select_from(PendingRecord)
        .join(Decision, Decision.id == PendingRecord.record_id)
        .where(*window, Decision.gold_for.is_(None)),
        execution_options=ALL,
    ).scalar_one()
    without_decision = work.session.execute(
        sa.select(LogRecord.id)
        .outerjoin(Decision, Decision.id == LogRecord.id)
        # An id begins with its instant (RFC 9562), so that the window is a stretch of the key.
        .where(
            LogRecord.id >= _first_id(since),
            LogRecord.id < _first_id(until),
            LogRecord.kind.in_(DRAWN_FROM),
            Decision.id.is_(None),
        )
        .order_by(LogRecord.id)
        .limit(limit),
        execution_options=ALL,
    ).scalars()
    return Unlogged(
        without_leaf=list(without_leaf), waiting=waiting, without_decision=list(without_decision)
    )


def _count_view(work: Work, row: SentCount, app: str) -> CountView:
    recorded, last = work.session.execute(
        sa.select(sa.func.count(), sa.func.max(Decision.sequence)).where(
            Decision.app_id == row.app_id,
            Decision.recorded_at >= row.since,
            Decision.recorded_at < row.until,
            # What takes the place of a decision is a person's act.
            Decision.actor == f"app:{row.app_id}",
        ),
        execution_options=ALL,
    ).one()
    return CountView(
        id=row.id,
        app_id=row.app_id,
        app=app,
        since=row.since,
        until=row.until,
        sent=row.sent,
        recorded=recorded,
        last_sequence=row.last_sequence,
        recorded_last=last,
        reported_at=row.reported_at,
        by_app=row.reported_by.startswith("app:"),
        reported_by_name=names_of(work.session, [row.reported_by])[row.reported_by],
    )


def _numbered(
    app_id: str,
    since: datetime | None,
    until: datetime | None,
    after: int | None,
    one: Any = Decision,
) -> list[sa.ColumnElement[bool]]:
    conditions = [one.app_id == app_id, one.sequence.is_not(None)]
    if after is not None:
        conditions.append(one.sequence >= after)
    return [*conditions, *_window(since, until, one)]


def _window(
    since: datetime | None, until: datetime | None, one: Any = Decision
) -> list[sa.ColumnElement[bool]]:
    if since is not None and until is not None and since >= until:
        raise _misfit("until", "The window ends before it begins.")
    conditions = []
    if since is not None:
        conditions.append(one.recorded_at >= since)
    if until is not None:
        conditions.append(one.recorded_at < until)
    return conditions


def _first_id(instant: datetime) -> str:
    """Return the lowest UUIDv7 of an instant."""
    milliseconds = f"{max(0, int(instant.timestamp() * 1000)):012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-0000-0000-000000000000"


def _misfit(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{field}", detail=detail)])
