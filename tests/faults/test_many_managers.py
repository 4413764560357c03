"""Many managers at one queue, from several processes: nobody is handed what another holds, and each case is decided once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
import sqlalchemy as sa

from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.points import service as points
from governance.reviews.models import Case, Verdict
from tests import accounts, people
from tests.conftest import FULL, REPOSITORY
from tests.retention import POLICY, QUEUE, unsure

MANAGERS, PROCESSES, CASES = (50, 5, 250) if FULL else (8, 2, 24)


@pytest.mark.timeout(900)
def test_each_case_is_held_by_one_and_decided_once(answerable: Answerable) -> None:
    with answerable.work(people.service("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    shop = people.app(answerable)
    decisions.ask_many(answerable, shop, [Asked(request=unsure())] * CASES)
    staff = [
        accounts.join(answerable, f"Manager-{number}", "manager", queues=(QUEUE,)).id
        for number in range(MANAGERS)
    ]
    settings = {
        "home": str(answerable.settings.home),
        "highwater_dir": str(answerable.settings.highwater_dir),
        "database_url": answerable.settings.database_url,
    }
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.managing",
                json.dumps(settings),
                json.dumps(staff[number::PROCESSES]),
            ],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in processes]
    handed = Counter(case for one in told for cases in one.values() for case in cases)
    assert set(handed.values()) == {1}, "two were handed one case"
    with answerable.database.read() as session:
        cases = list(session.execute(sa.select(Case)).scalars())
        verdicts = list(session.execute(sa.select(Verdict)).scalars())
        claims = session.execute(
            sa.select(sa.func.count())
            .select_from(LogRecord)
            .where(LogRecord.kind == "case.claimed")
        ).scalar_one()
    assert {case.status for case in cases} == {"decided"}, "none was lost"
    assert len(handed) == len(cases) == len(verdicts) == claims == CASES
    assert {verdict.case_id for verdict in verdicts} == {case.id for case in cases}
    drain(answerable)
    assert [str(finding) for finding in verify(answerable).findings] == []
