"""A served installation with its people, its apps and a published policy, for tests of the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from governance import actors
from governance.application import Answerable
from governance.identities import keys, queries, service
from governance.identities.models import Person
from governance.points.service import bootstrap_publish
from tests import accounts
from tests.applications import create_app
from tests.conftest import Beginning

POLICY = """
decision_point: retention-offer
kind: personalization
title: {en: Offers to customers likely to leave}
purpose: {en: We offer a discount to customers who may be about to leave.}
owner: sales-managers
stakes: low
rollout: live
features:
  tenure_months: {type: integer, minimum: 0, label: {en: Months as a customer}}
  monthly_charges: {type: number, minimum: 0, label: {en: Monthly charges}}
  contract: {type: string, values: [month-to-month, one-year], label: {en: Contract}}
  message: {type: string, required: false, label: {en: Message}}
  tags: {type: array, required: false, label: {en: Tags}}
  note: {type: string, required: false, nullable: true, label: {en: Note}}
groups: [gender]
outcomes:
  offer_discount: {label: {en: Offer a discount}, favourable: true}
  no_offer: {label: {en: No offer}, fallback: true}
proposal: {from: app, confidence: required}
review:
  queue: sales-managers
  confidence_below: 0.8
  due_in: 4h
  when_overdue: {escalate_to: sales-leads, then: fallback}
  undo: 10s
rules:
  - name: big-discount
    when: features.monthly_charges > 100 && proposal.outcome == "offer_discount"
    then: review
    sensitive: true
    because: {en: Discounts on large contracts are decided by a person.}
  - name: no-message-no-offer
    when: has(features.message) && features.message.contains("never")
    then: refuse
    because: {en: The customer wants none.}
notice: {en: This offer was suggested by software. You can ask for a person to decide.}
tests:
  - name: a big discount goes to a person
    given: {features: {tenure_months: 3, monthly_charges: 120, contract: month-to-month}, proposal: {outcome: offer_discount, confidence: 0.95}}
    expect: {disposition: review, rule: big-discount}
"""

PASSWORD = "seven grey herons at dusk"
PEOPLE = {
    "Ada": (["manager"], ["sales-managers", "sales-leads"]),
    "Ben": (["manager"], ["sales-managers"]),
    "Cleo": (["auditor"], []),
    "Pia": (["publisher"], []),
    "Paul": (["publisher"], []),
    "Anna": (["admin"], []),
}


def request_body(**changes: Any) -> dict[str, Any]:
    """Return a request that is released as it stands."""
    body: dict[str, Any] = {
        "decision_point": "retention-offer",
        "subject": {"ref": "cust-4711"},
        "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "month-to-month"},
        "proposal": {"outcome": "offer_discount", "confidence": 0.95},
    }
    for path, value in changes.items():
        inner = body
        *outer, last = path.split("__")
        for step in outer:
            inner = inner[step]
        if value is ...:
            inner.pop(last, None)
        else:
            inner[last] = value
    return body


@dataclass
class Served:
    """The application, and the secrets of those who use it by their names."""

    answerable: Answerable
    client: FlaskClient
    secrets: dict[str, str]
    people: dict[str, str]
    key_ids: dict[str, str]
    password: str = PASSWORD

    def narrow_token(self, name: str, *scopes: str) -> str:
        """Make a token of somebody that opens no more than this; give the name under which to call with it."""
        called = f"{name} with {' '.join(scopes)}"
        self.secrets[called] = token(self.answerable, self.people[name], list(scopes))
        return called

    def call(self, who: str | None, method: str, path: str, **options: Any) -> Any:
        """Make a request of somebody; a path that does not begin with /api gets the prefix."""
        headers = dict(options.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.secrets[who]}"
        address = (
            path
            if path.startswith(("/api", "/healthz", "/readyz", "/metrics", "/problems"))
            else f"/api/v1{path}"
        )
        return self.client.open(address, method=method, headers=headers, **options)

    def ask(
        self,
        who: str = "crm",
        /,
        *,
        headers: dict[str, str] | None = None,
        query: str = "",
        **changes: Any,
    ) -> Any:
        """Ask for a decision."""
        return self.call(
            who, "POST", f"/decisions{query}", json=request_body(**changes), headers=headers or {}
        )


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Beginning | None:
    return Beginning("served", fill) if "served" in request.fixturenames else None


@pytest.fixture
def served(answerable: Answerable, begun: dict[str, dict[str, str]]) -> Served:
    client = create_app(answerable).test_client(use_cookies=False)
    return Served(answerable=answerable, client=client, **begun)


def fill(answerable: Answerable) -> dict[str, dict[str, str]]:
    """Put people, keys and a policy into a fresh installation; return the parts of ``Served`` that name them."""
    cli = actors.service("cli")
    with answerable.work(cli) as work:
        bootstrap_publish(work, POLICY)
    with answerable.work(cli) as work:
        bootstrap_publish(work, POLICY.replace("retention-offer", "win-back"))
    people, secrets, key_ids = {}, {}, {}
    with answerable.work(cli) as work:
        for app, options in {
            "crm": {"points": ["retention-offer"]},
            "shop": {},
            "reader": {"scopes": ["decisions:read"]},
        }.items():
            made = keys.create_key(work, app=app, **options)
            secrets[app], key_ids[app] = made.secret, made.key.id
    for name, (roles, queues) in PEOPLE.items():
        with answerable.work(cli) as work:
            added = service.add_person(
                work,
                email=f"{name.lower()}@example.com",
                name=name,
                roles=roles,
                queues=queues,
            )
            # Hashing a password for each person of each test would take longer than all the rest.
            work.session.get_one(Person, added.person.id).password_hash = accounts.kept(PASSWORD)
            people[name] = added.person.id
            # While nobody else could confirm them, roles are given at once.
            assert added.request is None
        secrets[name] = token(answerable, people[name])
    return {"secrets": secrets, "people": people, "key_ids": key_ids}


def token(answerable: Answerable, person_id: str, scopes: list[str] | None = None) -> str:
    """Make a token of all that a person may do, or of some of it."""
    with answerable.look(actors.service("tests")) as work:
        actor = queries.actor_of(work.session, work.session.get_one(Person, person_id), work.now)
    with answerable.work(actor) as work:
        made = service.create_token(
            work, name="tests", scopes=scopes or sorted(actor.permissions), days=30
        )
    return made.secret


@pytest.fixture
def in_review(served: Served) -> Callable[..., dict[str, Any]]:
    """Return a function that makes a decision that waits for a person."""

    def make(**changes: Any) -> dict[str, Any]:
        answer = served.ask(proposal__confidence=0.5, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json

    return make
