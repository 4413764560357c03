"""Holding the counts against the rows they are made of, and making good what differs.

Rows and counts are read in one snapshot, so what differs there differs for good: added to the counts later, whatever was folded meanwhile,
it makes them right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance.actors import Actor, service
from governance.counting import folding, groups, summing
from governance.counting.contributions import MILLION, class_of
from governance.counting.models import ReasonRow, Reconciliation, ScoreRow, ScoreStep
from governance.decisions.models import Decision
from governance.deltas.models import CountDelta
from governance.deltas.noting import states_of
from governance.deltas.states import State, read
from governance.errors import Conflict
from governance.storage.inserting import insert
from governance.storage.snapshot import snapshot
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

EVERY: Final = timedelta(hours=24)
_PAGE: Final = 500
#: Confidences of a day are kept exactly up to so many rows; a day with more is kept in hundredths once it is over.
_EXACT_ROWS: Final = 20_000
#: A month with more rows than this is kept under one day once it is long over.
_MONTH_ROWS: Final = 100_000
_COARSE: Final = MILLION // 100
_BY_DAY: Final = timedelta(days=62)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a comparison came to: rows of counts that differed were put right, unless ``erased`` decisions keep it from being known."""

    at: datetime
    decisions: int
    cells: int
    differing: int
    erased: int = 0


def run_if_due(answerable: Answerable) -> bool:
    """Compare once a day; return whether it was done."""
    with answerable.look(service("fairness")) as work:
        last = _last(work.session)
        if last is not None and work.now - last.finished_at < EVERY:
            return False
    reconcile(answerable, service("fairness"))
    return True


def last(work: Work) -> Reconciled | None:
    """Return what the last comparison came to."""
    row = _last(work.session)
    if row is None:
        return None
    return Reconciled(
        at=row.finished_at, decisions=row.decisions, cells=row.cells, differing=row.differing
    )


def reconcile(
    answerable: Answerable, actor: Actor, *, progress: Progress | None = None
) -> Reconciled:
    """Compare all counts with the rows, put right what differs, and say in the log how much that was.

    Raises:
        Conflict: another comparison ended meanwhile; this one changed nothing.
        Unavailable: the database could not do it.
    """
    progress = progress or (lambda *_: None)
    started = answerable.clock.now()
    with _looking(answerable, actor) as work:
        before = _last(work.session)
        sums, decisions, erased = _expected(work, progress)
        cells = 0
        for table in folding.TABLES:
            for key, amount in _actual(work.session, table):
                cells += 1
                wanted = sums[table][key]
                wanted[0] -= amount[0]
                wanted[1] -= amount[1]
    differing = sum(any(amount) for rows in sums.values() for amount in rows.values())
    with answerable.work_as_fairness(actor) as work:
        newest = _last(work.session)
        if (newest and newest.id) != (before and before.id):
            raise Conflict("Another comparison of the counts ended meanwhile. Nothing was changed.")
        if differing and not erased:
            folding.apply(work.session, sums)
            work.record(
                EntryKind.COUNTS_CORRECTED, data={"rows": differing, "decisions": decisions}
            )
        _drop_empty(work.session)
        work.session.add(
            Reconciliation(
                id=work.new_id(),
                started_at=started,
                finished_at=work.now,
                decisions=decisions,
                cells=cells,
                differing=differing,
            )
        )
        finished = work.now
    coarsen(answerable, actor)
    return Reconciled(
        at=finished, decisions=decisions, cells=cells, differing=differing, erased=erased
    )


def coarsen(answerable: Answerable, actor: Actor) -> int:
    """Keep the confidences of large days in hundredths once they are over, and of large months under one day once they are long over.

    Thousands of decisions a day are kept exactly for ever. Where they are kept in hundredths, an area under the curve moves by about
    0.001 (measured on real scores of groups from 50 to 10,000). Return how many days and months were made coarser.
    """
    now = answerable.clock.now()
    today = now.date().isoformat()
    # A month stays by day for two more, so that reports of recent weeks can begin on any day.
    old = (now.date().replace(day=1) - _BY_DAY).replace(day=1).isoformat()
    with answerable.look_as_fairness(actor) as work:
        known = folding.coarseness(work.session)
        sizes: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        rows = work.session.execute(
            sa.select(ScoreRow.point, ScoreRow.day, sa.func.count())
            .where(ScoreRow.day < today)
            .group_by(ScoreRow.point, ScoreRow.day)
        )
        for point, day, size in rows:
            sizes[point, day[:7]][day] = size
    done = 0
    for (point, month), days in sizes.items():
        if f"{month}-01" < old and len(days) > 1 and sum(days.values()) > _MONTH_ROWS:
            _rewrite(answerable, actor, point, list(days), kept_as=min(days))
            done += 1
            continue
        for day, size in days.items():
            if size > _EXACT_ROWS and (point, day) not in known:
                _rewrite(answerable, actor, point, [day], kept_as=day)
                done += 1
    return done


def _rewrite(
    answerable: Answerable, actor: Actor, point: str, days: list[str], *, kept_as: str
) -> None:
    """Keep the confidences of some days in hundredths under one of them."""
    with answerable.work_as_fairness(actor) as work:
        mine = sa.and_(ScoreRow.point == point, ScoreRow.day.in_(days))
        sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
        for row in work.session.execute(
            sa.select(
                ScoreRow.version, ScoreRow.grp, ScoreRow.result, ScoreRow.confidence, ScoreRow.n
            ).where(mine)
        ):
            kept = class_of(row.confidence, _COARSE)
            sums[point, kept_as, row.version, row.grp, row.result, kept][0] += row.n
        work.session.execute(
            sa.delete(ScoreRow).where(mine).execution_options(synchronize_session=False)
        )
        for day in days:
            values = {"step": _COARSE, "kept_as": kept_as}
            work.session.execute(
                insert(work.session, ScoreStep)
                .values(point=point, day=day, **values)
                .on_conflict_do_update(index_elements=["point", "day"], set_=values)
            )
        folding.apply(work.session, {ScoreRow: sums})


@contextmanager
def _looking(answerable: Answerable, actor: Actor) -> Iterator[Work]:
    with snapshot(answerable.fairness_database) as session:
        yield Work(
            answerable=answerable,
            session=session,
            actor=actor,
            now=answerable.clock.now(),
            writes=False,
        )


def _expected(work: Work, progress: Progress) -> tuple[summing.Sums, int, int]:
    """Return what the rows add up to, how many decisions there are, and how many of them cannot be placed any more.

    What erased decisions had added is kept; they can be placed.
    """
    sums = summing.none()
    total = work.session.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one()
    coarse = folding.coarseness(work.session)
    values = groups.ReadOnlyValues(work.session)
    erased = summing.add_erased(work.session, coarse, sums)
    done = gone = 0
    after: str | None = None
    while True:
        query = sa.select(Decision).order_by(Decision.id).limit(_PAGE)
        if after is not None:
            query = query.where(Decision.id > after)
        rows = list(work.session.execute(query).scalars())
        if not rows:
            return sums, done, max(0, gone - erased)
        after = rows[-1].id
        stood = _counted_states(work.session, rows)
        gone += summing.add(work, rows, stood, coarse, values, sums)[1]
        done += len(rows)
        work.session.expunge_all()
        progress("decisions", done, total)


def _counted_states(session: Session, rows: list[Decision]) -> dict[str, State | None]:
    """Return how each decision stands in the counts: as it is, or as it was before the first change that waits."""
    ids = [row.id for row in rows]
    found: dict[str, State | None] = dict(states_of(session, rows))
    waiting = session.execute(
        sa.select(CountDelta.decision_id, CountDelta.was)
        .where(CountDelta.decision_id.in_(ids))
        .order_by(CountDelta.id.desc())
    )
    # The oldest comes last and stands.
    for decision_id, was in waiting:
        found[decision_id] = None if was is None else read(was)
    return found


def _actual(session: Session, table: Any) -> Iterator[tuple[tuple[Any, ...], tuple[int, int]]]:
    names = [column.name for column in table.__table__.primary_key]
    sums = [table.n, table.total] if table is ReasonRow else [table.n, sa.literal(0)]
    rows = session.execute(
        sa.select(*(getattr(table, name) for name in names), *sums).execution_options(
            yield_per=2000
        )
    )
    for row in rows:
        yield tuple(row[:-2]), (row[-2], row[-1])


def _drop_empty(session: Session) -> None:
    for table in folding.TABLES:
        empty = table.n == 0
        if table is ReasonRow:
            empty = sa.and_(empty, ReasonRow.total == 0)
        session.execute(sa.delete(table).where(empty).execution_options(synchronize_session=False))


def _last(session: Session) -> Reconciliation | None:
    return session.execute(
        sa.select(Reconciliation)
        .order_by(Reconciliation.finished_at.desc(), Reconciliation.id.desc())
        .limit(1)
    ).scalar_one_or_none()
