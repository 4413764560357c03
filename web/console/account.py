"""Pages of one's own account: language and look, password, second step, personal tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import segno
from flask import Response, request, session

from governance.errors import AnswerableError, Conflict, InvalidInput, NotFound, TooManyTries
from governance.identities import service, signing_in
from governance.identities.views import PersonView, SecondFactorSetup
from governance.permissions import Permission
from governance.reviews import gold
from governance.reviews.views import Results
from web import authentication
from web.console import forms, telling
from web.console.permission_words import permission_words
from web.console.queues import zones
from web.console.shell import (
    KEYS_COOKIE,
    THEME_COOKIE,
    THEMES,
    blueprint,
    go,
    remember,
    render,
    tell,
)
from web.console.speech import LANGUAGE_COOKIE
from web.console.speech import gettext as _
from web.console.telling import FOLD_COOKIE, folds_all
from web.console.times import moment, moment_or_none, now
from web.console.views.people import (
    AccountPage,
    KnownResults,
    SecondFactorPage,
    SecretPage,
    TokenRow,
)
from web.console.views.shell import Choice, Form
from web.security import requires

#: Where the session keeps the secret of a second step that is not confirmed yet.
_SETTING_UP: Final = "second-factor"
_DAY: Final = timedelta(days=1)
#: How many known cases one is shown of one's own.
_NEWEST: Final = 20
#: How often somebody wants mails.
_NO_MAILS: Final = "off"
_DAILY: Final = "daily"
_AT_ONCE: Final = "at_once"


@blueprint.get("/account")
@requires(Permission.ACCOUNT_USE)
def account() -> Response:
    """Show one's own account."""
    return _page()


@blueprint.post("/account/preferences")
@requires(Permission.ACCOUNT_USE)
def preferences() -> Response:
    """Change language, zone, mails, and how this browser shows the pages."""
    language = forms.text("language")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.change_account(
                work,
                language=language,
                time_zone=forms.text("zone"),
                mail_notices=forms.text("mails") != _NO_MAILS,
                mail_digest=forms.text("mails") == _DAILY,
            )
    except InvalidInput as error:
        wrong = forms.told_again(error, fields={"time_zone": "zone"})
        return _page(preferences=wrong, status=422)
    theme = forms.text("theme")
    response = go("account")
    remember(response, LANGUAGE_COOKIE, language)
    remember(response, THEME_COOKIE, theme if theme in THEMES else THEMES[0])
    remember(response, KEYS_COOKIE, "on" if forms.flag("keys") else "off")
    remember(response, FOLD_COOKIE, "all" if forms.flag("fold") else "long")
    return response


@blueprint.post("/account/password")
@requires(Permission.ACCOUNT_USE)
def change_password() -> Response:
    """Change one's password and end all one's other sessions."""
    # A password may begin or end with a blank, so it is taken as it is.
    new, again = request.form.get("password", ""), request.form.get("again", "")
    if new != again:
        detail = _("The two are not the same. Type the new password twice.")
        return _page(password=Form(errors={"again": detail}), status=422)
    try:
        signing_in.change_password(
            authentication.installation(),
            authentication.actor(),
            old=request.form.get("current", ""),
            new=new,
            address=request.remote_addr or "",
            keep_session=session.get(authentication.SESSION_SECRET),
        )
    except (InvalidInput, TooManyTries) as error:
        wrong = forms.told_again(error, fields={"old": "current"})
        return _page(password=wrong, status=_status(error))
    tell("good", _("The password was changed. Everywhere else you are signed out."))
    return go("account")


@blueprint.get("/account/second-step")
@requires(Permission.ACCOUNT_USE)
def second_factor() -> Response:
    """Show the secret of a second step, to be read by an authenticator app."""
    return _second_factor_page(Form())


@blueprint.post("/account/second-step")
@requires(Permission.ACCOUNT_USE)
def take_second_factor() -> Response:
    """Turn the second step on, once a code shows that the app has the secret."""
    kept = _being_set_up()
    if kept is None:
        return go("second_factor")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.confirm_second_factor(work, secret=kept.secret, code=forms.text("code"))
    except InvalidInput as error:
        return _second_factor_page(forms.told_again(error), status=422)
    except Conflict as error:
        session.pop(_SETTING_UP, None)
        tell("info", error.detail)
        return go("account")
    session.pop(_SETTING_UP, None)
    tell("good", _("The second step is on. Keep the device at hand."))
    return go("account")


@blueprint.post("/account/second-step/remove")
@requires(Permission.ACCOUNT_USE)
def remove_second_factor() -> Response:
    """Turn the second step off."""
    try:
        signing_in.remove_second_factor(
            authentication.installation(),
            authentication.actor(),
            password=request.form.get("current", ""),
            address=request.remote_addr or "",
        )
    except (InvalidInput, TooManyTries) as error:
        wrong = forms.told_again(error, fields={"password": "current"})
        return _page(second_step=wrong, status=_status(error))
    except NotFound as error:
        tell("info", error.detail)
        return go("account")
    tell("good", _("The second step is off."))
    return go("account")


@blueprint.post("/account/tokens")
@requires(Permission.ACCOUNT_USE)
def create_token() -> Response:
    """Make a personal token, and show it once."""
    try:
        expires_at = forms.end_of_day("expires")
        days = 0 if expires_at is None else -(-(expires_at - now()) // _DAY)
        with authentication.installation().work(authentication.actor()) as work:
            made = service.create_token(
                work, name=forms.text("name"), scopes=forms.ticked("scopes"), days=days
            )
    except InvalidInput as error:
        wrong = forms.told_again(error, "scopes", fields={"days": "expires"})
        return _page(token=wrong, status=422)
    url = f"{authentication.installation().settings.public_url}/api/v1/account"
    page = SecretPage(
        kind="token",
        name=made.token.name,
        secret=made.secret,
        curl=f"curl {url} \\\n  -H 'Authorization: Bearer {made.secret}'",
    )
    return render("secret", page, current="account")


@blueprint.post("/account/tokens/<token_id>/revoke")
@requires(Permission.ACCOUNT_USE)
def revoke_token(token_id: str) -> Response:
    """End a token of one's own."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.revoke_token(work, token_id)
    except NotFound as error:
        tell("info", error.detail)
    else:
        tell("good", _("The token opens nothing any more."))
    return go("account")


def _mails(known: PersonView) -> str:
    if not known.mail_notices:
        return _NO_MAILS
    return _DAILY if known.mail_digest else _AT_ONCE


def _status(error: AnswerableError) -> int:
    return 429 if isinstance(error, TooManyTries) else 422


def _page(
    *,
    preferences: Form | None = None,
    password: Form | None = None,
    second_step: Form | None = None,
    token: Form | None = None,
    status: int = 200,
) -> Response:
    actor = authentication.actor()
    with authentication.installation().look(actor) as work:
        known = service.account(work)
        tokens = service.list_tokens(work)
        results = gold.results(work) if actor.may(Permission.CASES_DECIDE) else None
    words = permission_words()
    page = AccountPage(
        name=known.name,
        username=known.email,
        email=known.email,
        roles=known.roles,
        queues=known.queues,
        second_factor=known.second_factor,
        tokens=tuple(
            TokenRow(
                id=one.id,
                name=one.name,
                scopes=one.scopes,
                created=moment(one.created_at),
                expires=moment(one.expires_at),
                last_used=moment_or_none(one.last_used_at),
            )
            for one in tokens
        ),
        token_scopes=tuple(
            Choice(value=permission, label=words[permission], hint=permission)
            for permission in sorted(actor.permissions)
        ),
        zones=zones(known.time_zone),
        known=_known(results),
        preferences=preferences
        or Form(
            values={
                "fold": "1" if folds_all() else "",
                "zone": known.time_zone,
                "mails": _mails(known),
            }
        ),
        password=password or Form(),
        second_step=second_step or Form(),
        token=token or Form(),
    )
    return render("account", page, current="account", status=status)


def _known(results: Results | None) -> KnownResults | None:
    if results is None or not results.cases:
        return None
    return KnownResults(
        mistakes=results.mistakes,
        caught=results.caught,
        right=results.right,
        kept=results.kept,
        cases=tuple(telling.known(one) for one in results.cases[:_NEWEST]),
    )


def _being_set_up() -> SecondFactorSetup | None:
    """Return the secret that this person was shown before; somebody else's, of the same browser, is none."""
    kept = session.get(_SETTING_UP)
    if kept is None or kept["person"] != authentication.actor().id:
        return None
    return SecondFactorSetup(secret=kept["secret"], uri=kept["uri"])


def _second_factor_page(form: Form, *, status: int = 200) -> Response:
    try:
        with authentication.installation().look(authentication.actor()) as work:
            fresh = service.begin_second_factor(work)
    except Conflict as error:
        tell("info", error.detail)
        return go("account")
    setup = _being_set_up() or fresh
    session[_SETTING_UP] = {
        "person": authentication.actor().id,
        "secret": setup.secret,
        "uri": setup.uri,
    }
    # Without a size of its own the picture has a view box, so that styles may scale it.
    picture = segno.make(setup.uri, error="m").svg_inline(
        border=4, dark="#000", light="#fff", omitsize=True
    )
    page = SecondFactorPage(qr=picture, secret=setup.secret, form=form)
    return render("second_factor", page, current="account", status=status)
