"""Erasing a person concerned: two people, nothing left to find, a log that still verifies, counts that still add up; on both databases."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from audits.verifying import checking
from governance import records
from governance.actors import Actor, service
from governance.appeals import people_only, subject_page
from governance.appeals import service as appeals
from governance.application import Answerable, open_installation
from governance.counting import reconciling
from governance.counting.folding import fold
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.decisions.sight import ALL
from governance.erasing import carrying_out, erasers
from governance.erasing import service as erasing
from governance.erasing.models import ErasedRecord, Erasure, LegalHold
from governance.erasing.transitions import Ground, Obstacle
from governance.errors import Conflict, Gone, NotAllowed, NotFound, SelfConfirmation
from governance.imports import parts
from governance.imports.models import ImportReference, ImportRun
from governance.installation.service import change_settings
from governance.ledger import exporting, publishing
from governance.ledger.exporting import Wanted
from governance.ledger.sequencing import drain
from governance.operations import backup, verifying
from governance.points import service as points
from governance.requests import few
from governance.requests import service as requests
from governance.reviews import handling
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.rights import service as rights
from governance.rights.transitions import RightKind, RightsStatus
from governance.subjects.files import Brought
from governance.subjects.models import PayloadRow, SubjectKeyRow
from governance.webhooks import service as webhooks
from governance.worker import clean
from tests import accounts, known
from tests.conftest import SettableClock
from tests.people import app
from tests.retention import POINT, QUEUE, body, request, unsure

#: Whatever is written of the person holds this.
CANARY = "zyxwv"
SUBJECT = f"cust-{CANARY}-4711"
OTHER = {"ref": "cust-other", "groups": {"gender": "male"}}


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    with answerable.work(service("cli")) as work:
        points.bootstrap_publish(work, known.HALF)
    return app(answerable)


@pytest.fixture
def anna(answerable: Answerable, shop: Actor) -> Actor:
    return accounts.join(answerable, "Anna", "admin")


@pytest.fixture
def alma(answerable: Answerable, shop: Actor) -> Actor:
    return accounts.join(answerable, "Alma", "admin")


@pytest.fixture
def ada(answerable: Answerable, shop: Actor) -> Actor:
    return accounts.join(answerable, "Ada", "manager", queues=[QUEUE])


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def ask(
    answerable: Answerable, shop: Actor, *, sure: bool = True, key: str | None = None, **changes
):
    changes = {
        "subject": {"ref": SUBJECT, "groups": {"gender": "female"}},
        "features": body()["features"] | {"message": f"I am {CANARY}."},
        "metadata": {"ticket": f"T-{CANARY}"},
    } | changes
    made = (request if sure else unsure)(**changes)
    asked = Asked(request=made, idempotency_key=key, body_digest=None if key is None else "0" * 64)
    return decisions.ask(answerable, shop, asked)


def confirmed(answerable: Answerable, anna: Actor, alma: Actor, **said):
    """Ask for the person to be erased, and confirm it."""
    row = do(answerable, anna, erasing.ask, reference=SUBJECT, **said)
    do(answerable, alma, requests.confirm, row.request_id)
    return row


def erased(answerable: Answerable, anna: Actor, alma: Actor) -> str:
    row = confirmed(answerable, anna, alma)
    assert carrying_out.run(answerable) == 1
    return row.id


def balanced(answerable: Answerable) -> bool:
    """Count what changed, and tell whether the counts agree with what they are made of, all of it."""
    while fold(answerable):
        pass
    found = reconciling.reconcile(answerable, service("tests"))
    return (found.differing, found.erased) == (0, 0)


def verified(answerable: Answerable) -> verifying.Report:
    drain(answerable)
    report = verifying.verify(answerable)
    assert report.findings == []
    return report


def left(answerable: Answerable, what: list[bytes]) -> Iterator[str]:
    """Yield where something of a person is found: in a table, and on SQLite in a file."""
    with answerable.database.read() as session:
        for name, table in records.metadata.tables.items():
            for row in session.execute(sa.select(table)):
                held = b"\0".join(
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    for value in row
                )
                yield from (f"{name}: {one!r}" for one in what if one in held)
    folders = [answerable.settings.home, answerable.settings.highwater_dir]
    if answerable.database.file is not None:
        folders.append(answerable.database.file.parent)
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                yield from (f"{file}: {one!r}" for one in what if one in content)


@pytest.fixture
def life(answerable: Answerable, clock: SettableClock, shop, ada, anna) -> list[bytes]:
    """Let all happen to a person that can happen; return what of theirs lies in the database in another form than they would know."""
    do(answerable, anna, webhooks.create_webhook, app="shop", url="https://shop.example/hook")
    ben = accounts.join(answerable, "Ben", "manager", queues=[QUEUE])
    accounts.join(answerable, "Pia", "publisher", queues=[QUEUE])
    released = ask(answerable, shop, key=f"offer-{CANARY}").id
    changes = {"subject": {"ref": SUBJECT}, "metadata": {"note": CANARY}}
    source = known.resolved(answerable, clock, shop, ben, **changes)
    known.make(answerable, source)
    held = ask(answerable, shop, sure=False)
    cy = accounts.join(answerable, "Cy", "manager", queues=[QUEUE])
    do(answerable, cy, reviews.claim, held.case_id)
    do(answerable, cy, handling.comment, held.case_id, words=f"{CANARY} called.")
    do(
        answerable,
        subject_page.actor(),
        appeals.open_appeal,
        released,
        words=f"No, says {CANARY}.",
        files=[Brought(name=f"{CANARY}.txt", content=f"{CANARY} wrote this.".encode())],
        form="form",
    )
    answered = ask(answerable, shop)
    do(answerable, subject_page.actor(), appeals.open_appeal, answered.id, words=CANARY)
    with answerable.database.read() as session:
        case_id = session.execute(
            sa.select(Case.id).where(Case.decision_id == answered.id)
        ).scalar_one()
    do(answerable, ada, reviews.claim, case_id)
    do(answerable, ada, appeals.answer, case_id, upheld=True, outcome="no_offer", answer=CANARY)
    do(answerable, shop, people_only.mark, SUBJECT)
    do(answerable, anna, rights.ask, RightKind.ERASURE, reference=SUBJECT, words=f"{CANARY} out.")
    hold = do(answerable, anna, erasing.set_hold, reference=SUBJECT, reason=f"{CANARY} sues.")
    do(answerable, anna, erasing.lift_hold, hold.id, f"{CANARY} lost.")
    _served(answerable, shop, ada)
    _imported(answerable, released)
    clock.advance(seconds=11)
    with answerable.database.read() as session:
        keys = session.execute(
            sa.select(SubjectKeyRow).where(SubjectKeyRow.subject_tag.is_not(None))
        )
        mine = answerable.keys.tag_of(SUBJECT)
        rows = [row for row in keys.scalars() if row.subject_tag == mine]
        texts = session.execute(
            sa.select(PayloadRow.ciphertext).where(PayloadRow.key_id.in_([row.id for row in rows]))
        ).scalars()
        return [mine.encode(), *(bytes(row.wrapped) for row in rows), *map(bytes, texts)]


def _served(answerable: Answerable, shop: Actor, ada: Actor) -> None:
    """Give somebody the known case that was made of the person."""
    while True:
        ask(answerable, shop, sure=False, subject=OTHER, features=body()["features"], metadata={})
        case = known.next_of(answerable, ada)
        assert case is not None
        if _purpose(answerable, case.id) == "gold":
            return
        do(answerable, ada, reviews.give_verdict, case.id, verdict="approve")


def _purpose(answerable: Answerable, case_id: str) -> str:
    with answerable.database.read() as session:
        query = sa.select(Case.purpose).where(Case.id == case_id)
        return session.execute(query, execution_options=ALL).scalar_one()


def _imported(answerable: Answerable, decision_id: str) -> None:
    """Let the list of an import's refused lines name the person, and an import know a decision by a reference."""
    with answerable.work(service("tests")) as work:
        run = ImportRun(
            id=work.new_id(),
            kind="decisions",
            point=POINT,
            digest="1" * 64,
            file_name="october.csv",
            mapping={},
            dry_run=False,
            status="done",
            done=1,
            accepted=0,
            known=0,
            refused=1,
            started_at=work.now,
            started_by="service:tests",
        )
        work.session.add(run)
        work.session.flush()
        problem = f"The outcome of {SUBJECT} is not declared."
        parts.add_refused(work, run, [parts.Refused(line=1, problem=problem)])
        work.session.add(ImportReference(tag="2" * 64, decision_id=decision_id))


def test_nothing_of_an_erased_person_is_found_and_the_log_and_the_counts_still_hold(
    answerable, clock, life, shop, anna, alma
):
    assert list(left(answerable, life)), "what is searched for can be found"
    other = ask(answerable, shop, subject=OTHER, features=body()["features"], metadata={}).id
    assert balanced(answerable)
    before = verified(answerable)
    erased(answerable, anna, alma)
    assert list(left(answerable, [CANARY.encode(), *life])) == []
    report = verified(answerable)
    assert (report.exit_code, report.missing) == (0, 0)
    assert report.erased > 20
    assert report.payloads < before.payloads
    assert balanced(answerable)
    with answerable.look(shop) as work:
        assert decisions.get(work, other).subject_ref == OTHER["ref"]
        assert decisions.search(work, subject_ref=SUBJECT).decisions == []


def test_exports_of_before_and_after_verify_and_hold_nothing_of_an_erased_person_nor_does_a_backup(
    answerable, clock, life, shop, anna, alma, tmp_path
):
    def exported(name: str) -> Path:
        drain(answerable)
        publishing.publish(answerable)
        exporting.export(answerable, service("cli"), tmp_path / name, Wanted())
        return tmp_path / name

    old = exported("old")
    backup.back_up(answerable, service("cli"), tmp_path / "backup.tar.gz")
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        archive.extractall(tmp_path / "backup", filter="data")
    erased(answerable, anna, alma)
    clock.advance(days=1)
    clean(answerable)
    new = exported("new")
    pin = ("kept", (old / "checkpoint").read_text())
    for export in (old, new):
        report = checking.verify(replace(checking.Request(export=export), pins=[pin]))
        assert report.findings == ()
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {"old", "new", "backup"} <= {file.relative_to(tmp_path).parts[0] for file in files}
    found = [file for file in files if CANARY.encode() in file.read_bytes()]
    # An app's idempotency keys stand in the backup as the app wrote them, and nothing else does.
    assert [file.name for file in found] == ["decisions.jsonl"]
    held = found[0].read_bytes()
    assert held.count(CANARY.encode()) == held.count(f'"offer-{CANARY}"'.encode())


def test_what_went_on_is_ended_first_and_what_was_asked_for_is_granted(
    answerable, life, shop, anna, alma
):
    erased(answerable, anna, alma)
    assert len(accounts.entries(answerable, "decision.withdrawn")) == 1
    assert len(accounts.entries(answerable, "gold.ended")) == 1
    assert len(accounts.entries(answerable, "gold.retired")) == 1
    assert len(accounts.entries(answerable, "appeal.withdrawn")) == 1
    with answerable.look(anna) as work:
        (told,) = rights.closed(work)
    assert (told.status, told.erased) == (RightsStatus.GRANTED, True)


def test_two_people_erase_and_whoever_asked_is_not_the_second(answerable, shop, anna, ada):
    made = ask(answerable, shop)
    with pytest.raises(NotAllowed):
        do(answerable, ada, erasing.ask, reference=SUBJECT)
    row = do(answerable, anna, erasing.ask, reference=SUBJECT, ground=Ground.OBJECTED, words=CANARY)
    with pytest.raises(Conflict, match="already"):
        do(answerable, anna, erasing.ask, reference=SUBJECT)
    with pytest.raises(SelfConfirmation):
        do(answerable, anna, requests.confirm, row.request_id)
    assert carrying_out.run(answerable) == 0
    alma = accounts.join(answerable, "Alma", "admin")
    # Where two admins are, a role waits for one of them.
    (waiting,) = [
        one.id for one in do(answerable, anna, requests.list_open) if one.kind != erasing.ERASE
    ] or [None]
    if waiting is not None:
        do(answerable, anna, requests.confirm, waiting)
    alma = accounts.again(answerable, alma.id)
    with answerable.look(alma) as work:
        told = erasing.get(work, row.id)
    assert (told.subject_ref, told.words, told.may_confirm) == (SUBJECT, CANARY, True)
    do(answerable, alma, requests.confirm, row.request_id, "So it is.")
    assert carrying_out.run(answerable) == 1
    (entry,) = accounts.entries(answerable, "subject.erased")
    assert entry["data"] == {
        "ground": "objected",
        "asked_by": anna.reference,
        "confirmed_by": alma.reference,
    }
    assert str(made.id) not in orjson.dumps(entry).decode()
    assert list(left(answerable, [CANARY.encode(), b"So it is."])) == []


def test_what_was_declined_is_not_erased_and_can_be_asked_for_again(answerable, shop, anna, alma):
    ask(answerable, shop)
    row = do(answerable, anna, erasing.ask, reference=SUBJECT)
    do(answerable, alma, requests.decline, row.request_id, "Not yet.")
    assert carrying_out.run(answerable) == 0
    with answerable.look(anna) as work:
        assert [one.status for one in erasing.list_closed(work)] == ["declined"]
    confirmed(answerable, anna, alma)
    assert carrying_out.run(answerable) == 1


def test_a_legal_hold_stops_it_at_every_step_until_it_is_lifted(answerable, shop, anna, alma):
    ask(answerable, shop)
    hold = do(answerable, anna, erasing.set_hold, reference=SUBJECT, reason="A court asked.")
    with pytest.raises(Conflict, match="legal hold"):
        do(answerable, anna, erasing.ask, reference=SUBJECT)
    do(answerable, alma, erasing.lift_hold, hold.id, "It is settled.")
    row = do(answerable, anna, erasing.ask, reference=SUBJECT)
    hold = do(answerable, anna, erasing.set_hold, reference=SUBJECT, reason="Another one.")
    with pytest.raises(Conflict, match="legal hold"):
        do(answerable, alma, requests.confirm, row.request_id)
    do(answerable, alma, erasing.lift_hold, hold.id, "Settled, too.")
    do(answerable, alma, requests.confirm, row.request_id)
    hold = do(answerable, anna, erasing.set_hold, reference=SUBJECT, reason="At the last minute.")
    assert carrying_out.run(answerable) == 0
    with answerable.look(anna) as work:
        held = erasing.held(work, reference=SUBJECT)
    assert held.in_the_way.obstacle is Obstacle.LEGAL_HOLD
    assert held.counts["decisions"] == 1
    assert next(one.reason for one in held.holds) == "At the last minute."
    do(answerable, alma, erasing.lift_hold, hold.id, "Settled at last.")
    assert carrying_out.run(answerable) == 1
    verified(answerable)


def test_decisions_are_kept_for_as_long_as_the_business_must_and_a_copy_comes_first(
    answerable, clock, shop, anna, alma
):
    ask(answerable, shop)
    do(answerable, anna, change_settings, keep_at_least_days=180)
    with pytest.raises(Conflict, match="2027-05-22"):
        do(answerable, anna, erasing.ask, reference=SUBJECT)
    clock.advance(days=180)
    copy = do(answerable, anna, rights.ask, RightKind.ACCESS, reference=SUBJECT)
    with pytest.raises(Conflict, match="copy"):
        do(answerable, anna, erasing.ask, reference=SUBJECT)
    do(answerable, anna, rights.refuse, copy.id, answer="You have it.")
    erased(answerable, anna, alma)


def test_a_verdict_that_can_be_taken_back_is_waited_for(answerable, clock, shop, ada, anna, alma):
    made = ask(answerable, shop, sure=False)
    do(answerable, ada, reviews.claim, made.case_id)
    do(answerable, ada, reviews.give_verdict, made.case_id, verdict="approve")
    confirmed(answerable, anna, alma)
    assert carrying_out.run(answerable) == 0
    clock.advance(seconds=11)
    assert carrying_out.run(answerable) == 1
    assert balanced(answerable)
    verified(answerable)


def test_a_replay_is_told_that_it_is_gone_in_every_process_as_long_as_keys_are_kept(
    answerable, clock, shop, anna, alma
):
    other = open_installation(answerable.settings, clock=clock)
    made = ask(answerable, shop, key="offer-1")
    assert ask(other, shop, key="offer-1").id == made.id
    erased(answerable, anna, alma)
    for process in (answerable, other):
        with pytest.raises(Gone):
            ask(process, shop, key="offer-1")
    # Whoever writes under the key that another process erased prepares it again under a fresh one.
    again = ask(other, shop, key="offer-2")
    clock.advance(days=31)
    clean(answerable)
    assert ask(answerable, shop, key="offer-1").id not in {made.id, again.id}
    with answerable.look(shop) as work:
        assert len(decisions.search(work, subject_ref=SUBJECT).decisions) == 2
    other.close()


def test_whom_no_app_names_is_erased_by_what_they_asked_for_themselves(
    answerable, shop, anna, alma
):
    made = ask(answerable, shop, subject=None).id
    wish = do(answerable, subject_page.actor(), rights.ask, RightKind.ERASURE, decision_id=made)
    row = do(answerable, anna, erasing.ask, rights_id=wish.id)
    assert (row.subject_ref, row.rights_id) == (None, wish.id)
    do(answerable, alma, requests.confirm, row.request_id)
    assert carrying_out.run(answerable) == 1
    assert list(left(answerable, [CANARY.encode()])) == []
    with pytest.raises(NotFound):
        do(answerable, anna, erasing.ask, rights_id=wish.id)


def test_the_log_names_what_was_erased_of_several_people_together(
    answerable, clock, shop, anna, alma, monkeypatch
):
    monkeypatch.setattr(carrying_out, "_IDS", 7)
    several = [f"cust-{number}" for number in range(carrying_out.MIXED)]
    ids = [str(ask(answerable, shop, subject={"ref": one}).id) for one in several]
    for one in several:
        assert carrying_out.name_records(answerable) == 0
        row = do(answerable, anna, erasing.ask, reference=one)
        do(answerable, alma, requests.confirm, row.request_id)
        assert carrying_out.run(answerable) == 1
    assert carrying_out.name_records(answerable) == 0, "not before the day is over"
    verified(answerable)
    clock.advance(days=1)
    named = carrying_out.name_records(answerable)
    several = [entry["data"]["ids"] for entry in accounts.entries(answerable, "records.erased")]
    told = [one for part in several for one in part]
    assert told == sorted(told)
    assert set(ids) < set(told)
    assert (len(told), len(several) > 1) == (named, True)
    assert verified(answerable).missing == 0
    with answerable.database.read() as session:
        assert session.execute(sa.select(ErasedRecord)).first() is None


def test_the_log_only_counts_what_was_erased_where_few_people_were_and_what_is_missing_besides_is_found(
    answerable, clock, shop, anna, alma
):
    ask(answerable, shop)
    other = ask(answerable, shop, subject=OTHER).id
    erased(answerable, anna, alma)
    clock.advance(days=29)
    assert carrying_out.name_records(answerable) == 0
    clock.advance(days=2)
    assert carrying_out.name_records(answerable) > 0
    (entry,) = accounts.entries(answerable, "records.erased")
    assert list(entry["data"]) == ["records"]
    assert verified(answerable).missing == 0
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.record_id == other))
    report = verifying.verify(answerable)
    assert report.exit_code == 2
    assert report.missing, "of one more record than the log counts nothing is there"


def test_people_who_are_few_may_erase_alone_after_a_day_with_a_reason(
    answerable, clock, shop, anna
):
    ask(answerable, shop)
    do(answerable, anna, few.change_people_few, value=True)
    row = do(answerable, anna, erasing.ask, reference=SUBJECT)
    with pytest.raises(SelfConfirmation):
        do(answerable, anna, requests.confirm, row.request_id, "Nobody else is here.")
    clock.advance(hours=24)
    do(answerable, anna, requests.confirm, row.request_id, f"Nobody else knows {CANARY}.")
    assert carrying_out.run(answerable) == 1
    (entry,) = accounts.entries(answerable, "request.confirmed")
    assert entry["data"]["single_handed"] is True
    assert list(left(answerable, [CANARY.encode()])) == []


def test_verifying_finds_a_hold_that_was_lifted_and_an_erasure_that_was_confirmed_by_nobody(
    answerable, shop, anna
):
    ask(answerable, shop)
    ask(answerable, shop, subject=OTHER)
    do(answerable, anna, erasing.set_hold, reference=SUBJECT, reason="A court asked.")
    row = do(answerable, anna, erasing.ask, reference=OTHER["ref"])
    verified(answerable)
    with answerable.database.write() as session:
        session.execute(sa.update(LegalHold).values(lifted_at=answerable.clock.now()))
        session.execute(sa.update(Erasure).values(status="confirmed"))
    found = {finding.what for finding in verifying.verify(answerable).findings}
    assert any("legal_holds.lifted_at" in what for what in found)
    assert any(f"erasures.status of {row.id}" in what for what in found)
    assert carrying_out.run(answerable) == 0, "the request says that nobody confirmed it"


def test_every_table_is_erased_from_or_said_to_hold_nothing_of_a_person() -> None:
    tables = set(records.metadata.tables)
    listed = erasers.ERASERS.keys() | erasers.HOLD_NONE.keys()
    assert listed == tables
    assert not erasers.ERASERS.keys() & erasers.HOLD_NONE.keys()
    order = list(erasers.ERASERS)
    for name, table in records.metadata.tables.items():
        for key in table.foreign_keys:
            if key.column.table.name == "subject_keys" and name in order:
                assert order.index(name) < order.index("subject_keys"), name
