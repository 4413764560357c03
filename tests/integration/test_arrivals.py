"""What never arrived is seen: holes and repetitions in apps' counters, counts that disagree, and what the log does not know."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from governance.auditing import arrivals
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed
from governance.ledger.models import LogRecord, PendingRecord
from governance.ledger.sequencing import drain
from governance.operations import verifying
from tests import people, retention
from tests.conftest import Beginning

#: In the order in which they came: 3 late, 6 to 8 and 12 never, 10 twice, and from 9 on begun again with 2 lost on the way.
SENT = [1, 2, 4, 3, 5, 9, 10, 10, 11, 13]
BEGUN_AGAIN = [1, 3, 4]


def fill(answerable) -> dict[str, str]:
    people.publish(answerable, retention.POLICY)
    shop = people.app(answerable)
    times = {}
    for place, number in enumerate([*SENT, *BEGUN_AGAIN]):
        answerable.clock.advance(minutes=1)
        decisions.ask(answerable, shop, Asked(request=retention.request(sequence=number)))
        times[str(place)] = answerable.clock.now().isoformat()
    decisions.ask(answerable, shop, Asked(request=retention.request()))
    drain(answerable)
    return {"app": shop.id, "key": shop.key_id or "", **times}


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("arrivals", fill)


@pytest.fixture
def cleo(answerable):
    return people.person(answerable, "Cleo")


def doubted(answerable) -> list[str]:
    """Return what the check finds wrong with what apps say; the people of these tests are in no entry."""
    return [
        one.what
        for one in verifying.verify(answerable).findings
        if "what an app says it sent" in one.what
    ]


def shop(answerable, begun):
    return replace(people.app(answerable), id=begun["app"], key_id=begun["key"])


def test_the_numbers_that_never_came_are_told_with_the_times_they_were_due_between(
    answerable, begun, cleo
):
    with answerable.look(cleo) as work:
        (app,) = arrivals.apps(work)
        found = arrivals.missing(work, app.app_id)
    assert (app.app, app.decisions, app.numbered) == ("shop", 14, 13)
    assert (app.first, app.last, app.missing, app.again) == (1, 13, 4, 4)
    assert [(one.first, one.last, one.count) for one in found.missing] == [(6, 8, 3), (12, 12, 1)]
    assert [found.missing[0].after_at.isoformat(), found.missing[0].before_at.isoformat()] == [
        begun["4"],
        begun["5"],
    ]
    assert found.after is None


def test_each_stretch_comes_on_one_page(answerable, begun, cleo):
    with answerable.look(cleo) as work:
        for ask, name in ((arrivals.missing, "missing"), (arrivals.again, "again")):
            whole = getattr(ask(work, begun["app"]), name)
            pages, after = [], None
            while True:
                page = ask(work, begun["app"], after=after, limit=1)
                pages += getattr(page, name)
                after = page.after
                if after is None:
                    break
            assert pages == list(whole)


def test_a_counter_that_began_again_is_seen_and_what_it_lost_from_there_on(answerable, begun, cleo):
    with answerable.look(cleo) as work:
        found = arrivals.again(work, begun["app"]).again
        assert [(one.first, one.last, one.times) for one in found] == [
            (1, 1, 1),
            (3, 4, 2),
            (10, 10, 1),
        ]
        since = found[0].began_at
        assert since.isoformat() == begun[str(len(SENT))]
        (app,) = arrivals.apps(work, since=since)
        assert (app.first, app.last, app.missing, app.again) == (1, 4, 1, 0)
        (hole,) = arrivals.missing(work, begun["app"], since=since).missing
        assert (hole.first, hole.last) == (2, 2)


def test_an_app_says_how_many_it_sent_and_the_log_keeps_it(answerable, begun, cleo):
    clock = answerable.clock
    since, until = clock.now() - timedelta(hours=2), clock.now() + timedelta(seconds=1)
    clock.advance(minutes=5)
    with answerable.work(shop(answerable, begun)) as work:
        told = arrivals.report_count(work, since=since, until=until, sent=15, last_sequence=13)
    assert (told.sent, told.recorded, told.differs, told.by_app) == (15, 14, True, True)
    with answerable.work(people.person(answerable, "Anna")) as work:
        told = arrivals.report_count(work, app="shop", since=since, until=until, sent=14)
        with pytest.raises(InvalidInput):
            arrivals.report_count(work, since=since, until=until, sent=14)
    assert not told.differs
    with answerable.look(cleo) as work:
        assert [one.sent for one in arrivals.sent_counts(work)] == [14, 15]
    assert not doubted(answerable)
    with answerable.database.write() as session:
        session.execute(sa.text("UPDATE sent_counts SET sent = 14 WHERE sent = 15"))
    assert len(doubted(answerable)) == 1


def test_a_decision_without_a_leaf_and_an_entry_without_a_decision_are_named(
    answerable, begun, cleo
):
    asked = decisions.ask(answerable, shop(answerable, begun), Asked(request=retention.request()))
    everything = {"since": answerable.clock.now() - timedelta(days=900)}
    everything["until"] = answerable.clock.now() + timedelta(days=900)
    with answerable.look(cleo) as work:
        found = arrivals.unlogged(work, **everything)
    assert (found.without_leaf, found.waiting, found.without_decision) == ([], 1, [])
    with answerable.database.write() as session:
        session.execute(sa.delete(PendingRecord).where(PendingRecord.record_id == asked.id))
    with answerable.look(cleo) as work:
        assert arrivals.unlogged(work, **everything).without_leaf == [asked.id]
    with answerable.database.write() as session:
        for table in ("payloads", "count_deltas", "group_vault"):
            column = "record_id" if table == "payloads" else "decision_id"
            session.execute(sa.text(f"DELETE FROM {table} WHERE {column} = :id"), {"id": asked.id})
        session.execute(sa.delete(Decision).where(Decision.id == asked.id))
        assert session.get(LogRecord, asked.id) is not None
    with answerable.look(cleo) as work:
        found = arrivals.unlogged(work, **everything)
    assert (found.without_leaf, found.without_decision) == ([], [asked.id])


def test_any_window_of_the_calendar_can_be_asked_for(answerable, cleo):
    first, last = (datetime(year, 1, 1, tzinfo=UTC) for year in (1, 9999))
    with answerable.look(cleo) as work:
        for window in (
            {"since": first, "until": last},
            {"since": first},
            {"since": last, "until": None},
        ):
            with contextlib.suppress(InvalidInput):
                assert arrivals.unlogged(work, **window).without_leaf == []
        with pytest.raises(InvalidInput, match="ends before it begins"):
            arrivals.unlogged(work, until=first)


def test_who_may_not_read_the_log_learns_nothing_of_what_arrived(answerable, begun):
    with answerable.look(people.person(answerable, "Ada")) as work:
        for ask in (
            lambda: arrivals.apps(work),
            lambda: arrivals.missing(work, begun["app"]),
            lambda: arrivals.again(work, begun["app"]),
            lambda: arrivals.sent_counts(work),
            lambda: arrivals.unlogged(work, since=work.now),
        ):
            with pytest.raises(NotAllowed):
                ask()
