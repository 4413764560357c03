"""Proving that an entry is in the log, by a text that anybody can check offline (C2SP tlog-proof)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log.proofs import TlogProof, write_proof
from audits.log.tiles import HEIGHT, WIDTH, range_root
from audits.log.tree import inclusion_proof
from governance.clock import is_id
from governance.errors import NotFound, NotProvenYet
from governance.ledger import queries
from governance.ledger.models import Leaf, LogRecord, Tile
from governance.permissions import Permission
from governance.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where an entry stands, and the hashes that lead from its leaf to the newest signed root of its epoch.

    ``entry`` is None where the entry's bytes were pruned; ``note`` is the checkpoint as it is given out.
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
        )
        .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
        .where(Leaf.record_id == record_id)
    ).one_or_none()
    if found is None:
        return None
    signed = queries.published_checkpoint(session, found.epoch)
    if signed is None or signed.size <= found.leaf_index:
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
        note=queries.note_of(session, signed),
    )


def prove(work: Work, record_id: str) -> Proof:
    """Prove any entry, for who may read the log.

    Raises:
        NotAllowed, NotFound: the actor may not; there is no such entry.
        NotProvenYet: it waits for its place, or for a checkpoint over it.
    """
    work.require(Permission.LOG_READ)
    proof = proof_of(work.session, record_id) if is_id(record_id) else None
    if proof is None and (not is_id(record_id) or work.session.get(LogRecord, record_id) is None):
        raise NotFound("There is no such entry in the log.")
    return proof or not_yet()


def not_yet() -> NoReturn:
    """Say that an entry waits.

    Raises:
        NotProvenYet: always.
    """
    raise NotProvenYet(
        "It is stored, and its entry waits for its place in the log or for the next signed checkpoint. Usually that takes less than 2 seconds; "
        "the status page says what the log waits for."
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
