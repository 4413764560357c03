"""Appeals and marks of subjects over HTTP: who may, what is refused, and what each is told."""

from __future__ import annotations

import base64

import pytest

WORDS = {"words": "I have been a customer for three years."}


@pytest.fixture
def decided(served) -> str:
    """Return the id of a decision that the policy released."""
    return served.ask(proposal__outcome="no_offer").json["id"]


def opened(served, decision_id: str, who: str = "crm", **changes):
    return served.call(who, "POST", f"/decisions/{decision_id}/appeals", json={**WORDS, **changes})


def claimed(served, who: str, case_id: str):
    answer = served.call(who, "POST", f"/cases/{case_id}/claim", headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return answer


def answered(served, who: str, case_id: str, etag: str = "*", **body):
    given = {"upheld": False, "answer": "We looked at it again.", **body}
    return served.call(
        who, "POST", f"/cases/{case_id}/appeal-answer", json=given, headers={"If-Match": etag}
    )


def test_an_app_enters_an_appeal_and_is_told_how_it_stands(served, decided) -> None:
    made = opened(served, decided, corrections={"tenure_months": 36})
    assert made.status_code == 201, made.text
    assert (made.json["status"], made.json["door"]) == ("open", "app")
    assert (made.json["words"], made.json["corrections"]) == ([], None)
    listed = served.call("crm", "GET", f"/decisions/{decided}/appeals").json["appeals"]
    assert listed == [made.json]
    (told,) = served.call("Ada", "GET", f"/decisions/{decided}/appeals").json["appeals"]
    assert told["words"][0]["text"] == WORDS["words"]
    assert told["corrections"] == {"tenure_months": 36}


def test_a_manager_enters_one_and_another_answers_it(served, decided) -> None:
    case = opened(served, decided, "Ada").json["case"]
    barred = served.call("Ada", "POST", f"/cases/{case}/claim", headers={"If-Match": "*"})
    assert barred.status_code == 403
    claimed(served, "Ben", case)
    told = answered(served, "Ben", case, upheld=True, outcome="offer_discount")
    assert told.status_code == 200, told.text
    old = served.call("crm", "GET", f"/decisions/{decided}").json
    new = served.call("crm", "GET", f"/decisions/{told.json['reversed_by']}").json
    assert (old["outcome"], old["reversed_by"], old["reverses"]) == ("no_offer", new["id"], None)
    assert (new["outcome"], new["reverses"]) == ("offer_discount", decided)
    assert (new["status"], new["reversed_by"]) == ("changed", None)


def test_an_answer_is_final_and_told_to_the_app(served, decided) -> None:
    case = opened(served, decided).json["case"]
    claimed(served, "Ada", case)
    assert answered(served, "Ada", case).json["answer"] == "We looked at it again."
    again = answered(served, "Ada", case, answer="Something else.")
    assert again.status_code == 409
    undone = served.call("Ada", "POST", f"/cases/{case}/undo", headers={"If-Match": "*"})
    assert undone.status_code == 409
    (told,) = served.call("crm", "GET", f"/decisions/{decided}/appeals").json["appeals"]
    assert (told["status"], told["upheld"]) == ("answered", False)


def test_the_same_key_gives_the_same_appeal(served, decided) -> None:
    path, headers = f"/decisions/{decided}/appeals", {"Idempotency-Key": "letter-7"}
    once = served.call("crm", "POST", path, json=WORDS, headers=headers)
    twice = served.call("crm", "POST", path, json=WORDS, headers=headers)
    assert (once.status_code, twice.status_code) == (201, 201)
    assert once.json["id"] == twice.json["id"]
    assert served.call("crm", "POST", path, json=WORDS).status_code == 409


def test_who_may(served, decided) -> None:
    path = f"/decisions/{decided}/appeals"
    for who, status in {"reader": 403, "shop": 404, "Cleo": 403, "Pia": 403, "Anna": 403}.items():
        assert served.call(who, "POST", path, json=WORDS).status_code == status, who
    assert served.call(None, "POST", path, json=WORDS).status_code == 401
    assert served.call("shop", "GET", path).status_code == 404
    case = opened(served, decided).json["case"]
    for who in ("crm", "Cleo", "Pia", "Anna"):
        assert answered(served, who, case).status_code == 403, who
    nothing = "019a0000-0000-7000-8000-000000000000"
    assert opened(served, nothing).status_code == 404
    assert answered(served, "Ada", nothing).status_code == 404


def test_the_case_of_an_appeal_is_listed_as_such(served, decided) -> None:
    case = opened(served, decided).json["case"]
    (listed,) = served.call("Ada", "GET", "/cases").json["cases"]
    assert (listed["id"], listed["purpose"]) == (case, "appeal")
    taken = served.call("Ada", "POST", "/cases/next", json={})
    assert (taken.json["id"], taken.json["purpose"]) == (case, "appeal")
    verdict = served.call(
        "Ada",
        "POST",
        f"/cases/{case}/verdict",
        json={"verdict": "approve"},
        headers={"If-Match": "*"},
    )
    assert verdict.status_code == 409
    assert answered(served, "Ada", case, etag='"1"').status_code == 412
    unread = served.call(
        "Ada", "POST", f"/cases/{case}/appeal-answer", json={"upheld": False, "answer": "No."}
    )
    assert unread.status_code == 428


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"words": " "}, "/words"),
        ({"words": "x" * 4001}, "/words"),
        ({"words": "Yes.", "corrections": {"tenure_months": "many"}}, "/corrections/tenure_months"),
        ({"words": "Yes.", "corrections": {"unheard": 1}}, "/corrections/unheard"),
        ({"words": "Yes.", "files": [{"name": "a", "content": "%"}]}, "/files/0/content"),
        ({"words": "Yes.", "files": [{"name": "a.png", "content": "TVqQ"}]}, "/files"),
        ({"words": "Yes.", "why": "none"}, "/why"),
    ],
)
def test_what_does_not_fit_is_told_by_its_place(served, decided, body, pointer) -> None:
    answer = served.call("crm", "POST", f"/decisions/{decided}/appeals", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [each["pointer"] for each in answer.json["errors"]], answer.text


def test_a_file_comes_back_to_those_who_work_the_case(served, decided) -> None:
    content = b"%PDF-1.7" + b"x" * 1_500_000
    sent = [{"name": "bill.pdf", "content": base64.b64encode(content).decode()}]
    case = opened(served, decided, files=sent).json["case"]
    file = served.call("Ada", "GET", f"/cases/{case}/appeal-files/1")
    assert (file.status_code, file.data) == (200, content)
    assert file.headers["Content-Disposition"] == 'attachment; filename="bill.pdf"'
    assert served.call("crm", "GET", f"/cases/{case}/appeal-files/1").status_code == 403
    assert served.call("Ada", "GET", f"/cases/{case}/appeal-files/2").status_code == 404


def test_each_decision_has_a_link_for_the_person_concerned(served, decided) -> None:
    made = served.ask()
    link = made.json["links"]["subject_page"]
    assert link.startswith("http://127.0.0.1:8000/my/")
    read = served.call("crm", "GET", f"/decisions/{made.json['id']}").json
    assert read["links"]["subject_page"] == link
    for who in ("Ada", "Cleo"):
        links = served.call(who, "GET", f"/decisions/{decided}").json.get("links", {})
        assert links.get("subject_page") is None, "nobody here objects in the person's name"
    listed = served.call("crm", "GET", "/decisions").json["decisions"]
    assert len({one["links"]["subject_page"] for one in listed}) == len(listed)
    assert "links" not in served.ask(query="?dry_run=1").json


def test_always_a_person_is_set_read_and_lifted(served) -> None:
    subject = {"subject": {"ref": "cust-4711"}}

    def put(who: str, wanted: bool):
        return served.call(
            who, "PUT", "/subjects/people-only", json={**subject, "people_only": wanted}
        )

    assert put("crm", True).json["people_only"] is True
    assert served.ask().json["status"] == "in_review"
    found = served.call("shop", "POST", "/subjects/people-only/search", json=subject)
    assert (found.status_code, found.json["people_only"]) == (200, True)
    assert put("shop", False).status_code == 403
    assert put("Ada", False).json == {"people_only": False, "since": None}
    assert served.ask().json["status"] == "released"
    for who in ("reader", "Cleo", "Pia", "Anna"):
        assert put(who, True).status_code == 403, who
    empty = served.call("crm", "PUT", "/subjects/people-only", json={"people_only": True})
    assert empty.status_code == 422


def test_a_link_given_again_after_its_time_works_again(served, decided) -> None:
    page = served.client.get
    first = served.call("crm", "GET", f"/decisions/{decided}").json["links"]["subject_page"]
    served.answerable.clock.advance(days=91)
    assert page(first).status_code == 404
    again = served.call("crm", "GET", f"/decisions/{decided}").json["links"]["subject_page"]
    assert again != first
    assert page(again).status_code == 200


def test_the_link_is_in_no_log_of_ours(served, decided, capsys) -> None:
    link = served.call("crm", "GET", f"/decisions/{decided}").json["links"]["subject_page"]
    token = link.rpartition("/")[2]
    assert served.client.get(f"/my/{token}").status_code == 200
    written = capsys.readouterr()
    assert "/my/<token>" in written.out + written.err
    assert token not in written.out + written.err
