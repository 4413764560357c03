"""Signed reports: being made, made, taken along as a file, and checked when somebody brings one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response, request, url_for

from audits.fairness.presets import PRESETS
from audits.log.entries import EntryKind
from audits.reports.words import numbers
from governance.clock import is_id
from governance.errors import AnswerableError, FieldProblem, InvalidInput, NotFound
from governance.ledger import reading as ledger
from governance.ledger.reading import EntryView
from governance.permissions import Permission
from governance.reporting import checking, files, making, publishing
from governance.reporting.checking import Finding, Step
from governance.reporting.files import Form as FileForm
from governance.reporting.making import MadeReport, ReportView
from governance.work import Work
from web import authentication, uploads
from web.console import forms
from web.console.fairness import crossed, verdict_of
from web.console.links import linked
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, now
from web.console.views.fairness import (
    CheckedStep,
    Download,
    Drawing,
    MadePage,
    MadeRow,
    Remark,
    VerifyPage,
)
from web.downloads import attachment
from web.security import requires

#: A report's file holds its counts and its pictures, and is larger than what else is sent here.
_LARGEST_FILE: Final = 25_000_000
#: Seconds until a page that waits for something looks again, and until it says that this is long.
_LOOK_AGAIN: Final = 2
_LATE: Final = timedelta(seconds=45)
_SHORT: Final = 12
_NAMES: Final = {"en": "English", "de": "Deutsch"}


@blueprint.get("/reports/made/<report_id>")
@requires(Permission.REPORTS_READ)
def made_report(report_id: str) -> Response:
    """Show a signed report, or that it is being made."""
    answerable = authentication.installation()
    # A PDF that is waited for is asked for again where it failed, which writes.
    opened = answerable.work if request.args.get("pdf") else answerable.look
    with opened(authentication.actor()) as work:
        try:
            made = making.made(work, report_id)
        except NotFound:
            if not (is_id(report_id) and making.is_asked(work, report_id)):
                raise
            return _waits(render("report_made", _being_made(report_id), current="reports"))
        page = _made(work, made, _drawing(work, made))
    response = render("report_made", page, current="reports")
    waits = page.drawing is not None and not (page.drawing.ready or page.drawing.problem)
    return _waits(response) if waits else response


@blueprint.get("/reports/made/<report_id>/file")
@requires(Permission.REPORTS_READ)
def report_file(report_id: str) -> Response:
    """Hand a signed report over as a file; a PDF that is not drawn yet is waited for on the report's page."""
    form, spoken = request.args.get("form", ""), request.args.get("lang", "en")
    hide_below = publishing.HIDE_BELOW if "published" in request.args else None
    if form not in set(FileForm) or spoken not in files.LANGUAGES:
        raise NotFound("There is no such form of a report.")
    with authentication.installation().work(authentication.actor()) as work:
        file = files.file_of(work, report_id, FileForm(form), spoken, hide_below=hide_below)
    if isinstance(file, files.Pending):
        if file.problem:
            tell("warn", _no_pdf(), file.problem)
            return go("made_report", report_id=report_id)
        return go("made_report", report_id=report_id, pdf=spoken)
    return attachment(file.content, file.content_type, file.name)


@blueprint.get("/reports/verify")
@requires(Permission.REPORTS_READ)
def verify_report() -> Response:
    """Ask for a report's file."""
    return render("report_verify", VerifyPage(), current="reports")


@blueprint.post("/reports/verify")
@requires(Permission.REPORTS_READ)
def check_report() -> Response:
    """Check a report's file, step by step."""
    name, pieces = uploads.pieces_of("file")
    try:
        if not name:
            raise _misfit(_("Choose a file."))
        with authentication.installation().look(authentication.actor()) as work:
            checked = _checked(work, b"".join(pieces))
            known = _known(work, checked.report_id)
    except InvalidInput as error:
        page = VerifyPage(form=forms.told_again(error))
        return render("report_verify", page, current="reports", status=422)
    page = VerifyPage(
        file=name[-120:],
        ok=checked.ok,
        digest=checked.digest,
        report_href=known,
        steps=tuple(_step(finding, published=checked.published) for finding in checked.findings),
    )
    return render("report_verify", page, current="reports")


@blueprint.url_value_preprocessor
def _take_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let whoever may read reports bring one, before anything reads the form."""
    if endpoint == "console.check_report":
        with suppress(AnswerableError):
            authentication.actor().require(Permission.REPORTS_READ)
            uploads.expect(_LARGEST_FILE)


# ------------------------------------------------------------------------------------- in a list


def row(work: Work, one: ReportView) -> MadeRow:
    """Show a signed report in a list."""
    live = work.configuration.live.get(one.point)
    return MadeRow(
        href=url_for("console.made_report", report_id=one.id),
        title=one.point if live is None else live.policy.title.in_(language()),
        window=_days(one.since, one.until),
        verdict=verdict_of(one.verdict),
        made=moment(one.made_at),
        by=one.made_by_name,
        digest=one.digest.removeprefix("sha256:")[:_SHORT],
    )


def _days(since: str, until: str) -> str:
    first, last = (numbers.date(day, language()) for day in (since, until))
    return _("%(first)s to %(last)s", first=first, last=last)


# ---------------------------------------------------------------------------------------- made


def _being_made(report_id: str) -> MadePage:
    # An id tells when it was made (RFC 9562, section 5.7).
    asked = datetime.fromtimestamp(int(report_id.replace("-", "")[:12], 16) / 1000, UTC)
    return MadePage(
        id=report_id,
        title=_("A report is being made"),
        asked=moment(asked),
        late=now() - asked > _LATE,
    )


def _waits(response: Response) -> Response:
    """Let the browser look again by itself, also without scripts; an address with a fragment would not be loaded again."""
    response.headers["Refresh"] = f"{_LOOK_AGAIN}; url={request.full_path.rstrip('?')}"
    return response


def _made(work: Work, made: MadeReport, drawing: Drawing | None) -> MadePage:
    view, report = made.view, made.document
    told = files.told(report, language())
    entry = _entry(work, view)
    return MadePage(
        id=view.id,
        title=told.title,
        verdict=verdict_of(told.verdict),
        document=told,
        facts=tuple(_facts(made)),
        digest=view.digest,
        note=made.note,
        signed_by=str(report.get("signed_by", "")),
        entry_href="" if entry is None else url_for("console.log_entry", entry_id=entry.id),
        entry_index=None if entry is None or entry.place is None else entry.place.index,
        cross_check=_cross_check(report.get("cross_check")),
        downloads=tuple(_downloads(view.id)),
        drawing=drawing,
        open=request.args.get("open") == "all",
        now_href=linked(
            "fairness",
            point=view.point,
            since=view.since,
            until=view.until,
            by=list(view.by),
            preset=view.preset,
        )
        if view.point in work.configuration.live
        else "",
    )


def _facts(made: MadeReport) -> Iterator[tuple[str, str]]:
    view, report = made.view, made.document
    yield _("Days"), _days(view.since, view.until)
    yield _("Groups by"), ", ".join(crossed(item) for item in view.by)
    if view.preset is not None and view.preset in PRESETS:
        yield _("Measured by"), PRESETS[view.preset].title[language()]
    at = moment(view.made_at).text
    yield _("Who and when"), _("%(when)s, by %(name)s", when=at, name=view.made_by_name)
    measured = report.get("measured_by") or {}
    if measured.get("policy_version"):
        version = _("version %(n)s", n=measured["policy_version"])
        yield _("Measured by the policy"), version
    if report.get("software"):
        yield _("Software"), str(report["software"])


def _cross_check(found: Mapping[str, Any] | None) -> Remark:
    """Say what another program came to with the same counts."""
    if found is None:
        text = _("No other program checked the figures: fairlearn is not installed here.")
        return Remark(tone="info", text=text, detail="pip install 'answerable[analysis]'")
    name = found["by"]
    if found.get("failed"):
        text = _("%(name)s could not check the figures.", name=name)
        return Remark(tone="warn", text=text, detail=str(found["failed"]))
    if not found["figures"]:
        text = _("There was no figure for %(name)s to check.", name=name)
        return Remark(tone="info", text=text)
    n = numbers.count(int(found["figures"]), language())
    if found["differing"]:
        text = _("%(name)s came to something else for some of %(n)s figures.", name=name, n=n)
        return Remark(tone="bad", text=text, detail="; ".join(map(str, found["differing"][:5])))
    text = _(
        "%(name)s computed %(n)s figures from the same counts and got the same.", name=name, n=n
    )
    return Remark(tone="good", text=text)


def _entry(work: Work, view: ReportView) -> EntryView | None:
    """Find the log's entry of a report; None for somebody who may not read the log, or while it waits for its place."""
    if not work.actor.may(Permission.LOG_READ):
        return None
    place = None
    while True:
        found = ledger.entries(work, kind=EntryKind.REPORT_MADE, before=place, limit=100)
        for entry in found.entries:
            if entry.refs.get("report") == view.id:
                return entry
        place = found.next_cursor
        if place is None or found.entries[-1].recorded_at < view.made_at:
            return None


def _downloads(report_id: str) -> Iterator[Download]:
    texts = {
        FileForm.HTML: ("HTML", _("one page to read, print and pass on, with everything in it")),
        FileForm.PDF: ("PDF", _("for the file; the report is attached to it")),
        FileForm.JSON: ("JSON", _("figures and counts for a program")),
    }
    for form, (name, text) in texts.items():
        spoken = ("en",) if form is FileForm.JSON else files.LANGUAGES
        links = tuple(
            (_NAMES[one] if len(spoken) > 1 else name, _file(report_id, form, one))
            for one in spoken
        )
        yield Download(name=name, text=text, links=links)
    yield Download(
        name=_("For publication"),
        text=_(
            "one page in which groups of fewer than %(n)s people are hidden, and all that would give them away",
            n=publishing.HIDE_BELOW,
        ),
        links=tuple(
            (_NAMES[one], _file(report_id, FileForm.HTML, one, published=1))
            for one in files.LANGUAGES
        ),
    )


def _file(report_id: str, form: FileForm, spoken: str, **more: Any) -> str:
    return url_for("console.report_file", report_id=report_id, form=form.value, lang=spoken, **more)


def _drawing(work: Work, made: MadeReport) -> Drawing | None:
    """Tell how far the PDF is that the reader waits for."""
    spoken = request.args.get("pdf", "")
    if spoken not in files.LANGUAGES:
        return None
    file = files.pdf_of(work, made, spoken)
    problem = file.problem or "" if isinstance(file, files.Pending) else ""
    return Drawing(
        language=_NAMES[spoken],
        href=_file(made.view.id, FileForm.PDF, spoken),
        ready=isinstance(file, files.Drawn),
        problem=problem,
    )


def _no_pdf() -> str:
    return _("The PDF could not be drawn. The HTML page says the same and prints well.")


# ------------------------------------------------------------------------------------- checking


def _checked(work: Work, content: bytes) -> checking.Checked:
    try:
        return checking.check(work, content)
    except InvalidInput as error:
        told = _(
            "This is no report of Answerable: it takes the JSON, HTML or PDF that was downloaded, unchanged."
        )
        raise _misfit(told) from error


def _misfit(detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer="/file", detail=detail)])


def _known(work: Work, report_id: str) -> str:
    with suppress(NotFound):
        return url_for("console.made_report", report_id=making.made(work, report_id).view.id)
    return ""


def _step(finding: Finding, *, published: bool) -> CheckedStep:
    titles = {
        Step.SIGNATURE: _("Is it signed, and unchanged since?"),
        Step.LOG: _("Does the log know it?"),
        Step.FIGURES: _("Does every figure follow from its counts?"),
        Step.PAGE: _("Does the page show what is signed?"),
        Step.COUNTS: _("Are the counts the same today?"),
    }
    told = {
        (Step.SIGNATURE, True): _(
            "Yes: this business signed it, and not a letter was changed since."
        ),
        (Step.SIGNATURE, False): _(
            "No: this business did not sign this file as it is. Somebody changed it, or it comes from elsewhere."
        ),
        (Step.LOG, True): _("Yes: the log names exactly this report."),
        (Step.LOG, False): _("No: the log names no such report."),
        (Step.FIGURES, True): _(
            "Yes: all were computed again from the counts in the file, and are the same."
        ),
        (Step.FIGURES, None): _("Not compared: the report that it was made from is not kept here."),
        (Step.FIGURES, False): _("No: some figures are not what the counts in the file give."),
        (Step.PAGE, True): _("Yes: drawn anew, it is the same to the letter."),
        (Step.PAGE, False): _("No: somebody changed what the page shows. Do not rely on it."),
        (Step.PAGE, None): _("Not compared. What counts is the report inside the file."),
        (Step.COUNTS, True): _("Yes: the same days still have the same counts."),
        (Step.COUNTS, None): _(
            "Not to be told, or more is known today. That is no fault of the report."
        ),
    }
    if published:
        told[Step.LOG, True] = _("Yes: the log names the signed report that it was made from.")
        told[Step.FIGURES, True] = _(
            "Yes: they are those of the signed report, without what tells of a handful of people."
        )
        told[Step.FIGURES, False] = _("No: they are not those of the signed report.")
    states = {True: "ok", False: "wrong", None: "unknown"}
    # Who signed, and where the log has it, is worth knowing also where all is well.
    more = finding.ok is not True or finding.step in {Step.SIGNATURE, Step.LOG}
    return CheckedStep(
        title=titles[finding.step],
        state=states[finding.ok],
        text=told.get((finding.step, finding.ok), ""),
        detail=finding.told if more else "",
    )
