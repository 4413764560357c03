from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner

from governance.actors import service
from governance.cli import answerable as command
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, ProposalAsked
from governance.decisions.preparing import Asked
from governance.ledger import publishing
from governance.ledger.sequencing import drain
from governance.points.service import bootstrap_publish
from tests.conftest import MOSTLY_POSTGRESQL
from tests.integration.test_log_verification import POLICY


@pytest.fixture
def run(answerable, monkeypatch):
    """Run a command on the installation; its settings are in the environment, as in a container."""
    for name in [name for name in os.environ if name.startswith("ANSWERABLE_SECRET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANSWERABLE_HOME", str(answerable.settings.home))
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", answerable.settings.database_url)
    monkeypatch.setenv("ANSWERABLE_HIGHWATER_DIR", str(answerable.settings.highwater))
    monkeypatch.setenv("ANSWERABLE_BACKGROUND", "embedded")

    def running(*arguments):
        return CliRunner().invoke(command, [str(argument) for argument in arguments])

    return running


def test_a_process_serves_what_was_put_together_before_it_and_loads_no_driver_that_it_does_not_use(
    run, answerable
):
    program = """
import sys
from governance import settings
from web import application

here = settings.load()
application.prepare(here)
prepared = application._prepared(secure=here.cookies_secure)
assert application.serve() is prepared
print("psycopg" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "ANSWERABLE_BACKGROUND": "apart"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == str(not answerable.database.is_sqlite)


@pytest.fixture
def decided(answerable):
    """A released decision that is in the signed log; its id."""
    with answerable.work(service("cli")) as work:
        bootstrap_publish(work, POLICY.replace("groups: [gender]\n", ""))
    request = DecisionRequest(
        decision_point="offers",
        features={"charges": 12.5},
        proposal=ProposalAsked(outcome="offer", confidence=0.95),
    )
    made = decisions.ask(answerable, service("shop"), Asked(request=request))
    drain(answerable)
    publishing.publish(answerable)
    return made.id


def test_verify_passes_and_then_names_the_decision_that_was_edited(answerable, run, decided):
    passed = run("audit", "verify")
    assert passed.exit_code == 0, passed.output
    assert "Everything agrees." in passed.output
    if not answerable.database.is_sqlite:
        return
    with sqlite3.connect(answerable.database.file) as connection:
        connection.execute("UPDATE decisions SET confidence = 0.96 WHERE id = ?", [decided])
    connection.close()
    failed = run("audit", "verify", "--json")
    assert failed.exit_code == 1
    (finding,) = json.loads(failed.output)["findings"]
    assert finding["decision"] == decided


def test_the_checkpoint_is_printed_as_it_was_signed(run, decided):
    printed = run("audit", "checkpoint")
    assert printed.output.startswith("127.0.0.1/log\n")
    told = json.loads(run("audit", "checkpoint", "--json").output)
    assert told["note"] == printed.output
    assert told["vkey"].startswith("127.0.0.1/log+")


def test_a_new_epoch_needs_a_reason_and_is_told(run, decided):
    assert run("audit", "new-epoch").exit_code == 2
    told = json.loads(run("audit", "new-epoch", "--reason", "A year has passed.", "--json").output)
    assert (told["epoch"], told["previous_closed"], told["lost"]) == (2, True, 0)
    assert run("audit", "verify").exit_code == 0


def test_a_backup_is_restored_into_another_home_with_the_key_at_hand(
    answerable, run, decided, tmp_path, monkeypatch
):
    file = tmp_path / "backup"
    assert run("backup", file).exit_code == 0
    refused = run("backup", file)
    assert refused.exit_code == 1
    assert "exists" in refused.output
    monkeypatch.setenv("ANSWERABLE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    keyless = run("restore", file)
    assert keyless.exit_code == 1
    assert "ANSWERABLE_SECRET_KEK" in keyless.output
    kek = answerable.settings.home / "secrets" / "kek.key"
    restored = run("restore", file, "--kek", kek)
    assert restored.exit_code == 0, restored.output
    assert "/log/2" in restored.output
    assert run("audit", "verify").exit_code == 0


def test_the_key_encryption_key_is_rotated_and_listed(answerable, run, decided):
    before = answerable.keyring.kek_id
    made = run("kek", "new")
    assert "Copy this file" in made.output
    told = json.loads(run("kek", "rotate", "--json").output)
    assert told["before"] == before
    assert f"kek-{told['kek']}.key" in made.output
    assert told["rewrapped"] > 0
    listed = json.loads(run("kek", "list", "--json").output)
    assert [(one["id"], one["used_until"] is None) for one in listed] == [
        (told["kek"], True),
        (before, False),
    ]
    assert run("audit", "verify").exit_code == 0


def test_the_schema_is_checked_and_upgraded(run):
    assert "as this program needs it" in run("db", "check").output
    assert run("db", "upgrade").exit_code == 0


def test_check_exits_with_1_while_background_work_does_not_run(run):
    checked = run("check", "--json")
    assert checked.exit_code == 1
    parts = {part["part"]: part for part in json.loads(checked.output)}
    assert parts["worker"]["state"] == "failing"
    assert parts["worker"]["todo"]
    assert parts["database"]["state"] == "ok"


def test_a_command_without_an_installation_says_so_in_a_sentence(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("ANSWERABLE_DATABASE")]:
        monkeypatch.delenv(name)
    for words in (("check",), ("audit", "verify"), ("backup", "x"), ("db", "check"), ("serve",)):
        told = CliRunner().invoke(command, ["--home", str(tmp_path / "nowhere"), *words])
        assert told.exit_code == 1
        assert told.output.startswith("Error: ")
        assert told.exception is None or isinstance(told.exception, SystemExit)


def test_an_address_that_is_taken_is_told_in_a_sentence(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = run("serve", "--port", taken.getsockname()[1])
    assert told.exit_code == 1
    assert "cannot be listened on" in told.output


def test_serving_runs_background_work_and_stops_when_asked(run, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "stderr").open("wb") as stderr:
        serving = subprocess.Popen(
            [sys.executable, "-m", "governance.cli", "serve", "--port", str(port)], stderr=stderr
        )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                    assert answer.status == 200
                break
            except urllib.error.URLError:
                assert serving.poll() is None, (tmp_path / "stderr").read_text()
                time.sleep(0.1)
        while time.monotonic() < end and run("audit", "checkpoint").exit_code:
            time.sleep(0.2)
        assert run("audit", "checkpoint").exit_code == 0
        begun = time.monotonic()
        serving.send_signal(signal.SIGTERM)
        serving.wait(30)
        assert time.monotonic() - begun < 20
    finally:
        serving.kill()
        serving.wait()


@MOSTLY_POSTGRESQL
def test_a_worker_apart_stops_when_asked(run, answerable):
    working = subprocess.Popen(
        [sys.executable, "-m", "governance.cli", "worker"], stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and run("audit", "checkpoint").exit_code:
            assert working.poll() is None
            time.sleep(0.2)
        working.send_signal(signal.SIGTERM)
        assert working.wait(20) == 0
    finally:
        working.kill()
        working.wait()
