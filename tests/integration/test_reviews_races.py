"""People at the same case at the same moment, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import AnswerableError, Conflict
from governance.ledger.models import LogRecord
from governance.reviews import overdue, service
from governance.reviews.models import Case, Verdict
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, unsure

BY_TWO = POLICY.replace("undo: 10s", "undo: 10s\n  sign_offs: 2")


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Do all of it at the same moment and return what each gave or raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        start.wait()
        try:
            return act()
        except AnswerableError as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def judge(answerable: Answerable, who: Actor, case_id: str, verdict: str) -> object:
    with answerable.work(who) as work:
        service.claim(work, case_id)
    with answerable.work(who) as work:
        return service.give_verdict(work, case_id, verdict=verdict, reason="In a hurry.")


def waiting(answerable: Answerable, shop: Actor) -> str:
    case_id = decisions.ask(answerable, shop, Asked(request=unsure())).case_id
    assert case_id is not None
    return case_id


@pytest.mark.timeout(900)
def test_two_managers_in_a_race_give_exactly_one_verdict(answerable, at_scale):
    publish(answerable, POLICY)
    shop = app(answerable)
    ada, ben = (person(answerable, name, queues=(QUEUE,)) for name in ("Ada", "Ben"))
    for _ in range(at_scale(200)):
        case_id = waiting(answerable, shop)
        results = at_once(
            [
                lambda case_id=case_id: judge(answerable, ada, case_id, "approve"),
                lambda case_id=case_id: judge(answerable, ben, case_id, "reject"),
            ]
        )
        lost = [result for result in results if isinstance(result, AnswerableError)]
        assert len(lost) == 1, results
        assert isinstance(lost[0], Conflict)
        assert "Ada" in lost[0].detail or "Ben" in lost[0].detail, "the loser learns who won"
        with answerable.database.read() as session:
            (verdict,) = session.execute(
                sa.select(Verdict).where(Verdict.case_id == case_id)
            ).scalars()
            decision = session.get_one(Decision, verdict.decision_id)
            told = session.execute(
                sa.select(sa.func.count())
                .select_from(LogRecord)
                .where(LogRecord.decision_id == decision.id, LogRecord.kind == "verdict.given")
            ).scalar_one()
        assert verdict.decides
        assert decision.status == {"approve": "approved", "reject": "rejected"}[verdict.verdict]
        assert told == 1


def test_people_who_ask_for_the_next_case_at_once_get_different_ones(answerable, at_scale):
    publish(answerable, POLICY)
    shop = app(answerable)
    people = [person(answerable, name, queues=(QUEUE,)) for name in ("Ada", "Ben")]
    for _ in range(at_scale(50)):
        cases = {waiting(answerable, shop) for _ in people}

        def take(who: Actor) -> str | None:
            with answerable.work(who) as work:
                view = service.next_case(work)
                return None if view is None else view.id

        got = at_once([lambda who=who: take(who) for who in people])
        assert set(got) == cases
        for who, case_id in zip(people, got, strict=True):
            with answerable.work(who) as work:
                service.give_verdict(work, case_id, verdict="approve")


def test_two_sign_offs_at_once_decide_together_and_only_once(answerable, at_scale):
    publish(answerable, BY_TWO)
    shop = app(answerable)
    ada, ben = (person(answerable, name, queues=(QUEUE,)) for name in ("Ada", "Ben"))
    for _ in range(at_scale(50)):
        case_id = waiting(answerable, shop)

        def sign(who: Actor, case_id: str = case_id) -> object:
            for _ in range(200):
                try:
                    return judge(answerable, who, case_id, "approve")
                except Conflict:
                    continue
            pytest.fail("never had the case")

        at_once([lambda who=who: sign(who) for who in (ada, ben)])
        with answerable.database.read() as session:
            rows = session.execute(sa.select(Verdict).where(Verdict.case_id == case_id)).scalars()
            assert sorted(row.decides for row in rows) == [False, True]


def test_withdrawing_and_deciding_at_once_leave_one_of_the_two(answerable, at_scale):
    publish(answerable, POLICY)
    shop = app(answerable)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    for _ in range(at_scale(50)):
        case_id = waiting(answerable, shop)
        with answerable.work(ada) as work:
            decision_id = service.claim(work, case_id).decision.id

        def decide(case_id: str = case_id) -> object:
            with answerable.work(ada) as work:
                return service.give_verdict(work, case_id, verdict="approve")

        def withdraw(decision_id: str = decision_id) -> object:
            with answerable.work(shop) as work:
                return decisions.withdraw(work, decision_id)

        results = at_once([decide, withdraw])
        assert sum(isinstance(result, AnswerableError) for result in results) == 1, results
        with answerable.database.read() as session:
            decision = session.get_one(Decision, decision_id)
            case = session.get_one(Case, case_id)
        won = "approved" if isinstance(results[1], AnswerableError) else "withdrawn"
        assert decision.status == won
        assert case.status == {"approved": "decided", "withdrawn": "closed"}[won]


def test_the_clock_in_two_workers_moves_each_case_on_once(answerable, clock, at_scale):
    publish(answerable, POLICY.replace("escalate_to: sales-leads, ", ""))
    shop = app(answerable)
    count = at_scale(100)
    for _ in range(count):
        waiting(answerable, shop)
    clock.advance(hours=4)
    moved = at_once([lambda: overdue.run(answerable)] * 3)
    assert sum(moved) == count
    with answerable.database.read() as session:
        lapsed = session.execute(
            sa.select(sa.func.count()).select_from(LogRecord).where(LogRecord.kind == "case.lapsed")
        ).scalar_one()
    assert lapsed == count
