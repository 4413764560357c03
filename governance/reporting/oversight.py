"""Whether oversight is real at a decision point: its reviews and counts, put into the figures of ``audits.oversight``.

Nobody has figures of their own here: all people of a point are one, as those whose work is measured must first know it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from audits.fairness.counts import WRONG, Counts, Routed, Stage
from audits.oversight.plan import Plan
from audits.oversight.records import (
    AppealCell,
    GroupCounts,
    OverrideCell,
    Purpose,
    QueueCell,
    Review,
    TruthFrom,
)
from audits.oversight.records import Verdict as VerdictKind
from audits.oversight.report import oversight_report
from governance.counting import reading
from governance.decisions.models import Decision
from governance.decisions.sight import ALL, GOLD
from governance.gold.models import GoldCase, GoldServing
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.reviews.models import Case, Judgement, Reveal, Verdict
from governance.reviews.purposes import CHECK, DECIDE, DOUBLE, SECOND_LOOKS, is_there
from governance.reviews.service import REASON_PAYLOAD
from governance.subjects import payloads
from governance.truth.models import GroundTruth
from governance.work import Work
from policies.document import Policy

#: Who gives no verdict for so long begins a new session with the next.
SESSION_ENDS: Final = timedelta(minutes=30)
#: Reviews that one report reads at most, the newest of its window; each may have a reason to decrypt.
MOST_REVIEWS: Final = 20_000
_BATCH: Final = 500
_PURPOSES: Final = {
    DECIDE: Purpose.DECIDE,
    CHECK: Purpose.CHECK,
    DOUBLE: Purpose.DOUBLE,
    GOLD: Purpose.GOLD,
}
_LOOKED: Final = {"decided": "given", "open": "waiting", "closed": "not_looked_at"}


def report(
    work: Work, point: str, *, since: str | None = None, until: str | None = None
) -> dict[str, Any]:
    """Return M1 to M12 and the rubber-stamp alarm of a decision point, from the verdicts that stand and were given within a window of days.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such point.
        InvalidInput: the window is none.
    """
    work.require(Permission.REPORTS_READ)
    policy = reading.live_policy(work, point)
    first, last = reading.window(work, point, since, until)
    counts = reading.counts(work, point, first, last)
    found = list(reviews(work, policy, first, last))
    groups = _groups(counts, *reading.overseen(work, point, first, last))
    minutes = business_settings(work.session).oversight_minutes_per_week
    told = oversight_report(
        found,
        groups,
        decision_point=point,
        since=first,
        until=last,
        plan=plan_of(policy),
        most_minutes=minutes or None,
    )
    return told | {
        "complete": len(found) < MOST_REVIEWS,
        "second_looks": second_looks(work, point, first, last),
    }


def plan_of(policy: Policy) -> Plan:
    """Return how many reviews each figure needs, at the share of known cases that a policy asks for."""
    share = policy.review.gold
    return Plan(gold_every=round(1 / share)) if share else Plan()


def second_looks(work: Work, point: str, since: str, until: str) -> dict[str, dict[str, int]]:
    """Count the second looks that fell due to be given within a window of days: given, waiting, and closed as nobody looked."""
    begins, ends = _window(since, until)
    rows = work.session.execute(
        sa.select(Case.purpose, Case.status, sa.func.count())
        .where(
            Case.point == point,
            Case.purpose.in_(SECOND_LOOKS),
            Case.opened_at >= begins,
            Case.opened_at < ends,
            is_there(work.now),
            # One that was withdrawn with its verdict ended before it was there.
            sa.or_(Case.closed_at.is_(None), Case.closed_at >= Case.opened_at),
        )
        .group_by(Case.purpose, Case.status)
    )
    found = {purpose: dict.fromkeys(_LOOKED.values(), 0) for purpose in SECOND_LOOKS}
    for purpose, status, count in rows:
        found[purpose][_LOOKED[status]] = count
    return found


def _window(since: str, until: str) -> tuple[datetime, datetime]:
    begins = datetime.combine(date.fromisoformat(since), time(), UTC)
    return begins, datetime.combine(date.fromisoformat(until), time(), UTC) + timedelta(days=1)


def reviews(
    work: Work, policy: Policy, since: str, until: str, *, of: str | None = None
) -> Iterator[Review]:
    """Yield the verdicts of a window of days that stand, newest first, as the figures take them; ``of`` one person, None: of all.

    Where nothing better is known, what somebody else answered blind is the truth of a review; never the reviewer's own answer.
    """
    begins, ends = _window(since, until)
    answers = _answers(work, policy)
    rows = work.session.execute(
        sa.select(Verdict, Case, Decision, GroundTruth.outcome, Judgement.outcome, Person.time_zone)
        .join(Case, Case.id == Verdict.case_id)
        .join(Decision, Decision.id == Verdict.decision_id)
        .join(Person, Person.id == Verdict.person_id)
        .outerjoin(GroundTruth, GroundTruth.decision_id == Decision.id)
        .outerjoin(
            Judgement,
            (Judgement.case_id == Verdict.case_id) & (Judgement.person_id == Verdict.person_id),
        )
        .where(
            Decision.point == policy.decision_point,
            Case.purpose.in_(_PURPOSES),
            # Whoever gave it is told of a known case first.
            sa.or_(Case.purpose != GOLD, Decision.effective_at <= work.now),
            Verdict.undone_at.is_(None),
            Verdict.given_at >= begins,
            Verdict.given_at < ends,
            sa.true() if of is None else Verdict.person_id == of,
        )
        .order_by(Verdict.given_at.desc(), Verdict.id.desc())
        .limit(MOST_REVIEWS)
        .execution_options(**ALL)
    ).all()
    blind = _second_opinions(work, {row[0].decision_id for row in rows})
    reasons = _reasons(work, [row[0].id for row in rows])
    revealed = _revealed(work, begins)
    positions = _positions([row[0] for row in rows])
    for verdict, case, decision, known, first, zone in rows:
        said, purpose = reasons.get(verdict.id), _PURPOSES[case.purpose]
        proposed = decision.outcome if purpose is Purpose.CHECK else decision.proposed_outcome
        other = blind.get(decision.id)
        right, source = known, None if known is None else TruthFrom.LATER
        # One's own second look tells whether one stays with what one said, not who was right.
        by_another = None if other is None or other.person_id == verdict.person_id else other
        if purpose is Purpose.GOLD:
            right, source = answers[decision.id], TruthFrom.GOLD
        elif by_another is not None and right is None and purpose is Purpose.DECIDE:
            right, source = by_another.outcome, TruthFrom.DOUBLE
        yield Review(
            reviewer=verdict.person_id,
            decision_point=policy.decision_point,
            queue=case.queue,
            given_at=verdict.given_at,
            purpose=purpose,
            verdict=VerdictKind(verdict.verdict),
            outcome=verdict.outcome,
            proposed=proposed,
            proposed_positive=None if proposed is None else proposed in policy.positive,
            confidence=decision.confidence,
            first=first,
            truth=right,
            truth_from=source,
            pair=None if other is None else decision.id,
            seconds=verdict.looked_seconds,
            words=verdict.words or 0,
            panels_required=verdict.parts or 0,
            panels_opened=verdict.parts_seen or 0,
            reason_digest=None if said is None else hashlib.sha256(said).hexdigest(),
            reason_length=0 if said is None else len(said.decode()),
            revealed=(verdict.decision_id, verdict.person_id) in revealed,
            position=positions[verdict.id],
            hour=verdict.given_at.astimezone(ZoneInfo(zone)).hour,
        )


def _second_opinions(work: Work, decision_ids: Collection[str]) -> dict[str, Verdict]:
    """Return the second opinion on each of these decisions that has one."""
    found: dict[str, Verdict] = {}
    ordered = sorted(decision_ids)
    for begin in range(0, len(ordered), _BATCH):
        rows = work.session.execute(
            sa.select(Verdict)
            .join(Case, Case.id == Verdict.case_id)
            .where(
                Verdict.decision_id.in_(ordered[begin : begin + _BATCH]),
                Verdict.undone_at.is_(None),
                Case.purpose == DOUBLE,
            )
        ).scalars()
        found |= {row.decision_id: row for row in rows}
    return found


def _answers(work: Work, policy: Policy) -> dict[str, str]:
    """Return the right answers of the known cases that were served at a point, by the decision that each was served as."""
    rows = work.session.execute(
        sa.select(GoldServing.decision_id, GoldCase.answer)
        .join(GoldCase, GoldCase.id == GoldServing.gold_case_id)
        .where(GoldServing.point == policy.decision_point)
    )
    return {row[0]: row[1] for row in rows}


def _reasons(work: Work, verdict_ids: Sequence[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for begin in range(0, len(verdict_ids), _BATCH):
        found |= payloads.read_many(
            work.session,
            work.answerable.keys,
            verdict_ids[begin : begin + _BATCH],
            REASON_PAYLOAD,
        )
    return found


def _revealed(work: Work, since: datetime) -> set[tuple[str, str]]:
    rows = work.session.execute(
        sa.select(Reveal.decision_id, Reveal.person_id).where(
            Reveal.revealed_at >= since - timedelta(days=1)
        )
    )
    return {(row[0], row[1]) for row in rows}


def _positions(verdicts: Sequence[Verdict]) -> Mapping[str, int]:
    """Return which place each verdict has in its giver's session, from 1."""
    own: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        own[verdict.person_id].append(verdict)
    places: dict[str, int] = {}
    for given in own.values():
        before: datetime | None = None
        place = 0
        for verdict in sorted(given, key=lambda one: one.given_at):
            fresh = before is None or verdict.given_at - before > SESSION_ENDS
            place = 1 if fresh else place + 1
            places[verdict.id], before = place, verdict.given_at
    return places


def _groups(
    counts: Counts, overrides: Sequence[OverrideCell], appeals: Sequence[AppealCell]
) -> GroupCounts:
    """Return who was sent to a person, who waited how long, whose proposals were turned round and who appealed, by group."""
    queue = [
        QueueCell(
            group=cell.group,
            queued=cell.value == Routed.REVIEW,
            wrong=None if cell.truth not in {WRONG, "right"} else cell.truth == WRONG,
            count=cell.count,
        )
        for cell in counts.cells
        if cell.stage is Stage.ROUTING and cell.value in {Routed.REVIEW, Routed.RELEASED}
    ]
    return GroupCounts(
        attributes=counts.attributes,
        reference=counts.measure.reference,
        overrides=overrides,
        queue=queue,
        waits=counts.waits,
        appeals=appeals,
    )
