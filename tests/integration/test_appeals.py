"""Appeals from the objection to what stands after it, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.appeals import queries, service, subject_page
from governance.appeals.models import Appeal, Reversal
from governance.appeals.views import AppealView
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import (
    AnswerableError,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    NotFound,
    Stale,
)
from governance.installation.models import BusinessSetting
from governance.ledger.models import LogRecord
from governance.ledger.publishing import publish as publish_log
from governance.ledger.sequencing import drain
from governance.operations import status, verifying
from governance.points import service as points
from governance.points.models import PolicyVersion
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.subjects.files import Brought
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from tests import accounts
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.people import service as the_service
from tests.retention import POINT, POLICY, QUEUE, request, unsure

WORDS = "I have been a customer for three years, not for three months."


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def ben(answerable: Answerable) -> Actor:
    return person(answerable, "Ben", queues=(QUEUE,))


def declined(answerable: Answerable, shop: Actor, **changes) -> str:
    """Return a decision that the policy released: no offer."""
    made = decisions.ask(
        answerable,
        shop,
        Asked(request=request(proposal={"outcome": "no_offer", "confidence": 0.95}, **changes)),
    )
    return str(made.id)


def decided_by(answerable: Answerable, shop: Actor, *people: Actor, undone: bool = False) -> str:
    """Return a decision that the last of these people made; the others took their verdicts back."""
    decision_id = str(decisions.ask(answerable, shop, Asked(request=unsure())).id)
    with answerable.look(the_service("tests")) as work:
        case_id = str(decisions.get(work, decision_id).case_id)
    for one in people:
        with answerable.work(one) as work:
            reviews.claim(work, case_id)
        with answerable.work(one) as work:
            reviews.give_verdict(work, case_id, verdict="reject", reason="Not now.")
        if one is not people[-1]:
            with answerable.work(one) as work:
                reviews.undo(work, case_id)
            with answerable.work(one) as work:
                reviews.release(work, case_id)
    answerable.clock.advance(seconds=11)  # type: ignore[attr-defined]
    return decision_id


def objects(
    answerable: Answerable, decision_id: str, actor: Actor | None = None, **changes
) -> AppealView:
    with answerable.work(actor or subject_page.actor()) as work:
        return service.open_appeal(work, decision_id, **{"words": WORDS, **changes})


def takes(answerable: Answerable, actor: Actor, case_id: str) -> None:
    with answerable.work(actor) as work:
        reviews.claim(work, case_id)


def answers(answerable: Answerable, actor: Actor, case_id: str, **changes) -> AppealView:
    given = {"upheld": False, "answer": "We looked at it again.", **changes}
    takes(answerable, actor, case_id)
    with answerable.work(actor) as work:
        return service.answer(work, case_id, **given)


def barred(answerable: Answerable, actor: Actor, case_id: str) -> bool:
    try:
        takes(answerable, actor, case_id)
    except NotAllowed:
        return True
    with answerable.work(actor) as work:
        reviews.release(work, case_id)
    return False


def seen(answerable: Answerable, decision_id: str):
    with answerable.look(subject_page.actor()) as work:
        return service.standing(work, decision_id)


def test_an_objection_waits_in_the_queue_beside_other_cases_with_its_due_day(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    appeal = objects(answerable, declined(answerable, shop))
    assert appeal.due_at == clock.now() + timedelta(days=30)
    assert (appeal.status, appeal.door, appeal.looked_at) == ("open", "page", False)
    decisions.ask(answerable, shop, Asked(request=unsure()))
    with answerable.look(ada) as work:
        listed = reviews.list_cases(work).cases
        assert [one.purpose for one in listed] == ["decide", "appeal"]
        assert reviews.waiting(work, 10) == 2
        assert reviews.waiting(work, 1) == 1
    with answerable.work(ada) as work:
        first = reviews.next_case(work)
    assert first is not None
    assert first.purpose == "decide"
    with answerable.work(ada) as work:
        reviews.give_verdict(work, first.id, verdict="approve")
    with answerable.work(ada) as work:
        second = reviews.next_case(work)
    assert second is not None
    assert (second.id, second.purpose) == (appeal.case_id, "appeal")
    assert seen(answerable, appeal.decision_id).open.looked_at


def test_the_policy_says_where_and_until_when(answerable: Answerable, clock: SettableClock) -> None:
    publish(answerable, POLICY + "appeals: {queue: ombuds, due_in: 14d}\n")
    appeal = objects(answerable, declined(answerable, app(answerable)))
    with answerable.look(the_service("tests")) as work:
        assert work.session.get_one(Case, appeal.case_id).queue == "ombuds"
    assert appeal.due_at == clock.now() + timedelta(days=14)


def test_whoever_decided_also_what_was_undone_does_not_answer(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    appeal = objects(answerable, decided_by(answerable, shop, ada, ben))
    assert barred(answerable, ada, appeal.case_id)
    assert barred(answerable, ben, appeal.case_id)
    for one in (ada, ben):
        with answerable.work(one) as work:
            assert reviews.next_case(work) is None
    cleo = Actor(
        **{name: getattr(ada, name) for name in ada.__slots__}
        | {"id": person(answerable, "Paul", queues=(QUEUE,)).id}
    )
    assert not barred(answerable, cleo, appeal.case_id)


def test_whoever_entered_it_or_wrote_the_policy_does_not_answer(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    with answerable.database.write() as session:
        session.execute(sa.update(PolicyVersion).values(drafted_by=ben.reference))
    appeal = objects(answerable, declined(answerable, shop), ada)
    assert appeal.door == "manager"
    assert barred(answerable, ada, appeal.case_id)
    assert barred(answerable, ben, appeal.case_id)
    for one in (ada, ben):
        with answerable.work(one) as work:
            assert reviews.next_case(work) is None


def test_where_people_are_few_who_entered_it_or_wrote_the_policy_may_answer_after_a_day(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    with answerable.database.write() as session:
        session.execute(sa.update(PolicyVersion).values(drafted_by=ben.reference))
        session.add(
            BusinessSetting(
                name="people_few", value=True, changed_at=clock.now(), changed_by="service:tests"
            )
        )
    appeal = objects(answerable, decided_by(answerable, shop, ada))
    clock.advance(hours=23)
    assert barred(answerable, ben, appeal.case_id)
    clock.advance(hours=2)
    assert barred(answerable, ada, appeal.case_id), "whoever decided never does"
    with answerable.work(ada) as work:
        assert reviews.next_case(work) is None
    with answerable.work(ben) as work:
        given = reviews.next_case(work)
    assert given is not None
    assert given.id == appeal.case_id
    answers(answerable, ben, appeal.case_id)
    with answerable.look(ben) as work:
        entry = work.session.execute(
            sa.select(LogRecord.entry).where(LogRecord.kind == "appeal.answered")
        ).scalar_one()
    assert b'"single_handed":true' in bytes(entry)


def test_appeals_are_told_by_the_way_their_decisions_were_made(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor, clock: SettableClock
) -> None:
    since = clock.now()
    released = [declined(answerable, shop) for _ in range(3)]
    answers(
        answerable,
        ada,
        objects(answerable, released[0]).case_id,
        upheld=True,
        outcome="offer_gift",
    )
    answers(answerable, ada, objects(answerable, released[1]).case_id)
    objects(answerable, released[2])
    answers(answerable, ben, objects(answerable, decided_by(answerable, shop, ada)).case_id)
    with answerable.look(ada) as work:
        told = queries.by_path(work.session, POINT, since, clock.now() + timedelta(days=1))
    assert told == [
        queries.PathCount(path="release", open=1, upheld=1, dismissed=1),
        queries.PathCount(path="review", dismissed=1),
    ]


def test_a_second_appeal_goes_to_somebody_else_and_is_the_last(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    decision_id = declined(answerable, shop)
    answers(answerable, ada, objects(answerable, decision_id).case_id)
    again = objects(answerable, decision_id, words="I still disagree.")
    assert barred(answerable, ada, again.case_id)
    answers(answerable, ben, again.case_id)
    with pytest.raises(Conflict, match="last one"):
        objects(answerable, decision_id)
    assert seen(answerable, decision_id).why_not is not None


def test_where_it_is_dismissed_the_decision_stands(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id = declined(answerable, shop)
    told = answers(answerable, ada, objects(answerable, decision_id).case_id)
    assert (told.status, told.upheld, told.reversed_by) == ("answered", False, None)
    standing = seen(answerable, decision_id)
    assert (standing.outcome, standing.reversed_by) == ("no_offer", None)
    assert standing.appeals[0].answer == "We looked at it again."


def test_where_it_is_upheld_another_decision_comes_in_its_place_and_nothing_is_overwritten(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    decision_id = declined(answerable, shop)
    appeal = objects(answerable, decision_id, corrections={"tenure_months": 36})
    clock.advance(hours=1)
    told = answers(
        answerable,
        ada,
        appeal.case_id,
        upheld=True,
        outcome="offer_discount",
        answer="You are right.",
    )
    assert told.outcome == "offer_discount"
    with answerable.look(shop) as work:
        first, second = decisions.get(work, decision_id), decisions.get(work, told.reversed_by)
        assert service.reversal(work, decision_id) == (None, told.reversed_by)
        assert service.reversal(work, told.reversed_by) == (decision_id, None)
    assert (first.status, first.outcome) == ("released", "no_offer")
    assert (second.status, second.outcome) == ("changed", "offer_discount")
    assert second.features == first.features
    assert second.subject_ref == "cust-4711"
    assert seen(answerable, decision_id).outcome == "offer_discount"
    assert seen(answerable, told.reversed_by).decision_id == decision_id
    with answerable.look(ada) as work:
        kinds = list(
            work.session.execute(
                sa.select(LogRecord.kind)
                .where(LogRecord.kind.like("appeal.%") | (LogRecord.kind == "decision.reversed"))
                .order_by(LogRecord.recorded_at, LogRecord.id)
            ).scalars()
        )
        assert sorted(kinds) == ["appeal.answered", "appeal.opened", "decision.reversed"]
        assert "customer for three" not in " ".join(
            bytes(entry).decode()
            for entry in work.session.execute(sa.select(LogRecord.entry)).scalars()
        )


def test_what_was_reversed_can_be_reversed_once_more(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    decision_id = declined(answerable, shop)
    first = answers(
        answerable, ada, objects(answerable, decision_id).case_id, upheld=True, outcome="offer_gift"
    )
    second = answers(
        answerable,
        ben,
        objects(answerable, first.reversed_by).case_id,
        upheld=True,
        outcome="offer_discount",
    )
    assert second.decision_id == decision_id
    with answerable.look(ada) as work:
        assert queries.reverses(work.session, second.reversed_by) == first.reversed_by
        assert (
            work.session.execute(sa.select(sa.func.count(Reversal.decision_id))).scalar_one() == 2
        )
    assert seen(answerable, decision_id).outcome == "offer_discount"


@pytest.fixture
def in_house(answerable: Answerable) -> Actor:
    """Return a manager whose account is in the log."""
    return accounts.join(answerable, "Ada", "manager", queues=[QUEUE])


@pytest.fixture
def logged(answerable: Answerable) -> Actor:
    """Return an app at a point whose policy is in the log, as published in earnest."""
    with answerable.work(the_service("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    return app(answerable)


def test_what_a_chat_handed_over_stays_with_its_decision_when_it_is_reversed(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id = declined(answerable, shop, hand_over={"draft": "Nothing for you."})
    told = answers(
        answerable, ada, objects(answerable, decision_id).case_id, upheld=True, outcome="offer_gift"
    )
    with answerable.look(ada) as work:
        before, after = (decisions.get(work, one) for one in (decision_id, told.reversed_by))
    assert (before.hand_over, after.hand_over) == ({"draft": "Nothing for you."}, None)


def test_the_log_vouches_for_appeals_and_reversals(
    answerable: Answerable, logged: Actor, in_house: Actor
) -> None:
    shop, ada = logged, in_house
    decision_id = declined(answerable, shop)
    appeal = objects(
        answerable,
        decision_id,
        corrections={"tenure_months": 36},
        files=[Brought(name="bill.txt", content=b"Three years.")],
    )
    with answerable.work(subject_page.actor()) as work:
        service.add_words(work, decision_id, words="And I pay on time.")
    told = answers(answerable, ada, appeal.case_id, upheld=True, outcome="offer_gift")
    drain(answerable)
    publish_log(answerable)
    report = verifying.verify(answerable)
    assert report.ok, report.findings
    with answerable.database.write() as session:
        session.get_one(Decision, told.reversed_by).outcome = "offer_discount"
    changed = verifying.verify(answerable)
    assert any("decisions.outcome" in found.what for found in changed.findings)


@pytest.mark.parametrize(
    ("column", "value"),
    [("upheld", True), ("status", "withdrawn"), ("decision_id", None), ("due_at", None)],
)
def test_an_appeal_that_is_not_as_its_entries_say_is_found(
    answerable: Answerable, logged: Actor, in_house: Actor, column: str, value: object
) -> None:
    shop, ada = logged, in_house
    decision_id, other = declined(answerable, shop), declined(answerable, shop)
    appeal = objects(answerable, decision_id)
    answers(answerable, ada, appeal.case_id)
    drain(answerable)
    publish_log(answerable)
    assert verifying.verify(answerable).ok
    with answerable.database.write() as session:
        row = session.get_one(Appeal, appeal.id)
        given = {"decision_id": other, "due_at": row.due_at + timedelta(days=300)}.get(
            column, value
        )
        setattr(row, column, given)
    found = verifying.verify(answerable)
    assert not found.ok
    assert any("appeals" in one.what for one in found.findings), found.findings


def test_the_same_form_sent_twice_opens_one_appeal(answerable: Answerable, shop: Actor) -> None:
    decision_id = declined(answerable, shop)
    once = objects(answerable, decision_id, form="f-1")
    twice = objects(answerable, decision_id, form="f-1", words="sent again")
    assert twice.id == once.id
    assert [one.text for one in twice.words] == [WORDS]
    with pytest.raises(Conflict, match="open appeal"):
        objects(answerable, decision_id, form="f-2")


def test_two_at_once_make_one_appeal(answerable: Answerable, shop: Actor) -> None:
    decision_id = declined(answerable, shop)
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def send() -> None:
        ready.wait()
        try:
            objects(answerable, decision_id)
            outcomes.append("opened")
        except AnswerableError as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["Conflict"] * 3 + ["opened"]


def test_words_are_added_until_it_is_answered_and_it_can_be_taken_back(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id = declined(answerable, shop)
    appeal = objects(answerable, decision_id)
    takes(answerable, ada, appeal.case_id)
    with answerable.look(ada) as work:
        read = reviews.case_view(work, appeal.case_id).revision
    with answerable.work(subject_page.actor()) as work:
        told = service.add_words(work, decision_id, words="One more thing.")
    assert [one.text for one in told.words] == [WORDS, "One more thing."]
    with answerable.work(ada) as work, pytest.raises(Stale):
        service.answer(work, appeal.case_id, upheld=False, answer="No.", revision=read)
    with answerable.work(subject_page.actor()) as work:
        assert service.withdraw(work, decision_id).status == "withdrawn"
    with answerable.work(ada) as work, pytest.raises(AnswerableError):
        service.answer(work, appeal.case_id, upheld=False, answer="No.")
    with answerable.work(subject_page.actor()) as work, pytest.raises(Conflict):
        service.add_words(work, decision_id, words="Too late.")
    assert objects(answerable, decision_id).status == "open"


def test_an_answer_needs_the_case_and_words_for_the_person(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    appeal = objects(answerable, declined(answerable, shop))
    with answerable.work(ada) as work, pytest.raises(NotClaimed):
        service.answer(work, appeal.case_id, upheld=False, answer="No.")
    takes(answerable, ada, appeal.case_id)
    with answerable.work(ada) as work, pytest.raises(InvalidInput):
        service.answer(work, appeal.case_id, upheld=False, answer="  ")
    with answerable.work(ada) as work, pytest.raises(Conflict, match="takes an answer"):
        reviews.give_verdict(work, appeal.case_id, verdict="approve")
    with answerable.work(ben) as work, pytest.raises(AnswerableError):
        service.answer(work, appeal.case_id, upheld=False, answer="No.")


def test_a_case_that_decides_takes_no_answer(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    made = decisions.ask(answerable, shop, Asked(request=unsure()))
    takes(answerable, ada, str(made.case_id))
    with answerable.work(ada) as work, pytest.raises(Conflict, match="takes a verdict"):
        service.answer(work, str(made.case_id), upheld=False, answer="No.")
    with pytest.raises(Conflict, match="deciding this already"):
        objects(answerable, str(made.id))


def test_who_answers_sees_the_verdict_but_not_whose_it_was(
    answerable: Answerable, shop: Actor, ada: Actor, ben: Actor
) -> None:
    appeal = objects(
        answerable, decided_by(answerable, shop, ada), corrections={"monthly_charges": 12.5}
    )
    takes(answerable, ben, appeal.case_id)
    with answerable.look(ben) as work:
        shown = service.appeal_case(work, appeal.case_id)
        view = reviews.case_view(work, appeal.case_id)
    ((verdict,), words) = shown.earlier, shown.appeal.words
    assert (verdict.verdict, verdict.outcome, verdict.reason) == ("reject", "no_offer", "Not now.")
    assert [one.text for one in words] == [WORDS]
    assert shown.appeal.corrections == {"monthly_charges": 12.5}
    assert ada.id not in repr(shown)
    assert ada.id not in repr([one for one in view.history if one.kind == "verdict.given"])


def test_files_come_back_as_they_went_in(answerable: Answerable, shop: Actor, ada: Actor) -> None:
    appeal = objects(
        answerable,
        declined(answerable, shop),
        files=[Brought(name="../bill.pdf", content=b"%PDF-1.7 bill")],
    )
    with answerable.look(ada) as work:
        file, content = service.file_of(work, appeal.case_id, 1)
        assert (file.name, file.content_type, content) == (
            "bill.pdf",
            "application/pdf",
            b"%PDF-1.7 bill",
        )
        with pytest.raises(NotFound):
            service.file_of(work, appeal.case_id, 2)
        stored = work.session.execute(
            sa.select(PayloadRow.ciphertext).where(PayloadRow.record_id == appeal.id)
        ).scalars()
        assert all(b"bill" not in one for one in stored)


def test_what_the_policy_does_not_let_one_correct_is_refused(answerable: Answerable) -> None:
    publish(
        answerable,
        POLICY.replace(
            "{type: number, minimum: 0,", "{type: number, minimum: 0, correctable: false,"
        ),
    )
    decision_id = declined(answerable, app(answerable))
    with pytest.raises(InvalidInput) as refused:
        objects(answerable, decision_id, corrections={"monthly_charges": 1.0, "tenure_months": "x"})
    assert {one.pointer for one in refused.value.problems} == {
        "/corrections/monthly_charges",
        "/corrections/tenure_months",
    }
    assert seen(answerable, decision_id).appeals == []


def test_an_app_sees_how_it_stands_and_not_what_was_said(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    appeal = objects(answerable, declined(answerable, shop))
    with answerable.look(shop) as work:
        (told,) = service.appeals_of(work, appeal.decision_id)
    assert (told.status, told.words, told.corrections, told.files) == ("open", (), None, ())
    stranger = app(answerable, "other")
    with answerable.look(stranger) as work, pytest.raises(NotFound):
        service.appeals_of(work, appeal.decision_id)
    with pytest.raises(NotFound):
        objects(answerable, appeal.decision_id, stranger)
    outsider = person(answerable, "Ben")
    with pytest.raises(NotFound):
        objects(answerable, appeal.decision_id, outsider)


def test_what_is_late_is_shown_as_late_and_no_clock_closes_it(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    appeal = objects(answerable, declined(answerable, shop))
    clock.advance(days=31)
    assert overdue.run(answerable) == 0
    assert seen(answerable, appeal.decision_id).open.overdue
    part = next(
        one for one in status.status(answerable, the_service("tests")) if one.part == "overdue"
    )
    assert part.state == "failing"
    assert "1 appeal is past" in part.detail
    answers(answerable, ada, appeal.case_id)
    part = next(
        one for one in status.status(answerable, the_service("tests")) if one.part == "overdue"
    )
    assert part.state == "ok"


def erase(answerable: Answerable) -> None:
    """Delete the keys of the subject and what they opened, as erasing does."""
    with answerable.database.write() as session:
        for table in (PayloadRow, VaultRow, SubjectKeyRow):
            session.execute(sa.delete(table))


def test_of_an_erased_subject_nothing_is_left_and_the_case_can_be_closed(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    decision_id = declined(answerable, shop)
    appeal = objects(answerable, decision_id, files=[Brought(name="a.txt", content=b"a")])
    erase(answerable)
    standing = seen(answerable, decision_id)
    assert standing.erased
    assert (standing.appeals[0].words, standing.appeals[0].files) == ([], [])
    takes(answerable, ada, appeal.case_id)
    with answerable.work(ada) as work, pytest.raises(InvalidInput):
        service.answer(work, appeal.case_id, upheld=True, outcome="offer_gift", answer="Yes.")
    with answerable.work(ada) as work:
        told = service.answer(work, appeal.case_id, upheld=False, answer="Name and address")
    assert (told.status, told.answer) == ("answered", None)
    with pytest.raises(Conflict, match="erased"):
        objects(answerable, decision_id)


def test_a_decision_without_a_subject_can_be_objected_to_as_well(
    answerable: Answerable, shop: Actor
) -> None:
    decision_id = declined(answerable, shop, subject=None)
    assert objects(answerable, decision_id).status == "open"
    with answerable.look(subject_page.actor()) as work:
        assert subject_page.read(work, decision_id, language="en").marked is None


def test_a_reversal_is_no_earlier_decision_that_rules_count(
    answerable: Answerable, shop: Actor, ada: Actor, clock: SettableClock
) -> None:
    answers(
        answerable,
        ada,
        objects(answerable, declined(answerable, shop)).case_id,
        upheld=True,
        outcome="offer_gift",
    )
    clock.advance(minutes=1)
    with answerable.look(ada) as work:
        count, last, _ = decisions.queries.earlier_of_subject(
            work.session, answerable.keys.tag_of("cust-4711"), POINT, work.now
        )
    assert (count, last) == (1, "offer_gift")
