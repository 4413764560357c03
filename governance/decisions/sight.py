"""Who sees gold cases: the person each was served to, as any other; nobody else, and no figure.

Every query on decisions and cases leaves them out by itself, so that a door that nobody thought of shows none. In a session of the person
they were served to they are there as long as they are secret. A query that needs more says so by the execution option ``gold``:
``own``, also those of that person that are no secret any more; ``all``, every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from governance.decisions.models import Decision
from governance.reviews.models import Case
from governance.storage.base import Id, Instant

#: The purpose of a case whose answer is known.
GOLD: Final = "gold"
#: The purposes of the cases that decide their decision, or look as if they did.
DECIDING: Final = ("decide", GOLD)
OWN: Final[Mapping[str, Any]] = {"gold": "own"}
ALL: Final[Mapping[str, Any]] = {"gold": "all"}


def of_all(session: Session) -> None:
    """Let a session see every gold case, as who verifies must."""
    session.info.update(ALL)


def app_of(decision: Decision) -> str | None:
    """Return the app that asked for a decision; of a gold case, the one that asked for what it was made from."""
    kind, _, asker = decision.actor.partition(":")
    made_up = decision.gold_for is not None and kind == "app"
    return asker if made_up else decision.app_id


#: The person who looks in the statement that is being sent, and when.
_looking: ContextVar[tuple[str, datetime]] = ContextVar("looking")
_person: Final[Any] = sa.bindparam(None, callable_=lambda: _looking.get()[0], type_=Id())
_now: Final[Any] = sa.bindparam(None, callable_=lambda: _looking.get()[1], type_=Instant())
_table: Final = Decision.__table__
_secret: Final = sa.or_(Decision.effective_at.is_(None), Decision.effective_at > _now)
#: The table itself, which is no entity, so that the criterion does not meet itself.
_served: Final = sa.select(_table.c.id).where(_table.c.gold_for == _person)


def _where(decisions: sa.ColumnElement[bool], cases: sa.ColumnElement[bool]) -> tuple[Any, ...]:
    return (
        with_loader_criteria(Decision, decisions, include_aliases=True),
        with_loader_criteria(Case, cases, include_aliases=True),
    )


_ASKED: Final = "gold asked"
_NOT_GOLD: Final = Decision.gold_for.is_(None)
_NOBODYS: Final = _where(_NOT_GOLD, Case.purpose != GOLD)
_SECRET: Final = _where(
    sa.or_(_NOT_GOLD, sa.and_(Decision.gold_for == _person, _secret)),
    sa.or_(Case.purpose != GOLD, Case.decision_id.in_(_served)),
)
_OWN: Final = _where(
    sa.or_(_NOT_GOLD, Decision.gold_for == _person),
    sa.or_(Case.purpose != GOLD, Case.decision_id.in_(_served)),
)


def _has_some(session: Session) -> bool:
    """Tell whether the session's person was ever given a gold case; most never were, and nothing else need be asked."""
    info = session.info
    if _ASKED not in info:
        query = sa.select(_table.c.id).where(_table.c.gold_for == info["person"][0]).limit(1)
        info[_ASKED] = session.connection().execute(query).first() is not None
    return bool(info[_ASKED])


def serves(session: Session) -> None:
    """Say that the session's person is given a gold case now."""
    session.info.pop(_ASKED, None)


@sa.event.listens_for(Session, "do_orm_execute")
def _leave_out(state: ORMExecuteState) -> None:
    if not state.is_select or not state.is_orm_statement or state.is_column_load:
        return
    info = state.session.info
    wanted = info.get("gold", state.execution_options.get("gold"))
    if wanted == ALL["gold"]:
        return
    options = _NOBODYS
    if "person" in info:
        _looking.set(info["person"])
        if _has_some(state.session):
            options = _OWN if wanted == OWN["gold"] else _SECRET
    state.statement = state.statement.options(*options)
