"""The log as files: its tiles and bundles under their C2SP names, in constant memory, and how files are written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.bundles import bundle_path
from audits.log.tiles import HEIGHT, WIDTH, TileMissing, tile_path
from audits.log.tree import HASH_BYTES
from governance.ledger import serving
from governance.ledger.models import Log, Tile

CHECKPOINT: Final = "checkpoint"
VKEY: Final = "log.vkey"
#: Tiles that are read at once: half a megabyte.
_PAGE: Final = 64


def epoch_folder(epoch: int) -> str:
    """Return where the files of an epoch lie, with a slash at its end."""
    return f"epochs/{epoch}/"


def vkeys(log: Log) -> bytes:
    """Return the keys that an epoch's checkpoints were signed with, one a line."""
    return "".join(f"{key.encode()}\n" for key in log.verifying_keys).encode()


def hash_tiles(
    session: Session, epoch: int, size: int, *, since: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of each tile that a tree of this size has; those alone that one of size ``since`` had not.

    Raises:
        audits.log.tiles.TileMissing: the stored tree is damaged.
    """
    level, hashes, had = 0, size, since
    while hashes:
        index = had // WIDTH
        while index * WIDTH < hashes:
            rows = session.execute(
                sa.select(Tile.idx, Tile.hashes)
                .where(Tile.epoch == epoch, Tile.level == level, Tile.idx >= index)
                .order_by(Tile.idx)
                .limit(_PAGE)
            ).all()
            for row in rows:
                width = min(WIDTH, hashes - index * WIDTH)
                if width <= 0:
                    break
                if row.idx != index or len(row.hashes) < width * HASH_BYTES:
                    got = len(row.hashes) if row.idx == index else 0
                    raise TileMissing(level=level, index=index, width=width, got=got)
                if index * WIDTH + width > had:
                    yield tile_path(level, index, width), row.hashes[: width * HASH_BYTES]
                index += 1
            if not rows:
                raise TileMissing(level=level, index=index, width=1, got=0)
        level, hashes, had = level + 1, hashes >> HEIGHT, had >> HEIGHT


def bundles(
    session: Session, log: Log, start: int, end: int
) -> Iterator[tuple[int, str, bytes | None]]:
    """Yield first index, path and content of the bundles over a range that begins at a multiple of 256; content is None where entries were pruned."""
    for first in range(start, end, WIDTH):
        index, width = first // WIDTH, min(WIDTH, end - first)
        yield first, bundle_path(index, width), serving.bundle(session, log, index, width)


class Folder:
    """Files that outlive a power cut: each is put in its place whole, and ``sync`` lets their names reach the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._unsynced: set[Path] = set()

    def put(self, name: str, content: bytes) -> None:
        """Write a file, in the place of the one that was there.

        Raises:
            OSError: it cannot be written; what was there before stays.
        """
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        self._unsynced.update(path.parents)

    def lead(self, name: str, target: str) -> None:
        """Let a name lead to another path of this folder."""
        path = self.path / name
        fresh = path.with_name(f".{path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.replace(path)
        self._unsynced.add(path.parent)

    def sync(self) -> None:
        """Let all names written so far reach the disk."""
        for parent in self._unsynced:
            if parent.is_relative_to(self.path):
                descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self._unsynced.clear()
