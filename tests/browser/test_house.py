"""Looking after the house in the browser, without scripts: policies, requests, people, keys, queues, settings, log, account."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING

import pyotp
import pytest

from governance.identities import service as identities
from governance.operations import verification
from governance.points import service as points
from governance.queues import service as queues
from tests import accounts, retention
from tests.browser.pages import follow, notices, press

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House

POLICY_PAGE = f"/policies/{retention.POINT}/versions"


class Desks:
    """One window for each person, signed in when first asked for; none runs scripts."""

    def __init__(self, browser: Browser, house: House) -> None:
        self._browser, self._house = browser, house
        self._pages: dict[str, Page] = {}

    def of(self, name: str) -> Page:
        """Return somebody's page."""
        if name not in self._pages:
            context = self._house.enter(self._browser, name, java_script_enabled=False)
            self._pages[name] = self._house.page_of(context)
        return self._pages[name]

    def close(self) -> None:
        """Close all windows."""
        for page in self._pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def desks(browser: Browser, house: House) -> Iterator[Desks]:
    desks = Desks(browser, house)
    yield desks
    desks.close()


def status_on_the_api(house: House, secret: str, path: str) -> int:
    asked = urllib.request.Request(
        f"{house.url}/api/v1{path}", headers={"Authorization": f"Bearer {secret}"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_policy_goes_from_a_mistake_to_force_through_two_people_and_back(
    desks: Desks, house: House
) -> None:
    pia, paul = desks.of("Pia"), desks.of("Paul")
    pia.goto(f"{POLICY_PAGE}/1")
    follow(pia.get_by_role("link", name="Draft from this one"))
    text = pia.locator("#document").input_value()
    assert text == retention.POLICY
    pia.locator("#document").fill(text.replace("then: refuse", "then: perhaps"))
    press(pia, "Only check")
    line = retention.POLICY.splitlines().index("    then: refuse") + 1
    assert f"line {line}" in pia.locator("[role=alert]").inner_text()
    assert "then: perhaps" in pia.locator("#document").input_value(), "what was typed is kept"

    sooner = text.replace("confidence_below: 0.80", "confidence_below: 0.90")
    pia.locator("#document").fill(sooner)
    press(pia, "Only check")
    assert "It fits." in pia.locator("main").inner_text()
    pia.locator("#reason").fill("Ask a person sooner.")
    press(pia, "Check and ask")
    assert pia.url.endswith(f"{POLICY_PAGE}/2")
    assert "You asked for this yourself" in notices(pia)
    assert pia.get_by_role("button", name="Confirm and publish").count() == 0
    assert pia.locator(".source li.new").all_inner_texts() == ["  confidence_below: 0.90"]
    assert "confidence_below: 0.80" in pia.locator("pre.block").inner_text()

    paul.goto("/requests")
    assert "Ask a person sooner." in paul.locator("main").inner_text()
    press(paul, "Decline")
    assert "Give a reason" in paul.locator("[role=alert]").inner_text()
    follow(paul.get_by_role("link", name=re.compile("version 2")).first)
    press(paul, "Confirm and publish")
    assert "confirmed and done" in notices(paul)
    assert paul.locator("main .badge").first.inner_text() == "live"

    paul.goto(f"{POLICY_PAGE}/1")
    paul.locator("#reason").fill("Too many cases for the summer.")
    press(paul, "Ask for it")
    pia.goto("/requests")
    press(pia, "Confirm")
    with house.answerable.look(house.person("Pia")) as work:
        assert points.point(work, retention.POINT).version == 1


def test_a_draft_can_be_taken_back_with_a_reason(desks: Desks) -> None:
    pia = desks.of("Pia")
    pia.goto(f"/policies/draft?point={retention.POINT}&version=1")
    document = pia.locator("#document").input_value()
    pia.locator("#document").fill(document.replace("due_in: 4h", "due_in: 2h"))
    pia.locator("#reason").fill("Customers wait too long.")
    press(pia, "Check and ask")
    pia.locator("#reason").fill("I shall ask the managers first.")
    press(pia, "Withdraw the draft")
    assert "The draft was withdrawn." in notices(pia)


def test_a_file_is_taken_instead_of_the_text(desks: Desks) -> None:
    pia = desks.of("Pia")
    pia.goto("/policies/draft")
    press(pia, "Only check")
    assert "Write the document here" in pia.locator("#document-error").inner_text()
    pia.locator("#file").set_input_files(
        {"name": "p.yaml", "mimeType": "text/yaml", "buffer": retention.POLICY.encode()}
    )
    press(pia, "Only check")
    assert "It fits." in pia.locator("main").inner_text()
    assert pia.locator("#document").input_value() == retention.POLICY
    pia.locator("#file").set_input_files(
        {"name": "p.yaml", "mimeType": "text/yaml", "buffer": b"\xff\xfe"}
    )
    press(pia, "Only check")
    assert "not text in UTF-8" in pia.locator("#file-error").inner_text()


def test_somebody_new_comes_in_by_a_link_and_is_shut_out_at_once(
    browser: Browser, desks: Desks, house: House
) -> None:
    anna = desks.of("Anna")
    anna.goto("/people/new")
    anna.locator("#name").fill("Dov")
    anna.locator("#email").fill("ada@corner.example")
    anna.locator("[name=roles][value=manager]").check()
    anna.get_by_label("Sales managers").check()
    press(anna, "Add and make the link")
    assert "has an account already" in anna.locator("[role=alert]").inner_text()
    assert anna.locator("[name=roles][value=manager]").is_checked(), "what was ticked is kept"
    anna.locator("#email").fill("dov@corner.example")
    press(anna, "Add and make the link")
    link = anna.locator(".secret code").inner_text()

    context = browser.new_context(base_url=house.url, java_script_enabled=False)
    dov = context.new_page()
    dov.goto(link)
    dov.locator("#password").fill(accounts.PASSWORD)
    dov.locator("#again").fill(accounts.PASSWORD)
    follow(dov.locator("button.primary"))
    if "sign-in" in dov.url:
        dov.locator("#username").fill("dov@corner.example")
        dov.locator("#password").fill(accounts.PASSWORD)
        follow(dov.locator("button.primary"))
    dov.goto("/queue")
    assert "sign-in" not in dov.url

    anna.goto("/people")
    follow(anna.get_by_role("link", name="Dov"))
    press(anna, "Disable")
    assert "Dov can no longer sign in." in notices(anna)
    dov.goto("/queue")
    assert "/sign-in" in dov.url
    context.close()


def test_the_last_admin_cannot_give_the_role_up(desks: Desks, house: House) -> None:
    anna = desks.of("Anna")
    anna.goto(f"/people/{house.people['Anna'].id}")
    assert anna.get_by_role("button", name="Disable").count() == 0
    anna.get_by_label("admin").uncheck()
    press(anna, "Save")
    assert "no admin" in anna.locator("[role=alert]").inner_text()


def test_a_key_is_shown_once_and_opens_nothing_when_revoked(desks: Desks, house: House) -> None:
    anna = desks.of("Anna")
    anna.goto("/keys")
    anna.locator("#app").fill("crm")
    press(anna, "Make the key")
    secret = anna.locator(".secret code").inner_text()
    assert secret in anna.locator("pre.block").inner_text(), "a command to try stands beside it"
    assert status_on_the_api(house, secret, "/decision-points") == 200
    follow(anna.get_by_role("link", name="I have it"))
    assert secret not in anna.content()
    press(anna, "Revoke crm")
    assert "The key of crm opens nothing any more." in notices(anna)
    assert status_on_the_api(house, secret, "/decision-points") == 401


def test_a_queue_gets_hours_with_a_break(desks: Desks, house: House) -> None:
    anna = desks.of("Anna")
    anna.goto("/queues")
    follow(anna.get_by_role("link", name="Sales managers"))
    anna.get_by_label("Always open").uncheck()
    press(anna, "Save")
    assert "at least one day" in anna.locator("#hours-error").inner_text()
    anna.goto("/queues/sales-managers")
    follow(anna.get_by_role("link", name="Add hours after a break"))
    anna.get_by_label("Always open").uncheck()
    for field, clock in (
        ("from_1", "09:00"),
        ("until_1", "12:00"),
        ("from_2", "13:00"),
        ("until_2", "00:00"),
    ):
        anna.locator(f"[name=friday_{field}]").fill(clock)
    anna.locator("#zone").select_option("Europe/Berlin")
    anna.locator("#holidays").fill("2026-12-25\nthe day after")
    press(anna, "Save")
    assert "A holiday is a date" in anna.locator("[role=alert]").inner_text()
    assert anna.locator("[name=friday_until_1]").input_value() == "12:00"
    anna.locator("#holidays").fill("2026-12-25\n")
    press(anna, "Save")
    assert "Fri 09:00–12:00 13:00–24:00" in anna.locator("main").inner_text()
    with house.answerable.look(house.person("Anna")) as work:
        assert queues.queue(work, "sales-managers").calendar == {
            "zone": "Europe/Berlin",
            "hours": {"friday": [["09:00", "12:00"], ["13:00", "24:00"]]},
            "holidays": ["2026-12-25"],
        }


def test_settings_are_changed_and_secrets_are_not_shown(desks: Desks) -> None:
    anna = desks.of("Anna")
    anna.goto("/settings")
    anna.locator("#business_name").fill(" ")
    press(anna, "Save")
    assert "Give a name" in anna.locator("#business_name-error").inner_text()
    anna.locator("#business_name").fill("Corner & Daughters")
    anna.locator("#people_few").select_option("on")
    press(anna, "Save")
    assert "saved" in notices(anna)
    assert anna.title() == "Settings · Corner & Daughters"
    assert anna.locator("#people_few").input_value() == "on"


def test_the_log_is_checked_in_the_background(desks: Desks, house: House) -> None:
    cleo = desks.of("Cleo")
    cleo.goto("/log")
    press(cleo, "Check it now")
    assert "A check is running." in notices(cleo)
    house.sequence()
    assert verification.run(house.answerable, "tests")
    cleo.goto("/log")
    assert "Every entry holds." in notices(cleo)
    cleo.goto("/log?kind=policy.published")
    follow(cleo.locator("main table a").first)
    told = cleo.locator("pre.block").first.inner_text()
    assert json.loads(told)["kind"] == "policy.published"


def test_one_sets_a_second_step_up_and_turns_it_off(desks: Desks, house: House) -> None:
    ben = desks.of("Ben")
    ben.goto("/account")
    follow(ben.get_by_role("link", name="Set it up"))
    picture = ben.locator(".qr svg").bounding_box()
    assert picture is not None
    assert picture["width"] == picture["height"] > 150
    assert ben.locator(".qr svg").get_attribute("viewBox"), "it is scaled, not cut off"
    ben.locator("#code").fill("12 34 56")
    secret = ben.locator(".secret code").inner_text()
    press(ben, "Turn it on")
    assert "not the code of now" in ben.locator("#code-error").inner_text()
    assert ben.locator(".secret code").inner_text() == secret, (
        "the picture that was read still counts"
    )
    ben.locator("#code").fill(pyotp.TOTP(secret).now())
    press(ben, "Turn it on")
    assert "The second step is on." in notices(ben)
    with house.answerable.look(house.person("Ben")) as work:
        assert identities.account(work).second_factor
    ben.locator("#off-current").fill("not it, I fear")
    press(ben, "Turn it off")
    assert "not your present password" in ben.locator("#off-current-error").inner_text()
    ben.locator("#off-current").fill(accounts.PASSWORD)
    press(ben, "Turn it off")
    assert "The second step is off." in notices(ben)


def test_a_token_acts_as_oneself_until_it_is_revoked(desks: Desks, house: House) -> None:
    ben = desks.of("Ben")
    ben.goto("/account")
    ben.get_by_text("New token").click()
    ben.locator("#token-name").fill("nightly")
    ben.get_by_label("use the own account").check()
    ben.locator("#token-expires").fill("2020-01-01")
    press(ben, "Make the token")
    assert "number of days" in ben.locator("#token-expires-error").inner_text()
    ben.locator("#token-expires").fill("")
    ben.locator("#token-expires").fill(_in_a_month(house))
    press(ben, "Make the token")
    secret = ben.locator(".secret code").inner_text()
    assert status_on_the_api(house, secret, "/account") == 200
    assert status_on_the_api(house, secret, "/cases") == 403
    follow(ben.get_by_role("link", name="I have it"))
    press(ben, "Revoke")
    assert status_on_the_api(house, secret, "/account") == 401


def test_a_new_password_ends_all_other_sessions(
    browser: Browser, desks: Desks, house: House
) -> None:
    elsewhere = house.page_of(house.enter(browser, "Ben"))
    ben = desks.of("Ben")
    ben.goto("/account")
    ben.locator("#current").fill(accounts.PASSWORD)
    ben.locator("#password").fill("another sentence to remember")
    ben.locator("#again").fill("another sentence to forget")
    press(ben, "Change the password")
    assert "not the same" in ben.locator("#again-error").inner_text()
    assert ben.locator("#password").input_value() == "", "a password never stands in a page"
    ben.locator("#current").fill(accounts.PASSWORD)
    ben.locator("#password").fill("another sentence to remember")
    ben.locator("#again").fill("another sentence to remember")
    press(ben, "Change the password")
    assert "The password was changed." in notices(ben)
    elsewhere.goto("/queue")
    assert "/sign-in" in elsewhere.url
    elsewhere.context.close()


def test_one_chooses_language_and_look(desks: Desks) -> None:
    ben = desks.of("Ben")
    ben.goto("/account")
    ben.locator("#language").select_option("de")
    ben.get_by_label("dark").check()
    ben.get_by_label(re.compile("^Single keys act")).uncheck()
    press(ben, "Save")
    page = ben.locator("html")
    assert page.get_attribute("lang") == "de"
    assert page.get_attribute("data-theme") == "dark"
    assert page.get_attribute("data-keys") == "off"
    assert ben.locator("h2").first.inner_text() == "Sprache und Aussehen"


def _in_a_month(house: House) -> str:
    return f"{house.answerable.clock.now() + timedelta(days=30):%Y-%m-%d}"
