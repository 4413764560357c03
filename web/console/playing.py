"""Deciding one case after the other: whoever took the next case is given another when done with it, until none waits or they look at the queue."""

from __future__ import annotations

from typing import Final

from flask import Response, request, session

from governance.errors import NotFound
from governance.reviews import service as reviews
from web import authentication
from web.console.shell import go, tell
from web.console.speech import gettext as _

#: Where the session keeps the queue whose cases follow each other; empty: all of one's own.
_PLAYED: Final = "played"


def begin(chosen: str | None) -> Response:
    """Claim the most urgent case of a queue, and show it; others follow it. Empty: of all one's queues, None: of those whose cases follow each other."""
    if chosen is not None:
        session[_PLAYED] = chosen
    queue = session.setdefault(_PLAYED, "") or None
    following = _next(queue)
    if following is None:
        tell(
            "info",
            _("No case is free for you now."),
            _(
                "Those that wait are with others, put off, passed on by you, or for others to sign off."
            ),
        )
    return following or go("queue", queue=queue)


def stop() -> None:
    """Let no other case follow, as the person chooses for themselves. What a page asks for by itself stops nothing."""
    if request.headers.get("Sec-Fetch-Dest", "document") == "document" and request.method == "GET":
        session.pop(_PLAYED, None)


def go_on() -> Response:
    """Show the case that follows, or the queue."""
    queue = session.get(_PLAYED)
    try:
        following = None if queue is None else _next(queue or None)
    except NotFound:
        # The queue is theirs no more.
        following = None
    return following or go("queue")


def _next(queue: str | None) -> Response | None:
    with authentication.installation().work(authentication.actor()) as work:
        case_id = reviews.next_id(work, queue=queue)
    return None if case_id is None else go("case", case_id=case_id)
