"""Proving that an entry is in the log, by a text that anybody can check offline (C2SP tlog-proof)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, partial
from typing import Final, NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from audits.log.cosignatures import check_lines, with_lines
from audits.log.notes import ID_BYTES, NoteRefused, parse_signature, split_note
from audits.log.proofs import TlogProof, write_proof
from audits.log.tiles import HEIGHT, WIDTH, range_root
from audits.log.tree import inclusion_proof
from governance.clock import is_id
from governance.errors import NotFound, NotProvenYet, SettingsInvalid
from governance.ledger import witnessing
from governance.ledger.models import (
    Leaf,
    Log,
    LogRecord,
    StoredCheckpoint,
    StoredCosignature,
    Tile,
)
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


class Whose(StrEnum):
    """Whose a signature is: the log's, a witness's, or of a key that is not known here."""

    LOG = "log"
    WITNESS = "witness"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A signature below a checkpoint: of which key, whether it fits, and when a witness says it was made."""

    name: str
    key_id: str
    whose: Whose
    holds: bool
    at: datetime | None = None


def proof_of(session: Session, record_id: str) -> Proof | None:
    """Prove an entry; None where it waits for its place or for a signature over it, or where there is no such entry.

    Raises:
        audits.log.tiles.TileMissing: the stored tree is damaged.
    """
    found = session.execute(_LEAF, {"record": record_id}).one_or_none()
    if found is None or found.size is None or found.size <= found.leaf_index:
        return None
    lines = session.execute(_LINES, {"epoch": found.epoch, "size": found.size}).scalars()
    return Proof(
        record_id=record_id,
        epoch=found.epoch,
        index=found.leaf_index,
        leaf_hash=found.leaf_hash,
        entry=found.entry,
        hashes=inclusion(session, found.epoch, found.leaf_index, found.size),
        size=found.size,
        root=found.root,
        note=with_lines(found.note, lines),
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


def signers(work: Work, proof: Proof) -> list[Signer]:
    """Return who signed the checkpoint that a proof leads to, each checked with the keys that are known here."""
    log = work.session.get_one(Log, proof.epoch)
    ours = {(key.name, key.key_id): key for key in log.verifying_keys}
    try:
        watching = witnessing.policy(work.answerable).witnesses
    except SettingsInvalid:
        watching = ()
    theirs = {(one.key.name, one.key.key_id): one.key for one in watching}
    body, lines = split_note(proof.note)
    found = []
    for line in lines:
        name, signature = parse_signature(line)
        key_id = signature[:ID_BYTES]
        at, key, witness = None, ours.get((name, key_id)), theirs.get((name, key_id))
        whose, holds = Whose.UNKNOWN, False
        if key is not None:
            whose = Whose.LOG
            holds = key.has_signed(body.encode(), signature[ID_BYTES:])
        elif witness is not None:
            whose = Whose.WITNESS
            with suppress(NoteRefused):
                checked = check_lines(body, [line], [witness])
                at, holds = datetime.fromtimestamp(checked[0].time, UTC), True
        found.append(Signer(name=name, key_id=key_id.hex(), whose=whose, holds=holds, at=at))
    return found


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
    wanted: dict[str, int] = {"epoch": epoch}
    level, hashes = 0, size
    while hashes:
        wanted |= {
            f"own_{level}": index >> (HEIGHT * (level + 1)),
            f"edge_{level}": hashes // WIDTH,
        }
        level, hashes = level + 1, hashes // WIDTH
    rows = session.execute(_tiles(level), wanted)
    known = {(row.level, row.idx): row.hashes for row in rows}
    return tuple(
        inclusion_proof(
            index,
            size,
            partial(range_root, read_tile=lambda level, index: known.get((level, index))),
        )
    )


# Made once, as making a statement takes longer than carrying it out.
_PUBLISHED: Final = aliased(StoredCheckpoint)
_NEWEST: Final = (
    sa.select(_PUBLISHED.size)
    .where(_PUBLISHED.epoch == Leaf.epoch, _PUBLISHED.published_at.is_not(None))
    .order_by(_PUBLISHED.size.desc())
    .limit(1)
    .correlate(Leaf)
    .scalar_subquery()
)
_LEAF: Final = (
    sa.select(
        Leaf.epoch,
        Leaf.leaf_index,
        Leaf.leaf_hash,
        LogRecord.entry,
        StoredCheckpoint.size,
        StoredCheckpoint.root,
        StoredCheckpoint.note,
    )
    .outerjoin(LogRecord, LogRecord.id == Leaf.record_id)
    .outerjoin(
        StoredCheckpoint,
        sa.and_(StoredCheckpoint.epoch == Leaf.epoch, StoredCheckpoint.size == _NEWEST),
    )
    .where(Leaf.record_id == sa.bindparam("record"))
)
_LINES: Final = (
    sa.select(StoredCosignature.line)
    .where(
        StoredCosignature.epoch == sa.bindparam("epoch"),
        StoredCosignature.size == sa.bindparam("size"),
    )
    .order_by(StoredCosignature.cosigned_at, StoredCosignature.vkey)
)


@cache
def _tiles(levels: int) -> sa.Select[int, int, bytes]:
    """Return the statement that reads, of so many levels, the tile that a leaf is below and the one at the right edge."""
    return sa.select(Tile.level, Tile.idx, Tile.hashes).where(
        Tile.epoch == sa.bindparam("epoch"),
        sa.or_(
            *(
                sa.and_(
                    Tile.level == level,
                    Tile.idx.in_([sa.bindparam(f"own_{level}"), sa.bindparam(f"edge_{level}")]),
                )
                for level in range(levels)
            )
        ),
    )
