"""Reading and writing encrypted payloads in a session."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from sqlalchemy.orm import Session

from governance.subjects.keys import SubjectKey, SubjectKeys
from governance.subjects.models import PayloadRow, SubjectKeyRow


class PayloadUnreadable(Exception):
    """A payload's bytes, key or place are not those that were stored."""


def key_of_record(
    session: Session, keys: SubjectKeys, record_id: str, name: str = "decision"
) -> SubjectKey | None:
    """Return the key under which a record's payload is encrypted, None when it was erased."""
    row = session.execute(
        sa.select(SubjectKeyRow)
        .join(PayloadRow, PayloadRow.key_id == SubjectKeyRow.id)
        .where(PayloadRow.record_id == record_id, PayloadRow.name == name)
    ).scalar_one_or_none()
    return None if row is None else keys.open(row.id, row.subject_tag, row.wrapped)


def store(session: Session, key: SubjectKey, record_id: str, name: str, plaintext: bytes) -> None:
    """Encrypt and add one payload; the key's row must be stored already or in the same flush."""
    nonce, ciphertext = key.encrypt(record_id, name, plaintext)
    session.add(
        PayloadRow(
            record_id=record_id, name=name, key_id=key.id, nonce=nonce, ciphertext=ciphertext
        )
    )


def read_many(
    session: Session, keys: SubjectKeys, record_ids: Iterable[str], name: str
) -> dict[str, bytes]:
    """Return the plaintexts of one name of many records; erased ones are absent.

    Raises:
        PayloadUnreadable: a stored payload does not decrypt.
    """
    wanted = list(record_ids)
    found: dict[str, bytes] = {}
    opened: dict[str, SubjectKey] = {}
    for start in range(0, len(wanted), 500):
        rows = session.execute(
            sa.select(
                PayloadRow.record_id,
                PayloadRow.nonce,
                PayloadRow.ciphertext,
                PayloadRow.key_id,
                SubjectKeyRow.subject_tag,
                SubjectKeyRow.wrapped,
            )
            .join(SubjectKeyRow, PayloadRow.key_id == SubjectKeyRow.id)
            .where(PayloadRow.record_id.in_(wanted[start : start + 500]), PayloadRow.name == name)
        )
        for row in rows:
            try:
                key = opened.get(row.key_id)
                if key is None:
                    key = opened[row.key_id] = keys.open(row.key_id, row.subject_tag, row.wrapped)
                found[row.record_id] = key.decrypt(row.record_id, name, row.nonce, row.ciphertext)
            except InvalidTag:
                raise PayloadUnreadable(
                    f"The payload {name} of record {row.record_id} does not decrypt."
                ) from None
    return found


def read(session: Session, keys: SubjectKeys, record_id: str, name: str) -> bytes | None:
    """Return one plaintext, None when there is none or it was erased."""
    return read_many(session, keys, [record_id], name).get(record_id)
