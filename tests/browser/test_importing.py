"""An owner in the browser: from a file of last month's decisions to what they mean, with scripts and without, wide and narrow."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from governance.counting import folding
from governance.identities.models import Person
from governance.imports.background import Imports
from tests.browser.pages import follow, press

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House

HEADER = "order;customer;gender;Months as a customer;Monthly charges;contract;decided;date\n"


@pytest.fixture(autouse=True)
def _english(house: House) -> None:
    _speak(house, "en")


def _speak(house: House, language: str) -> None:
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language=language))


def october(folder: Path, series: str, *, faults: int = 1) -> Path:
    """Write a file as a business would have it, of which some lines do not fit."""
    dice = random.Random(series)
    lines = [
        f"{series}-{number};c-{dice.randrange(90)};{dice.choice(['female', 'male'])};{dice.randrange(70)};"
        f"{dice.uniform(10, 90):.2f};one-year;{dice.choice(['Offer a discount', 'No offer'])};2026-10-{dice.randrange(1, 28):02d} 09:30\n"
        for number in range(300)
    ]
    lines += [
        f"{series}-x{n};c-1;female;many;10;one-year;No offer;2026-10-01\n" for n in range(faults)
    ]
    path = folder / f"{series}.csv"
    path.write_text(HEADER + "".join(lines))
    return path


def work_off(house: House) -> None:
    """Do in the background what there is to do."""
    task = Imports(house.answerable)
    while task.work():
        pass


def means(page: Page, column: str, meaning: str) -> None:
    page.get_by_label(f"What {column} means").select_option(label=meaning)


def upload(page: Page, file: Path) -> None:
    page.goto("/imports")
    page.locator("#file").set_input_files(file)
    follow(page.locator("form[enctype] button"))
    page.wait_for_url("**/imports/*")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_owner_gets_from_a_file_to_what_it_means(
    browser: Browser, house: House, tmp_path: Path, scripts: bool
) -> None:
    page = house.page_of(house.enter(browser, "Anna", java_script_enabled=scripts))
    follow(page.get_by_role("link", name="Import", exact=True))
    upload(page, october(tmp_path, f"scripts-{scripts}"))
    assert "Every line needs “What was decided”" in page.locator("[role=alert]").inner_text()
    means(page, "order", "Your reference of the decision")
    means(page, "customer", "Who it is about (customer number)")
    means(page, "decided", "What was decided")
    press(page, "Try it")
    assert page.get_by_role("heading", name="The file is being tried").is_visible()
    work_off(house)
    if not scripts:
        follow(page.get_by_role("link", name="Look again"))
    page.get_by_text("300 lines fit. 1 does not.").wait_for()
    assert "cannot be read as a whole number" in page.locator("table").first.inner_text()
    press(page, "Import 300 lines")
    assert page.get_by_role("heading", name="The file is being imported").is_visible()
    work_off(house)
    if not scripts:
        follow(page.get_by_role("link", name="Look again"))
    page.get_by_text("300 lines are imported.").wait_for()
    assert "being counted at this moment" in page.locator("main").inner_text()
    while folding.fold(house.answerable):
        pass
    if scripts:
        page.get_by_text("The figures are ready").wait_for()
    with page.expect_download() as got:
        page.get_by_role("link", name="All as a CSV file").click()
    assert got.value.path().read_text(encoding="utf-8-sig").startswith("line,problem\n302,")
    follow(page.get_by_role("link", name="Read what they mean"))
    page.wait_for_url("**/reports/fairness/retention-offer")
    assert page.locator("h1").count() == 1
    page.context.close()


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [pytest.param("en", "light", 1280, marks=pytest.mark.full), ("de", "dark", 320)],
)
def test_each_stage_fits_and_can_be_used_by_everybody(
    browser: Browser, house: House, tmp_path: Path, language: str, theme: str, width: int
) -> None:
    _speak(house, language)
    context = house.enter(
        browser, "Anna", viewport={"width": width, "height": 800}, java_script_enabled=True
    )
    context.add_cookies([{"name": "theme", "value": theme, "url": house.url}])
    page = house.page_of(context)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)

    def look(stage: str) -> None:
        assert page.locator("html").get_attribute("lang") == language, stage
        assert page.locator("html").get_attribute("data-theme") == theme, stage
        assert page.locator("h1").count() == 1, stage
        assert page.evaluate("document.documentElement.scrollWidth") <= width, stage
        found = Axe().run(page).response["violations"]
        told = [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
        assert told == [], stage

    upload(page, october(tmp_path, f"look-{language}", faults=30))
    look("columns")
    follow(page.locator("form:not([enctype]) button.primary"))
    look("something missing")
    for column, meaning in ((1, "subject.ref"), (6, "outcome")):
        page.locator(f"[name=column-{column}]").select_option(meaning)
    follow(page.locator("form:not([enctype]) button.primary"))
    look("being tried")
    work_off(house)
    page.locator("form[action$=start] button").wait_for()
    look("tried")
    page.locator("details.more summary").click()
    look("tried, with its columns")
    follow(page.locator("form[action$=start] button"))
    look("being imported")
    work_off(house)
    page.locator(".figures").wait_for()
    look("imported")
    page.goto("/imports")
    look("history")
    page.locator("form[enctype]").evaluate("form => form.noValidate = true")
    follow(page.locator("form[enctype] button"))
    look("refused upload")
    assert [line for line in said if "the server responded with a status of" not in line] == []
    context.close()
