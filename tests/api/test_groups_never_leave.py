"""Group attributes go to the vault, and no answer to anybody ever holds one."""

from __future__ import annotations

import re

import pytest

from governance.actors import service
from governance.counting import folding
from governance.monitors import acting, watching
from governance.monitors import service as monitors
from governance.reporting import crosschecking, making
from tests.api.conftest import PASSWORD, POLICY
from tests.conftest import MOSTLY_POSTGRESQL, MOSTLY_SQLITE
from tests.people import publish

CANARY = "zz-group-canary"


@MOSTLY_POSTGRESQL
def test_no_answer_to_anybody_holds_a_group_attribute(served) -> None:
    made = served.ask(
        proposal__confidence=0.1, subject={"ref": "cust-4711", "groups": {"gender": CANARY}}
    )
    refused = served.ask(subject={"ref": "c", "groups": {"gender": CANARY, "faith": CANARY}})
    assert refused.status_code == 422
    decision = made.json["id"]
    case = served.call("crm", "GET", f"/decisions/{decision}").json["case"]
    # An objection, so that the pages of who objected, and of who answers, have something to show.
    objected = served.ask(subject={"ref": "cust-4711", "groups": {"gender": CANARY}}).json["id"]
    appeal = {"words": "Look at it again.", "corrections": {"tenure_months": 36}}
    appealed = served.call("crm", "POST", f"/decisions/{objected}/appeals", json=appeal)
    assert appealed.status_code == 201
    page = served.call("crm", "GET", f"/decisions/{objected}").json["links"]["subject_page"]
    known = {
        "token": page.rpartition("/")[2],
        "number": "1",
        "decision_id": decision,
        "case_id": case,
        "entry_id": decision,
        "point": "retention-offer",
        "version": "1",
        "name": "sales-managers",
        "code": "invalid-input",
        "person_id": served.people["Ada"],
        "request_id": "019a0000-0000-7000-8000-000000000000",
    }
    answers = [made, refused, appealed]
    for who in (None, *served.secrets):
        for rule in served.client.application.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            path = re.sub(
                r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: known.get(found[1], "none"), rule.rule
            )
            headers = {} if who is None else {"Authorization": f"Bearer {served.secrets[who]}"}
            answers.append(served.client.get(path, headers=headers))
    told = ("subject", "reviewer", "auditor")
    for who in served.secrets:
        answers += [
            served.call(who, "GET", f"/decisions/{decision}/explanation?audience={audience}")
            for audience in told
        ]
        answers.append(
            served.call(who, "POST", "/decisions/search", json={"subject": {"ref": "cust-4711"}})
        )
        answers.append(served.call(who, "POST", "/cases/next", json={}))
        answers.append(served.call(who, "GET", f"/decisions/{objected}/appeals"))
        answers.append(served.call(who, "GET", f"/cases/{appealed.json['case']}"))
        answers.append(
            served.call(
                who,
                "POST",
                "/subjects/people-only/search",
                json={"subject": {"ref": "cust-4711"}},
            )
        )
    assert sum(answer.status_code == 200 for answer in answers) > 50, "Too little was looked at."
    for answer in answers:
        told_of = answer.request.path if answer.request else "a request"
        assert CANARY not in answer.get_data(as_text=True), told_of
        assert CANARY not in str(answer.headers), told_of


def test_the_entry_in_the_log_commits_to_groups_and_does_not_hold_them(served) -> None:
    made = served.ask(subject={"ref": "cust-4711", "groups": {"gender": CANARY}})
    entry = served.call("Cleo", "GET", f"/log/entries/{made.json['id']}")
    assert "groups" in entry.json["payloads"]
    assert CANARY not in entry.text
    assert "cust-4711" not in entry.text


#: Where those who may read reports find values of groups, as names of counts.
COUNTED = {
    "/api/v1/decision-points/<point>/monitors",
    "/api/v1/incidents",
    "/api/v1/incidents/<incident_id>",
    "/api/v1/reports/fairness",
    "/api/v1/reports/oversight",
    "/api/v1/reports/risk-coverage",
    "/api/v1/reports/what-if",
    "/api/v1/reports/<report_id>",
    "/api/v1/reports/<report_id>/file",
    "/",
    "/home",
    "/incidents",
    "/incidents/<incident_id>",
    "/monitors/<point>",
    "/reports",
    "/reports/fairness/<point>",
    "/reports/fairness/<point>/what-if",
    "/reports/made/<report_id>",
    "/reports/oversight/<point>",
    "/reports/made/<report_id>/file",
}
MONITORED = """
measure: {reference: {gender: male}}
fairness:
  - {metric: selection_rate_ratio, by: gender, tolerance: 0.8, block: 20, false_alarms: 1 per 1d}
"""


@pytest.fixture
def counted(served):
    """An installation in which the canary is counted, watched, reported and named in an incident."""
    publish(served.answerable, POLICY + MONITORED)
    served.answerable.configuration.reload()
    ids = []
    for _ in range(40):
        for gender, outcome in (("male", "offer_discount"), (CANARY, "no_offer")):
            made = served.ask(
                subject={"ref": "cust-4711", "groups": {"gender": gender}},
                proposal__outcome=outcome,
            )
            ids.append(made.json["id"])
    waiting = served.ask(
        proposal__confidence=0.1, subject={"ref": "cust-4711", "groups": {"gender": CANARY}}
    )
    while folding.fold(served.answerable, watch=watching.watch):
        pass
    acting.act(served.answerable)
    with served.answerable.work(service("tests")) as work:
        (incident,) = monitors.incidents(work)
    report = making.make(served.answerable, service("tests"), "retention-offer")
    return served, {
        "decision_id": ids[1],
        "case_id": served.call("crm", "GET", f"/decisions/{waiting.json['id']}").json["case"],
        "entry_id": ids[1],
        "point": "retention-offer",
        "version": "3",
        "name": "sales-managers",
        "code": "invalid-input",
        "person_id": served.people["Ada"],
        "incident_id": incident.id,
        "report_id": report.view.id,
    }


def paths_of(app, known):
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint != "static":
            path = re.sub(
                r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: known.get(found[1], "none"), rule.rule
            )
            if rule.rule.startswith("/api/v1/reports/") and "<" not in rule.rule:
                path += "?decision_point=retention-offer"
            yield rule.rule, path


@MOSTLY_SQLITE
def test_groups_leave_as_counts_alone_and_only_to_who_may_read_reports(
    counted, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(crosschecking, "installed", lambda: False)
    served, known = counted
    app = served.client.application
    seen: dict[str, set[str]] = {}
    for who in (None, *served.secrets):
        headers = {} if who is None else {"Authorization": f"Bearer {served.secrets[who]}"}
        doors = [(served.client, headers)]
        if who in served.people:
            doors.append((signed_in(app, f"{who.lower()}@example.com", PASSWORD), {}))
        for client, sent in doors:
            for rule, path in paths_of(app, known):
                answer = client.get(path, headers=sent)
                assert CANARY not in str(answer.headers), path
                if CANARY in answer.get_data(as_text=True):
                    seen.setdefault(str(who), set()).add(rule)
                    # A count names its group, and nothing that leads to anybody.
                    assert "cust-4711" not in answer.text, path
                    assert known["decision_id"] not in answer.text, path
    may = {name for name in served.people if name in {"Cleo", "Anna", "Pia", "Paul"}}
    # Managers are told of which group an incident is, and no figure of it.
    assert set(seen) == may | {"Ada", "Ben"}
    assert set().union(*seen.values()) <= COUNTED
    assert seen["Ada"] | seen["Ben"] <= {rule for rule in COUNTED if "report" not in rule}
    for name in may:
        assert {"/reports/fairness/<point>", "/api/v1/reports/fairness"} <= seen[name]
    for form in ("csv", "ndjson"):
        exported = served.call("Cleo", "GET", f"/ledger/export.{form}")
        assert exported.status_code == 200
        assert CANARY not in exported.get_data(as_text=True)
    told = capsys.readouterr()
    assert CANARY not in told.out + told.err, "what the service writes of itself names no group"


def signed_in(app, email, password):
    """Sign somebody in through the form."""
    client = app.test_client()
    page = client.get("/sign-in").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    form = {"csrf_token": found[1], "username": email, "password": password, "next": ""}
    assert client.post("/sign-in", data=form).status_code == 303
    return client
