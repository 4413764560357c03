"""The pages of those whose work is measured and of those who answer for it: they fit, and can be used by everybody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from governance.identities.models import Person
from governance.overseeing import notice
from tests import people, retention
from tests.browser.pages import press, violations
from tests.overseers import keep_overseen

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.conftest import House

OVERSIGHT = f"/reports/oversight/{retention.POINT}"
PAGES = {
    "Ada": ("/", "/staff-notice", "/account/reviews"),
    "Anna": ("/", "/staff-notice", f"{OVERSIGHT}?open=all", f"{OVERSIGHT}/people", "/settings"),
}


@pytest.fixture(scope="module")
def overseen(house: House) -> House:
    keep_overseen(house.answerable, house.person("Ada"))
    with house.answerable.work(people.service("tests")) as work:
        notice.publish(work, notice.DEFAULTS)
    return house


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("en", "light", 1280), pytest.param("de", "dark", 320, marks=pytest.mark.full)],
)
def test_the_pages_fit_and_can_be_used_by_everybody(
    browser: Browser, overseen: House, language: str, theme: str, width: int
) -> None:
    with overseen.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language=language))
    for name, paths in PAGES.items():
        options = {"viewport": {"width": width, "height": 800}, "locale": language}
        context = overseen.enter(browser, name, **options)
        context.add_cookies([{"name": "theme", "value": theme, "url": overseen.url}])
        page = overseen.page_of(context)
        wanted = list(paths)
        for path in wanted:
            page.goto(path)
            assert page.locator("h1").count() == 1, path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert violations(page) == [], path
            own = page.locator("main a[href^='/account/reviews/'], main td a[href*='/people/']")
            if own.count():
                wanted.append(f"{own.first.get_attribute('href')}?open=all")
        assert len(wanted) > len(paths), "somebody's figures were opened"
        context.close()


def test_somebody_acknowledges_the_notice_and_comments_without_scripts(
    browser: Browser, overseen: House
) -> None:
    with overseen.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language="en"))
    page = overseen.page_of(overseen.enter(browser, "Ada", java_script_enabled=False))
    page.goto("/staff-notice")
    press(page, "I have read it")
    assert "You acknowledged it" in page.locator("main").inner_text()
    page.goto("/account/reviews")
    page.goto(str(page.locator("main td a").first.get_attribute("href")))
    page.locator("#words").fill("It was my first month.")
    press(page, "Keep it")
    assert re.search(r"It was my first month\.", page.locator("blockquote").inner_text())
    page.context.close()
