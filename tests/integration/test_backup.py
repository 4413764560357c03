from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance import keyring
from governance.actors import service
from governance.application import open_installation
from governance.errors import Conflict, InvalidInput, SettingsInvalid, WrongInstallation
from governance.identities import service as identities
from governance.identities import signing_in
from governance.ledger import publishing, queries
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.backup import back_up, restore
from governance.operations.verifying import verify
from governance.records import metadata
from tests.accounts import ADDRESS, PASSWORD, email_of, join

CLI = service("cli", os_user="anna")


def record(answerable, many=1):
    with answerable.work(CLI) as work:
        for n in range(many):
            work.record(
                EntryKind.SETTINGS_CHANGED,
                data={"names": ["language"]},
                payloads={"settings": b'{"language":"de"}', "n": bytes([n])},
            )


def settle(answerable):
    drain(answerable)
    publishing.publish(answerable)


@pytest.fixture
def backed_up(answerable, tmp_path):
    record(answerable, 9)
    settle(answerable)
    record(answerable, 2)
    back_up(answerable, CLI, tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def kek(answerable):
    return answerable.keyring.kek


@pytest.fixture
def elsewhere(answerable, tmp_path, empty_database_url):
    """Settings of another home and an empty database, on each kind in turn; the high-water file is the same."""
    return replace(answerable.settings, home=tmp_path / "other", database_url=empty_database_url)


def rows(answerable):
    with answerable.database.read() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }


def test_what_was_backed_up_comes_back_on_either_database(
    answerable, backed_up, elsewhere, kek, clock
):
    restored = restore(elsewhere, CLI, backed_up, kek=kek, clock=clock)
    other = open_installation(elsewhere, clock=clock)
    try:
        before, after = rows(answerable), rows(other)
        changed = {name for name in before if before[name] != after[name]}
        # The source has meanwhile noted the backup, and the copy that it is one.
        assert changed == {
            "installation",
            "log_keys",
            "log_pending",
            "log_records",
            "logs",
            "payloads",
            "subject_keys",
        }
        kept = {row[0]: row for row in after["log_records"]}
        missing = [row for row in before["log_records"] if row[0] not in kept]
        assert [row[1] for row in missing] == [EntryKind.BACKUP_MADE]
        assert restored.epoch.lost == 0
        settle(other)
        report = verify(other)
        assert [str(finding) for finding in report.findings] == []
        assert (report.epochs, report.lost) == (2, 0)
        with other.database.read() as session:
            kinds = set(session.execute(sa.select(LogRecord.kind)).scalars())
            assert queries.current(session).origin.endswith("/2")
        assert EntryKind.BACKUP_RESTORED in kinds
    finally:
        other.close()


def test_what_was_signed_after_the_backup_is_counted_as_lost(
    answerable, backed_up, elsewhere, kek, clock
):
    record(answerable, 7)
    settle(answerable)
    restored = restore(elsewhere, CLI, backed_up, kek=kek, clock=clock)
    # Seven, and the entry of the backup itself; the two that waited came along.
    assert restored.epoch.lost == 8
    assert any("8 entries" in sentence for sentence in restored.missing)
    assert not restored.epoch.previous_closed


def test_nobody_comes_in_by_a_sign_in_or_a_link_of_before(
    answerable, tmp_path, elsewhere, kek, clock
):
    ada = join(answerable, "Ada", "manager")
    signing_in.sign_in(answerable, email=email_of("Ada"), password=PASSWORD, address=ADDRESS)
    with answerable.work(join(answerable, "Anna", "admin")) as work:
        identities.reset_person(work, ada.id)
    back_up(answerable, CLI, tmp_path / "kept")
    restore(elsewhere, CLI, tmp_path / "kept", kek=kek, clock=clock)
    other = open_installation(elsewhere, clock=clock)
    try:
        after = rows(other)
        assert (after["sessions"], after["sign_in_links"]) == ([], [])
        assert len(after["people"]) == 2
    finally:
        other.close()


def test_decisions_go_on_after_a_restore(answerable, backed_up, elsewhere, kek, clock):
    record(answerable, 3)
    settle(answerable)
    restore(elsewhere, CLI, backed_up, kek=kek, clock=clock)
    other = open_installation(elsewhere, clock=clock)
    try:
        record(other)
        drain(other)
        assert publishing.publish(other) is not None
        report = verify(other)
        assert report.exit_code == 0
        # Three, and the entry of the backup itself; the two that waited came along.
        assert report.lost == 4
    finally:
        other.close()


def test_without_the_key_encryption_key_nothing_is_restored(backed_up, elsewhere, clock):
    with pytest.raises(SettingsInvalid, match="kek"):
        restore(elsewhere, CLI, backed_up, clock=clock)
    with pytest.raises(WrongInstallation, match="kek"):
        restore(elsewhere, CLI, backed_up, kek=bytes(32), clock=clock)
    assert not (elsewhere.home / "secrets" / "kek.key").exists()


def test_a_backup_holds_neither_the_key_that_opens_payloads_nor_one_that_signs(
    answerable, backed_up, kek
):
    with tarfile.open(backed_up) as archive:
        names = archive.getnames()
        everything = b"".join(archive.extractfile(name).read() for name in names)
    assert sorted(name for name in names if name.startswith("secrets/")) == [
        "secrets/lookup.key",
        "secrets/session.key",
    ]
    for name in ("kek.key", "log-1.key"):
        secret = (answerable.settings.home / "secrets" / name).read_bytes().strip()
        assert secret not in everything
    assert b'language":"de' not in everything
    assert backed_up.stat().st_mode & 0o077 == 0


def test_nothing_is_overwritten(answerable, backed_up, kek, clock):
    with pytest.raises(Conflict, match="exists"):
        back_up(answerable, CLI, backed_up)
    with pytest.raises(Conflict, match="not empty"):
        restore(answerable.settings, CLI, backed_up, kek=kek, clock=clock)
    record(answerable)


def altered(source, target, name, change):
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            content = old.extractfile(member).read()
            if member.name == name:
                content = change(content)
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    return target


def test_an_altered_backup_is_refused_and_leaves_the_database_empty(
    backed_up, elsewhere, kek, clock, tmp_path
):
    for name, change in (
        ("tables/business_settings.jsonl", lambda content: content.replace(b"Corner", b"Korner")),
        (
            "tables/log_records.jsonl",
            lambda content: b"".join(content.splitlines(keepends=True)[:-1]),
        ),
    ):
        forged = altered(backed_up, tmp_path / "forged", name, change)
        with pytest.raises(InvalidInput, match=r"altered|manifest says"):
            restore(elsewhere, CLI, forged, kek=kek, clock=clock)
    restore(elsewhere, CLI, backed_up, kek=kek, clock=clock)


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path, elsewhere, kek, backed_up):
    cut = tmp_path / "cut"
    cut.write_bytes(backed_up.read_bytes()[:2000])
    text = tmp_path / "text"
    text.write_text("hello")
    for file in (cut, text):
        with pytest.raises(InvalidInput, match="backup"):
            restore(elsewhere, CLI, file, kek=kek)
    with pytest.raises(FileNotFoundError):
        restore(elsewhere, CLI, tmp_path / "nowhere", kek=kek)


def test_the_secrets_come_along_so_that_subjects_are_still_found(
    answerable, backed_up, elsewhere, kek, clock
):
    restore(elsewhere, CLI, backed_up, kek=kek, clock=clock)
    assert keyring.load(elsewhere.home / "secrets") == answerable.keyring
