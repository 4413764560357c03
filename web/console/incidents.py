"""Monitors and incidents: what stands watch, what it found, and the way from an alarm to going on."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Final

from flask import Response, request, url_for

from audits.fairness.sequential import Point
from audits.reports.charts.figure import Figure
from governance.errors import AnswerableError, Conflict, InvalidInput, NotFound
from governance.holds import service as holds
from governance.ledger import reading
from governance.monitors import service
from governance.monitors.models import DOUBT
from governance.monitors.service import IncidentView, MonitorView, NoteView
from governance.monitors.watching import monitors_of
from governance.permissions import Permission
from governance.points import service as points
from governance.requests.service import LONGEST_REASON
from governance.work import Work
from policies.document import Policy
from web import authentication
from web.console import forms, monitor_charts, monitor_words
from web.console.links import linked
from web.console.requests import point_title
from web.console.shell import blueprint, go, policy_address, render, tell
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import moment, moment_or_none
from web.console.views.audit import (
    IncidentPage,
    IncidentRow,
    IncidentsPage,
    MonitorRowView,
    MonitorsPage,
    WatchedPoint,
)
from web.console.views.shell import Choice, Form
from web.console.views.work import StoryStep
from web.security import requires

_STATUSES: Final = ("open", "closed")
#: Above this evidence a spark line is cut off, so that the line of the alarm stays apart from the bottom.
_BEYOND: Final = 1.5
_SPARK_HEIGHT: Final = 24


@blueprint.get("/incidents")
@requires(Permission.INCIDENTS_READ)
def incidents() -> Response:
    """List what monitors found, open ones first, and the monitors of each decision point."""
    with authentication.installation().look(authentication.actor()) as work:
        listed = points.list_points(work)
        titles = {one.name: point_title(work, one.name) for one in listed}
        filters = {
            name: value
            for name, allowed in (("point", titles), ("status", _STATUSES))
            if (value := request.args.get(name, "")) in allowed
        }
        found = service.incidents(work, point=filters.get("point"), status=filters.get("status"))
        page = IncidentsPage(
            incidents=tuple(_incident_row(work, one) for one in found),
            open=len(service.incidents(work, status="open")),
            watched=tuple(
                _watched(work, one.name, one.live.policy)
                for one in listed
                if one.live is not None and one.live.policy.monitors
            ),
            points=tuple(Choice(value=name, label=title) for name, title in titles.items()),
            filters=filters,
        )
    return render("incidents", page, current="incidents")


@blueprint.get("/monitors/<point>")
@requires(Permission.INCIDENTS_READ)
def monitors(point: str) -> Response:
    """Show the monitors of a decision point, each with its evidence."""
    with authentication.installation().look(authentication.actor()) as work:
        found = service.monitors(work, point)
        live = work.configuration.live[point]
        page = MonitorsPage(
            title=live.policy.title.in_(language()),
            monitors=tuple(_monitor_row(live.policy, one) for one in _gravest_first(found)),
            counted=work.actor.may(Permission.REPORTS_READ),
            report_href=linked("fairness", point=point),
            policy_href=policy_address(point, live.version),
            declared=len(monitors_of(live.policy)),
        )
    return render("monitors", page, current="incidents")


@blueprint.get("/incidents/<incident_id>")
@requires(Permission.INCIDENTS_READ)
def incident(incident_id: str) -> Response:
    """Show one incident: what was found, and who did what about it."""
    return _shown(incident_id)


@blueprint.post("/incidents/<incident_id>/notes")
@requires(Permission.INCIDENTS_HANDLE)
def add_note(incident_id: str) -> Response:
    """Keep what somebody says is being done."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.add_note(work, incident_id, forms.text("words"))
    except (InvalidInput, Conflict) as error:
        return _shown(incident_id, note=_again(error), status=_status(error))
    tell("good", _("Noted."))
    return go("incident", incident_id=incident_id)


@blueprint.post("/incidents/<incident_id>/close")
@requires(Permission.INCIDENTS_HANDLE)
def close_incident(incident_id: str) -> Response:
    """Close an incident with what was done."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            closed = service.close(work, incident_id, forms.text("words"))
    except (InvalidInput, Conflict) as error:
        return _shown(incident_id, close=_again(error), status=_status(error))
    if closed.held:
        tell(
            "good",
            _("The incident is closed."),
            _("People alone still decide there, until the hold is lifted."),
        )
    else:
        tell("good", _("The incident is closed."))
    return go("incident", incident_id=incident_id)


@blueprint.post("/incidents/<incident_id>/resume")
@requires(Permission.HOLDS_LIFT)
def resume_after(incident_id: str) -> Response:
    """Ask that the hold of an incident be lifted; a second person confirms it."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            found = service.incident(work, incident_id)
            holds.request_lift(work, found.hold_id or "", forms.text("reason"))
    except (InvalidInput, Conflict) as error:
        again = _again(error, "reason", LONGEST_REASON)
        return _shown(incident_id, resume=again, status=_status(error))
    tell("good", _("You asked to lift the hold. It ends once a second person confirms."))
    return go("incident", incident_id=incident_id)


def _status(error: AnswerableError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409


def _again(error: AnswerableError, field: str = "words", most: int = service.LONGEST_NOTE) -> Form:
    """Return the form as it was typed, with what is wrong in the reader's own words."""
    typed = forms.typed()
    if isinstance(error, InvalidInput):
        said = _("Say in 1 to %(most)s characters.", most=most)
        return Form(values=typed, errors={field: said})
    return Form(values=typed, error=_("This is no longer possible: somebody was quicker."))


def _shown(
    incident_id: str,
    *,
    note: Form | None = None,
    close: Form | None = None,
    resume: Form | None = None,
    status: int = 200,
) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        view = service.incident(work, incident_id)
        policy = _policy(work, view.point)
        doubted = view.level == DOUBT
        watched = None if doubted else monitor_words.of_incident(view)
        page = IncidentPage(
            id=view.id,
            title=monitor_words.incident_title(policy, view),
            point=point_title(work, view.point),
            level=monitor_words.verdict_chip(view.level),
            status=monitor_words.status_chip(view.status),
            opened=moment(view.opened_at),
            found=_said(view)
            if watched is None
            else monitor_words.found(
                policy, watched, view.details["odds"], view.details["decisions"]
            ),
            recently=() if watched is None else monitor_words.recently(policy, watched),
            counted=watched is None or watched.recent_group is not None,
            doubted=doubted,
            stop_href=linked("set_hold") and url_for("console.hold", point=view.point)
            if doubted and not view.held
            else "",
            story=tuple(_story(work, view)),
            open=view.status == "open",
            may_handle=work.actor.may(Permission.INCIDENTS_HANDLE),
            figure=None if doubted else _figure_of(work, view),
            held=view.held,
            lifting_asked=view.held and _lifting_asked(work, view),
            may_ask_to_lift=work.actor.may(Permission.HOLDS_LIFT),
            report_href=linked("fairness", point=view.point),
            what_if_href=linked("what_if", point=view.point),
            monitors_href=url_for("console.monitors", point=view.point),
            decisions_href=_decisions(view),
            requests_href=linked("requests"),
            note=note or Form(),
            close=close or Form(),
            resume=resume or Form(),
        )
    return render("incident", page, current="incidents", status=status)


def _said(view: IncidentView) -> tuple[str, ...]:
    """Say how often people said that the automation is wrong; what they said stands in the story."""
    said = sum(one.kind == DOUBT for one in view.notes)
    return (
        ngettext(
            "It was said of %(num)s case that this automation is wrong.",
            "It was said of %(num)s cases that this automation is wrong.",
            said,
        ),
        _("The automation goes on until somebody holds it."),
    )


def _policy(work: Work, point: str) -> Policy | None:
    live = work.configuration.live.get(point)
    return None if live is None else live.policy


def _figure_of(work: Work, view: IncidentView) -> Figure | None:
    """Draw the evidence of an incident's monitor, None where the live policy has it no longer."""
    if _policy(work, view.point) is None:
        return None
    mine = [
        one
        for one in service.monitors(work, view.point)
        if (one.name, one.group) == (view.monitor, view.group)
    ]
    title = _("Odds against the tolerance being kept, by decisions seen")
    return monitor_charts.evidence_of(mine[0], title) if mine else None


def _lifting_asked(work: Work, view: IncidentView) -> bool:
    return any(one.request_id is not None for one in holds.in_force(work) if one.id == view.hold_id)


def _decisions(view: IncidentView) -> str:
    """Return where the decisions are listed that the monitor looked at; of one group they cannot be."""
    wanted = {"point": view.point}
    metric = view.details.get("metric", "")
    if metric.startswith("automated_error"):
        wanted |= {"disposition": "release", "truth": "proposal_wrong"}
    elif metric == "overdue_share":
        wanted |= {"status": "lapsed"}
    return linked("ledger", **wanted)


def _incident_row(work: Work, view: IncidentView) -> IncidentRow:
    return IncidentRow(
        id=view.id,
        title=monitor_words.incident_title(_policy(work, view.point), view),
        point=point_title(work, view.point),
        level=monitor_words.verdict_chip(view.level),
        status=monitor_words.status_chip(view.status),
        opened=moment(view.opened_at),
        held=view.held,
        closed=moment_or_none(view.closed_at),
        closed_by=view.closed_by_name or "",
    )


def _watched(work: Work, point: str, policy: Policy) -> WatchedPoint:
    found = service.monitors(work, point)
    strongest = max(found, key=lambda one: one.log10_e, default=None)
    return WatchedPoint(
        title=policy.title.in_(language()),
        href=url_for("console.monitors", point=point),
        streams=len(found),
        worst=monitor_words.verdict_chip(monitor_words.gravest([one.verdict for one in found])),
        strongest="" if strongest is None else monitor_words.evidence(strongest.log10_e),
    )


def _gravest_first(found: Sequence[MonitorView]) -> list[MonitorView]:
    order = {"violation": 0, "watch": 1}
    return sorted(
        found, key=lambda one: (order.get(one.verdict, 2), -one.log10_e, one.name, one.group)
    )


# ------------------------------------------------------------------------- who did what by when


def _story(work: Work, view: IncidentView) -> list[StoryStep]:
    opened = StoryStep(
        kind="opened",
        title=_("The incident was opened")
        if view.level == DOUBT
        else _("The monitor raised an alarm"),
        at=moment(view.opened_at),
        logged=False,
    )
    return [opened, *(_step(work, one) for one in view.notes)]


def _step(work: Work, note: NoteView) -> StoryStep:
    titles = {
        DOUBT: _("Said that this automation is wrong"),
        "worse": _("The evidence grew to a violation"),
        "held": _("People alone decide since"),
        "note": _("Noted"),
        "closed": _("Closed"),
        "resume_asked": _("Asked to lift the hold"),
        "resume_declined": _("Lifting the hold was declined"),
        "resumed": _("The hold was lifted"),
    }
    own_entry = note.kind in {DOUBT, "worse", "held", "note", "closed"}
    logged = own_entry and work.actor.may(Permission.LOG_READ)
    return StoryStep(
        kind=note.kind,
        title=titles.get(note.kind, note.kind),
        at=moment(note.at),
        by=_("the monitor") if note.by == "service:monitor" else note.by_name,
        quote=note.words or "",
        href=""
        if note.decision_id is None
        else url_for("console.decision", decision_id=note.decision_id),
        link="" if note.decision_id is None else _("The decision that it is about"),
        entry=_entry(work, note.id) if logged else None,
        logged=logged,
    )


def _entry(work: Work, record_id: str) -> int | None:
    try:
        place = reading.entry(work, record_id).place
    except NotFound:
        return None
    return None if place is None else place.index


# ------------------------------------------------------------------------------------- monitors


def _monitor_row(policy: Policy, view: MonitorView) -> MonitorRowView:
    watched = monitor_words.of_monitor(view)
    title = monitor_words.title(policy, watched)
    spark, alarm = _spark(view.history, log10(view.threshold))
    return MonitorRowView(
        id=f"{view.name}-{view.group}",
        title=title,
        tolerated=monitor_words.tolerated(watched),
        verdict=monitor_words.verdict_chip(view.verdict),
        odds=monitor_words.evidence(view.log10_e),
        alarm=monitor_words.evidence(log10(view.threshold)),
        seen=view.seen,
        recently=monitor_words.recently(policy, watched),
        spark=spark,
        spark_alarm=alarm,
        figure=monitor_charts.evidence_of(view, title),
    )


def _spark(history: Sequence[Point], alarm: float) -> tuple[str, str]:
    """Return the evidence as the points of a line of 100 by ``_SPARK_HEIGHT``, and how high the alarm is; empty without a history."""
    if len(history) < 2:
        return "", ""
    top = alarm * _BEYOND

    def down(value: float) -> float:
        return round(_SPARK_HEIGHT * (1 - min(max(value, 0.0), top) / top), 1)

    step = 100 / (len(history) - 1)
    line = " ".join(
        f"{round(place * step, 1)},{down(point.violation)}" for place, point in enumerate(history)
    )
    return line, str(down(alarm))
