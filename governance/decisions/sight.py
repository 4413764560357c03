"""Who sees gold cases: the person each was served to, as any other; nobody else, and no figure.

Every query on decisions and cases leaves them out by itself, so that a door that nobody thought of shows none. In a session of the person
they were served to they are there as long as they are secret. A query that needs more says so by the execution option ``gold``:
``own``, also those of that person that are no secret any more; ``all``, every one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria

from governance.decisions.models import Decision
from governance.reviews.models import Case

#: The purpose of a case whose answer is known.
GOLD: Final = "gold"
#: The purposes of the cases that decide their decision, or look as if they did.
DECIDING: Final = ("decide", GOLD)
OWN: Final[Mapping[str, Any]] = {"gold": "own"}
ALL: Final[Mapping[str, Any]] = {"gold": "all"}
_NOBODYS: Final = (
    with_loader_criteria(Decision, Decision.gold_for.is_(None), include_aliases=True),
    with_loader_criteria(Case, Case.purpose != GOLD, include_aliases=True),
)


def of_all(session: Session) -> None:
    """Let a session see every gold case, as who verifies must."""
    session.info.update(ALL)


def app_of(decision: Decision) -> str | None:
    """Return the app that asked for a decision; of a gold case, the one that asked for what it was made from."""
    kind, _, asker = decision.actor.partition(":")
    made_up = decision.gold_for is not None and kind == "app"
    return asker if made_up else decision.app_id


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
        made = info.setdefault("gold criteria", {})
        if wanted not in made:
            made[wanted] = _of_person(*info["person"], over=wanted == OWN["gold"])
        options = made[wanted]
    state.statement = state.statement.options(*options)


def _of_person(person_id: str, now: datetime, *, over: bool) -> tuple[Any, ...]:
    mine = Decision.gold_for == person_id
    if not over:
        secret = sa.or_(Decision.effective_at.is_(None), Decision.effective_at > now)
        mine = sa.and_(mine, secret)
    table = Decision.__table__
    # The table itself, which is no entity, so that the criterion does not meet itself.
    served = sa.select(table.c.id).where(table.c.gold_for == person_id)
    return (
        with_loader_criteria(
            Decision, sa.or_(Decision.gold_for.is_(None), mine), include_aliases=True
        ),
        with_loader_criteria(
            Case, sa.or_(Case.purpose != GOLD, Case.decision_id.in_(served)), include_aliases=True
        ),
    )
