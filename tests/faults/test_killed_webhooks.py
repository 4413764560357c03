"""A worker that is killed between sending and marking: the message comes again, under the same id, and is not lost."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.application import Answerable, open_installation
from governance.identities import keys
from governance.installation.service import create
from governance.settings import Settings
from governance.webhooks import service as webhooks
from governance.webhooks.models import WebhookAttempt, WebhookDelivery
from governance.webhooks.transitions import DeliveryState
from tests.conftest import FULL, MOSTLY_SQLITE
from tests.processes import running
from tests.receiver import Received, Receiver, receiving

KILLS = 10 if FULL else 2


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def answerable(database_url: str, tmp_path: Path) -> Iterator[Answerable]:
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        highwater_dir=tmp_path / "highwater",
        background="apart",
        webhook_plain_http=True,
        webhook_private_targets=True,
    )
    create(
        settings,
        business_name="Corner & Co.",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1",
    )
    opened = open_installation(settings)
    yield opened
    opened.close()


@contextmanager
def worker(answerable: Answerable) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; it is killed at the end if it still lives."""
    allowed = {"webhook_plain_http": "true", "webhook_private_targets": "true"}
    with running(answerable.settings, "worker", **allowed) as process:
        yield process


def let_the_lease_run_out(answerable: Answerable, delivery_id: str) -> None:
    """Two minutes later, without waiting for them."""
    with answerable.database.write() as session:
        row = session.get_one(WebhookDelivery, delivery_id)
        assert row.lease_until is not None, "whoever was killed still has it"
        row.lease_until = datetime.now(UTC) - timedelta(seconds=1)


@MOSTLY_SQLITE
@pytest.mark.timeout(600)
def test_a_worker_killed_between_sending_and_marking_sends_again_under_the_same_id(
    answerable: Answerable, receiver: Receiver
) -> None:
    with answerable.work(service("cli")) as work:
        keys.create_key(work, app="shop")
    with answerable.work(service("cli")) as work:
        made = webhooks.create_webhook(work, app="shop", url=receiver.url)
    with answerable.work(service("cli")) as work:
        sent = webhooks.send_test(work, made.webhook.id)
    for _ in range(KILLS):
        killed = threading.Event()
        with worker(answerable) as process:

            def kill(_: Received, process=process, killed=killed) -> None:
                # The message is here and unanswered, so the worker cannot have marked it.
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed.set()

            receiver.before_answering = kill
            assert killed.wait(120)
        let_the_lease_run_out(answerable, sent.id)
    done = threading.Event()
    receiver.before_answering = lambda _: done.set()
    with worker(answerable) as process:
        assert done.wait(120)
        process.terminate()
        process.wait(60)
    assert len(receiver.received) == KILLS + 1
    assert {came.message_id for came in receiver.received} == {sent.message_id}
    assert len({came.body for came in receiver.received}) == 1
    assert all(came.is_signed_with(made.secret) for came in receiver.received)
    with answerable.database.read() as session:
        assert session.get_one(WebhookDelivery, sent.id).state == DeliveryState.DELIVERED
        known = session.execute(
            sa.select(WebhookAttempt.milliseconds).order_by(WebhookAttempt.at)
        ).scalars()
        assert [one is not None for one in known] == [False] * KILLS + [True]
