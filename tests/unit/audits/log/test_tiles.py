from __future__ import annotations

import time
from hashlib import sha256

import pytest

from audits.log import tiles, tree
from audits.log.tiles import TileMissing, integrate, root_of, tile_path, tiles_of

LEAVES = [sha256(str(number).encode()).digest() for number in range(600)]
Rows = dict[tuple[int, int], bytes]


def grown(*sizes: int) -> Rows:
    rows: Rows = {}
    size = 0
    for count in sizes:
        step = integrate(
            size, LEAVES[size : size + count], lambda level, index: rows.get((level, index))
        )
        rows.update(step.tiles)
        size = step.size
    return rows


def reader(rows: Rows) -> tiles.ReadTile:
    return lambda level, index: rows.get((level, index))


def test_tiles_are_named_as_the_specification_names_them() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(1, 1000, 17) == "tile/1/x001/000.p/17"


def test_a_tree_has_the_tiles_that_the_specification_counts() -> None:
    # The specification's own examples.
    of_70000 = list(tiles_of(70_000))

    assert sum(1 for level, _, width in of_70000 if (level, width) == (0, 256)) == 273
    assert [row for row in of_70000 if row[2] != 256 or row[0] > 0] == [
        (0, 273, 112),
        (1, 0, 256),
        (1, 1, 17),
        (2, 0, 1),
    ]
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_batches_of_any_size_end_in_the_same_rows() -> None:
    rows = grown(600)

    assert grown(1, 254, 1, 0, 44, 300) == rows
    assert grown(*[7] * 85, 5) == rows
    assert {(*at, len(row) // 32) for at, row in rows.items()} == set(tiles_of(600))
    assert rows[0, 1] == b"".join(LEAVES[256:512])
    assert rows[1, 0] == tree.root(LEAVES[:256]) + tree.root(LEAVES[256:512])


def test_only_the_rows_that_change_are_returned() -> None:
    rows = grown(300)

    step = integrate(300, LEAVES[300:310], reader(rows))

    assert set(step.tiles) == {(0, 1)}
    assert (step.size, step.root) == (310, tree.root(LEAVES[:310]))


def test_nothing_added_changes_nothing() -> None:
    rows = grown(300)

    step = integrate(300, [], reader(rows))

    assert (step.size, step.root, dict(step.tiles)) == (300, tree.root(LEAVES[:300]), {})


def test_earlier_roots_are_computed_from_longer_rows() -> None:
    rows = grown(600)

    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 600):
        assert root_of(size, reader(rows)) == tree.root(LEAVES[:size])


@pytest.mark.parametrize("damage", [None, b"", bytes(31), bytes(43 * 32 + 31)])
def test_a_missing_or_short_tile_is_named(damage: bytes | None) -> None:
    rows = grown(300)
    if damage is None:
        del rows[0, 1]
    else:
        rows[0, 1] = damage

    with pytest.raises(TileMissing, match="tile/0/001 should hold") as missing:
        root_of(300, reader(rows))
    assert (missing.value.level, missing.value.index) == (0, 1)
    with pytest.raises(TileMissing):
        integrate(300, LEAVES[300:], reader(rows))


def test_an_edited_right_edge_gives_another_root() -> None:
    rows = grown(300)
    rows[0, 1] = bytes([rows[0, 1][0] ^ 1]) + rows[0, 1][1:]

    assert root_of(300, reader(rows)) != tree.root(LEAVES[:300])


def test_what_is_not_a_hash_is_not_a_leaf() -> None:
    with pytest.raises(ValueError, match="takes 32 bytes"):
        integrate(0, [LEAVES[0], b"short"], reader({}))


def test_a_hundred_thousand_leaves_are_integrated_in_a_second() -> None:
    rows: Rows = {}
    batch = [sha256(str(number).encode()).digest() for number in range(1000)]
    size = 0

    start = time.process_time()
    while size < 50_000:
        step = integrate(size, batch, reader(rows))
        rows.update(step.tiles)
        size = step.size

    # Some 50 ms on an idle core.
    assert time.process_time() - start < 0.5
