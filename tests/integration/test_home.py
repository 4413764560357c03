"""The auditor's home tells what changed since one was last here, and orders decision points by risk."""

from __future__ import annotations

from datetime import timedelta

import pytest

from governance.actors import Actor, service
from governance.application import Answerable
from governance.counting import folding
from governance.counting.models import Reconciliation
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import NotAllowed
from governance.holds import service as holds
from governance.imports.models import ImportRun
from governance.monitors import service as monitors
from governance.monitors.models import Incident
from governance.reporting import home, making
from governance.reporting.home import ChangeKind, Sign
from governance.reporting.models import ReportRow
from governance.requests import service as requests
from tests import retention
from tests.people import app, person, publish
from tests.retention import POINT, POLICY

NOTHING_MEASURED = POLICY.replace("groups: [gender, age_band]\n", "")


@pytest.fixture
def cleo(answerable: Answerable) -> Actor:
    return person(answerable, "Cleo")


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    return app(answerable, "shop")


def open_point(answerable, name, text=POLICY):
    publish(answerable, text.replace(POINT, name))


def ask(answerable, shop, point=POINT, many=1, confidence=0.95, groups=None):
    subject = {"ref": "c"} | ({} if groups is None else {"groups": groups})
    asked = retention.request(
        decision_point=point,
        subject=subject,
        proposal={"outcome": "offer_discount", "confidence": confidence},
    )
    decisions.ask_many(answerable, shop, [Asked(request=asked)] * many)


def fold(answerable):
    while folding.fold(answerable):
        pass


def incident(answerable, point, level="violation"):
    with answerable.work(service("monitor")) as work:
        row = Incident(
            id=work.new_id(),
            point=point,
            monitor="proposal:selection_rate_ratio:gender:below",
            grp="female",
            level=level,
            status="open",
            opened_at=work.now,
            details={},
        )
        work.session.add(row)
        return row.id


def report(answerable, point, verdict):
    with answerable.work(service("tests")) as work:
        row = ReportRow(
            id=work.new_id(),
            kind="fairness",
            point=point,
            since="2026-11-01",
            until="2026-11-23",
            options={"by": [], "preset": None},
            digest="sha256:" + "0" * 64,
            document="{}",
            note="",
            verdict=verdict,
            made_at=work.now,
            made_by="service:tests",
        )
        work.session.add(row)
        return row.id


def look(answerable, who, since=None):
    with answerable.look(who) as work:
        return home.home(work, since or work.now - timedelta(days=7))


def come(answerable, who):
    """Look at the home as its page does; return since when it tells."""
    with answerable.look(who) as work:
        mark = home.mark(work)
    if mark.moves:
        with answerable.work(who) as work:
            home.visit(work)
    return mark


def kinds(found):
    return [change.kind for change in found.changes]


# ------------------------------------------------------------------------------------- visits


def test_the_first_look_tells_of_a_week_and_a_later_one_of_the_time_between(
    answerable, clock, cleo
):
    first = clock.now()
    mark = come(answerable, cleo)
    assert (mark.first, mark.since) == (True, first - timedelta(days=7))
    clock.advance(days=2)
    mark = come(answerable, cleo)
    assert (mark.first, mark.since) == (False, first)


def test_looking_again_within_half_an_hour_does_not_move_the_mark(answerable, clock, cleo):
    yesterday = clock.now()
    come(answerable, cleo)
    clock.advance(days=1)
    for _ in range(9):
        # Four minutes short of the limit, again and again: it is one visit.
        assert come(answerable, cleo).since == yesterday
        clock.advance(minutes=26)
    clock.advance(minutes=31)
    assert come(answerable, cleo).since == clock.now() - timedelta(minutes=57)


def test_the_first_visit_stays_the_first_while_it_lasts(answerable, clock, cleo):
    come(answerable, cleo)
    clock.advance(minutes=10)
    again = come(answerable, cleo)
    assert again.first
    assert again.since == clock.now() - timedelta(days=7, minutes=10)


def test_a_look_right_after_another_keeps_nothing(answerable, clock, cleo):
    come(answerable, cleo)
    with answerable.look(cleo) as work:
        assert not home.mark(work).moves


def test_each_person_has_a_mark_of_their_own(answerable, clock, cleo):
    come(answerable, cleo)
    clock.advance(days=1)
    assert come(answerable, person(answerable, "Pia")).first
    assert not come(answerable, cleo).first


def test_who_may_read_no_reports_has_no_home(answerable, shop):
    for who in (person(answerable, "Ada"), shop):
        with pytest.raises(NotAllowed), answerable.look(who) as work:
            home.mark(work)
        with pytest.raises(NotAllowed):
            look(answerable, who)
    with pytest.raises(NotAllowed), answerable.work(service("cli")) as work:
        home.visit(work)


# ------------------------------------------------------------------------------- what changed


def test_everything_that_was_done_is_told_with_who_did_it(answerable, clock, cleo, shop):
    publish(answerable, POLICY)
    clock.advance(minutes=1)
    since = clock.now()
    ask(answerable, shop, many=3)
    ada, ben = person(answerable, "Ada"), person(answerable, "Ben")
    clock.advance(minutes=1)
    publish(answerable, POLICY.replace("0.80", "0.85"))
    clock.advance(minutes=1)
    with answerable.work(ada) as work:
        hold = holds.set_hold(work, POINT, "Discounts look wrong.")
        lifting = holds.request_lift(work, hold.id, "They are right.")
    clock.advance(minutes=1)
    with answerable.work(ben) as work:
        requests.confirm(work, lifting.id)
    clock.advance(minutes=1)
    found_by_monitor = incident(answerable, POINT)
    clock.advance(minutes=1)
    with answerable.work(person(answerable, "Pia")) as work:
        monitors.close(work, found_by_monitor, "The model is another.")
    clock.advance(minutes=1)
    made = making.make(answerable, cleo, POINT).view.id
    clock.advance(minutes=1)
    with answerable.work(service("tests")) as work:
        work.session.add(
            Reconciliation(
                id=work.new_id(),
                started_at=work.now,
                finished_at=work.now,
                decisions=3,
                cells=9,
                differing=2,
            )
        )
        for dry_run in (True, False):
            work.session.add(
                ImportRun(
                    id=work.new_id(),
                    kind="decisions",
                    point=POINT,
                    digest=f"{dry_run}",
                    file_name="past.csv",
                    mapping={},
                    dry_run=dry_run,
                    status="done",
                    lines=5,
                    done=5,
                    accepted=4,
                    known=0,
                    refused=1,
                    started_at=work.now,
                    started_by=ada.reference,
                    finished_at=work.now,
                )
            )
    found = look(answerable, cleo, since)
    assert found.decisions == 3
    told = {change.kind: change for change in found.changes}
    assert kinds(found)[2:] == [
        ChangeKind.REPORT_MADE,
        ChangeKind.INCIDENT_CLOSED,
        ChangeKind.INCIDENT_OPENED,
        ChangeKind.HOLD_LIFTED,
        ChangeKind.HOLD_SET,
        ChangeKind.POLICY_PUBLISHED,
    ]
    assert set(kinds(found)[:2]) == {ChangeKind.COUNTS_CORRECTED, ChangeKind.IMPORT_FINISHED}
    assert (told[ChangeKind.HOLD_SET].by, told[ChangeKind.HOLD_LIFTED].by) == ("Ada", "Ben")
    assert told[ChangeKind.INCIDENT_CLOSED].by == "Pia"
    assert told[ChangeKind.POLICY_PUBLISHED].number == 2
    assert (told[ChangeKind.REPORT_MADE].id, told[ChangeKind.REPORT_MADE].by) == (made, "Cleo")
    assert told[ChangeKind.COUNTS_CORRECTED].number == 2
    assert told[ChangeKind.IMPORT_FINISHED].number == 4
    assert look(answerable, cleo, clock.now() + timedelta(seconds=1)).changes == []


def test_of_many_changes_of_a_kind_the_newest_are_told(answerable, clock, cleo):
    for number in range(home.MOST_OF_A_KIND + 3):
        clock.advance(seconds=1)
        publish(answerable, POLICY.replace("due_in: 4h", f"due_in: {number + 5}h"))
    changes = look(answerable, cleo).changes
    assert len(changes) == home.MOST_OF_A_KIND
    assert changes[0].number == home.MOST_OF_A_KIND + 3


# -------------------------------------------------------------------------------- who is first


def test_points_stand_in_the_order_of_their_gravest_sign(answerable, clock, cleo, shop):
    expected = [
        ("violated", [Sign.VIOLATION, Sign.NO_REPORT]),
        ("breached", [Sign.BREACH, Sign.HELD]),
        ("watched", [Sign.WATCH, Sign.NO_REPORT]),
        ("blind", [Sign.NOT_MEASURED]),
        ("half-blind", [Sign.GROUPS_MISSING, Sign.NO_REPORT]),
        ("held", [Sign.HELD, Sign.NO_REPORT]),
        ("unsure", [Sign.UNSETTLED]),
        ("new", [Sign.NO_REPORT]),
        ("fine", []),
    ]
    for name, _signs in reversed(expected):
        open_point(answerable, name, NOTHING_MEASURED if name == "blind" else POLICY)
    incident(answerable, "violated", "watch")
    incident(answerable, "violated")
    incident(answerable, "watched", "watch")
    report(answerable, "breached", "pass")
    clock.advance(seconds=1)
    report(answerable, "breached", "breach")
    report(answerable, "unsure", "not_enough_evidence")
    report(answerable, "fine", "pass")
    ask(answerable, shop, "half-blind", 3)
    ask(answerable, shop, "half-blind", 2, groups={"gender": "female"})
    fold(answerable)
    with answerable.work(person(answerable, "Ada")) as work:
        holds.set_hold(work, "breached", "It looks wrong.")
        holds.set_hold(work, "held", "It looks wrong.")
    points = look(answerable, cleo).points
    assert [(point.name, list(point.signs)) for point in points] == expected


def test_among_equals_the_more_is_decided_without_a_person_the_higher(
    answerable, clock, cleo, shop
):
    for name in ("asks", "decides", "idles"):
        open_point(answerable, name)
    ask(answerable, shop, "asks", 9, confidence=0.5, groups={"gender": "male"})
    ask(answerable, shop, "decides", 5, groups={"gender": "male"})
    fold(answerable)
    points = {point.name: point for point in look(answerable, cleo).points}
    assert [*points] == ["decides", "asks", "idles"]
    assert (points["decides"].decisions, points["decides"].automated) == (5, 5)
    assert (points["asks"].decisions, points["asks"].automated) == (9, 0)
    assert points["asks"].attributes == ("gender", "age_band")


def test_figures_are_of_the_last_thirty_days(answerable, clock, cleo, shop):
    open_point(answerable, "offers")
    ask(answerable, shop, "offers", 4)
    fold(answerable)
    clock.advance(days=29)
    (point,) = look(answerable, cleo).points
    assert (point.decisions, point.without_groups) == (4, 4)
    assert point.signs[0] is Sign.NOT_MEASURED, "of none is a group known"
    clock.advance(days=1)
    (point,) = look(answerable, cleo).points
    assert (point.decisions, point.without_groups) == (0, 0)
    assert point.signs == (Sign.NO_REPORT,)


def test_a_closed_incident_weighs_no_more(answerable, clock, cleo):
    open_point(answerable, "offers")
    found = incident(answerable, "offers")
    assert look(answerable, cleo).points[0].incident_id == found
    with answerable.work(person(answerable, "Pia")) as work:
        monitors.close(work, found, "The model is another.")
    (point,) = look(answerable, cleo).points
    assert point.signs == (Sign.NO_REPORT,)
    assert point.incident_id is None


def test_a_home_without_anything_says_so(answerable, cleo):
    found = look(answerable, cleo)
    assert (found.decisions, found.changes, found.points) == (0, [], [])
