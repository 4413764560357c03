"""How much comes into one's queues, and when they will be empty."""

from __future__ import annotations

import math
from datetime import timedelta

from babel.dates import format_timedelta, get_day_names
from flask import Response, request

from audits.reports.charts.figure import Figure, Table, header, row
from audits.reports.charts.load import Weekday
from audits.reports.charts.load import load as drawn
from audits.reports.words import Words, numbers
from governance.permissions import Permission
from governance.reviews import load as service
from governance.reviews.load import Forecast, QueueLoad, Trend
from web import authentication
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import locale, written_day
from web.console.views.work import LoadPage, LoadView
from web.security import requires

_WEEKS = service.MONTH // service.WEEK


@blueprint.get("/queue/load")
@requires(Permission.CASES_READ)
def queue_load() -> Response:
    """Show what came in and was decided by weekday, and what follows."""
    chosen = request.args.get("queue") or None
    with authentication.installation().look(authentication.actor()) as work:
        found = service.of_queues(work, queue=chosen)
    page = LoadPage(queues=tuple(_view(one) for one in found), queue=chosen or "")
    return render("queue_load", page, current="queue")


def _view(load: QueueLoad) -> LoadView:
    age = load.median_age_seconds
    return LoadView(
        queue=load.queue,
        title=load.title,
        waiting=load.open,
        age="" if age is None else _duration(age),
        clear=_clear(load.forecast),
        trend=load.forecast.trend.value,
        forecast=_said(load.forecast),
        figure=_figure(load)
        if any(one.came_in_28 + one.decided_28 for one in load.weekdays)
        else None,
    )


def _duration(seconds: float) -> str:
    return format_timedelta(timedelta(seconds=seconds), threshold=1.2, locale=locale())


def _clear(found: Forecast) -> str:
    if found.clear_days is None:
        return ""
    days = math.ceil(found.clear_days)
    if found.clear_days < 1:
        return _("less than a day")
    return ngettext("about %(num)s day", "about %(num)s days", days)


def _said(found: Forecast) -> str:
    """Say where the queue is going, and on what that rests."""
    basis = _("if it goes on as in the last %(n)s days", n=found.days)
    if found.trend is Trend.EMPTY:
        return _("Nothing waits.")
    if found.trend is Trend.FEW:
        return _(
            "Fewer than %(n)s cases left this queue in %(days)s days: too few to say when it will be empty.",
            n=service.ENOUGH,
            days=found.days,
        )
    a_day = numbers.decimal(abs(found.a_day or 0.0), 1, language())
    if found.trend is Trend.GROWS:
        return _("It grows by %(n)s cases a day, %(basis)s.", n=a_day, basis=basis)
    if found.trend is Trend.STEADY:
        return _(
            "As many come in as leave, as far as chance lets one tell, %(basis)s: it will not be empty by itself.",
            basis=basis,
        )
    if found.empty_on is None:
        return _("It shrinks, but takes more than a year to be empty, %(basis)s.", basis=basis)
    return _(
        "It shrinks by %(n)s cases a day and is empty around %(day)s, %(basis)s.",
        n=a_day,
        day=written_day(found.empty_on),
        basis=basis,
    )


def _figure(load: QueueLoad) -> Figure:
    names = get_day_names("wide", locale=locale())
    words = Words(language=language())
    came, decided = _("came in"), _("decided")
    title = _("A weekday on average, over the last 28 days")
    total_in = sum(one.came_in_28 for one in load.weekdays)
    total_out = sum(one.decided_28 for one in load.weekdays)
    table = Table(
        caption=_("Cases by weekday"),
        header=header(
            _("Weekday"),
            _("came in, 7 days"),
            _("decided, 7 days"),
            _("came in, 28 days"),
            _("decided, 28 days"),
            figures=4,
        ),
        rows=tuple(
            row(
                names[one.weekday],
                *(
                    numbers.count(figure, words.language)
                    for figure in (one.came_in_7, one.decided_7, one.came_in_28, one.decided_28)
                ),
            )
            for one in load.weekdays
        ),
    )
    return drawn(
        f"load-{load.queue}",
        [
            Weekday(
                label=names[one.weekday],
                came_in=one.came_in_28 / _WEEKS,
                decided=one.decided_28 / _WEEKS,
            )
            for one in load.weekdays
        ],
        words=words,
        title=title,
        description=_(
            "For each weekday, how many cases came in and how many people decided, as bars of the same scale."
        ),
        sentence=_(
            "In 28 days %(came)s cases came in and people decided %(decided)s.",
            came=numbers.count(total_in, words.language),
            decided=numbers.count(total_out, words.language),
        ),
        table=table,
        came_in=came,
        decided=decided,
    )
