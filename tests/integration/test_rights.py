"""What persons concerned ask for: asked once, due within a month, answered by a person, and nobody's after an erasure; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.appeals import subject_page
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Conflict, Gone, InvalidInput, NotAllowed, NotFound
from governance.ledger.models import LogRecord
from governance.rights import service as rights
from governance.rights.models import RightsRequest
from governance.rights.transitions import RightKind, due_after
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request

SUBJECT = "cust-4711"
WORDS = "I would like to know what you hold, says Zyxwv."


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def made(answerable: Answerable, shop: Actor) -> str:
    return str(decisions.ask(answerable, shop, Asked(request=request())).id)


def asked(answerable: Answerable, made: str, kind: RightKind = RightKind.ACCESS):
    with answerable.work(subject_page.actor()) as work:
        return rights.ask(work, kind, decision_id=made, words=WORDS)


def test_what_is_asked_twice_waits_once_and_is_due_within_a_month(
    answerable: Answerable, made: str, clock: SettableClock
) -> None:
    first = asked(answerable, made)
    again = asked(answerable, made)
    manager = person(answerable, "Ada", queues=(QUEUE,))
    with answerable.work(manager) as work:
        third = rights.ask(work, RightKind.ACCESS, reference=SUBJECT)
    other = asked(answerable, made, RightKind.ERASURE)
    assert first.id == again.id == third.id != other.id
    assert first.due_at == due_after(clock.now())
    admin = person(answerable, "Anna")
    clock.set(first.due_at + timedelta(seconds=1))
    with answerable.look(admin) as work:
        assert [one.late for one in rights.waiting(work)] == [True, True]
        told = rights.get(work, first.id)
    assert (told.words, told.subject_ref) == (WORDS, SUBJECT)


def test_what_is_granted_can_be_taken_for_a_while_and_what_is_refused_says_why(
    answerable: Answerable, made: str, clock: SettableClock
) -> None:
    admin = person(answerable, "Anna")
    first = asked(answerable, made)
    with answerable.work(admin) as work:
        granted = rights.grant(work, first.id, answer="Here it is.")
    assert granted.may_take
    clock.advance(days=31)
    with answerable.look(subject_page.actor()) as work:
        (told,) = rights.of_decision(work, made)
    assert (told.may_take, told.answer) == (False, "Here it is.")
    second = asked(answerable, made)
    with pytest.raises(InvalidInput), answerable.work(admin) as work:
        rights.refuse(work, second.id, answer=" ")
    with answerable.work(admin) as work:
        rights.refuse(work, second.id, answer="You asked yesterday.")
    with pytest.raises(Conflict), answerable.work(admin) as work:
        rights.grant(work, second.id)


def test_an_erasure_is_granted_by_erasing_alone_and_each_kind_by_who_may(
    answerable: Answerable, made: str
) -> None:
    erasure = asked(answerable, made, RightKind.ERASURE)
    with pytest.raises(Conflict), answerable.work(person(answerable, "Anna")) as w:
        rights.grant(w, erasure.id)
    with pytest.raises(NotAllowed), answerable.work(person(answerable, "Cleo")) as w:
        rights.refuse(w, erasure.id, answer="No.")
    manager = person(answerable, "Ada", queues=(QUEUE,))
    with pytest.raises(NotAllowed), answerable.look(manager) as work:
        rights.waiting(work)


def test_the_person_takes_it_back_and_nobody_elses(
    answerable: Answerable, shop: Actor, made: str
) -> None:
    mine = asked(answerable, made)
    stranger = request(subject={"ref": "cust-1"})
    other = str(decisions.ask(answerable, shop, Asked(request=stranger)).id)
    with pytest.raises(NotFound), answerable.work(subject_page.actor()) as work:
        rights.withdraw(work, other, mine.id)
    with answerable.work(subject_page.actor()) as work:
        assert rights.withdraw(work, made, mine.id).status == "withdrawn"


def test_nothing_clear_tells_who_asked_and_after_an_erasure_nothing_does(
    answerable: Answerable, made: str
) -> None:
    first = asked(answerable, made, RightKind.ERASURE)
    with answerable.work(subject_page.actor()) as work:
        rows = work.session.execute(
            sa.select(LogRecord.entry).where(LogRecord.kind.like("rights.%"))
        ).scalars()
        for entry in rows:
            assert SUBJECT.encode() not in entry
            assert b"Zyxwv" not in entry
            assert made.encode() not in entry, "no entry ties a person's acts together"
        work.session.execute(sa.delete(PayloadRow))
        work.session.execute(sa.delete(VaultRow))
        work.session.execute(sa.delete(SubjectKeyRow))
        row = rights.fulfilled(work, first.id)
    assert (row.status, row.erased) == ("granted", True)
    with answerable.look(subject_page.actor()) as work:
        assert work.session.get_one(RightsRequest, first.id).key_id is None
        with pytest.raises(Gone):
            rights.of_decision(work, made)


@pytest.mark.parametrize(
    ("asked_on", "due_on"),
    [("2027-01-31", "2027-02-28"), ("2026-12-15", "2027-01-15"), ("2028-01-30", "2028-02-29")],
)
def test_a_month_ends_on_the_same_day_or_the_last_one(asked_on: str, due_on: str) -> None:
    start = datetime.fromisoformat(asked_on).replace(tzinfo=UTC)
    assert due_after(start).date().isoformat() == due_on
