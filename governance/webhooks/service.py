"""The verbs of webhooks: make, change and remove endpoints, rotate their secrets, try them out, look at what was delivered, send it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.clock import is_id
from governance.errors import Conflict, FieldProblem, InvalidInput, NotFound
from governance.identities.models import App
from governance.permissions import Permission
from governance.webhooks import outbox, queries, signing, targets
from governance.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from governance.webhooks.transitions import CHOSEN, DeliveryState, Event, Stopped
from governance.webhooks.views import (
    AttemptView,
    DeliveryPage,
    DeliveryView,
    EndpointState,
    SecretCreated,
    SecretView,
    WebhookView,
)
from governance.work import Work

LONGEST_DESCRIPTION: Final = 200
#: Live secrets of one endpoint; rotating takes two.
MOST_SECRETS: Final = 5
_PAYLOAD: Final = "webhook"


def apps(work: Work) -> Sequence[str]:
    """Return the names of the apps that an endpoint can be made for."""
    work.require(Permission.WEBHOOKS_MANAGE)
    return list(work.session.execute(sa.select(App.name).order_by(App.name)).scalars())


def list_webhooks(work: Work) -> Sequence[WebhookView]:
    """Return all endpoints, by app."""
    work.require(Permission.WEBHOOKS_MANAGE)
    return _views(work, queries.endpoints(work.session))


def stopped(work: Work) -> int:
    """Count the endpoints that nothing is sent to though no person switched them off."""
    work.require(Permission.WEBHOOKS_MANAGE)
    return len(queries.stopped_by_themselves(work.session))


def webhook(work: Work, webhook_id: str) -> WebhookView:
    """Return one endpoint.

    Raises:
        NotFound: there is none.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    return _view(work, _endpoint(work, webhook_id))


def create_webhook(
    work: Work,
    *,
    app: str,
    url: str,
    description: str = "",
    events: Iterable[str] = CHOSEN,
) -> SecretCreated:
    """Have an app told of events at an address; its first secret is told this once.

    Raises:
        InvalidInput: something does not fit; all mistakes are listed.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    owner = work.session.execute(sa.select(App).where(App.name == app)).scalar_one_or_none()
    given = {"url": url.strip(), "description": description.strip(), "events": list(events)}
    problems = []
    if owner is None:
        known = ", ".join(apps(work)) or "none yet, so make an app key first"
        problems.append(("app", f"There is no app {app!r}: {known}."))
    _check(work, given, problems)
    assert owner is not None
    endpoint = WebhookEndpoint(
        id=work.new_id(),
        app_id=owner.id,
        url=given["url"],
        description=given["description"],
        events=_ordered(given["events"]),
        created_at=work.now,
        created_by=work.actor.reference,
    )
    work.session.add(endpoint)
    work.session.flush()
    _record(work, EntryKind.WEBHOOK_CREATED, endpoint)
    return _add_secret(work, endpoint)


def change_webhook(
    work: Work,
    webhook_id: str,
    *,
    url: str | None = None,
    description: str | None = None,
    events: Iterable[str] | None = None,
    active: bool | None = None,
) -> WebhookView:
    """Change an endpoint, switch it off or on again; None leaves each as it is.

    Switched on, or at another address, it is sent all that is owed to it, at once.

    Raises:
        NotFound: there is none.
        InvalidInput: something does not fit; all mistakes are listed.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id, lock=True)
    given: dict[str, Any] = {}
    if url is not None:
        given["url"] = url.strip()
    if description is not None:
        given["description"] = description.strip()
    if events is not None:
        given["events"] = list(events)
    _check(work, given, [])
    if "events" in given:
        given["events"] = _ordered(given["events"])
    changed = {name: value for name, value in given.items() if getattr(endpoint, name) != value}
    for name, value in changed.items():
        setattr(endpoint, name, value)
    switched = active is not None and active != (endpoint.stopped_at is None)
    if switched:
        endpoint.stopped_at = None if active else work.now
        endpoint.stopped_why = None if active else Stopped.PERSON.value
    if switched or "url" in changed:
        _begin_anew(work, endpoint)
    if changed or switched:
        work.session.flush()
        _record(work, EntryKind.WEBHOOK_CHANGED, endpoint)
    return _view(work, endpoint)


def remove_webhook(work: Work, webhook_id: str) -> None:
    """Tell an app nothing more at an address. What was still owed is cancelled, and its secrets are dropped.

    Raises:
        NotFound: there is none.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id, lock=True)
    endpoint.stopped_at, endpoint.stopped_why = work.now, Stopped.REMOVED.value
    work.session.execute(
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.state == DeliveryState.WAITING.value,
        )
        .values(state=DeliveryState.CANCELLED.value, closed_at=work.now)
        .execution_options(synchronize_session=False)
    )
    for secret in queries.secrets(work.session, [endpoint.id]).get(endpoint.id, ()):
        secret.wrapped, secret.ended_at = None, secret.ended_at or work.now
    work.session.flush()
    work.record(EntryKind.WEBHOOK_REMOVED, refs={"webhook": endpoint.id, "app": endpoint.app_id})


def add_secret(work: Work, webhook_id: str) -> SecretCreated:
    """Make one more secret; from now on messages are signed with each that is live.

    Raises:
        NotFound: there is no such endpoint.
        Conflict: it has as many as it can have.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    return _add_secret(work, _endpoint(work, webhook_id, lock=True))


def end_secret(work: Work, webhook_id: str, secret_id: str) -> WebhookView:
    """End a secret: no message is signed with it from now on.

    Raises:
        NotFound: there is no such endpoint, or no such secret of it.
        Conflict: it is ended already, or the only live one.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id, lock=True)
    secrets = queries.secrets(work.session, [endpoint.id]).get(endpoint.id, [])
    secret = next((one for one in secrets if one.id == secret_id), None)
    if secret is None:
        raise NotFound("This webhook has no such secret.")
    if secret.ended_at is not None:
        raise Conflict("This secret is ended already.")
    if sum(one.ended_at is None for one in secrets) == 1:
        raise Conflict("This is the only live secret. Make another first, and end this one then.")
    secret.wrapped, secret.ended_at = None, work.now
    work.session.flush()
    work.record(
        EntryKind.WEBHOOK_SECRET_ENDED,
        refs={"webhook": endpoint.id, "app": endpoint.app_id, "secret": secret.id},
    )
    return _view(work, endpoint)


def send_test(work: Work, webhook_id: str) -> DeliveryView:
    """Owe an endpoint a message of no meaning, so that a person can see whether it arrives.

    Raises:
        NotFound: there is none.
        Conflict: nothing is sent to it now.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id)
    _require_active(endpoint)
    delivery = outbox.add(
        work,
        endpoint_id=endpoint.id,
        message_id=work.new_id(),
        event=Event.TEST,
        decision_id=None,
        text=outbox.body(Event.TEST, work.now, {"webhook": endpoint.id}),
        at=work.now,
    )
    return _delivery_view(delivery, ())


def list_deliveries(
    work: Work,
    webhook_id: str,
    *,
    limit: int = 50,
    state: str | None = None,
    cursor: tuple[Any, str] | None = None,
) -> DeliveryPage:
    """Return what was sent to an endpoint and what is owed to it, newest first, of the last 30 days.

    Raises:
        NotFound: there is no such endpoint.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id)
    rows = queries.deliveries(
        work.session, endpoint.id, limit=limit + 1, state=state, before=cursor
    )
    shown = rows[:limit]
    attempts = queries.attempts(work.session, [row.id for row in shown])
    last = shown[-1] if len(rows) > limit else None
    return DeliveryPage(
        deliveries=[_delivery_view(row, attempts.get(row.id, ())) for row in shown],
        next_cursor=None if last is None else (last.created_at, last.id),
    )


def replay(work: Work, webhook_id: str, delivery_id: str) -> DeliveryView:
    """Send a message again, now, under its own id; where that fails it is tried again like a new one.

    Raises:
        NotFound: there is no such endpoint, or no such message of it.
        Conflict: it was cancelled, does not count yet, or is being sent right now, or nothing is sent to the endpoint.
    """
    work.require(Permission.WEBHOOKS_MANAGE)
    endpoint = _endpoint(work, webhook_id)
    delivery = (
        queries.delivery(work.session, endpoint.id, delivery_id, lock=True)
        if is_id(delivery_id)
        else None
    )
    if delivery is None:
        raise NotFound("This webhook has no such delivery.")
    _require_active(endpoint)
    if delivery.state == DeliveryState.CANCELLED:
        raise Conflict("What it tells was taken back, so it is not sent.")
    if delivery.not_before > work.now:
        raise Conflict("What it tells does not count yet; it is sent once it does.")
    if delivery.lease_until is not None and delivery.lease_until > work.now:
        raise Conflict("It is being sent right now.")
    delivery.state, delivery.closed_at = DeliveryState.WAITING.value, None
    delivery.due_at, delivery.tries = work.now, 0
    work.session.flush()
    attempts = queries.attempts(work.session, [delivery.id])
    return _delivery_view(delivery, attempts.get(delivery.id, ()))


# --------------------------------------------------------------------------------------- inside


def _endpoint(work: Work, webhook_id: str, *, lock: bool = False) -> WebhookEndpoint:
    found = queries.endpoint(work.session, webhook_id, lock=lock) if is_id(webhook_id) else None
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def _require_active(endpoint: WebhookEndpoint) -> None:
    if endpoint.stopped_at is not None:
        raise Conflict("Nothing is sent to this webhook now. Switch it on first.")


def _check(work: Work, given: Mapping[str, Any], problems: list[tuple[str, str]]) -> None:
    settings = work.answerable.settings
    if "url" in given:
        try:
            targets.parse(
                given["url"],
                plain=settings.webhook_plain_http,
                private=settings.webhook_private_targets,
            )
        except ValueError as error:
            problems.append(("url", str(error)))
    if len(given.get("description", "")) > LONGEST_DESCRIPTION:
        problems.append(("description", f"Give at most {LONGEST_DESCRIPTION} characters."))
    if "events" in given and (not given["events"] or not set(given["events"]) <= set(CHOSEN)):
        problems.append(("events", f"Choose from {', '.join(CHOSEN)}."))
    if problems:
        raise InvalidInput(
            " ".join(detail for _, detail in problems),
            [FieldProblem(pointer=f"/{field}", detail=detail) for field, detail in problems],
        )


def _ordered(events: Iterable[str]) -> list[str]:
    wanted = set(events)
    return [event.value for event in CHOSEN if event in wanted]


def _begin_anew(work: Work, endpoint: WebhookEndpoint) -> None:
    """Forget that an endpoint failed, and have what is owed to it tried like new."""
    endpoint.failing_since = endpoint.hold_until = None
    work.session.execute(
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.state == DeliveryState.WAITING.value,
            WebhookDelivery.not_before <= work.now,
        )
        .values(due_at=work.now, tries=0)
        .execution_options(synchronize_session=False)
    )


def _record(work: Work, kind: EntryKind, endpoint: WebhookEndpoint) -> None:
    work.record(
        kind,
        refs={"webhook": endpoint.id, "app": endpoint.app_id},
        data={"events": endpoint.events, "stopped": endpoint.stopped_why},
        payloads={
            _PAYLOAD: orjson.dumps({"description": endpoint.description, "url": endpoint.url})
        },
    )


def _add_secret(work: Work, endpoint: WebhookEndpoint) -> SecretCreated:
    live = queries.secrets(work.session, [endpoint.id]).get(endpoint.id, [])
    if sum(one.ended_at is None for one in live) >= MOST_SECRETS:
        raise Conflict(f"A webhook has at most {MOST_SECRETS} live secrets. End one first.")
    secret, secret_id, keyring = signing.fresh(), work.new_id(), work.keyring
    work.session.add(
        WebhookSecret(
            id=secret_id,
            endpoint_id=endpoint.id,
            wrapped=keyring.wrap(secret_id, secret),
            kek_id=keyring.kek_id,
            created_at=work.now,
            created_by=work.actor.reference,
        )
    )
    work.session.flush()
    work.record(
        EntryKind.WEBHOOK_SECRET_ADDED,
        refs={"webhook": endpoint.id, "app": endpoint.app_id, "secret": secret_id},
    )
    return SecretCreated(
        webhook=_view(work, endpoint), secret_id=secret_id, secret=signing.told(secret)
    )


def _view(work: Work, endpoint: WebhookEndpoint) -> WebhookView:
    name = work.session.get_one(App, endpoint.app_id).name
    return _views(work, [(endpoint, name)])[0]


def _views(work: Work, rows: Sequence[tuple[WebhookEndpoint, str]]) -> list[WebhookView]:
    ids = [row.id for row, _ in rows]
    secrets, waiting = queries.secrets(work.session, ids), queries.waiting(work.session, ids)
    return [
        WebhookView(
            id=row.id,
            app_id=row.app_id,
            app=app,
            url=row.url,
            description=row.description,
            events=tuple(map(Event, row.events)),
            state=_state(row),
            created_at=row.created_at,
            created_by=row.created_by,
            stopped_at=row.stopped_at,
            stopped_why=None if row.stopped_why is None else Stopped(row.stopped_why),
            failing_since=row.failing_since,
            waiting=waiting.get(row.id, 0),
            secrets=[
                SecretView(
                    id=secret.id,
                    created_at=secret.created_at,
                    created_by=secret.created_by,
                    ended_at=secret.ended_at,
                )
                for secret in secrets.get(row.id, ())
            ],
        )
        for row, app in rows
    ]


def _state(row: WebhookEndpoint) -> EndpointState:
    if row.stopped_at is not None:
        return EndpointState.STOPPED
    return EndpointState.ACTIVE if row.failing_since is None else EndpointState.FAILING


def _delivery_view(row: WebhookDelivery, attempts: Sequence[WebhookAttempt]) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        message_id=row.message_id,
        event=Event(row.event),
        decision_id=row.decision_id,
        body=row.body,
        state=DeliveryState(row.state),
        created_at=row.created_at,
        not_before=row.not_before,
        next_at=row.due_at if row.state == DeliveryState.WAITING else None,
        closed_at=row.closed_at,
        attempts=[
            AttemptView(
                at=attempt.at,
                known=attempt.milliseconds is not None,
                status=attempt.status,
                milliseconds=attempt.milliseconds,
                error=attempt.error,
            )
            for attempt in attempts
        ],
    )
