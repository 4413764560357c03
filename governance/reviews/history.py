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
from governance.reviews.purposes import SECOND_LOOKS
from governance.work import Work

_VERDICTS = frozenset(
    {EntryKind.VERDICT_GIVEN, EntryKind.VERDICT_UNDONE, EntryKind.JUDGEMENT_GIVEN}
)
#: What of others may sway who still decides, and is nobody's business who judges them.
_OPINIONS = _VERDICTS | {EntryKind.AUTOMATION_DOUBTED}
_RECORDED = frozenset({EntryKind.DECISION_RECORDED, EntryKind.DECISION_IMPORTED})
_TOLD_TO_THE_BLIND = _RECORDED | {EntryKind.INFORMATION_GIVEN}


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
    """Return all that happened to a decision, in order of time; that somebody read it is no part of that."""
    rows = work.session.execute(
        sa.select(LogRecord)
        .where(LogRecord.decision_id == decision_id, LogRecord.kind != EntryKind.ACCESS_READ)
        .order_by(LogRecord.recorded_at, LogRecord.id)
    ).scalars()
    return [_event(row) for row in rows]


def told(
    work: Work,
    events: Sequence[Event],
    *,
    decision: Decision,
    case: Case | None,
    has_signed: bool,
    blind: bool = False,
) -> list[Event]:
    """Return what the actor may know of these events by now.

    A deciding verdict is its giver's alone until it is effective; and whoever may still sign a case
    off is not told how others did. What was proposed is not told to whose own judgement comes first. Whoever judges
    blind (``case``, or another that they hold) is told what the app added and what was done with that case alone, and an app nothing of second looks.
    """
    own = first_judgement.held_blind(work, [decision.id]).get(decision.id)
    if blind and case is not None:
        own = case.id
    if own is not None:
        return [
            replace(event, data=first_judgement.without_ruling(event.data))
            if event.kind in _RECORDED
            else event
            for event in events
            if event.kind in _TOLD_TO_THE_BLIND or event.refs.get("case") == own
        ]
    if work.actor.kind is ActorKind.APP:
        events = _without_second_looks(work, events, decision)
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


def _without_second_looks(work: Work, events: Sequence[Event], decision: Decision) -> list[Event]:
    looks = set(
        work.session.execute(
            sa.select(Case.id).where(
                Case.decision_id == decision.id, Case.purpose.in_(SECOND_LOOKS)
            )
        ).scalars()
    )
    if not looks:
        return list(events)
    return [
        replace(event, data={name: said for name, said in event.data.items() if name != "check"})
        for event in events
        if event.refs.get("case") not in looks or event.kind is EntryKind.GROUND_TRUTH_REPORTED
    ]


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
    entry, kind = orjson.loads(row.entry), EntryKind(row.kind)
    # An app's reference is its id and the key's; the app is who acted.
    event = Event(
        record_id=row.id,
        kind=kind,
        at=parse_rfc3339(entry["recorded_at"]),
        actor_kind=ActorKind(entry["actor"]["type"]),
        actor_id=entry["actor"]["ref"].partition("/")[0],
        refs=entry["refs"],
        data=entry["data"],
    )
    return _as_any_other(event) if kind is EntryKind.GOLD_SERVED else event


def _as_any_other(served: Event) -> Event:
    """Return what serving a known case would be told as, were it the decision that it looks like."""
    data = dict(served.data)
    del data["block"]
    asker, _, asker_id = data.pop("asker").partition(":")
    return replace(
        served,
        at=parse_rfc3339(data.pop("received_at")),
        kind=EntryKind.DECISION_RECORDED,
        actor_kind=ActorKind(asker),
        actor_id=asker_id,
        refs={name: one for name, one in served.refs.items() if name != "gold"},
        data=data,
    )
