"""An auditor's pages do what they say: draw, look, note, take the pack along, and tell what was filled in wrong."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from flask.testing import FlaskClient

from governance.auditing import draws
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.ledger import publishing
from governance.ledger.sequencing import drain
from governance.reporting import crosschecking
from tests import accounts, people, retention
from web.application import create_app

# The use cases below have their own tests on both databases.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def publish_log(answerable) -> None:
    drain(answerable)
    publishing.publish(answerable)


@pytest.fixture
def shop(answerable) -> str:
    """Have an app send 1, 2, 5 and then begin anew; return its id."""
    people.publish(answerable, retention.POLICY)
    app = people.app(answerable)
    for number in (1, 2, 5, 1, 2):
        answerable.clock.advance(minutes=1)
        decisions.ask(answerable, app, Asked(request=retention.request(sequence=number)))
    publish_log(answerable)
    return app.id


@pytest.fixture
def window(answerable, shop) -> FlaskClient:
    accounts.join(answerable, "Cleo", "auditor")
    client = create_app(answerable).test_client()
    form = {"username": accounts.email_of("Cleo"), "password": accounts.PASSWORD}
    assert client.post("/sign-in", data=form | token(client, "/sign-in")).status_code == 303
    return client


def token(window: FlaskClient, path: str) -> dict[str, str]:
    found = re.search(r'name="csrf_token" value="([^"]+)"', window.get(path).text)
    assert found is not None
    return {"csrf_token": found[1]}


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_missing_numbers_are_shown_and_looked_at_from_where_the_counter_began_anew(window, shop):
    told = plain(window.get("/arrivals").text)
    assert "Of 1 app something is missing." in told
    assert "Each decision has its entry, and each entry its decision." in told
    page = window.get(f"/arrivals/{shop}").text
    assert "3 to 4" in plain(page)
    onward = re.search(rf'href="(/arrivals/{shop}\?since=[^"]+)"', page)
    assert onward is not None
    told = plain(window.get(onward[1].replace("&amp;", "&")).text)
    assert "No number is missing." in told
    assert "1 to 2" in told
    assert window.get("/arrivals?since=2026-11-25&until=2026-11-24").status_code == 422
    assert window.get("/arrivals/none").status_code == 404


def test_a_draw_waits_for_its_checkpoint_and_is_looked_at_one_by_one(answerable, window):
    csrf = token(window, "/draws")
    for wrong, told in (
        ({"wanted": "many"}, "Ask for 1 to 1000 decisions."),
        ({"wanted": "3", "since": "2031-01-01"}, "There is no decision in the log"),
    ):
        answer = window.post("/draws", data=csrf | wrong)
        assert (answer.status_code, told in plain(answer.text)) == (422, True)
    asked = window.post("/draws", data=csrf | {"wanted": "2"})
    assert asked.status_code == 303
    waiting = window.get(asked.location)
    assert "next checkpoint" in waiting.text
    assert waiting.headers["Refresh"]
    publish_log(answerable)
    draws.settle_due(answerable)
    page = window.get(asked.location)
    assert "Refresh" not in page.headers
    assert "0 of 2 looked at" in plain(page.text)
    (first, _) = re.findall(r'action="(/draws/[^"]+/decisions/[^"]+)"', page.text)
    assert window.post(first, data=csrf | {"comment": "x" * 4001}).status_code == 422
    assert window.post(first, data=csrf | {"comment": "As I would have."}).status_code == 303
    told = plain(window.get(asked.location).text)
    assert "1 of 2 looked at" in told
    assert "As I would have." in told


def test_a_pack_is_taken_along(monkeypatch, window):
    monkeypatch.setattr(crosschecking, "installed", lambda: False)
    csrf = token(window, "/evidence")
    answer = window.post("/evidence", data=csrf | {"points": [retention.POINT]})
    assert answer.status_code == 200
    assert "evidence-" in answer.headers["Content-Disposition"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert f"fairness/{retention.POINT}.html" in archive.namelist()
    wrong = window.post("/evidence", data=csrf | {"since": "2026-11-25", "until": "2026-11-01"})
    assert wrong.status_code == 422
    assert 'id="until-error"' in wrong.text
