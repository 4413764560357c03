"""Reports are made from counts, signed, known to the log, and found out where anything in them was changed."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from audits.log.entries import EntryKind
from audits.reports import page
from governance.actors import Actor, service
from governance.application import Answerable
from governance.cli import answerable as command
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import InvalidInput, NotAllowed, NotFound
from governance.ledger import reading as ledger
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.reporting import (
    checking,
    crosschecking,
    fairness,
    files,
    making,
    publishing,
    tables,
    whatif,
)
from governance.reporting.access import note_reading
from governance.reporting.models import ReportRow
from governance.truth import service as truth
from policies import document
from tests.conftest import Beginning
from tests.people import app, person, publish
from tests.retention import POINT, POLICY
from tests.retention import request as asking

MEASURED = POLICY.replace(
    "notice:",
    "measure: {positive: offer_discount, reference: {gender: male}, enough: 20}\nnotice:",
)


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reports as a base installation does, which takes no seconds to import fairlearn, but where a test asks for it."""
    if "checked_by_fairlearn" not in request.fixturenames:
        monkeypatch.setattr(crosschecking, "installed", lambda: False)


@pytest.fixture
def checked_by_fairlearn() -> None:
    """Have reports checked by fairlearn."""


@pytest.fixture
def cleo(request: pytest.FixtureRequest, answerable: Answerable) -> Actor:
    if "measured" not in request.fixturenames:
        publish(answerable, MEASURED)
    return person(answerable, "Cleo")


def fill(answerable: Answerable) -> None:
    """Offer women less."""
    publish(answerable, MEASURED)
    shop = app(answerable)
    for gender, offered, many in (
        ("female", "offer_discount", 20),
        ("female", "no_offer", 80),
        ("male", "offer_discount", 60),
        ("male", "no_offer", 40),
    ):
        asked = asking(
            subject={"ref": "c", "groups": {"gender": gender}},
            proposal={"outcome": offered, "confidence": 0.85},
        )
        made = decisions.ask_many(answerable, shop, [Asked(request=asked)] * many)
        with answerable.work(shop) as work:
            for view in made:
                truth.report_truth(work, str(view.id), outcome="offer_discount")
    while folding.fold(answerable):
        pass


@pytest.fixture
def beginning(request: pytest.FixtureRequest) -> Beginning | None:
    return Beginning("unequal", fill) if "measured" in request.fixturenames else None


@pytest.fixture
def measured(answerable: Answerable, begun: None) -> Answerable:
    """An installation in which women are offered less."""
    return answerable


def run(answerable: Answerable, *arguments: str) -> Result:
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
        "ANSWERABLE_HIGHWATER_DIR": str(answerable.settings.highwater_dir),
    }
    return CliRunner().invoke(command, ["report", *arguments], env=environment)


def checked(answerable: Answerable, content: bytes) -> dict[str, bool | None]:
    with answerable.look(service("cli")) as work:
        return {one.step.value: one.ok for one in checking.check(work, content).findings}


def test_a_report_is_what_the_counts_say_and_its_digest_is_in_the_log(
    measured, cleo, checked_by_fairlearn
):
    made = making.make(measured, cleo, POINT, by=["gender"])
    proposal = made.document["stages"]["proposal"]
    assert {row["group"]["gender"]: row["selection_rate"] for row in proposal["groups"]} == {
        "female": 0.2,
        "male": 0.6,
    }
    (ratio,) = [one for one in proposal["comparisons"] if one["metric"] == "selection_rate_ratio"]
    assert (ratio["verdict"], made.document["verdict"]) == ("breach", "breach")
    assert made.document["stages"]["appeal"] == {"state": "none_recorded"}
    check = made.document["cross_check"]
    assert check["by"].startswith("fairlearn 0.15")
    assert check["differing"] == []
    assert check["figures"] >= 8
    drain(measured)
    with measured.look(cleo) as work:
        (entry,) = ledger.entries(work, kind=EntryKind.REPORT_MADE).entries
        assert entry.data["digest"] == made.view.digest
        assert [one.id for one in making.list_made(work)] == [made.view.id]
    assert "gender" not in json.dumps(dict(entry.refs))


@pytest.mark.parametrize("form", [files.Form.JSON, files.Form.HTML])
def test_a_report_in_each_form_is_checked_and_any_change_of_it_is_found(measured, cleo, form):
    made = making.make(measured, cleo, POINT)
    content = files.drawn(made, form, "de").content
    steps = [
        "signature",
        "log",
        "figures",
        *(["page"] if form is files.Form.HTML else []),
        "counts",
    ]
    assert checked(measured, content) == dict.fromkeys(steps, True)

    def changed(path: list, value) -> dict[str, bool | None]:
        report = orjson.loads(made.text)
        place = report
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        if form is files.Form.JSON:
            return checked(measured, orjson.dumps({"report": report, "note": made.note}))
        text = page.html(
            files.told(report, "de"), report_json=orjson.dumps(report).decode(), signature=made.note
        )
        return checked(measured, text.encode())

    rate = changed(["stages", "proposal", "groups", 0, "selection_rate"], 0.5)
    assert (rate["signature"], rate["log"], rate["figures"]) == (False, False, False)
    verdict = changed(["verdict"], "pass")
    assert (verdict["signature"], verdict["figures"]) == (False, False)
    window = changed(["made_at"], "2020-01-01T00:00:00Z")
    assert (window["signature"], window["log"], window["figures"]) == (False, False, True)


def test_a_page_that_shows_something_else_than_what_is_signed_is_found(measured, cleo, monkeypatch):
    made = making.make(measured, cleo, POINT)
    text = files.drawn(made, files.Form.HTML, "en").content.decode()
    forged = text.replace("20.0\u00a0%", "59.0\u00a0%")
    assert forged != text
    found = checked(measured, forged.encode())
    assert (found["signature"], found["figures"], found["page"]) == (True, True, False)
    monkeypatch.setattr(checking, "version", lambda _: "99")
    assert checked(measured, forged.encode())["page"] is None, "another release may draw otherwise"


def test_counts_that_came_later_are_told_and_are_no_fault(measured, cleo):
    made = making.make(measured, cleo, POINT)
    decisions.ask(measured, app(measured, "late"), Asked(request=asking()))
    folding.fold(measured)
    found = checked(measured, files.drawn(made, files.Form.JSON, "en").content)
    assert found == {"signature": True, "log": True, "figures": True, "counts": None}


def test_an_edited_report_in_the_database_is_found_by_verify(measured, cleo):
    made = making.make(measured, cleo, POINT)

    def findings() -> list[str]:
        found = verifying.verify(measured).findings
        return [finding.what for finding in found if "report" in finding.what]

    assert findings() == []
    with measured.database.write() as session:
        session.execute(sa.update(ReportRow).values(document=made.text.replace("200", "201")))
    assert findings() == [f"report {made.view.id} is not the one that was signed"]
    with measured.database.write() as session:
        session.execute(sa.delete(ReportRow))
    assert findings() == [f"report {made.view.id} is gone"]


def test_reading_counts_by_group_is_logged_once_an_hour_and_taking_a_report_each_time(
    measured, cleo, clock
):
    made = making.make(measured, cleo, POINT)

    def reads() -> list[dict]:
        drain(measured)
        with measured.look(cleo) as work:
            found = ledger.entries(work, kind=EntryKind.ACCESS_READ).entries
        return [dict(entry.data) for entry in found]

    for _ in range(3):
        note_reading(measured, cleo, what="report.fairness", point=POINT)
        note_reading(measured, service("cli"), what="report.fairness", point=POINT)
    clock.advance(hours=1)
    note_reading(measured, cleo, what="report.fairness", point=POINT)
    assert reads() == [{"what": "report.fairness", "point": POINT}] * 2
    with measured.work(cleo) as work:
        files.file_of(work, made.view.id, files.Form.HTML, "en")
    assert reads()[0] == {"what": "report.file", "form": "html", "point": POINT}


def test_a_report_of_another_installation_is_not_taken_for_ours(measured, cleo):
    made = making.make(measured, cleo, POINT)
    from governance.reporting import signing

    other = signing.signed(made.document, signing.SigningKey(name="other/reports", seed=b"o" * 32))
    found = checked(measured, orjson.dumps({"report": made.document, "note": other.note}))
    assert (found["signature"], found["log"]) == (False, True)
    unsigned = checked(measured, orjson.dumps({"report": made.document}))
    assert unsigned["signature"] is False


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"{", b"[]", b'{"report": 7}', b"%PDF-1.7", b"\xff\xfe", b"<html></html>", b"null"],
)
def test_what_is_no_report_is_refused_with_a_sentence(answerable, cleo, nonsense):
    with pytest.raises(InvalidInput, match="no report"), answerable.look(cleo) as work:
        checking.check(work, nonsense)


def test_a_report_asked_for_in_the_background_is_made_once_for_whoever_asked(measured, cleo):
    with measured.work(cleo) as work:
        report_id = making.ask(work, POINT, by=["gender"], preset="four_fifths")
        assert making.is_asked(work, report_id)
    assert making.run(measured, "tests") == 1
    assert making.run(measured, "tests") == 0
    with measured.look(cleo) as work:
        made = making.made(work, report_id)
        assert not making.is_asked(work, report_id)
    assert (made.view.made_by_name, made.view.preset) == ("Cleo", "four_fifths")
    again = making.make(measured, cleo, POINT, report_id=report_id)
    assert again.view.digest == made.view.digest


def test_what_cannot_be_reported_is_refused_before_anything_is_made(measured, cleo):
    for wrong in (
        {"by": ["shoe"]},
        {"by": ["gender*shoe"]},
        {"preset": "made_up"},
        {"since": "yesterday"},
        {"since": "2026-11-24", "until": "2026-11-01"},
    ):
        with pytest.raises(InvalidInput), measured.work(cleo) as work:
            making.ask(work, POINT, **wrong)
    with pytest.raises(NotFound), measured.work(cleo) as work:
        making.ask(work, "nowhere")
    with pytest.raises(NotAllowed), measured.look(person(measured, "Ada")) as work:
        fairness.figures(work, POINT)
    with pytest.raises(NotFound), measured.look(cleo) as work:
        making.made(work, "nonsense")


def test_a_pdf_is_drawn_in_the_background_and_holds_the_report(measured, cleo):
    made = making.make(measured, cleo, POINT, by=["gender"])
    with measured.work(cleo) as work:
        assert files.file_of(work, made.view.id, files.Form.PDF, "en") == files.Pending()
    files.run(measured, "tests")
    with measured.work(cleo) as work:
        drawn = files.file_of(work, made.view.id, files.Form.PDF, "en")
    if isinstance(drawn, files.Pending):
        # The sentence is all there is without Pango.
        assert drawn.problem is not None
        assert "apt-get install libpango" in drawn.problem
        return
    assert drawn.content.startswith(b"%PDF")
    found = checked(measured, drawn.content)
    assert found.pop("page") is None, "what a PDF shows cannot be compared"
    assert all(found.values())


def test_the_command_writes_a_signed_file_and_verify_exits_by_what_it_finds(measured, tmp_path):
    out = tmp_path / "report.html"
    ran = run(measured, "fairness", "--point", POINT, "--format", "html", "--out", str(out))
    assert ran.exit_code == 0, ran.output
    assert "Signed: sha256:" in ran.stderr
    ran = run(measured, "verify", str(out))
    assert (ran.exit_code, ran.output.count("ok  ")) == (0, 5)
    out.write_text(out.read_text().replace('"decisions":200', '"decisions":201'))
    ran = run(measured, "verify", str(out), "--json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["ok"] is False


@pytest.fixture
def few_others(measured: Answerable) -> Answerable:
    """Beside women and men, four people of whom little should be said in public."""
    asked = asking(subject={"ref": "d", "groups": {"gender": "diverse"}})
    decisions.ask_many(measured, app(measured), [Asked(request=asked)] * 4)
    folding.fold(measured)
    return measured


@pytest.mark.parametrize("form", [files.Form.JSON, files.Form.HTML])
def test_what_is_published_hides_a_handful_of_people_and_can_be_held_against_the_signed_report(
    few_others, cleo, form
):
    made = making.make(few_others, cleo, POINT, by=["gender"])
    with few_others.work(cleo) as work:
        file = files.file_of(work, made.view.id, form, "en", hide_below=5)
    assert isinstance(file, files.Drawn)
    assert file.name.startswith(f"fairness-published-{POINT}-")
    told = files.brought(file.content).document
    assert "counts" not in told
    assert told["published_from"] == made.view.digest
    sizes = {row["group"]["gender"]: row["count"] for row in told["stages"]["proposal"]["groups"]}
    assert sizes["diverse"] is None
    assert None in {sizes["female"], sizes["male"]}, "or the sum would tell"
    found = checked(few_others, file.content)
    assert found.pop("counts") is None
    assert all(found.values())
    drain(few_others)
    with few_others.look(cleo) as work:
        taken = ledger.entries(work, kind=EntryKind.ACCESS_READ).entries[0]
    assert taken.data["what"] == "report.published"

    before, after = b'"verdict":"breach"', b'"verdict":"pass"'
    assert before in file.content
    assert checked(few_others, file.content.replace(before, after, 1))["figures"] is False


def test_what_is_published_is_found_wrong_where_its_report_is_not_and_unknown_where_it_is_gone(
    measured, cleo
):
    made = making.make(measured, cleo, POINT)
    out = files.drawn(
        publishing.published(made, measured.keyring, measured.origin, 5), files.Form.JSON, "en"
    )
    with measured.database.write() as session:
        session.execute(sa.delete(ReportRow))
    found = checked(measured, out.content)
    assert (found["signature"], found["log"], found["figures"]) == (True, True, None)


def test_a_publication_takes_a_number_of_people_and_no_pdf(measured, cleo):
    made = making.make(measured, cleo, POINT)
    for form, wrong, told in (("html", 0, "from 1 to 1000"), ("pdf", 5, "html or json")):
        with pytest.raises(InvalidInput, match=told), measured.work(cleo) as work:
            files.file_of(work, made.view.id, files.Form(form), "en", hide_below=wrong)


def test_the_command_writes_what_is_for_publication(few_others, tmp_path):
    out = tmp_path / "public.html"
    arguments = ("fairness", "--point", POINT, "--hide-below", "5", "--out", str(out))
    ran = run(few_others, *arguments, "--format", "html")
    assert ran.exit_code == 0, ran.output
    assert "fewer than 5" in out.read_text()
    assert run(few_others, "verify", str(out)).exit_code == 0
    assert run(few_others, *arguments, "--format", "csv").exit_code == 2


def test_the_command_prints_figures_of_a_stage_and_a_table(measured: Answerable):
    printed = run(measured, "fairness", "--point", POINT, "--by", "gender", "--stage", "proposal")
    assert json.loads(printed.stdout)["stages"].keys() == {"proposal"}
    assert run(measured, "fairness", "--point", POINT, "--stage", "x").exit_code == 2
    table = run(measured, "fairness", "--point", POINT, "--by", "gender", "--format", "csv").stdout
    assert "proposal,gender=female,selection_rate,0.2," in table
    assert tables.plain("=1+1") == "'=1+1"
    assert run(measured, "risk-coverage", "--point", POINT).exit_code == 0
    assert run(measured, "reconcile").exit_code == 0


def test_other_thresholds_are_put_side_by_side_and_the_policy_with_one_is_handed_out(
    measured, cleo
):
    with measured.look(cleo) as work:
        found = whatif.thresholds(work, POINT, by=["gender"], threshold=0.9)
        text = whatif.policy_with(work, POINT, 0.9)
        with pytest.raises(InvalidInput):
            whatif.policy_with(work, POINT, 1.5)
    assert (found["current"], found["decisions"]) == (0.8, 200)
    changed = document.load(text)
    assert changed.review.confidence_below == 0.9
    assert changed.rules == document.load(MEASURED).rules


def test_a_point_without_groups_is_not_measured_and_never_passes(answerable, cleo):
    shop = app(answerable)
    decisions.ask(answerable, shop, Asked(request=asking(subject={"ref": "c"})))
    folding.fold(answerable)
    made = making.make(answerable, cleo, POINT)
    assert made.document["verdict"] == "not_measured"
    told = files.told(made.document, "de")
    assert told.tone == "bad"


def test_an_empty_window_makes_a_report_that_says_so(measured: Answerable, cleo, tmp_path: Path):
    made = making.make(measured, cleo, POINT, since="2020-01-01", until="2020-01-31")
    assert made.document["stages"]["proposal"]["decisions"] == 0
    assert made.document["verdict"] in {"not_measured", "not_estimable", "not_enough_evidence"}
    for form in (files.Form.JSON, files.Form.HTML):
        assert files.drawn(made, form, "en").content
