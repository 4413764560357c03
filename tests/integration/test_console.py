"""What the pages of the daily work do that a browser is not needed for."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.installation import service as installation
from governance.points import service as points
from tests import accounts, people, retention
from tests.applications import create_app
from tests.conftest import SettableClock

# The pages ask the use cases, whose own tests run on both databases; every page is opened on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def app(answerable: Answerable) -> Flask:
    with answerable.work(people.service("cli")) as work:
        points.bootstrap_publish(work, retention.POLICY)
    accounts.join(answerable, "Ada", "manager", queues=(retention.QUEUE,))
    accounts.join(answerable, "Cleo", "auditor")
    return create_app(answerable)


def token(client: FlaskClient, path: str) -> str:
    """Return the token of a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(app: Flask, name: str = "Ada", *, wanted: str = "", password: str = accounts.PASSWORD):
    """Sign somebody in through the form; return the browser and the answer."""
    client = app.test_client()
    form = {
        "csrf_token": token(client, "/sign-in"),
        "username": accounts.email_of(name),
        "password": password,
        "next": wanted,
    }
    return client, client.post("/sign-in", data=form)


def asks(answerable: Answerable) -> str:
    asked = Asked(request=retention.unsure())
    return str(decisions.ask(answerable, people.app(answerable), asked).case_id)


def decide(client: FlaskClient, case_id: str, **form: str):
    """Take a case and decide it as its page is read."""
    client.post(f"/cases/{case_id}/claim", data={"csrf_token": token(client, f"/cases/{case_id}")})
    page = client.get(f"/cases/{case_id}").text
    etag = re.search(r'name="etag" value="(\d+)"', page)
    assert etag is not None
    kept = {"csrf_token": token(client, f"/cases/{case_id}"), "etag": etag[1]}
    return client.post(f"/cases/{case_id}/decide", data=kept | form)


def test_whoever_signs_in_is_brought_to_where_they_wanted(app: Flask) -> None:
    _client, answer = sign_in(app, wanted="/decisions?status=lapsed")
    assert answer.headers["Location"] == "/decisions?status=lapsed"


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_signing_in_leads_to_no_other_site(app: Flask, elsewhere: str) -> None:
    _client, answer = sign_in(app, wanted=elsewhere)
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_refused_and_the_address_kept(app: Flask) -> None:
    _client, answer = sign_in(app, password="not this one at all")
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong." in answer.text
    assert 'value="ada@corner.example"' in answer.text
    assert "not this one at all" not in answer.text


def test_after_too_many_wrong_passwords_the_page_says_how_long_to_wait(app: Flask) -> None:
    for _ in range(6):
        _client, answer = sign_in(app, password="not this one at all")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts failed." in answer.text


def test_whoever_signs_out_is_out_in_every_copy_of_the_cookie(app: Flask) -> None:
    client, _answer = sign_in(app)
    copy = app.test_client()
    kept = client.get_cookie("answerable")
    assert kept is not None
    copy.set_cookie("answerable", kept.value)
    assert copy.get("/queue").status_code == 200
    client.post("/sign-out", data={"csrf_token": token(client, "/queue")})
    assert copy.get("/queue").status_code == 303


def test_a_queue_that_did_not_change_is_not_sent_again(app: Flask, answerable: Answerable) -> None:
    client, _answer = sign_in(app)
    first = client.get("/queue")
    assert client.get("/queue", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    asks(answerable)
    again = client.get("/queue", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_a_verdict_can_be_taken_back_for_ten_seconds_from_any_page(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    client, _answer = sign_in(app)
    case_id = asks(answerable)
    assert decide(client, case_id, verdict="approve").status_code == 303
    assert "Undo" in client.get("/decisions").text
    clock.advance(seconds=11)
    assert "Undo" not in client.get("/decisions").text
    late = client.post(
        f"/cases/{case_id}/undo",
        data={"csrf_token": token(client, "/queue")},
        follow_redirects=True,
    )
    assert "It is too late to take this back." in late.text


def test_a_change_needs_an_outcome_and_a_reason_and_what_was_typed_is_kept(
    app: Flask, answerable: Answerable
) -> None:
    client, _answer = sign_in(app)
    case_id = asks(answerable)
    answer = decide(client, case_id, verdict="change", reason="They called us.")
    assert answer.status_code == 422
    assert "Choose what it changes to." in answer.text
    assert "They called us.</textarea>" in answer.text
    answer = decide(client, case_id, verdict="change", outcome="no_offer")
    assert answer.status_code == 422
    assert "Say in a sentence why." in answer.text


def test_a_case_decided_on_an_old_reading_of_it_is_refused(
    app: Flask, answerable: Answerable
) -> None:
    client, _answer = sign_in(app)
    case_id = asks(answerable)
    answer = decide(client, case_id, verdict="approve", etag="1")
    assert answer.status_code == 412
    assert "The case changed since you read it." in answer.text


def test_a_subject_is_found_by_its_reference_which_stands_in_no_address(
    app: Flask, answerable: Answerable
) -> None:
    asks(answerable)
    client, _answer = sign_in(app, "Cleo")
    form = {"csrf_token": token(client, "/search"), "ref": "cust-4711"}
    answer = client.post("/search", data=form)
    assert answer.request.path == "/search"
    assert "1 decision<" in answer.text
    form["ref"] = "cust-4712"
    assert "No decision about this reference." in client.post("/search", data=form).text


def test_groups_are_on_no_page_about_a_decision(app: Flask, answerable: Answerable) -> None:
    case_id = asks(answerable)
    client, _answer = sign_in(app)
    text = client.get(f"/cases/{case_id}").text + client.get("/decisions").text
    assert "Months as a customer" in text
    assert "female" not in text
    assert "60+" not in text


def test_the_list_of_decisions_goes_on_where_it_stopped(app: Flask, answerable: Answerable) -> None:
    for _ in range(55):
        asks(answerable)
    client, _answer = sign_in(app, "Cleo")
    first = client.get("/decisions?status=in_review").text
    seen = set(re.findall(r"/decisions/([0-9a-f-]{36})", first))
    older = re.search(r'href="(/decisions\?after=[^"]+)" rel|rel="next" href="([^"]+)"', first)
    assert older is not None
    rest = client.get((older[1] or older[2]).replace("&amp;", "&")).text
    seen |= set(re.findall(r"/decisions/([0-9a-f-]{36})", rest))
    assert len(seen) == 55


def test_the_day_counts_what_was_recorded_and_decided(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    client, _answer = sign_in(app)
    case_id = asks(answerable)
    asks(answerable)
    decide(client, case_id, verdict="approve")
    clock.advance(seconds=11)
    page = re.sub(r"\s+", " ", client.get("/").text)
    assert "1 case waits for a person," in page
    assert "<dt>decisions today</dt><dd>2</dd>" in page
    assert "<dt>decided by people</dt><dd>1</dd>" in page


def test_a_check_is_asked_about_once_more_before_it_is_put_right(app, answerable):
    people.publish(
        answerable, retention.POLICY.replace("undo: 10s", "undo: 10s\n  sample: 1\n  double: 1")
    )
    asked = Asked(request=retention.request())
    decision_id = decisions.ask(answerable, people.app(answerable), asked).id
    client, _ = sign_in(app)
    listed = client.get("/queue").text
    assert "A sample: this was released by itself. Was it right?" in listed
    case_id = re.search(r'href="/cases/([0-9a-f-]+)"', listed)[1]
    form = {"verdict": "approve", "reverse": "yes", "reason": "Wrong."}
    assert "There is nothing to put right" in decide(client, case_id, **form).text
    assert "Say in a sentence why." in decide(client, case_id, verdict="reject", reverse="yes").text
    form["verdict"] = "reject"
    asked_again = decide(client, case_id, **form).text
    assert "It is final: it cannot be taken back" in asked_again
    assert "Offer a discount becomes No offer" in asked_again
    amended = decide(client, case_id, **form, amend="yes").text
    assert 'value="reject" required data-key="3" checked' in amended
    assert decide(client, case_id, **form, sure="yes").status_code == 303
    assert "It was put right for the person." in client.get(f"/cases/{case_id}").text
    story = client.get(f"/decisions/{decision_id}").text
    assert "A sampled check found it wrong; right was: No offer" in story


def test_a_second_opinion_shows_both_answers_once_it_is_given(app, answerable, clock):
    people.publish(answerable, retention.POLICY.replace("undo: 10s", "undo: 10s\n  double: 1"))
    accounts.join(answerable, "Ben", "manager", queues=(retention.QUEUE,))
    first = asks(answerable)
    ada, _ = sign_in(app)
    decide(ada, first, verdict="change", outcome="offer_gift", reason="Gifts work better.")
    clock.advance(seconds=10)
    ben, _ = sign_in(app, "Ben")
    listed = ben.get("/queue").text
    assert "A second opinion: somebody decided this already." in listed
    case_id = re.search(r'href="/cases/([0-9a-f-]+)"', listed)[1]
    path = f"/cases/{case_id}"
    ben.post(f"{path}/claim", data={"csrf_token": token(ben, path)})
    page = ben.get(path).text
    for secret in ("proposes", "Gifts work better", "Ada"):
        assert secret not in page, secret
    etag = re.search(r'name="etag" value="(\d+)"', page)[1]
    form = {"csrf_token": token(ben, path), "etag": etag}
    assert "Choose what you would decide." in ben.post(f"{path}/second-opinion", data=form).text
    given = ben.post(f"{path}/second-opinion", data=form | {"outcome": "no_offer"})
    assert given.headers["Location"].endswith(path)
    told = ben.get(path).text
    assert "The two differ." in told
    assert "decided by Ada" in told
    assert "Gifts work better" in told


def test_cases_that_are_ticked_are_approved_once_those_drawn_were_opened_and_taken_back_together(
    app: Flask, answerable: Answerable
) -> None:
    client, _answer = sign_in(app)
    ids = [asks(answerable) for _ in range(4)]
    assert client.get("/queue").text.count('type="checkbox" name="case"') == 4
    assert "Tick the cases first" in client.get("/queue/bulk", follow_redirects=True).text
    chosen = {"act": "approve", "case": ids}
    asked = client.get("/queue/bulk", query_string=chosen)
    form = {"csrf_token": token(client, "/queue")}
    assert "Draw some to open" in asked.text
    page = client.post("/queue/bulk", data=form | chosen).headers["Location"]
    drawn = re.findall(r'name="case" value="([^"]+)"', client.get(page).text)
    assert len(drawn) == 3
    assert "They were not approved." in (
        client.post(f"{page}/approve", data=form, follow_redirects=True).text
    )
    for case_id in drawn:
        seen = client.post(f"{page}/open", data=form | {"case": case_id}, follow_redirects=True)
        assert "Back to the cases to approve together" in seen.text
    told = client.post(f"{page}/approve", data=form, follow_redirects=True).text
    assert "You approved 4 cases." in told
    assert "4 verdicts stand." in told
    decision = re.search(r"/decisions/[0-9a-f-]{36}", client.get(f"/cases/{ids[0]}").text)
    assert decision is not None
    assert "Together with others, after some of them were opened." in client.get(decision[0]).text
    told = client.post(f"{page}/undo", data=form, follow_redirects=True).text
    assert "4 verdicts are taken back" in told
    assert "Take all back" not in told


def test_cases_that_are_ticked_are_put_off_and_what_did_not_fit_is_told(
    app: Flask, answerable: Answerable
) -> None:
    client, _answer = sign_in(app)
    first, second = asks(answerable), asks(answerable)
    decide(client, second, verdict="approve")
    chosen = {"act": "put_off", "case": [first, second]}
    page = client.get("/queue/bulk", query_string=chosen).text
    until = re.search(r'name="until" value="([^"]+)"', page)
    assert until is not None
    form = {"csrf_token": token(client, "/queue")} | chosen
    assert client.post("/queue/bulk", data=form).status_code == 422
    told = client.post("/queue/bulk", data=form | {"until": until[1]}, follow_redirects=True).text
    assert "1 case is put off." in told
    assert "It is decided or closed already." in told


def test_a_queue_that_is_shut_says_why_and_an_admin_opens_it(
    app: Flask, answerable: Answerable
) -> None:
    accounts.join(answerable, "Anna", "admin")
    accounts.join(answerable, "Ben", "manager", queues=[retention.QUEUE])
    anna, _answer = sign_in(app, "Anna")
    page = f"/queues/{retention.QUEUE}"
    form = {"csrf_token": token(anna, page)}
    assert "Enter the competence of at least one of them first." in anna.get(page).text
    person = re.search(r'<option value="([^"]+)">Ben', anna.get(page).text)
    assert person is not None
    shown = {"person": person[1], "shown_on": "2026-11-01", "expires_on": "2026-12-01"}
    wrong = anna.post(f"{page}/competence", data=form | shown | {"shown_on": "soon"})
    assert wrong.status_code == 422
    anna.post(f"{page}/competence", data=form | shown)
    asked = anna.post(f"{page}/competence/require", data=form | {"required": "1"})
    assert asked.status_code == 422
    assert "left to decide its cases would be: Ben. No longer: Ada." in asked.text
    anna.post(f"{page}/competence/require", data=form | {"required": "1", "confirmed": "1"})
    ada, _answer = sign_in(app)
    assert "asks for competence that you have not shown" in ada.get("/queue").text
    ben, _answer = sign_in(app, "Ben")
    assert "Your competence for Sales managers ends" in ben.get("/queue").text
    assert "a competence ends" in anna.get("/queues").text
    assert "Nobody would be left" in (
        anna.post(f"{page}/competence/end", data=form | shown, follow_redirects=True).text
    )


def news(client: FlaskClient, page: str):
    """Ask for news as an open page does."""
    found = re.search(r'data-news="([^"]+)" data-etag="(\d+)"', page)
    assert found is not None
    return client.get(found[1].replace("&amp;", "&"), headers={"If-None-Match": f'"{found[2]}"'})


def test_an_open_case_is_told_what_others_did_with_it(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    accounts.join(answerable, "Ben", "manager", queues=(retention.QUEUE,))
    ada, _answer = sign_in(app)
    ben, _answer = sign_in(app, "Ben")
    case_id = asks(answerable)
    page = ada.get(f"/cases/{case_id}").text
    assert news(ada, page).status_code == 304
    ben.post(f"/cases/{case_id}/claim", data={"csrf_token": token(ben, f"/cases/{case_id}")})
    told = news(ada, page)
    assert "Ben took this case." in told.text
    assert told.headers["ETag"] != re.search(r'data-etag="(\d+)"', page)
    decide(ben, case_id, verdict="approve")
    assert "Ben approved this case." in news(ada, page).text
    assert "This case has changed." in news(ben, page).text, "what one did oneself names nobody"
    clock.advance(seconds=1)
    later = ada.get(f"/cases/{case_id}").text
    said = {"csrf_token": token(ada, "/queue"), "words": "I would have, too."}
    ada.post(f"/cases/{case_id}/comment", data=said)
    assert "Ben" not in news(ada, later).text, "what Ben did before is no news"
    with answerable.work(people.service("cli")) as work:
        work.session.execute(sa.text("UPDATE cases SET queue = 'sales-leads'"))
    gone = news(ada, page)
    assert (gone.status_code, "none of your queues" in gone.text) == (404, True)


def test_whoever_approves_in_haste_is_told_once_unless_the_business_turned_it_off(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    client, _answer = sign_in(app)
    assert "<title>Queue " in client.get("/queue").text
    for _ in range(25):
        clock.advance(seconds=5)
        case_id = asks(answerable)
        assert "approvals in a row" not in client.get(f"/cases/{case_id}").text
        decide(client, case_id, verdict="approve", seconds="4", seen="2")
    case_id = asks(answerable)
    assert "<title>(1) Queue " in client.get("/queue").text
    client.post(f"/cases/{case_id}/claim", data={"csrf_token": token(client, "/queue")})
    page = client.get(f"/cases/{case_id}").text
    assert "25 approvals in a row, 4 s each at the median." in page
    assert "data-floor=" in page
    assert "approvals in a row" not in client.get(f"/cases/{case_id}").text
    with answerable.work(people.service("cli")) as work:
        installation.change_settings(work, pace_guards=False)
    assert "data-floor=" not in client.get(f"/cases/{case_id}").text


def test_the_load_of_a_queue_is_drawn_and_stands_in_a_table(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    client, _answer = sign_in(app)
    for _ in range(11):
        decide(client, asks(answerable), verdict="approve")
    asks(answerable)
    clock.advance(days=1)
    page = sign_in(app)[0].get(f"/queue/load?queue={retention.QUEUE}").text
    assert 'aria-labelledby="load-sales-managers-title' in page
    assert "In 28 days 12 cases came in and people decided 11." in page
    assert "As many come in as leave, as far as chance lets one tell" in page
    assert re.search(r'<th scope="row">Monday</th>(?s:.*?)>12<(?s:.*?)>11<', page)
