"""What did the log promise to whom asked for a decision?

A receipt is a signed note: the log will hold an entry with this hash at the latest so many seconds after this moment. It is
signed by a key of its own, named ``<origin>/receipt``, so that who answers requests needs no key that signs checkpoints.
With it whoever asked can prove that an entry was left out.

Receipts of many decisions are signed once: each is then a leaf of a small tree, carries its path to the root, and is checked
alone. docs/reference/receipts.md shows both forms.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final
from uuid import UUID

from audits.log import notes, tree
from audits.log.notes import MalformedNote, SignatureMissing, SigningKey, VerifyingKey

SUFFIX: Final = ".note"
"""How the name of a file ends that holds one receipt."""
_SUFFIX: Final = "/receipt"
_BATCH_SUFFIX: Final = "/receipts"
_LINES: Final = 5
_MOST_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The promise: an entry of log ``origin``, by its record's id and leaf hash, stands in the tree ``mmd_s`` seconds after ``at_ms``."""

    origin: str
    record_id: str
    leaf_hash: bytes
    at_ms: int
    mmd_s: int

    @property
    def due_ms(self) -> int:
        """When the promise must be kept, in milliseconds since 1970."""
        return self.at_ms + 1000 * self.mmd_s

    def body(self) -> str:
        """Write the five lines that are signed."""
        return (
            f"{self.origin}{_SUFFIX}\n{self.record_id}\n{_encode(self.leaf_hash)}\n"
            f"{self.at_ms}\n{self.mmd_s}\n"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedReceipt:
    """A receipt whose signature was checked, and the known keys that signed it."""

    receipt: Receipt
    signed_by: tuple[VerifyingKey, ...]


def key_name(origin: str) -> str:
    """Return the name of the key that signs a log's receipts."""
    return origin + _SUFFIX


def sign(receipt: Receipt, key: SigningKey) -> str:
    """Sign one receipt; the same receipt and key always give the same text."""
    _check_key(receipt, key)
    return notes.sign(receipt.body(), key)


def sign_many(receipts: Sequence[Receipt], key: SigningKey) -> list[str]:
    """Sign several receipts of one log with one signature; each text is checked without the others."""
    if len(receipts) < 2:
        return [sign(receipt, key) for receipt in receipts]
    bodies = []
    for receipt in receipts:
        _check_key(receipt, key)
        bodies.append(receipt.body())
    leaves = [tree.leaf_hash(body.encode()) for body in bodies]

    @cache
    def range_root(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        split = start + tree.largest_power_below(end - start)
        return tree.node_hash(range_root(start, split), range_root(split, end))

    size = len(leaves)
    origin = receipts[0].origin + _BATCH_SUFFIX
    note = notes.sign(notes.checkpoint_body(origin, size, range_root(0, size)), key)
    return [
        f"{body}index {index}\n"
        + "".join(f"{_encode(node)}\n" for node in tree.inclusion_proof(index, size, range_root))
        + f"\n{note}"
        for index, body in enumerate(bodies)
    ]


def parse(text: str) -> Receipt:
    """Read what a receipt says, in either form, without checking who signed it; to find the key that should have.

    Raises:
        MalformedNote: it has not the form of a receipt.
    """
    head, _, _ = text.partition("\n\n")
    return _parse_body("\n".join(head.split("\n")[:_LINES]) + "\n")


def open_receipt(text: str, keys: Iterable[VerifyingKey]) -> OpenedReceipt:
    """Check a receipt in either form, and return what it promises only if a key of its log signed it.

    Raises:
        NoteRefused: it is malformed, or no known key of the log that it speaks for signed it.
    """
    head, separator, rest = text.partition("\n\n")
    if not separator:
        raise MalformedNote(
            "A receipt is some lines, an empty line and signatures; this has not that form."
        )
    lines = head.split("\n")
    if len(lines) == _LINES:
        opened = notes.open_note(text, keys)
        receipt = _parse_body(opened.body)
    else:
        receipt = _parse_body("\n".join(lines[:_LINES]) + "\n")
        opened = notes.open_note(rest, keys)
        _check_path(receipt, lines[_LINES:], opened.body)
    signed_by = tuple(key for key in opened.signed_by if key.name == key_name(receipt.origin))
    if not signed_by:
        signers = ", ".join(key.name for key in opened.signed_by)
        raise SignatureMissing(
            f"This receipt of {receipt.origin} is signed by {signers} alone, not by {key_name(receipt.origin)}."
        )
    return OpenedReceipt(receipt=receipt, signed_by=signed_by)


def _check_path(receipt: Receipt, path: Sequence[str], signed: str) -> None:
    if not path:
        raise MalformedNote(f"A receipt has {_LINES} lines and a path or none; this has fewer.")
    word, _, number = path[0].partition(" ")
    if word != "index":
        raise MalformedNote(
            f"Line {_LINES + 1} of a receipt that was signed with others says its index; this says {path[0]!r}."
        )
    index = _parse_number(number, "index")
    proof = [_parse_hash(line, "a hash of a receipt's path") for line in path[1:]]
    batch = notes.parse_checkpoint(signed)
    if batch.origin != receipt.origin + _BATCH_SUFFIX:
        raise MalformedNote(
            f"What was signed is named {batch.origin}; expected {receipt.origin}{_BATCH_SUFFIX}."
        )
    if not tree.inclusion_holds(
        index=index,
        size=batch.size,
        leaf=tree.leaf_hash(receipt.body().encode()),
        proof=proof,
        root=batch.root,
    ):
        raise notes.SignatureWrong(
            f"The receipt for {receipt.record_id} does not lead to what was signed: its text or its path was changed."
        )


def _parse_body(body: str) -> Receipt:
    lines = body.split("\n")
    if len(lines) != _LINES + 1 or lines[-1]:
        raise MalformedNote(
            f"A receipt has {_LINES} lines: name, record, leaf hash, time and delay; this has {len(lines) - 1}."
        )
    name, record_id, leaf, at, mmd = lines[:_LINES]
    origin = name.removesuffix(_SUFFIX)
    if origin == name or not origin:
        raise MalformedNote(
            f"The first line of a receipt is a log's name and {_SUFFIX}; this is {name!r}."
        )
    try:
        canonical_id = str(UUID(record_id))
    except ValueError:
        canonical_id = ""
    if canonical_id != record_id:
        raise MalformedNote(
            f"The second line of a receipt is a record's id, a lower-case UUID with hyphens; this is {record_id!r}."
        )
    return Receipt(
        origin=origin,
        record_id=record_id,
        leaf_hash=_parse_hash(leaf, "a receipt's leaf hash"),
        at_ms=_parse_number(at, "time"),
        mmd_s=_parse_number(mmd, "delay"),
    )


def _parse_number(text: str, what: str) -> int:
    if (
        not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS)
        or str(int(text)) != text
    ):
        raise MalformedNote(
            f"A receipt's {what} is a decimal without leading zeros; this is {text!r}."
        )
    return int(text)


def _parse_hash(text: str, what: str) -> bytes:
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != tree.HASH_BYTES or _encode(decoded) != text:
        raise MalformedNote(
            f"{what.capitalize()} is {tree.HASH_BYTES} bytes in base64; this is not."
        )
    return decoded


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _check_key(receipt: Receipt, key: SigningKey) -> None:
    if key.name != key_name(receipt.origin):
        raise ValueError(
            f"A receipt of {receipt.origin} is signed by a key named {key_name(receipt.origin)}, not {key.name}."
        )
