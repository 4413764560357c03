"""Endpoints of apps, their secrets, what is owed to them, and each attempt to deliver it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Id, Instant


class WebhookEndpoint(Base):
    """An address of an app's to which events are sent.

    ``stopped_at`` is set while nothing is sent, ``stopped_why`` says whose doing that is. ``failing_since`` is the first failure after which nothing
    arrived; ``hold_until`` is how long the receiver asked to be left alone.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    app_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("apps.id"), index=True)
    url: Mapped[str] = mapped_column(sa.String(1000))
    description: Mapped[str] = mapped_column(sa.String(200))
    events: Mapped[list[str]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(sa.String(80))
    stopped_at: Mapped[datetime | None] = mapped_column(Instant)
    stopped_why: Mapped[str | None] = mapped_column(sa.String(8))
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    hold_until: Mapped[datetime | None] = mapped_column(Instant)


class WebhookSecret(Base):
    """A secret that an endpoint's messages are signed with, encrypted under the key-encryption key; None once it was ended."""

    __tablename__ = "webhook_secrets"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("webhook_endpoints.id"), index=True)
    wrapped: Mapped[bytes | None]
    kek_id: Mapped[str] = mapped_column(sa.String(16))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(sa.String(80))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookDelivery(Base):
    """One message owed to one endpoint: the outbox, and afterwards the delivery log.

    ``message_id`` is the same for all endpoints that are told of one event. Nothing is sent before ``not_before``; ``due_at`` is when the next attempt is due.
    ``attempts`` counts all that were begun, ``tries`` those since it was last (re)started.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        sa.Index("ix_webhook_deliveries_due", "endpoint_id", "state", "due_at"),
        sa.Index("ix_webhook_deliveries_endpoint", "endpoint_id", "created_at", "id"),
        sa.Index("ix_webhook_deliveries_created", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("webhook_endpoints.id"))
    message_id: Mapped[str] = mapped_column(Id)
    decision_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("decisions.id"), index=True)
    event: Mapped[str] = mapped_column(sa.String(32))
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(sa.String(9))
    created_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int]
    tries: Mapped[int]
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_by: Mapped[str | None] = mapped_column(Id)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookAttempt(Base):
    """One attempt at a delivery. Without ``milliseconds`` it is under way, or whoever made it ended before it knew how it went."""

    __tablename__ = "webhook_attempts"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("webhook_deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    milliseconds: Mapped[int | None]
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.String(200))
