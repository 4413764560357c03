"""Which run a file belongs to, and which decision a line of it is: the same answer each time it is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from governance.imports.states import Kind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
#: The largest number that a line can have.
LAST_LINE: Final = 2**32 - 1
_HASH_BITS: Final = 42


def run_digest(kind: Kind, point: str, mapping: Mapping[str, str], file_sha256: str) -> str:
    """Return what identifies a run: one file at one point with one map, whatever the file is called.

    ``mapping`` holds the columns that mean something; the order in which they stand is the file's own matter.
    """
    told = {"kind": kind.value, "point": point, "map": dict(mapping), "file": file_sha256}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineIds:
    """The ids of the decisions of one run's lines.

    Each is a UUIDv7 (RFC 9562 section 5.7): the milliseconds at which the run began, then the line's number in 32 bits, then 42 bits of
    SHA-256 over the run's digest and the number. So the ids of a run rise with its lines, and whoever has file, map and entry can say which
    decision a line became.
    """

    digest: str
    started_at: datetime

    def of(self, line: int) -> str:
        """Return the id of a line's decision.

        Raises:
            ValueError: no file has so many lines.
        """
        if not 0 < line <= LAST_LINE:
            raise ValueError(f"A line's number lies between 1 and {LAST_LINE}, got {line}.")
        proof = hashlib.sha256(f"{self.digest}:{line}".encode()).digest()
        value = (
            ((self.started_at - _EPOCH) // _MILLISECOND & 0xFFFFFFFFFFFF) << 80
            | 0x7 << 76
            | (line >> 20) << 64
            | 0b10 << 62
            | (line & 0xFFFFF) << _HASH_BITS
            | int.from_bytes(proof[:8], "big") >> (64 - _HASH_BITS)
        )
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def line_of(self, decision_id: str) -> int | None:
        """Return the line that became this decision, None where it is none of this run's."""
        value = int(decision_id.replace("-", ""), 16)
        line = (value >> 64 & 0xFFF) << 20 | value >> _HASH_BITS & 0xFFFFF
        return line if 0 < line <= LAST_LINE and self.of(line) == decision_id else None


def reference_text(point: str, reference: str) -> str:
    """Return the text whose keyed tag finds the decision that a business knows by this reference at a point."""
    return f"{point}\0{reference}"


#: What the tag of a reference is for, as the keyring is told.
REFERENCE: Final = "import reference"
