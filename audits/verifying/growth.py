"""What tree do the leaves make, and is it the one whose tiles are in the export?

Two trees grow side by side: one of the leaf hashes as the tiles give them, one of the entries' own hashes. Where both
are there they differ only after a change; which of the two was signed then tells what was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from audits.log.tiles import HEIGHT, WIDTH, tile_path
from audits.log.tree import HASH_BYTES, Frontier
from audits.verifying.findings import Findings, Step
from audits.verifying.scanning import Scanned

_NOTHING: Final = b"\x00" * HASH_BYTES


class Growth:
    """Grows both trees bundle by bundle, compares the tiles above, and keeps the roots at the sizes that were asked for."""

    def __init__(
        self,
        *,
        epoch: int,
        read_tile: Callable[[int, int, int], bytes | None],
        sizes: Iterable[int],
        findings: Findings,
    ) -> None:
        self.roots: dict[int, frozenset[bytes]] = {}
        """The roots at each size asked for, by the tiles and by the entries; empty where leaves are missing."""
        self._epoch = epoch
        self._read_tile = read_tile
        self._findings = findings
        self._wanted = sorted(set(sizes), reverse=True)
        self._stored = Frontier()
        self._computed = Frontier()
        self._rows: list[list[bytes]] = [[]]
        self._indexes = [0]
        self._hole: int | None = None
        self._keep_roots()

    @property
    def size(self) -> int:
        return self._stored.size

    @property
    def hole(self) -> int | None:
        """The first leaf of which nothing is known."""
        return self._hole

    def stored_root(self) -> bytes:
        return self._stored.root()

    def computed_root(self) -> bytes:
        return self._computed.root()

    def add(self, bundle: Scanned) -> None:
        """Add a bundle's leaves to both trees; what one of them lacks it takes from the other."""
        if bundle.stored is not None or bundle.computed is not None:
            self._add_leaves(bundle.stored or bundle.computed or b"", bundle.computed)
        else:
            root = bundle.stored_root or bundle.computed_root
            if root is None:
                # Nothing above can be compared any more, nor any root be known.
                self._hole = bundle.index * WIDTH if self._hole is None else self._hole
                root = _NOTHING
            self._stored_whole(root)
            self._computed.append(bundle.computed_root or root, HEIGHT)
            self._keep_roots()
        if self.size % WIDTH == 0:
            for level in range(1, len(self._rows) + 1):
                if len(self._rows[level - 1]) == WIDTH:
                    self._compare(level)

    def finish(self) -> None:
        """Compare the tiles at the right edge."""
        for level, row in enumerate(self._rows, start=1):
            if row:
                self._compare(level)

    def _add_leaves(self, stored: bytes, computed: bytes | None) -> None:
        computed = stored if computed is None else computed
        for at in range(0, len(stored), HASH_BYTES):
            completed = self._stored.append(stored[at : at + HASH_BYTES])
            self._computed.append(computed[at : at + HASH_BYTES])
            for level, node in enumerate(completed):
                self._put(level, node)
            self._keep_roots()

    def _stored_whole(self, root: bytes) -> None:
        self._put(0, root)
        for level, node in enumerate(self._stored.append(root, HEIGHT), start=1):
            self._put(level, node)

    def _put(self, level: int, node: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
            self._indexes.append(0)
        self._rows[level].append(node)

    def _keep_roots(self) -> None:
        while self._wanted and self._wanted[-1] <= self._stored.size:
            size = self._wanted.pop()
            if size == self._stored.size:
                roots = {self._stored.root(), self._computed.root()}
                self.roots[size] = frozenset() if self._hole is not None else frozenset(roots)

    def _compare(self, level: int) -> None:
        """Compare the tile that is complete or last, and begin the next."""
        row, index = self._rows[level - 1], self._indexes[level - 1]
        self._rows[level - 1] = []
        self._indexes[level - 1] += 1
        if self._hole is not None:
            return
        path = tile_path(level, index, len(row))
        stored = self._read_tile(level, index, len(row))
        if stored is None:
            return
        if len(stored) != len(row) * HASH_BYTES:
            self._findings.tampered(
                Step.TREE,
                f"{path} is not of the length that its name says",
                expected=f"{len(row) * HASH_BYTES} bytes",
                got=f"{len(stored)} bytes",
                epoch=self._epoch,
            )
        for offset, computed in enumerate(row):
            kept = stored[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
            if kept != computed:
                first = (index * WIDTH + offset) << (HEIGHT * level)
                self._findings.tampered(
                    Step.TREE,
                    f"hash {offset} of {path} is not what the {WIDTH**level} leaves below it give",
                    expected=computed.hex(),
                    got=kept.hex() or "nothing",
                    epoch=self._epoch,
                    index=first,
                )
