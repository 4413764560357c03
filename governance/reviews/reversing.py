"""Putting another decision in the place of one that stands, after an appeal or a sampled check."""

from __future__ import annotations

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.appeals.models import Reversal
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD, HAND_OVER, recorded_data
from governance.decisions.states import REVERSAL, Status
from governance.subjects import payloads
from governance.webhooks import outbox
from governance.work import Work
from policies import rulings


def reverse(
    work: Work,
    stands: Decision,
    *,
    new_id: str,
    outcome: str,
    queue: str,
    appeal_id: str | None = None,
    check_id: str | None = None,
) -> Decision:
    """Store the decision that comes in the place of what stands, with its entry and the word to the app, in one transaction.

    ``appeal_id`` or ``check_id`` (a case) says what led to it.
    """
    key = payloads.key_of_record(work.session, work.answerable.keys, stands.id)
    plaintext = payloads.read(work.session, work.answerable.keys, stands.id, DECISION_PAYLOAD)
    assert key is not None, "nothing is reversed whose content was erased"
    assert plaintext is not None
    document = orjson.loads(plaintext)
    ruling = rulings.Ruling(
        disposition=rulings.Disposition.REVIEW,
        status=rulings.RulingStatus.IN_REVIEW,
        outcome=None,
        reasons=(),
        trace=(),
    )
    # What a chat handed over stays with the decision that it was handed over for.
    document.pop(HAND_OVER, None)
    document |= {
        "alternatives": [],
        "reasons": [],
        "trace": rulings.trace_document(ruling),
        "asked": {"digest": None, "key": None},
    }
    decision = Decision(
        id=new_id,
        point=stands.point,
        policy_version=stands.policy_version,
        policy_digest=stands.policy_digest,
        app_id=stands.app_id,
        actor=work.actor.reference,
        source=REVERSAL,
        imported=False,
        rollout=stands.rollout,
        disposition=rulings.Disposition.REVIEW.value,
        reasons=[],
        proposed_outcome=None,
        confidence=None,
        queue=queue,
        due_at=None,
        recorded_at=work.now,
        occurred_at=None,
        person_requested=False,
        language=stands.language,
        channel=stands.channel,
        sequence=None,
        body_digest=None,
        idempotency_key=None,
        status=Status.CHANGED.value,
        outcome=outcome,
        decided_at=work.now,
        effective_at=None,
    )
    work.session.add(decision)
    work.session.flush()
    work.session.add(
        Reversal(decision_id=new_id, reverses=stands.id, appeal_id=appeal_id, check_id=check_id)
    )
    data = recorded_data(
        point=decision.point,
        policy_version=decision.policy_version,
        policy_digest=decision.policy_digest,
        source=decision.source,
        rollout=decision.rollout,
        disposition=decision.disposition,
        reasons=[],
        proposed_outcome=None,
        confidence=None,
        person_requested=False,
        language=decision.language,
        channel=decision.channel,
        sequence=None,
        status=decision.status,
        outcome=outcome,
        case=None,
    )
    work.record(
        EntryKind.DECISION_REVERSED,
        record_id=new_id,
        decision_id=new_id,
        refs={"reverses": stands.id, "appeal": appeal_id, "check": check_id},
        data=data | {"app_id": decision.app_id, "queue": decision.queue},
        payloads={DECISION_PAYLOAD: orjson.dumps(document)},
        key=key,
    )
    outbox.reversed_by(work, decision, reverses=stands)
    return decision


def reversal_after(work: Work, check_id: str) -> str | None:
    """Return the decision that a sampled check led to, None where there is none."""
    return work.session.execute(
        sa.select(Reversal.decision_id).where(Reversal.check_id == check_id)
    ).scalar_one_or_none()
