"""Promises that were not kept are found, keys follow one another, and everything signed before still verifies."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from audits.log import notes, receipts
from audits.log.notes import SigningKey, VerifyingKey, open_checkpoint
from governance.actors import service
from governance.application import open_installation
from governance.cli import answerable as command
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest, ProposalAsked
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, WrongInstallation
from governance.ledger import epochs, keys, publishing, queries, reading, rotation
from governance.ledger.models import (
    KeyPurpose,
    Leaf,
    LogKey,
    LogRecord,
    PendingRecord,
    StoredCheckpoint,
)
from governance.ledger.sequencing import drain
from governance.operations import receipt_checks
from governance.operations.receipt_checks import Kept, Verdict
from governance.operations.status import Part, State, status
from governance.operations.verifying import verify
from governance.points.service import bootstrap_publish
from tests.conftest import MOSTLY_SQLITE, Beginning
from tests.integration.test_log import change
from tests.integration.test_log_verification import POLICY

CLI = service("cli")


def publish_policy(answerable) -> None:
    with answerable.work(CLI) as work:
        bootstrap_publish(work, POLICY.replace("groups: [gender]\n", ""))


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("receipts", publish_policy)


def ask(answerable):
    request = DecisionRequest(
        decision_point="offers",
        features={"charges": 12.5},
        proposal=ProposalAsked(outcome="offer", confidence=0.95),
    )
    return decisions.ask(answerable, service("shop"), Asked(request=request))


def settle(answerable) -> str | None:
    drain(answerable)
    return publishing.publish(answerable)


def check(answerable, *texts):
    kept = [Kept(where=str(number), text=text) for number, text in enumerate(texts)]
    return receipt_checks.check(answerable, kept)


def rotate(answerable, purpose, **options):
    with answerable.work(CLI) as work:
        return rotation.rotate(work, purpose, **options)


def current(answerable):
    with answerable.database.read() as session:
        return queries.current(session)


def exit_code(answerable):
    report = verify(answerable)
    assert [str(finding) for finding in report.findings] == []
    return report.exit_code


def test_a_pending_entry_that_was_deleted_is_a_promise_that_was_broken(answerable, clock):
    kept = [ask(answerable).receipt for _ in range(3)]
    gone = ask(answerable)
    assert check(answerable, *kept, gone.receipt).counts == {Verdict.NOT_DUE: 4}
    change(answerable, sa.delete(PendingRecord).where(PendingRecord.record_id == gone.id))
    change(answerable, sa.delete(LogRecord).where(LogRecord.id == gone.id))
    settle(answerable)

    assert check(answerable, *kept, gone.receipt).counts == {Verdict.KEPT: 3, Verdict.NOT_DUE: 1}
    clock.advance(seconds=61)
    report = check(answerable, *kept, gone.receipt)
    assert report.counts == {Verdict.KEPT: 3, Verdict.BROKEN: 1}
    (found,) = report.findings
    assert (found.record_id, found.where, report.exit_code) == (gone.id, "3", 1)


def test_a_promise_is_not_kept_before_it_is_signed_nor_by_a_row_that_was_put_in(answerable, clock):
    settle(answerable)
    first, second = ask(answerable), ask(answerable)
    drain(answerable)
    clock.advance(seconds=61)
    assert check(answerable, first.receipt).counts == {Verdict.BROKEN: 1}
    publishing.publish(answerable)
    assert check(answerable, first.receipt).counts == {Verdict.KEPT: 1}
    # The place of one is given to the other, whose own is taken away.
    change(answerable, sa.delete(Leaf).where(Leaf.record_id == second.id))
    change(
        answerable,
        sa.update(Leaf).where(Leaf.record_id == first.id).values(record_id=second.id),
    )
    forged = replace(receipts.parse(second.receipt), leaf_hash=bytes(32))
    own = receipts.sign(forged, answerable.receipts.key)
    assert check(answerable, own).counts == {Verdict.BROKEN: 1}
    # The tree itself still keeps both promises.
    assert check(answerable, first.receipt, second.receipt).counts == {Verdict.KEPT: 2}


def test_forged_and_unreadable_receipts_are_told_apart(answerable, clock):
    true = ask(answerable).receipt
    settle(answerable)
    stranger = SigningKey(name=answerable.receipts.key.name, seed=b"s" * 32)
    forged = receipts.sign(receipts.parse(true), stranger)
    changed = true.replace("\n60\n", "\n61\n")

    report = check(answerable, true, forged, changed, "no receipt", None)
    assert report.counts == {Verdict.KEPT: 1, Verdict.FORGED: 2, Verdict.UNREADABLE: 1}
    assert (report.exit_code, report.without) == (1, 1)
    assert check(answerable, true, "no receipt").exit_code == 2
    assert check(answerable, true).exit_code == 0
    assert check(answerable).exit_code == 3


def test_what_a_stolen_key_promised_is_no_evidence_but_what_was_kept_stays_kept(answerable, clock):
    true = ask(answerable).receipt
    settle(answerable)
    stolen = answerable.receipts.key
    with pytest.raises(InvalidInput, match="how you know"):
        rotate(answerable, KeyPurpose.RECEIPT, stolen_because=" ")
    rotate(answerable, KeyPurpose.RECEIPT, stolen_because="A laptop with it is gone.")
    settle(answerable)
    thief = receipts.sign(replace(receipts.parse(true), leaf_hash=b"x" * 32), stolen)
    clock.advance(minutes=2)

    report = check(answerable, true, thief, ask(answerable).receipt)
    assert report.counts == {Verdict.KEPT: 1, Verdict.WORTHLESS: 1, Verdict.NOT_DUE: 1}
    assert report.exit_code == 2
    assert exit_code(answerable) == 0


def test_both_keys_of_the_log_sign_for_thirty_days_and_everything_verifies(answerable, clock):
    first = settle(answerable)
    (old,) = current(answerable).verifying_keys
    new = VerifyingKey.parse(rotate(answerable, KeyPurpose.LOG).vkey)
    with pytest.raises(Conflict, match="change over"):
        rotate(answerable, KeyPurpose.LOG)
    both = settle(answerable)
    assert open_checkpoint(both, [old]) == open_checkpoint(both, [new])
    assert len(notes.open_note(both, [old, new]).signed_by) == 2

    clock.advance(days=29)
    assert rotation.retire_due(answerable) == 0
    clock.advance(days=1)
    assert rotation.retire_due(answerable) == 1
    last = settle(answerable)
    assert notes.open_note(last, [old, new]).signed_by == (new,)
    with answerable.look(CLI) as work:
        assert reading.newest_checkpoint(work).vkey == new.encode()
    # The file of the key that was retired may be deleted.
    keys.key_file(answerable, 1).unlink()
    ask(answerable)
    settle(answerable)
    for note in (first, both):
        open_checkpoint(note, [old])
    assert exit_code(answerable) == 0
    opened = open_installation(answerable.settings, clock=clock)
    assert publishing.publish(opened) is None
    opened.close()


@MOSTLY_SQLITE
def test_a_key_is_not_retired_before_the_next_one_signs(answerable, clock):
    settle(answerable)
    made = rotate(answerable, KeyPurpose.LOG)
    made.file.rename(made.file.with_suffix(".elsewhere"))
    ask(answerable)
    settle(answerable)
    clock.advance(days=31)
    assert rotation.retire_due(answerable) == 0


def test_a_checkpoint_of_a_retired_key_alone_is_refused(answerable, clock):
    settle(answerable)
    (retired,) = keys.signing_keys(answerable, current(answerable))
    rotate(answerable, KeyPurpose.LOG)
    settle(answerable)
    clock.advance(days=30)
    rotation.retire_due(answerable)
    settle(answerable)
    log = current(answerable)
    alone = notes.sign(notes.checkpoint_body(log.origin, log.size, log.root), retired)
    change(
        answerable,
        sa.update(StoredCheckpoint).where(StoredCheckpoint.size == log.size).values(note=alone),
    )
    findings = [finding.what for finding in verify(answerable).findings]
    assert findings == [f"the checkpoint of size {log.size} cannot be relied on"]


def test_a_key_that_no_entry_names_is_found(answerable):
    settle(answerable)
    intruder = SigningKey(name=answerable.receipts.key.name, seed=b"i" * 32).verifying_key.encode()
    with answerable.database.write() as session:
        queries.add_key(
            session,
            vkey=intruder,
            purpose=KeyPurpose.RECEIPT,
            epoch=1,
            active_from=0,
            now=answerable.clock.now(),
        )
        session.execute(
            sa.update(LogKey).where(LogKey.purpose == KeyPurpose.LOG).values(active_from_index=7)
        )
    found = {finding.what: finding for finding in verify(answerable).findings}
    assert found[f"the key {intruder} is not what the entries say"].expected == "no such key"
    assert len(found) == 2


def test_an_installation_without_a_key_for_receipts_is_given_one(answerable, clock):
    # As an upgrade leaves it.
    drain(answerable)
    keys.receipt_file(answerable).unlink()
    with answerable.database.write() as session:
        session.execute(sa.delete(LogKey).where(LogKey.purpose == KeyPurpose.RECEIPT))
    before = ask(answerable)
    assert before.receipt is None

    opened = open_installation(answerable.settings, clock=clock)
    try:
        assert opened.receipts.key is not None
        with opened.database.read() as session:
            (row,) = queries.active_keys(session, KeyPurpose.RECEIPT)
            promised = opened.receipts.again(session, before.id)
        assert row.vkey == opened.receipts.key.verifying_key.encode()
        # Who asked before is promised it when they ask again.
        assert receipts.parse(promised).record_id == before.id
        again = open_installation(answerable.settings, clock=clock)
        assert again.receipts.key == opened.receipts.key
        again.close()
    finally:
        opened.close()


def test_a_process_with_another_key_for_receipts_does_not_start(answerable, clock, monkeypatch):
    monkeypatch.setenv(keys.RECEIPT_VARIABLE, "A" * 43 + "=")
    keys.receipt_file(answerable).unlink()
    with pytest.raises(WrongInstallation, match="none of those that count"):
        open_installation(answerable.settings, clock=clock)
    # But where it was lost, another can be made.
    opened = open_installation(answerable.settings, clock=clock, receipt_key_needed=False)
    try:
        made = rotate(opened, KeyPurpose.RECEIPT)
        assert opened.receipts.key.verifying_key.encode() == made.vkey
    finally:
        opened.close()


@MOSTLY_SQLITE
def test_a_key_that_cannot_be_read_leaves_the_one_that_still_counts(answerable):
    before = answerable.receipts.key
    made = rotate(answerable, KeyPurpose.RECEIPT)
    made.file.write_text("no secret")
    ask(answerable)
    assert answerable.receipts.key == before
    view = next(view for view in status(answerable, CLI) if view.part is Part.RECEIPTS)
    assert view.state is State.OK
    made.file.unlink()
    rotate(answerable, KeyPurpose.RECEIPT, stolen_because="Seen elsewhere.").file.unlink()
    assert ask(answerable).receipt is None
    view = next(view for view in status(answerable, CLI) if view.part is Part.RECEIPTS)
    assert view.state is State.FAILING
    assert "rotate-key receipt" in view.todo


def test_a_new_epoch_names_the_keys_of_receipts_and_keeps_their_promises(answerable, clock):
    before = ask(answerable).receipt
    settle(answerable)
    with answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The log key was stolen.")
    publishing.publish(answerable, epoch=1)
    after = ask(answerable).receipt
    settle(answerable)
    clock.advance(hours=1)
    assert check(answerable, before, after).counts == {Verdict.KEPT: 2}
    assert exit_code(answerable) == 0


def test_receipts_are_rebuilt_for_an_export_as_they_were_given(answerable):
    given = {view.id: view.receipt for view in [ask(answerable) for _ in range(3)]}
    settle(answerable)
    with answerable.database.read() as session:
        rebuilt = {one: answerable.receipts.again(session, one) for one in given}
    assert rebuilt == given


@MOSTLY_SQLITE
def test_the_command_reads_what_apps_keep(answerable, monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("ANSWERABLE_SECRET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANSWERABLE_HOME", str(answerable.settings.home))
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", answerable.settings.database_url)
    monkeypatch.setenv("ANSWERABLE_HIGHWATER_DIR", str(answerable.settings.highwater))

    def run(*arguments):
        return CliRunner().invoke(command, ["audit", *map(str, arguments)])

    made = [ask(answerable) for _ in range(4)]
    settle(answerable)
    kept = tmp_path / "kept"
    (kept / "notes").mkdir(parents=True)
    (kept / "notes" / f"{made[0].id}.note").write_text(made[0].receipt)
    lines = [{"id": view.id, "receipt": view.receipt} for view in made[1:3]]
    lines.append({"title": "Invalid", "status": 422, "line": 3})
    (kept / "answers.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    one = tmp_path / "one.json"
    one.write_text(json.dumps({"id": made[3].id, "receipt": made[3].receipt}, indent=2))

    told = json.loads(run("receipts", "check", kept, one, "--json").output)
    assert (told["exit_code"], told["checked"], told["kept"]) == (0, 4, 4)
    assert (told["without_receipt"], told["findings"]) == (1, [])
    one.write_text(made[3].receipt.replace("/receipt\n", "/receipts\n"))
    said = run("receipts", "check", kept, one)
    assert said.exit_code == 2
    assert str(one) in said.output
    assert "3 kept" in said.output
    for nothing in ([], [tmp_path / "nowhere"]):
        said = run("receipts", "check", *nothing)
        assert (said.exit_code, "Traceback" in said.output) == (3, False)

    rotated = json.loads(run("rotate-key", "receipt", "--json").output)
    assert VerifyingKey.parse(rotated["vkey"]).name.endswith("/receipt")
    assert run("rotate-key", "log", "--stolen", "gone").exit_code == 1
    said = run("rotate-key", "log")
    assert (said.exit_code, "counts until" in said.output) == (0, True)
