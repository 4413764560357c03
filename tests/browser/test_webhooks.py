"""Webhooks in the browser, without scripts: made, tried out, looked at, replayed, their secrets rotated, switched off and removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from governance.webhooks.delivering import Deliveries
from tests.browser.pages import follow, notices, press, violations
from tests.receiver import Receiver, receiving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House


@pytest.fixture(scope="module")
def receiver(house: House) -> Iterator[Receiver]:
    house.answerable.settings = replace(
        house.answerable.settings, webhook_plain_http=True, webhook_private_targets=True
    )
    with receiving() as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, house: House) -> Iterator[Page]:
    context = house.enter(browser, "Anna", java_script_enabled=False)
    yield house.page_of(context)
    context.close()


@pytest.fixture(scope="module")
def hook(page: Page, receiver: Receiver) -> tuple[str, str]:
    """Make a webhook on its page; give its address there and its secret."""
    page.goto("/webhooks")
    assert "No app is told anything yet." in page.locator("main").inner_text()
    page.locator("#app").select_option("shop")
    page.locator("#url").fill("https://user@app.example.com/hooks")
    press(page, "Make the webhook")
    assert "Leave user and password out" in page.locator("#url-error").inner_text()
    assert page.locator("#url").input_value() == "https://user@app.example.com/hooks"
    page.locator("#url").fill(receiver.url)
    page.locator("#description").fill("The shop's back office")
    press(page, "Make the webhook")
    secret = page.locator(".secret code").inner_text()
    assert secret.startswith("whsec_")
    follow(page.get_by_role("link", name="I have it"))
    assert secret not in page.content(), "it was shown this once"
    return page.url, secret


def deliver(house: House) -> None:
    worker = Deliveries(house.answerable, jitter=lambda: 0.0)
    worker.work()
    worker.wait()


def test_a_test_is_sent_and_what_became_of_it_stands_there_to_be_sent_again(
    page: Page, house: House, hook: tuple[str, str], receiver: Receiver
) -> None:
    address, secret = hook
    page.goto(address)
    assert "Nothing was sent yet." in page.locator("main").inner_text()
    press(page, "Send a test")
    assert "A test is on its way." in notices(page)
    receiver.answers = [500, 204]
    deliver(house)
    page.goto(address)
    told = page.locator(".deliveries").inner_text()
    assert "webhook.test" in told
    assert "The receiver answered 500." in told
    assert "Next attempt" in told
    assert "not arriving" in page.locator(".page-head").inner_text()
    press(page, "Try now")
    deliver(house)
    page.goto(address)
    assert "delivered" in page.locator(".deliveries").inner_text()
    assert page.locator(".attempts li").count() == 2
    assert "active" in page.locator(".page-head").inner_text()
    press(page, "Send again")
    assert "sent again, under its own id" in notices(page)
    deliver(house)
    first, second, third = receiver.received[-3:]
    assert first.message_id == second.message_id == third.message_id
    assert third.is_signed_with(secret)
    page.goto(f"{address}?state=cancelled")
    assert "No delivery fits." in page.locator("main").inner_text()


def test_secrets_are_rotated(
    page: Page, house: House, hook: tuple[str, str], receiver: Receiver
) -> None:
    address, first = hook
    page.goto(address)
    assert page.get_by_role("button", name=re.compile("^End it")).count() == 0, "the only one"
    press(page, "Make another secret")
    second = page.locator(".secret code").inner_text()
    assert second != first
    assert "then end the old one" in page.locator("main").inner_text()
    follow(page.get_by_role("link", name="I have it"))
    ends = page.get_by_role("button", name=re.compile("^End it"))
    assert ends.count() == 2
    with page.expect_navigation():
        ends.last.click()
    assert "The secret is ended" in notices(page)
    press(page, "Send a test")
    deliver(house)
    came = receiver.received[-1]
    assert came.is_signed_with(second)
    assert not came.is_signed_with(first)


def test_a_webhook_is_changed_switched_off_and_on_and_what_it_says_stays_in_the_form(
    page: Page, hook: tuple[str, str]
) -> None:
    page.goto(hook[0])
    page.locator("summary", has_text="Change the webhook").click()
    page.locator("#url").fill("https://app.example.com/#part")
    press(page, "Save")
    assert "Leave out #" in page.locator("#url-error").inner_text()
    assert page.locator("#url").input_value() == "https://app.example.com/#part"
    page.goto(hook[0])
    page.locator("summary", has_text="Change the webhook").click()
    page.locator("#description").fill("The night shift")
    page.get_by_label("a decision has its outcome").uncheck()
    press(page, "Save")
    assert "The webhook was changed." in notices(page)
    assert "The night shift" in page.locator(".page-head").inner_text()
    press(page, "Switch it off")
    assert "The webhook is off." in notices(page)
    assert page.get_by_role("button", name="Send a test").is_disabled()
    press(page, "Switch it on again")
    assert "The webhook is on again." in notices(page)


@pytest.mark.parametrize(
    ("theme", "width"), [pytest.param("light", 1280, marks=pytest.mark.full), ("dark", 320)]
)
def test_what_is_folded_away_can_be_used_by_everybody_too(
    browser: Browser, house: House, hook: tuple[str, str], theme: str, width: int
) -> None:
    context = house.enter(
        browser, "Anna", viewport={"width": width, "height": 800}, color_scheme=theme
    )
    page = house.page_of(context)
    for address in ("/webhooks", hook[0]):
        page.goto(address)
        for summary in page.locator("main details > summary").all():
            summary.click()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_removed_webhook_is_gone(page: Page, hook: tuple[str, str]) -> None:
    page.goto(hook[0])
    page.locator("summary", has_text="Remove the webhook").click()
    press(page, "Remove it for good")
    assert "nothing is sent there any more" in notices(page)
    assert page.get_by_text("No app is told anything yet.").count() == 1
