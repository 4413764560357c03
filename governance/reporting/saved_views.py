"""Views of the ledger that people keep: filters under a name, for themselves alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.reporting import filters as reading
from governance.reporting.filters import Filters
from governance.reporting.models import SavedView
from governance.work import Work

LONGEST_NAME: Final = 80
#: Views that one person keeps at most.
MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Filters that the actor keeps under a name."""

    id: str
    name: str
    filters: Filters
    created_at: datetime


def views(work: Work) -> Sequence[View]:
    """Return the actor's views by name.

    Raises:
        NotAllowed: the actor may read no decisions, or is no person.
    """
    work.require(Permission.DECISIONS_READ)
    rows = work.session.execute(
        sa.select(SavedView)
        .where(SavedView.person_id == work.person_id)
        .order_by(sa.func.lower(SavedView.name), SavedView.id)
    ).scalars()
    return [_view(row) for row in rows]


def view(work: Work, view_id: str) -> View:
    """Return one of the actor's views.

    Raises:
        NotAllowed: as ``views``.
        NotFound: it is none of the actor's.
    """
    work.require(Permission.DECISIONS_READ)
    return _view(_row(work, view_id))


def save(work: Work, name: str, filters: Filters) -> View:
    """Keep filters under a name.

    Raises:
        NotAllowed: as ``views``.
        InvalidInput: the name is empty or too long.
        Conflict: the actor has a view of this name, or too many.
    """
    work.require(Permission.DECISIONS_READ)
    person_id, called = work.person_id, _name(name)
    standing = views(work)
    _require_free(standing, called)
    if len(standing) >= MOST:
        raise Conflict(f"You keep {MOST} views, which is the most. Delete one first.")
    row = SavedView(
        id=work.new_id(),
        person_id=person_id,
        name=called,
        filters=filters.written,
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return _view(row)


def change(
    work: Work, view_id: str, *, name: str | None = None, filters: Filters | None = None
) -> View:
    """Give a view another name, other filters, or both.

    Raises:
        NotAllowed, NotFound, InvalidInput, Conflict: as ``view`` and ``save``.
    """
    work.require(Permission.DECISIONS_READ)
    row = _row(work, view_id)
    if name is not None:
        called = _name(name)
        _require_free([one for one in views(work) if one.id != row.id], called)
        row.name = called
    if filters is not None:
        row.filters = filters.written
    work.session.flush()
    return _view(row)


def delete(work: Work, view_id: str) -> None:
    """Keep a view no longer.

    Raises:
        NotAllowed, NotFound: as ``view``.
    """
    work.require(Permission.DECISIONS_READ)
    work.session.delete(_row(work, view_id))
    work.session.flush()


def _row(work: Work, view_id: str) -> SavedView:
    person_id = work.person_id
    row = work.session.get(SavedView, view_id) if is_id(view_id) else None
    if row is None or row.person_id != person_id:
        raise NotFound("There is no such view, or it is not one of yours.")
    return row


def _name(name: str) -> str:
    said = " ".join(name.split())
    if not 0 < len(said) <= LONGEST_NAME or "\0" in said:
        detail = f"Give the view a name of 1 to {LONGEST_NAME} characters."
        raise InvalidInput(detail, [FieldProblem(pointer="/name", detail=detail)])
    return said


def _require_free(standing: Sequence[View], name: str) -> None:
    if name in {one.name for one in standing}:
        raise Conflict(f"You keep a view called “{name}” already. Choose another name.")


def _view(row: SavedView) -> View:
    return View(
        id=row.id, name=row.name, filters=reading.read(row.filters), created_at=row.created_at
    )
