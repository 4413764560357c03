"""Monitors look at what is counted; an alarm opens an incident and, where the policy says so, leaves the point to people."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from audits.log.entries import EntryKind
from governance.actors import Actor, service
from governance.application import Answerable
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound
from governance.holds import service as holds
from governance.ledger.models import LogRecord
from governance.monitors import acting, watching
from governance.monitors import service as monitors
from governance.monitors.models import MonitorRow
from governance.operations.verifying import verify
from governance.requests import service as requests
from governance.reviews import overdue
from governance.truth import service as truth
from policies import document
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, request, unsure

MONITORED = POLICY.replace(
    "notice:",
    """measure: {positive: offer_discount, reference: {gender: male}}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, watch: 0.9, block: 20, false_alarms: 1 per 1d, on_breach: review_all}
  - {metric: automated_error, tolerance: 0.2, block: 20, false_alarms: 1 per 1d}
  - {metric: overdue_share, tolerance: 0.2, block: 20, false_alarms: 1 per 1d}
notice:""",
)
BELOW = "proposal:selection_rate_ratio:gender:below"


@pytest.fixture
def shop(answerable: Answerable) -> Actor:
    publish(answerable, MONITORED)
    return app(answerable)


def made(answerable, shop, gender, outcome, many=1):
    asked = request(
        subject={"ref": "c", "groups": {"gender": gender}},
        proposal={"outcome": outcome, "confidence": 0.95},
    )
    return [
        answer.id for answer in decisions.ask_many(answerable, shop, [Asked(request=asked)] * many)
    ]


def unfair(answerable, shop, rounds):
    for _ in range(rounds):
        made(answerable, shop, "male", "offer_discount", 3)
        made(answerable, shop, "male", "no_offer", 1)
        made(answerable, shop, "female", "no_offer", 4)
        work_off(answerable)


def work_off(answerable):
    while folding.fold(answerable, watch=watching.watch):
        pass
    return acting.act(answerable)


def found(answerable, who=None):
    with answerable.look(who or service("tests")) as work:
        return monitors.incidents(work)


def held(answerable) -> bool:
    with answerable.look(service("tests")) as work:
        return bool(holds.in_force(work))


def test_a_disparity_is_found_held_looked_into_and_resumed_by_two(answerable, shop):
    pia, paul, cleo = (person(answerable, name) for name in ("Pia", "Paul", "Cleo"))
    unfair(answerable, shop, 30)
    (incident,) = found(answerable)
    assert (incident.monitor, incident.group, incident.level) == (BELOW, "female", "violation")
    assert incident.held
    assert incident.details["odds"].startswith("1 : ")
    assert held(answerable)
    assert decisions.ask(answerable, shop, Asked(request=request())).status == "in_review"
    with pytest.raises(NotAllowed), answerable.work(cleo) as work:
        monitors.add_note(work, incident.id, "I may only look.")
    with pytest.raises(InvalidInput), answerable.work(pia) as work:
        monitors.add_note(work, incident.id, "  ")
    with answerable.work(pia) as work:
        monitors.add_note(work, incident.id, "The penalty of women is taken out of the model.")
        monitors.close(work, incident.id, "Model 7 is live.")
    with pytest.raises(Conflict), answerable.work(paul) as work:
        monitors.close(work, incident.id, "Again.")
    with answerable.look(cleo) as work:
        told = monitors.incident(work, incident.id)
    assert [note.kind for note in told.notes] == ["held", "note", "closed"]
    assert [note.words for note in told.notes][1:] == [
        "The penalty of women is taken out of the model.",
        "Model 7 is live.",
    ]
    assert told.notes[2].by_name == "Pia"
    assert held(answerable), "closing does not resume"
    with answerable.work(pia) as work:
        asked = holds.request_lift(work, str(incident.hold_id), "Model 7 is live.")
    with answerable.work(paul) as work:
        requests.confirm(work, asked.id)
    assert not held(answerable)
    assert work_off(answerable) == 0
    assert [one.status for one in found(answerable)] == ["closed"]
    assert not [one for one in verify(answerable).findings if one.decision_id is not None]


def test_a_disparity_that_goes_on_is_found_again(answerable, shop):
    pia = person(answerable, "Pia")
    unfair(answerable, shop, 30)
    (first,) = found(answerable)
    with answerable.work(pia) as work:
        monitors.close(work, first.id, "We think it is gone.")
    unfair(answerable, shop, 30)
    assert [one.status for one in found(answerable)] == ["open", "closed"]
    assert found(answerable)[0].hold_id == first.hold_id


def test_fair_decisions_raise_nothing(answerable, shop):
    for _ in range(30):
        for gender in ("male", "female"):
            made(answerable, shop, gender, "offer_discount", 2)
            made(answerable, shop, gender, "no_offer", 2)
        work_off(answerable)
    assert found(answerable) == []
    with answerable.look(service("tests")) as work:
        views = {(one.name, one.group): one for one in monitors.monitors(work, POINT)}
    assert views[BELOW, "female"].seen == 240
    assert views[BELOW, "female"].verdict == "quiet"


def test_acting_twice_opens_one_incident(answerable, shop):
    unfair(answerable, shop, 29)
    with answerable.database.write() as session:
        session.execute(sa.update(MonitorRow).where(MonitorRow.name == BELOW).values(acted="quiet"))
    acting.act(answerable)
    acting.act(answerable)
    assert len(found(answerable)) == 1
    with answerable.database.read() as session:
        opened = session.execute(
            sa.select(sa.func.count()).where(LogRecord.kind == EntryKind.INCIDENT_OPENED)
        ).scalar_one()
    assert opened == 1


def test_errors_of_the_automated_part_alert_without_a_hold(answerable, shop):
    for number in range(60):
        (decision_id,) = made(answerable, shop, "male", "offer_discount")
        with answerable.work(shop) as work:
            right = "no_offer" if number % 2 else "offer_discount"
            truth.report_truth(work, decision_id, outcome=right)
    work_off(answerable)
    (incident,) = found(answerable)
    assert incident.monitor == "routing:automated_error:above"
    assert (incident.hold_id, held(answerable)) == (None, False)


def test_cases_that_lapse_are_found_by_the_monitor_of_overdue_ones(answerable, clock, shop):
    for _ in range(60):
        decisions.ask(answerable, shop, Asked(request=unsure()))
    for _ in range(4):
        clock.advance(days=2)
        overdue.run(answerable)
    work_off(answerable)
    assert [one.monitor for one in found(answerable)] == ["routing:overdue_share:above"]


def test_another_tolerance_starts_a_monitor_anew(answerable, shop):
    unfair(answerable, shop, 10)
    publish(
        answerable, MONITORED.replace("tolerance: 0.8, watch: 0.9", "tolerance: 0.7, watch: 0.9")
    )
    answerable.configuration.reload()
    made(answerable, shop, "female", "no_offer")
    work_off(answerable)
    with answerable.look(service("tests")) as work:
        (view,) = [one for one in monitors.monitors(work, POINT) if one.name == BELOW]
        assert (view.seen, view.tolerance) == (1, 0.7)
        with pytest.raises(NotFound):
            monitors.monitors(work, "elsewhere")


def test_who_works_no_incidents_sees_none(answerable, shop):
    with pytest.raises(NotAllowed), answerable.look(shop) as work:
        monitors.incidents(work)
    with pytest.raises(NotFound), answerable.look(person(answerable, "Cleo")) as work:
        monitors.incident(work, "nonsense")


@pytest.mark.parametrize(
    ("metric", "was", "now", "expected"),
    [
        ("selection_rate_ratio", None, {}, True),
        ("selection_rate_ratio", {}, {"truth": "no_offer"}, None),
        ("tpr_difference", {}, {"truth": "offer_discount"}, True),
        ("tpr_difference", {}, {"truth": "no_offer"}, None),
        ("fpr_difference", {}, {"truth": "no_offer"}, True),
        ("fpr_difference", {"truth": "no_offer"}, {"truth": "offer_discount"}, None),
        ("accuracy_difference", {}, {"truth": "no_offer"}, False),
        ("automated_error_difference", {}, {"truth": "no_offer"}, True),
        ("review_rate_ratio", None, {}, False),
        ("overdue_share", {}, {"waited": 5, "late": True}, True),
    ],
)
def test_each_metric_looks_at_a_decision_once_when_it_says_something(metric, was, now, expected):
    from governance.counting.contributions import Counted
    from governance.counting.folding import Change
    from governance.deltas.states import State

    state = {"status": "released", "outcome": "offer_discount"}
    change = Change(
        decision=Counted(
            point=POINT,
            version=1,
            day="2026-11-23",
            imported=False,
            observed=False,
            disposition="release",
            proposed="offer_discount",
            confidence=0.9,
            codes=(),
        ),
        policy=document.load(MONITORED),
        group="{}",
        was=None if was is None else State(**state, **was),
        now=State(**state, **now),
        decided_at=None,
    )
    monitor = document.Monitor(metric=metric, by="gender", tolerance=0.8)
    assert watching.observed(monitor, change.policy, change) is expected
