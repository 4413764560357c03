"""Reading appeals and reversals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.appeals.models import Appeal, Reversal
from governance.decisions.models import Decision
from governance.reviews.models import Case


def of_decision(session: Session, decision_id: str) -> list[Appeal]:
    """Return the appeals to a decision, oldest first."""
    return list(
        session.execute(
            sa.select(Appeal)
            .where(Appeal.decision_id == decision_id)
            .order_by(Appeal.opened_at, Appeal.id)
            .execution_options(populate_existing=True)
        ).scalars()
    )


def of_case(session: Session, case_id: str) -> Appeal | None:
    """Return the appeal that a case answers."""
    return session.execute(sa.select(Appeal).where(Appeal.case_id == case_id)).scalar_one_or_none()


def reversal_of(session: Session, appeal_id: str) -> Reversal | None:
    """Return the reversal that an appeal led to."""
    return session.execute(
        sa.select(Reversal).where(Reversal.appeal_id == appeal_id)
    ).scalar_one_or_none()


def reverses(session: Session, decision_id: str) -> str | None:
    """Return the decision in whose place this one came, None for one that was asked for."""
    return session.execute(
        sa.select(Reversal.reverses).where(Reversal.decision_id == decision_id)
    ).scalar_one_or_none()


def reversed_by(session: Session, decision_id: str) -> str | None:
    """Return the decision that came in the place of one, None where it stands."""
    return session.execute(
        sa.select(Reversal.decision_id).where(Reversal.reverses == decision_id)
    ).scalar_one_or_none()


def first_of(session: Session, decision_id: str) -> str:
    """Return the decision that was asked for, of which this one is what stands after appeals; mostly itself."""
    while (earlier := reverses(session, decision_id)) is not None:
        decision_id = earlier
    return decision_id


def standing(session: Session, decision: Decision) -> Decision:
    """Return what stands of a decision after appeals; mostly itself."""
    found = decision
    while (later := reversed_by(session, found.id)) is not None:
        found = session.get_one(Decision, later)
    return found


def was_looked_at(session: Session, case_id: str) -> bool:
    """Tell whether anybody ever took a case."""
    return (
        session.execute(sa.select(Case.first_claimed_at).where(Case.id == case_id)).scalar_one()
        is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCount:
    """So many decisions of one path (release, review or refuse) that were objected to, by what became of it."""

    path: str
    open: int = 0
    upheld: int = 0
    dismissed: int = 0
    withdrawn: int = 0


def by_path(session: Session, point: str, since: datetime, until: datetime) -> list[PathCount]:
    """Count the appeals that were opened at a point within a time, by the way on which their decisions had been made."""
    rows = session.execute(
        sa.select(
            Decision.disposition,
            sa.func.count().filter(Appeal.status == "open"),
            sa.func.count().filter(Appeal.upheld.is_(True)),
            sa.func.count().filter(Appeal.upheld.is_(False)),
            sa.func.count().filter(Appeal.status == "withdrawn"),
        )
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(Appeal.point == point, Appeal.opened_at >= since, Appeal.opened_at < until)
        .group_by(Decision.disposition)
        .order_by(Decision.disposition)
    )
    return [
        PathCount(path=path, open=waiting, upheld=upheld, dismissed=dismissed, withdrawn=withdrawn)
        for path, waiting, upheld, dismissed, withdrawn in rows
    ]
