from __future__ import annotations

import pytest

from audits.log import notes, tiles
from audits.log.highwater import (
    Forked,
    HighWater,
    HighWaterMissing,
    HighWaterUnreadable,
    RolledBack,
    SigningRefused,
    check,
)
from audits.log.notes import NoteRefused, SigningKey
from audits.log.tiles import TileMissing
from tests.memory_log import KEY, MemoryLog, signed_log


def mark_of(log: MemoryLog) -> HighWater:
    assert log.highwater is not None
    return log.highwater


def guard(log: MemoryLog, mark: HighWater) -> None:
    check(mark, log.size, lambda size: tiles.root_of(size, log.read_tile))


def test_a_mark_reads_back_as_it_was_written() -> None:
    mark = mark_of(signed_log(5))

    stored = mark.encode()

    assert stored.decode() == mark.note
    assert HighWater.decode(stored, [KEY.verifying_key]) == mark
    assert HighWater.of(mark.note, [KEY.verifying_key]) == mark


def test_an_altered_mark_is_refused_with_what_to_do() -> None:
    stored = mark_of(signed_log(5)).encode()

    for damaged in (b"", stored[:-1], stored.replace(b"\n5\n", b"\n4\n"), b"\xff" + stored):
        with pytest.raises(HighWaterUnreadable) as refused:
            HighWater.decode(damaged, [KEY.verifying_key])
        assert "Put back the file" in refused.value.diagnostics()


def test_a_mark_of_another_key_is_refused() -> None:
    mark = mark_of(signed_log(5))
    other = SigningKey(name=KEY.name, seed=bytes(32)).verifying_key

    with pytest.raises(HighWaterUnreadable):
        HighWater.decode(mark.encode(), [other])
    with pytest.raises(NoteRefused):
        HighWater.of(notes.sign("text\n", KEY), [KEY.verifying_key])


def test_a_log_that_only_grew_may_sign() -> None:
    log = signed_log(300)
    mark = mark_of(log)

    guard(log, mark)
    log.append(400)
    guard(log, mark)


def test_a_log_that_never_signed_may_sign() -> None:
    check(None, 12, lambda size: b"")


def test_a_restored_backup_may_not_sign() -> None:
    backup, mark = signed_log(500), mark_of(signed_log(500, 300))

    with pytest.raises(RolledBack, match="holds 500 entries, but 800 were signed") as refused:
        guard(backup, mark)

    assert "300 entries that the log has vouched for are not here" in refused.value.diagnostics()
    assert "answerable audit new-epoch --reason" in refused.value.diagnostics()


def test_a_restored_backup_that_grew_past_the_mark_may_not_sign() -> None:
    mark = mark_of(signed_log(500, 300))
    backup = signed_log(500)
    backup.append(400, data={"outcome": "no_offer"})

    with pytest.raises(Forked, match="History at size 800 differs") as refused:
        guard(backup, mark)

    assert "answerable audit verify" in refused.value.diagnostics()
    assert "Do not delete or edit the high-water file" in refused.value.diagnostics()


def test_another_history_of_the_same_size_may_not_sign() -> None:
    mark = mark_of(signed_log(5))
    log = MemoryLog()
    log.append(5, data={"outcome": "no_offer"})

    with pytest.raises(Forked):
        guard(log, mark)


def test_a_mark_that_was_deleted_is_told_from_one_that_never_was() -> None:
    with pytest.raises(HighWaterMissing, match="size 7 was signed") as refused:
        check(None, 12, lambda size: b"", last_signed=7)

    assert isinstance(refused.value, SigningRefused)
    assert "Put the file back" in refused.value.diagnostics()


def test_a_damaged_tree_is_not_signed_either() -> None:
    log = signed_log(300)
    del log.tiles[0, 1]

    with pytest.raises(TileMissing):
        guard(log, mark_of(log))
