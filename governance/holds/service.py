"""The verbs of holds: set one, ask that it be lifted, see what is in force.

A hold is set at once by one person; lifting it is a request that another confirms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.holds.models import Hold
from governance.identities.queries import names_of
from governance.permissions import Permission
from governance.points.models import DecisionPoint
from governance.requests import service as requests
from governance.requests.service import RequestView, confirmable
from governance.work import Work

LIFT: Final = "hold.lift"
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """A hold of one point, or of all (``point`` None). ``request_id`` is the open request to lift it."""

    id: str
    point: str | None
    reason: str
    set_at: datetime
    set_by: str
    set_by_name: str
    lifted_at: datetime | None
    request_id: str | None


def set_hold(work: Work, point: str | None, reason: str) -> HoldView:
    """Let people alone decide at a point, or at all points (None), from the next request on.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such point.
        InvalidInput: there is no reason, or it is too long.
        Conflict: such a hold is in force.
    """
    work.require(Permission.HOLDS_SET)
    if point is not None and work.session.get(DecisionPoint, point) is None:
        raise NotFound(f"There is no decision point {point!r}.")
    said = reason.strip()
    if not 0 < len(said) <= LONGEST_REASON:
        detail = f"Give a reason of 1 to {LONGEST_REASON} characters; reviewers will read it."
        raise InvalidInput(detail, [FieldProblem(pointer="/reason", detail=detail)])
    # This also makes others who set a hold wait, so that two never stand for the same point.
    work.configuration_changed()
    same = Hold.point.is_(None) if point is None else Hold.point == point
    standing = work.session.execute(
        sa.select(Hold).where(Hold.lifted_at.is_(None), same)
    ).scalar_one_or_none()
    if standing is not None:
        what = "All decision points are" if point is None else f"{point!r} is"
        raise Conflict(
            f"{what} on hold already, since {standing.set_at:%Y-%m-%d %H:%M} UTC "
            f"(hold {standing.id}): {standing.reason}"
        )
    row = Hold(
        id=work.new_id(),
        point=point,
        reason=said,
        set_at=work.now,
        set_by=work.actor.reference,
        lifted_at=None,
        lifted_by=None,
    )
    work.session.add(row)
    work.session.flush()
    work.record(
        EntryKind.HOLD_SET,
        refs={"hold": row.id},
        data={"point": point},
        payloads={"reason": said.encode()},
    )
    return _view(work, row)


def request_lift(work: Work, hold_id: str, reason: str) -> RequestView:
    """Ask that a hold be lifted; another person confirms it.

    Raises:
        NotAllowed, NotFound: the actor may not ask; there is no such hold.
        Conflict: it is lifted, or that is asked for already.
    """
    work.require(Permission.HOLDS_LIFT)
    row = work.session.get(Hold, hold_id) if is_id(hold_id) else None
    if row is None:
        raise NotFound("There is no such hold.")
    _require_in_force(row)
    return requests.make(work, LIFT, {"hold": row.id, "point": row.point}, reason)


def in_force(work: Work) -> Sequence[HoldView]:
    """Return the holds in force, the oldest first."""
    work.require(Permission.STATUS_READ)
    rows = work.session.execute(
        sa.select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.set_at, Hold.id)
    ).scalars()
    return [_view(work, row) for row in rows.all()]


def hold_of(work: Work, point: str | None) -> HoldView:
    """Return the hold in force of one point, or of all (None).

    Raises:
        NotFound: there is none.
    """
    for hold in in_force(work):
        if hold.point == point:
            return hold
    what = "All decision points together are" if point is None else f"{point!r} is"
    raise NotFound(f"{what} not on hold.")


@confirmable(LIFT, ask=Permission.HOLDS_LIFT, confirm=Permission.HOLDS_LIFT)
def _lift(work: Work, request: RequestView) -> None:
    row = work.session.execute(
        sa.select(Hold)
        .where(Hold.id == request.details["hold"])
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    _require_in_force(row)
    row.lifted_at, row.lifted_by = work.now, work.actor.reference
    work.record(
        EntryKind.HOLD_LIFTED,
        refs={"hold": row.id, "request": request.id},
        data={"point": row.point},
    )
    work.configuration_changed()
    work.session.flush()


def _require_in_force(row: Hold) -> None:
    if row.lifted_at is not None:
        raise Conflict(f"This hold was lifted at {row.lifted_at:%Y-%m-%d %H:%M} UTC.")


def _view(work: Work, row: Hold) -> HoldView:
    lifting = next(
        (
            request.id
            for request in requests.open_requests(work, LIFT)
            if request.details["hold"] == row.id
        ),
        None,
    )
    return HoldView(
        id=row.id,
        point=row.point,
        reason=row.reason,
        set_at=row.set_at,
        set_by=row.set_by,
        set_by_name=names_of(work.session, [row.set_by])[row.set_by],
        lifted_at=row.lifted_at,
        request_id=lifting,
    )
