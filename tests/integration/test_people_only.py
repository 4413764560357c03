"""Always a person: from the next request on, in every process, until it is lifted or erased; on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.appeals import people_only, subject_page
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.subjects.models import PayloadRow, PeopleOnlyRow, SubjectKeyRow, VaultRow
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request

SUBJECT = "cust-4711"


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


def ask(answerable: Answerable, shop: Actor, **changes):
    return decisions.ask(answerable, shop, Asked(request=request(**changes)))


def mark(answerable: Answerable, actor: Actor, reference: str = SUBJECT) -> None:
    with answerable.work(actor) as work:
        people_only.mark(work, reference)


def test_from_the_next_request_on_a_person_decides(answerable: Answerable, shop: Actor) -> None:
    first = ask(answerable, shop)
    assert first.status == "released"
    mark(answerable, shop)
    second = ask(answerable, shop)
    assert second.status == "in_review"
    assert second.reasons[0].code == "subject_people_only"
    assert ask(answerable, shop, subject={"ref": "cust-1"}).status == "released"
    assert ask(answerable, shop, subject=None).status == "released"


def test_nothing_weakens_it_not_even_a_rule_that_refuses_or_a_policy_that_observes(
    answerable: Answerable, shop: Actor
) -> None:
    mark(answerable, shop)
    newcomer = {"tenure_months": 0, "monthly_charges": 10.0, "contract": "month-to-month"}
    assert ask(answerable, shop, features=newcomer).status == "in_review"
    publish(answerable, POLICY + "rollout: observe\n")
    assert ask(answerable, shop).status == "in_review"
    assert ask(answerable, shop, subject={"ref": "cust-1"}).status == "observed"


def test_a_subject_nobody_knew_can_be_marked_before_their_first_decision(
    answerable: Answerable, shop: Actor
) -> None:
    mark(answerable, shop, "cust-new")
    assert ask(answerable, shop, subject={"ref": "cust-new"}).status == "in_review"


def test_it_holds_in_another_process_at_once(answerable: Answerable, shop: Actor) -> None:
    other = open_installation(answerable.settings, clock=answerable.clock)
    try:
        assert ask(other, shop).status == "released"
        mark(answerable, shop)
        assert ask(other, shop).status == "in_review"
    finally:
        other.close()


def test_the_trace_says_so_and_the_explanation_of_the_person_too(
    answerable: Answerable, shop: Actor
) -> None:
    mark(answerable, shop)
    made = ask(answerable, shop)
    with answerable.look(subject_page.actor()) as work:
        shown = subject_page.read(work, str(made.id), language="de")
    assert any("immer ein Mensch" in one.text for one in shown.explanation.reasons)
    with answerable.look(shop) as work:
        assert decisions.get(work, str(made.id)).reasons[0].code == "subject_people_only"


def test_marking_twice_or_lifting_twice_changes_and_logs_nothing(
    answerable: Answerable, shop: Actor
) -> None:
    for _ in range(2):
        mark(answerable, shop)
    for _ in range(2):
        with answerable.work(shop) as work:
            assert not people_only.lift(work, SUBJECT).people_only
    assert ask(answerable, shop).status == "released"
    with answerable.look(shop) as work:
        entries = work.session.execute(
            sa.select(LogRecord.kind, LogRecord.entry).where(LogRecord.kind.like("people_only.%"))
        ).all()
    assert sorted(kind for kind, _ in entries) == ["people_only.lifted", "people_only.set"]
    assert all(SUBJECT.encode() not in bytes(entry) for _, entry in entries)


def test_an_app_takes_back_its_own_mark_and_nobody_elses(
    answerable: Answerable, shop: Actor
) -> None:
    made = ask(answerable, shop)
    with answerable.work(subject_page.actor()) as work:
        subject_page.set_people_only(work, str(made.id), wanted=True)
    with answerable.work(shop) as work, pytest.raises(NotAllowed):
        people_only.lift(work, SUBJECT)
    manager = person(answerable, "Ada", queues=(QUEUE,))
    with answerable.work(manager) as work:
        assert people_only.state_of(work, SUBJECT).people_only
        people_only.lift(work, SUBJECT)
    assert ask(answerable, shop).status == "released"


def test_auditors_and_readers_mark_nobody(answerable: Answerable, shop: Actor) -> None:
    for actor in (person(answerable, "Cleo"), app(answerable, "reader", scope="decisions:read")):
        with answerable.work(actor) as work, pytest.raises(NotAllowed):
            people_only.mark(work, SUBJECT)


@pytest.mark.parametrize("reference", ["", "x" * 201, "a\0b", "\ud800"])
def test_a_reference_that_is_none_is_refused(
    answerable: Answerable, shop: Actor, reference: str
) -> None:
    with answerable.work(shop) as work, pytest.raises(InvalidInput):
        people_only.mark(work, reference)


def test_a_mark_that_is_taken_or_given_without_an_entry_is_found(
    answerable: Answerable, shop: Actor
) -> None:
    for _ in range(2):
        mark(answerable, shop)
        with answerable.work(shop) as work:
            people_only.lift(work, SUBJECT)
    mark(answerable, shop)
    drain(answerable)
    assert marks_found(answerable) == []
    with answerable.database.write() as session:
        row = session.execute(sa.select(PeopleOnlyRow)).scalar_one()
        key_id = row.key_id
        session.delete(row)
    assert marks_found(answerable) == [f"people_only of {key_id} is not what the entries say"]
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow).where(PayloadRow.key_id == key_id))
        session.execute(sa.delete(VaultRow).where(VaultRow.key_id == key_id))
        session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.id == key_id))
    assert marks_found(answerable) == [], "it went with the subject"


def marks_found(answerable: Answerable) -> list[str]:
    return [one.what for one in verifying.verify(answerable).findings if "people_only" in one.what]


def test_erasing_the_subject_erases_the_mark(answerable: Answerable, shop: Actor) -> None:
    ask(answerable, shop)
    mark(answerable, shop)
    tag = answerable.keys.tag_of(SUBJECT)
    keys = sa.select(SubjectKeyRow.id).where(SubjectKeyRow.subject_tag == tag)
    with answerable.database.write() as session:
        for table in (PayloadRow, VaultRow):
            session.execute(sa.delete(table).where(table.key_id.in_(keys)))
        session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.subject_tag == tag))
    with answerable.look(shop) as work:
        assert (
            work.session.execute(sa.select(sa.func.count(PeopleOnlyRow.key_id))).scalar_one() == 0
        )
        assert not people_only.state_of(work, SUBJECT).people_only
