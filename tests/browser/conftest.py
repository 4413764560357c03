"""A real installation served to a real browser: people who sign in, policies in force, decisions and cases."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.serving import make_server

from governance.actors import Actor, service
from governance.application import Answerable, open_installation
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.installation.service import change_settings, create
from governance.ledger.publishing import publish
from governance.ledger.sequencing import drain
from governance.points import service as points
from governance.reviews import service as reviews
from governance.settings import Settings
from tests import accounts, people, retention
from tests.applications import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

QUEUES = ("sales-managers", "sales-leads")
ROLES = {
    "Ada": ("manager",),
    "Ben": ("manager",),
    "Cleo": ("auditor",),
    "Pia": ("publisher",),
    "Paul": ("publisher",),
    "Anna": ("admin",),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder as needing a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


class House:
    """The business of these tests, and how its people come in."""

    def __init__(self, answerable: Answerable, url: str) -> None:
        self.answerable = answerable
        self.url = url
        self.people: dict[str, Actor] = {}
        self.app: Actor | None = None

    def person(self, name: str) -> Actor:
        """Return somebody as an actor, for what happens behind the browser's back."""
        return accounts.again(self.answerable, self.people[name].id)

    def asks(self, confidence: float = 0.5, **changes: Any) -> str:
        """Let the app ask for a decision; return its id. Below 0.8 it goes to a person."""
        assert self.app is not None
        proposal = {
            "outcome": "offer_discount",
            "confidence": confidence,
            "alternatives": [{"outcome": "offer_gift", "confidence": 0.2}],
            "reasons": [
                {"feature": "tenure_months", "contribution": 0.8},
                {"feature": "monthly_charges", "contribution": -0.3},
            ],
        }
        request = retention.request(**{"proposal": proposal, **changes})
        view = decisions.ask(self.answerable, self.app, Asked(request=request))
        return str(view.id)

    def case(self, decision_id: str) -> str:
        """Return the case of a decision."""
        with self.answerable.look(service("tests")) as work:
            return str(decisions.get(work, decision_id).case_id)

    def case_for(self, name: str, **changes: Any) -> str:
        """Return a fresh case that somebody holds."""
        case_id = self.case(self.asks(**changes))
        with self.answerable.work(self.person(name)) as work:
            reviews.claim(work, case_id)
        return case_id

    def sequence(self) -> None:
        """Let the log catch up."""
        drain(self.answerable)
        publish(self.answerable)

    def enter(self, browser: Browser, name: str, **options: Any) -> BrowserContext:
        """Let somebody sign in, in a browser window of their own."""
        options.setdefault("viewport", {"width": 1280, "height": 800})
        options.setdefault("locale", "en-GB")
        context = browser.new_context(base_url=self.url, **options)
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto("/sign-in")
        page.locator("#username").fill(accounts.email_of(name))
        page.locator("#password").fill(accounts.PASSWORD)
        page.locator("button.primary").click()
        page.wait_for_url(f"{self.url}/")
        return context

    def page_of(self, context: BrowserContext) -> Page:
        """Return the window's page."""
        return context.pages[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a served installation with its people, three cases and some decisions."""
    folder = tmp_path_factory.mktemp("house")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = Settings(
        home=folder / "home",
        highwater_dir=folder / "highwater",
        public_url=url,
        background="apart",
    )
    create(settings, business_name="Corner & Co.", time_zone="Europe/Berlin", public_url=url)
    answerable = open_installation(settings)
    house = House(answerable, url)
    with answerable.work(people.service("cli")) as work:
        points.bootstrap_publish(work, retention.POLICY)
        # Browsers read faster than anybody; whoever tests that they are asked back turns the guards on.
        change_settings(work, pace_guards=False)
    for name, roles in ROLES.items():
        queues = QUEUES if "manager" in roles else ()
        house.people[name] = accounts.join(answerable, name, *roles, queues=queues)
    house.app = people.app(answerable)
    server = make_server("127.0.0.1", port, create_app(answerable), threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield house
    server.shutdown()
    server.server_close()
    serving.join(10)
    answerable.close()
