"""The pages of the person concerned, who has no account: a link that cannot be guessed opens the decision about them."""

from __future__ import annotations

from flask import Flask

from web.portal import pages
from web.portal.guarding import limit

__all__ = ["limit", "register"]


def register(app: Flask) -> None:
    """Add the pages to an application."""
    app.register_blueprint(pages.blueprint)
