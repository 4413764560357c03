"""The log as files: exports for auditors, and the copy that a web server gives out."""

from __future__ import annotations

import base64
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind, commitment
from audits.log.notes import open_checkpoint
from audits.log.proofs import parse_proof
from audits.log.tree import consistency_holds, inclusion_holds, leaf_hash
from governance.actors import Actor, ActorKind, service
from governance.clock import uuid7
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound
from governance.ledger import epochs, exporting, files, mirroring, publishing, queries
from governance.ledger.exporting import Wanted
from governance.ledger.models import Leaf, LogRecord
from governance.ledger.sequencing import drain
from governance.permissions import Permission
from governance.points.service import bootstrap_publish
from tests import accounts
from tests.conftest import Beginning
from tests.integration.test_log_verification import POLICY
from tests.log_files import folder, read_log

CLI = service("cli")
READER = Actor(
    kind=ActorKind.PERSON, id=uuid7(), name="Ray", permissions=frozenset({Permission.LOG_READ})
)


def decide(answerable, charges):
    request = DecisionRequest(
        decision_point="offers",
        subject=SubjectAsked(ref=f"customer-{charges}"),
        features={"charges": charges},
        proposal=ProposalAsked(outcome="offer", confidence=0.95),
    )
    return decisions.ask(answerable, service("shop"), Asked(request=request)).id


def grow(answerable, count):
    with answerable.work(CLI) as work:
        for number in range(count):
            work.record(EntryKind.ACCESS_READ, data={"n": number})
    sign(answerable)


def sign(answerable):
    drain(answerable)
    publishing.publish(answerable)


def fill(answerable):
    """Three hundred entries under five checkpoints, an hour between two of them, with two decisions among them."""
    with answerable.work(CLI) as work:
        bootstrap_publish(work, POLICY.replace("groups: [gender]\n", ""))
    made = [decide(answerable, 12.5), decide(answerable, 99.5)]
    for count in (3, 120, 140, 30):
        answerable.clock.advance(hours=1)
        grow(answerable, count)
    answerable.clock.advance(hours=1)
    sign(answerable)
    return made


@pytest.fixture
def beginning():
    return Beginning("log-of-300", fill)


def stored(answerable):
    """Return the entries of the first epoch as the database holds them."""
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(Leaf.leaf_index, LogRecord.entry)
            .join(LogRecord, LogRecord.id == Leaf.record_id)
            .where(Leaf.epoch == 1)
        )
        return dict(rows.all())


def entries_of(answerable, kind):
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord.entry).where(LogRecord.kind == kind))
        return [json.loads(entry) for entry in rows.scalars()]


def texts(path):
    return b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file())


# ------------------------------------------------------------------------------------- exports


def test_an_export_read_again_is_the_log_and_everything_in_it_holds(answerable, tmp_path):
    before = stored(answerable)
    out = tmp_path / "export"

    made = exporting.export(answerable, CLI, out, Wanted())

    read = read_log(folder(out))
    assert read.entries == before
    assert (made.entries, made.size, made.left_out) == (len(before), len(before), [])
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["v"], manifest["origin"], manifest["epoch"]) == (1, answerable.origin, 1)
    assert manifest["epochs"] == [
        {
            "epoch": 1,
            "origin": read.signed.origin,
            "size": len(before),
            "min_index": 0,
            "entries": [0, len(before)],
        }
    ]
    kept = sorted((out / "checkpoints").iterdir())
    assert [file.name for file in kept] == [f"{int(file.name):012d}" for file in kept]
    assert len(kept) == 4
    for file in kept:
        assert open_checkpoint(file.read_text(), read.vkeys).size == int(file.name)
    proven = json.loads((out / "consistency.json").read_text())
    assert [one["old"] for one in proven] == [int(file.name) for file in kept]
    for one in proven:
        assert consistency_holds(
            old_size=one["old"],
            size=one["new"],
            old_root=base64.b64decode(one["old_root"]),
            root=read.signed.root,
            proof=[base64.b64decode(each) for each in one["proof"]],
        )
    proofs = sorted((out / "proofs").glob("*.tlog-proof"))
    assert len(proofs) == 2
    for file in proofs:
        proof = parse_proof(file.read_text())
        leaf = leaf_hash(file.with_suffix(".leaf").read_bytes())
        assert inclusion_holds(
            index=proof.index,
            size=read.signed.size,
            leaf=leaf,
            proof=proof.hashes,
            root=read.signed.root,
        )
    assert not (out / "disclosures").exists()
    assert entries_of(answerable, "access.read")[-1]["data"]["what"] == "log.export"


def test_a_zip_holds_what_the_folder_holds(answerable, tmp_path):
    made = tmp_path / "export.zip"
    exporting.export(answerable, CLI, made, Wanted(), zipped=True)

    with zipfile.ZipFile(made) as archive:
        names = set(archive.namelist())
        read = read_log(lambda name: archive.read(name) if name in names else None)
    assert read.entries == {
        index: entry for index, entry in stored(answerable).items() if index < read.signed.size
    }


def test_a_period_is_widened_to_whole_bundles_and_the_root_is_rebuilt_all_the_same(
    answerable, clock, tmp_path
):
    size = len(stored(answerable))
    late = tmp_path / "late"
    made = exporting.export(
        answerable, CLI, late, Wanted(since=clock.now() - timedelta(minutes=90))
    )
    assert set(read_log(folder(late)).entries) == set(range(256, size))
    assert [one["count"] for one in made.left_out] == [256]

    early = tmp_path / "early"
    exporting.export(
        answerable, CLI, early, Wanted(until=clock.now() - timedelta(hours=3, minutes=30))
    )
    assert set(read_log(folder(early)).entries) == set(range(256))

    none = tmp_path / "none"
    exporting.export(answerable, CLI, none, Wanted(since=clock.now() + timedelta(hours=1)))
    assert read_log(folder(none)).entries == {}
    with pytest.raises(InvalidInput):
        exporting.export(
            answerable, CLI, tmp_path / "x", Wanted(since=clock.now(), until=clock.now())
        )


def test_what_is_disclosed_fits_its_commitment_and_the_log_says_that_it_was(
    answerable, begun, tmp_path
):
    told, silent = begun
    out = tmp_path / "export"
    made = exporting.export(answerable, CLI, out, Wanted(disclose=[told]))

    assert [file.stem for file in (out / "disclosures").iterdir()] == [told]
    assert made.disclosed == 1
    given = json.loads((out / "disclosures" / f"{told}.json").read_text())
    [payload] = given["payloads"]
    data, key = base64.b64decode(payload["data"]), bytes.fromhex(payload["key"])
    assert b"customer-12.5" in data
    proof = parse_proof(
        next((out / "proofs").glob(f"{index_of(answerable, told)}.tlog-*")).read_text()
    )
    entry = json.loads((out / "proofs" / f"{proof.index}.leaf").read_text())
    [committed] = entry["payload"]
    assert commitment(key, told, payload["name"], data).hex() in committed.values()
    assert b"customer-99.5" not in texts(out)
    read = [one for one in entries_of(answerable, "access.read") if "what" in one["data"]]
    assert [one["refs"].get("decision") for one in read] == [None, told]

    everything = tmp_path / "everything"
    exporting.export(answerable, CLI, everything, Wanted(disclose_all=True))
    assert {file.stem for file in (everything / "disclosures").iterdir()} == {told, silent}


def test_known_cases_are_disclosed_to_nobody(answerable, begun, tmp_path):
    told, secret = begun
    ben = accounts.join(answerable, "Ben", "manager")
    with answerable.database.write() as session:
        session.execute(sa.update(Decision).where(Decision.id == secret).values(gold_for=ben.id))
    with pytest.raises(NotFound):
        exporting.export(answerable, CLI, tmp_path / "one", Wanted(disclose=[secret]))
    exporting.export(answerable, CLI, tmp_path / "all", Wanted(disclose_all=True))
    assert [file.stem for file in (tmp_path / "all" / "disclosures").iterdir()] == [told]
    assert b"customer-99.5" not in texts(tmp_path / "all")


def test_our_own_verifier_accepts_it(answerable, begun, clock, tmp_path):
    command = pytest.importorskip("audits.verifying.command")
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The test wants another.")
    publishing.publish(answerable, epoch=1)
    decide(answerable, 7.5)
    sign(answerable)
    for name, wanted, code in (
        ("all", Wanted(disclose_all=True), 0),
        ("one", Wanted(disclose=[begun[0]]), 0),
        # What lies outside the period cannot be checked, and that is said.
        ("late", Wanted(since=clock.now() - timedelta(minutes=90)), 2),
    ):
        exporting.export(answerable, CLI, tmp_path / name, wanted)
        assert command.main([str(tmp_path / name), "--jobs", "1"]) == code
    assert (tmp_path / "one" / "epochs" / "1" / "receipts" / f"{begun[0]}.note").is_file()


def index_of(answerable, record_id):
    with answerable.database.read() as session:
        return session.execute(
            sa.select(Leaf.leaf_index).where(Leaf.record_id == record_id)
        ).scalar_one()


def test_who_may_not_see_it_gets_neither_export_nor_payloads(answerable, begun, tmp_path):
    nobody = replace(READER, permissions=frozenset())
    for actor, wanted, error in (
        (nobody, Wanted(), NotAllowed),
        (READER, Wanted(disclose=[begun[0]]), NotAllowed),
        (READER, Wanted(disclose_all=True), NotAllowed),
        (CLI, Wanted(disclose=[uuid7()]), NotFound),
    ):
        with pytest.raises(error):
            exporting.export(answerable, actor, tmp_path / "export", wanted)
    assert list(tmp_path.glob("*export*")) == []


def test_earlier_epochs_come_along(answerable, tmp_path):
    before = stored(answerable)
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The test wants another.")
    with pytest.raises(NotFound, match="checkpoint"):
        exporting.export(answerable, CLI, tmp_path / "early", Wanted())
    publishing.publish(answerable, epoch=1)
    sign(answerable)

    made = exporting.export(answerable, CLI, tmp_path / "export", Wanted())

    assert made.epochs == 2
    assert before.items() <= read_log(folder(tmp_path / "export"), "epochs/1/").entries.items()
    assert read_log(folder(tmp_path / "export")).signed.origin.endswith("/2")


def test_pruned_entries_are_left_out_and_what_remains_is_proven(answerable, tmp_path):
    with answerable.database.write() as session:
        queries.current(session).min_index = 256
    exporting.export(answerable, CLI, tmp_path / "export", Wanted())
    read = read_log(folder(tmp_path / "export"))
    assert min(read.entries) == 256
    manifest = json.loads((tmp_path / "export" / "manifest.json").read_text())
    assert manifest["epochs"][0]["min_index"] == manifest["epochs"][0]["entries"][0] == 256


def test_an_export_that_fails_leaves_nothing_and_none_is_written_over(
    answerable, tmp_path, monkeypatch
):
    out = tmp_path / "export"
    written = []
    put = exporting._Plain.put

    def failing(self, name, content):
        written.append(name)
        if len(written) == 5:
            raise OSError(28, "No space left on device")
        put(self, name, content)

    with monkeypatch.context() as patched:
        patched.setattr(exporting._Plain, "put", failing)
        with pytest.raises(OSError, match="No space"):
            exporting.export(answerable, CLI, out, Wanted())
    assert list(tmp_path.glob("*export*")) == []

    out.mkdir()
    exporting.export(answerable, CLI, out, Wanted())
    with pytest.raises(Conflict, match="already"):
        exporting.export(answerable, CLI, out, Wanted())


# ---------------------------------------------------------------------------- the copy as files


def test_a_copy_brought_up_to_date_is_the_same_log_as_a_fresh_one(answerable, tmp_path):
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    mirroring.mirror(answerable, grown, entries=True)
    assert mirroring.mirror(answerable, grown, entries=True).written == 0
    for count in (100, 120, 300):
        grow(answerable, count)
        mirroring.mirror(answerable, grown, entries=True)
    mirroring.mirror(answerable, fresh, entries=True)

    assert read_log(folder(grown)) == read_log(folder(fresh))
    assert read_log(folder(grown)).entries == stored(answerable)
    assert not (grown / "tile" / "0" / "001.p").exists()
    assert (grown / "tile" / "0" / "001").is_file()


def test_a_copy_without_entries_has_none_until_they_are_asked_for(answerable, tmp_path):
    mirroring.mirror(answerable, tmp_path / "copy")
    assert read_log(folder(tmp_path / "copy")).entries == {}
    mirroring.mirror(answerable, tmp_path / "copy", entries=True)
    assert read_log(folder(tmp_path / "copy")).entries == stored(answerable)


def test_wherever_writing_the_copy_ends_what_is_there_is_a_whole_log(
    answerable, tmp_path, monkeypatch
):
    copy = tmp_path / "copy"
    mirroring.mirror(answerable, copy)
    grow(answerable, 250)
    put = files.Folder.put
    sizes = set()
    for ends_at in range(1, 12):
        left = iter(range(ends_at))

        def ending(self, name, content, left=left):
            if next(left, None) is None:
                raise OSError(28, "No space left on device")
            put(self, name, content)

        with monkeypatch.context() as patched:
            patched.setattr(files.Folder, "put", ending)
            try:
                mirroring.mirror(answerable, copy)
            except OSError:
                sizes.add(read_log(folder(copy)).signed.size)
    mirroring.mirror(answerable, copy)
    assert len(sizes) == 1
    assert read_log(folder(copy)).signed.size > max(sizes)


def test_the_names_at_the_top_lead_to_the_newest_epoch(answerable, tmp_path):
    copy = tmp_path / "copy"
    mirroring.mirror(answerable, copy)
    first = read_log(folder(copy)).signed
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The test wants another.")
    mirroring.mirror(answerable, copy)
    assert read_log(folder(copy)).signed == first

    publishing.publish(answerable, epoch=1)
    sign(answerable)
    mirroring.mirror(answerable, copy)

    assert read_log(folder(copy)).signed.origin.endswith("/2")
    assert read_log(folder(copy), "epochs/1/").signed.size > first.size


def test_a_folder_with_another_history_is_left_as_it_is(answerable, tmp_path):
    copy = tmp_path / "copy"
    mirroring.mirror(answerable, copy)
    before = texts(copy)
    with answerable.database.write() as session:
        session.execute(
            sa.delete(publishing.StoredCheckpoint).where(publishing.StoredCheckpoint.size >= 200)
        )
    with pytest.raises(Conflict, match="does not continue"):
        mirroring.mirror(answerable, copy)
    assert texts(copy) == before

    other = tmp_path / "other"
    (other / "epochs" / "1").mkdir(parents=True)
    (other / "epochs" / "1" / "checkpoint").write_text("something else")
    with pytest.raises(Conflict, match="is no checkpoint of"):
        mirroring.mirror(answerable, other)
    used = tmp_path / "used"
    (used / "tile").mkdir(parents=True)
    with pytest.raises(Conflict, match="already"):
        mirroring.mirror(answerable, used)


def test_commands_write_all_three(answerable, begun, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from governance.cli import answerable as command

    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", answerable.settings.database_url)
    monkeypatch.setenv("ANSWERABLE_HIGHWATER_DIR", str(answerable.settings.highwater))

    def run(*arguments, ends_with=0):
        home = ["--home", str(answerable.settings.home), "audit"]
        done = CliRunner().invoke(command, [*home, *map(str, arguments)])
        assert done.exit_code == ends_with, done.output
        return done.output

    proof, leaf = tmp_path / "a.tlog-proof", tmp_path / "a.leaf"
    run("prove", begun[0], "--out", proof, "--entry", leaf)
    read = read_log(folder_of(run, tmp_path))
    proven = parse_proof(proof.read_text())
    assert proof.read_text() == run("prove", begun[0])
    assert read.entries[proven.index] == leaf.read_bytes()
    vkey = tmp_path / "exported" / "log.vkey"
    checking = ("check-proof", proof, "--entry", leaf, "--vkey", vkey)
    assert f"entry {proven.index} of {read.signed.origin}" in run(*checking)
    leaf.write_bytes(leaf.read_bytes() + b" ")
    assert "does not lead from this entry" in run(*checking, ends_with=1)
    vkey.write_text("no key")
    assert "A verifying key has the form" in run(*checking, ends_with=1)
    told = run("export", "--out", tmp_path / "e.zip", "--zip", "--since", "2020-01-01", "--json")
    assert json.loads(told)["size"] == read.signed.size
    run("publish", "--dir", tmp_path / "copy")
    assert read_log(folder(tmp_path / "copy")).signed == read.signed


def folder_of(run, tmp_path: Path):
    run("export", "--out", tmp_path / "exported")
    return folder(tmp_path / "exported")
