"""What is sent to a witness, and what the witness makes of it?

The body of C2SP tlog-witness ``add-checkpoint``: the old size, a consistency proof from there, and the checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audits.log.notes import MalformedNote, decode_base64, encode_base64
from audits.log.tree import HASH_BYTES

#: The most proof lines that a request may have: a tree of 2^63 entries needs no more.
MAX_PROOF: Final = 63
MAX_BYTES: Final = 65_536
SIZE_TYPE: Final = "text/x.tlog.size"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A request to cosign a checkpoint: from which size the proof leads to it, the proof, and the signed note."""

    old_size: int
    proof: Sequence[bytes]
    note: str

    def encode(self) -> bytes:
        """Write the body of the request."""
        lines = [f"old {self.old_size}\n", *(f"{encode_base64(one)}\n" for one in self.proof)]
        return f"{''.join(lines)}\n{self.note}".encode()

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """Read the body of a request; of the note only that it is text.

        Raises:
            MalformedNote: it is not as tlog-witness asks for.
        """
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise MalformedNote("A request is valid UTF-8; this is not.") from None
        head, separator, note = text.partition("\n\n")
        if not separator:
            raise MalformedNote(
                "A request is an old size line, a proof, an empty line and a checkpoint; this has no empty line."
            )
        first, *proof = head.split("\n")
        word, _, size = first.partition(" ")
        if word != "old" or not _SIZE.fullmatch(size):
            raise MalformedNote("A request begins with a line such as `old 4812`; this does not.")
        if len(proof) > MAX_PROOF:
            raise MalformedNote(
                f"A proof has at most {MAX_PROOF} lines; this request has {len(proof)}."
            )
        hashes = [decode_base64(line, "a proof line") for line in proof]
        if any(len(one) != HASH_BYTES for one in hashes):
            raise MalformedNote(f"Each proof line is a hash of {HASH_BYTES} bytes.")
        return cls(old_size=int(size), proof=hashes, note=note)


def parse_size(body: bytes) -> int:
    """Read the size that a witness answers a conflict with.

    Raises:
        MalformedNote: it is no size.
    """
    text = body.decode("ascii", "replace")
    if not text.endswith("\n") or not _SIZE.fullmatch(text[:-1]):
        raise MalformedNote("A conflict is answered with a size in decimal and a newline.")
    return int(text)
