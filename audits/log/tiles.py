"""How is the tree kept, and how does it grow?

C2SP tlog-tiles: the hashes of every eighth level, 256 to a tile. A tile of level 0 holds leaf hashes, one of
level *l* the roots of full tiles of level *l* - 1. A partial tile is the beginning of the full one, so storage
keeps one row a tile, which only ever gets longer, and older sizes are read from its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from audits.log.tree import EMPTY_ROOT, HASH_BYTES, largest_power_below, node_hash
from audits.sentences import sentence

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
TILE_BYTES: Final = WIDTH * HASH_BYTES
MAX_LEVEL: Final = 63
_PATH: Final = re.compile(
    r"(?P<level>entries|[0-9]{1,2})/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)

ReadTile = Callable[[int, int], bytes | None]
"""The stored hashes of the tile at (level, index), or None where there is none; may be longer than asked."""


class TileMissing(LookupError):
    """Raised where a tile that a tree of this size must have is absent, too short or not whole hashes."""

    def __init__(self, *, level: int, index: int, width: int, got: int) -> None:
        self.said = sentence(
            "%(path)s should hold at least %(hashes)s hashes (%(bytes)s bytes), but %(got)s bytes are stored. "
            "The log's storage is damaged: run `answerable audit verify`, and restore from a backup.",
            path=tile_path(level, index),
            hashes=width,
            bytes=width * HASH_BYTES,
            got=got,
        )
        super().__init__(self.said)
        self.level = level
        self.index = index


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What integrating leaves came to: the new size and root, and each tile to store, by (level, index)."""

    size: int
    root: bytes
    tiles: Mapping[tuple[int, int], bytes]


def integrate(size: int, leaf_hashes: Sequence[bytes], read_tile: ReadTile) -> Integration:
    """Add leaves to a tree of a size.

    It trusts the stored right edge; whether that is the tree which was signed, ``root_of`` tells before.

    Raises:
        TileMissing: the stored right edge is shorter than the size needs.
        ValueError: a leaf hash is not 32 bytes.
    """
    if any(len(leaf) != HASH_BYTES for leaf in leaf_hashes):
        raise ValueError(f"Each leaf hash takes {HASH_BYTES} bytes; give SHA-256 digests.")
    changed: dict[tuple[int, int], bytes] = {}
    level, start, new = 0, size, list(leaf_hashes)
    while new:
        index, kept = divmod(start, WIDTH)
        begun = _hashes(read_tile, level, index, kept) if kept else b""
        row = begun + b"".join(new)
        new = []
        for offset in range(0, len(row), TILE_BYTES):
            tile = row[offset : offset + TILE_BYTES]
            changed[level, index] = tile
            if len(tile) == TILE_BYTES:
                new.append(perfect_root(tile))
            index += 1
        level, start = level + 1, start >> HEIGHT

    def read_changed(level: int, index: int) -> bytes | None:
        tile = changed.get((level, index))
        return read_tile(level, index) if tile is None else tile

    grown = size + len(leaf_hashes)
    return Integration(size=grown, root=root_of(grown, read_changed), tiles=changed)


def root_of(size: int, read_tile: ReadTile) -> bytes:
    """Compute the root of a tree of this size, or of an earlier size, from stored tiles.

    Raises:
        TileMissing: a tile that this size must have is absent or too short.
    """
    return range_root(0, size, read_tile)


def range_root(start: int, end: int, read_tile: ReadTile) -> bytes:
    """Compute the root over a range of leaves, for proofs; pass it on with ``functools.partial``.

    Ranges are those that splitting a tree gives: the start is a multiple of the range's largest power of two.

    Raises:
        TileMissing: a tile that the range needs is absent or too short.
    """
    if start == end:
        return EMPTY_ROOT
    roots: list[bytes] = []
    while end - start > 1 and (end - start) & (end - start - 1):
        split = start + largest_power_below(end - start)
        roots.append(_subtree_root(start, split, read_tile))
        start = split
    node = _subtree_root(start, end, read_tile)
    for left in reversed(roots):
        node = node_hash(left, node)
    return node


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Name a tile as C2SP tlog-tiles does.

    >>> tile_path(0, 1234067), tile_path(1, 5, 17)
    ('tile/0/x001/x234/067', 'tile/1/005.p/17')
    """
    return f"tile/{level}/{numbered_path(index, width)}"


def numbered_path(index: int, width: int = WIDTH) -> str:
    """Write a tile's or a bundle's index as C2SP's path elements, with the width where it is partial."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts)) + ("" if width == WIDTH else f".p/{width}")


@dataclass(frozen=True, slots=True)
class TileAt:
    """What a path names: the tile of a level, or, where the level is None, the entry bundle."""

    level: int | None
    index: int
    width: int


def parse_tile_path(path: str) -> TileAt | None:
    """Read what a path below ``tile/`` names, None where it is not spelled as C2SP spells it.

    >>> parse_tile_path("0/x001/x234/067")
    TileAt(level=0, index=1234067, width=256)
    >>> parse_tile_path("entries/005.p/17")
    TileAt(level=None, index=5, width=17)
    """
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = None if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("x", "").replace("/", ""))
    width = WIDTH if match["width"] is None else int(match["width"])
    # One tile has one path: no leading zeros, no first element that is zero, no width but 1 to 255.
    written = f"{'entries' if level is None else level}/{numbered_path(index, width)}"
    if written != path or not 1 <= width <= WIDTH or (level is not None and level > MAX_LEVEL):
        return None
    return TileAt(level, index, width)


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of every tile that a tree of this size has."""
    level, hashes = 0, size
    while hashes:
        full, rest = divmod(hashes, WIDTH)
        yield from ((level, index, WIDTH) for index in range(full))
        if rest:
            yield level, full, rest
        level, hashes = level + 1, full


def _hashes(read_tile: ReadTile, level: int, index: int, width: int) -> bytes:
    row = read_tile(level, index)
    if row is None or len(row) < width * HASH_BYTES:
        raise TileMissing(level=level, index=index, width=width, got=len(row or b""))
    return row[: width * HASH_BYTES]


def _subtree_root(start: int, end: int, read_tile: ReadTile) -> bytes:
    """Compute the root of a whole subtree: 2^h leaves that begin at a multiple of 2^h."""
    level, height = divmod((end - start).bit_length() - 1, HEIGHT)
    index, offset = divmod(start >> (level * HEIGHT), WIDTH)
    row = _hashes(read_tile, level, index, offset + (1 << height))
    return _kept_root(row[offset * HASH_BYTES :])


@lru_cache(maxsize=1024)
def _kept_root(hashes: bytes) -> bytes:
    """Remember what large parts of tiles hash to: every proof of a log needs those near its root, and at its right edge."""
    return perfect_root(hashes)


def perfect_root(hashes: bytes) -> bytes:
    """Hash 2^h concatenated hashes up to one."""
    while len(hashes) > HASH_BYTES:
        hashes = b"".join(
            [
                sha256(b"\x01" + hashes[offset : offset + 2 * HASH_BYTES]).digest()
                for offset in range(0, len(hashes), 2 * HASH_BYTES)
            ]
        )
    return hashes
