"""App keys: made, shown once, revoked. Admins only."""

from __future__ import annotations

from typing import Any

from governance.identities import keys
from governance.identities.views import KeyState
from governance.permissions import SCOPE_PERMISSIONS, Permission
from web.api.resources import Resource, look, work
from web.api.schemas import Answer, Body, Instant, List, Nested, Text, at_most, one_of
from web.security import requires

resource = Resource("App keys", "With a key a program of yours asks for decisions.")


class KeyBody(Body):
    """What a key is to open."""

    app = Text(required=True, validate=at_most(63))
    points = List(
        Text(validate=at_most(63)),
        load_default=None,
        allow_none=True,
        metadata={"description": "null: all decision points"},
    )
    scopes = List(
        Text(validate=one_of(tuple(SCOPE_PERMISSIONS))), load_default=lambda: ["decisions:write"]
    )
    expires_at = Instant(load_default=None, allow_none=True)


class KeyAnswer(Answer):
    """An app key, without its secret."""

    id = Text(required=True)
    app = Text(required=True)
    app_id = Text(required=True)
    points = List(Text(), required=True, allow_none=True)
    scopes = List(Text(), required=True)
    state = Text(required=True, validate=one_of(KeyState))
    created_at = Instant(required=True)
    created_by = Text(required=True)
    expires_at = Instant(required=True, allow_none=True)
    revoked_at = Instant(required=True, allow_none=True)


class KeyCreatedAnswer(Answer):
    """A key that was just made; the secret is never told again."""

    key = Nested(KeyAnswer, required=True)
    secret = Text(required=True)


class KeysAnswer(Answer):
    """All keys that were ever made."""

    keys = List(Nested(KeyAnswer), required=True)


@resource.route("/keys", methods=["GET"])
@requires(Permission.KEYS_MANAGE)
@resource.response(200, KeysAnswer)
def list_keys() -> Any:
    """List all keys that were ever made, by app, newest first."""
    with look() as unit:
        return {"keys": keys.list_keys(unit)}


@resource.route("/keys", methods=["POST"])
@requires(Permission.KEYS_MANAGE)
@resource.arguments(KeyBody)
@resource.response(201, KeyCreatedAnswer)
def create_key(body: dict[str, Any]) -> Any:
    """Make a key for an app; its secret is shown this once."""
    with work() as unit:
        return keys.create_key(unit, **body)


@resource.route("/keys/<key_id>/revoke", methods=["POST"])
@requires(Permission.KEYS_MANAGE)
@resource.response(200, KeyAnswer)
def revoke_key(key_id: str) -> Any:
    """End a key: it opens nothing from the next request on."""
    with work() as unit:
        return keys.revoke_key(unit, key_id)
