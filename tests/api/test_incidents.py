"""Monitors, incidents, the ledger, its views and the home over the API: the same rules as on the pages."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
import sqlalchemy as sa

from governance.counting import folding
from governance.ledger.models import LogRecord
from governance.monitors import acting, watching
from tests.api.conftest import POLICY, request_body
from tests.people import publish

POINT = "retention-offer"
MONITORED = POLICY.replace(
    "notice:",
    """measure: {positive: offer_discount, reference: {gender: male}}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, watch: 0.9, block: 20, false_alarms: 1 per 1d, on_breach: review_all}
notice:""",
)


def ask(served, gender: str, outcome: str, **changes):
    body = request_body(
        subject={"ref": "cust-4711", "groups": {"gender": gender}},
        proposal={"outcome": outcome, "confidence": 0.95},
        **changes,
    )
    return served.call("crm", "POST", "/decisions", json=body).json["id"]


@pytest.fixture
def incident(served) -> str:
    """Let a monitor find that women get no discount, and return the incident."""
    publish(served.answerable, MONITORED)
    for _ in range(30):
        for outcome in ("offer_discount",) * 3 + ("no_offer",):
            ask(served, "male", outcome)
        for _ in range(4):
            ask(served, "female", "no_offer")
    while folding.fold(served.answerable, watch=watching.watch):
        pass
    acting.act(served.answerable)
    (found,) = served.call("Cleo", "GET", "/incidents?status=open").json["incidents"]
    return str(found["id"])


def test_from_alarm_to_resumed_over_the_api(served, incident) -> None:
    told = served.call("Pia", "GET", f"/incidents/{incident}").json
    assert (told["decision_point"], told["group"], told["level"]) == (POINT, "female", "violation")
    assert told["held"] is True
    assert told["details"]["recent"]["group"][0] == 0
    path = f"/incidents/{incident}"
    noted = served.call("Pia", "POST", f"{path}/notes", json={"words": "The model goes back."})
    assert noted.status_code == 201
    assert [note["kind"] for note in noted.json["notes"]] == ["held", "note"]
    closed = served.call("Pia", "POST", f"{path}/close", json={"words": "Model 7 is live."})
    assert (closed.status_code, closed.json["status"]) == (200, "closed")
    assert closed.json["closed_by_name"] == "Pia"
    again = served.call("Paul", "POST", f"{path}/close", json={"words": "Model 7 is live."})
    assert (again.status_code, again.json["type"].rpartition("/")[2]) == (409, "conflict")
    asked = served.call(
        "Pia", "POST", f"/decision-points/{POINT}/resume", json={"reason": "Model 7 is live."}
    )
    assert asked.status_code == 202
    assert served.call("Cleo", "GET", path).json["held"] is True
    served.call("Paul", "POST", f"/requests/{asked.json['id']}/confirm", json={})
    told = served.call("Cleo", "GET", path).json
    assert told["held"] is False
    assert [(note["kind"], note["by_name"]) for note in told["notes"][2:]] == [
        ("closed", "Pia"),
        ("resume_asked", "Pia"),
        ("resumed", "Paul"),
    ]
    assert served.call("Cleo", "GET", "/incidents?status=open").json["incidents"] == []
    assert len(served.call("Cleo", "GET", "/incidents?since=2026-11-01T00:00:00Z").json) == 1


def test_monitors_tell_their_evidence_and_counts_to_readers_of_reports_alone(
    served, incident
) -> None:
    path = f"/decision-points/{POINT}/monitors"
    monitors = served.call("Cleo", "GET", path).json["monitors"]
    (found,) = [monitor for monitor in monitors if monitor["verdict"] == "violation"]
    assert (found["by"], found["group"], found["side"]) == ("gender", "female", "below")
    assert found["history"][-1]["violation"] > 0
    assert found["recent_group"][0] == 0
    assert found["recent_reference"][0] > 0
    managers = served.call("Ada", "GET", path)
    assert managers.status_code == 200
    assert {monitor["recent_group"] for monitor in managers.json["monitors"]} == {None}
    assert "recent" not in served.call("Ada", "GET", f"/incidents/{incident}").json["details"]


def test_who_may_do_what_with_incidents(served, incident) -> None:
    words = {"words": "Looked at."}
    for who, method, path, status in [
        ("crm", "GET", "/incidents", 403),
        ("crm", "GET", f"/decision-points/{POINT}/monitors", 403),
        ("Cleo", "POST", f"/incidents/{incident}/notes", 403),
        ("Ada", "POST", f"/incidents/{incident}/close", 403),
        ("Anna", "POST", f"/incidents/{incident}/notes", 201),
        ("Pia", "POST", "/incidents/nonsense/notes", 404),
        ("Pia", "POST", "/incidents/019a0000-0000-7000-8000-000000000000/close", 404),
        ("Cleo", "GET", "/decision-points/nowhere/monitors", 404),
    ]:
        answer = served.call(who, method, path, json=None if method == "GET" else words)
        assert answer.status_code == status, (who, method, path, answer.text)
    empty = served.call("Pia", "POST", f"/incidents/{incident}/notes", json={"words": " "})
    assert (empty.status_code, empty.json["errors"][0]["pointer"]) == (422, "/words")


def test_the_ledger_finds_what_each_may_see(served, in_review) -> None:
    waiting, released = in_review()["id"], ask(served, "female", "no_offer")

    def found(who, query=""):
        answer = served.call(who, "GET", f"/ledger{query}")
        assert answer.status_code == 200, answer.text
        return {one["id"] for one in answer.json["decisions"]}

    assert found("Cleo") == found("crm") == {waiting, released}
    assert found("Ada") == {waiting}
    assert found("shop") == set()
    assert found("Cleo", "?proposed=no_offer&confidence_from=0.9") == {released}
    assert found("Cleo", "?person=sent&rule=review.confidence_below") == {waiting}
    assert found("Cleo", "?since=2026-11-24") == set()
    assert served.call("Pia", "GET", "/ledger").status_code == 403


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("gender=female", "/query/gender"),
        ("status=done", "/query/status"),
        ("since=monday", "/query/since"),
        ("confidence_from=2", "/query/confidence_from"),
        ("since=2026-11-02&until=2026-11-01", "/query/until"),
        ("version=0", "/query/version"),
        ("cursor=nonsense", "/query/cursor"),
    ],
)
def test_what_is_no_filter_is_refused_group_attributes_too(served, query, pointer) -> None:
    answer = served.call("Cleo", "GET", f"/ledger?{query}")
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_the_ledger_goes_on_where_it_stopped(served) -> None:
    made = {ask(served, "male", "no_offer") for _ in range(5)}
    first = served.call("Cleo", "GET", "/ledger?limit=3").json
    rest = served.call("Cleo", "GET", f"/ledger?limit=3&cursor={first['next_cursor']}").json
    assert rest["next_cursor"] is None
    pages = [one["id"] for page in (first, rest) for one in page["decisions"]]
    assert len(pages) == 5
    assert set(pages) == made


def test_an_export_holds_what_is_seen_and_leaves_one_entry(served) -> None:
    decision = ask(served, "zz-group-canary", "no_offer", features__message="Call me never again")
    ask(served, "male", "offer_discount")
    served.call("crm", "POST", f"/decisions/{decision}/ground-truth", json={"never": True})
    table = served.call("Cleo", "GET", "/ledger/export.csv?proposed=no_offer")
    assert table.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in table.headers["Content-Disposition"]
    (row,) = csv.DictReader(io.StringIO(table.text))
    assert (row["id"], row["ground_truth_never"], row["imported"]) == (decision, "yes", "no")
    lines = served.call("Cleo", "GET", "/ledger/export.ndjson?proposed=no_offer").data.splitlines()
    (line,) = [orjson.loads(one) for one in lines]
    assert line["id"] == decision
    assert line.keys() == row.keys()
    for told in (table.text, str(lines)):
        for hidden in ("zz-group-canary", "cust-4711", "never again", "tenure"):
            assert hidden not in told
    kept = [
        entry
        for entry in _entries(served)
        if entry["kind"] == "access.read" and entry["actor"]["ref"] == served.people["Cleo"]
    ]
    assert [entry["data"]["form"] for entry in kept] == ["csv", "ndjson"]
    assert kept[0]["data"]["filters"] == ["proposed"]
    assert "no_offer" not in str(kept), "what was asked for is a payload, encrypted"


def _entries(served):
    with served.answerable.database.read() as session:
        rows = session.execute(sa.select(LogRecord.entry).order_by(LogRecord.recorded_at))
        return [orjson.loads(entry) for entry in rows.scalars()]


def test_people_keep_views_and_nobody_sees_anothers(served) -> None:
    body = {"name": "Wrong discounts", "filters": {"truth": "proposal_wrong", "point": POINT}}
    made = served.call("Cleo", "POST", "/ledger/views", json=body)
    assert made.status_code == 201, made.text
    path = f"/ledger/views/{made.json['id']}"
    assert served.call("Cleo", "POST", "/ledger/views", json=body).status_code == 409
    assert served.call("Ada", "GET", path).status_code == 404
    assert served.call("Ada", "DELETE", path).status_code == 404
    assert served.call("Ada", "GET", "/ledger/views").json == {"views": []}
    changed = served.call("Cleo", "PATCH", path, json={"name": "Wrong"})
    assert (changed.json["name"], changed.json["filters"]) == ("Wrong", body["filters"])
    changed = served.call("Cleo", "PATCH", path, json={"filters": {"version": "2"}})
    assert (changed.json["name"], changed.json["filters"]) == ("Wrong", {"version": "2"})
    for filters, pointer in [
        ({"gender": "female"}, "/filters/gender"),
        ({"version": "two"}, "/filters/version"),
        ({"version": 2}, "/filters/version"),
    ]:
        wrong = served.call("Cleo", "PATCH", path, json={"filters": filters})
        assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, pointer)
    assert served.call("Cleo", "GET", path).json["name"] == "Wrong"
    assert served.call("Cleo", "DELETE", path).status_code == 204
    assert served.call("Cleo", "GET", path).status_code == 404
    assert served.call("crm", "GET", "/ledger/views").status_code == 403
    assert served.call("Pia", "GET", "/ledger/views").status_code == 403


def test_the_home_tells_what_changed_and_asking_is_no_visit(served, incident, clock) -> None:
    told = served.call("Cleo", "GET", "/home").json
    (point, other) = told["points"]
    assert point["decision_point"] == POINT
    assert point["signs"][:1] == ["violation"]
    assert point["incident_id"] == incident
    assert (point["decisions"], point["without_groups"]) == (240, 0)
    assert other["signs"] == ["no_report"]
    kinds = [change["kind"] for change in told["changes"]]
    assert {"policy_published", "hold_set", "incident_opened"} <= set(kinds)
    assert told["log"]["verification"]["last"] is None
    clock.advance(hours=2)
    assert served.call("Cleo", "GET", "/home").json["since"] > told["since"], "no mark was set"
    later = served.call("Cleo", "GET", "/home?since=2026-11-23T11:00:00Z").json
    assert (later["changes"], later["decisions"]) == ([], 0)
    assert served.call("Pia", "GET", "/home").json["log"] is None
    assert served.call("Ada", "GET", "/home").status_code == 403
