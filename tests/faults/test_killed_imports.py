"""Imports that are killed again and again, on the command line and in the background: each line comes in once and counts once."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from audits.fairness.counts import Stage
from governance.actors import service
from governance.application import Answerable, open_installation
from governance.counting import folding, reading, reconciling
from governance.decisions.models import Decision
from governance.imports import service as imports
from governance.imports.models import ImportRun
from governance.imports.states import Kind, RunStatus
from governance.installation.service import create
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.points import service as points
from governance.settings import Settings
from tests import accounts
from tests.conftest import FULL, MOSTLY_POSTGRESQL, MOSTLY_SQLITE
from tests.processes import running
from tests.retention import POINT, POLICY

KILLS = 20 if FULL else 2
#: So many that no process can take them all before it is killed so often; of a command, that several processes take the first of them together.
LINES_OF_A_COMMAND = KILLS * 4500
LINES_BESIDE = KILLS * 2000
HEADER = "reference,subject,gender,tenure_months,monthly_charges,contract,proposed,confidence,outcome,date,ground_truth\n"


@pytest.fixture
def answerable(database_url: str, tmp_path: Path) -> Iterator[Answerable]:
    settings = Settings(
        home=tmp_path / "home",
        database_url=database_url,
        highwater_dir=tmp_path / "highwater",
        background="apart",
    )
    create(
        settings,
        business_name="Corner & Co.",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1",
    )
    opened = open_installation(settings)
    with opened.work(service("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    yield opened
    opened.close()


def written(folder: Path, lines: int) -> Path:
    """Write a file of so many lines, of which one in a hundred does not fit."""
    dice = random.Random(7)
    path = folder / "october.csv"
    with path.open("w") as opened:
        opened.write(HEADER)
        for number in range(lines):
            outcome = "a yacht" if number % 100 == 50 else dice.choice(["no_offer", "offer_gift"])
            opened.write(
                f"A-{number},c-{dice.randrange(lines // 3)},{dice.choice(['female', 'male'])},{dice.randrange(70)},"
                f"{dice.uniform(10, 90):.2f},one-year,no_offer,{dice.random():.2f},{outcome},2026-10-{dice.randrange(1, 28):02d},"
                f"{dice.choice(['', 'no_offer', 'offer_gift'])}\n"
            )
    return path


def standing(answerable: Answerable) -> tuple[str, int]:
    """Return how the one import stands, and how far it is."""
    with answerable.database.read() as session:
        row = session.execute(sa.select(ImportRun.status, ImportRun.done)).one_or_none()
    return (RunStatus.OPEN, 0) if row is None else (row.status, row.done)


def kill_while_it_goes_on(
    answerable: Answerable, process: subprocess.Popen[bytes], dice: random.Random
) -> bool:
    """Wait until lines are taken, then kill; return whether that came before the end."""
    before = standing(answerable)[1]
    while process.poll() is None:
        status, done = standing(answerable)
        if status == RunStatus.DONE:
            return False
        if done > before:
            time.sleep(dice.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
            process.wait()
            return standing(answerable)[0] == RunStatus.RUNNING
        time.sleep(0.01)
    return False


def check(answerable: Answerable, lines: int) -> None:
    left_out = lines // 100
    taken = lines - left_out
    with answerable.database.read() as session:
        ids = set(session.execute(sa.select(Decision.id)).scalars())
        entries = (
            session.execute(
                sa.select(LogRecord.decision_id).where(LogRecord.kind == "decision.imported")
            )
            .scalars()
            .all()
        )
        (run,) = session.execute(sa.select(ImportRun)).scalars()
    assert len(ids) == taken
    assert sorted(entries) == sorted(ids), "each decision has exactly one entry"
    assert (run.status, run.accepted, run.known, run.refused) == ("done", taken, 0, left_out)
    refused = [one.line for one in imports.refused(answerable, service("tests"), run.id)]
    assert refused == [number + 2 for number in range(50, lines, 100)]
    (finished,) = accounts.entries(answerable, "import.finished")
    assert (finished["data"]["accepted"], finished["data"]["refused"]) == (taken, left_out)
    while folding.fold(answerable):
        pass
    assert reconciling.reconcile(answerable, service("tests")).differing == 0
    with answerable.look(service("tests")) as work:
        cells = reading.counts(work, POINT).cells
    assert sum(cell.count for cell in cells if cell.stage is Stage.OUTCOME) == taken
    drain(answerable)
    assert [str(finding) for finding in verifying.verify(answerable).findings] == []


@MOSTLY_SQLITE
@pytest.mark.timeout(1200)
def test_a_command_that_is_killed_again_and_again_imports_each_line_once(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = written(tmp_path, LINES_OF_A_COMMAND)
    dice, kills = random.Random(7), 0
    command = ("import", "decisions", str(file), "--point", POINT)
    for _ in range(KILLS):
        with running(answerable.settings, *command, stdout=subprocess.PIPE) as process:
            kills += kill_while_it_goes_on(answerable, process, dice)
    assert kills >= KILLS - 1, "it was not interrupted often enough to show anything"
    with running(answerable.settings, *command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = process.stdout.read()
    left_out = LINES_OF_A_COMMAND // 100
    taken = LINES_OF_A_COMMAND - left_out
    assert told.decode() == f"{taken} decisions imported, {left_out} lines refused.\n"
    check(answerable, LINES_OF_A_COMMAND)


@MOSTLY_POSTGRESQL
@pytest.mark.timeout(1200)
def test_background_work_that_is_killed_again_and_again_imports_each_line_once(
    answerable: Answerable, tmp_path: Path
) -> None:
    file = written(tmp_path, LINES_BESIDE)
    anna = accounts.join(answerable, "Anna", "admin")
    run = imports.take_in(
        answerable,
        anna,
        kind=Kind.DECISIONS,
        point=POINT,
        file_name=file.name,
        chunks=iter([file.read_bytes()]),
    )
    imports.try_out(answerable, anna, run.id)
    imports.start(answerable, anna, run.id)
    dice, kills = random.Random(7), 0
    for _ in range(KILLS):
        with running(answerable.settings, "worker") as process:
            kills += kill_while_it_goes_on(answerable, process, dice)
    assert kills >= KILLS - 1, "it was not interrupted often enough to show anything"
    with running(answerable.settings, "worker"):
        while standing(answerable)[0] != RunStatus.DONE:
            time.sleep(0.05)
    check(answerable, LINES_BESIDE)
