"""The person concerned, on a telephone and without scripts: reads what was decided, objects, is answered; and whoever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from governance.appeals import people_only, service, subject_page
from governance.decisions import service as decisions
from governance.reviews import service as reviews
from governance.subjects.files import Brought
from tests.browser.pages import follow, press

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House

SURE = 0.95
WORDS = "I have been a customer for three years.\n\nPlease look again."


def link(house: House, decision_id: str) -> str:
    """Return the address of the person's page."""
    with house.answerable.look(subject_page.actor()) as work:
        return f"{house.url}/my/{decisions.get(work, decision_id).subject_page}"


def objects(house: House, decision_id: str) -> str:
    """Object to a decision; return its case."""
    with house.answerable.work(subject_page.actor()) as work:
        return service.open_appeal(
            work,
            decision_id,
            words=WORDS,
            corrections={"tenure_months": 36},
            files=[Brought(name="bill.txt", content=b"Three years.")],
        ).case_id


def answers(house: House, case_id: str, *, upheld: bool, name: str = "Ada") -> None:
    """Answer an appeal behind the browser's back."""
    with house.answerable.work(house.person(name)) as work:
        reviews.claim(work, case_id)
    with house.answerable.work(house.person(name)) as work:
        service.answer(
            work,
            case_id,
            upheld=upheld,
            outcome="offer_gift" if upheld else None,
            answer="We looked at your bills.",
        )


def telephone(browser: Browser, **options) -> Page:
    """Open a narrow window without scripts or cookies."""
    options = {"locale": "en-GB", "java_script_enabled": False, **options}
    context = browser.new_context(viewport={"width": 380, "height": 800}, **options)
    context.set_default_timeout(10_000)
    return context.new_page()


def test_somebody_objects_on_a_telephone_without_scripts_and_is_answered(
    browser: Browser, house: House
) -> None:
    decision_id = house.asks(SURE, subject={"ref": "cust-portal-1"})
    page = telephone(browser)
    page.goto(link(house, decision_id))
    assert page.locator("h1").inner_text() == "Offer a discount"
    assert "Months as a customer" in page.locator("main").inner_text()
    assert page.context.cookies() == [], "nothing is kept in the browser"
    follow(page.get_by_role("link", name="Ask for a person"))
    press(page, "Send")
    assert (
        "In your own words" in page.get_by_role("alert").inner_text()
        or page.get_by_role("alert").is_visible()
    )
    page.locator("#words").fill(WORDS)
    page.get_by_text("Is a fact wrong?").click()
    page.get_by_label("Months as a customer").fill("many")
    press(page, "Send")
    assert "Give a number" in page.locator("#fact-tenure_months-error").inner_text()
    assert page.locator("#words").input_value() == WORDS, "nothing that was typed is lost"
    page.get_by_label("Months as a customer").fill("36")
    page.set_input_files(
        "#files", [{"name": "bill.png", "mimeType": "image/png", "buffer": b"MZ\x90\x00"}]
    )
    press(page, "Send")
    assert "PDF, PNG, JPEG" in page.locator("#files-error").inner_text()
    page.set_input_files(
        "#files", [{"name": "bill.txt", "mimeType": "text/plain", "buffer": b"Three years."}]
    )
    press(page, "Send")
    assert page.get_by_role("heading", name="You asked for a person").is_visible()
    shown = page.locator("main").inner_text()
    assert "Waits for somebody" in shown
    assert "36" in shown
    assert "bill.txt" in shown

    manager = house.page_of(house.enter(browser, "Ada", java_script_enabled=False))
    manager.goto("/queue")
    follow(manager.get_by_role("link", name="Look at it again").last)
    press(manager, "Take this case")
    read = manager.locator("main").inner_text()
    assert "Please look again." in read
    assert "corrected" in read
    page.reload()
    assert "Being looked at" in page.locator("main").inner_text()
    page.get_by_text("Add something").click()
    page.get_by_label("What else should we know?").fill("I also pay on time.")
    follow(page.locator("form[action*='words'] button"))
    assert "I also pay on time." in page.locator("main").inner_text()
    manager.reload()
    manager.locator("[name=upheld][value=yes]").check()
    manager.get_by_label("Send a gift").check()
    manager.get_by_label("What the person is told").fill("You are right. A gift is on its way.")
    press(manager, "Go on")
    assert "cannot be taken back" in manager.locator("main").inner_text()
    press(manager, "Change it")
    assert manager.locator("#answer").input_value() == "You are right. A gift is on its way."
    manager.locator("[name=upheld][value=yes]").check()
    press(manager, "Go on")
    press(manager, "Send the answer")
    manager.wait_for_url("**/queue")

    page.reload()
    assert page.locator("h1").inner_text() == "Send a gift"
    told = page.locator("main").inner_text()
    assert "A gift is on its way." in told
    assert "Before it was: Offer a discount" in told
    manager.context.close()
    page.context.close()


def test_somebody_has_a_person_always_decide_and_takes_it_back(
    browser: Browser, house: House
) -> None:
    subject = {"ref": "cust-portal-2"}
    page = telephone(browser)
    page.goto(link(house, house.asks(SURE, subject=subject)))
    press(page, "From now on, always a person")
    assert "a person decides about you, always" in page.locator("main").inner_text()
    with house.answerable.look(house.person("Ada")) as work:
        waiting = house.asks(SURE, subject=subject)
        assert people_only.state_of(work, subject["ref"]).people_only
        assert decisions.readable(work, waiting).status == "in_review"
    press(page, "Let software decide again")
    with house.answerable.look(house.person("Ada")) as work:
        assert not people_only.state_of(work, subject["ref"]).people_only
    page.context.close()


def test_it_speaks_the_language_of_the_decision_or_the_one_that_is_chosen(
    browser: Browser, house: House
) -> None:
    page = telephone(browser)
    page.goto(link(house, house.asks(SURE, language="de")))
    assert page.locator("html").get_attribute("lang") == "de"
    assert "Einen Menschen verlangen" in page.locator("main").inner_text()
    follow(page.get_by_role("link", name="English"))
    assert page.locator("html").get_attribute("lang") == "en"
    follow(page.get_by_role("link", name="Ask for a person"))
    assert page.locator("html").get_attribute("lang") == "en", "a choice stays"
    page.context.close()
    page = telephone(browser, locale="de-DE")
    page.goto(link(house, house.asks(SURE)))
    assert page.locator("html").get_attribute("lang") == "de", "else it is the browser's"
    page.context.close()


@pytest.mark.parametrize(
    ("language", "theme", "width"),
    [("en", "light", 320), pytest.param("de", "dark", 1280, marks=pytest.mark.full)],
)
def test_the_pages_fit_and_can_be_used_by_everybody(
    browser: Browser, house: House, language: str, theme: str, width: int
) -> None:
    fresh, waiting, upheld, dismissed = (house.asks(SURE) for _ in range(4))
    undecided = house.asks()
    objects(house, waiting)
    for decision_id, right in ((upheld, True), (dismissed, False)):
        answers(house, objects(house, decision_id), upheld=right)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, locale=language, color_scheme=theme
    )
    page = context.new_page()
    for address in (
        link(house, fresh),
        f"{link(house, fresh)}/appeal",
        link(house, waiting),
        link(house, upheld),
        link(house, dismissed),
        link(house, undecided),
        f"{house.url}/my/none",
    ):
        said: list[str] = []
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.goto(f"{address}?lang={language}")
        page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        assert said == []
    context.close()


@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), pytest.param("dark", 320, marks=pytest.mark.full)]
)
def test_the_pages_of_who_answers_fit_and_can_be_used_by_everybody(
    browser: Browser, house: House, theme: str, width: int
) -> None:
    free, mine, done = (objects(house, house.asks(SURE)) for _ in range(3))
    answers(house, done, upheld=True, name="Ben")
    with house.answerable.work(house.person("Ada")) as work:
        reviews.claim(work, mine)
    entering = house.asks(SURE)
    context = house.enter(browser, "Ada", viewport={"width": width, "height": 800})
    context.add_cookies([{"name": "theme", "value": theme, "url": house.url}])
    page = house.page_of(context)
    for address in (
        f"/cases/{free}",
        f"/cases/{mine}",
        f"/cases/{done}",
        f"/decisions/{entering}/appeal",
        "/queue",
    ):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.locator("h1").count() == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    context.close()
