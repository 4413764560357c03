"""Where time and ids come from, so that tests and imports of the past can bring their own."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime
from typing import Protocol

from governance.primitives import random_bytes

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Clock(Protocol):
    """Tell the time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class IdSource(Protocol):
    """Make ids."""

    def __call__(self) -> str:
        """Return a fresh lower-case UUIDv7 with hyphens."""
        ...


class _Rising:
    """The upper half of the last id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, milliseconds: int) -> int:
        """Return the upper half of the next id, shifted to its place."""
        with self._lock:
            # The counter stands in the twelve bits below the milliseconds, and runs over into them.
            self._last = max(self._last + 1, milliseconds << 12)
            count = self._last
        return (count >> 12 & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (count & 0xFFF) << 64


_rising = _Rising()


def uuid7() -> str:
    """Return a UUIDv7 (RFC 9562 section 5.7): 48 bits of unix milliseconds, a counter of 12 bits, then 62 random bits.

    The ids of a process rise, even within a millisecond and when the clock goes back (section 6.2), so that the log,
    which takes what waits by id, has the acts of a process in the order in which they were done.
    """
    value = (
        _rising.next(time.time_ns() // 1_000_000)
        | 0b10 << 62
        | int.from_bytes(random_bytes(8)) & 0x3FFFFFFFFFFFFFFF
    )
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: object) -> bool:
    """Tell whether a text has the form of an id; PostgreSQL refuses to look for one that has not."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def rfc3339(instant: datetime) -> str:
    """Return an aware instant as RFC 3339 text in UTC with microseconds and ``Z``."""
    text = instant.astimezone(UTC).isoformat(timespec="microseconds")
    return text[:-6] + "Z"


def parse_rfc3339(text: str) -> datetime:
    """Return the aware UTC instant of RFC 3339 text.

    Raises:
        ValueError: the text is not RFC 3339 or names no offset.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; write a time like 2026-11-21T10:00:00Z")
    return instant.astimezone(UTC)
