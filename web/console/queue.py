"""The queue: what waits for the person, and taking the next case."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from flask import Response, request

from governance.permissions import Permission
from governance.reviews import gold
from governance.reviews import service as reviews
from governance.reviews.purposes import APPEAL, DOUBLE, SECOND_LOOKS
from governance.reviews.views import CaseSummary
from governance.work import Work
from web import authentication
from web.console import playing, telling, times
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.shell import Choice, Page
from web.console.views.work import CaseRow, OwnCompetenceView, QueuePage
from web.security import requires


@blueprint.get("/queue")
@requires(Permission.CASES_READ)
def queue() -> Response:
    """Show what waits; a page that asks again by ETag is told when nothing has changed."""
    chosen = request.args.get("queue") or None
    playing.stop()
    with authentication.installation().look(authentication.actor()) as work:
        page = _page(work, chosen, request.args.get("after") or None)
    etag = _etag(page)
    if request.if_none_match.contains(etag):
        response = Response(status=304)
    else:
        response = render("queue", page, current="queue")
    response.set_etag(etag)
    return response


@blueprint.post("/queue/next")
@requires(Permission.CASES_DECIDE)
def next_case() -> Response:
    """Claim the most urgent case and show it; others follow it."""
    return playing.begin(request.form.get("queue"))


def _page(work: Work, chosen: str | None, after: str | None) -> QueuePage:
    overview = reviews.queue_overview(work)
    listed = reviews.list_cases(work, queue=chosen, after=after)
    mine = reviews.held(work)
    news = gold.news(work) if work.actor.may(Permission.CASES_DECIDE) else []
    counted = [one for one in overview.queues if chosen is None or one.queue == chosen]
    titles = {one.queue: one.title for one in overview.queues}
    return QueuePage(
        waiting=sum(one.open for one in counted),
        minutes=sum(one.minutes for one in counted),
        overdue=sum(one.overdue for one in counted),
        due_soon=sum(one.due_soon for one in counted),
        decided_today=overview.decided_today,
        cases=tuple(row_of(case, titles) for case in listed.cases),
        queues=tuple(Choice(value=one.queue, label=one.title) for one in overview.queues),
        queue=chosen or "",
        mine=None if mine is None else row_of(mine, titles),
        news=tuple(telling.known(one) for one in news),
        page=Page(
            shown=len(listed.cases),
            total=sum(one.open for one in counted),
            after=listed.next_after or "",
        ),
        may_act=work.actor.may(Permission.CASES_DECIDE),
        competences=tuple(
            OwnCompetenceView(title=one.title, standing=one.standing.value, at=times.moment(one.at))
            for one in overview.competences
        ),
    )


def row_of(case: CaseSummary, titles: Mapping[str, str]) -> CaseRow:
    """Tell a case in a list; ``titles`` names the queues."""
    state = "free"
    holder = ""
    if case.lease is not None:
        state = "mine" if case.lease.mine else "held"
        holder = case.lease.name
    elif case.reserved is not None:
        state, holder = "kept", case.reserved.name
        if case.reserved.mine:
            state = "kept_for_me"
    elif case.sleeps_until is not None:
        state = "asleep"
    return CaseRow(
        id=case.id,
        title=_title(case),
        point=case.policy.title.in_(language()),
        queue=titles.get(case.queue, case.queue),
        why=_why(case),
        received=times.moment(case.opened_at),
        due=times.moment_or_none(case.due_at),
        overdue=case.overdue,
        band=None if case.purpose == APPEAL else telling.band(case.confidence),
        state=state,
        holder=holder,
        sleeps=times.moment_or_none(case.sleeps_until),
        asked=case.asked,
        sign_offs=(case.sign_offs_given, case.sign_offs_needed),
        appeal=case.purpose == APPEAL,
        looks=_looks(case),
    )


def _looks(case: CaseSummary) -> str:
    if case.purpose not in SECOND_LOOKS:
        return ""
    return "own" if case.own_second_look else case.purpose


def _why(case: CaseSummary) -> str:
    told = {
        "check": _("A sample: this was released by itself. Was it right?"),
        "double": _("A second opinion: somebody decided this already. What would you decide?"),
        "own": _("A second look of your own: you decided this a month ago."),
    }
    if case.purpose == APPEAL:
        return _("The person concerned objects to what was decided.")
    if case.purpose in SECOND_LOOKS:
        return told[_looks(case)]
    return case.why[0].text if case.why else ""


def _title(case: CaseSummary) -> str:
    if case.purpose == APPEAL:
        return _("Look at it again")
    if case.purpose == DOUBLE:
        return _("What would you decide?")
    if case.withheld:
        return _("Your judgement first")
    return telling.outcome_label(case.policy, case.proposed_outcome) or _("Nothing proposed")


def _etag(page: QueuePage) -> str:
    told = [
        (page.waiting, page.overdue, page.due_soon, page.decided_today),
        [one.case_id for one in page.news],
        [(one.title, one.standing) for one in page.competences],
        [
            (one.id, one.state, one.holder, one.asked, one.overdue, one.sign_offs)
            for one in page.cases
        ],
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
