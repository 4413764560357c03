from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance import worker
from governance.actors import service
from governance.clock import SystemClock
from governance.decisions.models import Decision
from governance.identities.models import Person, SignInFailure, SignInSession
from governance.jobs import parts
from governance.ledger import highwater_file, queries, reading
from governance.ledger.models import (
    Log,
    PendingRecord,
    StoredAnchor,
    StoredCheckpoint,
    StoredCosignature,
)
from governance.operations import verification
from governance.operations.status import Part
from governance.storage.database import Database
from governance.worker import Background, clean
from tests import witnesses
from tests.conftest import MOSTLY_SQLITE

CLI = service("cli")


def until(condition, seconds=20.0):
    """Wait until something holds; the work is done by threads."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@pytest.fixture
def background(answerable):
    answerable.clock = SystemClock()
    working = Background(answerable)
    working.start()
    yield working
    working.stop()


def count(answerable, model):
    with answerable.database.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(model)).scalar_one()


def signed(answerable):
    with answerable.database.read() as session:
        log = queries.current(session)
        newest = queries.newest_checkpoint(session, log.epoch)
        return newest is not None and newest.size == log.size and log.size > 0


def record(answerable, many=1):
    with answerable.work(CLI) as work:
        for _ in range(many):
            work.record(EntryKind.SETTINGS_CHANGED)


def reports(answerable):
    with answerable.database.read() as session:
        return parts.reported(session)


def test_entries_are_placed_and_signed_within_seconds(answerable, background):
    record(answerable, 20)
    until(lambda: count(answerable, PendingRecord) == 0)
    until(lambda: signed(answerable))
    until(lambda: {"sequencer", "checkpoint", "worker"} <= reports(answerable).keys())
    assert all(report.failing_since is None for report in reports(answerable).values())


def test_on_sqlite_it_counts_in_parts_so_that_others_may_write_in_between(answerable, monkeypatch):
    asked = []

    def fold(_, *, watch, limit):
        asked.append(limit)
        return limit

    monkeypatch.setattr(worker.folding, "fold", fold)
    monkeypatch.setattr(worker.folding, "SQLITE_BATCH", 100)
    monkeypatch.setattr(worker.folding, "BATCH", 400)

    assert Background(answerable)._count(), "all were full, so more may wait"
    assert asked == ([100] * 4 if answerable.database.is_sqlite else [400])


def test_what_the_background_tells_of_is_on_the_status_page(answerable, background):
    until(lambda: {"oversight", "log_exports", "notices", "counts"} <= reports(answerable).keys())
    assert reports(answerable).keys() <= set(Part)


def test_one_process_of_a_home_works_and_another_takes_over(answerable, background):
    until(background.leads.is_set)
    other = Background(answerable)
    other.start()
    try:
        time.sleep(0.3)
        assert not other.leads.is_set()
        background.stop()
        until(other.leads.is_set)
        record(answerable)
        until(lambda: count(answerable, PendingRecord) == 0)
    finally:
        other.stop()


def test_it_outlives_an_outage_of_the_database(answerable, background):
    until(background.leads.is_set)
    working = answerable.database
    broken = (
        Database(f"sqlite:////proc/nowhere/{answerable.new_id()}.db")
        if working.is_sqlite
        else Database("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    )
    answerable.database = background._sequencer._database = broken
    time.sleep(1.0)
    answerable.database = background._sequencer._database = working
    record(answerable)
    until(lambda: count(answerable, PendingRecord) == 0)


def test_a_refusal_to_sign_is_told_and_placing_goes_on(answerable, background):
    until(lambda: signed(answerable))
    with answerable.database.read() as session:
        path = highwater_file.path_of(answerable, queries.current(session))
    path.write_bytes(b"not a checkpoint\n")
    record(answerable)
    until(lambda: count(answerable, PendingRecord) == 0)
    until(lambda: reports(answerable)["checkpoint"].failing_since is not None)
    assert "high-water" in reports(answerable)["checkpoint"].detail
    assert "new-epoch" in reports(answerable)["checkpoint"].detail


def test_a_process_without_the_log_key_leaves_the_log_alone(answerable):
    (answerable.settings.home / "secrets" / "log-1.key").unlink()
    working = Background(answerable)
    working.start()
    try:
        until(working.leads.is_set)
        time.sleep(0.5)
        assert count(answerable, StoredCheckpoint) == 0
        with answerable.database.read() as session:
            assert session.execute(sa.select(Log.size)).scalar_one() == 0
    finally:
        working.stop()


def test_a_verification_that_was_asked_for_is_done(answerable, background):
    until(lambda: signed(answerable))
    with answerable.work(CLI) as work:
        assert verification.ask(work)
        assert verification.is_running(work)

    def done():
        with answerable.look(CLI) as work:
            return verification.last(work) is not None and not verification.is_running(work)

    until(done)
    with answerable.look(CLI) as work:
        report = verification.last(work)
    assert (report.exit_code, report.findings) == (0, ())
    assert report.entries > 2


def test_stopping_is_quick(answerable, background):
    until(background.leads.is_set)
    begun = time.monotonic()
    background.stop()
    assert time.monotonic() - begun < 3
    assert not background.leads.is_set()


def test_cleaning_drops_what_is_kept_for_a_while_only(answerable, clock):
    now = clock.now()
    person_id = answerable.new_id()
    with answerable.database.write() as session:
        session.add(
            Person(
                id=person_id,
                email="ada@corner.example",
                name="Ada",
                roles=[],
                language="en",
                time_zone="UTC",
                mail_notices=True,
                created_at=now,
            )
        )
        session.flush()
        for name, hours in (("dead", -1), ("alive", 1)):
            session.add(
                SignInSession(
                    secret_hash=name,
                    person_id=person_id,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + timedelta(hours=hours),
                    second_factor_due=False,
                )
            )
            session.add(SignInFailure(key=name, count=1, last_at=now + timedelta(hours=30 * hours)))
        for name, days in (("old", 31), ("new", 29)):
            session.add(
                Decision(
                    id=answerable.new_id(),
                    point="offers",
                    policy_version=1,
                    policy_digest="sha256:0",
                    actor="app:shop",
                    source="app:shop",
                    imported=False,
                    rollout="live",
                    disposition="release",
                    reasons=[],
                    recorded_at=now - timedelta(days=days),
                    person_requested=False,
                    idempotency_key=name,
                    status="released",
                )
            )
    clean(answerable)
    with answerable.database.read() as session:
        assert list(session.execute(sa.select(SignInSession.secret_hash)).scalars()) == ["alive"]
        assert list(session.execute(sa.select(SignInFailure.key)).scalars()) == ["alive"]
        kept = set(session.execute(sa.select(Decision.idempotency_key)).scalars())
    assert kept == {None, "new"}


def test_mails_are_left_alone_without_a_mail_server(answerable, background):
    answerable.settings = replace(answerable.settings, smtp_host=None)
    until(lambda: "mail" in reports(answerable))
    assert reports(answerable)["mail"].failing_since is None


@MOSTLY_SQLITE
def test_checkpoints_are_cosigned_and_laid_down_as_the_log_grows(answerable, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "ANCHOR_LOOK_EVERY", 0.1)
    with answerable.database.read() as session:
        vkey = queries.current(session).vkey
    clock = answerable.clock = SystemClock()
    with witnesses.witness(tmp_path / "w", vkey, clock=clock) as witness:
        answerable.settings = replace(
            answerable.settings,
            witness_policy=witnesses.policy_file(tmp_path / "policy", witness),
            witness_mode="required",
            witness_every=0.1,
            anchor_file=tmp_path / "anchors",
        )
        working = Background(answerable)
        working.start()
        try:
            until(lambda: count(answerable, StoredCosignature) > 0)
            until(lambda: count(answerable, StoredAnchor) > 0)
        finally:
            working.stop()
    assert reports(answerable)["witnesses"].failing_since is None
    assert reports(answerable)["anchors"].failing_since is None
    with answerable.look(CLI) as work:
        assert reading.outside(work).quorum
