"""Erasing in the browser: an admin finds somebody, holds them back, lets go, and asks; narrow, dark and in German."""

from __future__ import annotations

import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from governance.identities.models import Person
from tests.browser.conftest import House
from tests.browser.pages import follow, notices, press, violations

REFERENCE = "cust-4711-with-a-reference-that-is-longer-than-a-narrow-page"


def fits(page: Page) -> bool:
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert violations(page) == []
    return True


def test_an_admin_holds_somebody_back_lets_go_and_asks_for_the_erasure(
    browser: Browser, house: House
) -> None:
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language="de"))
    house.asks(subject={"ref": REFERENCE})
    window = house.enter(browser, "Anna", viewport={"width": 320, "height": 800}, locale="de")
    window.add_cookies([{"name": "theme", "value": "dark", "url": house.url}])
    page = house.page_of(window)
    page.goto("/subjects")
    page.get_by_label("Kennung").fill(REFERENCE)
    press(page, "Suchen")
    assert fits(page)
    press(page, "Löschen oder unter")
    assert REFERENCE not in page.url
    assert fits(page)
    page.get_by_label("Warum die Daten aufbewahrt werden müssen").fill("Ein Gericht fragt.")
    press(page, "Löschsperre setzen")
    assert "Die Löschsperre gilt" in notices(page)
    assert page.get_by_role("button", name="Löschung verlangen").count() == 0
    assert fits(page)
    page.get_by_label("Warum sie enden darf").fill("Es ist erledigt.")
    press(page, "Aufheben")
    page.get_by_label("Grund").select_option("objected")
    follow(page.get_by_role("button", name="Löschung verlangen"))
    assert "Verlangt." in notices(page)
    assert fits(page)
    page.goto("/requests")
    follow(page.get_by_role("link", name="die Person hat widersprochen"))
    assert REFERENCE in page.locator("main").inner_text()
    assert fits(page)
    window.close()
