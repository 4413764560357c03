"""The staff notice, figures of people shown to them first, and alarms with what was done about them; on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from audits.log.entries import EntryKind
from governance.actors import Actor
from governance.application import Answerable
from governance.cli import answerable as command
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound
from governance.identities.models import Person
from governance.ledger.models import LogRecord
from governance.ledger.sequencing import drain
from governance.operations.verifying import verify
from governance.overseeing import alarms, figures, notice
from governance.overseeing.models import AlarmWindow, PersonFigures
from governance.reviews import service
from governance.reviews.views import Looked
from governance.subjects.models import PayloadRow, SubjectKeyRow
from tests.conftest import MOSTLY_POSTGRESQL, MOSTLY_SQLITE
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, unsure

QUICK = Looked(seconds=1.0, parts_seen=0)


@pytest.fixture
def anna(answerable: Answerable) -> Actor:
    publish(answerable, POLICY)
    return person(answerable, "Anna")


@pytest.fixture
def ada(answerable: Answerable, anna: Actor) -> Actor:
    return person(answerable, "Ada", queues=(QUEUE,))


def tell(answerable: Answerable, who: Actor, text: str = "We measure.") -> int:
    with answerable.work(who) as work:
        return notice.publish(work, {"en": text}).version


def acknowledge(answerable: Answerable, who: Actor, version: int) -> None:
    with answerable.work(who) as work:
        notice.acknowledge(work, version)


def stamp(answerable: Answerable, who: Actor, shop: Actor, count: int) -> None:
    """Let somebody approve cases at once, without opening anything."""
    for _ in range(count):
        case_id = decisions.ask(answerable, shop, Asked(request=unsure())).case_id
        assert case_id is not None
        with answerable.work(who) as work:
            service.claim(work, case_id)
            service.give_verdict(work, case_id, verdict="approve", looked=QUICK)


def entries(answerable: Answerable, kind: EntryKind) -> list[dict]:
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord.entry).where(LogRecord.kind == kind.value))
        return [json.loads(row[0]) for row in rows]


def payloads_amiss(answerable: Answerable) -> list[str]:
    """Return what verify finds of payloads; the people of these tests were stored without entries."""
    drain(answerable)
    return [str(one) for one in verify(answerable).findings if "payload" in one.what]


def own(answerable: Answerable, who: Actor):
    with answerable.look(who) as work:
        return figures.own(work)


def of_people(answerable: Answerable, who: Actor):
    with answerable.look(who) as work:
        return figures.of_people(work, POINT)


def listed(answerable: Answerable, who: Actor):
    with answerable.look(who) as work:
        return alarms.listed(work, POINT)


# ------------------------------------------------------------------------------ the notice


def test_who_works_a_queue_acknowledges_each_version_of_the_notice_once(answerable, anna, ada):
    with answerable.look(ada) as work:
        assert notice.current(work).version == 0
        assert not notice.waits(work)
    first = tell(answerable, anna)
    with answerable.look(ada) as work:
        assert notice.waits(work)
        assert notice.current(work).text_in("de") == ("We measure.", "en")
    with answerable.look(anna) as work:
        assert not notice.waits(work), "an admin without a queue is not measured"
        assert [one.acknowledged_at for one in notice.standing(work)] == [None]
    acknowledge(answerable, ada, first)
    acknowledge(answerable, ada, first)
    with answerable.look(ada) as work:
        assert not notice.waits(work)
    second = tell(answerable, anna, "We measure more.")
    with answerable.look(ada) as work:
        assert notice.waits(work)
    with pytest.raises(Conflict):
        acknowledge(answerable, ada, first)
    assert second == 2
    assert len(entries(answerable, EntryKind.STAFF_NOTICE_PUBLISHED)) == 2
    assert len(entries(answerable, EntryKind.STAFF_NOTICE_ACKNOWLEDGED)) == 1


def test_only_an_admin_writes_the_notice_and_says_something_new_in_a_known_language(
    answerable, anna, ada
):
    with pytest.raises(NotAllowed):
        tell(answerable, ada)
    with pytest.raises(NotAllowed):
        acknowledge(answerable, anna, 1)
    with pytest.raises(NotFound):
        acknowledge(answerable, ada, 1)
    for texts in ({}, {"en": "  "}, {"fr": "Nous mesurons."}, {"en": "x" * 9000}):
        with pytest.raises(InvalidInput), answerable.work(anna) as work:
            notice.publish(work, texts)
    tell(answerable, anna)
    with pytest.raises(Conflict):
        tell(answerable, anna)


# ------------------------------------------------------------------------------ figures of people


def test_figures_are_of_those_who_know_shown_to_them_first_and_deleted_after_90_days(
    answerable, clock, anna, ada
):
    shop = app(answerable)
    ben = person(answerable, "Ben", queues=(QUEUE,))
    stamp(answerable, ada, shop, 2)
    clock.advance(hours=1)
    version = tell(answerable, anna)
    acknowledge(answerable, ada, version)
    assert figures.make_due(answerable) == 0, "nothing was reviewed since"
    stamp(answerable, ada, shop, 3)
    stamp(answerable, ben, shop, 2)
    clock.advance(hours=1)
    assert figures.make_due(answerable) == 1
    assert figures.make_due(answerable) == 0, "once a week"
    (mine,) = own(answerable, ada)
    assert (mine.person["reviews"], mine.person["pooled"], mine.pooled) == (3, True, None)
    assert own(answerable, ben) == []
    assert of_people(answerable, anna) == []
    with answerable.work(ada) as work:
        figures.comment(work, mine.id, "It was a slow day.")
    with answerable.work(ada) as work:
        figures.comment(work, mine.id, "It was a busy day.")
    with pytest.raises(NotFound), answerable.work(ben) as work:
        figures.comment(work, mine.id, "Not mine.")
    clock.advance(days=7)
    (seen,) = of_people(answerable, anna)
    assert (seen.name, seen.comment) == ("Ada", "It was a busy day.")
    with pytest.raises(NotAllowed):
        of_people(answerable, ada)
    assert figures.make_due(answerable) == 1
    (newer,) = own(answerable, ada)
    assert newer.id != mine.id
    assert of_people(answerable, anna)[0].id == mine.id, "the newer ones are the person's alone"
    assert payloads_amiss(answerable) == []
    clock.advance(days=91)
    assert own(answerable, ada) == []
    figures.make_due(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(PersonFigures)).first() is None
        payloads = sa.select(PayloadRow.key_id)
        unused = sa.select(SubjectKeyRow).where(SubjectKeyRow.id.not_in(payloads))
        assert session.execute(unused).first() is None, "the keys of comments are gone"
    assert payloads_amiss(answerable) == []


def test_figures_stand_in_the_order_of_names_and_pool_only_three_or_more(
    answerable, clock, anna, ada
):
    shop = app(answerable)
    version = tell(answerable, anna)
    everybody = [ada, person(answerable, "Ben", queues=(QUEUE,))]
    with answerable.database.write() as session:
        session.get_one(Person, everybody[1].id).name = "Aaron"
    for at, who in enumerate(everybody):
        acknowledge(answerable, who, version)
        stamp(answerable, who, shop, 3 - at)
    clock.advance(hours=1)
    assert figures.make_due(answerable) == 2
    clock.advance(days=7)
    found = of_people(answerable, anna)
    assert [one.name for one in found] == ["Aaron", "Ada"]
    assert {one.pooled for one in found} == {None}


# ------------------------------------------------------------------------------ alarms


@MOSTLY_SQLITE
def test_an_alarm_is_judged_once_a_window_told_to_the_person_first_and_handled_once(
    answerable, clock, anna, ada
):
    cleo, shop = person(answerable, "Cleo"), app(answerable)
    acknowledge(answerable, ada, tell(answerable, anna))
    stamp(answerable, ada, shop, 99)
    clock.advance(days=9)
    assert alarms.judge_due(answerable) == 0, "too few reviews, however long it took"
    stamp(answerable, ada, shop, 1)
    assert alarms.judge_due(answerable) == 0, "the last could still be undone"
    clock.advance(hours=2)
    assert alarms.judge_due(answerable) == 2, "all together, and Ada"
    assert alarms.judge_due(answerable) == 0
    with answerable.look(ada) as work:
        (mine,) = alarms.own(work)
    assert (mine.of_one, mine.mine, mine.reviews) == (True, True, 100)
    assert [one.of_one for one in listed(answerable, anna)] == [False]
    raised = entries(answerable, EntryKind.ALARM_RAISED)
    assert {one["data"]["of"] for one in raised} == {"all", "person"}
    assert ada.id not in json.dumps(raised)
    with pytest.raises(NotFound), answerable.work(anna) as work:
        alarms.handle(work, mine.id, "coaching")
    clock.advance(days=7)
    seen = {one.of_one: one for one in listed(answerable, anna)}
    assert (seen[True].name, seen[True].may_handle) == ("Ada", True)
    assert not listed(answerable, cleo)[0].may_handle, "an auditor only looks"
    with pytest.raises(InvalidInput), answerable.work(anna) as work:
        alarms.handle(work, mine.id, "other")
    with answerable.look(anna) as work:
        assert alarms.open_points(work) == [POINT]
    with answerable.work(anna) as work:
        told = alarms.handle(work, mine.id, "coaching", "We looked at ten cases together.")
    assert (told.done, told.done_by_name, told.words) == (
        "coaching",
        "Anna",
        "We looked at ten cases together.",
    )
    with pytest.raises(Conflict), answerable.work(anna) as work:
        alarms.handle(work, mine.id, "fine")
    (handled,) = entries(answerable, EntryKind.ALARM_HANDLED)
    assert handled["data"]["done"] == "coaching"
    clock.advance(days=84)
    alarms.judge_due(answerable)
    former = next(one for one in listed(answerable, anna) if one.of_one)
    assert (former.name, dict(former.measures), former.done) == ("", {}, "coaching")


def test_nobody_handles_an_alarm_about_themselves_unless_nobody_else_could(answerable, anna, ada):
    with answerable.database.write() as session:
        for row in session.execute(sa.select(Person)).scalars():
            row.password_hash = "x"
    with answerable.work(anna) as work:
        for number in range(2):
            work.session.add(
                AlarmWindow(
                    id=work.new_id(),
                    point=POINT,
                    person=anna.id,
                    begins_at=work.now.replace(day=1, month=number + 1),
                    ends_at=work.now.replace(day=2, month=number + 1),
                    judged_at=work.now.replace(day=1),
                    reviews=100,
                    state="raised",
                    measures={},
                )
            )
    with answerable.work(anna) as work:
        first, second = (one.id for one in alarms.own(work))
        assert alarms.handle(work, first, "fine").done == "fine"
    (alone,) = entries(answerable, EntryKind.ALARM_HANDLED)
    assert alone["data"]["single_handed"]
    with answerable.database.write() as session:
        session.get_one(Person, ada.id).roles = ["admin"]
    with pytest.raises(NotAllowed), answerable.work(anna) as work:
        alarms.handle(work, second, "fine")


@MOSTLY_POSTGRESQL
def test_without_a_notice_only_all_together_are_judged(answerable, clock, anna, ada):
    stamp(answerable, ada, app(answerable), 100)
    clock.advance(days=30)
    assert alarms.judge_due(answerable) == 1
    assert [one.of_one for one in listed(answerable, anna)] == [False]
    with answerable.look(ada) as work:
        assert alarms.own(work) == []


def test_the_command_writes_figures_of_people_under_the_same_rule(answerable, clock, anna, ada):
    shop = app(answerable)
    acknowledge(answerable, ada, tell(answerable, anna))
    stamp(answerable, ada, shop, 2)
    clock.advance(hours=1)
    figures.make_due(answerable)
    arguments = ["report", "oversight", "--point", POINT, "--people"]
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
    }

    def people(days: int) -> list[str]:
        """Name whose figures are told where they were made so many days ago; a command goes by the machine's clock."""
        with answerable.database.write() as session:
            made = datetime.now(UTC) - timedelta(days=days)
            session.execute(sa.update(PersonFigures).values(made_at=made))
        ran = CliRunner().invoke(command, arguments, env=environment)
        assert ran.exit_code == 0, ran.output
        return [one["name"] for one in json.loads(ran.stdout)["people"]]

    assert people(days=6) == []
    assert people(days=8) == ["Ada"]
    assert people(days=91) == []


@MOSTLY_POSTGRESQL
def test_two_workers_that_judge_the_same_window_raise_one_alarm(
    answerable, clock, anna, ada, monkeypatch
):
    stamp(answerable, ada, app(answerable), 100)
    clock.advance(days=30)
    judged, quicker = alarms._window, []

    def while_another_is_quicker(*asked):
        found = judged(*asked)
        if not quicker:
            quicker.append(True)
            assert alarms.judge_due(answerable) == 1
        return found

    monkeypatch.setattr(alarms, "_window", while_another_is_quicker)
    assert alarms.judge_due(answerable) == 0
    assert len(entries(answerable, EntryKind.ALARM_RAISED)) == 1
