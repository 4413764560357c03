"""Queues, their hours and their people, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound
from governance.identities import queries as people
from governance.installation import service as installation
from governance.jobs.models import Job
from governance.queues import competence
from governance.queues import service as queues
from governance.reviews import service as reviews
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


# ------------------------------------------------------------------------------------ competence


def show(answerable, person, *, expires="2027-06-30", **more):
    with answerable.work(CLI) as work:
        return competence.show(
            work,
            "retention-offers",
            person.id,
            shown_on=date(2026, 11, 1),
            expires_on=date.fromisoformat(expires),
            **more,
        )


def require(answerable, *, confirmed=True):
    with answerable.work(CLI) as work:
        return queues.change_queue(
            work, "retention-offers", competence_required=True, confirmed=confirmed
        )


def member(answerable, name):
    return join(answerable, name, "manager", queues=["retention-offers"])


def test_whoever_lacks_competence_works_the_queue_through_no_door_until_it_is_shown(
    answerable, offers, clock
):
    ada, ben = member(answerable, "Ada"), member(answerable, "Ben")
    show(answerable, ada, note="Judged twenty cases with Cleo.")
    require(answerable)
    required = clock.now()
    assert again(answerable, ada.id).queues == {"retention-offers"}
    assert again(answerable, ben.id).queues == frozenset()
    with answerable.look(again(answerable, ben.id)) as work:
        (told,) = competence.own(work)
        assert (told.standing, told.at) == ("missing", required)
        with pytest.raises(NotFound):
            reviews.list_cases(work, queue="retention-offers")
        assert [one.name for one in people.deciders_of(work.session, told.queue, work.now)] == [
            "Ada"
        ]
    with answerable.look(CLI) as work:
        kept = competence.of_queue(work, "retention-offers")
    assert [(one.standing, one.note) for one in kept] == [
        ("valid", "Judged twenty cases with Cleo."),
        ("missing", None),
    ]
    show(answerable, ben)
    assert again(answerable, ben.id).queues == {"retention-offers"}
    assert entries(answerable, "competence.shown")[0]["data"] == {
        "shown_on": "2026-11-01",
        "expires_on": "2027-06-30",
    }


def test_competence_counts_to_the_end_of_its_last_day_where_the_business_is(
    answerable, offers, clock
):
    ada = member(answerable, "Ada")
    with answerable.work(CLI) as work:
        installation.change_settings(work, time_zone="America/New_York")
    show(answerable, ada, expires="2026-12-10")
    require(answerable)
    with answerable.look(again(answerable, ada.id)) as work:
        assert [one.standing for one in competence.own(work)] == ["ending"]
    clock.set(datetime(2026, 12, 11, 4, 59, tzinfo=UTC))
    assert again(answerable, ada.id).queues == {"retention-offers"}
    clock.set(datetime(2026, 12, 11, 5, 0, tzinfo=UTC))
    assert again(answerable, ada.id).queues == frozenset()
    with answerable.look(again(answerable, ada.id)) as work:
        (told,) = competence.own(work)
    assert (told.standing, told.at) == ("ended", clock.now())


def test_asking_for_competence_names_who_is_left_and_never_shuts_everybody_out(answerable, offers):
    ada, ben = member(answerable, "Ada"), member(answerable, "Ben")
    with pytest.raises(InvalidInput, match=r"Nobody would be left.*: Ada, Ben"):
        require(answerable)
    show(answerable, ada)
    with pytest.raises(InvalidInput, match=r"would be: Ada\. No longer: Ben") as refused:
        require(answerable, confirmed=False)
    assert [problem.pointer for problem in refused.value.problems] == ["/confirmed"]
    assert require(answerable).competence_required
    with pytest.raises(Conflict, match="Nobody would be left"), answerable.work(CLI) as work:
        competence.end(work, "retention-offers", ada.id)
    show(answerable, ben)
    with answerable.work(CLI) as work:
        competence.end(work, "retention-offers", ada.id)
    assert again(answerable, ada.id).queues == frozenset()
    assert [entry["refs"]["person"] for entry in entries(answerable, "competence.ended")] == [
        ada.id
    ]


def test_a_competence_that_ends_soon_is_told_once_by_mail_to_the_person_and_the_admins(
    answerable, offers, clock
):
    answerable.settings = replace(answerable.settings, smtp_host="127.0.0.1")
    ada, _ben = member(answerable, "Ada"), member(answerable, "Ben")
    join(answerable, "Anna", "admin")
    show(answerable, ada, expires="2027-02-01", note="Judged twenty cases.")
    require(answerable)
    assert competence.warn(answerable) == 0
    clock.set(datetime(2027, 1, 5, tzinfo=UTC))
    assert competence.warn(answerable) == 2
    with answerable.database.write() as session:
        letters = [one.payload for one in session.execute(sa.select(Job)).scalars()]
        session.execute(sa.delete(Job))
    assert competence.warn(answerable) == 0, "also once the mails are forgotten"
    assert {one["to"] for one in letters} == {"ada@corner.example", "anna@corner.example"}
    assert not any(word in one["text"] for one in letters for word in ("Ada", "twenty"))


@pytest.mark.parametrize(
    ("shown", "expires", "field"),
    [
        ("2999-01-01", "2999-02-01", "/shown_on"),
        ("2026-11-01", "2026-11-01", "/expires_on"),
        ("2026-11-01", "9999-12-31", "/expires_on"),
    ],
)
def test_competence_whose_days_do_not_fit_is_refused(answerable, offers, shown, expires, field):
    ada = member(answerable, "Ada")
    with pytest.raises(InvalidInput) as refused, answerable.work(CLI) as work:
        competence.show(
            work,
            "retention-offers",
            ada.id,
            shown_on=date.fromisoformat(shown),
            expires_on=date.fromisoformat(expires),
        )
    assert [problem.pointer for problem in refused.value.problems] == [field]
