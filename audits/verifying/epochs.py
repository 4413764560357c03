"""Is one epoch of the log, a tree of its own with keys of its own, what was recorded and signed?"""

from __future__ import annotations

import json
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from audits.log.cosignatures import Cosignature, CosignerKey, check_cosignatures
from audits.log.entries import EntryKind
from audits.log.notes import (
    MAX_NOTE_CHARACTERS,
    Checkpoint,
    NoteRefused,
    VerifyingKey,
    encode_base64,
    open_note,
    parse_checkpoint,
    split_note,
)
from audits.log.proofs import MAX_PROOF_CHARACTERS, SUFFIX, MalformedProof, TlogProof, parse_proof
from audits.log.tiles import TILE_BYTES, WIDTH, tile_path
from audits.log.tree import consistency_holds, inclusion_holds, leaf_hash
from audits.log.witness_policy import WitnessPolicy
from audits.verifying.clock import Clock, Dated
from audits.verifying.findings import Findings, Step
from audits.verifying.growth import Growth
from audits.verifying.scanning import (
    Ask,
    OwnEntry,
    Scanned,
    Span,
    parse_entry,
    read_entries,
    scan_bundles,
    scan_task,
)
from audits.verifying.sources import FileDamaged, Source

MAX_NOTE_BYTES: Final = 4 * MAX_NOTE_CHARACTERS
MAX_JSON_BYTES: Final = 64_000_000
MAX_ENTRY_FILE: Final = 65_535
_TASK: Final = 16
"""So many bundles are scanned at a time by one process."""
_EMPTY_TASKS: Final = 64
"""After so many tasks in which nothing was found, the export is taken to end."""

_MOST_RANGES: Final = 100_000

Progress = Callable[[str, int, int], None]


@dataclass(slots=True, kw_only=True)
class Signed:
    """A checkpoint as found: what it says, and who is known to have signed it."""

    name: str
    note: str
    checkpoint: Checkpoint
    keys: tuple[VerifyingKey, ...] = ()
    cosignatures: tuple[Cosignature, ...] = ()
    is_pin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What the reader brings, rather than the export."""

    policy: WitnessPolicy
    is_own: bool
    """The policy is the reader's; otherwise it came with the export."""
    cosigners: tuple[CosignerKey, ...]


@dataclass(slots=True, kw_only=True)
class Epoch:
    """One epoch of the export, and what came of checking it."""

    number: int
    folder: str
    is_current: bool
    newest: Signed
    keys: tuple[VerifyingKey, ...]
    """The keys that may have signed: those of the policy, and those that the export says to be the log's."""
    name: str
    """The log's name in its entries."""
    promised: tuple[int, int] = (0, 0)
    signed: list[Signed] = field(default_factory=list)
    proofs: dict[str, TlogProof] = field(default_factory=dict)
    own: list[OwnEntry] = field(default_factory=list)
    roots: Mapping[int, frozenset[bytes]] = field(default_factory=dict)
    leaves: dict[bytes, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    numbers: list[tuple[str, int, int]] = field(default_factory=list)
    missing: list[tuple[int, int]] = field(default_factory=list)
    checked: int = 0
    clock: Clock | None = None
    hole: int | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.newest.checkpoint.size

    @property
    def origin(self) -> str:
        return self.newest.checkpoint.origin


def read_epoch(
    source: Source,
    *,
    number: int,
    folder: str,
    is_current: bool,
    trusted: Trusted,
    findings: Findings,
) -> Epoch | None:
    """Read an epoch's checkpoints and proofs, and check whatever needs no entry; None where there is no checkpoint to begin with."""
    note = _read_text(source, f"{folder}checkpoint", findings, number)
    if note is None:
        findings.tampered(
            Step.CHECKPOINT,
            f"{folder}checkpoint is missing or cannot be read, so nothing can be held against it",
            expected="a signed checkpoint",
            got="none",
            epoch=number,
        )
        return None
    try:
        newest = Signed(
            name=f"{folder}checkpoint", note=note, checkpoint=parse_checkpoint(split_note(note)[0])
        )
    except NoteRefused as refused:
        findings.tampered(
            Step.CHECKPOINT,
            f"{folder}checkpoint is not a checkpoint",
            expected="a signed checkpoint",
            got=refused,
            epoch=number,
        )
        return None
    origin = newest.checkpoint.origin
    epoch = Epoch(
        number=number,
        folder=folder,
        is_current=is_current,
        newest=newest,
        keys=_keys(source, folder, origin, trusted, findings, number),
        name=origin.removesuffix(f"/{number}") if number > 1 else origin,
    )
    _open(epoch, newest, trusted, findings, Step.CHECKPOINT)
    for name in source.names(f"{folder}checkpoints"):
        signed = _kept(source, epoch, f"{folder}checkpoints/{name}", findings)
        if signed is None:
            continue
        if name != f"{signed.checkpoint.size:012d}":
            findings.tampered(
                Step.HISTORY,
                f"{signed.name} is of another size than its name says",
                expected=name,
                got=signed.checkpoint.size,
                epoch=number,
            )
        _open(epoch, signed, trusted, findings, Step.HISTORY)
        epoch.signed.append(signed)
    for name in source.names(f"{folder}proofs"):
        if name.endswith(SUFFIX):
            _read_proof(source, epoch, f"{folder}proofs/{name}", findings)
    return epoch


def pin(epoch: Epoch, name: str, note: str, trusted: Trusted, findings: Findings) -> None:
    """Hold the epoch against a checkpoint that the reader kept."""
    signed = Signed(
        name=name, note=note, checkpoint=parse_checkpoint(split_note(note)[0]), is_pin=True
    )
    _open(epoch, signed, trusted, findings, Step.HISTORY)
    epoch.signed.append(signed)


def scan(
    source: Source,
    path: Path,
    epoch: Epoch,
    *,
    ends: Iterable[int],
    leaves: frozenset[bytes],
    records: frozenset[str],
    dated: Iterable[Dated],
    pool: Executor | None,
    in_flight: int,
    findings: Findings,
    progress: Progress,
    buckets: list[bytearray],
) -> None:
    """Go through all entries and tiles once, and keep what later steps need."""
    sizes = {epoch.size, *ends, *(one.checkpoint.size for one in epoch.signed)}
    sizes.update(_size_of(proof) for proof in epoch.proofs.values())
    for old, new in _consistency_sizes(source, epoch):
        sizes.update((old, new))
    sizes = {size for size in sizes if 0 <= size <= epoch.size}
    ask = Ask(
        epoch=epoch.number,
        folder=epoch.folder,
        log=epoch.name,
        size=epoch.size,
        promised=epoch.promised,
        leaves=leaves,
        records=records,
        rows=frozenset(size // WIDTH for size in sizes if size % WIDTH),
    )

    def read_tile(level: int, index: int, width: int) -> bytes | None:
        return _read_upper(source, epoch, level, index, width, findings)

    def read_times(start: int, end: int) -> Iterator[tuple[int, str, str]]:
        return _times(source, ask, start, end)

    growth = Growth(epoch=epoch.number, read_tile=read_tile, sizes=sizes, findings=findings)
    clock = Clock(epoch=epoch.number, dated=dated, read=read_times, findings=findings)
    empty = 0
    for bundles, digests in _scanned(source, path, ask, pool, in_flight):
        for bucket, rows in zip(buckets, digests, strict=True):
            bucket.extend(rows)
        for bundle in bundles:
            _take(epoch, bundle, growth, clock, findings)
        progress(f"Epoch {epoch.number}", growth.size, epoch.size)
        nothing = all(
            one.stored_root is None and one.stored is None and not one.own and not one.spans
            for one in bundles
        )
        empty = empty + 1 if nothing and growth.hole is not None else 0
        if empty >= _EMPTY_TASKS:
            break
    growth.finish()
    clock.finish()
    epoch.roots, epoch.clock, epoch.hole = growth.roots, clock, growth.hole
    _name_signed(epoch, growth, findings)


def _take(epoch: Epoch, bundle: Scanned, growth: Growth, clock: Clock, findings: Findings) -> None:
    findings.merge(bundle.findings)
    start = bundle.index * WIDTH
    if bundle.computed_root is None and bundle.computed is None:
        end = start + bundle.width
        if epoch.missing and epoch.missing[-1][1] == start:
            epoch.missing[-1] = (epoch.missing[-1][0], end)
        else:
            epoch.missing.append((start, end))
        clock.gap()
    else:
        epoch.checked += bundle.width
    growth.add(bundle)
    epoch.own += (one for one in bundle.own if one.kind != EntryKind.LOG_TICK)
    items: list[OwnEntry | Span] = [*bundle.spans, *bundle.own]
    for item in sorted(
        items, key=lambda one: one.index if isinstance(one, OwnEntry) else one.start
    ):
        if isinstance(item, OwnEntry):
            clock.own(item)
        else:
            clock.span(item)
    for app, ranges in bundle.numbers.items():
        epoch.numbers += ((app, first, last) for first, last in ranges)
    if len(epoch.numbers) > _MOST_RANGES:
        epoch.numbers = joined(epoch.numbers)
    epoch.leaves.update(bundle.leaves)
    epoch.records.update(bundle.records)


def _scanned(
    source: Source, path: Path, ask: Ask, pool: Executor | None, in_flight: int
) -> Iterator[tuple[list[Scanned], list[bytes]]]:
    """Scan all bundles in order; so many tasks wait at a time that memory stays small."""
    count = -(-ask.size // WIDTH)
    tasks = (range(at, min(at + _TASK, count)) for at in range(0, count, _TASK))
    if pool is None:
        for indexes in tasks:
            yield scan_task(source, ask, indexes)
        return
    waiting: deque[Future[tuple[list[Scanned], list[bytes]]]] = deque()
    try:
        for indexes in tasks:
            waiting.append(pool.submit(scan_bundles, path, ask, indexes))
            if len(waiting) >= in_flight:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _name_signed(epoch: Epoch, growth: Growth, findings: Findings) -> None:
    """Say whether the tree is the one that the newest checkpoint signs, and which part of the export is."""
    signed = epoch.newest.checkpoint.root
    if growth.hole is not None:
        findings.incomplete(
            Step.TREE,
            "neither entries nor their hashes are here, so the tree cannot be rebuilt",
            expected=f"{epoch.size} leaves",
            got=f"none at index {growth.hole}",
            epoch=epoch.number,
            index=growth.hole,
        )
        return
    stored, computed = growth.stored_root(), growth.computed_root()
    if signed not in {stored, computed}:
        fits = [
            one.checkpoint.size
            for one in epoch.signed
            if one.keys
            and not one.is_pin
            and one.checkpoint.root in growth.roots.get(one.checkpoint.size, frozenset())
        ]
        last = max(fits, default=0)
        findings.tampered(
            Step.TREE,
            "the tree is not the one that was signed"
            + (f"; the last checkpoint that fits is of size {last}" if last else ""),
            expected=encode_base64(signed),
            got=encode_base64(computed),
            epoch=epoch.number,
            index=last,
        )
    elif stored != computed:
        changed = "entries" if signed == stored else "tiles"
        agrees = "tiles" if signed == stored else "entries"
        epoch.remarks.append(
            f"The {agrees} of epoch {epoch.number} are what was signed, so the {changed} that differ from them are what was changed."
        )


def conclude(source: Source, epoch: Epoch, trusted: Trusted, findings: Findings) -> None:
    """Check what needs the whole tree: history, proofs, and how keys came to be trusted."""
    for signed in sorted(epoch.signed, key=lambda one: one.checkpoint.size):
        _compare(epoch, signed, findings)
    for name, proof in epoch.proofs.items():
        _check_proof(source, epoch, name, proof, findings)
    _check_consistency(source, epoch, findings)
    _check_own(epoch, findings)
    _check_trust(epoch, trusted, findings)


def _keys(
    source: Source, folder: str, origin: str, trusted: Trusted, findings: Findings, number: int
) -> tuple[VerifyingKey, ...]:
    keys = [one.key for one in trusted.policy.logs if one.key.name == origin]
    text = _read_text(source, f"{folder}log.vkey", findings, number) or ""
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            key = VerifyingKey.parse(line.strip())
        except NoteRefused as refused:
            findings.tampered(
                Step.CHECKPOINT,
                f"{folder}log.vkey holds something else than keys",
                expected="a C2SP verifying key a line",
                got=refused,
                epoch=number,
            )
            continue
        if key.name == origin and key not in keys:
            keys.append(key)
    return tuple(keys)


def _open(epoch: Epoch, signed: Signed, trusted: Trusted, findings: Findings, step: Step) -> None:
    """Check a checkpoint's signatures; what is not signed by the log has no keys afterwards."""

    def found(got: object) -> None:
        findings.tampered(
            step,
            f"{signed.name} cannot be relied on",
            expected=f"a checkpoint signed by {epoch.origin}",
            got=got,
            epoch=epoch.number,
            index=signed.checkpoint.size,
        )

    if signed.checkpoint.origin != epoch.origin:
        found(f"one of {signed.checkpoint.origin}")
        return
    try:
        signed.keys = open_note(signed.note, epoch.keys).signed_by
        signed.cosignatures = check_cosignatures(signed.note, trusted.cosigners)
    except NoteRefused as refused:
        found(refused)


def _kept(source: Source, epoch: Epoch, name: str, findings: Findings) -> Signed | None:
    note = _read_text(source, name, findings, epoch.number, Step.HISTORY)
    if note is None:
        return None
    try:
        checkpoint = parse_checkpoint(split_note(note)[0])
    except NoteRefused as refused:
        findings.tampered(
            Step.HISTORY,
            f"{name} is not a checkpoint",
            expected="a signed checkpoint",
            got=refused,
            epoch=epoch.number,
        )
        return None
    return Signed(name=name, note=note, checkpoint=checkpoint)


def _compare(epoch: Epoch, signed: Signed, findings: Findings) -> None:
    """Hold an earlier checkpoint against the tree; those that nobody signed were told of before."""
    said = signed.checkpoint
    if not signed.keys or said.origin != epoch.origin:
        return
    what = "the checkpoint that you kept" if signed.is_pin else signed.name
    if said.size > epoch.size:
        findings.tampered(
            Step.HISTORY,
            f"more entries were signed than there are: the log was cut short or rolled back, as {what} shows",
            expected=f"{said.size} entries or more",
            got=f"{epoch.size} entries",
            epoch=epoch.number,
            index=epoch.size,
        )
        return
    roots = epoch.roots.get(said.size, frozenset())
    if not roots:
        findings.incomplete(
            Step.HISTORY,
            f"{what} cannot be compared, as entries before it are missing with their hashes",
            expected=encode_base64(said.root),
            got="no root",
            epoch=epoch.number,
            index=said.size,
        )
    elif said.root not in roots:
        findings.tampered(
            Step.HISTORY,
            f"{what} signs another history of the first {said.size} entries than the one that is here",
            expected=encode_base64(said.root),
            got=", ".join(map(encode_base64, sorted(roots))),
            epoch=epoch.number,
            index=said.size,
        )
    elif said.size == epoch.size and said.root != epoch.newest.checkpoint.root:
        findings.tampered(
            Step.HISTORY,
            f"the log signed two trees of one size: {what} and the newest checkpoint; together they prove it to anybody",
            expected=encode_base64(said.root),
            got=encode_base64(epoch.newest.checkpoint.root),
            epoch=epoch.number,
            index=said.size,
        )


def _size_of(proof: TlogProof) -> int:
    try:
        return parse_checkpoint(split_note(proof.checkpoint)[0]).size
    except NoteRefused:
        return -1


def _read_proof(source: Source, epoch: Epoch, name: str, findings: Findings) -> None:
    text = _read_text(source, name, findings, epoch.number, Step.HISTORY)
    if text is None:
        return
    try:
        epoch.proofs[name] = parse_proof(text)
    except MalformedProof as refused:
        findings.tampered(
            Step.HISTORY,
            f"{name} is not a proof",
            expected="a tlog-proof",
            got=refused,
            epoch=epoch.number,
        )


def _check_proof(
    source: Source, epoch: Epoch, name: str, proof: TlogProof, findings: Findings
) -> None:
    def found(what: str, expected: object, got: object) -> None:
        findings.tampered(
            Step.HISTORY, what, expected=expected, got=got, epoch=epoch.number, index=proof.index
        )

    try:
        entry = source.read(f"{name.removesuffix(SUFFIX)}.leaf", MAX_ENTRY_FILE)
        checkpoint = parse_checkpoint(open_note(proof.checkpoint, epoch.keys).body)
    except (FileDamaged, NoteRefused) as refused:
        found(f"{name} cannot be relied on", "a proof and its entry", refused)
        return
    if entry is None:
        findings.incomplete(
            Step.HISTORY,
            f"{name} has no entry beside it",
            expected="its .leaf",
            got="nothing",
            epoch=epoch.number,
            index=proof.index,
        )
        return
    if not inclusion_holds(
        index=proof.index,
        size=checkpoint.size,
        leaf=leaf_hash(entry),
        proof=proof.hashes,
        root=checkpoint.root,
    ):
        found(f"{name} does not lead from its entry to the signed root", "a path", "another")
    roots = epoch.roots.get(checkpoint.size, frozenset())
    if checkpoint.origin != epoch.origin or (roots and checkpoint.root not in roots):
        found(
            f"{name} proves a place in another tree than the one that is here",
            ", ".join(map(encode_base64, sorted(roots))) or epoch.origin,
            encode_base64(checkpoint.root),
        )


def _consistency(source: Source, epoch: Epoch, findings: Findings) -> list[Any]:
    name = f"{epoch.folder}consistency.json"
    content = read_json(source, name, findings, Step.HISTORY, epoch.number)
    if content is None:
        return []
    if not isinstance(content, list):
        findings.tampered(
            Step.HISTORY,
            f"{name} is not a list of proofs",
            expected="a list",
            got=type(content).__name__,
            epoch=epoch.number,
        )
        return []
    return content


def _consistency_sizes(source: Source, epoch: Epoch) -> Iterator[tuple[int, int]]:
    for one in _consistency(source, epoch, Findings()):
        if isinstance(one, dict) and type(one.get("old")) is int and type(one.get("new")) is int:
            yield one["old"], one["new"]


def _check_consistency(source: Source, epoch: Epoch, findings: Findings) -> None:
    for number, one in enumerate(_consistency(source, epoch, findings)):
        try:
            old, new = one["old"], one["new"]
            old_root, new_root, *proof = (
                _root(text) for text in (one["old_root"], one["new_root"], *one["proof"])
            )
            holds = type(old) is type(new) is int and consistency_holds(
                old_size=old, size=new, old_root=old_root, root=new_root, proof=proof
            )
        except (TypeError, KeyError, ValueError):
            holds, old, new, old_root, new_root = False, None, None, b"", b""
        wrong = not holds or any(
            epoch.roots.get(size) and root not in epoch.roots[size]
            for size, root in ((old, old_root), (new, new_root))
        )
        if wrong:
            findings.tampered(
                Step.HISTORY,
                f"proof {number} of {epoch.folder}consistency.json does not show that the smaller tree is the beginning of the larger, or is of other trees",
                expected="a consistency proof of this tree",
                got=f"one from size {old} to {new}",
                epoch=epoch.number,
            )


def _check_own(epoch: Epoch, findings: Findings) -> None:
    """Check how the epoch begins and ends by its own account."""
    opened = [one for one in epoch.own if one.kind == EntryKind.LOG_OPENED]
    closed = [one for one in epoch.own if one.kind == EntryKind.LOG_CLOSED]
    for again in opened[1:]:
        findings.tampered(
            Step.ENTRIES,
            "the log begins a second time",
            expected=f"entry {opened[0].index} alone",
            got=again.kind,
            epoch=epoch.number,
            index=again.index,
            record_id=again.record_id,
        )
    if opened and (
        opened[0].data.get("origin") != epoch.origin or opened[0].data.get("epoch") != epoch.number
    ):
        findings.tampered(
            Step.ENTRIES,
            "the log's first words are of another log or epoch",
            expected=f"{epoch.origin}, epoch {epoch.number}",
            got=f"{opened[0].data.get('origin')}, epoch {opened[0].data.get('epoch')}",
            epoch=epoch.number,
            index=opened[0].index,
            record_id=opened[0].record_id,
        )
    if not opened and not epoch.missing and epoch.size:
        findings.tampered(
            Step.ENTRIES,
            "no entry opens the log",
            expected=EntryKind.LOG_OPENED,
            got="none",
            epoch=epoch.number,
        )
    for one in closed:
        if one.index != epoch.size - 1:
            findings.tampered(
                Step.ENTRIES,
                "entries follow the one that closed the log",
                expected=f"{one.index + 1} entries",
                got=f"{epoch.size} entries",
                epoch=epoch.number,
                index=one.index,
                record_id=one.record_id,
            )


def joined(numbers: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Join an app's ranges of numbers that touch each other or overlap."""
    ranges: list[tuple[str, int, int]] = []
    for app, first, last in sorted(numbers):
        if ranges and ranges[-1][0] == app and first <= ranges[-1][2] + 1:
            ranges[-1] = (app, ranges[-1][1], max(last, ranges[-1][2]))
        else:
            ranges.append((app, first, last))
    return ranges


def introduced(epoch: Epoch, purpose: str) -> dict[str, int]:
    """Return the keys that entries of an epoch introduced for a purpose, with the index of the entry."""
    found: dict[str, int] = {}
    for one in epoch.own:
        vkey = one.data.get("vkey")
        if not isinstance(vkey, str):
            continue
        if (one.kind == EntryKind.LOG_OPENED and purpose == "log") or (
            one.kind == EntryKind.LOG_KEY_ADDED and one.data.get("purpose") == purpose
        ):
            found.setdefault(vkey, one.index)
    return found


def retired(epoch: Epoch, purpose: str) -> dict[str, tuple[int, str]]:
    """Return the keys that entries of an epoch retired, with the index of the entry and why."""
    return {
        one.data["vkey"]: (one.index, str(one.data.get("because")))
        for one in epoch.own
        if one.kind == "log.key_retired"
        and one.data.get("purpose") == purpose
        and isinstance(one.data.get("vkey"), str)
    }


def _check_trust(epoch: Epoch, trusted: Trusted, findings: Findings) -> None:
    """Make sure that the newest checkpoint is signed by a key that one trusts, or that such a key's log introduced."""
    of_policy = {one.key for one in trusted.policy.logs if one.key.name == epoch.origin}
    keys = of_policy or set(epoch.keys)
    added, gone = introduced(epoch, "log"), retired(epoch, "log")
    good = [
        one
        for one in [*epoch.signed, epoch.newest]
        if one.checkpoint.root in epoch.roots.get(one.checkpoint.size, frozenset())
    ]

    def counts(key: VerifyingKey, size: int) -> bool:
        end = gone.get(key.encode())
        return end is None or size <= end[0] + 1

    grown = True
    while grown:
        grown = False
        for vkey, index in added.items():
            key = next((one for one in epoch.keys if one.encode() == vkey), None)
            if key is None or key in keys:
                continue
            if any(
                one.checkpoint.size > index
                and any(k in keys and counts(k, one.checkpoint.size) for k in one.keys)
                for one in good
            ):
                keys.add(key)
                grown = True
    for signed in [epoch.newest, *epoch.signed]:
        if signed.keys and not any(
            key in keys and counts(key, signed.checkpoint.size) for key in signed.keys
        ):
            # The entry that introduced it may be among those that are not here.
            report = findings.incomplete if epoch.missing else findings.tampered
            report(
                Step.CHECKPOINT if signed is epoch.newest else Step.HISTORY,
                f"{signed.name} is signed by a key that counted no more, or that nothing signed by a trusted key introduced",
                expected=" or ".join(sorted(key.encode() for key in keys)),
                got=", ".join(key.encode() for key in signed.keys),
                epoch=epoch.number,
                index=signed.checkpoint.size,
            )
    for key in epoch.keys:
        if key not in of_policy and key.encode() not in added and not epoch.missing and epoch.size:
            findings.tampered(
                Step.ENTRIES,
                f"{epoch.folder}log.vkey holds a key that no entry introduced",
                expected=" or ".join(sorted(added)) or "a key of the policy",
                got=key.encode(),
                epoch=epoch.number,
            )


def dated_by(epoch: Epoch) -> Iterator[Dated]:
    """Yield what witnesses said of the epoch's checkpoints, and when."""
    for signed in [epoch.newest, *epoch.signed]:
        for one in signed.cosignatures:
            try:
                at = datetime.fromtimestamp(one.time, UTC)
            except (ValueError, OverflowError, OSError):
                continue
            yield Dated(size=signed.checkpoint.size, at=at, by=f"witness {one.cosigner.name}")


def _read_upper(
    source: Source, epoch: Epoch, level: int, index: int, width: int, findings: Findings
) -> bytes | None:
    path = tile_path(level, index, width)
    try:
        row = source.read(epoch.folder + path, TILE_BYTES)
        if row is None and width < WIDTH:
            row = source.read(epoch.folder + tile_path(level, index), TILE_BYTES)
            row = None if row is None else row[: width * 32]
    except FileDamaged as damaged:
        findings.tampered(
            Step.TREE,
            f"{path} cannot be read",
            expected="hashes",
            got=damaged,
            epoch=epoch.number,
        )
        return None
    if row is None:
        findings.incomplete(
            Step.TREE,
            f"{path} is missing",
            expected=f"{width} hashes",
            got="nothing",
            epoch=epoch.number,
        )
    return row


def _times(source: Source, ask: Ask, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    for bundle in range(start // WIDTH, -(-end // WIDTH)):
        entries = read_entries(source, ask, bundle) or []
        for index, entry in enumerate(entries, bundle * WIDTH):
            record = parse_entry(entry) if start <= index < end else None
            if record is not None:
                yield index, str(record.get("id")), str(record.get("recorded_at"))


def entry_at(source: Source, epoch: Epoch, index: int) -> dict[str, Any] | None:
    """Read one entry's record again."""
    ask = Ask(
        epoch=epoch.number, folder=epoch.folder, log=epoch.name, size=epoch.size, promised=(0, 0)
    )
    entries = read_entries(source, ask, index // WIDTH)
    return None if entries is None else parse_entry(entries[index % WIDTH])


def read_json(
    source: Source, name: str, findings: Findings, step: Step, epoch: int | None = None
) -> Any:
    """Read a JSON file, None where there is none or it cannot be read, which is then a finding."""
    try:
        content = source.read(name, MAX_JSON_BYTES)
        return None if content is None else json.loads(content)
    except (FileDamaged, ValueError, RecursionError) as error:
        findings.tampered(step, f"{name} cannot be read", expected="JSON", got=error, epoch=epoch)
        return None


def _read_text(
    source: Source,
    name: str,
    findings: Findings,
    epoch: int,
    step: Step = Step.CHECKPOINT,
) -> str | None:
    try:
        content = source.read(name, max(MAX_NOTE_BYTES, MAX_PROOF_CHARACTERS))
        return None if content is None else content.decode()
    except (FileDamaged, UnicodeDecodeError) as error:
        findings.tampered(step, f"{name} cannot be read", expected="a text", got=error, epoch=epoch)
        return None


def _root(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("A hash is a text of base64.")
    return b64decode(text, validate=True)
