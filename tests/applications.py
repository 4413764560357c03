"""The application of the tests: its routes are made and its templates read once in each process, and every installation gets a copy."""

from __future__ import annotations

import copy
from functools import cache

from flask import Flask

from governance.application import Answerable
from web import application


@cache
def _doors(*, secure: bool) -> Flask:
    return application.doors(secure=secure)


def create_app(answerable: Answerable) -> Flask:
    """Return what ``web.application.create_app`` returns, sooner."""
    made = _doors(secure=answerable.settings.cookies_secure)
    app = copy.copy(made)
    app.config, app.extensions = copy.copy(made.config), dict(made.extensions)
    return application.attach(app, answerable)
