"""Whoever counts may be killed at any moment: each decision is counted once, in its group, and each monitor saw it once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from audits.fairness.counts import Stage
from audits.log.entries import EntryKind
from governance.actors import service
from governance.application import Answerable
from governance.counting import folding, reading, reconciling
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.deltas.models import CountDelta
from governance.ledger.models import LogRecord
from governance.monitors import watching
from governance.monitors.models import MonitorRow
from governance.truth import service as truth
from tests.people import app, publish
from tests.retention import POINT, POLICY, request

MONITORED = POLICY.replace(
    "notice:",
    """measure: {positive: offer_discount, reference: {gender: male}}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.5, block: 50}
notice:""",
)
#: Counts and compares without an end, a few decisions at a time, so that a signal falls anywhere.
_COUNT = """
from governance import settings
from governance.actors import service
from governance.application import open_installation
from governance.counting import folding, reconciling
from governance.errors import AnswerableError
from governance.monitors import watching

answerable = open_installation(settings.load())
print("counting", flush=True)
while True:
    try:
        folding.fold(answerable, watch=watching.watch, limit=7)
        reconciling.reconcile(answerable, service("fairness"))
    except AnswerableError:
        pass
"""


@pytest.mark.timeout(600)
def test_nothing_is_counted_twice_or_lost_when_whoever_counts_is_killed(
    answerable: Answerable, at_scale: Callable[[int], int]
) -> None:
    publish(answerable, MONITORED)
    answerable.configuration.reload()
    shop = app(answerable)
    dice = random.Random(11)
    kills = max(3, at_scale(20))
    made: dict[str, int] = {"female": 0, "male": 0}
    for _ in range(kills):
        for gender in made:
            many = dice.randrange(10, 40)
            asked = request(subject={"ref": f"c-{gender}", "groups": {"gender": gender}})
            views = decisions.ask_many(answerable, shop, [Asked(request=asked)] * many)
            made[gender] += many
            with answerable.work(shop) as work:
                truth.report_truth(work, str(views[0].id), outcome="no_offer")
        counting = subprocess.Popen(
            [sys.executable, "-c", _COUNT],
            env={
                **os.environ,
                "ANSWERABLE_HOME": str(answerable.settings.home),
                "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
                "ANSWERABLE_HIGHWATER_DIR": str(answerable.settings.highwater_dir),
            },
            stdout=subprocess.PIPE,
        )
        assert counting.stdout is not None
        assert counting.stdout.readline() == b"counting\n"
        time.sleep(dice.uniform(0.0, 0.25))
        counting.send_signal(signal.SIGKILL)
        counting.wait()
        counting.stdout.close()

    while folding.fold(answerable, watch=watching.watch):
        pass
    assert reconciling.reconcile(answerable, service("tests")).differing == 0
    with answerable.look(service("tests")) as work:
        found = reading.counts(work, POINT)
        assert work.session.execute(sa.select(CountDelta.id)).first() is None
        corrected = sa.select(LogRecord.id).where(LogRecord.kind == EntryKind.COUNTS_CORRECTED)
        assert work.session.execute(corrected).first() is None, "comparing had nothing to put right"
        (below, above) = work.session.execute(
            sa.select(MonitorRow).order_by(MonitorRow.name)
        ).scalars()
    counted: dict[str, int] = {}
    for cell in found.cells:
        if cell.stage is Stage.PROPOSAL:
            gender = dict(cell.group)["gender"]
            counted[gender] = counted.get(gender, 0) + cell.count
    assert counted == made
    for stream in (below, above):
        opened = stream.state["opened"]
        assert stream.state["seen"] + opened[1] + opened[3] == sum(made.values())
