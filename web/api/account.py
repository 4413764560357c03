"""One's own account: name, language, password, second factor, tokens. People only."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from governance.identities import service, signing_in
from governance.permissions import Permission
from web import authentication
from web.api.people import PersonAnswer
from web.api.resources import Resource, answer, identifier, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, Whole, at_most, one_of
from web.security import requires

resource = Resource("Account", "One's own account.")

_SECRET = at_most(1000)


class AccountBody(Body):
    """What is to be different; what is absent stays."""

    name = Text(validate=at_most(100))
    language = Text(validate=at_most(35))
    time_zone = Text(validate=at_most(64))
    mail_notices = Flag()
    mail_digest = Flag(
        metadata={"description": "One mail each working morning, instead of one at once"}
    )


class PasswordBody(Body):
    """The password of before and the new one."""

    old = Text(required=True, validate=_SECRET)
    new = Text(required=True, validate=_SECRET)


class SecondFactorBody(Body):
    """A code that shows that the app has the secret."""

    secret = Text(required=True, validate=at_most(64))
    code = Text(required=True, validate=at_most(10))


class ProofBody(Body):
    """The password, to show that it is still oneself."""

    password = Text(required=True, validate=_SECRET)


class TokenBody(Body):
    """What a token is to open, and for how long."""

    name = Text(required=True, validate=at_most(100))
    scopes = List(Text(validate=one_of(Permission)), required=True)
    days = Whole(required=True)


class AccountAnswer(PersonAnswer):
    """Oneself."""

    permissions = List(
        Text(),
        required=True,
        metadata={"description": "What this token opens"},
    )


class SecondFactorAnswer(Answer):
    """What an authenticator app needs."""

    secret = Text(required=True)
    uri = Text(required=True)


class TokenAnswer(Answer):
    """A personal token, without its secret."""

    id = Text(required=True)
    name = Text(required=True)
    scopes = List(Text(), required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True)
    last_used_at = Instant(required=True, allow_none=True)


class TokenCreatedAnswer(Answer):
    """A token that was just made; the secret is never told again."""

    token = Nested(TokenAnswer, required=True)
    secret = Text(required=True)


class TokensAnswer(Answer):
    """One's tokens."""

    tokens = List(Nested(TokenAnswer), required=True)


@resource.route("/account", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, AccountAnswer)
def get_account() -> Any:
    """Read about oneself."""
    with look() as unit:
        person = PersonAnswer().dump(service.account(unit))
    person["permissions"] = sorted(authentication.actor().permissions)
    return answer(person)


@resource.route("/account", methods=["PATCH"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(AccountBody)
@resource.response(200, PersonAnswer)
def change_account(body: dict[str, Any]) -> Any:
    """Change one's name, language, time zone or wish for mails."""
    with work() as unit:
        return service.change_account(unit, **body)


@resource.route("/account/password", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(PasswordBody)
@resource.response(204)
def change_password(body: dict[str, Any]) -> Any:
    """Change one's password; all sessions on pages end."""
    signing_in.change_password(
        authentication.installation(),
        authentication.actor(),
        old=body["old"],
        new=body["new"],
        address=request.remote_addr or "",
    )
    return Response(status=204)


@resource.route("/account/second-factor", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, SecondFactorAnswer)
def begin_second_factor() -> Any:
    """Make a secret for an authenticator app; nothing is stored until a code of it is confirmed."""
    with look() as unit:
        return service.begin_second_factor(unit)


@resource.route("/account/second-factor/confirm", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(SecondFactorBody)
@resource.response(204)
def confirm_second_factor(body: dict[str, Any]) -> Any:
    """Ask for a code at each sign-in from now on."""
    with work() as unit:
        service.confirm_second_factor(unit, secret=body["secret"], code=body["code"])
    return Response(status=204)


@resource.route("/account/second-factor/remove", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(ProofBody)
@resource.response(204)
def remove_second_factor(body: dict[str, Any]) -> Any:
    """Ask for no code any more at sign-in."""
    signing_in.remove_second_factor(
        authentication.installation(),
        authentication.actor(),
        password=body["password"],
        address=request.remote_addr or "",
    )
    return Response(status=204)


@resource.route("/account/tokens", methods=["GET"])
@requires(Permission.ACCOUNT_USE)
@resource.response(200, TokensAnswer)
def list_tokens() -> Any:
    """List one's tokens that are in use."""
    with look() as unit:
        return {"tokens": service.list_tokens(unit)}


@resource.route("/account/tokens", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.arguments(TokenBody)
@resource.response(201, TokenCreatedAnswer)
def create_token(body: dict[str, Any]) -> Any:
    """Make a token with which programs act as oneself; its secret is shown this once."""
    with work() as unit:
        return service.create_token(unit, **body)


@resource.route("/account/tokens/<token_id>/revoke", methods=["POST"])
@requires(Permission.ACCOUNT_USE)
@resource.response(204)
def revoke_token(token_id: str) -> Any:
    """End a token."""
    identifier(token_id, "token")
    with work() as unit:
        service.revoke_token(unit, token_id)
    return Response(status=204)
