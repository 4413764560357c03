from __future__ import annotations

from dataclasses import replace
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from audits.log.highwater import HighWater, HighWaterUnreadable
from audits.log.verify import Step
from tests.memory_log import KEY, MemoryLog, signed_log

SIZES = (40, 1, 220, 39)


@cache
def untouched() -> MemoryLog:
    return signed_log(*SIZES)


def copied() -> MemoryLog:
    """Copy the log, so that damage to one example does not reach the next."""
    log, original = MemoryLog(), untouched()
    log.entries = list(original.entries)
    log.tiles = dict(original.tiles)
    log.checkpoints = list(original.checkpoints)
    log.size, log.root, log.highwater = original.size, original.root, original.highwater
    return log


def flipped(data: bytes, bit: int) -> bytes:
    bent = bytearray(data)
    bent[bit // 8] ^= 1 << bit % 8
    return bytes(bent)


indexes = st.integers(0, sum(SIZES) - 1)


@given(index=indexes, data=st.data())
def test_any_flipped_bit_of_an_entry_is_found_and_named(index: int, data: st.DataObject) -> None:
    log = copied()
    entry = log.entries[index].entry or b""
    log.edit(index, flipped(entry, data.draw(st.integers(0, len(entry) * 8 - 1))))

    findings = log.verify()

    assert findings
    assert {(f.step, f.index, f.record_id) for f in findings} == {
        (Step.ENTRY, index, log.entries[index].record_id)
    }


@given(index=indexes, bit=st.integers(0, 255))
def test_any_flipped_bit_of_a_leaf_is_found_and_named(index: int, bit: int) -> None:
    log = copied()
    row = log.entries[index]
    log.entries[index] = replace(row, leaf_hash=flipped(row.leaf_hash, bit))

    found = {(f.step, f.index) for f in log.verify()}

    assert (Step.ENTRY, index) in found
    assert (Step.TREE, index) in found


@given(data=st.data())
def test_any_flipped_bit_of_a_tile_is_found_alone(data: st.DataObject) -> None:
    log = copied()
    at = data.draw(st.sampled_from(sorted(log.tiles)))
    row = log.tiles[at]
    log.tiles[at] = flipped(row, data.draw(st.integers(0, len(row) * 8 - 1)))

    assert [f.step for f in log.verify()] == [Step.TREE]


@given(data=st.data())
def test_any_flipped_bit_of_a_checkpoint_is_found_alone(data: st.DataObject) -> None:
    log = copied()
    at = data.draw(st.integers(0, len(SIZES) - 1))
    checkpoint = log.checkpoints[at]
    note = checkpoint.note.encode()
    bent = flipped(note, data.draw(st.integers(0, len(note) * 8 - 1)))
    log.checkpoints[at] = replace(checkpoint, note=bent.decode(errors="surrogateescape"))

    assert [f.step for f in log.verify()] == [Step.CHECKPOINTS]


@given(data=st.data())
def test_any_flipped_bit_of_the_mark_is_found(data: st.DataObject) -> None:
    mark = untouched().highwater
    assert mark is not None
    stored = mark.encode()
    bent = flipped(stored, data.draw(st.integers(0, len(stored) * 8 - 1)))

    try:
        HighWater.decode(bent, [KEY.verifying_key])
    except HighWaterUnreadable:
        return
    raise AssertionError("An altered mark was taken for a good one.")


@given(bit=st.integers(0, 255))
def test_any_flipped_bit_of_the_state_is_found_alone(bit: int) -> None:
    log = copied()
    log.root = flipped(log.root, bit)

    assert [f.step for f in log.verify()] == [Step.TREE]


@given(first=indexes, count=st.integers(1, 20))
def test_any_lost_rows_are_found_and_named(first: int, count: int) -> None:
    log = copied()
    del log.entries[first : first + count]

    assert first in {f.index for f in log.verify()} or first + count >= log.size
    assert log.verify()


@given(index=indexes, others=st.booleans())
def test_a_forger_who_rebuilds_the_tree_meets_what_was_signed(index: int, others: bool) -> None:
    log = copied()
    if others:
        log.highwater = None
    else:
        log.checkpoints = []
    entry = log.entries[index].entry or b""
    log.edit(index, entry.replace(b'"confidence":"0.71"', b'"confidence":"0.72"'))
    log.rebuild_tree()

    found = {f.step for f in log.verify()}

    assert found == {Step.CHECKPOINTS if others else Step.HIGH_WATER}
