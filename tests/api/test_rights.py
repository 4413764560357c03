"""What persons concerned ask for over the API, and the copy that leaves by it."""

from __future__ import annotations

import io
import json
import zipfile

from governance.ledger.sequencing import drain

ABOUT = {"subject": {"ref": "cust-4711"}}


def asked(served, who: str = "crm", **said):
    return served.call(who, "POST", "/subjects/requests", json=ABOUT | {"kind": "access"} | said)


def test_an_app_enters_what_was_asked_for_and_a_person_answers_it(served) -> None:
    served.ask()
    made = asked(served, words="Please tell me.")
    assert made.status_code == 201
    assert made.json["status"] == "open"
    assert "Please" not in made.text
    assert asked(served, "Ada").json["id"] == made.json["id"]
    listed = served.call("Cleo", "GET", "/subjects/requests").json["requests"]
    assert [one["id"] for one in listed] == [made.json["id"]]
    path = f"/subjects/requests/{made.json['id']}"
    whole = served.call("Anna", "GET", path).json
    assert (whole["words"], whole["subject_ref"], whole["may_answer"]) == (
        "Please tell me.",
        "cust-4711",
        True,
    )
    assert served.call("Anna", "POST", f"{path}/refuse", json={}).status_code == 422
    granted = served.call("Anna", "POST", f"{path}/grant")
    assert (granted.status_code, granted.json["status"]) == (200, "granted")
    assert served.call("Anna", "POST", f"{path}/grant").status_code == 409
    closed = served.call("Anna", "GET", "/subjects/requests?status=closed").json["requests"]
    assert [one["id"] for one in closed] == [made.json["id"]]


def test_the_copy_is_an_archive_and_its_name_tells_of_nobody(served) -> None:
    made = served.ask().json["id"]
    answer = served.call("Anna", "POST", "/subjects/export", json=ABOUT | {"language": "de"})
    assert answer.status_code == 200
    assert answer.content_type == "application/zip"
    assert "cust-4711" not in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as held:
        document = json.loads(held.read("data.json"))
        assert b'lang="de"' in held.read("index.html")
    assert [one["id"] for one in document["decisions"]] == [made]
    drain(served.answerable)
    read = served.call("Cleo", "GET", "/log/entries?kind=access.read").json["entries"]
    assert [one["data"] for one in read] == [{"what": "subject"}]


def test_who_may_not_is_told_so_before_whether_there_is_anybody(served) -> None:
    for reference in ("cust-4711", "nobody"):
        for who in ("crm", "Ada", "Pia"):
            answer = served.call(
                who, "POST", "/subjects/export", json={"subject": {"ref": reference}}
            )
            assert answer.status_code == 403, who
    unknown = served.call("Anna", "POST", "/subjects/export", json={"subject": {"ref": "nobody"}})
    assert unknown.status_code == 404
    assert served.call("Ada", "GET", "/subjects/requests").status_code == 403
    assert served.call("crm", "GET", "/subjects/requests").status_code == 403
    assert asked(served, "Cleo").status_code == 403
