"""What happened to a decision, as its entries tell it, and what of that one reader may know yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import ActorKind
from governance.clock import parse_rfc3339
from governance.decisions import first_judgement
from governance.decisions.models import Decision
from governance.ledger.models import LogRecord
from governance.permissions import Permission
from governance.reviews.models import Case
from governance.work import Work

_VERDICTS = frozenset(
    {EntryKind.VERDICT_GIVEN, EntryKind.VERDICT_UNDONE, EntryKind.JUDGEMENT_GIVEN}
)
#: What of others may sway who still decides, and is nobody's business who judges them.
_OPINIONS = _VERDICTS | {EntryKind.AUTOMATION_DOUBTED}
_RECORDED = frozenset({EntryKind.DECISION_RECORDED, EntryKind.DECISION_IMPORTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of a decision: whose act it was, and what the entry says of it in clear."""

    record_id: str
    kind: EntryKind
    at: datetime
    actor_kind: ActorKind
    actor_id: str
    refs: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def person_id(self) -> str | None:
        """Return the person whose act it was, None if it was no person's."""
        return (self.actor_id or None) if self.actor_kind is ActorKind.PERSON else None


def of_decision(work: Work, decision_id: str) -> list[Event]:
    """Return all that happened to a decision, in order of time."""
    rows = work.session.execute(
        sa.select(LogRecord)
        .where(LogRecord.decision_id == decision_id)
        .order_by(LogRecord.recorded_at, LogRecord.id)
    ).scalars()
    return [_event(row) for row in rows]


def told(
    work: Work, events: Sequence[Event], *, decision: Decision, case: Case | None, has_signed: bool
) -> list[Event]:
    """Return what the actor may know of these events by now.

    A deciding verdict is its giver's alone until it is effective; and whoever may still sign a case
    off is not told how others did. What was proposed is not told to whose own judgement comes first.
    """
    open_to_actor = (
        case is not None
        and case.status == "open"
        and not has_signed
        and work.actor.may(Permission.CASES_DECIDE)
        and case.queue in work.actor.queues
    )
    pending = decision.effective_at is not None and work.now < decision.effective_at
    withheld = decision.id in first_judgement.withheld(work, [decision.id])
    told_events = []
    for event in events:
        others = event.kind in _OPINIONS and event.person_id != work.actor.id
        hidden = others and (open_to_actor or (pending and _decides(event)))
        if withheld and event.kind in _RECORDED:
            told_events.append(replace(event, data=first_judgement.without_ruling(event.data)))
        elif not hidden:
            told_events.append(event)
    return told_events


def unnamed(work: Work, events: Sequence[Event]) -> list[Event]:
    """Return events without whose verdicts they were, for whoever judges again what others decided."""
    return [
        replace(event, actor_id="")
        if event.kind in _OPINIONS and event.actor_id != work.actor.id
        else event
        for event in events
    ]


def _decides(event: Event) -> bool:
    return bool(event.data.get("decides"))


def _event(row: LogRecord) -> Event:
    entry = orjson.loads(row.entry)
    # An app's reference is its id and the key's; the app is who acted.
    return Event(
        record_id=row.id,
        kind=EntryKind(row.kind),
        at=parse_rfc3339(entry["recorded_at"]),
        actor_kind=ActorKind(entry["actor"]["type"]),
        actor_id=entry["actor"]["ref"].partition("/")[0],
        refs=entry["refs"],
        data=entry["data"],
    )
