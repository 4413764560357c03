"""Pages about people: who can sign in, what they are here to do, and the links with which they begin."""

from __future__ import annotations

from flask import Response, url_for

from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.identities import service
from governance.identities.views import OneTimeLink, PersonView
from governance.permissions import Permission, Role
from governance.queues.service import list_queues
from governance.requests.service import RequestView
from web import authentication
from web.console import forms
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.times import moment, moment_or_none
from web.console.views.people import LinkPage, PeoplePage, PersonPage, PersonRow
from web.console.views.shell import Choice, Form
from web.security import requires

_FIELDS = {"expires_at": "expires"}
_LISTS = ("roles", "queues")


@blueprint.get("/people")
@requires(Permission.PEOPLE_MANAGE)
def people() -> Response:
    """List everybody who has an account."""
    with authentication.installation().look(authentication.actor()) as work:
        found = service.list_people(work)
    rows = tuple(
        PersonRow(
            id=person.id,
            name=person.name,
            username=person.email,
            roles=person.roles,
            queues=person.queues,
            state=person.state,
            expires=moment_or_none(person.expires_at),
            last_seen=moment_or_none(person.last_seen_at),
            second_factor=person.second_factor,
        )
        for person in found
    )
    return render("people", PeoplePage(people=rows, may_change=True), current="people")


@blueprint.get("/people/new")
@requires(Permission.PEOPLE_MANAGE)
def add_person() -> Response:
    """Show an empty form for a person."""
    return _form(None, Form())


@blueprint.post("/people/new")
@requires(Permission.PEOPLE_MANAGE)
def add_person_now() -> Response:
    """Add a person, and show their link once."""
    try:
        expires_at = forms.end_of_day("expires")
        with authentication.installation().work(authentication.actor()) as work:
            added = service.add_person(
                work,
                email=forms.text("email"),
                name=forms.text("name"),
                roles=forms.ticked("roles"),
                queues=forms.ticked("queues"),
                expires_at=expires_at,
                reason=forms.text("reason"),
            )
    except (InvalidInput, Conflict) as error:
        return _form(None, forms.told_again(error, *_LISTS, fields=_FIELDS), status=422)
    return _link(added.person, added.link, added.request)


@blueprint.get("/people/<person_id>")
@requires(Permission.PEOPLE_MANAGE)
def person(person_id: str) -> Response:
    """Show one person's account."""
    known = _person(person_id)
    return _form(known, _filled(known))


@blueprint.post("/people/<person_id>")
@requires(Permission.PEOPLE_MANAGE)
def change_person(person_id: str) -> Response:
    """Change what somebody is called, is here to do, or until when."""
    try:
        expires_at = forms.end_of_day("expires")
        with authentication.installation().work(authentication.actor()) as work:
            changed = service.change_person(
                work,
                person_id,
                name=forms.text("name"),
                roles=forms.ticked("roles"),
                queues=forms.ticked("queues"),
                expires_at=expires_at,
                never_expires=expires_at is None,
                reason=forms.text("reason"),
            )
    except (InvalidInput, Conflict) as error:
        form = forms.told_again(error, *_LISTS, fields=_FIELDS)
        return _form(_person(person_id), form, status=422)
    tell("good", _("%(name)s was changed.", name=changed.person.name))
    _tell_of(changed.request)
    return go("people")


@blueprint.post("/people/<person_id>/disable")
@requires(Permission.PEOPLE_MANAGE)
def disable_person(person_id: str) -> Response:
    """Shut somebody out at once."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            known = service.disable_person(work, person_id)
    except Conflict as error:
        return _refused(person_id, error)
    tell("good", _("%(name)s can no longer sign in.", name=known.name))
    return go("people")


@blueprint.post("/people/<person_id>/enable")
@requires(Permission.PEOPLE_MANAGE)
def enable_person(person_id: str) -> Response:
    """Let somebody back in, and show their link once."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            enabled = service.enable_person(work, person_id)
    except Conflict as error:
        return _refused(person_id, error)
    return _link(enabled.person, enabled.link, enabled.request)


@blueprint.post("/people/<person_id>/reset")
@requires(Permission.PEOPLE_MANAGE)
def reset_person(person_id: str) -> Response:
    """Make somebody a link for a new password, and show it once."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            made = service.reset_person(work, person_id, second_factor=forms.flag("second_factor"))
            known = service.person(work, person_id)
    except Conflict as error:
        return _refused(person_id, error)
    if isinstance(made, RequestView):
        tell(
            "info",
            _(
                "%(name)s confirms what others ask, so another person is asked first.",
                name=known.name,
            ),
            _("Once it is confirmed, ask for the link again within a day."),
            href=url_for("console.requests"),
            link=_("To the requests"),
        )
        return go("people")
    return _link(known, made, None)


def _person(person_id: str) -> PersonView:
    with authentication.installation().look(authentication.actor()) as work:
        return service.person(work, person_id)


def _filled(known: PersonView) -> Form:
    return Form(
        values={
            "name": known.name,
            "email": known.email,
            "roles": list(known.roles),
            "queues": list(known.queues),
            "expires": forms.last_day(known.expires_at),
        }
    )


def _form(known: PersonView | None, form: Form, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        queues = list_queues(work)
    hints = {
        Role.MANAGER: _("decides cases of their queues"),
        Role.PUBLISHER: _("writes policies and confirms those of others"),
        Role.AUDITOR: _("reads everything, changes nothing"),
        Role.ADMIN: _("people, app keys, queues and settings"),
    }
    names = {
        Role.MANAGER: _("manager"),
        Role.PUBLISHER: _("publisher"),
        Role.AUDITOR: _("auditor"),
        Role.ADMIN: _("admin"),
    }
    page = PersonPage(
        roles=tuple(Choice(value=role, label=names[role], hint=hints[role]) for role in Role),
        queues=tuple(Choice(value=queue.name, label=queue.title) for queue in queues),
        id="" if known is None else known.id,
        name="" if known is None else known.name,
        state="" if known is None else known.state,
        second_factor=known is not None and known.second_factor,
        is_self=known is not None and known.id == authentication.actor().id,
        form=form,
    )
    return render("person", page, current="people", status=status)


def _refused(person_id: str, error: AnswerableError) -> Response:
    known = _person(person_id)
    form = Form(values=_filled(known).values, error=error.detail)
    return _form(known, form, status=409)


def _link(known: PersonView, link: OneTimeLink | None, waiting: RequestView | None) -> Response:
    """Show a link in the answer itself: it is kept nowhere, so no later page could."""
    assert link is not None
    _tell_of(waiting)
    page = LinkPage(name=known.name, link=link.url, until=moment(link.expires_at))
    return render("one_time_link", page, current="people")


def _tell_of(waiting: RequestView | None) -> None:
    if waiting is not None:
        tell(
            "info",
            _("Roles that confirm what others ask wait for a second person."),
            href=url_for("console.requests"),
            link=_("To the requests"),
        )
