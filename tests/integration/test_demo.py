"""The demo business: its policies, its people's data and what is built in, and building it for real."""

from __future__ import annotations

import json
import math
import shlex
import socket
from contextlib import closing
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from governance import actors
from governance.application import open_installation
from governance.cli import answerable as command_line
from governance.decisions.models import Decision
from governance.demo import folder, service
from governance.demo.generating import COUNTS, Shop
from governance.errors import Conflict
from governance.identities import passwords, signing_in
from governance.ledger.models import LogRecord
from governance.monitors import service as monitors
from governance.operations import verifying
from governance.reporting import fairness
from governance.requests.models import Request
from governance.reviews.models import Case, Verdict
from governance.settings import Settings
from policies import document, linting, selftest
from tests.applications import create_app

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
#: A tenth of the past, so that a demo is built in a few seconds.
FEW = {point: count // 10 for point, count in COUNTS.items()}
ONE_EACH = dict.fromkeys(COUNTS, 1)


def silent(step: str, done: int, of: int) -> None:
    assert 0 <= done <= of


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("demo") / "demo-data")
    service.build(settings, silent, actor=actors.service("cli", os_user="tester"), counts=FEW)
    return settings


@pytest.fixture
def demo(built):
    with closing(open_installation(built)) as answerable:
        yield answerable


@pytest.fixture(scope="module")
def past():
    return list(Shop().past(NOON))


# ------------------------------------------------------------------------------------ policies


@pytest.mark.parametrize("point", service.POINTS)
def test_each_policy_passes_its_own_tests_and_has_no_remarks(point):
    policy = document.load(service.policy_text(point))
    assert policy.decision_point == point
    assert linting.lint(policy) == ()
    assert [result for result in selftest.run(policy) if not result.passed] == []


@pytest.mark.parametrize("point", service.POINTS)
def test_each_policy_speaks_english_and_german(point):
    policy = document.load(service.policy_text(point))
    texts = [policy.title, policy.purpose, policy.notice]
    texts += [feature.label for feature in policy.features.values()]
    texts += [outcome.label for outcome in policy.outcomes.values()]
    texts += [rule.because for rule in policy.rules]
    assert all(set(text or ()) == {"en", "de"} for text in texts)


def test_the_policies_show_what_a_rule_can_say():
    rules = [
        rule for point in service.POINTS for rule in document.load(service.policy_text(point)).rules
    ]
    assert any(rule.sensitive for rule in rules)
    assert any(rule.queue and rule.due_in for rule in rules)
    assert any(rule.sign_offs == 2 for rule in rules)
    assert any(rule.then is document.Disposition.REFUSE for rule in rules)


def test_every_queue_that_a_policy_names_has_people_and_a_title():
    named = {
        queue
        for point in service.POINTS
        for queue in document.load(service.policy_text(point)).queues
    }
    worked = {queue for person in service.PEOPLE for queue in person.queues}
    assert named == worked == set(service._QUEUES)


# ---------------------------------------------------------------------------------------- data


def test_the_same_seed_draws_the_same_facts_on_whatever_day():
    def told(until):
        return [
            (past.request.features, past.request.proposal, past.outcome, past.verdict)
            for past in Shop(7).past(until, FEW)
        ]

    assert told(NOON) == told(datetime(2027, 3, 1, 9, 30, tzinfo=UTC))


def test_the_past_lies_in_the_last_60_days_in_order_and_without_a_gap(past):
    instants = [datetime.fromisoformat(each.request.occurred_at) for each in past]
    assert instants == sorted(instants)
    assert (NOON - instants[0]).days in {59, 60}
    assert instants[-1] < NOON
    assert [each.request.sequence for each in past] == list(range(1, len(past) + 1))
    assert len(past) == 5000


def test_people_have_looked_at_about_a_tenth_and_not_always_agreed(past):
    verdicts = [each.verdict for each in past if each.verdict is not None]
    assert 0.08 < len(verdicts) / len(past) < 0.12
    assert set(verdicts) == {"approve", "change", "reject"}
    for each in past:
        unchanged = each.outcome == each.request.proposal.outcome
        assert unchanged == (each.verdict in {None, "approve"})


def test_tickets_vary(past):
    texts = [each.request.features["text"] for each in past if "text" in each.request.features]
    assert len(set(texts)) > len(texts) * 0.8
    assert not any("{" in text for text in texts)


def proposed(past, point, outcome, is_in):
    """Count the decisions of a group at a point, and those with this proposal."""
    group = [
        each.request.proposal.outcome == outcome
        for each in past
        if each.request.decision_point == point and is_in(each.request.subject.groups)
    ]
    return sum(group), len(group)


def deviation(few, many):
    """Return the difference of two shares in standard errors."""
    (a, n), (b, m) = few, many
    pooled = (a + b) / (n + m)
    return (b / m - a / n) / math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))


def test_subscribers_of_60_or_older_are_proposed_fewer_discounts_as_documented(past):
    older = proposed(past, "retention-offer", "offer_discount", lambda g: g["age_band"] == "60+")
    others = proposed(past, "retention-offer", "offer_discount", lambda g: g["age_band"] != "60+")
    assert (older, others) == ((69, 324), (611, 1276))
    assert deviation(older, others) > 5


def test_the_difference_between_leads_is_too_small_to_tell_as_documented(past):
    women = proposed(past, "lead-scoring", "call-today", lambda g: g["gender"] == "female")
    men = proposed(past, "lead-scoring", "call-today", lambda g: g["gender"] == "male")
    assert (women, men) == ((150, 474), (195, 526))
    assert 0 < deviation(women, men) < 1.96


# ------------------------------------------------------------------------------------ building


def test_a_built_demo_is_an_installation_whose_log_verifies(demo):
    report = verifying.verify(demo)
    assert (report.ok, report.pending) == (True, 0)
    # Some more are asked until chance has drawn one for a second look.
    assert report.decisions > sum(FEW.values()) + sum(count for *_, count in service._ASKED)
    assert service.check(demo, silent) == []


def test_the_built_in_disparity_is_found_and_leaves_the_point_to_people(demo):
    with demo.look(actors.service("tests")) as work:
        for view in monitors.monitors(work, "retention-offer"):
            expected = view.group == "60+" and view.side == "below"
            assert (view.log10_e > 0.5) == expected, view
        report = fairness.figures(work, "retention-offer", by=["age_band"])
    older = next(
        row for row in report["stages"]["proposal"]["groups"] if row["group"] == {"age_band": "60+"}
    )
    assert older["selection_rate"] < 0.35
    assert report["stages"]["proposal"]["with_ground_truth"] > 0


@pytest.mark.full
def test_a_whole_demo_holds_its_offers_and_says_what_is_too_little_to_tell(tmp_path):
    settings = Settings(home=tmp_path / "demo")
    service.build(settings, silent, actor=actors.service("cli", os_user="tester"))
    with (
        closing(open_installation(settings)) as answerable,
        answerable.look(actors.service("tests")) as work,
    ):
        (incident,) = monitors.incidents(work)
        assert (incident.point, incident.group, incident.level) == (
            "retention-offer",
            "60+",
            "violation",
        )
        assert incident.held
        verdicts = {point: fairness.figures(work, point)["verdict"] for point in service.POINTS}
    assert verdicts["retention-offer"] == "breach"
    assert verdicts["lead-scoring"] == "not_enough_evidence"


def test_people_have_decided_some_live_cases_and_others_wait_at_all_points(demo):
    with demo.database.read() as session:
        verdicts = session.execute(sa.select(Verdict.verdict, Verdict.decides)).all()
        looks = set(session.execute(sa.select(Case.purpose)).scalars())
        waiting = session.execute(
            sa.select(Decision.point, sa.func.count())
            .join(Case, Case.decision_id == Decision.id)
            .where(Case.status == "open", Case.purpose == "decide")
            .group_by(Decision.point)
        ).all()
    assert {verdict for verdict, _ in verdicts} == {"approve", "change", "reject"}
    assert sorted(decides for _, decides in verdicts)[:10] == [False] + [True] * 9
    assert looks == {"decide", "check", "double"}, "there is one of each"
    assert {point for point, _ in waiting} == set(service.POINTS)
    assert 14 <= sum(count for _, count in waiting) <= 18


def test_policies_came_into_force_through_two_people_and_one_draft_waits(demo):
    with demo.database.read() as session:
        requests = session.execute(sa.select(Request)).scalars().all()
        kinds = set(session.execute(sa.select(LogRecord.kind)).scalars())
    assert sorted((request.kind, request.status) for request in requests) == [
        ("hold.lift", "confirmed"),
        *[("policy.publish", "confirmed")] * 3,
        ("policy.publish", "open"),
    ]
    assert all(request.closed_by != request.requested_by for request in requests)
    assert {"hold.set", "hold.lifted", "case.claimed", "decision.withdrawn"} <= kinds


@pytest.mark.parametrize("who", service.PEOPLE, ids=lambda who: who.name)
def test_everybody_can_sign_in_as_printed(demo, who):
    passwords.check(who.password, email=who.email, name=who.name)
    signed_in = signing_in.sign_in(
        demo, email=who.email, password=who.password, address="127.0.0.1"
    )
    actor = signing_in.actor_of_session(demo, signed_in.session_secret)
    assert actor is not None
    assert (actor.name, set(actor.roles)) == (who.name, {who.role})
    assert actor.queues == set(who.queues)


@pytest.mark.parametrize(("which", "status"), [("review", "in_review"), ("release", "released")])
def test_the_printed_commands_are_ready_to_run(built, demo, which, status):
    told = service.demo_of(built)
    words = shlex.split(told.curl_review if which == "review" else told.curl_release)
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    assert words[2] == "http://127.0.0.1:8000/api/v1/decisions"
    response = (
        create_app(demo)
        .test_client()
        .post("/api/v1/decisions", data=words[words.index("-d") + 1], headers=headers)
    )
    assert response.status_code == 201, response.text
    assert response.json["status"] == status


def test_nothing_refers_to_the_secrets_of_the_demo_but_its_own_folder(built):
    marker = built.home / folder.MARKER
    assert marker.stat().st_mode & 0o077 == 0
    assert json.loads(marker.read_text())["key"].startswith("ans_")


# ---------------------------------------------------------------------------------- the folder


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path):
    (tmp_path / "answerable.toml").write_text("public_url = 'https://real.example'\n")
    with pytest.raises(Conflict, match="is not a demo's folder"):
        service.build(Settings(home=tmp_path), silent, actor=actors.service("cli"), counts=FEW)
    assert [file.name for file in tmp_path.iterdir()] == ["answerable.toml"]


def test_a_finished_demo_is_used_again_as_it_is(built):
    before = (built.home / "answerable.db").stat().st_ino
    service.build(built, silent, actor=actors.service("cli"), counts=FEW)
    assert (built.home / "answerable.db").stat().st_ino == before


def test_a_half_built_demo_is_built_anew(tmp_path):
    settings = Settings(home=tmp_path / "demo")

    def stops(step, done, of):
        if step == "Publish policies":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.build(settings, stops, actor=actors.service("cli"), counts=ONE_EACH)
    assert folder.stage_of(settings.home) is folder.Stage.HALF_BUILT
    service.build(settings, silent, actor=actors.service("cli"), counts=ONE_EACH)
    assert folder.stage_of(settings.home) is folder.Stage.FINISHED


def test_two_builds_in_one_folder_do_not_meet(tmp_path):
    home = tmp_path / "demo"
    with folder.building(home), pytest.raises(Conflict, match="Another process"):
        service.build(Settings(home=home), silent, actor=actors.service("cli"), counts=ONE_EACH)


def test_the_command_tells_what_to_open_and_serves_nothing_when_told_so(built, monkeypatch):
    # A real business's settings in the environment are none of the demo's.
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    monkeypatch.setenv("ANSWERABLE_PUBLIC_URL", "https://real.example")
    result = CliRunner().invoke(
        command_line, ["demo", "--dir", str(built.home), "--port", "8123", "--once"]
    )
    assert result.exit_code == 0, result.output
    assert "http://127.0.0.1:8123" in result.output
    assert all(who.email in result.output for who in service.PEOPLE)
    assert "https://real.example" not in result.output


def test_a_taken_port_is_told_before_anything_is_built(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        result = CliRunner().invoke(
            command_line, ["demo", "--dir", str(tmp_path / "demo"), "--port", port]
        )
    assert result.exit_code == 1
    assert f"Port {port} of 127.0.0.1 is taken" in result.output
    assert not (tmp_path / "demo").exists()


def test_a_demo_that_was_tampered_with_is_not_served(built, tmp_path):
    with closing(open_installation(built)) as answerable, answerable.database.write() as session:
        row = session.execute(sa.select(Decision).where(Decision.status == "released")).scalars()
        decision = row.first()
        before, decision.outcome = decision.outcome, "front-desk?"
        decision_id = decision.id
    try:
        result = CliRunner().invoke(command_line, ["demo", "--dir", str(built.home), "--once"])
        assert result.exit_code == 1
        assert decision_id in result.output
    finally:
        with (
            closing(open_installation(built)) as answerable,
            answerable.database.write() as session,
        ):
            session.get_one(Decision, decision_id).outcome = before
