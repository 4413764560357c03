"""Reads a log from its files as an outsider would: nothing is believed that its checkpoint does not cover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audits.log.bundles import bundle_path, parse_bundle
from audits.log.notes import Checkpoint, VerifyingKey, open_checkpoint
from audits.log.tiles import WIDTH, root_of, tile_path, tiles_of
from audits.log.tree import leaf_hash

Read = Callable[[str], bytes | None]


@dataclass(frozen=True, kw_only=True)
class ReadLog:
    """What a log's files hold: the checkpoint, and the entries that are there by their index."""

    signed: Checkpoint
    vkeys: tuple[VerifyingKey, ...]
    entries: dict[int, bytes]


def folder(path: Path) -> Read:
    """Return what reads a file of a folder, None where there is none."""
    return lambda name: (path / name).read_bytes() if (path / name).is_file() else None


def read_log(read: Read, prefix: str = "") -> ReadLog:
    """Read a log whose every hash must be there, and whose entries may be."""

    def known(name: str) -> bytes:
        content = read(prefix + name)
        assert content is not None, f"{prefix}{name} is missing"
        return content

    vkeys = [VerifyingKey.parse(vkey) for vkey in known("log.vkey").decode().splitlines()]
    signed = open_checkpoint(known("checkpoint").decode(), vkeys)
    hashes: dict[tuple[int, int], bytes] = {}
    entries: dict[int, bytes] = {}
    for level, index, width in tiles_of(signed.size):
        # A partial tile may be gone once the full one is there.
        content = read(prefix + tile_path(level, index, width))
        if content is None:
            content = known(tile_path(level, index))[: width * 32]
        assert len(content) == width * 32
        hashes[level, index] = content
        bundle = read(prefix + bundle_path(index, width)) if level == 0 else None
        if bundle is not None:
            found = parse_bundle(bundle, width)
            assert b"".join(map(leaf_hash, found)) == content
            entries |= dict(enumerate(found, index * WIDTH))
    assert root_of(signed.size, lambda level, index: hashes.get((level, index))) == signed.root
    return ReadLog(signed=signed, vkeys=tuple(vkeys), entries=entries)
