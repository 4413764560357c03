"""Delivering what is owed: each endpoint in a thread of its own, each attempt under a lease, at least once.

A message is taken under the lock of its decision, where it is looked at once more whether it is still so; it is sent outside of any transaction; then it is marked.
Whoever dies in between leaves a lease behind that runs out, and the message is sent again under the same id.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from audits.log.entries import EntryKind
from governance.actors import service
from governance.decisions.models import Decision
from governance.webhooks import outbox, signing, transitions
from governance.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from governance.webhooks.sending import SECONDS, Resolve, Sender, resolved
from governance.webhooks.transitions import Answered, DeliveryState, Stopped

if TYPE_CHECKING:
    from governance.application import Answerable

log = structlog.get_logger("answerable.webhooks")

#: Longer than a look-up and an attempt together can take.
LEASE: Final = timedelta(minutes=2)
#: Endpoints that one process delivers to at the same time.
AT_ONCE: Final = 32
KEEP: Final = timedelta(days=30)
_BATCH: Final = 1000
_Row = TypeVar("_Row", Decision, WebhookDelivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """A message that is this worker's until its lease runs out."""

    delivery_id: str
    endpoint_id: str
    message_id: str
    lease: str
    attempt_id: str
    url: str
    body: bytes
    keys: Sequence[bytes]
    timestamp: int


class Deliveries:
    """The deliveries of one process."""

    def __init__(
        self,
        answerable: Answerable,
        *,
        resolve: Resolve = resolved,
        seconds: float = SECONDS,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._answerable = answerable
        self._sender = Sender(
            plain=answerable.settings.webhook_plain_http,
            private=answerable.settings.webhook_private_targets,
            resolve=resolve,
            seconds=seconds,
        )
        self._jitter = jitter
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}

    def work(self) -> None:
        """Begin to deliver to every endpoint that something is due for and that is not being delivered to; never waits for a receiver.

        Raises:
            SQLAlchemyError: the database could not be read; nothing was begun.
        """
        with self._lock:
            free = AT_ONCE - len(self._busy)
            busy = list(self._busy)
        if free <= 0 or self._stop.is_set():
            return
        for endpoint_id in self._due_endpoints(busy, free):
            thread = threading.Thread(
                target=self._serve, args=(endpoint_id,), name="webhooks", daemon=True
            )
            with self._lock:
                self._busy[endpoint_id] = thread
            thread.start()

    def close(self, timeout: float = SECONDS) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._stop.set()
        self.wait(timeout)

    def wait(self, timeout: float = SECONDS) -> None:
        """Wait until nothing is under way, for so many seconds at most."""
        with self._lock:
            threads = list(self._busy.values())
        until = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _serve(self, endpoint_id: str) -> None:
        try:
            while not self._stop.is_set() and self.deliver_one(endpoint_id):
                pass
        except Exception as error:  # noqa: BLE001 -- the lease runs out, and the message is tried again.
            log.warning("webhooks.interrupted", error=type(error).__name__)
        finally:
            with self._lock:
                self._busy.pop(endpoint_id, None)

    def deliver_one(self, endpoint_id: str) -> bool:
        """Deliver the message that is due first at an endpoint; tell whether there was one."""
        for delivery_id in self._due_at(endpoint_id):
            taken = self._take(delivery_id)
            if taken is None:
                continue
            headers = {
                "webhook-id": taken.message_id,
                "webhook-timestamp": str(taken.timestamp),
                "webhook-signature": signing.signature(
                    taken.keys, taken.message_id, taken.timestamp, taken.body
                ),
            }
            self._mark(taken, self._sender.send(taken.url, headers, taken.body))
            return True
        return False

    # ------------------------------------------------------------------------- what is due

    def _due_endpoints(self, busy: Sequence[str], limit: int) -> list[str]:
        now = self._answerable.clock.now()
        # From the endpoints' side, so that all that waits for a paused one is not read twice a second.
        first_due = (
            sa.select(WebhookDelivery.due_at)
            .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id, *_due(now))
            .order_by(WebhookDelivery.due_at)
            .limit(1)
            .correlate(WebhookEndpoint)
            .scalar_subquery()
        )
        with self._answerable.database.read() as session:
            return list(
                session.execute(
                    sa.select(WebhookEndpoint.id)
                    .where(
                        WebhookEndpoint.stopped_at.is_(None),
                        sa.or_(
                            WebhookEndpoint.hold_until.is_(None), WebhookEndpoint.hold_until <= now
                        ),
                        WebhookEndpoint.id.not_in(busy),
                        first_due.is_not(None),
                    )
                    .order_by(first_due)
                    .limit(limit)
                ).scalars()
            )

    def _due_at(self, endpoint_id: str) -> list[str]:
        now = self._answerable.clock.now()
        with self._answerable.database.read() as session:
            return list(
                session.execute(
                    sa.select(WebhookDelivery.id)
                    .where(*_due(now), WebhookDelivery.endpoint_id == endpoint_id)
                    .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
                    .limit(20)
                ).scalars()
            )

    # --------------------------------------------------------------------- taking and marking

    def _take(self, delivery_id: str) -> _Taken | None:
        """Take one message if it is still due and still so; a message that is not so any more is cancelled."""
        with self._answerable.database.write() as session:
            found = session.get(WebhookDelivery, delivery_id)
            if found is None:
                return None
            decision = None
            if found.decision_id is not None:
                # The decision's lock comes first everywhere. Who undoes or withdraws has it now and decides what becomes of the message.
                decision = _locked(session, Decision, found.decision_id, shared=True)
                if decision is None:
                    return None
            delivery = _locked(session, WebhookDelivery, delivery_id)
            # The time is looked at under the locks: they may have been waited for.
            now = self._answerable.clock.now()
            if (
                delivery is None
                or delivery.state != DeliveryState.WAITING
                or delivery.due_at > now
                or (delivery.lease_until is not None and delivery.lease_until > now)
            ):
                return None
            endpoint = session.get_one(WebhookEndpoint, delivery.endpoint_id)
            if endpoint.stopped_at is not None or (
                endpoint.hold_until is not None and endpoint.hold_until > now
            ):
                return None
            if delivery.decision_id is not None and not outbox.still_holds(decision, delivery):
                delivery.state, delivery.closed_at = DeliveryState.CANCELLED.value, now
                return None
            keys = self._keys(session, endpoint.id)
            if not keys:
                # The endpoint is being removed; nothing goes out unsigned.
                return None
            lease = self._answerable.new_id()
            delivery.attempts += 1
            delivery.tries += 1
            delivery.lease_until, delivery.lease_by = now + LEASE, lease
            attempt_id = self._answerable.new_id()
            session.add(WebhookAttempt(id=attempt_id, delivery_id=delivery.id, at=now))
            return _Taken(
                delivery_id=delivery.id,
                endpoint_id=endpoint.id,
                message_id=delivery.message_id,
                lease=lease,
                attempt_id=attempt_id,
                url=endpoint.url,
                body=delivery.body.encode(),
                keys=keys,
                timestamp=int(now.timestamp()),
            )

    def _keys(self, session: Session, endpoint_id: str) -> list[bytes]:
        rows = session.execute(
            sa.select(WebhookSecret)
            .where(WebhookSecret.endpoint_id == endpoint_id, WebhookSecret.wrapped.is_not(None))
            .order_by(WebhookSecret.id.desc())
        ).scalars()
        return [self._answerable.keyring.unwrap(row.id, row.wrapped or b"") for row in rows]

    def _mark(self, taken: _Taken, answered: Answered) -> None:
        """Keep how an attempt went, and what follows for the message and its endpoint."""
        with self._answerable.work(service("worker")) as work:
            session = work.session
            attempt = session.get(WebhookAttempt, taken.attempt_id)
            if attempt is not None:
                attempt.milliseconds = answered.milliseconds
                attempt.status, attempt.error = answered.status, answered.error
            # The endpoint's lock comes before its messages', as where people change and remove it.
            endpoint = session.execute(
                sa.select(WebhookEndpoint)
                .where(WebhookEndpoint.id == taken.endpoint_id)
                .with_for_update()
            ).scalar_one_or_none()
            delivery = session.execute(
                sa.select(WebhookDelivery)
                .where(
                    WebhookDelivery.id == taken.delivery_id,
                    WebhookDelivery.lease_by == taken.lease,
                    WebhookDelivery.state == DeliveryState.WAITING.value,
                )
                .with_for_update()
            ).scalar_one_or_none()
            if endpoint is None or delivery is None:
                # The lease ran out and somebody else has the message, or it was removed.
                return
            # Somebody may have had it begin anew while this attempt was under way, which counts then.
            delivery.tries = max(1, delivery.tries)
            follows = transitions.after(
                answered,
                tries=delivery.tries,
                failing_since=endpoint.failing_since,
                now=work.now,
                jitter=self._jitter,
            )
            delivery.lease_until = delivery.lease_by = None
            delivery.state = follows.state.value
            delivery.due_at = follows.due_at or delivery.due_at
            if follows.state is not DeliveryState.WAITING:
                delivery.closed_at = work.now
            endpoint.failing_since, endpoint.hold_until = follows.failing_since, follows.hold_until
            if follows.stops is not None and endpoint.stopped_at is None:
                endpoint.stopped_at, endpoint.stopped_why = work.now, follows.stops.value
                work.record(
                    EntryKind.WEBHOOK_CHANGED,
                    refs={"webhook": endpoint.id, "app": endpoint.app_id},
                    data={"events": endpoint.events, "stopped": follows.stops.value},
                )


def forget_old(answerable: Answerable) -> int:
    """Drop messages of 30 days ago with their attempts, and what is left of removed endpoints; return how many messages."""
    before = answerable.clock.now() - KEEP
    dropped = 0
    while True:
        with answerable.database.read() as session:
            ids = list(
                session.execute(
                    sa.select(WebhookDelivery.id)
                    .where(WebhookDelivery.created_at < before)
                    .order_by(WebhookDelivery.created_at)
                    .limit(_BATCH)
                ).scalars()
            )
        if ids:
            with answerable.database.write() as session:
                session.execute(
                    sa.delete(WebhookAttempt).where(WebhookAttempt.delivery_id.in_(ids))
                )
                session.execute(sa.delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
        dropped += len(ids)
        if len(ids) < _BATCH:
            break
    removed = sa.select(WebhookEndpoint.id).where(
        WebhookEndpoint.stopped_why == Stopped.REMOVED.value,
        WebhookEndpoint.stopped_at < before - timedelta(days=1),
        ~sa.select(WebhookDelivery.id)
        .where(WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .exists(),
    )
    with answerable.database.read() as session:
        gone = list(session.execute(removed).scalars())
    if gone:
        with answerable.database.write() as session:
            session.execute(sa.delete(WebhookSecret).where(WebhookSecret.endpoint_id.in_(gone)))
            session.execute(sa.delete(WebhookEndpoint).where(WebhookEndpoint.id.in_(gone)))
    return dropped


def _due(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        WebhookDelivery.state == DeliveryState.WAITING.value,
        WebhookDelivery.due_at <= now,
        sa.or_(WebhookDelivery.lease_until.is_(None), WebhookDelivery.lease_until <= now),
    )


def _locked(
    session: Session, kind: type[_Row], row_id: str, *, shared: bool = False
) -> _Row | None:
    """Return a row with its lock, one that readers share if asked; None where somebody else has it."""
    return session.execute(
        sa.select(kind)
        .where(kind.id == row_id)
        .with_for_update(skip_locked=True, read=shared)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
