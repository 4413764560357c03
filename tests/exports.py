"""Exports of a log as files, written apart from the product, for tests that verify and tamper with them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audits.log import notes, receipts, tiles
from audits.log.bundles import bundle_path, write_bundle
from audits.log.canonical import canonical, parse
from audits.log.cosignatures import CosigningKey, with_lines
from audits.log.entries import Actor, ActorType, EntryKind, build, commitment
from audits.log.notes import SigningKey
from audits.log.proofs import TlogProof, write_proof
from audits.log.tiles import WIDTH, range_root, tile_path, tiles_of
from audits.log.tree import consistency_proof, inclusion_proof, leaf_hash
from audits.log.witness_policy import PolicyLog, PolicyWitness, WitnessPolicy
from tests.memory_log import record_id

NAME = "log.corner.example"
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RECEIPT_KEY = SigningKey(name=f"{NAME}/receipt", seed=b"receipt".ljust(32))
WITNESS = CosigningKey(name="witness.example", seed=b"witness".ljust(32))
THIEF = SigningKey(name=NAME, seed=b"thief".ljust(32))
MMD = 60
COMMITMENT_KEY = b"c" * 32


def log_key(epoch: int = 1) -> SigningKey:
    return SigningKey(
        name=NAME if epoch == 1 else f"{NAME}/{epoch}", seed=f"log {epoch}".encode().ljust(32)
    )


def payload_of(number: int) -> bytes:
    return f'{{"income":{number}}}'.encode()


class LogFiles:
    """A log that a test appends to, signs and writes; everything but the entries is made anew whenever it is written."""

    def __init__(self, epoch: int = 1, **opened: Any) -> None:
        self.epoch = epoch
        self.keys = [log_key(epoch)]
        self.witnesses = [WITNESS]
        self.entries: list[bytes] = []
        self.checkpoints: dict[int, str] = {}
        self.receipts: dict[str, str] = {}
        self.now = START + timedelta(days=epoch - 1)
        self._serial = epoch << 40
        self._sequence = 0
        self.own(
            EntryKind.LOG_OPENED,
            epoch=epoch,
            origin=self.origin,
            vkey=self.keys[0].verifying_key.encode(),
            **opened,
        )
        self.own(
            EntryKind.LOG_KEY_ADDED,
            purpose="receipt",
            vkey=RECEIPT_KEY.verifying_key.encode(),
            epoch=epoch,
            active_from=0,
        )

    @property
    def origin(self) -> str:
        return self.keys[0].name

    @property
    def size(self) -> int:
        return len(self.entries)

    def entry(self, kind: EntryKind, at: datetime | None = None, **more: Any) -> bytes:
        self._serial += 1
        commits = more.pop("commitments", {})
        identity = record_id(self._serial)
        return canonical(
            build(
                kind,
                record_id=identity,
                origin=NAME,
                recorded_at=at or self.now,
                actor=more.pop("actor", Actor(type=ActorType.SERVICE, ref="sequencer")),
                refs=more.pop("refs", {}),
                data=more,
                commitments={
                    name: commitment(COMMITMENT_KEY, identity, name, data)
                    for name, data in commits.items()
                },
            )
        )

    def own(self, kind: EntryKind, at: datetime | None = None, **data: Any) -> None:
        self.entries.append(self.entry(kind, at, **data))

    def tick(self, after: timedelta = timedelta(minutes=1)) -> None:
        self.now += after
        self.own(EntryKind.LOG_TICK, previous=None)

    def decide(self, count: int = 1, *, at: datetime | None = None) -> None:
        for _ in range(count):
            self.now += timedelta(milliseconds=20)
            self._sequence += 1
            self.entries.append(
                self.entry(
                    EntryKind.DECISION_RECORDED,
                    at,
                    actor=Actor(type=ActorType.APP, ref=f"{record_id(7)}/{record_id(8)}"),
                    refs={"decision": record_id(2**60 + self._serial)},
                    commitments={"features": payload_of(self.size)},
                    outcome="offer",
                    confidence="0.71",
                    sequence=self._sequence,
                )
            )

    def sign(self, *, cosign: bool = True, late: timedelta = timedelta(seconds=2)) -> str:
        """Sign a checkpoint of all entries so far, and let the witnesses cosign it."""
        root = root_of(self.entries)
        body = notes.checkpoint_body(self.origin, self.size, root)
        note = notes.sign(body, *self.keys)
        if cosign:
            time = int((self.now + late).timestamp())
            note = with_lines(note, [one.cosign(body, time) for one in self.witnesses])
        self.checkpoints[self.size] = note
        return note

    def promise(self, index: int) -> str:
        """Give a receipt for an entry."""
        identity = parse(self.entries[index])["id"]
        text = self.receipt(identity, leaf_hash(self.entries[index]))
        self.receipts[identity] = text
        return text

    def receipt(self, identity: str, leaf: bytes, key: SigningKey = RECEIPT_KEY) -> str:
        return receipts.sign(
            receipts.Receipt(
                origin=NAME,
                record_id=identity,
                leaf_hash=leaf,
                at_ms=int(START.timestamp() * 1000),
                mmd_s=MMD,
            ),
            key,
        )

    def edit(self, index: int, **changes: Any) -> bytes:
        """Return the entry of an index with other content."""
        record = parse(self.entries[index])
        for name, value in changes.items():
            record["data" if name in record["data"] else name] = (
                {**record["data"], name: value} if name in record["data"] else value
            )
        return canonical(record)


def leaves_of(entries: list[bytes]) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries]


def tree_of(entries: list[bytes]) -> Mapping[tuple[int, int], bytes]:
    return tiles.integrate(0, leaves_of(entries), lambda _level, _index: None).tiles


def root_of(entries: list[bytes]) -> bytes:
    return tiles.integrate(0, leaves_of(entries), lambda _level, _index: None).root


def policy_of(*epochs: LogFiles, quorum: bool = True) -> bytes:
    return WitnessPolicy(
        logs=tuple(PolicyLog(key=one.keys[0].verifying_key) for one in epochs),
        witnesses=(PolicyWitness(name="w", key=WITNESS.verifying_key),),
        quorum="w" if quorum else "none",
    ).encode()


def write_export(
    folder: Path,
    *logs: LogFiles,
    entries: tuple[int, int] | None = None,
    disclose: tuple[int, ...] = (),
    prove: tuple[int, ...] = (),
) -> Path:
    """Write an export of a log with its earlier epochs, the current one last."""
    if folder.exists():
        shutil.rmtree(folder)
    for log in logs:
        _write_epoch(
            folder if log is logs[-1] else folder / "epochs" / str(log.epoch),
            log,
            entries,
            disclose,
            prove,
        )
    current = logs[-1]
    put(folder, "policy", policy_of(*logs))
    put(folder, "witness.vkey", f"{WITNESS.verifying_key.encode()}\n".encode())
    put(folder, "receipt.vkey", f"{RECEIPT_KEY.verifying_key.encode()}\n".encode())
    for identity, text in current.receipts.items():
        put(folder, f"receipts/{identity}.note", text.encode())
    manifest = {
        "v": 1,
        "made_at": "2026-11-21T12:00:00Z",
        "origin": NAME,
        "epoch": current.epoch,
        "since": None,
        "until": None,
        "epochs": [
            {
                "epoch": log.epoch,
                "origin": log.origin,
                "size": max(log.checkpoints),
                "min_index": 0,
                "entries": list(entries or (0, max(log.checkpoints))),
            }
            for log in logs
        ],
        "disclosed": len(disclose),
    }
    put(folder, "manifest.json", json.dumps(manifest).encode())
    return folder


def _write_epoch(
    folder: Path,
    log: LogFiles,
    window: tuple[int, int] | None,
    disclose: tuple[int, ...],
    prove: tuple[int, ...],
) -> None:
    size = max(log.checkpoints)
    held = log.entries[:size]
    leaves = leaves_of(held)
    grown = tiles.integrate(0, leaves, lambda _level, _index: None)

    def read(level: int, index: int) -> bytes | None:
        return grown.tiles.get((level, index))

    def range_of(start: int, end: int) -> bytes:
        return range_root(start, end, read)

    put(folder, "checkpoint", log.checkpoints[size].encode())
    put(
        folder,
        "log.vkey",
        "".join(f"{key.verifying_key.encode()}\n" for key in log.keys).encode(),
    )
    for level, index, width in tiles_of(size):
        put(folder, tile_path(level, index, width), grown.tiles[level, index][: width * 32])
    start, end = window or (0, size)
    for at in range(0, size, WIDTH):
        width = min(WIDTH, size - at)
        if at < end and at + width > start:
            bundle = write_bundle(held[at : at + width])
            put(folder, bundle_path(at // WIDTH, width), bundle)
    proofs = []
    for earlier, note in sorted(log.checkpoints.items()):
        if earlier == size:
            continue
        put(folder, f"checkpoints/{earlier:012d}", note.encode())
        proof = consistency_proof(earlier, size, range_of)
        proofs.append(
            {
                "old": earlier,
                "new": size,
                "old_root": _base64(range_of(0, earlier)),
                "new_root": _base64(grown.root),
                "proof": [_base64(one) for one in proof],
            }
        )
    put(folder, "consistency.json", json.dumps(proofs).encode())
    for index in prove:
        proof = TlogProof(
            index=index,
            hashes=tuple(inclusion_proof(index, size, range_of)),
            checkpoint=log.checkpoints[size],
        )
        put(folder, f"proofs/{index}.tlog-proof", write_proof(proof).encode())
        put(folder, f"proofs/{index}.leaf", held[index])
    for index in disclose:
        put(folder, *disclosure(log, index, payload_of(index)))


def disclosure(log: LogFiles, index: int, data: bytes) -> tuple[str, bytes]:
    identity = parse(log.entries[index])["id"]
    content = {
        "record": identity,
        "payloads": [{"name": "features", "data": _base64(data), "key": COMMITMENT_KEY.hex()}],
    }
    return f"disclosures/{identity}.json", json.dumps(content).encode()


def put(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def change(folder: Path, name: str, by: Callable[[bytes], bytes]) -> None:
    path = folder / name
    path.write_bytes(by(path.read_bytes()))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def busy_log() -> LogFiles:
    """Make a log of some 700 entries with ticks, and three cosigned checkpoints."""
    log = LogFiles()
    log.tick()
    for count in (150, 250, 300):
        log.decide(count)
        log.tick()
        log.sign()
    return log
