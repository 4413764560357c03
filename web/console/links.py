"""Addresses of pages that the reader may open."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

from web import authentication


def linked(endpoint: str, **values: Any) -> str:
    """Return the address of a page of the console, empty where it is not there or the reader may not open it."""
    view = current_app.view_functions.get(f"console.{endpoint}")
    if view is None:
        return ""
    needed = getattr(view, "permission", None)
    if needed is not None and not authentication.actor().may(needed):
        return ""
    return url_for(f"console.{endpoint}", **values)
