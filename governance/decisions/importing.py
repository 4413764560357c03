"""Decisions of the past, as a business made them before it had Answerable: recorded now, marked as imported, never ruled on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from governance.actors import Actor
from governance.application import Answerable
from governance.configuration import Configuration
from governance.decisions.asking import DecisionRequest
from governance.decisions.commit import Fate
from governance.decisions.preparing import Asked, Ruled, check, prepare
from governance.decisions.states import Status
from governance.errors import AnswerableError, FieldProblem, InvalidInput, Unavailable
from governance.permissions import Permission
from governance.storage.database import unavailable
from policies import rulings

_STATUS_OF_VERDICT = {
    None: Status.RELEASED,
    "approve": Status.APPROVED,
    "change": Status.CHANGED,
    "reject": Status.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One decision of the past: the request as it would have been, what was done, and the verdict if a person gave one."""

    request: DecisionRequest
    outcome: str
    verdict: str | None = None


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
            ruled = _ruled(answerable, configuration, actor, past)
        except AnswerableError as error:
            answers.append(error)
        else:
            prepared, _ = prepare(
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


def check_many(
    answerable: Answerable, actor: Actor, many: Sequence[Past]
) -> list[AnswerableError | None]:
    """Check decisions of the past as ``import_many`` does, and store nothing."""
    actor.require(Permission.DECISIONS_CREATE)
    configuration = answerable.configuration.reload()
    answers: list[AnswerableError | None] = []
    for past in many:
        try:
            _ruled(answerable, configuration, actor, past)
        except AnswerableError as error:
            answers.append(error)
        else:
            answers.append(None)
    return answers


def _ruled(answerable: Answerable, configuration: Configuration, actor: Actor, past: Past) -> Ruled:
    fits = check(configuration, actor, past.request, answerable.clock.now())
    problems = []
    policy = fits.live.policy
    if fits.occurred_at is None:
        problems.append(
            FieldProblem(pointer="/occurred_at", detail="Required: when the decision was made.")
        )
    if past.outcome not in policy.outcomes:
        problems.append(
            FieldProblem(
                pointer="/outcome",
                detail=f"Expected one of {', '.join(policy.outcomes)}, the policy's outcomes.",
            )
        )
    if past.verdict not in _STATUS_OF_VERDICT:
        problems.append(
            FieldProblem(pointer="/verdict", detail="Expected approve, change or reject.")
        )
    if problems:
        raise InvalidInput("The line does not fit. It was not imported.", problems)
    reviewed = past.verdict is not None
    disposition = rulings.Disposition.REVIEW if reviewed else rulings.Disposition.RELEASE
    return Ruled(
        request=past.request,
        live=fits.live,
        ruling=rulings.Ruling(
            disposition=disposition,
            status=rulings.RulingStatus.RELEASED,
            outcome=past.outcome,
            reasons=(),
            trace=(),
        ),
        occurred_at=fits.occurred_at,
        due_at=None,
        source=fits.source,
        status=_STATUS_OF_VERDICT[past.verdict],
        outcome=past.outcome,
        imported=True,
    )
