"""A known case in the browser, without scripts: made of a decided one, given to somebody else, and told afterwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from governance.reviews import gold
from governance.reviews import service as reviews
from tests import known, retention
from tests.browser.pages import follow, notices, press, violations
from tests.people import publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import House

#: Verdicts count at once, so that nothing waits.
AT_ONCE = known.HALF.replace("undo: 10s", "undo: 0s")


def test_a_known_case_is_made_given_decided_and_told(browser: Browser, house: House) -> None:
    publish(house.answerable, AT_ONCE)
    source = house.asks()
    with house.answerable.work(house.person("Ben")) as work:
        reviews.claim(work, house.case(source))
    with house.answerable.work(house.person("Ben")) as work:
        reviews.give_verdict(
            work, house.case(source), verdict="change", outcome="no_offer", reason="Pays late."
        )
    without = {"java_script_enabled": False, "viewport": {"width": 320, "height": 800}}
    cleo = house.page_of(house.enter(browser, "Cleo", **without))
    cleo.goto("/known-cases")
    follow(cleo.locator(f"a[href^='/decisions/{source}']"))
    cleo.locator("#known").click()
    cleo.locator("#known-note").fill("Late payers get no discount.")
    press(cleo, "Make it a known case")
    assert "Choose what is right." in cleo.locator("main").inner_text()
    cleo.locator("#known-answer").select_option("no_offer")
    press(cleo, "Make it a known case")
    assert "It is a known case now." in notices(cleo)
    assert cleo.evaluate("document.documentElement.scrollWidth") <= 320

    with house.answerable.look(house.person("Ada")) as work:
        place = gold.place_in(work, retention.POINT, 0, 2)
    ada = house.page_of(house.enter(browser, "Ada", **without))
    for _ in range(place + 1):
        house.asks()
        ada.goto("/queue")
        press(ada, "Next case")
        ada.get_by_role("radio", name=re.compile("Approve")).check()
        press(ada, "Decide")
    told = notices(ada)
    assert "A case you decided was a known one" in told
    assert "Late payers get no discount." in told
    follow(ada.get_by_role("link", name=re.compile("A case you decided")))
    assert "somebody knew the right answer before" in notices(ada)
    ada.goto("/account")
    assert "0 of 1 mistakes caught." in ada.locator("main").inner_text()
    ada.goto("/queue")
    press(ada, "I have seen it")
    assert "known" not in notices(ada)
    cleo.goto("/known-cases")
    assert "0 of 1" in cleo.locator("main").inner_text()
    press(cleo, "Retire")
    assert "It is given to nobody any more." in notices(cleo)
    ada.context.close()
    cleo.context.close()


def test_its_pages_stand_in_nobodys_way(browser: Browser, house: House) -> None:
    """Goes on from the known case that was decided above."""
    with house.answerable.look(house.person("Ada")) as work:
        (one,) = gold.results(work).cases
    for name, paths in (
        ("Ada", [f"/cases/{one.case_id}", "/account"]),
        ("Cleo", ["/known-cases", f"/decisions/{house.asks(confidence=0.9)}"]),
    ):
        page = house.page_of(house.enter(browser, name, color_scheme="dark"))
        for path in paths:
            page.goto(path)
            assert violations(page) == [], path
        page.context.close()
