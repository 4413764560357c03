from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from audits.log.entries import EntryKind
from audits.log.highwater import Forked, HighWaterMissing, HighWaterUnreadable, RolledBack
from audits.log.notes import VerifyingKey, open_checkpoint
from audits.log.tree import leaf_hash, root
from governance.actors import service
from governance.clock import rfc3339
from governance.ledger import epochs, highwater_file, keys, publishing, queries, sequencing
from governance.ledger.models import (
    Leaf,
    Log,
    LogRecord,
    PendingRecord,
    QuarantinedRecord,
    StoredCheckpoint,
    Tile,
)
from governance.ledger.sequencing import Sequencer, TreeDamaged, drain

CLI = service("cli")


def record(answerable, count=1):
    ids = []
    with answerable.work(CLI) as work:
        ids += [work.record(EntryKind.SETTINGS_CHANGED, data={"n": n}) for n in range(count)]
    return ids


def state(answerable):
    with answerable.database.read() as session:
        log = queries.current(session)
        leaves = session.execute(
            sa.select(Leaf).where(Leaf.epoch == log.epoch).order_by(Leaf.leaf_index)
        ).scalars()
        return log, list(leaves)


def change(answerable, statement):
    """Change the database behind the program's back."""
    with answerable.database.write() as session:
        if answerable.database.is_sqlite:
            for table in ("log_records", "log_leaves"):
                for act in ("update", "delete"):
                    session.execute(sa.text(f"DROP TRIGGER IF EXISTS {table}_no_{act}"))
        else:
            session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        session.execute(statement)


def test_every_entry_gets_one_place_and_the_root_is_that_of_the_definition(answerable):
    record(answerable, 700)
    placed = drain(answerable)
    log, leaves = state(answerable)
    assert placed == log.size == len(leaves)
    assert [leaf.leaf_index for leaf in leaves] == list(range(log.size))
    assert log.root == root([leaf.leaf_hash for leaf in leaves])
    with answerable.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(PendingRecord)).scalar() == 0
        entries = dict(session.execute(sa.select(LogRecord.id, LogRecord.entry)).all())
    assert set(entries) == {leaf.record_id for leaf in leaves}
    assert all(leaf_hash(entries[leaf.record_id]) == leaf.leaf_hash for leaf in leaves)


def test_an_entry_that_appears_late_under_an_early_id_is_not_lost(answerable):
    early = answerable.new_id()
    record(answerable, 3)
    drain(answerable)
    with answerable.work(CLI) as work:
        work.record(EntryKind.SETTINGS_CHANGED, record_id=early)
    drain(answerable)
    assert early in {leaf.record_id for leaf in state(answerable)[1]}


def test_sequencers_that_run_at_once_place_each_entry_once(answerable):
    ids = record(answerable, 1500)
    failures = []

    def run():
        try:
            sequencer = Sequencer(answerable)
            for _ in range(12):
                sequencer.tick()
        except Exception as error:  # noqa: BLE001 -- told below.
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    drain(answerable)
    assert not failures
    log, leaves = state(answerable)
    assert log.size == len(leaves) == len({leaf.record_id for leaf in leaves})
    assert set(ids) <= {leaf.record_id for leaf in leaves}
    assert log.root == root([leaf.leaf_hash for leaf in leaves])


def test_an_entry_that_was_changed_while_it_waited_is_kept_out_and_told_of(answerable):
    drain(answerable)
    spoiled, sound = record(answerable, 2)
    change(answerable, sa.update(LogRecord).where(LogRecord.id == spoiled).values(entry=b"{}"))
    drain(answerable)
    _, leaves = state(answerable)
    placed = {leaf.record_id for leaf in leaves}
    assert sound in placed
    assert spoiled not in placed
    with answerable.database.read() as session:
        assert session.get(QuarantinedRecord, spoiled).detail == "entry_changed"
        assert session.get(PendingRecord, spoiled) is None
        entries = session.execute(
            sa.select(LogRecord.entry).where(LogRecord.kind == EntryKind.LOG_ANOMALY_FOUND)
        ).scalars()
        assert [parse(entry)["refs"] for entry in entries] == [{"record": spoiled}]


def test_nothing_is_added_to_a_tree_whose_edge_was_edited(answerable):
    record(answerable, 5)
    drain(answerable)
    change(answerable, sa.update(Tile).values(hashes=bytes(32) * 20))
    record(answerable)
    before = state(answerable)[0].size
    with pytest.raises(TreeDamaged, match="audit verify"):
        drain(answerable)
    assert state(answerable)[0].size == before


def test_the_log_ticks_every_minute_when_busy_and_every_quarter_of_an_hour_when_idle(
    answerable, clock
):
    def ticks():
        with answerable.database.read() as session:
            return session.execute(
                sa.select(sa.func.count()).where(LogRecord.kind == EntryKind.LOG_TICK)
            ).scalar()

    drain(answerable)
    assert ticks() == 1
    clock.advance(seconds=59)
    record(answerable)
    drain(answerable)
    assert ticks() == 1
    clock.advance(seconds=1)
    drain(answerable)
    assert ticks() == 1, "nothing waits, so the log is idle"
    record(answerable)
    drain(answerable)
    assert ticks() == 2
    clock.advance(minutes=15)
    drain(answerable)
    assert ticks() == 3


def test_a_clock_that_goes_back_is_told_once_and_makes_no_tick(answerable, clock):
    drain(answerable)
    clock.advance(hours=-1)
    sequencer = Sequencer(answerable)
    for _ in range(3):
        record(answerable)
        sequencer.tick()
    with answerable.database.read() as session:
        kinds = list(session.execute(sa.select(LogRecord.kind)).scalars())
    assert kinds.count(EntryKind.LOG_ANOMALY_FOUND) == 1
    assert kinds.count(EntryKind.LOG_TICK) == 1


def test_a_clock_that_goes_back_by_less_than_a_tick_is_noticed_and_recorded_too(answerable, clock):
    sequencer = Sequencer(answerable)
    sequencer.tick()
    clock.advance(seconds=50)
    seen = clock.now()
    sequencer.tick()
    clock.advance(seconds=-30)
    for _ in range(3):
        record(answerable)
        sequencer.tick()
    with answerable.database.read() as session:
        found = session.execute(
            sa.select(LogRecord.entry).where(LogRecord.kind == EntryKind.LOG_ANOMALY_FOUND)
        ).scalars()
        told = [parse(entry)["data"] for entry in found]
    assert [(one["code"], one["seen"]) for one in told] == [("clock_went_back", rfc3339(seen))]


def test_that_the_clock_went_back_is_said_until_it_is_recorded(answerable, clock, monkeypatch):
    drain(answerable)
    clock.advance(hours=-1)
    sequencer = Sequencer(answerable)
    with monkeypatch.context() as patched:
        # Another sequencer was faster.
        patched.setattr(sequencing, "place", lambda *_: False)
        sequencer.tick()
    sequencer.tick()
    with answerable.database.read() as session:
        kinds = list(session.execute(sa.select(LogRecord.kind)).scalars())
    assert kinds.count(EntryKind.LOG_ANOMALY_FOUND) == 1


def test_a_checkpoint_is_signed_once_the_mark_is_raised(answerable):
    drain(answerable)
    note = publishing.publish(answerable)
    log, _ = state(answerable)
    signed = open_checkpoint(note, [VerifyingKey.parse(log.vkey)])
    assert (signed.origin, signed.size, signed.root) == (log.origin, log.size, log.root)
    assert highwater_file.load(answerable, log).note == note
    assert publishing.publish(answerable) is None, "it did not grow"


def test_a_crash_between_mark_and_checkpoint_ends_in_the_same_note(answerable):
    drain(answerable)
    note = publishing.publish(answerable)
    change(answerable, sa.delete(StoredCheckpoint))
    assert publishing.publish(answerable) == note


def test_a_mark_is_never_lowered(answerable):
    drain(answerable)
    publishing.publish(answerable)
    log, _ = state(answerable)
    low = highwater_file.load(answerable, log)
    record(answerable)
    drain(answerable)
    publishing.publish(answerable)
    highwater_file.store(answerable, log, low)
    assert highwater_file.load(answerable, log).size > low.size


def test_without_its_key_nothing_is_signed(answerable):
    drain(answerable)
    keys.key_file(answerable, 1).unlink()
    assert publishing.publish(answerable) is None


@pytest.fixture
def signed(answerable):
    record(answerable, 9)
    drain(answerable)
    publishing.publish(answerable)
    return answerable


def forge(answerable, size):
    """Make the database hold a shorter, sound tree, as an older backup would."""
    with answerable.database.read() as session:
        log = queries.current(session)
        leaves = list(
            session.execute(
                sa.select(Leaf.leaf_hash).where(Leaf.leaf_index < size).order_by(Leaf.leaf_index)
            ).scalars()
        )
    change(answerable, sa.delete(Leaf).where(Leaf.leaf_index >= size))
    change(answerable, sa.delete(StoredCheckpoint))
    change(answerable, sa.update(Tile).values(hashes=b"".join(leaves)))
    change(answerable, sa.update(Log).values(size=size, root=root(leaves)))
    return log


def test_a_log_that_was_rolled_back_is_not_signed(signed):
    forge(signed, 4)
    with pytest.raises(RolledBack):
        publishing.publish(signed)


def test_a_log_that_was_rolled_back_and_grew_again_is_not_signed(signed):
    log = forge(signed, 4)
    record(signed, 30)
    drain(signed)
    assert state(signed)[0].size > log.size
    with pytest.raises(Forked):
        publishing.publish(signed)


def test_a_mark_that_is_gone_or_altered_stops_the_signing(signed):
    log, _ = state(signed)
    path = highwater_file.path_of(signed, log)
    kept = path.read_bytes()
    record(signed)
    drain(signed)
    path.unlink()
    with pytest.raises(HighWaterMissing):
        publishing.publish(signed)
    path.write_bytes(kept.replace(b"\n", b"\n9", 1))
    with pytest.raises(HighWaterUnreadable):
        publishing.publish(signed)
    path.write_bytes(kept)
    assert publishing.publish(signed) is not None


def test_after_a_roll_back_the_log_goes_on_in_a_new_epoch(signed):
    old = forge(signed, 4)
    with signed.work(CLI) as work:
        opened = epochs.new_epoch(work, reason="The backup of yesterday was restored.")
    assert opened.epoch == 2
    assert opened.origin == f"{old.origin}/2"
    assert (opened.previous_size, opened.previous_signed) == (4, old.size)
    assert not opened.previous_closed
    record(signed)
    drain(signed)
    note = publishing.publish(signed)
    log, leaves = state(signed)
    assert open_checkpoint(note, [VerifyingKey.parse(log.vkey)]).origin == opened.origin
    with signed.database.read() as session:
        first = parse(session.get(LogRecord, leaves[0].record_id).entry)
    assert first["kind"] == EntryKind.LOG_OPENED
    assert first["data"]["signed_size"] == old.size
    assert first["data"]["previous_fault"] == "RolledBack"
    assert first["log"] == old.origin


def test_an_epoch_in_good_order_is_closed_with_a_last_entry(signed):
    with signed.work(CLI) as work:
        opened = epochs.new_epoch(work, reason="A year has passed.")
    assert opened.previous_closed
    assert publishing.publish(signed, epoch=1) is not None
    drain(signed)
    publishing.publish(signed)
    with signed.database.read() as session:
        first, second = queries.epochs(session)
        last = session.get(Leaf, (1, first.size - 1))
        assert session.get(LogRecord, last.record_id).kind == EntryKind.LOG_CLOSED
        assert first.closed_at is not None
        assert second.closed_at is None


def test_old_checkpoints_are_kept_one_an_hour(answerable, clock):
    start = clock.now()
    for _ in range(20):
        clock.advance(minutes=10)
        record(answerable)
        drain(answerable)
        publishing.publish(answerable)
    assert publishing.thin_out(answerable, start + timedelta(hours=20)) == 0
    gone = publishing.thin_out(answerable, start + timedelta(hours=30))
    with answerable.database.read() as session:
        kept = [c.signed_at for c in session.execute(sa.select(StoredCheckpoint)).scalars()]
    assert gone == 20 - len(kept)
    assert len({(at.day, at.hour) for at in kept}) == len(kept)
