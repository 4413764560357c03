"""The decision, the form with which one asks for a person, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from flask import (
    Blueprint,
    Response,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from governance.appeals import service as appeals
from governance.appeals import subject_page
from governance.appeals.subject_page import SubjectPage
from governance.decisions.subject_links import PATH
from governance.errors import AnswerableError, Conflict, Gone, InvalidInput, NotAllowed, NotFound
from governance.rights import archive
from governance.rights import service as rights
from governance.rights.transitions import RightKind
from governance.rights.views import RightsView
from governance.subjects.files import MOST_BYTES, MOST_FILES
from governance.work import Work
from policies import corrections
from web import authentication, uploads
from web.console.forms import files_misfit
from web.console.speech import gettext as _
from web.downloads import attachment
from web.languages import LANGUAGES
from web.portal import guarding, telling
from web.portal.guarding import NoSuchPage, StrangeForm
from web.portal.views import Frame, Message
from web.problems import TooLarge, TooManyRequests
from web.security import OWN_FORMS, open_to_everybody

blueprint: Final = Blueprint(OWN_FORMS, __name__, url_prefix=PATH.rstrip("/"))
_NAMES: Final = {"en": "English", "de": "Deutsch"}
_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
}
_WHY_OPEN: Final = "The link itself is the proof, and whoever has it has no account here."
#: A form may hold this much besides its files.
_AROUND: Final = 100_000
View = Callable[..., Response]


@blueprint.url_value_preprocessor
def _take_files(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let whoever has a genuine link send files, before anything reads the form."""
    if endpoint != "portal.take_appeal" or request.method != "POST":
        return
    installation = authentication.installation()
    found = subject_page.link_of(installation, str((values or {}).get("token", "")))
    if found is not None and not found.expired(installation.clock.now()):
        uploads.expect(MOST_FILES * MOST_BYTES + _AROUND)


@blueprint.after_request
def keep_to_oneself(response: Response) -> Response:
    """Have no browser tell another site this address, and nobody list it."""
    response.headers.update(_HEADERS)
    return response


def _told(view: View) -> View:
    """Tell what goes wrong as a page for the person, who can do nothing with ours."""

    @wraps(view)
    def telling_errors(token: str, **named: str) -> Response:
        g.language = _language(None)
        try:
            return view(token, **named)
        except NoSuchPage as error:
            return _no_page(ended=error.ended)
        except NotFound:
            return _no_page(ended=False)
        except TooManyRequests as error:
            response = _message(
                Message(
                    title=_("One moment, please"),
                    text=_("This page was asked for very often. Try again in a minute."),
                ),
                429,
            )
            response.headers["Retry-After"] = str(error.retry_after)
            return response
        except StrangeForm:
            return _message(
                Message(
                    title=_("This did not arrive"),
                    text=_(
                        "The form was not from this page. Open the page again and send it once more."
                    ),
                    href=url_for("portal.page", token=token),
                    link=_("Open the page"),
                ),
                400,
            )
        except TooLarge:
            return _message(
                Message(
                    title=_("This is too large"),
                    text=_(
                        "The files are larger than we take. Go back and send fewer or smaller ones."
                    ),
                ),
                413,
            )
        except (Conflict, Gone, NotAllowed):
            return _message(
                Message(
                    title=_("This is no longer possible"),
                    text=_("Something changed meanwhile. The page shows how things stand."),
                    href=url_for("portal.page", token=token),
                    link=_("Open the page"),
                ),
                409,
            )

    return telling_errors


@blueprint.get("/<token>")
@open_to_everybody(_WHY_OPEN)
@_told
def page(token: str) -> Response:
    """Show the decision."""
    link = guarding.link(token)
    with _look() as work:
        shown = _read(work, link.decision_id)
    return _decision(shown, token)


@blueprint.get("/<token>/appeal")
@open_to_everybody(_WHY_OPEN)
@_told
def appeal(token: str) -> Response:
    """Show the form with which one asks for a person."""
    link = guarding.link(token)
    with _look() as work:
        shown = _read(work, link.decision_id)
    if shown.standing.why_not is not None:
        return _back(token)
    return _form(shown, token)


@blueprint.post("/<token>/appeal")
@open_to_everybody(_WHY_OPEN)
@_told
def take_appeal(token: str) -> Response:
    """Open an appeal; the same form sent twice opens one."""
    link = guarding.link(token)
    number = guarding.sent_form(token)
    with _look() as work:
        shown = _read(work, link.decision_id)
    values = {name: text for name, text in request.form.items() if name != "form"}
    corrected, errors = _corrections(shown, values)
    if not values.get("words", "").strip():
        errors["words"] = _("Say in your own words what we should look at again.")
    if errors:
        return _form(shown, token, values=values, errors=errors, status=422)
    try:
        with _work() as work:
            appeals.open_appeal(
                work,
                link.decision_id,
                words=values["words"],
                corrections=corrected,
                files=uploads.brought("files"),
                form=number,
            )
    except InvalidInput as error:
        return _form(shown, token, values=values, errors=_refused(error), status=422)
    return _back(token)


@blueprint.post("/<token>/words")
@open_to_everybody(_WHY_OPEN)
@_told
def add_words(token: str) -> Response:
    """Add words to the appeal that waits."""
    link = guarding.link(token)
    guarding.sent_form(token)
    try:
        with _work() as work:
            appeals.add_words(work, link.decision_id, words=request.form.get("words", ""))
    except InvalidInput:
        with _look() as work:
            shown = _read(work, link.decision_id)
        told = _("Write something, at most %(most)s characters.", most=appeals.LONGEST_WORDS)
        return _decision(shown, token, error=told, status=422)
    return _back(token)


@blueprint.post("/<token>/withdraw")
@open_to_everybody(_WHY_OPEN)
@_told
def withdraw(token: str) -> Response:
    """Take the appeal back."""
    link = guarding.link(token)
    guarding.sent_form(token)
    with _work() as work:
        appeals.withdraw(work, link.decision_id)
    return _back(token)


@blueprint.post("/<token>/people-only")
@open_to_everybody(_WHY_OPEN)
@_told
def people_only(token: str) -> Response:
    """Have a person always decide from now on, or let software decide again."""
    link = guarding.link(token)
    guarding.sent_form(token)
    wanted = request.form.get("wanted") == "yes"
    with _work() as work:
        subject_page.set_people_only(work, link.decision_id, wanted=wanted)
    return _back(token)


@blueprint.post("/<token>/ask")
@open_to_everybody(_WHY_OPEN)
@_told
def ask(token: str) -> Response:
    """Ask for a copy of one's data, or to be erased; asking again changes nothing while that waits."""
    link = guarding.link(token)
    guarding.sent_form(token)
    erasure = request.form.get("kind") == RightKind.ERASURE.value
    try:
        with _work() as work:
            rights.ask(
                work,
                RightKind.ERASURE if erasure else RightKind.ACCESS,
                decision_id=link.decision_id,
                words=request.form.get("words", ""),
            )
    except InvalidInput:
        with _look() as work:
            shown = _read(work, link.decision_id)
        told = _("At most %(most)s characters are taken.", most=rights.LONGEST_WORDS)
        return _decision(shown, token, error=told, status=422)
    return _back(token)


@blueprint.post("/<token>/asked/<request_id>/withdraw")
@open_to_everybody(_WHY_OPEN)
@_told
def take_back(token: str, request_id: str) -> Response:
    """Take back what one asked for."""
    link = guarding.link(token)
    guarding.sent_form(token)
    with _work() as work:
        rights.withdraw(work, link.decision_id, request_id)
    return _back(token)


@blueprint.post("/<token>/asked/<request_id>/copy")
@open_to_everybody(_WHY_OPEN)
@_told
def take_copy(token: str, request_id: str) -> Response:
    """Take the copy that was granted."""
    link = guarding.link(token)
    guarding.sent_form(token)
    with _work() as work:
        copy = archive.take(work, link.decision_id, request_id, language=_chosen())
    return attachment(copy.pieces, copy.content_type, copy.name)


def _chosen() -> str | None:
    """Return the language that the person chose on the page, None where they chose none."""
    chosen = request.args.get("lang", "")
    return chosen if chosen in LANGUAGES else None


def _asked(decision_id: str) -> Sequence[RightsView]:
    try:
        with _look() as work:
            return rights.of_decision(work, decision_id)
    except Gone:
        return ()


def _language(decisions_own: str | None) -> str:
    """Return the page's language: the one chosen, else the decision's, else the browser's."""
    chosen = request.args.get("lang", "")
    if chosen in LANGUAGES:
        return chosen
    own = (decisions_own or "").partition("-")[0].lower()
    return own if own in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")


def _read(work: Work, decision_id: str) -> SubjectPage:
    """Read the page's content in its language, which the decision may name."""
    shown = subject_page.read(work, decision_id, language=g.language)
    wanted = _language(shown.decision.language)
    if wanted != g.language:
        g.language = wanted
        shown = subject_page.read(work, decision_id, language=wanted)
    return shown


def _corrections(
    shown: SubjectPage, values: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the facts that were corrected, and what was wrong with others; what was left empty, or as it is, is none."""
    found: dict[str, Any] = {}
    errors: dict[str, str] = {}
    recorded = shown.decision.features or {}
    for name, feature in corrections.correctable(shown.policy).items():
        said = values.get(f"fact.{name}", "")
        if not said.strip():
            continue
        try:
            value = corrections.typed(feature, said)
        except ValueError:
            errors[f"fact.{name}"] = telling.expected(feature)
            continue
        if name not in recorded or recorded[name] != value:
            found[name] = value
    return found, errors


def _refused(error: InvalidInput) -> dict[str, str]:
    places = {problem.pointer for problem in error.problems}
    if "/files" in places:
        return {"files": files_misfit()}
    return {"words": _("At most %(most)s characters are taken.", most=appeals.LONGEST_WORDS)}


@contextmanager
def _look() -> Iterator[Work]:
    with authentication.installation().look(subject_page.actor()) as work:
        yield work


@contextmanager
def _work() -> Iterator[Work]:
    with authentication.installation().work(subject_page.actor()) as work:
        yield work


def _back(token: str) -> Response:
    address = url_for("portal.page", token=token, lang=_chosen())
    return make_response(redirect(address, 303))


def _decision(shown: SubjectPage, token: str, *, error: str = "", status: int = 200) -> Response:
    asked = _asked(str(shown.decision.id))
    told = telling.decision(shown, asked, token, guarding.form_token(token), error=error)
    return _drawn("page", shown.business, told, status)


def _form(
    shown: SubjectPage,
    token: str,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    now = authentication.installation().clock.now()
    told = telling.appeal_form(
        shown, token, guarding.form_token(token), now, values=values, errors=errors
    )
    return _drawn("appeal", shown.business, told, status)


def _no_page(*, ended: bool) -> Response:
    if ended:
        told = Message(
            title=_("This link has ended"),
            text=_(
                "It worked for a limited time, to protect you. Ask the business for a new one; nothing of what you sent is lost."
            ),
        )
    else:
        told = Message(
            title=_("There is nothing here"),
            text=_(
                "The link is not complete, or was never one of ours. Copy it once more from the message in which you got it."
            ),
        )
    return _message(told, 404)


def _message(told: Message, status: int) -> Response:
    try:
        with _look() as work:
            business = subject_page.business_name(work)
    except AnswerableError:
        business = "Answerable"
    return _drawn("message", business, told, status)


def _drawn(template: str, business: str, told: Any, status: int) -> Response:
    asked = {name: said for name, said in (request.view_args or {}).items() if name == "token"}
    # After a form was taken there is nothing to show in another language; the page before it is.
    endpoint = "portal.page" if request.method == "POST" else str(request.endpoint)
    others = tuple(
        (code, _NAMES[code], url_for(endpoint, **asked, lang=code))
        for code in LANGUAGES
        if code != g.language
    )
    frame = Frame(business=business, language=g.language, others=others)
    lang = request.args.get("lang", "")
    return Response(
        render_template(
            f"portal/{template}.html",
            shell=frame,
            page=told,
            lang=lang if lang in LANGUAGES else None,
        ),
        status=status,
    )
