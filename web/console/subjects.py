"""The pages about persons concerned: what they ask for, what is held about one, and the copy of it. A reference stands in no address."""

from __future__ import annotations

from flask import Response

from governance.errors import Conflict, InvalidInput
from governance.identities import queries as people
from governance.permissions import Permission
from governance.rights import archive, service
from governance.rights.transitions import RightKind
from governance.rights.views import RightsView
from governance.work import Work
from web import authentication
from web.console import erasing, forms, times
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.views.rights import (
    AskPage,
    HeldView,
    RightsRow,
    SubjectRequestPage,
    SubjectsPage,
)
from web.console.views.shell import Choice, Form
from web.downloads import attachment
from web.languages import LANGUAGES
from web.security import requires


@blueprint.get("/subjects")
@requires(Permission.SUBJECTS_READ)
def subjects() -> Response:
    """List what persons concerned ask for."""
    return _subjects()


@blueprint.post("/subjects/find")
@requires(Permission.SUBJECTS_READ)
def find_subject() -> Response:
    """Say in numbers what is held about somebody."""
    return _subjects(sought=True)


@blueprint.post("/subjects/export")
@requires(Permission.SUBJECTS_EXPORT)
def export_subject() -> Response:
    """Take the copy of all that is held about somebody."""
    with authentication.installation().work(authentication.actor()) as work:
        copy = archive.export(work, forms.text("ref"), language=_language())
    return attachment(copy.pieces, copy.content_type, copy.name)


@blueprint.get("/subjects/ask")
@requires(Permission.SUBJECTS_ASK)
def ask_for_subject() -> Response:
    """Show the form with which one enters what somebody asks for, on the telephone or in a letter."""
    return _ask(Form())


@blueprint.post("/subjects/ask")
@requires(Permission.SUBJECTS_ASK)
def take_asked() -> Response:
    """Enter what somebody asks for."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            made = service.ask(
                work,
                _kind(),
                reference=forms.text("ref"),
                words=forms.text("words"),
            )
    except InvalidInput as error:
        return _ask(_misfit(error), status=422)
    due = times.moment(made.due_at).text
    tell("good", _("Entered. The answer is due by %(when)s.", when=due))
    if work.actor.may(Permission.SUBJECTS_READ):
        return go("subject_request", request_id=made.id)
    return go("ask_for_subject")


@blueprint.get("/subjects/requests/<request_id>")
@requires(Permission.SUBJECTS_READ)
def subject_request(request_id: str) -> Response:
    """Show what somebody asked for, and the forms that answer it."""
    return _request(request_id, Form())


@blueprint.post("/subjects/requests/<request_id>/copy")
@requires(Permission.SUBJECTS_EXPORT)
def copy_for_request(request_id: str) -> Response:
    """Take the copy that somebody asked for."""
    with authentication.installation().work(authentication.actor()) as work:
        copy = archive.for_request(work, request_id, language=_language())
    return attachment(copy.pieces, copy.content_type, copy.name)


@blueprint.post("/subjects/requests/<request_id>/grant")
@requires(Permission.SUBJECTS_READ)
def grant_request(request_id: str) -> Response:
    """Grant a copy, which the person takes from their page."""
    return _answered(request_id, granted=True)


@blueprint.post("/subjects/requests/<request_id>/refuse")
@requires(Permission.SUBJECTS_READ)
def refuse_request(request_id: str) -> Response:
    """Refuse it, and tell the person why."""
    return _answered(request_id, granted=False)


def _answered(request_id: str, *, granted: bool) -> Response:
    said = forms.text("answer")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            if granted:
                service.grant(work, request_id, answer=said)
            else:
                service.refuse(work, request_id, answer=said)
    except InvalidInput as error:
        return _request(request_id, _misfit(error), status=422)
    except Conflict:
        told = _("This was answered already, or taken back.")
        return _request(request_id, Form(values=forms.typed(), error=told), status=409)
    if granted:
        tell("good", _("Granted. The person can take the copy from their page."))
    else:
        tell("good", _("Refused. The person reads why on their page."))
    return go("subject_request", request_id=request_id)


def _subjects(*, sought: bool = False) -> Response:
    reference, form, status, held = "", Form(), 200, None
    with authentication.installation().look(authentication.actor()) as work:
        if sought:
            reference = forms.text("ref")
            form = Form(values={"ref": reference})
            try:
                found = service.held(work, reference)
            except InvalidInput as error:
                form, status, sought = _misfit(error), 422, False
            else:
                if found is not None:
                    since = found.people_only_since
                    held = HeldView(
                        decisions=found.decisions,
                        requests=tuple(_row(work, one) for one in found.requests),
                        people_only=times.moment_or_none(since),
                    )
        may_export = work.actor.may(Permission.SUBJECTS_EXPORT)
        page = SubjectsPage(
            waiting=tuple(_row(work, one) for one in service.waiting(work)),
            closed=tuple(_row(work, one) for one in service.closed(work)),
            erasures=erasing.rows(work),
            languages=_languages(),
            may_export=may_export,
            may_ask=work.actor.may(Permission.SUBJECTS_ASK),
            vault_open=not held or archive.vault_open(work.answerable),
            form=form,
            reference=reference,
            sought=sought,
            held=held,
        )
    return render("subjects", page, current="subjects", status=status)


def _ask(form: Form, *, status: int = 200) -> Response:
    page = AskPage(
        kinds=(
            Choice(value=RightKind.ACCESS.value, label=_("A copy of their data")),
            Choice(value=RightKind.ERASURE.value, label=_("To be erased")),
        ),
        longest=service.LONGEST_WORDS,
        form=form,
    )
    return render("ask_for_subject", page, current="subjects", status=status)


def _request(request_id: str, form: Form, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        one = service.get(work, request_id)
        page = SubjectRequestPage(
            row=_row(work, one),
            languages=_languages(),
            longest=service.LONGEST_WORDS,
            reference=one.subject_ref or "",
            words=one.words or "",
            answer=one.answer or "",
            copy_until=times.moment_or_none(one.copy_until),
            erased=one.erased,
            may_answer=one.may_answer,
            may_export=work.actor.may(Permission.SUBJECTS_EXPORT) and not one.erased,
            vault_open=archive.vault_open(work.answerable),
            form=form,
        )
    return render("subject_request", page, current="subjects", status=status)


def _row(work: Work, one: RightsView) -> RightsRow:
    return RightsRow(
        id=one.id,
        kind=one.kind.value,
        state=one.status.value,
        door=one.door.value,
        asked=times.moment(one.asked_at),
        due=times.moment(one.due_at),
        late=one.late,
        closed=times.moment_or_none(one.closed_at),
        closed_by=""
        if one.closed_by is None
        else people.names_of(work.session, [one.closed_by])[one.closed_by],
    )


def _misfit(error: InvalidInput) -> Form:
    """Return the form as it was typed, with what was wrong in the page's language."""
    told = {
        "subject": (
            "ref",
            _("Enter a reference of 1 to 200 characters, exactly as the app sends it."),
        ),
        "words": ("words", _("At most %(most)s characters are taken.", most=service.LONGEST_WORDS)),
        "answer": (
            "answer",
            _(
                "Write what the person will read, at most %(most)s characters.",
                most=service.LONGEST_WORDS,
            ),
        ),
    }
    places = {one.pointer.split("/")[1] for one in error.problems}
    return Form(values=forms.typed(), errors=dict(told[place] for place in places))


def _kind() -> RightKind:
    try:
        return RightKind(forms.text("kind"))
    except ValueError:
        return RightKind.ACCESS


def _language() -> str | None:
    wanted = forms.text("language")
    return wanted if wanted in LANGUAGES else None


def _languages() -> tuple[Choice, ...]:
    return (
        Choice(value="", label=_("as in the newest decision")),
        Choice(value="en", label="English"),
        Choice(value="de", label="Deutsch"),
    )
