"""Whoever edits what is in force, rather than a decision, is found out too."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.holds import service as holds
from governance.identities import keys
from governance.identities import service as identities
from governance.operations.verifying import verify
from governance.points import service as points
from governance.requests import service as requests
from tests.accounts import join
from tests.integration.test_log_verification import POLICY, settle


@pytest.fixture
def business(answerable):
    """Return an installation in which everything was asked for, confirmed, declined, set and lifted by the rules."""
    with answerable.work(service("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    anna, pia = join(answerable, "Anna", "admin"), join(answerable, "Pia", "publisher")
    paul, dov = join(answerable, "Paul", "publisher"), join(answerable, "Dov")
    with answerable.work(pia) as work:
        points.draft(work, POLICY.replace("0.8", "0.7"), "Ask less often.")
        (request,) = requests.list_open(work)
    with answerable.work(paul) as work:
        requests.confirm(work, request.id)
        points.restore_before(work, "offers", "It was too little.")
        (request,) = requests.list_open(work)
    with answerable.work(pia) as work:
        requests.confirm(work, request.id)
        points.draft(work, POLICY.replace("0.8", "0.1"), "Ask hardly ever.")
        hold = holds.set_hold(work, "offers", "Something is wrong.")
        lift = holds.request_lift(work, hold.id, "It is right again.")
    with answerable.work(paul) as work:
        requests.confirm(work, lift.id)
        holds.set_hold(work, None, "Everything is wrong.")
    with answerable.work(anna) as work:
        keys.create_key(work, app="crm", points=["offers"])
        old = keys.create_key(work, app="old")
        keys.revoke_key(work, old.key.id)
        identities.change_person(
            work, dov.id, roles=["manager"], expires_at=work.now.replace(year=2030)
        )
        identities.disable_person(work, dov.id)
    settle(answerable)
    return answerable


def test_what_went_by_the_rules_agrees(business):
    report = verify(business)
    assert [str(finding) for finding in report.findings if finding.severity == "tampered"] == []


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        ("UPDATE decision_points SET live_version = 3", "decision_points.live_version of offers"),
        (
            "UPDATE policy_versions SET status = 'published' WHERE version = 3",
            "policy_versions.status of offers, version 3",
        ),
        (
            "UPDATE policy_versions SET drafted_by = 'service:cli' WHERE version = 2",
            "policy_versions.drafted_by",
        ),
        (
            "UPDATE holds SET lifted_at = set_at, lifted_by = set_by WHERE point IS NULL",
            "holds.lifted_at",
        ),
        ("DELETE FROM holds WHERE point IS NULL", "holds of"),
        ("UPDATE people SET roles = '[\"admin\"]' WHERE name = 'Pia'", "people.roles"),
        ("UPDATE people SET disabled_at = NULL WHERE name = 'Dov'", "people.disabled_at"),
        ("UPDATE people SET expires_at = NULL WHERE name = 'Dov'", "people.expires_at"),
        ("UPDATE app_keys SET points = NULL", "app_keys.points"),
        ("UPDATE app_keys SET revoked_at = NULL", "app_keys.revoked_at"),
        (
            "UPDATE requests SET status = 'confirmed', closed_by = 'service:x' WHERE status = 'open'",
            "requests.status",
        ),
    ],
)
def test_an_edit_of_what_is_in_force_is_named(business, edit, named):
    with business.database.write() as session:
        session.execute(sa.text(edit))
    report = verify(business)
    assert report.exit_code == 1
    assert any(named in finding.what for finding in report.findings), report.findings
