"""The reader's pages of the log: every step from an entry to what was signed, computed anew and seen to fail where it does."""

from __future__ import annotations

import re
import zipfile

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.notes import open_checkpoint
from audits.log.proofs import check_proof, parse_proof
from audits.log.tree import leaf_hash
from governance.actors import service
from governance.ledger import publishing, queries, reading
from governance.ledger.models import Leaf, LogRecord, Tile
from governance.ledger.sequencing import drain
from governance.reporting import log_exports
from governance.reporting.models import LogExportPart
from tests import accounts
from tests.applications import create_app
from tests.log_files import read_log

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


def test_an_entry_whose_bytes_were_edited_is_seen(answerable, cleo, record_id):
    with answerable.database.write() as session:
        trigger = "no_update" if answerable.database.is_sqlite else "append_only ON log_records"
        session.execute(sa.text(f"DROP TRIGGER log_records_{trigger}"))
        row = session.get(LogRecord, record_id)
        row.entry = row.entry.replace(b'"n":', b'"m":')
    page = cleo.get(f"/log/entries/{record_id}").text
    assert "the tree holds another leaf here" in page
    assert "A step does not hold." in page


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


def press(client, path, button_page, **form):
    """Send a form of a page."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(button_page).text)[1]
    return client.post(path, data={"csrf_token": token, **form})


def test_an_export_is_asked_for_made_in_the_background_and_taken(
    answerable, cleo, tmp_path, monkeypatch
):
    monkeypatch.setattr(log_exports, "PART_BYTES", 700)
    assert press(cleo, "/log/exports", "/log/exports", since="", until="").status_code == 303
    waiting = cleo.get("/log/exports")
    assert "is being made" in waiting.text
    assert "Refresh" in waiting.headers
    with answerable.look(CLI) as work:
        asked = log_exports.exports(work)[0]
    path = f"/log/exports/{asked.id}/file"
    assert press(cleo, path, "/log/exports").status_code == 409

    assert log_exports.run(answerable, "tests") == 1
    assert log_exports.run(answerable, "tests") == 0

    assert "Refresh" not in cleo.get("/log/exports").headers
    taken = press(cleo, path, "/log/exports")
    (tmp_path / "log.zip").write_bytes(taken.data)
    with zipfile.ZipFile(tmp_path / "log.zip") as archive:
        names = set(archive.namelist())
        read = read_log(lambda name: archive.read(name) if name in names else None)
    assert len(read.entries) == read.signed.size > 20
    with answerable.look(CLI) as work:
        made = log_exports.one(work, asked.id)
        kinds = [entry.data.get("what") for entry in reading_all(work)]
    assert (made.status, made.size, made.entries) == ("made", len(taken.data), read.signed.size)
    assert kinds.count("log.export") == kinds.count("log.export.file") == 1


def reading_all(work):
    drain(work.answerable)
    with work.answerable.look(CLI) as fresh:
        return reading.entries(fresh, kind="access.read", limit=5).entries


def test_exports_that_cannot_be_are_told_and_old_ones_are_dropped(answerable, cleo, clock):
    wrong = press(cleo, "/log/exports", "/log/exports", since="2026-13-01", until="")
    assert (wrong.status_code, "Give a date" in wrong.text) == (422, True)
    late = press(cleo, "/log/exports", "/log/exports", since="2026-11-02", until="2026-11-01")
    assert "The last day is before the first one." in late.text
    for _ in range(log_exports.MOST_ASKED):
        press(cleo, "/log/exports", "/log/exports", since="2026-11-01", until="")
    many = press(cleo, "/log/exports", "/log/exports", since="", until="")
    assert "Enough exports are being made already." in many.text

    while log_exports.run(answerable, "tests"):
        pass
    clock.advance(days=log_exports.KEPT.days, seconds=1)
    log_exports.drop_old(answerable)
    with answerable.look(CLI) as work:
        assert log_exports.exports(work) == []
        left = sa.select(sa.func.count()).select_from(LogExportPart)
        assert work.session.execute(left).scalar_one() == 0
