"""Pages about queues: their title, working hours, holidays and people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from babel.dates import get_day_names
from flask import Response, request

from governance.errors import FieldProblem, InvalidInput
from governance.identities import queries as people
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.queues import competence, service
from governance.queues.calendar import DAYS
from governance.queues.competence import CompetenceView
from governance.queues.service import QueueView
from governance.reviews import queries
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.times import locale, written_day
from web.console.views.people import CompetenceRow, QueueRecordPage, QueueRow, QueuesPage
from web.console.views.shell import Form
from web.security import requires

#: A day may be worked in so many spans; the form shows as many as are used, and one more when asked.
_MOST_SPANS = 6
_MIDNIGHT, _END_OF_DAY = "00:00", "24:00"


@blueprint.get("/queues")
@requires(Permission.QUEUES_MANAGE)
def queues() -> Response:
    """List the queues with their hours."""
    with authentication.installation().look(authentication.actor()) as work:
        found = service.list_queues(work)
        names = [queue.name for queue in found]
        waiting = queries.open_counts(work.session, names, work.now, work.now)
        ending = competence.ending(work)
        rows = tuple(
            _row(
                queue,
                waiting.get(queue.name, queries.OpenCounts()).open,
                written_day(ending[queue.name]) if queue.name in ending else "",
            )
            for queue in found
        )
    return render("queues", QueuesPage(queues=rows, may_change=True), current="queues")


@blueprint.get("/queues/<name>")
@requires(Permission.QUEUES_MANAGE)
def queue_record(name: str) -> Response:
    """Show one queue's hours."""
    with authentication.installation().look(authentication.actor()) as work:
        page = page_of(work, service.queue(work, name))
    return render("queue_record", page, current="queues")


@blueprint.post("/queues/<name>")
@requires(Permission.QUEUES_MANAGE)
def change_queue(name: str) -> Response:
    """Change one queue's title and hours."""
    try:
        calendar = None if forms.flag("always_open") else _calendar()
        with authentication.installation().work(authentication.actor()) as work:
            changed = service.change_queue(
                work,
                name,
                title=forms.text("title"),
                calendar=calendar,
                always_open=calendar is None,
            )
    except InvalidInput as error:
        form = forms.told_again(error, fields={"calendar": "hours"})
        with authentication.installation().look(authentication.actor()) as work:
            page = page_of(work, service.queue(work, name), form)
        return render("queue_record", page, current="queues", status=422)
    tell(
        "good",
        _("%(title)s was changed. Cases that wait keep their due time.", title=changed.title),
    )
    return go("queues")


def zones(*more: str) -> tuple[str, ...]:
    """Return the zones to choose from: places and UTC, and those named."""
    places = {zone for zone in available_timezones() if "/" in zone}
    usual = {zone for zone in places if not zone.startswith(("Etc/", "SystemV/", "US/", "posix"))}
    return tuple(sorted(usual | {"UTC"} | set(more)))


def _row(queue: QueueView, waiting: int, ends: str) -> QueueRow:
    calendar = queue.calendar or {}
    return QueueRow(
        name=queue.name,
        title=queue.title,
        zone=calendar.get("zone", "UTC") if calendar.get("hours") else "",
        hours=_in_words(calendar),
        holidays=len(calendar.get("holidays", ())),
        members=len(queue.members),
        waiting=waiting,
        competence=queue.competence_required,
        ends=ends,
    )


def _in_words(calendar: Mapping[str, Any]) -> str:
    """Say hours in words, days with the same hours together: Mon–Fri 09:00–17:00."""
    hours = calendar.get("hours") or {}
    if not hours:
        return _("always open")
    names = get_day_names("abbreviated", locale=locale())
    runs: list[tuple[int, int, str]] = []
    for day, key in enumerate(DAYS):
        spans = " ".join(f"{opens}–{closes}" for opens, closes in hours.get(key, ()))
        if not spans:
            continue
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return ", ".join(
        f"{names[first]} {spans}" if first == last else f"{names[first]}–{names[last]} {spans}"
        for first, last, spans in runs
    )


def page_of(
    work: Work,
    queue: QueueView,
    form: Form | None = None,
    *,
    shown: Form | None = None,
    require: Form | None = None,
) -> QueueRecordPage:
    """Tell a queue, with what was typed into one of its forms."""
    calendar = queue.calendar or {}
    zone = calendar.get("zone") or business_settings(work.session).time_zone
    values: dict[str, object] = {
        "title": queue.title,
        "zone": zone,
        "always_open": "" if calendar.get("hours") else "1",
        "holidays": "\n".join(calendar.get("holidays", ())),
    }
    used = 1
    for day, spans in (calendar.get("hours") or {}).items():
        used = max(used, len(spans))
        for at, (opens, closes) in enumerate(spans, start=1):
            values[f"{day}_from_{at}"] = opens
            values[f"{day}_until_{at}"] = _MIDNIGHT if closes == _END_OF_DAY else closes
    asked = request.args.get("spans", "")
    if asked.isascii() and asked.isdigit():
        used = max(used, int(asked))
    names = people.names(work.session, queue.members)
    effect = competence.effect(work, queue.name)
    return QueueRecordPage(
        name=queue.name,
        zones=zones(zone),
        members=tuple(sorted(names.values())),
        spans=min(used, _MOST_SPANS),
        may_split=used < _MOST_SPANS,
        form=form or Form(values=values),
        competent=tuple(_competence(one) for one in competence.of_queue(work, queue.name)),
        required=queue.competence_required,
        left=effect.left,
        out=effect.out,
        competence=shown or Form(),
        require=require or Form(),
    )


def _competence(view: CompetenceView) -> CompetenceRow:
    return CompetenceRow(
        person_id=view.person_id,
        name=view.name,
        standing=view.standing.value,
        shown="" if view.shown_on is None else written_day(view.shown_on),
        expires="" if view.expires_on is None else written_day(view.expires_on),
        note=view.note or "",
    )


def _calendar() -> dict[str, Any]:
    """Read the hours that were typed; what is wrong in them is found when they are stored.

    Raises:
        InvalidInput: a day has a beginning without an end, or no day has hours; all are listed.
    """
    hours: dict[str, list[list[str]]] = {}
    problems = []
    names = get_day_names("wide", locale=locale())
    for number, day in enumerate(DAYS):
        spans = []
        for at in range(1, _MOST_SPANS + 1):
            opens, closes = forms.text(f"{day}_from_{at}"), forms.text(f"{day}_until_{at}")
            if bool(opens) != bool(closes):
                problems.append(_("%(day)s needs a beginning and an end.", day=names[number]))
            elif opens:
                spans.append([opens, _END_OF_DAY if closes == _MIDNIGHT else closes])
        if spans:
            hours[day] = spans
    if not hours and not problems:
        problems.append(_("Give at least one day its hours, or tick “always open”."))
    if problems:
        detail = " ".join(dict.fromkeys(problems))
        raise InvalidInput(detail, [FieldProblem(pointer="/hours", detail=detail)])
    holidays = sorted(
        {line.strip() for line in forms.text("holidays").splitlines() if line.strip()}
    )
    return {"zone": forms.text("zone"), "hours": hours, "holidays": holidays}
