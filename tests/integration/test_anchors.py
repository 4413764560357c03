"""Checkpoints are laid down outside, and programs that are not ours find them good."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audits.log import notes
from audits.log.canonical import parse
from audits.log.entries import EntryKind
from audits.log.notes import VerifyingKey
from governance.actors import service
from governance.jobs.parts import Parts
from governance.ledger import anchoring, publishing, queries, reading
from governance.ledger.anchoring import AnchorsFailed
from governance.ledger.models import LogRecord, StoredAnchor
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.operations.status import Part, State, status
from governance.worker import told
from tests import witnesses
from tests.stamping import Authority, openssl

CLI = service("cli")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("anchors") / "authority")
    with witnesses.serving(made.application()) as url:
        made.url = url
        yield made


@pytest.fixture
def everywhere(answerable, tmp_path, authority):
    """An installation that lays checkpoints down in all three ways."""
    repository = tmp_path / "repository"
    git(tmp_path, "init", "--quiet", str(repository))
    (tmp_path / "worm").mkdir()
    answerable.settings = replace(
        answerable.settings,
        anchor_file=tmp_path / "worm" / "checkpoints",
        anchor_git=repository,
        anchor_timestamp_url=authority.url,
        anchor_timestamp_ca=authority.ca_file,
    )
    grow(answerable)
    return answerable


def git(folder, *arguments):
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


def grow(answerable):
    with answerable.work(CLI) as work:
        work.record(EntryKind.SETTINGS_CHANGED)
    drain(answerable)
    publishing.publish(answerable)


def anchors(answerable):
    with answerable.look(CLI) as work:
        return {one.method: one for one in reading.outside(work).anchors}


def given_out(answerable):
    with answerable.look(CLI) as work:
        return reading.newest_checkpoint(work)


def look(answerable):
    return next(view for view in status(answerable, CLI) if view.part is Part.ANCHORS)


def test_each_anchor_is_found_good_by_programs_that_are_not_ours(everywhere, tmp_path, authority):
    newest = given_out(everywhere)
    assert anchoring.run(everywhere) == 3
    made = anchors(everywhere)
    assert {one.size for one in made.values()} == {newest.size}

    # Git: the commit holds the note, and names nobody.
    repository = tmp_path / "repository"
    commit = made["git"].reference
    assert git(repository, "show", f"{commit}:checkpoint-1") == newest.note
    assert git(repository, "log", "-1", "--format=%an %ae %cn %ce", commit).split() == [
        *("Answerable", "answerable@localhost") * 2
    ]
    assert f"{newest.size} entries" in git(repository, "log", "-1", "--format=%B", commit)
    git(repository, "fsck", "--strict")

    # OpenSSL: the stamp is over the bytes of the note.
    with everywhere.database.read() as session:
        files = {one.name: one.content for one in anchoring.export_files(session, 1)}
    stem = f"{newest.size:012d}-"
    for name in (f"{stem}rfc3161.note", f"{stem}rfc3161.tsr"):
        (tmp_path / name).write_bytes(files[name])
    assert files[f"{stem}rfc3161.note"] == newest.note.encode()
    openssl(
        *("ts", "-verify", "-data", str(tmp_path / f"{stem}rfc3161.note")),
        *("-in", str(tmp_path / f"{stem}rfc3161.tsr"), "-CAfile", str(authority.ca_file)),
    )

    # The file: a line of JSON, whose note the log has signed.
    (line,) = (tmp_path / "worm" / "checkpoints").read_text().splitlines()
    signed = notes.open_checkpoint(json.loads(line)["note"], [VerifyingKey.parse(newest.vkey)])
    assert (signed.size, signed.root) == (newest.size, newest.root)
    assert {name for name in files if name.endswith(".json")} == {
        f"{stem}{method}.json" for method in ("file", "git", "rfc3161")
    }
    assert json.loads(files[f"{stem}git.json"])["reference"] == commit

    # Each is an entry of the log.
    with everywhere.database.read() as session:
        entries = session.execute(
            sa.select(LogRecord.entry).where(LogRecord.kind == EntryKind.ANCHOR_MADE)
        ).scalars()
        told = [parse(entry)["data"] for entry in entries]
    assert {(one["method"], one["size"]) for one in told} == {
        (method, newest.size) for method in made
    }
    assert look(everywhere).state is State.OK
    drain(everywhere)
    assert verifying.verify(everywhere).ok


def test_an_anchor_is_made_once_an_hour_or_a_day_and_only_of_what_is_new(everywhere, clock):
    assert anchoring.run(everywhere) == 3
    grow(everywhere)
    assert anchoring.run(everywhere) == 0
    clock.advance(hours=1)
    assert anchoring.run(everywhere) == 3
    clock.advance(hours=1)
    assert anchoring.run(everywhere) == 0
    everywhere.settings = replace(everywhere.settings, anchor_every="daily")
    clock.advance(hours=1)
    grow(everywhere)
    assert anchoring.run(everywhere) == 0
    clock.advance(days=1)
    assert anchoring.run(everywhere) == 3
    lines = everywhere.settings.anchor_file.read_text().splitlines()
    assert len(lines) == 3
    assert git(everywhere.settings.anchor_git, "rev-list", "--count", "HEAD").strip() == "3"


def test_a_commit_made_before_a_crash_is_found_again(everywhere):
    anchoring.run(everywhere)
    commit = anchors(everywhere)["git"].reference
    with everywhere.database.write() as session:
        session.execute(sa.delete(StoredAnchor).where(StoredAnchor.method == "git"))
    assert anchoring.run(everywhere) == 1
    assert anchors(everywhere)["git"].reference == commit


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_anchor_that_fails_is_told_and_keeps_no_other_waiting(everywhere, tmp_path, authority):
    (tmp_path / "empty").mkdir()
    everywhere.settings = replace(
        everywhere.settings,
        anchor_git=tmp_path / "empty",
        anchor_file=tmp_path / "nowhere" / "checkpoints",
    )
    with pytest.raises(AnchorsFailed) as failed:
        anchoring.run(everywhere)
    assert "No such file" in str(failed.value)
    assert "git repository" in str(failed.value)
    assert set(anchors(everywhere)) == {"rfc3161"}
    # The status page says so, and decisions and checkpoints go on.
    Parts(everywhere).failing("anchors", told(failed.value))
    view = look(everywhere)
    assert (view.state, view.detail) == (State.FAILING, str(failed.value))
    assert "decisions and signing go on" in view.todo
    before = given_out(everywhere).size
    grow(everywhere)
    assert given_out(everywhere).size > before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_an_authority_answers_is_kept_only_if_it_proves_something(
    everywhere, tmp_path, authority
):
    stranger = Authority(tmp_path / "stranger")
    with everywhere.database.read() as session:
        note = queries.note_of(session, queries.published_checkpoint(session, 1))
    assert note
    for app, sentence in (
        (stranger.application(), "cannot be used"),
        (authority.application(lambda _: b"fine"), "cannot be used"),
        (witnesses.answering("503 Service Unavailable"), "it answered 503"),
    ):
        with witnesses.serving(app) as url:
            everywhere.settings = replace(
                everywhere.settings, anchor_timestamp_url=url, anchor_file=None, anchor_git=None
            )
            with pytest.raises(AnchorsFailed, match=sentence):
                anchoring.run(everywhere)
    everywhere.settings = replace(everywhere.settings, anchor_timestamp_ca=None)
    with pytest.raises(AnchorsFailed, match="anchor_timestamp_ca"):
        anchoring.run(everywhere)
    assert anchors(everywhere) == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_anchors_that_stay_out_are_told_of(everywhere, clock):
    assert look(everywhere).detail == "The first anchors are about to be made."
    anchoring.run(everywhere)
    clock.advance(hours=3)
    view = look(everywhere)
    assert view.state is State.FAILING
    assert "3 hours ago" in view.detail
