"""Whatever stands in an address, a header or a form, the answer says what is wrong with it: nothing breaks."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.application import Answerable
from governance.identities import keys, signing_in
from governance.identities.models import Person
from governance.storage.database import Database
from tests.api.conftest import Served
from web.authentication import SESSION_SECRET


@pytest.fixture
def pages(served: Served):
    """Return a browser of somebody who has every role, and whose forms need no token."""
    app = served.client.application
    app.config["WTF_CSRF_METHODS"] = set()
    with served.answerable.work(service("tests")) as work:
        anna = work.session.get_one(Person, served.people["Anna"])
        anna.roles = ["admin", "auditor", "manager", "publisher"]
        anna.time_zone = "Pacific/Kiritimati"
    client = app.test_client()
    begun = signing_in.sign_in(
        served.answerable, email="anna@example.com", password=served.password, address="192.0.2.1"
    )
    with client.session_transaction() as session:
        session[SESSION_SECRET] = begun.session_secret
    return client


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/sign-in?next=http://[", 200),
        ("/policies/retention-offer/versions/99999999999999999999", 404),
        ("/policies/draft?point=retention-offer&version=99999999999999999999", 404),
        ("/decisions?since=0001-01-01&until=9999-12-31", 200),
        ("/log?after=999999999.999999999999999", 200),
        ("/people/nobody", 404),
        ("/search", 200),
    ],
)
def test_an_odd_address_breaks_no_page(pages, address, status) -> None:
    assert pages.get(address).status_code == status


def test_an_odd_referrer_breaks_no_page(pages) -> None:
    answer = pages.get("/language/de", headers={"Referer": "http://["})
    assert (answer.status_code, answer.location) == (303, "/sign-in")


@pytest.mark.parametrize("elsewhere", ["http://elsewhere.example/", "//elsewhere.example", "/\\e"])
def test_nobody_is_led_elsewhere_after_signing_in(served, elsewhere) -> None:
    client = served.client.application.test_client()
    client.application.config["WTF_CSRF_METHODS"] = set()
    form = {"username": "ada@example.com", "password": served.password, "next": elsewhere}
    assert client.post("/sign-in", data=form).location == "/"


def test_the_last_and_first_instants_of_the_calendar_can_be_shown(served, pages) -> None:
    changed = served.call(
        "Anna",
        "PATCH",
        f"/people/{served.people['Ben']}",
        json={"expires_at": "9999-12-31T23:59:59Z"},
    )
    assert changed.status_code == 200
    assert pages.get("/people").status_code == 200
    assert pages.get(f"/people/{served.people['Ben']}").status_code == 200
    made = served.ask(occurred_at="0001-01-01T00:00:00Z").json
    assert pages.get(f"/decisions/{made['id']}").status_code == 200


def test_the_database_server_own_zone_does_not_matter(served) -> None:
    """West of Greenwich the first hours of the calendar are in a year that Python has not."""
    database = served.answerable.database
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            name = database.engine.url.database
            connection.execute(sa.text(f"ALTER DATABASE {name} SET timezone = 'America/New_York'"))
            connection.commit()
        database.dispose()
    made = served.ask(occurred_at="0001-01-01T00:00:00Z").json
    told = served.call("crm", "GET", f"/decisions/{made['id']}")
    assert told.status_code == 200
    assert told.json["occurred_at"] == "0001-01-01T00:00:00.000000Z"


def test_nul_is_refused_wherever_it_stands(served, pages) -> None:
    nul = quote("a\0b")
    for address in (f"/decisions?point={nul}", f"/?q={nul}", f"/log?kind={nul}"):
        assert pages.get(address).status_code == 422, address
    for address in (f"/people/{nul}", f"/queues/{nul}", f"/set-password/{nul}"):
        assert pages.get(address).status_code == 404, address
    for address, form in {
        "/sign-in": {"username": "a\0b", "password": "x"},
        "/account/preferences": {"language": "en", "zone": "U\0TC"},
        "/hold": {"point": "a\0b", "reason": "Some reason."},
        "/people/new": {"email": "dov@example.com", "name": "D\0ov"},
    }.items():
        assert pages.post(address, data=form).status_code == 422, address
    for path in (f"/decisions?point={nul}", f"/queues?q={nul}"):
        answer = served.call("Cleo", "GET", path)
        assert answer.status_code == 422, path
        assert answer.content_type == "application/problem+json"


def test_methods_nobody_knows_are_counted_together(served) -> None:
    for method in ("FROB", "NICATE"):
        assert served.client.open("/healthz", method=method).status_code == 405
    figures = served.client.get("/metrics").text
    assert 'method="other"' in figures
    assert "FROB" not in figures


def test_apps_are_not_told_who_works_a_queue(served) -> None:
    for path in ("/queues", "/queues/sales-managers"):
        assert served.call("crm", "GET", path).status_code == 403
        assert served.call("Ada", "GET", path).status_code == 200


def test_a_key_revoked_by_another_process_reads_nothing_more(served, in_review) -> None:
    made = in_review()
    other = Answerable(
        served.answerable.settings,
        served.answerable.keyring,
        Database(served.answerable.settings.database),
        clock=served.answerable.clock,
        new_id=served.answerable.new_id,
        origin=served.answerable.origin,
    )
    try:
        with other.work(service("cli")) as work:
            keys.revoke_key(work, served.key_ids["crm"])
    finally:
        other.close()
    for method, path in (
        ("GET", f"/decisions/{made['id']}"),
        ("GET", "/decisions"),
        ("GET", f"/decisions/{made['id']}/explanation"),
        ("GET", "/decision-points"),
        ("POST", f"/decisions/{made['id']}/withdraw"),
    ):
        assert served.call("crm", method, path).status_code == 401, path


def test_a_length_of_thousands_of_digits_breaks_nothing(served) -> None:
    answer = served.call(
        "crm",
        "POST",
        "/decisions",
        data=b"{}",
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "0" * 5000 + "2"},
    )
    assert 400 <= answer.status_code < 500


def test_a_body_that_is_too_large_is_refused_with_how_large_it_may_be(served: Served) -> None:
    body = b"x" * 2_000_000
    for path in ("/decisions", "/decisions/search"):
        answer = served.call("crm", "POST", path, data=body, content_type="application/json")
        assert (answer.status_code, answer.json["title"]) == (413, "Too large")
        assert "The body has" in answer.json["detail"]
        assert "bytes" in answer.json["detail"]
