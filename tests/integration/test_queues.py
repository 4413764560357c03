"""Queues, their hours and their people, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.actors import service
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.queues import service as queues
from tests.accounts import again, entries, join

CLI = service("cli")
HOURS = {"zone": "Europe/Berlin", "hours": {"monday": [["09:00", "17:00"]]}}


@pytest.fixture
def offers(answerable):
    with answerable.work(CLI) as work:
        return queues.create_queue(work, "retention-offers")


def test_a_new_queue_is_always_open_and_nobodys(answerable, offers):
    assert (offers.title, offers.calendar, offers.members) == ("Retention offers", None, ())
    (entry,) = entries(answerable, "queue.created")
    assert entry["refs"] == {"queue": "retention-offers"}


def test_a_queue_that_exists_is_left_alone(answerable, offers):
    with answerable.work(CLI) as work:
        queues.change_queue(work, "retention-offers", title="Offers")
        queues.ensure_queue(work, "retention-offers")
        assert queues.queue(work, "retention-offers").title == "Offers"
    assert len(entries(answerable, "queue.created")) == 1


@pytest.mark.parametrize("name", ["", "Offers", "a b", "-offers", "offers-", "x" * 64, "queue/1"])
def test_a_name_that_fits_no_address_is_refused(answerable, name):
    with pytest.raises(InvalidInput, match="cannot name a queue"), answerable.work(CLI) as work:
        queues.create_queue(work, name)


def test_working_hours_count_from_the_next_ruling_on(answerable, offers, clock):
    assert answerable.configuration.current().calendars["retention-offers"].hours == {}
    with answerable.work(CLI) as work:
        queues.change_queue(work, "retention-offers", calendar=HOURS)
    with answerable.look(CLI) as work:
        calendar = work.configuration.calendars["retention-offers"]
    # Ten in UTC is eleven in Berlin: six hours are left of this Monday.
    assert calendar.after(clock.now(), timedelta(hours=6)) == clock.now() + timedelta(hours=6)
    assert calendar.after(clock.now(), timedelta(hours=7)) > clock.now() + timedelta(days=6)
    with answerable.work(CLI) as work:
        assert queues.change_queue(work, "retention-offers", always_open=True).calendar is None


@pytest.mark.parametrize(
    "calendar",
    [
        {"zone": "Nowhere"},
        {"hours": {"someday": []}},
        {"hours": {"monday": [["17:00", "09:00"]]}},
        {"hours": {"monday": 9}},
        {"hours": [9]},
        {"holidays": ["tomorrow"]},
    ],
)
def test_hours_that_do_not_fit_change_nothing(answerable, offers, calendar):
    with (
        pytest.raises(InvalidInput, match="working hours") as refused,
        answerable.work(CLI) as work,
    ):
        queues.change_queue(work, "retention-offers", title="New", calendar=calendar)
    assert [problem.pointer for problem in refused.value.problems] == ["/calendar"]
    with answerable.look(CLI) as work:
        assert queues.queue(work, "retention-offers") == offers


def test_members_work_the_queue_from_then_on(answerable, offers):
    ada, ben = join(answerable, "Ada", "manager"), join(answerable, "Ben", "manager")
    with answerable.work(CLI) as work:
        queues.change_queue(work, "retention-offers", members=[ada.id])
        changed = queues.change_queue(work, "retention-offers", members=[ben.id])
    assert changed.members == (ben.id,)
    assert again(answerable, ada.id).queues == frozenset()
    assert again(answerable, ben.id).queues == {"retention-offers"}
    data = [entry["data"] for entry in entries(answerable, "queue.changed")]
    assert data == [{"changed": ["members"]}] * 2


@pytest.mark.parametrize("member", ["nobody", "0191f0a0-0000-7000-8000-000000000000"])
def test_a_member_nobody_knows_is_not_found(answerable, offers, member):
    with pytest.raises(NotFound), answerable.work(CLI) as work:
        queues.change_queue(work, "retention-offers", members=[member])


def test_a_change_that_changes_nothing_writes_no_entry(answerable, offers):
    with answerable.work(CLI) as work:
        queues.change_queue(
            work, "retention-offers", title="Retention offers", always_open=True, members=[]
        )
    assert entries(answerable, "queue.changed") == []


def test_an_unknown_queue_is_not_found(answerable):
    with answerable.work(CLI) as work:
        with pytest.raises(NotFound, match="no queue 'leads'"):
            queues.change_queue(work, "leads", title="Leads")
        with pytest.raises(NotFound, match="no queue 'leads'"):
            queues.queue(work, "leads")


def test_managers_see_queues_and_admins_change_them(answerable, offers):
    ada = join(answerable, "Ada", "manager")
    with answerable.work(ada) as work:
        assert queues.list_queues(work) == [offers]
        for verb in (
            lambda: queues.create_queue(work, "leads"),
            lambda: queues.change_queue(work, "no-such-queue", title="Mine"),
        ):
            with pytest.raises(NotAllowed, match="queues:manage"):
                verb()
