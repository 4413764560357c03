"""Making known cases of resolved ones, looking at them, and retiring them; serving them is ``governance.reviews.gold``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.appeals.models import Appeal
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.sight import ALL
from governance.decisions.states import Status
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.gold.models import GoldCase, GoldServing
from governance.identities import queries as people
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews.gold import NOTE_PAYLOAD
from governance.reviews.models import Case, Verdict
from governance.reviews.service import words_of
from governance.subjects import payloads
from governance.truth.models import GroundTruth
from governance.work import Work

#: How far back suggestions go, how many cases are looked at for them, and how many are given.
_SUGGESTED_FROM: Final = timedelta(days=365)
_MOST_LOOKED_AT: Final = 500
_MOST_SUGGESTED: Final = 20
_MOST_LISTED: Final = 500
_BY_PEOPLE: Final = (Status.APPROVED, Status.CHANGED, Status.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldView:
    """A known case. ``secret``: the actor may be served it, so source, answer and note are withheld (None).

    ``served`` counts to whom it was, ``decided`` their verdicts that count, ``caught`` those that gave another outcome than was proposed;
    ``mistake`` says whether there is something to catch.
    """

    id: str
    decision_id: str | None
    point: str
    proposed: str | None
    answer: str | None
    note: str | None
    mistake: bool | None
    secret: bool
    made_by: str
    made_at: datetime
    retired_at: datetime | None
    served: int
    decided: int
    caught: int


class Because(StrEnum):
    """Why a decided case is suggested: it was changed, and what was learnt later agrees, or nothing was learnt."""

    TRUTH = "truth"
    APPEAL = "appeal"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A decided case that could become a known one, and the answer that people gave it."""

    decision_id: str
    point: str
    proposed: str | None
    answer: str
    because: Because
    recorded_at: datetime


def make(work: Work, decision_id: str, *, answer: str, note: str) -> GoldView:
    """Make a known case of a decided one: what is right, and why.

    Raises:
        NotAllowed, NotFound: the actor may make none, or may not read this decision.
        Conflict: no person decided it alone, it is not final, was erased, or is one already.
        InvalidInput: there is no such outcome, or no word on why it is right.
    """
    work.require(Permission.GOLD_MANAGE)
    row = decisions.readable(work, decision_id)
    why_not = why_none(work, row)
    if why_not is not None:
        raise Conflict(why_not)
    policy = points.engine_of(work, row.point, row.policy_version).policy
    if answer not in policy.outcomes:
        detail = f"Expected one of {', '.join(policy.outcomes)}, the policy's outcomes."
        raise InvalidInput(detail, [FieldProblem(pointer="/answer", detail=detail)])
    said = words_of(note, pointer="/note")
    if said is None:
        detail = "Say why this is right; whoever decided the case reads it."
        raise InvalidInput(detail, [FieldProblem(pointer="/note", detail=detail)])
    made = GoldCase(
        id=work.new_id(),
        decision_id=row.id,
        point=row.point,
        answer=answer,
        made_by=work.person_id,
        made_at=work.now,
        retired_at=None,
    )
    work.session.add(made)
    # The decision's own story is read by those who may be served it.
    work.record(
        EntryKind.GOLD_MADE,
        record_id=made.id,
        refs={"source": row.id},
        data={"point": row.point, "answer": answer},
        payloads={NOTE_PAYLOAD: said.encode()},
        key=payloads.key_of_record(work.session, work.answerable.keys, row.id),
    )
    work.session.flush()
    return _views(work, [made])[0]


def retire(work: Work, gold_id: str) -> GoldView:
    """Serve a known case to nobody any more; a second time changes nothing.

    Raises:
        NotAllowed, NotFound: the actor may make none, or may not read what it was made from.
    """
    work.require(Permission.GOLD_MANAGE)
    made = work.session.get(GoldCase, gold_id, with_for_update=True)
    if made is None:
        raise NotFound("There is no such known case, or it is not one of yours.")
    decisions.readable(work, made.decision_id)
    if made.retired_at is None:
        made.retired_at = work.now
        work.record(EntryKind.GOLD_RETIRED, refs={"gold": made.id})
        work.session.flush()
    return _views(work, [made])[0]


def list_gold(work: Work, *, point: str | None = None) -> list[GoldView]:
    """Return the known cases made of decisions that the actor may read, the active ones first, then the newest.

    Raises:
        NotAllowed: the actor may make none.
    """
    work.require(Permission.GOLD_MANAGE)
    query = (
        sa.select(GoldCase)
        .join(Decision, Decision.id == GoldCase.decision_id)
        .where(*_readable(work))
        .order_by(GoldCase.retired_at.is_not(None), GoldCase.made_at.desc(), GoldCase.id)
        .limit(_MOST_LISTED)
    )
    if point is not None:
        query = query.where(GoldCase.point == point)
    return _views(work, work.session.execute(query).scalars().all())


def suggestions(work: Work, *, point: str | None = None) -> list[Suggestion]:
    """Return decided cases of the last year in which people changed the proposal: first those that something learnt later agrees with.

    Raises:
        NotAllowed: the actor may make none.
    """
    work.require(Permission.GOLD_MANAGE)
    taken = sa.select(GoldCase.id).where(GoldCase.decision_id == Decision.id)
    dismissed = (
        sa.select(Appeal.id)
        .where(Appeal.decision_id == Decision.id, Appeal.upheld.is_(False))
        .exists()
    )
    upheld = (
        sa.select(Appeal.id)
        .where(Appeal.decision_id == Decision.id, Appeal.upheld.is_(True))
        .exists()
    )
    query = (
        sa.select(Decision, GroundTruth.outcome, dismissed)
        .join(Case, (Case.decision_id == Decision.id) & (Case.purpose == "decide"))
        .outerjoin(GroundTruth, GroundTruth.decision_id == Decision.id)
        .where(
            *_readable(work),
            Decision.status == Status.CHANGED,
            Decision.outcome != Decision.proposed_outcome,
            Decision.effective_at <= work.now,
            Decision.recorded_at >= work.now - _SUGGESTED_FROM,
            sa.or_(GroundTruth.outcome.is_(None), GroundTruth.outcome == Decision.outcome),
            Case.sign_offs == 1,
            ~upheld,
            ~taken.exists(),
        )
        .order_by(Decision.recorded_at.desc(), Decision.id.desc())
        .limit(_MOST_LOOKED_AT)
    )
    if point is not None:
        query = query.where(Decision.point == point)
    found = [
        Suggestion(
            decision_id=row.id,
            point=row.point,
            proposed=row.proposed_outcome,
            answer=row.outcome or "",
            because=Because.TRUTH if truth else Because.APPEAL if stood else Because.CHANGED,
            recorded_at=row.recorded_at,
        )
        for row, truth, stood in work.session.execute(query)
    ]
    return sorted(found, key=lambda one: one.because is Because.CHANGED)[:_MOST_SUGGESTED]


def may_make(work: Work, decision_id: str) -> bool:
    """Tell whether the actor can make a known case of a decision that they may read."""
    if not work.actor.may(Permission.GOLD_MANAGE):
        return False
    return why_none(work, decisions.readable(work, decision_id)) is None


def why_none(work: Work, row: Decision) -> str | None:
    """Return why no known case can be made of a decision, None where one can."""
    case = work.session.execute(
        sa.select(Case).where(Case.decision_id == row.id, Case.purpose == "decide")
    ).scalar_one_or_none()
    final = row.effective_at is not None and row.effective_at <= work.now
    if case is None or row.status not in _BY_PEOPLE or not final:
        return "Only what a person decided for good can become a known case."
    if case.sign_offs > 1:
        return "This takes several people's sign-offs, so no one person's answer to it can be looked at."
    if row.proposed_outcome is None:
        return "Nothing was proposed here, so there is nothing to agree with or to catch."
    key = payloads.key_of_record(work.session, work.answerable.keys, row.id)
    if key is None:
        return "The payload of this decision was erased."
    made = sa.select(GoldCase.id).where(
        GoldCase.decision_id == row.id, GoldCase.retired_at.is_(None)
    )
    if work.session.execute(made).first() is not None:
        return "It is a known case already."
    return None


def _readable(work: Work) -> Sequence[sa.ColumnElement[bool]]:
    """Return the condition under which the actor may read a decision, as ``decisions.readable`` has it for those that people decided."""
    if not work.actor.may(Permission.DECISIONS_READ):
        return (sa.false(),)
    if decisions.sees_all(work.actor):
        return ()
    return (Decision.queue.in_(sorted(work.actor.queues)),)


def _views(work: Work, rows: Sequence[GoldCase]) -> list[GoldView]:
    sources = _sources(work, rows)
    counts = _counts(work, rows)
    secret = _may_be_served(work, rows)
    names = people.names(work.session, [row.made_by for row in rows])
    notes = payloads.read_many(
        work.session, work.answerable.keys, [row.id for row in rows], NOTE_PAYLOAD
    )
    return [
        GoldView(
            id=row.id,
            decision_id=None if row.id in secret else row.decision_id,
            point=row.point,
            proposed=None if row.id in secret else sources[row.decision_id],
            answer=None if row.id in secret else row.answer,
            note=notes[row.id].decode() if row.id in notes and row.id not in secret else None,
            mistake=None if row.id in secret else row.answer != sources[row.decision_id],
            secret=row.id in secret,
            made_by=names.get(row.made_by, ""),
            made_at=row.made_at,
            retired_at=row.retired_at,
            served=counts.get(row.id, (0, 0, 0))[0],
            decided=counts.get(row.id, (0, 0, 0))[1],
            caught=0 if row.id in secret else counts.get(row.id, (0, 0, 0))[2],
        )
        for row in rows
    ]


def _sources(work: Work, rows: Sequence[GoldCase]) -> Mapping[str, str | None]:
    found = work.session.execute(
        sa.select(Decision.id, Decision.proposed_outcome).where(
            Decision.id.in_([row.decision_id for row in rows])
        )
    )
    return {row[0]: row[1] for row in found}


def _counts(work: Work, rows: Sequence[GoldCase]) -> Mapping[str, tuple[int, int, int]]:
    """Return to how many each was served, how many decided it for good, and how many gave another outcome than was proposed."""
    final = sa.and_(GoldServing.ended_at.is_(None), Decision.effective_at <= work.now)
    found = work.session.execute(
        sa.select(
            GoldServing.gold_case_id,
            sa.func.count(),
            sa.func.count().filter(final),
            sa.func.count().filter(final, Decision.outcome != Decision.proposed_outcome),
        )
        .join(Decision, Decision.id == GoldServing.decision_id)
        .where(GoldServing.gold_case_id.in_([row.id for row in rows]))
        .group_by(GoldServing.gold_case_id),
        execution_options=ALL,
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def _may_be_served(work: Work, rows: Sequence[GoldCase]) -> frozenset[str]:
    """Return those of these known cases that the actor may still be served: they work the queue, and had no part in it."""
    actor, me = work.actor, work.actor.id
    if not actor.may(Permission.CASES_DECIDE) or not actor.queues or not rows:
        return frozenset()
    part: sa.Select[Any] = sa.select(Verdict.id).where(
        Verdict.decision_id == GoldCase.decision_id, Verdict.person_id == me
    )
    mine = (
        sa.select(GoldServing.decision_id)
        .join(Decision, Decision.id == GoldServing.decision_id)
        .where(GoldServing.gold_case_id == GoldCase.id, GoldServing.person_id == me)
    )
    over = mine.where(Decision.effective_at <= work.now)
    query = (
        sa.select(GoldCase.id)
        .join(Decision, Decision.id == GoldCase.decision_id)
        .where(
            GoldCase.id.in_([row.id for row in rows]),
            sa.or_(GoldCase.retired_at.is_(None), mine.exists()),
            GoldCase.made_by != me,
            Decision.queue.in_(sorted(actor.queues)),
            ~part.exists(),
            ~over.exists(),
        )
    )
    return frozenset(work.session.execute(query, execution_options=ALL).scalars())
