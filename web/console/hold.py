"""Holds: let people alone decide, at once; and ask that it end, which a second person confirms."""

from __future__ import annotations

from flask import Response, request

from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.holds import service as holds
from governance.permissions import Permission
from governance.points import service as points
from web import authentication
from web.console import forms
from web.console.shell import blueprint, go, holds_in_force, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.rules import HoldPage
from web.console.views.shell import Choice, Form
from web.security import requires

#: What stands for all decision points together; no point may be called so in a form.
_ALL = "all"


@blueprint.get("/hold")
@requires(Permission.STATUS_READ)
def hold() -> Response:
    """Show what is on hold, and the form for more."""
    return _shown(Form(values={"point": request.args.get("point", _ALL)}))


@blueprint.post("/hold")
@requires(Permission.HOLDS_SET)
def set_hold() -> Response:
    """Put one decision point, or all, on hold."""
    point = forms.text("point")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            holds.set_hold(work, None if point == _ALL else point, forms.text("reason"))
    except (InvalidInput, Conflict) as error:
        return _shown(forms.told_again(error), 422)
    tell("good", _("From now on people alone decide there."))
    return go("hold")


@blueprint.post("/hold/resume")
@requires(Permission.HOLDS_LIFT)
def resume() -> Response:
    """Ask that a hold be lifted."""
    point = forms.text("point")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            standing = holds.hold_of(work, None if point == _ALL else point)
            holds.request_lift(work, standing.id, forms.text("reason"))
    except AnswerableError as error:
        tell("warn", _("The hold could not be lifted."), error.detail)
        return go("hold")
    tell("good", _("You asked to lift the hold. It ends once a second person confirms."))
    return go("hold")


def _shown(form: Form, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        standing = holds_in_force(work)
        held = {one.key for one in standing}
        choices = [Choice(value=_ALL, label=_("All decision points"))]
        choices += [
            Choice(
                value=one.name,
                label=one.name if one.live is None else one.live.policy.title.in_(language()),
            )
            for one in points.list_points(work)
        ]
        page = HoldPage(
            points=tuple(one for one in choices if one.value not in held),
            holds=standing,
            form=form,
            may_set=work.actor.may(Permission.HOLDS_SET),
            may_ask_to_lift=work.actor.may(Permission.HOLDS_LIFT),
        )
    return render("hold", page, status=status)
