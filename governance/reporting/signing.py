"""Signing reports: a digest of the report's canonical JSON, in a note that names it, signed by the installation.

The key is derived from the lookup secret, which an installation keeps for ever; each report says whose it is, and the log holds the
digest of every report that was signed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audits.log.notes import NoteRefused, SigningKey, VerifyingKey, open_note, sign
from governance.keyring import Keyring

_PURPOSE: Final = b"answerable report signing\x01"
_HEAD: Final = "answerable report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A report's canonical text, its digest, and the note that was signed over the digest."""

    text: str
    digest: str
    note: str


def key_of(keyring: Keyring, origin: str) -> SigningKey:
    """Return the key that signs an installation's reports."""
    seed = hmac.digest(keyring.lookup, _PURPOSE, "sha256")
    return SigningKey(name=f"{origin}/reports", seed=seed)


def canonical(document: Mapping[str, Any]) -> str:
    """Write a report so that equal ones are written alike: sorted keys, numbers in their shortest form."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def digest_of(text: str) -> str:
    """Return what names a report."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def signed(document: Mapping[str, Any], key: SigningKey) -> Signed:
    """Sign a report."""
    text = canonical(document)
    digest = digest_of(text)
    return Signed(
        text=text, digest=digest, note=sign(f"{_HEAD}\n{document['id']}\n{digest}\n", key)
    )


def signer(note: str, text: str, keys: list[VerifyingKey]) -> VerifyingKey:
    """Return which of the keys signed this text's digest.

    Raises:
        NoteRefused: none did, or the note names another digest.
    """
    opened = open_note(note, keys)
    lines = opened.body.splitlines()
    if len(lines) != 3 or lines[0] != _HEAD:
        raise NoteRefused("The note signs something else than a report.")
    if lines[2] != digest_of(text):
        raise NoteRefused(f"The note names {lines[2]}, the report is {digest_of(text)}.")
    return opened.signed_by[0]
