"""The log asks its witnesses, takes what they sign, and says what keeps one from signing."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audits.log import cosignatures, notes
from audits.log.cosignatures import CosigningKey
from audits.log.entries import EntryKind
from audits.log.notes import VerifyingKey
from audits.log.tiles import TileAt
from audits.log.witness_policy import PolicyWitness
from audits.sentences import verbatim
from governance.actors import service
from governance.clock import SystemClock
from governance.errors import NotFound
from governance.jobs.parts import Parts
from governance.ledger import epochs, keys, publishing, queries, reading, serving, witnessing
from governance.ledger.models import Log, StoredCheckpoint, StoredCosignature, WitnessState
from governance.ledger.sequencing import drain
from governance.ledger.witnessing import WitnessesFailed
from governance.operations.status import Part, State, status
from governance.witness import folder as kept
from governance.witness.answering import add_checkpoint
from governance.worker import told
from tests import receiver, witnesses

CLI = service("cli")


@pytest.fixture
def vkey(answerable):
    with answerable.database.read() as session:
        return queries.current(session).vkey


@pytest.fixture
def watching(answerable, tmp_path, vkey, clock):
    """Run witnesses and name them in the settings."""
    with ExitStack() as stack:

        def watching(count=1, *, mode="best_effort", needed=None, more=(), time=clock):
            found = [
                stack.enter_context(
                    witnesses.witness(
                        tmp_path / f"w{n}", vkey, clock=time, name=f"witness.example/w{n}"
                    )
                )
                for n in range(count)
            ]
            named(answerable, tmp_path, *found, *more, mode=mode, needed=needed)
            return found

        yield watching


def named(answerable, tmp_path, *found, mode="best_effort", needed=None):
    path = witnesses.policy_file(tmp_path / "policy", *found, needed=needed)
    answerable.settings = replace(answerable.settings, witness_policy=path, witness_mode=mode)


def grow(answerable, count=3):
    with answerable.work(CLI) as work:
        for n in range(count):
            work.record(EntryKind.SETTINGS_CHANGED, data={"n": n})
    drain(answerable)
    publishing.publish(answerable)


def newest(answerable):
    with answerable.look(CLI) as work:
        return reading.newest_checkpoint(work)


def cosigners(answerable, found):
    """Return who cosigned the checkpoint that is given out, as a reader finds them."""
    given = newest(answerable)
    notes.open_checkpoint(given.note, [VerifyingKey.parse(given.vkey)])
    known = [one.key for one in found]
    return {one.cosigner.name for one in cosignatures.check_cosignatures(given.note, known)}


def look(answerable, part=Part.WITNESSES):
    return next(view for view in status(answerable, CLI) if view.part is part)


def dead(name="dead"):
    """Return a witness at an address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = CosigningKey(name=f"witness.example/{name}", seed=name.encode().ljust(32)).verifying_key
    return PolicyWitness(name=name, key=key, url=f"http://127.0.0.1:{port}")


def test_cosignatures_stand_below_the_checkpoint_that_is_given_out(answerable, watching):
    found = watching(2)
    for _ in range(3):
        grow(answerable, 300)
        assert witnessing.run(answerable) == 2
        assert cosigners(answerable, found) == {"witness.example/w0", "witness.example/w1"}
    # What was cosigned is not asked for again.
    assert witnessing.run(answerable) == 0
    with answerable.look(CLI) as work:
        outside = reading.outside(work)
    assert outside.quorum
    assert {one.size for one in outside.witnesses} == {newest(answerable).size}
    assert look(answerable).state is State.OK


def test_where_none_is_named_nobody_is_asked(answerable):
    grow(answerable)
    assert answerable.settings.witnessing == "off"
    assert witnessing.run(answerable) == 0
    assert look(answerable).state is State.OFF


def test_a_witness_that_is_gone_costs_its_own_cosignature_and_nothing_else(
    answerable, watching, clock
):
    found = watching(1, more=[dead()])
    grow(answerable)
    since = clock.now()
    with pytest.raises(WitnessesFailed, match="Witness dead: it refused the connection") as failed:
        witnessing.run(answerable)
    assert "refused" in told(failed.value)
    assert cosigners(answerable, found) == {"witness.example/w0"}
    clock.advance(seconds=30)
    with pytest.raises(WitnessesFailed):
        witnessing.run(answerable)
    with answerable.look(CLI) as work:
        gone = next(one for one in reading.outside(work).witnesses if one.name == "dead")
    assert gone.failing_since == since


def test_where_a_quorum_is_required_a_checkpoint_is_given_out_only_with_it(
    answerable, watching, tmp_path, clock
):
    grow(answerable)
    before = newest(answerable)
    found = watching(1, mode="required", more=[dead()])
    grow(answerable)
    with pytest.raises(WitnessesFailed):
        witnessing.run(answerable)
    # Signed and cosigned by one of two, and nobody gets to see it.
    assert newest(answerable) == before
    with answerable.look(CLI) as work:
        waiting = reading.outside(work)
        assert waiting.signed > waiting.published == before.size
        log = queries.current(work.session)
        assert serving.checkpoint(work.session, log.epoch) == before.note
        with pytest.raises(NotFound):
            serving.content(work.session, log, TileAt(level=0, index=0, width=waiting.signed))
    clock.advance(minutes=3)
    late = look(answerable)
    assert late.state is State.FAILING
    assert f"{before.size} of {waiting.signed}" in late.detail
    assert "decisions go on" in look_reported(answerable)
    # One of the two is enough from now on.
    named(answerable, tmp_path, *found, dead(), mode="required", needed=1)
    with pytest.raises(WitnessesFailed):
        witnessing.run(answerable)
    assert newest(answerable).size == waiting.signed
    assert cosigners(answerable, found) == {"witness.example/w0"}


def look_reported(answerable):
    """Return what the status page advises once the background work has reported the fault."""
    Parts(answerable).failing("witnesses", verbatim("Witness dead: it refused the connection."))
    return look(answerable).todo


def test_what_waited_is_given_out_where_witnesses_are_no_longer_required(answerable, tmp_path):
    grow(answerable)
    before = newest(answerable).size
    named(answerable, tmp_path, dead(), mode="required")
    grow(answerable)
    assert newest(answerable).size == before
    answerable.settings = replace(answerable.settings, witness_mode="best_effort")
    publishing.publish(answerable)
    assert newest(answerable).size > before


def test_a_lost_answer_is_made_up_for_from_the_size_that_the_witness_tells(
    answerable, watching, tmp_path
):
    found = watching(1)
    grow(answerable)
    witnessing.run(answerable)
    grow(answerable)
    # It cosigned, and was killed before it could answer.
    with answerable.database.read() as session:
        signed = queries.newest_checkpoint(session, queries.current(session).epoch)
    witnessing.run(answerable)
    with answerable.database.write() as session:
        session.execute(sa.delete(StoredCosignature).where(StoredCosignature.size == signed.size))
        session.execute(sa.update(WitnessState).values(size=1))
    grow(answerable)
    assert witnessing.run(answerable) == 1
    assert cosigners(answerable, found) == {"witness.example/w0"}


def test_a_log_that_was_rolled_back_is_told_so_by_its_witness(
    answerable, watching, tmp_path, clock
):
    watching(1)
    grow(answerable)
    with answerable.database.read() as session:
        log = queries.current(session)
    (key,) = keys.signing_keys(answerable, log)
    ahead(tmp_path / "w0", key, log.size + 40, clock)
    with pytest.raises(WitnessesFailed, match=f"has cosigned {log.size + 40} entries, and this"):
        witnessing.run(answerable)
    assert "rolled back" in fault(answerable)


def test_a_fork_is_refused_at_the_same_size_and_beyond_it(answerable, watching, tmp_path, clock):
    watching(1)
    grow(answerable)
    with answerable.database.read() as session:
        log = queries.current(session)
    (key,) = keys.signing_keys(answerable, log)
    # The witness saw another history of the same length, under the same key.
    ahead(tmp_path / "w0", key, log.size, clock)
    with pytest.raises(WitnessesFailed, match="Two histories were signed"):
        witnessing.run(answerable)
    grow(answerable)
    with pytest.raises(WitnessesFailed, match=r"begins with the \d+ entries .* \(422\)"):
        witnessing.run(answerable)
    assert newest(answerable).note.count("\u2014 ") == 1


def ahead(folder, key, size, clock):
    """Let a witness cosign another history of a log."""
    other = witnesses.MadeLog(key.name, key.seed)
    assert add_checkpoint(folder, other.asked(0, size), clock).status == 200


def fault(answerable):
    with answerable.look(CLI) as work:
        return reading.outside(work).witnesses[0].fault


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_other_answer_is_told_with_what_to_do(answerable, tmp_path):
    grow(answerable)
    key = CosigningKey(name="w.example", seed=bytes(32))
    stranger = CosigningKey(name="v.example", seed=bytes([1]) * 32)
    with answerable.database.read() as session:
        signed = queries.newest_checkpoint(session, queries.current(session).epoch)
    body, _ = notes.split_note(signed.note)
    at = int(answerable.clock.now().timestamp())
    good, bad = key.cosign(body, at), key.cosign(body.replace("\n", "\n1", 1), at)
    size = "text/x.tlog.size"
    for answer, sentence in (
        (("400 Bad Request",), r"\(400\)"),
        (("403 Forbidden",), r"key anew"),
        (("404 Not Found",), r"answerable witness watch"),
        (("422 Unprocessable Entity",), r"forked or changed"),
        (("500 Internal Server Error",), r"it answered 500"),
        (("302 Found",), r"it answered 302"),
        (("409 Conflict", b"1\n"), r"without the size"),
        (("409 Conflict", b"one\n", size), r"not as it should"),
        (("200 OK", b""), r"without a cosignature"),
        (("200 OK", stranger.cosign(body, at).encode()), r"without a cosignature"),
        (("200 OK", b"fine\n"), r"cannot be used"),
        (("200 OK", good.encode().rstrip(b"\n")), r"cannot be used"),
        (("200 OK", bad.encode()), r"does not fit"),
        (("200 OK", b"\xff\n"), r"no text"),
    ):
        with witnesses.serving(witnesses.answering(*answer)) as url:
            named(answerable, tmp_path, PolicyWitness(name="w", key=key.verifying_key, url=url))
            with pytest.raises(WitnessesFailed, match=sentence):
                witnessing.run(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(StoredCosignature)).first() is None
    # Lines of others are passed over.
    lines = (stranger.cosign(body, at) + good).encode()
    with witnesses.serving(witnesses.answering("200 OK", lines)) as url:
        named(answerable, tmp_path, PolicyWitness(name="w", key=key.verifying_key, url=url))
        assert witnessing.run(answerable) == 1
    assert newest(answerable).note == f"{signed.note}{good}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_witness_that_hangs_or_drips_is_cut_off(answerable, tmp_path, monkeypatch):
    grow(answerable)
    monkeypatch.setattr(witnessing, "SECONDS", 0.3)

    def hangs(connection):
        while connection.recv(4096):
            pass

    def drips(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(100):
            connection.sendall(b"X-Slow: 1\r\n")
            time.sleep(0.05)

    for behaves in (hangs, drips):
        with receiver.raw(behaves) as port:
            one = replace(dead(), url=f"http://127.0.0.1:{port}")
            named(answerable, tmp_path, one)
            begun = time.monotonic()
            with pytest.raises(WitnessesFailed, match=r"within 0\.3 seconds"):
                witnessing.run(answerable)
            assert time.monotonic() - begun < 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_witness_whose_clock_is_far_off_is_told_of(answerable, watching):
    found = watching(1, time=SystemClock())
    grow(answerable)
    with pytest.raises(WitnessesFailed, match="its clock says"):
        witnessing.run(answerable)
    assert cosigners(answerable, found) == {"witness.example/w0"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_policy_that_cannot_be_read_is_told_and_asks_nobody(answerable, tmp_path):
    grow(answerable)
    path = tmp_path / "policy"
    path.write_bytes(b"quorum nobody\n")
    answerable.settings = replace(answerable.settings, witness_policy=path, witness_mode="required")
    view = look(answerable)
    assert view.state is State.FAILING
    assert "Line 1 of the policy" in view.detail
    before = newest(answerable)
    grow(answerable)
    assert newest(answerable) == before
    path.unlink()
    assert "No such file" in look(answerable).detail
    answerable.settings = replace(answerable.settings, witness_policy=None)
    assert "names no file" in look(answerable).detail


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_last_checkpoint_of_a_closed_epoch_is_cosigned_too(answerable, watching, tmp_path):
    watching(1)
    grow(answerable)
    witnessing.run(answerable)
    with answerable.work(CLI) as work:
        opened = epochs.new_epoch(work, reason="A test.")
    publishing.publish(answerable, epoch=1)
    kept.watch(tmp_path / "w0", opened.vkey)
    grow(answerable)
    assert witnessing.run(answerable) == 2
    with answerable.database.read() as session:
        first = queries.newest_checkpoint(session, 1)
        assert session.get_one(Log, 1).size == first.size
        assert queries.cosignature_lines(session, 1, [first.size])[first.size]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_cosigned_checkpoints_are_not_thinned_out(answerable, watching, clock):
    watching(1)
    grow(answerable)
    witnessing.run(answerable)
    with answerable.database.read() as session:
        cosigned = queries.newest_checkpoint(session, 1).size
    for _ in range(3):
        grow(answerable)
    clock.advance(hours=30)
    assert publishing.thin_out(answerable, clock.now()) > 0
    with answerable.database.read() as session:
        sizes = set(session.execute(sa.select(StoredCheckpoint.size)).scalars())
    assert cosigned in sizes
