"""The queue goes on while the worker is dead, while the mail server hangs, and when one of two processes is killed in the middle of a verdict."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.identities import service as identities
from governance.installation.service import create
from governance.jobs import mail, queue
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.points import service as points
from governance.reviews.models import Verdict
from governance.settings import Settings
from governance.webhooks import service as webhooks
from governance.webhooks.models import WebhookDelivery
from tests import accounts, people, retention
from tests.conftest import FULL
from tests.processes import answers, free_port, running
from tests.receiver import Receiver, receiving

KILLS = 20 if FULL else 2
#: Cases that are decided while processes are killed.
CASES = 60 if FULL else 12
#: An answer that takes longer was kept waiting by something that it has nothing to do with.
PROMPT = 10.0


@dataclass
class Desk:
    """An installation, whoever decides in it, and the processes at which they do."""

    answerable: Answerable
    receiver: Receiver
    token: str
    shop: Any
    mail_port: int
    ports: list[int] = field(default_factory=list)

    def case(self) -> str:
        asked = Asked(request=retention.unsure())
        return str(decisions.ask(self.answerable, self.shop, asked).case_id)

    def call(self, port: int, case_id: str, verb: str, **body: Any) -> int:
        """Do something with a case as it is now; return the answer's status, 0 where there was none."""
        address = f"http://127.0.0.1:{port}/api/v1/cases/{case_id}"
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(address, headers=sent), timeout=60
            ) as read:
                sent["If-Match"] = read.headers["ETag"]
            asking = urllib.request.Request(
                f"{address}/{verb}", data=json.dumps(body).encode(), headers=sent
            )
            with urllib.request.urlopen(asking, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, http.client.HTTPException):
            return 0

    def works_promptly(self, port: int) -> None:
        """Claim, decide, take back and decide again."""
        case_id = self.case()
        for verb, body in (
            ("claim", {}),
            ("verdict", {"verdict": "reject", "reason": "No."}),
            ("undo", {}),
            ("verdict", {"verdict": "approve"}),
        ):
            began = time.monotonic()
            assert self.call(port, case_id, verb, **body) == 200, verb
            assert time.monotonic() - began < PROMPT, verb

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one of our processes, which sends mail and webhooks to this machine."""
        with running(
            self.answerable.settings,
            *command,
            smtp_host="127.0.0.1",
            smtp_port=str(self.mail_port),
            smtp_security="none",
            webhook_plain_http="true",
            webhook_private_targets="true",
        ) as process:
            yield process

    @contextmanager
    def serving(self, port: int) -> Iterator[subprocess.Popen[bytes]]:
        with self.running("serve", "--port", str(port), "--workers", "1") as process:
            until = time.monotonic() + 60
            while not answers(port):
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.05)
            yield process


@pytest.fixture
def black_hole() -> Iterator[tuple[int, threading.Event]]:
    """A mail server that takes connections and never says a word; the event: somebody is waiting for it."""
    listening, called, kept = socket.create_server(("127.0.0.1", 0)), threading.Event(), []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while True:
                kept.append(listening.accept()[0])
                called.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield listening.getsockname()[1], called
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(10)
    for connection in kept:
        connection.close()


@pytest.fixture
def desk(
    database_url: str, tmp_path: Path, black_hole: tuple[int, threading.Event]
) -> Iterator[Desk]:
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        highwater_dir=tmp_path / "highwater",
        background="apart",
        webhook_plain_http=True,
        webhook_private_targets=True,
    )
    create(settings, business_name="Corner & Co.", public_url="http://127.0.0.1")
    answerable = open_installation(settings)
    with answerable.work(service("cli")) as work:
        points.bootstrap_publish(work, retention.POLICY.replace("undo: 10s", "undo: 2s"))
    shop = people.app(answerable)
    ada = accounts.join(answerable, "Ada", "manager", queues=(retention.QUEUE,))
    with answerable.work(ada) as work:
        token = identities.create_token(
            work, name="desk", scopes=sorted(ada.permissions), days=1
        ).secret
    with receiving() as receiver, ExitStack() as processes:
        with answerable.work(service("cli")) as work:
            webhooks.create_webhook(work, app="shop", url=receiver.url)
        made = Desk(answerable, receiver, token, shop, black_hole[0])
        for _ in range(2):
            made.ports.append(free_port())
            processes.enter_context(made.serving(made.ports[-1]))
        yield made
    answerable.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "database_url",
    # Several processes are at home on PostgreSQL.
    [pytest.param("sqlite", marks=pytest.mark.full), "postgresql"],
    indirect=True,
)
def test_the_queue_goes_on_whatever_else_is_dead_and_each_outcome_is_told_once(
    desk: Desk, black_hole: tuple[int, threading.Event]
) -> None:
    desk.works_promptly(desk.ports[0])  # No worker lives.
    with desk.answerable.work(service("worker")) as work:
        letter = mail.letter(to="ada@corner.example", subject="Cases wait", text="One.\n")
        queue.add(work, kind=mail.KIND, unique_key="ada/1", payload=letter)
    with desk.running("worker"):
        assert black_hole[1].wait(60), "a mail is under way"
        desk.works_promptly(desk.ports[1])
        told = len(desk.receiver.received)
        until = time.monotonic() + 60
        while len({one.message_id for one in desk.receiver.received}) < 2:
            assert time.monotonic() < until, f"{told} webhooks went out while a mail hung"
            time.sleep(0.1)
    decide_while_processes_are_killed(desk)
    with desk.answerable.database.read() as session:
        rows = session.execute(sa.select(Decision.id, Decision.status))
        statuses: dict[str, str] = {row[0]: row[1] for row in rows}
        standing = Counter(
            session.execute(
                sa.select(Verdict.decision_id).where(Verdict.undone_at.is_(None))
            ).scalars()
        )
        entries = Counter(
            session.execute(
                sa.select(LogRecord.decision_id).where(LogRecord.kind == "verdict.given")
            ).scalars()
        )
        owed = Counter(
            session.execute(
                sa.select(WebhookDelivery.decision_id).where(WebhookDelivery.state != "cancelled")
            ).scalars()
        )
    assert set(statuses.values()) == {"approved"}, "none was lost"
    every = dict.fromkeys(statuses, 1)
    assert standing == every
    assert sorted(entries.values()) == [1] * CASES + [2, 2], "two were taken back once"
    assert owed == every
    with desk.running("worker"):
        until = time.monotonic() + 120
        while len({one.message_id for one in desk.receiver.received}) < len(statuses):
            assert time.monotonic() < until, "not every outcome was told"
            time.sleep(0.1)
    sent = Counter(one.content["data"]["id"] for one in desk.receiver.received)
    assert sent == every, "each outcome is told once"
    assert {one.content["data"]["outcome"] for one in desk.receiver.received} == {"offer_discount"}
    drain(desk.answerable)
    assert [str(finding) for finding in verify(desk.answerable).findings] == []


def decide_while_processes_are_killed(desk: Desk) -> None:
    """Decide cases at one process or the other, of which one is killed now and again, with nothing said to it before."""
    left, done, dice = [desk.case() for _ in range(CASES)], threading.Event(), random.Random(7)
    ports, unexpected = list(desk.ports), set[int]()

    def decide() -> None:
        while left:
            case_id = left.pop()
            settled, turn = False, 0
            while not settled and not unexpected:
                port, turn = ports[turn % len(ports)], turn + 1
                desk.call(port, case_id, "claim")
                status = desk.call(port, case_id, "verdict", verdict="approve")
                # Whoever got no answer asks again: 409 says that the verdict had been taken.
                settled = status in {200, 409}
                unexpected.update({status} - {0, 200, 409, 503})
        done.set()

    deciding = threading.Thread(target=decide)
    port = free_port()
    ports.insert(0, port)
    for number in range(KILLS):
        with desk.serving(port):  # Leaving this kills it.
            if number == 0:
                deciding.start()
            time.sleep(dice.uniform(0.05, 0.3))
    deciding.join(300)
    assert done.is_set()
    assert unexpected == set()
