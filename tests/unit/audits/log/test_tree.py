from __future__ import annotations

import pytest

from audits.log import tree
from audits.log.tree import Frontier, consistency_holds, inclusion_holds, leaf_hash

# The inputs and roots that implementations of RFC 6962 are commonly tested with.
INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]


def range_root(start: int, end: int) -> bytes:
    return tree.root(LEAVES[start:end])


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots_are_met(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)

    assert tree.root(LEAVES[:size]).hex() == ROOTS[size]
    assert frontier.root().hex() == ROOTS[size]
    assert frontier.size == size


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != tree.node_hash(left, right)


def test_every_leaf_is_proved_to_be_in_every_tree_that_holds_it() -> None:
    for size in range(1, 9):
        for index in range(size):
            proof = tree.inclusion_proof(index, size, range_root)
            known = {"index": index, "size": size, "root": tree.root(LEAVES[:size])}

            assert inclusion_holds(leaf=LEAVES[index], proof=proof, **known)
            assert not inclusion_holds(leaf=LEAVES[index - 1], proof=proof, **known) or size == 1
            assert not inclusion_holds(leaf=LEAVES[index], proof=[*proof, LEAVES[0]], **known)
            assert not inclusion_holds(leaf=LEAVES[index], proof=proof[:-1], **known) or not proof


def test_the_known_inclusion_proof_is_met() -> None:
    # Audit path of leaf 5 in the tree of 8, from the same vectors.
    proof = [node.hex() for node in tree.inclusion_proof(5, 8, range_root)]

    assert proof == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_smaller_tree_is_proved_to_be_the_beginning_of_every_larger() -> None:
    for size in range(9):
        for old_size in range(size + 1):
            proof = tree.consistency_proof(old_size, size, range_root)
            old_root, root = tree.root(LEAVES[:old_size]), tree.root(LEAVES[:size])
            known = {"old_size": old_size, "size": size}

            assert consistency_holds(old_root=old_root, root=root, proof=proof, **known)
            assert not consistency_holds(old_root=bytes(32), root=root, proof=proof, **known)
            assert not consistency_holds(
                old_root=old_root, root=bytes(32), proof=proof, **known
            ) or (old_size == 0 < size)
            assert not consistency_holds(
                old_root=old_root, root=root, proof=[*proof, bytes(32)], **known
            )


def test_an_empty_beginning_needs_the_empty_root() -> None:
    assert not consistency_holds(old_size=0, size=3, old_root=b"", root=LEAVES[0], proof=[])


def test_places_outside_the_tree_have_no_proof() -> None:
    with pytest.raises(ValueError, match="no leaf 8"):
        tree.inclusion_proof(8, 8, range_root)
    with pytest.raises(ValueError, match="old size must be within"):
        tree.consistency_proof(9, 8, range_root)
    assert not inclusion_holds(index=8, size=8, leaf=LEAVES[0], proof=[], root=LEAVES[0])
    assert not inclusion_holds(index=-1, size=1, leaf=LEAVES[0], proof=[], root=LEAVES[0])
    assert not consistency_holds(old_size=9, size=8, old_root=b"", root=b"", proof=[])


def test_a_frontier_tells_each_node_that_a_tile_above_holds() -> None:
    frontier = Frontier()
    leaves = [leaf_hash(str(number).encode()) for number in range(512)]
    completed = [frontier.append(leaf) for leaf in leaves]

    assert [index for index, nodes in enumerate(completed) if nodes] == [255, 511]
    assert list(completed[255]) == [tree.root(leaves[:256])]
    assert list(completed[511]) == [tree.root(leaves[256:])]
