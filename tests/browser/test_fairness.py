"""Reading about fairness in the browser: how the pages look to each reader, the slider, and a report taken home and brought back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from governance.identities.models import Person
from governance.reporting import crosschecking, making
from tests import measured, people
from tests.browser.pages import follow, press, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.conftest import House

REPORT = f"/reports/fairness/{measured.POINT}"


@pytest.fixture(scope="module")
def measured_house(house: House) -> Iterator[House]:
    """Return the house with something to say about fairness; its reports are made at once, without fairlearn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crosschecking, "installed", lambda: False)
        for policy in (measured.BLIND, measured.POLICY):
            people.publish(house.answerable, policy)
        assert house.app is not None
        measured.fill(house.answerable, house.app)
        house.sequence()
        yield house


@pytest.fixture(scope="module")
def report_id(measured_house: House) -> str:
    """Return a signed report that the log has."""
    cleo = measured_house.person("Cleo")
    made = making.make(measured_house.answerable, cleo, measured.POINT)
    measured_house.sequence()
    return made.view.id


def speak(house: House, language: str) -> None:
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language=language))


# ------------------------------------------------------------------------------- the pages' looks


@pytest.fixture(
    scope="module",
    params=[
        ("en", "light", 1280),
        ("de", "dark", 320),
        pytest.param(("de", "light", 1280), marks=pytest.mark.full),
        pytest.param(("en", "dark", 380), marks=pytest.mark.full),
    ],
    ids=lambda look: "-".join(map(str, look)),
)
def window(
    request: pytest.FixtureRequest, browser: Browser, measured_house: House
) -> Iterator[BrowserContext]:
    language, theme, width = request.param
    speak(measured_house, language)
    options = {"viewport": {"width": width, "height": 800}, "locale": language}
    context = measured_house.enter(browser, "Cleo", **options)
    context.add_cookies([{"name": "theme", "value": theme, "url": measured_house.url}])
    yield context
    context.close()


@pytest.mark.seen_in_turn("window", "path", of=2)
@pytest.mark.parametrize(
    "path",
    [
        "/reports",
        f"{REPORT}?open=all",
        f"{REPORT}?since=yesterday",
        f"{REPORT}?preset=nyc_ll144",
        f"/reports/fairness/{measured.BLIND_POINT}",
        f"{REPORT}/what-if?threshold=0.9",
        "/reports/made/{report}",
        "/reports/verify",
    ],
)
def test_a_page_of_reports_fits_and_can_be_used_by_everybody(
    window: BrowserContext, report_id: str, path: str
) -> None:
    page = window.pages[0]
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.format(report=report_id))
    assert page.locator("h1").count() == 1
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    assert violations(page) == []
    assert said == []


def test_the_step_of_a_check_that_went_wrong_can_be_read_by_everybody(
    window: BrowserContext, report_id: str, tmp_path: Path
) -> None:
    page = window.pages[0]
    page.goto(f"/reports/made/{report_id}")
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON", exact=True).click()
    forged = tmp_path / "forged.json"
    forged.write_text(download.value.path().read_text().replace('"breach"', '"pass"'))
    page.goto("/reports/verify")
    page.locator("#file").set_input_files(forged)
    follow(page.locator("main button.primary"))
    assert page.locator(".checks .bad").count() == 3
    assert violations(page) == []


# -------------------------------------------------------------------------------------- the slider


@pytest.fixture
def cleo(browser: Browser, measured_house: House) -> Iterator[Page]:
    speak(measured_house, "en")
    context = measured_house.enter(browser, "Cleo")
    yield measured_house.page_of(context)
    context.close()


@pytest.fixture
def cleo_without_scripts(browser: Browser, measured_house: House) -> Iterator[Page]:
    speak(measured_house, "en")
    context = measured_house.enter(browser, "Cleo", java_script_enabled=False)
    yield measured_house.page_of(context)
    context.close()


def then(page: Page) -> list[str]:
    """Return what the chosen threshold would give."""
    return [one.strip() for one in page.locator("[data-effect] b").all_inner_texts()]


def test_the_slider_goes_from_threshold_to_threshold_by_keys_and_changes_everything_with_it(
    cleo: Page,
) -> None:
    cleo.goto(f"{REPORT}/what-if")
    assert cleo.locator("[data-change]").is_hidden(), "nothing is changed yet"
    assert not cleo.get_by_role("button", name="Look at this threshold").is_visible()
    before = then(cleo)
    slider = cleo.get_by_role("slider")
    assert slider.input_value() == "0.8"
    slider.focus()
    cleo.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.85"
    assert cleo.locator("output").inner_text() == "0.85"
    assert then(cleo) != before
    assert cleo.locator(".diff .new code").inner_text().strip() == "confidence_below: 0.85"
    assert cleo.locator(".diff .gone code").inner_text().strip() == "confidence_below: 0.80"
    link = cleo.get_by_role("link", name=re.compile("Download the policy"))
    assert (link.get_attribute("href") or "").endswith("/what-if/policy?threshold=0.85")
    assert "below-0.85.yaml" in cleo.locator(".tries").inner_text()
    mark = cleo.locator("line.chart-chosen")
    first = mark.get_attribute("x1")
    cleo.keyboard.press("End")
    assert mark.get_attribute("x1") != first, "the mark in the chart moves along"
    assert float(slider.input_value()) > 0.85
    cleo.keyboard.press("Home")
    assert slider.input_value() == "0"
    assert then(cleo)[0] == "0.0\xa0%", "with no threshold nothing goes to a person"
    row = cleo.locator("[data-chart] tr.chosen th").text_content() or ""
    assert row.strip().startswith("0"), "the row of the table is marked too"


def test_what_the_slider_shows_is_what_the_server_computes(cleo: Page) -> None:
    cleo.goto(f"{REPORT}/what-if")
    cleo.get_by_role("slider").focus()
    cleo.keyboard.press("ArrowLeft")
    moved = then(cleo)
    chosen = cleo.get_by_role("slider").input_value()
    cleo.goto(f"{REPORT}/what-if?threshold={chosen}")
    assert then(cleo) == moved


def test_the_slider_takes_the_nearest_threshold_where_the_mouse_lets_go(cleo: Page) -> None:
    cleo.goto(f"{REPORT}/what-if")
    slider = cleo.get_by_role("slider")
    slider.evaluate("(one) => { one.value = 0.72; one.dispatchEvent(new Event('input')); }")
    assert slider.input_value() == "0.7"


def test_a_threshold_is_looked_at_without_scripts(cleo_without_scripts: Page) -> None:
    page = cleo_without_scripts
    page.goto(f"{REPORT}/what-if?by=gender")
    page.get_by_role("slider").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    press(page, "Look at this threshold")
    assert "threshold=0.83" in page.url
    assert "by=gender" in page.url, "what is looked at stays what it was"
    assert page.locator("output").inner_text() == "0.83"
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Download the policy")).click()
    assert download.value.suggested_filename == f"{measured.POINT}-below-0.83.yaml"
    assert "confidence_below: 0.83" in download.value.path().read_text()


# ------------------------------------------------------------------------- from a verdict to a file


def test_an_auditor_finds_the_disparity_and_takes_a_signed_report_home_without_scripts(
    cleo_without_scripts: Page, measured_house: House, tmp_path: Path
) -> None:
    page = cleo_without_scripts
    page.goto("/reports")
    follow(page.get_by_role("link", name="Offers to customers likely to leave").first)
    assert "Breach" in page.locator(".verdict-line").inner_text()
    assert page.get_by_text("How often each group met each step").is_visible()
    page.locator("summary", has_text="What contributes").click()
    assert page.locator(".report-fold[open] svg").first.is_visible()
    page.locator("select[name=preset]").select_option("four_fifths")
    page.get_by_label("Age band", exact=True).uncheck()
    press(page, "Show")
    assert "four fifths" in page.locator("main").inner_text()
    press(page, "Make a signed report")
    assert page.locator("h1").inner_text() == "A report is being made"
    assert making.run(measured_house.answerable, "tests") == 1
    measured_house.sequence()
    page.locator(".sealed").wait_for()  # The page looks by itself.
    assert "Four-fifths rule (UGESP)" in page.locator(".sealed").inner_text()
    assert "Entry" in page.locator(".sealed a").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="HTML, English").click()
    taken = tmp_path / download.value.suggested_filename
    download.value.save_as(taken)
    assert taken.name.startswith(f"fairness-{measured.POINT}-")
    follow(page.get_by_role("link", name="Reports", exact=True).first)
    page.locator("#file").set_input_files(taken)
    press(page, "Check it")
    assert page.locator("h1").inner_text() == "The report is genuine, and right."
    assert page.locator(".checks .good").count() == 5


def test_the_decisions_of_a_report_are_a_click_away(cleo: Page) -> None:
    cleo.goto(f"{REPORT}?since=2026-01-01")
    follow(cleo.get_by_role("link", name="Which decisions"))
    assert f"point={measured.POINT}" in cleo.url
    assert "since=2026-01-01" in cleo.url
    assert cleo.locator("main tbody tr").count() > 10
