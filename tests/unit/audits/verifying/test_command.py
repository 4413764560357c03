from __future__ import annotations

import copy
import json
import os
import random
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audits.log import notes
from audits.log.entries import EntryKind
from audits.log.timestamps import request
from audits.verifying import checking
from audits.verifying.command import INCOMPLETE, OK, TAMPERED, USAGE, main
from tests.exports import (
    NAME,
    LogFiles,
    busy_log,
    change,
    log_key,
    policy_of,
    put,
    write_export,
)
from tests.stamping import Authority

BUSY = busy_log()


@pytest.fixture
def log() -> LogFiles:
    return copy.deepcopy(BUSY)


@pytest.fixture
def export(log: LogFiles, tmp_path: Path) -> Path:
    log.promise(300)
    return write_export(tmp_path / "export", log, disclose=(300,), prove=(300,))


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = main([*map(str, arguments), "--jobs", "1"])
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return code, said.out + said.err


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


def test_a_clean_run_says_what_it_shows_and_what_it_does_not(
    export: Path, tmp_path: Path, log: LogFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy").write_bytes(policy_of(log))
    (tmp_path / "pin").write_text(log.checkpoints[min(log.checkpoints)])

    code, said = run(capsys, export, "--policy", tmp_path / "policy", "--pin", tmp_path / "pin")

    assert code == OK
    assert [line.split()[:2] for line in said.splitlines() if line[:2].strip().isdigit()] == [
        *([str(step), "ok"] for step in range(1, 7)),
        ["7", "nothing"],
        ["8", "ok"],
        ["9", "ok"],
        ["10", "not"],
    ]
    assert "VERIFIED: nothing differs from what was signed." in said
    assert "It does not show that they were true." in said
    assert "`answerable audit verify`" in said
    assert "came with the export" not in said


def test_without_a_policy_it_says_that_the_keys_came_with_the_export(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, export)

    assert code == OK
    assert "they came with the export, whoever made it" in said


def test_an_archive_says_the_same_as_a_directory(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, zipped(export)) == run(capsys, export)


def test_several_processes_say_the_same_as_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "_ALONE", 1)
    log = LogFiles()
    log.tick()
    log.decide(5_000)
    log.entries[4_800] = log.entries[3_000]
    log.sign()
    folder = write_export(tmp_path / "export", log)
    change(folder, "tile/0/017", lambda b: b[32:64] + b[:32] + b[64:])

    codes = [main([str(folder), "--json", "--jobs", jobs]) for jobs in ("1", "2")]
    one, two = capsys.readouterr().out.split("\n}\n{\n")

    assert codes == [TAMPERED, TAMPERED]
    assert one.removeprefix("{\n") == two.removesuffix("\n}\n")
    assert '"index": 4800' in one


def test_findings_are_named_and_those_beyond_the_cap_counted(
    export: Path, log: LogFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    change(export, "tile/0/001", lambda row: bytes(len(row)))

    code, said = run(capsys, export)
    _, everything = run(capsys, export, "--all")
    _, document = run(capsys, export, "--json")

    assert code == TAMPERED
    assert said.count("! entry") == 100
    assert "... and 157 more" in said
    assert everything.count("does not hash to its leaf") == 256
    told = json.loads(document)
    assert (told["result"], told["exit_code"]) == ("tampered", TAMPERED)
    first = next(one for one in told["findings"] if one["step"] == 2)
    assert (first["index"], first["record"][:8], first["severity"]) == (256, "019ab4c5", "tampered")
    assert "entries of epoch 1 are what was signed" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "There is no directory and no file"),
        (["EXPORT", "--policy", "nowhere"], "cannot be read"),
        (["EXPORT", "--policy", "EXPORT/checkpoint"], "is not a policy"),
        (["EXPORT", "--pin", "EXPORT/policy"], "is not a checkpoint"),
        (["EXPORT", "--anchors", "EXPORT/policy"], "holds no certificates"),
        (["EXPORT", "--receipts", "EXPORT/policy"], "is not a directory"),
        (["EXPORT/policy"], "neither a directory nor a zip archive"),
    ],
)
def test_what_cannot_be_used_is_told_apart_from_what_was_tampered_with(
    arguments: list[str], says: str, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run(capsys, *(one.replace("EXPORT", str(export)) for one in arguments))

    assert code == USAGE
    assert says in said


@pytest.mark.parametrize("arguments", [["--max-age", "soon"], ["--jobs", "0"], ["--nothing"]])
def test_wrong_usage_is_told(
    arguments: list[str], export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([str(export), *arguments])

    assert left.value.code == USAGE
    assert "usage: answerable-verify" in capsys.readouterr().err


def test_a_window_is_incomplete_and_names_what_is_not_there(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export = write_export(tmp_path / "export", log, entries=(256, 512))

    code, said = run(capsys, export)

    assert code == INCOMPLETE
    assert "entry 0: entries 0 to 255 are not in the export" in said
    assert f"entry 512: entries 512 to {log.size - 1} are not in the export" in said


def test_what_the_log_says_it_pruned_is_no_fault(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.entries.append(
        log.entry(EntryKind("log.tick"), previous=None)
        .replace(b"log.tick", b"log.pruned")
        .replace(b'{"previous":null}', b'{"epoch":1,"min_index":256}')
    )
    log.sign()
    export = write_export(tmp_path / "export", log, entries=(256, log.size))

    code, said = run(capsys, export)

    assert "Entries 0 to 255 of epoch 1: pruned, as the log itself says" in said
    assert "are not in the export" not in said
    # Until this program knows the kind, that alone is told.
    assert code == (OK if "log.pruned" in set(EntryKind) else INCOMPLETE)


def test_a_key_that_an_entry_introduces_may_take_over(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy"
    policy.write_bytes(policy_of(log))
    old, new = log.keys[0], notes.SigningKey(name=NAME, seed=b"next".ljust(32))
    log.own(
        EntryKind.LOG_KEY_ADDED,
        purpose="log",
        vkey=new.verifying_key.encode(),
        epoch=1,
        active_from=log.size,
    )
    log.keys = [old, new]
    log.sign()
    log.tick()
    log.keys = [new]
    log.sign()
    log.keys = [old, new]

    code, said = run(capsys, write_export(tmp_path / "export", log), "--policy", policy)

    assert code == OK, said


def test_the_time_stamp_of_a_checkpoint_is_checked_against_its_authority(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = Authority(tmp_path / "authority")
    log.now = datetime.now(UTC) - timedelta(minutes=1)
    log.tick()
    note = log.sign(cosign=False)
    stamp = authority.stamp(request(note.encode()))
    export = write_export(tmp_path / "export", log)
    anchor = f"anchors/{log.size:012d}-rfc3161"
    put(export, f"{anchor}.note", note.encode())
    put(export, f"{anchor}.tsr", stamp)
    policy = tmp_path / "policy"
    policy.write_bytes(policy_of(log, quorum=False))

    code, said = run(capsys, export, "--policy", policy, "--anchors", authority.ca_file)
    assert (code, "1 time stamp by an authority" in said) == (OK, True), said

    code, said = run(capsys, export, "--policy", policy)
    assert (code, "give the authority's certificates with --anchors" in said) == (OK, True)

    # Whoever holds every key signs another history; the authority's stamp is of the first.
    log.entries[300] = log.edit(300, outcome="none")
    log.sign(cosign=False)
    write_export(export, log)
    put(export, f"{anchor}.note", note.encode())
    put(export, f"{anchor}.tsr", stamp)
    code, said = run(capsys, export, "--policy", policy, "--anchors", authority.ca_file)
    assert (code, "is of another history" in said) == (TAMPERED, True)


def test_entries_that_waited_while_the_sequencer_stood_are_not_taken_for_dated_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = LogFiles()
    log.tick()
    log.decide(20)
    log.tick()
    stopped = log.now
    log.now += timedelta(hours=3)
    for minute in range(180):
        log.decide(1, at=stopped + timedelta(minutes=minute))
        if minute % 60 == 59:
            log.tick()
    log.decide(20)
    log.tick()
    log.sign()

    assert run(capsys, write_export(tmp_path / "export", log))[0] == OK


def test_a_clock_that_the_log_itself_says_went_back_is_told(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log.now -= timedelta(hours=1)
    log.own(EntryKind.LOG_ANOMALY_FOUND, code="clock_went_back", last_tick="x")
    log.decide(10)
    log.now += timedelta(hours=1)
    log.tick()
    log.decide(10)
    log.sign()

    code, said = run(capsys, write_export(tmp_path / "export", log))

    assert code == OK, said
    assert f"The log says at entry {BUSY.size} of epoch 1 that its clock went back" in said


def test_gaps_in_an_apps_numbers_are_told(
    log: LogFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log._sequence += 3
    log.decide()
    log.sign()

    code, said = run(capsys, write_export(tmp_path / "export", log))

    assert code == OK
    assert "counted on over 701 to 703" in said


# ------------------------------------------------------------------------- what means harm


def test_names_that_lead_out_of_an_archive_are_refused(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = zipped(export)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped", b"x")
        archive.writestr("/etc/escaped", b"x")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("checkpoint", b"another")

    code, said = run(capsys, path)

    assert code == TAMPERED
    assert "../../escaped leads out of the archive" in said
    assert "/etc/escaped leads out of the archive" in said
    assert "checkpoint is in the archive twice" in said
    assert not (tmp_path.parent / "escaped").exists()


def test_links_and_pipes_are_not_followed(
    export: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (export / "tile/0/000").unlink()
    (export / "tile/0/000").symlink_to("/etc/passwd")
    (export / "tile/0/001").unlink()
    os.mkfifo(export / "tile/0/001")

    code, said = run(capsys, export)

    assert code == TAMPERED
    assert "tile/0/000 is a link that leads out of the export" in said
    assert "tile/0/001 is not a plain file" in said


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", b"[" * 100_000),
        ("manifest.json", b'{"epoch": ' + b"9" * 10_000 + b"}"),
        ("manifest.json", b'{"epoch": 1e400, "epochs": [{"epoch": 1, "entries": [1e999, {}]}]}'),
        ("manifest.json", b'{"epoch": 1, "epochs": {"a": 1}}'),
        ("manifest.json", b'{"epoch": 999999999}'),
        ("consistency.json", b'[1, null, {"old": 9999999999999999999999}, {"old": 1, "new": -1}]'),
        ("consistency.json", b'{"old": "\\ud800"}'),
        ("log.vkey", b"\xff\xfe"),
        ("log.vkey", b"a+b+c\n" * 1000),
        ("receipt.vkey", b"x" * 10_000_000),
        ("witness.vkey", b"x\n"),
        ("policy", b"quorum\n"),
        ("checkpoint", b"x" * 10_000_000),
        ("checkpoint", b""),
        ("checkpoints/9", b"\x00\x1b[2J"),
        ("proofs/1.tlog-proof", b"c2sp.org/tlog-proof@v1\nindex 9\n\nx\n"),
        ("receipts/x.note", b"a\n" * 100_000),
        ("disclosures/x.json", b'{"record": 1, "payloads": 7}'),
        ("anchors/x.json", b'{"size": -1, "root": null}'),
        ("anchors/000000000706-rfc3161.tsr", b"0\x80" * 1000),
        ("epochs/1/checkpoint", b"x"),
        ("epochs/99999999999/checkpoint", b"x"),
        ("tile/entries/000", b"\xff\xff" * 1000),
        ("tile/entries/001", b"\x00\x00" * 256),
        ("tile/0/000", b""),
    ],
)
def test_whatever_a_file_holds_there_is_an_answer(
    name: str, content: bytes, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(export, name, content)

    code, said = run(capsys, export)

    assert code in (OK, TAMPERED, INCOMPLETE)
    # What is not understood is left out of account, or was not asked for, and is then said to be so.
    assert code != OK or name.startswith(("manifest.json", "epochs/", "anchors/0"))
    assert "\x1b" not in said


@pytest.mark.parametrize("size", [10**6, 2**62])
def test_a_signed_size_beyond_all_that_is_there_ends_soon(
    size: int, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = notes.checkpoint_body(NAME, size, bytes(32))
    put(export, "checkpoint", notes.sign(body, log_key()).encode())

    code, said = run(capsys, export)

    assert code == TAMPERED
    assert "the tree cannot be rebuilt" in said


def test_changed_bytes_never_end_in_a_traceback(
    export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(7)
    path = zipped(export)
    whole = path.read_bytes()
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(draw.randrange(1, 200)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        path.write_bytes(
            changed[: draw.randrange(len(changed))] if draw.random() < 0.2 else changed
        )

        code, _ = run(capsys, path)

        assert code in (TAMPERED, INCOMPLETE, USAGE)
