"""Several cases at once: each by the usual rules, and approved together only what is harmless, alike and looked at, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotFound
from governance.identities.models import Person
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.reviews import bulk, handling, service
from governance.reviews.models import Case, Verdict
from tests.accounts import entries
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request, unsure


@pytest.fixture
def shop(answerable):
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def ada(answerable):
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def ben(answerable):
    made = person(answerable, "Ben", queues=(QUEUE,))
    with answerable.database.write() as session:
        session.execute(sa.update(Person).values(password_hash="x"))
    return made


def cases(answerable, shop, count: int, asked=unsure) -> list[str]:
    return [decisions.ask(answerable, shop, Asked(request=asked())).case_id for _ in range(count)]


def sensitive():
    proposal = {"outcome": "offer_discount", "confidence": 0.5}
    features = {"tenure_months": 3, "monthly_charges": 120, "contract": "month-to-month"}
    return request(proposal=proposal, features=features)


def problems(results: Sequence[bulk.BulkResult]) -> list[str | None]:
    return [None if one.problem is None else one.problem.code for one in results]


def begun(answerable, who, ids):
    with answerable.work(who) as work:
        return bulk.begin(work, ids)


def opened(answerable, who, found):
    for case_id in found.drawn:
        with answerable.work(who) as work:
            bulk.open_drawn(work, found.id, case_id)
    return found


def statuses(answerable):
    with answerable.database.read() as session:
        return sorted(session.execute(sa.select(Decision.status)).scalars())


def test_each_case_is_done_by_its_own_rules_and_one_that_does_not_fit_keeps_none_back(
    answerable, shop, ada, ben, clock
):
    free, held, decided = cases(answerable, shop, 3)
    with answerable.work(ben) as work:
        service.claim(work, held)
        service.claim(work, decided)
        service.give_verdict(work, decided, verdict="approve")
    ids = [free, held, decided, "0191f0a0-0000-7000-8000-000000000000"]
    expected = [None, "claimed-by-another", "case-closed", "not-found"]
    until = clock.now() + timedelta(hours=1)
    assert problems(bulk.put_off(answerable, ada, ids, until=until)) == expected
    assert problems(bulk.hand_over(answerable, ada, ids, to=ben.id)) == expected
    assert problems(bulk.escalate(answerable, ada, ids, reason="Big.")) == expected
    with answerable.look(ben) as work:
        row = work.session.get_one(Case, free)
        assert row.first_claimed_at is None, "nobody has looked at it"


def test_no_more_than_25_are_done_at_once(answerable, shop, ada, clock):
    ids = [f"0191f0a0-0000-7000-8000-0000000000{n:02}" for n in range(26)]
    with pytest.raises(InvalidInput, match="At most 25"):
        bulk.put_off(answerable, ada, ids, until=clock.now() + timedelta(hours=1))


def test_alike_cases_are_approved_once_those_drawn_were_opened(answerable, shop, ada):
    ids = cases(answerable, shop, 5)
    found = begun(answerable, ada, ids)
    assert len(set(found.drawn)) == 3
    with pytest.raises(Conflict, match="0 of them are opened"):
        bulk.approve(answerable, ada, found.id)
    other = next(one for one in ids if one not in found.drawn)
    with pytest.raises(NotFound, match="not drawn"), answerable.work(ada) as work:
        bulk.open_drawn(work, found.id, other)
    opened(answerable, ada, found)
    assert problems(bulk.approve(answerable, ada, found.id)) == [None] * 5
    assert statuses(answerable) == ["approved"] * 5
    given = entries(answerable, "verdict.given")
    assert {one["data"]["bulk"] for one in given} == {found.id}
    with answerable.database.read() as session:
        rows = session.execute(sa.select(Verdict.looked_seconds, Verdict.parts_seen)).all()
    assert set(rows) == {(None, None)}, "nobody looked at each, and it counts as such"
    with pytest.raises(Conflict, match="before"):
        bulk.approve(answerable, ada, found.id)
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_all_are_taken_back_in_time_and_wait_in_their_queue_again(answerable, shop, ada, clock):
    found = opened(answerable, ada, begun(answerable, ada, cases(answerable, shop, 3)))
    bulk.approve(answerable, ada, found.id)
    with answerable.look(ada) as work:
        assert bulk.look_at(work, found.id).undo_until is not None
    clock.advance(seconds=5)
    assert problems(bulk.take_back(answerable, ada, found.id)) == [None] * 3
    assert statuses(answerable) == ["in_review"] * 3
    with answerable.look(ada) as work:
        assert service.held(work) is None
        assert bulk.look_at(work, found.id).undo_until is None


def test_too_late_each_verdict_stands(answerable, shop, ada, clock):
    found = opened(answerable, ada, begun(answerable, ada, cases(answerable, shop, 2)))
    bulk.approve(answerable, ada, found.id)
    clock.advance(seconds=11)
    assert problems(bulk.take_back(answerable, ada, found.id)) == ["undo-passed"] * 2
    assert statuses(answerable) == ["approved"] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"sensitive": True},
        {"judge_first": True},
        {"sign_offs": 2},
        {"approvable": False},
    ],
)
def test_a_case_that_is_looked_at_by_itself_is_approved_with_no_others(
    answerable, shop, ada, change
):
    first, second = cases(answerable, shop, 2)
    found = opened(answerable, ada, begun(answerable, ada, [first, second]))
    with answerable.database.write() as session:
        session.execute(sa.update(Case).where(Case.id == second).values(**change))
    with pytest.raises(InvalidInput, match="looked at by itself"):
        begun(answerable, ada, [first, second])
    with pytest.raises(InvalidInput, match="looked at by itself"):
        bulk.approve(answerable, ada, found.id)
    assert statuses(answerable) == ["in_review"] * 2


def test_cases_that_are_not_alike_are_not_approved_together(answerable, shop, ada, ben):
    ids = cases(answerable, shop, 2)
    gift = {"outcome": "offer_gift", "confidence": 0.5}
    other = cases(answerable, shop, 1, lambda: request(proposal=gift))
    with pytest.raises(InvalidInput, match="not alike"):
        begun(answerable, ada, ids + other)
    with answerable.work(ben) as work:
        handling.comment(work, ids[0], words="Look twice.")
    with pytest.raises(InvalidInput, match="something was said"):
        begun(answerable, ada, ids)
    with pytest.raises(InvalidInput, match="looked at by itself"):
        begun(answerable, ada, cases(answerable, shop, 2, sensitive))


def test_policies_of_high_stakes_and_other_peoples_choices_are_left_alone(answerable, ada, ben):
    publish(answerable, POLICY.replace("owner:", "stakes: high\nowner:"))
    shop = app(answerable)
    ids = cases(answerable, shop, 2)
    with answerable.database.write() as session:
        session.execute(sa.update(Case).values(judge_first=False))
    with pytest.raises(InvalidInput, match="looked at by itself"):
        begun(answerable, ada, ids)
    publish(answerable, POLICY)
    found = opened(answerable, ada, begun(answerable, ada, cases(answerable, shop, 2)))
    with pytest.raises(NotFound):
        bulk.approve(answerable, ben, found.id)


def test_after_an_hour_the_cases_are_chosen_anew(answerable, shop, ada, clock):
    found = opened(answerable, ada, begun(answerable, ada, cases(answerable, shop, 2)))
    clock.advance(minutes=61)
    with pytest.raises(Conflict, match="more than an hour ago"):
        bulk.approve(answerable, ada, found.id)
