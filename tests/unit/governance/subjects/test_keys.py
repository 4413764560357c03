"""What a subject's key encrypts and commits to."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from governance.clock import uuid7
from governance.keyring import Keyring
from governance.subjects.keys import SubjectKeys

KEYRING = Keyring(kek=b"k" * 32, lookup=b"l" * 32, session=b"s" * 32)


def _keys() -> SubjectKeys:
    return SubjectKeys(KEYRING, uuid7, capacity=3)


@given(st.binary(max_size=2000))
def test_stored_bytes_round_trip(plaintext: bytes) -> None:
    key = _keys().for_subject("cust-1")
    record = uuid7()
    assert key.decrypt(record, "decision", *key.encrypt(record, "decision", plaintext)) == plaintext


def test_a_payload_moved_to_another_record_or_name_does_not_decrypt() -> None:
    key = _keys().for_subject("cust-1")
    nonce, ciphertext = key.encrypt("a", "decision", b"facts")
    for record, name in (("b", "decision"), ("a", "groups")):
        with pytest.raises(InvalidTag):
            key.decrypt(record, name, nonce, ciphertext)


def test_commitments_differ_by_record_name_bytes_and_key() -> None:
    keys = _keys()
    one, other = keys.for_subject("cust-1"), keys.for_subject("cust-2")
    made = {
        one.commit("a", "decision", b"x"),
        one.commit("b", "decision", b"x"),
        one.commit("a", "groups", b"x"),
        one.commit("a", "decision", b"y"),
        other.commit("a", "decision", b"x"),
    }
    assert len(made) == 5


def test_a_key_is_reused_only_once_its_row_is_committed() -> None:
    keys = _keys()
    first = keys.for_subject("cust-1")
    assert keys.for_subject("cust-1").id != first.id
    keys.committed(first)
    again = keys.for_subject("cust-1")
    assert (again.id, again.is_new) == (first.id, False)
    keys.forget(again)
    assert keys.for_subject("cust-1").id != first.id


def test_the_cache_keeps_the_newest() -> None:
    keys = _keys()
    made = []
    for number in range(5):
        key = keys.for_subject(f"cust-{number}")
        keys.committed(key)
        made.append(key.id)
    assert keys.for_subject("cust-4").id == made[4]
    assert keys.for_subject("cust-0").id != made[0]


def test_decisions_without_a_subject_never_share_a_key() -> None:
    keys = _keys()
    first = keys.for_subject(None)
    keys.committed(first)
    assert keys.for_subject(None).id != first.id


def test_a_wrapped_key_is_bound_to_its_row() -> None:
    wrapped = KEYRING.wrap("row-1", b"x" * 32)
    assert KEYRING.unwrap("row-1", wrapped) == b"x" * 32
    with pytest.raises(InvalidTag):
        KEYRING.unwrap("row-2", wrapped)
