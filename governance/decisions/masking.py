"""Which facts of a decision are kept from whoever reviews it: names, and whatever gives a group away, unless they were revealed.

Apps see what they sent, and who sees all decisions (auditors, the service) sees all facts. A reviewer judges without what the policy
masks; a reveal is theirs alone, has a reason, and is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from governance.actors import ActorKind
from governance.permissions import Permission
from governance.reviews.models import Reveal
from governance.work import Work
from policies.document import Policy

#: How long a fact stays revealed to whoever asked for it.
REVEALED_FOR: Final = timedelta(hours=8)
#: How what a chat handed over is named among masked facts; no fact of a policy has such a name.
PACKET: Final = "hand-over"


def maskable(policy: Policy) -> frozenset[str]:
    """Return what of a decision is masked: some facts, and where there are any, what a chat handed over, which may tell them too."""
    return policy.masked | {PACKET} if policy.masked else policy.masked


def hidden_from(work: Work, decision_id: str, policy: Policy) -> frozenset[str]:
    """Return the facts of a decision that the actor does not see."""
    masked = maskable(policy)
    actor = work.actor
    # Most policies mask nothing, and then nothing is looked up.
    if not masked or actor.kind is not ActorKind.PERSON or actor.may(Permission.LOG_READ):
        return frozenset()
    rows = work.session.execute(
        sa.select(Reveal.features).where(
            Reveal.decision_id == decision_id,
            Reveal.person_id == actor.id,
            Reveal.revealed_at > work.now - REVEALED_FOR,
        )
    ).scalars()
    return masked - {name for features in rows for name in features}


def shown_features(features: Mapping[str, Any], hidden: frozenset[str]) -> Mapping[str, Any]:
    """Return facts without those that are hidden."""
    return {name: value for name, value in features.items() if name not in hidden}


def shown_reasons(
    reasons: Sequence[Mapping[str, Any]], hidden: frozenset[str], policy: Policy
) -> list[Mapping[str, Any]]:
    """Return what moved a proposal without what gives a group away: which way that fact spoke would tell of it."""
    return [
        reason
        for reason in reasons
        if reason["feature"] not in hidden - {PACKET}
        or not policy.features[reason["feature"]].proxy
    ]


def shown_trace(trace: Mapping[str, Any], hidden: frozenset[str]) -> Mapping[str, Any]:
    """Return a ruling's trace without the rules that looked at what is hidden, unless they are why a person decides."""
    paths = {f"features.{name}" for name in hidden}
    given = {reason["rule"] for reason in trace["reasons"]}
    steps = []
    for step in trace["trace"]:
        looked_at = {path: value for path, value in step["looked_at"].items() if path not in paths}
        if len(looked_at) == len(step["looked_at"]):
            steps.append(step)
        elif step["rule"] in given:
            steps.append({**step, "looked_at": looked_at, "detail": ""})
    return {**trace, "trace": steps}
