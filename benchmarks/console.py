"""How long does a manager wait between "decide" and the next case, with 100,000 open cases in the queue?

``python -m benchmarks console`` fills an installation on SQLite and on PostgreSQL through the decision service, signs a manager in, and decides case after case:
the verdict, with which the next case is taken, and the page of that case. It prints the server's time of each of these, and of all of them together.
Requests are made in this process, so the network and the browser are left out. Writes JSON with ``--out``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks.decisions import POLICY, postgresql
from benchmarks.imports import database_seconds
from governance.actors import service
from governance.application import Answerable, open_installation
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest
from governance.decisions.preparing import Asked
from governance.identities import keys
from governance.identities import service as identities
from governance.installation.service import create
from governance.ledger.sequencing import drain
from governance.logs import write_logs
from governance.points.service import bootstrap_publish
from governance.settings import Settings
from web.application import create_app

PASSWORD = "a sentence is easy to remember"
EMAIL = "ada@corner.example"
BATCH = 500
GOAL = 50.0
#: The oldest case came in so long ago; nobody has looked for a weekend, so most are overdue.
SPAN = timedelta(days=3)


class Clock:
    """A clock that can be behind while the past is made."""

    behind = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) - self.behind


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One step of a round, in milliseconds; ``cpu`` is what this process and PostgreSQL took for it on the average."""

    database: str
    step: str
    median: float
    p95: float
    cpu: float


def main() -> None:
    """Run it on both databases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000, help="open cases in the queue")
    parser.add_argument("--rounds", type=int, default=200, help="cases decided one after the other")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--without-postgresql", action="store_true")
    options = parser.parse_args()
    results: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        root = Path(folder)
        with postgresql(root, wanted=not options.without_postgresql) as server:
            for database, url in (("SQLite", None), ("PostgreSQL", server)):
                if database == "PostgreSQL" and url is None:
                    continue
                with installation(root / database, url) as answerable:
                    begun = time.perf_counter()
                    fill(answerable, options.cases)
                    print(
                        f"\n{database}: {options.cases:,} open cases, filled in {time.perf_counter() - begun:.0f} s;"
                        f" load {os.getloadavg()[0]:.1f}\n{'':<36}{'median ms':>10}{'p95 ms':>8}{'CPU ms':>8}",
                        flush=True,
                    )
                    for one in measure(answerable, database, options.rounds):
                        results.append(one)
                        print(
                            f"{one.step:<36}{one.median:>10.1f}{one.p95:>8.1f}{one.cpu:>8.1f}",
                            flush=True,
                        )
    slow = [one for one in results if one.step == WHOLE and one.median >= GOAL]
    print(f"\nGoal: below {GOAL:.0f} ms at the median. {'Missed' if slow else 'Reached'} here.")
    if options.out is not None:
        options.out.write_text(json.dumps([asdict(one) for one in results], indent=1))


@contextmanager
def installation(folder: Path, url: str | None) -> Iterator[Answerable]:
    """Make an installation with a manager who works the queue."""
    settings = Settings(
        home=folder / "home",
        database_url=url,
        highwater_dir=folder / "highwater",
        background="apart",
        log_level="error",
    )
    write_logs(settings)
    create(
        settings,
        business_name="Bench",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1:8000",
    )
    answerable = open_installation(settings, clock=Clock())
    with answerable.work(service("cli")) as work:
        bootstrap_publish(work, POLICY)
    with answerable.work(service("cli")) as work:
        identities.add_person(
            work,
            email=EMAIL,
            name="Ada",
            roles=("manager",),
            queues=("sales-managers",),
            password=PASSWORD,
        )
    yield answerable
    answerable.close()


def fill(answerable: Answerable, many: int) -> None:
    """Ask for so many decisions that wait for a person, through the same door as apps."""
    dice = random.Random(1)
    with answerable.work(service("cli")) as work:
        secret = keys.create_key(work, app="bench").secret
    app = keys.actor_of_key(answerable, secret)
    clock = answerable.clock
    assert isinstance(clock, Clock)

    def asked(number: int) -> Asked:
        charges = round(dice.uniform(20, 140), 2)
        request = {
            "decision_point": "retention-offer",
            "subject": {"ref": f"cust-{dice.randrange(many)}", "groups": {"gender": "female"}},
            "features": {
                "tenure_months": dice.randrange(1, 70),
                "monthly_charges": charges,
                "contract": dice.choice(["month-to-month", "one-year", "two-year"]),
            },
            "proposal": {
                "outcome": "offer_discount",
                "confidence": round(dice.uniform(0.3, 0.79), 3),
                "alternatives": [{"outcome": "no_offer", "confidence": 0.2}],
                "reasons": [
                    {"feature": "tenure_months", "contribution": 0.42},
                    {"feature": "monthly_charges", "contribution": -0.1},
                ],
            },
        }
        return Asked(request=msgspec.convert(request, DecisionRequest))

    for first in range(0, many, BATCH):
        clock.behind = SPAN * (1 - first / many)
        batch = [asked(number) for number in range(first, min(many, first + BATCH))]
        for answer in decisions.ask_many(answerable, app, batch):
            assert getattr(answer, "status", None) == "in_review", answer
        drain(answerable)
    clock.behind = timedelta()
    while folding.fold(answerable):
        pass
    # Statistics as autovacuum keeps them; of SQLite none are needed.
    if not answerable.database.is_sqlite:
        autocommit = answerable.database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        )
        with autocommit as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))


WHOLE = "decide and show the next"
STEPS = ("the verdict, taking the next", "the case", WHOLE)


def measure(answerable: Answerable, database: str, rounds: int) -> Iterator[Measured]:
    """Decide case after case; yield the figures of each step and of the whole."""
    client = create_app(answerable).test_client()
    form = {
        "csrf_token": _hidden(client.get("/sign-in").text, "csrf_token"),
        "username": EMAIL,
        "password": PASSWORD,
    }
    assert client.post("/sign-in", data=form).status_code == 303
    taken = {"csrf_token": _hidden(client.get("/queue").text, "csrf_token")}
    page = client.get(client.post("/queue/next", data=taken).location).text
    for _ in range(5):
        page = _round(client, {step: [] for step in STEPS}, page)
    took: dict[str, list[tuple[float, float]]] = {step: [] for step in STEPS}
    base = database_seconds()
    for _ in range(rounds):
        page = _round(client, took, page)
    database_cpu = (database_seconds() - base) / rounds if database == "PostgreSQL" else 0.0
    for step, times in took.items():
        walls = sorted(1e3 * wall for wall, _ in times)
        cpu = statistics.mean(own for _, own in times)
        yield Measured(
            database=database,
            step=step,
            median=statistics.median(walls),
            p95=walls[min(len(walls) - 1, round(0.95 * len(walls)))],
            cpu=1e3 * (cpu + (database_cpu if step == WHOLE else 0.0)),
        )


def _round(client: FlaskClient, took: dict[str, list[tuple[float, float]]], page: str) -> str:
    """Decide the case of a page; return the page of the next."""
    wall, cpu = time.perf_counter(), time.process_time()
    form = {
        "csrf_token": _hidden(page, "csrf_token"),
        "etag": _hidden(page, "etag"),
        "verdict": "approve",
        "reason": "It fits what they told us.",
        "seconds": "12.5",
        "seen": "3",
    }
    action = re.search(r'action="(/cases/[^"/]+/decide)"', page)
    assert action is not None
    with _timed(took["the verdict, taking the next"]):
        answer = client.post(action[1], data=form)
    assert answer.status_code == 303, answer.text
    with _timed(took["the case"]):
        shown = client.get(answer.location).text
    took[WHOLE].append((time.perf_counter() - wall, time.process_time() - cpu))
    return shown


@contextmanager
def _timed(into: list[tuple[float, float]]) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into.append((time.perf_counter() - wall, time.process_time() - cpu))


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, name
    return found[1]


if __name__ == "__main__":
    main()
