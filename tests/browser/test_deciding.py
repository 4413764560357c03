"""A manager's day in the browser: with the keyboard alone, without scripts, and beside another manager."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from governance.decisions import service as decisions
from governance.installation.service import change_settings
from governance.reviews import handling
from governance.reviews import service as reviews
from tests import people, retention
from tests.browser.pages import follow, press, violations
from tests.conftest import FULL

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import House


def status_of(house: House, decision_id: str) -> str:
    """Tell how a decision's own row stands, before its verdict is effective for others."""
    with house.answerable.look(house.person("Ada")) as work:
        return decisions.readable(work, decision_id).status


def open_case(page: Page, case_id: str) -> None:
    page.goto(f"/cases/{case_id}")


def test_a_case_is_decided_and_taken_back_with_the_keyboard_alone(
    browser: Browser, house: House
) -> None:
    decision_id = house.asks()
    page = house.page_of(house.enter(browser, "Ada"))
    page.goto("/queue")
    page.keyboard.press("n")
    page.wait_for_url("**/cases/*")
    assert page.locator("[data-submit]").is_disabled(), "nothing is chosen beforehand"
    page.keyboard.press("2")
    page.locator("[name=outcome][value=no_offer]").focus()
    page.keyboard.press("Space")
    page.locator("#reason").focus()
    page.keyboard.type("They asked us not to call.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue")
    assert status_of(house, decision_id) == "changed"
    page.keyboard.press("z")
    page.wait_for_url("**/cases/*")
    assert "taken back" in page.locator(".notices").inner_text()
    assert status_of(house, decision_id) == "in_review"
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    assert status_of(house, decision_id) == "approved"
    page.context.close()


@pytest.mark.timeout(600)
def test_one_case_after_the_other_is_decided_with_the_keyboard_alone(
    browser: Browser, house: House
) -> None:
    asked = [house.asks() for _ in range(30 if FULL else 5)]
    page = house.page_of(house.enter(browser, "Ada"))
    page.goto("/queue")
    wanted = {}
    page.keyboard.press("n")
    page.wait_for_url("**/cases/*")
    for number in range(len(asked)):
        case_id = page.url.rpartition("/")[2]
        kind = ("approved", "rejected", "changed")[number % 3]
        page.keyboard.press({"approved": "1", "changed": "2", "rejected": "3"}[kind])
        if kind == "changed":
            page.keyboard.press("Tab")
            page.keyboard.press("Space")
        if kind == "approved":
            page.keyboard.press("Enter")
        else:
            while page.evaluate("document.activeElement.id") != "reason":
                page.keyboard.press("Tab")
            page.keyboard.type("They asked us for it.")
            page.keyboard.press("Control+Enter")
        page.wait_for_url(lambda url, was=case_id: not url.endswith(was))
        wanted[case_id] = kind
    assert page.url.endswith("/queue"), "no other case waits"
    assert {house.case(one): status_of(house, one) for one in asked} == wanted
    page.context.close()


def test_a_case_is_decided_without_scripts(browser: Browser, house: House) -> None:
    decision_id = house.asks()
    context = house.enter(browser, "Ada", java_script_enabled=False)
    page = house.page_of(context)
    page.goto("/queue")
    press(page, "Next case")
    page.get_by_role("radio", name=re.compile("Reject")).check()
    press(page, "Decide")
    # The reason is not required by the page itself, as that takes a script; the server asks for it.
    assert page.locator("#reason-error").inner_text() == "Say in a sentence why."
    assert page.get_by_role("radio", name=re.compile("Reject")).is_checked()
    page.locator("#reason").fill("They are moving abroad.")
    press(page, "Decide")
    assert page.url.endswith("/queue")
    assert status_of(house, decision_id) == "rejected"
    press(page, "Undo")
    assert status_of(house, decision_id) == "in_review"
    press(page, "Give back")
    assert "back in the queue" in page.locator(".notices").inner_text()
    context.close()
    finish(house, decision_id)


def test_of_two_managers_the_second_sees_what_the_first_did(browser: Browser, house: House) -> None:
    case_id = house.case_for("Ada")
    ada = house.page_of(house.enter(browser, "Ada"))
    open_case(ada, case_id)
    # Ada's lease ends while she is away from her desk, and Ben decides.
    with house.answerable.work(house.person("Ada")) as work:
        reviews.release(work, case_id)
    ben = house.page_of(house.enter(browser, "Ben"))
    open_case(ben, case_id)
    press(ben, "Take this case")
    ben.get_by_role("radio", name=re.compile("Approve")).check()
    follow(ben.locator("[data-submit]"))
    ben.wait_for_url("**/queue")
    ada.get_by_role("radio", name=re.compile("Reject")).check()
    ada.locator("#reason").fill("I had my doubts.")
    follow(ada.locator("[data-submit]"))
    notice = ada.locator(".notices").inner_text()
    assert "Ben was quicker." in notice
    assert "approved, Offer a discount" in notice
    assert ada.locator("[data-submit]").count() == 0, "there is nothing left to decide"
    ada.context.close()
    ben.context.close()


def test_a_case_that_another_holds_cannot_be_taken(browser: Browser, house: House) -> None:
    case_id = house.case_for("Ben")
    page = house.page_of(house.enter(browser, "Ada"))
    open_case(page, case_id)
    assert "Ben is looking at this case." in page.locator("main").inner_text()
    assert page.get_by_role("button", name=re.compile("Take this case")).count() == 0
    page.context.close()
    with house.answerable.work(house.person("Ben")) as work:
        reviews.release(work, case_id)


def test_a_case_is_sent_on_with_a_reason(browser: Browser, house: House) -> None:
    case_id = house.case_for("Ada")
    page = house.page_of(house.enter(browser, "Ada"))
    open_case(page, case_id)
    page.keyboard.press("e")
    page.locator("#escalation").fill("A large contract; the leads know them.")
    press(page, "Send it on")
    page.wait_for_url("**/queue")
    assert "The case went to Sales leads." in page.locator(".notices").inner_text()
    page.goto("/queue?queue=sales-leads")
    assert page.locator(f"a[href='/cases/{case_id}']").count() == 1
    page.context.close()


def test_a_case_is_passed_on_and_put_off_and_handed_over_without_scripts(
    browser: Browser, house: House
) -> None:
    case_id = house.case_for("Ada")
    page = house.page_of(house.enter(browser, "Ada", java_script_enabled=False))
    open_case(page, case_id)
    page.get_by_text("Later", exact=False).first.click()
    page.locator("form[action$=put-off] [type=radio]").first.check()
    press(page, "Put it off")
    assert "It comes back by itself." in page.locator(".notices").inner_text()
    open_case(page, case_id)
    assert "This case is put off." in page.locator(".notices").inner_text()
    press(page, "Take this case")
    page.locator("summary", has_text="Pass it on").click()
    page.locator("form[action$=skip]").get_by_label("Another reason").check()
    follow(page.locator("form[action$=skip] button"))
    assert "Say in a sentence why" in page.locator("#skip-words-error").inner_text()
    page.locator("form[action$=skip]").get_by_label("I do not speak the language").check()
    press(page, "Pass it on")
    assert "back in the queue, for others" in page.locator(".notices").inner_text()
    open_case(page, case_id)
    press(page, "Take this case")
    page.locator("summary", has_text="Hand over").click()
    page.get_by_label("To whom").select_option(label="Ben")
    press(page, "Hand it over")
    page.goto("/queue")
    assert "kept for Ben" in page.locator(".cases").inner_text()
    page.context.close()
    with house.answerable.work(house.person("Ben")) as work:
        reviews.claim(work, case_id)
        reviews.release(work, case_id)


def test_an_app_is_asked_and_its_answer_stands_beside_the_case_with_the_keyboard_alone(
    browser: Browser, house: House
) -> None:
    case_id = house.case_for("Ada")
    page = house.page_of(house.enter(browser, "Ada"))
    open_case(page, case_id)
    page.keyboard.press("c")
    page.locator("#comment-words").fill("She rang twice.")
    press(page, "Add the comment")
    assert "She rang twice." in page.locator("main").inner_text()
    page.keyboard.press("q")
    page.locator("#ask-words").fill("Since when is she a customer?")
    press(page, "Ask")
    assert "The app is asked." in page.locator(".notices").inner_text()
    assert "asked the app" in page.locator(".cases").inner_text()
    with house.answerable.look(house.person("Ada")) as work:
        view = reviews.case_view(work, case_id)
    assert house.app is not None
    with house.answerable.work(house.app) as work:
        handling.inform(
            work, case_id, question=view.messages[-1].id, words="Since 2019.", facts={"orders": 12}
        )
    open_case(page, case_id)
    told = page.locator("main").inner_text()
    assert "Since 2019." in told
    assert "orders" in told
    page.context.close()


def test_a_person_judges_first_and_sees_the_proposal_and_what_is_masked_then(
    browser: Browser, house: House
) -> None:
    people.publish(
        house.answerable,
        retention.POLICY.replace("retention-offer", "welcome-offer")
        .replace("undo: 10s", "undo: 10s\n  judge_first: 1")
        .replace(
            "required: false, label: {en: Message}",
            "required: false, mask: true, label: {en: Message}",
        ),
    )
    features = {
        "tenure_months": 3,
        "monthly_charges": 60,
        "contract": "one-year",
        "message": "I am Canary Nakamura.",
    }
    case_id = house.case_for("Ada", decision_point="welcome-offer", features=features)
    page = house.page_of(house.enter(browser, "Ada"))
    open_case(page, case_id)
    told = page.locator("main").inner_text()
    assert "proposes" not in told
    assert "Canary" not in page.content()
    assert violations(page) == []
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    page.get_by_text("You would decide: No offer").wait_for()
    assert "proposes" in page.locator("main").inner_text()
    page.keyboard.press("r")
    page.get_by_label("Message").check()
    page.locator("#reveal-reason").fill("The text is what matters.")
    press(page, "Show it to me")
    assert "I am Canary Nakamura." in page.locator("main").inner_text()
    assert violations(page) == []
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    page.context.close()


def test_a_queue_that_is_looked_at_shows_what_comes_in(browser: Browser, house: House) -> None:
    page = house.page_of(house.enter(browser, "Ada"))
    page.clock.install()
    with page.expect_response(lambda answer: answer.request.method == "HEAD"):
        page.goto("/queue")
    shown = page.locator(".case-row").count()
    house.case(house.asks())
    page.clock.run_for(21_000)
    page.locator(".case-row").nth(shown).wait_for()
    page.context.close()


def test_an_open_case_tells_what_another_did_and_loses_nothing_typed(
    browser: Browser, house: House
) -> None:
    case_id = house.case_for("Ada")
    page = house.page_of(house.enter(browser, "Ada"))
    page.clock.install()
    page.goto(f"/cases/{case_id}")
    page.locator("#reason").fill("They asked to leave twice.")
    with house.answerable.work(house.person("Ben")) as work:
        handling.comment(work, case_id, words="She rang today.")
    page.clock.run_for(21_000)
    page.locator("[data-news] .notice").wait_for()
    assert "Ben commented on this case." in page.locator("[data-news]").inner_text()
    assert page.locator("#reason").input_value() == "They asked to leave twice."
    assert violations(page) == []
    page.context.close()


def test_whoever_wants_it_is_told_on_the_desktop_what_waits_with_a_number_alone(
    browser: Browser, house: House
) -> None:
    page = house.page_of(house.enter(browser, "Ada"))
    page.add_init_script(
        """window.Notification = class {
          static permission = "default";
          static async requestPermission() { return (this.permission = "granted"); }
          constructor(text) { document.documentElement.dataset.told = text; }
        };
        Object.defineProperty(document, "hidden", { get: () => window.away === true });"""
    )
    page.clock.install()
    with page.expect_response(lambda answer: answer.request.method == "HEAD"):
        page.goto("/queue")
    button = page.get_by_role("button", name="Tell me on this desktop")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    page.locator("[data-desktop][aria-pressed=true]").wait_for()
    page.evaluate("window.away = true")
    house.case(house.asks())
    page.clock.run_for(21_000)
    page.locator("html[data-told]").wait_for(state="attached")
    waiting = page.title().split(")")[0].strip("(")
    told = page.locator("html").get_attribute("data-told")
    assert told == f"{waiting} cases wait"
    page.context.close()


def test_whoever_decides_faster_than_anybody_reads_is_asked_once(
    browser: Browser, house: House
) -> None:
    with house.answerable.work(people.service("cli")) as work:
        change_settings(work, pace_guards=True)
    page = house.page_of(house.enter(browser, "Ada"))
    page.goto(f"/cases/{house.case_for('Ada')}")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    question = page.get_by_role("alert").filter(has_text="Decide all the same?")
    question.wait_for()
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    with house.answerable.work(people.service("cli")) as work:
        change_settings(work, pace_guards=False)
    page.context.close()


def finish(house: House, decision_id: str) -> None:
    """Let Ben decide a case, so that it is in nobody's way."""
    case_id = house.case(decision_id)
    with house.answerable.work(house.person("Ben")) as work:
        reviews.claim(work, case_id)
        reviews.give_verdict(work, case_id, verdict="approve")


def test_second_looks_are_given_without_scripts_and_stand_in_nobodys_way(
    browser: Browser, house: House
) -> None:
    people.publish(
        house.answerable, retention.POLICY.replace("undo: 10s", "undo: 60s\n  sample: 1")
    )
    released = house.asks(0.95)
    page = house.page_of(house.enter(browser, "Ada", java_script_enabled=False))
    # Axe is a script itself, so it looks at the same pages in another window of hers.
    beside = house.page_of(house.enter(browser, "Ada", viewport={"width": 320, "height": 700}))

    def in_the_way(path: str) -> list[object]:
        beside.goto(path)
        assert beside.evaluate("document.documentElement.scrollWidth") <= 320
        return violations(beside)

    page.goto("/queue")
    row = page.locator(".case-row", has_text="this was released by itself")
    assert "sample" in row.inner_text()
    follow(row.get_by_role("link"))
    press(page, "Take this case")
    check = page.url
    assert in_the_way(check) == []
    page.get_by_role("radio", name=re.compile("Another was right")).check()
    page.get_by_label("Send a gift").check()
    page.locator("#reason").fill("She likes gifts.")
    press(page, "That is my answer")
    assert status_of(house, released) == "released"
    press(page, "Undo")
    page.get_by_role("radio", name=re.compile("It was wrong")).check()
    page.locator("#reason").fill("She asked for none.")
    page.get_by_label("Put it right for the person").check()
    press(page, "That is my answer")
    assert "cannot be taken back" in page.locator("main").inner_text()
    press(page, "Change it")
    assert page.locator("#reason").input_value() == "She asked for none."
    beside.goto(check)
    beside.get_by_role("radio", name=re.compile("It was wrong")).check()
    beside.locator("#reason").fill("She asked for none.")
    beside.get_by_label("Put it right for the person").check()
    follow(beside.locator("[data-submit]"))
    assert violations(beside) == []
    press(beside, "Put it right")
    page.goto(check)
    assert "It was put right for the person." in page.locator("main").inner_text()
    assert in_the_way(check) == []

    people.publish(house.answerable, retention.POLICY.replace("undo: 10s", "undo: 0s\n  double: 1"))
    decided = house.case_for("Ben")
    with house.answerable.work(house.person("Ben")) as work:
        reviews.give_verdict(work, decided, verdict="approve")
    page.goto("/queue")
    row = page.locator(".case-row", has_text="somebody decided this already")
    follow(row.get_by_role("link").last)
    press(page, "Take this case")
    double = page.url
    assert "Ben" not in page.locator("main").inner_text()
    assert in_the_way(double) == []
    page.get_by_role("radio", name="Send a gift").check()
    press(page, "That is my opinion")
    told = page.locator("main").inner_text()
    assert "The two differ." in told
    assert "decided by Ben" in told
    assert in_the_way(double) == []
    page.context.close()
    beside.context.close()


def test_a_hold_is_seen_by_everybody_at_once_and_lifting_waits_for_a_second_person(
    browser: Browser, house: House
) -> None:
    ada = house.page_of(house.enter(browser, "Ada"))
    ben = house.page_of(house.enter(browser, "Ben"))
    ada.goto("/hold")
    ada.locator("#reason").fill("Discounts look wrong since noon.")
    press(ada, "Hold now")
    ben.goto("/queue")
    held = ben.locator(".held").inner_text()
    assert "All decision points: people only." in held
    assert "Discounts look wrong since noon." in held
    case_id = house.case(house.asks(0.95))
    open_case(ben, case_id)
    assert "Only people decide here at present" in ben.locator(".whys").first.inner_text()
    ada.locator("#why-all").fill("Prices are right again.")
    press(ada, "Ask to lift it")
    assert "Lifting waits for a second person" in ada.locator(".held").inner_text()
    ada.context.close()
    ben.context.close()
