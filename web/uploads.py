"""Files on their way in: larger than other bodies, and never in clear on a disk.

While a body is parsed nobody has checked its form's token yet, so nothing of it may reach the database. What is sent waits in a file without a name,
encrypted under a key that only this process holds and forgets.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from typing import IO, Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import request

from governance.subjects.files import Brought
from web.problems import TooLarge

_PIECE: Final = 1 << 20
_LENGTH: Final = 4
_NONCE: Final = 12
#: What stands around a file in a form: its other fields, and the boundaries between them.
_AROUND: Final = 64_000


class Sealed(io.RawIOBase):
    """A file that takes what is written and gives it back in pieces, encrypted in between."""

    def __init__(self) -> None:
        super().__init__()
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- it lives as long as this does.
        self._aead = AESGCM(AESGCM.generate_key(256))
        self._held = bytearray()
        self._count = 0

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: Any) -> int:
        """Take the next bytes."""
        self._held += data
        while len(self._held) >= _PIECE:
            self._seal(bytes(self._held[:_PIECE]))
            del self._held[:_PIECE]
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Take note that all is written; a form's parser goes back to the beginning then."""
        if self._held:
            self._seal(bytes(self._held))
            self._held.clear()
        return 0

    def pieces(self) -> Iterator[bytes]:
        """Yield what was written, from the beginning, piece by piece."""
        self._file.seek(0)
        for number in range(self._count):
            length = int.from_bytes(self._file.read(_LENGTH), "big")
            nonce, sealed = self._file.read(_NONCE), self._file.read(length)
            yield self._aead.decrypt(nonce, sealed, b"%d" % number)

    def close(self) -> None:
        """Let go of everything."""
        self._file.close()
        super().close()

    def _seal(self, piece: bytes) -> None:
        nonce = os.urandom(_NONCE)
        sealed = self._aead.encrypt(nonce, piece, b"%d" % self._count)
        self._file.write(len(sealed).to_bytes(_LENGTH, "big") + nonce + sealed)
        self._count += 1


def expect(most: int) -> None:
    """Let the present request bring a file of so many bytes. To be called before anything reads its form."""
    request.max_content_length = most + _AROUND
    # The place where Werkzeug lets an application choose what uploaded files are kept in.
    request._get_file_stream = lambda *_, **__: Sealed()  # type: ignore[assignment, method-assign]  # noqa: SLF001


def pieces_of(name: str) -> tuple[str, Iterator[bytes]]:
    """Return the name of the file that a form's field brings (empty: none was chosen), and its bytes."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return "", iter(())
    stream = file.stream
    assert isinstance(stream, Sealed), "the request was told to expect a file"
    return file.filename, stream.pieces()


def files_of(name: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the name and the bytes of each file that a form's field brings."""
    for file in request.files.getlist(name):
        if file.filename:
            stream = file.stream
            assert isinstance(stream, Sealed), "the request was told to expect files"
            yield file.filename, stream.pieces()


def brought(name: str) -> list[Brought]:
    """Return the files that a form's field brings, whole."""
    return [Brought(name=called, content=b"".join(pieces)) for called, pieces in files_of(name)]


def pieces_of_body(most: int) -> Iterator[bytes]:
    """Yield the body of the present request as it comes in.

    Raises:
        TooLarge: it has more bytes.
    """
    request.max_content_length = most + 1
    taken = 0
    while piece := request.stream.read(_PIECE):
        taken += len(piece)
        if taken > most:
            raise TooLarge(f"The body has more than {most:,} bytes.")
        yield piece
