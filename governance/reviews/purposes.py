"""What a case is for, and who may not work one that answers an objection.

Most cases decide their decision. An appeal's is looked at by somebody who had no part in what it objects to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.appeals.models import Appeal
from governance.decisions.models import Decision
from governance.decisions.sight import GOLD
from governance.installation.service import business_settings
from governance.points.models import PolicyVersion
from governance.reviews.models import Case, Verdict

#: It decides its decision, which waits for it.
DECIDE: Final = "decide"
#: It answers an objection to a decision that was made.
APPEAL: Final = "appeal"
#: The purposes of the cases that people are given, in queues and one after the other.
WORKED: Final = (DECIDE, APPEAL, GOLD)

#: After this long whoever entered an appeal, or wrote the policy, may answer it in a business whose people are few.
ALONE_AFTER: Final = timedelta(hours=24)
_LENIENT: Final = frozenset({"entered", "wrote"})
_BARS: Final = {
    "decided": "You had part in deciding this, so another person must look at the appeal.",
    "answered": "You answered an earlier appeal to this decision, so another person must look at this one.",
    "asked": "You asked for this decision, so another person must look at the appeal.",
    "entered": "You entered this appeal, so another person must answer it.",
    "wrote": "You wrote the policy that this was decided by, so another person must look at the appeal.",
}


def barred_from_appeal(
    session: Session, case: Case, decision: Decision, now: datetime | None = None
) -> list[tuple[str, str]]:
    """Return the people who may not answer an appeal, each with the reason: whoever decided, also what was undone, asked, entered it, or wrote the policy.

    In a business whose people are few the last two may after a day, as nobody else might be there: at ``now``, None: strictly.
    """
    lenient = now is not None and _few(session) and now - case.opened_at >= ALONE_AFTER
    barred = []
    for kind, references in _parts(session, case, decision):
        if not (lenient and kind in _LENIENT):
            barred += [(one, _BARS[kind]) for one in references]
    return barred


def _few(session: Session) -> bool:
    return business_settings(session).people_few


def _parts(session: Session, case: Case, decision: Decision) -> Iterator[tuple[str, list[str]]]:
    of_decision = Verdict.decision_id == decision.id
    yield (
        "decided",
        list(session.execute(sa.select(Verdict.person_id).where(of_decision)).scalars()),
    )
    answered = sa.select(Appeal.answered_by).where(
        Appeal.decision_id == decision.id, Appeal.answered_by.is_not(None)
    )
    yield "answered", [one for one in session.execute(answered).scalars() if one is not None]
    yield "asked", _people([decision.actor])
    entered = sa.select(Appeal.opened_by).where(Appeal.case_id == case.id)
    yield "entered", _people(session.execute(entered).scalars())
    wrote = sa.select(PolicyVersion.drafted_by).where(
        PolicyVersion.point == decision.point, PolicyVersion.version == decision.policy_version
    )
    yield "wrote", _people(session.execute(wrote).scalars())


def _people(references: Iterable[str | None]) -> list[str]:
    named = ((one or "").partition(":") for one in references)
    return [identity for kind, _, identity in named if kind == "person"]


def not_barred(
    session: Session, person_id: str, person: str, now: datetime
) -> sa.ColumnElement[bool]:
    """Return the condition under which a case is none that answers an objection, or one that this person may answer now."""
    lenient = sa.and_(sa.literal(_few(session)), Case.opened_at <= now - ALONE_AFTER)
    decided = sa.select(Verdict.id).where(
        Verdict.decision_id == Case.decision_id, Verdict.person_id == person_id
    )
    answered = sa.select(Appeal.id).where(
        Appeal.decision_id == Case.decision_id, Appeal.answered_by == person_id
    )
    entered = sa.select(Appeal.id).where(Appeal.case_id == Case.id, Appeal.opened_by == person)
    asked = sa.select(Decision.id).where(Decision.id == Case.decision_id, Decision.actor == person)
    wrote = (
        sa.select(Decision.id)
        .join(
            PolicyVersion,
            (PolicyVersion.point == Decision.point)
            & (PolicyVersion.version == Decision.policy_version),
        )
        .where(Decision.id == Case.decision_id, PolicyVersion.drafted_by == person)
    )
    return sa.or_(
        Case.purpose != APPEAL,
        sa.and_(
            ~decided.exists(),
            ~answered.exists(),
            ~asked.exists(),
            sa.or_(lenient, sa.and_(~entered.exists(), ~wrote.exists())),
        ),
    )
