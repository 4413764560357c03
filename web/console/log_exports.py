"""The page on which an auditor asks for an export of the log, and takes it when it is made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from flask import Response, url_for

from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.permissions import Permission
from governance.reporting import log_exports as service
from governance.reporting.log_exports import LogExportView
from web import authentication
from web.console import forms, telling
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.times import day_begins, in_zone, moment
from web.console.views.shell import Form
from web.console.views.trust import ExportRow, ExportsPage
from web.downloads import attachment
from web.security import requires

#: Seconds after which the page looks again by itself while an export is being made.
_LOOK_AGAIN: Final = 5


@blueprint.get("/log/exports")
@requires(Permission.LOG_READ)
def log_exports() -> Response:
    """Show the exports that are kept, and ask for one."""
    return _shown(Form())


@blueprint.post("/log/exports")
@requires(Permission.LOG_READ)
def ask_log_export() -> Response:
    """Have an export made."""
    since, until = _day("since"), _day("until", after=1)
    wrong = {
        name: _("Give a date like 2027-03-01.")
        for name, read in (("since", since), ("until", until))
        if forms.text(name) and read is None
    }
    if wrong:
        return _shown(Form(values=forms.typed(), errors=wrong), 422)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.ask(work, since=since, until=until)
    except (InvalidInput, Conflict) as error:
        return _shown(Form(values=forms.typed(), error=_refused(error)), 422)
    tell("good", _("The export is being made. This page shows it when it is done."))
    return go("log_exports")


@blueprint.post("/log/exports/<export_id>/file")
@requires(Permission.LOG_READ)
def take_log_export(export_id: str) -> Response:
    """Hand an export over as a zip file; the log keeps that it was taken."""
    with authentication.installation().work(authentication.actor()) as work:
        file = service.file_of(work, export_id)
    return attachment(file.pieces, "application/zip", file.name)


def _day(name: str, *, after: int = 0) -> datetime | None:
    said = forms.text(name)
    return day_begins(said, after=after) if said else None


def _refused(error: AnswerableError) -> str:
    if isinstance(error, Conflict):
        return _("Enough exports are being made already. Ask again when one is done.")
    return _("The last day is before the first one.")


def _shown(form: Form, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        found = service.exports(work)
    page = ExportsPage(rows=tuple(_rows(found)), days=service.KEPT.days, form=form)
    response = render("log_exports", page, current="log", status=status)
    if any(one.status == "asked" for one in found) and not (form.errors or form.error):
        response.headers["Refresh"] = f"{_LOOK_AGAIN}; url={url_for('console.log_exports')}"
    return response


def _rows(found: list[LogExportView]) -> Iterator[ExportRow]:
    for one in found:
        yield ExportRow(
            id=one.id,
            at=moment(one.asked_at),
            by=one.asked_by_name,
            period=_period(one),
            status=one.status,
            problem=one.problem or "",
            size="" if one.size is None else telling.file_size(one.size),
            entries=one.entries,
            log_size=one.log_size,
        )


def _period(one: LogExportView) -> str:
    since = "" if one.since is None else f"{in_zone(one.since):%Y-%m-%d}"
    until = (
        "" if one.until is None else f"{in_zone(one.until) - timedelta(microseconds=1):%Y-%m-%d}"
    )
    if since and until:
        return _("%(first)s to %(last)s", first=since, last=until)
    if since:
        return _("from %(day)s", day=since)
    if until:
        return _("until %(day)s", day=until)
    return _("everything")
