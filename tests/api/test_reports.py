"""Reports over the API: figures, signed files and their check, for people who may read them."""

from __future__ import annotations

import orjson
import pytest

from governance.counting import folding
from governance.reporting import crosschecking, files, making

POINT = "retention-offer"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reports as a base installation does, which takes no seconds to import fairlearn."""
    monkeypatch.setattr(crosschecking, "installed", lambda: False)


@pytest.fixture
def measured(served):
    """A served installation with decisions about two groups, counted."""
    for gender, outcome in (("female", "no_offer"), ("male", "offer_discount")):
        for _ in range(3):
            made = served.ask(
                subject={"ref": "c", "groups": {"gender": gender}}, proposal__outcome=outcome
            )
            assert made.status_code == 201
    folding.fold(served.answerable)
    return served


def test_figures_are_given_by_attribute_and_stage(measured):
    whole = measured.call("Cleo", "GET", f"/reports/fairness?decision_point={POINT}&by=gender")
    assert whole.status_code == 200
    assert whole.json["by"] == ["gender"]
    assert whole.json["stages"].keys() == {"proposal", "routing", "review", "outcome", "appeal"}
    (female, male) = whole.json["stages"]["proposal"]["groups"]
    assert (female["group"], female["of"]["selection_rate"]) == ({"gender": "female"}, [0, 3])
    assert (male["selection_rate"], male["enough"]) == (1.0, False)
    one = measured.call(
        "Cleo", "GET", f"/reports/fairness?decision_point={POINT}&stage=routing&preset=four_fifths"
    )
    assert one.json["stages"].keys() == {"routing"}
    assert one.json["preset"] == "four_fifths"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "/query/decision_point"),
        (f"?decision_point={POINT}&stage=nowhere", "/query/stage"),
        (f"?decision_point={POINT}&preset=made_up", "/query/preset"),
        (f"?decision_point={POINT}&by=shoe", "/by"),
        (f"?decision_point={POINT}&since=yesterday", "/since"),
        (f"?decision_point={POINT}&since=2026-11-24&until=2026-11-23", "/until"),
        (f"?decision_point={POINT}&colour=red", "/query/colour"),
    ],
)
def test_what_cannot_be_reported_is_told_by_its_place(measured, query, pointer):
    told = measured.call("Cleo", "GET", f"/reports/fairness{query}")
    assert told.status_code == 422
    assert [problem["pointer"] for problem in told.json["errors"]] == [pointer]


def test_a_point_that_is_not_there_is_not_found(measured):
    assert measured.call("Cleo", "GET", "/reports/fairness?decision_point=x").status_code == 404
    assert measured.call("Cleo", "GET", "/reports/x").status_code == 404
    nobody = "019a0000-0000-7000-8000-000000000000"
    assert measured.call("Cleo", "GET", f"/reports/{nobody}").status_code == 404
    assert measured.call("Cleo", "GET", f"/reports/{nobody}/file").status_code == 404


def test_who_may_read_reports_and_who_may_make_them(measured):
    reading = f"/reports/fairness?decision_point={POINT}"
    for who, expected in {"Cleo": 200, "Anna": 200, "Pia": 200, "Ada": 403, "crm": 403}.items():
        assert measured.call(who, "GET", reading).status_code == expected, who
    asking = {"json": {"decision_point": POINT}}
    for who, expected in {"Cleo": 202, "Anna": 202, "Pia": 403, "Ada": 403, "shop": 403}.items():
        made = measured.call(who, "POST", "/reports/fairness", **asking)
        assert made.status_code == expected, who
    assert measured.call(None, "GET", reading).status_code == 401


def test_a_report_is_made_signed_taken_home_and_checked(measured):
    asked = measured.call(
        "Cleo", "POST", "/reports/fairness", json={"decision_point": POINT, "by": ["gender"]}
    )
    where = f"/reports/{asked.json['id']}"
    assert measured.call("Cleo", "GET", where).json["status"] == "being_made"
    making.run(measured.answerable, "tests")
    made = measured.call("Cleo", "GET", where).json
    assert made["status"] == "made"
    assert made["report"]["id"] == asked.json["id"]
    assert "answerable report" in made["note"]
    (listed,) = measured.call("Cleo", "GET", "/reports").json["reports"]
    assert (listed["id"], listed["made_by"]) == (asked.json["id"], "Cleo")
    for form in ("json", "html"):
        file = measured.call("Cleo", "GET", f"{where}/file?form={form}&lang=de")
        assert file.status_code == 200
        assert file.headers["Content-Disposition"].startswith("attachment; filename=")
        found = measured.call("Cleo", "POST", "/reports/verify", data=file.data).json
        assert found["ok"], found
    drawing = measured.call("Cleo", "GET", f"{where}/file?form=pdf")
    assert (drawing.status_code, drawing.headers["Retry-After"]) == (202, "3")
    files.run(measured.answerable, "tests")
    assert measured.call("Cleo", "GET", f"{where}/file?form=pdf").status_code in (200, 503)


def test_a_changed_file_and_nonsense_are_told_apart(measured):
    asked = measured.call("Cleo", "POST", "/reports/fairness", json={"decision_point": POINT})
    making.run(measured.answerable, "tests")
    file = measured.call("Cleo", "GET", f"/reports/{asked.json['id']}/file").json
    file["report"]["verdict"] = "pass"
    found = measured.call("Cleo", "POST", "/reports/verify", data=orjson.dumps(file)).json
    assert (found["ok"], found["findings"][0]["ok"]) == (False, False)
    for nonsense in (b"", b"{", b"%PDF", b"<html>"):
        told = measured.call("Cleo", "POST", "/reports/verify", data=nonsense)
        assert told.status_code == 422
        assert "no report" in told.json["detail"]


def test_a_file_may_be_larger_than_other_bodies_and_not_of_any_size(measured):
    large = measured.call("Cleo", "POST", "/reports/verify", data=b" " * 3_000_000)
    assert large.status_code == 422
    assert measured.call("Ada", "POST", "/reports/verify", data=b" " * 3_000_000).status_code == 403
    huge = measured.call("Cleo", "POST", "/reports/verify", data=b" " * 26_000_000)
    assert huge.status_code == 413


def test_thresholds_and_risk_coverage_are_given(measured):
    found = measured.call(
        "Cleo", "GET", f"/reports/what-if?decision_point={POINT}&threshold=0.9"
    ).json
    assert (found["current"], found["decisions"]) == (0.8, 6)
    wrong = measured.call("Cleo", "GET", f"/reports/what-if?decision_point={POINT}&threshold=2")
    assert wrong.status_code == 422
    risk = measured.call("Cleo", "GET", f"/reports/risk-coverage?decision_point={POINT}")
    assert risk.status_code == 200
