"""Whose own judgement a decision still waits for, and what is withheld from them until it is given.

On a share of the cases, and on all of high stakes, a person says first what they would decide, and sees what the machine proposed
only then: who sees it first agrees with it more often, whether it is right or wrong (Fogliato et al. 2022).

A second opinion, and a sampled check that asks for one's own judgement first, are given blind: whoever holds one is told neither the proposal nor
what was decided, at no door, whatever else they may read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from governance.actors import ActorKind
from governance.decisions.models import Decision
from governance.decisions.states import Status
from governance.decisions.views import DecisionView
from governance.errors import Conflict
from governance.permissions import Permission
from governance.reviews.models import Case, Judgement
from governance.work import Work
from policies.rulings import Engine


def owed(work: Work, decision_id: Any) -> sa.ColumnElement[bool] | None:
    """Return the condition under which the actor's own judgement of a decision comes first; None where that is never so."""
    actor = work.actor
    if actor.kind is not ActorKind.PERSON:
        return None
    own = sa.select(Case.id).where(Case.decision_id == decision_id)
    held = own.where(_held_blind(work)).exists()
    if actor.may(Permission.LOG_READ):
        return held
    first = own.where(
        Case.judge_first.is_(True),
        # Open cases alone; by status, SQLite would look through all of them rather than for the decision's own.
        Case.closed_at.is_(None),
        Case.purpose != "check",
        ~_given(work).exists(),
    )
    return sa.or_(first.exists(), held)


def _given(work: Work) -> sa.Select[str]:
    return sa.select(Judgement.id).where(
        Judgement.case_id == Case.id, Judgement.person_id == work.actor.id
    )


def _held_blind(work: Work) -> sa.ColumnElement[bool]:
    """Return the condition under which the actor holds a case and must judge it without knowing what was decided."""
    first = sa.and_(Case.purpose == "check", Case.judge_first.is_(True), ~_given(work).exists())
    return sa.and_(
        Case.status == "open",
        Case.claimed_by == work.actor.id,
        Case.claimed_until > work.now,
        sa.or_(Case.purpose == "double", first),
    )


def held_blind(work: Work, decision_ids: Sequence[str] | None = None) -> Mapping[str, str]:
    """Return which of these decisions, of all where none are named, the actor judges blind now, each with the case."""
    if work.actor.kind is not ActorKind.PERSON:
        return {}
    query = sa.select(Case.decision_id, Case.id).where(_held_blind(work))
    if decision_ids is not None:
        query = query.where(Case.decision_id.in_(decision_ids))
    return {row[0]: row[1] for row in work.session.execute(query)}


def require_told(work: Work, decision_id: str) -> None:
    """Raise where the actor judges a decision blind now, and so is not told what became of it.

    Raises:
        Conflict: why not.
    """
    if held_blind(work, [decision_id]):
        raise Conflict("Say first what you would decide of this case; you are told the rest then.")


def withheld(work: Work, decision_ids: Sequence[str]) -> frozenset[str]:
    """Return those of these decisions whose proposal the actor does not see yet."""
    condition = owed(work, Decision.id)
    if condition is None or not decision_ids:
        return frozenset()
    # Nothing changes while one only reads, and one decision is asked about from many sides.
    known: dict[str, bool] = {} if work.writes else work.session.info.setdefault("withheld", {})
    fresh = [one for one in decision_ids if one not in known]
    if fresh:
        query = sa.select(Decision.id).where(Decision.id.in_(fresh), condition)
        found = set(work.session.execute(query).scalars())
        known.update((one, one in found) for one in fresh)
    return frozenset(one for one in decision_ids if known[one])


def without_proposal(view: DecisionView, engine: Engine) -> DecisionView:
    """Return a decision without what was proposed, and without what would tell of it."""
    return replace(
        view,
        withheld=True,
        proposed_outcome=None,
        confidence=None,
        alternatives=None,
        proposal_reasons=None,
        hand_over=None if view.hand_over is None else _said_by_people(view.hand_over),
        trace=None,
        reasons=tuple(
            reason for reason in view.reasons if not tells_of_proposal(reason.rule, engine)
        ),
    )


def without_outcome(view: DecisionView) -> DecisionView:
    """Return a decision as if it waited still, for whoever judges it blind."""
    return replace(view, status=Status.IN_REVIEW, outcome=None, decided_at=None, effective_at=None)


def _said_by_people(packet: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return of what a chat handed over what people said; the bot's part may tell of its proposal."""
    turns = packet.get("transcript", ())
    return {"transcript": [turn for turn in turns if turn["from"] != "bot"]}


def tells_of_proposal(rule: str | None, engine: Engine) -> bool:
    """Tell whether that a rule applies says something of what was proposed."""
    if rule is None:
        return False
    if rule.startswith(("review.", "proposal", "outcomes")):
        return True
    return any(
        one.name == rule and any(name.startswith("proposal.") for name in names)
        for one, names in zip(engine.policy.rules, engine.conditions.names, strict=True)
    )


def without_ruling(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the entry of a decision says of its case alone."""
    return {"case": data["case"]} if "case" in data else {}
