"""What stands beside a case: earlier decisions, similar cases, how often such proposals are wrong; on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.application import Answerable
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import NotFound
from governance.reviews import beside, judging, service
from governance.truth import service as truths
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request

LEADS = "sales-leads"
MASKING = POLICY.replace(
    "  contract: {type: string,",
    "  postcode: {type: string, required: false, proxy: true}\n  contract: {type: string,",
)
JUDGED_FIRST = MASKING.replace("  undo: 10s\n", "  undo: 10s\n  judge_first: 1\n")


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, MASKING)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


def ask(
    answerable: Answerable,
    shop: Actor,
    *,
    confidence: float = 0.5,
    ref: str = "cust-4711",
    **features,
):
    facts = {"tenure_months": 3, "monthly_charges": 60.0, "contract": "month-to-month"} | features
    proposal = {"outcome": "offer_discount", "confidence": confidence}
    asked = Asked(request=request(features=facts, proposal=proposal, subject={"ref": ref}))
    return decisions.ask(answerable, shop, asked)


def decided(answerable: Answerable, shop: Actor, who: Actor, verdict: str = "approve", **said):
    made = ask(answerable, shop, **said)
    with answerable.work(who) as work:
        service.claim(work, made.case_id)
        service.give_verdict(work, made.case_id, verdict=verdict, reason="So it is.")
    return made


def look(answerable: Answerable, who: Actor, seen, case_id: str):
    with answerable.look(who) as work:
        return seen(work, case_id)


def test_earlier_decisions_about_the_same_subject_are_told_as_far_as_one_may_see_them(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    ask(answerable, shop, confidence=0.9)  # released into no queue, so it is none of Ada's
    first = decided(answerable, shop, ada, "reject")
    ask(answerable, shop, ref="somebody-else")
    clock.advance(seconds=11)
    waiting = ask(answerable, shop)
    now = ask(answerable, shop)
    told = look(answerable, ada, beside.earlier, now.case_id)
    assert [(one.id, one.status, one.decided_by) for one in told] == [
        (waiting.id, "in_review", None),
        (first.id, "rejected", beside.DecidedBy.PERSON),
    ]
    assert told[1].outcome == "no_offer"


def test_a_verdict_that_can_be_taken_back_is_told_beside_no_case(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    decided(answerable, shop, ada, "reject")
    now = ask(answerable, shop)
    (earlier,) = look(answerable, ada, beside.earlier, now.case_id)
    assert (earlier.status, earlier.outcome) == ("in_review", None)
    assert look(answerable, ada, beside.similar, now.case_id).cases == []
    clock.advance(seconds=11)
    (earlier,) = look(answerable, ada, beside.earlier, now.case_id)
    assert earlier.outcome == "no_offer"
    assert len(look(answerable, ada, beside.similar, now.case_id).cases) == 1


def test_the_most_alike_come_first_with_what_differs_and_what_turned_out_right(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    decided(answerable, shop, ada, tenure_months=90, contract="two-year", ref="a")
    near = decided(answerable, shop, ada, "reject", tenure_months=5, ref="b")
    decided(answerable, shop, ada, ref="c", message="m" * 100)
    with answerable.work(shop) as work:
        truths.report_truth(work, near.id, outcome="offer_gift")
    clock.advance(seconds=11)
    now = ask(answerable, shop)
    told = look(answerable, ada, beside.similar, now.case_id)
    assert told.looked_through == 3
    assert [one.outcome for one in told.cases] == ["offer_discount", "no_offer", "offer_discount"]
    same, second, third = told.cases
    assert same.differs == []  # long texts are not compared
    assert (second.truth, same.truth) == ("offer_gift", None)
    assert [(one.feature, one.here, one.there) for one in second.differs] == [
        ("tenure_months", 3, 5)
    ]
    assert {one.feature for one in third.differs} == {"tenure_months", "contract"}


def test_what_is_masked_makes_no_case_alike_and_is_not_shown(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    decided(answerable, shop, ada, postcode="Canary 1", tenure_months=9, ref="a")
    decided(answerable, shop, ada, postcode="Canary 2", ref="b")
    clock.advance(seconds=11)
    now = ask(answerable, shop, postcode="Canary 1", ref="c")
    told = look(answerable, ada, beside.similar, now.case_id)
    assert [len(one.differs) for one in told.cases] == [0, 1]
    assert "Canary" not in repr(told.cases)


def test_cases_of_queues_that_are_not_ones_own_stand_beside_nothing(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    made = ask(answerable, shop)
    ben = person(answerable, "Ben", queues=(LEADS,))
    for seen in (beside.earlier, beside.similar, beside.wrong_like_this):
        with pytest.raises(NotFound):
            look(answerable, ben, seen, made.case_id)


def counted(answerable: Answerable) -> None:
    while folding.fold(answerable):
        pass


def known(answerable: Answerable, shop: Actor, right: int, wrong: int, confidence: float) -> None:
    for number in range(right + wrong):
        made = ask(answerable, shop, confidence=confidence, ref=f"{confidence}-{number}")
        with answerable.work(shop) as work:
            outcome = "offer_discount" if number < right else "no_offer"
            truths.report_truth(work, made.id, outcome=outcome)
    counted(answerable)


def test_how_often_such_proposals_are_wrong_is_counted_within_the_stretch_of_the_scale(
    answerable: Answerable, clock: SettableClock, shop: Actor, ada: Actor
) -> None:
    known(answerable, shop, 24, 6, 0.55)
    known(answerable, shop, 3, 0, 0.61)
    told = look(
        answerable, ada, beside.wrong_like_this, ask(answerable, shop, confidence=0.5).case_id
    )
    assert (told.known, told.wrong, told.rate) == (30, 6, 0.2)
    # Wilson's interval of 6 of 30 at 95 %, from a table.
    assert (round(told.low, 4), round(told.high, 4)) == (0.0951, 0.3731)
    assert (told.until, told.stale) == (clock.now().date().isoformat(), False)
    few = look(
        answerable, ada, beside.wrong_like_this, ask(answerable, shop, confidence=0.6).case_id
    )
    assert (few.known, few.needed, few.rate, few.low) == (3, 30, None, None)
    clock.advance(days=91)
    old = look(
        answerable, ada, beside.wrong_like_this, ask(answerable, shop, confidence=0.5).case_id
    )
    assert old.stale


def test_where_truth_is_known_of_what_people_saw_alone_the_count_says_so(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    known(answerable, shop, 2, 0, 0.55)
    made = ask(answerable, shop, confidence=0.5)
    assert not look(answerable, ada, beside.wrong_like_this, made.case_id).selective
    ask(answerable, shop, confidence=0.9, ref="released")
    counted(answerable)
    assert look(answerable, ada, beside.wrong_like_this, made.case_id).selective


def test_before_a_judgement_that_comes_first_nothing_says_how_sure_the_machine_is(
    answerable: Answerable, ada: Actor
) -> None:
    publish(answerable, JUDGED_FIRST)
    made = ask(answerable, app(answerable))
    assert look(answerable, ada, beside.wrong_like_this, made.case_id) is None
    with answerable.work(ada) as work:
        service.claim(work, made.case_id)
        judging.judge(work, made.case_id, outcome="no_offer")
    assert look(answerable, ada, beside.wrong_like_this, made.case_id) is not None


def test_the_newest_decided_cases_are_found_by_their_index(
    answerable: Answerable, shop: Actor, ada: Actor
) -> None:
    if answerable.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads small tables whole.")
    with answerable.database.read() as session:
        plan = session.execute(
            sa.text(
                "EXPLAIN QUERY PLAN SELECT id FROM cases WHERE point = 'p' AND status = 'decided' ORDER BY closed_at DESC, id DESC LIMIT 500"
            )
        ).all()
    assert "ix_cases_point_closed" in repr(plan)
    assert "TEMP B-TREE" not in repr(plan)
