"""Auditing in the browser: the home, the ledger, monitors, and the way from an alarm to going on, without scripts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from governance.auditing import draws
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.identities.models import Person
from governance.monitors import acting, watching
from governance.monitors import service as monitors
from governance.operations import verification
from governance.reporting import filters, saved_views
from governance.truth import service as truth
from tests import people, retention
from tests.browser.pages import follow, notices, press

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.conftest import House

MONITORED = retention.POLICY.replace(
    "notice:",
    """measure: {positive: offer_discount, reference: {gender: male}}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, watch: 0.9, block: 20, false_alarms: 1 per 1d, on_breach: review_all}
notice:""",
)
BLIND = retention.POLICY.replace("retention-offer", "win-back").replace(
    "groups: [gender, age_band]\n", ""
)
FOUND = "“Offer a discount” is proposed too rarely for people with gender “female”"
PAGES = {
    "home": "Cleo",
    "home-of-a-publisher": "Pia",
    "ledger": "Cleo",
    "ledger-filtered": "Cleo",
    "ledger-mistaken": "Cleo",
    "ledger-none": "Cleo",
    "ledger-of-a-manager": "Ada",
    "ledger-view": "Cleo",
    "incidents": "Cleo",
    "incident": "Pia",
    "incident-of-a-manager": "Ada",
    "monitors": "Cleo",
    "decision": "Cleo",
    "arrivals": "Cleo",
    "arrivals-of-an-app": "Cleo",
    "draws": "Cleo",
    "draw": "Cleo",
    "draw-that-waits": "Cleo",
    "evidence": "Cleo",
}


def ask(house: House, gender: str, outcome: str, many: int = 1) -> list[str]:
    asked = retention.request(
        subject={"ref": "c", "groups": {"gender": gender}},
        proposal={"outcome": outcome, "confidence": 0.95},
    )
    assert house.app is not None
    answers = decisions.ask_many(house.answerable, house.app, [Asked(request=asked)] * many)
    return [str(answer.id) for answer in answers]  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def incident(house: House) -> str:
    """Let a monitor find that women are not offered a discount; return the incident."""
    for policy in (MONITORED, BLIND):
        people.publish(house.answerable, policy)
    for _ in range(25):
        ask(house, "male", "offer_discount", 3)
        ask(house, "male", "no_offer")
        wronged = ask(house, "female", "no_offer", 4)
    with house.answerable.work(people.service("tests")) as work:
        truth.report_truth(work, wronged[0], outcome="offer_discount")
        truth.report_feedback(work, wronged[0], scale="csat", rating=1)
    while folding.fold(house.answerable, watch=watching.watch):
        pass
    acting.act(house.answerable)
    house.sequence()
    with house.answerable.look(house.person("Cleo")) as work:
        (found,) = monitors.incidents(work)
    return found.id


def open_page(browser: Browser, house: House, name: str) -> Page:
    """Open somebody's window, in English and without scripts."""
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language="en"))
    return house.page_of(house.enter(browser, name, java_script_enabled=False))


def story(page: Page) -> list[str]:
    return page.locator(".timeline b").all_inner_texts()


# ------------------------------------------------------------------------------- the pages' looks


@pytest.fixture(scope="module")
def paths(house: House, incident: str) -> dict[str, str]:
    with house.answerable.work(house.person("Cleo")) as work:
        wanted = filters.read({"truth": "proposal_wrong", "point": retention.POINT})
        view = saved_views.save(work, "Wrong proposals", wanted)
        verification.ask(work)
    verification.run(house.answerable, "tests")
    house.asks()
    for number in (1, 2, 2, 5):
        house.asks(confidence=0.95, sequence=number)
    house.sequence()
    with house.answerable.work(house.person("Cleo")) as work:
        drawn = draws.ask(work, wanted=3)
    house.sequence()
    draws.settle_due(house.answerable)
    with house.answerable.work(house.person("Cleo")) as work:
        first, *_ = draws.get(work, drawn.id).decisions
        draws.look_at(work, drawn.id, first.decision_id, comment="Nothing to say against it.")
        waits = draws.ask(work, wanted=1)
    assert house.app is not None
    with house.answerable.look(people.service("tests")) as work:
        wrong = sa.text("SELECT decision_id FROM ground_truths LIMIT 1")
        decision = work.session.execute(wrong).scalar_one()
    return {
        "home": "/",
        "home-of-a-publisher": "/home",
        "ledger": "/ledger",
        "ledger-filtered": "/ledger?truth=proposal_wrong&point=retention-offer",
        "ledger-mistaken": "/ledger?confidence_from=7&rule=big-discount",
        "ledger-none": "/ledger?status=withdrawn",
        "ledger-of-a-manager": "/ledger?person=sent",
        "ledger-view": f"/ledger/views/{view.id}",
        "incidents": "/incidents",
        "incident": f"/incidents/{incident}",
        "incident-of-a-manager": f"/incidents/{incident}",
        "monitors": f"/monitors/{retention.POINT}",
        "decision": f"/decisions/{decision}",
        "arrivals": "/arrivals",
        "arrivals-of-an-app": f"/arrivals/{house.app.id}",
        "draws": "/draws",
        "draw": f"/draws/{drawn.id}",
        "draw-that-waits": f"/draws/{waits.id}",
        "evidence": "/evidence",
    }


@pytest.fixture(
    scope="module", params=[("en", "light", 1280), ("de", "dark", 320)], ids=lambda look: look[0]
)
def windows(
    request: pytest.FixtureRequest, house: House, browser: Browser, paths: dict[str, str]
) -> Iterator[tuple[str, int, dict[str, BrowserContext]]]:
    language, theme, width = request.param
    with house.answerable.database.write() as session:
        session.execute(sa.update(Person).values(language=language))
    opened = {}
    for name in sorted(set(PAGES.values())):
        viewport = {"width": width, "height": 800}
        opened[name] = house.enter(browser, name, viewport=viewport, locale=language)
        opened[name].add_cookies([{"name": "theme", "value": theme, "url": house.url}])
    yield language, width, opened
    for window in opened.values():
        window.close()


@pytest.mark.seen_in_turn("windows", "name", of=2)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_and_can_be_used_by_everybody(house, windows, paths, name) -> None:
    language, width, opened = windows
    page = opened[PAGES[name]].pages[0]
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    answer = page.goto(paths[name])
    assert answer is not None
    assert answer.status == (422 if "mistaken" in name else 200)
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert [line for line in said if "the server responded with a status of" not in line] == []


# -------------------------------------------------------------------------------- what they do


def test_an_auditor_sees_at_one_glance_what_is_wrong(browser, house, paths) -> None:
    page = open_page(browser, house, "Cleo")
    assert "are not as they should be" in page.locator("h1").inner_text()
    attention = page.locator(".attention").inner_text()
    assert FOUND in attention
    assert "is not measured" in attention
    titles = page.locator(".risks tbody tr td:first-child a").all_inner_texts()
    assert titles[0] == "Offers to customers likely to leave", "the violation stands first"
    assert page.locator(".side .nav-link[aria-current]").inner_text().startswith("Overview")
    assert page.get_by_role("link", name="Today").count() == 0
    follow(page.get_by_role("link", name="Open the incident"))
    assert page.locator("h1").inner_text() == FOUND
    page.context.close()


def test_somebody_who_is_more_than_an_auditor_begins_with_the_day(browser, house) -> None:
    page = open_page(browser, house, "Pia")
    assert page.title().startswith("Today")
    follow(page.get_by_role("link", name="Overview"))
    assert page.title().startswith("Overview")
    assert page.get_by_role("link", name="Ledger").count() == 0
    page.context.close()


def test_the_ledger_is_narrowed_kept_as_a_view_and_taken_away(
    browser, house, paths, tmp_path
) -> None:
    page = open_page(browser, house, "Cleo")
    follow(page.get_by_role("link", name="Ledger").first)
    page.locator("#point").select_option(retention.POINT)
    page.locator("#proposed").evaluate("(field) => field.closest('details').open = true")
    page.locator("#proposed").select_option("no_offer")
    press(page, "Show")
    assert "125 decisions" in page.locator(".ledger-bar").inner_text()
    page.get_by_text("Keep these filters as a view").click()
    page.locator("#name").fill(" ")
    press(page, "Keep")
    assert "Give the view a name" in page.locator("#name-error").inner_text()
    page.locator("#name").fill("No offers")
    press(page, "Keep")
    assert "The view is kept" in notices(page)
    assert page.locator(".view.current").inner_text() == "No offers"
    with page.expect_download() as taken:
        page.get_by_role("button", name="CSV").click()
    taken.value.save_as(tmp_path / "decisions.csv")
    with (tmp_path / "decisions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 125
    assert {row["proposed_outcome"] for row in rows} == {"no_offer"}
    assert not any("female" in value for row in rows for value in row.values())
    follow(page.get_by_role("link", name="Without Proposed: No offer"))
    assert page.locator(".in-use li").count() == 1
    page.goto("/ledger")
    follow(page.get_by_role("link", name="No offers"))
    follow(page.get_by_role("link", name="Rename or delete"))
    page.locator("#name").fill("Refusals")
    press(page, "Rename")
    assert "Refusals" in page.locator(".view.current").inner_text()
    follow(page.get_by_role("link", name="Rename or delete"))
    press(page, "Delete the view")
    assert page.get_by_role("link", name="Refusals").count() == 0
    page.get_by_text("More filters").click()
    assert "never a filter" in page.locator(".ledger-filters").inner_text()
    page.context.close()


def test_what_turned_out_right_stands_in_the_story_of_a_decision(browser, house, paths) -> None:
    page = open_page(browser, house, "Cleo")
    page.goto(paths["decision"])
    assert "Turned out right: Offer a discount" in story(page)
    assert "Rated 1 of 5 for satisfaction" in story(page)
    page.context.close()


def test_from_alarm_to_resumed(browser: Browser, house: House, incident: str) -> None:
    pia, paul, cleo = (open_page(browser, house, name) for name in ("Pia", "Paul", "Cleo"))
    pia.goto("/")
    held = pia.locator(".held")
    assert "A monitor found a disparity" in held.inner_text()
    with house.answerable.look(house.person("Cleo")) as work:
        (late,) = ask(house, "male", "offer_discount")
        assert decisions.get(work, late).status == "in_review", "people alone decide"
    follow(held.get_by_role("link", name="What was found"))
    assert pia.url.endswith(f"/incidents/{incident}")
    assert pia.locator("h1").inner_text() == FOUND
    told = pia.locator("main").inner_text()
    assert re.search(r"“Offer a discount” was proposed in 0 of \d+ decisions", told)
    assert pia.locator("figure svg[role=img]").count() == 1
    assert pia.locator("figure table").count() == 1
    assert story(pia)[0] == "The monitor raised an alarm"

    cleo.goto(f"/incidents/{incident}")
    assert cleo.get_by_role("button", name="Add a note").count() == 0, "an auditor only looks"
    assert cleo.get_by_role("button", name="Ask to lift the hold").count() == 0

    pia.locator("#note-words").fill("   ")
    press(pia, "Add a note")
    assert "Say in 1 to 4000 characters" in pia.locator("#note-words-error").inner_text()
    pia.locator("#note-words").fill("The penalty of women is taken out of the model.")
    press(pia, "Add a note")
    assert "Noted." in notices(pia)

    pia.get_by_text("Close the incident").click()
    pia.locator("#close-words").fill("Model 7 is live.")
    press(pia, "Close it")
    assert "until the hold is lifted" in notices(pia)
    assert pia.get_by_role("button", name="Add a note").count() == 0

    paul.goto(f"/incidents/{incident}")
    pia.locator("#reason").fill("Model 7 is live.")
    press(pia, "Ask to lift the hold")
    assert "Lifting waits for a second person" in pia.locator("main").inner_text()
    paul.locator("#reason").fill("I ask too.")
    press(paul, "Ask to lift the hold")
    assert "somebody was quicker" in paul.locator("[role=alert]").inner_text()

    paul.goto("/requests")
    press(paul, "Confirm")
    assert "confirmed and done" in notices(paul)
    assert paul.locator(".held").count() == 0
    pia.goto(f"/incidents/{incident}")
    assert story(pia)[-4:] == [
        "Noted",
        "Closed",
        "Asked to lift the hold",
        "The hold was lifted",
    ]
    assert "by Paul" in pia.locator(".timeline li").last.inner_text()
    with house.answerable.look(house.person("Cleo")) as work:
        (again,) = ask(house, "male", "offer_discount")
        assert decisions.get(work, again).status == "released"
    cleo.goto("/home")
    assert "an incident was closed" in cleo.locator("main").inner_text()
    assert FOUND not in cleo.locator("main").inner_text()
    for page in (pia, paul, cleo):
        page.context.close()
