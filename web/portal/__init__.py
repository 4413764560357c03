"""The pages of the person concerned, who has no account: a link that cannot be guessed opens the decision about them."""

from __future__ import annotations

from flask import Flask

from web.portal import pages


def register(app: Flask) -> None:
    """Add the pages to an application."""
    pages.limit(app)
    app.register_blueprint(pages.blueprint)
