"""Over the API: what stands beside a case, files with what is said, and that the automation is wrong."""

from __future__ import annotations

import base64

import pytest

LETTER = {"name": "../letter.exe", "content": base64.b64encode(b"Dear all").decode()}


@pytest.fixture
def case(served, in_review):
    """Return a case that waits, as Ada reads it."""
    whole = served.call("crm", "GET", f"/decisions/{in_review()['id']}").json
    return served.call("Ada", "GET", f"/cases/{whole['case']}")


def test_what_stands_beside_a_case_can_be_read(served, in_review, case) -> None:
    earlier = served.call("Ada", "GET", f"/cases/{case.json['id']}/earlier")
    assert earlier.json == {"decisions": []}
    again = served.call("crm", "GET", f"/decisions/{in_review()['id']}").json["case"]
    (told,) = served.call("Ada", "GET", f"/cases/{again}/earlier").json["decisions"]
    assert (told["id"], told["status"], told["decided_by"]) == (
        case.json["decision"]["id"],
        "in_review",
        None,
    )
    assert served.call("Ada", "GET", f"/cases/{again}/similar").json == {
        "cases": [],
        "looked_through": 0,
    }
    counted = served.call("Ada", "GET", f"/cases/{again}/reliability").json["wrong_like_this"]
    assert (counted["known"], counted["needed"], counted["rate"]) == (0, 30, None)


def test_files_come_with_comments_and_with_the_answer_of_an_app(served, case) -> None:
    etag = {"If-Match": case.headers["ETag"]}
    path = f"/cases/{case.json['id']}"
    body = {"words": "See the letter.", "files": [LETTER]}
    told = served.call("Ada", "POST", f"{path}/comment", json=body, headers=etag)
    assert told.status_code == 200, told.text
    (message,) = told.json["messages"]
    assert [(one["name"], one["content_type"]) for one in message["files"]] == [
        ("letter.txt", "text/plain")
    ]
    claimed = served.call("Ada", "POST", f"{path}/claim", headers={"If-Match": "*"})
    asked = served.call(
        "Ada",
        "POST",
        f"{path}/question",
        json={"words": "Which contract?"},
        headers={"If-Match": claimed.headers["ETag"]},
    )
    assert asked.status_code == 200, asked.text
    question = served.call("crm", "GET", f"/decisions/{case.json['decision']['id']}").json
    answer = {"question": question["question"]["id"], "files": [LETTER]}
    assert served.call("crm", "POST", f"{path}/information", json=answer).status_code == 204
    *_, message = served.call("Ada", "GET", path).json["messages"]
    file = served.call("Ada", "GET", f"{path}/messages/{message['id']}/files/1")
    assert file.data == b"Dear all"
    assert file.headers["Content-Disposition"] == 'attachment; filename="letter.txt"'
    missing = f"{path}/messages/{message['id']}/files/2"
    assert served.call("Ada", "GET", missing).status_code == 404


def test_a_file_that_is_none_is_refused_with_its_place(served, case) -> None:
    etag = {"If-Match": case.headers["ETag"]}
    for file, pointer in [
        ({"name": "a", "content": "not base64!"}, "/files/0/content"),
        ({"name": "a", "content": base64.b64encode(b"MZ\x00\x01").decode()}, "/files"),
    ]:
        body = {"words": "See.", "files": [file]}
        told = served.call(
            "Ada", "POST", f"/cases/{case.json['id']}/comment", json=body, headers=etag
        )
        assert told.status_code == 422
        assert told.json["errors"][0]["pointer"] == pointer


def test_a_doubt_is_an_incident_that_others_read(served, case) -> None:
    path = f"/cases/{case.json['id']}/doubt"
    made = served.call("Ada", "POST", path, json={"words": "It is always wrong here."})
    assert made.status_code == 201, made.text
    told = served.call("Ada", "GET", f"/incidents/{made.json['incident']}").json
    assert (told["level"], told["details"]) == ("doubt", {})
    assert told["notes"][0]["words"] == "It is always wrong here."
    assert told["notes"][0]["decision_id"] == case.json["decision"]["id"]
    assert served.call("crm", "POST", path, json={"words": "No."}).status_code == 403
