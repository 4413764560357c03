"""Draws: an auditor asks for decisions at random, the next checkpoint gives the seed, and the log tells which are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log import drawing
from audits.log.entries import EntryKind, instant_text
from governance.actors import service
from governance.auditing.models import COMMENT, Draw, DrawnDecision
from governance.clock import is_id
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.sight import ALL
from governance.errors import FieldProblem, Gone, InvalidInput, NotFound
from governance.identities.queries import names_of
from governance.ledger import queries
from governance.ledger.models import Leaf, StoredCheckpoint
from governance.permissions import Permission
from governance.points.models import DecisionPoint
from governance.subjects import payloads
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

MOST_WANTED: Final = 1000
LONGEST_COMMENT: Final = 4000
_BATCH: Final = 10_000
_UNKNOWN: Final = "There is no such draw."


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawView:
    """A draw. ``epoch``, ``size`` and ``seed`` (hex) name the checkpoint it was settled by; all are None while it waits for one."""

    id: str
    wanted: int
    point: str | None
    since: datetime | None
    until: datetime | None
    bounds: Sequence[dict[str, int]]
    population: int
    asked_at: datetime
    asked_by: str
    asked_by_name: str
    settled_at: datetime | None
    epoch: int | None
    size: int | None
    seed: str | None
    drawn: int
    looked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnView:
    """A drawn decision; what was decided is told where decisions are read. ``comment`` is None also where it was erased."""

    decision_id: str
    position: int
    point: str | None
    recorded_at: datetime | None
    looked_at: datetime | None
    looked_by_name: str | None
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDraw:
    """A draw with the decisions that it named."""

    draw: DrawView
    decisions: Sequence[DrawnView]


def ask(
    work: Work,
    *,
    wanted: int,
    point: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> DrawView:
    """Ask for decisions at random, of those that are in the log now; the first checkpoint signed from here on settles which.

    Raises:
        NotAllowed: the actor may not read the log and all decisions.
        InvalidInput: the number or the window is none, or there is nothing to draw from.
        NotFound: there is no such decision point.
    """
    work.require(Permission.LOG_READ)
    work.require(Permission.DECISIONS_READ)
    if not 1 <= wanted <= MOST_WANTED:
        raise _misfit("wanted", f"Ask for 1 to {MOST_WANTED} decisions.")
    if since is not None and until is not None and since >= until:
        raise _misfit("until", "The window ends before it begins.")
    if point is not None and work.session.get(DecisionPoint, point) is None:
        raise NotFound(f"There is no decision point {point!r}.")
    bounds = [
        {"epoch": log.epoch, "from": log.min_index, "size": log.size}
        for log in queries.epochs(work.session)
    ]
    row = Draw(
        id=work.new_id(),
        wanted=wanted,
        point=point,
        since=since,
        until=until,
        bounds=bounds,
        population=0,
        asked_at=work.now,
        asked_by=work.actor.reference,
    )
    row.population = work.session.execute(
        _population(row, sa.func.count()), execution_options=ALL
    ).scalar_one()
    if row.population == 0:
        raise _misfit("point", "There is no decision in the log that this would draw from.")
    work.session.add(row)
    work.record(
        EntryKind.DRAW_MADE,
        record_id=row.id,
        refs={"draw": row.id},
        data={
            "wanted": wanted,
            "point": point,
            "since": None if since is None else instant_text(since),
            "until": None if until is None else instant_text(until),
            "bounds": bounds,
            "population": row.population,
        },
    )
    return _view(work, row)


def settle_due(answerable: Answerable) -> int:
    """Settle each draw for which a checkpoint was signed; return how many."""
    with answerable.database.read() as session:
        waiting = list(
            session.execute(
                sa.select(Draw).where(Draw.settled_at.is_(None)).order_by(Draw.id)
            ).scalars()
        )
        found = []
        for row in waiting:
            checkpoint = _first_checkpoint(session, row.id)
            if checkpoint is not None:
                seed = drawing.seed_of(checkpoint.root, row.id)
                found.append((row.id, checkpoint, seed, _drawn(session, row, seed)))
    for draw_id, checkpoint, seed, ids in found:
        _settle(answerable, draw_id, checkpoint, seed, ids)
    return len(found)


def list_draws(work: Work, limit: int = 100) -> list[DrawView]:
    """Return the draws, the newest first.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    work.require(Permission.LOG_READ)
    rows = work.session.execute(
        sa.select(Draw).order_by(Draw.asked_at.desc(), Draw.id.desc()).limit(limit)
    ).scalars()
    return [_view(work, row) for row in rows]


def get(work: Work, draw_id: str) -> WholeDraw:
    """Return a draw with its decisions, once it is settled.

    Raises:
        NotAllowed, NotFound: the actor may not read the log and all decisions; there is no such draw.
    """
    work.require(Permission.LOG_READ)
    work.require(Permission.DECISIONS_READ)
    row = work.session.get(Draw, draw_id) if is_id(draw_id) else None
    if row is None:
        raise NotFound(_UNKNOWN)
    rows = work.session.execute(
        sa.select(DrawnDecision, Decision)
        .outerjoin(Decision, Decision.id == DrawnDecision.decision_id)
        .where(DrawnDecision.draw_id == draw_id)
        .order_by(DrawnDecision.position),
        execution_options=ALL,
    ).all()
    names = names_of(work.session, [one.looked_by for one, _ in rows])
    said = payloads.read_many(
        work.session,
        work.answerable.keys,
        [one.entry_id for one, _ in rows if one.entry_id is not None],
        COMMENT,
    )
    told = [
        DrawnView(
            decision_id=one.decision_id,
            position=one.position,
            point=None if decision is None else decision.point,
            recorded_at=None if decision is None else decision.recorded_at,
            looked_at=one.looked_at,
            looked_by_name=names.get(one.looked_by or ""),
            comment=said[one.entry_id].decode() if one.entry_id in said else None,
        )
        for one, decision in rows
    ]
    return WholeDraw(draw=_view(work, row), decisions=told)


def look_at(work: Work, draw_id: str, decision_id: str, *, comment: str = "") -> WholeDraw:
    """Say that one looked at a drawn decision, and what one found; said again, the last word stands.

    Raises:
        NotAllowed, NotFound: the actor may not; there is no such draw, or it did not draw this decision.
        InvalidInput: the comment is too long.
        Gone: the decision's payload was erased, so that nothing more may be written of it.
    """
    work.require(Permission.LOG_READ)
    work.require(Permission.DECISIONS_READ)
    person = work.person_id
    if len(comment) > LONGEST_COMMENT:
        raise _misfit("comment", f"At most {LONGEST_COMMENT} characters.")
    row = None
    if is_id(draw_id) and is_id(decision_id):
        row = work.session.execute(
            sa.select(DrawnDecision)
            .where(DrawnDecision.draw_id == draw_id, DrawnDecision.decision_id == decision_id)
            .with_for_update()
        ).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such draw, or it did not draw this decision.")
    decisions.readable(work, decision_id)
    key = payloads.key_of_record(work.session, work.answerable.keys, decision_id)
    if comment and key is None:
        raise Gone(
            "What this decision was about was erased, so nothing more may be written of it. Say without words that you looked."
        )
    row.looked_at, row.looked_by = work.now, f"person:{person}"
    row.entry_id = work.record(
        EntryKind.DRAWN_LOOKED_AT,
        decision_id=decision_id,
        refs={"draw": draw_id},
        payloads={COMMENT: comment.encode()} if comment else None,
        key=key if comment else None,
    )
    work.session.flush()
    return get(work, draw_id)


def _settle(
    answerable: Answerable,
    draw_id: str,
    checkpoint: StoredCheckpoint,
    seed: bytes,
    ids: Sequence[str],
) -> None:
    with answerable.work(service("draws")) as work:
        row = work.session.get_one(Draw, draw_id, with_for_update=True)
        if row.settled_at is not None:
            return
        row.settled_at, row.seed = work.now, seed.hex()
        row.epoch, row.size = checkpoint.epoch, checkpoint.size
        work.session.add_all(
            DrawnDecision(draw_id=draw_id, position=position, decision_id=one)
            for position, one in enumerate(ids, 1)
        )
        work.record(
            EntryKind.DRAW_SETTLED,
            refs={"draw": draw_id},
            data={
                "epoch": checkpoint.epoch,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "seed": seed.hex(),
                "drawn": len(ids),
                "digest": drawing.digest_of(ids),
            },
        )


def _first_checkpoint(session: Session, draw_id: str) -> StoredCheckpoint | None:
    """Return the first checkpoint that covers a draw's entry, None while there is none."""
    leaf = session.execute(sa.select(Leaf).where(Leaf.record_id == draw_id)).scalar_one_or_none()
    if leaf is None:
        return None
    return session.execute(
        sa.select(StoredCheckpoint)
        .where(
            sa.or_(
                StoredCheckpoint.epoch > leaf.epoch,
                sa.and_(
                    StoredCheckpoint.epoch == leaf.epoch, StoredCheckpoint.size > leaf.leaf_index
                ),
            )
        )
        .order_by(StoredCheckpoint.epoch, StoredCheckpoint.size)
        .limit(1)
    ).scalar_one_or_none()


def _drawn(session: Session, row: Draw, seed: bytes) -> list[str]:
    members = session.execute(
        _population(row, Decision.id), execution_options={**ALL, "yield_per": _BATCH}
    ).scalars()
    return drawing.drawn(seed, members, row.wanted)


def _population(row: Draw, what: Any) -> sa.Select[Any]:
    """Select what a draw is drawn from, as ``drawing.is_member`` has it for entries."""
    query = (
        sa.select(what)
        .select_from(Decision)
        .join(Leaf, Leaf.record_id == Decision.id)
        .where(
            Decision.gold_for.is_(None),
            sa.or_(
                *(
                    sa.and_(
                        Leaf.epoch == part["epoch"],
                        Leaf.leaf_index >= part["from"],
                        Leaf.leaf_index < part["size"],
                    )
                    for part in row.bounds
                )
            ),
        )
    )
    if row.point is not None:
        query = query.where(Decision.point == row.point)
    if row.since is not None:
        query = query.where(Decision.recorded_at >= row.since)
    if row.until is not None:
        query = query.where(Decision.recorded_at < row.until)
    return query


def _view(work: Work, row: Draw) -> DrawView:
    drawn, looked = work.session.execute(
        sa.select(sa.func.count(), sa.func.count(DrawnDecision.looked_at)).where(
            DrawnDecision.draw_id == row.id
        )
    ).one()
    return DrawView(
        id=row.id,
        wanted=row.wanted,
        point=row.point,
        since=row.since,
        until=row.until,
        bounds=row.bounds,
        population=row.population,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        asked_by_name=names_of(work.session, [row.asked_by])[row.asked_by],
        settled_at=row.settled_at,
        epoch=row.epoch,
        size=row.size,
        seed=row.seed,
        drawn=drawn,
        looked_at=looked,
    )


def _misfit(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{field}", detail=detail)])
