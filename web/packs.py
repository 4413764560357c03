"""A pack of evidence on its way out: made in a file without a name, and sent from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Final

from flask import Response

from governance.auditing import packing
from web import authentication
from web.downloads import attachment

#: Entries of a log that is put into a pack while somebody waits for it.
LONGEST_LOG: Final = 20_000
_PIECE: Final = 1 << 16


def packed(points: Sequence[str], since: str | None, until: str | None) -> Response:
    """Make a pack for whoever asks, and return it as a ZIP archive.

    Raises:
        NotAllowed, NotFound, InvalidInput, Unavailable: as ``packing.make``.
    """
    answerable, actor = authentication.installation(), authentication.actor()
    file = TemporaryFile()  # noqa: SIM115 - it is closed once it was sent.
    try:
        made = packing.to_archive(
            answerable,
            actor,
            file,
            points=points,
            since=since,
            until=until,
            longest_log=LONGEST_LOG,
        )
    except BaseException:
        file.close()
        raise
    name = f"evidence-{made.since}-{made.until}-{made.id[-6:]}.zip"
    response = attachment(_pieces(file), "application/zip", name)
    response.content_length = file.tell()
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece
