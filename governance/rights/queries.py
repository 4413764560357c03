"""Reading what persons concerned asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.clock import is_id
from governance.rights.models import RightsRequest
from governance.rights.transitions import RightKind, RightsStatus
from governance.subjects.models import SubjectKeyRow


def by_id(session: Session, request_id: str, *, lock: bool = False) -> RightsRequest | None:
    """Return one, locked until the end of the transaction if asked."""
    if not is_id(request_id):
        return None
    query = sa.select(RightsRequest).where(RightsRequest.id == request_id)
    if lock:
        query = query.with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def open_one(session: Session, keys: Iterable[str], kind: RightKind) -> RightsRequest | None:
    """Return what waits of a kind for whoever these keys are of."""
    return session.execute(
        sa.select(RightsRequest)
        .where(
            RightsRequest.key_id.in_(list(keys)),
            RightsRequest.kind == kind,
            RightsRequest.status == RightsStatus.OPEN,
        )
        .order_by(RightsRequest.asked_at, RightsRequest.id)
        .limit(1)
    ).scalar_one_or_none()


def of_keys(session: Session, keys: Iterable[str]) -> list[RightsRequest]:
    """Return all that was asked for by whoever these keys are of, newest first."""
    return list(
        session.execute(
            sa.select(RightsRequest)
            .where(RightsRequest.key_id.in_(list(keys)))
            .order_by(RightsRequest.asked_at.desc(), RightsRequest.id.desc())
        ).scalars()
    )


def waiting(session: Session, kinds: Sequence[RightKind]) -> list[RightsRequest]:
    """Return all that waits of some kinds, what is due first first."""
    return list(
        session.execute(
            sa.select(RightsRequest)
            .where(RightsRequest.status == RightsStatus.OPEN, RightsRequest.kind.in_(kinds))
            .order_by(RightsRequest.due_at, RightsRequest.id)
        ).scalars()
    )


def closed(session: Session, kinds: Sequence[RightKind], limit: int) -> list[RightsRequest]:
    """Return what was answered or withdrawn last, newest first."""
    return list(
        session.execute(
            sa.select(RightsRequest)
            .where(RightsRequest.status != RightsStatus.OPEN, RightsRequest.kind.in_(kinds))
            .order_by(RightsRequest.closed_at.desc(), RightsRequest.id.desc())
            .limit(limit)
        ).scalars()
    )


def keys_of(session: Session, key_id: str, subject_tag: str | None) -> list[str]:
    """Return the ids of all keys of whoever one key is of; a decision without a subject has that one alone."""
    if subject_tag is None:
        return [key_id]
    return list(
        session.execute(
            sa.select(SubjectKeyRow.id)
            .where(SubjectKeyRow.subject_tag == subject_tag)
            .order_by(SubjectKeyRow.created_at, SubjectKeyRow.id)
        ).scalars()
    )
