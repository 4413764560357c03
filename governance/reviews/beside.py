"""What stands beside a case, so that it can be judged well: earlier decisions about the same subject, similar cases, and how often proposals like this were wrong.

None of it names who decided, and none of it uses or shows what the policy masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.fairness.counts import NEVER, NOT_YET, Result, Routed, Stage
from audits.fairness.intervals import wilson
from audits.oversight.plan import Plan
from governance.appeals.models import Appeal
from governance.counting.models import CellRow, ScoreRow
from governance.decisions import first_judgement
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.queries import of_subject
from governance.decisions.service import sees_all
from governance.decisions.states import Status, visible
from governance.permissions import Permission
from governance.points import queries as points
from governance.reviews import gold, likeness, service
from governance.reviews.models import Case
from governance.reviews.purposes import DECIDE
from governance.reviews.transitions import CaseStatus
from governance.subjects import payloads
from governance.subjects.models import PayloadRow, SubjectKeyRow
from governance.truth.models import GroundTruth
from governance.work import Work
from policies.document import Policy
from policies.texts import stretch

MOST_EARLIER: Final = 10
MOST_SIMILAR: Final = 5
#: So many decided cases are looked through, the newest.
LOOKED_THROUGH: Final = 500
#: Proposals of so long ago still tell how often such proposals are wrong.
_COUNTED_FOR: Final = timedelta(days=400)
#: So many rows of counts are enough to say it, the newest; each stands for one proposal or more.
_NEWEST: Final = 2_000
#: Ground truth whose newest decision is older than this, beyond the time that the policy gives it, may be of another machine.
_STALE_AFTER: Final = timedelta(days=90)
#: Where the share of released decisions whose truth is known is below this part of that of reviewed ones, what is known is a selection.
_SELECTIVE: Final = 0.5
_MILLION: Final = 1_000_000
_PLAN: Final = Plan()


class DecidedBy(StrEnum):
    """Who or what gave a decision its outcome."""

    SOFTWARE = "software"
    PERSON = "person"
    CLOCK = "clock"


class Objection(StrEnum):
    """What became of an appeal."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


_BY: Final[Mapping[Status, DecidedBy]] = {
    Status.RELEASED: DecidedBy.SOFTWARE,
    Status.OBSERVED: DecidedBy.SOFTWARE,
    Status.REFUSED: DecidedBy.SOFTWARE,
    Status.APPROVED: DecidedBy.PERSON,
    Status.CHANGED: DecidedBy.PERSON,
    Status.REJECTED: DecidedBy.PERSON,
    Status.LAPSED: DecidedBy.CLOCK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDecision:
    """An earlier decision about the same subject; ``objections`` are what became of each appeal to it, oldest first.

    ``at`` is when it happened, as far as that is known. ``decided_by`` is None while it has no outcome.
    """

    id: str
    point: str
    policy: Policy
    status: str
    outcome: str | None
    at: datetime
    decided_by: DecidedBy | None
    objections: Sequence[Objection]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact in which a similar case differs; a value is None where it was not given."""

    feature: str
    here: Any
    there: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCase:
    """A decided case that is like another. ``truth`` is what turned out right, None while nobody knows."""

    decided_at: datetime
    outcome: str
    truth: str | None
    differs: Sequence[Difference]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarCases:
    """The decided cases most like one, the most alike first, out of those that were looked through."""

    cases: Sequence[SimilarCase]
    looked_through: int
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongLikeThis:
    """How often proposals that were about as sure were wrong here, of those whose ground truth is known.

    ``rate`` and its 95 % interval are None where fewer than ``needed`` are known. ``until`` is the day of the newest of them. They are
    ``stale`` where that is long ago, and ``selective`` where hardly any of what no person saw is among them.
    """

    known: int
    wrong: int
    needed: int
    rate: float | None
    low: float | None
    high: float | None
    until: str | None
    stale: bool
    selective: bool


def earlier(work: Work, case_id: str) -> Sequence[EarlierDecision]:
    """Return the last decisions about the subject of a case that were made before it and that the actor may see, the newest first.

    Raises:
        NotAllowed, NotFound: the actor works no queues, or the case is not in one of theirs.
    """
    work.require(Permission.CASES_READ)
    case = service.of_ones_queues(work, case_id)
    decision = service.decision_of(work, case)
    tag = work.session.execute(
        sa.select(SubjectKeyRow.subject_tag)
        .join(PayloadRow, PayloadRow.key_id == SubjectKeyRow.id)
        .where(PayloadRow.record_id == decision.id, PayloadRow.name == DECISION_PAYLOAD)
    ).scalar_one_or_none()
    # The subject of a known case is made up, so nothing is told of the one it was made from.
    if tag is None or decision.gold_for is not None:
        return ()
    query = (
        sa.select(Decision)
        .where(
            Decision.id.in_(of_subject(tag)),
            Decision.id != decision.id,
            Decision.recorded_at <= decision.recorded_at,
        )
        .order_by(Decision.recorded_at.desc(), Decision.id.desc())
        .limit(MOST_EARLIER)
    )
    if not sees_all(work.actor):
        queues = sorted(work.actor.queues)
        moved = sa.select(Case.id).where(Case.decision_id == Decision.id, Case.queue.in_(queues))
        query = query.where(sa.or_(Decision.queue.in_(queues), moved.exists()))
    rows = list(work.session.execute(query).scalars())
    objections = _objections(work, [row.id for row in rows])
    return [_earlier(work, row, objections.get(row.id, [])) for row in rows]


def similar(work: Work, case_id: str) -> SimilarCases:
    """Return the decided cases of the same point in the actor's queues that are most like a case, by the facts that nobody is kept from.

    Raises:
        NotAllowed, NotFound: as ``earlier``.
    """
    work.require(Permission.CASES_READ)
    case = service.of_ones_queues(work, case_id)
    decision = service.decision_of(work, case)
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    rows = _decided_before(work, case, gold.source_of(work, decision))
    documents = payloads.read_many(
        work.session,
        work.answerable.keys,
        [decision.id, *(row.id for _, row in rows)],
        DECISION_PAYLOAD,
    )
    if decision.id not in documents:
        return SimilarCases(cases=(), looked_through=0, policy=policy)
    facts = {key: orjson.loads(said)["features"] for key, said in documents.items()}
    here = facts.pop(decision.id)
    versions = {row.policy_version for _, row in rows if row.id in facts}
    masked = policy.masked.union(
        *(points.engine_of(work, decision.point, one).policy.masked for one in versions)
    )
    names = [name for name in policy.features if name not in masked]
    spans = likeness.ranges([here, *facts.values()], names)
    # The newest first, and sorting keeps that order among those that are equally alike.
    alike = sorted(
        ((closed, row) for closed, row in rows if row.id in facts),
        key=lambda one: likeness.distance(here, facts[one[1].id], names, spans),
    )[:MOST_SIMILAR]
    truths = _truths(work, [row.id for _, row in alike])
    return SimilarCases(
        cases=[
            SimilarCase(
                decided_at=closed,
                outcome=row.outcome or "",
                truth=truths.get(row.id),
                differs=[
                    Difference(
                        feature=name,
                        here=here.get(name),
                        there=facts[row.id].get(name),
                    )
                    for name in likeness.differing(here, facts[row.id], names)
                ],
            )
            for closed, row in alike
        ],
        looked_through=len(facts),
        policy=policy,
    )


def wrong_like_this(work: Work, case_id: str) -> WrongLikeThis | None:
    """Return how often proposals of a case's point that were about as sure were wrong; from counts alone.

    None where the proposal has no confidence, or the actor's own judgement comes first.

    Raises:
        NotAllowed, NotFound: as ``earlier``.
    """
    work.require(Permission.CASES_READ)
    case = service.of_ones_queues(work, case_id)
    decision = service.decision_of(work, case)
    if decision.confidence is None or first_judgement.withheld(work, [decision.id]):
        return None
    since = (work.now.date() - _COUNTED_FOR).isoformat()
    labelled = _labelled(work, decision.point, since)
    released, seen = labelled.get(Routed.RELEASED.value), labelled.get(Routed.REVIEW.value, 0.0)
    rows = _newest(work, decision, since) if any(labelled.values()) else []
    counts: Counter[Result] = Counter()
    for result, count, _ in rows:
        counts[Result(result)] += count
    known, wrong = counts.total(), sum(counts[one] for one in _WRONG)
    until = max((date.fromisoformat(day) for _, _, day in rows), default=None)
    enough = known >= _PLAN.known
    interval = wilson(wrong, known, _PLAN.z) if enough else None
    policy = points.engine_of(work, decision.point, decision.policy_version).policy
    ripe = timedelta(days=policy.measure.maturity.days) + _STALE_AFTER
    return WrongLikeThis(
        known=known,
        wrong=wrong,
        needed=_PLAN.known,
        rate=wrong / known if enough else None,
        low=None if interval is None else interval[0],
        high=None if interval is None else interval[1],
        until=None if until is None else until.isoformat(),
        stale=until is not None and work.now.date() - until > ripe,
        selective=known > 0 and released is not None and released < seen * _SELECTIVE,
    )


_UNKNOWN: Final = (Result.UNLABELLED_POSITIVE.value, Result.UNLABELLED_OTHER.value)
_WRONG: Final = (Result.FALSE_POSITIVE, Result.FALSE_NEGATIVE, Result.OTHER_WRONG)


def _newest(work: Work, decision: Decision, since: str) -> Sequence[tuple[str, int, str]]:
    """Return the newest counts of proposals that were about as sure and whose ground truth is known: result, count and day."""
    assert decision.confidence is not None
    low, high = stretch(decision.confidence)
    # The last stretch holds certainty too.
    above = _MILLION + 1 if high == 100 else high * _MILLION // 100
    rows = work.session.execute(
        sa.select(ScoreRow.result, ScoreRow.n, ScoreRow.day)
        .where(
            ScoreRow.point == decision.point,
            ScoreRow.day >= since,
            # Told this way round, so that the key is read backwards by day until there are enough.
            ScoreRow.result.not_in(_UNKNOWN),
            ScoreRow.confidence >= low * _MILLION // 100,
            ScoreRow.confidence < above,
            ScoreRow.n > 0,
        )
        .order_by(ScoreRow.day.desc())
        .limit(_NEWEST)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _labelled(work: Work, point: str, since: str) -> dict[str, float]:
    """Return of which share of a point's proposals the truth is known, by what the ruling did with them."""
    rows = work.session.execute(
        sa.select(
            CellRow.value,
            _sum(CellRow.n, CellRow.truth.not_in([NOT_YET, NEVER])),
            _sum(CellRow.n),
        )
        .where(CellRow.point == point, CellRow.stage == Stage.ROUTING.value, CellRow.day >= since)
        .group_by(CellRow.value)
    )
    return {value: (known or 0) / count for value, known, count in rows if count}


def _sum(column: Any, *conditions: Any) -> Any:
    total = sa.func.sum(column)
    return sa.cast(total.filter(*conditions) if conditions else total, sa.BigInteger)


def _earlier(work: Work, row: Decision, objections: Sequence[Objection]) -> EarlierDecision:
    status, outcome = visible(row.status, row.outcome, row.effective_at, work.now)
    return EarlierDecision(
        id=row.id,
        point=row.point,
        policy=points.engine_of(work, row.point, row.policy_version).policy,
        status=status.value,
        outcome=outcome,
        at=row.occurred_at or row.recorded_at,
        decided_by=_BY.get(status),
        objections=objections,
    )


def _objections(work: Work, decision_ids: Sequence[str]) -> dict[str, list[Objection]]:
    rows = work.session.execute(
        sa.select(Appeal.decision_id, Appeal.status, Appeal.upheld)
        .where(Appeal.decision_id.in_(decision_ids))
        .order_by(Appeal.opened_at, Appeal.id)
    )
    told: dict[str, list[Objection]] = {}
    for decision_id, status, upheld in rows:
        answered = Objection.UPHELD if upheld else Objection.DISMISSED
        became = Objection(status) if upheld is None else answered
        told.setdefault(decision_id, []).append(became)
    return told


def _decided_before(
    work: Work, case: Case, source: tuple[str, str] | None
) -> list[tuple[datetime, Decision]]:
    """Return the newest decided cases of a case's point that the actor may see and whose verdicts count, each with its decision.

    What a known case was made from is not among them: it would tell the answer.
    """
    query = (
        sa.select(Case.closed_at, Decision)
        .join(Decision, Decision.id == Case.decision_id)
        .where(
            Case.point == case.point,
            Case.status == CaseStatus.DECIDED.value,
            Case.purpose == DECIDE,
            Case.decision_id.not_in([case.decision_id, *(source or ())[:1]]),
            sa.or_(Decision.effective_at.is_(None), Decision.effective_at <= work.now),
        )
        .order_by(Case.closed_at.desc(), Case.id.desc())
        .limit(LOOKED_THROUGH)
    )
    if not sees_all(work.actor):
        query = query.where(Case.queue.in_(sorted(work.actor.queues)))
    return [(closed, row) for closed, row in work.session.execute(query) if closed is not None]


def _truths(work: Work, decision_ids: Sequence[str]) -> dict[str, str]:
    rows = work.session.execute(
        sa.select(GroundTruth.decision_id, GroundTruth.outcome).where(
            GroundTruth.decision_id.in_(decision_ids), GroundTruth.outcome.is_not(None)
        )
    )
    return {row[0]: row[1] for row in rows if row[1] is not None}
