"""What may happen to what a person concerned asked for. Pure: values in, values out.

It is open, then granted or refused by a person, or withdrawn by whoever asked. The clock closes none: what is late is shown as late.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from governance.errors import Conflict, FieldProblem, InvalidInput

#: How long a copy can be taken once it was granted.
COPY_FOR: Final = timedelta(days=30)


class RightKind(StrEnum):
    """What somebody may ask for: a copy of their data (GDPR Articles 15 and 20), or to be erased (Article 17)."""

    ACCESS = "access"
    ERASURE = "erasure"


class RightsStatus(StrEnum):
    """Where it stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RightsDoor(StrEnum):
    """Where it came in: the person's own page, an app, or somebody of the business for a caller or a letter."""

    PAGE = "page"
    APP = "app"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsState:
    """What was asked for, as its rules see it."""

    kind: RightKind
    status: RightsStatus
    closed_at: datetime | None = None
    copy_until: datetime | None = None


def due_after(asked_at: datetime) -> datetime:
    """Return when an answer is due: within one month (GDPR Article 12(3)), on the last day of a month that has no such day."""
    year, month = asked_at.year + asked_at.month // 12, asked_at.month % 12 + 1
    day = min(asked_at.day, calendar.monthrange(year, month)[1])
    return asked_at.replace(year=year, month=month, day=day)


def grant(state: RightsState, now: datetime) -> RightsState:
    """Grant it, and return it granted; a copy can be taken for a while.

    Raises:
        Conflict: it is closed.
    """
    require_open(state)
    until = now + COPY_FOR if state.kind is RightKind.ACCESS else None
    return replace(state, status=RightsStatus.GRANTED, closed_at=now, copy_until=until)


def refuse(state: RightsState, now: datetime, *, has_answer: bool) -> RightsState:
    """Refuse it, and return it refused; the person is told why (GDPR Article 12(4)).

    Raises:
        Conflict: it is closed.
        InvalidInput: there is no answer for the person.
    """
    require_open(state)
    if not has_answer:
        detail = "Expected the reason, as the person will read it; got none."
        raise InvalidInput(detail, [FieldProblem(pointer="/answer", detail=detail)])
    return replace(state, status=RightsStatus.REFUSED, closed_at=now)


def withdraw(state: RightsState, now: datetime) -> RightsState:
    """Take it back, and return it withdrawn.

    Raises:
        Conflict: it is closed.
    """
    require_open(state)
    return replace(state, status=RightsStatus.WITHDRAWN, closed_at=now)


def require_open(state: RightsState) -> None:
    """Raise unless it waits for an answer.

    Raises:
        Conflict: it is answered or withdrawn.
    """
    if state.status is RightsStatus.WITHDRAWN:
        raise Conflict("The person took this back; nothing is left to answer.")
    if state.status is not RightsStatus.OPEN:
        raise Conflict(f"This was {state.status} already; an answer is final.")


def may_take(state: RightsState, now: datetime) -> bool:
    """Tell whether the person may take the copy now."""
    return (
        state.status is RightsStatus.GRANTED
        and state.copy_until is not None
        and now < state.copy_until
    )
