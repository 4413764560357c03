"""Known cases for tests: one made of a decided case, and served to somebody as their next one."""

from __future__ import annotations

from dataclasses import replace

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.gold import service as gold
from governance.permissions import Permission
from governance.reviews import service
from tests.people import person
from tests.retention import POLICY, QUEUE, unsure

#: Every second case is a known one, at a place that is drawn.
HALF = POLICY.replace("undo: 10s", "undo: 10s\n  gold: 0.5")
WRONG, RIGHT = "offer_discount", "no_offer"


def lead(answerable: Answerable) -> Actor:
    """Return Pia, who publishes and reads the cases of the queue, without deciding any."""
    pia = person(answerable, "Pia", queues=(QUEUE,))
    return replace(pia, permissions=pia.permissions | {Permission.DECISIONS_READ})


def resolved(answerable: Answerable, clock, shop: Actor, who: Actor, **changes) -> str:
    """Return a decision that a person changed to what is right, for good."""
    made = decisions.ask(answerable, shop, Asked(request=unsure(**changes)))
    with answerable.work(who) as work:
        service.claim(work, str(made.case_id))
    with answerable.work(who) as work:
        service.give_verdict(
            work, str(made.case_id), verdict="change", outcome=RIGHT, reason="Pays late."
        )
    clock.advance(seconds=11)
    return str(made.id)


def make(answerable: Answerable, decision_id: str, *, answer: str = RIGHT) -> gold.GoldView:
    """Make a known case of a decision."""
    with answerable.work(lead(answerable)) as work:
        return gold.make(work, decision_id, answer=answer, note="Late payers get no discount.")


def next_of(answerable: Answerable, who: Actor):
    """Give somebody their next case."""
    with answerable.work(who) as work:
        return service.next_case(work)
