"""Reading what belongs to a subject: keys, records, decisions; and erasures and legal holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.clock import is_id
from governance.decisions.models import Decision
from governance.decisions.preparing import DECISION_PAYLOAD
from governance.decisions.sight import ALL
from governance.erasing.models import Erasure, LegalHold
from governance.erasing.transitions import GOING, Facts
from governance.rights import queries as rights
from governance.rights.transitions import RightKind
from governance.subjects.models import PayloadRow, SubjectKeyRow

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that belongs to a subject: their keys, the records with a payload under one of them, and the decisions among these, known cases too."""

    key_ids: Sequence[str]
    record_ids: Sequence[str]
    decision_ids: Sequence[str]


def some(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield values in lists that one statement takes."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def keys_of_tag(session: Session, tag: str) -> list[str]:
    """Return the ids of a subject's keys, oldest first."""
    return list(
        session.execute(
            sa.select(SubjectKeyRow.id)
            .where(SubjectKeyRow.subject_tag == tag)
            .order_by(SubjectKeyRow.created_at, SubjectKeyRow.id)
        ).scalars()
    )


def keys_beside(session: Session, key_id: str | None) -> list[str]:
    """Return the ids of all keys of whoever one key is of, none where it was erased."""
    row = None if key_id is None else session.get(SubjectKeyRow, key_id)
    return [] if row is None else rights.keys_of(session, row.id, row.subject_tag)


def scope_of(session: Session, key_ids: Sequence[str]) -> Scope:
    """Return all that belongs to whoever these keys are of."""
    records: dict[str, bool] = {}
    for part in some(key_ids):
        for record_id, name in session.execute(
            sa.select(PayloadRow.record_id, PayloadRow.name).where(PayloadRow.key_id.in_(part))
        ):
            records[record_id] = records.get(record_id, False) or name == DECISION_PAYLOAD
    return Scope(
        key_ids=key_ids,
        record_ids=sorted(records),
        decision_ids=sorted(one for one, decides in records.items() if decides),
    )


def facts_of(session: Session, scope: Scope) -> Facts:
    """Return what an erasure of these is judged by."""
    newest: datetime | None = None
    counts_at: datetime | None = None
    for part in some(scope.decision_ids):
        for recorded_at, effective_at, gold_for in session.execute(
            sa.select(Decision.recorded_at, Decision.effective_at, Decision.gold_for).where(
                Decision.id.in_(part)
            ),
            execution_options=ALL,
        ):
            # What was copied to see whether review is real was decided about nobody.
            if gold_for is None and (newest is None or recorded_at > newest):
                newest = recorded_at
            if effective_at is not None and (counts_at is None or effective_at > counts_at):
                counts_at = effective_at
    return Facts(
        held=standing_hold(session, scope.key_ids) is not None,
        copy_asked=rights.open_one(session, scope.key_ids, RightKind.ACCESS) is not None,
        newest=newest,
        counts_at=counts_at,
    )


def standing_hold(session: Session, key_ids: Sequence[str]) -> LegalHold | None:
    """Return the legal hold in force of whoever these keys are of."""
    held = sa.select(LegalHold).where(
        LegalHold.key_id.in_(list(key_ids)), LegalHold.lifted_at.is_(None)
    )
    return session.execute(held.order_by(LegalHold.set_at).limit(1)).scalar_one_or_none()


def holds_of(session: Session, key_ids: Sequence[str]) -> list[LegalHold]:
    """Return all legal holds of whoever these keys are of, newest first."""
    return list(
        session.execute(
            sa.select(LegalHold)
            .where(LegalHold.key_id.in_(list(key_ids)))
            .order_by(LegalHold.set_at.desc(), LegalHold.id.desc())
        ).scalars()
    )


def going(session: Session, key_ids: Sequence[str]) -> Erasure | None:
    """Return the erasure of whoever these keys are of that is not over."""
    return session.execute(
        sa.select(Erasure)
        .where(Erasure.key_id.in_(list(key_ids)), Erasure.status.in_(GOING))
        .limit(1)
    ).scalar_one_or_none()


def erasure_by_id(session: Session, erasure_id: str, *, lock: bool = False) -> Erasure | None:
    """Return an erasure, locked until the end of the transaction if asked."""
    if not is_id(erasure_id):
        return None
    query = sa.select(Erasure).where(Erasure.id == erasure_id)
    if lock:
        query = query.with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def hold_by_id(session: Session, hold_id: str) -> LegalHold | None:
    """Return a legal hold, locked until the end of the transaction."""
    if not is_id(hold_id):
        return None
    query = sa.select(LegalHold).where(LegalHold.id == hold_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
