"""Verify an export of a log with tlog-scales, a program of others; run by a test in a process of its own, which has a time limit.

It checks the checkpoint's signature, the root from the tiles, every leaf against its entry, some proofs of inclusion, and
that each earlier checkpoint is the beginning of the newest one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tlog_scales import signing, tiles
from tlog_scales.backend import make_backend
from tlog_scales.reader import TilesReader
from tlog_scales.tlog import Checkpoint


def check(folder: Path) -> str:
    reader = TilesReader(make_backend(str(folder.absolute())))
    key = signing.Vkey.from_string((folder / "log.vkey").read_text().strip())
    newest = reader.get_checkpoint()
    newest.verify(key)
    if reader.calculate_root_hash() != newest.root_hash:
        raise ValueError("the tiles do not give the signed root")
    for index in range(newest.size):
        leaf = tiles.leaf_hash(reader.get_entry(index))
        if leaf != reader.mth(index, index + 1):
            raise ValueError(f"entry {index} does not hash to its leaf")
        if index % 256 == 0:
            reader.get_inclusion_proof(index, newest.size).check(leaf, newest.root_hash)
    kept = sorted((folder / "checkpoints").iterdir())
    for path in kept:
        old = Checkpoint.from_text(path.read_text())
        old.verify(key)
        proof = reader.get_consistency_proof(old.size, newest.size)
        proof.check(old.root_hash, newest.root_hash)
    return f"{newest.size} entries, {len(kept)} earlier checkpoints"


if __name__ == "__main__":
    try:
        sys.stdout.write(check(Path(sys.argv[1])) + "\n")
    except Exception as refused:  # noqa: BLE001 - whatever it raises is a refusal
        sys.exit(f"refused: {refused!r}")
