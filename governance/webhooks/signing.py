"""Signatures of Standard Webhooks (https://www.standardwebhooks.com): what a receiver checks to know that a message is ours and fresh."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

_PREFIX: Final = "whsec_"
_BYTES: Final = 32


def fresh() -> bytes:
    """Make a secret."""
    return secrets.token_bytes(_BYTES)


def told(secret: bytes) -> str:
    """Return a secret as its receiver is told it."""
    return _PREFIX + base64.b64encode(secret).decode()


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return what ``webhook-signature`` holds: one signature for each live secret, separated by spaces."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys
    )
