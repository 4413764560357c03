"""The page of all reports: each decision point with its verdict now, and the reports that were signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Response, url_for

from audits.reports.sections import answer, comparing
from audits.reports.sections.view import View
from audits.reports.words import numbers
from governance.counting import reading
from governance.permissions import Permission
from governance.reporting import fairness as reporting
from governance.reporting import making
from governance.work import Work
from policies.document import Policy
from web import authentication
from web.console.fairness import A_YEAR, back, missing, verdict_of, view_of
from web.console.shell import blueprint, render
from web.console.signed_reports import row
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.fairness import PointVerdict, ReportsPage
from web.security import requires

#: The order in which decision points want to be looked at.
_BY_RISK: Final = ("breach", "not_measured", "not_enough_evidence", "not_estimable", "pass")


@blueprint.get("/reports")
@requires(Permission.REPORTS_READ)
def reports() -> Response:
    """Show each decision point with its verdict, and the reports that were signed."""
    with authentication.installation().look(authentication.actor()) as work:
        points = [_point(work, name, live.policy) for name, live in work.configuration.live.items()]
        made = tuple(row(work, one) for one in making.list_made(work))
    points.sort(key=lambda point: (_BY_RISK.index(point.verdict.code), point.title))
    return render("reports", ReportsPage(points=tuple(points), made=made), current="reports")


def _point(work: Work, name: str, policy: Policy) -> PointVerdict:
    first, today = reading.window(work, name, None, None)
    # What no verdict rests on is not read for a list.
    counts = reading.counts(work, name, max(first, back(today, A_YEAR)), today, cells_only=True)
    found = reporting.figures_of(counts)
    view = view_of(policy, counts, found)
    measured = view.verdict != "not_measured"
    return PointVerdict(
        title=policy.title.in_(language()),
        kind=policy.kind.value,
        href=url_for("console.fairness", point=name),
        verdict=verdict_of(view.verdict),
        sentences=tuple(_sentences(view)),
        evidence=tuple(_evidence(view)) if measured else (),
        steps=() if measured else tuple(missing(policy)),
    )


def _sentences(view: View) -> Iterator[str]:
    """Say a verdict, and of what weighs most in it what it is, or what would settle it."""
    if view.verdict == "not_measured":
        yield _("Nobody can tell whether groups are treated alike.")
        return
    yield answer.headline(view)
    weighed = [
        one
        for stage in view.report["stages"]
        for one in view.comparisons(stage)
        if one.get("verdict") == view.verdict
    ]
    if not weighed:
        return
    farthest = max(weighed, key=comparing.distance)
    if view.verdict == "breach":
        yield comparing.sentences(view, farthest)[0]
    elif view.verdict == "not_enough_evidence":
        yield comparing.needed(view, farthest)


def _evidence(view: View) -> Iterator[str]:
    """Say how much a verdict rests on: which days, which groups, and how many decisions there are in the smallest."""
    spoken, report = view.language, view.report
    days = (numbers.date(report[end], spoken) for end in ("since", "until"))
    yield view.say("range", **dict(zip(("low", "high"), days, strict=True)))
    yield _(
        "by %(attributes)s",
        attributes=numbers.joined([view.item_name(item) for item in view.items()], spoken),
    )
    sizes = [int(one["count"]) for item in view.items() for one in view.groups("proposal", item)]
    if sizes:
        yield _("smallest group: %(n)s decisions", n=numbers.count(min(sizes), spoken))
