from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from audits.log import notes
from audits.log.canonical import canonical, parse
from audits.log.entries import EntryKind
from audits.log.notes import SigningKey
from audits.log.tree import leaf_hash
from audits.log.verify import Finding, Severity, Step, StoredCheckpoint
from tests.memory_log import KEY, ORIGIN, START, MemoryLog, record_id, signed_log


def steps(findings: list[Finding]) -> list[Step]:
    return [finding.step for finding in findings]


def edited(stored: MemoryLog, index: int, /, **changes: object) -> bytes:
    """Write the entry of an index with other content."""
    return canonical({**parse(stored.entries[index].entry or b""), **changes})


@pytest.mark.parametrize("batches", [(), (1,), (3, 4), (256,), (257, 300), (600, 1, 1)])
def test_an_untouched_log_has_nothing_to_report(batches: tuple[int, ...]) -> None:
    assert signed_log(*batches).verify() == []


def test_entries_that_are_not_signed_yet_are_checked_too() -> None:
    log = signed_log(300)
    log.append(50)
    assert log.verify() == []

    log.edit(340, edited(log, 340, refs={}))
    assert [finding.index for finding in log.verify()] == [340]


def test_an_edited_entry_is_named_once_with_its_record() -> None:
    log = signed_log(200, 200)
    log.edit(123, edited(log, 123, data={"outcome": "no_offer"}))

    (finding,) = log.verify()

    assert (finding.step, finding.index, finding.record_id) == (Step.ENTRY, 123, record_id(123))
    assert finding.severity is Severity.TAMPERED
    assert finding.expected == log.entries[123].leaf_hash.hex()
    assert str(finding).startswith(
        f"step 1 entry 123 (record {record_id(123)}): the entry does not hash to its leaf"
    )


def test_an_entry_whose_leaf_was_made_to_fit_is_named_by_its_tile() -> None:
    log = signed_log(200, 200)
    entry = edited(log, 123, data={"outcome": "no_offer"})
    log.entries[123] = replace(log.entries[123], entry=entry, leaf_hash=leaf_hash(entry))

    findings = log.verify()

    assert (findings[0].step, findings[0].index) == (Step.CHECKPOINTS, 0)
    assert [f.record_id for f in findings if f.what.startswith("hash 123 of tile/0/000")] == [
        record_id(123)
    ]


def test_an_entry_whose_whole_tree_was_made_to_fit_is_found_by_what_was_signed() -> None:
    log = signed_log(100, 100, 100, 100)
    log.edit(250, edited(log, 250, data={"outcome": "no_offer"}))
    log.rebuild_tree()

    findings = log.verify()

    assert steps(findings) == [Step.CHECKPOINTS, Step.HIGH_WATER, Step.CHECKPOINTS]
    assert "the last checkpoint that fits is of size 200" in findings[0].what
    assert findings[0].index == 200
    assert "1 further checkpoints, of sizes 400 to 400" in findings[2].what


def test_a_forger_without_a_mark_or_key_still_cannot_drop_the_checkpoints_that_tell() -> None:
    log = signed_log(100, 100)
    log.highwater = None
    log.edit(50, edited(log, 50, data={"outcome": "no_offer"}))
    log.rebuild_tree()
    thief = SigningKey(name=ORIGIN, seed=bytes(32))
    note = notes.sign(notes.checkpoint_body(ORIGIN, 200, log.root), thief)
    log.checkpoints = [StoredCheckpoint(size=200, root=log.root, note=note)]

    (finding,) = log.verify()

    assert finding.what == "the checkpoint of size 200 cannot be relied on"


def test_a_lost_entry_is_told_from_a_lost_row() -> None:
    log = signed_log(300)
    log.edit(7, None)
    (gone,) = log.verify()
    assert (gone.step, gone.index) == (Step.ENTRY, 7)
    assert gone.what == "the entry is gone while its leaf is there"

    log = signed_log(300)
    del log.entries[7:9]
    (missing,) = log.verify()
    assert (missing.step, missing.index) == (Step.ORDER, 7)
    assert missing.what == "entries 7 to 8 are missing"


def test_pruned_entries_may_be_gone_and_one_that_is_there_is_still_checked() -> None:
    log = signed_log(300, 300)
    for index in range(256):
        if index != 40:
            log.edit(index, None)
    assert log.verify(min_index=256) == []
    assert len(log.verify(min_index=0)) == 255
    log.edit(256, None)
    assert [finding.index for finding in log.verify(min_index=256)] == [256]
    log.edit(40, b"{}")
    assert {finding.index for finding in log.verify(min_index=256)} == {40, 256}


def test_a_gap_whose_tile_is_gone_too_does_not_hide_what_follows() -> None:
    log = signed_log(600)
    del log.entries[300]
    log.entries[399] = replace(log.entries[399], entry=b"{}")
    del log.tiles[0, 1]

    findings = log.verify()

    assert (findings[0].step, findings[0].what) == (Step.ORDER, "entry 300 is missing")
    assert 400 in [finding.index for finding in findings if finding.step is Step.ENTRY]
    assert {Step.TREE, Step.CHECKPOINTS, Step.HIGH_WATER} <= set(steps(findings))


def test_an_absurd_index_ends_the_tree_but_not_the_run() -> None:
    log = signed_log(3)
    log.entries[2] = replace(log.entries[2], index=2**62)

    assert log.verify()[0].what == f"entries 2 to {2**62 - 1} are missing"


def test_a_log_cut_short_is_found_by_tile_state_checkpoint_and_mark() -> None:
    log = signed_log(100, 100)
    del log.entries[150:]

    assert steps(log.verify()) == [Step.TREE, Step.TREE, Step.CHECKPOINTS, Step.HIGH_WATER]


def test_a_log_cut_short_with_all_its_traces_is_found_by_the_mark() -> None:
    log, mark = signed_log(100), signed_log(100, 100).highwater
    log.highwater = mark

    (finding,) = log.verify()

    assert (finding.step, finding.index) == (Step.HIGH_WATER, 100)
    assert (finding.expected, finding.got) == ("200 entries", "100 entries")


def test_a_whole_day_cut_off_is_one_finding_however_many_checkpoints_it_had() -> None:
    log, later = signed_log(10), signed_log(10, *[1] * 50)
    log.checkpoints = later.checkpoints

    (finding,) = log.verify()

    assert (finding.step, finding.expected) == (Step.CHECKPOINTS, "60 entries")


def test_swapped_entries_are_both_named() -> None:
    log = signed_log(20)
    first, second = log.entries[3], log.entries[11]
    log.entries[3], log.entries[11] = replace(second, index=3), replace(first, index=11)

    findings = log.verify()

    named = {f.index for f in findings if f.what.startswith("hash ")}
    assert named == {3, 11}
    assert Step.CHECKPOINTS in steps(findings)


def test_an_index_that_is_taken_twice_is_named() -> None:
    log = signed_log(20)
    log.entries.insert(5, log.entries[4])

    (finding,) = log.verify()

    assert (finding.step, finding.index, finding.what) == (
        Step.ORDER,
        4,
        "the index is taken twice",
    )


def test_a_negative_index_is_named() -> None:
    log = signed_log(2)
    log.entries.insert(0, replace(log.entries[0], index=-1))

    assert [f.what for f in log.verify()] == ["the index is negative"]


def test_a_record_that_stands_in_the_log_twice_is_named() -> None:
    log = MemoryLog()
    log.append(5)
    log.entries[3] = replace(log.entries[1], index=3)
    log.rebuild_tree()
    log.sign()

    (finding,) = log.verify()

    assert (finding.step, finding.index) == (Step.ORDER, 3)
    assert (finding.expected, finding.got) == ("entry 1 alone", "also entry 3")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"v": 2}, "the entry is of another version"),
        ({"id": record_id(99)}, "the entry is stored under another id than its own"),
        ({"log": "another.example"}, "the entry belongs to another log"),
        ({"kind": "decision.forgotten"}, "the entry is of an unknown kind"),
        ({"kind": ["log.tick"]}, "the entry is of an unknown kind"),
    ],
)
def test_an_entry_that_was_logged_wrong_is_named(changes: dict[str, object], what: str) -> None:
    log = MemoryLog()
    log.append(5)
    log.edit(2, edited(log, 2, **changes))
    log.rebuild_tree()
    log.sign()

    assert [(f.step, f.index, f.what) for f in log.verify()] == [(Step.ENTRY, 2, what)]


def test_bytes_that_say_the_same_in_another_form_are_named() -> None:
    log = MemoryLog()
    log.append(5)
    spaced = orjson.dumps(parse(log.entries[2].entry or b""), option=orjson.OPT_INDENT_2)
    log.edit(2, spaced)
    log.rebuild_tree()
    log.sign()

    assert [(f.index, f.what) for f in log.verify()] == [(2, "the entry is not canonical")]


def test_an_edited_tile_is_named_by_its_path_and_place() -> None:
    log = signed_log(600)
    row = bytearray(log.tiles[0, 1])
    row[32 * 5] ^= 1
    log.tiles[0, 1] = bytes(row)

    (finding,) = log.verify()

    assert (finding.step, finding.index) == (Step.TREE, 261)
    assert finding.what == "hash 5 of tile/0/001 is not what the leaves give"


def test_a_tile_of_the_upper_level_is_compared_too() -> None:
    log = signed_log(600)
    log.tiles[1, 0] = log.tiles[1, 0][:32] + bytes(32)

    (finding,) = log.verify()

    assert finding.what == "hash 1 of tile/1/000.p/2 is not what the leaves give"


def test_a_missing_and_an_overlong_tile_are_named() -> None:
    log = signed_log(600)
    del log.tiles[0, 0]
    log.tiles[0, 2] += bytes(32)

    assert [f.what for f in log.verify()] == [
        "tile/0/000 is missing or too short",
        "tile/0/002.p/88 holds more hashes than there are entries",
    ]


def test_a_state_that_does_not_fit_is_named() -> None:
    log = signed_log(10)
    log.root = bytes(32)
    assert [f.what for f in log.verify()] == ["the leaves do not give the root in the log's state"]

    log = signed_log(10)
    log.size = 11
    assert [f.what for f in log.verify()] == [
        "the log's state gives another size than there are entries"
    ]


def test_a_checkpoint_row_that_differs_from_its_note_is_named() -> None:
    log = signed_log(10, 10)
    log.checkpoints[0] = replace(log.checkpoints[0], root=bytes(32))

    (finding,) = log.verify()

    assert finding.what == "the row of the checkpoint of size 10 is not what its note says"


def test_a_checkpoint_stored_under_another_size_is_named() -> None:
    log = signed_log(10, 10)
    log.checkpoints[0] = replace(log.checkpoints[0], size=9)

    assert [f.step for f in log.verify()] == [Step.CHECKPOINTS]


def test_a_checkpoint_of_another_log_is_named() -> None:
    log = signed_log(10)
    other = SigningKey(name="another.example", seed=bytes(32))
    note = notes.sign(notes.checkpoint_body(other.name, 10, log.root), other)
    log.checkpoints = [replace(log.checkpoints[0], note=note)]

    assert "cannot be relied on" in log.verify()[0].what


def test_a_forked_checkpoint_between_good_ones_is_named_alone() -> None:
    log = signed_log(10, 10, 10)
    forked = notes.sign(notes.checkpoint_body(ORIGIN, 20, bytes(32)), KEY)
    log.checkpoints[1] = StoredCheckpoint(size=20, root=bytes(32), note=forked)

    (finding,) = log.verify()

    assert "the tree at size 20 is not the one that was signed" in finding.what
    assert "the last checkpoint that fits is of size 10" in finding.what


def test_rows_out_of_order_are_a_mistake_of_the_caller() -> None:
    log = signed_log(10, 10)
    log.checkpoints.reverse()
    with pytest.raises(ValueError, match="Checkpoints must come in order"):
        log.verify()

    log = signed_log(10)
    log.entries.reverse()
    with pytest.raises(ValueError, match="ordered by index"):
        log.verify()


def test_a_clock_that_went_back_is_named() -> None:
    log = MemoryLog()
    for seconds in (0, 60, 60, 59, 120):
        log.append(1, kind=EntryKind.LOG_TICK, at=START + timedelta(seconds=seconds))
        log.append(1, at=START)
    log.sign()

    (finding,) = log.verify()

    assert (finding.step, finding.index) == (Step.TIME, 6)
    assert finding.got == "2026-11-21T10:00:59.000000Z"


def test_memory_does_not_hold_the_log() -> None:
    log = signed_log(5_000)
    run = log.verify()
    assert run == []

    tracemalloc.start()
    log.verify()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    # The entries themselves take some 2.5 MB.
    assert peak < 700_000
