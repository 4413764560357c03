"""The morning's mail and the one that says cases are overdue: owed once over several workers, and telling nothing of any case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.identities import service as identities
from governance.jobs.models import Job
from governance.queues import service as queues
from governance.reviews import digests, lateness, notices
from governance.reviews.models import Case
from tests.accounts import join
from tests.people import app, publish
from tests.retention import POLICY, QUEUE, body, unsure


@pytest.fixture
def ada(answerable, clock):
    """Return Ada of the queue, who wants mails in the morning, on a Monday at ten in Berlin."""
    publish(answerable, POLICY)
    answerable.settings = replace(answerable.settings, smtp_host="127.0.0.1")
    made = join(answerable, "Ada", "manager", queues=[QUEUE])
    with answerable.work(made) as work:
        identities.change_account(work, mail_digest=True, time_zone="Europe/Berlin")
    return made


def ask(answerable):
    return decisions.ask(answerable, app(answerable), Asked(request=unsure())).case_id


def letters(answerable, kind):
    with answerable.database.read() as session:
        rows = session.execute(sa.select(Job).where(Job.kind == kind).order_by(Job.id))
        return [row.payload for row in rows.scalars()]


def make_late(answerable, case_id, since):
    """Let a case have been due since an instant; somebody holds it, so that it stays."""
    with answerable.database.write() as session:
        session.execute(sa.update(Case).where(Case.id == case_id).values(due_at=since))


def test_the_morning_brings_one_mail_with_numbers_and_links(answerable, ada, clock):
    case_id = ask(answerable)
    assert notices.run(answerable) == 0, "she is not told at once"
    clock.set(datetime(2026, 11, 24, 6, 59, tzinfo=UTC))
    assert digests.run(answerable) == 0
    make_late(answerable, case_id, clock.now() - timedelta(minutes=5))
    clock.set(datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    assert digests.run(answerable) == 1
    (letter,) = letters(answerable, digests.KIND)
    with answerable.database.write() as session:
        session.execute(sa.delete(Job))
    clock.advance(hours=1)
    assert digests.run(answerable) == 0
    assert letter["subject"] == "One case waits"
    assert "Sales managers: 1 waiting, 1 overdue" in letter["text"]
    assert f"/queue?queue={QUEUE}" in letter["text"]
    assert not any(str(told) in letter["text"] for told in (case_id, *body()["subject"].values()))


@pytest.mark.parametrize(
    ("calendar", "day", "owed"),
    [
        (None, 28, 0),
        ({"hours": {"saturday": [["10:00", "14:00"]]}}, 28, 1),
        ({"hours": {"tuesday": [["10:00", "14:00"]]}, "holidays": ["2026-11-24"]}, 24, 0),
    ],
)
def test_no_mail_comes_on_a_day_off_nor_when_nothing_waits(
    answerable, ada, clock, calendar, day, owed
):
    clock.set(datetime(2026, 11, day, 8, tzinfo=UTC))
    if calendar is not None:
        with answerable.work(service("cli")) as work:
            queues.change_queue(work, QUEUE, calendar=calendar)
    assert digests.run(answerable) == 0
    clock.set(datetime(2026, 11, day, 8, 1, tzinfo=UTC))
    with answerable.database.write() as session:
        session.execute(sa.text("UPDATE people SET mailed_at = NULL"))
    ask(answerable)
    assert digests.run(answerable) == owed


def test_lateness_is_told_to_the_queue_at_once_and_to_admins_after_an_hour_once_each(
    answerable, ada, clock
):
    join(answerable, "Anna", "admin")
    join(answerable, "Ben", "manager")
    late = [ask(answerable) for _ in range(3)]
    make_late(answerable, late[0], clock.now() - timedelta(minutes=1))
    assert lateness.run(answerable) == 1
    assert lateness.run(answerable) == 0
    make_late(answerable, late[1], clock.now() + timedelta(minutes=10))
    clock.advance(minutes=30)
    assert lateness.run(answerable) == 0, "at most one an hour for a queue"
    clock.advance(minutes=30)
    assert lateness.run(answerable) == 2
    clock.advance(hours=2)
    assert lateness.run(answerable) == 1, (
        "the admins are told of the second; no other is late since"
    )
    assert lateness.run(answerable) == 0
    told = letters(answerable, lateness.KIND)
    assert [one["to"].partition("@")[0] for one in told] == ["ada", "ada", "anna", "anna"]
    assert [one["subject"] for one in told] == [
        "One case is overdue",
        "2 cases are overdue",
        "One case is overdue",
        "2 cases are overdue",
    ]
    assert "for longer than an hour" in told[-1]["text"]
    assert not any(case_id in one["text"] for one in told for case_id in late)


def test_whoever_wants_no_mail_gets_none(answerable, ada, clock):
    with answerable.work(ada) as work:
        identities.change_account(work, mail_notices=False)
    make_late(answerable, ask(answerable), clock.now() - timedelta(hours=2))
    clock.set(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    assert digests.run(answerable) == lateness.run(answerable) == 0
