"""What a person does with a case instead of deciding it: pass it on, put it off, hand it over, ask the app, comment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Response, request

from governance.clock import parse_rfc3339
from governance.decisions.sight import GOLD
from governance.errors import AnswerableError, FieldProblem, InvalidInput
from governance.monitors import doubting
from governance.permissions import Permission
from governance.reviews import handling
from governance.reviews.views import CaseSummary
from governance.subjects.files import MOST_BYTES, MOST_FILES
from web import authentication, uploads
from web.console import case as case_page
from web.console import forms, playing
from web.console.links import linked
from web.console.shell import blueprint, go, tell
from web.console.speech import gettext as _
from web.console.views.shell import Form
from web.security import requires


@blueprint.post("/cases/<case_id>/skip")
@requires(Permission.CASES_DECIDE)
def skip(case_id: str) -> Response:
    """Pass a case on undecided."""
    return _do(
        case_id,
        "skip",
        lambda work: handling.skip(
            work,
            case_id,
            reason=forms.text("reason"),
            words=forms.text("words"),
            revision=case_page.revision(),
        ),
        _("The case is back in the queue, for others."),
    )


@blueprint.post("/cases/<case_id>/put-off")
@requires(Permission.CASES_DECIDE)
def put_off(case_id: str) -> Response:
    """Put a case off."""
    return _do(
        case_id,
        "later",
        lambda work: handling.put_off(
            work,
            case_id,
            until=_instant("until"),
            words=forms.text("words"),
            revision=case_page.revision(),
        ),
        _("The case is put off. It comes back by itself."),
    )


@blueprint.post("/cases/<case_id>/hand-over")
@requires(Permission.CASES_DECIDE)
def hand_over(case_id: str) -> Response:
    """Hand a case to a colleague."""
    return _do(
        case_id,
        "hand-over",
        lambda work: handling.hand_over(
            work,
            case_id,
            to=forms.text("to"),
            words=forms.text("words"),
            revision=case_page.revision(),
        ),
        _("The case is handed over, and kept for eight hours."),
    )


@blueprint.post("/cases/<case_id>/question")
@requires(Permission.CASES_DECIDE)
def ask(case_id: str) -> Response:
    """Ask the app for information."""
    return _do(
        case_id,
        "ask",
        lambda work: handling.ask(
            work, case_id, words=forms.text("words"), revision=case_page.revision()
        ),
        _("The app is asked. The case comes back with its answer."),
    )


@blueprint.post("/cases/<case_id>/reveal")
@requires(Permission.CASES_DECIDE)
def reveal(case_id: str) -> Response:
    """Have facts shown that the policy masks, and stay on the case."""
    return _do(
        case_id,
        "reveal",
        lambda work: handling.reveal(
            work, case_id, facts=forms.ticked("facts"), reason=forms.text("reason")
        ),
        _("It is shown to you now, and the log says so."),
        stay=True,
    )


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let whoever may comment send files, before anything reads the form."""
    if endpoint == "console.comment" and request.method == "POST":
        try:
            authentication.actor().require(Permission.CASES_DECIDE)
        except AnswerableError:
            return
        uploads.expect(MOST_FILES * MOST_BYTES)


@blueprint.post("/cases/<case_id>/doubt")
@requires(Permission.CASES_DECIDE)
def doubt(case_id: str) -> Response:
    """Take that the automation is wrong, and stay on the case."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            incident = doubting.doubt(work, case_id, words=forms.text("words"))
    except InvalidInput:
        said = _("Say in a few sentences what is wrong.")
        form = Form(values=forms.typed(), errors={"words": said})
        return case_page.again(case_id, 422, opened="doubt", instead=form)
    tell(
        "good",
        _("You said that this automation is wrong. Somebody will look into it."),
        _("It goes on meanwhile; whoever may can stop it."),
        href=linked("incident", incident_id=incident.id),
        link=_("Open the incident"),
    )
    return go("case", case_id=case_id)


@blueprint.post("/cases/<case_id>/comment")
@requires(Permission.CASES_DECIDE)
def comment(case_id: str) -> Response:
    """Comment on a case, and stay on it."""
    return _do(
        case_id,
        "comment",
        lambda work: handling.comment(
            work, case_id, words=forms.text("words"), files=uploads.brought("files")
        ),
        _("Your comment is there."),
        stay=True,
    )


def _do(
    case_id: str, name: str, act: Callable[[Any], object], told: str, *, stay: bool = False
) -> Response:
    """Do one of these and go on; where it does not fit, show its form again with what was wrong."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            done = act(work)
    except InvalidInput as error:
        return case_page.again(
            case_id,
            422,
            opened=name,
            instead=_told_again(error),
        )
    except case_page.TOO_LATE as error:
        tell("warn", _("This could not be done."), error.detail)
        return go("case", case_id=case_id)
    if isinstance(done, CaseSummary) and done.purpose == GOLD:
        return case_page.was_known(case_id)
    tell("good", told)
    return go("case", case_id=case_id) if stay else playing.go_on()


def _told_again(error: InvalidInput) -> Form:
    form = forms.told_again(error)
    if "files" in form.errors:
        return Form(values=form.values, errors={"files": forms.files_misfit()})
    return form


def _instant(name: str) -> datetime:
    try:
        return parse_rfc3339(forms.text(name))
    except ValueError:
        detail = _("Choose a time.")
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)]) from None
