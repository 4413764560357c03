"""The link to the page of the person concerned: it cannot be guessed, it ends, and no row is needed to know it.

A token is the decision's id, the last day on which it works, and an HMAC of both under the lookup secret, which only this
installation has. It tells nothing of the person.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from governance.keyring import Keyring
from governance.primitives import mac

#: Where the page is, before the token.
PATH: Final = "/my/"
_DAY_BYTES: Final = 3
_MAC_BYTES: Final = 24
_LENGTH: Final = 16 + _DAY_BYTES + _MAC_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLink:
    """What a genuine token says: which decision, and the last day on which it works."""

    decision_id: str
    until: date

    def expired(self, now: datetime) -> bool:
        """Tell whether its last day is over."""
        return now.date() > self.until


def token_of(keyring: Keyring, decision_id: str, given_at: datetime, days: int) -> str:
    """Return the token for a decision that works until so many days after it was given."""
    until = given_at.toordinal() + days
    said = uuid.UUID(decision_id).bytes + min(until, date.max.toordinal()).to_bytes(_DAY_BYTES)
    return _text(said + _mac(keyring, said))


def read(keyring: Keyring, token: str) -> SubjectLink | None:
    """Return what a token says, also of one whose day is over; None where it is not one of ours."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"==", altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    # Bits that base64 leaves over could be set without changing what is read; each link has one form.
    if len(raw) != _LENGTH or _text(raw) != token:
        return None
    said, given = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if not hmac.compare_digest(given, _mac(keyring, said)):
        return None
    return SubjectLink(
        decision_id=str(uuid.UUID(bytes=said[:16])),
        until=date(1, 1, 1) + timedelta(days=int.from_bytes(said[16:]) - 1),
    )


def _mac(keyring: Keyring, said: bytes) -> bytes:
    return mac(keyring.lookup, b"subject page\0" + said)[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
