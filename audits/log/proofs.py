"""How is it shown to somebody offline that an entry is in the log?

C2SP tlog-proof: an entry's index, the hashes that lead from its leaf to a root, and the checkpoint that signs
this root, in one text.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from audits.log.notes import Checkpoint, VerifyingKey, open_checkpoint
from audits.log.tree import HASH_BYTES, inclusion_holds, node_hash

HEADER: Final = "c2sp.org/tlog-proof@v1"
SUFFIX: Final = ".tlog-proof"
MAX_HASHES: Final = 63
"""No tree of fewer than 2^63 entries has a longer path."""
MAX_PROOF_CHARACTERS: Final = 1_100_000
_INDEX_DIGITS: Final = 19


class MalformedProof(ValueError):
    """Raised where a text is not a tlog-proof."""


class ProofWrong(ValueError):
    """Raised where a proof does not prove what it is held against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """A proof: ``hashes`` from the leaf's sibling upwards, ``checkpoint`` the signed note as it was given out.

    Nothing vouches for ``extra``.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None


def write_proof(proof: TlogProof) -> str:
    """Write a proof as text.

    Raises:
        ValueError: its index, a hash or its checkpoint cannot be one.
    """
    if proof.index < 0 or len(proof.hashes) > MAX_HASHES:
        raise ValueError(
            f"A proof needs an index of at least 0 and at most {MAX_HASHES} hashes, "
            f"got index {proof.index} and {len(proof.hashes)} hashes."
        )
    if any(len(one) != HASH_BYTES for one in proof.hashes):
        raise ValueError(f"Each hash of a proof takes {HASH_BYTES} bytes; give SHA-256 digests.")
    if not proof.checkpoint.endswith("\n"):
        raise ValueError("The checkpoint of a proof must be the whole note, with its last newline.")
    lines = [HEADER]
    if proof.extra is not None:
        lines.append(f"extra {_encode(proof.extra)}")
    lines.append(f"index {proof.index}")
    lines += [_encode(one) for one in proof.hashes]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def parse_proof(text: str) -> TlogProof:
    """Read a proof; what it says is not checked by this.

    Raises:
        MalformedProof: the text is not a proof in its one canonical spelling.
    """
    if len(text) > MAX_PROOF_CHARACTERS:
        raise MalformedProof(
            f"A proof has at most {MAX_PROOF_CHARACTERS} characters; this has {len(text)}."
        )
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEADER:
        raise MalformedProof(f"A proof begins with the line {HEADER}; this does not.")
    if not separator or not checkpoint.endswith("\n"):
        raise MalformedProof("A proof ends with an empty line and a checkpoint; this does not.")
    position, extra = 1, None
    if lines[position:] and lines[position].startswith("extra "):
        extra = _decode(lines[position].removeprefix("extra "), "the extra data")
        position += 1
    if not lines[position:] or not lines[position].startswith("index "):
        raise MalformedProof(
            "A proof names the entry as `index`, a space and a number; this does not."
        )
    written = lines[position].removeprefix("index ")
    if (
        not (written.isascii() and written.isdigit() and len(written) <= _INDEX_DIGITS)
        or str(int(written)) != written
    ):
        raise MalformedProof(
            f"A proof's index is a decimal without leading zeros; this is {written[:40]!r}."
        )
    encoded = lines[position + 1 :]
    if len(encoded) > MAX_HASHES:
        raise MalformedProof(f"A proof has at most {MAX_HASHES} hashes; this has {len(encoded)}.")
    hashes = tuple(_decode(line, f"hash {number}") for number, line in enumerate(encoded, 1))
    for number, one in enumerate(hashes, 1):
        if len(one) != HASH_BYTES:
            raise MalformedProof(
                f"Hash {number} of the proof should take {HASH_BYTES} bytes, got {len(one)}."
            )
    return TlogProof(index=int(written), hashes=hashes, checkpoint=checkpoint, extra=extra)


def check_proof(proof: TlogProof, leaf: bytes, keys: Iterable[VerifyingKey]) -> Checkpoint:
    """Return the checkpoint that a proof leads to from a leaf's hash, signed by one of the log's keys.

    Raises:
        audits.log.notes.NoteRefused: the checkpoint is malformed, or no key of the log signed it.
        ProofWrong: the hashes do not lead from this leaf to the signed root.
    """
    signed = open_checkpoint(proof.checkpoint, keys)
    if not inclusion_holds(
        index=proof.index, size=signed.size, leaf=leaf, proof=proof.hashes, root=signed.root
    ):
        raise ProofWrong(
            f"The proof does not lead from this entry to the root that was signed at size {signed.size}: "
            "the entry, its index or a hash is another."
        )
    return signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a proof: what is known hashed with a sibling makes the node over leaves ``start`` to ``end`` (exclusive)."""

    sibling: bytes
    sibling_is_left: bool
    node: bytes
    start: int
    end: int


def steps(index: int, size: int, leaf: bytes, hashes: Sequence[bytes]) -> Iterator[Step]:
    """Yield what a proof's hashes make, from the leaf upwards; the last node is the root where the proof holds.

    Raises:
        ValueError: the proof has more or fewer hashes than the path of this leaf in a tree of this size.
    """
    position, last, height = index, size - 1, 0
    node = leaf
    for sibling in hashes:
        # A node without a right sibling is passed up as it is.
        while position == last and not position & 1 and position:
            position, last, height = position >> 1, last >> 1, height + 1
        if last == 0:
            raise ValueError(f"The path of leaf {index} in a tree of size {size} is shorter.")
        is_left = bool(position & 1)
        node = node_hash(sibling, node) if is_left else node_hash(node, sibling)
        position, last, height = position >> 1, last >> 1, height + 1
        yield Step(
            sibling=sibling,
            sibling_is_left=is_left,
            node=node,
            start=position << height,
            end=min((position + 1) << height, size),
        )
    if last != 0:
        raise ValueError(f"The path of leaf {index} in a tree of size {size} is longer.")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str, what: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = None
    # Base64 has several spellings of some bytes; only one is accepted, so that no changed bit goes unseen.
    if decoded is None or _encode(decoded) != text:
        raise MalformedProof(f"In the proof, {what} is not base64 in its one canonical spelling.")
    return decoded
