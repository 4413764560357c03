"""What a policy masks stays from reviewers in every door, until they reveal it with a reason; on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from governance.actors import Actor
from governance.appeals import service as appeals
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.masking import PACKET as PACKET_NAME
from governance.decisions.masking import REVEALED_FOR
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, Stale
from governance.explanations import service as explanations
from governance.ledger.models import LogRecord
from governance.reviews import handling, judging, service
from governance.reviews.models import Case
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request

NAME, STREET = "Canary Nakamura", "Canary Lane 7"
MASKING = POLICY.replace(
    "  message: {type: string, required: false, label: {en: Message}}\n",
    "  message: {type: string, required: false, mask: true, label: {en: Message}}\n"
    "  street: {type: string, required: false, proxy: true, label: {en: Street}}\n",
).replace(
    "rules:\n",
    """\
rules:
  - {name: far-away, when: 'has(features.street) && features.street == "nowhere"', then: review}
  - {name: on-the-lane, when: 'has(features.street) && features.street == "Canary Lane 7"', then: review}
""",
)


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, MASKING)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def case_id(answerable: Answerable, shop: Actor) -> str:
    made = decisions.ask(
        answerable,
        shop,
        Asked(
            request=request(
                features={
                    "tenure_months": 3,
                    "monthly_charges": 89.5,
                    "contract": "month-to-month",
                    "message": f"I am {NAME}",
                    "street": STREET,
                },
                metadata={"customer": NAME},
                proposal={
                    "outcome": "offer_discount",
                    "confidence": 0.5,
                    "reasons": [
                        {"feature": "street", "contribution": -0.9},
                        {"feature": "message", "contribution": 0.3},
                        {"feature": "tenure_months", "contribution": 0.2},
                    ],
                },
            )
        ),
    )
    assert made.case_id is not None
    return made.case_id


def doors(answerable: Answerable, who: Actor, case_id: str) -> dict[str, object]:
    """Return what somebody sees of a case and its decision, wherever they may look."""
    with answerable.look(who) as work:
        decision_id = work.session.get_one(Case, case_id).decision_id
        seen: dict[str, object] = {"decision": decisions.get(work, decision_id)}
        for audience in ("subject", "reviewer", "auditor"):
            try:
                seen[audience] = explanations.explain(work, decision_id, audience=audience)
            except NotAllowed:
                continue
        seen["story"] = explanations.story(work, decision_id)
        if who.queues:
            seen["case"] = service.case_view(work, case_id)
            seen["list"] = service.list_cases(work).cases
    return seen


def test_a_reviewer_sees_neither_what_is_masked_nor_which_way_a_proxy_spoke(
    answerable, ada, case_id
):
    # The policy's own text names the values that its rules ask for, and everybody may read policies.
    for door, seen in doors(answerable, ada, case_id).items():
        told = (
            repr(seen).replace(repr(MASKING), "").replace('features.street == "Canary Lane 7"', "")
        )
        assert NAME not in told, door
        assert STREET not in told, door
    with answerable.look(ada) as work:
        view = service.case_view(work, case_id)
    assert view.decision.masked == ["message", "street"]
    assert set(view.decision.features) == {"tenure_months", "monthly_charges", "contract"}
    assert [reason["feature"] for reason in view.decision.proposal_reasons] == [
        "message",
        "tenure_months",
    ]
    assert view.decision.metadata == {}


def test_of_rules_about_masked_facts_only_those_are_told_that_brought_the_case_here(
    answerable, ada, case_id
):
    trace = doors(answerable, ada, case_id)["decision"].trace
    rules = {step["rule"]: step["looked_at"] for step in trace["trace"]}
    assert "far-away" not in rules
    assert rules["on-the-lane"] == {}
    assert rules["big-discount"] != {}


def test_the_app_the_auditor_and_the_log_see_and_verify_all_of_it(answerable, shop, ada, case_id):
    for who in (shop, person(answerable, "Cleo")):
        view = doors(answerable, who, case_id)["decision"]
        assert (view.features["street"], view.metadata["customer"]) == (STREET, NAME)
        assert view.masked == ()


def test_a_reveal_shows_what_was_asked_for_to_that_person_for_hours_and_is_in_the_log(
    answerable, clock, ada, case_id
):
    ben = person(answerable, "Ben", queues=(QUEUE,))
    with answerable.work(ada) as work:
        view = handling.reveal(
            work, case_id, facts=["message"], reason="canary: the text is what matters"
        )
    assert view.decision.features["message"] == f"I am {NAME}"
    assert view.decision.masked == ["street"]
    assert doors(answerable, ben, case_id)["case"].decision.masked == ["message", "street"]
    with answerable.database.read() as session:
        (row,) = session.execute(
            sa.select(LogRecord).where(LogRecord.kind == "facts.revealed")
        ).scalars()
    entry = parse(row.entry)
    assert entry["data"] == {"facts": ["message"]}
    assert entry["actor"]["ref"] == ada.id
    assert "canary" not in json.dumps(entry)
    (step,) = [one for one in doors(answerable, ben, case_id)["story"] if one.kind == "revealed"]
    assert step.reason == "canary: the text is what matters"
    clock.advance(seconds=(REVEALED_FOR - timedelta(seconds=1)).total_seconds())
    assert doors(answerable, ada, case_id)["case"].decision.masked == ["street"]
    clock.advance(seconds=1)
    assert doors(answerable, ada, case_id)["case"].decision.masked == ["message", "street"]


def test_a_reveal_takes_a_masked_fact_a_reason_and_the_case_as_it_was_read(
    answerable, shop, ada, case_id
):
    for wrong in (
        {"facts": [], "reason": "x"},
        {"facts": ["contract"], "reason": "x"},
        {"facts": ["message", "contract"], "reason": "x"},
        {"facts": ["message"], "reason": "  "},
    ):
        with pytest.raises(InvalidInput), answerable.work(ada) as work:
            handling.reveal(work, case_id, **wrong)
    with pytest.raises(Stale), answerable.work(ada) as work:
        handling.reveal(work, case_id, facts=["message"], reason="x", revision=99)
    for who in (shop, person(answerable, "Cleo")):
        with pytest.raises(NotAllowed), answerable.work(who) as work:
            handling.reveal(work, case_id, facts=["message"], reason="x")
    with answerable.work(ada) as work:
        handling.reveal(work, case_id, facts=["message", "street"], reason="x")
    with pytest.raises(InvalidInput, match="revealed all"), answerable.work(ada) as work:
        handling.reveal(work, case_id, facts=["message"], reason="x")


def test_what_the_app_tells_later_is_masked_alike(answerable, shop, ada, case_id):
    with answerable.work(ada) as work:
        service.claim(work, case_id)
        handling.ask(work, case_id, words="Where does she live?")
    with answerable.look(shop) as work:
        row = work.session.get_one(Case, case_id)
        question = decisions.get(work, row.decision_id).question
    with answerable.work(shop) as work:
        handling.inform(
            work,
            case_id,
            question=question.id,
            words=None,
            facts={"street": STREET, "orders": 12},
        )
    with answerable.look(ada) as work:
        assert dict(service.case_view(work, case_id).messages[-1].facts) == {"orders": 12}


def test_what_the_person_says_is_wrong_is_masked_alike_until_it_is_revealed(
    answerable, shop, ada, case_id
):
    with answerable.work(ada) as work:
        service.claim(work, case_id)
        service.give_verdict(work, case_id, verdict="approve")
        decision_id = work.session.get_one(Case, case_id).decision_id
    answerable.clock.advance(seconds=10)
    with answerable.work(shop) as work:
        opened = appeals.open_appeal(
            work,
            decision_id,
            words="It is wrong.",
            corrections={"street": STREET, "tenure_months": 30},
        )
    ben = person(answerable, "Ben", queues=(QUEUE,))
    with answerable.look(ben) as work:
        told = appeals.appeal_case(work, opened.case_id)
        assert STREET not in repr(service.case_view(work, opened.case_id).decision.features)
    assert dict(told.appeal.corrections) == {"tenure_months": 30}
    with answerable.work(ben) as work:
        handling.reveal(work, opened.case_id, facts=["street"], reason="It is about the street.")
    with answerable.look(ben) as work:
        told = appeals.appeal_case(work, opened.case_id)
    assert dict(told.appeal.corrections) == {"street": STREET, "tenure_months": 30}


PACKET = {
    "transcript": [
        {"from": "customer", "text": f"I am {NAME}."},
        {"from": "bot", "text": "Canary: I would offer a discount."},
    ],
    "tried": ["Canary: looked the contract up."],
    "stopped_because": "Canary: asked twice.",
    "draft": "Canary: you get a discount.",
}


def handed_over(answerable: Answerable, shop: Actor):
    return decisions.ask(
        answerable,
        shop,
        Asked(
            request=request(
                proposal={"outcome": "offer_discount", "confidence": 0.5}, hand_over=PACKET
            )
        ),
    )


def test_what_a_chat_handed_over_is_masked_where_anything_is_and_revealed_like_a_fact(
    answerable, shop, ada
):
    made = handed_over(answerable, shop)
    seen = repr(doors(answerable, ada, made.case_id))
    assert NAME not in seen
    assert "Canary:" not in seen
    with answerable.look(ada) as work:
        assert service.case_view(work, made.case_id).decision.masked == [PACKET_NAME]
    with answerable.work(ada) as work:
        view = handling.reveal(
            work, made.case_id, facts=[PACKET_NAME], reason="the words are what matters"
        )
    assert view.decision.hand_over == PACKET


def test_what_a_chat_handed_over_is_for_people_alone_and_in_no_explanation(answerable, ada):
    publish(answerable, POLICY)
    shop = app(answerable)
    made = handed_over(answerable, shop)
    for who in (shop, ada, person(answerable, "Cleo")):
        seen = doors(answerable, who, made.case_id)
        told = seen.pop("decision").hand_over
        assert told == (None if who is shop else PACKET)
        seen.pop("case", None)
        assert "Canary" not in repr(seen), who.name


def test_before_a_judgement_that_comes_first_only_what_people_said_is_shown(answerable, ada):
    publish(answerable, POLICY.replace("  undo: 10s\n", "  undo: 10s\n  judge_first: 1\n"))
    made = handed_over(answerable, app(answerable))
    with answerable.work(ada) as work:
        service.claim(work, made.case_id)
        seen = service.case_view(work, made.case_id).decision.hand_over
        assert seen == {"transcript": [PACKET["transcript"][0]]}
        after = judging.judge(work, made.case_id, outcome="no_offer")
    assert after.decision.hand_over == PACKET
