"""Reading decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.clock import is_id
from governance.decisions.models import Decision
from governance.decisions.sight import DECIDING, OWN
from governance.decisions.states import REVERSAL
from governance.gold.models import GoldServing
from governance.reviews.models import Case
from governance.subjects.models import PayloadRow, SubjectKeyRow


def by_id(session: Session, decision_id: str) -> Decision | None:
    """Return one decision."""
    if not is_id(decision_id):
        return None
    return session.get(Decision, decision_id, execution_options=OWN)


def lock(session: Session, decision_id: str) -> Decision | None:
    """Return one decision, locked until the end of the transaction."""
    return session.execute(
        sa.select(Decision)
        .where(Decision.id == decision_id)
        .with_for_update()
        .execution_options(populate_existing=True, **OWN)
    ).scalar_one_or_none()


def by_idempotency_key(session: Session, app_id: str, key: str) -> Decision | None:
    """Return the decision that an app asked for under a key."""
    return session.execute(
        sa.select(Decision).where(Decision.app_id == app_id, Decision.idempotency_key == key)
    ).scalar_one_or_none()


def case_of(session: Session, decision_id: str) -> Case | None:
    """Return the case that decides a decision."""
    return session.execute(
        sa.select(Case).where(Case.decision_id == decision_id, Case.purpose.in_(DECIDING))
    ).scalar_one_or_none()


def of_subject(subject_tag: str) -> sa.CompoundSelect[str]:
    """Return a select of the ids of a subject's decisions; gold cases are of the subject that was made up for them."""
    served = sa.select(GoldServing.decision_id).where(
        GoldServing.decision_id == PayloadRow.record_id
    )
    own = (
        sa.select(PayloadRow.record_id)
        .join(SubjectKeyRow, SubjectKeyRow.id == PayloadRow.key_id)
        .where(
            SubjectKeyRow.subject_tag == subject_tag,
            PayloadRow.name == "decision",
            ~served.exists(),
        )
    )
    made_up = sa.select(GoldServing.decision_id).where(GoldServing.subject_tag == subject_tag)
    return own.union_all(made_up)


def earlier_of_subject(
    session: Session, subject_tag: str, point: str, now: datetime
) -> tuple[int, str | None, datetime | None]:
    """Return how many decisions this point made on a subject in 30 days, and the last effective outcome of all with its time."""
    mine = (
        sa.select(Decision)
        .where(Decision.id.in_(of_subject(subject_tag)), Decision.point == point)
        .subquery()
    )
    count = session.execute(
        sa.select(sa.func.count())
        .select_from(mine)
        .where(mine.c.recorded_at >= now - timedelta(days=30), mine.c.source != REVERSAL)
    ).scalar_one()
    last = session.execute(
        sa.select(mine.c.outcome, mine.c.recorded_at)
        .where(
            mine.c.outcome.is_not(None),
            sa.or_(mine.c.effective_at.is_(None), mine.c.effective_at <= now),
        )
        .order_by(mine.c.recorded_at.desc(), mine.c.id.desc())
        .limit(1)
    ).first()
    return (count, None, None) if last is None else (count, last.outcome, last.recorded_at)


def page(
    session: Session,
    *,
    now: datetime,
    limit: int,
    app_id: str | None = None,
    points: Sequence[str] | None = None,
    queues: Sequence[str] | None = None,
    point: str | None = None,
    status: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    subject_tag: str | None = None,
    before: tuple[datetime, str] | None = None,
) -> list[Decision]:
    """Return decisions newest first, those before the cursor ``(recorded_at, id)``. ``status`` is as readers see it at ``now``."""
    query = (
        sa.select(Decision).order_by(Decision.recorded_at.desc(), Decision.id.desc()).limit(limit)
    )
    if app_id is not None:
        query = query.where(Decision.app_id == app_id)
    if points is not None:
        query = query.where(Decision.point.in_(points))
    if queues is not None:
        query = query.where(Decision.queue.in_(queues))
    if point is not None:
        query = query.where(Decision.point == point)
    if status is not None:
        undoable = sa.and_(Decision.effective_at.is_not(None), Decision.effective_at > now)
        if status == "in_review":
            query = query.where(sa.or_(Decision.status == status, undoable))
        else:
            query = query.where(Decision.status == status, sa.not_(undoable))
    if since is not None:
        query = query.where(Decision.recorded_at >= since)
    if until is not None:
        query = query.where(Decision.recorded_at < until)
    if subject_tag is not None:
        query = query.where(Decision.id.in_(of_subject(subject_tag)))
    if before is not None:
        query = query.where(
            sa.or_(
                Decision.recorded_at < before[0],
                sa.and_(Decision.recorded_at == before[0], Decision.id < before[1]),
            )
        )
    return list(session.execute(query).scalars())
