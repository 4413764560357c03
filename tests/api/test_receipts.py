"""Receipts: what the log promises to whom asks, and the proof that it kept it."""

from __future__ import annotations

import json
import threading
import time

import pytest
import sqlalchemy as sa

from audits.log import receipts
from audits.log.notes import VerifyingKey, open_checkpoint
from audits.log.proofs import parse_proof
from audits.log.tree import inclusion_holds, leaf_hash
from governance.actors import service
from governance.decisions.models import Decision
from governance.ledger import publishing, queries, rotation
from governance.ledger.models import KeyPurpose, LogRecord, PendingRecord
from governance.ledger.sequencing import drain
from tests.api.conftest import request_body

NDJSON = "application/x-ndjson"


def vkeys(served) -> list[VerifyingKey]:
    text = served.client.get("/log/receipt.vkey").text
    return [VerifyingKey.parse(line) for line in text.splitlines()]


def opened(served, text: str) -> receipts.Receipt:
    return receipts.open_receipt(text, vkeys(served)).receipt


def batch(served, lines: list) -> list[dict]:
    raw = b"\n".join(json.dumps(line).encode() for line in lines)
    answer = served.call("crm", "POST", "/decisions/batch", data=raw, content_type=NDJSON)
    return [json.loads(line) for line in answer.data.splitlines()]


def test_every_answer_promises_the_entry_that_was_stored(served) -> None:
    told = served.ask().json
    waited = served.ask(query="?wait=0.01", proposal__confidence=0.5).json

    for answer in (told, waited):
        promise = opened(served, answer["receipt"])
        with served.answerable.database.read() as session:
            entry = session.get_one(LogRecord, answer["id"]).entry
            pending = session.get_one(PendingRecord, answer["id"])
        assert promise.record_id == answer["id"]
        assert promise.leaf_hash == leaf_hash(entry) == pending.leaf_hash
        assert promise.mmd_s == 60
        assert promise.origin == served.answerable.origin
    assert "receipt" not in served.ask(query="?dry_run=1").json
    assert "receipt" not in served.call("crm", "GET", f"/decisions/{told['id']}").json


def test_a_repeated_request_gets_the_same_receipt_before_and_after_it_is_placed(served) -> None:
    first = served.ask(headers={"Idempotency-Key": "k"}).json["receipt"]

    assert served.ask(headers={"Idempotency-Key": "k"}).json["receipt"] == first
    served.answerable.clock.advance(hours=1)
    drain(served.answerable)
    again = served.ask(headers={"Idempotency-Key": "k"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["receipt"] == first
    read = served.call("crm", "GET", f"/decisions/{again.json['id']}/receipt")
    assert (read.text, read.content_type) == (first, "text/plain; charset=utf-8")


def test_lines_of_a_batch_are_signed_once_and_each_is_checked_alone(served) -> None:
    served.ask(headers={"Idempotency-Key": "k"})
    bad = request_body(proposal__confidence=7)
    told = batch(
        served,
        [request_body(), bad, request_body(), {**request_body(), "idempotency_key": "k"}],
    )

    assert "receipt" not in told[1]
    promised = [told[at] for at in (0, 2, 3)]
    assert [opened(served, each["receipt"]).record_id for each in promised] == [
        each["id"] for each in promised
    ]
    signatures = [each["receipt"].rpartition("\n\n")[2] for each in promised]
    assert signatures[0] == signatures[1]
    # What was asked for before has its own receipt again.
    assert signatures[2] != signatures[0]
    alone = served.call("crm", "GET", f"/decisions/{told[0]['id']}/receipt").text
    assert opened(served, alone) == opened(served, told[0]["receipt"])


def test_what_is_rolled_back_is_promised_to_nobody(served, monkeypatch) -> None:
    signed = []
    sign = type(served.answerable.receipts).sign
    monkeypatch.setattr(
        type(served.answerable.receipts),
        "sign",
        lambda self, committed: signed.extend(committed) or sign(self, committed),
    )
    with served.answerable.database.write() as session:
        session.execute(sa.text("ALTER TABLE log_pending RENAME TO kept_away"))
    answer = served.ask()
    assert answer.status_code >= 500
    assert b"receipt" not in answer.data
    assert signed == []
    with served.answerable.database.write() as session:
        session.execute(sa.text("ALTER TABLE kept_away RENAME TO log_pending"))
        assert session.execute(sa.select(Decision.id)).all() == []
    assert served.ask().status_code == 201
    assert len(signed) == 1


def test_only_who_may_see_a_decision_reads_its_receipt(served) -> None:
    mine = served.ask().json["id"]
    path = f"/decisions/{mine}/receipt"

    assert served.call("reader", "GET", path).status_code == 404
    assert served.call("Cleo", "GET", path).status_code == 200
    assert served.call(None, "GET", path).status_code == 401
    assert served.call("crm", "GET", "/decisions/nothing/receipt").status_code == 404
    # Whoever decides is told by neither which of their cases are known ones.
    for what in ("receipt", "proof"):
        assert served.call("Ada", "GET", f"/decisions/{mine}/{what}").status_code == 403


def test_only_who_may_read_a_proof_is_pointed_to_it(served, in_review) -> None:
    asked = in_review()
    path = f"/decisions/{asked['id']}"
    told = {who: served.call(who, "GET", path).json["links"]["proof"] for who in ("Ada", "Cleo")}

    assert asked["links"]["proof"].endswith(f"{path}/proof")
    assert told == {"Ada": None, "Cleo": asked["links"]["proof"]}


def test_who_waits_for_the_proof_gets_one_that_keeps_the_receipt(served) -> None:
    over = threading.Event()

    def sequence() -> None:
        while not over.is_set():
            drain(served.answerable)
            publishing.publish(served.answerable)
            time.sleep(0.02)

    sequencer = threading.Thread(target=sequence)
    sequencer.start()
    try:
        told = served.ask(query="?proof=20").json
    finally:
        over.set()
        sequencer.join()
    proof = parse_proof(told["proof"])
    with served.answerable.database.read() as session:
        keys = queries.current(session).verifying_keys
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    assert inclusion_holds(
        index=proof.index,
        size=checkpoint.size,
        leaf=opened(served, told["receipt"]).leaf_hash,
        proof=proof.hashes,
        root=checkpoint.root,
    )


def test_who_waits_in_vain_is_answered_all_the_same(served) -> None:
    late = served.ask(query="?proof=0.01")
    assert (late.status_code, late.json["proof"]) == (201, None)
    assert served.ask(query="?proof=no").status_code == 422
    assert "proof" not in served.ask().json


@pytest.mark.parametrize("stolen", [False, True])
def test_a_process_signs_with_the_next_key_as_soon_as_there_is_one(served, stolen) -> None:
    before = served.ask(headers={"Idempotency-Key": "k"}).json["receipt"]
    (old,) = vkeys(served)
    with served.answerable.work(service("cli")) as work:
        because = "A laptop with it is gone." if stolen else None
        rotated = rotation.rotate(work, KeyPurpose.RECEIPT, stolen_because=because)

    after = served.ask(headers={"Idempotency-Key": "k"}).json["receipt"]
    new = VerifyingKey.parse(rotated.vkey)
    assert vkeys(served) == [old, new]
    assert receipts.open_receipt(before, [old]).receipt == receipts.parse(after)
    fresh = served.ask().json["receipt"]
    assert receipts.open_receipt(fresh, [old, new]).signed_by == (new,)
