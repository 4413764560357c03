"""Every page opens for whoever may see it, is titled, and is closed to everybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from governance.auditing import draws
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.erasing import service as erasing
from governance.imports import service as imports
from governance.imports.states import Kind
from governance.ledger import reading
from governance.ledger.sequencing import drain
from governance.monitors.models import Incident
from governance.overseeing.models import PersonFigures
from governance.permissions import ROLE_PERMISSIONS, Permission, Role
from governance.reporting import making
from governance.reviews import service as reviews
from governance.rights import service as rights
from governance.rights.transitions import RightKind
from governance.webhooks import service as webhooks
from tests import accounts, people, retention
from tests.applications import create_app
from tests.conftest import MOSTLY_SQLITE, Beginning
from tests.people import publish

#: Pages that have no title of their own: they lead elsewhere, or are read by scripts.
LEADING_ON = {"console.find_entry", "console.queue_updates", "console.case_news"}
#: What is a file to keep and no page.
FILES = {
    "console.appeal_file",
    "console.entry_leaf",
    "console.entry_proof",
    "console.message_file",
    "console.refused_lines",
    "console.report_file",
    "console.what_if_policy",
}
#: What opens for one person alone.
OWN = {"console.ledger_view", "console.my_figures", "console.bulk_approval"}
PEOPLE = {"Ada": "manager", "Cleo": "auditor", "Pia": "publisher", "Anna": "admin", "Dov": ""}


class Pages:
    """All pages that are asked for, with something behind each of their addresses."""

    def __init__(self, app: Flask, known: dict[str, str]) -> None:
        self.app, self.known = app, known

    def window(self, name: str) -> FlaskClient:
        """Return a client in which somebody is signed in."""
        client = self.app.test_client()
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
        assert token is not None
        form = {
            "csrf_token": token[1],
            "username": accounts.email_of(name),
            "password": accounts.PASSWORD,
        }
        assert client.post("/sign-in", data=form).status_code == 303
        return client

    def addresses(self) -> Iterator[tuple[str, str, Permission | None]]:
        """Yield each page's endpoint, address and permission."""
        for rule in self.app.url_map.iter_rules():
            if not rule.endpoint.startswith("console.") or "GET" not in (rule.methods or ()):
                continue
            path = re.sub(r"<(?:[^<>]+:)?([^<>:]+)>", lambda found: self.known[found[1]], rule.rule)
            yield rule.endpoint, path, self.app.view_functions[rule.endpoint].permission


def incident(answerable) -> str:
    """Keep an incident as a monitor would open it; return its id."""
    with answerable.work(people.service("monitor")) as work:
        row = Incident(
            id=work.new_id(),
            point=retention.POINT,
            monitor="proposal:selection_rate_ratio:gender:below",
            grp="female",
            level="violation",
            status="open",
            opened_at=work.now,
            hold_id=None,
            details={
                "metric": "selection_rate_ratio",
                "by": "gender",
                "stage": "proposal",
                "side": "below",
                "tolerance": 0.8,
                "watch": None,
                "on_breach": "alert",
                "odds": "1 : 10^6",
                "decisions": 4800,
                "recent": {"group": [12, 80], "reference": [60, 80]},
            },
        )
        work.session.add(row)
        return row.id


def upload(answerable, actor) -> str:
    """Take a file in; return the import's id."""
    run = imports.take_in(
        answerable,
        actor,
        kind=Kind.DECISIONS,
        point=retention.POINT,
        file_name="october.csv",
        chunks=[b"outcome,date\nno_offer,2026-10-01\n"],
    )
    return run.id


def webhook(answerable, actor) -> str:
    """Have the app told of events; return the webhook's id."""
    with answerable.work(actor) as work:
        made = webhooks.create_webhook(work, app="shop", url="https://app.example.com/hooks")
    return made.webhook.id


def figures(answerable, actor) -> str:
    """Keep somebody's figures, which they had for a week; return their id."""
    with answerable.work(people.service("oversight")) as work:
        row = PersonFigures(
            id=work.new_id(),
            point=retention.POINT,
            person_id=actor.id,
            since="2026-08-01",
            until="2026-11-01",
            made_at=work.now - timedelta(days=8),
            document={"person": {"reviewer": actor.id, "reviews": 3}, "pooled": None, "plan": {}},
        )
        work.session.add(row)
        return row.id


def drawn(answerable, actor) -> str:
    """Draw of what is in the log; return the draw's id."""
    drain(answerable)
    with answerable.work(actor) as work:
        return draws.ask(work, wanted=1).id


def fill(answerable) -> dict[str, str]:
    """Put something behind each address; return what stands for its variables."""
    publish(answerable, retention.POLICY)
    actors = {
        name: accounts.join(answerable, name, *([role] if role else []), queues=[retention.QUEUE])
        for name, role in PEOPLE.items()
    }
    asked = decisions.ask(answerable, people.app(answerable), Asked(request=retention.unsure()))
    with answerable.look(actors["Cleo"]) as work:
        case_id = decisions.get(work, asked.id).case_id
        known = {
            "decision_id": asked.id,
            "case_id": case_id,
            "entry_id": reading.entry(work, asked.id).id,
            "point": retention.POINT,
            "version": "1",
            "name": retention.QUEUE,
            "person_id": actors["Ada"].id,
            "number": "1",
            "token": "used",
            "language": "en",
            "view_id": "none",
            "bulk_id": "none",
            "message_id": asked.id,
            "incident_id": incident(answerable),
            "figures_id": figures(answerable, actors["Ada"]),
            "import_id": upload(answerable, actors["Anna"]),
            "webhook_id": webhook(answerable, actors["Anna"]),
            "app_id": people.app(answerable).id,
            "draw_id": drawn(answerable, actors["Cleo"]),
            "report_id": making.make(answerable, actors["Cleo"], retention.POINT).view.id,
        }
    with answerable.work(actors["Anna"]) as work:
        known["erasure_id"] = erasing.ask(work, reference="cust-4711", words="They asked.").id
    with answerable.work(actors["Ada"]) as work:
        reviews.claim(work, case_id)
        asked_for = rights.ask(work, RightKind.ACCESS, reference="cust-4711", words="All, please.")
        known["request_id"] = asked_for.id
    return known


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("pages", fill)


@pytest.fixture
def pages(answerable, begun) -> Pages:
    return Pages(create_app(answerable), begun)


@MOSTLY_SQLITE
def test_every_page_opens_for_those_who_may_and_for_nobody_else(pages: Pages) -> None:
    seen = set()
    windows = {name: pages.window(name) for name in PEOPLE}
    for endpoint, path, permission in pages.addresses():
        if permission is None or endpoint in LEADING_ON | FILES | OWN:
            continue
        opened = 0
        for name, role in PEOPLE.items():
            may = ROLE_PERMISSIONS[Role(role)] if role else {Permission.ACCOUNT_USE}
            answer = windows[name].get(path, follow_redirects=True)
            if permission not in may:
                assert answer.status_code == 403, (path, name)
                continue
            assert answer.status_code == 200, (path, name, answer.text[-800:])
            title = re.search(r"<title>(.+?) · (.+?)</title>", answer.text)
            assert title is not None, (path, name)
            assert answer.text.count("<h1") == 1, (path, name)
            opened += 1
        assert opened, f"Nobody may open {path}."
        seen.add(endpoint)
    assert len(seen) > 20


def test_whoever_is_not_signed_in_is_asked_to(pages: Pages) -> None:
    stranger = pages.app.test_client()
    for endpoint, path, permission in pages.addresses():
        answer = stranger.get(path)
        if permission is None:
            assert answer.status_code < 500, path
        else:
            assert answer.status_code == 303, (endpoint, path)
            assert answer.location.startswith("/sign-in"), path


def test_every_section_of_the_menu_is_a_page(pages: Pages) -> None:
    anna = pages.window("Anna")
    first = anna.get("/").text
    links = set(re.findall(r'class="nav-link" href="([^"]+)"', first))
    assert len(links) > 5
    for link in links:
        assert anna.get(link).status_code == 200, link


def test_no_form_is_taken_without_its_token(pages: Pages) -> None:
    anna = pages.window("Anna")
    posts = 0
    for rule in pages.app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and "POST" in (rule.methods or ()):
            path = re.sub(
                r"<(?:[^<>]+:)?([^<>:]+)>",
                lambda found: pages.known.get(found[1], "none"),
                rule.rule,
            )
            assert anna.post(path).status_code == 400, path
            posts += 1
    assert posts > 20
