"""Random bytes and message authentication codes for what each decision takes, without letting other threads in between.

``os.urandom``, ``uuid.uuid4`` and ``hmac.digest`` let go of the interpreter's lock each time, though they take a microsecond. Under load another thread,
on another core, takes it then, and getting it back costs far more than the bytes: a decision takes a dozen of them. What comes from here lies in
memory before and after it is given out, so it is for nonces and ids; keys and other secrets come from ``os.urandom`` and ``secrets``.
"""

from __future__ import annotations

import hmac
import os
import threading
from typing import Final

_DRAWN_AT_ONCE: Final = 4096


class _Drawn(threading.local):
    """What a thread has drawn from the operating system and not yet given out."""

    def __init__(self) -> None:
        self.left = b""
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.left):
            self.left, self.at = os.urandom(max(_DRAWN_AT_ONCE, count)), 0
        begin, self.at = self.at, self.at + count
        return self.left[begin : self.at]

    def forget(self) -> None:
        self.left, self.at = b"", 0


_drawn = _Drawn()
# A child process, of which the thread that forked alone is left, would else give out the same bytes as its parent.
os.register_at_fork(after_in_child=_drawn.forget)


def random_bytes(count: int) -> bytes:
    """Return bytes of the operating system's generator that are given out once, to no other thread and no child process."""
    return _drawn.take(count)


def mac(key: bytes, message: bytes) -> bytes:
    """Return the HMAC-SHA-256 of a message (RFC 2104), 32 bytes; for one of 2,048 bytes and more the lock is let go of."""
    return hmac.new(key, message, "sha256").digest()
