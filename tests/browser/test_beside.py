"""What stands beside a case, in the browser: panels that are taken in, folded texts, keys, and saying that the automation is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.reviews import handling
from governance.reviews import service as reviews
from governance.subjects.files import Brought
from tests.browser.pages import follow, notices, press, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House

PACKET = {
    "transcript": [
        {"from": "customer", "text": "Where is my money?", "at": "2026-11-21T09:58:00Z"},
        {"from": "bot", "text": "Would a discount help?"},
        {"from": "customer", "text": "No. " * 100},
    ],
    "tried": ["Looked the contract up."],
    "stopped_because": "They said no twice.",
    "draft": "Here is your discount.",
}


def decided(house: House, **changes: object) -> None:
    """Have Ben decide a case for good, and keep a file beside it."""
    case_id = house.case_for("Ben", **changes)
    with house.answerable.work(house.person("Ben")) as work:
        handling.comment(
            work,
            case_id,
            words="As she wrote.",
            files=[Brought(name="letter.txt", content=b"Dear all")],
        )
        reviews.give_verdict(work, case_id, verdict="reject", reason="She wrote to us.")


@pytest.fixture
def page(browser: Browser, house: House) -> Page:
    """Return a case with all that can stand beside one, that Ada holds."""
    decided(house)
    case_id = house.case_for("Ada", hand_over=PACKET)
    page = house.page_of(house.enter(browser, "Ada"))
    page.goto(f"/cases/{case_id}")
    yield page
    page.context.close()


def test_panels_are_taken_in_when_they_are_opened_and_nothing_is_in_anybodys_way(
    page: Page,
) -> None:
    page.keyboard.press("p")
    page.get_by_text("Discounts on large contracts").wait_for()
    page.keyboard.press("l")
    page.locator(
        "details[data-part=similar-cases] p, details[data-part=similar-cases] li"
    ).first.wait_for()
    page.get_by_text("Text that may burden, 100 words").click()
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 320, "height": 800})
        # Colours change with the next picture that is drawn.
        page.evaluate(
            "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
        )
        assert violations(page) == [], scheme
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.keyboard.press("Escape")


def test_a_question_mark_tells_the_keys_of_the_page_and_j_and_k_go_through_a_list(
    page: Page,
) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_text("Similar earlier cases").is_visible()
    assert violations(page) == []
    page.keyboard.press("1")
    assert not page.locator("[name=verdict][value=approve]").is_checked(), "the dialog is in front"
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.goto("/queue")
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.href")
    assert "/cases/" in first
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.href") == first


def test_a_person_says_that_the_automation_is_wrong_and_is_shown_the_stop_button(
    page: Page,
) -> None:
    page.keyboard.press("w")
    page.locator("#doubt-words").fill("It offers discounts to whoever asks for money.")
    press(page, "Say so")
    assert "Somebody will look into it." in notices(page)
    follow(page.get_by_role("link", name="Open the incident"))
    assert "It offers discounts to whoever asks for money." in page.locator("main").inner_text()
    follow(page.get_by_role("link", name="Stop this automation"))
    assert page.locator("#point").input_value() == "retention-offer"


def test_a_file_comes_with_a_comment_and_is_kept_as_a_file(page: Page) -> None:
    page.keyboard.press("c")
    page.locator("#comment-words").fill("See the letter.")
    page.locator("#comment-files").set_input_files(
        {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"Dear all"}
    )
    press(page, "Add the comment")
    link = page.get_by_role("link", name="letter.txt")
    answer = page.request.get(link.get_attribute("href"))
    assert answer.body() == b"Dear all"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
