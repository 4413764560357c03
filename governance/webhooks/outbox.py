"""What an app is owed to be told, written in the transaction of what happened and taken back in that of the undoing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from governance.clock import rfc3339
from governance.decisions.models import Decision
from governance.decisions.states import Status
from governance.errors import UndoPassed
from governance.reviews.models import Case
from governance.webhooks.models import WebhookDelivery, WebhookEndpoint
from governance.webhooks.transitions import DeliveryState, Event, Stopped
from governance.work import Work


def resolved(work: Work, case: Case) -> None:
    """Owe the app the outcome of its decision, from the instant on at which the outcome counts."""
    decision = _decision_of(work, case)
    if decision is None or decision.effective_at is None:
        return
    _owe(
        work,
        decision.app_id,
        Event.DECISION_RESOLVED,
        decision.id,
        _told(work, decision, decision.status, decision.outcome, decision.effective_at),
        at=decision.effective_at,
    )


def taken_back(work: Work, case: Case) -> None:
    """Cancel what was owed of a verdict that is being undone. The decision's row must be locked.

    Raises:
        UndoPassed: a worker whose clock is ahead has begun to tell the app.
    """
    owed = work.session.execute(
        sa.select(WebhookDelivery)
        .where(
            WebhookDelivery.decision_id == case.decision_id,
            WebhookDelivery.event == Event.DECISION_RESOLVED,
            WebhookDelivery.state != DeliveryState.CANCELLED,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    for delivery in owed:
        if delivery.attempts:
            raise UndoPassed(
                "The app is being told of the verdict; it can no longer be taken back."
            )
        delivery.state, delivery.closed_at = DeliveryState.CANCELLED, work.now


def overdue(work: Work, case: Case) -> None:
    """Owe the app the word that the clock sent its decision on to the next queue."""
    decision = _decision_of(work, case)
    if decision is None:
        return
    told = _told(work, decision, Status.IN_REVIEW, None, None)
    _owe(work, decision.app_id, Event.DECISION_OVERDUE, decision.id, told, at=work.now)


def asked(work: Work, case: Case, question_id: str) -> None:
    """Owe the app the word that a person asked it something; what was asked stands in the decision."""
    decision = _decision_of(work, case)
    if decision is None:
        return
    told = _told(work, decision, Status.IN_REVIEW, None, None)
    told |= {"case": case.id, "question": question_id}
    _owe(work, decision.app_id, Event.QUESTION_ASKED, decision.id, told, at=work.now)


def reversed_by(work: Work, decision: Decision, *, reverses: Decision) -> None:
    """Owe the app whose decision ``reverses`` was the word that ``decision`` stands in its place now.

    For what reverses decisions, in its transaction; ``decision`` must have its outcome. Where it has no instant from which it counts, it counts now.
    """
    at = decision.effective_at or work.now
    told = _told(work, decision, decision.status, decision.outcome, decision.effective_at)
    told["reverses"] = reverses.id
    _owe(work, reverses.app_id, Event.DECISION_REVERSED, decision.id, told, at=at)


def body(event: Event, at: datetime, data: Mapping[str, Any]) -> str:
    """Return a message's body, which is kept as it is, so that each attempt sends the same bytes."""
    return orjson.dumps({"type": event, "timestamp": rfc3339(at), "data": data}).decode()


def still_holds(decision: Decision | None, delivery: WebhookDelivery) -> bool:
    """Tell whether a message still says what is so; ``decision`` is the locked row it is about."""
    if delivery.event == Event.DECISION_OVERDUE:
        return decision is not None
    if delivery.event == Event.QUESTION_ASKED:
        return decision is not None and decision.status == Status.IN_REVIEW
    if decision is None or decision.status == Status.IN_REVIEW:
        return False
    return decision.effective_at == delivery.not_before or (
        delivery.event == Event.DECISION_REVERSED and decision.effective_at is None
    )


def _decision_of(work: Work, case: Case) -> Decision | None:
    """Return the decision that a case decides; None where an app must not hear of the case."""
    return work.session.get(Decision, case.decision_id) if case.purpose == "decide" else None


def _told(
    work: Work,
    decision: Decision,
    status: str,
    outcome: str | None,
    effective_at: datetime | None,
) -> dict[str, Any]:
    """Return what is clear of a decision, under the names that the API gives it."""
    public = work.answerable.settings.public_url
    return {
        "id": decision.id,
        "decision_point": decision.point,
        "status": status,
        "outcome": outcome,
        "effective_at": None if effective_at is None else rfc3339(effective_at),
        "links": {"self": f"{public}/api/v1/decisions/{decision.id}"},
    }


def _owe(
    work: Work,
    app_id: str | None,
    event: Event,
    decision_id: str,
    data: Mapping[str, Any],
    *,
    at: datetime,
) -> None:
    if app_id is None:
        return
    endpoints = work.session.execute(
        sa.select(WebhookEndpoint.id, WebhookEndpoint.events)
        .where(
            WebhookEndpoint.app_id == app_id,
            # What is paused is told later; nobody waits for it at what was removed.
            WebhookEndpoint.stopped_why.is_distinct_from(Stopped.REMOVED.value),
        )
        .order_by(WebhookEndpoint.id)
    )
    message_id = work.new_id()
    for endpoint_id, events in endpoints:
        if event in events:
            add(
                work,
                endpoint_id=endpoint_id,
                message_id=message_id,
                event=event,
                decision_id=decision_id,
                text=body(event, at, data),
                at=at,
            )


def add(
    work: Work,
    *,
    endpoint_id: str,
    message_id: str,
    event: Event,
    decision_id: str | None,
    text: str,
    at: datetime,
) -> WebhookDelivery:
    """Owe one endpoint a message, not before ``at``."""
    delivery = WebhookDelivery(
        id=work.new_id(),
        endpoint_id=endpoint_id,
        message_id=message_id,
        decision_id=decision_id,
        event=event.value,
        body=text,
        state=DeliveryState.WAITING.value,
        created_at=work.now,
        not_before=at,
        due_at=at,
        attempts=0,
        tries=0,
    )
    work.session.add(delivery)
    work.session.flush()
    return delivery
