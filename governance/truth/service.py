"""The verbs of ground truth and feedback: report them, read them. A later report replaces an earlier one; the log keeps both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.clock import rfc3339
from governance.decisions import first_judgement
from governance.decisions import queries as decisions
from governance.decisions.models import Decision
from governance.decisions.service import readable
from governance.deltas.noting import counted
from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.points import queries as points
from governance.truth.models import Feedback, GroundTruth
from governance.work import Work

#: The lowest and the highest rating of each scale: satisfaction, effort, and how likely somebody is to recommend.
SCALES: Final = {"csat": (1, 5), "ces": (1, 7), "nps": (0, 10)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthView:
    """What turned out right; ``outcome`` None and ``never``: it will never be known."""

    decision_id: str
    outcome: str | None
    never: bool
    known_at: datetime | None
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackView:
    """One rating of a decision."""

    decision_id: str
    scale: str
    rating: int
    reported_at: datetime


def report_truth(
    work: Work,
    decision_id: str,
    *,
    outcome: str | None = None,
    never: bool = False,
    known_at: datetime | None = None,
) -> TruthView:
    """Say what would have been right for a decision, or that nobody will ever know. The same again changes nothing.

    Raises:
        NotAllowed, NotFound: the actor may not report; there is no such decision, or it is not one of theirs.
        InvalidInput: the outcome is none of the policy's, neither or both is said, or it is known only in the future.
    """
    work.require(Permission.TRUTH_REPORT)
    row = _locked(work, decision_id)
    if (outcome is None) is not never:
        detail = "Say either which outcome would have been right, or never: true where nobody will ever know."
        raise InvalidInput(detail, [FieldProblem(pointer="/outcome", detail=detail)])
    policy = points.engine_of(work, row.point, row.policy_version).policy
    if outcome is not None and outcome not in policy.outcomes:
        detail = f"Expected one of {', '.join(policy.outcomes)}, the policy's outcomes."
        raise InvalidInput(detail, [FieldProblem(pointer="/outcome", detail=detail)])
    if known_at is not None and known_at > work.now:
        detail = f"{rfc3339(known_at)} lies ahead of our clock ({rfc3339(work.now)})."
        raise InvalidInput(detail, [FieldProblem(pointer="/known_at", detail=detail)])
    standing = work.session.get(GroundTruth, row.id)
    if standing is not None and (standing.outcome, standing.known_at) == (outcome, known_at):
        return _truth_view(standing)
    with counted(work, row):
        if standing is None:
            standing = GroundTruth(decision_id=row.id)
            work.session.add(standing)
        standing.outcome, standing.known_at = outcome, known_at
        standing.reported_at, standing.reported_by = work.now, work.actor.reference
    work.record(
        EntryKind.GROUND_TRUTH_REPORTED,
        decision_id=row.id,
        data={
            "outcome": outcome,
            "never": never,
            "known_at": None if known_at is None else rfc3339(known_at),
        },
    )
    return _truth_view(standing)


def learn(work: Work, row: Decision, *, outcome: str, case_id: str, verdict_id: str) -> None:
    """Keep what a sampled check of a locked decision found to be right, unless something was reported already."""
    if work.session.get(GroundTruth, row.id) is not None:
        return
    with counted(work, row):
        work.session.add(
            GroundTruth(
                decision_id=row.id,
                outcome=outcome,
                known_at=None,
                reported_at=work.now,
                reported_by=work.actor.reference,
            )
        )
    work.record(
        EntryKind.GROUND_TRUTH_REPORTED,
        decision_id=row.id,
        refs={"case": case_id, "verdict": verdict_id},
        data={"outcome": outcome, "never": False, "known_at": None},
    )


def unlearn(work: Work, row: Decision, *, verdict_id: str, learnt_at: datetime) -> None:
    """Take back what ``learn`` kept at an instant by the actor's verdict, unless another report took its place."""
    standing = work.session.get(GroundTruth, row.id, populate_existing=True)
    if standing is None:
        return
    if (standing.reported_by, standing.reported_at) != (work.actor.reference, learnt_at):
        return
    with counted(work, row):
        work.session.delete(standing)
    work.record(EntryKind.GROUND_TRUTH_WITHDRAWN, decision_id=row.id, refs={"verdict": verdict_id})


def report_feedback(work: Work, decision_id: str, *, scale: str, rating: int) -> FeedbackView:
    """Store how the person concerned rated a decision. The same again changes nothing.

    Raises:
        NotAllowed, NotFound: the actor may not report; there is no such decision, or it is not one of theirs.
        InvalidInput: there is no such scale, or the rating is not on it.
    """
    work.require(Permission.FEEDBACK_REPORT)
    row = _locked(work, decision_id)
    if scale not in SCALES:
        detail = f"Expected one of {', '.join(SCALES)}."
        raise InvalidInput(detail, [FieldProblem(pointer="/scale", detail=detail)])
    lowest, highest = SCALES[scale]
    if not lowest <= rating <= highest:
        detail = f"Expected a whole number from {lowest} to {highest} for {scale}; got {rating}."
        raise InvalidInput(detail, [FieldProblem(pointer="/rating", detail=detail)])
    standing = work.session.get(Feedback, (row.id, scale))
    if standing is not None and standing.rating == rating:
        return _feedback_view(standing)
    with counted(work, row):
        if standing is None:
            standing = Feedback(decision_id=row.id, scale=scale)
            work.session.add(standing)
        standing.rating = rating
        standing.reported_at, standing.reported_by = work.now, work.actor.reference
    work.record(
        EntryKind.FEEDBACK_GIVEN, decision_id=row.id, data={"scale": scale, "rating": rating}
    )
    return _feedback_view(standing)


def truth_of(work: Work, decision_id: str) -> TruthView | None:
    """Return what turned out right for a decision that the actor may see; nothing to who judges it blind."""
    if first_judgement.held_blind(work, [decision_id]):
        return None
    row = work.session.get(GroundTruth, readable(work, decision_id).id)
    return None if row is None else _truth_view(row)


def feedback_of(work: Work, decision_id: str) -> list[FeedbackView]:
    """Return the ratings of a decision that the actor may see."""
    rows = work.session.execute(
        sa.select(Feedback)
        .where(Feedback.decision_id == readable(work, decision_id).id)
        .order_by(Feedback.scale)
    ).scalars()
    return [_feedback_view(row) for row in rows]


def _locked(work: Work, decision_id: str) -> Decision:
    if work.actor.kind is not ActorKind.SERVICE:
        readable(work, decision_id)
    row = decisions.lock(work.session, decision_id)
    if row is None:
        raise NotFound("There is no such decision, or it is not one of yours.")
    return row


def _truth_view(row: GroundTruth) -> TruthView:
    return TruthView(
        decision_id=row.decision_id,
        outcome=row.outcome,
        never=row.outcome is None,
        known_at=row.known_at,
        reported_at=row.reported_at,
    )


def _feedback_view(row: Feedback) -> FeedbackView:
    return FeedbackView(
        decision_id=row.decision_id,
        scale=row.scale,
        rating=row.rating,
        reported_at=row.reported_at,
    )
