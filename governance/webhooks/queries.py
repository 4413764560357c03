"""Reading endpoints and what was delivered to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.identities.models import App
from governance.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from governance.webhooks.transitions import DeliveryState, Stopped

_KEPT = WebhookEndpoint.stopped_why.is_distinct_from(Stopped.REMOVED.value)


def endpoints(session: Session) -> list[tuple[WebhookEndpoint, str]]:
    """Return all endpoints that were not removed, by app, each with the app's name."""
    found = session.execute(
        sa.select(WebhookEndpoint, App.name)
        .join(App, App.id == WebhookEndpoint.app_id)
        .where(_KEPT)
        .order_by(App.name, WebhookEndpoint.created_at, WebhookEndpoint.id)
    )
    return [(row[0], row[1]) for row in found]


def endpoint(session: Session, endpoint_id: str, *, lock: bool = False) -> WebhookEndpoint | None:
    """Return one endpoint that was not removed, locked until the end of the transaction if asked."""
    query = sa.select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, _KEPT)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.execute(query).scalar_one_or_none()


def secrets(session: Session, endpoint_ids: Collection[str]) -> Mapping[str, list[WebhookSecret]]:
    """Return the secrets of endpoints, by endpoint, the newest first."""
    found: dict[str, list[WebhookSecret]] = defaultdict(list)
    rows = session.execute(
        sa.select(WebhookSecret)
        .where(WebhookSecret.endpoint_id.in_(endpoint_ids))
        .order_by(WebhookSecret.created_at.desc(), WebhookSecret.id.desc())
    ).scalars()
    for row in rows:
        found[row.endpoint_id].append(row)
    return found


def waiting(session: Session, endpoint_ids: Collection[str]) -> Mapping[str, int]:
    """Return how many messages are owed to endpoints."""
    rows = session.execute(
        sa.select(WebhookDelivery.endpoint_id, sa.func.count())
        .where(
            WebhookDelivery.endpoint_id.in_(endpoint_ids),
            WebhookDelivery.state == DeliveryState.WAITING.value,
        )
        .group_by(WebhookDelivery.endpoint_id)
    )
    return {row[0]: row[1] for row in rows}


def delivery(
    session: Session, endpoint_id: str, delivery_id: str, *, lock: bool = False
) -> WebhookDelivery | None:
    """Return one message of an endpoint, locked until the end of the transaction if asked."""
    query = sa.select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.execute(query).scalar_one_or_none()


def deliveries(
    session: Session,
    endpoint_id: str,
    *,
    limit: int,
    state: str | None = None,
    before: tuple[datetime, str] | None = None,
) -> list[WebhookDelivery]:
    """Return messages of an endpoint, newest first, those before the cursor ``(created_at, id)``."""
    query = (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if before is not None:
        query = query.where(
            sa.or_(
                WebhookDelivery.created_at < before[0],
                sa.and_(WebhookDelivery.created_at == before[0], WebhookDelivery.id < before[1]),
            )
        )
    return list(session.execute(query).scalars())


def attempts(
    session: Session, delivery_ids: Collection[str]
) -> Mapping[str, Sequence[WebhookAttempt]]:
    """Return the attempts at messages, by message, the first one first."""
    found: dict[str, list[WebhookAttempt]] = defaultdict(list)
    rows = session.execute(
        sa.select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id.in_(delivery_ids))
        .order_by(WebhookAttempt.at, WebhookAttempt.id)
    ).scalars()
    for row in rows:
        found[row.delivery_id].append(row)
    return found


def stopped_by_themselves(session: Session) -> list[tuple[str, datetime | None]]:
    """Return the endpoints that no person stopped: the app's name and since when, oldest first."""
    rows = session.execute(
        sa.select(App.name, WebhookEndpoint.stopped_at)
        .join(App, App.id == WebhookEndpoint.app_id)
        .where(
            WebhookEndpoint.stopped_why.in_([Stopped.FAILING.value, Stopped.GONE.value]),
        )
        .order_by(WebhookEndpoint.stopped_at)
    )
    return [(row[0], row[1]) for row in rows]


def count(session: Session) -> tuple[int, int]:
    """Return how many endpoints there are, and how many of them have failed since they last took something."""
    row = session.execute(
        sa.select(sa.func.count(), sa.func.count(WebhookEndpoint.failing_since)).where(_KEPT)
    ).one()
    return row[0], row[1]
