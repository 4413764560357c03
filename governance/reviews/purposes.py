"""What a case is for, and who may not work one.

Most cases decide their decision. An appeal's is looked at by somebody who had no part in what it objects to, and a second opinion is given by
somebody who gave no verdict before.
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
#: It looks afterwards at what was released by itself, and changes nothing by itself.
CHECK: Final = "check"
#: It asks somebody else what they would have decided, who knows neither proposal nor verdict.
DOUBLE: Final = "double"
#: Looks at what is decided already.
SECOND_LOOKS: Final = (CHECK, DOUBLE)
#: The purposes of the cases that people are given, in queues and one after the other.
WORKED: Final = (DECIDE, APPEAL, CHECK, DOUBLE, GOLD)
#: How long after it was due a second look is closed that nobody gave.
LEFT_FOR: Final = timedelta(days=30)

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
_SEEN_ALREADY: Final = "You gave a verdict on this before, so another person says what they think."


def barred_from_double(session: Session, case: Case, decision: Decision) -> list[tuple[str, str]]:
    """Return the people who may give no second opinion, each with the reason: whoever gave a verdict, also one that was undone, or asked.

    But for whom the case was opened because there was nobody else.
    """
    of_decision = sa.select(Verdict.person_id).where(
        Verdict.decision_id == decision.id, Verdict.case_id != case.id
    )
    given = set(session.execute(of_decision).scalars()) - {case.second_look_of}
    return [(one, _SEEN_ALREADY) for one in sorted(given)] + [
        (one, _BARS["asked"].replace("the appeal", "it")) for one in _people([decision.actor])
    ]


def is_there(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition under which a case is there yet: a second opinion waits until the verdict before it counts."""
    return sa.or_(Case.purpose != DOUBLE, Case.opened_at <= now)


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
    """Return the condition under which a case answers no objection and is no second opinion, or is one that this person may work now."""
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
        Case.purpose.not_in((APPEAL, DOUBLE)),
        sa.and_(
            Case.purpose == DOUBLE, sa.or_(Case.second_look_of == person_id, ~decided.exists())
        ),
        sa.and_(
            Case.purpose == APPEAL,
            ~decided.exists(),
            ~answered.exists(),
            ~asked.exists(),
            sa.or_(lenient, sa.and_(~entered.exists(), ~wrote.exists())),
        ),
    )
