"""The auditor's home: what needs looking at, what changed since one was last here, the decision points, the log, the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from flask import Response

from audits.reports.words import numbers
from governance.holds import service as holds
from governance.ledger import reading
from governance.monitors import service as monitors
from governance.monitors.service import IncidentView
from governance.operations import verification
from governance.operations.verification import LastReport
from governance.permissions import Permission
from governance.reporting import home as service
from governance.reporting import making
from governance.reporting.home import Change, ChangeKind, Home, Mark, PointRisk, Sign
from governance.reporting.making import ReportView
from governance.work import Work
from web import authentication
from web.console import monitor_words
from web.console.links import linked
from web.console.requests import point_title
from web.console.shell import blueprint, policy_address, render
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import moment, today
from web.console.views.audit import (
    Attention,
    ChangeRow,
    Chip,
    HomePage,
    LogFacts,
    ReportRowView,
    RiskRow,
)
from web.console.views.trust import VerifyView
from web.security import requires

#: A check of the log that is older than this is worth a word.
_OLD_CHECK: Final = timedelta(days=7)
_REPORTS: Final = 5


@blueprint.get("/home")
@requires(Permission.REPORTS_READ)
def home() -> Response:
    """Show what needs looking at, and what changed since the person was last here."""
    return show()


def show() -> Response:
    """Draw the home of the person who asks, and keep that they were here."""
    answerable, actor = authentication.installation(), authentication.actor()
    with answerable.look(actor) as work:
        mark = service.mark(work)
        page = _page(work, mark, service.home(work, mark.since))
    if mark.moves:
        with answerable.work(actor) as work:
            service.visit(work)
    return render("home", page, current="home")


def _page(work: Work, mark: Mark, found: Home) -> HomePage:
    actor = work.actor
    reads_log = actor.may(Permission.LOG_READ)
    checked = verification.last(work) if reads_log else None
    late = checked is None or work.now - checked.finished_at > _OLD_CHECK
    incidents = {one.id: one for one in monitors.incidents(work, status="open")}
    log = None
    if reads_log:
        log = LogFacts(entries=reading.state(work).size, verify=_verify(work, checked), late=late)
    return HomePage(
        today=today(),
        since=moment(mark.since),
        first=mark.first,
        attention=tuple(
            sorted(_attention(work, found, incidents, log), key=lambda one: one.tone != "bad")
        ),
        points=tuple(_risk(work, one) for one in found.points),
        changes=tuple(_changes(work, found, checked)),
        reports=tuple(_report(work, one) for one in making.list_made(work, limit=_REPORTS)),
        decisions=found.decisions,
        days=service.DAYS,
        decisions_href=linked("ledger", since=f"{mark.since:%Y-%m-%d}"),
        log=log,
    )


def _verify(work: Work, checked: LastReport | None) -> VerifyView:
    running = verification.is_running(work)
    if checked is None:
        return VerifyView(running=running)
    return VerifyView(
        ok=checked.exit_code == 0,
        at=moment(checked.finished_at),
        entries=checked.entries,
        decisions=checked.decisions,
        tampered=checked.tampered,
        incomplete=checked.incomplete,
        running=running,
    )


# --------------------------------------------------------------------------- what needs looking at


def _attention(
    work: Work, found: Home, incidents: Mapping[str, IncidentView], log: LogFacts | None
) -> Iterator[Attention]:
    for view in incidents.values():
        yield _of_incident(work, view)
    for point in found.points:
        yield from _of_point(work, point)
    told = {view.hold_id for view in incidents.values()}
    for hold in holds.in_force(work):
        if hold.id in told:
            continue
        title = point_title(work, hold.point) if hold.point else _("All decision points")
        yield Attention(
            tone="warn",
            text=_("%(point)s: people only.", point=title),
            href=linked("hold"),
            link=_("Look at the hold"),
        )
    if log is not None:
        yield from _of_log(log)
    corrected = [one for one in found.changes if one.kind is ChangeKind.COUNTS_CORRECTED]
    if corrected:
        yield Attention(
            tone="warn",
            text=_(
                "Counts by group differed from the decisions they are made of, and were made anew."
            ),
            href=linked("log", kind="counts.corrected"),
            link=_("Read the log's entries"),
            since=moment(corrected[0].at),
        )


def _of_incident(work: Work, view: IncidentView) -> Attention:
    live = work.configuration.live.get(view.point)
    said = monitor_words.incident_title(None if live is None else live.policy, view)
    return Attention(
        tone="bad" if view.level == "violation" else "warn",
        text=_("%(point)s: %(what)s.", point=point_title(work, view.point), what=said),
        todo=_("People alone decide there since.") if view.held else "",
        href=linked("incident", incident_id=view.id),
        link=_("Open the incident"),
        since=moment(view.opened_at),
    )


def _of_point(work: Work, point: PointRisk) -> Iterator[Attention]:
    title = point_title(work, point.name)
    if Sign.BREACH in point.signs and point.report is not None:
        yield Attention(
            tone="bad",
            text=_(
                "%(point)s: the newest report found a difference beyond what is tolerated.",
                point=title,
            ),
            href=linked("made_report", report_id=point.report.id),
            link=_("Read the report"),
            since=moment(point.report.made_at),
        )
    if Sign.NOT_MEASURED in point.signs:
        todo, href, link = _todo(point)
        yield Attention(
            tone="bad",
            text=_("%(point)s is not measured: nobody can say whether it is fair.", point=title),
            todo=todo,
            href=href,
            link=link,
        )


def _of_log(log: LogFacts) -> Iterator[Attention]:
    verify = log.verify
    if verify.ok is None and not verify.running:
        yield Attention(
            tone="warn",
            text=_("The log was not checked from here yet."),
            href=linked("log"),
            link=_("Check it"),
        )
    elif verify.tampered:
        yield Attention(
            tone="bad",
            text=ngettext(
                "The check of the log found %(num)s problem.",
                "The check of the log found %(num)s problems.",
                verify.tampered,
            ),
            href=linked("log"),
            link=_("See what differs"),
            since=verify.at,
        )
    elif verify.incomplete:
        yield Attention(
            tone="warn",
            text=ngettext(
                "%(num)s thing in the log could not be checked.",
                "%(num)s things in the log could not be checked.",
                verify.incomplete,
            ),
            href=linked("log"),
            link=_("See what"),
            since=verify.at,
        )
    elif log.late and not verify.running:
        yield Attention(
            tone="warn",
            text=_("The log was not checked for a week or more."),
            href=linked("log"),
            link=_("Check it"),
            since=verify.at,
        )


def _todo(point: PointRisk) -> tuple[str, str, str]:
    """Say what to do where nothing is measured, and where."""
    if not point.attributes:
        return (
            _("Name the group attributes in the policy, under groups."),
            linked("draft", point=point.name),
            _("Draft the policy"),
        )
    return (
        _("Let the app send them with each decision, or upload them later."),
        linked("imports"),
        _("Upload a file"),
    )


# ----------------------------------------------------------------------------- points by risk


def _risk(work: Work, point: PointRisk) -> RiskRow:
    live = work.configuration.live[point.name]
    todo = ("", "", "")
    if Sign.NOT_MEASURED in point.signs or Sign.GROUPS_MISSING in point.signs:
        todo = _todo(point)
    return RiskRow(
        title=live.policy.title.in_(language()),
        kind=live.policy.kind.value,
        chips=tuple(_chip(point, sign) for sign in point.signs) or (_passed(point),),
        decisions=point.decisions,
        alone=_share(point.automated, point.decisions),
        unknown=_share(point.without_groups, point.decisions),
        href=linked("fairness", point=point.name) or policy_address(point.name, live.version),
        todo=todo[0],
        todo_href=todo[1],
        todo_link=todo[2],
    )


def _share(part: int, whole: int) -> str:
    if not whole:
        return ""
    return f"{numbers.trimmed(part / whole * 100, language(), 1)}{numbers.NO_BREAK}%"


def _chip(point: PointRisk, sign: Sign) -> Chip:
    incident = (
        "" if point.incident_id is None else linked("incident", incident_id=point.incident_id)
    )
    report = "" if point.report is None else linked("made_report", report_id=point.report.id)
    return {
        Sign.VIOLATION: Chip(
            text=_("monitor: violation"), tone="bad", drawing="alert", href=incident
        ),
        Sign.BREACH: Chip(text=_("report: breach"), tone="bad", drawing="alert", href=report),
        Sign.WATCH: Chip(text=_("monitor: watch"), tone="warn", drawing="eye", href=incident),
        Sign.DOUBTED: Chip(text=_("people doubt it"), tone="warn", drawing="people", href=incident),
        Sign.NOT_MEASURED: Chip(text=_("not measured"), tone="bad", drawing="cross"),
        Sign.GROUPS_MISSING: Chip(text=_("many groups unknown"), tone="warn", drawing="info"),
        Sign.HELD: Chip(text=_("people only"), tone="warn", drawing="hand", href=linked("hold")),
        Sign.UNSETTLED: Chip(
            text=_("report: not enough evidence"), tone="warn", drawing="clock", href=report
        ),
        Sign.NO_REPORT: Chip(text=_("no signed report yet"), drawing="minus"),
    }[sign]


def _passed(point: PointRisk) -> Chip:
    href = "" if point.report is None else linked("made_report", report_id=point.report.id)
    return Chip(text=_("report: pass"), tone="good", drawing="check-circle", href=href)


# ------------------------------------------------------------------------------- what changed


def _changes(work: Work, found: Home, checked: LastReport | None) -> Iterator[ChangeRow]:
    """Yield what was done, the newest first, the check of the log among it."""
    rows = [(one.at, _change(work, one)) for one in found.changes]
    if checked is not None and checked.finished_at >= found.since:
        rows.append(
            (
                checked.finished_at,
                ChangeRow(
                    drawing="check-circle" if checked.exit_code == 0 else "alert",
                    tone="good" if checked.exit_code == 0 else "bad",
                    text=_("The log was checked: every entry holds")
                    if checked.exit_code == 0
                    else _("The log was checked: not all holds"),
                    at=moment(checked.finished_at),
                    href=linked("log"),
                ),
            )
        )
    yield from (row for _at, row in sorted(rows, key=lambda one: one[0], reverse=True))


def _change(work: Work, change: Change) -> ChangeRow:
    title = _("All decision points") if change.point is None else point_title(work, change.point)
    told = _told(change, title)
    return ChangeRow(
        drawing=told[0],
        tone=told[1],
        text=told[2],
        href=told[3],
        at=moment(change.at),
        by="" if change.by.startswith("service:") else change.by,
    )


def _told(change: Change, title: str) -> tuple[str, str, str, str]:
    """Return drawing, tone, sentence and address of a change."""
    slots: dict[str, Any] = {"point": title, "n": change.number}
    incident = linked("incident", incident_id=change.id)
    bad = "bad" if change.word == "violation" else "warn"
    return {
        ChangeKind.POLICY_PUBLISHED: lambda: (
            "policies",
            "info",
            _("%(point)s: policy version %(n)s was published", **slots),
            policy_address(str(change.point), change.number),
        ),
        ChangeKind.HOLD_SET: lambda: (
            "hand",
            "warn",
            _("%(point)s: put on hold", **slots),
            linked("hold"),
        ),
        ChangeKind.HOLD_LIFTED: lambda: (
            "play",
            "good",
            _("%(point)s: the hold was lifted", **slots),
            linked("hold"),
        ),
        ChangeKind.INCIDENT_OPENED: lambda: (
            "alert",
            bad,
            _("%(point)s: a monitor raised an alarm", **slots),
            incident,
        ),
        ChangeKind.INCIDENT_CLOSED: lambda: (
            "check-circle",
            "good",
            _("%(point)s: an incident was closed", **slots),
            incident,
        ),
        ChangeKind.REPORT_MADE: lambda: (
            "scale",
            "info",
            _("%(point)s: a report was made", **slots),
            linked("made_report", report_id=change.id),
        ),
        ChangeKind.IMPORT_FINISHED: lambda: (
            "upload",
            "info",
            _("%(point)s: a file was imported, %(n)s lines of it", **slots),
            linked("imports"),
        ),
        ChangeKind.COUNTS_CORRECTED: lambda: (
            "alert",
            "warn",
            _("%(n)s counts by group were corrected", **slots),
            linked("log", kind="counts.corrected"),
        ),
    }[change.kind]()


def _report(work: Work, view: ReportView) -> ReportRowView:
    return ReportRowView(
        title=point_title(work, view.point),
        window=_("%(first)s to %(last)s", first=_day(view.since), last=_day(view.until)),
        verdict=verdict_chip(view.verdict),
        made=moment(view.made_at),
        by=view.made_by_name,
        href=linked("made_report", report_id=view.id),
    )


def _day(text: str) -> str:
    return numbers.date(text, language())


def verdict_chip(verdict: str) -> Chip:
    """Name a report's verdict."""
    return {
        "pass": Chip(text=_("pass"), tone="good", drawing="check-circle"),
        "breach": Chip(text=_("breach"), tone="bad", drawing="alert"),
        "not_enough_evidence": Chip(text=_("not enough evidence"), tone="warn", drawing="clock"),
        "not_measured": Chip(text=_("not measured"), tone="bad", drawing="cross"),
    }.get(verdict, Chip(text=_("cannot be told"), drawing="minus"))
