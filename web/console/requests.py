"""The page of requests: what one person asked for and a second confirms or declines."""

from __future__ import annotations

from flask import Response, url_for

from governance.erasing import service as erasures
from governance.erasing.service import ERASE
from governance.errors import AnswerableError, Conflict, InvalidInput, SelfConfirmation
from governance.holds.service import LIFT
from governance.identities import queries as people
from governance.identities.service import RESET_REQUEST, ROLES_REQUEST
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.points.service import PUBLISH, RESTORE
from governance.requests import few, service
from governance.requests.service import ALONE_AFTER, RequestStatus, RequestView
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.erasing import ground_word
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, moment_or_none
from web.console.views.rules import RequestRow, RequestsPage
from web.console.views.shell import Form
from web.security import requires

#: How a page names the kinds.
_KINDS = {
    PUBLISH: "publish",
    RESTORE: "restore",
    LIFT: "resume",
    ROLES_REQUEST: "confirmers",
    RESET_REQUEST: "reset",
    few.KIND: "few",
    ERASE: "erase",
}


@blueprint.get("/requests")
@requires(Permission.REQUESTS_READ)
def requests() -> Response:
    """List what waits for a second person."""
    return _page(Form(), "")


@blueprint.post("/requests/<request_id>/confirm")
@requires(Permission.REQUESTS_READ)
def confirm_request(request_id: str) -> Response:
    """Confirm what another person asked for, and do it."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            done = service.confirm(work, request_id, forms.text("reason") or None)
            title = _title(work, done)
    except (InvalidInput, Conflict, SelfConfirmation) as error:
        return _refused(request_id, error)
    tell("good", _("%(title)s: confirmed and done.", title=title))
    return _back(done)


@blueprint.post("/requests/<request_id>/decline")
@requires(Permission.REQUESTS_READ)
def decline_request(request_id: str) -> Response:
    """Say no to a request, or take back one's own."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            declined = service.decline(work, request_id, forms.text("reason"))
            title = _title(work, declined)
    except (InvalidInput, Conflict) as error:
        return _refused(request_id, error)
    tell("good", _("%(title)s: declined.", title=title))
    return _back(declined)


def _back(settled: RequestView) -> Response:
    if settled.kind == PUBLISH:
        details = settled.details
        return go("policy", point=details["point"], version=details["version"])
    return go("requests")


def _refused(request_id: str, error: AnswerableError) -> Response:
    status = 422 if isinstance(error, InvalidInput) else 409
    return _page(forms.told_again(error), request_id, status=status)


def _page(form: Form, about: str, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        page = RequestsPage(
            waiting=tuple(_row(work, one) for one in service.list_open(work)),
            settled=tuple(_row(work, one) for one in service.list_closed(work)),
            form=form,
            about=about,
        )
    return render("requests", page, current="requests", status=status)


def _row(work: Work, one: RequestView) -> RequestRow:
    mine = one.requested_by == work.actor.reference
    is_open = one.status is RequestStatus.OPEN
    alone_from = None
    if is_open and mine and business_settings(work.session).people_few:
        alone_from = moment(one.requested_at + ALONE_AFTER)
    detail = ""
    if one.closing_reason:
        detail = one.closing_reason
    if one.single_handed:
        alone = _("(confirmed alone)")
        detail = f"{detail} {alone}".strip()
    return RequestRow(
        id=one.id,
        kind=_KINDS.get(one.kind, one.kind),
        title=_title(work, one),
        by=one.requested_by_name,
        at=moment(one.requested_at),
        state=one.status,
        detail=detail,
        href=_href(work, one),
        reason=one.reason,
        mine=mine,
        may_confirm=one.may_confirm,
        may_decline=is_open and (one.may_confirm or mine),
        barred="" if one.may_confirm or not is_open else barred(work, one),
        alone_from=alone_from,
        closed_by=one.closed_by_name or "",
        closed=moment_or_none(one.closed_at),
    )


def barred(work: Work, one: RequestView) -> str:
    """Say why whoever looks cannot confirm a request."""
    if one.requested_by == work.actor.reference:
        return _("You asked for this yourself, so another person confirms it.")
    if one.kind in (PUBLISH, RESTORE):
        if not work.actor.may(Permission.POLICIES_PUBLISH):
            return _("A publisher confirms this.")
        return _("You wrote this version, so another person confirms it.")
    if one.kind == ERASE:
        return _("An admin confirms this.")
    if one.kind == LIFT:
        return _("A manager, a publisher or an admin confirms this.")
    if not work.actor.may(Permission.PEOPLE_MANAGE):
        return _("An admin confirms this.")
    return _("It is about you, so another admin confirms it.")


def _title(work: Work, one: RequestView) -> str:
    details = one.details
    if one.kind in (PUBLISH, RESTORE):
        title = point_title(work, details["point"])
        return _("%(title)s, version %(n)s", title=title, n=details["version"])
    if one.kind == LIFT:
        return point_title(work, details["point"]) if details["point"] else _("All decision points")
    if one.kind == ROLES_REQUEST:
        person = details["person"]
        name = people.names(work.session, [person]).get(person, person)
        given = ", ".join(_role(role) for role in details["give"])
        taken = ", ".join(_role(role) for role in details["take"])
        if given and taken:
            return _(
                "%(name)s gets %(given)s and gives up %(taken)s",
                name=name,
                given=given,
                taken=taken,
            )
        if given:
            return _("%(name)s gets %(given)s", name=name, given=given)
        return _("%(name)s gives up %(taken)s", name=name, taken=taken)
    if one.kind == RESET_REQUEST:
        person = details["person"]
        return people.names(work.session, [person]).get(person, person)
    if one.kind == ERASE:
        return ground_word(erasures.ground_of(work, details["erasure"]))
    if one.kind == few.KIND:
        return _("on") if details["value"] else _("off")
    return one.kind


def point_title(work: Work, name: str) -> str:
    """Return what a decision point is called, its name where nothing of it is live."""
    live = work.configuration.live.get(name)
    return name if live is None else live.policy.title.in_(language())


def _role(code: str) -> str:
    return {
        "manager": _("manager"),
        "publisher": _("publisher"),
        "auditor": _("auditor"),
        "admin": _("admin"),
    }.get(code, code)


def _href(work: Work, one: RequestView) -> str:
    details = one.details
    if one.kind in (PUBLISH, RESTORE) and work.actor.may(Permission.POLICIES_READ):
        return url_for("console.policy", point=details["point"], version=details["version"])
    if one.kind == LIFT and work.actor.may(Permission.HOLDS_SET):
        return url_for("console.hold")
    if one.kind in (ROLES_REQUEST, RESET_REQUEST) and work.actor.may(Permission.PEOPLE_MANAGE):
        return url_for("console.person", person_id=details["person"])
    if one.kind == ERASE and work.actor.may(Permission.SUBJECTS_READ):
        return url_for("console.erasure", erasure_id=details["erasure"])
    return ""
