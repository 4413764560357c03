"""Policies from draft to force and back, and holds, on both databases."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import msgspec
import pytest
import sqlalchemy as sa

from audits.log.canonical import parse
from governance.actors import service as service_actor
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.asking import DecisionRequest
from governance.decisions.preparing import Asked
from governance.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    SelfConfirmation,
)
from governance.holds import service as holds
from governance.ledger.models import LogRecord
from governance.points import service as points
from governance.points.service import PolicyRefused
from governance.points.views import VersionState
from governance.queues.models import Queue
from governance.requests import service as requests
from tests.people import app, person, publish
from tests.retention import POINT, POLICY, QUEUE, request

STRICTER = POLICY.replace("confidence_below: 0.80", "confidence_below: 0.95")
LAXER = POLICY.replace("confidence_below: 0.80", "confidence_below: 0.10")


def entries(answerable: Answerable, kind: str) -> list[dict]:
    with answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord).where(LogRecord.kind == kind))
        return [parse(row.entry) for row in rows.scalars()]


def draft(answerable, who, text=POLICY, reason="Because."):
    with answerable.work(who) as work:
        return points.draft(work, text, reason)


def confirm(answerable, who, request_id):
    with answerable.work(who) as work:
        return requests.confirm(work, request_id)


@pytest.fixture
def pia(answerable):
    return person(answerable, "Pia")


@pytest.fixture
def paul(answerable):
    return person(answerable, "Paul")


def test_a_draft_is_in_force_once_another_publisher_confirmed_it(answerable, pia, paul):
    made = draft(answerable, pia)
    assert (made.version, made.state, made.drafted_by_name) == (1, VersionState.DRAFT, "Pia")
    assert made.request_id is not None
    shop = app(answerable)
    with pytest.raises(NotFound):
        decisions.ask(answerable, shop, Asked(request=request()))
    confirm(answerable, paul, made.request_id)
    assert decisions.ask(answerable, shop, Asked(request=request())).status == "released"
    with answerable.look(pia) as work:
        version = points.version(work, POINT, 1)
        queues = set(work.session.execute(sa.select(Queue.name)).scalars())
    assert (version.state, version.published_by_name) == (VersionState.LIVE, "Paul")
    assert version.request_id is None
    assert {QUEUE, "sales-leads"} <= queues
    (entry,) = entries(answerable, "policy.published")
    assert entry["data"] == {"point": POINT, "version": 1, "digest": made.digest}
    assert entry["refs"] == {"request": made.request_id}


def test_nobody_publishes_what_they_wrote(answerable, pia, paul):
    made = draft(answerable, pia)
    with pytest.raises(SelfConfirmation):
        confirm(answerable, pia, made.request_id)
    with answerable.look(pia) as work:
        assert points.version(work, POINT, 1).state is VersionState.DRAFT
    assert entries(answerable, "policy.published") == []


def test_who_may_draft_and_who_may_confirm(answerable, pia):
    for name in ("Ada", "Cleo", "Dov"):
        with pytest.raises(NotAllowed):
            draft(answerable, person(answerable, name))
    made = draft(answerable, person(answerable, "Anna"))
    for name in ("Ada", "Cleo", "Anna"):
        with pytest.raises((NotAllowed, SelfConfirmation)):
            confirm(answerable, person(answerable, name), made.request_id)
    with pytest.raises(NotAllowed), answerable.work(app(answerable)) as work:
        requests.confirm(work, made.request_id)
    confirm(answerable, pia, made.request_id)


def test_a_policy_that_does_not_fit_or_fails_its_own_tests_is_not_kept(answerable, pia):
    with pytest.raises(PolicyRefused) as refused:
        draft(answerable, pia, POLICY.replace("then: refuse", "then: perhaps"))
    line = 1 + POLICY.splitlines().index("    then: refuse")
    assert refused.value.problems[0].detail.startswith(f"line {line}: ")
    with pytest.raises(PolicyRefused, match="its own tests fail"):
        draft(answerable, pia, POLICY.replace("disposition: review", "disposition: release"))
    with answerable.look(pia) as work:
        assert points.list_points(work) == []


def test_what_is_live_already_is_not_drafted_again(answerable, pia, paul):
    confirm(answerable, paul, draft(answerable, pia).request_id)
    with pytest.raises(Conflict, match="nothing to publish"):
        draft(answerable, pia, "# Another comment.\n" + POLICY)


def test_a_declined_draft_never_comes_into_force(answerable, pia, paul):
    made = draft(answerable, pia)
    with answerable.work(paul) as work:
        requests.decline(work, made.request_id, "Too lax.")
    with answerable.look(pia) as work:
        assert points.version(work, POINT, 1).state is VersionState.WITHDRAWN
    with pytest.raises(Conflict):
        confirm(answerable, paul, made.request_id)
    assert len(entries(answerable, "policy.withdrawn")) == 1


def test_whoever_drafted_may_take_it_back(answerable, pia):
    draft(answerable, pia)
    with answerable.work(pia) as work:
        back = points.withdraw_draft(work, POINT, 1, "A mistake.")
        assert (back.state, back.request_id) == (VersionState.WITHDRAWN, None)
        with pytest.raises(Conflict):
            points.withdraw_draft(work, POINT, 1, "Again.")
    assert draft(answerable, pia).version == 2


def test_a_draft_that_was_overtaken_is_not_published(answerable, pia, paul):
    old = draft(answerable, pia)
    new = draft(answerable, pia, STRICTER)
    confirm(answerable, paul, new.request_id)
    with pytest.raises(Conflict, match="published after this draft"):
        confirm(answerable, paul, old.request_id)
    with answerable.look(pia) as work:
        assert points.version(work, POINT, 2).state is VersionState.LIVE


def test_two_people_step_back_to_the_version_before(answerable, pia, paul):
    confirm(answerable, paul, draft(answerable, pia).request_id)
    confirm(answerable, paul, draft(answerable, pia, STRICTER).request_id)
    shop = app(answerable)
    assert decisions.ask(answerable, shop, Asked(request=request())).status == "in_review"
    with answerable.work(paul) as work:
        asked = points.restore_before(work, POINT, "Too many cases.")
    with pytest.raises(SelfConfirmation):
        confirm(answerable, paul, asked.id)
    confirm(answerable, pia, asked.id)
    made = decisions.ask(answerable, shop, Asked(request=request()))
    assert (made.status, made.policy_version) == ("released", 1)
    with answerable.look(pia) as work:
        assert [v.state for v in points.versions(work, POINT)] == [
            VersionState.PAST,
            VersionState.LIVE,
        ]
    with pytest.raises(Conflict, match="No version"), answerable.work(paul) as work:
        points.restore_before(work, POINT, "Further back.")
    with answerable.work(paul) as work:
        again = points.restore_before(work, POINT, "It was right after all.", version=2)
    confirm(answerable, pia, again.id)
    assert decisions.ask(answerable, shop, Asked(request=request())).policy_version == 2
    assert [entry["data"]["before"] for entry in entries(answerable, "policy.restored")] == [2, 1]


def test_a_draft_cannot_be_stepped_back_to(answerable, pia, paul):
    confirm(answerable, paul, draft(answerable, pia).request_id)
    draft(answerable, pia, STRICTER)
    with pytest.raises(Conflict, match="never published"), answerable.work(pia) as work:
        points.restore_before(work, POINT, "Hop.", version=2)
    with pytest.raises(NotFound), answerable.work(pia) as work:
        points.restore_before(work, POINT, "Hop.", version=7)


def test_the_command_line_publishes_alone_only_while_there_is_nobody(answerable, paul):
    command = service_actor("cli", os_user="root")
    with pytest.raises(NotAllowed), answerable.work(command) as work:
        points.bootstrap_publish(work, POLICY)
    with answerable.database.write() as session:
        session.execute(sa.text("DELETE FROM people"))
    with answerable.work(command) as work:
        made = points.bootstrap_publish(work, POLICY)
    assert made.state is VersionState.LIVE
    (entry,) = entries(answerable, "policy.published")
    assert entry["data"]["bootstrap"] is True
    assert entry["actor"] == {"type": "service", "ref": "cli"}


def test_a_second_person_confirms_what_the_command_line_drafted(answerable, pia):
    with answerable.work(service_actor("cli", os_user="pia")) as work:
        made = points.draft(work, POLICY, "From a file.")
    assert made.drafted_by == "service:cli"
    confirm(answerable, pia, made.request_id)


def test_another_process_rules_by_the_new_version_from_the_next_request_on(
    answerable, clock, pia, paul
):
    confirm(answerable, paul, draft(answerable, pia).request_id)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    try:
        assert decisions.ask(other, shop, Asked(request=request())).policy_version == 1
        confirm(answerable, paul, draft(answerable, pia, STRICTER).request_id)
        made = decisions.ask(other, shop, Asked(request=request()))
        assert (made.policy_version, made.status) == (2, "in_review")
    finally:
        other.close()


# ----------------------------------------------------------------------------- what may be asked


def test_a_point_tells_its_facts_as_json_schema_with_an_example_that_is_taken(answerable):
    publish(answerable, POLICY)
    shop = app(answerable, points=(POINT,))
    with answerable.look(shop) as work:
        view = points.point(work, POINT)
        assert [p.name for p in points.list_points(work)] == [POINT]
    jsonschema.Draft202012Validator.check_schema(view.features_schema)
    jsonschema.validate(view.example["features"], view.features_schema)
    assert view.features_schema["required"] == ["tenure_months", "monthly_charges", "contract"]
    assert list(view.policy.outcomes) == ["offer_discount", "offer_gift", "no_offer"]
    made = decisions.ask(
        answerable, shop, Asked(request=msgspec.convert(view.example, DecisionRequest))
    )
    assert made.status == "in_review", "as the policy's own test says"


def test_an_app_sees_its_own_points_alone_and_no_drafts(answerable, pia):
    publish(answerable, POLICY)
    draft(answerable, pia, STRICTER)
    draft(answerable, pia, POLICY.replace(f"decision_point: {POINT}", "decision_point: other"))
    stranger = app(answerable, "elsewhere", points=("other",))
    with answerable.look(stranger) as work:
        assert points.list_points(work) == []
        with pytest.raises(NotFound):
            points.point(work, POINT)
        with pytest.raises(NotAllowed):
            points.versions(work, POINT)
    with answerable.look(pia) as work:
        summaries = {summary.name: summary for summary in points.list_points(work)}
        with pytest.raises(NotFound, match="Nothing is published"):
            points.point(work, "other")
    assert summaries[POINT].live.version == 1
    assert [view.version for view in summaries[POINT].drafts] == [2]
    assert summaries["other"].live is None


# ----------------------------------------------------------------------------------------- holds


def test_a_hold_sends_everything_to_people_from_the_next_request_on(answerable, clock, pia, paul):
    publish(answerable, LAXER)
    shop = app(answerable)
    other = open_installation(answerable.settings, clock=clock)
    try:
        assert decisions.ask(other, shop, Asked(request=request())).status == "released"
        with answerable.work(pia) as work:
            hold = holds.set_hold(work, POINT, "Prices are wrong.")
        held = decisions.ask(other, shop, Asked(request=request()))
        assert held.status == "in_review"
        assert [reason.code for reason in held.reasons] == ["hold"]
        with answerable.work(pia) as work:
            asked = holds.request_lift(work, hold.id, "Prices are right.")
        assert decisions.ask(other, shop, Asked(request=request())).status == "in_review"
        with pytest.raises(SelfConfirmation):
            confirm(answerable, pia, asked.id)
        confirm(answerable, paul, asked.id)
        assert decisions.ask(other, shop, Asked(request=request())).status == "released"
    finally:
        other.close()
    assert len(entries(answerable, "hold.set")) == 1
    (lifted,) = entries(answerable, "hold.lifted")
    assert lifted["refs"] == {"hold": hold.id, "request": asked.id}


def test_a_hold_of_all_and_of_one_are_two_holds(answerable, pia, paul):
    publish(answerable, LAXER)
    with answerable.work(pia) as work:
        everything = holds.set_hold(work, None, "Stop.")
        one = holds.set_hold(work, POINT, "Stop here too.")
        with pytest.raises(Conflict, match=one.id):
            holds.set_hold(work, POINT, "Again.")
        with pytest.raises(Conflict, match=everything.id):
            holds.set_hold(work, None, "Again.")
        assert [hold.point for hold in holds.in_force(work)] == [None, POINT]
        asked = holds.request_lift(work, everything.id, "Go on.")
        assert holds.hold_of(work, None).request_id == asked.id
        with pytest.raises(Conflict):
            holds.request_lift(work, everything.id, "Go on.")
    confirm(answerable, paul, asked.id)
    with answerable.look(pia) as work:
        assert [hold.id for hold in holds.in_force(work)] == [one.id]
        with pytest.raises(NotFound):
            holds.hold_of(work, None)
    assert (
        decisions.ask(answerable, app(answerable), Asked(request=request())).status == "in_review"
    )
    with pytest.raises(Conflict, match="was lifted"), answerable.work(pia) as work:
        holds.request_lift(work, everything.id, "Once more.")


def test_a_hold_needs_a_reason_a_point_and_somebody_who_may(answerable, pia):
    publish(answerable, POLICY)
    with answerable.work(pia) as work:
        with pytest.raises(InvalidInput):
            holds.set_hold(work, POINT, "  ")
        with pytest.raises(NotFound):
            holds.set_hold(work, "nowhere", "Stop.")
        with pytest.raises(NotFound):
            holds.request_lift(work, "no-id", "Go on.")
    for name in ("Cleo", "Dov"):
        with pytest.raises(NotAllowed), answerable.work(person(answerable, name)) as work:
            holds.set_hold(work, POINT, "Stop.")
    with pytest.raises(NotAllowed), answerable.work(app(answerable)) as work:
        holds.set_hold(work, POINT, "Stop.")
    with answerable.work(replace(person(answerable, "Ada"))) as work:
        holds.set_hold(work, POINT, "Stop.")
