"""The page that tells whether people really look: oversight of one decision point, over all its people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask import Response, request

from audits.reports import oversight as telling
from governance.counting import reading
from governance.errors import InvalidInput
from governance.overseeing import alarms
from governance.permissions import Permission
from governance.reporting import oversight as reporting
from governance.reporting.access import note_reading
from web import authentication
from web.console import alarm_words
from web.console.fairness import A_YEAR, back
from web.console.links import linked
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.fairness import OversightPage, Verdict
from web.console.views.shell import Form
from web.security import requires


@blueprint.get("/reports/oversight/<point>")
@requires(Permission.REPORTS_READ)
def oversight(point: str) -> Response:
    """Show whether people really look at what this decision point sends to them."""
    return shown(point)


def shown(point: str, *, wrong: tuple[str, Form] | None = None, status: int = 200) -> Response:
    """Draw the page; ``wrong`` is the form of an alarm, with what was wrong with it."""
    asked = {name: request.args.get(name, "").strip() for name in ("since", "until")}
    with authentication.installation().look(authentication.actor()) as work:
        policy = reading.live_policy(work, point)
        title = policy.title.in_(language())
        first, today = reading.window(work, point, None, None)
        since = asked["since"] or max(first, back(today, A_YEAR))
        try:
            found = reporting.report(work, point, since=since, until=asked["until"] or today)
            told_alarms = tuple(
                alarm_words.row(one, wrong[1] if wrong and wrong[0] == one.id else None)
                for one in alarms.listed(work, point)
            )
        except InvalidInput as error:
            errors = {
                problem.pointer.removeprefix("/"): _("Give a day such as 2026-03-01.")
                for problem in error.problems
            }
            page = OversightPage(
                point=point,
                title=title,
                since=asked["since"],
                until=asked["until"],
                form=Form(errors=errors),
            )
            return render("oversight", page, current="reports", status=422)
    told = telling.document(found, language=language(), title=title)
    page = OversightPage(
        point=point,
        title=title,
        since=found["since"],
        until=found["until"],
        document=told,
        verdict=Verdict(code=told.verdict, word=told.word, tone=told.tone, drawing="eye"),
        open=request.args.get("open") == "all",
        second_looks=tuple(_second_looks(found["second_looks"])),
        alarms=told_alarms,
        done=alarm_words.choices(),
        people_href=linked("oversight_people", point=point),
    )
    note_reading(work.answerable, work.actor, what="report.oversight", point=point)
    return render("oversight", page, current="reports", status=status)


def _second_looks(counted: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Say how many second looks there were and what became of them; nothing where there were none."""
    titles = {
        "check": _("Looked at afterwards, of what was released"),
        "double": _("Second opinions"),
    }
    for purpose, title in titles.items():
        said = counted[purpose]
        if any(said.values()):
            yield _(
                "%(title)s: %(given)s given, %(waiting)s waiting, %(missed)s closed as nobody looked in time.",
                title=title,
                given=said["given"],
                waiting=said["waiting"],
                missed=said["not_looked_at"],
            )
