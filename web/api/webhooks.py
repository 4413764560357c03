"""Webhooks: where apps are told what became of their decisions, with which secrets, and what was delivered."""

from __future__ import annotations

from typing import Any

from flask import Response

from governance.permissions import Permission
from governance.webhooks import service
from governance.webhooks.targets import LONGEST_URL
from governance.webhooks.transitions import CHOSEN, DeliveryState, Event, Stopped
from governance.webhooks.views import DeliveryPage, EndpointState
from web.api.resources import PageQuery, Resource, cursor_of, identifier, look, position_of, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, Whole, at_most, one_of
from web.security import requires

resource = Resource(
    "Webhooks",
    "Apps are told what became of their decisions, signed as Standard Webhooks (https://www.standardwebhooks.com) describe it.",
)

_EVENTS = one_of(tuple(CHOSEN))


class WebhookBody(Body):
    """Where an app is to be told, and of what."""

    app = Text(required=True, validate=at_most(63))
    url = Text(required=True, validate=at_most(LONGEST_URL))
    description = Text(load_default="", validate=at_most(service.LONGEST_DESCRIPTION, least=0))
    events = List(Text(validate=_EVENTS), load_default=lambda: list(CHOSEN))


class WebhookChangeBody(Body):
    """What is to change; what is absent stays as it is."""

    url = Text(validate=at_most(LONGEST_URL))
    description = Text(validate=at_most(service.LONGEST_DESCRIPTION, least=0))
    events = List(Text(validate=_EVENTS))
    active = Flag(
        metadata={
            "description": "false: nothing is sent; true: it is sent again, first what was owed meanwhile"
        }
    )


class DeliveriesQuery(PageQuery):
    """Which deliveries are wanted."""

    state = Text(load_default=None, validate=one_of(DeliveryState))


class WebhookSecretAnswer(Answer):
    """A secret of a webhook, without what it is."""

    id = Text(required=True)
    created_at = Instant(required=True)
    created_by = Text(required=True)
    ended_at = Instant(required=True, allow_none=True)


class WebhookAnswer(Answer):
    """A webhook: an address at which an app is told of events."""

    id = Text(required=True)
    app = Text(required=True)
    app_id = Text(required=True)
    url = Text(required=True)
    description = Text(required=True)
    events = List(Text(validate=_EVENTS), required=True)
    state = Text(required=True, validate=one_of(EndpointState))
    created_at = Instant(required=True)
    created_by = Text(required=True)
    stopped_at = Instant(required=True, allow_none=True)
    stopped_why = Text(
        required=True,
        allow_none=True,
        validate=one_of((Stopped.PERSON, Stopped.FAILING, Stopped.GONE)),
        metadata={
            "description": "`failing`: nothing arrived for days; `gone`: the receiver answered 410"
        },
    )
    failing_since = Instant(
        required=True,
        allow_none=True,
        metadata={"description": "The first failure after which nothing arrived"},
    )
    waiting = Whole(required=True, metadata={"description": "Messages that are still owed to it"})
    secrets = List(Nested(WebhookSecretAnswer), required=True)


class WebhooksAnswer(Answer):
    """All webhooks, by app."""

    webhooks = List(Nested(WebhookAnswer), required=True)


class WebhookSecretCreatedAnswer(Answer):
    """A webhook with a secret that was just made; the secret is never told again."""

    webhook = Nested(WebhookAnswer, required=True)
    secret_id = Text(required=True)
    secret = Text(required=True)


class AttemptAnswer(Answer):
    """One attempt to deliver a message."""

    at = Instant(required=True)
    known = Flag(
        required=True,
        metadata={
            "description": "false while it is under way, and for good where the process that made it ended before it knew"
        },
    )
    status = Whole(required=True, allow_none=True)
    milliseconds = Whole(required=True, allow_none=True)
    error = Text(required=True, allow_none=True)


class DeliveryAnswer(Answer):
    """A message to a webhook, with its attempts, the first one first."""

    id = Text(required=True)
    message_id = Text(
        required=True,
        metadata={
            "description": "The header webhook-id, the same for each attempt and for all webhooks that are told of one event"
        },
    )
    event = Text(required=True, validate=one_of(Event))
    decision_id = Text(required=True, allow_none=True)
    state = Text(required=True, validate=one_of(DeliveryState))
    created_at = Instant(required=True)
    not_before = Instant(
        required=True,
        metadata={"description": "When what it tells counts; nothing is sent earlier"},
    )
    next_at = Instant(
        required=True, allow_none=True, metadata={"description": "When the next attempt is due"}
    )
    closed_at = Instant(required=True, allow_none=True)
    body = Text(required=True)
    attempts = List(Nested(AttemptAnswer), required=True)


class DeliveriesAnswer(Answer):
    """Some deliveries, newest first."""

    deliveries = List(Nested(DeliveryAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True)


@resource.route("/webhooks", methods=["GET"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(200, WebhooksAnswer)
def list_webhooks() -> Any:
    """List all webhooks, by app."""
    with look() as unit:
        return {"webhooks": service.list_webhooks(unit)}


@resource.route("/webhooks", methods=["POST"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.arguments(WebhookBody)
@resource.response(201, WebhookSecretCreatedAnswer)
def create_webhook(body: dict[str, Any]) -> Any:
    """Have an app told of events at an address; the secret is shown this once."""
    with work() as unit:
        return service.create_webhook(unit, **body)


@resource.route("/webhooks/<webhook_id>", methods=["GET"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(200, WebhookAnswer)
def get_webhook(webhook_id: str) -> Any:
    """Read a webhook."""
    identifier(webhook_id, "webhook")
    with look() as unit:
        return service.webhook(unit, webhook_id)


@resource.route("/webhooks/<webhook_id>", methods=["PATCH"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.arguments(WebhookChangeBody)
@resource.response(200, WebhookAnswer)
def change_webhook(body: dict[str, Any], webhook_id: str) -> Any:
    """Change a webhook, switch it off or on again."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        return service.change_webhook(unit, webhook_id, **body)


@resource.route("/webhooks/<webhook_id>", methods=["DELETE"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(204, description="Nothing is sent there any more")
def remove_webhook(webhook_id: str) -> Response:
    """Remove a webhook with its secrets; what was still owed to it is cancelled."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        service.remove_webhook(unit, webhook_id)
    return Response(status=204)


@resource.route("/webhooks/<webhook_id>/test", methods=["POST"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(201, DeliveryAnswer)
def send_test(webhook_id: str) -> Any:
    """Send a message of no meaning, to see whether it arrives; its delivery tells."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        return service.send_test(unit, webhook_id)


@resource.route("/webhooks/<webhook_id>/secrets", methods=["POST"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(201, WebhookSecretCreatedAnswer)
def add_secret(webhook_id: str) -> Any:
    """Make one more secret, shown this once; messages are signed with each that is live."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        return service.add_secret(unit, webhook_id)


@resource.route("/webhooks/<webhook_id>/secrets/<secret_id>/end", methods=["POST"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(200, WebhookAnswer)
def end_secret(webhook_id: str, secret_id: str) -> Any:
    """End a secret: no message is signed with it from now on. One stays live."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        return service.end_secret(unit, webhook_id, secret_id)


@resource.route("/webhooks/<webhook_id>/deliveries", methods=["GET"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.arguments(DeliveriesQuery, location="query")
@resource.response(200, DeliveriesAnswer)
def list_deliveries(query: dict[str, Any], webhook_id: str) -> Any:
    """List what was sent to a webhook in the last 30 days and what is owed to it, newest first, with each attempt."""
    identifier(webhook_id, "webhook")
    cursor = position_of(query["cursor"])
    with look() as unit:
        page: DeliveryPage = service.list_deliveries(
            unit, webhook_id, limit=query["limit"], state=query["state"], cursor=cursor
        )
    return {"deliveries": page.deliveries, "next_cursor": cursor_of(page.next_cursor)}


@resource.route("/webhooks/<webhook_id>/deliveries/<delivery_id>/replay", methods=["POST"])
@requires(Permission.WEBHOOKS_MANAGE)
@resource.response(200, DeliveryAnswer)
def replay(webhook_id: str, delivery_id: str) -> Any:
    """Send a message again now, under its own id."""
    identifier(webhook_id, "webhook")
    with work() as unit:
        return service.replay(unit, webhook_id, delivery_id)
