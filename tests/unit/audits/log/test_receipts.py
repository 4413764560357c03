from __future__ import annotations

import base64
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest

from audits.log import notes, receipts
from audits.log.notes import NoteRefused, SigningKey
from audits.log.receipts import Receipt

ORIGIN = "decisions.example.com/log"
KEY = SigningKey(name=receipts.key_name(ORIGIN), seed=b"r" * 32)
LOG_KEY = SigningKey(name=ORIGIN, seed=b"r" * 32)
PROMISE = Receipt(
    origin=ORIGIN,
    record_id="019a0000-0000-7000-8000-000000000001",
    leaf_hash=sha256(b"an entry").digest(),
    at_ms=1_795_000_000_123,
    mmd_s=60,
)


def several(count: int) -> list[Receipt]:
    return [
        replace(PROMISE, record_id=str(UUID(int=number)), leaf_hash=sha256(b"%d" % number).digest())
        for number in range(count)
    ]


def test_a_receipt_is_five_signed_lines_and_always_the_same() -> None:
    text = receipts.sign(PROMISE, KEY)

    assert text.split("\n")[:6] == [
        "decisions.example.com/log/receipt",
        PROMISE.record_id,
        base64.b64encode(PROMISE.leaf_hash).decode(),
        "1795000000123",
        "60",
        "",
    ]
    assert text == receipts.sign(PROMISE, KEY)
    # It is a plain signed note, so that any tool for these checks it.
    assert notes.open_note(text, [KEY.verifying_key]).body == PROMISE.body()
    opened = receipts.open_receipt(text, [KEY.verifying_key])
    assert (opened.receipt, opened.signed_by) == (PROMISE, (KEY.verifying_key,))
    assert receipts.parse(text) == PROMISE
    assert PROMISE.due_ms == 1_795_000_060_123


@pytest.mark.parametrize("count", [1, 2, 3, 7, 250])
def test_each_receipt_of_a_batch_is_checked_alone(count: int) -> None:
    promises = several(count)
    texts = receipts.sign_many(promises, KEY)

    assert [receipts.open_receipt(text, [KEY.verifying_key]).receipt for text in texts] == promises
    assert [receipts.parse(text) for text in texts] == promises
    assert len({text.rpartition("\n\n")[2] for text in texts}) == 1


def test_whatever_is_changed_in_a_receipt_no_longer_opens() -> None:
    single = receipts.sign(PROMISE, KEY)
    batched = receipts.sign_many(several(6), KEY)[3]

    for text in (single, batched):
        body = text.rpartition("\n\n")[0]
        for place, character in enumerate(body):
            other = "1" if character != "1" else "2"
            with pytest.raises(NoteRefused):
                receipts.open_receipt(text[:place] + other + text[place + 1 :], [KEY.verifying_key])
    lines = batched.split("\n")
    for cut in range(len(lines) - 1):
        with pytest.raises(NoteRefused):
            receipts.open_receipt("\n".join(lines[:cut] + lines[cut + 1 :]), [KEY.verifying_key])


def test_only_a_key_of_the_logs_receipts_signs_them() -> None:
    stranger = SigningKey(name="other.example.com/receipt", seed=b"s" * 32)
    for key in (LOG_KEY, stranger):
        forged = notes.sign(PROMISE.body(), key)
        with pytest.raises(NoteRefused):
            receipts.open_receipt(forged, [KEY.verifying_key, key.verifying_key])
        with pytest.raises(ValueError, match="signed by a key named"):
            receipts.sign(PROMISE, key)


def test_a_batch_is_no_checkpoint_of_the_log() -> None:
    note = receipts.sign_many(several(3), KEY)[0].partition("\n\n")[2]

    with pytest.raises(NoteRefused):
        notes.open_checkpoint(note, [KEY.verifying_key, LOG_KEY.verifying_key])


@pytest.mark.parametrize(
    "lines",
    [
        ["x", "y"],
        ["log/receipt", "not-an-id", "", "1", "60"],
        ["log", PROMISE.record_id, base64.b64encode(b"h" * 32).decode(), "1", "60"],
        ["log/receipt", PROMISE.record_id, base64.b64encode(b"h" * 31).decode(), "1", "60"],
        ["log/receipt", PROMISE.record_id, base64.b64encode(b"h" * 32).decode(), "01", "60"],
        ["log/receipt", PROMISE.record_id, base64.b64encode(b"h" * 32).decode(), "1", "-6"],
        ["log/receipt", PROMISE.record_id.upper(), base64.b64encode(b"h" * 32).decode(), "1", "6"],
    ],
)
def test_a_signed_note_of_another_form_is_no_receipt(lines: list[str]) -> None:
    key = SigningKey(name="log/receipt", seed=b"r" * 32)
    text = notes.sign("\n".join(lines) + "\n", key)

    with pytest.raises(NoteRefused):
        receipts.open_receipt(text, [key.verifying_key])
    with pytest.raises(NoteRefused):
        receipts.parse(text)
