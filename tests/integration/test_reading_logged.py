"""Who reads a payload is in the log once an hour, whatever door they come through and however many come at once; on both databases."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
import sqlalchemy as sa

from governance import readings
from governance.actors import Actor
from governance.appeals import service as appeals
from governance.appeals import subject_page
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import NotFound, Unavailable
from governance.explanations import service as explanations
from governance.ledger.models import LogRecord, ReadingRow
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.reviews import history
from governance.reviews import service as reviews
from governance.subjects.files import Brought
from governance.worker import clean
from tests.conftest import SettableClock
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, request


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return app(answerable)


def ask(answerable: Answerable, shop: Actor, **changes) -> str:
    return str(decisions.ask(answerable, shop, Asked(request=request(**changes))).id)


def waiting(answerable: Answerable, shop: Actor) -> str:
    return ask(answerable, shop, proposal={"outcome": "offer_discount", "confidence": 0.5})


def read(answerable: Answerable, actor: Actor, decision_id: str) -> None:
    with answerable.look(actor) as work:
        decisions.get(work, decision_id)


def told(answerable: Answerable) -> list[dict]:
    """Return what the log says was read, in order of time."""
    with answerable.database.read() as session:
        rows = session.execute(
            sa.select(LogRecord.entry)
            .where(LogRecord.kind == "access.read")
            .order_by(LogRecord.recorded_at, LogRecord.id)
        ).scalars()
        return [orjson.loads(entry) for entry in rows]


def test_one_entry_tells_of_all_doors_to_a_decision_within_the_hour(
    answerable: Answerable, shop: Actor, clock: SettableClock
) -> None:
    decision_id = waiting(answerable, shop)
    ada = person(answerable, "Ada", queues=(QUEUE,))
    cleo = person(answerable, "Cleo")
    for actor in (ada, cleo):
        read(answerable, actor, decision_id)
        with answerable.look(actor) as work:
            explanations.explain(work, decision_id, audience="reviewer")
            explanations.story(work, decision_id)
    with answerable.look(ada) as work:
        (case,) = reviews.list_cases(work, queue=QUEUE).cases
        reviews.case_view(work, case.id)
    with answerable.work(ada) as work:
        reviews.claim(work, case.id)
    assert [(one["actor"]["ref"], one["refs"], one["data"]) for one in told(answerable)] == [
        (ada.id, {"decision": decision_id}, {"what": "decision"}),
        (cleo.id, {"decision": decision_id}, {"what": "decision"}),
    ]
    clock.advance(hours=1)
    read(answerable, ada, decision_id)
    assert len(told(answerable)) == 3
    with answerable.look(cleo) as work:
        kinds = {event.kind for event in history.of_decision(work, decision_id)}
    assert "access.read" not in kinds, "reading changes nothing about a decision"
    drain(answerable)
    found = [one for one in verifying.verify(answerable).findings if one.decision_id is not None]
    assert found == []


def test_an_app_reads_what_it_sent_within_the_hour_without_an_entry_and_later_with_one(
    answerable: Answerable, shop: Actor, clock: SettableClock
) -> None:
    decision_id = waiting(answerable, shop)
    for _ in range(3):
        read(answerable, shop, decision_id)
    assert told(answerable) == []
    clock.advance(hours=1)
    for _ in range(3):
        read(answerable, shop, decision_id)
    assert [one["actor"]["type"] for one in told(answerable)] == ["app"]


def test_the_words_and_files_of_an_appeal_are_read_too(answerable: Answerable, shop: Actor) -> None:
    decision_id = ask(answerable, shop)
    with answerable.work(subject_page.actor()) as work:
        appeals.open_appeal(
            work, decision_id, words="No.", files=[Brought(name="a.txt", content=b"a letter")]
        )
    assert told(answerable) == [], "the person concerned reads what is about them"
    ada = person(answerable, "Ada", queues=(QUEUE,))
    with answerable.look(ada) as work:
        (appeal,) = appeals.appeals_of(work, decision_id)
    with answerable.look(ada) as work:
        appeals.file_of(work, appeal.case_id, 1)
    assert [one["data"]["what"] for one in told(answerable)] == ["decision", "file"]
    assert {one["refs"]["decision"] for one in told(answerable)} == {decision_id}


def test_lists_and_what_is_refused_tell_of_nothing(answerable: Answerable, shop: Actor) -> None:
    decision_id = waiting(answerable, shop)
    ada, ben = person(answerable, "Ada", queues=(QUEUE,)), person(answerable, "Ben")
    with answerable.look(ada) as work:
        reviews.list_cases(work, queue=QUEUE)
        decisions.search(work)
    with pytest.raises(NotFound):
        read(answerable, ben, decision_id)
    assert told(answerable) == []


def test_what_cannot_be_said_in_the_log_is_not_shown(
    answerable: Answerable, shop: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision_id = waiting(answerable, shop)
    shown = []

    def full(*_: object) -> None:
        raise Unavailable("The disk is full.", retry_after=1)

    monkeypatch.setattr(readings, "write", full)
    with pytest.raises(Unavailable), answerable.look(person(answerable, "Cleo")) as work:
        shown = [decisions.get(work, decision_id)]
    assert len(shown) == 1, "it was read, and the answer was never made"
    assert told(answerable) == []


def test_places_of_hours_gone_by_are_deleted(
    answerable: Answerable, shop: Actor, clock: SettableClock
) -> None:
    decision_id = waiting(answerable, shop)
    cleo = person(answerable, "Cleo")
    read(answerable, cleo, decision_id)
    clock.advance(hours=4)
    read(answerable, cleo, decision_id)
    clean(answerable)
    with answerable.database.read() as session:
        hours = session.execute(sa.select(ReadingRow.hour)).scalars().all()
    assert hours == [readings.hour_of(clock.now())]
    assert len(told(answerable)) == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_however_many_read_at_once_in_however_many_processes_it_is_told_once_an_hour(
    answerable: Answerable, shop: Actor, clock: SettableClock, seed: int
) -> None:
    drawn = random.Random(seed)
    people = [person(answerable, "Cleo"), person(answerable, "Ada", queues=(QUEUE,))]
    made = [waiting(answerable, shop) for _ in range(3)]
    processes = [
        open_installation(answerable.settings, clock=clock),
        open_installation(answerable.settings, clock=clock),
    ]
    begins, expected = clock.now(), set()
    try:
        for hour in range(2):
            clock.set(begins + timedelta(hours=hour, minutes=drawn.randrange(60)))
            acts = [
                (drawn.choice(processes), drawn.choice(people), drawn.choice(made))
                for _ in range(16)
            ]
            expected |= {(actor.id, decision_id, hour) for _, actor, decision_id in acts}
            start = threading.Barrier(8)

            def look(act: tuple[Answerable, Actor, str], start: threading.Barrier = start) -> None:
                start.wait()
                read(*act)

            with ThreadPoolExecutor(8) as threads:
                list(threads.map(look, acts))
    finally:
        for one in processes:
            one.close()
    found = [
        (
            one["actor"]["ref"],
            one["refs"]["decision"],
            0 if one["recorded_at"] < (begins + timedelta(hours=1)).isoformat() else 1,
        )
        for one in told(answerable)
    ]
    assert len(found) == len(set(found)), "once an hour"
    assert set(found) == expected
