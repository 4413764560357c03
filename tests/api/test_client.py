"""The example client against the served API, and against one that does not answer."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from governance.ledger import publishing
from governance.ledger.sequencing import drain
from governance.operations import receipt_checks
from governance.operations.receipt_checks import Verdict

PATH = Path(__file__).resolve().parents[2] / "examples" / "client.py"
REQUEST = {
    "decision_point": "retention-offer",
    "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "one-year"},
    "proposal": {"outcome": "offer_discount", "confidence": 0.95},
}


@pytest.fixture(scope="module")
def example():
    specification = importlib.util.spec_from_file_location("example_client", PATH)
    module = importlib.util.module_from_spec(specification)
    sys.modules["example_client"] = module
    specification.loader.exec_module(module)
    return module


class Quiet(WSGIRequestHandler):
    def log_message(self, *args) -> None: ...


class Door:
    """Serves the application, but may lose or refuse some requests first."""

    def __init__(self, app) -> None:
        self.app = app
        self.mishaps: list[str] = []
        self.keys: list[str] = []

    def __call__(self, environ, start_response):
        self.keys.append(environ.get("HTTP_IDEMPOTENCY_KEY", ""))
        mishap = self.mishaps.pop(0) if self.mishaps else ""
        if mishap == "busy":
            start_response("503 Not now", [("Retry-After", "9"), ("Content-Length", "0")])
            return [b""]
        if mishap == "answer lost":
            b"".join(self.app(environ, lambda *told: None))
            start_response("502 Bad Gateway", [("Content-Length", "0")])
            return [b""]
        return self.app(environ, start_response)


@pytest.fixture
def door(served) -> Iterator[Door]:
    door = Door(served.client.application)
    with make_server("127.0.0.1", 0, door, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        door.url = f"http://127.0.0.1:{server.server_port}"
        yield door
        server.shutdown()
        thread.join()


def test_a_decision_is_asked_for_and_read(example, served, door) -> None:
    client = example.Client(door.url, served.secrets["crm"])
    decided = client.decide(REQUEST)
    assert (decided.status, decided.outcome, decided.by_fallback) == (
        "released",
        "offer_discount",
        False,
    )
    assert client.read(decided.id)["features"]["tenure_months"] == 3
    waiting = client.decide({**REQUEST, "person_requested": True})
    assert (waiting.status, waiting.outcome) == ("in_review", None)


def test_a_lost_answer_is_asked_for_again_and_there_is_one_decision(example, served, door) -> None:
    door.mishaps = ["answer lost", "busy"]
    pauses: list[float] = []
    client = example.Client(door.url, served.secrets["crm"], sleep=pauses.append)
    decided = client.decide(REQUEST)
    assert decided.status == "released"
    assert len(set(door.keys)) == 1
    assert len(door.keys) == 3
    assert pauses[1] == 9.0, "Retry-After is kept to."
    assert len(served.call("crm", "GET", "/decisions").json["decisions"]) == 1


def test_a_mistake_is_not_repeated_and_says_where_it_is(example, served, door) -> None:
    client = example.Client(door.url, served.secrets["crm"])
    with pytest.raises(example.Refused, match="/proposal") as caught:
        client.decide({**REQUEST, "proposal": None})
    assert caught.value.status == 422
    assert len(door.keys) == 1


def test_without_an_answer_the_programs_own_fallback_is_taken(example) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = example.Client(url, "ans_x", seconds=0.5, sleep=lambda seconds: None)
        decided = client.decide(REQUEST, idempotency_key="order-17", fallback="no_offer")
        assert (decided.outcome, decided.by_fallback) == ("no_offer", True)
        assert decided.idempotency_key == "order-17"
        with pytest.raises(example.NoAnswer, match="order-18"):
            client.decide(REQUEST, idempotency_key="order-18")


def test_what_the_log_promises_is_kept_for_the_check(example, served, door, tmp_path) -> None:
    file = tmp_path / "receipts.ndjson"
    client = example.Client(door.url, served.secrets["crm"], receipts=file)
    for _ in range(2):
        client.decide(REQUEST)
    drain(served.answerable)
    publishing.publish(served.answerable)
    kept = receipt_checks.check(served.answerable, receipt_checks.read([file]))
    assert kept.counts == {Verdict.KEPT: 2}


def test_it_runs_as_a_command(example, served, door, tmp_path, monkeypatch, capsys) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["client.py", door.url, str(file)])
    monkeypatch.delenv("ANSWERABLE_KEY", raising=False)
    assert example.main() == 2
    monkeypatch.setenv("ANSWERABLE_KEY", served.secrets["crm"])
    assert example.main() == 0
    assert '"released"' in capsys.readouterr().out
