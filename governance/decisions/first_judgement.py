"""Whose own judgement a decision still waits for, and what is withheld from them until it is given.

On a share of the cases, and on all of high stakes, a person says first what they would decide, and sees what the machine proposed
only then: who sees it first agrees with it more often, whether it is right or wrong (Fogliato et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from governance.actors import ActorKind
from governance.decisions.models import Decision
from governance.decisions.views import DecisionView
from governance.permissions import Permission
from governance.reviews.models import Case, Judgement
from governance.work import Work
from policies.rulings import Engine


def owed(work: Work, decision_id: Any) -> sa.ColumnElement[bool] | None:
    """Return the condition under which the actor's own judgement of a decision comes first; None where that is never so."""
    actor = work.actor
    if actor.kind is not ActorKind.PERSON or actor.may(Permission.LOG_READ):
        return None
    given = sa.select(Judgement.id).where(
        Judgement.case_id == Case.id, Judgement.person_id == actor.id
    )
    return (
        sa.select(Case.id)
        .where(
            Case.decision_id == decision_id,
            Case.judge_first.is_(True),
            Case.status == "open",
            ~given.exists(),
        )
        .exists()
    )


def withheld(work: Work, decision_ids: Sequence[str]) -> frozenset[str]:
    """Return those of these decisions whose proposal the actor does not see yet."""
    condition = owed(work, Decision.id)
    if condition is None or not decision_ids:
        return frozenset()
    query = sa.select(Decision.id).where(Decision.id.in_(decision_ids), condition)
    return frozenset(work.session.execute(query).scalars())


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
