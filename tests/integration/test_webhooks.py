"""Apps are told what became of their decisions: from the verdict to a real receiver, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from governance.actors import Actor, service
from governance.application import Answerable, open_installation
from governance.clock import rfc3339
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound, UndoPassed
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.operations.status import Part, State, status
from governance.reviews import overdue
from governance.reviews import service as reviews
from governance.reviews.models import Case
from governance.webhooks import delivering, outbox
from governance.webhooks import service as webhooks
from governance.webhooks.delivering import Deliveries
from governance.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from governance.webhooks.transitions import PAUSES, DeliveryState, Event, Stopped
from governance.webhooks.views import DeliveryView, EndpointState, SecretCreated
from governance.worker import Background, clean
from tests import accounts
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.receiver import Receiver, receiving
from tests.retention import POLICY, QUEUE, unsure


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    answerable.settings = replace(
        answerable.settings, webhook_plain_http=True, webhook_private_targets=True
    )
    publish(answerable, POLICY)
    return app(answerable)


@pytest.fixture
def anna(answerable: Answerable) -> Actor:
    return person(answerable, "Anna")


@pytest.fixture
def ada(answerable: Answerable) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE, "sales-leads"))


@pytest.fixture
def made(answerable: Answerable, shop: Actor, anna: Actor, receiver: Receiver) -> SecretCreated:
    """The shop's webhook, with its first secret."""
    with answerable.work(anna) as work:
        return webhooks.create_webhook(work, app="shop", url=receiver.url)


def waiting(answerable: Answerable, shop: Actor) -> str:
    case_id = decisions.ask(answerable, shop, Asked(request=unsure())).case_id
    assert case_id is not None
    return case_id


def judge(answerable: Answerable, who: Actor, case_id: str, verdict: str = "approve", **said):
    with answerable.work(who) as work:
        reviews.claim(work, case_id)
    with answerable.work(who) as work:
        return reviews.give_verdict(work, case_id, verdict=verdict, **said)


def deliver(answerable: Answerable, **options) -> None:
    """Send what is due now, as the worker does."""
    worker = Deliveries(answerable, jitter=lambda: 0.0, **options)
    worker.work()
    worker.wait()


def listed(answerable: Answerable, anna: Actor, made: SecretCreated) -> list[DeliveryView]:
    with answerable.look(anna) as work:
        return list(webhooks.list_deliveries(work, made.webhook.id).deliveries)


def state_of(answerable: Answerable, anna: Actor, made: SecretCreated):
    with answerable.look(anna) as work:
        return webhooks.webhook(work, made.webhook.id)


def try_out(answerable: Answerable, anna: Actor, made: SecretCreated) -> DeliveryView:
    with answerable.work(anna) as work:
        return webhooks.send_test(work, made.webhook.id)


# ------------------------------------------------------------------------------ what is told


def test_a_verdict_is_told_once_it_counts_as_the_app_would_read_it(
    answerable, clock, shop, ada, anna, made, receiver
):
    case = judge(answerable, ada, waiting(answerable, shop))
    deliver(answerable)
    clock.advance(seconds=9)
    deliver(answerable)
    assert receiver.received == [], "while it can be taken back nobody is told"
    clock.advance(seconds=1)
    deliver(answerable)
    deliver(answerable)
    (came,) = receiver.received
    assert came.is_signed_with(made.secret)
    assert int(came.headers["webhook-timestamp"]) == int(clock.now().timestamp())
    with answerable.look(shop) as work:
        seen = decisions.get(work, case.decision.id)
    assert came.content == {
        "type": "decision.resolved",
        "timestamp": rfc3339(clock.now()),
        "data": {
            "id": seen.id,
            "decision_point": seen.point,
            "status": seen.status,
            "outcome": seen.outcome,
            "effective_at": rfc3339(seen.effective_at),
            "links": {"self": f"http://127.0.0.1:8000/api/v1/decisions/{seen.id}"},
        },
    }
    assert (seen.status, seen.outcome) == ("approved", "offer_discount")
    (delivery,) = listed(answerable, anna, made)
    assert (delivery.state, delivery.message_id) == (DeliveryState.DELIVERED, came.message_id)
    (attempt,) = delivery.attempts
    assert (attempt.at, attempt.status, attempt.error) == (clock.now(), 204, None)
    assert attempt.milliseconds is not None


def test_nothing_of_the_subject_is_told(answerable, clock, shop, ada, made, receiver):
    judge(answerable, ada, waiting(answerable, shop), "reject", reason="She was rude to us.")
    clock.advance(seconds=10)
    deliver(answerable)
    (came,) = receiver.received
    for secret in (b"cust-4711", b"89.5", b"month-to-month", b"female", b"rude", b"Ada"):
        assert secret not in came.body
    assert came.content["data"]["status"] == "rejected"


def test_a_verdict_that_was_taken_back_is_never_told_and_the_next_one_is(
    answerable, clock, shop, ada, anna, made, receiver
):
    case = judge(answerable, ada, waiting(answerable, shop))
    clock.advance(seconds=5)
    with answerable.work(ada) as work:
        reviews.undo(work, case.id)
    assert [one.state for one in listed(answerable, anna, made)] == [DeliveryState.CANCELLED]
    clock.advance(hours=1)
    deliver(answerable)
    assert receiver.received == []
    judge(answerable, ada, case.id, "change", outcome="offer_gift", reason="A gift will do.")
    clock.advance(seconds=10)
    deliver(answerable)
    (came,) = receiver.received
    assert came.content["data"]["outcome"] == "offer_gift"


def test_what_is_owed_stands_or_falls_with_the_change(answerable, shop, ada, anna, made):
    case_id = waiting(answerable, shop)
    with answerable.work(ada) as work:
        reviews.claim(work, case_id)

    def decide_and_fail() -> None:
        with answerable.work(ada) as work:
            reviews.give_verdict(work, case_id, verdict="approve")
            (owed,) = work.session.execute(sa.select(WebhookDelivery.state)).scalars()
            assert owed == DeliveryState.WAITING
            raise RuntimeError

    with pytest.raises(RuntimeError):
        decide_and_fail()
    assert listed(answerable, anna, made) == []


def test_a_message_that_is_no_longer_so_is_cancelled_at_sending(
    answerable, clock, shop, ada, anna, made, receiver
):
    case = judge(answerable, ada, waiting(answerable, shop))
    with answerable.database.write() as session:
        # As if somebody had taken it back behind the outbox's back.
        row = session.get_one(Decision, case.decision.id)
        row.status, row.outcome, row.effective_at = "in_review", None, None
    clock.advance(seconds=10)
    deliver(answerable)
    assert receiver.received == []
    assert [one.state for one in listed(answerable, anna, made)] == [DeliveryState.CANCELLED]


def test_the_clock_tells_first_that_it_is_overdue_and_then_what_it_came_to(
    answerable, clock, shop, made, receiver
):
    waiting(answerable, shop)
    clock.advance(hours=4)
    overdue.run(answerable)
    deliver(answerable)
    clock.advance(hours=4)
    overdue.run(answerable)
    deliver(answerable)
    first, second = (came.content for came in receiver.received)
    assert (first["type"], first["data"]["status"]) == ("decision.overdue", "in_review")
    assert (first["data"]["outcome"], first["data"]["effective_at"]) == (None, None)
    assert (second["type"], second["data"]["status"]) == ("decision.resolved", "lapsed")
    assert second["data"]["outcome"] == "no_offer"
    assert second["timestamp"] == rfc3339(clock.now())


def test_a_person_who_escalates_is_no_clock(answerable, shop, ada, anna, made):
    case_id = waiting(answerable, shop)
    with answerable.work(ada) as work:
        reviews.escalate(work, case_id, reason="Beyond me.")
    assert listed(answerable, anna, made) == []


def test_an_app_hears_of_its_own_decisions_of_what_it_chose_and_of_no_seeded_case(
    answerable, clock, shop, ada, anna, made, receiver
):
    other = app(answerable, "crm")
    with answerable.work(anna) as work:
        webhooks.change_webhook(work, made.webhook.id, events=["decision.overdue"])
        second = webhooks.create_webhook(work, app="crm", url=f"{receiver.url}/crm")
    judge(answerable, ada, waiting(answerable, shop))
    judge(answerable, ada, waiting(answerable, other))
    seeded = judge(answerable, ada, waiting(answerable, other))
    with answerable.work(service("tests")) as work:
        case = work.session.get_one(Case, seeded.id)
        case.purpose = "gold"
        outbox.resolved(work, case)
        outbox.overdue(work, case)
        assert len(work.session.execute(sa.select(WebhookDelivery.id)).all()) == 2
    with answerable.database.write() as session:
        session.execute(
            sa.delete(WebhookDelivery).where(WebhookDelivery.decision_id == seeded.decision.id)
        )
    clock.advance(seconds=10)
    deliver(answerable)
    (came,) = receiver.received
    assert came.path == "/hooks/crm"
    assert came.is_signed_with(second.secret)
    assert not came.is_signed_with(made.secret)


def test_two_endpoints_of_an_app_get_one_message_under_one_id(
    answerable, clock, shop, ada, anna, made, receiver
):
    with answerable.work(anna) as work:
        webhooks.create_webhook(work, app="shop", url=f"{receiver.url}/copy")
    judge(answerable, ada, waiting(answerable, shop))
    clock.advance(seconds=10)
    deliver(answerable)
    assert sorted(came.path for came in receiver.received) == ["/hooks", "/hooks/copy"]
    assert len({came.message_id for came in receiver.received}) == 1
    assert len({came.body for came in receiver.received}) == 1


@pytest.mark.parametrize("counts_at_once", [False, True])
def test_a_reversal_is_told_of_the_new_decision_with_the_old_one_named(
    answerable, clock, shop, ada, made, receiver, counts_at_once
):
    old = judge(answerable, ada, waiting(answerable, shop)).decision.id
    new = judge(answerable, ada, waiting(answerable, shop), "reject", reason="Upheld.").decision.id
    clock.advance(seconds=10)
    deliver(answerable)
    with answerable.work(service("tests")) as work:
        row = work.session.get_one(Decision, new)
        if counts_at_once:
            row.effective_at = None
        outbox.reversed_by(work, row, reverses=work.session.get_one(Decision, old))
    deliver(answerable)
    told = receiver.received[-1].content
    assert told["type"] == "decision.reversed"
    assert (told["data"]["id"], told["data"]["reverses"]) == (new, old)
    assert (told["data"]["status"], told["data"]["outcome"]) == ("rejected", "no_offer")
    with answerable.look(shop) as work:
        seen = decisions.get(work, new)
    effective_at = None if seen.effective_at is None else rfc3339(seen.effective_at)
    assert told["data"]["effective_at"] == effective_at
    assert told["timestamp"] == rfc3339(clock.now())


# -------------------------------------------------------------------------------- undo's race


@pytest.fixture
def behind(answerable: Answerable, shop: Actor) -> Iterator[Answerable]:
    """Another process of the installation, whose clock is behind the worker's, so that time alone would let both go through."""
    opened = open_installation(answerable.settings, clock=SettableClock(answerable.clock.now()))
    yield opened
    opened.close()


@pytest.mark.timeout(900)
def test_undoing_and_sending_at_the_same_moment_leave_one_of_the_two(
    answerable, behind, clock, shop, ada, made, receiver, at_scale
):
    for _ in range(at_scale(200)):
        case = judge(behind, ada, waiting(behind, shop))
        clock.set(behind.clock.now() + timedelta(seconds=10))
        receiver.received.clear()
        start = threading.Barrier(2)

        def undo(case_id: str = case.id, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                with behind.work(ada) as work:
                    reviews.undo(work, case_id)
            except UndoPassed:
                return False
            return True

        def send(start: threading.Barrier = start) -> None:
            start.wait()
            deliver(answerable)

        with ThreadPoolExecutor(2) as pool:
            undone, sent = pool.submit(undo), pool.submit(send)
        sent.result()
        deliver(answerable)
        assert len(receiver.received) == (0 if undone.result() else 1), "either undone, or told"
        with answerable.database.read() as session:
            row = session.get_one(Decision, case.decision.id)
            assert row.status == ("in_review" if undone.result() else "approved")
        behind.clock.advance(minutes=20)


def test_what_a_worker_has_begun_to_send_cannot_be_taken_back(
    answerable, clock, shop, ada, made, receiver
):
    case = judge(answerable, ada, waiting(answerable, shop))
    before = clock.now()
    clock.advance(seconds=10)
    deliver(answerable)
    clock.set(before)
    with pytest.raises(UndoPassed, match="being told"), answerable.work(ada) as work:
        reviews.undo(work, case.id)
    with answerable.look(shop) as work:
        row = work.session.get_one(Decision, case.decision.id)
        assert row.status == "approved"


# ---------------------------------------------------------------------------------- delivering


def test_what_fails_is_sent_again_later_and_later_with_the_same_id_and_body(
    answerable, clock, anna, made, receiver
):
    receiver.answers = [500]
    try_out(answerable, anna, made)
    for pause in PAUSES:
        deliver(answerable)
        sent = len(receiver.received)
        clock.advance(seconds=pause.total_seconds() - 1)
        if not _stopped(answerable, anna, made):
            deliver(answerable)
        assert len(receiver.received) == sent, "not a second too early"
        clock.advance(seconds=1)
    with answerable.work(anna) as work:
        # Three days without an arrival have paused it; a person who switches it on again begins anew.
        assert webhooks.webhook(work, made.webhook.id).state is EndpointState.FAILING
    deliver(answerable)
    assert len(receiver.received) == len(PAUSES) + 1
    assert len({(came.message_id, came.body) for came in receiver.received}) == 1
    assert len({came.headers["webhook-timestamp"] for came in receiver.received}) == 10
    assert all(came.is_signed_with(made.secret) for came in receiver.received)
    (delivery,) = listed(answerable, anna, made)
    assert delivery.state is DeliveryState.FAILED
    assert delivery.next_at is None
    assert [attempt.status for attempt in delivery.attempts] == [500] * 10
    assert {attempt.error for attempt in delivery.attempts} == {"The receiver answered 500."}


def _stopped(answerable, anna, made) -> bool:
    return state_of(answerable, anna, made).state is EndpointState.STOPPED


def test_an_endpoint_that_fails_for_days_is_paused_told_of_and_goes_on_when_switched_on(
    answerable, clock, shop, anna, made, receiver
):
    receiver.answers = [500]
    try_out(answerable, anna, made)
    deliver(answerable)
    assert state_of(answerable, anna, made).failing_since == clock.now()
    clock.advance(days=3)
    deliver(answerable)
    view = state_of(answerable, anna, made)
    assert (view.state, view.stopped_why) == (EndpointState.STOPPED, Stopped.FAILING)
    entry = accounts.entries(answerable, "webhook.changed")[-1]
    assert entry["actor"]["ref"] == "worker"
    assert entry["data"]["stopped"] == "failing"
    part = {one.part: one for one in status(answerable, anna)}[Part.WEBHOOKS]
    assert (part.state, part.since) == (State.FAILING, clock.now())
    assert "shop" in part.detail
    assert "switch the webhook on again" in part.todo
    with answerable.look(anna) as work:
        assert webhooks.stopped(work) == 1

    waiting(answerable, shop)
    clock.advance(hours=4)
    overdue.run(answerable)
    deliver(answerable)
    assert len(receiver.received) == 2, "nothing is sent to what is paused ..."
    with pytest.raises(Conflict, match="Switch it on"):
        try_out(answerable, anna, made)
    receiver.answers = [204]
    with answerable.work(anna) as work:
        assert webhooks.change_webhook(work, made.webhook.id, active=True).waiting == 2
    deliver(answerable)
    types = [came.content["type"] for came in receiver.received[2:]]
    assert sorted(types) == ["decision.overdue", "webhook.test"], "... and all of it at once then"
    assert {one.part: one.state for one in status(answerable, anna)}[Part.WEBHOOKS] is State.OK


def test_another_address_is_told_at_once_what_the_old_one_did_not_take(
    answerable, anna, made, receiver
):
    receiver.answers = [500]
    try_out(answerable, anna, made)
    deliver(answerable)
    with receiving() as moved:
        with answerable.work(anna) as work:
            changed = webhooks.change_webhook(work, made.webhook.id, url=moved.url)
        assert (changed.state, changed.failing_since) == (EndpointState.ACTIVE, None)
        deliver(answerable)
        assert [came.message_id for came in moved.received] == [receiver.received[0].message_id]


def test_a_receiver_that_is_gone_is_sent_nothing_more(answerable, clock, anna, made, receiver):
    receiver.answers = [410]
    try_out(answerable, anna, made)
    deliver(answerable)
    view = state_of(answerable, anna, made)
    assert (view.state, view.stopped_why) == (EndpointState.STOPPED, Stopped.GONE)
    clock.advance(days=2)
    deliver(answerable)
    assert len(receiver.received) == 1


def test_an_overloaded_receiver_is_left_alone_with_all_that_is_owed_to_it(
    answerable, clock, anna, made, receiver
):
    receiver.answers = [(429, {"Retry-After": "60"}), 204]
    for _ in range(3):
        try_out(answerable, anna, made)
    deliver(answerable)
    assert len(receiver.received) == 1
    clock.advance(seconds=59)
    deliver(answerable)
    assert len(receiver.received) == 1
    clock.advance(seconds=1)
    deliver(answerable)
    assert len(receiver.received) == 4


def test_a_slow_receiver_holds_nobody_else_up(answerable, clock, shop, anna, made, receiver):
    with receiving() as slow:
        release = threading.Event()
        slow.before_answering = lambda _: release.wait(20) and None
        with answerable.work(anna) as work:
            other = webhooks.create_webhook(work, app="shop", url=slow.url)
        for _ in range(3):
            try_out(answerable, anna, other)
        worker = Deliveries(answerable)
        worker.work()
        for _ in range(5):
            try_out(answerable, anna, made)
        worker.work()
        arrived = threading.Event()
        receiver.before_answering = lambda _: len(receiver.received) == 5 and arrived.set()
        worker.work()
        assert arrived.wait(20) or len(receiver.received) == 5
        assert len(slow.received) <= 1, "one at a time, so that it takes up one place only"
        release.set()
        worker.wait()
        assert len(slow.received) == 3


def test_two_workers_at_once_send_each_message_once(answerable, anna, made, receiver, at_scale):
    count = at_scale(200)
    for _ in range(count):
        try_out(answerable, anna, made)
    workers = [Deliveries(answerable) for _ in range(3)]
    start = threading.Barrier(len(workers))

    def run(worker: Deliveries) -> None:
        start.wait()
        while any(one.state is DeliveryState.WAITING for one in _all(answerable, anna, made)):
            worker.work()
            worker.wait()

    with ThreadPoolExecutor(len(workers)) as pool:
        for done in [pool.submit(run, worker) for worker in workers]:
            done.result()
    ids = [came.message_id for came in receiver.received]
    assert len(ids) == len(set(ids)) == count
    with answerable.database.read() as session:
        assert session.execute(sa.select(sa.func.count(WebhookAttempt.id))).scalar_one() == count


def _all(answerable, anna, made) -> list[DeliveryView]:
    with answerable.look(anna) as work:
        return list(webhooks.list_deliveries(work, made.webhook.id, limit=1000).deliveries)


def test_a_message_whose_sender_died_is_sent_again_once_its_lease_has_run_out(
    answerable, clock, anna, made, receiver, monkeypatch
):
    try_out(answerable, anna, made)
    worker = Deliveries(answerable)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(worker, "_mark", dies)
    with pytest.raises(KeyboardInterrupt):
        worker.deliver_one(made.webhook.id)
    deliver(answerable)
    assert len(receiver.received) == 1, "it may still be under way"
    clock.advance(seconds=delivering.LEASE.total_seconds())
    deliver(answerable)
    first, second = receiver.received
    assert first.message_id == second.message_id
    (delivery,) = listed(answerable, anna, made)
    assert [attempt.known for attempt in delivery.attempts] == [False, True]
    assert delivery.state is DeliveryState.DELIVERED


def test_a_late_answer_to_a_lease_that_ran_out_changes_nothing(
    answerable, clock, anna, made, receiver
):
    receiver.answers = [500, 204]
    try_out(answerable, anna, made)

    def meanwhile(_: object) -> None:
        receiver.before_answering = lambda _: None
        clock.advance(seconds=delivering.LEASE.total_seconds())
        deliver(answerable)

    receiver.before_answering = meanwhile
    Deliveries(answerable).deliver_one(made.webhook.id)
    (delivery,) = listed(answerable, anna, made)
    assert sorted(attempt.status for attempt in delivery.attempts) == [204, 500]
    assert delivery.state in {DeliveryState.DELIVERED, DeliveryState.WAITING}
    assert delivery.state is DeliveryState.WAITING, "the one that held the lease counts"


def test_an_attempt_that_was_under_way_when_all_began_anew_counts_as_the_first(
    answerable, clock, anna, made, receiver
):
    receiver.answers = [500]
    try_out(answerable, anna, made)

    def switch(_: object) -> None:
        for active in (False, True):
            with answerable.work(anna) as work:
                webhooks.change_webhook(work, made.webhook.id, active=active)

    receiver.before_answering = switch
    Deliveries(answerable, jitter=lambda: 0.0).deliver_one(made.webhook.id)
    (delivery,) = listed(answerable, anna, made)
    assert delivery.next_at == clock.now() + PAUSES[0]


def test_the_worker_delivers_and_tells_of_itself(answerable, anna, made, receiver):
    arrived = threading.Event()
    receiver.before_answering = lambda _: arrived.set()
    try_out(answerable, anna, made)
    background = Background(answerable)
    background.start()
    try:
        assert arrived.wait(30)
    finally:
        background.stop()
    assert receiver.received[0].is_signed_with(made.secret)


def test_private_addresses_and_http_need_a_setting(answerable, shop, anna, made, receiver):
    try_out(answerable, anna, made)
    answerable.settings = replace(answerable.settings, webhook_private_targets=False)
    deliver(answerable)
    assert receiver.received == []
    (delivery,) = listed(answerable, anna, made)
    assert "private network" in (delivery.attempts[0].error or "")
    with pytest.raises(InvalidInput, match="private network"), answerable.work(anna) as work:
        webhooks.create_webhook(work, app="shop", url=receiver.url)
    answerable.settings = replace(answerable.settings, webhook_plain_http=False)
    with pytest.raises(InvalidInput, match="https://"), answerable.work(anna) as work:
        webhooks.create_webhook(work, app="shop", url="http://app.example.com")


# --------------------------------------------------------------------------------------- replay


def test_a_replay_is_another_attempt_under_the_same_id(answerable, clock, anna, made, receiver):
    sent = try_out(answerable, anna, made)
    deliver(answerable)
    clock.advance(days=1)
    with answerable.work(anna) as work:
        again = webhooks.replay(work, made.webhook.id, sent.id)
    assert again.state is DeliveryState.WAITING
    deliver(answerable)
    first, second = receiver.received
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    (delivery,) = listed(answerable, anna, made)
    assert len(delivery.attempts) == 2


def test_what_was_given_up_is_replayed_and_then_tried_like_a_new_one(
    answerable, clock, anna, made, receiver
):
    receiver.answers = [500]
    sent = try_out(answerable, anna, made)
    with answerable.database.write() as session:
        row = session.get_one(WebhookDelivery, sent.id)
        row.state, row.tries, row.attempts = "failed", 10, 10
    with answerable.work(anna) as work:
        webhooks.replay(work, made.webhook.id, sent.id)
    deliver(answerable)
    (delivery,) = listed(answerable, anna, made)
    assert (delivery.state, delivery.next_at) == (
        DeliveryState.WAITING,
        clock.now() + timedelta(seconds=5),
    )


def test_what_does_not_count_or_was_taken_back_cannot_be_replayed(
    answerable, clock, shop, ada, anna, made
):
    case = judge(answerable, ada, waiting(answerable, shop))
    (owed,) = listed(answerable, anna, made)
    with pytest.raises(Conflict, match="does not count yet"), answerable.work(anna) as work:
        webhooks.replay(work, made.webhook.id, owed.id)
    with answerable.work(ada) as work:
        reviews.undo(work, case.id)
    with pytest.raises(Conflict, match="taken back"), answerable.work(anna) as work:
        webhooks.replay(work, made.webhook.id, owed.id)
    with pytest.raises(NotFound), answerable.work(anna) as work:
        webhooks.replay(work, made.webhook.id, work.new_id())


# ----------------------------------------------------------------------- endpoints and secrets


def test_secrets_are_rotated_without_a_message_that_cannot_be_checked(
    answerable, anna, made, receiver
):
    with answerable.work(anna) as work:
        second = webhooks.add_secret(work, made.webhook.id)
    try_out(answerable, anna, made)
    deliver(answerable)
    both = receiver.received[0]
    assert both.is_signed_with(made.secret)
    assert both.is_signed_with(second.secret)
    with answerable.work(anna) as work:
        webhooks.end_secret(work, made.webhook.id, made.secret_id)
    try_out(answerable, anna, made)
    deliver(answerable)
    after = receiver.received[1]
    assert not after.is_signed_with(made.secret)
    assert after.is_signed_with(second.secret)
    with answerable.work(anna) as work:
        with pytest.raises(Conflict, match="ended already"):
            webhooks.end_secret(work, made.webhook.id, made.secret_id)
        with pytest.raises(Conflict, match="only live secret"):
            webhooks.end_secret(work, made.webhook.id, second.secret_id)
        for _ in range(webhooks.MOST_SECRETS - 1):
            webhooks.add_secret(work, made.webhook.id)
        with pytest.raises(Conflict, match="at most"):
            webhooks.add_secret(work, made.webhook.id)


def test_secrets_are_kept_under_the_key_encryption_key_and_gone_once_ended(answerable, anna, made):
    with answerable.work(anna) as work:
        webhooks.add_secret(work, made.webhook.id)
        webhooks.end_secret(work, made.webhook.id, made.secret_id)
    with answerable.database.read() as session:
        rows = session.execute(sa.select(WebhookSecret)).scalars().all()
    kept = {row.id: row for row in rows}
    assert kept[made.secret_id].wrapped is None
    (live,) = (row for row in rows if row.wrapped is not None)
    assert live.kek_id == answerable.keyring.kek_id
    assert len(answerable.keyring.unwrap(live.id, live.wrapped)) == 32


def test_every_change_has_its_entry_without_address_or_secret_in_clear(
    answerable, shop, anna, made
):
    with answerable.work(anna) as work:
        second = webhooks.add_secret(work, made.webhook.id)
        webhooks.end_secret(work, made.webhook.id, made.secret_id)
        webhooks.change_webhook(work, made.webhook.id, description="The night shift")
        webhooks.change_webhook(work, made.webhook.id, description="The night shift")
        webhooks.change_webhook(work, made.webhook.id, active=False)
        webhooks.remove_webhook(work, made.webhook.id)
    entries = [one for one in accounts.entries(answerable) if one["kind"].startswith("webhook.")]
    assert [one["kind"] for one in entries] == [
        "webhook.created",
        "webhook.secret_added",
        "webhook.secret_added",
        "webhook.secret_ended",
        "webhook.changed",
        "webhook.changed",
        "webhook.removed",
    ]
    assert {one["actor"]["ref"] for one in entries} == {anna.id}
    assert {one["refs"]["webhook"] for one in entries} == {made.webhook.id}
    for one in entries:
        text = str(one)
        assert "hooks" not in text.replace("webhook", "")
        assert "night shift" not in text
        assert made.secret not in text
        assert second.secret not in text
    drain(answerable)
    # The tests' people and policies came in by no door; of webhooks nothing is found.
    found = [str(finding) for finding in verifying.verify(answerable).findings]
    assert [one for one in found if "people" not in one and "retention-offer" not in one] == []


def test_a_removed_webhook_is_gone_with_what_was_owed_to_it(
    answerable, clock, shop, ada, anna, made, receiver
):
    judge(answerable, ada, waiting(answerable, shop))
    with answerable.work(anna) as work:
        webhooks.remove_webhook(work, made.webhook.id)
    judge(answerable, ada, waiting(answerable, shop))
    clock.advance(seconds=10)
    deliver(answerable)
    assert receiver.received == []
    with answerable.look(anna) as work:
        assert webhooks.list_webhooks(work) == []
        with pytest.raises(NotFound):
            webhooks.webhook(work, made.webhook.id)
    clock.advance(days=32)
    clean(answerable)
    with answerable.database.read() as session:
        for table in (WebhookEndpoint, WebhookSecret, WebhookDelivery):
            assert session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0


def test_deliveries_are_kept_for_thirty_days(answerable, clock, anna, made):
    try_out(answerable, anna, made)
    deliver(answerable)
    clock.advance(days=29)
    clean(answerable)
    assert len(listed(answerable, anna, made)) == 1
    clock.advance(days=2)
    clean(answerable)
    assert listed(answerable, anna, made) == []
    assert state_of(answerable, anna, made).state is EndpointState.ACTIVE


def test_what_does_not_fit_is_told_all_at_once(answerable, shop, anna):
    with pytest.raises(InvalidInput) as caught, answerable.work(anna) as work:
        webhooks.create_webhook(
            work, app="nobody", url="nonsense", description="x" * 201, events=["decision.made"]
        )
    assert [one.pointer for one in caught.value.problems] == [
        "/app",
        "/url",
        "/description",
        "/events",
    ]
    assert "shop" in caught.value.detail


def test_only_who_manages_webhooks_sees_them(answerable, shop, made):
    for name in ("Ada", "Cleo", "Pia", "Dov"):
        who = person(answerable, name)
        for act in (
            webhooks.list_webhooks,
            webhooks.apps,
            lambda work: webhooks.webhook(work, "none"),
            lambda work: webhooks.add_secret(work, made.webhook.id),
            lambda work: webhooks.replay(work, made.webhook.id, "none"),
        ):
            with pytest.raises(NotAllowed), answerable.work(who) as work:
                act(work)
    with pytest.raises(NotAllowed), answerable.look(shop) as work:
        webhooks.list_webhooks(work)


def test_the_events_that_may_be_chosen_do_not_hold_the_test() -> None:
    assert Event.TEST not in webhooks.CHOSEN


def test_a_webhook_that_is_changed_and_removed_while_messages_go_out_breaks_nothing(
    answerable, shop, anna, receiver, at_scale
):
    """People lock the endpoint and then its messages; a worker that did it the other way round would be shut out now and then."""
    for _ in range(at_scale(50)):
        with answerable.work(anna) as work:
            made = webhooks.create_webhook(work, app="shop", url=receiver.url)
        for _ in range(5):
            try_out(answerable, anna, made)
        start = threading.Barrier(2)

        def look_after(made: SecretCreated = made, start: threading.Barrier = start) -> None:
            start.wait()
            for active in (False, True, False, True):
                with answerable.work(anna) as work:
                    webhooks.change_webhook(work, made.webhook.id, active=active)
            with answerable.work(anna) as work:
                webhooks.remove_webhook(work, made.webhook.id)

        def send(made: SecretCreated = made, start: threading.Barrier = start) -> None:
            worker = Deliveries(answerable)
            start.wait()
            while worker.deliver_one(made.webhook.id):
                pass

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(look_after), pool.submit(send)]:
                done.result()
        with answerable.database.read() as session:
            states = session.execute(
                sa.select(WebhookDelivery.state).where(
                    WebhookDelivery.endpoint_id == made.webhook.id
                )
            ).scalars()
            assert set(states) <= {DeliveryState.DELIVERED, DeliveryState.CANCELLED}
