"""Where time and ids come from, so that tests and imports of the past can bring their own."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from typing import Protocol

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


def uuid7() -> str:
    """Return a UUIDv7 (RFC 9562 section 5.7): 48 bits of unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10), "big")
    value = (
        (milliseconds & 0xFFFFFFFFFFFF) << 80
        | 0x7 << 76
        | (tail >> 62 & 0xFFF) << 64
        | 0b10 << 62
        | (tail & 0x3FFFFFFFFFFFFFFF)
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
