"""The copy of all that is held about somebody: all of it, of nobody else, naming no colleague and no known case; on both databases."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from governance.actors import Actor
from governance.appeals import people_only, subject_page
from governance.appeals import service as appeals
from governance.application import Answerable
from governance.cli import answerable as command
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Conflict, NotAllowed, NotFound
from governance.ledger.models import LogRecord
from governance.reviews import handling
from governance.reviews import service as reviews
from governance.rights import archive
from governance.rights import service as rights
from governance.rights.transitions import RightKind
from governance.subjects import payloads
from governance.subjects.files import Brought
from governance.subjects.models import PayloadRow, SubjectKeyRow
from governance.truth import service as truth
from tests.conftest import SettableClock
from tests.known import HALF, make, next_of, resolved
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request

SUBJECT = "cust-4711"
STRANGER = "cust-canary-stranger"


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


def ask(answerable: Answerable, shop: Actor, **changes) -> str:
    return str(decisions.ask(answerable, shop, Asked(request=request(**changes))).id)


def taken(copy: archive.Copy) -> tuple[dict, str, dict[str, bytes]]:
    """Return the document, the page and the files of a copy."""
    pieces = list(copy.pieces)
    assert len(pieces) > 3, "it is made as it is taken"
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as held:
        assert held.testzip() is None
        document = json.loads(held.read("data.json"))
        page = held.read("index.html").decode()
        files = {name: held.read(name) for name in held.namelist() if name.startswith("files/")}
    return document, page, files


def copied(answerable: Answerable, actor: Actor, reference: str = SUBJECT, **said):
    with answerable.work(actor) as work:
        copy = archive.export(work, reference, **said)
    assert reference not in copy.name
    return taken(copy)


@pytest.fixture
def lived(answerable: Answerable, shop: Actor, clock: SettableClock) -> str:
    """Return a decision about the subject with all that can belong to one."""
    facts = {
        "tenure_months": 3,
        "monthly_charges": 77.25,
        "contract": "one-year",
        "message": "canary-fact",
    }
    decision_id = ask(
        answerable,
        shop,
        features=facts,
        metadata={"ticket": "canary-metadata"},
        proposal={"outcome": "offer_discount", "confidence": 0.5},
    )
    ask(answerable, shop, subject={"ref": STRANGER}, features=facts | {"message": STRANGER})
    ada = person(answerable, "Ada", queues=(QUEUE,))
    with answerable.work(ada) as work:
        (case,) = reviews.list_cases(work, queue=QUEUE).cases
        reviews.claim(work, case.id)
        handling.comment(work, case.id, words="canary-comment")
    with answerable.work(ada) as work:
        reviews.give_verdict(work, case.id, verdict="reject", reason="canary-reason")
    clock.advance(minutes=1)
    with answerable.work(subject_page.actor()) as work:
        appeals.open_appeal(
            work,
            decision_id,
            words="canary-words",
            corrections={"tenure_months": 12345},
            files=[Brought(name="canary-file.txt", content=b"canary-content")],
        )
        subject_page.set_people_only(work, decision_id, wanted=True)
        rights.ask(work, RightKind.ACCESS, decision_id=decision_id, words="canary-request")
    with answerable.work(shop) as work:
        truth.report_truth(work, decision_id, outcome="offer_gift")
        truth.report_feedback(work, decision_id, scale="csat", rating=2)
    return decision_id


def test_all_that_is_held_is_in_it_and_nothing_of_anybody_else(
    answerable: Answerable, lived: str
) -> None:
    admin = person(answerable, "Anna")
    document, page, files = copied(answerable, admin)
    text = orjson.dumps(document).decode()
    (one,) = document["decisions"]
    assert (one["id"], document["subject"]) == (lived, SUBJECT)
    assert one["groups"] == {"gender": "female", "age_band": "60+"}
    assert (one["ground_truth"]["outcome"], one["ratings"][0]["rating"]) == ("offer_gift", 2)
    assert [case["purpose"] for case in one["cases"]] == ["decide", "appeal"]
    assert one["explanation"]["headline"]
    assert document["people_only"] is not None
    for canary in ("fact", "metadata", "comment", "reason", "words", "request"):
        assert f"canary-{canary}" in text
    for canary in ("fact", "comment", "reason", "words"):
        assert f"canary-{canary}" in page
    assert list(files.values()) == [b"canary-content"]
    for stranger in (STRANGER, "Ada", "Anna", "corner.example", admin.id):
        assert stranger not in text + page
    assert people_of(answerable).isdisjoint(text.split('"'))


def people_of(answerable: Answerable) -> set[str]:
    with answerable.database.read() as session:
        entries = session.execute(sa.select(LogRecord.entry)).scalars()
        actors = (orjson.loads(entry)["actor"] for entry in entries)
        return {one["ref"] for one in actors if one["type"] == "person"}


def test_every_payload_under_the_subjects_keys_is_told(answerable: Answerable, lived: str) -> None:
    document, _, files = copied(answerable, person(answerable, "Anna"))
    text = orjson.dumps(document).decode()
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(PayloadRow.record_id, PayloadRow.name)
            .join(SubjectKeyRow, SubjectKeyRow.id == PayloadRow.key_id)
            .where(SubjectKeyRow.subject_tag == answerable.keys.tag_of(SUBJECT))
        ).all()
        assert len(rows) > 8
        for record_id, name in rows:
            said = payloads.read(session, answerable.keys, record_id, name)
            assert said is not None
            if name.startswith("file-"):
                assert said in files.values()
            elif name == "decision":
                held = orjson.loads(said)
                assert {**held["features"], **held["metadata"]}.items() <= {
                    **document["decisions"][0]["features"],
                    **document["decisions"][0]["metadata"],
                }.items()
            elif name == "files":
                assert all(one["name"] in text for one in orjson.loads(said))
            else:
                told = orjson.loads(said) if name == "corrections" else said.decode()
                assert orjson.dumps(told).decode() in text, name


def test_known_cases_never_leave(answerable: Answerable, shop: Actor, clock: SettableClock) -> None:
    publish(answerable, HALF)
    maker = person(answerable, "Ada", queues=(QUEUE,))
    source = resolved(answerable, clock, shop, maker)
    made = make(answerable, source)
    ben = person(answerable, "Ben", queues=(QUEUE,))
    served = []
    for number in range(6):
        ask(
            answerable,
            shop,
            subject={"ref": f"c-{number}"},
            proposal={"outcome": "offer_gift", "confidence": 0.5},
        )
        found = next_of(answerable, ben)
        served.append(str(found.decision.id))
        with answerable.work(ben) as work:
            reviews.give_verdict(work, found.id, verdict="approve")
    with answerable.database.read() as session:
        gold = set(session.execute(sa.text("SELECT decision_id FROM gold_servings")).scalars())
        subject = orjson.loads(payloads.read(session, answerable.keys, source, "decision"))[
            "subject"
        ]
        (made_up,) = {
            orjson.loads(payloads.read(session, answerable.keys, str(one), "decision"))["subject"]
            for one in gold
        }
    assert gold, "one was served"
    document, page, _ = copied(answerable, person(answerable, "Anna"), subject)
    text = orjson.dumps(document).decode() + page
    assert source in text
    for secret in (*map(str, gold), made.id, made_up):
        assert secret not in text
    assert "gold" not in text
    with pytest.raises(NotFound):
        copied(answerable, person(answerable, "Anna"), made_up)


def test_the_page_is_in_the_language_of_the_person(answerable: Answerable, shop: Actor) -> None:
    ask(answerable, shop, language="de-AT")
    _, page, _ = copied(answerable, person(answerable, "Anna"))
    assert '<html lang="de">' in page
    assert "Was über Sie gespeichert ist" in page
    _, page, _ = copied(answerable, person(answerable, "Anna"), language="en")
    assert "What is held about you" in page


def test_what_is_written_by_people_is_text_on_the_page(answerable: Answerable, shop: Actor) -> None:
    decision_id = ask(answerable, shop)
    with answerable.work(subject_page.actor()) as work:
        appeals.open_appeal(work, decision_id, words="<script>alert(1)</script>")
    _, page, _ = copied(answerable, person(answerable, "Anna"))
    assert "<script" not in page


def test_it_is_made_by_those_who_may_and_the_log_says_so_once_an_hour(
    answerable: Answerable, lived: str
) -> None:
    with pytest.raises(NotAllowed):
        copied(answerable, person(answerable, "Ada", queues=(QUEUE,)))
    with pytest.raises(NotFound):
        copied(answerable, person(answerable, "Anna"), "nobody-we-know")
    for _ in range(2):
        copied(answerable, person(answerable, "Cleo"))
    with answerable.database.read() as session:
        entries = [
            orjson.loads(entry)
            for entry in session.execute(
                sa.select(LogRecord.entry).where(LogRecord.kind == "access.read")
            ).scalars()
        ]
    (said,) = [one for one in entries if one["data"]["what"] == "subject"]
    assert said["actor"]["ref"] == person(answerable, "Cleo").id
    assert SUBJECT.encode() not in orjson.dumps(entries)


def test_the_person_takes_what_was_granted_and_while_it_is(
    answerable: Answerable, lived: str, clock: SettableClock
) -> None:
    with answerable.look(subject_page.actor()) as work:
        (asked,) = rights.of_decision(work, lived)
    with pytest.raises(Conflict), answerable.work(subject_page.actor()) as work:
        archive.take(work, lived, asked.id)
    with answerable.work(person(answerable, "Anna")) as work:
        rights.grant(work, asked.id)
    with answerable.work(subject_page.actor()) as work:
        copy = archive.take(work, lived, asked.id)
    document, _, _ = taken(copy)
    assert [one["id"] for one in document["decisions"]] == [lived]
    clock.advance(days=31)
    with pytest.raises(Conflict), answerable.work(subject_page.actor()) as work:
        archive.take(work, lived, asked.id)


def test_a_decision_about_nobody_named_is_copied_alone(answerable: Answerable, shop: Actor) -> None:
    first, _ = ask(answerable, shop, subject=None), ask(answerable, shop, subject=None)
    with answerable.work(subject_page.actor()) as work:
        asked = rights.ask(work, RightKind.ACCESS, decision_id=first)
    with answerable.work(person(answerable, "Anna")) as work:
        rights.grant(work, asked.id)
    with answerable.work(subject_page.actor()) as work:
        document, _, _ = taken(archive.take(work, first, asked.id))
    assert [one["id"] for one in document["decisions"]] == [first]


def test_nothing_of_what_others_think_is_told_before_it_counts(
    answerable: Answerable, shop: Actor
) -> None:
    ask(answerable, shop, proposal={"outcome": "offer_discount", "confidence": 0.5})
    ada = person(answerable, "Ada", queues=(QUEUE,))
    with answerable.work(ada) as work:
        (case,) = reviews.list_cases(work, queue=QUEUE).cases
        reviews.claim(work, case.id)
        reviews.give_verdict(work, case.id, verdict="reject", reason="canary-early")
    document, page, _ = copied(answerable, person(answerable, "Anna"))
    assert "canary-early" not in orjson.dumps(document).decode() + page
    assert document["decisions"][0]["status"] == "in_review"


def test_people_only_marks_of_nobody_else_are_told(answerable: Answerable, lived: str) -> None:
    with answerable.work(person(answerable, "Ada", queues=(QUEUE,))) as work:
        people_only.mark(work, STRANGER)
    document, page, _ = copied(answerable, person(answerable, "Anna"))
    assert STRANGER not in orjson.dumps(document).decode() + page


def test_the_command_writes_it_into_a_file_that_its_owner_alone_reads(
    answerable: Answerable, shop: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ask(answerable, shop)
    monkeypatch.chdir(tmp_path)
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
    }

    def run(*words: str) -> Result:
        return CliRunner().invoke(command, ["subject", "export", *words], env=environment)

    ran = run(SUBJECT, "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert told["groups"] is True
    file = Path(told["file"])
    assert SUBJECT not in file.name
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as held:
        assert json.loads(held.read("data.json"))["decisions"][0]["id"] == made
    assert run("nobody").exit_code == 1
    assert run(SUBJECT).exit_code == 1, "a copy that is there already is not overwritten unasked"
