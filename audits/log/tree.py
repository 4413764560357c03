"""How is one root hash made of many leaves, and how is a place in it proved?

The tree of RFC 9162 section 2.1 over SHA-256. Proofs are written against ``RangeRoot``, a function from a
range of leaves to its root, so that they come alike from a list (tests) and from tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()

RangeRoot = Callable[[int, int], bytes]
"""The root over leaves ``start`` to ``end`` (exclusive), as if they were a tree of their own."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf; the prefix keeps it from passing for a node."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children into their parent."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """Compute a root by the definition itself, in RFC 9162 section 2.1.1; slow, for few leaves."""
    if not leaf_hashes:
        return EMPTY_ROOT
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    split = largest_power_below(len(leaf_hashes))
    return node_hash(root(leaf_hashes[:split]), root(leaf_hashes[split:]))


def largest_power_below(count: int) -> int:
    """Return the largest power of two smaller than a count of at least 2: where a tree splits."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, range_root: RangeRoot) -> list[bytes]:
    """Collect the hashes that lead from a leaf to the root of a tree of that size (section 2.1.3.1).

    Raises:
        ValueError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError(
            f"There is no leaf {index} in a tree of size {size}; give 0 to {size - 1}."
        )
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + largest_power_below(end - start)
        if index < split:
            proof.append(range_root(split, end))
            end = split
        else:
            proof.append(range_root(start, split))
            start = split
    proof.reverse()
    return proof


def inclusion_holds(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> bool:
    """Say whether a proof leads from a leaf's hash to a root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and node == root


def consistency_proof(old_size: int, size: int, range_root: RangeRoot) -> list[bytes]:
    """Collect the hashes that show a smaller tree to be the beginning of a larger one (section 2.1.4.1).

    Empty where the sizes are equal or the smaller is 0.

    Raises:
        ValueError: the old size is not within 0 and the size.
    """
    if not 0 <= old_size <= size:
        raise ValueError(f"The old size must be within 0 and {size}, got {old_size}.")
    if old_size in (0, size):
        return []
    proof: list[bytes] = []
    start, end = 0, size
    while old_size != end:
        split = start + largest_power_below(end - start)
        if old_size <= split:
            proof.append(range_root(split, end))
            end = split
        else:
            proof.append(range_root(start, split))
            start = split
    # Where the old tree is itself a whole subtree, the verifier knows its root already.
    if start:
        proof.append(range_root(start, end))
    proof.reverse()
    return proof


def consistency_holds(
    *, old_size: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether a proof shows the smaller tree to be the beginning of the larger (section 2.1.4.2)."""
    if not 0 <= old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    position, last = old_size - 1, size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_node = node = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_node = node_hash(sibling, old_node)
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and old_node == old_root and node == root


class Frontier:
    """A growing tree of which only the whole subtrees at its right edge are kept: a hash a level."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, node: bytes, height: int = 0) -> Sequence[bytes]:
        """Add a leaf's hash; return the nodes of height 8, 16, ... that it completed, lowest first.

        Those are the hashes that tiles of level 1, 2, ... hold. A whole subtree is added at once by its root and
        its height, where the size is a multiple of its leaves.
        """
        position = self.size >> height
        self.size += 1 << height
        completed: list[bytes] | None = None
        while position & 1:
            node = node_hash(self._peaks.pop(), node)
            position >>= 1
            height += 1
            if height & 7 == 0:
                completed = [*(completed or ()), node]
        self._peaks.append(node)
        return completed or ()

    def root(self) -> bytes:
        """Compute the root of all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node
