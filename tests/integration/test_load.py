"""What came into a queue and was decided, by the reader's days, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import NotFound
from governance.reviews import load, service
from governance.reviews.models import Case
from tests.people import app, person, publish
from tests.retention import POLICY, QUEUE, unsure


def test_days_begin_where_the_reader_is_and_today_is_left_out(answerable, clock):
    publish(answerable, POLICY)
    shop, ada = app(answerable), person(answerable, "Ada", queues=(QUEUE,))
    # Half past eleven on Sunday night in UTC is Monday in Berlin.
    for instant in (
        datetime(2026, 11, 15, 23, 30, tzinfo=UTC),
        datetime(2026, 11, 18, 9, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    ):
        clock.set(instant)
        case_id = decisions.ask(answerable, shop, Asked(request=unsure())).case_id
    clock.set(datetime(2026, 11, 19, 9, 0, tzinfo=UTC))
    with answerable.work(ada) as work:
        service.claim(work, case_id)
        service.give_verdict(work, case_id, verdict="approve")
    clock.set(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    with answerable.look(ada) as work:
        (found,) = load.of_queues(work)
        with pytest.raises(NotFound):
            load.of_queues(work, queue="sales-leads")
    told = [(one.came_in_7, one.came_in_28, one.decided_7) for one in found.weekdays]
    assert told == [(1, 1, 0), (0, 0, 0), (1, 1, 0), (0, 0, 1), *[(0, 0, 0)] * 3]
    assert (found.open, found.forecast.trend) == (2, "few")
    ages = [(clock.now() - opened).total_seconds() for opened in opened_at(answerable)]
    assert found.median_age_seconds == sum(ages) / 2


def opened_at(answerable):
    with answerable.database.read() as session:
        query = sa.select(Case.opened_at).where(Case.status == "open")
        return list(session.execute(query).scalars())
