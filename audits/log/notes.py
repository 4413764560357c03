"""What is signed of the log, and by which key?

C2SP signed-note with Ed25519 (type 0x01), and C2SP tlog-checkpoint in exactly three lines. A log's key carries
the log's origin as its name. Signing is deterministic: the same key and text give the same note.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audits.log.tree import HASH_BYTES

SEED_BYTES: Final = 32
MAX_SIGNATURES: Final = 100
MAX_NOTE_CHARACTERS: Final = 1_000_000
_KEY_BYTES: Final = 32
ID_BYTES: Final = 4
DASH: Final = "\u2014 "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRefused(ValueError):
    """Raised where a note, a key or a checkpoint cannot be relied on."""


class MalformedNote(NoteRefused):
    """Raised where text has not the form that its specification asks for."""


class SignatureMissing(NoteRefused):
    """Raised where no known key signed the note."""


class SignatureWrong(NoteRefused):
    """Raised where a line claims a known key's signature and it does not verify."""


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """The public half of an Ed25519 key, and its name; what it signs is said by its type."""

    name: str
    public: bytes

    TYPE: ClassVar[bytes]
    CALLED: ClassVar[str]

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _KEY_BYTES:
            raise MalformedNote(
                f"An Ed25519 public key takes {_KEY_BYTES} bytes, got {len(self.public)}."
            )

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a key of the form ``name+id+base64``; the id must be the one that the key gives.

        Raises:
            MalformedNote: the form, the type or the id is another.
        """
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise MalformedNote(f"A {cls.CALLED} has the form name+id+key; this has not.")
        name, key_id, encoded = parts
        decoded = decode_base64(encoded, f"a {cls.CALLED}")
        if decoded[:1] != cls.TYPE:
            raise MalformedNote(
                f"A {cls.CALLED} must be of type 0x{cls.TYPE.hex()} (Ed25519); this is another type."
            )
        key = cls(name=name, public=decoded[1:])
        if key.key_id.hex() != key_id:
            raise MalformedNote(
                f"The {cls.CALLED}'s id should be {key.key_id.hex()}, but {key_id!r} is written."
            )
        return key

    def encode(self) -> str:
        """Write the key in the form that ``parse`` and other tools read."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(self.TYPE + self.public)}"

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart; not a fingerprint to rely on."""
        return sha256(self.name.encode() + b"\n" + self.TYPE + self.public).digest()[:ID_BYTES]

    @cached_property
    def _ed25519(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)

    def has_signed(self, body: bytes, signature: bytes) -> bool:
        """Say whether a signature is this key's over these bytes."""
        try:
            self._ed25519.verify(signature, body)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class VerifyingKey(PublicKey):
    """The public half of a key that signs notes."""

    TYPE = b"\x01"
    CALLED = "verifying key"


@dataclass(frozen=True, kw_only=True)
class SeededKey:
    """An Ed25519 key and its name, from a seed of 32 secret bytes."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != SEED_BYTES:
            raise ValueError(
                f"The seed of a signing key takes {SEED_BYTES} bytes, got {len(self.seed)}."
            )

    @cached_property
    def ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, kw_only=True)
class SigningKey(SeededKey):
    """A key that signs notes."""

    @cached_property
    def verifying_key(self) -> VerifyingKey:
        """The public half, to hand out."""
        return VerifyingKey(name=self.name, public=self.ed25519.public_key().public_bytes_raw())

    def signature_line(self, body: bytes) -> str:
        """Sign a body, and write the line that stands below it."""
        signed = self.verifying_key.key_id + self.ed25519.sign(body)
        return f"{DASH}{self.name} {encode_base64(signed)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note whose signatures were checked: its body, and the known keys that signed it."""

    body: str
    signed_by: tuple[VerifyingKey, ...]


def sign(body: str, *keys: SigningKey) -> str:
    """Sign a body that ends in a newline, by one or more keys.

    Raises:
        MalformedNote: the body holds control characters or does not end in a newline.
    """
    if not keys:
        raise ValueError("A note needs a key to sign it; give at least one.")
    signed = _check_text(body).encode()
    if not body.endswith("\n"):
        raise MalformedNote("The body of a note must end in a newline.")
    return body + "\n" + "".join(key.signature_line(signed) for key in keys)


def split_note(note: str) -> tuple[str, list[str]]:
    """Part a note into its body and its signature lines, checking no signature.

    Raises:
        MalformedNote: the text is not a signed note.
    """
    body, separator, lines = _check_text(note).rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise MalformedNote(
            "A note is a body, an empty line and signature lines; this has not that form."
        )
    signatures = lines[:-1].split("\n")
    if len(signatures) > MAX_SIGNATURES:
        raise MalformedNote(
            f"A note has at most {MAX_SIGNATURES} signatures; this has {len(signatures)}."
        )
    return body + "\n", signatures


def open_note(note: str, keys: Iterable[VerifyingKey]) -> Note:
    """Check a note's signatures, and return its body only if a known key signed it.

    Signatures of unknown keys are passed over, so that witnesses and key changes break nobody.

    Raises:
        MalformedNote: the text is not a signed note.
        SignatureMissing: no known key signed it.
        SignatureWrong: a known key's signature does not verify.
    """
    known = {(key.name, key.key_id): key for key in keys}
    body, signatures = split_note(note)
    signed = body.encode()
    signed_by: list[VerifyingKey] = []
    for line in signatures:
        name, signature = parse_signature(line)
        key = known.get((name, signature[:ID_BYTES]))
        if key is None or key in signed_by:
            continue
        if not key.has_signed(signed, signature[ID_BYTES:]):
            raise SignatureWrong(
                f"The signature of {name} does not fit the text above it: one of the two was changed."
            )
        signed_by.append(key)
    if not signed_by:
        expected = ", ".join(sorted(key.encode() for key in known.values())) or "no key at all"
        raise SignatureMissing(
            f"No known key signed this note; expected a signature of {expected}."
        )
    return Note(body=body, signed_by=tuple(signed_by))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself at a size: all entries below that index hash to this root."""

    origin: str
    size: int
    root: bytes


def checkpoint_body(origin: str, size: int, root: bytes) -> str:
    """Write the three lines that a log signs."""
    if size < 0 or len(root) != HASH_BYTES:
        raise ValueError(
            f"A checkpoint needs a size of at least 0 and a root of {HASH_BYTES} bytes."
        )
    check_name(origin)
    return f"{origin}\n{size}\n{encode_base64(root)}\n"


def parse_checkpoint(body: str) -> Checkpoint:
    """Read the three lines of a checkpoint; further lines are refused, as nothing watches over them.

    Raises:
        MalformedNote: the lines are not those of a checkpoint.
    """
    lines = body.split("\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedNote("A checkpoint has exactly three lines: origin, size and root.")
    origin, size, encoded = lines[:3]
    check_name(origin)
    if not (size.isascii() and size.isdigit() and len(size) <= 19) or str(int(size)) != size:
        raise MalformedNote(
            f"A checkpoint's size is a decimal without leading zeros; this is {size!r}."
        )
    root = decode_base64(encoded, "a checkpoint's root")
    if len(root) != HASH_BYTES:
        raise MalformedNote(f"A checkpoint's root takes {HASH_BYTES} bytes, got {len(root)}.")
    return Checkpoint(origin=origin, size=int(size), root=root)


def open_checkpoint(note: str, keys: Iterable[VerifyingKey]) -> Checkpoint:
    """Check a signed checkpoint, which a key named like its origin must have signed.

    Raises:
        NoteRefused: the note is malformed, or not signed by the log that it speaks for.
    """
    opened = open_note(note, keys)
    checkpoint = parse_checkpoint(opened.body)
    if all(key.name != checkpoint.origin for key in opened.signed_by):
        signers = ", ".join(key.name for key in opened.signed_by)
        raise SignatureMissing(
            f"This checkpoint of {checkpoint.origin} is signed by {signers} alone, not by the log."
        )
    return checkpoint


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a key.

    Raises:
        MalformedNote: it is empty, or holds spaces, control characters or a plus.
    """
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise MalformedNote(
            f"A key's name is not empty and holds neither spaces nor +; this is {name!r}."
        )


def _check_text(text: str) -> str:
    if len(text) > MAX_NOTE_CHARACTERS:
        raise MalformedNote(
            f"A note has at most {MAX_NOTE_CHARACTERS} characters; this has {len(text)}."
        )
    if _CONTROL.search(text):
        raise MalformedNote("A note holds no control characters but newlines; this does.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedNote("A note is valid UTF-8; this holds lone surrogates.") from None
    return text


def parse_signature(line: str) -> tuple[str, bytes]:
    """Read a signature line, without its newline: the key's name, and the key's id followed by the signature.

    Raises:
        MalformedNote: it has not the form of one.
    """
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space:
        raise MalformedNote(
            "A signature line is a dash, a key's name and base64; this note has another line."
        )
    check_name(name)
    signature = decode_base64(encoded, "a signature")
    if len(signature) <= ID_BYTES:
        raise MalformedNote(f"The signature of {name} is too short to be one.")
    return name, signature


def encode_base64(data: bytes) -> str:
    """Write bytes as notes do."""
    return base64.b64encode(data).decode()


def decode_base64(text: str, what: str) -> bytes:
    """Read base64 in its one canonical spelling; ``what`` names it in the error.

    Raises:
        MalformedNote: it is another spelling, or none.
    """
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedNote(f"{what.capitalize()} is not base64.") from None
    # Base64 has several spellings of some bytes; only one is accepted, so that no changed bit goes unseen.
    if encode_base64(decoded) != text:
        raise MalformedNote(f"{what.capitalize()} is not base64 in its one canonical spelling.")
    return decoded
