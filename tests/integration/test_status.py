from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.sentences import verbatim
from governance.actors import Actor, ActorKind, service
from governance.errors import NotAllowed
from governance.jobs.parts import Parts
from governance.ledger import highwater_file, publishing, queries
from governance.ledger.sequencing import drain
from governance.operations.status import Part, State, readiness, status
from governance.storage.database import Database

CLI = service("cli")


@pytest.fixture
def running(answerable, clock):
    """An installation whose parts have just said that they are well, at the time that the database tells too."""
    clock.set(datetime.now(UTC))
    drain(answerable)
    publishing.publish(answerable)
    parts = Parts(answerable)
    for part in ("worker", "sequencer", "checkpoint", "overdue", "cleaning"):
        parts.well(part)
    return answerable


def look(answerable):
    return {view.part: view for view in status(answerable, CLI)}


def record(answerable):
    with answerable.work(CLI) as work:
        work.record(EntryKind.SETTINGS_CHANGED)


def test_where_all_is_well_every_part_says_so(running):
    views = look(running)
    assert set(views) == set(Part)
    # No policy says how long facts are kept, and with PostgreSQL several machines may hold the key.
    off = {
        Part.MIRROR,
        Part.WITNESSES,
        Part.ANCHORS,
        Part.MAIL,
        Part.WEBHOOKS,
        Part.RETENTION,
    }
    if not running.database.is_sqlite:
        off.add(Part.KEKS)
    assert {view.state for part, view in views.items() if part not in off} == {State.OK}
    assert {views[part].state for part in off} == {State.OFF}
    assert readiness(running) is None


def test_background_work_that_does_not_run_is_told_with_when_it_was_last_seen(running, clock):
    seen = clock.now()
    clock.advance(minutes=10)
    worker = look(running)[Part.WORKER]
    assert (worker.state, worker.since) == (State.FAILING, seen)
    assert "10 minutes" in worker.detail
    assert "answerable worker" in worker.todo


def test_entries_that_wait_too_long_are_told(running, clock):
    waits = clock.now()
    record(running)
    clock.advance(seconds=61)
    sequencer = look(running)[Part.SEQUENCER]
    assert (sequencer.state, sequencer.since) == (State.FAILING, waits)


def test_a_checkpoint_that_is_late_is_told_from_when_it_should_have_been_signed(running, clock):
    clock.advance(hours=2)
    record(running)
    drain(running)
    placed = clock.now()
    assert look(running)[Part.CHECKPOINT].state is State.OK
    clock.advance(seconds=61)
    checkpoint = look(running)[Part.CHECKPOINT]
    assert (checkpoint.state, checkpoint.since) == (State.FAILING, placed)


def test_a_part_that_reports_a_fault_is_failing_since_the_first_report(running, clock):
    parts, begun = Parts(running), clock.now()
    parts.failing("mail", verbatim("The mail server answered 421."))
    clock.advance(seconds=30)
    parts.failing("mail", verbatim("The mail server answered 421."))
    running.settings = replace(running.settings, smtp_host="mail.corner.example")
    mail = look(running)[Part.MAIL]
    assert (mail.state, mail.since) == (State.FAILING, begun)
    assert "421" in mail.detail
    parts.well("mail")
    assert look(running)[Part.MAIL].state is State.OK


def test_a_high_water_file_that_does_not_fit_is_told_with_what_to_do(running):
    with running.database.read() as session:
        highwater_file.path_of(running, queries.current(session)).write_text("altered")
    mark = look(running)[Part.HIGH_WATER]
    assert mark.state is State.FAILING
    assert "new-epoch" in mark.todo


def test_a_clock_that_went_back_is_told(running, clock):
    clock.advance(hours=-1)
    told = look(running)[Part.CLOCK]
    assert told.state is State.FAILING
    assert "behind" in told.detail


def test_a_database_that_is_away_is_told_without_it(running, clock):
    working = running.database
    running.database = (
        Database(f"sqlite:////proc/nowhere/{running.new_id()}.db")
        if running.database.is_sqlite
        else Database("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    )
    begun = clock.now()
    assert look(running)[Part.DATABASE].since == begun
    clock.advance(minutes=1)
    database = look(running)[Part.DATABASE]
    assert (database.state, database.since) == (State.FAILING, begun)
    assert readiness(running).part is Part.DATABASE
    running.database.dispose()
    running.database = working


def test_a_schema_of_another_program_is_told(running):
    with running.database.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'later'"))
    assert look(running)[Part.SCHEMA].state is State.FAILING
    assert readiness(running).part is Part.SCHEMA


def test_a_log_that_lies_far_behind_makes_the_service_not_ready(running):
    running.settings = replace(running.settings, log_pending_limit=100)
    with running.work(CLI) as work:
        for _ in range(101):
            work.record(EntryKind.SETTINGS_CHANGED)
    assert readiness(running).part is Part.SEQUENCER
    drain(running)
    assert readiness(running) is None


def test_who_may_not_see_the_status_page_is_refused(running):
    dov = Actor(kind=ActorKind.PERSON, id="dov", name="Dov", permissions=frozenset())
    with pytest.raises(NotAllowed):
        status(running, dov)
