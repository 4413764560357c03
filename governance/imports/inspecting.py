"""Looking at a file's bytes before anything of it is taken: whether it is text that can be read, how long it is, and which file it is."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from governance.errors import InvalidInput
from governance.imports.states import Form

_CHUNK: Final = 1 << 20
_HEAD: Final = 4
#: What files begin with that people take for tables, and what they are.
_MAGIC: Final = (
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "compressed"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "written in UTF-16"),
    (b"\xfe\xff", "written in UTF-16"),
    (b"PAR1", "a Parquet file"),
)
_SAVE: Final = "Save it as CSV in UTF-8 (in Excel: “CSV UTF-8”), then take that file."
_ENDINGS: Final = {
    ".csv": Form.CSV,
    ".tsv": Form.CSV,
    ".txt": Form.CSV,
    ".ndjson": Form.NDJSON,
    ".jsonl": Form.NDJSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a file is: its SHA-256 (hex), its bytes and its lines."""

    sha256: str
    size: int
    lines: int


class Inspector:
    """Looks at a file while its bytes pass by, in whatever pieces they come."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hash = hashlib.sha256()
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._head = b""
        self._size = 0
        self._newlines = 0
        self._returns = 0
        self._last = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            InvalidInput: the file is no text in UTF-8.
        """
        if self._size == 0:
            # What a file is shows in its first bytes, so these are looked at together.
            chunk = self._head + chunk
            if len(chunk) < _HEAD:
                self._head = chunk
                return
            self._head = b""
            self._look_at_head(chunk)
        if chunk:
            self._take(chunk)

    def _look_at_head(self, head: bytes) -> None:
        for magic, what in _MAGIC:
            if head.startswith(magic):
                raise InvalidInput(f"{self._name} is {what}, not text in UTF-8. {_SAVE}")

    def _take(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            line = self._newlines + chunk[: chunk.index(b"\0")].count(b"\n") + 1
            raise InvalidInput(
                f"{self._name} holds the byte 0 in line {line}, so it is binary or written in UTF-16. {_SAVE}"
            )
        self._decode(chunk, final=False)
        self._hash.update(chunk)
        self._size += len(chunk)
        self._newlines += chunk.count(b"\n")
        self._returns += chunk.count(b"\r")
        self._last = chunk[-1:]

    def finish(self) -> Inspection:
        """Say what the file is.

        Raises:
            InvalidInput: it is empty, it breaks off within a character, or its lines end as on old Macs.
        """
        if self._head:
            self._look_at_head(self._head)
            self._take(self._head)
        self._decode(b"", final=True)
        if self._size == 0:
            raise InvalidInput(f"{self._name} is empty.")
        if self._newlines == 0 and self._returns > 1:
            raise InvalidInput(
                f"The lines of {self._name} end with a carriage return alone, as on old Macs. {_SAVE}"
            )
        return Inspection(
            sha256=self._hash.hexdigest(),
            size=self._size,
            lines=self._newlines + (self._last != b"\n"),
        )

    def _decode(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line = self._newlines + error.object[: error.start].count(b"\n") + 1
            raise InvalidInput(
                f"{self._name} is not UTF-8: line {line} holds the byte 0x{error.object[error.start]:02X}, as files in "
                f"Windows-1252 or Latin-1 do for letters such as ü. {_SAVE}"
            ) from None


def inspected(name: str, chunks: Iterable[bytes]) -> Inspection:
    """Look at a whole file.

    Raises:
        InvalidInput: it is no text in UTF-8, or empty.
    """
    inspector = Inspector(name)
    for chunk in chunks:
        inspector.feed(chunk)
    return inspector.finish()


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def form_of(name: str) -> Form:
    """Tell by a file's name how it is written.

    Raises:
        InvalidInput: the name does not end in one of the endings that say so.
    """
    ending = Path(name).suffix.lower()
    if ending not in _ENDINGS:
        raise InvalidInput(
            f"{name}: expected a file that ends in .csv or .ndjson. An Excel sheet is saved as “CSV UTF-8” first."
        )
    return _ENDINGS[ending]
