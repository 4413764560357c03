"""How are entries handed over, 256 at a time?

C2SP tlog-tiles entry bundles: for every entry its length in two bytes, big-endian, then its bytes. The entries
of a bundle hash to the tile of level 0 that has the same index and width.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from audits.log.tiles import WIDTH, numbered_path

MAX_ENTRY_BYTES: Final = 0xFFFF
MAX_BUNDLE_BYTES: Final = WIDTH * (2 + MAX_ENTRY_BYTES)


class MalformedBundle(ValueError):
    """Raised where bytes are not an entry bundle."""


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Name a bundle as C2SP tlog-tiles does.

    >>> bundle_path(1234067), bundle_path(5, 17)
    ('tile/entries/x001/x234/067', 'tile/entries/005.p/17')
    """
    return f"tile/entries/{numbered_path(index, width)}"


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Write entries as one bundle.

    Raises:
        ValueError: there is none or more than a bundle holds, or one is longer than its two bytes can say.
    """
    pieces: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(
                f"An entry of a bundle has at most {MAX_ENTRY_BYTES} bytes, got {len(entry)}."
            )
        pieces.append(len(entry).to_bytes(2) + entry)
    if not 1 <= len(pieces) <= WIDTH:
        raise ValueError(f"A bundle holds 1 to {WIDTH} entries, got {len(pieces)}.")
    return b"".join(pieces)


def parse_bundle(bundle: bytes, width: int | None = None) -> list[bytes]:
    """Read the entries of a bundle, which must be as many as its path's width says, where that is given.

    Raises:
        MalformedBundle: the bytes end within an entry, or hold none, too many or another number than asked for.
    """
    entries: list[bytes] = []
    position = 0
    while position < len(bundle):
        if len(entries) == WIDTH:
            raise MalformedBundle(f"A bundle holds at most {WIDTH} entries; this holds more.")
        start = position + 2
        end = start + int.from_bytes(bundle[position:start])
        if start > len(bundle) or end > len(bundle):
            raise MalformedBundle(
                f"The bundle ends within entry {len(entries)}: expected {max(start, end)} bytes, "
                f"got {len(bundle)}."
            )
        entries.append(bundle[start:end])
        position = end
    expected = f"1 to {WIDTH}" if width is None else str(width)
    if not entries or (width is not None and len(entries) != width):
        raise MalformedBundle(f"Expected {expected} entries in the bundle, got {len(entries)}.")
    return entries
