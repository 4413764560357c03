"""Proving that an entry is in the log, by a text that anybody can check offline (C2SP tlog-proof)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.proofs import TlogProof, write_proof
from audits.log.tiles import HEIGHT, WIDTH, range_root
from audits.log.tree import inclusion_proof
from governance.ledger.models import Leaf, Log, LogRecord, StoredCheckpoint, Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where an entry stands, and the hashes that lead from its leaf to the newest signed root of its epoch.

    ``entry`` is None where the entry's bytes were pruned; ``note`` is the signed checkpoint.
    """

    record_id: str
    epoch: int
    index: int
    leaf_hash: bytes
    entry: bytes | None
    hashes: tuple[bytes, ...]
    size: int
    root: bytes
    note: str
    origin: str
    vkey: str

    @property
    def text(self) -> str:
        """Write it as a tlog-proof."""
        return write_proof(TlogProof(index=self.index, hashes=self.hashes, checkpoint=self.note))


def proof_of(session: Session, record_id: str) -> Proof | None:
    """Prove an entry; None where it waits for its place or for a signature over it, or where there is no such entry.

    Raises:
        audits.log.tiles.TileMissing: the stored tree is damaged.
    """
    found = session.execute(
        sa.select(
            Leaf.epoch,
            Leaf.leaf_index,
            Leaf.leaf_hash,
            LogRecord.entry,
            Log.origin,
            Log.vkey,
        )
        .join(Log, Log.epoch == Leaf.epoch)
        .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
        .where(Leaf.record_id == record_id)
    ).one_or_none()
    if found is None:
        return None
    signed = session.execute(
        sa.select(StoredCheckpoint.size, StoredCheckpoint.root, StoredCheckpoint.note)
        .where(StoredCheckpoint.epoch == found.epoch, StoredCheckpoint.size > found.leaf_index)
        .order_by(StoredCheckpoint.size.desc())
        .limit(1)
    ).one_or_none()
    if signed is None:
        return None
    return Proof(
        record_id=record_id,
        epoch=found.epoch,
        index=found.leaf_index,
        leaf_hash=found.leaf_hash,
        entry=found.entry,
        hashes=inclusion(session, found.epoch, found.leaf_index, signed.size),
        size=signed.size,
        root=signed.root,
        note=signed.note,
        origin=found.origin,
        vkey=found.vkey,
    )


def inclusion(session: Session, epoch: int, index: int, size: int) -> tuple[bytes, ...]:
    """Return the hashes from a leaf's sibling up to the root of an epoch's tree of that size; all its tiles are read at once.

    Raises:
        audits.log.tiles.TileMissing: the stored tree is damaged.
    """
    wanted: list[tuple[int, int]] = []
    level, hashes = 0, size
    while hashes:
        wanted += {(level, index >> (HEIGHT * (level + 1))), (level, hashes // WIDTH)}
        level, hashes = level + 1, hashes // WIDTH
    rows = session.execute(
        sa.select(Tile.level, Tile.idx, Tile.hashes).where(
            Tile.epoch == epoch, sa.tuple_(Tile.level, Tile.idx).in_(wanted)
        )
    )
    known = {(row.level, row.idx): row.hashes for row in rows}
    return tuple(
        inclusion_proof(
            index,
            size,
            partial(range_root, read_tile=lambda level, index: known.get((level, index))),
        )
    )
