"""Erasing over the API: looked up, held, asked for, confirmed by another, and gone; a reference stands in bodies alone."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from governance.cli import answerable as command
from governance.erasing import carrying_out

ABOUT = {"subject": {"ref": "cust-4711"}}
GROUND = {"ground": "objected"}


@pytest.fixture
def run(served):
    """Return what runs `answerable subject erase` in the installation."""

    def erase(*arguments: str, **options):
        home = str(served.answerable.settings.home)
        found = served.answerable.settings.database
        return CliRunner().invoke(
            command,
            ["--home", home, "subject", "erase", *arguments],
            env={"ANSWERABLE_DATABASE_URL": found},
            **options,
        )

    return erase


def test_a_person_is_looked_up_held_and_erased_by_two(served, run) -> None:
    made = served.ask(headers={"Idempotency-Key": "first"}).json["id"]
    held = served.call("Cleo", "POST", "/subjects/held", json=ABOUT).json
    assert held["counts"]["decisions"] == 1
    assert (held["erasure"], held["holds"], held["in_the_way"]) == (None, [], None)

    hold = served.call(
        "Cleo", "POST", "/subjects/legal-holds", json=ABOUT | {"reason": "A court asked."}
    )
    assert hold.status_code == 201
    refused = served.call("Anna", "POST", "/subjects/erasures", json=ABOUT | GROUND)
    assert refused.status_code == 409
    assert "legal hold" in refused.json["detail"]
    ended = served.call(
        "Cleo",
        "POST",
        f"/subjects/legal-holds/{hold.json['id']}/lift",
        json={"reason": "It is settled."},
    )
    assert ended.json["lifted_by_name"] == "Cleo"

    asked = served.call("Anna", "POST", "/subjects/erasures", json=ABOUT | GROUND)
    assert (asked.status_code, asked.json["subject_ref"]) == (202, "cust-4711")
    path = f"/requests/{asked.json['request_id']}"
    assert served.call("Anna", "POST", f"{path}/confirm").status_code == 403
    assert (
        served.call("Anna", "POST", f"{path}/decline", json={"reason": "No."}).json["status"]
        == "declined"
    )

    told = run("-", "--ground", "objected", input="cust-4711\n")
    assert told.exit_code == 0, told.output
    assert "cust-4711" not in told.output
    (waiting,) = served.call("Anna", "GET", "/subjects/erasures").json["erasures"]
    assert waiting["asked_by"] == "service:cli"
    done = served.call("Anna", "POST", f"/requests/{waiting['request_id']}/confirm")
    assert done.status_code == 200, done.text
    assert carrying_out.run(served.answerable) == 1

    again = served.ask(headers={"Idempotency-Key": "first"})
    assert (again.status_code, again.json["title"]) == (410, "Erased")
    read = served.call("Cleo", "GET", f"/decisions/{made}").json
    assert (read["erased"], read["features"]) == (True, None)
    assert served.call("Cleo", "POST", "/subjects/held", json=ABOUT).status_code == 404
    closed = served.call("Cleo", "GET", "/subjects/erasures?status=closed").json["erasures"]
    assert sorted(one["status"] for one in closed) == ["declined", "erased"]
    whole = served.call("Cleo", "GET", f"/subjects/erasures/{waiting['id']}").json
    assert whole["subject_ref"] is None
    assert run("cust-4711").exit_code == 1


def test_who_may_not_is_told_so_before_whether_there_is_anybody(served) -> None:
    for reference in ("cust-4711", "nobody"):
        about = {"subject": {"ref": reference}}
        for who in ("crm", "Ada", "Pia"):
            assert served.call(who, "POST", "/subjects/held", json=about).status_code == 403
        for who in ("crm", "Ada", "Pia", "Cleo"):
            answer = served.call(who, "POST", "/subjects/erasures", json=about | GROUND)
            assert answer.status_code == 403, who
        for who in ("crm", "Ada", "Pia"):
            answer = served.call(
                who, "POST", "/subjects/legal-holds", json=about | {"reason": "So."}
            )
            assert answer.status_code == 403, who
    assert served.call("Anna", "POST", "/subjects/held", json={}).status_code == 404
