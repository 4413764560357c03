"""Every page, wide and narrow, light and dark, in English and German: nothing is cut off, and it can be used by everybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from audits.log.cosignatures import CosigningKey
from audits.log.witness_policy import PolicyWitness
from governance.decisions import service as decisions
from governance.holds import service as holds
from governance.identities import keys
from governance.identities import service as identities
from governance.identities.models import Person
from governance.ledger import anchoring, publishing, reading, witnessing
from governance.ledger.witnessing import WitnessesFailed
from governance.points import service as points
from governance.queues import competence
from governance.reporting import log_exports
from governance.reviews import bulk
from governance.reviews import service as reviews
from governance.webhooks import service as webhooks
from governance.webhooks.delivering import Deliveries
from tests import accounts, retention, witnesses
from tests.browser.pages import follow, violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext

    from tests.browser.conftest import House

#: Each page, and who looks at it; nobody: whoever stands at the door.
PAGES = {
    "sign-in": "",
    "set-password": "",
    "set-password-used": "",
    "door-error": "",
    "first": "Ada",
    "first-new": "Anna",
    "queue": "Ada",
    "queue-empty": "Ben",
    "queue-load": "Ada",
    "bulk": "Ada",
    "bulk-approval": "Ada",
    "case-free": "Ada",
    "case-held": "Ada",
    "case-mine": "Ada",
    "decision": "Cleo",
    "decision-decided": "Ada",
    "decisions": "Cleo",
    "decisions-none": "Cleo",
    "search": "Cleo",
    "hold": "Ada",
    "policies": "Pia",
    "policy": "Cleo",
    "policy-draft": "Paul",
    "draft": "Pia",
    "requests": "Paul",
    "log": "Cleo",
    "log-entry": "Cleo",
    "log-exports": "Cleo",
    "status": "Anna",
    "people": "Anna",
    "person": "Anna",
    "person-new": "Anna",
    "keys": "Anna",
    "webhooks": "Anna",
    "webhook": "Anna",
    "queues": "Anna",
    "queue-record": "Anna",
    "settings": "Anna",
    "account": "Ada",
    "second-step": "Ada",
    "error": "Ada",
}
LONG_MESSAGE = "I have been charged twice for October and nobody answers my calls. " * 4


@dataclass(frozen=True)
class Look:
    """How one reader sees the pages."""

    language: str
    theme: str
    width: int
    windows: dict[str, BrowserContext] = field(default_factory=dict)


def webhook(house: House) -> str:
    """Make a webhook at which nobody is, with a message that was tried; return its id."""
    with house.answerable.work(house.person("Anna")) as work:
        made = webhooks.create_webhook(work, app="shop", url="https://app.example.com/hooks")
        webhooks.add_secret(work, made.webhook.id)
        webhooks.send_test(work, made.webhook.id)
    nobody = Deliveries(house.answerable, resolve=lambda *_: ["127.0.0.1"])
    nobody.work()
    nobody.wait()
    return made.webhook.id


def watch(house: House, folder: Path) -> None:
    """Have the log cosigned by one witness and left alone by another, and lay its checkpoint down."""
    with house.answerable.look(house.person("Cleo")) as work:
        vkey = reading.state(work).vkey
    gone = CosigningKey(name="watch.audit.example.net/witness", seed=bytes(32)).verifying_key
    with witnesses.witness(folder / "w1", vkey, clock=house.answerable.clock) as witness:
        dead = PolicyWitness(name="audit-house", key=gone, url="http://127.0.0.1:1")
        house.answerable.settings = replace(
            house.answerable.settings,
            witness_policy=witnesses.policy_file(folder / "policy", witness, dead),
            anchor_file=folder / "checkpoints",
        )
        publishing.publish(house.answerable)
        with pytest.raises(WitnessesFailed):
            witnessing.run(house.answerable)
    anchoring.run(house.answerable)


@pytest.fixture(scope="module")
def paths(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Fill the house so that each page has something to show, and return where each page is."""
    facts = {"tenure_months": 5, "monthly_charges": 120, "contract": "month-to-month"}
    mine = house.case_for("Ada", features=facts | {"message": LONG_MESSAGE})
    held = house.case_for("Ben")
    free = house.asks(0.95, features=facts)
    decided = house.asks()
    house.asks(0.95)
    alike = [house.case(house.asks()) for _ in range(4)]
    with house.answerable.work(house.person("Ada")) as work:
        chosen = bulk.begin(work, alike)
    with house.answerable.work(house.person("Anna")) as work:
        today = work.now.date()
        competence.show(
            work,
            "sales-managers",
            house.people["Ben"].id,
            shown_on=today - timedelta(days=30),
            expires_on=today + timedelta(days=20),
            note="Judged twenty cases beside Ada.",
        )
    with house.answerable.work(house.person("Ben")) as work:
        reviews.claim(work, house.case(decided))
        reviews.give_verdict(
            work, house.case(decided), verdict="change", outcome="offer_gift", reason="A call first"
        )
    with house.answerable.work(house.person("Ben")) as work:
        holds.set_hold(work, retention.POINT, "Discounts look wrong since noon.")
        for hold in holds.in_force(work):
            holds.request_lift(work, hold.id, "Prices are right again.")
    with house.answerable.work(house.person("Pia")) as work:
        text = retention.POLICY.replace("confidence_below: 0.80", "confidence_below: 0.85")
        drafted = points.draft(work, text, "Ask a person sooner.")
    with house.answerable.work(house.person("Anna")) as work:
        keys.create_key(work, app="crm", points=None, scopes=["decisions:write"], expires_at=None)
        link = identities.reset_person(work, house.people["Paul"].id)
    house.sequence()
    with house.answerable.work(house.person("Cleo")) as work:
        log_exports.ask(work)
    watch(house, tmp_path_factory.mktemp("outside"))
    log_exports.run(house.answerable, "tests")
    with house.answerable.look(house.person("Cleo")) as work:
        entry = reading.entries(work, limit=1).entries[0]
        assert decisions.get(work, decided).status == "in_review", "it can still be taken back"
    return {
        "sign-in": "/sign-in",
        "set-password": f"/set-password/{link.token}",
        "set-password-used": "/set-password/used",
        "door-error": "/nowhere",
        "first": "/",
        "first-new": "/",
        "queue": "/queue",
        "queue-empty": "/queue?queue=sales-leads",
        "queue-load": "/queue/load",
        "bulk": f"/queue/bulk?act=hand_over&case={held}&case={alike[0]}",
        "bulk-approval": f"/queue/bulk/{chosen.id}",
        "case-free": f"/cases/{house.case(free)}",
        "case-held": f"/cases/{held}",
        "case-mine": f"/cases/{mine}",
        "decision": f"/decisions/{free}",
        "decision-decided": f"/decisions/{decided}",
        "decisions": "/decisions",
        "decisions-none": "/decisions?status=lapsed&since=2026-01-01",
        "search": "/search",
        "hold": "/hold",
        "policies": "/policies",
        "policy": f"/policies/{retention.POINT}/versions/1",
        "policy-draft": f"/policies/{retention.POINT}/versions/{drafted.version}",
        "draft": f"/policies/draft?point={retention.POINT}",
        "requests": "/requests",
        "log": "/log",
        "log-entry": f"/log/entries/{entry.id}",
        "log-exports": "/log/exports",
        "status": "/status",
        "people": "/people",
        "person": f"/people/{house.people['Ben'].id}",
        "person-new": "/people/new",
        "keys": "/keys",
        "webhooks": "/webhooks",
        "webhook": f"/webhooks/{webhook(house)}",
        "queues": "/queues",
        "queue-record": "/queues/sales-managers",
        "settings": "/settings",
        "account": "/account",
        "second-step": "/account/second-step",
        "error": "/cases/none",
    }


@pytest.fixture(
    scope="module",
    params=[("en", "light", 1280), ("de", "dark", 320)],
    ids=lambda look: "-".join(map(str, look)),
)
def look(
    request: pytest.FixtureRequest, house: House, browser: Browser, paths: dict[str, str]
) -> Iterator[Look]:
    """Return windows of one language, theme and width, in a house that is full."""
    language, theme, width = request.param
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language=language))
    look = Look(language, theme, width)
    options = {"viewport": {"width": width, "height": 800}, "locale": language}
    cookie = {"name": "theme", "value": theme, "url": house.url}
    for name in ("", *sorted(set(PAGES.values()) - {""})):
        if name:
            look.windows[name] = house.enter(browser, name, **options)
        else:
            look.windows[name] = browser.new_context(base_url=house.url, **options)
            look.windows[name].new_page()
        look.windows[name].add_cookies([cookie])
    yield look
    for window in look.windows.values():
        window.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_can_be_used_by_everybody(
    house: House, look: Look, paths: dict[str, str], name: str
) -> None:
    page = look.windows[PAGES[name]].pages[0]
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    answer = page.goto(paths[name])
    assert answer is not None
    assert page.url == house.url + paths[name], "nobody is sent elsewhere"
    assert answer.status < 500
    assert (answer.status < 400) == ("error" not in name and "used" not in name)
    assert " · " in page.title()
    assert page.locator("html").get_attribute("lang") == look.language
    assert page.locator("html").get_attribute("data-theme") == look.theme
    assert page.locator("h1").count() == 1
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest <= look.width, "the page scrolls sideways"
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    # The browser itself reports an answer that is an error.
    assert [line for line in said if "the server responded with a status of" not in line] == []


def test_somebody_with_a_second_factor_gives_a_code(browser: Browser, house: House) -> None:
    pia = house.person("Pia")
    with house.answerable.work(pia) as work:
        setup = identities.begin_second_factor(work)
        identities.confirm_second_factor(
            work,
            secret=setup.secret,
            code=pyotp.TOTP(setup.secret).at(work.now - timedelta(seconds=30)),
        )
    context = browser.new_context(base_url=house.url, locale="en-GB")
    page = context.new_page()
    page.goto("/policies")
    assert "next=" in page.url, "whoever is not signed in is asked to, and brought back"
    page.locator("#username").fill(accounts.email_of("Pia"))
    page.locator("#password").fill(accounts.PASSWORD)
    follow(page.locator("button.primary"))
    page.wait_for_url("**/sign-in/code")
    assert violations(page) == []
    page.locator("#code").fill("000000")
    follow(page.locator("button.primary"))
    assert "This is not the code of now" in page.locator("[role=alert]").inner_text()
    page.locator("#code").fill(pyotp.TOTP(setup.secret).now())
    follow(page.locator("button.primary"))
    page.wait_for_url("**/policies")
    context.close()
