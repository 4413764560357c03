"""Keys of subjects: what payloads are encrypted under, and what commits to them.

From a subject's 32-byte secret come, by HMAC as HKDF-Expand with one block (RFC 5869), one key that encrypts and, for each record and name, one key that commits;
disclosing the latter tells nothing of other records.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audits.log.entries import commitment
from governance.keyring import Keyring
from governance.primitives import mac, random_bytes


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """One key: ``id`` names its row, ``secret`` is 32 bytes, ``is_new`` until its row was committed."""

    id: str
    secret: bytes
    subject_tag: str | None
    is_new: bool = False
    _aead: AESGCM = field(init=False, repr=False)

    def __post_init__(self) -> None:
        key = mac(self.secret, b"answerable payload encryption\x01")
        object.__setattr__(self, "_aead", AESGCM(key))

    def encrypt(self, record_id: str, name: str, plaintext: bytes) -> tuple[bytes, bytes]:
        """Return nonce and ciphertext; record id and name are associated data, so neither can be moved elsewhere."""
        nonce = random_bytes(12)
        return nonce, self._aead.encrypt(nonce, plaintext, f"{record_id}\0{name}".encode())

    def decrypt(self, record_id: str, name: str, nonce: bytes, ciphertext: bytes) -> bytes:
        """Return the plaintext.

        Raises:
            cryptography.exceptions.InvalidTag: the bytes, the record or the name are not those that were encrypted.
        """
        return self._aead.decrypt(nonce, ciphertext, f"{record_id}\0{name}".encode())

    def commit(self, record_id: str, name: str, plaintext: bytes) -> bytes:
        """Return the commitment that the record's entry carries for this payload."""
        return commitment(self.commitment_key(record_id, name), record_id, name, plaintext)

    def commitment_key(self, record_id: str, name: str) -> bytes:
        """Return the key of one commitment, which is disclosed with the payload so that others can check the two against each other."""
        label = f"answerable payload commitment\0{record_id}\0{name}\x01"
        return mac(self.secret, label.encode())


class SubjectKeys:
    """The keys this process made or met, newest kept. A key is reused only once its row is committed, and until the key-encryption key rotates."""

    def __init__(self, keyring: Keyring, new_id: Callable[[], str], capacity: int = 20_000) -> None:
        self._keyring = keyring
        self._new_id = new_id
        self._capacity = capacity
        self._known: OrderedDict[str, SubjectKey] = OrderedDict()
        self._known_under = keyring.kek_id
        self._lock = threading.Lock()

    def tag_of(self, reference: str) -> str:
        """Return the tag under which a subject's keys are found."""
        return self._keyring.tag("subject", reference)

    def for_subject(self, reference: str | None) -> SubjectKey:
        """Return a key for a subject, or a fresh one for a decision without a subject."""
        if reference is None:
            return self.fresh(None)
        tag = self.tag_of(reference)
        with self._lock:
            if self._known_under != self._keyring.kek_id:
                # No key outlives the key-encryption key by being used further: what is pruned could else be opened in an old backup by what is newer.
                self._known.clear()
                self._known_under = self._keyring.kek_id
            known = self._known.get(tag)
            if known is not None:
                self._known.move_to_end(tag)
                return known
        return self.fresh(tag)

    def fresh(self, tag: str | None) -> SubjectKey:
        """Make a key whose row is yet to be stored."""
        return SubjectKey(self._new_id(), os.urandom(32), tag, is_new=True)

    def committed(self, key: SubjectKey) -> None:
        """Remember that a new key's row is stored, so that it is reused."""
        if key.is_new and key.subject_tag is not None:
            with self._lock:
                self._known[key.subject_tag] = SubjectKey(key.id, key.secret, key.subject_tag)
                while len(self._known) > self._capacity:
                    self._known.popitem(last=False)

    def forget(self, key: SubjectKey) -> None:
        """Drop a key whose row is gone."""
        self.forget_tag(key.subject_tag)

    def forget_tag(self, tag: str | None) -> None:
        """Drop the key of a subject who was erased."""
        if tag is not None:
            with self._lock:
                self._known.pop(tag, None)

    def row_of(self, key: SubjectKey, created_at: datetime) -> dict[str, object]:
        """Return a new key's row."""
        return {
            "id": key.id,
            "subject_tag": key.subject_tag,
            "wrapped": self._keyring.wrap(key.id, key.secret),
            "kek_id": self._keyring.kek_id,
            "created_at": created_at,
        }

    def open(self, key_id: str, subject_tag: str | None, wrapped: bytes) -> SubjectKey:
        """Return the key of a stored row."""
        return SubjectKey(key_id, self._keyring.unwrap(key_id, wrapped), subject_tag)
