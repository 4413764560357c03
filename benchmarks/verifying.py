"""How many entries a second does ``answerable-verify`` check? ``python -m benchmarks.verifying``.

Writes an export of decisions as the service records them, a tick each 1,000 entries and a cosigned checkpoint each
100,000, and verifies it as a folder in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import UUID

from audits.log import notes
from audits.log.bundles import bundle_path, write_bundle
from audits.log.canonical import canonical
from audits.log.cosignatures import CosigningKey, with_lines
from audits.log.entries import Actor, ActorType, EntryKind, build
from audits.log.notes import SigningKey
from audits.log.tiles import WIDTH, integrate, tile_path, tiles_of
from audits.log.tree import leaf_hash

ORIGIN = "log.benchmark.example"
KEY = SigningKey(name=ORIGIN, seed=bytes(range(32)))
WITNESS = CosigningKey(name="witness.example", seed=bytes(32))
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TICK_EACH, SIGN_EACH = 1_000, 100_000
APP = Actor(type=ActorType.APP, ref=f"{UUID(int=7)}/{UUID(int=8)}")
SEQUENCER = Actor(type=ActorType.SERVICE, ref="sequencer")


def entries(count: int) -> Iterator[bytes]:
    for index in range(count):
        at = START + timedelta(milliseconds=10 * index)
        identity = str(UUID(int=(0x019AB4C56D7E << 80) | (0x7 << 76) | (0x2 << 62) | index))
        if index == 0:
            kind, actor = EntryKind.LOG_OPENED, SEQUENCER
            data = {"epoch": 1, "origin": ORIGIN, "vkey": KEY.verifying_key.encode()}
        elif index % TICK_EACH == 1:
            kind, actor, data = EntryKind.LOG_TICK, SEQUENCER, {"previous": None}
        else:
            kind, actor = EntryKind.DECISION_RECORDED, APP
            data = {
                "point": "retention_offer",
                "policy_version": 3,
                "policy_digest": "5d" * 32,
                "source": "app",
                "rollout": "live",
                "disposition": "release",
                "reasons": [],
                "proposed_outcome": "offer",
                "confidence": f"0.{700 + index % 300}",
                "person_requested": False,
                "language": "de",
                "channel": "web",
                "sequence": index,
                "status": "resolved",
                "outcome": "offer",
                "case": None,
            }
        ordinary = kind is EntryKind.DECISION_RECORDED
        yield canonical(
            build(
                kind,
                record_id=identity,
                origin=ORIGIN,
                recorded_at=at,
                actor=actor,
                refs={"decision": identity} if ordinary else {},
                data=data,
                commitments={"payload": index.to_bytes(32)} if ordinary else {},
            )
        )


def write(folder: Path, count: int) -> None:
    def put(name: str, content: bytes) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    tiles: dict[tuple[int, int], bytes] = {}
    size, root, batch, note = 0, b"", [], ""

    def take() -> None:
        nonlocal size, root
        grown = integrate(size, [leaf_hash(entry) for entry in batch], lambda *at: tiles.get(at))
        tiles.update(grown.tiles)
        put(bundle_path(size // WIDTH, len(batch)), write_bundle(batch))
        size, root = grown.size, grown.root
        batch.clear()

    def sign() -> str:
        body = notes.checkpoint_body(ORIGIN, size, root)
        time = int((START + timedelta(milliseconds=10 * size)).timestamp())
        return with_lines(notes.sign(body, KEY), [WITNESS.cosign(body, time)])

    for entry in entries(count):
        batch.append(entry)
        if len(batch) == WIDTH:
            take()
            if size // SIGN_EACH != (size - WIDTH) // SIGN_EACH:
                put(f"checkpoints/{size:012d}", sign().encode())
    if batch:
        take()
    note = sign()
    for level, index, width in tiles_of(size):
        put(tile_path(level, index, width), tiles[level, index])
    put("checkpoint", note.encode())
    put("log.vkey", f"{KEY.verifying_key.encode()}\n".encode())
    put("witness.vkey", f"{WITNESS.verifying_key.encode()}\n".encode())
    told = [{"epoch": 1, "origin": ORIGIN, "size": size, "min_index": 0, "entries": [0, size]}]
    put("manifest.json", json.dumps({"v": 1, "epoch": 1, "epochs": told}).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, asked.entries)
        written = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{asked.entries:,} entries, {written / 1e6:,.0f} MB, {asked.jobs} processes")
        for _ in range(asked.runs):
            began = perf_counter()
            code = subprocess.run(
                [
                    *(sys.executable, "-m", "audits.verifying.command", name),
                    *("--jobs", str(asked.jobs)),
                ],
                stdout=subprocess.DEVNULL,
                check=False,
            ).returncode
            took = perf_counter() - began
            print(f"exit code {code}, {took:6.1f} s, {asked.entries / took:10,.0f} entries/s")
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"largest process: {most / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
