"""Signing in and out, the second step, and choosing a password by a one-time link."""

from __future__ import annotations

from typing import Final

from flask import Response, make_response, request, session

from governance.demo import folder
from governance.demo.service import PEOPLE
from governance.errors import AnswerableError, Conflict, NotFound, NotSignedIn, TooManyTries
from governance.identities import passwords, signing_in
from web import authentication
from web.console import forms, speech
from web.console.shell import blueprint, go, local_path, remember, render_door, tell
from web.console.speech import gettext as _
from web.console.views.people import SetPasswordPage, SignInPage
from web.console.views.shell import Form
from web.languages import LANGUAGES
from web.security import open_to_everybody

#: Where the cookie keeps the secret of a session that waits for a code, and where the person wanted to go.
_CODE_DUE: Final = "code_due"
_NEXT: Final = "next"


@blueprint.get("/sign-in")
@open_to_everybody("Whoever wants to sign in is not known yet.")
def sign_in() -> Response:
    """Show the form for signing in."""
    page = SignInPage(next=local_path(request.args.get("next")) or "", demo=_demo())
    return render_door("sign_in", page)


@blueprint.post("/sign-in")
@open_to_everybody("Whoever wants to sign in is not known yet.")
def take_sign_in() -> Response:
    """Begin a session, or wait for a code."""
    wanted = local_path(forms.text("next")) or ""
    try:
        begun = signing_in.sign_in(
            authentication.installation(),
            email=forms.text("username"),
            password=request.form.get("password", ""),
            address=_address(),
        )
    except (NotSignedIn, TooManyTries) as error:
        return _refused("sign_in", error, wanted)
    if not begun.second_factor_due:
        return _enter(begun.session_secret, wanted)
    session.clear()
    session[_CODE_DUE], session[_NEXT] = begun.session_secret, wanted
    return go("sign_in_code")


@blueprint.get("/sign-in/code")
@open_to_everybody("Whoever is on the way in is not known yet.")
def sign_in_code() -> Response:
    """Ask for the code of the authenticator app."""
    if _CODE_DUE not in session:
        return go("sign_in")
    return render_door("sign_in_code", SignInPage())


@blueprint.post("/sign-in/code")
@open_to_everybody("Whoever is on the way in is not known yet.")
def take_sign_in_code() -> Response:
    """Finish signing in with a code."""
    if _CODE_DUE not in session:
        return go("sign_in")
    wanted = session.get(_NEXT, "")
    try:
        begun = signing_in.second_factor(
            authentication.installation(),
            session_secret=session[_CODE_DUE],
            code=forms.text("code"),
            address=_address(),
        )
    except (NotSignedIn, TooManyTries) as error:
        return _refused("sign_in_code", error, wanted)
    return _enter(begun.session_secret, wanted)


@blueprint.post("/sign-out")
@open_to_everybody("Somebody whose session has ended may leave too.")
def sign_out() -> Response:
    """End the session."""
    secret = session.get(authentication.SESSION_SECRET)
    if secret:
        signing_in.sign_out(authentication.installation(), secret)
    session.clear()
    tell("good", _("You are signed out."))
    return go("sign_in")


@blueprint.get("/set-password/<token>")
@open_to_everybody("The link itself is the proof.")
def set_password(token: str) -> Response:
    """Ask for a password, once."""
    owner = signing_in.link_owner(authentication.installation(), token)
    if owner is None:
        return render_door("set_password", SetPasswordPage(expired=True), status=404)
    return render_door("set_password", _password_page(owner, Form()))


@blueprint.post("/set-password/<token>")
@open_to_everybody("The link itself is the proof.")
def take_password(token: str) -> Response:
    """Set the password and go on to signing in."""
    owner = signing_in.link_owner(authentication.installation(), token)
    if owner is None:
        return render_door("set_password", SetPasswordPage(expired=True), status=404)
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        form = Form(errors={"again": _("The two passwords differ. Type the same twice.")})
        return render_door("set_password", _password_page(owner, form), status=422)
    try:
        signing_in.set_password_by_link(
            authentication.installation(), token=token, password=password
        )
        begun = signing_in.sign_in(
            authentication.installation(),
            email=owner.email,
            password=password,
            address=_address(),
        )
    except NotFound:
        return render_door("set_password", SetPasswordPage(expired=True), status=404)
    except AnswerableError as error:
        form = forms.told_again(error)
        return render_door("set_password", _password_page(owner, form), status=422)
    if begun.second_factor_due:
        session.clear()
        session[_CODE_DUE] = begun.session_secret
        return go("sign_in_code")
    return _enter(begun.session_secret, "")


@blueprint.get("/language/<any(en, de):language>")
@open_to_everybody("Whoever is not known yet reads too.")
def language(language: str) -> Response:
    """Choose the language of the pages at the door, and show the last one in it."""
    assert language in LANGUAGES
    response = make_response("", 303)
    response.location = local_path(request.referrer) or "/sign-in"
    remember(response, speech.LANGUAGE_COOKIE, language)
    return response


def _enter(secret: str, wanted: str) -> Response:
    # A new session begins empty, so that nothing planted in the old cookie lives on.
    session.clear()
    session[authentication.SESSION_SECRET] = secret
    response = go("first")
    if wanted:
        response.location = wanted
    return response


def _refused(template: str, error: NotSignedIn | TooManyTries, wanted: str) -> Response:
    wait = error.retry_after if isinstance(error, TooManyTries) else 0
    if isinstance(error, TooManyTries):
        told = ""
    elif template == "sign_in":
        told = _("The e-mail address or the password is wrong.")
    else:
        told = _("This is not the code of now, or it was used before. Enter the newest one.")
    page = SignInPage(
        form=Form(values=forms.typed(), error=told), wait_seconds=wait, next=wanted, demo=_demo()
    )
    response = render_door(template, page, status=429 if wait else 422)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _password_page(owner: signing_in.LinkOwner, form: Form) -> SetPasswordPage:
    return SetPasswordPage(
        name=owner.name, username=owner.email, minimum=passwords.SHORTEST, form=form
    )


def _address() -> str:
    return request.remote_addr or ""


def _demo() -> tuple[tuple[str, str, str], ...]:
    """Return the demo's people with their passwords, which are public; nobody elsewhere."""
    try:
        stage = folder.stage_of(authentication.installation().settings.home)
    except (Conflict, OSError):
        return ()
    if stage is not folder.Stage.FINISHED:
        return ()
    return tuple((each.email, each.password, each.role) for each in PEOPLE)
