"""Reading appeals and reversals."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.appeals.models import Appeal, Reversal
from governance.decisions.models import Decision
from governance.reviews.models import Case, Verdict


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


def deciding_verdicts(session: Session, decision_id: str) -> list[Verdict]:
    """Return the verdicts on a decision that were not taken back, oldest first."""
    return list(
        session.execute(
            sa.select(Verdict)
            .where(Verdict.decision_id == decision_id, Verdict.undone_at.is_(None))
            .order_by(Verdict.given_at, Verdict.id)
        ).scalars()
    )


def was_looked_at(session: Session, case_id: str) -> bool:
    """Tell whether anybody ever took a case."""
    return (
        session.execute(sa.select(Case.first_claimed_at).where(Case.id == case_id)).scalar_one()
        is not None
    )
