"""Processes that write and processes that sequence are killed again and again: nothing acknowledged is lost, nothing is made twice, nothing untrue is signed."""

from __future__ import annotations

import http.client
import json
import random
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.application import open_installation
from governance.decisions.models import Decision
from governance.identities import keys
from governance.installation.service import create
from governance.ledger import publishing
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations import receipt_checks, verifying
from governance.operations.receipt_checks import Kept, Verdict
from governance.points import service as points
from governance.settings import Settings
from tests.conftest import FULL
from tests.processes import answers, free_port, kill, running
from tests.retention import POLICY, body

WRITERS = 4


def _serving(settings: Settings, port: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run the real server, without background work."""
    return running(settings, "serve", "--port", str(port), "--workers", "1")


def _ask(port: int, key: str, idempotency_key: str, subject: str) -> tuple[str, str] | None:
    """Ask once; return id and receipt when it was acknowledged, None when it was not."""
    asking = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/decisions",
        data=json.dumps(body(subject={"ref": subject})).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
        },
    )
    try:
        with urllib.request.urlopen(asking, timeout=5) as answer:
            status, told = answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        status, told = error.code, {}
    except (OSError, ValueError, http.client.HTTPException):
        return None
    assert status in (201, 503), status
    return (told["id"], told["receipt"]) if told else None


@pytest.mark.timeout(1800)
def test_every_acknowledged_decision_is_there_exactly_once(
    database_url: str, tmp_path: Path
) -> None:
    settings = Settings(
        home=tmp_path / "home", database_url=database_url, highwater_dir=tmp_path / "highwater"
    )
    create(
        settings,
        business_name="Corner & Co.",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1",
    )
    answerable = open_installation(settings)
    with answerable.work(service("cli")) as work:
        points.bootstrap_publish(work, POLICY)
        key = keys.create_key(
            work, app="shop", points=None, scopes=["decisions:write"], expires_at=None
        ).secret
    port, kills = free_port(), 100 if FULL else 4
    done = threading.Event()
    acknowledged: list[dict[str, tuple[str, str]]] = [{} for _ in range(WRITERS)]

    def write(number: int) -> None:
        made = acknowledged[number]
        while not done.is_set() or not made:
            idempotency_key = f"{number}-{len(made)}"
            answer = None
            while answer is None:
                answer = _ask(port, key, idempotency_key, f"cust-{number}-{len(made) % 50}")
                if answer is None:
                    time.sleep(0.05)
            made[idempotency_key] = answer

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    # Two sequencers that know nothing of each other: each has a home folder, with the same secrets.
    other = tmp_path / "other-home"
    shutil.copytree(settings.home, other, ignore=shutil.ignore_patterns("*.lock", "*.sqlite*"))
    starting: list[Callable[[], AbstractContextManager[subprocess.Popen[bytes]]]] = [
        partial(_serving, settings, port),
        partial(running, settings, "worker"),
        partial(running, replace(settings, home=other), "worker"),
    ]
    dice = random.Random(7)
    with ExitStack() as stack:
        alive = [stack.enter_context(start()) for start in starting]
        for _ in range(kills):
            time.sleep(dice.uniform(0.1, 0.6))
            chosen = dice.randrange(len(alive))
            if chosen == 0:
                while not answers(port, "/readyz"):
                    time.sleep(0.02)
                time.sleep(dice.uniform(0.0, 0.5))
            kill(alive[chosen])
            alive[chosen] = stack.enter_context(starting[chosen]())
        done.set()
        for writer in writers:
            writer.join()

    with answerable.database.read() as session:
        stored = set(session.execute(sa.select(Decision.id)).scalars())
        entries = (
            session.execute(
                sa.select(LogRecord.decision_id).where(LogRecord.kind == "decision.recorded")
            )
            .scalars()
            .all()
        )
    told = [answer for made in acknowledged for answer, _ in made.values()]
    assert len(told) == len(set(told)), "two keys were answered with one decision"
    assert stored == set(told), "what is stored is what was acknowledged, no more and no less"
    assert sorted(entries) == sorted(stored), "each decision has exactly one entry"
    drain(answerable)
    publishing.publish(answerable)
    findings = [str(finding) for finding in verifying.verify(answerable).findings]
    kept = [Kept(where=key, text=text) for made in acknowledged for key, text in made.values()]
    promises = receipt_checks.check(answerable, kept)
    answerable.close()
    assert findings == []
    assert promises.counts == {Verdict.KEPT: len(told)}, "what was acknowledged was promised"
