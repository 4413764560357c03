"""Where a person's own judgement comes first, no door tells them what was proposed until it is given; on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import Actor
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import CaseClosed, ClaimedByAnother, Conflict, InvalidInput, NotClaimed
from governance.explanations import service as explanations
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.reporting import filters, ledger
from governance.reviews import judging, service
from governance.reviews.models import Case, Judgement
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request, unsure

FIRST = POLICY.replace("undo: 10s", "undo: 10s\n  judge_first: 1")


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, FIRST)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def ben(answerable: Answerable) -> Actor:
    return person(answerable, "Ben", queues=(QUEUE,))


def waiting(answerable: Answerable, shop: Actor, **changes) -> str:
    made = decisions.ask(answerable, shop, Asked(request=unsure(**changes)))
    assert made.case_id is not None
    return made.case_id


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def seen(answerable: Answerable, who: Actor, case_id: str) -> dict[str, object]:
    """Return all that somebody can see of a case and its decision, door by door."""
    with answerable.look(who) as work:
        decision_id = work.session.get_one(Case, case_id).decision_id
        view = service.case_view(work, case_id)
        # The policy is the same for all cases, and everybody may read it.
        found: dict[str, object] = {
            "case": [getattr(view, name) for name in view.__slots__ if name not in _OF_ALL],
            "decision": decisions.get(work, decision_id),
            "story": explanations.story(work, decision_id),
            "list": [
                [getattr(one, name) for name in one.__slots__ if name not in _OF_ALL]
                for one in service.list_cases(work).cases
            ],
            "search": decisions.search(work).decisions,
            "ledger": ledger.search(work, filters.Filters()).rows,
        }
        for audience in ("subject", "reviewer"):
            try:
                found[audience] = explanations.explain(work, decision_id, audience=audience)
            except Conflict as refused:
                found[audience] = refused.detail
    return found


_OF_ALL = frozenset({"policy", "changes"})


def test_no_door_tells_the_proposal_before_the_own_judgement_and_each_does_after_it(
    answerable, shop, ada
):
    case_id = waiting(answerable, shop)
    for door, told in seen(answerable, ada, case_id).items():
        for secret in ("offer_discount", "0.5", "Offer a discount", "confidence_below"):
            assert secret not in repr(told), door
    do(answerable, ada, service.claim, case_id)
    for door, told in seen(answerable, ada, case_id).items():
        assert "offer_discount" not in repr(told), door
    view = do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    assert (view.judgement, view.decision.proposed_outcome) == ("no_offer", "offer_discount")
    told_now = seen(answerable, ada, case_id)
    # The explanation for the subject tells nothing of a proposal while a person decides.
    for door in told_now.keys() - {"subject", "reviewer"}:
        assert "offer_discount" in repr(told_now[door]), door
    assert "Offer a discount" in repr(told_now["reviewer"])


def test_what_could_be_changed_to_does_not_give_the_proposal_away(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    with answerable.look(ada) as work:
        view = service.case_view(work, case_id)
    assert list(view.changes) == ["offer_discount", "offer_gift", "no_offer"]
    assert view.approvable


def test_rules_that_look_at_the_proposal_are_told_after_the_judgement_and_others_before(
    answerable, shop, ada
):
    big = waiting(
        answerable,
        shop,
        features={"tenure_months": 3, "monthly_charges": 120, "contract": "month-to-month"},
        person_requested=True,
    )
    with answerable.look(ada) as work:
        codes = [one.code for one in service.case_view(work, big).decision.reasons]
    assert codes == ["person_requested"]
    do(answerable, ada, service.claim, big)
    view = do(answerable, ada, judging.judge, big, outcome="no_offer")
    assert [one.rule for one in view.decision.reasons if one.code == "rule_matched"] == [
        "big-discount"
    ]


def test_a_verdict_needs_the_judgement_first_and_then_goes_on_as_ever(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    do(answerable, ada, service.claim, case_id)
    with pytest.raises(Conflict, match="Say first"):
        do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    decided = do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    assert decided.status == "decided"
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_a_judgement_stays_as_it_was_given(answerable, shop, ada, ben):
    case_id = waiting(answerable, shop)
    with pytest.raises(NotClaimed):
        do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    do(answerable, ada, service.claim, case_id)
    with pytest.raises(InvalidInput):
        do(answerable, ada, judging.judge, case_id, outcome="a pony")
    do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    with pytest.raises(Conflict, match="cannot be changed"):
        do(answerable, ada, judging.judge, case_id, outcome="offer_gift")
    with pytest.raises(ClaimedByAnother):
        do(answerable, ben, judging.judge, case_id, outcome="offer_gift")
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    do(answerable, ada, service.undo, case_id)
    with pytest.raises(Conflict, match="cannot be changed"):
        do(answerable, ada, judging.judge, case_id, outcome="offer_gift")
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    with pytest.raises(CaseClosed):
        do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    with answerable.database.read() as session:
        (row,) = session.execute(sa.select(Judgement)).scalars()
    assert (row.person_id, row.outcome) == (ada.id, "no_offer")


def test_others_are_not_told_what_one_judged_while_the_case_is_open(answerable, shop, ada, ben):
    case_id = waiting(answerable, shop)
    do(answerable, ada, service.claim, case_id)
    do(answerable, ada, judging.judge, case_id, outcome="offer_gift")
    with answerable.look(ben) as work:
        view = service.case_view(work, case_id)
        assert "judgement.given" not in [event.kind for event in view.history]
        assert view.decision.withheld, "Ben has not judged it himself"


def test_an_app_and_an_auditor_see_the_proposal_as_ever(answerable, shop, ada):
    case_id = waiting(answerable, shop)
    for who in (shop, person(answerable, "Cleo")):
        with answerable.look(who) as work:
            row = work.session.get_one(Case, case_id)
            assert decisions.get(work, row.decision_id).proposed_outcome == "offer_discount"


def test_once_a_case_is_closed_nothing_of_it_is_withheld(answerable, clock, shop, ada, ben):
    case_id = waiting(answerable, shop)
    do(answerable, ada, service.claim, case_id)
    do(answerable, ada, judging.judge, case_id, outcome="no_offer")
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    clock.advance(seconds=10)
    with answerable.look(ben) as work:
        assert not service.case_view(work, case_id).decision.withheld


def test_a_share_of_the_cases_is_drawn_and_what_is_drawn_stays_in_the_entry(answerable, ada):
    publish(answerable, POLICY.replace("undo: 10s", "undo: 10s\n  judge_first: 0.3"))
    shop = app(answerable)
    asked = [Asked(request=unsure(sequence=number)) for number in range(200)]
    decisions.ask_many(answerable, shop, asked)
    with answerable.database.read() as session:
        drawn = list(session.execute(sa.select(Case.judge_first)).scalars())
    # Within five standard deviations of the share.
    assert 60 - 33 < sum(drawn) < 60 + 33
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]
    with answerable.database.write() as session:
        session.execute(sa.update(Case).values(judge_first=sa.not_(Case.judge_first)))
    found = [one for one in verify(answerable).findings if "judge_first" in one.what]
    assert len(found) == 200


def test_high_stakes_and_rules_that_say_so_ask_for_the_judgement_always(answerable, ada):
    shop = app(answerable)
    for text, features, first in (
        (POLICY.replace("owner: sales-managers", "owner: sales-managers\nstakes: high"), 50, True),
        (POLICY.replace("sensitive: true", "sensitive: true\n    judge_first: true"), 120, True),
        (POLICY.replace("sensitive: true", "sensitive: true\n    judge_first: true"), 50, False),
        (POLICY, 50, False),
    ):
        publish(answerable, text)
        made = decisions.ask(
            answerable,
            shop,
            Asked(
                request=unsure(
                    features={
                        "tenure_months": 3,
                        "monthly_charges": features,
                        "contract": "month-to-month",
                    }
                )
            ),
        )
        with answerable.database.read() as session:
            assert session.get_one(Case, made.case_id).judge_first is first


def test_what_is_released_asks_nobody(answerable, shop):
    released = decisions.ask(answerable, shop, Asked(request=request()))
    assert (released.status, released.case_id) == ("released", None)
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord).where(LogRecord.kind == "judgement.given"))
        assert list(rows.scalars()) == []
    assert released.point == POINT
