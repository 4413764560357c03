"""What is done to an export, and which step of the verifier finds it. docs/explanation/what-the-log-proves.md says the same for readers."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from audits.log import notes
from audits.log.bundles import parse_bundle, write_bundle
from audits.log.canonical import parse
from audits.log.cosignatures import CosigningKey
from audits.log.entries import EntryKind
from audits.log.notes import SigningKey
from audits.log.tree import leaf_hash
from audits.log.witness_policy import WitnessPolicy
from audits.verifying.checking import Report, Request, verify
from audits.verifying.findings import Severity, Step
from tests.exports import (
    RECEIPT_KEY,
    THIEF,
    LogFiles,
    busy_log,
    change,
    disclosure,
    payload_of,
    policy_of,
    put,
    root_of,
    write_export,
)

OTHER_WITNESS = CosigningKey(name="other.example", seed=b"other".ljust(32))
BUSY = busy_log()
NEWEST = BUSY.checkpoints[BUSY.size]
EARLIER = BUSY.checkpoints[min(BUSY.checkpoints)]


@dataclass
class Bench:
    """An export before it is tampered with, and what an auditor brings."""

    folder: Path
    log: LogFiles = field(default_factory=lambda: copy.deepcopy(BUSY))
    pins: list[str] = field(default_factory=list)
    policy: bytes = policy_of(BUSY)
    receipts: dict[str, str] = field(default_factory=dict)
    more: dict[str, object] = field(default_factory=dict)

    def write(self, *logs: LogFiles, **more: object) -> None:
        write_export(self.folder, *(logs or (self.log,)), **more)

    def forge(self, *, cosign: bool = False) -> None:
        """Make leaves, tiles, proofs and checkpoints fit the entries again, as whoever has the log's key can."""
        sizes = sorted(size for size in self.log.checkpoints if size <= self.log.size)
        self.log.checkpoints = {}
        entries = self.log.entries
        for size in {*sizes[:-1], len(entries)}:
            self.log.entries = entries[:size]
            self.log.sign(cosign=cosign)
        self.log.entries = entries
        self.write()

    def verify(self) -> Report:
        kept = self.folder.with_name("kept")
        for name, text in self.receipts.items():
            put(kept, f"{name}.note", text.encode())
        return verify(
            replace(
                Request(
                    export=self.folder,
                    policy=WitnessPolicy.parse(self.policy),
                    pins=[(f"pin {n}", note) for n, note in enumerate(self.pins)],
                    receipts=[kept] if self.receipts else [],
                ),
                **self.more,
            )
        )


def bundle(name: str, by: Callable[[list[bytes]], list[bytes]]) -> Callable[[Bench], None]:
    def tamper(bench: Bench) -> None:
        bench.write()
        change(bench.folder, f"tile/entries/{name}", lambda b: write_bundle(by(parse_bundle(b))))

    return tamper


def swapped(entries: list[bytes], one: int, other: int) -> list[bytes]:
    entries[one], entries[other] = entries[other], entries[one]
    return entries


def flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def edit_an_entry(bench: Bench) -> None:
    edited = bench.log.edit(300, outcome="none")
    bundle("001", lambda entries: [*entries[:44], edited, *entries[45:]])(bench)


def edit_an_entry_and_its_leaf(bench: Bench) -> None:
    edited = bench.log.edit(300, outcome="none")
    edit_an_entry(bench)
    change(
        bench.folder,
        "tile/0/001",
        lambda row: row[: 44 * 32] + leaf_hash(edited) + row[45 * 32 :],
    )


def rebuild(by: Callable[[LogFiles], None]) -> Callable[[Bench], None]:
    """Change entries, and make every tile fit them again; what was signed stays."""

    def tamper(bench: Bench) -> None:
        size = bench.log.size
        by(bench.log)
        while bench.log.size < size:
            bench.log.decide()
        bench.write()

    return tamper


def resign(
    by: Callable[[LogFiles], None] = lambda log: log.entries.__setitem__(
        300, log.edit(300, outcome="none")
    ),
    *,
    cosign: bool = False,
    pins: tuple[str, ...] = (),
) -> Callable[[Bench], None]:
    """Change entries and sign everything anew, with the log's own key."""

    def tamper(bench: Bench) -> None:
        by(bench.log)
        bench.pins += pins
        bench.forge(cosign=cosign)

    return tamper


def sign_as_a_stranger(bench: Bench) -> None:
    bench.log.keys = [THIEF]
    bench.log.entries[300] = bench.log.edit(300, outcome="none")
    bench.forge(cosign=True)


def announce_a_key_of_ones_own(bench: Bench) -> None:
    bench.log.entries[300] = bench.log.edit(300, outcome="none")
    bench.log.own(
        EntryKind.LOG_KEY_ADDED,
        purpose="log",
        vkey=THIEF.verifying_key.encode(),
        epoch=1,
        active_from=0,
    )
    bench.log.keys = [THIEF]
    bench.forge(cosign=True)


def put_a_key_beside_the_logs(bench: Bench) -> None:
    bench.write()
    change(bench.folder, "log.vkey", lambda b: b + THIEF.verifying_key.encode().encode() + b"\n")


def another_witness_of_the_quorum(bench: Bench) -> None:
    """Both keys are stolen, but the policy asks for two witnesses."""
    names = f"witness v {OTHER_WITNESS.verifying_key.encode()}\ngroup both all w v\nquorum both\n"
    bench.policy = bench.policy.replace(b"quorum w\n", names.encode())
    resign(cosign=True)(bench)


def show_an_old_checkpoint(bench: Bench) -> None:
    size = min(bench.log.checkpoints)
    bench.log.checkpoints = {size: bench.log.checkpoints[size]}
    bench.log.entries = bench.log.entries[:size]
    bench.write()


def show_an_old_checkpoint_to_who_kept_a_newer(bench: Bench) -> None:
    bench.pins = [NEWEST]
    show_an_old_checkpoint(bench)


def show_an_old_checkpoint_to_who_asks_for_its_age(bench: Bench) -> None:
    bench.more = {"max_age": timedelta(minutes=2), "now": bench.log.now}
    show_an_old_checkpoint(bench)


def have_an_own_witness_date_an_old_checkpoint(bench: Bench) -> None:
    """The witness's key comes with the export; whoever verifies brought the keys that count."""
    bench.more = {"max_age": timedelta(minutes=2), "now": bench.log.now}
    late = bench.log.now
    show_an_old_checkpoint(bench)
    name = bench.folder / "checkpoint"
    body, lines = notes.split_note(name.read_text())
    own = OTHER_WITNESS.cosign(body, int(late.timestamp()))
    name.write_text(body + "\n" + "".join(f"{line}\n" for line in lines) + own)
    change(
        bench.folder,
        "witness.vkey",
        lambda b: b + f"{OTHER_WITNESS.verifying_key.encode()}\n".encode(),
    )


def restore_a_backup_and_go_on(bench: Bench) -> None:
    bench.pins = [NEWEST]
    size = sorted(bench.log.checkpoints)[1]
    bench.log.entries = bench.log.entries[:size]
    bench.log.decide(600)
    bench.forge(cosign=True)


def run_two_sequencers(bench: Bench) -> None:
    """A second one, on a database of its own and with the same key, signs another tree of the same size."""
    other = copy.deepcopy(bench.log)
    other.entries[-1] = other.edit(other.size - 1, previous="x")
    bench.pins = [other.sign(cosign=False)]
    bench.write()


def drop_before_sequencing(bench: Bench) -> None:
    lost = bench.log.entries.pop(300)
    bench.receipts["lost"] = bench.log.receipt(parse(lost)["id"], leaf_hash(lost))
    bench.forge(cosign=True)


def change_before_sequencing(bench: Bench) -> None:
    bench.receipts["changed"] = bench.log.promise(300)
    bench.log.receipts.clear()
    resign(cosign=True)(bench)


def change_a_receipt(bench: Bench) -> None:
    bench.write()
    bench.receipts["r"] = bench.log.promise(300).replace(f"\n{60}\n", "\n61\n")


def sign_a_receipt_as_a_stranger(bench: Bench) -> None:
    bench.write()
    thief = SigningKey(name=RECEIPT_KEY.name, seed=b"thief".ljust(32))
    bench.receipts["r"] = bench.log.receipt(parse(bench.log.entries[300])["id"], bytes(32), thief)


def disclose_another_payload(bench: Bench) -> None:
    bench.write()
    put(bench.folder, *disclosure(bench.log, 300, payload_of(1)))


def move_a_commitment(bench: Bench) -> None:
    """Another record's commitment is put into an entry, with the payload that belongs to it."""
    moved = parse(bench.log.entries[301])["payload"]
    bench.log.entries[300] = bench.log.edit(300, payload=moved)
    bench.forge(cosign=True)
    put(bench.folder, *disclosure(bench.log, 300, payload_of(301)))


def place_a_record_twice(log: LogFiles) -> None:
    log.entries[500] = log.entries[300]


def write_a_key_twice(log: LogFiles) -> None:
    log.entries[300] = log.entries[300].replace(b'"outcome":', b'"outcome":"none","outcome":')


def set_the_clock_back(log: LogFiles) -> None:
    log.now -= timedelta(hours=1)
    log.own(EntryKind.LOG_TICK, previous=None)


def date_an_entry_back(log: LogFiles) -> None:
    log.entries[500] = log.edit(500, recorded_at="2026-11-20T10:00:00.000000Z")


def date_an_entry_ahead(log: LogFiles) -> None:
    log.entries[500] = log.edit(500, recorded_at="2026-11-22T10:00:00.000000Z")


def run_the_clock_ahead(bench: Bench) -> None:
    """The log's clock is an hour ahead, which its witness's is not."""
    bench.log.tick(timedelta(hours=1))
    bench.log.sign(late=-timedelta(hours=1))
    bench.write()


def date_ticks_back(bench: Bench) -> None:
    """What follows a checkpoint is dated an hour before its witness saw that."""
    bench.log.decide(5)
    bench.log.sign(late=timedelta(hours=1))
    bench.log.tick()
    bench.log.sign(late=timedelta(hours=1))
    bench.write()


def add_after_the_end(log: LogFiles) -> None:
    log.own(EntryKind.LOG_CLOSED, next_origin="x")
    log.decide()


def two_epochs(bench: Bench, *, first: Callable[[LogFiles], None]) -> None:
    """Forge the first epoch, whose key was stolen, after the second had named its root."""
    before = bench.log
    after = LogFiles(
        2,
        previous_origin=before.origin,
        previous_size=before.size,
        previous_root=root_of(before.entries).hex(),
        signed_size=before.size,
        signed_root=root_of(before.entries).hex(),
        previous_closed=False,
        previous_fault=None,
        lost=0,
    )
    after.tick()
    after.sign()
    first(before)
    before.checkpoints.clear()
    before.sign()
    bench.policy = policy_of(before, after)
    bench.write(before, after)


def forge_an_earlier_epoch(bench: Bench) -> None:
    two_epochs(bench, first=lambda log: log.entries.__setitem__(300, log.edit(300, outcome="none")))


def cut_an_earlier_epoch(bench: Bench) -> None:
    two_epochs(bench, first=lambda log: log.entries.__delitem__(slice(600, None)))


def leave_an_earlier_epoch_out(bench: Bench) -> None:
    two_epochs(bench, first=lambda log: None)
    shutil.rmtree(bench.folder / "epochs")


def take_a_bundle_away(bench: Bench) -> None:
    bench.write()
    (bench.folder / "tile/entries/001").unlink()


def take_a_bundle_away_and_say_so(bench: Bench) -> None:
    bench.write(entries=(0, 256))


def take_the_last_entries_away(bench: Bench) -> None:
    bench.write()
    for file in [*bench.folder.glob("tile/*/002.p/*")]:
        file.unlink()


def written_then(name: str, by: Callable[[bytes], bytes]) -> Callable[[Bench], None]:
    def tamper(bench: Bench) -> None:
        bench.write(prove=(300,), disclose=(300,))
        change(bench.folder, name, by)

    return tamper


def say_that_a_checkpoint_is_of_another_size(bench: Bench) -> None:
    bench.write()
    (bench.folder / f"checkpoints/{min(BUSY.checkpoints):012d}").rename(
        bench.folder / "checkpoints/000000000001"
    )


T, INC = Severity.TAMPERED, Severity.INCOMPLETE

TAMPERINGS: dict[str, tuple[Callable[[Bench], None], Step, Severity, int | None]] = {
    "an entry is edited": (edit_an_entry, Step.TREE, T, 300),
    "an entry and its leaf are edited": (edit_an_entry_and_its_leaf, Step.TREE, T, 256),
    "an entry and all tiles are edited": (
        rebuild(lambda log: log.entries.__setitem__(300, log.edit(300, outcome="none"))),
        Step.TREE,
        T,
        154,
    ),
    "an entry is deleted from its bundle": (
        bundle("001", lambda entries: entries[:44] + entries[45:]),
        Step.TREE,
        T,
        256,
    ),
    "an entry is deleted and all tiles made to fit": (
        rebuild(lambda log: log.entries.__delitem__(300)),
        Step.TREE,
        T,
        154,
    ),
    "an entry is inserted and all tiles made to fit": (
        rebuild(lambda log: log.entries.insert(100, log.entries[-2])),
        Step.TREE,
        T,
        0,
    ),
    "two entries are swapped": (bundle("000", lambda e: swapped(e, 20, 30)), Step.TREE, T, 20),
    "two entries are swapped and all tiles made to fit": (
        rebuild(lambda log: log.entries.__setitem__(slice(600, 602), log.entries[601:599:-1])),
        Step.TREE,
        T,
        405,
    ),
    "a bundle is cut off": (
        written_then("tile/entries/001", lambda b: b[:-10]),
        Step.TREE,
        T,
        256,
    ),
    "a bundle is taken away": (take_a_bundle_away, Step.TREE, T, 256),
    "a bundle is taken away, and the manifest says so": (
        take_a_bundle_away_and_say_so,
        Step.TREE,
        INC,
        256,
    ),
    "the last entries are taken away": (take_the_last_entries_away, Step.TREE, T, 512),
    "a leaf's hash is edited": (written_then("tile/0/001", flipped(44 * 32)), Step.TREE, T, 300),
    "a tile at the right edge is edited": (
        written_then(f"tile/0/002.p/{BUSY.size - 512}", flipped(5)),
        Step.TREE,
        T,
        512,
    ),
    "a tile above is edited": (written_then("tile/1/000.p/2", flipped(40)), Step.TREE, T, 256),
    "the signed root is edited": (
        written_then("checkpoint", lambda b: b.replace(b"=\n\n", b"A\n\n", 1)),
        Step.CHECKPOINT,
        T,
        None,
    ),
    "a cosignature is edited": (
        written_then(
            "checkpoint", lambda b: b[:-10] + (b"A" if b[-10:-9] != b"A" else b"B") + b[-9:]
        ),
        Step.CHECKPOINT,
        T,
        BUSY.size,
    ),
    "it is signed anew by a stranger's key": (sign_as_a_stranger, Step.CHECKPOINT, T, BUSY.size),
    "a stranger's key is announced in the forged log itself": (
        announce_a_key_of_ones_own,
        Step.CHECKPOINT,
        T,
        BUSY.size + 1,
    ),
    "a key is put beside the log's": (put_a_key_beside_the_logs, Step.ENTRIES, T, None),
    "it is signed anew with the stolen log key": (resign(), Step.CHECKPOINT, INC, None),
    "it is signed anew with the stolen log key, and an auditor kept a checkpoint": (
        resign(pins=(NEWEST,)),
        Step.HISTORY,
        T,
        BUSY.size,
    ),
    "the keys of log and witness are stolen, and an auditor kept a checkpoint": (
        resign(cosign=True, pins=(NEWEST,)),
        Step.HISTORY,
        T,
        BUSY.size,
    ),
    "the keys of log and witness are stolen, and the policy asks for two witnesses": (
        another_witness_of_the_quorum,
        Step.CHECKPOINT,
        INC,
        None,
    ),
    "an old checkpoint is shown to somebody who kept a newer one": (
        show_an_old_checkpoint_to_who_kept_a_newer,
        Step.HISTORY,
        T,
        min(BUSY.checkpoints),
    ),
    "an old checkpoint is shown to somebody who asks for its age": (
        show_an_old_checkpoint_to_who_asks_for_its_age,
        Step.CHECKPOINT,
        INC,
        None,
    ),
    "an old checkpoint is dated by a witness of the exporter's own": (
        have_an_own_witness_date_an_old_checkpoint,
        Step.CHECKPOINT,
        INC,
        None,
    ),
    "a restored backup grew on with the same key": (
        restore_a_backup_and_go_on,
        Step.HISTORY,
        T,
        BUSY.size,
    ),
    "two sequencers sign with one key": (run_two_sequencers, Step.HISTORY, T, BUSY.size),
    "a record is dropped before it is placed": (drop_before_sequencing, Step.RECEIPTS, T, None),
    "a record is changed before it is placed": (change_before_sequencing, Step.RECEIPTS, T, 300),
    "a receipt is edited": (change_a_receipt, Step.RECEIPTS, T, None),
    "a receipt is forged": (sign_a_receipt_as_a_stranger, Step.RECEIPTS, T, None),
    "another payload is disclosed": (disclose_another_payload, Step.DISCLOSURES, T, 300),
    "a commitment is moved to another record": (move_a_commitment, Step.DISCLOSURES, T, 300),
    "a record is placed twice": (
        resign(place_a_record_twice, cosign=True),
        Step.ENTRIES,
        T,
        500,
    ),
    "an entry has a key twice": (resign(write_a_key_twice, cosign=True), Step.ENTRIES, T, 300),
    "the log's clock is set back": (
        resign(set_the_clock_back, cosign=True),
        Step.TIME,
        T,
        BUSY.size,
    ),
    "an entry is dated back": (resign(date_an_entry_back, cosign=True), Step.TIME, T, 500),
    "an entry is dated ahead": (resign(date_an_entry_ahead, cosign=True), Step.TIME, T, 500),
    "the log's clock is ahead of its witness's": (run_the_clock_ahead, Step.TIME, T, BUSY.size),
    "what follows a checkpoint is dated back": (date_ticks_back, Step.TIME, INC, BUSY.size + 5),
    "entries are added after the log was closed": (
        resign(add_after_the_end, cosign=True),
        Step.ENTRIES,
        T,
        BUSY.size,
    ),
    "an earlier epoch is forged with its stolen key": (
        forge_an_earlier_epoch,
        Step.HISTORY,
        T,
        BUSY.size,
    ),
    "an earlier epoch is cut short": (cut_an_earlier_epoch, Step.HISTORY, T, 600),
    "an earlier epoch is left out": (leave_an_earlier_epoch_out, Step.HISTORY, INC, None),
    "a kept checkpoint is put under another size": (
        say_that_a_checkpoint_is_of_another_size,
        Step.HISTORY,
        T,
        None,
    ),
    "a consistency proof is edited": (
        written_then(
            "consistency.json", lambda b: b.replace(b'"proof": ["', b'"proof": ["AAAA', 1)
        ),
        Step.HISTORY,
        T,
        None,
    ),
    "an inclusion proof is edited": (
        written_then("proofs/300.tlog-proof", lambda b: b.replace(b"index 300", b"index 301")),
        Step.HISTORY,
        T,
        301,
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_is_found_by_the_step_that_is_for_it(name: str, tmp_path: Path) -> None:
    tamper, step, severity, index = TAMPERINGS[name]
    bench = Bench(tmp_path / "export")

    tamper(bench)
    report = bench.verify()

    found = [one for one in report.findings if one.step is step and one.severity is severity]
    assert found, [(one.step, one.what) for one in report.findings]
    assert index in [one.index for one in found]
    if severity is Severity.INCOMPLETE:
        assert report.tampered == 0 or name.endswith("log key")


def test_what_was_not_tampered_with_is_verified(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "export", pins=[EARLIER, NEWEST])
    bench.receipts["kept"] = bench.log.promise(300)
    bench.more = {"max_age": timedelta(hours=1), "now": bench.log.now}
    bench.write(disclose=(300,), prove=(0, 300))

    report = bench.verify()

    assert (report.findings, report.tampered, report.incomplete) == ((), 0, 0)
    assert report.epochs[0].checked == BUSY.size


@pytest.mark.parametrize("size", [2, 255, 256, 257, 1100])
def test_whatever_its_size_a_log_is_verified(size: int, tmp_path: Path) -> None:
    log = LogFiles()
    log.decide(size - log.size)
    log.sign()

    report = verify(Request(export=write_export(tmp_path / "export", log)))

    assert report.findings == ()
    assert report.epochs[0].checked == size


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(
            resign(cosign=True), id="log and witness forge together, and nobody else kept anything"
        ),
        pytest.param(
            resign(lambda log: log.decide(), cosign=True), id="what is recorded was never true"
        ),
    ],
)
def test_what_nothing_can_detect_is_not_detected(
    tamper: Callable[[Bench], None], tmp_path: Path
) -> None:
    bench = Bench(tmp_path / "export")

    tamper(bench)
    report = bench.verify()

    assert report.findings == ()
    said = " ".join(report.not_checked)
    assert "was written anew from the start" in said
    assert "was true when it was recorded" in said


def test_at_least_twenty_tamperings_are_tried() -> None:
    assert len(TAMPERINGS) >= 20
