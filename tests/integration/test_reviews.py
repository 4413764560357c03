"""Cases from claim to effect, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.decisions.views import DecisionView
from governance.errors import (
    AlreadySigned,
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    NotFound,
    Stale,
    UndoPassed,
)
from governance.jobs.models import Job
from governance.ledger.models import LogRecord
from governance.points.models import PolicyVersion
from governance.queues.models import Queue
from governance.reviews import notices, overdue, service
from governance.reviews.models import Case, Verdict
from governance.reviews.views import CaseView
from governance.subjects.models import SubjectKeyRow
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, unsure

BY_TWO = POLICY.replace("undo: 10s", "undo: 10s\n  sign_offs: 2")


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


def waiting(answerable: Answerable, shop: Actor, **changes) -> str:
    """Have a case waiting and return its id."""
    made = decisions.ask(answerable, shop, Asked(request=unsure(**changes)))
    assert made.case_id is not None
    return made.case_id


def claim(answerable: Answerable, who: Actor, case_id: str) -> CaseView:
    with answerable.work(who) as work:
        return service.claim(work, case_id)


def verdict(answerable: Answerable, who: Actor, case_id: str, kind: str, **said) -> CaseView:
    """Claim and decide."""
    claim(answerable, who, case_id)
    with answerable.work(who) as work:
        return service.give_verdict(work, case_id, verdict=kind, **said)


def seen(answerable: Answerable, who: Actor, case: str | CaseView) -> DecisionView:
    """Return the decision of a case as an app or a person sees it now."""
    with answerable.look(who) as work:
        row = work.session.get_one(Case, case if isinstance(case, str) else case.id)
        return decisions.get(work, row.decision_id)


def entries(answerable: Answerable, kind: str) -> list[dict]:
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord).where(LogRecord.kind == kind))
        return [parse(row.entry) for row in rows.scalars()]


def test_an_approved_proposal_counts_once_it_can_no_longer_be_taken_back(
    answerable, clock, shop, ada
):
    case_id = waiting(answerable, shop)
    after = verdict(answerable, ada, case_id, "approve")
    assert after.status == "decided"
    assert [(s.name, s.verdict, s.outcome, s.decides) for s in after.sign_offs] == [
        ("Ada", "approve", "offer_discount", True)
    ]
    assert after.undo is not None
    assert after.undo.until == clock.now() + timedelta(seconds=10)
    assert (seen(answerable, shop, after).status, seen(answerable, shop, after).outcome) == (
        "in_review",
        None,
    )
    clock.advance(seconds=10)
    told = seen(answerable, shop, after)
    assert (told.status, told.outcome) == ("approved", "offer_discount")
    assert told.effective_at == clock.now()


@pytest.mark.parametrize(
    ("kind", "outcome", "status", "given"),
    [("change", "offer_gift", "changed", "offer_gift"), ("reject", None, "rejected", "no_offer")],
)
def test_changing_and_rejecting_take_a_reason_and_give_their_outcome(
    answerable, clock, shop, ada, kind, outcome, status, given
):
    case_id = waiting(answerable, shop)
    claim(answerable, ada, case_id)
    with pytest.raises(InvalidInput) as refused, answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict=kind, outcome=outcome, reason="  ")
    assert [problem.pointer for problem in refused.value.problems] == ["/reason"]
    with answerable.work(ada) as work:
        service.give_verdict(
            work, case_id, verdict=kind, outcome=outcome, reason="reason-canary: she asked"
        )
    clock.advance(seconds=10)
    told = seen(answerable, shop, case_id)
    assert (told.status, told.outcome) == (status, given)
    with answerable.look(ada) as work:
        assert service.case_view(work, case_id).sign_offs[0].reason == "reason-canary: she asked"
    (entry,) = entries(answerable, "verdict.given")
    assert entry["data"]["decides"] is True
    assert [payload["name"] for payload in entry["payload"]] == ["reason"]
    with answerable.database.read() as session:
        for table in (LogRecord, Verdict, Case, Decision):
            for row in session.execute(sa.select(table.__table__)):
                assert b"canary" not in repr(tuple(row)).encode()


def test_every_act_on_a_case_writes_one_entry_by_the_person(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    claim(answerable, ada, case_id)
    with answerable.work(ada) as work:
        service.release(work, case_id)
    verdict(answerable, ada, case_id, "approve")
    with answerable.work(ada) as work:
        service.undo(work, case_id)
        service.escalate(work, case_id, reason="Too large for us.")
    kinds = [
        "case.claimed",
        "case.released",
        "verdict.given",
        "verdict.undone",
        "case.escalated",
    ]
    found = {kind: entries(answerable, kind) for kind in kinds}
    assert {kind: len(written) for kind, written in found.items()} == dict(
        zip(kinds, [2, 1, 1, 1, 1], strict=True)
    )
    for written in found.values():
        for entry in written:
            assert entry["actor"] == {"type": "person", "ref": ada.id}
            assert entry["refs"]["case"] == case_id
    assert found["verdict.undone"][0]["refs"]["verdict"] == found["verdict.given"][0]["id"]


def test_a_sensitive_case_takes_a_reason_even_to_approve(answerable, shop, ada):
    features = {"tenure_months": 3, "monthly_charges": 120.0, "contract": "one-year"}
    case_id = waiting(answerable, shop, features=features)
    claim(answerable, ada, case_id)
    with pytest.raises(InvalidInput, match="sensitive"), answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve")
    with answerable.work(ada) as work:
        after = service.give_verdict(work, case_id, verdict="approve", reason="Worth it.")
    assert after.status == "decided"


def test_what_a_rule_forbids_reaches_a_person_who_cannot_approve_it(answerable, shop, ada):
    features = {"tenure_months": 0, "monthly_charges": 10.0, "contract": "one-year"}
    case_id = waiting(answerable, shop, features=features, person_requested=True)
    view = claim(answerable, ada, case_id)
    assert not view.approvable
    with pytest.raises(InvalidInput, match="cannot be approved"), answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve", reason="I insist.")


def test_a_verdict_taken_back_leaves_the_case_open_and_with_its_judge(
    answerable, clock, shop, ada, ben
):
    case_id = waiting(answerable, shop)
    verdict(answerable, ada, case_id, "approve")
    clock.advance(seconds=9)
    with pytest.raises(Conflict), answerable.work(ben) as work:
        service.undo(work, case_id)
    with answerable.work(ada) as work:
        back = service.undo(work, case_id)
    assert (back.status, back.sign_offs_given, back.undo) == ("open", 0, None)
    assert back.lease is not None
    assert back.lease.mine
    clock.advance(seconds=60)
    assert seen(answerable, shop, back).status == "in_review"
    again = verdict(answerable, ada, case_id, "reject", reason="On second thoughts.")
    assert again.status == "decided"


def test_an_effective_verdict_is_never_taken_back(answerable, clock, shop, ada):
    case_id = waiting(answerable, shop)
    verdict(answerable, ada, case_id, "approve")
    clock.advance(seconds=10)
    with pytest.raises(UndoPassed), answerable.work(ada) as work:
        service.undo(work, case_id)
    assert seen(answerable, shop, case_id).outcome == "offer_discount"


def test_a_verdict_cannot_be_taken_back_so_late_that_others_may_see_it_counting(
    answerable, clock, shop, ada
):
    case_id = waiting(answerable, shop)
    verdict(answerable, ada, case_id, "approve")
    clock.advance(seconds=9.9)
    with pytest.raises(UndoPassed), answerable.work(ada) as work:
        service.undo(work, case_id)


def test_two_people_never_hold_one_case_and_a_claim_ends_by_itself(
    answerable, clock, shop, ada, ben
):
    case_id = waiting(answerable, shop)
    view = claim(answerable, ada, case_id)
    assert view.lease is not None
    assert view.lease.until == clock.now() + timedelta(minutes=10)
    with pytest.raises(ClaimedByAnother, match="Ada holds this case until 11:10"):
        claim(answerable, ben, case_id)
    with pytest.raises(ClaimedByAnother), answerable.work(ben) as work:
        service.give_verdict(work, case_id, verdict="approve")
    clock.advance(minutes=10)
    assert claim(answerable, ben, case_id).lease.name == "Ben"
    with pytest.raises(ClaimedByAnother), answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve")


def test_whoever_comes_second_is_told_what_the_other_did(answerable, clock, shop, ada, ben):
    case_id = waiting(answerable, shop)
    with answerable.look(ben) as work:
        read = service.case_view(work, case_id)
    verdict(answerable, ada, case_id, "change", outcome="offer_gift", reason="She likes gifts.")
    with (
        pytest.raises(Stale, match="Ada changed it to “Send a gift” at 11:00"),
        answerable.work(ben) as work,
    ):
        service.claim(work, case_id, revision=read.revision)
    with pytest.raises(CaseClosed, match="Ada changed it"):
        claim(answerable, ben, case_id)
    with answerable.look(ben) as work:
        act = service.last_act(work, case_id)
    assert act is not None
    assert (act.by, act.verdict, act.outcome, act.at) == (
        "Ada",
        "change",
        "offer_gift",
        clock.now(),
    )


def test_an_up_to_date_revision_is_accepted(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    view = claim(answerable, ada, case_id)
    with answerable.work(ada) as work:
        after = service.give_verdict(work, case_id, verdict="approve", revision=view.revision)
    assert after.revision > view.revision


def test_nobody_decides_what_they_did_not_claim(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    with pytest.raises(NotClaimed), answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve")


def test_a_case_of_another_queue_is_not_there(answerable, shop):
    case_id = waiting(answerable, shop)
    elsewhere = person(answerable, "Ben", queues=("support",))
    for act in (service.claim, service.release, service.case_view, service.undo):
        with pytest.raises(NotFound), answerable.work(elsewhere) as work:
            act(work, case_id)
    with answerable.work(elsewhere) as work:
        assert service.next_case(work) is None
        assert service.list_cases(work).cases == []


@pytest.mark.parametrize("name", ["Cleo", "Dov", "Pia", "Anna"])
def test_only_managers_work_the_queue(answerable, shop, name):
    case_id = waiting(answerable, shop)
    who = person(answerable, name, queues=(QUEUE,))
    with answerable.work(who) as work:
        for act in (service.claim, service.release, service.case_view, service.undo):
            with pytest.raises(NotAllowed):
                act(work, case_id)
        for page in (service.queue_overview, service.list_cases, service.next_case):
            with pytest.raises(NotAllowed):
                page(work)
        with pytest.raises(NotAllowed):
            service.give_verdict(work, case_id, verdict="approve")
        with pytest.raises(NotAllowed):
            service.escalate(work, case_id, reason="Why not.")


def test_an_app_never_decides(answerable, shop):
    case_id = waiting(answerable, shop)
    with pytest.raises(NotAllowed), answerable.work(shop) as work:
        service.claim(work, case_id)


def test_nobody_decides_a_withdrawn_case(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    claim(answerable, ada, case_id)
    decision_id = seen(answerable, shop, case_id).id
    with answerable.work(shop) as work:
        decisions.withdraw(work, decision_id)
    with pytest.raises(CaseClosed, match="The app withdrew it"), answerable.work(ada) as work:
        service.give_verdict(work, case_id, verdict="approve")


# ---------------------------------------------------------------------------------- sign-offs


def test_two_sign_offs_take_two_people_who_do_not_see_each_others_before(
    answerable, clock, ada, ben
):
    publish(answerable, BY_TWO)
    shop = app(answerable)
    case_id = waiting(answerable, shop)
    one = verdict(answerable, ada, case_id, "reject", reason="Not worth it.")
    assert (one.status, one.sign_offs_given, one.sign_offs_needed) == ("open", 1, 2)
    assert one.undo is not None
    assert one.undo.until is None
    with pytest.raises(AlreadySigned):
        claim(answerable, ada, case_id)
    with answerable.look(ben) as work:
        before = service.case_view(work, case_id)
    assert (before.sign_offs_given, before.sign_offs) == (1, [])
    assert not [event for event in before.history if event.kind.value.startswith("verdict")]
    two = verdict(answerable, ben, case_id, "reject", reason="No.")
    assert two.status == "decided"
    assert [(s.name, s.verdict, s.decides) for s in two.sign_offs] == [
        ("Ada", "reject", False),
        ("Ben", "reject", True),
    ]
    clock.advance(seconds=10)
    assert seen(answerable, shop, case_id).status == "rejected"


def test_people_who_disagree_leave_the_case_open(answerable, ada, ben):
    publish(answerable, BY_TWO)
    shop = app(answerable)
    case_id = waiting(answerable, shop)
    verdict(answerable, ada, case_id, "approve")
    split = verdict(answerable, ben, case_id, "reject", reason="No.")
    assert (split.status, split.sign_offs_given) == ("open", 2)
    assert seen(answerable, shop, case_id).status == "in_review"


def test_a_sign_off_taken_back_no_longer_counts(answerable, ada, ben):
    publish(answerable, BY_TWO)
    case_id = waiting(answerable, app(answerable))
    verdict(answerable, ada, case_id, "approve")
    with answerable.work(ada) as work:
        service.undo(work, case_id)
        service.release(work, case_id)
    assert verdict(answerable, ben, case_id, "approve").status == "open"
    assert verdict(answerable, ada, case_id, "approve").status == "decided"


def test_the_author_of_a_policy_signs_none_of_its_cases_off(answerable, ada, ben):
    publish(answerable, BY_TWO)
    with answerable.database.write() as session:
        session.execute(sa.update(PolicyVersion).values(drafted_by=ada.reference))
    case_id = waiting(answerable, app(answerable))
    with pytest.raises(NotAllowed, match="You wrote"):
        claim(answerable, ada, case_id)
    with answerable.work(ada) as work:
        assert service.next_case(work) is None
        assert "You wrote" in (service.case_view(work, case_id).barred or "")
    with answerable.work(ben) as work:
        assert service.next_case(work).id == case_id


# --------------------------------------------------------------------------- what to do next


def test_the_next_case_is_the_most_urgent_one_that_nobody_holds(answerable, clock, shop, ada, ben):
    first = waiting(answerable, shop)
    clock.advance(minutes=1)
    second = waiting(answerable, shop)
    clock.advance(minutes=1)
    features = {"tenure_months": 3, "monthly_charges": 120.0, "contract": "one-year"}
    sensitive = waiting(answerable, shop, features=features)
    with answerable.look(ada) as work:
        listed = service.list_cases(work)
    assert [case.id for case in listed.cases] == [sensitive, first, second]
    assert [[why.code for why in case.why] for case in listed.cases][1] == ["confidence_below"]
    assert listed.cases[1].why[0].text
    got = []
    for who in (ada, ben, ada):
        with answerable.work(who) as work:
            got.append(service.next_case(work).id)
    assert got == [sensitive, first, sensitive], "whoever holds one is not given another"
    with answerable.work(ada) as work:
        assert service.held(work).id == sensitive
        service.give_verdict(work, sensitive, verdict="approve", reason="Fine.")
        assert service.held(work) is None
        assert service.next_case(work).id == second
        assert service.next_case(work, queue=QUEUE).id == second


def test_nobody_gets_a_case_again_that_they_signed_off(answerable, ada, ben):
    publish(answerable, BY_TWO)
    case_id = waiting(answerable, app(answerable))
    verdict(answerable, ada, case_id, "approve")
    with answerable.work(ada) as work:
        assert service.next_case(work) is None
    with answerable.work(ben) as work:
        assert service.next_case(work).id == case_id


def test_the_list_goes_on_where_the_page_before_ended(answerable, clock, shop, ada):
    expected = []
    for _ in range(5):
        expected.append(waiting(answerable, shop))
        clock.advance(minutes=1)
    features = {"tenure_months": 3, "monthly_charges": 120.0, "contract": "one-year"}
    expected.insert(0, waiting(answerable, shop, features=features))
    for case_id in expected[4:]:
        with answerable.database.write() as session:
            session.execute(sa.update(Case).where(Case.id == case_id).values(due_at=None))
    found, after = [], None
    while True:
        with answerable.look(ada) as work:
            page = service.list_cases(work, limit=2, after=after)
        found += [case.id for case in page.cases]
        after = page.next_after
        if after is None:
            break
    assert found == expected


def test_decided_cases_are_listed_the_last_one_first(answerable, clock, shop, ada):
    for _ in range(3):
        verdict(answerable, ada, waiting(answerable, shop), "approve")
        clock.advance(minutes=1)
    with answerable.look(ada) as work:
        first = service.list_cases(work, status="decided", limit=2)
        rest = service.list_cases(work, status="decided", limit=2, after=first.next_after)
        with pytest.raises(InvalidInput):
            service.list_cases(work, status="lost")
        with pytest.raises(NotFound):
            service.list_cases(work, queue="support")
    ids = [case.id for case in [*first.cases, *rest.cases]]
    assert len(set(ids)) == 3
    assert ids == sorted(ids, reverse=True)


def test_the_overview_counts_and_estimates_from_how_long_verdicts_took(
    answerable, clock, shop, ada, ben
):
    with answerable.work(ada) as work:
        if work.session.get(Queue, "empty") is None:
            work.session.add(Queue(name="empty", title="Empty", created_at=work.now))
    for _ in range(3):
        waiting(answerable, shop)
    with answerable.look(ada) as work:
        (queue,) = service.queue_overview(work).queues
    assert (queue.open, queue.overdue, queue.claimed, queue.minutes) == (3, 0, 0, 4)
    for verdicts, minutes in ((4, 4), (5, 15)):  # Four durations say too little of the queue.
        while True:
            with answerable.look(ada) as work:
                if service.queue_overview(work).decided_today == verdicts:
                    break
            done = waiting(answerable, shop)
            claim(answerable, ada, done)
            clock.advance(minutes=5)
            with answerable.work(ada) as work:
                service.give_verdict(work, done, verdict="approve")
        with answerable.look(ada) as work:
            assert service.queue_overview(work).minutes == minutes
    with answerable.work(ben) as work:
        service.next_case(work)
    with answerable.look(ada) as work:
        overview = service.queue_overview(work)
    assert (overview.open, overview.minutes, overview.decided_today) == (3, 15, 5)
    assert overview.queues[0].claimed == 1
    clock.advance(hours=3, minutes=10)
    with answerable.look(ada) as work:
        (queue,) = service.queue_overview(work).queues
    assert (queue.due_soon, queue.overdue, queue.claimed) == (3, 0, 0)
    clock.advance(hours=21)
    with answerable.look(ada) as work:
        overview = service.queue_overview(work)
    assert (overview.overdue, overview.decided_today) == (3, 0)


# ------------------------------------------------------------------------------------ the clock


def test_an_overdue_case_goes_to_the_next_queue_once_and_then_lapses(answerable, clock, shop, ada):
    case_id = waiting(answerable, shop)
    assert overdue.run(answerable) == 0
    clock.advance(hours=4)
    assert overdue.run(answerable) == 1
    assert overdue.run(answerable) == 0
    with answerable.database.read() as session:
        case = session.get_one(Case, case_id)
    assert (case.queue, case.status) == ("sales-leads", "open")
    assert case.due_at == clock.now() + timedelta(hours=4)
    with pytest.raises(NotFound), answerable.work(ada) as work:
        service.case_view(work, case_id)
    clock.advance(hours=4)
    assert overdue.run(answerable) == 1
    told = seen(answerable, shop, case_id)
    assert (told.status, told.outcome, told.effective_at) == ("lapsed", "no_offer", clock.now())
    (lapsed,) = entries(answerable, "case.lapsed")
    assert lapsed["actor"] == {"type": "service", "ref": "worker"}
    assert lapsed["data"] == {"outcome": "no_offer"}
    assert overdue.run(answerable) == 0


def test_the_due_time_of_the_next_queue_runs_in_its_working_hours(answerable, clock, shop):
    with answerable.work(person(answerable, "Anna")) as work:
        work.session.add(
            Queue(
                name="sales-leads",
                title="Leads",
                calendar={
                    "zone": "Europe/Berlin",
                    "hours": {"tuesday": [["09:00", "17:00"]]},
                },
                created_at=work.now,
            )
        )
        work.configuration_changed()
    case_id = waiting(answerable, shop)
    clock.advance(hours=4)
    overdue.run(answerable)
    with answerable.database.read() as session:
        due_at = session.get_one(Case, case_id).due_at
    assert due_at is not None
    assert due_at.isoformat() == "2026-11-24T12:00:00+00:00"


def test_a_case_in_somebodys_hands_is_not_taken_away_by_the_clock(answerable, clock, shop, ada):
    case_id = waiting(answerable, shop)
    clock.advance(hours=3, minutes=55)
    claim(answerable, ada, case_id)
    clock.advance(minutes=6)
    assert overdue.run(answerable) == 0
    with answerable.work(ada) as work:
        assert service.give_verdict(work, case_id, verdict="approve").status == "decided"
    other = waiting(answerable, shop)
    clock.advance(hours=3, minutes=55)
    claim(answerable, ada, other)
    clock.advance(minutes=10)
    assert overdue.run(answerable) == 1


def test_escalating_hands_the_case_on_with_a_reason_and_only_once(answerable, clock, shop, ada):
    case_id = waiting(answerable, shop)
    claim(answerable, ada, case_id)
    with pytest.raises(InvalidInput), answerable.work(ada) as work:
        service.escalate(work, case_id, reason=" ")
    clock.advance(minutes=5)
    with answerable.work(ada) as work:
        moved = service.escalate(work, case_id, reason="I know the customer.")
    assert (moved.queue, moved.lease) == ("sales-leads", None)
    assert moved.due_at == clock.now() + timedelta(hours=4)
    lead = person(answerable, "Ben", queues=("sales-leads",))
    assert claim(answerable, lead, case_id).escalate_to is None
    with pytest.raises(Conflict, match="sent on before"), answerable.work(lead) as work:
        service.escalate(work, case_id, reason="And on.")
    with answerable.work(lead) as work:
        assert service.give_verdict(work, case_id, verdict="approve").status == "decided"


def test_where_the_policy_names_no_next_queue_nothing_is_escalated_but_lapses(
    answerable, clock, ada
):
    publish(answerable, POLICY.replace("escalate_to: sales-leads, ", ""))
    shop = app(answerable)
    case_id = waiting(answerable, shop)
    with pytest.raises(Conflict, match="names no queue"), answerable.work(ada) as work:
        service.escalate(work, case_id, reason="Too large.")
    clock.advance(hours=4)
    overdue.run(answerable)
    assert seen(answerable, shop, case_id).status == "lapsed"


# ------------------------------------------------------------------------------------- erasure


def test_a_reason_can_be_given_where_the_content_was_erased(answerable, clock, shop, ada):
    case_id = waiting(answerable, shop)
    with answerable.database.write() as session:
        session.execute(sa.text("DELETE FROM group_vault"))
        session.execute(sa.text("DELETE FROM payloads WHERE name = 'decision'"))
        session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.subject_tag.is_not(None)))
    with answerable.look(ada) as work:
        view = service.case_view(work, case_id)
        assert view.decision.features is None
        assert list(service.list_cases(work).cases[0].why) == []
    after = verdict(answerable, ada, case_id, "reject", reason="Nothing is left to judge.")
    assert after.sign_offs[0].reason == "Nothing is left to judge."


# ------------------------------------------------------------------------------------- notices


def test_people_are_mailed_that_cases_wait_once_an_hour_at_most(
    answerable: Answerable, clock: SettableClock, shop, ada, ben
):
    object.__setattr__(answerable.settings, "smtp_host", "mail.example")
    with answerable.database.write() as session:
        session.execute(sa.text("UPDATE people SET password_hash = 'x'"))
        session.execute(sa.text("UPDATE people SET language = 'de' WHERE name = 'Ben'"))
    assert notices.run(answerable) == 0
    waiting(answerable, shop)
    waiting(answerable, shop)
    assert notices.run(answerable) == 2
    with answerable.database.read() as session:
        jobs = session.execute(sa.select(Job)).scalars().all()
    texts = {job.payload["to"]: job.payload for job in jobs}
    assert texts["ada@corner.example"]["subject"] == "2 cases wait"
    assert texts["ben@corner.example"]["subject"] == "2 Fälle warten"
    assert "http://127.0.0.1:8000/queue" in texts["ada@corner.example"]["text"]
    assert "cust-4711" not in str(texts)
    clock.advance(minutes=30)
    waiting(answerable, shop)
    assert notices.run(answerable) == 0
    clock.advance(minutes=30)
    assert notices.run(answerable) == 2
    clock.advance(hours=2)
    assert notices.run(answerable) == 0, "nothing new came"


def test_whoever_wants_no_mail_or_cannot_sign_in_gets_none(answerable, shop, ada, ben):
    object.__setattr__(answerable.settings, "smtp_host", "mail.example")
    with answerable.database.write() as session:
        session.execute(
            sa.text("UPDATE people SET password_hash = 'x', mail_notices = :no WHERE name = 'Ada'"),
            {"no": False},
        )
    waiting(answerable, shop)
    assert notices.run(answerable) == 0
