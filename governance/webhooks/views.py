"""Webhooks as they are told to those who look after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.webhooks.transitions import DeliveryState, Event, Stopped


class EndpointState(StrEnum):
    """How an endpoint is: told of events, told of them although the last did not arrive, or told nothing."""

    ACTIVE = "active"
    FAILING = "failing"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretView:
    """A secret of an endpoint, without what it is."""

    id: str
    created_at: datetime
    created_by: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """An endpoint; ``waiting`` counts the messages that are still owed to it."""

    id: str
    app_id: str
    app: str
    url: str
    description: str
    events: Sequence[Event]
    state: EndpointState
    created_at: datetime
    created_by: str
    stopped_at: datetime | None
    stopped_why: Stopped | None
    failing_since: datetime | None
    waiting: int
    secrets: Sequence[SecretView]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretCreated:
    """A new secret, told this once."""

    webhook: WebhookView
    secret_id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One attempt; ``known`` is false while it is under way, and for good where whoever made it ended before it knew."""

    at: datetime
    known: bool
    status: int | None
    milliseconds: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A message to one endpoint, with its attempts, the first one first; ``next_at`` is None where none will follow."""

    id: str
    message_id: str
    event: Event
    decision_id: str | None
    body: str
    state: DeliveryState
    created_at: datetime
    not_before: datetime
    next_at: datetime | None
    closed_at: datetime | None
    attempts: Sequence[AttemptView]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """Some deliveries, newest first, and where the next page begins (None: there is none)."""

    deliveries: Sequence[DeliveryView]
    next_cursor: tuple[datetime, str] | None
