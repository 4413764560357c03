"""What does a witness say of a checkpoint, and when did it say so?

C2SP tlog-cosignature with Ed25519 (type 0x04, ``cosignature/v1``): a signature line whose signature begins with the
time, over the time and the checkpoint's body. The witness says that this is the largest tree of the log it has seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from audits.log.notes import (
    DASH,
    ID_BYTES,
    MalformedNote,
    PublicKey,
    SeededKey,
    SignatureWrong,
    encode_base64,
    parse_signature,
    split_note,
)

LATEST: Final = 2**63 - 1
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, kw_only=True)
class CosignerKey(PublicKey):
    """The public half of a witness's key."""

    TYPE = b"\x04"
    CALLED = "witness's key"

    def has_cosigned(self, body: str, time: int, signature: bytes) -> bool:
        """Say whether a signature is this key's over a checkpoint's body at a time."""
        return self.has_signed(message(body, time), signature)


@dataclass(frozen=True, kw_only=True)
class CosigningKey(SeededKey):
    """A witness's key, from a seed that no other key has.

    What is signed does not name the witness, so the same seed under two names would sign for both.
    """

    @cached_property
    def verifying_key(self) -> CosignerKey:
        """The public half, to hand out."""
        return CosignerKey(name=self.name, public=self.ed25519.public_key().public_bytes_raw())

    def cosign(self, body: str, time: int) -> str:
        """Cosign a checkpoint's body at a time in seconds since 1970; return the line that stands below it."""
        signature = self.ed25519.sign(message(body, time))
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
