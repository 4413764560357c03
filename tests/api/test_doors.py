"""The doors beside the API's resources: health, figures, and the API's own pages."""

from __future__ import annotations

import re

from audits.sentences import verbatim
from governance.operations.status import Part, PartView, State


def test_the_process_says_that_it_runs_and_that_it_is_ready(served) -> None:
    assert served.call(None, "GET", "/healthz").json == {"status": "ok"}
    assert served.call(None, "GET", "/readyz").json == {"status": "ok"}


def test_a_process_that_cannot_decide_names_the_part(served, monkeypatch) -> None:
    failing = PartView(
        part=Part.DATABASE,
        state=State.FAILING,
        detail=verbatim("Gone."),
        todo=verbatim("Find it."),
    )
    monkeypatch.setattr("governance.operations.status.readiness", lambda answerable: failing)
    answer = served.call(None, "GET", "/readyz")
    assert answer.status_code == 503
    assert answer.json["part"] == "database"
    assert (answer.json["detail"], answer.json["todo"]) == ("Gone.", "Find it.")
    assert served.call(None, "GET", "/healthz").status_code == 200


def test_figures_name_routes_and_nothing_of_persons(served) -> None:
    decision = served.ask(subject={"ref": "cust-secret"}).json["id"]
    served.call("crm", "GET", f"/decisions/{decision}")
    figures = served.call(None, "GET", "/metrics").text
    assert 'route="/api/v1/decisions/<decision_id>"' in figures
    assert re.search(r'answerable_decisions_total\{disposition="release"\} [1-9]', figures)
    for secret in (decision, "cust-secret", "crm", "retention-offer"):
        assert secret not in figures


def test_the_api_describes_itself_on_a_page_without_foreign_assets(served) -> None:
    page = served.call(None, "GET", "/api/docs")
    assert page.status_code == 200
    assert "POST /api/v1/decisions" in page.text
    assert "Cases" in page.text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert address.startswith(("/", "#")), address
    assert "<script" not in page.text
    assert "style=" not in page.text


def test_every_link_on_the_api_page_leads_somewhere(served) -> None:
    page = served.call(None, "GET", "/api/docs").text
    places = set(re.findall(r'id="([^"]+)"', page))
    for target in re.findall(r'href="#([^"]+)"', page):
        assert target in places, target


def test_a_problems_type_leads_to_what_it_means(served) -> None:
    for path in ("/decisions/1", "/nowhere"):
        problem = served.call("crm", "GET", path).json
        page = served.client.get(problem["type"].removeprefix("http://127.0.0.1:8000"))
        assert page.status_code == 200, problem
    method = served.call("crm", "DELETE", "/decisions").json
    assert (
        served.client.get(method["type"].removeprefix("http://127.0.0.1:8000")).status_code == 200
    )
    assert served.client.get("/problems/never-heard-of").status_code == 404


def test_every_answer_has_a_reference_to_our_logs(served) -> None:
    answer = served.call("crm", "GET", "/decisions/1")
    assert answer.headers["X-Request-Id"] == answer.json["request_id"]


def test_a_request_is_logged_without_anything_personal(served, capsys) -> None:
    served.ask(subject={"ref": "cust-secret"}, metadata={"note": "private"})
    served.call("crm", "GET", "/decisions/search?ref=cust-secret")
    said = "".join(capsys.readouterr())
    assert "/api/v1/decisions" in said
    assert "app:" in said
    for secret in ("cust-secret", "private", served.secrets["crm"]):
        assert secret not in said
