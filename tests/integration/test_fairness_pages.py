"""The pages of fairness: verdicts in plain words, reports to take along and check, and what could be done; groups in counts alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from governance.application import Answerable
from governance.counting import reading
from governance.errors import NotAllowed, Unavailable
from governance.identities.models import Person
from governance.ledger.sequencing import drain
from governance.points import service as points
from governance.reporting import crosschecking, files, making
from governance.reporting.files import Drawn
from tests import accounts, measured, people
from tests.applications import create_app
from tests.conftest import Beginning, SettableClock
from tests.people import publish
from web.console import kept_counts

# The pages ask the use cases, whose own tests run on both databases; every page is opened on both elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

REPORT = f"/reports/fairness/{measured.POINT}"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reports as a base installation does, which takes no seconds to import fairlearn."""
    monkeypatch.setattr(crosschecking, "installed", lambda: False)


def fill(answerable: Answerable) -> list[str]:
    """Make a business whose reports have something to say; return its decisions."""
    for policy in (measured.BLIND, measured.POLICY):
        publish(answerable, policy)
    for name, role in {
        "Ada": "manager",
        "Cleo": "auditor",
        "Pia": "publisher",
        "Anna": "admin",
    }.items():
        accounts.join(answerable, name, role)
    return measured.fill(answerable, people.app(answerable))


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Beginning | None:
    return Beginning("measured", fill) if "app" in request.fixturenames else None


@pytest.fixture
def made(begun: list[str]) -> list[str]:
    return begun


@pytest.fixture
def app(answerable: Answerable) -> Flask:
    return create_app(answerable)


def token(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def enter(app: Flask, name: str = "Cleo") -> FlaskClient:
    """Sign somebody in."""
    client = app.test_client()
    form = {
        "csrf_token": token(client, "/sign-in"),
        "username": accounts.email_of(name),
        "password": accounts.PASSWORD,
    }
    assert client.post("/sign-in", data=form).status_code == 303
    return client


def plain(text: str) -> str:
    """Return what a page says, without its markup and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("&#34;", '"')


def ask_for_report(client: FlaskClient, **form: Any) -> str:
    """Have a report made; return its page's address."""
    form = {"csrf_token": token(client, REPORT), **form}
    answer = client.post(REPORT, data=form)
    assert answer.status_code == 303, answer.text
    return answer.location


def signed(client: FlaskClient, answerable: Answerable, **form: Any) -> str:
    """Make a report at once; return its page's address."""
    path = ask_for_report(client, **form)
    assert making.run(answerable, "tests") == 1
    return path


def bring(client: FlaskClient, content: bytes, name: str = "report.json") -> Any:
    """Upload a file to be checked."""
    form = {"csrf_token": token(client, "/reports/verify"), "file": (BytesIO(content), name)}
    return client.post("/reports/verify", data=form)


# --------------------------------------------------------------------------------- the verdicts


def test_each_decision_point_has_its_verdict_in_plain_words_the_riskiest_first(app: Flask) -> None:
    text = plain(enter(app).get("/reports").text)
    assert "1 decision point treats groups too differently." in text
    breach, unknown = text.index("Breach"), text.index("Not measured")
    assert breach < unknown
    said = "The share proposed “Offer a discount” is 0.27 times as high for people with gender “female”"
    assert said in text, "the difference that weighs most is told in a sentence"
    assert "by gender and age band" in text
    assert "smallest group: 20 decisions" in text


def test_a_point_without_groups_is_not_measured_and_says_what_to_do(app: Flask) -> None:
    listed = enter(app).get("/reports").text
    assert "Nobody can tell whether groups are treated alike." in listed
    assert "Name the group attributes in the policy, under groups." in listed
    page = enter(app).get(f"/reports/fairness/{measured.BLIND_POINT}")
    assert page.status_code == 200
    assert "Not measured is not a pass." in page.text
    assert "/what-if" not in page.text, "there is nothing that could be done about it yet"


def test_whoever_may_upload_is_led_there(app: Flask) -> None:
    assert 'href="/imports"' in enter(app, "Anna").get("/reports").text
    assert 'href="/imports"' not in enter(app).get("/reports").text


def test_before_anything_is_published_the_list_says_so(answerable: Answerable) -> None:
    accounts.join(answerable, "Cleo", "auditor")
    text = enter(create_app(answerable)).get("/reports").text
    assert "Nothing is decided here yet." in text


# ----------------------------------------------------------------------------------- one report


def test_a_report_gives_its_answer_first(app: Flask) -> None:
    page = enter(app).get(REPORT)
    text = plain(page.text)
    assert text.index("Breach") < text.index("The answer") < text.index("What the answer rests on")
    assert "tolerated is 0.8 to 1.25 times" in text
    assert page.text.count('<details class="report-fold">') > 5, "the rest is folded"
    assert page.text.count("<svg") > 5
    assert " style=" not in page.text, "the policy of the page's content blocks it"
    opened = enter(app).get(f"{REPORT}?open=all").text
    assert '<details class="report-fold">' not in opened


def test_a_report_is_asked_for_by_days_groups_and_preset(app: Flask) -> None:
    cleo = enter(app)
    by = "by=gender&by=age_band*gender"
    page = cleo.get(f"{REPORT}?since=2026-11-01&until=2026-12-31&preset=nyc_ll144&{by}").text
    assert "No verdict" in page, "the rule sets no limit"
    assert 'value="age_band*gender" checked' in page
    assert 'value="age_band" checked' not in page
    assert 'value="nyc_ll144" selected' in page
    assert "(a law)" in page
    kept = "since=2026-11-01&amp;until=2026-12-31&amp;preset=nyc_ll144"
    assert kept in page, "what could be done is asked of the same"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("since=2026-12-01&until=2026-11-01", "until"),
        ("by=shoe_size", "by"),
        ("preset=the_best", "preset"),
    ],
)
@pytest.mark.parametrize("page", ["", "/what-if"])
def test_what_does_not_fit_is_told_beside_its_field(
    app: Flask, query: str, field: str, page: str
) -> None:
    answer = enter(app).get(f"{REPORT}{page}?{query}")
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "What the answer rests on" not in answer.text


def test_days_without_a_decision_are_no_error(app: Flask) -> None:
    page = enter(app).get(f"{REPORT}?since=2020-01-01&until=2020-12-31")
    assert page.status_code == 200
    assert "Not measured" in page.text
    there_too = enter(app).get(f"{REPORT}/what-if?since=2020-01-01&until=2020-12-31")
    assert "There is no threshold to look at." in there_too.text


def test_an_unknown_point_is_not_found(app: Flask) -> None:
    cleo = enter(app)
    for path in ("/reports/fairness/nothing", "/reports/fairness/nothing/what-if"):
        assert cleo.get(path).status_code == 404


def test_pages_speak_german(app: Flask, answerable: Answerable) -> None:
    with answerable.database.write() as session:
        session.execute(sa.update(Person).values(language="de"))
    client = enter(app)
    assert "1 Entscheidungsstelle behandelt Gruppen zu verschieden." in client.get("/reports").text
    report = plain(client.get(REPORT).text)
    assert "Worauf die Antwort beruht" in report
    assert "toleriert wird das 0,8- bis 1,25-Fache" in report
    changed = client.get(f"{REPORT}/what-if?threshold=0,7").text
    assert "Nichts hiervon wird von selbst angewandt." in changed
    assert ">0,7<" in changed


# --------------------------------------------------------------------------------- kept counts


def test_counts_that_take_long_to_read_are_kept_for_a_minute(
    app: Flask,
    answerable: Answerable,
    clock: SettableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = 0
    read = reading.counts

    def count(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*arguments)

    monkeypatch.setattr(reading, "counts", count)
    monkeypatch.setattr(kept_counts, "_WORTH_KEEPING", -1)
    cleo = enter(app)
    cleo.get(REPORT)
    clock.advance(seconds=30)
    assert "Counted 30 seconds ago" in plain(cleo.get(f"{REPORT}?by=gender").text)
    cleo.get(f"{REPORT}/what-if")
    assert reads == 1, "other groups, and what could be done, come from the same counts"
    clock.advance(seconds=31)
    assert "Counted" not in plain(cleo.get(REPORT).text)
    assert reads == 2


def test_counts_that_are_kept_are_for_those_alone_who_may_read_reports(
    app: Flask, answerable: Answerable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_counts, "_WORTH_KEEPING", -1)
    wanted = (measured.POINT, "2026-11-01", "2026-12-31")
    with app.app_context(), answerable.look(people.person(answerable, "Cleo")) as work:
        assert kept_counts.read(work, *wanted) is kept_counts.read(work, *wanted)
    ada = people.person(answerable, "Ada")
    with app.app_context(), answerable.look(ada) as work, pytest.raises(NotAllowed):
        kept_counts.read(work, *wanted)


def test_counts_that_are_read_quickly_are_never_old(app: Flask, answerable: Answerable) -> None:
    cleo = enter(app)
    assert "188 decisions" not in plain(cleo.get(REPORT).text)
    before = re.search(r"rests? on (\d+) decisions", plain(cleo.get(REPORT).text))
    measured.fill(answerable, people.app(answerable, "till"))
    after = re.search(r"rests? on (\d+) decisions", plain(cleo.get(REPORT).text))
    assert before is not None
    assert after is not None
    assert int(after[1]) == 2 * int(before[1])


# ------------------------------------------------------------------------------- signed reports


def test_a_report_is_made_while_its_page_looks_by_itself(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    cleo = enter(app)
    path = ask_for_report(cleo, since="2026-11-01", until="2026-11-30", by=["gender"])
    waiting = cleo.get(path)
    assert waiting.headers["Refresh"] == f"2; url={path}"
    assert "A report is being made" in waiting.text
    assert making.run(answerable, "tests") == 1
    drain(answerable)
    page = cleo.get(path)
    assert "Refresh" not in page.headers
    text = plain(page.text)
    assert "1 November 2026 to 30 November 2026" in page.text.replace("\xa0", " ")
    assert "by Cleo" in text
    with answerable.look(people.person(answerable, "Cleo")) as work:
        (made,) = making.list_made(work)
    assert made.digest in text
    assert "fairlearn is not installed here" in text
    entry = re.search(r'href="(/log/entries/[^"]+)"', page.text)
    assert entry is not None
    assert made.digest in cleo.get(entry[1]).text
    assert made.digest[7:19] in cleo.get("/reports").text


def test_a_report_that_takes_too_long_leads_to_the_status_page(
    app: Flask, answerable: Answerable, clock: SettableClock
) -> None:
    path = ask_for_report(enter(app))
    # An id tells when it was made, by the clock of the machine.
    milliseconds = int(path.rsplit("/", 1)[1].replace("-", "")[:12], 16)
    clock.set(datetime.fromtimestamp(milliseconds / 1000 + 30, UTC))
    assert "It takes longer than it should." not in enter(app).get(path).text
    clock.advance(seconds=30)
    assert "It takes longer than it should." in enter(app).get(path).text


def test_what_was_not_asked_for_is_not_being_made(app: Flask) -> None:
    cleo = enter(app)
    for report_id in ("none", "0198c0de-0000-7000-8000-000000000000"):
        assert cleo.get(f"/reports/made/{report_id}").status_code == 404
        assert cleo.get(f"/reports/made/{report_id}/file?form=json").status_code == 404


@pytest.mark.parametrize(
    ("query", "kind", "says"),
    [
        ("form=html&lang=en", "text/html", b"The answer"),
        ("form=html&lang=de", "text/html", b"Die Antwort"),
        ("form=json", "application/json", b'"note"'),
    ],
)
def test_a_report_is_taken_along_and_holds_when_it_comes_back(
    app: Flask, answerable: Answerable, query: str, kind: str, says: bytes
) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    file = cleo.get(f"{path}/file?{query}")
    assert file.headers["Content-Type"].startswith(kind)
    assert file.headers["Content-Disposition"].startswith("attachment; filename=")
    assert says in file.data
    checked = bring(cleo, file.data)
    assert checked.status_code == 200
    assert "The report is genuine, and right." in checked.text
    assert path in checked.text, "the report that we keep is a click away"


def test_a_file_has_a_form_and_a_language_that_there_are(
    app: Flask, answerable: Answerable
) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    for query in ("form=doc", "form=html&lang=fr", ""):
        assert cleo.get(f"{path}/file?{query}").status_code == 404


def test_a_pdf_is_drawn_in_the_background_and_waited_for(
    app: Flask, answerable: Answerable, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    answer = cleo.get(f"{path}/file?form=pdf&lang=de")
    assert answer.status_code == 303
    assert answer.location == f"{path}?pdf=de", (
        "a fragment would keep the browser from looking again"
    )
    waiting = cleo.get(answer.location)
    assert waiting.headers["Refresh"] == f"2; url={path}?pdf=de"
    assert "The PDF is being drawn." in waiting.text

    drawn = Drawn(name="r.pdf", content_type="application/pdf", content=b"%PDF-1.7")
    monkeypatch.setattr(files, "drawn", lambda *_: drawn)
    assert files.run(answerable, "tests") == 1
    ready = cleo.get(answer.location)
    assert "Refresh" not in ready.headers
    assert "The PDF is ready." in ready.text
    assert cleo.get(f"{path}/file?form=pdf&lang=de").data == b"%PDF-1.7"


def test_a_pdf_that_cannot_be_drawn_says_what_is_missing_and_is_tried_again(
    app: Flask, answerable: Answerable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Drawn:
        raise Unavailable("PDF needs WeasyPrint: install answerable[analysis].")

    cleo = enter(app)
    path = signed(cleo, answerable)
    monkeypatch.setattr(files, "drawn", fails)
    cleo.get(f"{path}/file?form=pdf&lang=en")
    files.run(answerable, "tests")
    answer = cleo.get(f"{path}/file?form=pdf&lang=en", follow_redirects=True)
    assert "The PDF could not be drawn." in answer.text
    assert "install answerable[analysis]" in answer.text
    again = cleo.get(f"{path}/file?form=pdf&lang=en")
    assert again.location.endswith("?pdf=en"), "whoever mended it may ask again"
    assert files.run(answerable, "tests") == 1
    assert "install answerable[analysis]" in cleo.get(again.location).text


def test_an_old_report_stays_as_it_was_signed(app: Flask, answerable: Answerable) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    before = plain(cleo.get(path).text)
    measured.fill(answerable, people.app(answerable, "till"))
    said = re.search(r"rests? on \d+ decisions", before)
    assert said is not None
    assert said[0] in plain(cleo.get(path).text)
    file = cleo.get(f"{path}/file?form=json").data
    checked = plain(bring(cleo, file).text)
    assert "The report is genuine, and right." in checked
    assert "more is known today. That is no fault of the report." in checked


# ------------------------------------------------------------------------------------- checking


def test_a_forged_report_is_found_out_and_each_step_says_why(
    app: Flask, answerable: Answerable
) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    whole = orjson.loads(cleo.get(f"{path}/file?form=json").data)
    whole["report"]["verdict"] = "pass"
    text = plain(bring(cleo, orjson.dumps(whole)).text)
    assert "Something about this report is wrong." in text
    assert "No: this business did not sign this file as it is." in text
    assert "No: the log names no such report." in text
    assert "No: some figures are not what the counts in the file give." in text
    assert "/verdict" in text, "which figure differs is named"


@pytest.mark.parametrize("content", [b"", b"{}", b"hello", b"%PDF-1.4", b"\xff\xfe", b"[1]"])
def test_what_is_no_report_is_refused_with_a_sentence(app: Flask, content: bytes) -> None:
    answer = bring(enter(app), content)
    assert answer.status_code == 422
    assert "This is no report of Answerable" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_no_file_is_no_report(app: Flask) -> None:
    cleo = enter(app)
    form = {"csrf_token": token(cleo, "/reports/verify")}
    answer = cleo.post("/reports/verify", data=form)
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_a_report_may_be_larger_than_what_else_is_sent_here(app: Flask) -> None:
    # Sent as bytes, because the test's client leaves the file open in which it keeps a large form.
    cleo = enter(app)
    fields = [
        f'name="csrf_token"\r\n\r\n{token(cleo, REPORT)}',
        'name="file"; filename="r.json"\r\n\r\n',
    ]
    begin = "\r\n".join(f"--end\r\nContent-Disposition: form-data; {one}" for one in fields)
    for size, status in ((3_000_000, 422), (26_000_000, 413)):
        answer = cleo.post(
            "/reports/verify",
            data=begin.encode() + b"x" * size + b"\r\n--end--\r\n",
            content_type="multipart/form-data; boundary=end",
        )
        assert answer.status_code == status, "what fits is read, and is no report"


# ---------------------------------------------------------------------------- what could be done


def test_another_threshold_is_looked_at_without_scripts(app: Flask) -> None:
    page = enter(app).get(f"{REPORT}/what-if?threshold=0.9&by=gender")
    text = plain(page.text)
    assert "Nothing here is applied by itself." in text
    assert "it is the same for everybody" in text
    assert 'value="0.9" list="stops"' in page.text
    assert re.search(r"now 0\.8 then 0\.9", text), "what is and what would be stand side by side"
    assert "tolerated: 0.8 to 1.25 times" in text
    assert "confidence_below: 0.80" in text
    assert "confidence_below: 0.9" in text
    assert f"answerable policy check {measured.POINT}-below-" in text


def test_a_threshold_between_the_usual_ones_is_computed_exactly(app: Flask) -> None:
    page = enter(app).get(f"{REPORT}/what-if?threshold=0.713")
    assert "0.713" in page.text
    assert "then 0.713" in plain(page.text)


@pytest.mark.parametrize("threshold", ["1.2", "-0.1", "high", "nan", "inf"])
def test_what_is_no_threshold_is_refused(app: Flask, threshold: str) -> None:
    cleo = enter(app)
    assert cleo.get(f"{REPORT}/what-if?threshold={threshold}").status_code == 422
    assert cleo.get(f"{REPORT}/what-if/policy?threshold={threshold}").status_code == 422


def test_the_policy_with_the_change_differs_by_nothing_else_and_is_not_applied(
    app: Flask, answerable: Answerable
) -> None:
    file = enter(app).get(f"{REPORT}/what-if/policy?threshold=0.72")
    assert file.headers["Content-Type"].startswith("text/yaml")
    assert file.headers["Content-Disposition"] == (
        f'attachment; filename="{measured.POINT}-below-0.72.yaml"'
    )
    expected = measured.POLICY.replace("confidence_below: 0.80", "confidence_below: 0.72")
    assert file.text == expected
    with answerable.look(people.person(answerable, "Cleo")) as work:
        assert points.point(work, measured.POINT).version == 1


def test_who_may_write_drafts_is_led_to_one(app: Flask) -> None:
    path = f"{REPORT}/what-if?threshold=0.9"
    assert "/policies/draft?point=" in enter(app, "Pia").get(path).text
    assert "/policies/draft?point=" not in enter(app).get(path).text


# ---------------------------------------------------------------------------------- who sees what


def test_reports_are_for_those_who_may_read_them_and_made_by_those_who_may(
    app: Flask, answerable: Answerable
) -> None:
    path = signed(enter(app), answerable)
    pages = ["/reports", REPORT, f"{REPORT}/what-if", f"{REPORT}/what-if/policy", path]
    pages += [f"{path}/file?form=json", "/reports/verify"]
    ada, pia = enter(app, "Ada"), enter(app, "Pia")
    for page in pages:
        assert ada.get(page).status_code == 403, page
        assert pia.get(page).status_code == 200, page
    assert "Make a signed report" not in pia.get(REPORT).text
    form = {"csrf_token": token(pia, REPORT)}
    assert pia.post(REPORT, data=form).status_code == 403
    assert "Its digest is there, or is about to be." in pia.get(path).text, "she reads no log"
    assert bring(ada, b"{}").status_code == 403


def test_no_page_shows_a_person_s_group_only_counts_of_groups(
    app: Flask, answerable: Answerable, made: list[str]
) -> None:
    cleo = enter(app)
    path = signed(cleo, answerable)
    pages = ["/reports", f"{REPORT}?by=gender&by=age_band*gender&open=all"]
    pages += [f"{REPORT}/what-if?threshold=0.9", path, f"{path}/file?form=html"]
    pages += [f"{path}/file?form=json"]
    for page in pages:
        text = cleo.get(page).text
        assert "female" in text, page
        assert not any(decision_id in text for decision_id in made), page
        assert "cust-" not in text, page
    about_persons = [f"/decisions?point={measured.POINT}", f"/ledger?point={measured.POINT}"]
    about_persons += [f"/decisions/{decision_id}" for decision_id in made[:5]]
    for page in about_persons:
        answer = cleo.get(page, follow_redirects=True)
        assert answer.status_code == 200, page
        assert made[0][:8] in answer.text, page
        assert "female" not in answer.text, page
        assert "30-59" not in answer.text, page
