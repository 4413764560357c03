"""What an auditor asks for: what never arrived, decisions drawn at random, and one pack of evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Response, request, url_for

from governance.auditing import arrivals, draws
from governance.auditing.arrivals import Again, AppView, Missing
from governance.auditing.draws import DrawnView, DrawView
from governance.clock import parse_rfc3339, rfc3339
from governance.errors import FieldProblem, Gone, InvalidInput
from governance.permissions import Permission
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.links import linked
from web.console.shell import blueprint, go, number, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import day_begins, moment, moment_or_none, now
from web.console.views.auditing import (
    AppPage,
    AppRow,
    ArrivalsPage,
    CountRow,
    DrawnRow,
    DrawPage,
    DrawRow,
    DrawsPage,
    EvidencePage,
    LostRow,
    StretchRow,
)
from web.console.views.shell import Choice, Form
from web.packs import packed
from web.security import requires

#: How far back decisions and log are compared where no day is named.
_COMPARED: Final = timedelta(days=1)
_EARLY: Final = datetime(1970, 1, 2, tzinfo=UTC)
#: Seconds until the page of a draw that waits looks again, and until it says that this is long.
_LOOK_AGAIN: Final = 2
_LATE: Final = timedelta(seconds=45)


# ------------------------------------------------------------------------- what never arrived


@blueprint.get("/arrivals", endpoint="arrivals")
@requires(Permission.LOG_READ)
def list_arrivals() -> Response:
    """Show of each app what arrived, counts that disagree, and where decisions and log do."""
    filters = {
        name: said for name in ("since", "until") if (said := request.args.get(name, "").strip())
    }
    form = Form()
    try:
        since, until = _days(filters)
    except InvalidInput as error:
        form, since, until = forms.told_again(error), None, None
    with authentication.installation().look(authentication.actor()) as work:
        compared_from = since or max(until or work.now, _EARLY) - _COMPARED
        found = arrivals.unlogged(work, since=compared_from, until=until)
        page = ArrivalsPage(
            apps=tuple(_app(one, filters) for one in arrivals.apps(work, since=since, until=until)),
            counts=tuple(_count(one) for one in arrivals.sent_counts(work)),
            without_leaf=tuple(
                LostRow(id=one, href=linked("decision", decision_id=one))
                for one in found.without_leaf
            ),
            without_decision=tuple(
                LostRow(id=one, href=linked("log_entry", entry_id=one))
                for one in found.without_decision
            ),
            waiting=found.waiting,
            compared_from=moment(compared_from),
            filters=filters,
            form=form,
        )
    return render("arrivals", page, current="arrivals", status=422 if form.errors else 200)


@blueprint.get("/arrivals/<app_id>")
@requires(Permission.LOG_READ)
def arrivals_app(app_id: str) -> Response:
    """Show which numbers of an app never arrived, and which came twice."""
    given = {name: said for name in ("since", "until") if (said := request.args.get(name))}
    since, until = _instant(given.get("since"), 0), _instant(given.get("until"), 1)
    if since is not None and until is not None and since >= until:
        until = None
    window: dict[str, Any] = {"since": since, "until": until}
    with authentication.installation().look(authentication.actor()) as work:
        name = arrivals.app_name(work, app_id)
        row = next((one for one in arrivals.apps(work, **window) if one.app_id == app_id), None)
        missing = arrivals.missing(work, app_id, after=_number("missing"), **window)
        again = arrivals.again(work, app_id, after=_number("again"), **window)
    here: dict[str, Any] = {"app_id": app_id, **given}
    page = AppPage(
        app=name,
        row=None if row is None else _app(row, given),
        missing=tuple(_missing(one) for one in missing.missing),
        again=tuple(_again(one, app_id) for one in again.again),
        next_missing=""
        if missing.after is None
        else url_for("console.arrivals_app", missing=missing.after, **here),
        next_again=""
        if again.after is None
        else url_for("console.arrivals_app", again=again.after, **here),
        since=moment_or_none(since),
        until=moment_or_none(until),
        whole=url_for("console.arrivals_app", app_id=app_id)
        if {"since", "until", "missing", "again"} & set(request.args)
        else "",
    )
    return render("arrivals_app", page, current="arrivals")


def _days(said: dict[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return when the days begin and end that somebody named.

    Raises:
        InvalidInput: one is no day, or the last is before the first.
    """
    since, until = _day(said, "since", 0), _day(said, "until", 1)
    if since is not None and until is not None and since >= until:
        raise _misfit("until", _("The last day is before the first."))
    return since, until


def _day(said: dict[str, str], name: str, after: int) -> datetime | None:
    if name not in said:
        return None
    begins = day_begins(said[name], after=after)
    if begins is None:
        raise _misfit(name, _("Give a date like 2027-03-01."))
    return begins


def _instant(said: str | None, after: int) -> datetime | None:
    """Read a day of the reader's, or an instant as a link of these pages has it; None where it is neither."""
    if not said:
        return None
    begins = day_begins(said, after=after)
    if begins is None:
        try:
            begins = parse_rfc3339(said)
        except (ValueError, OverflowError):
            return None
    return begins


def _number(name: str) -> int | None:
    said = request.args.get(name, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 17 else None


def _app(one: AppView, given: Mapping[str, Any]) -> AppRow:
    return AppRow(
        name=one.app,
        href=url_for("console.arrivals_app", app_id=one.app_id, **given),
        decisions=one.decisions,
        numbered=one.numbered,
        span=""
        if one.first is None or one.last is None
        else _("%(first)s to %(last)s", first=number(one.first), last=number(one.last)),
        missing=one.missing,
        again=one.again,
    )


def _count(one: arrivals.CountView) -> CountRow:
    return CountRow(
        app=one.app,
        since=moment(one.since),
        until=moment(one.until),
        sent=one.sent,
        recorded=one.recorded,
        differs=one.differs,
        last=one.last_sequence,
        recorded_last=one.recorded_last,
        by=_("the app itself") if one.by_app else one.reported_by_name,
        reported=moment(one.reported_at),
    )


def _missing(one: Missing) -> StretchRow:
    return StretchRow(
        first=one.first,
        last=one.last,
        count=one.count,
        begins=moment(one.after_at),
        ends=moment(one.before_at),
    )


def _again(one: Again, app_id: str) -> StretchRow:
    return StretchRow(
        first=one.first,
        last=one.last,
        count=one.times,
        begins=moment(one.began_at),
        ends=moment(one.ended_at),
        href=url_for("console.arrivals_app", app_id=app_id, since=rfc3339(one.began_at)),
    )


# ----------------------------------------------------------------------------------- draws


@blueprint.get("/draws", endpoint="draws")
@requires(Permission.LOG_READ)
def list_draws() -> Response:
    """Show the draws, and ask for one."""
    return _draws_page(Form(values={"wanted": "20"}))


@blueprint.post("/draws")
@requires(Permission.LOG_READ)
def make_draw() -> Response:
    """Ask for decisions at random."""
    wanted = forms.text("wanted")
    try:
        since, until = _days(
            {one: forms.text(one) for one in ("since", "until") if forms.text(one)}
        )
        with authentication.installation().work(authentication.actor()) as work:
            asked = draws.ask(
                work,
                wanted=int(wanted) if wanted.isascii() and wanted.isdigit() else 0,
                point=forms.text("point") or None,
                since=since,
                until=until,
            )
    except InvalidInput as error:
        found = {problem.pointer.removeprefix("/"): problem.detail for problem in error.problems}
        if "wanted" in found:
            found["wanted"] = _("Ask for 1 to %(most)s decisions.", most=draws.MOST_WANTED)
        if "point" in found:
            found["point"] = _("There is no decision in the log that this would draw from.")
        return _draws_page(Form(values=forms.typed(), errors=found), status=422)
    return go("draw", draw_id=asked.id)


@blueprint.get("/draws/<draw_id>")
@requires(Permission.LOG_READ)
def draw(draw_id: str) -> Response:
    """Show a draw: waiting for its checkpoint, then the decisions that it named."""
    return _draw_page(draw_id)


@blueprint.post("/draws/<draw_id>/decisions/<decision_id>")
@requires(Permission.LOG_READ)
def look_at_drawn(draw_id: str, decision_id: str) -> Response:
    """Note that somebody looked at a drawn decision."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            draws.look_at(work, draw_id, decision_id, comment=forms.text("comment"))
    except InvalidInput:
        said = _("Write at most %(most)s characters.", most=draws.LONGEST_COMMENT)
        form = Form(values=forms.typed(), errors={"comment": said})
        return _draw_page(draw_id, form, decision_id, 422)
    except Gone:
        tell(
            "warn",
            _("What this decision was about was erased. Note without words that you looked."),
        )
        return go("draw", draw_id=draw_id)
    tell("good", _("It is noted that you looked at it."))
    return go("draw", draw_id=draw_id)


def _draws_page(form: Form, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        page = DrawsPage(
            draws=tuple(_draw(work, one) for one in draws.list_draws(work)),
            points=_points(work),
            form=form,
        )
    return render("draws", page, current="draws", status=status)


def _draw_page(
    draw_id: str, form: Form | None = None, about: str = "", status: int = 200
) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        whole = draws.get(work, draw_id)
        found = whole.draw
        page = DrawPage(
            id=found.id,
            row=_draw(work, found),
            decisions=tuple(_drawn(work, one) for one in whole.decisions),
            facts=tuple(_facts(found)),
            late=found.settled_at is None and now() - found.asked_at > _LATE,
            form=form or Form(),
            about=about,
        )
    response = render("draw", page, current="draws", status=status)
    if found.settled_at is None:
        response.headers["Refresh"] = f"{_LOOK_AGAIN}; url={request.path}"
    return response


def _draw(work: Work, one: DrawView) -> DrawRow:
    return DrawRow(
        href=url_for("console.draw", draw_id=one.id),
        wanted=one.wanted,
        of=_("all decision points") if one.point is None else _title(work, one.point),
        population=one.population,
        asked=moment(one.asked_at),
        by=one.asked_by_name,
        settled=one.settled_at is not None,
        drawn=one.drawn,
        looked_at=one.looked_at,
    )


def _drawn(work: Work, one: DrawnView) -> DrawnRow:
    return DrawnRow(
        id=one.decision_id,
        position=one.position,
        href="" if one.point is None else linked("decision", decision_id=one.decision_id),
        point=one.decision_id if one.point is None else _title(work, one.point),
        recorded=moment_or_none(one.recorded_at),
        looked=moment_or_none(one.looked_at),
        by=one.looked_by_name or "",
        comment=one.comment or "",
    )


def _facts(one: DrawView) -> list[tuple[str, str]]:
    """Say what anybody needs to draw again."""
    told = [(_("Draw"), one.id)]
    told += [
        (
            _("Entries of epoch %(n)s", n=part["epoch"]),
            _("%(first)s to before %(size)s", first=part["from"], size=part["size"]),
        )
        for part in one.bounds
    ]
    for name, at in ((_("Recorded from"), one.since), (_("Recorded before"), one.until)):
        if at is not None:
            told.append((name, rfc3339(at)))
    if one.seed is not None:
        told += [
            (_("Checkpoint"), _("epoch %(epoch)s, size %(size)s", epoch=one.epoch, size=one.size)),
            (_("Seed"), one.seed),
        ]
    return told


# --------------------------------------------------------------------------- a pack of evidence


@blueprint.get("/evidence", endpoint="evidence")
@requires(Permission.LOG_READ)
def evidence() -> Response:
    """Ask for a pack of evidence."""
    return _evidence_page(Form())


@blueprint.post("/evidence")
@requires(Permission.LOG_READ)
def make_pack() -> Response:
    """Make a pack of evidence and hand it over."""
    try:
        return packed(
            forms.ticked("points"), forms.text("since") or None, forms.text("until") or None
        )
    except InvalidInput as error:
        return _evidence_page(forms.told_again(error, "points"), status=422)


def _evidence_page(form: Form, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        page = EvidencePage(points=_points(work), form=form)
    return render("evidence", page, current="evidence", status=status)


def _points(work: Work) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=name, label=live.policy.title.in_(language()))
        for name, live in work.configuration.live.items()
    )


def _title(work: Work, point: str) -> str:
    live = work.configuration.live.get(point)
    return point if live is None else live.policy.title.in_(language())


def _misfit(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)])
