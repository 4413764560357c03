"""What stands before each page of the person concerned: a genuine link that has not ended, a form of ours, and not too often."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from flask import Flask, current_app, request

from governance.appeals import subject_page
from governance.decisions.subject_links import SubjectLink
from web import authentication
from web.rate_limits import RateLimit

_LOOKING: Final = "answerable.portal.looking"
_SENDING: Final = "answerable.portal.sending"
_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
#: How often one address may look, and how often one link may send a form.
_LOOKS: Final = 300
_SENDS: Final = 30


class NoSuchPage(Exception):
    """The link opens nothing; ``ended`` where it is a genuine one whose time is over."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__("The link opens nothing.")
        self.ended = ended


class StrangeForm(Exception):
    """The form is none that this link's page gave out."""


def limit(app: Flask) -> None:
    """Set how often the pages may be asked for."""
    app.extensions[_LOOKING] = RateLimit(_LOOKS, _MINUTE)
    app.extensions[_SENDING] = RateLimit(_SENDS, _HOUR)


def link(token: str) -> SubjectLink:
    """Return what a link says.

    Raises:
        NoSuchPage: it is none of ours, or has ended.
        TooManyRequests: somebody asks more often than they may.
    """
    looking: RateLimit = current_app.extensions[_LOOKING]
    looking.take(request.remote_addr or "")
    installation = authentication.installation()
    found = subject_page.link_of(installation, token)
    if found is None or found.expired(installation.clock.now()):
        raise NoSuchPage(ended=found is not None)
    return found


def form_token(token: str) -> str:
    """Return what a form of a link's page carries; each form has its own, by which a second sending is known."""
    number = secrets.token_urlsafe(12)
    return f"{number}.{_signed(token, number)}"


def sent_form(token: str) -> str:
    """Return the number of the form that was sent.

    Raises:
        StrangeForm: it is none of this link's.
        TooManyRequests: the link sends more often than it may.
    """
    sending: RateLimit = current_app.extensions[_SENDING]
    sending.take(token)
    number, _, mac = request.form.get("form", "").partition(".")
    if not number or not hmac.compare_digest(mac.encode(), _signed(token, number).encode()):
        raise StrangeForm("The form is none of this page's.")
    return number


def _signed(token: str, number: str) -> str:
    return authentication.installation().keyring.tag("subject form", f"{token}\0{number}")
