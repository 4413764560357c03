"""Group attributes go to the vault, and no answer to anybody ever holds one."""

from __future__ import annotations

import re

CANARY = "zz-group-canary"


def test_no_answer_to_anybody_holds_a_group_attribute(served) -> None:
    made = served.ask(
        proposal__confidence=0.1, subject={"ref": "cust-4711", "groups": {"gender": CANARY}}
    )
    refused = served.ask(subject={"ref": "c", "groups": {"gender": CANARY, "faith": CANARY}})
    assert refused.status_code == 422
    decision = made.json["id"]
    case = served.call("crm", "GET", f"/decisions/{decision}").json["case"]
    known = {
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
    answers = [made, refused]
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
