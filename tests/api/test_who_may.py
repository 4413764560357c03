"""Who gets in, and who may do what: keys, tokens, scopes, and other apps' decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.sessions import SecureCookieSessionInterface

from governance import actors
from governance.identities import keys, signing_in
from governance.identities.models import Person
from tests.api.conftest import token
from web.authentication import RATE_LIMIT
from web.rate_limits import RateLimit

PEOPLES_ACTS = [
    ("POST", "/cases/next"),
    ("GET", "/cases"),
    ("POST", "/cases/019a0000-0000-7000-8000-000000000000/claim"),
    ("POST", "/cases/019a0000-0000-7000-8000-000000000000/verdict"),
    ("POST", "/hold"),
    ("POST", "/resume"),
    ("POST", "/decision-points/retention-offer/hold"),
    ("POST", "/decision-points/retention-offer/resume"),
    ("POST", "/policies/retention-offer/drafts"),
    ("POST", "/policies/retention-offer/restore"),
    ("POST", "/requests/019a0000-0000-7000-8000-000000000000/confirm"),
    ("GET", "/people"),
    ("POST", "/keys"),
    ("GET", "/log/entries"),
    ("GET", "/arrivals"),
    ("POST", "/draws"),
    ("POST", "/evidence-packs"),
    ("GET", "/account"),
    ("PATCH", "/settings"),
    ("GET", "/home"),
    ("GET", "/incidents"),
    ("POST", "/incidents/019a0000-0000-7000-8000-000000000000/close"),
    ("GET", "/ledger/views"),
    ("GET", "/webhooks"),
    ("POST", "/webhooks"),
]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer ans_0123456789abcdef_" + "0" * 64,
        "Bearer anp_019a0000-0000-7000-8000-000000000000_" + "0" * 64,
        "Basic YWRhOnNlY3JldA==",
        "Bearer ans_ä",
    ],
)
def test_without_a_known_secret_nobody_gets_in(served, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = served.call(None, "GET", "/decisions", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"].endswith("/problems/not-signed-in")


def test_a_secret_whose_end_is_changed_opens_nothing(served) -> None:
    for who in ("crm", "Ada"):
        secret = served.secrets[who]
        served.secrets["thief"] = secret[:-1] + ("0" if secret[-1] != "0" else "1")
        assert served.call("thief", "GET", "/decisions").status_code == 401


def test_cookies_count_for_nothing_on_the_api(served) -> None:
    signed_in = signing_in.sign_in(
        served.answerable, email="ada@example.com", password=served.password, address="::1"
    )
    app = served.client.application
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    value = signer.dumps({"sid": signed_in.session_secret})
    cookie = f"{app.config['SESSION_COOKIE_NAME']}={value}"
    answer = served.call(None, "GET", "/cases", headers={"Cookie": cookie})
    assert answer.status_code == 401


def test_a_revoked_key_opens_nothing_from_the_next_request_on(served) -> None:
    assert served.ask().status_code == 201
    revoked = served.call("Anna", "POST", f"/keys/{served.key_ids['crm']}/revoke")
    assert revoked.status_code == 200, revoked.text
    assert served.ask().status_code in {401, 403}
    assert served.call("crm", "GET", "/decisions").status_code in {401, 403}


def test_a_key_past_its_day_opens_nothing(served, clock) -> None:
    with served.answerable.work(actors.service("cli")) as work:
        made = keys.create_key(work, app="brief", expires_at=clock.now() + timedelta(days=1))
    served.secrets["brief"] = made.secret
    assert served.ask("brief").status_code == 201
    clock.advance(days=2)
    assert served.ask("brief").status_code == 401


def test_a_key_that_only_reads_may_not_ask(served) -> None:
    answer = served.ask("reader")
    assert answer.status_code == 403
    assert answer.json["type"].endswith("/problems/not-allowed")


def test_permission_is_checked_before_the_body_is_looked_at(served) -> None:
    assert served.call("reader", "POST", "/decisions", data=b"nonsense").status_code == 403


def test_a_point_that_the_key_does_not_open_is_not_found(served) -> None:
    assert served.ask("crm", decision_point="win-back").status_code == 404
    assert served.ask("crm", decision_point="never-heard-of").status_code == 404


def test_another_apps_decision_is_not_found(served, in_review) -> None:
    decision = in_review()["id"]
    for method, path in [
        ("GET", ""),
        ("GET", "/explanation"),
        ("GET", "/story"),
        ("POST", "/withdraw"),
    ]:
        answer = served.call("shop", method, f"/decisions/{decision}{path}")
        assert answer.status_code == 404, path
    assert served.call("shop", "GET", "/decisions").json["decisions"] == []
    found = served.call("shop", "POST", "/decisions/search", json={"subject": {"ref": "cust-4711"}})
    assert found.json["decisions"] == []


def test_an_app_may_not_do_what_people_do(served) -> None:
    for method, path in PEOPLES_ACTS:
        answer = served.call("shop", method, path, json={} if method != "GET" else None)
        assert answer.status_code == 403, (method, path, answer.text)


def test_a_person_may_not_ask_for_decisions(served) -> None:
    assert served.ask("Ada").status_code == 403


def test_each_role_gets_no_further_than_its_permissions(served) -> None:
    for who, method, path in [
        ("Cleo", "POST", "/cases/next"),
        ("Cleo", "POST", "/hold"),
        ("Pia", "GET", "/cases"),
        ("Pia", "GET", "/people"),
        ("Pia", "GET", "/decisions"),
        ("Ada", "GET", "/log/entries"),
        ("Ada", "POST", "/policies/retention-offer/drafts"),
        ("Ada", "GET", "/keys"),
        ("Anna", "GET", "/cases"),
        ("Anna", "GET", "/decisions"),
    ]:
        answer = served.call(who, method, path, json={} if method != "GET" else None)
        assert answer.status_code == 403, (who, path)


def test_a_token_opens_no_more_than_its_scopes(served) -> None:
    who = served.narrow_token("Ada", "cases:read")
    assert served.call(who, "GET", "/cases").status_code == 200
    assert served.call(who, "POST", "/cases/next", json={}).status_code == 403


def test_a_token_ends_with_its_person(served) -> None:
    assert served.call("Ben", "GET", "/cases").status_code == 200
    disabled = served.call("Anna", "POST", f"/people/{served.people['Ben']}/disable")
    assert disabled.status_code == 200, disabled.text
    assert served.call("Ben", "GET", "/cases").status_code == 401


def test_a_manager_sees_the_decisions_of_their_queues_and_an_auditor_all(served, in_review) -> None:
    waiting, released = in_review()["id"], served.ask().json["id"]
    assert served.call("Ada", "GET", f"/decisions/{waiting}").status_code == 200
    assert served.call("Ada", "GET", f"/decisions/{released}").status_code == 404
    assert served.call("Cleo", "GET", f"/decisions/{released}").status_code == 200


def test_a_key_that_asks_too_often_is_told_when_to_come_back(served) -> None:
    served.client.application.extensions[RATE_LIMIT] = RateLimit(2, 60.0)
    assert [served.call("crm", "GET", "/decisions").status_code for _ in range(3)] == [
        200,
        200,
        429,
    ]
    answer = served.call("crm", "GET", "/decisions")
    assert int(answer.headers["Retry-After"]) >= 1
    assert served.call("shop", "GET", "/decisions").status_code == 200, "Each key has its own."


def test_resetting_somebody_who_confirms_is_a_request_where_another_admin_is(served) -> None:
    pia = f"/people/{served.people['Pia']}/reset"
    assert served.call("Anna", "POST", pia, json={}).status_code == 201, "nobody else is there"
    with served.answerable.work(actors.service("tests")) as work:
        work.session.get_one(Person, served.people["Ben"]).roles = ["admin"]
    served.secrets["Ben"] = token(served.answerable, served.people["Ben"])
    asked = served.call("Anna", "POST", pia, json={"reason": "She forgot it."})
    assert (asked.status_code, asked.json["kind"]) == (202, "person.reset")
    assert "url" not in asked.text
    confirmed = served.call("Ben", "POST", f"/requests/{asked.json['id']}/confirm", json={})
    assert confirmed.status_code == 200
