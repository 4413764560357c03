"""Gathering all that is held about somebody, a decision at a time, so that however much it is fits into memory.

Nothing of known cases is told, which show whether review is real; and of the people of the business, that they are some, never who.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind, describe
from governance import actors
from governance.actors import Actor
from governance.appeals.models import Appeal, Reversal
from governance.clock import rfc3339
from governance.counting import groups as vault
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.sight import app_of
from governance.decisions.states import Status, visible
from governance.decisions.views import DecisionView
from governance.explanations import service as explanations
from governance.identities.models import App
from governance.ledger.models import Leaf, LogRecord
from governance.points import queries as points
from governance.reviews.models import Case, Verdict
from governance.subjects import files, payloads
from governance.subjects.models import PayloadRow, PeopleOnlyRow
from governance.truth.models import Feedback, GroundTruth
from governance.webhooks.models import WebhookDelivery, WebhookEndpoint
from governance.work import Work
from policies.document import Policy
from policies.explanations import Explanation

#: What is written in words, or as JSON, under a record; the command line's user is of the business, and files are told of apart.
TEXTS: Final = (
    "words",
    "corrections",
    "answer",
    "reason",
    "comment",
    "question",
    "information",
    "note",
    "subject",
)
_AS_JSON: Final = frozenset({"corrections", "information"})
_GOLD: Final = "gold."
#: What people think while they decide is not told before it counts.
_OPINIONS: Final = frozenset(
    {
        EntryKind.VERDICT_GIVEN,
        EntryKind.VERDICT_UNDONE,
        EntryKind.JUDGEMENT_GIVEN,
        EntryKind.AUTOMATION_DOUBTED,
        EntryKind.COMMENT_ADDED,
    }
)
#: The place of an entry that waits for the sequencer.
_NOWHERE: Final[Mapping[str, Any]] = {"epoch": None, "index": None}
_BY: Final = {"person": "the business", "app": "app", "service": "service"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A decision with all that belongs to it: ``document`` for machines, the rest for the page; ``files`` are named as in the archive."""

    document: dict[str, Any]
    view: DecisionView
    policy: Policy
    explanation: Explanation
    files: Mapping[str, bytes]


def reader() -> Actor:
    """Return who gathers: the service itself, to whom no fact is masked; in whose name it does, an entry tells."""
    return actors.service("copy")


def decision_ids(session: Session, keys: Sequence[str]) -> list[str]:
    """Return the ids of the decisions whose content lies under these keys, oldest first."""
    return list(
        session.execute(
            sa.select(Decision.id)
            .join(PayloadRow, PayloadRow.record_id == Decision.id)
            .where(
                PayloadRow.key_id.in_(keys),
                PayloadRow.name == DECISION_PAYLOAD,
                Decision.gold_for.is_(None),
            )
            .order_by(Decision.recorded_at, Decision.id)
        ).scalars()
    )


def groups_of(work: Work, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what the vault holds of decisions; the unit of work must be one that may read it."""
    return vault.recorded(work.session, work.answerable.keys, ids)


def decision(work: Work, decision_id: str, *, language: str) -> Gathered | None:
    """Return a decision with all that belongs to it, None where it was erased meanwhile."""
    row = work.session.get(Decision, decision_id)
    if row is None:
        return None
    view = decisions.full_view(work, row, language=language)
    if view.features is None:
        return None
    policy = points.engine_of(work, row.point, row.policy_version).policy
    told = explanations.explain(work, row.id, audience="subject", language=language)
    entries = _entries(work, row)
    places = _places(work.session, [one["record"] for one in entries])
    contents: dict[str, bytes] = {}
    for one in entries:
        one.update({**places.get(one["record"], _NOWHERE), **_texts(work, one["record"])})
        listed = _files(work, one["record"], contents)
        if listed:
            one["files"] = listed
    reads = [one for one in entries if one["kind"] == EntryKind.ACCESS_READ]
    document = {
        **_row(row, view),
        "asked_by": _app(work.session, app_of(row)),
        "features": view.features,
        "metadata": view.metadata,
        "hand_over": view.hand_over,
        "proposal": {
            "outcome": view.proposed_outcome,
            "confidence": view.confidence,
            "source": view.source,
            "alternatives": view.alternatives,
            "reasons": view.proposal_reasons,
        },
        "ruling": {
            "disposition": view.disposition,
            "reasons": [
                {"code": one.code, "rule": one.rule, "text": one.text} for one in view.reasons
            ],
            "trace": view.trace,
        },
        "policy": {
            "version": view.policy_version,
            "digest": view.policy_digest,
            "title": policy.title.in_(language),
            "purpose": policy.purpose.in_(language),
            "notice": view.notice,
            "retention": policy.document.get("retention"),
        },
        "explanation": {
            "language": told.language,
            "headline": told.headline,
            "paragraphs": list(told.paragraphs),
            "reasons": [one.text for one in told.reasons],
            "what_would_change": [one.text for one in told.what_would_change],
        },
        "cases": _cases(work, row),
        "appeals": _appeals(work.session, row),
        **_reversals(work.session, row.id),
        "ground_truth": _truth(work.session, row.id),
        "ratings": _ratings(work.session, row.id),
        "told_to": _told_to(work.session, row.id),
        "read": [{"at": one["at"], "by": one["by"]} for one in reads],
        "entries": [one for one in entries if one["kind"] != EntryKind.ACCESS_READ],
        "proof": f"/api/v1/decisions/{row.id}/proof",
    }
    return Gathered(document=document, view=view, policy=policy, explanation=told, files=contents)


def acts(work: Work, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield what was said by or about somebody beside their decisions: asked for, marked, taken away."""
    rows = work.session.execute(
        sa.select(LogRecord)
        .where(
            LogRecord.id.in_(sa.select(PayloadRow.record_id).where(PayloadRow.key_id.in_(keys))),
            LogRecord.decision_id.is_(None),
            sa.not_(LogRecord.kind.startswith(_GOLD)),
        )
        .order_by(LogRecord.recorded_at, LogRecord.id)
    ).scalars()
    for row in rows:
        told = _entry(row)
        told |= _places(work.session, [row.id]).get(row.id, _NOWHERE)
        yield told | _texts(work, row.id)


def people_only_since(session: Session, keys: Sequence[str]) -> datetime | None:
    """Return since when a person always decides about somebody, None where software may."""
    return session.execute(
        sa.select(PeopleOnlyRow.set_at).where(PeopleOnlyRow.key_id.in_(keys)).limit(1)
    ).scalar_one_or_none()


def _row(row: Decision, view: DecisionView) -> dict[str, Any]:
    return {
        "id": row.id,
        "decision_point": row.point,
        "status": view.status,
        "outcome": view.outcome,
        "recorded_at": rfc3339(row.recorded_at),
        "occurred_at": _instant(row.occurred_at),
        "decided_at": _instant(view.decided_at),
        "queue": row.queue,
        "due_at": _instant(row.due_at),
        "rollout": row.rollout,
        "imported": row.imported,
        "person_requested": row.person_requested,
        "language": row.language,
        "channel": row.channel,
        "sequence": row.sequence,
        "idempotency_key": row.idempotency_key,
        "subject": view.subject_ref,
    }


def _entries(work: Work, row: Decision) -> list[dict[str, Any]]:
    """Return what the log says of a decision, oldest first, without what must not be told before it counts."""
    status, _ = visible(row.status, row.outcome, row.effective_at, work.now)
    rows = work.session.execute(
        sa.select(LogRecord)
        .where(LogRecord.decision_id == row.id, sa.not_(LogRecord.kind.startswith(_GOLD)))
        .order_by(LogRecord.recorded_at, LogRecord.id)
    ).scalars()
    return [
        _entry(one) for one in rows if status is not Status.IN_REVIEW or one.kind not in _OPINIONS
    ]


def _entry(row: LogRecord) -> dict[str, Any]:
    kind, said = EntryKind(row.kind), orjson.loads(row.entry)
    return {
        "record": row.id,
        "kind": kind.value,
        "what": describe(kind).what,
        "at": said["recorded_at"],
        "by": _BY[said["actor"]["type"]],
    }


def _places(session: Session, record_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(record_ids), 500):
        rows = session.execute(
            sa.select(Leaf.record_id, Leaf.epoch, Leaf.leaf_index).where(
                Leaf.record_id.in_(record_ids[start : start + 500])
            )
        )
        found |= {row.record_id: {"epoch": row.epoch, "index": row.leaf_index} for row in rows}
    return found


def _texts(work: Work, record_id: str) -> dict[str, Any]:
    rows = work.session.execute(
        sa.select(PayloadRow.name).where(
            PayloadRow.record_id == record_id, PayloadRow.name.in_(TEXTS)
        )
    ).scalars()
    said: dict[str, Any] = {}
    for name in rows:
        plaintext = payloads.read(work.session, work.answerable.keys, record_id, name)
        if plaintext is not None:
            said[name] = orjson.loads(plaintext) if name in _AS_JSON else plaintext.decode()
    return {"said": said} if said else {}


def _files(work: Work, record_id: str, contents: dict[str, bytes]) -> list[dict[str, Any]]:
    listed = files.of_records(work.session, work.answerable.keys, [record_id]).get(record_id, [])
    told = []
    for one in listed:
        path = f"files/{record_id}/{one.number}-{one.name}"
        _, contents[path] = files.read(work.session, work.answerable.keys, record_id, one.number)
        told.append({"name": one.name, "type": one.content_type, "size": one.size, "path": path})
    return told


def _cases(work: Work, row: Decision) -> list[dict[str, Any]]:
    status, _ = visible(row.status, row.outcome, row.effective_at, work.now)
    told = []
    for case in work.session.execute(
        sa.select(Case).where(Case.decision_id == row.id).order_by(Case.opened_at, Case.id)
    ).scalars():
        verdicts: Sequence[Verdict] = ()
        # Whoever still decides must not read here what another decided; nor is it told before it counts.
        if case.closed_at is not None and status is not Status.IN_REVIEW:
            verdicts = (
                work.session.execute(
                    sa.select(Verdict)
                    .where(Verdict.case_id == case.id, Verdict.undone_at.is_(None))
                    .order_by(Verdict.given_at, Verdict.id)
                )
                .scalars()
                .all()
            )
        told.append(
            {
                "id": case.id,
                "purpose": case.purpose,
                "queue": case.queue,
                "status": case.status,
                "opened_at": rfc3339(case.opened_at),
                "due_at": _instant(case.due_at),
                "closed_at": _instant(case.closed_at),
                "sensitive": case.sensitive,
                "sign_offs": case.sign_offs,
                "verdicts": [
                    {
                        "verdict": one.verdict,
                        "outcome": one.outcome,
                        "decides": one.decides,
                        "given_at": rfc3339(one.given_at),
                        "reason": _reason(work, one.id),
                    }
                    for one in verdicts
                ],
            }
        )
    return told


def _reason(work: Work, verdict_id: str) -> str | None:
    said = payloads.read(work.session, work.answerable.keys, verdict_id, "reason")
    return None if said is None else said.decode()


def _appeals(session: Session, row: Decision) -> list[dict[str, Any]]:
    rows = session.execute(
        sa.select(Appeal).where(Appeal.decision_id == row.id).order_by(Appeal.opened_at, Appeal.id)
    ).scalars()
    return [
        {
            "id": one.id,
            "status": one.status,
            "door": one.door,
            "opened_at": rfc3339(one.opened_at),
            "due_at": rfc3339(one.due_at),
            "closed_at": _instant(one.closed_at),
            "upheld": one.upheld,
        }
        for one in rows
    ]


def _reversals(session: Session, decision_id: str) -> dict[str, Any]:
    rows = session.execute(
        sa.select(Reversal).where(
            sa.or_(Reversal.decision_id == decision_id, Reversal.reverses == decision_id)
        )
    ).scalars()
    told: dict[str, Any] = {"reverses": None, "reversed_by": None}
    for one in rows:
        if one.decision_id == decision_id:
            told["reverses"] = one.reverses
        else:
            told["reversed_by"] = one.decision_id
    return told


def _truth(session: Session, decision_id: str) -> dict[str, Any] | None:
    row = session.get(GroundTruth, decision_id)
    if row is None:
        return None
    return {
        "outcome": row.outcome,
        "known_at": _instant(row.known_at),
        "reported_at": rfc3339(row.reported_at),
    }


def _ratings(session: Session, decision_id: str) -> list[dict[str, Any]]:
    rows = session.execute(
        sa.select(Feedback).where(Feedback.decision_id == decision_id).order_by(Feedback.scale)
    ).scalars()
    return [
        {"scale": one.scale, "rating": one.rating, "reported_at": rfc3339(one.reported_at)}
        for one in rows
    ]


def _told_to(session: Session, decision_id: str) -> list[dict[str, Any]]:
    """Return which apps were told of a decision's outcome, and of which event; where to is the business's own."""
    rows = session.execute(
        sa.select(App.name, WebhookDelivery.event, WebhookDelivery.created_at)
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .join(App, App.id == WebhookEndpoint.app_id)
        .where(WebhookDelivery.decision_id == decision_id)
        .order_by(WebhookDelivery.created_at, WebhookDelivery.id)
    )
    return [{"app": name, "event": event, "at": rfc3339(at)} for name, event, at in rows]


def _app(session: Session, app_id: str | None) -> str | None:
    return (
        None
        if app_id is None
        else session.execute(sa.select(App.name).where(App.id == app_id)).scalar_one_or_none()
    )


def _instant(value: Any) -> str | None:
    return None if value is None else rfc3339(value)
