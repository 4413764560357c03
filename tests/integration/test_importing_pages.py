"""The pages of imports, form by form: large files come in, nothing else does, and no group attribute is ever shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from governance.actors import service as service_actor
from governance.application import Answerable
from governance.decisions.models import Decision
from governance.identities.models import Person
from governance.imports import service as imports
from governance.imports.background import Imports
from governance.imports.models import ImportPart, ImportRun
from governance.points import service as points
from tests import accounts
from tests.applications import create_app
from tests.conftest import MOSTLY_SQLITE, Beginning
from tests.retention import POINT, POLICY

CANARY = "zz-group-canary"
HEADER = "order;who;gender;tenure_months;monthly_charges;contract;done;date\n"
BOUNDARY = "----a-boundary"


def line(number: int, outcome: str = "No offer", gender: str = CANARY) -> str:
    return f"A-{number};c-{number};{gender};3;10;one-year;{outcome};2026-10-01 09:30\n"


@dataclass
class Window:
    """Somebody's browser window, without scripts."""

    client: FlaskClient
    token: str = ""

    def get(self, path: str) -> Any:
        answer = self.client.get(path)
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
        if found is not None:
            self.token = found[1]
        return answer

    def post(self, path: str, **form: str) -> Any:
        return self.client.post(path, data={"csrf_token": self.token, **form})

    def upload(self, raw: str, *, name: str = "october.csv", **form: str) -> Any:
        """Send a file as a form does."""
        fields = {"csrf_token": self.token, "kind": "decisions", "point": POINT, **form}
        body = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        )
        body += (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: text/csv\r\n\r\n{raw}\r\n--{BOUNDARY}--\r\n"
        )
        return self.client.post(
            "/imports",
            data=body.encode(),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
        )


def fill(answerable: Answerable) -> None:
    with answerable.work(service_actor("cli")) as work:
        points.bootstrap_publish(work, POLICY)
    for name, role in {"Anna": "admin", "Ada": "manager", "Cleo": "auditor"}.items():
        accounts.join(answerable, name, role)


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Beginning | None:
    return Beginning("importers", fill) if "windows" in request.fixturenames else None


@pytest.fixture
def windows(answerable: Answerable) -> dict[str, Window]:
    app = create_app(answerable)
    found = {"nobody": Window(app.test_client())}
    for name in ("Anna", "Ada", "Cleo"):
        window = Window(app.test_client())
        window.get("/sign-in")
        window.post("/sign-in", username=accounts.email_of(name), password=accounts.PASSWORD)
        window.get("/")
        found[name] = window
    return found


def work_off(answerable: Answerable) -> None:
    task = Imports(answerable)
    while task.work():
        pass


def kept(answerable: Answerable) -> tuple[int, int]:
    with answerable.database.read() as session:
        return (
            session.execute(sa.select(sa.func.count()).select_from(ImportRun)).scalar_one(),
            session.execute(sa.select(sa.func.count()).select_from(ImportPart)).scalar_one(),
        )


def selects(page: str) -> dict[str, str]:
    """Return the name of each column's select by the column."""
    row = r"<td><strong>([^<]+)</strong></td>.*?<select[^>]* name=\"(column-\d+)\""
    return dict(re.findall(row, page, re.DOTALL))


def test_a_file_goes_from_its_upload_to_the_report_form_by_form(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    assert "Upload and look at it" in anna.get("/imports").text
    raw = HEADER + "".join(line(number) for number in range(5)) + line(6, "A yacht")
    sent = anna.upload(raw)
    assert sent.status_code == 303, sent.text
    page = anna.get(sent.location).text
    assert "Every line needs “What was decided”, and no column gives it." in page
    columns = selects(page)
    assert list(columns) == HEADER.strip().split(";")
    refused = anna.post(f"{sent.location}/columns", **{columns["order"]: "reference"})
    assert refused.status_code == 422
    assert 'value="reference" selected' in refused.text, "what was chosen is shown again"
    tried = anna.post(
        f"{sent.location}/columns",
        **{
            columns["done"]: "outcome",
            columns["order"]: "reference",
            columns["who"]: "subject.ref",
        },
    )
    assert tried.status_code == 303
    assert "The file is being tried" in anna.get(sent.location).text
    work_off(answerable)
    page = anna.get(sent.location).text
    assert "5 lines fit. 1 does not." in page
    assert "Expected one of offer_discount, offer_gift, no_offer" in page
    listed = anna.get(f"{sent.location}/refused.csv")
    assert listed.text.splitlines()[0] == "\ufeffline,problem"
    assert listed.text.splitlines()[1].startswith("7,")
    assert "attachment" in listed.headers["Content-Disposition"]
    begun = anna.post(f"{sent.location}/start")
    assert begun.location == sent.location
    assert "The file is being imported" in anna.get(sent.location).text
    work_off(answerable)
    page = anna.get(sent.location).text
    assert "5 lines are imported." in page
    assert f'href="/reports/fairness/{POINT}"' in page
    assert anna.get(f"/reports/fairness/{POINT}").status_code == 200
    assert "october.csv" in anna.get("/imports").text
    again = anna.upload(raw)
    anna.post(
        f"{again.location}/columns",
        **{
            columns["done"]: "outcome",
            columns["order"]: "reference",
            columns["who"]: "subject.ref",
        },
    )
    work_off(answerable)
    assert "5 lines are known from an earlier file" in anna.get(again.location).text
    assert anna.post(f"{again.location}/start").location == sent.location
    assert "It goes on with what was not taken yet." in anna.get(sent.location).text


def test_no_page_about_an_import_shows_a_group_attribute_at_any_stage(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    raw = HEADER + line(1) + line(2, "A yacht") + line(3, gender=CANARY * 20)
    for kind, text in (
        ("decisions", raw.replace("done", "outcome").replace("who", "subject")),
        ("groups", f"subject,gender\nc-1,{CANARY}\nc-2,{CANARY}\n"),
    ):
        sent = anna.upload(text, kind=kind)
        seen = [anna.get(sent.location)]
        assert "not shown to anybody" in seen[0].text
        anna.post(f"{sent.location}/columns")
        seen.append(anna.get(sent.location))
        work_off(answerable)
        seen.append(anna.get(sent.location))
        anna.post(f"{sent.location}/start")
        work_off(answerable)
        seen += [
            anna.get(path) for path in (sent.location, f"{sent.location}/refused.csv", "/imports")
        ]
        for answer in seen:
            assert answer.status_code == 200
            assert CANARY not in answer.text
    with answerable.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one() == 1


def test_the_first_lines_are_shown_to_whoever_uploaded_them_alone(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    address = anna.upload(HEADER + line(4711)).location
    assert "c-4711" in anna.get(address).text
    with answerable.database.write() as session:
        ada = session.execute(sa.select(Person).where(Person.name == "Ada")).scalar_one()
        ada.roles = ["admin"]
    page = windows["Ada"].get(address).text
    assert "c-4711" not in page
    assert "empty, or seen by others" in page


def test_a_file_may_be_large_and_no_other_body(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    large = HEADER + "".join(line(number) for number in range(40_000))
    assert len(large) > 2_000_000
    assert anna.upload(large).status_code == 303
    assert anna.post("/people/new", name="x" * 1_200_000).status_code == 413
    for name in ("nobody", "Ada", "Cleo"):
        windows[name].token = windows[name].token or "none"
        assert windows[name].upload(large).status_code == 413, name
        assert windows[name].upload(HEADER).status_code in {400, 403}, name
    assert kept(answerable) == (1, 3)


def test_a_file_that_is_larger_than_is_taken_is_refused(
    answerable: Answerable, windows: dict[str, Window], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_BYTES", 500_000)
    anna = windows["Anna"]
    anna.get("/imports")
    large = HEADER + "".join(line(number) for number in range(40_000))
    assert anna.upload(large).status_code == 413
    nearly = anna.upload(large[:530_000])
    assert nearly.status_code == 422
    assert "larger than" in nearly.text
    assert kept(answerable) == (0, 0)


def test_a_form_without_its_token_stores_nothing(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.token = "forged"
    assert anna.upload(HEADER + line(1)).status_code == 400
    assert kept(answerable) == (0, 0)


@MOSTLY_SQLITE
@pytest.mark.parametrize(
    ("raw", "name", "form", "told"),
    [
        ("", "october.csv", {}, "october.csv is empty."),
        ("PK\x03\x04", "october.csv", {}, "an Excel workbook"),
        ("a;a\n", "october.csv", {}, "more than once"),
        ("a;b\n", "october.xlsx", {}, "ends in .csv or .ndjson"),
        ("a;b\n", "", {}, "Choose a file."),
        ("a;b\n", "october.csv", {"kind": "people"}, "Say what the file holds."),
        ("a;b\n", "october.csv", {"point": ""}, "Choose the decision point."),
        ("a;b\n", "october.csv", {"point": "nowhere"}, "nowhere"),
    ],
)
def test_what_is_wrong_with_an_upload_is_said_on_the_form(
    answerable: Answerable,
    windows: dict[str, Window],
    raw: str,
    name: str,
    form: dict[str, str],
    told: str,
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    answer = anna.upload(raw, name=name, **form)
    assert answer.status_code == 422
    assert told in answer.text.replace("&#39;", "'")
    assert answer.text.count("<h1") == 1
    assert kept(answerable) == (0, 0)


def test_lines_of_json_have_no_columns_to_look_at(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    address = anna.upload('{"outcome": "no_offer"}\n', name="october.ndjson").location
    assert "There are no columns to look at." in anna.get(address).text
    assert anna.post(f"{address}/columns").status_code == 303
    work_off(answerable)
    assert "No line fits." in anna.get(address).text
    gone = anna.post(f"{address}/discard")
    assert gone.location == "/imports"
    assert "october.ndjson was forgotten." in anna.get("/imports").text
    assert kept(answerable) == (0, 0)
    assert anna.get(address).status_code == 404


def test_an_import_can_be_stopped_and_the_same_file_with_other_meanings_is_asked_about(
    answerable: Answerable, windows: dict[str, Window]
) -> None:
    anna = windows["Anna"]
    anna.get("/imports")
    raw = (HEADER + line(1)).replace("done", "outcome").replace("order", "reference")
    address = anna.upload(raw).location
    anna.post(f"{address}/columns")
    anna.post(f"{address}/start")
    assert anna.post(f"{address}/discard").location == address
    page = anna.get(address).text
    assert "The import was stopped." in page
    assert "The import stopped." in page
    anna.post("/imports")
    again = anna.upload(raw).location
    anna.post(f"{again}/columns")
    anna.post(f"{again}/start")
    work_off(answerable)
    third = anna.upload(raw).location
    columns = selects(anna.get(third).text)
    said = {columns["reference"]: "", columns["gender"]: ""}
    anna.post(f"{third}/columns", **said)
    work_off(answerable)
    asked = anna.post(f"{third}/start")
    assert asked.status_code == 409
    assert "This very file was imported before" in asked.text
    assert 'name="again"' in asked.text
    assert anna.post(f"{third}/start", again="1").status_code == 303
    work_off(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(Decision)).scalar_one() == 2


def test_where_no_policy_is_in_force_the_page_leads_to_policies(answerable: Answerable) -> None:
    accounts.join(answerable, "Anna", "admin")
    anna = Window(create_app(answerable).test_client())
    anna.get("/sign-in")
    anna.post("/sign-in", username=accounts.email_of("Anna"), password=accounts.PASSWORD)
    page = anna.get("/imports").text
    assert "There is nothing a file could fit yet." in page
    assert 'href="/policies"' in page
