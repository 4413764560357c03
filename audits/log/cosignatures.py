"""What does a witness say of a checkpoint, and when did it say so?

C2SP tlog-cosignature with Ed25519 (type 0x04, ``cosignature/v1``): a signature line whose signature begins with the
time, over the time and the checkpoint's body. The witness says that this is the largest tree of the log it has seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audits.log.notes import (
    DASH,
    ID_BYTES,
    SEED_BYTES,
    MalformedNote,
    SignatureWrong,
    check_name,
    decode_base64,
    encode_base64,
    parse_signature,
    split_note,
)

LATEST: Final = 2**63 - 1
_COSIGNATURE: Final = b"\x04"
_KEY_BYTES: Final = 32
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, kw_only=True)
class CosignerKey:
    """The public half of a witness's key, and its name."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != _KEY_BYTES:
            raise MalformedNote(
                f"An Ed25519 public key takes {_KEY_BYTES} bytes, got {len(self.public)}."
            )

    @classmethod
    def parse(cls, vkey: str) -> CosignerKey:
        """Read a key of the form ``name+id+base64``; the id must be the one that the key gives.

        Raises:
            MalformedNote: the form, the algorithm or the id is another.
        """
        parts = vkey.split("+", 2)
        if len(parts) != 3:
            raise MalformedNote("A witness's key has the form name+id+key; this has not.")
        name, key_id, encoded = parts
        decoded = decode_base64(encoded, "a witness's key")
        if decoded[:1] != _COSIGNATURE:
            raise MalformedNote(
                "A witness's key must be of type 0x04 (Ed25519 cosignature); this is another type."
            )
        key = cls(name=name, public=decoded[1:])
        if key.key_id.hex() != key_id:
            raise MalformedNote(
                f"The witness's key id should be {key.key_id.hex()}, but {key_id!r} is written."
            )
        return key

    def encode(self) -> str:
        """Write the key in the form that ``parse`` and other tools read."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_COSIGNATURE + self.public)}"

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that tell keys of one name apart; not a fingerprint to rely on."""
        return sha256(self.name.encode() + b"\n" + _COSIGNATURE + self.public).digest()[:ID_BYTES]

    @cached_property
    def _ed25519(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public)

    def has_cosigned(self, body: str, time: int, signature: bytes) -> bool:
        """Say whether a signature is this key's over a checkpoint's body at a time."""
        try:
            self._ed25519.verify(signature, message(body, time))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, kw_only=True)
class CosigningKey:
    """A witness's key, from a seed of 32 secret bytes that no other key has.

    What is signed does not name the witness, so the same seed under two names would sign for both.
    """

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.seed) != SEED_BYTES:
            raise ValueError(
                f"The seed of a witness's key takes {SEED_BYTES} bytes, got {len(self.seed)}."
            )

    @cached_property
    def _ed25519(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @cached_property
    def verifying_key(self) -> CosignerKey:
        """The public half, to hand out."""
        return CosignerKey(name=self.name, public=self._ed25519.public_key().public_bytes_raw())

    def cosign(self, body: str, time: int) -> str:
        """Cosign a checkpoint's body at a time in seconds since 1970; return the line that stands below it."""
        signature = self._ed25519.sign(message(body, time))
        signed = self.verifying_key.key_id + time.to_bytes(_TIME_BYTES, "big") + signature
        return f"{DASH}{self.name} {encode_base64(signed)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosignature:
    """A cosignature that was checked: whose, at what time (seconds since 1970), and the line it stands in."""

    cosigner: CosignerKey
    time: int
    line: str


def message(body: str, time: int) -> bytes:
    """Return the bytes that a witness signs.

    Raises:
        ValueError: the time is before 1970 or does not fit.
    """
    if not 0 <= time <= LATEST:
        raise ValueError(f"A cosignature's time lies between 0 and 2^63 - 1; got {time}.")
    return f"cosignature/v1\ntime {time}\n{body}".encode()


def check_cosignatures(note: str, keys: Iterable[CosignerKey]) -> tuple[Cosignature, ...]:
    """Return the known witnesses' cosignatures of a checkpoint, in the order of their lines.

    Lines of unknown keys, the log's own among them, are passed over. A witness that signed twice is told of twice.

    Raises:
        MalformedNote: the text is not a signed note, or a known key's line is too long or too short.
        SignatureWrong: a line claims a known key's cosignature and it does not verify.
    """
    body, lines = split_note(note)
    return check_lines(body, lines, keys)


def check_lines(
    body: str, lines: Iterable[str], keys: Iterable[CosignerKey]
) -> tuple[Cosignature, ...]:
    """Do the same for lines that a witness answered, without their newlines, over a checkpoint's body.

    Raises:
        MalformedNote: a line is no signature line, or a known key's line is too long or too short.
        SignatureWrong: a line claims a known key's cosignature and it does not verify.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: list[Cosignature] = []
    for line in lines:
        name, signed = parse_signature(line)
        key = known.get((name, signed[:ID_BYTES]))
        if key is None:
            continue
        stated = signed[ID_BYTES:]
        if len(stated) != _TIME_BYTES + _SIGNATURE_BYTES:
            raise MalformedNote(
                f"A cosignature takes {_TIME_BYTES + _SIGNATURE_BYTES} bytes; that of {name} has {len(stated)}."
            )
        time = int.from_bytes(stated[:_TIME_BYTES], "big")
        if time > LATEST or not key.has_cosigned(body, time, stated[_TIME_BYTES:]):
            raise SignatureWrong(
                f"The cosignature of {name} does not fit the checkpoint and its time: one of them was changed."
            )
        found.append(Cosignature(cosigner=key, time=time, line=f"{line}\n"))
    return tuple(found)


def with_lines(note: str, lines: Iterable[str]) -> str:
    """Return a signed note with further lines below; those that stand there already are left out.

    Raises:
        MalformedNote: the text is not a signed note, or has too many lines.
    """
    body, present = split_note(note)
    signatures = list(dict.fromkeys([*present, *(line.rstrip("\n") for line in lines)]))
    joined = "".join(f"{line}\n" for line in signatures)
    complete = f"{body}\n{joined}"
    split_note(complete)
    return complete
