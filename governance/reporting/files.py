"""A report as a file: its JSON, one HTML page that needs nothing else, or PDF; and what a file that comes back holds.

The PDF is drawn by a process of its own, asked for in the background where a page wants it, and kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import orjson

from audits import pdf
from audits.log.entries import EntryKind
from audits.reports import page
from audits.reports.document import Document, document
from governance.actors import service
from governance.errors import FieldProblem, InvalidInput, Unavailable
from governance.jobs import queue as jobs
from governance.reporting import making, publishing, signing
from governance.reporting.making import MadeReport
from governance.reporting.models import ReportFile
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

LANGUAGES: Final = ("en", "de")
_DRAW: Final = "report.pdf"
_SECONDS: Final = 120
_MISSING: Final = {
    pdf.NOT_INSTALLED: "PDF needs WeasyPrint: install answerable[analysis]. The HTML page says the same and prints well.",
    pdf.NO_PANGO: "PDF needs the system's Pango: on Debian, apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. "
    "The HTML page says the same and prints well.",
}


class Form(StrEnum):
    """In which form a report leaves."""

    JSON = "json"
    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A report's file."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A PDF that is being drawn; ``problem`` says why it could not be, where that is so."""

    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a file holds: the report, and the note that signs it, if there is one.

    ``shown`` is the page around it, empty where it cannot be read as text (a PDF), None where nothing is shown (JSON).
    """

    document: Mapping[str, Any]
    note: str | None
    shown: str | None = None


def file_of(
    work: Work, report_id: str, form: Form, language: str, *, hide_below: int | None = None
) -> Drawn | Pending:
    """Return a signed report's file, or how far its PDF is; the log says that it was taken.

    With ``hide_below`` it is the one for publication, where groups of fewer people are hidden.

    Raises:
        NotAllowed, NotFound: the actor may not read reports; there is no such report.
        InvalidInput: the number is none, or a PDF is wanted for publication.
    """
    made = making.made(work, report_id)
    if hide_below is not None:
        if form is Form.PDF:
            detail = "What is for publication comes as html or json; the page prints well."
            raise InvalidInput(detail, [FieldProblem(pointer="/form", detail=detail)])
        made = publishing.published(
            made, work.answerable.keyring, work.answerable.origin, hide_below
        )
    file = pdf_of(work, made, language) if form is Form.PDF else drawn(made, form, language)
    if isinstance(file, Drawn):
        _note_taking(work, made, form)
    return file


def pdf_of(work: Work, made: MadeReport, language: str) -> Drawn | Pending:
    """Return a signed report's PDF, or how far it is; it is drawn once somebody asks.

    A drawing that failed is told and forgotten: whoever mends what is missing asks again, and it is tried again.
    """
    row = work.session.get(ReportFile, (made.view.id, Form.PDF.value, language))
    if row is None:
        work.session.add(
            ReportFile(
                report_id=made.view.id,
                form=Form.PDF.value,
                language=language,
                status="asked",
                content=None,
                problem=None,
                asked_at=work.now,
            )
        )
        jobs.add(
            work,
            kind=_DRAW,
            unique_key=f"{_DRAW}:{made.view.id}:{language}:{work.new_id()}",
            payload={"report": made.view.id, "language": language},
        )
        return Pending()
    if row.content is not None:
        name = _name(made, Form.PDF, language)
        return Drawn(name=name, content_type="application/pdf", content=row.content)
    if row.status == "failed":
        work.session.delete(row)
        return Pending(problem=row.problem or "The PDF could not be drawn.")
    return Pending()


def _note_taking(work: Work, made: MadeReport, form: Form) -> None:
    """Say in the log that somebody takes a report along, which holds counts by group."""
    work.record(
        EntryKind.ACCESS_READ,
        refs={"report": made.view.id},
        data={
            "what": "report.file" if made.hides_below is None else "report.published",
            "form": form.value,
            "point": made.view.point,
        },
    )


def drawn(made: MadeReport, form: Form, language: str) -> Drawn:
    """Draw a report's file here and now.

    Raises:
        Unavailable: PDFs cannot be drawn here, and what to do about it.
    """
    name = _name(made, form, language)
    if form is Form.JSON:
        content = orjson.dumps(
            {"report": made.document, "note": made.note}, option=orjson.OPT_SORT_KEYS
        )
        return Drawn(name=name, content_type="application/json", content=content)
    html = _page(made.document, made.text, made.note, language)
    if form is Form.HTML:
        return Drawn(name=name, content_type="text/html; charset=utf-8", content=html.encode())
    attached = orjson.dumps({"report": made.document, "note": made.note}).decode()
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "audits.pdf"],
        input=json.dumps({"html": html, "report": attached}).encode(),
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if ran.returncode != 0:
        raise Unavailable(_MISSING.get(ran.returncode, "The PDF could not be drawn."))
    return Drawn(name=name, content_type="application/pdf", content=ran.stdout)


def told(report: Mapping[str, Any], language: str) -> Document:
    """Return a report as a document to be read, in a language that we speak."""
    titles = report.get("title") or {}
    spoken = language if language in LANGUAGES else "en"
    return document(
        report,
        language=spoken,
        title=titles.get(spoken) or titles.get("en") or report["decision_point"],
    )


def drawings(found: Brought) -> Iterator[str]:
    """Yield the pages that this software draws of a report, in each language."""
    text = signing.canonical(found.document)
    for language in LANGUAGES:
        yield _page(found.document, text, found.note, language)


def _page(report: Mapping[str, Any], text: str, note: str | None, language: str) -> str:
    return page.html(told(report, language), report_json=text, signature=note)


def run(answerable: Answerable, by: str) -> int:
    """Draw the PDFs that were asked for; return how many."""
    taken = jobs.take(answerable, by, kind=_DRAW, limit=2)
    for job in taken:
        key = (job.payload["report"], Form.PDF.value, job.payload["language"])
        with answerable.look(service("reports")) as work:
            made = making.made(work, key[0])
        content, problem = None, None
        try:
            content = drawn(made, Form.PDF, key[2]).content
        except (Unavailable, subprocess.TimeoutExpired) as error:
            problem = getattr(error, "detail", "The PDF took too long to draw.")
        with answerable.database.write() as session:
            row = session.get(ReportFile, key)
            if row is not None:
                row.content, row.problem = content, problem
                row.status = "failed" if content is None else "made"
        jobs.done(answerable, [job])
    return len(taken)


def brought(content: bytes) -> Brought:
    """Return what a report's file holds, whichever form it has.

    Raises:
        InvalidInput: it is none of a report's forms.
    """
    try:
        if content.startswith(b"%PDF"):
            return replace(_whole(orjson.loads(_from_pdf(content))), shown="")
        text = content.decode()
        if text.lstrip().startswith("{"):
            return _whole(orjson.loads(text))
        report, note = page.extract(text)
        return replace(_checked(orjson.loads(report), note), shown=text)
    except (UnicodeDecodeError, orjson.JSONDecodeError, ValueError) as error:
        raise InvalidInput(
            f"This is no report of Answerable in JSON, HTML or PDF ({error})."
        ) from error


def _from_pdf(content: bytes) -> str:
    try:
        return pdf.read(content)
    except ImportError:
        raise InvalidInput(
            "Reading a PDF needs pypdf: install answerable[analysis], or check the HTML or JSON form."
        ) from None


def _whole(given: Any) -> Brought:
    if not isinstance(given, dict) or "report" not in given:
        raise ValueError("it has no member report")
    note = given.get("note")
    return _checked(given["report"], note if isinstance(note, str) else None)


def _checked(report: Any, note: str | None) -> Brought:
    if not isinstance(report, dict) or "stages" not in report or "decision_point" not in report:
        raise ValueError("it does not say what a report says")
    return Brought(document=report, note=note)


def _name(made: MadeReport, form: Form, language: str) -> str:
    view = made.view
    suffix = "" if form is Form.JSON else f"-{language}"
    kind = "fairness" if made.hides_below is None else "fairness-published"
    return f"{kind}-{view.point}-{view.since}-{view.until}-{view.id[-6:]}{suffix}.{form.value}"
