"""Reading cases and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.clock import is_id
from governance.decisions import queries as decisions
from governance.decisions.models import Decision
from governance.decisions.sight import GOLD
from governance.points.models import PolicyVersion
from governance.reviews.models import Case, Judgement, Skip, Verdict
from governance.reviews.purposes import DECIDE, LEFT_FOR, SECOND_LOOKS, WORKED, is_there, not_barred

#: How long a case is not handed again to whoever passed it on.
SKIPPED_FOR = timedelta(hours=8)


class OpenCounts(NamedTuple):
    """How many cases of a queue are open, overdue, due soon, held by somebody, and put off."""

    open: int = 0
    overdue: int = 0
    due_soon: int = 0
    claimed: int = 0
    asleep: int = 0


def by_id(session: Session, case_id: str) -> Case | None:
    """Return one case."""
    return session.get(Case, case_id) if is_id(case_id) else None


def lock(session: Session, case_id: str, *, skip_locked: bool = False) -> Case | None:
    """Return one case, locked until the end of the transaction; None too where it was skipped."""
    return session.execute(
        sa.select(Case)
        .where(Case.id == case_id)
        .with_for_update(skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def lock_with_decision(session: Session, case: Case) -> tuple[Case, Decision]:
    """Return a case and its decision, both locked; always the decision first, as withdrawing does."""
    decision = decisions.lock(session, case.decision_id)
    locked = lock(session, case.id)
    assert decision is not None
    assert locked is not None, "cases are never deleted"
    return locked, decision


def standing_verdicts(session: Session, case_id: str) -> list[Verdict]:
    """Return the verdicts on a case that were not taken back, oldest first."""
    return list(
        session.execute(
            sa.select(Verdict)
            .where(Verdict.case_id == case_id, Verdict.undone_at.is_(None))
            .order_by(Verdict.decides, Verdict.given_at, Verdict.id)
            .execution_options(populate_existing=True)
        ).scalars()
    )


def sign_off_counts(session: Session, case_ids: Sequence[str]) -> dict[str, int]:
    """Return how many verdicts stand on each of these cases; those with none are absent."""
    rows = session.execute(
        sa.select(Verdict.case_id, sa.func.count())
        .where(Verdict.case_id.in_(case_ids), Verdict.undone_at.is_(None))
        .group_by(Verdict.case_id)
    )
    return {row[0]: row[1] for row in rows}


def signed_by(session: Session, case_ids: Sequence[str], person_id: str) -> set[str]:
    """Return those of these cases on which a person's verdict stands."""
    return set(
        session.execute(
            sa.select(Verdict.case_id).where(
                Verdict.case_id.in_(case_ids),
                Verdict.person_id == person_id,
                Verdict.undone_at.is_(None),
            )
        ).scalars()
    )


def judged_by(session: Session, case_id: str) -> dict[str, str]:
    """Return who said what they would decide of a case before they saw the proposal, and what."""
    rows = session.execute(
        sa.select(Judgement.person_id, Judgement.outcome).where(Judgement.case_id == case_id)
    )
    return {row[0]: row[1] for row in rows}


def judged_among(session: Session, case_ids: Sequence[str], person_id: str) -> set[str]:
    """Return those of these cases of which a person has said what they would decide."""
    return set(
        session.execute(
            sa.select(Judgement.case_id).where(
                Judgement.case_id.in_(case_ids), Judgement.person_id == person_id
            )
        ).scalars()
    )


def author_of(session: Session, point: str, version: int) -> str | None:
    """Return the reference of whoever drafted a policy version."""
    return session.execute(
        sa.select(PolicyVersion.drafted_by).where(
            PolicyVersion.point == point, PolicyVersion.version == version
        )
    ).scalar_one_or_none()


def held_by(session: Session, person_id: str, queues: Sequence[str], now: datetime) -> Case | None:
    """Return the open case of these queues that a person holds, the one claimed last."""
    # By whoever holds them, who are few; by status, SQLite would look through all that is open.
    held = session.execute(
        sa.select(Case)
        .where(Case.claimed_by == person_id, Case.claimed_until > now, Case.closed_at.is_(None))
        .order_by(Case.claimed_at.desc(), Case.id)
    ).scalars()
    return next((case for case in held if case.queue in queues), None)


def most_urgent(
    session: Session, person_id: str, person: str, queues: Sequence[str], now: datetime
) -> Case | None:
    """Return the most urgent case that nobody holds and that a person may decide, locked; what is kept for them comes first.

    ``person`` is the reference under which rows name the person. What is put off, kept for another, or was
    passed on by this person a short while ago is left out. What another transaction has locked is passed over, so
    that two people who ask at once get two cases.
    """
    author = (
        sa.select(Decision.id)
        .outerjoin(
            PolicyVersion,
            (PolicyVersion.point == Decision.point)
            & (PolicyVersion.version == Decision.policy_version),
        )
        .where(
            Decision.id == Case.decision_id,
            sa.or_(
                Decision.actor == person,
                sa.and_(Case.sign_offs > 1, PolicyVersion.drafted_by == person),
            ),
        )
    )
    signed = sa.select(Verdict.id).where(
        Verdict.case_id == Case.id, Verdict.person_id == person_id, Verdict.undone_at.is_(None)
    )
    skipped = sa.select(Skip.id).where(
        Skip.case_id == Case.id, Skip.person_id == person_id, Skip.skipped_at > now - SKIPPED_FOR
    )
    free = (
        sa.select(Case)
        .where(
            Case.status == "open",
            Case.purpose.in_(WORKED),
            is_there(now),
            sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now),
            ~author.exists(),
            ~signed.exists(),
            not_barred(session, person_id, person, now),
        )
        .execution_options(populate_existing=True)
    )
    reserved = session.execute(
        sa.select(Case.id).where(Case.reserved_for == person_id, Case.reserved_until > now)
    ).scalars()
    others = free.where(
        sa.or_(Case.reserved_until.is_(None), Case.reserved_until <= now),
        sa.or_(Case.sleeps_until.is_(None), Case.sleeps_until <= now),
        ~skipped.exists(),
    )
    kept_ids = list(reserved)
    kept = _first_unlocked(session, free.where(Case.id.in_(kept_ids)), queues) if kept_ids else None
    return kept or _first_unlocked(session, others, queues)


def _first_unlocked(session: Session, query: sa.Select[Case], queues: Sequence[str]) -> Case | None:
    """Return the most urgent of these cases, locked; those that another transaction has locked are passed over."""
    for found in _by_urgency(session, query, queues, 1):
        read = found.revision
        case = lock(session, found.id, skip_locked=True)
        # Whatever was done with it meanwhile, its revision tells.
        if case is not None and (case.revision, case.status) == (read, "open"):
            return case
    # Somebody was quicker.
    rest = query.where(Case.queue.in_(queues)).order_by(*_urgency(Case)).limit(1)
    return session.execute(rest.with_for_update(of=Case, skip_locked=True)).scalar_one_or_none()


def _by_urgency(
    session: Session, query: sa.Select[Case], queues: Sequence[str], limit: int
) -> list[Case]:
    """Return so many of these cases as ``_urgency`` sorts them, without sorting a whole queue: each part of it stands in an index in that order."""
    # Where the index has what is never due first, it is asked for apart.
    first_null = session.get_bind().dialect.name == "sqlite"
    dues = (Case.due_at.is_not(None), Case.due_at.is_(None)) if first_null else (sa.true(),)
    found: list[Case] = []
    for sensitive in (True, False):
        for due in dues:
            part = query.where(Case.sensitive == sensitive, due)
            these: list[Case] = []
            for queue in queues:
                first = part.where(Case.queue == queue).order_by(
                    Case.due_at, Case.opened_at, Case.id
                )
                these += session.execute(first.limit(limit - len(found))).scalars()
            these.sort(key=_place)
            found += these[: limit - len(found)]
            if len(found) == limit:
                return found
    return found


def _place(case: Case) -> tuple[Any, ...]:
    return (case.due_at is None, case.due_at or case.opened_at, case.opened_at, case.id)


def page(
    session: Session,
    *,
    queues: Sequence[str],
    status: str,
    limit: int,
    after: Case | None,
    now: datetime,
) -> list[Case]:
    """Return cases: the open ones most urgent first, others the last closed first."""
    query = sa.select(Case).where(Case.purpose.in_(WORKED), is_there(now), Case.status == status)
    if status == "open":
        if after is not None:
            query = query.where(_less_urgent(after))
        return _by_urgency(session, query, queues, limit)
    query = query.where(Case.queue.in_(queues)).order_by(Case.closed_at.desc(), Case.id.desc())
    if after is not None:
        query = query.where(
            sa.or_(
                Case.closed_at < after.closed_at,
                sa.and_(Case.closed_at == after.closed_at, Case.id < after.id),
            )
        )
    return list(session.execute(query.limit(limit)).scalars())


def count_open(session: Session, queues: Sequence[str], now: datetime, most: int) -> int:
    """Count the open cases of these queues, ``most`` of them at the most."""
    some = (
        sa.select(Case.id)
        .where(
            Case.queue.in_(queues),
            Case.status == "open",
            Case.purpose.in_(WORKED),
            is_there(now),
        )
        .limit(most)
        .subquery()
    )
    return session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def open_counts(
    session: Session, queues: Sequence[str], now: datetime, soon: datetime
) -> dict[str, OpenCounts]:
    """Return for each queue how its open cases stand."""
    rows = session.execute(
        sa.select(
            Case.queue,
            sa.func.count(),
            sa.func.count().filter(Case.due_at <= now),
            sa.func.count().filter(sa.and_(Case.due_at > now, Case.due_at <= soon)),
            sa.func.count().filter(Case.claimed_until > now),
            sa.func.count().filter(Case.sleeps_until > now),
        )
        .where(
            Case.queue.in_(queues),
            Case.status == "open",
            Case.purpose.in_(WORKED),
            is_there(now),
        )
        .group_by(Case.queue)
    )
    return {row[0]: OpenCounts(*row[1:]) for row in rows}


def recent_durations(session: Session, queue: str, count: int = 50) -> list[float]:
    """Return the seconds from claim to verdict of the last ``count`` cases of a queue."""
    recent = (
        sa.select(Case.id)
        .where(Case.queue == queue, Case.status == "decided", Case.purpose != GOLD)
        .order_by(Case.closed_at.desc())
        .limit(count)
        .subquery()
    )
    rows = session.execute(
        sa.select(Verdict.claimed_at, Verdict.given_at).where(
            Verdict.case_id.in_(sa.select(recent.c.id)),
            Verdict.claimed_at.is_not(None),
            Verdict.undone_at.is_(None),
            Verdict.bulk_id.is_(None),
        )
    )
    return [(given - claimed).total_seconds() for claimed, given in rows if claimed is not None]


def verdicts_given_since(session: Session, person_id: str, since: datetime) -> int:
    """Return how many verdicts of a person stand that were given since an instant."""
    return session.execute(
        sa.select(sa.func.count())
        .select_from(Verdict)
        .where(
            Verdict.person_id == person_id,
            Verdict.given_at >= since,
            Verdict.undone_at.is_(None),
        )
    ).scalar_one()


def deciding_verdicts(session: Session, decision_id: str) -> list[Verdict]:
    """Return the verdicts that stand on the case that decided a decision, oldest first."""
    return list(
        session.execute(
            sa.select(Verdict)
            .join(Case, Case.id == Verdict.case_id)
            .where(
                Verdict.decision_id == decision_id,
                Verdict.undone_at.is_(None),
                Case.purpose == DECIDE,
            )
            .order_by(Verdict.given_at, Verdict.id)
        ).scalars()
    )


def left_ids(session: Session, now: datetime, limit: int) -> list[str]:
    """Return second looks that were due long ago and that nobody holds."""
    return list(
        session.execute(
            sa.select(Case.id)
            .where(
                Case.status == "open",
                Case.purpose.in_(SECOND_LOOKS),
                Case.due_at <= now - LEFT_FOR,
                sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now),
            )
            .order_by(Case.due_at, Case.id)
            .limit(limit)
        ).scalars()
    )


def overdue_ids(session: Session, now: datetime, limit: int) -> list[str]:
    """Return open cases that are overdue and that nobody holds, the longest overdue first."""
    return list(
        session.execute(
            sa.select(Case.id)
            .where(
                Case.status == "open",
                Case.purpose == DECIDE,
                Case.due_at <= now,
                sa.or_(Case.claimed_until.is_(None), Case.claimed_until <= now),
            )
            .order_by(Case.due_at, Case.id)
            .limit(limit)
        ).scalars()
    )


def _urgency(case: type[Case]) -> tuple[sa.ColumnElement[Any], ...]:
    return (
        case.sensitive.desc(),
        case.due_at.asc().nulls_last(),
        case.opened_at.asc(),
        case.id.asc(),
    )


def _less_urgent(after: Case) -> sa.ColumnElement[bool]:
    """Return the condition for what ``_urgency`` sorts behind a case."""
    younger = sa.or_(
        Case.opened_at > after.opened_at,
        sa.and_(Case.opened_at == after.opened_at, Case.id > after.id),
    )
    if after.due_at is None:
        later = sa.and_(Case.due_at.is_(None), younger)
    else:
        later = sa.or_(
            Case.due_at > after.due_at,
            Case.due_at.is_(None),
            sa.and_(Case.due_at == after.due_at, younger),
        )
    same = sa.and_(Case.sensitive.is_(after.sensitive), later)
    return sa.or_(Case.sensitive.is_(False), same) if after.sensitive else same
