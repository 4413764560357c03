"""What becomes of a message by each attempt to deliver it. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Event(StrEnum):
    """What an app is told of. ``webhook.test`` is sent when a person asks for it, to whoever listens."""

    DECISION_RESOLVED = "decision.resolved"
    DECISION_REVERSED = "decision.reversed"
    DECISION_OVERDUE = "decision.overdue"
    QUESTION_ASKED = "question.asked"
    TEST = "webhook.test"


#: What an endpoint may be told of, as its maker chooses.
CHOSEN: Final = (
    Event.DECISION_RESOLVED,
    Event.DECISION_REVERSED,
    Event.DECISION_OVERDUE,
    Event.QUESTION_ASKED,
)


class DeliveryState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stopped(StrEnum):
    """Why an endpoint is sent nothing: a person switched it off or removed it, it failed for days, or it answered that it is gone (410)."""

    PERSON = "person"
    FAILING = "failing"
    GONE = "gone"
    REMOVED = "removed"


#: Pauses before the second attempt and each further one, as Standard Webhooks advises; ten attempts take about three days.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: By how much a pause may be longer at random, so that what failed together does not come back together.
JITTER: Final = 0.2
#: How long nothing may arrive at an endpoint before it is paused.
PATIENCE: Final = timedelta(days=3)
#: How long an overloaded receiver is left alone where it does not say, and at the longest where it does.
_LEFT_ALONE: Final = timedelta(seconds=30)
_LEFT_ALONE_AT_MOST: Final = timedelta(hours=1)
_GONE: Final = 410
_OVERLOADED: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How an attempt went: a status or none, how long it took, what was wrong, and how many seconds to wait if the receiver said so."""

    milliseconds: int
    status: int | None = None
    error: str | None = None
    retry_after: int | None = None
    too_slow: bool = False

    @property
    def arrived(self) -> bool:
        """Tell whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What an attempt leads to: for the message its state and when it is due again, for the endpoint when it is to be left alone and whether it stops."""

    state: DeliveryState
    due_at: datetime | None = None
    failing_since: datetime | None = None
    hold_until: datetime | None = None
    stops: Stopped | None = None


def after(
    answered: Answered,
    *,
    tries: int,
    failing_since: datetime | None,
    now: datetime,
    jitter: Callable[[], float],
) -> After:
    """Return what follows from an attempt; ``tries`` counts this one, ``jitter`` gives numbers from 0 to 1."""
    if answered.arrived:
        return After(state=DeliveryState.DELIVERED)
    since = failing_since or now
    stops = None
    if answered.status == _GONE:
        stops = Stopped.GONE
    elif now - since >= PATIENCE:
        stops = Stopped.FAILING
    hold = _left_alone(answered)
    due_at = None
    if tries <= len(PAUSES):
        due_at = now + max(PAUSES[tries - 1] * (1 + JITTER * jitter()), hold or timedelta())
    return After(
        state=DeliveryState.FAILED if due_at is None else DeliveryState.WAITING,
        due_at=due_at,
        failing_since=since,
        hold_until=None if hold is None else now + hold,
        stops=stops,
    )


def _left_alone(answered: Answered) -> timedelta | None:
    if not answered.too_slow and answered.status not in _OVERLOADED:
        return None
    if answered.retry_after is None:
        return _LEFT_ALONE
    return min(timedelta(seconds=answered.retry_after), _LEFT_ALONE_AT_MOST)
