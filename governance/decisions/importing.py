"""Decisions of the past, as a business made them before it had Answerable: recorded now, marked as imported, never ruled on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from governance.actors import Actor, ActorKind
from governance.application import Answerable
from governance.clock import parse_rfc3339, rfc3339
from governance.configuration import Configuration, LivePolicy
from governance.decisions.asking import DecisionRequest
from governance.decisions.preparing import Asked, Ruled, live_policy, prepared_rows
from governance.decisions.states import Status
from governance.decisions.storing.rows import Fate
from governance.errors import AnswerableError, FieldProblem, InvalidInput, Unavailable
from governance.permissions import Permission
from governance.storage.database import unavailable
from policies import rulings

_STATUS_OF_VERDICT: Final = {
    None: Status.RELEASED,
    "approve": Status.APPROVED,
    "change": Status.CHANGED,
    "reject": Status.REJECTED,
}
_RELEASED: Final = (rulings.Disposition.RELEASE, rulings.RulingStatus.RELEASED)
_REVIEWED: Final = (rulings.Disposition.REVIEW, rulings.RulingStatus.RELEASED)
_CLOCK_SKEW: Final = timedelta(minutes=5)
#: Who proposed what a file says was proposed: nobody knows more than that it was imported.
SOURCE: Final = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One decision of the past: the request as it would have been, what was done, the verdict if a person gave one, and what turned out right.

    The request may lack a proposal: then nobody knows what a machine would have wanted, and figures of proposals leave it out.
    ``groups`` are the group attributes of somebody whom the request does not name.
    """

    request: DecisionRequest
    outcome: str
    verdict: str | None = None
    ground_truth: str | None = None
    groups: Mapping[str, str] | None = None


def import_many(
    answerable: Answerable, actor: Actor, many: Sequence[Past]
) -> list[str | AnswerableError]:
    """Store decisions of the past; return for each its id, or why it was refused.

    Raises:
        NotAllowed: the actor may not.
    """
    actor.require(Permission.DECISIONS_CREATE)
    answers: list[str | AnswerableError] = []
    configuration = answerable.configuration.reload()
    now = answerable.clock.now()
    batch = []
    for past in many:
        try:
            ruled = past_ruled(configuration, actor, past, now)
        except AnswerableError as error:
            answers.append(error)
        else:
            prepared, _ = prepared_rows(
                answerable, configuration, actor, Asked(request=past.request), ruled, now
            )
            answers.append(prepared.decision_id)
            batch.append((len(answers) - 1, prepared))
    if batch:
        answerable.writer.commit([prepared for _, prepared in batch])
    for position, prepared in batch:
        if prepared.fate is not Fate.STORED:
            answers[position] = (
                Unavailable("The configuration changed meanwhile. Import this line again.")
                if prepared.error is None
                else unavailable(prepared.error)
            )
    return answers


def past_ruled(configuration: Configuration, actor: Actor, past: Past, now: datetime) -> Ruled:
    """Return a decision of the past as if it had been ruled on, once it fits the policy in force.

    Raises:
        NotFound: there is no such decision point for this actor.
        InvalidInput: it does not fit; every mistake is listed.
    """
    request = past.request
    live = live_policy(configuration, actor, request.decision_point)
    problems = _problems(live, past)
    occurred_at = _occurred_at(request.occurred_at, now, problems)
    if problems:
        raise InvalidInput("The line does not fit. It was not imported.", problems)
    disposition, status = _RELEASED if past.verdict is None else _REVIEWED
    return Ruled(
        request=request,
        live=live,
        ruling=rulings.Ruling(
            disposition=disposition, status=status, outcome=past.outcome, reasons=(), trace=()
        ),
        occurred_at=occurred_at,
        due_at=None,
        source=f"app:{actor.name}" if actor.kind is ActorKind.APP else SOURCE,
        status=_STATUS_OF_VERDICT[past.verdict],
        outcome=past.outcome,
        imported=True,
        truth=past.ground_truth,
        groups=past.groups,
    )


def _problems(live: LivePolicy, past: Past) -> list[FieldProblem]:
    request, outcomes = past.request, live.policy.outcomes
    subject, asked = request.subject, request.proposal
    proposal = None
    if asked is not None:
        proposal = rulings.Proposal(
            outcome=asked.outcome,
            confidence=asked.confidence,
            alternatives=tuple(
                rulings.Alternative(outcome=a.outcome, confidence=a.confidence)
                for a in asked.alternatives
            ),
            reasons=tuple(
                rulings.Contribution(feature=r.feature, contribution=r.contribution)
                for r in asked.reasons
            ),
        )
    checked = live.engine.check(
        features=request.features,
        proposal=proposal,
        subject=None if subject is None else subject.ref,
        groups=past.groups if subject is None else subject.groups,
    )
    problems = [
        FieldProblem(pointer=pointer, detail=detail)
        for pointer, detail in checked.problems
        if proposal is not None or pointer != "/proposal"
    ]
    for pointer, value in (("/outcome", past.outcome), ("/ground_truth", past.ground_truth)):
        if value not in outcomes and (value is not None or pointer == "/outcome"):
            detail = f"Expected one of {', '.join(outcomes)}, the policy's outcomes."
            problems.append(FieldProblem(pointer=pointer, detail=detail))
    if past.verdict not in _STATUS_OF_VERDICT:
        detail = "Expected approve, change or reject."
        problems.append(FieldProblem(pointer="/verdict", detail=detail))
    return problems


def _occurred_at(text: str | None, now: datetime, problems: list[FieldProblem]) -> datetime | None:
    """Return when a decision was made, or add what is wrong with what is said of it."""
    detail = "Required: when the decision was made."
    if text is not None:
        try:
            occurred_at = parse_rfc3339(text)
        except (ValueError, OverflowError):
            detail = "Expected a time with an offset, like 2026-11-21T10:00:00Z."
        else:
            if occurred_at <= now + _CLOCK_SKEW:
                return occurred_at
            detail = f"{text} lies ahead of our clock ({rfc3339(now)})."
    problems.append(FieldProblem(pointer="/occurred_at", detail=detail))
    return None
