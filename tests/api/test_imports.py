"""Imports over the API: people with the permission send a file, follow it, and read which lines were refused."""

from __future__ import annotations

import io
from typing import Any

import pytest

from governance.decisions.models import Decision
from governance.imports.background import Imports
from governance.permissions import Permission
from tests.api.conftest import Served, token

HEADER = "reference,subject,gender,tenure_months,monthly_charges,contract,proposed,confidence,outcome,date\n"
CANARY = "zz-group-canary"


def line(number: int, outcome: str = "no_offer", gender: str = "female") -> str:
    return f"A-{number},c-{number},{gender},3,10,one-year,no_offer,0.9,{outcome},2026-10-01\n"


RAW = HEADER + "".join(line(number) for number in range(5)) + line(6, "a yacht") + line(7, "?")
QUERY = "?kind=decisions&point=retention-offer"


def send(
    served: Served, raw: str | bytes = RAW, who: str = "Anna", query: str = QUERY, **more: Any
):
    return served.call(who, "POST", f"/imports{query}", data=raw, content_type="text/csv", **more)


def work_off(served: Served) -> None:
    task = Imports(served.answerable)
    while task.work():
        pass


def stored(served: Served) -> int:
    with served.answerable.database.read() as session:
        return session.query(Decision).filter(Decision.imported).count()


def test_a_file_is_imported_in_the_background_and_its_refused_lines_are_listed(served) -> None:
    sent = send(served, query=f"{QUERY}&file_name=october.csv")
    assert sent.status_code == 202, sent.text
    assert (sent.json["status"], sent.json["dry_run"], sent.json["lines"]) == ("waiting", False, 8)
    work_off(served)
    read = served.call("Anna", "GET", f"/imports/{sent.json['id']}").json
    assert {name: read[name] for name in ("status", "done", "accepted", "known", "refused")} == {
        "status": "done",
        "done": 8,
        "accepted": 5,
        "known": 0,
        "refused": 2,
    }
    assert (read["file_name"], read["started_by"]) == (
        "october.csv",
        f"person:{served.people['Anna']}",
    )
    assert stored(served) == 5
    first = served.call("Anna", "GET", f"/imports/{read['id']}/refused?limit=1").json
    assert [one["line"] for one in first["refused"]] == [7]
    rest = served.call(
        "Anna", "GET", f"/imports/{read['id']}/refused?after={first['next_after']}"
    ).json
    assert [one["line"] for one in rest["refused"]] == [8]
    assert rest["next_after"] is None
    again = send(served)
    assert (again.status_code, again.json["id"]) == (202, read["id"])
    assert stored(served) == 5


def test_a_dry_run_stores_nothing_and_can_be_forgotten(served) -> None:
    sent = send(served, query=f"{QUERY}&dry_run=1")
    work_off(served)
    read = served.call("Anna", "GET", f"/imports/{sent.json['id']}").json
    assert (read["status"], read["dry_run"], read["accepted"]) == ("done", True, 5)
    assert stored(served) == 0
    assert served.call("Anna", "DELETE", f"/imports/{read['id']}").status_code == 204
    assert served.call("Anna", "GET", f"/imports/{read['id']}").status_code == 404


def test_a_form_with_a_file_and_lines_of_json_are_taken_too(served) -> None:
    sent = served.call(
        "Anna",
        "POST",
        f"/imports{QUERY}",
        data={"file": (io.BytesIO(RAW.encode()), "october.csv")},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 202, sent.text
    lines = '{"reference": "A-1", "outcome": "no_offer"}\n{"reference": "A-2", "never": true}\n'
    work_off(served)
    truth = served.call(
        "Anna",
        "POST",
        "/imports?kind=ground_truth&point=retention-offer",
        data=lines,
        content_type="application/x-ndjson",
    )
    assert truth.status_code == 202, truth.text
    work_off(served)
    read = served.call("Anna", "GET", f"/imports/{truth.json['id']}").json
    assert (read["form"], read["accepted"]) == ("ndjson", 2)


def test_what_columns_mean_can_be_said(served) -> None:
    raw = RAW.replace("outcome", "done")
    assert send(served, raw).status_code == 422
    mapped = send(served, raw, query=f"{QUERY}&map=done=outcome&map=gender=")
    assert mapped.status_code == 202
    assert mapped.json["columns"]["done"] == "outcome"
    assert mapped.json["columns"]["gender"] == ""
    work_off(served)
    other = send(served, raw, query=f"{QUERY}&map=done=outcome")
    assert (other.status_code, other.json["type"].rsplit("/", 1)[1]) == (409, "imported-before")
    wanted = send(served, raw, query=f"{QUERY}&map=done=outcome&again=1")
    assert wanted.status_code == 202
    listed = served.call("Anna", "GET", "/imports").json["imports"]
    assert len(listed) == 2, "what was refused is not kept"


@pytest.mark.parametrize(
    ("raw", "query", "status", "told"),
    [
        (b"", QUERY, 422, "is empty"),
        (b"PK\x03\x04", QUERY, 422, "Excel"),
        (b"a\xff", QUERY, 422, "not UTF-8"),
        (b"a,a\n", QUERY, 422, "more than once"),
        (b"outcome\n", QUERY, 422, "No column gives occurred_at"),
        (RAW.encode(), "?kind=decisions&point=nowhere", 404, "nowhere"),
        (RAW.encode(), "?kind=people&point=retention-offer", 422, "/query/kind"),
        (RAW.encode(), "?point=retention-offer", 422, "/query/kind"),
        (RAW.encode(), f"{QUERY}&map=nonsense", 422, "COLUMN=FIELD"),
        (RAW.encode(), f"{QUERY}&map=nothing=outcome", 422, "has no column nothing"),
        (RAW.encode(), f"{QUERY}&file_name=october.xlsx", 422, "ends in .csv"),
    ],
)
def test_what_cannot_be_taken_is_a_problem_and_nothing_is_kept(
    served, raw: bytes, query: str, status: int, told: str
) -> None:
    sent = send(served, raw, query=query)
    assert sent.status_code == status, sent.text
    assert told in sent.text
    assert served.call("Anna", "GET", "/imports").json == {"imports": [], "next_cursor": None}


def test_bodies_of_another_kind_and_forms_without_a_file_are_refused(served) -> None:
    path = f"/imports{QUERY}"
    assert served.call("Anna", "POST", path, json={}).status_code == 415
    form = served.call("Anna", "POST", path, data={"x": "y"}, content_type="multipart/form-data")
    assert (form.status_code, form.json["errors"][0]["pointer"]) == (422, "/file")


def test_a_file_may_be_larger_than_other_bodies_and_no_larger_than_is_taken(
    served, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = HEADER + "".join(line(number) for number in range(20_000))
    assert len(large) > 1_200_000
    assert send(served, large).status_code == 202
    boundary = "----a-boundary"
    form = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="october.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{large.replace('A-1,', 'B-1,')}\r\n--{boundary}--\r\n"
    )
    taken = served.call(
        "Anna",
        "POST",
        f"/imports{QUERY}",
        data=form,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    assert taken.status_code == 202, taken.text
    monkeypatch.setattr("governance.imports.service.MOST_BYTES", 1_100_000)
    assert send(served, large).status_code == 413
    listed = served.call("Anna", "GET", "/imports").json["imports"]
    assert len(listed) == 2


def test_imports_are_listed_page_by_page(served) -> None:
    ids = []
    for number in range(3):
        served.answerable.clock.advance(seconds=1)
        ids.append(send(served, HEADER + line(number)).json["id"])
    first = served.call("Anna", "GET", "/imports?limit=2").json
    second = served.call("Anna", "GET", f"/imports?limit=2&cursor={first['next_cursor']}").json
    assert [one["id"] for one in first["imports"] + second["imports"]] == ids[::-1]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("who", ["Ada", "Cleo", "Pia", "crm"])
def test_nobody_else_imports_nor_sees_imports(served, who: str) -> None:
    made = send(served, HEADER + line(1)).json["id"]
    for method, path in (
        ("POST", f"/imports{QUERY}"),
        ("GET", "/imports"),
        ("GET", f"/imports/{made}"),
        ("DELETE", f"/imports/{made}"),
        ("GET", f"/imports/{made}/refused"),
    ):
        answer = served.call(who, method, path, data=RAW, content_type="text/csv")
        assert answer.status_code == 403, (method, path)


def test_a_token_that_may_not_record_groups_imports_none(served) -> None:
    narrow = served.narrow_token("Anna", Permission.IMPORTS_RUN)
    query = "?kind=groups&point=retention-offer"
    assert send(served, "subject,gender\nc-1,x\n", who=narrow, query=query).status_code == 403
    assert send(served, "subject,gender\nc-1,x\n", query=query).status_code == 202


def test_an_import_that_is_not_there_is_not_found(served) -> None:
    for path in ("/imports/nonsense", "/imports/019a0000-0000-7000-8000-000000000000"):
        for more in ("", "/refused"):
            assert served.call("Anna", "GET", path + more).status_code == 404
        assert served.call("Anna", "DELETE", path).status_code == 404


def test_no_answer_about_an_import_holds_a_group_attribute(served) -> None:
    raw = HEADER + line(1, gender=CANARY) + line(2, "a yacht", gender=CANARY)
    sent = send(served, raw)
    groups = send(
        served,
        f"subject,gender\nc-1,{CANARY}\nc-99,{CANARY}\nc-1,{CANARY * 20}\n",
        query="?kind=groups&point=retention-offer",
    )
    work_off(served)
    for made in (sent.json["id"], groups.json["id"]):
        for path in (f"/imports/{made}", f"/imports/{made}/refused"):
            answer = served.call("Anna", "GET", path)
            assert answer.status_code == 200
            assert CANARY not in answer.text
    assert served.call("Anna", "GET", f"/imports/{groups.json['id']}").json["refused"] == 2


def test_a_token_ends_with_its_person_and_so_does_what_it_began(served) -> None:
    sent = send(served)
    served.secrets["again"] = token(served.answerable, served.people["Anna"])
    with served.answerable.database.write() as session:
        from governance.identities.models import Person

        session.get_one(Person, served.people["Anna"]).roles = ["manager"]
    work_off(served)
    with served.answerable.database.write() as session:
        session.get_one(Person, served.people["Anna"]).roles = ["admin"]
    read = served.call("again", "GET", f"/imports/{sent.json['id']}").json
    assert read["status"] == "failed"
    assert "imports:run" in read["problem"]
    assert stored(served) == 0
