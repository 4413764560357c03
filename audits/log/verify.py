"""Is the stored log what was written and signed?

One pass over the entries in order. Each link is checked on its own (entry to leaf hash, leaf hash to tile, tile
to tile, tree to checkpoint, checkpoint to key, tree to high-water mark), so one edit makes few findings and they
name the link that broke. Memory stays at some 30 bytes an entry, for telling record ids apart.

A clean run shows that these bytes were recorded in this order and have not changed since they were signed. It
does not show that they were true when written.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from audits.log import notes
from audits.log.canonical import NotCanonical, parse
from audits.log.entries import VERSION, EntryKind
from audits.log.highwater import HighWater
from audits.log.notes import NoteRefused, VerifyingKey
from audits.log.tiles import WIDTH, ReadTile, tile_path
from audits.log.tree import HASH_BYTES, Frontier, leaf_hash

_KINDS: Final = frozenset(kind.value for kind in EntryKind)


class Step(IntEnum):
    """What is checked, by its number in reports."""

    ENTRY = 1
    """Each entry is canonical, belongs to this log and record, and hashes to its leaf."""
    ORDER = 2
    """Indexes have no gap, and no record stands in the log twice."""
    TREE = 3
    """Leaves give the stored tiles, size and root."""
    CHECKPOINTS = 4
    """Each checkpoint is signed by the log, and the tree at its size has its root."""
    HIGH_WATER = 5
    """The tree still holds what the mark outside the database names."""
    TIME = 6
    """The log's ticks never go back."""


class Severity(StrEnum):
    """What a finding means: something was changed, or something cannot be checked."""

    TAMPERED = "tampered"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be."""

    step: Step
    severity: Severity
    index: int | None
    record_id: str | None
    what: str
    expected: str
    got: str

    def __str__(self) -> str:
        place = "" if self.index is None else f" entry {self.index}"
        record = "" if self.record_id is None else f" (record {self.record_id})"
        return (
            f"step {self.step.value}{place}{record}: {self.what}; "
            f"expected {self.expected}, got {self.got}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """A row of the log as found; ``entry`` is None where the leaf is there and its entry is not."""

    index: int
    record_id: str
    entry: bytes | None
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint:
    """A signed checkpoint as found, with the size and root that its row gives."""

    size: int
    root: bytes
    note: str


def verify(
    *,
    origin: str,
    size: int,
    root: bytes,
    entries: Iterable[StoredEntry],
    read_tile: ReadTile,
    checkpoints: Iterable[StoredCheckpoint],
    keys: Iterable[VerifyingKey],
    retired: Mapping[VerifyingKey, int] | None = None,
    highwater: HighWater | None = None,
    log: str | None = None,
) -> Iterator[Finding]:
    """Check a log from its first entry to its last, and yield each finding as it is met.

    Args:
        origin: The log's name.
        size: The size that the log's state gives.
        root: The root that the log's state gives.
        entries: Every entry, ordered by index.
        read_tile: The stored tiles.
        checkpoints: Every checkpoint, ordered by size.
        keys: The log's verifying keys, from elsewhere than this database where that can be had.
        retired: From which size on a key of these no longer counts; what it signs beyond is refused.
        highwater: The mark kept outside the database, if there is one.
        log: The log's name in its entries, where it is another than the origin: a later epoch has an
            origin of its own, and entries that waited while it was opened name the first.

    Raises:
        ValueError: entries or checkpoints do not come in order.
    """
    rebuilt = _Rebuilt(read_tile)
    order = _Order()
    ticks = _Ticks()
    signed = _Checkpoints(origin, checkpoints, tuple(keys), dict(retired or {}), highwater)
    yield from signed.at(rebuilt.frontier)
    for stored in entries:
        placed, findings = order.place(stored)
        yield from findings
        record, findings = _check_entry(stored, log or origin)
        yield from findings
        if record is not None:
            yield from ticks.check(stored, record)
        if not placed:
            continue
        # A missing entry is reported once; its leaf is taken from the tile, so that the checks after
        # the gap still mean something. Where the tile has none either, the tree ends there.
        while rebuilt.frontier.size < stored.index:
            leaf = rebuilt.leaf_in_tile(rebuilt.frontier.size)
            if leaf is None:
                break
            yield from rebuilt.append(leaf, None)
            yield from signed.at(rebuilt.frontier)
        if rebuilt.frontier.size == stored.index:
            yield from rebuilt.append(stored.leaf_hash, stored.record_id)
            yield from signed.at(rebuilt.frontier)
    yield from order.repeated()
    yield from rebuilt.finish(size, root)
    yield from signed.finish(rebuilt.frontier.size)


def _finding(
    step: Step,
    what: str,
    *,
    expected: object,
    got: object,
    index: int | None = None,
    record_id: str | None = None,
    severity: Severity = Severity.TAMPERED,
) -> Finding:
    return Finding(
        step=step,
        severity=severity,
        index=index,
        record_id=record_id,
        what=what,
        expected=str(expected),
        got=str(got),
    )


def _check_entry(stored: StoredEntry, log: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Check one row by itself; return its record if it can be read."""
    findings: list[Finding] = []

    def found(what: str, *, expected: object, got: object) -> None:
        findings.append(
            _finding(
                Step.ENTRY,
                what,
                expected=expected,
                got=got,
                index=stored.index,
                record_id=stored.record_id,
            )
        )

    if stored.entry is None:
        found("the entry is gone while its leaf is there", expected="its bytes", got="nothing")
        return None, findings
    computed = leaf_hash(stored.entry)
    if computed != stored.leaf_hash:
        found(
            "the entry does not hash to its leaf: one of the two was changed",
            expected=stored.leaf_hash.hex(),
            got=computed.hex(),
        )
    try:
        record = parse(stored.entry)
    except NotCanonical as refused:
        found("the entry is not canonical", expected="canonical bytes", got=refused.detail)
        return None, findings
    if record.get("v") != VERSION:
        found("the entry is of another version", expected=VERSION, got=record.get("v"))
    if record.get("id") != stored.record_id:
        found(
            "the entry is stored under another id than its own",
            expected=record.get("id"),
            got=stored.record_id,
        )
    if record.get("log") != log:
        found("the entry belongs to another log", expected=log, got=record.get("log"))
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        found("the entry is of an unknown kind", expected="a known kind", got=kind)
    return record, findings


class _Order:
    """Finds gaps, and records that stand in the log twice."""

    def __init__(self) -> None:
        # 24 bytes an entry in 256 buckets, rather than a set of texts four times that size.
        self._buckets = [bytearray() for _ in range(256)]
        self._expected = 0
        self._last: float = -math.inf

    def place(self, stored: StoredEntry) -> tuple[bool, list[Finding]]:
        """Say whether the entry comes at an index of its own, which a gap may precede."""
        expected, index = self._expected, stored.index
        if index < self._last:
            raise ValueError(
                f"Entries must come ordered by index; {index} came after {self._last}."
            )
        self._last = index
        if index < expected:
            what = "the index is taken twice" if index >= 0 else "the index is negative"
            return False, [
                _finding(
                    Step.ORDER,
                    what,
                    expected=expected,
                    got=index,
                    index=index,
                    record_id=stored.record_id,
                )
            ]
        self._expected = index + 1
        digest = sha256(stored.record_id.encode()).digest()
        self._buckets[digest[0]] += digest[:16] + index.to_bytes(8, "big")
        if index == expected:
            return True, []
        missing = (
            f"entry {expected} is missing"
            if index == expected + 1
            else f"entries {expected} to {index - 1} are missing"
        )
        return True, [_finding(Step.ORDER, missing, expected=expected, got=index, index=expected)]

    def repeated(self) -> Iterator[Finding]:
        for bucket in self._buckets:
            rows = sorted(bytes(bucket[at : at + 24]) for at in range(0, len(bucket), 24))
            for before, row in pairwise(rows):
                if before[:16] == row[:16] and before != row:
                    first, second = (int.from_bytes(r[16:], "big") for r in (before, row))
                    yield _finding(
                        Step.ORDER,
                        "the record stands in the log twice",
                        expected=f"entry {first} alone",
                        got=f"also entry {second}",
                        index=second,
                    )


class _Rebuilt:
    """Grows the tree from leaf hashes again, and compares it with what is stored."""

    def __init__(self, read_tile: ReadTile) -> None:
        self.frontier = Frontier()
        self._read_tile = read_tile
        self._rows: list[list[bytes]] = [[]]
        self._record_ids: list[str | None] = []
        self._indexes = [0]

    def append(self, leaf: bytes, record_id: str | None) -> Iterator[Finding]:
        self._record_ids.append(record_id)
        self._rows[0].append(leaf)
        for level, node in enumerate(self.frontier.append(leaf), start=1):
            if level == len(self._rows):
                self._rows.append([])
                self._indexes.append(0)
            self._rows[level].append(node)
        if self.frontier.size % WIDTH == 0:
            for level, row in enumerate(self._rows):
                if len(row) == WIDTH:
                    yield from self._compare(level)

    def leaf_in_tile(self, index: int) -> bytes | None:
        """Return the leaf hash that the stored tile gives, if it has one."""
        tile, offset = divmod(index, WIDTH)
        row = self._read_tile(0, tile) or b""
        leaf = row[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
        return leaf if len(leaf) == HASH_BYTES else None

    def finish(self, size: int, root: bytes) -> Iterator[Finding]:
        for level, row in enumerate(self._rows):
            if row:
                yield from self._compare(level)
        if self.frontier.size != size:
            yield _finding(
                Step.TREE,
                "the log's state gives another size than there are entries",
                expected=f"{size} entries",
                got=f"{self.frontier.size} entries",
            )
        elif self.frontier.root() != root:
            yield _finding(
                Step.TREE,
                "the leaves do not give the root in the log's state",
                expected=root.hex(),
                got=self.frontier.root().hex(),
            )

    def _compare(self, level: int) -> Iterator[Finding]:
        """Compare the tile that is complete or last, and begin the next."""
        row, index = self._rows[level], self._indexes[level]
        record_ids = self._record_ids
        self._rows[level] = []
        self._indexes[level] += 1
        if level == 0:
            self._record_ids = []
        path = tile_path(level, index, len(row))
        stored = self._read_tile(level, index)
        if stored is None or len(stored) < len(row) * HASH_BYTES:
            yield _finding(
                Step.TREE,
                f"{path} is missing or too short",
                expected=f"{len(row) * HASH_BYTES} bytes",
                got=f"{len(stored or b'')} bytes",
                index=index * WIDTH if level == 0 else None,
            )
            return
        if len(stored) > len(row) * HASH_BYTES:
            yield _finding(
                Step.TREE,
                f"{path} holds more hashes than there are entries",
                expected=f"{len(row) * HASH_BYTES} bytes",
                got=f"{len(stored)} bytes",
                index=index * WIDTH + len(row) if level == 0 else None,
            )
        if stored[: len(row) * HASH_BYTES] == b"".join(row):
            return
        for offset, computed in enumerate(row):
            kept = stored[offset * HASH_BYTES : (offset + 1) * HASH_BYTES]
            if kept != computed:
                yield _finding(
                    Step.TREE,
                    f"hash {offset} of {path} is not what the leaves give",
                    expected=kept.hex(),
                    got=computed.hex(),
                    index=index * WIDTH + offset if level == 0 else None,
                    record_id=record_ids[offset] if level == 0 else None,
                )


class _Checkpoints:
    """Holds each checkpoint, and the high-water mark, against the growing tree."""

    def __init__(
        self,
        origin: str,
        checkpoints: Iterable[StoredCheckpoint],
        keys: tuple[VerifyingKey, ...],
        retired: Mapping[VerifyingKey, int],
        highwater: HighWater | None,
    ) -> None:
        self._origin = origin
        self._keys = keys
        self._retired = retired
        self._rest = iter(checkpoints)
        self._next = next(self._rest, None)
        self._highwater = highwater
        self._last_good = 0
        self._differing: list[int] = []

    def at(self, frontier: Frontier) -> Iterator[Finding]:
        """Check what is said of this very size."""
        mark = self._highwater
        if mark is not None and mark.size == frontier.size:
            self._highwater = None
            if mark.root != frontier.root():
                yield _finding(
                    Step.HIGH_WATER,
                    f"history at size {mark.size} differs from the high-water mark",
                    expected=mark.root.hex(),
                    got=frontier.root().hex(),
                )
        while self._next is not None and self._next.size <= frontier.size:
            checkpoint = self._next
            if checkpoint.size < frontier.size:
                raise ValueError(f"Checkpoints must come in order; {checkpoint.size} came late.")
            self._next = next(self._rest, None)
            yield from self._compare(checkpoint, frontier.root())

    def finish(self, size: int) -> Iterator[Finding]:
        """Report what was signed beyond the end of the log."""
        yield from self._close_run()
        beyond: list[int] = []
        while self._next is not None:
            said, findings = self._open(self._next)
            yield from findings
            if said is not None:
                beyond.append(said.size)
            self._next = next(self._rest, None)
        if beyond:
            yield _finding(
                Step.CHECKPOINTS,
                "more entries were signed than there are: the log was cut short or rolled back",
                expected=f"{max(beyond)} entries",
                got=f"{size} entries",
                index=size,
            )
        if self._highwater is not None:
            yield _finding(
                Step.HIGH_WATER,
                "the log was rolled back or cut short, as the high-water mark shows",
                expected=f"{self._highwater.size} entries",
                got=f"{size} entries",
                index=size,
            )

    def _open(self, stored: StoredCheckpoint) -> tuple[notes.Checkpoint | None, list[Finding]]:
        """Check a stored checkpoint by itself; return what it says if the log has signed it."""
        keys = [key for key in self._keys if self._retired.get(key, stored.size) >= stored.size]
        try:
            said = notes.open_checkpoint(stored.note, keys)
        except NoteRefused as refused:
            return None, [
                _finding(
                    Step.CHECKPOINTS,
                    f"the checkpoint of size {stored.size} cannot be relied on",
                    expected=f"a checkpoint signed by {self._origin}",
                    got=str(refused),
                )
            ]
        findings: list[Finding] = []
        if said.origin != self._origin:
            findings.append(
                _finding(
                    Step.CHECKPOINTS,
                    f"the checkpoint of size {stored.size} is of another log",
                    expected=self._origin,
                    got=said.origin,
                )
            )
            return None, findings
        if (said.size, said.root) != (stored.size, stored.root):
            findings.append(
                _finding(
                    Step.CHECKPOINTS,
                    f"the row of the checkpoint of size {stored.size} is not what its note says",
                    expected=f"size {said.size}, root {_base64(said.root)}",
                    got=f"size {stored.size}, root {_base64(stored.root)}",
                )
            )
        return said, findings

    def _compare(self, stored: StoredCheckpoint, computed: bytes) -> Iterator[Finding]:
        said, findings = self._open(stored)
        yield from findings
        if said is None or said.size != stored.size:
            return
        if said.root == computed:
            yield from self._close_run()
            self._last_good = said.size
            return
        # A change shows in every later root, so a run of them is told by its first and its last.
        if not self._differing:
            yield _finding(
                Step.CHECKPOINTS,
                f"the tree at size {said.size} is not the one that was signed; the last checkpoint "
                f"that fits is of size {self._last_good}",
                expected=_base64(said.root),
                got=_base64(computed),
                index=self._last_good,
            )
        self._differing.append(said.size)

    def _close_run(self) -> Iterator[Finding]:
        run, self._differing = self._differing, []
        if len(run) > 1:
            yield _finding(
                Step.CHECKPOINTS,
                f"{len(run) - 1} further checkpoints, of sizes {run[1]} to {run[-1]}, differ likewise",
                expected="the signed roots",
                got="other roots",
            )


class _Ticks:
    """Watches that the log's clock never goes back."""

    def __init__(self) -> None:
        self._last = ""

    def check(self, stored: StoredEntry, record: dict[str, Any]) -> Iterator[Finding]:
        if record.get("kind") != EntryKind.LOG_TICK:
            return
        at = record.get("recorded_at")
        if not isinstance(at, str) or at < self._last:
            yield _finding(
                Step.TIME,
                "the log's clock went back",
                expected=f"{self._last} or later",
                got=at,
                index=stored.index,
                record_id=stored.record_id,
            )
            return
        self._last = at


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()
