"""Who has shown that they can judge a queue's cases, until when, and whether the queue asks for it."""

from __future__ import annotations

from datetime import date

from flask import Response

from governance.errors import AnswerableError, Conflict, FieldProblem, InvalidInput, NotFound
from governance.permissions import Permission
from governance.queues import competence, service
from web import authentication
from web.console import forms, queues
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.views.shell import Form
from web.security import requires


@blueprint.post("/queues/<name>/competence")
@requires(Permission.QUEUES_MANAGE)
def show_competence(name: str) -> Response:
    """Keep what a member has shown."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            kept = competence.show(
                work,
                name,
                forms.text("person"),
                shown_on=_day("shown_on"),
                expires_on=_day("expires_on"),
                note=forms.text("note"),
            )
    except InvalidInput as error:
        return _again(name, shown=forms.told_again(error))
    tell("good", _("The competence of %(name)s was kept.", name=kept.name))
    return go("queue_record", name=name)


@blueprint.post("/queues/<name>/competence/end")
@requires(Permission.QUEUES_MANAGE)
def end_competence(name: str) -> Response:
    """End what a member has shown."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            competence.end(work, name, forms.text("person"))
    except NotFound as error:
        tell("info", _("There was nothing to end."), error.detail)
    except Conflict:
        tell(
            "warn",
            _("Nobody would be left who decides this queue's cases."),
            _("Enter another person's competence first, or ask for none."),
        )
    else:
        tell("good", _("The competence ended."))
    return go("queue_record", name=name)


@blueprint.post("/queues/<name>/competence/require")
@requires(Permission.QUEUES_MANAGE)
def require_competence(name: str) -> Response:
    """Ask for competence, once it is confirmed who is left then, or no longer."""
    wanted = forms.flag("required")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.change_queue(
                work, name, competence_required=wanted, confirmed=forms.flag("confirmed")
            )
    except InvalidInput as error:
        return _again(name, require=_asked(error))
    tell(
        "good",
        _("The queue asks for competence now.")
        if wanted
        else _("The queue asks for no competence any more."),
    )
    return go("queue_record", name=name)


def _again(name: str, *, shown: Form | None = None, require: Form | None = None) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        page = queues.page_of(work, service.queue(work, name), shown=shown, require=require)
    return render("queue_record", page, current="queues", status=422)


def _asked(error: AnswerableError) -> Form:
    """Tell in the reader's words what stands in the way; who is left and who not stands on the page."""
    told = forms.told_again(error)
    if "confirmed" in told.errors:
        said = _("Tick the box to say that you know who is left.")
        return Form(values=told.values, errors={"confirmed": said})
    said = _("Nobody would be left who decides this queue's cases.")
    return Form(values=told.values, errors={"competence_required": said})


def _day(name: str) -> date:
    try:
        return date.fromisoformat(forms.text(name))
    except ValueError:
        detail = _("Give a date like 2027-03-01.")
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)]) from None
