"""Known cases: made of resolved ones, served among the others to one person, and nowhere else; on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.decisions.sight import ALL
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.reviews import gold, service
from governance.reviews.models import Case
from tests import known
from tests.people import app, person, publish
from tests.retention import QUEUE, unsure


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, known.HALF)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def ben(answerable: Answerable) -> Actor:
    return person(answerable, "Ben", queues=(QUEUE,))


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def is_gold(answerable: Answerable, case_id: str) -> bool:
    with answerable.database.read() as session:
        query = sa.select(Case.purpose).where(Case.id == case_id)
        return session.execute(query, execution_options=ALL).scalar_one() == "gold"


def ask(answerable: Answerable, shop: Actor, **changes):
    return decisions.ask(answerable, shop, Asked(request=unsure(**changes)))


def served(answerable: Answerable, clock, shop: Actor, who: Actor, by: Actor):
    """Serve somebody a known case that another decided; real ones wait too."""
    known.make(answerable, known.resolved(answerable, clock, shop, by))
    for _ in range(2):
        ask(answerable, shop, subject={"ref": "cust-1000"})
    while True:
        case = known.next_of(answerable, who)
        assert case is not None
        if is_gold(answerable, case.id):
            return case
        do(answerable, who, service.give_verdict, case.id, verdict="approve")
        clock.advance(seconds=11)
        ask(answerable, shop, subject={"ref": "cust-1000"})


def test_it_is_served(answerable, clock, shop, ada, ben):
    case = served(answerable, clock, shop, ada, ben)
    assert case.purpose == "decide"
    do(answerable, ada, service.give_verdict, case.id, verdict="approve")
    drain(answerable)
    report = verify(answerable)
    assert not [one for one in report.findings if one.decision_id is not None]
    clock.advance(seconds=11)
    found = do(answerable, ada, service.case_view, case.id)
    assert found.purpose == "gold"
    assert do(answerable, ada, gold.results).mistakes == 1
    with answerable.database.read() as session:
        assert (
            session.execute(
                sa.select(sa.func.count()).where(Decision.gold_for.is_not(None))
            ).scalar()
            == 0
        )
