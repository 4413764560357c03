"""The reader's pages of the log: every step from an entry to what was signed, computed anew and seen to fail where it does."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.notes import open_checkpoint
from audits.log.proofs import check_proof, parse_proof
from audits.log.tree import leaf_hash
from governance.actors import service
from governance.ledger import publishing, queries
from governance.ledger.models import Leaf, Tile
from governance.ledger.sequencing import drain
from tests import accounts
from tests.applications import create_app

CLI = service("cli")


@pytest.fixture
def cleo(answerable):
    """A window of an auditor, before a signed log of 20 entries and more."""
    accounts.join(answerable, "Cleo", "auditor")
    with answerable.work(CLI) as work:
        for number in range(20):
            work.record(EntryKind.ACCESS_READ, data={"n": number})
    drain(answerable)
    publishing.publish(answerable)
    client = create_app(answerable).test_client()
    page = client.get("/sign-in").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    client.post(
        "/sign-in",
        data={
            "csrf_token": token,
            "username": accounts.email_of("Cleo"),
            "password": accounts.PASSWORD,
        },
    )
    return client


@pytest.fixture
def record_id(answerable, cleo):
    """An entry in the midst of the log."""
    with answerable.database.read() as session:
        return session.execute(sa.select(Leaf.record_id).where(Leaf.leaf_index == 11)).scalar_one()


def test_the_log_shows_its_growth_with_its_table_and_leads_to_entries(cleo, record_id):
    page = cleo.get("/log").text
    assert 'class="chart"' in page
    assert "entries since" in page
    for wanted in ("11", record_id, record_id.upper()):
        found = cleo.get(f"/log/entries?index={wanted}")
        assert found.location == f"/log/entries/{record_id}"
    for wanted in ("999999", "x", "019a0000-0000-7000-8000-000000000000", ""):
        assert (
            "There is no such entry."
            in cleo.get(f"/log/entries?index={wanted}", follow_redirects=True).text
        )


def test_each_step_from_an_entry_to_the_signed_root_is_shown_and_can_be_taken_away(
    answerable, cleo, record_id
):
    page = cleo.get(f"/log/entries/{record_id}").text
    assert "Every step holds." in page

    proof = parse_proof(cleo.get(f"/log/entries/{record_id}/proof").text)
    leaf = leaf_hash(cleo.get(f"/log/entries/{record_id}/leaf").data)
    with answerable.database.read() as session:
        keys = queries.current(session).verifying_keys
    signed = check_proof(proof, leaf, keys)
    shown = {leaf, signed.root, *proof.hashes}
    assert all(one.hex() in page for one in shown)
    assert open_checkpoint(proof.checkpoint, keys) == signed
    assert "the log&#39;s own key" in page or "the log's own key" in page


def test_a_step_that_does_not_hold_is_told(answerable, cleo, record_id):
    with answerable.database.write() as session:
        row = session.get(Tile, (1, 0, 0))
        row.hashes = row.hashes[:32] + bytes(32) + row.hashes[64:]
    page = cleo.get(f"/log/entries/{record_id}").text
    assert "A step does not hold." in page
    assert "the checkpoint names another root" in page


def test_an_entry_that_waits_has_no_proof_yet(answerable, cleo):
    with answerable.work(CLI) as work:
        waits = work.record(EntryKind.ACCESS_READ, data={"n": 99})
    assert "There is no proof yet." in cleo.get(f"/log/entries/{waits}").text
    refused = cleo.get(f"/log/entries/{waits}/proof")
    assert (refused.status_code, refused.headers["Retry-After"]) == (404, "1")


def test_a_damaged_tree_is_told(answerable, cleo, record_id):
    with answerable.database.write() as session:
        session.execute(sa.delete(Tile))
    assert "The stored tree is damaged" in cleo.get(f"/log/entries/{record_id}").text
