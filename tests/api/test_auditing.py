"""What an auditor asks of the business through the API: what never arrived, a draw, one pack."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest

from governance.auditing import draws
from governance.clock import rfc3339
from governance.ledger import publishing
from governance.ledger.sequencing import drain
from governance.reporting import crosschecking
from tests.api.conftest import request_body


@pytest.fixture
def sent(served):
    """Serve a house whose app sent 1, 2 and 4."""
    for number in (1, 2, 4):
        answer = served.call("crm", "POST", "/decisions", json=request_body(sequence=number))
        assert answer.status_code == 201, answer.text
    publish_log(served)
    return served


def publish_log(served) -> None:
    drain(served.answerable)
    publishing.publish(served.answerable)


def test_an_auditor_reads_what_never_arrived_and_an_app_says_what_it_sent(sent, clock):
    (app,) = sent.call("Cleo", "GET", "/arrivals").json["apps"]
    assert (app["app"], app["first"], app["last"], app["missing"]) == ("crm", 1, 4, 1)
    address = f"/arrivals/{app['app_id']}"
    (hole,) = sent.call("Cleo", "GET", f"{address}/missing").json["missing"]
    assert (hole["first"], hole["last"], hole["count"]) == (3, 3, 1)
    assert sent.call("Cleo", "GET", f"{address}/again").json == {"again": [], "after": None}
    window = {
        "since": rfc3339(clock.now() - timedelta(hours=1)),
        "until": rfc3339(clock.now() + timedelta(seconds=1)),
    }
    early = sent.call("crm", "POST", "/arrivals/counts", json={**window, "sent": 4})
    assert (early.status_code, early.json["errors"][0]["pointer"]) == (422, "/until")
    clock.advance(minutes=1)
    told = sent.call("crm", "POST", "/arrivals/counts", json={**window, "sent": 4})
    assert (told.status_code, told.json["differs"], told.json["recorded"]) == (201, True, 3)
    assert (
        sent.call("Ada", "POST", "/arrivals/counts", json={**window, "sent": 4}).status_code == 403
    )
    (count,) = sent.call("Cleo", "GET", "/arrivals/counts").json["counts"]
    assert (count["sent"], count["by_app"]) == (4, True)
    unlogged = sent.call("Cleo", "GET", "/arrivals/unlogged").json
    assert unlogged == {"without_leaf": [], "waiting": 0, "without_decision": []}


def test_an_auditor_draws_looks_and_says_what_was_found(sent):
    asked = sent.call("Cleo", "POST", "/draws", json={"wanted": 2})
    assert (asked.status_code, asked.json["population"], asked.json["seed"]) == (201, 3, None)
    address = f"/draws/{asked.json['id']}"
    assert sent.call("Cleo", "GET", address).json["decisions"] == []
    publish_log(sent)
    draws.settle_due(sent.answerable)
    whole = sent.call("Cleo", "GET", address).json
    assert (whole["draw"]["drawn"], len(whole["draw"]["seed"])) == (2, 64)
    drawn = whole["decisions"][0]["decision_id"]
    said = sent.call("Cleo", "POST", f"{address}/decisions/{drawn}", json={"comment": "Fair."})
    assert [one["comment"] for one in said.json["decisions"]] == ["Fair.", None]
    assert sent.call("Cleo", "GET", "/draws").json["draws"][0]["looked_at"] == 1
    assert (
        sent.call("Cleo", "POST", f"{address}/decisions/{address[7:]}", json={}).status_code == 404
    )


def test_an_auditor_takes_one_pack_along(sent, monkeypatch):
    monkeypatch.setattr(crosschecking, "installed", lambda: False)
    answer = sent.call("Cleo", "POST", "/evidence-packs", json={})
    assert (answer.status_code, answer.content_type) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert {"README.md", "SHA256SUMS", "SHA256SUMS.note"} < set(archive.namelist())
    wrong = sent.call("Cleo", "POST", "/evidence-packs", json={"decision_points": ["none"]})
    assert wrong.status_code == 404
    assert sent.call("Anna", "POST", "/evidence-packs", json={}).status_code == 403
