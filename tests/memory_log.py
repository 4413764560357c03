"""A whole log in memory, as the database would hold it, for tests that damage and verify one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from audits.log import notes, tiles
from audits.log.canonical import canonical
from audits.log.entries import Actor, ActorType, EntryKind, build
from audits.log.highwater import HighWater
from audits.log.notes import SigningKey
from audits.log.tree import EMPTY_ROOT, leaf_hash
from audits.log.verify import Finding, StoredCheckpoint, StoredEntry, verify

ORIGIN = "log.corner.example/1"
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
KEY = SigningKey(name=ORIGIN, seed=bytes(range(32)))


def record_id(number: int) -> str:
    """Name the record of a number; not a real UUIDv7, but shaped like one."""
    return str(uuid.UUID(int=(0x019AB4C56D7E << 80) | (0x7 << 76) | (0x2 << 62) | number))


class MemoryLog:
    """Entries, tiles, state, checkpoints and mark, each of which a test may change."""

    def __init__(self) -> None:
        self.entries: list[StoredEntry] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.size = 0
        self.root = EMPTY_ROOT
        self.checkpoints: list[StoredCheckpoint] = []
        self.highwater: HighWater | None = None

    def read_tile(self, level: int, index: int) -> bytes | None:
        return self.tiles.get((level, index))

    def append(
        self,
        count: int,
        *,
        kind: EntryKind = EntryKind.DECISION_RECORDED,
        at: datetime | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Integrate further entries in one batch."""
        new = []
        for index in range(self.size, self.size + count):
            record = build(
                kind,
                record_id=record_id(index),
                origin=ORIGIN,
                recorded_at=at or START + timedelta(seconds=index),
                actor=Actor(type=ActorType.APP, ref=record_id(2**60)),
                refs={"decision": record_id(2**61 + index)},
                data={"outcome": "offer", "confidence": "0.71", **(data or {})},
                commitments={"features": bytes(32)},
            )
            entry = canonical(record)
            new.append(
                StoredEntry(
                    index=index,
                    record_id=record["id"],
                    entry=entry,
                    leaf_hash=leaf_hash(entry),
                )
            )
        grown = tiles.integrate(self.size, [row.leaf_hash for row in new], self.read_tile)
        self.entries += new
        self.tiles.update(grown.tiles)
        self.size, self.root = grown.size, grown.root

    def sign(self, key: SigningKey = KEY) -> None:
        """Sign a checkpoint of all entries so far, and raise the mark."""
        note = notes.sign(notes.checkpoint_body(key.name, self.size, self.root), key)
        self.checkpoints.append(StoredCheckpoint(size=self.size, root=self.root, note=note))
        self.highwater = HighWater(size=self.size, root=self.root, note=note)

    def edit(self, index: int, entry: bytes | None) -> None:
        """Change an entry's bytes and nothing else."""
        self.entries[index] = replace(self.entries[index], entry=entry)

    def rebuild_tree(self) -> None:
        """Do what a careful forger does: make leaves, tiles and state fit the entries again."""
        self.entries = [replace(row, leaf_hash=leaf_hash(row.entry or b"")) for row in self.entries]
        self.tiles = {}
        grown = tiles.integrate(0, [row.leaf_hash for row in self.entries], self.read_tile)
        self.tiles.update(grown.tiles)
        self.size, self.root = grown.size, grown.root

    def verify(self, *, min_index: int = 0) -> list[Finding]:
        return list(
            verify(
                origin=ORIGIN,
                size=self.size,
                root=self.root,
                entries=self.entries,
                read_tile=self.read_tile,
                checkpoints=self.checkpoints,
                keys=[KEY.verifying_key],
                highwater=self.highwater,
                min_index=min_index,
            )
        )


def signed_log(*batches: int) -> MemoryLog:
    """Make a log of some batches, with a checkpoint after each."""
    log = MemoryLog()
    for count in batches:
        log.append(count)
        log.sign()
    return log
