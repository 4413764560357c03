"""How fast is a long log proven, exported and verified?

``python -m benchmarks.log`` fills the log of a fresh installation on SQLite and on PostgreSQL with a million entries, and prints how long one proof
takes from the stored tiles (in a session that is open, and in one of its own as a request has it), its check, an export as a folder and as a zip with the most
memory it took, the check of that export by ``answerable-verify``, and the first and a later copy as static files. Writes JSON with ``--out``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from typing import Final

import sqlalchemy as sa

from audits.log.canonical import canonical
from audits.log.entries import Actor, ActorType, EntryKind, build
from audits.log.proofs import check_proof, parse_proof
from audits.log.tiles import integrate
from audits.log.tree import leaf_hash
from benchmarks.decisions import postgresql
from governance.application import Answerable, open_installation
from governance.installation.service import create
from governance.ledger import mirroring, proving, publishing, queries
from governance.ledger.models import Leaf, LogRecord, Tile
from governance.ledger.sequencing import drain
from governance.logs import write_logs
from governance.settings import Settings
from governance.storage.inserting import insert

_CHUNK: Final = 10_000
_PROOFS: Final = 2000
_GOAL_MS: Final = 1.0
_GOAL_RATE: Final = 100_000


def main() -> None:
    """Run it all and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    parser.add_argument("--without-postgresql", action="store_true")
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        root = Path(folder)
        with postgresql(root, wanted=not options.without_postgresql) as server:
            urls = {"SQLite": None, **({} if server is None else {"PostgreSQL": server})}
            for database, url in urls.items():
                print(f"\n{database}, {options.entries:,} entries, load {os.getloadavg()[0]:.1f}")
                figures[database] = measured(root / database, url, options.entries)
    if options.out is not None:
        options.out.write_text(json.dumps(figures, indent=1))


def measured(folder: Path, url: str | None, entries: int) -> dict[str, float]:
    """Fill one log, measure, print and return the figures."""
    settings = Settings(
        home=folder / "home",
        highwater_dir=folder / "highwater",
        database_url=url,
        log_level="error",
    )
    write_logs(settings)
    create(
        settings,
        business_name="Bench",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1",
    )
    answerable = open_installation(settings)
    told: dict[str, float] = {}

    def say(what: str, value: float, unit: str, goal: str = "") -> None:
        told[what] = value
        print(f"  {what:<44}{value:>12,.3f} {unit}{goal and f'   (goal: {goal})'}", flush=True)

    began = time.perf_counter()
    ids = fill(answerable, entries)
    publishing.publish(answerable)
    say("filled", time.perf_counter() - began, "s")
    chosen = random.Random(7).sample(ids, min(_PROOFS, len(ids)))
    with answerable.database.read() as session:
        keys = queries.current(session).verifying_keys
        for name, value in spread(lambda record: proving.proof_of(session, record), chosen):
            say(f"proof, session open, {name}", value, "ms", f"below {_GOAL_MS:.0f}")
    for name, value in spread(lambda record: one_proof(answerable, record), chosen):
        say(f"proof, session of its own, {name}", value, "ms")
    proofs = {record: one_proof(answerable, record) for record in chosen[:500]}
    leaves = {record: leaf_hash(proof.entry or b"") for record, proof in proofs.items()}
    texts = {record: proof.text for record, proof in proofs.items()}
    for name, value in spread(
        lambda record: check_proof(parse_proof(texts[record]), leaves[record], keys), list(texts)
    ):
        say(f"check of a proof with its signature, {name}", value, "ms")
    environment = {
        "ANSWERABLE_HOME": str(settings.home),
        "ANSWERABLE_HIGHWATER_DIR": str(settings.highwater),
        **({} if url is None else {"ANSWERABLE_DATABASE_URL": url}),
    }
    out = folder / "export"
    for what, target, more in (("folder", out, ()), ("zip", folder / "export.zip", ("--zip",))):
        command = ("governance.cli", "audit", "export", "--out", str(target), *more)
        seconds, memory = run(command, environment)
        say(f"export as a {what}", seconds, "s")
        say(f"export as a {what}, most memory", memory, "MB")
    if importlib.util.find_spec("audits.verifying.command") is not None:
        seconds, memory = run(("audits.verifying.command", str(out)), {})
        rate = entries / seconds
        say("answerable-verify", rate, "entries/s", f"at least {_GOAL_RATE:,}")
        say("answerable-verify, most memory", memory, "MB")
    for what, grow in (("first copy as files", 0), ("copy after 1,000 more entries", 1000)):
        fill(answerable, grow)
        publishing.publish(answerable)
        began = time.perf_counter()
        made = mirroring.mirror(answerable, folder / "mirror")
        say(what, time.perf_counter() - began, "s")
        say(f"{what}, files", made.written, "")
    answerable.close()
    return told


def one_proof(answerable: Answerable, record_id: str) -> proving.Proof:
    """Prove an entry as a request does, in a session of its own."""
    with answerable.database.read() as session:
        proof = proving.proof_of(session, record_id)
    assert proof is not None
    return proof


def spread(work: Callable[[str], object], records: Sequence[str]) -> list[tuple[str, float]]:
    """Return the median and the 99th percentile in milliseconds, and how much of the mean is work of this process."""
    took = []
    worked = time.process_time()
    for record in records:
        began = time.perf_counter()
        work(record)
        took.append((time.perf_counter() - began) * 1000)
    worked = (time.process_time() - worked) * 1000 / len(records)
    cuts = quantiles(took, n=100)
    return [("p50", cuts[49]), ("p99", cuts[98]), ("CPU", worked)]


def fill(answerable: Answerable, entries: int) -> list[str]:
    """Write entries of decisions and their tree at once, as the sequencer leaves them; return their ids."""
    drain(answerable)
    numbers, ids = random.Random(entries), list[str]()
    now = answerable.clock.now()
    while len(ids) < entries:
        with answerable.database.write() as session:
            log = queries.current(session, lock=True)
            count = min(_CHUNK, entries - len(ids))
            records, leaves = [], []
            for place in range(count):
                record = build(
                    EntryKind.DECISION_RECORDED,
                    record_id=answerable.new_id(),
                    origin=answerable.origin,
                    recorded_at=now,
                    actor=Actor(type=ActorType.APP, ref=answerable.new_id()),
                    refs={},
                    data={
                        "point": "retention-offer",
                        "disposition": "release",
                        "proposed_outcome": "offer_discount",
                        "confidence": f"0.{numbers.randrange(1000, 9999)}",
                        "reasons": ["confident", "no-rule"],
                        "status": "released",
                    },
                    commitments={"decision": numbers.randbytes(32)},
                )
                entry = canonical(record)
                hashed = leaf_hash(entry)
                records.append(
                    {
                        "id": record["id"],
                        "kind": record["kind"],
                        "recorded_at": now,
                        "decision_id": record["id"],
                        "entry": entry,
                    }
                )
                leaves.append(
                    {
                        "epoch": log.epoch,
                        "leaf_index": log.size + place,
                        "record_id": record["id"],
                        "leaf_hash": hashed,
                        "integrated_at": now + timedelta(microseconds=len(ids) + place),
                    }
                )
            session.execute(sa.insert(LogRecord), records)
            session.execute(sa.insert(Leaf), leaves)
            grown = integrate(
                log.size,
                [leaf["leaf_hash"] for leaf in leaves],
                queries.tile_reader(session, log.epoch),
            )
            for (level, index), hashes in grown.tiles.items():
                session.execute(
                    insert(session, Tile)
                    .values(epoch=log.epoch, level=level, idx=index, hashes=hashes)
                    .on_conflict_do_update(
                        index_elements=["epoch", "level", "idx"], set_={"hashes": hashes}
                    )
                )
            log.size, log.root = grown.size, grown.root
            ids += [record["id"] for record in records]
    return ids


def run(command: Sequence[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a module in a process of its own; return its seconds and the most memory it took, in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    most = 0
    while process.poll() is None:
        # What the system says at its end would count the memory of this process too.
        most = max(most, peak(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    if process.returncode not in {0, 2}:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}.")
    return seconds, most / 1024


def peak(process: int) -> int:
    """Return the most memory that a process took so far, in kB."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) if found else 0


if __name__ == "__main__":
    main()
