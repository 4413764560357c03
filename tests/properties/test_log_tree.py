from __future__ import annotations

from functools import partial
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from audits.log import tiles, tree

LEAVES = [sha256(str(number).encode()).digest() for number in range(2_000)]


def rows_of(size: int, batches: list[int] | None = None) -> dict[tuple[int, int], bytes]:
    rows: dict[tuple[int, int], bytes] = {}
    grown = 0
    for batch in [*(batches or []), size]:
        count = min(batch, size - grown)
        step = tiles.integrate(
            grown, LEAVES[grown : grown + count], lambda level, index: rows.get((level, index))
        )
        rows.update(step.tiles)
        grown = step.size
    return rows


def test_the_tree_equals_its_definition_at_every_size_up_to_300() -> None:
    rows = rows_of(300)
    frontier = tree.Frontier()
    grown: dict[tuple[int, int], bytes] = {}

    for size in range(301):
        defined = tree.root(LEAVES[:size])
        assert tiles.root_of(size, lambda level, index: rows.get((level, index))) == defined
        assert frontier.root() == defined
        step = tiles.integrate(
            size, LEAVES[size : size + 1], lambda level, index: grown.get((level, index))
        )
        grown.update(step.tiles)
        assert step.root == tree.root(LEAVES[: size + 1])
        frontier.append(LEAVES[size])


@given(size=st.integers(0, 2_000), batches=st.lists(st.integers(0, 400), max_size=12))
def test_batches_do_not_matter(size: int, batches: list[int]) -> None:
    rows = rows_of(size, batches)

    assert rows == rows_of(size)
    assert {(*at, len(row) // tree.HASH_BYTES) for at, row in rows.items()} == set(
        tiles.tiles_of(size)
    )
    assert tiles.root_of(size, lambda level, index: rows.get((level, index))) == tree.root(
        LEAVES[:size]
    )


@given(data=st.data(), size=st.integers(1, 2_000))
def test_proofs_from_tiles_hold_and_bent_ones_do_not(data: st.DataObject, size: int) -> None:
    rows = rows_of(size)
    range_root = partial(tiles.range_root, read_tile=lambda level, index: rows.get((level, index)))
    root = tree.root(LEAVES[:size])
    index = data.draw(st.integers(0, size - 1))
    old_size = data.draw(st.integers(0, size))
    inclusion = tree.inclusion_proof(index, size, range_root)
    consistency = tree.consistency_proof(old_size, size, range_root)
    old_root = tree.root(LEAVES[:old_size])

    assert tree.inclusion_holds(
        index=index, size=size, leaf=LEAVES[index], proof=inclusion, root=root
    )
    assert tree.consistency_holds(
        old_size=old_size, size=size, old_root=old_root, root=root, proof=consistency
    )
    for proof in (inclusion, consistency):
        if proof:
            at = data.draw(st.integers(0, len(proof) - 1))
            bit = data.draw(st.integers(0, 255))
            bent = bytearray(proof[at])
            bent[bit // 8] ^= 1 << bit % 8
            proof[at] = bytes(bent)
    assert not inclusion or not tree.inclusion_holds(
        index=index, size=size, leaf=LEAVES[index], proof=inclusion, root=root
    )
    assert not consistency or not tree.consistency_holds(
        old_size=old_size, size=size, old_root=old_root, root=root, proof=consistency
    )


@given(size=st.integers(2, 2_000), data=st.data())
def test_a_proof_from_a_grown_log_still_verifies(size: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, earlier - 1))
    rows = rows_of(size)

    proof = tree.inclusion_proof(
        index,
        earlier,
        partial(tiles.range_root, read_tile=lambda level, at: rows.get((level, at))),
    )

    assert tree.inclusion_holds(
        index=index,
        size=earlier,
        leaf=LEAVES[index],
        proof=proof,
        root=tree.root(LEAVES[:earlier]),
    )
