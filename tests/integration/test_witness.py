"""A witness of ours cosigns only what continues what it cosigned before, whatever it is asked and whenever it is killed."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from audits.log import cosignatures, notes
from audits.log.tree import consistency_proof, leaf_hash, root
from audits.log.witness_protocol import AddCheckpoint
from governance.cli import answerable as command
from governance.errors import Conflict, InvalidInput, WrongInstallation
from governance.witness import folder as kept
from governance.witness.answering import add_checkpoint, application, listing
from tests import processes, witnesses
from tests.witnesses import MadeLog

LOG = MadeLog()
OTHER = MadeLog("other.example", bytes(32))


class Clock:
    at = datetime(2026, 11, 26, 12, tzinfo=UTC)

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def folder(tmp_path):
    kept.make(tmp_path / "witness", "witness.example/w1")
    kept.watch(tmp_path / "witness", LOG.vkey)
    return tmp_path / "witness"


@pytest.fixture
def ask(folder, clock):
    def ask(body):
        answer = add_checkpoint(folder, body, clock)
        return int(answer.status), answer.body

    return ask


def test_a_log_that_grows_is_cosigned_and_each_cosignature_can_be_checked(folder, ask, clock):
    key = kept.key_of(folder).verifying_key
    for old, size in ((0, 5), (5, 5), (5, 6), (6, 700)):
        clock.at += timedelta(seconds=7)
        status, line = ask(LOG.asked(old, size))
        assert status == 200
        note = cosignatures.with_lines(LOG.note(size), [line])
        (found,) = cosignatures.check_cosignatures(note, [key])
        assert found.time == int(clock.at.timestamp())
    kept_now = kept.read(folder, LOG.key.name)
    assert kept_now.size == 700
    assert kept_now.note == note


def test_what_it_refuses_is_refused_with_the_status_that_the_protocol_names(folder, ask):
    assert ask(LOG.asked(0, 5))[0] == 200
    unsigned = MadeLog(seed=bytes([7]) * 32)

    # Not understood.
    whole = LOG.asked(5, 9)
    for body in (
        b"",
        b"\xff",
        whole.replace(b"old 5", b"old 05"),
        whole.replace(b"old 5", b"new 5"),
        whole.replace(b"\n\n", b"\n", 1),
        LOG.asked(5, 9).replace(b"\nlog.corner", b"\nAAAA\n\nlog.corner", 1),
        b"old 5\n" + b"A" * 44 + b"\n" * 2,
        AddCheckpoint(old_size=5, proof=[bytes(32)] * 64, note=LOG.note(9)).encode(),
    ):
        assert ask(body)[0] == 400, body
    # The old size is above the new one.
    assert ask(LOG.asked(9, 5))[0] == 400
    # Signed by no key that it knows, or by none of this log.
    assert ask(unsigned.asked(5, 9))[0] == 403
    # No log that it watches.
    assert ask(OTHER.asked(0, 3))[0] == 404
    # Another size than the one that it cosigned last.
    assert ask(LOG.asked(0, 9)) == (409, "5\n")
    assert ask(LOG.asked(4, 9)) == (409, "5\n")
    # The same size with another root.
    assert ask(LOG.asked(5, 5, "fork ")) == (409, "5\n")
    # A history that does not begin with what was cosigned, and a proof that is none.
    assert ask(LOG.asked(5, 9, "fork "))[0] == 422
    assert ask(AddCheckpoint(old_size=5, proof=[], note=LOG.note(9)).encode())[0] == 422
    padded = AddCheckpoint(old_size=5, proof=[bytes(32)], note=LOG.note(5)).encode()
    assert ask(padded)[0] == 422
    # After all that it knows what it knew.
    assert kept.read(folder, LOG.key.name).size == 5
    assert ask(whole)[0] == 200


def test_a_log_that_was_rolled_back_is_not_cosigned_again(ask):
    assert ask(LOG.asked(0, 9))[0] == 200
    assert ask(LOG.asked(5, 5)) == (409, "9\n")
    assert ask(LOG.asked(9, 5))[0] == 400


def test_of_two_histories_submitted_at_once_one_is_cosigned_and_never_both(folder, clock):
    add_checkpoint(folder, LOG.asked(0, 4), clock)
    bodies = [LOG.asked(4, 5 + n) for n in range(6)] + [_forked(4, 5 + n) for n in range(6)]
    ready = threading.Barrier(len(bodies))
    answers = {}

    def submit(n):
        ready.wait()
        answers[n] = int(add_checkpoint(folder, bodies[n], clock).status)

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Each asks from the same old size, so that whoever comes first leaves the others a conflict.
    assert sorted(answers.values()) == [200] + [409] * (len(bodies) - 1)


def _forked(old, size):
    """Return a request of a history that begins with the same entries and goes on with others."""
    leaves = [leaf_hash(f"{'' if n < old else 'fork '}{n}".encode()) for n in range(size)]
    proof = consistency_proof(old, size, lambda a, b: root(leaves[a:b]))
    body = notes.checkpoint_body(LOG.key.name, size, root(leaves))
    return AddCheckpoint(old_size=old, proof=proof, note=notes.sign(body, LOG.key)).encode()


def test_a_crash_before_or_after_the_state_is_on_the_disk_leaves_one_history(
    folder, ask, monkeypatch
):
    assert ask(LOG.asked(0, 4))[0] == 200

    class Killed(BaseException):
        pass

    def dies(*_):
        raise Killed

    # Before the new state took the place of the old one: as if nothing had been asked.
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dies)
        with pytest.raises(Killed):
            ask(LOG.asked(4, 6))
    assert kept.read(folder, LOG.key.name).size == 4
    # After it, and before the answer: the log must go on from there, and a fork finds the door shut.
    write = kept.write
    with monkeypatch.context() as patched:
        patched.setattr(kept, "write", lambda *a: (write(*a), dies()))
        with pytest.raises(Killed):
            ask(LOG.asked(4, 6))
    assert ask(_forked(4, 6)) == (409, "6\n")
    assert ask(LOG.asked(6, 6))[0] == 200


def test_a_state_that_is_lost_or_edited_stops_it_rather_than_starting_anew(folder, ask):
    assert ask(LOG.asked(0, 4))[0] == 200
    (path,) = (folder / "logs").glob("*.json")
    sound = path.read_bytes()

    path.write_bytes(sound.replace(b"\\n4\\n", b"\\n2\\n"))
    assert ask(LOG.asked(2, 5))[0] == 500
    with pytest.raises(WrongInstallation, match="changed"):
        kept.watch(folder, LOG.vkey)
    path.unlink()
    assert ask(LOG.asked(0, 5))[0] == 500
    assert int(listing(folder).status) == 500
    with pytest.raises(WrongInstallation, match="gone"):
        kept.watch(folder, LOG.vkey)
    path.write_bytes(sound)
    assert ask(LOG.asked(4, 5))[0] == 200


def test_it_does_not_cosign_with_an_earlier_time_than_before(ask, clock):
    assert ask(LOG.asked(0, 4))[0] == 200
    clock.at -= timedelta(hours=1)
    assert ask(LOG.asked(4, 5))[0] == 503
    clock.at += timedelta(hours=1)
    assert ask(LOG.asked(4, 5))[0] == 200


def test_a_log_may_change_its_key_while_it_is_watched(folder, ask):
    assert ask(LOG.asked(0, 4))[0] == 200
    renewed = MadeLog(seed=bytes([9]) * 32)
    assert ask(renewed.asked(4, 5))[0] == 403
    kept.watch(folder, renewed.vkey)
    assert ask(renewed.asked(4, 5))[0] == 200
    assert ask(LOG.asked(5, 6))[0] == 200


def test_over_http_it_tells_who_it_is_and_what_it_watches(folder):
    with witnesses.serving(application(folder)) as url:
        request = urllib.request.Request(f"{url}/add-checkpoint", LOG.asked(0, 3), method="POST")
        with urllib.request.urlopen(request, timeout=5) as answer:
            line = answer.read().decode()
        with urllib.request.urlopen(f"{url}/vkey", timeout=5) as answer:
            vkey = answer.read().decode().strip()
        with urllib.request.urlopen(f"{url}/", timeout=5) as answer:
            told = json.load(answer)
        for path, method, status in (
            ("/add-checkpoint", "GET", 405),
            ("/", "POST", 405),
            ("/elsewhere", "GET", 404),
        ):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(
                    urllib.request.Request(f"{url}{path}", method=method), timeout=5
                )
            assert refused.value.code == status
            refused.value.close()
        conflict = urllib.request.Request(f"{url}/add-checkpoint", LOG.asked(0, 4), method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(conflict, timeout=5)
        with refused.value as error:
            assert (error.code, error.headers["Content-Type"]) == (409, "text/x.tlog.size")
            assert error.read() == b"3\n"
    assert told["vkey"] == vkey == kept.key_of(folder).verifying_key.encode()
    (watched,) = told["logs"]
    assert (watched["origin"], watched["size"]) == (LOG.key.name, 3)
    assert watched["checkpoint"] == cosignatures.with_lines(LOG.note(3), [line])


def test_the_commands_make_a_witness_that_serves_and_is_killed_without_forgetting(tmp_path):
    run = CliRunner().invoke
    where = ["--dir", str(tmp_path / "w")]
    made = run(command, ["witness", "init", *where, "--name", "w.example", "--log", LOG.vkey])
    assert made.exit_code == 0
    assert made.output.startswith("w.example+")
    again = run(command, ["witness", "init", *where, "--name", "w.example"])
    assert (again.exit_code, "already" in again.output) == (1, True)
    watched = run(command, ["witness", "watch", *where, "--log", OTHER.vkey])
    assert "other.example is watched, with 1 key." in watched.output

    port = processes.free_port()
    command_line = ("witness", "serve", *where, "--port", str(port))
    with processes.started(*command_line) as process:
        processes.until(lambda: processes.answers(port))
        assert _submitted(port, LOG.asked(0, 8)) == 200
        processes.kill(process)
    with processes.started(*command_line):
        processes.until(lambda: processes.answers(port))
        assert _submitted(port, _forked(4, 9)) == 409
        assert _submitted(port, _forked(0, 9)) == 409
        assert _submitted(port, LOG.asked(8, 9)) == 200
    listed = json.loads(run(command, ["witness", "list", *where, "--json"]).output)
    assert {one["origin"]: one["size"] for one in listed["logs"]} == {
        LOG.key.name: 9,
        "other.example": 0,
    }


def _submitted(port, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/add-checkpoint", body, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_what_is_no_name_or_no_key_of_a_log_is_refused(folder, tmp_path):
    with pytest.raises(InvalidInput, match="name"):
        kept.make(tmp_path / "other", "two words")
    with pytest.raises(InvalidInput, match="type 0x01"):
        kept.watch(folder, kept.key_of(folder).verifying_key.encode())
    with pytest.raises(WrongInstallation, match="witness init"):
        kept.watch(tmp_path / "nowhere", LOG.vkey)
    with pytest.raises(Conflict):
        kept.make(folder, "another.example")
