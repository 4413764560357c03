"""What a person does with a case instead of deciding it, and what the app answers, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from governance.actors import Actor
from governance.application import Answerable
from governance.clock import uuid7
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import (
    CaseClosed,
    ClaimedByAnother,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotClaimed,
    NotFound,
    Stale,
)
from governance.explanations import service as explanations
from governance.identities.models import Person
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.reviews import handling, overdue, service
from governance.reviews.models import Case, Skip, Verdict
from governance.reviews.transitions import RESERVED
from governance.reviews.views import MessageKind
from governance.webhooks import service as webhooks
from governance.webhooks.models import WebhookDelivery
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, unsure


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


@pytest.fixture
def ben(answerable: Answerable) -> Actor:
    made = person(answerable, "Ben", queues=(QUEUE,))
    signed_up(answerable)
    return made


def signed_up(answerable: Answerable) -> None:
    """Let everybody so far have a password, as who never came cannot be handed a case."""
    with answerable.database.write() as session:
        session.execute(sa.update(Person).values(password_hash="x"))


def waiting(answerable: Answerable, shop: Actor) -> str:
    made = decisions.ask(answerable, shop, Asked(request=unsure()))
    assert made.case_id is not None
    return made.case_id


def held(answerable: Answerable, shop: Actor, who: Actor) -> str:
    case_id = waiting(answerable, shop)
    do(answerable, who, service.claim, case_id)
    return case_id


def do(answerable: Answerable, who: Actor, act, *arguments, **said):
    with answerable.work(who) as work:
        return act(work, *arguments, **said)


def next_of(answerable: Answerable, who: Actor) -> str | None:
    found = do(answerable, who, service.next_case)
    return None if found is None else found.id


def entry(answerable: Answerable, kind: str) -> dict:
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord).where(LogRecord.kind == kind))
        (row,) = rows.scalars()
        return parse(row.entry)


def view(answerable: Answerable, who: Actor, case_id: str):
    with answerable.look(who) as work:
        return service.case_view(work, case_id)


def question(answerable: Answerable, shop: Actor, case_id: str):
    with answerable.look(shop) as work:
        row = work.session.get_one(Case, case_id)
        return decisions.get(work, row.decision_id).question


# ------------------------------------------------------------------------------------- passing on


def test_a_case_passed_on_comes_to_others_at_once_and_to_the_same_person_after_hours(
    answerable, clock, shop, ada, ben
):
    case_id = held(answerable, shop, ada)
    told = do(answerable, ada, handling.skip, case_id, reason="not_my_field")
    assert told.lease is None
    assert next_of(answerable, ada) is None
    assert next_of(answerable, ben) == case_id
    do(answerable, ben, service.release, case_id)
    clock.advance(hours=8, seconds=1)
    # The case is overdue by then; the clock has not looked yet.
    assert next_of(answerable, ada) == case_id
    assert entry(answerable, "case.skipped")["data"] == {"reason": "not_my_field"}
    with answerable.database.read() as session:
        (row,) = session.execute(sa.select(Skip)).scalars()
        assert (row.case_id, row.person_id, row.reason) == (case_id, ada.id, "not_my_field")


def test_a_person_who_passed_a_case_on_may_still_open_it_from_the_list(answerable, shop, ada):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.skip, case_id, reason="no_time")
    assert do(answerable, ada, service.claim, case_id).lease.mine


def test_passing_on_takes_a_known_reason_and_words_where_it_is_another(answerable, shop, ada):
    case_id = held(answerable, shop, ada)
    for said in (
        {"reason": "bored"},
        {"reason": "other"},
        {"reason": "other", "words": "  "},
        {"reason": "other", "words": "x" * 4001},
    ):
        with pytest.raises(InvalidInput):
            do(answerable, ada, handling.skip, case_id, **said)
    do(answerable, ada, handling.skip, case_id, reason="other", words="canary: a neighbour")
    found = entry(answerable, "case.skipped")
    assert [payload["name"] for payload in found["payload"]] == ["reason"]
    assert "canary" not in str(found)


# ------------------------------------------------------------------------------------- putting off


def test_a_case_put_off_is_handed_to_nobody_until_then(answerable, clock, shop, ada, ben):
    case_id = held(answerable, shop, ada)
    until = clock.now() + timedelta(hours=2)
    told = do(answerable, ada, handling.put_off, case_id, until=until, words="She calls at noon.")
    assert told.sleeps_until == until
    assert next_of(answerable, ben) is None
    with answerable.look(ben) as work:
        (queue,) = service.queue_overview(work).queues
    assert (queue.open, queue.asleep, queue.minutes) == (1, 1, 0)
    clock.advance(hours=2)
    assert next_of(answerable, ben) == case_id
    assert view(answerable, ben, case_id).sleeps_until is None


def test_whoever_opens_a_case_that_is_put_off_wakes_it(answerable, clock, shop, ada, ben):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.put_off, case_id, until=clock.now() + timedelta(hours=2))
    do(answerable, ben, service.claim, case_id)
    do(answerable, ben, service.release, case_id)
    assert next_of(answerable, ada) == case_id


def test_a_case_is_put_off_into_the_future_for_at_most_a_month_and_never_past_its_due_time(
    answerable, clock, shop, ada
):
    case_id = held(answerable, shop, ada)
    for wrong, why in (
        (timedelta(0), "passed already"),
        (timedelta(days=-1), "passed already"),
        (timedelta(hours=4, seconds=1), "due before then"),
        (timedelta(days=31), "at most 30 days"),
    ):
        with pytest.raises(InvalidInput, match=why):
            do(answerable, ada, handling.put_off, case_id, until=clock.now() + wrong)
    do(answerable, ada, handling.put_off, case_id, until=clock.now() + timedelta(hours=4))
    clock.advance(hours=4)
    assert overdue.run(answerable) == 1, "the clock waits for nobody"


# ------------------------------------------------------------------------------------- handing over


def test_a_case_handed_over_is_kept_for_the_colleague_and_comes_first_to_them(
    answerable, clock, shop, ada, ben
):
    older = waiting(answerable, shop)
    clock.advance(minutes=1)
    case_id = held(answerable, shop, ada)
    with answerable.look(ada) as work:
        (colleague,) = handling.colleagues(work, case_id)
    assert colleague.name == "Ben"
    told = do(answerable, ada, handling.hand_over, case_id, to=colleague.id, words="You know her.")
    assert told.reserved.name == "Ben"
    assert not told.reserved.mine
    with pytest.raises(ClaimedByAnother):
        do(answerable, ada, service.claim, case_id)
    assert next_of(answerable, ada) == older
    assert next_of(answerable, ben) == case_id
    assert view(answerable, ben, case_id).reserved is None
    assert entry(answerable, "case.handed_over")["refs"]["to"] == ben.id


def test_after_eight_hours_anybody_may_take_what_was_handed_over(answerable, clock, shop, ada, ben):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.hand_over, case_id, to=ben.id)
    clock.advance(seconds=RESERVED.total_seconds())
    assert next_of(answerable, ada) == case_id


def test_a_case_is_handed_only_to_who_may_decide_it(answerable, shop, ada, ben):
    outsider = person(answerable, "Cleo")
    case_id = held(answerable, shop, ada)
    for to in (ada.id, outsider.id, "nobody", ""):
        with pytest.raises(InvalidInput) as refused:
            do(answerable, ada, handling.hand_over, case_id, to=to)
        assert refused.value.problems[0].pointer == "/to"


def test_a_colleague_who_has_signed_a_case_off_is_not_handed_it_again(answerable, ada, ben):
    publish(answerable, POLICY.replace("undo: 10s", "undo: 10s\n  sign_offs: 2"))
    case_id = held(answerable, app(answerable), ben)
    do(answerable, ben, service.give_verdict, case_id, verdict="approve")
    do(answerable, ada, service.claim, case_id)
    with answerable.look(ada) as work:
        assert handling.colleagues(work, case_id) == []
    with pytest.raises(InvalidInput):
        do(answerable, ada, handling.hand_over, case_id, to=ben.id)


# ------------------------------------------------------------------------------------- saying


def test_comments_are_read_by_those_who_see_the_case_and_by_no_app(
    answerable, clock, shop, ada, ben
):
    case_id = waiting(answerable, shop)
    do(answerable, ben, handling.comment, case_id, words="canary: she rang twice")
    (message,) = view(answerable, ada, case_id).messages
    assert (message.kind, message.by, message.words) == (
        MessageKind.COMMENT,
        "Ben",
        "canary: she rang twice",
    )
    with answerable.database.read() as session:
        for table in (LogRecord, Verdict, Case, Decision):
            for row in session.execute(sa.select(table.__table__)):
                assert b"canary" not in repr(tuple(row)).encode()
    with answerable.look(shop) as work:
        row = work.session.get_one(Case, case_id)
        assert "canary" not in repr(decisions.get(work, row.decision_id))
        assert "canary" not in repr(explanations.story(work, row.decision_id))
    with pytest.raises(InvalidInput):
        do(answerable, ben, handling.comment, case_id, words=" \n")
    with pytest.raises(NotFound):
        do(answerable, replace(ben, queues=frozenset()), handling.comment, case_id, words="x")
    with pytest.raises(NotAllowed):
        do(answerable, person(answerable, "Cleo"), handling.comment, case_id, words="x")


# ------------------------------------------------------------------------------------- asking the app


def test_a_question_goes_to_the_app_and_its_answer_brings_the_case_back(
    answerable, clock, shop, ada, ben
):
    case_id = held(answerable, shop, ada)
    told = do(answerable, ada, handling.ask, case_id, words="Since when is she a customer?")
    assert told.asked
    assert told.sleeps_until == clock.now() + timedelta(hours=4), "not past its due time"
    assert next_of(answerable, ben) is None
    asked = question(answerable, shop, case_id)
    assert asked.words == "Since when is she a customer?"
    do(
        answerable,
        shop,
        handling.inform,
        case_id,
        question=asked.id,
        words="Since 2019.",
        facts={"orders": 12},
    )
    assert question(answerable, shop, case_id) is None
    assert next_of(answerable, ben) == case_id
    messages = view(answerable, ben, case_id).messages
    assert [(one.kind.value, one.by, one.words, dict(one.facts)) for one in messages] == [
        ("question", "Ada", "Since when is she a customer?", {}),
        ("information", "", "Since 2019.", {"orders": 12}),
    ]
    assert entry(answerable, "information.given")["refs"]["question"] == asked.id
    with pytest.raises(Conflict, match="not open"):
        do(answerable, shop, handling.inform, case_id, question=asked.id, words="x", facts=None)


def test_without_an_answer_the_case_comes_back_by_itself_and_the_question_stays_open(
    answerable, clock, shop, ada
):
    case_id = held(answerable, shop, ada)
    until = clock.now() + timedelta(hours=1)
    do(answerable, ada, handling.ask, case_id, words="Which contract?", until=until)
    clock.advance(hours=1)
    assert next_of(answerable, ada) == case_id
    assert question(answerable, shop, case_id) is not None
    with pytest.raises(Conflict, match="open already"):
        do(answerable, ada, handling.ask, case_id, words="And since when?")


def test_an_app_answers_for_its_own_decisions_alone(answerable, clock, shop, ada):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.ask, case_id, words="Which contract?")
    asked = question(answerable, shop, case_id)
    said = {"question": asked.id, "words": "x", "facts": None}
    with pytest.raises(NotFound):
        do(answerable, app(answerable, "stranger"), handling.inform, case_id, **said)
    with pytest.raises(NotAllowed):
        do(
            answerable,
            app(answerable, "reader", scope="decisions:read"),
            handling.inform,
            case_id,
            **said,
        )
    with pytest.raises(NotAllowed):
        do(answerable, ada, handling.inform, case_id, **said)
    with pytest.raises(NotFound):
        do(answerable, shop, handling.inform, uuid7(), **said)
    for nothing in ({"words": None, "facts": {}}, {"words": " ", "facts": None}):
        with pytest.raises(InvalidInput):
            do(answerable, shop, handling.inform, case_id, question=asked.id, **nothing)
    for facts in ({str(n): n for n in range(51)}, {"": 1}, {"a": "x" * 33_000}):
        with pytest.raises(InvalidInput) as refused:
            do(
                answerable,
                shop,
                handling.inform,
                case_id,
                question=asked.id,
                words=None,
                facts=facts,
            )
        assert refused.value.problems[0].pointer == "/facts"


def test_an_answer_that_comes_after_the_verdict_is_refused_and_nothing_is_lost(
    answerable, clock, shop, ada
):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.ask, case_id, words="Which contract?")
    asked = question(answerable, shop, case_id)
    do(answerable, ada, service.claim, case_id)
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    assert question(answerable, shop, case_id) is None, "a decided case asks nothing"
    with pytest.raises(CaseClosed):
        do(answerable, shop, handling.inform, case_id, question=asked.id, words="x", facts=None)


# ------------------------------------------------------------------------------------- all of them


ACTS = {
    "skip": (handling.skip, {"reason": "no_time"}),
    "put_off": (handling.put_off, {}),
    "hand_over": (handling.hand_over, {}),
    "ask": (handling.ask, {"words": "Which contract?"}),
}


@pytest.mark.parametrize("name", ACTS)
def test_each_needs_the_case_in_hand_as_it_was_read(answerable, clock, shop, ada, ben, name):
    act, said = ACTS[name]
    said = dict(said)
    if name == "put_off":
        said["until"] = clock.now() + timedelta(hours=1)
    if name == "hand_over":
        said["to"] = ben.id
    case_id = waiting(answerable, shop)
    with pytest.raises(NotClaimed):
        do(answerable, ada, act, case_id, **said)
    do(answerable, ada, service.claim, case_id)
    with pytest.raises(Stale):
        do(answerable, ada, act, case_id, revision=1, **said)
    if name != "hand_over":
        with pytest.raises(ClaimedByAnother, match="Ada holds this case"):
            do(answerable, ben, act, case_id, **said)
    with pytest.raises(NotAllowed):
        do(answerable, shop, act, case_id, **said)
    told = do(answerable, ada, act, case_id, revision=2, **said)
    assert (told.revision, told.lease) == (3, None)


def test_the_whole_story_tells_of_each_and_the_log_agrees_with_the_rows(
    answerable, clock, shop, ada, ben
):
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.skip, case_id, reason="language")
    do(answerable, ben, service.claim, case_id)
    do(answerable, ben, handling.put_off, case_id, until=clock.now() + timedelta(minutes=5))
    do(answerable, ben, service.claim, case_id)
    do(answerable, ben, handling.hand_over, case_id, to=ada.id)
    do(answerable, ada, service.claim, case_id)
    do(answerable, ada, handling.comment, case_id, words="I ask.")
    do(answerable, ada, handling.ask, case_id, words="Which contract?")
    asked = question(answerable, shop, case_id)
    do(answerable, shop, handling.inform, case_id, question=asked.id, words="Monthly.", facts=None)
    with answerable.look(ada) as work:
        row = work.session.get_one(Case, case_id)
        kinds = [step.kind for step in explanations.story(work, row.decision_id)]
    assert [
        kind for kind in kinds if kind not in {"received", "ruled", "case_opened", "claimed"}
    ] == [
        "skipped",
        "put_off",
        "handed_over",
        "commented",
        "question_asked",
        "information_given",
    ]
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_an_app_that_listens_is_told_that_it_was_asked_and_not_what(answerable, clock, shop, ada):
    with answerable.work(person(answerable, "Anna")) as work:
        webhooks.create_webhook(work, app="shop", url="https://shop.example.com/hooks")
    case_id = held(answerable, shop, ada)
    do(answerable, ada, handling.ask, case_id, words="canary: which contract?")
    with answerable.database.read() as session:
        (delivery,) = session.execute(sa.select(WebhookDelivery)).scalars()
    assert delivery.event == "question.asked"
    told = orjson.loads(delivery.body)["data"]
    assert (told["case"], told["question"]) == (case_id, question(answerable, shop, case_id).id)
    assert "canary" not in delivery.body


def test_a_sign_off_falls_when_something_comes_in_and_others_name_what_they_were_given_on(
    answerable, clock, ada, ben
):
    publish(answerable, POLICY.replace("undo: 10s", "undo: 10s\n  sign_offs: 2"))
    shop = app(answerable)
    case_id = held(answerable, shop, ada)
    do(answerable, ada, service.give_verdict, case_id, verdict="approve")
    do(answerable, ben, service.claim, case_id)
    do(answerable, ben, handling.ask, case_id, words="Which contract?")
    asked = question(answerable, shop, case_id)
    do(answerable, shop, handling.inform, case_id, question=asked.id, words="Monthly.", facts=None)
    assert view(answerable, ben, case_id).sign_offs_given == 0
    for who in (ada, ben):
        do(answerable, who, service.claim, case_id)
        decided = do(answerable, who, service.give_verdict, case_id, verdict="approve")
    assert decided.status == "decided"
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(LogRecord)
            .where(LogRecord.kind == "verdict.given")
            .order_by(LogRecord.recorded_at, LogRecord.id)
        ).scalars()
        first, second, third = (parse(row.entry)["data"]["shown"] for row in rows)
    assert first != second
    assert second == third
    drain(answerable)
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]
