"""Reading the counts of a decision point, summed over a window of days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa

from audits.fairness.counts import (
    Appealed,
    Cell,
    Counts,
    Group,
    RatingCell,
    ReasonCell,
    ReasonKind,
    Result,
    ScoreCell,
    Stage,
    StratumCell,
    WaitCell,
)
from audits.oversight.records import AppealCell, OverrideCell, Path
from governance.counting.measuring import measure_of
from governance.counting.models import (
    CellRow,
    OverrideRow,
    PathRow,
    RatingRow,
    ReasonRow,
    ScoreRow,
    StratumRow,
    WaitRow,
)
from governance.decisions.models import Decision
from governance.deltas.models import CountDelta
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.work import Work
from policies.document import Policy


def live_policy(work: Work, point: str) -> Policy:
    """Return the policy in force, by which reports measure.

    Raises:
        NotFound: there is no such point, or nothing of it is published.
    """
    live = work.configuration.live.get(point)
    if live is None:
        raise NotFound(f"There is no decision point {point!r} with a published policy.")
    return live.policy


def window(work: Work, point: str, since: str | None, until: str | None) -> tuple[str, str]:
    """Return the first and the last day wanted, both included; left out, the first day counted and today.

    Raises:
        InvalidInput: one is no date, or the last is before the first.
    """
    last = _day("until", until) or work.now.date().isoformat()
    first = _day("since", since)
    if first is None:
        found = work.session.execute(
            sa.select(sa.func.min(CellRow.day)).where(CellRow.point == point)
        ).scalar_one()
        first = min(found or last, last)
    if first > last:
        raise InvalidInput(
            f"The window ends on {last}, before it begins on {first}.",
            [FieldProblem(pointer="/until", detail=f"Expected {first} or later.")],
        )
    return first, last


def counts(
    work: Work,
    point: str,
    since: str | None = None,
    until: str | None = None,
    *,
    cells_only: bool = False,
) -> Counts:
    """Return all counts of a decision point within a window of days, or only those that verdicts rest on.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such point.
        InvalidInput: the window is none.
    """
    work.require(Permission.REPORTS_READ)
    policy = live_policy(work, point)
    first, last = window(work, point, since, until)
    measure = measure_of(policy)
    cut = (work.now.date() - timedelta(days=measure.maturity_days)).isoformat()
    within = _Window(work, point, first, last, cut)
    return Counts(
        decision_point=point,
        kind=policy.kind.value,
        since=first,
        until=last,
        # By name, as the canonical form of a report sorts them: whoever computes it again finds the same order.
        outcomes={name: dict(outcome.label) for name, outcome in sorted(policy.outcomes.items())},
        attributes=policy.attributes,
        measure=measure,
        versions=within.versions(),
        pending=pending(work, point),
        cells=list(within.cells()),
        scores=[] if cells_only else list(within.scores()),
        waits=[] if cells_only else list(within.waits()),
        strata=[] if cells_only else list(within.strata()),
        reasons=[] if cells_only else list(within.reasons()),
        ratings=[] if cells_only else list(within.ratings()),
    )


def overseen(
    work: Work, point: str, first: str, last: str
) -> tuple[list[OverrideCell], list[AppealCell]]:
    """Return what people turned round, and what was appealed, by group; of days that ``window`` gave.

    Raises:
        NotAllowed: the actor may not read reports.
    """
    work.require(Permission.REPORTS_READ)
    within = _Window(work, point, first, last, last)
    return list(within.overrides()), list(within.appeals())


def pending(work: Work, point: str) -> int:
    """Count the changes of a point's decisions that are not counted yet."""
    return work.session.execute(
        sa.select(sa.func.count())
        .select_from(CountDelta)
        .join(Decision, Decision.id == CountDelta.decision_id)
        .where(Decision.point == point)
    ).scalar_one()


class _Window:
    def __init__(self, work: Work, point: str, first: str, last: str, cut: str) -> None:
        self._session = work.session
        self._point, self._first, self._last = point, first, last
        self._cut = cut

    def versions(self) -> dict[int, int]:
        rows = self._sums(CellRow, [CellRow.version], CellRow.stage == Stage.PROPOSAL.value)
        return {row.version: row.n for row in rows}

    def cells(self) -> Iterator[Cell]:
        for stage in Stage:
            yield from self.cells_of(stage)

    def cells_of(self, stage: Stage) -> Iterator[Cell]:
        keys = [CellRow.stage, CellRow.grp, CellRow.value, CellRow.truth, CellRow.imported]
        mine = CellRow.stage == stage.value
        for row in self._sums(CellRow, [*keys, self._mature(CellRow)], mine):
            yield Cell(
                stage=Stage(row.stage),
                group=_group(row.grp),
                value=row.value,
                truth=row.truth,
                mature=bool(row.mature),
                imported=row.imported,
                count=row.n,
            )

    def scores(self) -> Iterator[ScoreCell]:
        keys = [ScoreRow.grp, ScoreRow.result, ScoreRow.confidence]
        for row in self._sums(ScoreRow, [*keys, self._mature(ScoreRow)]):
            yield ScoreCell(
                group=_group(row.grp),
                result=Result(row.result),
                confidence=row.confidence,
                mature=bool(row.mature),
                count=row.n,
            )

    def waits(self) -> Iterator[WaitCell]:
        for row in self._sums(WaitRow, [WaitRow.grp, WaitRow.at_most]):
            yield WaitCell(group=_group(row.grp), at_most=row.at_most or None, count=row.n)

    def strata(self) -> Iterator[StratumCell]:
        keys = [StratumRow.stage, StratumRow.grp, StratumRow.feature, StratumRow.value]
        for row in self._sums(StratumRow, [*keys, StratumRow.positive]):
            yield StratumCell(
                stage=Stage(row.stage),
                group=_group(row.grp),
                feature=row.feature,
                value=row.value,
                positive=row.positive,
                count=row.n,
            )

    def reasons(self) -> Iterator[ReasonCell]:
        keys = [ReasonRow.grp, ReasonRow.kind, ReasonRow.name]
        total = sa.cast(sa.func.sum(ReasonRow.total), sa.BigInteger).label("total")
        for row in self._sums(ReasonRow, keys, more=[total]):
            yield ReasonCell(
                group=_group(row.grp),
                kind=ReasonKind(row.kind),
                name=row.name,
                count=row.n,
                total=row.total,
            )

    def ratings(self) -> Iterator[RatingCell]:
        for row in self._sums(RatingRow, [RatingRow.grp, RatingRow.scale, RatingRow.rating]):
            yield RatingCell(group=_group(row.grp), scale=row.scale, rating=row.rating, count=row.n)

    def overrides(self) -> Iterator[OverrideCell]:
        keys = [OverrideRow.grp, OverrideRow.band, OverrideRow.positive, OverrideRow.overridden]
        for row in self._sums(OverrideRow, keys):
            yield OverrideCell(
                group=_group(row.grp),
                band=row.band,
                positive=row.positive,
                overridden=row.overridden,
                count=row.n,
            )

    def appeals(self) -> Iterator[AppealCell]:
        for row in self._sums(PathRow, [PathRow.grp, PathRow.path, PathRow.appeal]):
            answered = row.appeal in (Appealed.UPHELD, Appealed.DISMISSED)
            yield AppealCell(
                group=_group(row.grp),
                path=Path(row.path),
                appealed=row.appeal != "",
                overturned=row.appeal == Appealed.UPHELD if answered else None,
                count=row.n,
            )

    def _mature(self, table: Any) -> Any:
        return (table.day <= self._cut).label("mature")

    def _sums(
        self, table: Any, keys: Sequence[Any], *conditions: Any, more: Sequence[Any] = ()
    ) -> Sequence[Any]:
        n = sa.cast(sa.func.sum(table.n), sa.BigInteger).label("n")
        return self._session.execute(
            sa.select(*keys, n, *more)
            .where(table.point == self._point, table.day.between(self._first, self._last))
            .where(*conditions)
            .group_by(*keys)
            .having(sa.func.sum(table.n) != 0)
            .order_by(*keys)
        ).all()


@cache
def _group(written: str) -> Group:
    return tuple(sorted(orjson.loads(written).items()))


def _day(name: str, text: str | None) -> str | None:
    if text is None or not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        detail = f"Expected a day such as 2026-11-21; got {text[:40]!r}."
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)]) from None
