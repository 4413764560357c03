"""From a file's bytes to rows with their line numbers, a few at a time however long the file is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from governance.errors import InvalidInput
from governance.imports import fields
from governance.imports.states import Form

#: Bytes of one line; a request over HTTP may have no more either.
LONGEST_LINE: Final = 1_000_000
_BOM: Final = b"\xef\xbb\xbf"
_TOO_LONG: Final = f"The line is longer than {LONGEST_LINE:,} bytes."


class Source(Protocol):
    """A file, wherever it lies. It can be read from its beginning as often as wanted."""

    def open(self) -> BinaryIO:
        """Return it, to be read from its beginning and closed."""
        ...


@dataclass(frozen=True, slots=True)
class PathSource:
    """A file of this machine."""

    path: Path

    def open(self) -> BinaryIO:
        """Open the file."""
        return self.path.open("rb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: where it begins and ends (lines from 1), and its cells or its JSON text; or why it cannot be read."""

    line: int
    until: int
    cells: list[str] | None = None
    raw: bytes = b""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How a file begins: what parts its columns and what they are called (NDJSON has none), and its first rows."""

    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[list[str], ...] = ()


def head(source: Source, form: Form, *, rows: int = 0) -> Head:
    """Look at how a file begins.

    Raises:
        InvalidInput: it begins with no line of column names.
    """
    if form is Form.NDJSON:
        return Head(delimiter="", columns=())
    with source.open() as file:
        first = _Lines(file)
        try:
            line = next(first)
        except StopIteration:
            line = ""
        delimiter = fields.delimiter_of(line)
        columns = tuple(fields.header_of(line, delimiter))
        found: list[list[str]] = []
        for row in _csv_rows(first, delimiter, len(columns)):
            if len(found) == rows:
                break
            if row.cells is not None:
                found.append(row.cells)
    return Head(delimiter=delimiter, columns=columns, rows=tuple(found))


def rows(source: Source, form: Form, delimiter: str, *, after: int = 0) -> Iterator[Row]:
    """Yield the rows of a file that begin after a line, in order; blank lines are passed over.

    Raises:
        InvalidInput: the file is not what it was when it was inspected.
    """
    with source.open() as file:
        found = _ndjson_rows(file) if form is Form.NDJSON else _table(file, delimiter)
        for row in found:
            if row.line > after:
                yield row


def _table(file: BinaryIO, delimiter: str) -> Iterator[Row]:
    lines = _Lines(file)
    columns = fields.header_of(next(lines), delimiter)
    yield from _csv_rows(lines, delimiter, len(columns))


class _Lines:
    """The lines of a file as text, counted; one that is too long is handed on as an empty one, and said to be ``flawed``."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.number = 0
        self.flawed = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LONGEST_LINE)
        if not raw:
            raise StopIteration
        self.number += 1
        if self.number == 1 and raw.startswith(_BOM):
            raw = raw[len(_BOM) :]
        if len(raw) == LONGEST_LINE and raw[-1:] != b"\n":
            _skip_line(self._file)
            self.flawed = True
            return "\n"
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise _changed() from None


def _csv_rows(lines: _Lines, delimiter: str, columns: int) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line, problem, cells = lines.number + 1, None, None
        lines.flawed = False
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _told(error)
        if lines.flawed:
            problem = _TOO_LONG
        elif cells is not None:
            if not any(cells):
                # A blank line, or a row of a sheet in which nothing stands.
                continue
            if len(cells) != columns:
                problem = f"It has {len(cells)} cells, and the first line names {columns} columns."
        if problem is None:
            yield Row(line=line, until=lines.number, cells=cells)
        else:
            yield Row(line=line, until=lines.number, problem=problem)


def _ndjson_rows(file: BinaryIO) -> Iterator[Row]:
    number = 0
    while raw := file.readline(LONGEST_LINE):
        number += 1
        if number == 1 and raw.startswith(_BOM):
            raw = raw[len(_BOM) :]
        if len(raw) == LONGEST_LINE and raw[-1:] != b"\n":
            _skip_line(file)
            yield Row(line=number, until=number, problem=_TOO_LONG)
        elif raw.strip():
            yield Row(line=number, until=number, raw=raw)


def _skip_line(file: BinaryIO) -> None:
    while rest := file.readline(LONGEST_LINE):
        if rest[-1:] == b"\n":
            return


def _told(error: csv.Error) -> str:
    text = str(error)
    if "field larger than" in text or "unexpected end" in text:
        return "A quotation mark opens a cell and nothing closes it, or a cell is longer than 131,072 characters."
    if "expected after" in text:
        return (
            'A quotation mark closes a cell before its end; write one within a cell twice, like "".'
        )
    return f"The row cannot be read: {text}."


def _changed() -> InvalidInput:
    return InvalidInput("The file was changed while it was read. Import it again.")


class Joined(io.RawIOBase):
    """Pieces that are fetched one by one, read as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the buffer of a reader is one
        """Fill a buffer from the piece at hand, fetching the next where that is used up."""
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count
