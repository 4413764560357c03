"""The frame around every page: who looks, what they may open, what is held, what was just done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from babel.numbers import format_decimal
from flask import (
    Blueprint,
    Flask,
    Response,
    flash,
    get_flashed_messages,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from jinja2 import StrictUndefined

from governance.actors import Actor, service
from governance.clock import parse_rfc3339, rfc3339
from governance.errors import AnswerableError, NotSignedIn
from governance.holds import service as holds
from governance.installation.service import business_settings
from governance.monitors import service as monitors
from governance.permissions import Permission, Role
from governance.requests import service as requests
from governance.reviews import service as reviews
from governance.rights import service as rights
from governance.webhooks import service as webhooks
from governance.work import Work
from web import authentication, problems
from web.console import speech, times
from web.console.speech import gettext as _
from web.console.views.people import ErrorPage
from web.console.views.shell import HoldInForce, Notice, Shell, Undo, Viewer

log = structlog.get_logger("answerable.web")
blueprint: Final = Blueprint("console", __name__)

#: What each section of the console needs; people see those that they may open.
SECTIONS: Final = {
    "first": Permission.ACCOUNT_USE,
    "queue": Permission.CASES_READ,
    "decisions": Permission.DECISIONS_READ,
    "search": Permission.DECISIONS_READ,
    "policies": Permission.POLICIES_READ,
    "requests": Permission.REQUESTS_READ,
    "subjects": Permission.SUBJECTS_READ,
    "reports": Permission.REPORTS_READ,
    "gold": Permission.GOLD_MANAGE,
    "home": Permission.REPORTS_READ,
    "incidents": Permission.INCIDENTS_READ,
    "ledger": Permission.DECISIONS_READ,
    "log": Permission.LOG_READ,
    "arrivals": Permission.LOG_READ,
    "draws": Permission.LOG_READ,
    "evidence": Permission.LOG_READ,
    "status": Permission.STATUS_READ,
    "people": Permission.PEOPLE_MANAGE,
    "keys": Permission.KEYS_MANAGE,
    "webhooks": Permission.WEBHOOKS_MANAGE,
    "queues": Permission.QUEUES_MANAGE,
    "imports": Permission.IMPORTS_RUN,
    "settings": Permission.SETTINGS_MANAGE,
}
THEMES: Final = ("system", "light", "dark")
THEME_COOKIE: Final = "theme"
KEYS_COOKIE: Final = "keys"
_A_YEAR: Final = 365 * 24 * 3600
#: Where the session keeps the verdict that its giver may still take back.
_UNDO: Final = "undo"
#: From so many on, what stands beside a section says that there are more.
_MOST_COUNTED: Final = 1_000
#: Who sets the holds of monitors.
_MONITOR: Final = "service:monitor"


def prepare(app: Flask) -> None:
    """Let an application's templates speak, and its errors be pages."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.add_extension("jinja2.ext.i18n")
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        speech.unfilled, speech.unfilled_number, newstyle=True
    )
    environment.filters["number"] = number
    app.extensions[problems.ERROR_PAGE] = error_page


def number(value: float) -> str:
    """Write a number as the present page's language does."""
    return format_decimal(value, locale=times.locale())


def render(
    template: str, page: Any, *, current: str = "", status: int = 200, undo: Undo | None = None
) -> Response:
    """Draw a page of the console for the person who asks; ``current`` is the section it belongs to."""
    actor = authentication.actor()
    with authentication.installation().look(actor) as work:
        shell = _shell(work, current, undo)
    return _drawn(f"console/{template}.html", shell, page, status)


def render_door(template: str, page: Any, *, status: int = 200) -> Response:
    """Draw a page for whoever is not signed in."""
    with authentication.installation().look(service("door")) as work:
        business = business_settings(work.session).business_name
    return _drawn(f"console/{template}.html", _plain_shell(business), page, status)


def tell(tone: str, text: str, detail: str = "", href: str = "", link: str = "") -> None:
    """Say something at the head of the next page; ``tone`` is good, info, warn or bad."""
    flash({"text": text, "detail": detail, "href": href, "link": link}, tone)  # type: ignore[arg-type]


def go(endpoint: str, **values: Any) -> Response:
    """Send the browser to another page after a form was taken."""
    return make_response(redirect(url_for(f"console.{endpoint}", **values), 303))


def offer_undo(case_id: str, text: str, until: datetime | None, revision: int) -> None:
    """Let the person take a verdict back from whichever page they see next, until then (None: a minute)."""
    ends = until or times.now() + timedelta(minutes=1)
    session[_UNDO] = {"case": case_id, "text": text, "until": rfc3339(ends), "etag": str(revision)}


def withdraw_undo() -> None:
    """Offer no undo any more."""
    session.pop(_UNDO, None)


def undo_of(case_id: str, text: str, until: datetime | None, revision: int) -> Undo:
    """Return what offers to take a verdict back; ``until`` None: as long as the case is open."""
    if until is None:
        return Undo(case_id=case_id, text=text, etag=str(revision))
    return Undo(
        case_id=case_id,
        text=text,
        etag=str(revision),
        until=times.moment(until),
        seconds=max(0, int((until - times.now()).total_seconds())),
    )


def remember(response: Response, name: str, value: str) -> None:
    """Keep a preference of this browser, which is no secret."""
    secure = authentication.installation().settings.cookies_secure
    response.set_cookie(name, value, max_age=_A_YEAR, secure=secure, httponly=True, samesite="Lax")


def local_path(address: str | None) -> str | None:
    """Return the path and query of an address of this console; None where it leads elsewhere."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    if parts.netloc and parts.netloc != request.host:
        return None
    path = parts.path
    if not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path:
        return None
    return f"{path}?{parts.query}" if parts.query else path


def error_page(body: dict[str, Any]) -> Response:
    """Draw an error as a page; whoever is not signed in is asked to."""
    status = int(body["status"])
    if status == 401:
        asked = request.full_path.rstrip("?") if request.method == "GET" else request.referrer
        return go("sign_in", next=local_path(asked) if asked != "/" else None)
    page = ErrorPage(
        status=status,
        title=_title(status, str(body["title"])),
        # What use cases say is English; where our own sentence says enough, another language does without.
        detail="" if speech.language() != "en" and _todo(status) else str(body["detail"]),
        todo=_todo(status),
        reference=problems.request_id(),
    )
    try:
        return render("error", page, status=status)
    except NotSignedIn:
        return _drawn("console/error_door.html", _plain_shell(), page, status)
    except AnswerableError as error:
        log.warning("error page without its frame", code=error.code)
        return _drawn("console/error_door.html", _plain_shell(), page, status)


def _drawn(template: str, shell: Shell, page: Any, status: int) -> Response:
    return Response(render_template(template, shell=shell, page=page), status=status)


def _shell(work: Work, current: str, undo: Undo | None) -> Shell:
    actor = work.actor
    return Shell(
        business=business_settings(work.session).business_name,
        language=speech.language(),
        theme=_theme(),
        keys=keys_act(),
        viewer=Viewer(
            name=actor.name,
            initials="".join(word[0] for word in actor.name.split()[:2]).upper(),
            roles=tuple(sorted(role.value for role in actor.roles)),
        ),
        sections=_sections(actor),
        current=current,
        counts=_counts(work),
        holds=holds_in_force(work) if actor.may(Permission.STATUS_READ) else (),
        may_hold=actor.may(Permission.HOLDS_SET),
        notices=_notices(),
        undo=undo or _undo_offered(),
    )


def _plain_shell(business: str = "Answerable") -> Shell:
    return Shell(business=business, language=speech.language(), theme=_theme(), notices=_notices())


def holds_in_force(work: Work) -> tuple[HoldInForce, ...]:
    """Return the holds in force as pages tell them."""
    live = work.configuration.live
    told = []
    for hold in holds.in_force(work):
        policy = live.get(hold.point or "")
        title = hold.point or ""
        by_monitor = hold.set_by == _MONITOR
        if policy is not None:
            title = policy.policy.title.in_(speech.language())
        told.append(
            HoldInForce(
                key=hold.point or "all",
                point=title,
                reason=_reason_of_monitors() if by_monitor else hold.reason,
                since=times.moment(hold.set_at),
                by=_("a monitor") if by_monitor else hold.set_by_name,
                lifting_asked=hold.request_id is not None,
                incident=_incident_of(work, hold.id) if by_monitor else "",
            )
        )
    return tuple(told)


def _reason_of_monitors() -> str:
    return _(
        "A monitor found a disparity or errors beyond what the policy tolerates. People alone decide until it is looked into."
    )


def _incident_of(work: Work, hold_id: str) -> str:
    """Return the id of the incident that a monitor set a hold for, empty for somebody who may see none."""
    if not work.actor.may(Permission.INCIDENTS_READ):
        return ""
    return monitors.incident_of_hold(work, hold_id) or ""


def _sections(actor: Actor) -> tuple[str, ...]:
    """Name what somebody may open; to whom the auditor's home is the first page, the day's page is none."""
    named = (name for name, needed in SECTIONS.items() if actor.may(needed))
    return tuple(name for name in named if name != "first" or not begins_at_home(actor))


def begins_at_home(actor: Actor) -> bool:
    """Tell whether the auditor's home is somebody's first page."""
    return actor.roles == {Role.AUDITOR}


def _counts(work: Work) -> dict[str, str]:
    counts = {}
    if work.actor.may(Permission.CASES_READ):
        counts["queue"] = reviews.waiting(work, _MOST_COUNTED)
    if work.actor.may(Permission.REQUESTS_READ):
        counts["requests"] = sum(one.may_confirm for one in requests.list_open(work))
    if work.actor.may(Permission.SUBJECTS_READ):
        counts["subjects"] = rights.waiting_count(work)
    if work.actor.may(Permission.INCIDENTS_READ):
        counts["incidents"] = monitors.open_incidents(work)
    if work.actor.may(Permission.WEBHOOKS_MANAGE):
        counts["webhooks"] = webhooks.stopped(work)
    return {
        name: str(count) if count < _MOST_COUNTED else f"{_MOST_COUNTED - 1}+"
        for name, count in counts.items()
        if count
    }


def _notices() -> tuple[Notice, ...]:
    said: list[Any] = get_flashed_messages(with_categories=True)
    return tuple(Notice(tone=tone, **words) for tone, words in said)


def _undo_offered() -> Undo | None:
    kept = session.get(_UNDO)
    if kept is None:
        return None
    until = parse_rfc3339(kept["until"])
    if until <= times.now():
        withdraw_undo()
        return None
    return undo_of(kept["case"], kept["text"], until, int(kept["etag"]))


def keys_act() -> bool:
    """Tell whether single keys act in this browser."""
    return request.cookies.get(KEYS_COOKIE) != "off"


def _theme() -> str:
    chosen = request.cookies.get(THEME_COOKIE, "system")
    return chosen if chosen in THEMES else "system"


def _title(status: int, otherwise: str) -> str:
    return {
        400: _("This cannot be done"),
        403: _("You may not do this"),
        404: _("There is nothing here"),
        405: _("This cannot be done"),
        409: _("This is no longer possible"),
        410: _("This was erased"),
        412: _("This changed meanwhile"),
        413: _("This is too large"),
        500: _("Something broke"),
        503: _("This is not possible now"),
    }.get(status, otherwise)


def _todo(status: int) -> str:
    return {
        400: _("Go back, load the page again, and try once more."),
        403: _("If you need to, ask an admin of your business for the role."),
        404: _("It may have been moved to a queue that is not yours, or the address is wrong."),
        409: _("Go back and load the page again to see how things stand."),
        412: _("Go back and load the page again to see how things stand."),
        503: _("Nothing was stored. Try again in a moment; the status page says more."),
    }.get(status, "")


def policy_address(point: str, version: int) -> str:
    """Return where a policy version is shown, empty for somebody who may not see it."""
    if not authentication.actor().may(Permission.POLICIES_READ):
        return ""
    return url_for("console.policy", point=point, version=version)
