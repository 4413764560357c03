"""Who is asking: an app or a person on the API by bearer secret alone, a person on pages by session alone; the log's files take either."""

from __future__ import annotations

from typing import Final

from flask import current_app, g, request, session

from governance.actors import Actor, ActorKind
from governance.application import Answerable
from governance.errors import NotSignedIn
from governance.identities import keys, signing_in
from web.problems import of_api, of_programs
from web.rate_limits import RateLimit

#: Where an application keeps the limit of how often a key may ask.
RATE_LIMIT: Final = "answerable.rate_limit"
#: The name under which the signed cookie holds the secret of a person's session.
SESSION_SECRET: Final = "sid"  # noqa: S105 -- a name, no secret.


def installation() -> Answerable:
    """Return the installation that the present application serves."""
    answerable: Answerable = current_app.extensions["answerable"]
    return answerable


def actor() -> Actor:
    """Return who makes the present request, found once.

    Raises:
        NotSignedIn: nobody known does.
        TooManyRequests: they do so more often than they may.
    """
    if "actor" not in g:
        # The log's files are for programs with a token, and for a browser that follows a link of the console.
        by_secret = of_api() or (
            of_programs() and ("Authorization" in request.headers or SESSION_SECRET not in session)
        )
        g.actor = api_actor() if by_secret else page_actor()
        limit: RateLimit | None = current_app.extensions.get(RATE_LIMIT)
        if limit is not None and by_secret:
            limit.take(g.actor.key_id or g.actor.reference)
    known: Actor = g.actor
    return known


def api_actor() -> Actor:
    """Return the app or person whose bearer secret the request carries. Cookies count for nothing here.

    Raises:
        NotSignedIn: there is none, or it is not known, revoked or expired.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and secret.isascii():
        if secret.startswith("ans_"):
            return keys.actor_of_key(installation(), secret)
        if secret.startswith("anp_"):
            return signing_in.actor_of_token(installation(), secret)
    raise NotSignedIn(
        "Send an app key or a personal token: `Authorization: Bearer ans_...` or `Bearer anp_...`."
    )


def page_actor() -> Actor:
    """Return the person whose session the cookie names.

    Raises:
        NotSignedIn: there is no session, or it has ended.
    """
    secret = session.get(SESSION_SECRET)
    known = signing_in.actor_of_session(installation(), secret) if secret else None
    if known is None:
        raise NotSignedIn("Sign in to see this page.")
    return known


def reference() -> str | None:
    """Return who made the present request as logs name them, None where it was nobody known."""
    known: Actor | None = g.get("actor")
    return None if known is None else known.reference


def is_app(known: Actor) -> bool:
    """Tell whether an actor is an app."""
    return known.kind is ActorKind.APP
