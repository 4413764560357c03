"""The key-encryption key rotates under a running service, and after a while old backups open nothing."""

from __future__ import annotations

import gzip
import tarfile
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance import keyring
from governance.actors import service
from governance.application import open_installation
from governance.errors import Conflict, WrongInstallation
from governance.ledger.models import LogRecord
from governance.operations import keks
from governance.operations.backup import back_up, restore
from governance.operations.status import Part, State, status
from governance.operations.verifying import verify
from governance.points.service import bootstrap_publish
from governance.subjects import payloads
from governance.subjects.models import PayloadRow, SubjectKeyRow
from tests.integration.test_log_verification import POLICY, ask, settle

CLI = service("cli", os_user="anna")


@pytest.fixture
def served(answerable):
    """An installation that rotates by itself, with one decision, and another process of it."""
    answerable.settings = replace(answerable.settings, kek_rotation_days=30)
    with answerable.work(CLI) as work:
        bootstrap_publish(work, POLICY)
    ask(answerable, 0.95)
    return answerable


@pytest.fixture
def other(served, clock):
    process = open_installation(served.settings, clock=clock)
    yield process
    process.close()


def held_under(answerable):
    with answerable.database.read() as session:
        return set(session.execute(sa.select(SubjectKeyRow.kek_id)).scalars())


def files(answerable):
    return sorted(path.name for path in (answerable.settings.home / "secrets").glob("kek*"))


def features(answerable, decision_id):
    with answerable.database.read() as session:
        return payloads.read(session, answerable.keys, decision_id, "decision")


def test_processes_that_run_go_on_through_a_rotation(served, other, clock):
    first, before = ask(other, 0.95).id, served.keyring.kek_id
    keks.work(served)
    assert held_under(served) == {before}
    clock.advance(days=30)
    keks.work(served)
    after = served.keyring.kek_id
    assert after != before
    assert held_under(served) == {after}
    assert files(served) == [f"kek-{before}.key", "kek.key"]
    # The other process read neither file nor row meanwhile: it opens what is there, and makes its next keys under the new one.
    assert features(other, first) is not None
    second = ask(other, 0.95, ref="cust-1").id
    with other.work(CLI) as work:
        work.record(EntryKind.SETTINGS_CHANGED, payloads={"settings": b"{}"})
    assert held_under(served) == {after}
    assert features(served, second) is not None
    settle(served)
    assert [str(one) for one in verify(served).findings] == []
    kinds = {EntryKind.KEK_ROTATED, EntryKind.KEK_DELETED}
    clock.advance(days=30, minutes=1)
    keks.work(served)
    assert before not in str(files(served))
    with served.database.read() as session:
        said = session.execute(sa.select(LogRecord.kind).where(LogRecord.kind.in_(kinds)))
        assert sorted(said.scalars()) == ["kek.deleted", "kek.rotated", "kek.rotated"]
    ask(other, 0.95)
    assert set(other.keyring.held) == set(served.keyring.held)
    assert before not in other.keyring.held


def test_no_key_of_a_subject_is_used_further_under_another_key_encryption_key(served):
    def key_of(decision):
        with served.database.read() as session:
            query = sa.select(PayloadRow.key_id).where(PayloadRow.record_id == decision.id)
            return session.execute(query).scalar_one()

    same = key_of(ask(served, 0.95)), key_of(ask(served, 0.95))
    keks.rotate(served, CLI)
    assert same[0] == same[1] != key_of(ask(served, 0.95))


def test_a_rotation_that_was_killed_goes_on(served, clock, monkeypatch):
    before = served.keyring.kek_id
    with monkeypatch.context() as patched:
        patched.setattr(keks, "settle_files", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            keks.rotate(served, CLI)
    assert len(files(served)) == 2
    again = open_installation(served.settings, clock=clock)
    try:
        ask(again, 0.95, ref="cust-2")
        assert before in held_under(again)
        keks.work(again)
        assert held_under(again) == {again.keyring.kek_id} != {before}
        assert files(again) == [f"kek-{before}.key", "kek.key"]
        settle(again)
        assert verify(again).exit_code == 0
    finally:
        again.close()


def test_what_a_slow_process_still_encrypted_is_not_lost_when_the_old_key_goes(served, clock):
    old = served.keyring.kek
    keks.rotate(served, CLI)
    keks.rewrap(served)
    slow = keyring.Keyring(kek=old, lookup=served.keyring.lookup, session=served.keyring.session)
    with served.database.write() as session:
        row = session.execute(sa.select(SubjectKeyRow).limit(1)).scalar_one()
        secret = served.keyring.unwrap(row.id, row.wrapped)
        row.wrapped, row.kek_id = slow.wrap(row.id, secret), slow.kek_id
    clock.advance(days=31)
    keks.delete_old(served)
    assert held_under(served) == {served.keyring.kek_id}
    assert files(served) == ["kek.key"]
    settle(served)
    assert verify(served).exit_code == 0


def test_after_the_horizon_no_backup_opens_and_restoring_one_says_so(
    served, clock, tmp_path, empty_database_url
):
    made = tmp_path / "backup"
    back_up(served, CLI, made)
    old = served.keyring.kek
    for _ in range(2):
        clock.advance(days=31)
        keks.work(served)
    kept = [path.read_bytes() for path in served.settings.home.rglob("*") if path.is_file()]
    kept.append(gzip.decompress(made.read_bytes()))
    if served.database.file is not None:
        kept.append(served.database.file.read_bytes())
    assert not any(old in one or keyring.encoded(old).encode() in one for one in kept)
    elsewhere = replace(served.settings, home=tmp_path / "other", database_url=empty_database_url)
    with pytest.raises(WrongInstallation, match="no payload of this backup opens any more"):
        restore(elsewhere, CLI, made, kek=served.keyring.kek, clock=clock)
    assert not (elsewhere.home / "secrets").exists()
    with tarfile.open(made) as archive:
        assert "secrets/kek.key" not in archive.getnames()


def test_an_older_backup_is_restored_under_its_own_key_and_rotates_on(
    served, clock, tmp_path, empty_database_url
):
    made = tmp_path / "backup"
    back_up(served, CLI, made)
    clock.advance(days=31)
    keks.work(served)
    folder = tmp_path / "other" / "secrets"
    folder.mkdir(parents=True, mode=0o700)
    for path in (served.settings.home / "secrets").glob("kek*"):
        (folder / path.name).write_bytes(path.read_bytes())
    elsewhere = replace(served.settings, home=tmp_path / "other", database_url=empty_database_url)
    restore(elsewhere, CLI, made, clock=clock)
    other = open_installation(elsewhere, clock=clock)
    try:
        keks.work(other)
        assert held_under(other) == {served.keyring.kek_id}
        settle(other)
        assert verify(other).exit_code == 0
    finally:
        other.close()


def test_keys_in_variables_rotate_by_the_command_once_every_process_has_both(
    served, clock, monkeypatch
):
    old = served.keyring.kek
    monkeypatch.setenv("ANSWERABLE_SECRET_KEK", keyring.encoded(old))
    (served.settings.home / "secrets" / "kek.key").unlink()
    before = open_installation(served.settings, clock=clock)
    with pytest.raises(Conflict, match="ANSWERABLE_SECRET_KEK_PREVIOUS"):
        keks.rotate(before, CLI)
    clock.advance(days=40)
    keks.work(before)
    assert held_under(before) == {keyring.kek_id(old)}
    before.close()
    fresh = b"n" * 32
    monkeypatch.setenv("ANSWERABLE_SECRET_KEK", keyring.encoded(fresh))
    monkeypatch.setenv("ANSWERABLE_SECRET_KEK_PREVIOUS", keyring.encoded(old))
    both = open_installation(served.settings, clock=clock)
    try:
        ask(both, 0.95, ref="cust-2")
        assert held_under(both) == {keyring.kek_id(old)}
        keks.rotate(both, CLI)
        keks.rewrap(both)
        assert held_under(both) == {keyring.kek_id(fresh)}
        clock.advance(days=31)
        keks.work(both)
        part = {one.part: one for one in status(both, CLI)}[Part.KEKS]
        assert part.state is State.FAILING
        assert "ANSWERABLE_SECRET_KEK_PREVIOUS" in part.todo
    finally:
        both.close()


def test_a_process_without_the_key_in_use_says_so_and_stores_nothing(served, other):
    keks.rotate(served, CLI)
    folder = served.settings.home / "secrets"
    hidden = [path.rename(path.with_suffix(".hidden")) for path in folder.glob("kek*.key")]
    with pytest.raises(WrongInstallation, match="does not have"):
        ask(other, 0.95)
    for path in hidden:
        path.rename(path.with_suffix(".key"))
    ask(other, 0.95)
