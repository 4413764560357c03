"""What the status page and the log's pages are handed to say, to whoever reads German; what programs are told stays English."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind, describe
from governance.actors import service
from governance.counting.models import Reconciliation
from governance.identities.models import Person
from governance.jobs.models import PartState
from governance.jobs.parts import Parts
from governance.ledger import highwater_file, publishing, queries, witnessing
from governance.ledger.models import Leaf, LogRecord, Tile
from governance.ledger.sequencing import drain
from governance.ledger.witnessing import WitnessesFailed
from governance.monitors.models import Incident
from governance.operations.status import Part, status
from governance.worker import told
from tests import accounts
from tests.applications import create_app
from tests.integration.test_witnessing import dead, named

CLI = service("cli")
#: A part that says the same in both languages.
SAME = {Part.SCHEMA}


@pytest.fixture
def read(answerable):
    """Return how pages read to Anna, an admin, and to Cleo, an auditor, before a signed log."""
    for name, role in (("Anna", "admin"), ("Cleo", "auditor")):
        accounts.join(answerable, name, role)
    with answerable.database.write() as session:
        session.execute(sa.update(Person).values(language="de", time_zone="Europe/Berlin"))
    drain(answerable)
    publishing.publish(answerable)
    app = create_app(answerable)
    windows = {name: sign_in(app, name) for name in ("Anna", "Cleo")}

    def page(name: str, path: str) -> str:
        return unescape(windows[name].get(path).text)

    return page


def sign_in(app, name):
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    form = {"username": accounts.email_of(name), "password": accounts.PASSWORD}
    client.post("/sign-in", data={"csrf_token": token[1], **form})
    return client


def look(answerable):
    return {view.part: view for view in status(answerable, CLI)}


def open_incident(answerable):
    with answerable.work(service("monitor")) as work:
        work.session.add(
            Incident(
                id=work.new_id(),
                point="retention-offer",
                monitor="proposal:error_rate:above",
                grp="",
                level="violation",
                status="open",
                opened_at=work.now,
                hold_id=None,
                details={},
            )
        )


def test_each_part_is_told_in_the_readers_language(answerable, read):
    page = read("Anna", "/status")
    for view in look(answerable).values():
        assert view.part in SAME or view.detail not in page
        assert not view.todo or view.todo not in page
    assert "Der neueste Prüfpunkt umfasst" in page
    assert "Niemand außerhalb wacht über das Protokoll" in page
    assert re.search(r"Im Home-Ordner sind [\d.]+(,\d)? GB von [\d.]+(,\d)? GB frei\.", page)


def test_numbers_and_times_in_a_sentence_are_written_as_the_reader_does(answerable, read):
    at = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
    with answerable.database.write() as session:
        session.add(
            Reconciliation(
                id="r", started_at=at, finished_at=at, decisions=12345, cells=1, differing=1
            )
        )
    assert look(answerable)[Part.COUNTS].detail.startswith(
        "Counts by group were compared with 12345 decisions on 2026-11-26 23:30 UTC, and 1 row was put right."
    )
    assert (
        "Die Zählungen nach Gruppen wurden am 27. Nov. 2026, 00:30 mit 12.345 Entscheidungen verglichen, und 1 Zeile wurde berichtigt."
        in read("Anna", "/status")
    )


def test_one_and_many_are_told_apart(answerable, read):
    for english, german in (
        ("1 incident is open.", "1 Vorfall ist offen."),
        ("2 incidents are open.", "2 Vorfälle sind offen."),
    ):
        open_incident(answerable)
        assert english in look(answerable)[Part.MONITORS].detail
        assert german in read("Anna", "/status")


def test_a_fault_is_told_in_the_readers_language_after_it_was_stored(answerable, read, tmp_path):
    named(answerable, tmp_path, dead())
    with pytest.raises(WitnessesFailed) as failed:
        witnessing.run(answerable)
    Parts(answerable).failing(Part.WITNESSES, told(failed.value))
    assert look(answerable)[Part.WITNESSES].detail == "Witness dead: it refused the connection."
    page = read("Anna", "/status")
    assert "Zeuge dead: Die Verbindung wurde abgelehnt." in page
    assert "Prüfpunkte werden weiter herausgegeben, ohne diese Mitunterschriften." in page
    assert "Die Verbindung wurde abgelehnt. seit" in re.sub("<.*?>", "", read("Cleo", "/log"))


def test_a_fault_of_an_earlier_version_and_one_of_another_program_stay_as_they_are(
    answerable, read
):
    Parts(answerable).failing(Part.REPORTS, told(PermissionError(13, "Permission denied", "/a")))
    with answerable.database.write() as session:
        session.add(
            PartState(
                part=Part.IMPORTS,
                seen_at=answerable.clock.now(),
                failing_since=answerable.clock.now(),
                detail="It refused, as it always did.",
            )
        )
    page = read("Anna", "/status")
    assert "Permission denied: /a" in page
    assert "It refused, as it always did." in page


def test_a_refusal_to_sign_is_told_with_what_to_do(answerable, read):
    with answerable.database.read() as session:
        highwater_file.path_of(answerable, queries.current(session)).write_text("altered")
    page = read("Anna", "/status")
    assert "Auf die Datei mit dem Höchststand ist kein Verlass." in page
    assert "Spielen Sie die Datei aus ihrer eigenen Sicherung zurück" in page


def test_an_entry_says_what_it_means_in_the_readers_language(answerable, read):
    with answerable.work(CLI) as work:
        changed = work.record(EntryKind.SETTINGS_CHANGED)
    with answerable.database.read() as session:
        opened = session.execute(
            sa.select(LogRecord.id).where(LogRecord.kind == EntryKind.LOG_OPENED)
        ).scalar_one()
    for entry, kind, german in (
        (changed, EntryKind.SETTINGS_CHANGED, "Eine Einstellung der Installation wurde geändert."),
        (opened, EntryKind.LOG_OPENED, "Dieses Protokoll begann; der Eintrag nennt das vorige"),
    ):
        page = read("Cleo", f"/log/entries/{entry}")
        assert german in page
        assert describe(kind).what not in page


def test_a_damaged_tree_is_told_in_the_readers_language(answerable, read):
    with answerable.database.write() as session:
        entry = session.execute(sa.select(Leaf.record_id).limit(1)).scalar_one()
        session.execute(sa.delete(Tile))
    page = read("Cleo", f"/log/entries/{entry}")
    assert "Der Speicher des Protokolls ist beschädigt" in page
    assert "The log's storage is damaged" not in page
