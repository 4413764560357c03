"""Known cases: who makes them, to whom they are served, what ends them, and that verifying finds what was changed; on both databases."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.decisions.sight import ALL
from governance.errors import Conflict, InvalidInput, NotAllowed
from governance.gold import service as making
from governance.gold.models import GoldCase, GoldServing
from governance.gold.service import Because
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.reviews import gold, handling, service
from governance.reviews.models import Case
from governance.subjects.models import PayloadRow, SubjectKeyRow, VaultRow
from governance.truth import service as truth
from tests import accounts, known
from tests.people import app, person, publish
from tests.retention import POINT, QUEUE, request, unsure


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, known.HALF)
    return app(answerable)


@pytest.fixture
def ben(answerable: Answerable, shop: Actor) -> Actor:
    """Ben decides what known cases are made of."""
    return person(answerable, "Ben", queues=(QUEUE,))


@pytest.fixture
def source(answerable: Answerable, clock, shop: Actor, ben: Actor) -> str:
    return known.resolved(answerable, clock, shop, ben)


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def join(answerable: Answerable, name: str) -> Actor:
    return accounts.join(answerable, name, "manager", queues=[QUEUE])


def ask(answerable: Answerable, shop: Actor) -> None:
    decisions.ask(answerable, shop, Asked(request=unsure(subject={"ref": "cust-1000"})))


def purpose_of(answerable: Answerable, case_id: str) -> str:
    with answerable.database.read() as session:
        query = sa.select(Case.purpose).where(Case.id == case_id)
        return session.execute(query, execution_options=ALL).scalar_one()


def given(answerable: Answerable, shop: Actor, who: Actor, count: int = 6) -> list[str]:
    """Let somebody approve their next cases; return what each was for."""
    found = []
    for _ in range(count):
        ask(answerable, shop)
        case = known.next_of(answerable, who)
        assert case is not None
        found.append(purpose_of(answerable, case.id))
        do(answerable, who, service.give_verdict, case.id, verdict="approve")
    return found


def first(answerable: Answerable, shop: Actor, who: Actor):
    """Return the first known case that somebody is given, which they hold."""
    while True:
        ask(answerable, shop)
        case = known.next_of(answerable, who)
        assert case is not None
        if purpose_of(answerable, case.id) == "gold":
            return case
        do(answerable, who, service.give_verdict, case.id, verdict="approve")


def test_a_known_case_is_made_of_what_a_person_decided_for_good(
    answerable, clock, shop, ben, source
):
    released = decisions.ask(answerable, shop, Asked(request=request()))
    waiting = decisions.ask(answerable, shop, Asked(request=unsure()))
    cleo = person(answerable, "Cleo")
    for other in (released.id, waiting.id):
        with pytest.raises(Conflict, match="decided for good"):
            do(answerable, cleo, making.make, str(other), answer="no_offer", note="So it is.")
    with pytest.raises(InvalidInput, match="no_offer"):
        known.make(answerable, source, answer="a_pony")
    with pytest.raises(NotAllowed):
        do(answerable, ben, making.make, source, answer="no_offer", note="So it is.")
    suggested = do(answerable, known.lead(answerable), making.suggestions)
    assert [(one.decision_id, one.because) for one in suggested] == [(source, Because.CHANGED)]
    do(answerable, ben, truth.report_truth, source, outcome=known.RIGHT)
    suggested = do(answerable, known.lead(answerable), making.suggestions, point=POINT)
    assert [one.because for one in suggested] == [Because.TRUTH]
    made = known.make(answerable, source)
    assert (made.mistake, made.served, made.secret) == (True, 0, False)
    with pytest.raises(Conflict, match="already"):
        known.make(answerable, source)
    assert do(answerable, known.lead(answerable), making.suggestions) == []
    assert do(answerable, known.lead(answerable), making.list_gold) == [made]
    retired = do(answerable, known.lead(answerable), making.retire, made.id)
    assert retired.retired_at == clock.now()


def test_each_block_holds_one_while_there_are_some_and_nobody_gets_one_twice(
    answerable, clock, shop, ben, source
):
    known.make(answerable, source)
    second = known.resolved(answerable, clock, shop, ben, subject={"ref": "cust-4712"})
    known.make(answerable, second)
    ada = join(answerable, "Ada")
    found = given(answerable, shop, ada)
    assert [sorted(found[at : at + 2]) for at in (0, 2, 4)] == [
        ["decide", "gold"],
        ["decide", "gold"],
        ["decide", "decide"],
    ]
    with answerable.database.read() as session:
        sources = session.execute(sa.select(GoldServing.gold_case_id)).scalars().all()
    assert len(set(sources)) == len(sources) == 2
    # Whoever decided it, or made it, knows it.
    assert set(given(answerable, shop, ben, 4)) == {"decide"}
    # A second person gets theirs at places of their own, and nobody a retired one.
    with answerable.look(known.lead(answerable)) as work:
        listed = making.list_gold(work)
    assert [(one.served, one.secret) for one in listed] == [(1, False)] * 2
    for one in listed:
        do(answerable, known.lead(answerable), making.retire, one.id)
    assert set(given(answerable, shop, join(answerable, "Eve"), 4)) == {"decide"}


def test_places_are_drawn_evenly_and_a_hundred_and_twenty_reviews_hold_six(answerable, shop):
    places = []
    for block in range(6):
        with answerable.look(join(answerable, f"P{block}")) as work:
            places += [gold.place_in(work, POINT, one, 20) for one in range(200)]
    assert set(places) == set(range(20))
    assert all(30 < places.count(place) < 95 for place in range(20))


def test_who_may_be_given_a_known_case_is_not_told_what_it_is(answerable, clock, shop, ben, source):
    made = known.make(answerable, source)
    ada = accounts.join(answerable, "Ada", "manager", "publisher", queues=[QUEUE])
    (listed,) = do(answerable, ada, making.list_gold)
    assert (listed.secret, listed.decision_id, listed.answer, listed.note) == (True, *[None] * 3)
    case = first(answerable, shop, ada)
    do(answerable, known.lead(answerable), making.retire, made.id)
    assert do(answerable, ada, making.list_gold)[0].secret
    do(answerable, ada, service.give_verdict, case.id, verdict="approve")
    clock.advance(seconds=11)
    (listed,) = do(answerable, ada, making.list_gold)
    assert (listed.secret, listed.answer, listed.decided) == (False, known.RIGHT, 1)


def test_what_would_move_it_away_ends_it_and_says_so(answerable, clock, shop, ben, source):
    known.make(answerable, source)
    colleague = join(answerable, "Col")
    moves = {
        "Ada": lambda work, case: handling.skip(work, case.id, reason="no_time"),
        "Bea": lambda work, case: handling.put_off(
            work, case.id, until=work.now + timedelta(hours=1)
        ),
        "Cem": lambda work, case: handling.hand_over(work, case.id, to=colleague.id),
        "Dan": lambda work, case: handling.ask(work, case.id, words="How long a customer?"),
        "Eva": lambda work, case: service.escalate(work, case.id, reason="For the leads."),
    }
    for name, move in moves.items():
        who = join(answerable, name)
        case = first(answerable, shop, who)
        ended = do(answerable, who, move, case)
        assert (ended.purpose, ended.status) == ("gold", "closed"), name
        told = do(answerable, who, service.case_view, case.id).known
        assert (told.said, told.answer) == (None, known.RIGHT), name
        assert do(answerable, who, gold.results).cases == []
        # It had its place; nothing comes in its stead in this block.
        again = known.next_of(answerable, who)
        assert again is None or purpose_of(answerable, again.id) == "decide"
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_one_that_is_let_go_waits_a_day_for_its_person_alone(answerable, clock, shop, ben, source):
    known.make(answerable, source)
    ada = join(answerable, "Ada")
    case = first(answerable, shop, ada)
    with answerable.database.write() as session:
        late = {"due_at": clock.now() + timedelta(days=9)}
        session.execute(sa.update(Case).where(Case.id == case.id).values(**late))
    clock.advance(hours=23)
    assert gold.expire(answerable) == 0
    listed = do(answerable, ada, service.list_cases).cases
    assert case.id in [one.id for one in listed]
    assert do(answerable, ada, service.claim, case.id).lease.mine
    do(answerable, ada, service.release, case.id)
    clock.advance(hours=2)
    assert (gold.expire(answerable), gold.expire(answerable)) == (1, 0)
    assert do(answerable, ada, gold.news) == []
    assert case.id not in [one.id for one in do(answerable, ada, service.list_cases).cases]


def test_it_goes_with_the_person_it_is_copied_from(answerable, clock, shop, ben, source):
    known.make(answerable, source)
    ada = join(answerable, "Ada")
    case = first(answerable, shop, ada)
    assert case.decision.subject_ref not in {None, "cust-4711"}
    assert len(case.decision.subject_ref) == len("cust-4711")
    with answerable.database.write() as session:
        tag = answerable.keys.tag_of("cust-4711")
        keys = sa.select(SubjectKeyRow.id).where(SubjectKeyRow.subject_tag == tag)
        for held in (PayloadRow, VaultRow):
            session.execute(sa.delete(held).where(held.key_id.in_(keys)))
        session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.subject_tag == tag))
    assert do(answerable, ada, service.case_view, case.id).decision.features is None
    # What was erased is given to nobody.
    assert set(given(answerable, shop, join(answerable, "Eve"), 4)) == {"decide"}


def test_verifying_finds_what_was_changed_of_a_known_case(answerable, clock, shop, ben, source):
    made = known.make(answerable, source)
    case = first(answerable, shop, join(answerable, "Ada"))
    drain(answerable)

    def found() -> set[str]:
        told = verify(answerable).findings
        return {
            one.what.partition(" is not")[0]
            for one in told
            if "gold" in one.what or one.decision_id
        }

    assert found() == set()
    changes = (
        (GoldCase, GoldCase.id == made.id, {"answer": known.WRONG}, "gold_cases.answer"),
        (GoldServing, sa.true(), {"block": 7}, "gold_servings.block"),
        (Decision, Decision.id == case.decision.id, {"gold_for": None}, "decisions.gold_for"),
    )
    for model, which, values, _ in changes:
        with answerable.database.write() as session:
            session.execute(sa.update(model).where(which).values(**values))
    assert found() == {where for *_, where in changes}


def test_no_query_on_decisions_or_cases_forgets_them(answerable, clock, shop, ben, source):
    """What a door reads leaves known cases out by itself; here by the words of each statement that is sent."""
    known.make(answerable, source)
    ada = join(answerable, "Ada")
    first(answerable, shop, ada)
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        sent.append(statement)

    sa.event.listen(Engine, "before_cursor_execute", note)
    try:
        with answerable.look(ben) as work:
            decisions.search(work)
            decisions.search(work, subject_ref="cust-4711")
            service.queue_overview(work)
            service.list_cases(work, status="decided")
        with answerable.database.read() as session:
            session.execute(sa.select(sa.func.count()).where(Decision.imported.is_(False)))
            session.execute(sa.select(sa.func.count()).select_from(Case))
            there = sa.select(Case.id).where(Case.decision_id == Decision.id)
            session.execute(sa.select(Decision.id).where(there.exists()))
    finally:
        sa.event.remove(Engine, "before_cursor_execute", note)
    read = [one for one in sent if re.search(r"FROM (decisions|cases)", one)]
    assert len(read) > 6
    for statement in read:
        for table, criterion in (("decisions", "gold_for IS NULL"), ("cases", "purpose !=")):
            asked = len(re.findall(rf"(?:FROM|JOIN) {table}\b", statement))
            served = len(re.findall(r"FROM decisions\s+WHERE decisions\.gold_for = ", statement))
            if table == "cases":
                served = 0
            assert statement.count(criterion) >= asked - served, statement
