"""From a request to what is stored, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import psycopg
import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from governance.actors import service as service_actor
from governance.application import Answerable, open_installation
from governance.decisions import service
from governance.decisions.importing import Past, import_many
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import (
    CaseClosed,
    IdempotencyConflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
)
from governance.holds.models import Hold
from governance.identities.models import AppKey
from governance.ledger.models import LogRecord, PendingRecord
from governance.reviews.models import Case
from governance.subjects import payloads
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure


def _count(answerable: Answerable, table: type) -> int:
    with answerable.database.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_sure_proposal_is_released_at_once_and_everything_is_stored(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    made = service.ask(answerable, shop, Asked(request=request()))
    assert (made.status, made.outcome) == ("released", "offer_discount")
    with answerable.database.read() as session:
        row = session.get_one(Decision, made.id)
        assert (row.point, row.status, row.outcome, row.confidence) == (
            POINT,
            "released",
            "offer_discount",
            0.91,
        )
        entry = parse(session.get_one(LogRecord, made.id).entry)
        assert entry["kind"] == "decision.recorded"
        assert entry["data"]["confidence"] == "0.91"
        assert entry["actor"]["type"] == "app"
        assert {payload["name"] for payload in entry["payload"]} == {"decision", "groups"}
        assert session.get(PendingRecord, made.id) is not None
        assert session.execute(sa.select(Case)).first() is None


def test_nothing_personal_stands_in_the_clear(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    made = service.ask(
        answerable,
        app(answerable),
        Asked(
            request=request(
                subject={"ref": "ref-canary", "groups": {"gender": "group-canary"}},
                metadata={"ticket": "meta-canary"},
                features={
                    "tenure_months": 3,
                    "monthly_charges": 9,
                    "contract": "one-year",
                    "message": "text-canary",
                },
            )
        ),
    )
    with answerable.database.read() as session:
        for table in (Decision, LogRecord, PayloadRow, VaultRow, SubjectKeyRow, Case):
            for row in session.execute(sa.select(table.__table__)):
                assert b"canary" not in repr(tuple(row)).encode(), table
        plaintext = payloads.read(session, answerable.keys, made.id, "decision")
    assert plaintext is not None
    assert b"text-canary" in plaintext
    assert b"group-canary" not in plaintext


def test_an_unsure_proposal_opens_a_case_due_in_the_queues_hours(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    made = service.ask(answerable, app(answerable), Asked(request=unsure()))
    assert (made.status, made.outcome, made.queue) == ("in_review", None, QUEUE)
    assert made.due_at == answerable.clock.now() + timedelta(hours=4)
    assert [reason.code for reason in made.reasons] == ["confidence_below"]
    with answerable.database.read() as session:
        case = session.execute(sa.select(Case)).scalar_one()
    assert (case.decision_id, case.purpose, case.status) == (made.id, "decide", "open")
    assert (case.escalate_to, case.undo_seconds) == ("sales-leads", 10)


def test_the_same_key_and_body_give_the_first_answer_and_no_second_decision(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    asked = Asked(request=unsure(), idempotency_key="k", body_digest="d" * 64)
    first = service.ask(answerable, shop, asked)
    with answerable.work(shop) as work:
        service.withdraw(work, first.id)
    again = service.ask(answerable, shop, asked)
    assert again.replayed
    assert (again.id, again.status, again.due_at) == (first.id, "in_review", first.due_at)
    assert [r.text for r in again.reasons] == [r.text for r in first.reasons]
    assert _count(answerable, Decision) == 1
    with pytest.raises(IdempotencyConflict):
        service.ask(
            answerable, shop, Asked(request=request(), idempotency_key="k", body_digest="e" * 64)
        )


def test_another_apps_key_is_another_key(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    for name in ("shop", "crm"):
        asked = Asked(request=request(), idempotency_key="k", body_digest=name * 8)
        assert not service.ask(answerable, app(answerable, name), asked).replayed
    assert _count(answerable, Decision) == 2


def test_many_threads_with_one_key_make_one_decision(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    asked = Asked(request=request(), idempotency_key="k", body_digest="d" * 64)
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: service.ask(answerable, shop, asked).id, range(48)))
    assert len(set(made)) == 1
    assert _count(answerable, Decision) == _count(answerable, LogRecord) - _others(answerable)


def _others(answerable: Answerable) -> int:
    with answerable.database.read() as session:
        return session.execute(
            sa.select(sa.func.count())
            .select_from(LogRecord)
            .where(LogRecord.kind != "decision.recorded")
        ).scalar_one()


def test_two_processes_that_meet_the_same_new_subject_can_each_be_read(
    answerable: Answerable, clock: SettableClock, at_scale
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    meetings = at_scale(1000)
    together = threading.Barrier(2)

    def meet(process: Answerable) -> list[str]:
        ids = []
        for number in range(meetings):
            together.wait()
            asked = Asked(request=request(subject={"ref": f"new-{number}"}))
            ids.append(service.ask(process, shop, asked).id)
        return ids

    with ThreadPoolExecutor(2) as pool:
        ids = [i for made in pool.map(meet, (answerable, other)) for i in made]
    with other.database.read() as session:
        read = payloads.read_many(session, other.keys, ids, "decision")
    other.close()
    assert len(read) == 2 * meetings
    with answerable.look(service_actor("tests")) as work:
        assert len(service.search(work, subject_ref="new-0").decisions) == 2


def test_what_was_written_under_an_erased_key_is_written_again_under_a_fresh_one(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    service.ask(answerable, shop, Asked(request=request(subject={"ref": "cust-1"})))
    with answerable.database.write() as session:
        session.execute(sa.delete(PayloadRow))
        session.execute(sa.delete(VaultRow))
        session.execute(sa.delete(SubjectKeyRow))
    asked = [Asked(request=request(subject={"ref": f"cust-{n}"})) for n in (1, 2, 1, 3)]
    made = service.ask_many(answerable, shop, asked)
    with answerable.look(shop) as work:
        assert [service.get(work, view.id).subject_ref for view in made] == [
            "cust-1",
            "cust-2",
            "cust-1",
            "cust-3",
        ]


def test_a_hold_is_in_force_from_the_next_request_in_every_process(
    answerable: Answerable, clock: SettableClock
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    assert service.ask(other, shop, Asked(request=request())).status == "released"
    with answerable.work(service_actor("tests")) as work:
        hold = Hold(
            id=work.new_id(), point=None, reason="Something is off.", set_at=work.now, set_by="x"
        )
        work.session.add(hold)
        work.configuration_changed()
    held = service.ask(other, shop, Asked(request=request()))
    assert held.status == "in_review"
    assert [reason.code for reason in held.reasons] == ["hold"]
    with answerable.work(service_actor("tests")) as work:
        work.session.get_one(Hold, hold.id).lifted_at = work.now
        work.configuration_changed()
    assert service.ask(other, shop, Asked(request=request())).status == "released"
    other.close()


def test_a_revoked_key_decides_nothing_more_in_any_process(
    answerable: Answerable, clock: SettableClock
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    service.ask(other, shop, Asked(request=request()))
    with answerable.work(service_actor("tests")) as work:
        work.session.get_one(AppKey, shop.key_id).revoked_at = work.now
        work.configuration_changed()
    with pytest.raises(NotAllowed, match="revoked"):
        service.ask(other, shop, Asked(request=request()))
    other.close()
    assert _count(answerable, Decision) == 1


def test_a_newly_published_policy_rules_the_next_request(
    answerable: Answerable, clock: SettableClock
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    assert service.ask(other, shop, Asked(request=request())).policy_version == 1
    publish(answerable, POLICY.replace("confidence_below: 0.80", "confidence_below: 0.95"))
    made = service.ask(other, shop, Asked(request=request()))
    assert (made.policy_version, made.status) == (2, "in_review")
    other.close()


def test_a_point_published_elsewhere_is_not_denied(
    answerable: Answerable, clock: SettableClock
) -> None:
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    with pytest.raises(NotFound):
        service.ask(other, shop, Asked(request=request()))
    publish(answerable, POLICY)
    assert service.ask(other, shop, Asked(request=request())).status == "released"
    other.close()


def test_a_request_that_does_not_fit_stores_nothing_and_names_every_mistake(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    before = _count(answerable, LogRecord)
    bad = request(
        features={"tenure_months": "3", "monthly_charges": 1, "colour": "red"},
        occurred_at="2027-01-01T00:00:00Z",
    )
    with pytest.raises(InvalidInput) as refused:
        service.ask(answerable, shop, Asked(request=bad))
    assert {problem.pointer for problem in refused.value.problems} == {
        "/features/tenure_months",
        "/features/contract",
        "/features/colour",
        "/occurred_at",
    }
    assert _count(answerable, Decision) == 0
    assert _count(answerable, LogRecord) == before


def test_one_bad_request_of_many_stops_no_other(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    many = [Asked(request=request()), Asked(request=request(features={})), Asked(request=unsure())]
    answers = service.ask_many(answerable, app(answerable), many)
    assert [getattr(answer, "status", type(answer).__name__) for answer in answers] == [
        "released",
        "InvalidInput",
        "in_review",
    ]


def test_an_app_sees_only_its_own_decisions_and_only_at_its_points(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    made = service.ask(answerable, app(answerable), Asked(request=unsure()))
    for stranger in (app(answerable, "crm"), app(answerable, points=("elsewhere",))):
        with answerable.work(stranger) as work:
            with pytest.raises(NotFound):
                service.get(work, made.id)
            with pytest.raises(NotFound):
                service.withdraw(work, made.id)
            assert service.search(work).decisions == []
    with pytest.raises(NotFound):
        service.ask(answerable, app(answerable, points=("elsewhere",)), Asked(request=request()))


def test_a_manager_sees_the_decisions_of_their_queues_and_an_auditor_all(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    made = service.ask(answerable, shop, Asked(request=unsure()))
    service.ask(answerable, shop, Asked(request=request()))
    seen = {}
    for who, queues in (("Ada", (QUEUE,)), ("Ben", ("other",)), ("Cleo", ())):
        with answerable.look(person(answerable, who, queues=queues)) as work:
            seen[who] = [view.id for view in service.search(work).decisions]
    assert (seen["Ada"], seen["Ben"], len(seen["Cleo"])) == ([made.id], [], 2)
    with answerable.look(person(answerable, "Dov")) as work, pytest.raises(NotAllowed):
        service.search(work)


def test_a_withdrawn_decision_is_closed_and_cannot_be_withdrawn_again(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    made = service.ask(answerable, shop, Asked(request=unsure()))
    with answerable.work(shop) as work:
        assert service.withdraw(work, made.id).status == "withdrawn"
    with answerable.work(shop) as work, pytest.raises(CaseClosed):
        service.withdraw(work, made.id)
    with answerable.database.read() as session:
        assert session.execute(sa.select(Case.status)).scalar_one() == "closed"


def test_pages_follow_one_another_without_gap_or_repetition(
    answerable: Answerable, clock: SettableClock
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    made = []
    for number in range(7):
        made.append(service.ask(answerable, shop, Asked(request=request())).id)
        clock.advance(seconds=number % 2)
    found, before = [], None
    while True:
        with answerable.look(shop) as work:
            page = service.search(work, limit=3, before=before)
        found += [view.id for view in page.decisions]
        before = page.next_cursor
        if before is None:
            break
    assert sorted(found) == sorted(made)
    assert len(found) == 7


def test_a_dry_run_rules_and_stores_nothing(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    before = [_count(answerable, table) for table in (Decision, SubjectKeyRow, LogRecord)]
    made = service.dry_run(answerable, shop, unsure())
    assert (made.id, made.status, made.queue) == (None, "in_review", QUEUE)
    assert made.trace is not None
    assert [_count(answerable, table) for table in (Decision, SubjectKeyRow, LogRecord)] == before


def test_earlier_decisions_are_looked_up_where_a_rule_asks_and_kept_in_the_trace(
    answerable: Answerable,
) -> None:
    rule = "  - name: too-often\n    when: subject.known && context.earlier.count_30d >= 2\n    then: review\n"
    publish(answerable, POLICY.replace("rules:\n", f"rules:\n{rule}"))
    shop = app(answerable)
    asked = Asked(request=request())
    assert [service.ask(answerable, shop, asked).status for _ in range(3)] == [
        "released",
        "released",
        "in_review",
    ]
    other = service.ask(answerable, shop, Asked(request=request(subject={"ref": "somebody else"})))
    assert other.status == "released"
    with answerable.look(person(answerable, "Cleo")) as work:
        trace = orjson.dumps(service.get(work, other.id).trace)
    assert b"count_30d" in trace
    with answerable.look(shop) as work:
        assert service.get(work, other.id).trace is None


def test_the_past_is_recorded_as_imported_with_its_verdicts(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    then = "2026-10-01T08:00:00Z"
    shop = app(answerable)
    lines = [
        Past(request=request(occurred_at=then), outcome="offer_discount"),
        Past(request=request(occurred_at=then), outcome="no_offer", verdict="reject"),
        Past(request=request(), outcome="no_offer"),
        Past(request=request(occurred_at=then), outcome="a yacht"),
    ]
    answers = import_many(answerable, shop, lines)
    assert [type(answer).__name__ for answer in answers] == [
        "str",
        "str",
        "InvalidInput",
        "InvalidInput",
    ]
    with answerable.look(shop) as work:
        first, second = (service.get(work, answer) for answer in answers[:2])
        assert (first.status, first.imported, first.outcome) == ("released", True, "offer_discount")
        assert (second.status, second.outcome, second.case_id) == ("rejected", "no_offer", None)
        assert first.occurred_at == first.decided_at
        assert parse(work.session.get_one(LogRecord, first.id).entry)["kind"] == "decision.imported"


def test_more_waiting_than_the_process_takes_is_told_and_loses_nothing(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    writer = answerable.writer
    writer._limit = 4
    outcomes: list[str] = []

    def ask() -> None:
        try:
            outcomes.append(service.ask(answerable, shop, Asked(request=request())).status)
        except Unavailable:
            outcomes.append("unavailable")

    with writer._commit_lock:
        first, *others = [threading.Thread(target=ask) for _ in range(10)]
        first.start()
        while not writer._led or writer._waiting:
            pass
        for thread in others:
            thread.start()
        # The first holds the lead, four wait, and the rest are told at once.
        while sum(thread.is_alive() for thread in others) > 4:
            pass
    for thread in (first, *others):
        thread.join()
    assert sorted(outcomes) == ["released"] * 5 + ["unavailable"] * 5
    assert _count(answerable, Decision) == 5


def test_waiting_ends_with_the_outcome_and_never_beyond_the_places(answerable: Answerable) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    waiting = service.Waiting(answerable)
    released = service.ask(answerable, shop, Asked(request=request()))
    assert waiting.until_final(shop, released.id, 30)
    made = service.ask(answerable, shop, Asked(request=unsure()))
    places = answerable.settings.wait_places
    with ThreadPoolExecutor(places + 1) as pool:
        waits = [pool.submit(waiting.until_final, shop, made.id, 30) for _ in range(places + 1)]
        turned_away = next(
            wait for wait in iter(lambda: next((w for w in waits if w.done()), None), 0) if wait
        )
        assert turned_away.result() is False
        with answerable.work(shop) as work:
            service.withdraw(work, made.id)
        assert sum(wait.result() for wait in waits) == places


def test_rows_that_were_stored_before_the_connection_died_are_found_again(
    answerable: Answerable,
) -> None:
    publish(answerable, POLICY)
    shop = app(answerable)
    service.ask(answerable, shop, Asked(request=request()))
    if answerable.database.is_sqlite:
        pytest.skip("SQLite has no connection that can die after the commit.")
    store = answerable.writer._store
    write, calls = store.write, []

    def die_after_writing(batch: list) -> list:
        calls.append(write(batch))
        raise psycopg.OperationalError("the connection was lost")

    store.write = die_after_writing
    made = service.ask(answerable, shop, Asked(request=request(subject={"ref": "new"})))
    assert (made.status, len(calls)) == ("released", 1)
    with answerable.look(shop) as work:
        assert service.get(work, made.id).subject_ref == "new"
    assert _count(answerable, Decision) == 2


def test_what_is_kept_of_a_body_cannot_be_computed_from_the_body(answerable):
    """A body holds group attributes, which a digest of it would let others guess."""
    publish(answerable, POLICY)
    digest = "d" * 64
    view = service.ask(answerable, app(answerable), Asked(request=request(), body_digest=digest))
    with answerable.database.read() as session:
        kept = session.get_one(Decision, view.id).body_digest
    assert kept is not None
    assert kept != digest
    assert len(kept) == 64
