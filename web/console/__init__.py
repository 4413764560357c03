"""The pages on which people of the business work: one module a family of pages, all on one blueprint."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from flask import Flask

from web.console import shell

#: The modules that add pages to the blueprint.
FAMILIES: Final = (
    "signing_in",
    "first",
    "home",
    "queue",
    "case",
    "load",
    "bulk",
    "news",
    "competence",
    "handling",
    "beside",
    "shortcuts",
    "appeals",
    "decisions",
    "gold",
    "ledger",
    "hold",
    "requests",
    "policies",
    "reports",
    "fairness",
    "what_if",
    "oversight",
    "overseeing",
    "signed_reports",
    "incidents",
    "log",
    "log_exports",
    "status",
    "people",
    "keys",
    "webhooks",
    "queues",
    "imports",
    "settings",
    "account",
)


def register(app: Flask) -> None:
    """Add all pages to an application."""
    for family in FAMILIES:
        import_module(f"web.console.{family}")
    app.register_blueprint(shell.blueprint)
    shell.prepare(app)
