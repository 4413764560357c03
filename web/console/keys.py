"""Pages about app keys: made, shown once, revoked."""

from __future__ import annotations

import orjson
from flask import Response

from governance.errors import Conflict, InvalidInput, NotFound
from governance.identities import keys as app_keys
from governance.permissions import SCOPE_PERMISSIONS, Permission
from governance.points import service as points
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, moment_or_none
from web.console.views.people import KeyRow, KeysPage, SecretPage
from web.console.views.shell import Choice, Form
from web.security import requires


@blueprint.get("/keys")
@requires(Permission.KEYS_MANAGE)
def keys() -> Response:
    """List the app keys, with a form for a new one."""
    return _page(Form(values={"scopes": ["decisions:write"]}))


@blueprint.post("/keys")
@requires(Permission.KEYS_MANAGE)
def create_key() -> Response:
    """Make a key, and show it once."""
    try:
        expires_at = forms.end_of_day("expires")
        with authentication.installation().work(authentication.actor()) as work:
            made = app_keys.create_key(
                work,
                app=forms.text("app"),
                points=forms.ticked("points") or None,
                scopes=forms.ticked("scopes"),
                expires_at=expires_at,
            )
            example = _example(work, made.key.points)
    except InvalidInput as error:
        form = forms.told_again(error, "points", "scopes", fields={"expires_at": "expires"})
        return _page(form, status=422)
    page = SecretPage(
        kind="key", name=made.key.app, secret=made.secret, curl=_curl(made.secret, example)
    )
    return render("secret", page, current="keys")


@blueprint.post("/keys/<key_id>/revoke")
@requires(Permission.KEYS_MANAGE)
def revoke_key(key_id: str) -> Response:
    """End a key."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            ended = app_keys.revoke_key(work, key_id)
    except Conflict as error:
        tell("info", error.detail)
    else:
        tell("good", _("The key of %(app)s opens nothing any more.", app=ended.app))
    return go("keys")


def _page(form: Form, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        rows = tuple(
            KeyRow(
                id=key.id,
                app=key.app,
                points=key.points or (),
                scopes=key.scopes,
                created=moment(key.created_at),
                state=key.state,
                expires=moment_or_none(key.expires_at),
            )
            for key in app_keys.list_keys(work)
        )
        choices = tuple(
            Choice(value=point.name, label=point.live.policy.title.in_(language()))
            for point in points.list_points(work)
            if point.live is not None
        )
    return render(
        "keys",
        KeysPage(keys=rows, points=choices, scopes=_scopes(), may_change=True, form=form),
        current="keys",
        status=status,
    )


def _scopes() -> tuple[Choice, ...]:
    labels = {
        "decisions:write": _("ask for decisions, and read its own"),
        "decisions:read": _("only read its own decisions"),
    }
    return tuple(
        Choice(value=scope, label=labels.get(scope, scope), hint=scope)
        for scope in SCOPE_PERMISSIONS
    )


def _example(work: Work, opened: tuple[str, ...] | None) -> dict[str, object] | None:
    """Return a request that the first point which the key opens takes; None where none is live."""
    for point in points.list_points(work):
        if point.live is not None and (opened is None or point.name in opened):
            try:
                return dict(points.point(work, point.name).example)
            except NotFound:
                return None
    return None


def _curl(secret: str, example: dict[str, object] | None) -> str:
    """Return a command that asks for a decision with the key."""
    if example is None:
        return ""
    url = f"{authentication.installation().settings.public_url}/api/v1/decisions"
    body = orjson.dumps(example).decode().replace("'", "'\\''")
    return (
        f"curl {url} \\\n  -H 'Authorization: Bearer {secret}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
