"""The first page: what is still to set up, and how today stands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from flask import Response, url_for

from governance.jobs import parts
from governance.ledger import reading
from governance.overseeing import alarms, notice
from governance.permissions import Permission
from governance.points import service as points
from governance.points.views import PointSummary
from governance.requests import service as requests
from governance.reviews import service as reviews
from governance.reviews import today
from governance.reviews.today import PointToday
from governance.work import Work
from web import authentication
from web.console import home, shell, times
from web.console.requests import point_title
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.status import part_titles
from web.console.views.shell import Choice
from web.console.views.work import FirstPage, PointState
from web.security import requires


@blueprint.get("/")
@requires(Permission.ACCOUNT_USE)
def first() -> Response:
    """Show how the business stands today; to an auditor their home, to somebody without a role their account."""
    if shell.begins_at_home(authentication.actor()):
        return home.show()
    if not authentication.actor().may(Permission.POINTS_READ):
        tell("info", _("You have no role yet, so there is nothing here but your account."))
        return go("account")
    with authentication.installation().look(authentication.actor()) as work:
        page = _page(work)
    return render("first", page, current="first")


def _page(work: Work) -> FirstPage:
    actor = work.actor
    days = today.today(work)
    listed = points.list_points(work)
    # Setting up is for those who can: to others these steps would be doors that do not open.
    sets_up = actor.may(Permission.KEYS_MANAGE) and actor.may(Permission.PEOPLE_MANAGE)
    begun = today.beginning(work) if sets_up else None
    published = any(point.live is not None for point in listed)
    waiting, minutes, overdue = _waiting(work, days)
    titles = part_titles()
    return FirstPage(
        greeting_name=actor.name,
        today=times.today(),
        connected=begun is None or begun.connected,
        imported=begun is None or begun.has_past,
        invited=begun is None or begun.invited,
        published=begun is None or published,
        curl=_curl(work, listed),
        decisions=sum(day.decisions for day in days.values()),
        released=sum(day.released for day in days.values()),
        waiting=waiting,
        minutes=minutes,
        decided=sum(day.by_people for day in days.values()),
        overdue=overdue,
        requests=len(requests.list_open(work)) if actor.may(Permission.REQUESTS_READ) else 0,
        points=tuple(_state(point, days.get(point.name, PointToday())) for point in listed),
        failing=tuple(
            titles.get(name, name)
            for name, told in parts.reported(work.session).items()
            if told.failing_since is not None
        ),
        notice=notice.waits(work),
        own_alarm=any(one.done is None for one in alarms.own(work)),
        alarms=tuple(
            Choice(value=name, label=point_title(work, name)) for name in alarms.open_points(work)
        ),
        log_size=reading.state(work).size if actor.may(Permission.LOG_READ) else 0,
    )


def _waiting(work: Work, days: Mapping[str, PointToday]) -> tuple[int, int, int]:
    """Return how many cases wait, for how many minutes, how many too long: in one's own queues, or in all."""
    if work.actor.may(Permission.CASES_READ):
        overview = reviews.queue_overview(work)
        return overview.open, overview.minutes, overview.overdue
    waiting = sum(day.waiting for day in days.values())
    return waiting, today.minutes(work), sum(day.overdue for day in days.values())


def _state(point: PointSummary, day: PointToday) -> PointState:
    live = point.live
    shown = live or (point.drafts[-1] if point.drafts else None)
    if point.holds:
        state = "held"
    else:
        state = "none" if live is None else live.policy.rollout.value
    return PointState(
        name=point.name,
        title=point.name if shown is None else shown.policy.title.in_(language()),
        kind=point.kind,
        state=state,
        decisions=day.decisions,
        by_people=day.by_people,
        waiting=day.waiting,
        href=url_for("console.policies")
        if shown is None
        else shell.policy_address(point.name, shown.version),
    )


def _curl(work: Work, listed: Sequence[PointSummary]) -> str:
    """Return a command that asks for a first decision."""
    live = next((point for point in listed if point.live is not None), None)
    if live is None:
        return ""
    example = points.point(work, live.name, language=language()).example
    body = json.dumps(example, ensure_ascii=False, indent=2)
    return " \\\n  ".join(
        (
            f"curl {work.answerable.settings.public_url}/api/v1/decisions",
            '-H "Authorization: Bearer $ANSWERABLE_KEY"',
            "-H 'Content-Type: application/json'",
            f"--data {shlex.quote(body)}",
        )
    )
