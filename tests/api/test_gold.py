"""A known case is to its person like any other until their verdict counts, and to everybody else nowhere."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from governance.actors import service
from governance.counting import folding, reconciling
from governance.decisions.models import Decision
from governance.decisions.sight import ALL
from governance.deltas.models import CountDelta
from governance.jobs.models import Job
from governance.reviews import gold, notices, overdue
from governance.reviews.models import Case
from governance.truth.models import GroundTruth
from governance.webhooks.models import WebhookDelivery
from tests import accounts
from tests.api.conftest import PASSWORD, POLICY, Served
from tests.conftest import MOSTLY_POSTGRESQL
from tests.people import publish

GOLD = POLICY.replace("undo: 10s", "undo: 10s\n  gold: 0.5")
NONE = "019a0000-0000-7000-8000-000000000000"
NOTE = "Late payers get no discount."


@pytest.fixture
def house(served: Served, clock, in_review) -> Served:
    """Serve a house in which half of the cases are known ones, and one is made of what Ben changed; real ones wait."""
    publish(served.answerable, GOLD)
    source = in_review(subject={"ref": "cust-28471639"})
    webhook = {"app": "crm", "url": "https://crm.example.com/hooks"}
    assert served.call("Anna", "POST", "/webhooks", json=webhook).status_code == 201
    case = served.call("crm", "GET", f"/decisions/{source['id']}").json["case"]
    decide(served, "Ben", case, verdict="change", outcome="no_offer")
    clock.advance(seconds=11)
    made = {"decision_id": source["id"], "answer": "no_offer", "note": NOTE}
    answer = served.call("Cleo", "POST", "/gold-cases", json=made)
    assert answer.status_code == 201, answer.text
    in_review(subject={"ref": "cust-3001"})
    return served


def decide(served: Served, who: str, case_id: str, **said):
    """Claim a case and give a verdict."""
    any_revision = {"If-Match": "*"}
    claimed = served.call(who, "POST", f"/cases/{case_id}/claim", headers=any_revision)
    assert claimed.status_code == 200, claimed.text
    said = {"reason": "Pays late."} | said
    given = served.call(who, "POST", f"/cases/{case_id}/verdict", json=said, headers=any_revision)
    assert given.status_code == 200, given.text
    return given.json


def until_given(house: Served, clock, in_review, who: str = "Ada") -> None:
    """Have somebody decide what is real until their next case is a known one."""
    with house.answerable.look(accounts.again(house.answerable, house.people[who])) as work:
        place = gold.place_in(work, "retention-offer", 0, 2)
    for number in range(place):
        case = house.call(who, "POST", "/cases/next").json
        decide(house, who, case["id"], verdict="approve")
        in_review(subject={"ref": f"cust-{3002 + number}"})
        clock.advance(seconds=11)


def is_gold(house: Served, case_id: str) -> bool:
    with house.answerable.database.read() as session:
        query = sa.select(Case.purpose).where(Case.id == case_id)
        return session.execute(query, execution_options=ALL).scalar_one() == "gold"


def window(house: Served, name: str) -> FlaskClient:
    """Return a browser in which somebody is signed in."""
    client = house.client.application.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    form = {
        "csrf_token": token[1],
        "username": f"{name.lower()}@example.com",
        "password": PASSWORD,
    }
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def doors(house: Served, known: dict[str, str]):
    """Give every address that can be read, with something behind it."""
    for rule in house.client.application.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            yield re.sub(
                r"<(?:[^:<>]+:)?([^<>]+)>",
                lambda found: known.get(found[1], NONE if found[1].endswith("_id") else "none"),
                rule.rule,
            )


#: The log tells all, and who makes known cases how often each was given.
TOLD_TO = tuple(
    prefix + path
    for prefix in ("", "/api/v1")
    for path in ("/log", "/status", "/metrics", "/gold-cases", "/known-cases")
)


def seen(house: Served, windows: dict[str, FlaskClient], known: dict[str, str]) -> dict:
    """Return what each of them reads behind each door, but for the log, which tells all."""
    return {
        (who, path): look(house, who, client, path)
        for path in doors(house, known)
        if not path.startswith(TOLD_TO)
        for who, client in windows.items()
        if path.startswith("/api") or who[0].isupper()
    }


def look(house: Served, who: str, client: FlaskClient, path: str) -> tuple[int, str]:
    """Return what somebody reads behind a door."""
    secret = {"Authorization": f"Bearer {house.secrets[who]}"}
    answer = client.get(path, headers=secret if path.startswith("/api") else {})
    return answer.status_code, plain(answer.text)


def plain(text: str) -> str:
    """Return an answer without what differs at each asking."""
    text = re.sub(r'(name="csrf_token" value|nonce)="[^"]+"', "", text)
    return re.sub(
        r'"?(request|instance|request_id)"?: ?"[^"]+"|<code>[0-9a-f]{16}</code>', "", text
    )


@MOSTLY_POSTGRESQL
def test_nobody_else_sees_a_known_case_and_nothing_counts_it(house, clock, in_review):
    others = ("Ben", "Cleo", "crm")
    windows = {who: window(house, who) if who[0].isupper() else house.client for who in others}
    known = {"point": "retention-offer", "version": "1", "name": "sales-managers"}
    until_given(house, clock, in_review)
    before = seen(house, windows, known)
    case = house.call("Ada", "POST", "/cases/next").json
    assert is_gold(house, case["id"])
    decision = case["decision"]
    assert seen(house, windows, known) == before
    assert len(before) > 150

    own = known | {"case_id": case["id"], "decision_id": decision["id"]}
    for path in doors(house, own):
        if case["id"] in path or decision["id"] in path:
            for who, client in windows.items():
                assert look(house, who, client, path)[0] in {303, 403, 404}, (who, path)
    # It is about nobody, and stored under the key of whom its source is about.
    for ref, count in ((decision["subject"]["ref"], 0), ("cust-28471639", 1)):
        for who in ("Ben", "Cleo", "crm"):
            body = {"subject": {"ref": ref}}
            found = house.call(who, "POST", "/decisions/search", json=body)
            assert len(found.json["decisions"]) == count, (who, ref)

    # Neither the clock nor the counting takes it up, before the verdict or after.
    answerable = house.answerable
    decide(house, "Ada", case["id"], verdict="approve")
    for model in (CountDelta, WebhookDelivery, GroundTruth, Job):
        assert decision["id"] not in rows(answerable, model)
    clock.advance(seconds=11)
    while folding.fold(answerable):
        pass
    assert reconciling.reconcile(answerable, service("tests")).differing == 0
    notices.run(answerable)
    clock.advance(hours=20)
    overdue.run(answerable)
    assert gold.expire(answerable) == 0
    with answerable.database.read() as session:
        row = session.get(Decision, decision["id"], execution_options=ALL)
        assert (row.status, row.app_id) == ("approved", None)


def rows(answerable, model) -> str:
    """Return all that a table holds, as text."""
    with answerable.database.read() as session:
        found = session.execute(sa.select(model.__table__)).all()
        return "\n".join(map(str, found))


def test_to_its_person_it_looks_like_any_other(house, clock, in_review):
    until_given(house, clock, in_review)
    case = house.call("Ada", "POST", "/cases/next").json
    assert is_gold(house, case["id"])
    # A real one with the same facts, in the place of which it came.
    listed = house.call("Ada", "GET", "/cases").json["cases"]
    (real,) = [one for one in listed if one["id"] != case["id"]]
    assert [one["id"] for one in listed] == [case["id"], real["id"]]
    house.call("Ada", "POST", f"/cases/{real['id']}/claim", headers={"If-Match": "*"})
    browser = window(house, "Ada")
    told = []
    for case_id in (case["id"], real["id"]):
        shown = house.call("Ada", "GET", f"/cases/{case_id}").json["decision"]
        decision_id, ref = shown["id"], shown["subject"]["ref"]
        known = {"case_id": case_id, "decision_id": decision_id}
        found = {}
        for path in doors(house, known | {"point": "retention-offer"}):
            if case_id not in path and decision_id not in path:
                continue
            status, text = look(house, "Ada", browser, path)
            names = {case_id: "CASE", decision_id: "DECISION", ref: "SUBJECT"}
            where, text = (named(one, names) for one in (path, text))
            # Entries have ids of their own, and what came in a moment before another has another time.
            text = re.sub(r'"entry":"[0-9a-f-]{36}"', '"entry":""', text)
            text = re.sub(r"2026-11-23T[0-9:.]+Z|\b[01]\d:\d\d\b", "TIME", text)
            # What it was made from is as similar as can be, and would tell the answer.
            found[where] = status, "" if where.endswith("/similar") else text
        told.append(found)
    assert sum(status == 200 for status, _ in told[0].values()) > 9
    assert told[0] == told[1]
    of_it, of_the_other = (
        house.call("Ada", "GET", f"/cases/{one}/similar").json["cases"]
        for one in (case["id"], real["id"])
    )
    assert len(of_it) == len(of_the_other) - 1
    ref = case["decision"]["subject"]["ref"]
    for who, asked, hits in (("Ada", ref, 1), ("Ada", "cust-28471639", 1), ("Ben", ref, 0)):
        search = {"subject": {"ref": asked}}
        answer = house.call(who, "POST", "/decisions/search", json=search)
        assert len(answer.json["decisions"]) == hits, (who, asked)
    lists = ("/queue", "/decisions", "/api/v1/cases", "/api/v1/decisions", "/api/v1/ledger")
    for path in lists:
        text = look(house, "Ada", browser, path)[1]
        for known in ({case["id"], case["decision"]["id"]}, {real["id"], real["decision_id"]}):
            assert any(one in text for one in known), path


def test_what_was_right_is_told_once_the_verdict_counts_and_to_that_person_first(
    house, clock, in_review
):
    until_given(house, clock, in_review)
    case = house.call("Ada", "POST", "/cases/next").json
    oversight = "/reports/oversight?decision_point=retention-offer"
    given = decide(house, "Ada", case["id"], verdict="approve")
    assert (given["purpose"], given["known"]) == ("decide", None)
    assert house.call("Ada", "GET", "/gold-cases/results").json["cases"] == []
    before = house.call("Cleo", "GET", oversight).json["measures"]["gold"]["caught"]["of"]
    undone = house.call("Ada", "POST", f"/cases/{case['id']}/undo", headers={"If-Match": "*"})
    assert undone.json["status"] == "open"
    decide(house, "Ada", case["id"], verdict="approve")
    clock.advance(seconds=11)
    told = house.call("Ada", "GET", f"/cases/{case['id']}").json
    assert told["purpose"] == "gold"
    assert told["known"] == {
        "case_id": case["id"],
        "decision_id": case["decision"]["id"],
        "decision_point": "retention-offer",
        "served_at": told["known"]["served_at"],
        "proposed_outcome": "offer_discount",
        "answer": "no_offer",
        "said": "offer_discount",
        "caught": False,
        "note": NOTE,
    }
    browser = window(house, "Ada")
    for path in ("/queue", f"/cases/{case['id']}"):
        assert "Right: No offer." in browser.get(path).text
        assert NOTE in browser.get(path).text
    assert "0 of 1 mistakes caught." in browser.get("/account").text
    assert house.call("Ada", "POST", f"/cases/{case['id']}/seen").status_code == 204
    assert NOTE not in browser.get("/queue").text
    results = house.call("Ada", "GET", "/gold-cases/results").json
    assert (results["mistakes"], results["caught"]) == (1, 0)
    after = house.call("Cleo", "GET", oversight).json["measures"]["gold"]["caught"]["of"]
    assert (before, after) == ([0, 0], [0, 1])
    objected = house.call(
        "Ada", "POST", f"/decisions/{case['decision']['id']}/appeals", json={"words": "Unfair."}
    )
    assert objected.status_code == 409, "it is about nobody"
    # Lists of decisions and figures of the day are rid of it.
    for path in ("/decisions", "/ledger"):
        assert case["decision"]["id"] not in house.call("Ada", "GET", path).text
    listed = house.call("Cleo", "GET", "/gold-cases").json["gold_cases"][0]
    assert (listed["served"], listed["decided"], listed["caught"]) == (1, 1, 0)


def named(text: str, names: dict[str, str]) -> str:
    """Return a text in which each of these is called by its name."""
    for one, name in names.items():
        text = text.replace(one, name)
    return text
