"""Whether oversight is real at a decision point: its reviews and counts, put into the figures of ``audits.oversight``.

Nobody has figures of their own here: all people of a point are one, as those whose work is measured must first know it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from audits.fairness.counts import WRONG, Counts, Routed, Stage
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
from governance.identities.models import Person
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.reviews.models import Case, Judgement, Reveal, Verdict
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
        most_minutes=minutes or None,
    )
    return told | {"complete": len(found) < MOST_REVIEWS}


def reviews(
    work: Work, policy: Policy, since: str, until: str, *, of: str | None = None
) -> Iterator[Review]:
    """Yield the verdicts of a window of days that stand, newest first, as the figures take them; ``of`` one person, None: of all."""
    begins = datetime.combine(date.fromisoformat(since), time(), UTC)
    ends = datetime.combine(date.fromisoformat(until), time(), UTC) + timedelta(days=1)
    rows = work.session.execute(
        sa.select(
            Verdict, Case.queue, Decision, GroundTruth.outcome, Judgement.outcome, Person.time_zone
        )
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
            Case.purpose == "decide",
            Verdict.undone_at.is_(None),
            Verdict.given_at >= begins,
            Verdict.given_at < ends,
            sa.true() if of is None else Verdict.person_id == of,
        )
        .order_by(Verdict.given_at.desc(), Verdict.id.desc())
        .limit(MOST_REVIEWS)
    ).all()
    reasons = _reasons(work, [row[0].id for row in rows])
    revealed = _revealed(work, begins)
    positions = _positions([row[0] for row in rows])
    for verdict, queue, decision, truth, first, zone in rows:
        said = reasons.get(verdict.id)
        yield Review(
            reviewer=verdict.person_id,
            decision_point=policy.decision_point,
            queue=queue,
            given_at=verdict.given_at,
            purpose=Purpose.DECIDE,
            verdict=VerdictKind(verdict.verdict),
            outcome=verdict.outcome,
            proposed=decision.proposed_outcome,
            proposed_positive=None
            if decision.proposed_outcome is None
            else decision.proposed_outcome in policy.positive,
            confidence=decision.confidence,
            first=first,
            truth=truth,
            truth_from=None if truth is None else TruthFrom.LATER,
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
