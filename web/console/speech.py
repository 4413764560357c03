"""The language that the present page speaks, and sentences in it."""

from __future__ import annotations

from typing import Any, Final

from flask import g, request

from governance.actors import Actor
from web.languages import LANGUAGES, catalogue

LANGUAGE_COOKIE: Final = "language"


def language() -> str:
    """Return the language of the present page: the person's, else the one chosen at the door, else the browser's."""
    if "language" not in g:
        g.language = _language()
    spoken: str = g.language
    return spoken


def gettext(message: str, **slots: Any) -> str:
    """Say a sentence of a page."""
    return _filled(catalogue(language()).gettext(message), slots)


def ngettext(one: str, many: str, num: int, **slots: Any) -> str:
    """Say a sentence with a number, which it names ``num``."""
    return _filled(catalogue(language()).ngettext(one, many, num), {"num": num, **slots})


def unfilled(message: str) -> str:
    """Say a sentence whose slots templates fill."""
    return catalogue(language()).gettext(message)


def unfilled_number(one: str, many: str, num: int) -> str:
    """Say a sentence with a number whose slots templates fill."""
    return catalogue(language()).ngettext(one, many, num)


def _filled(sentence: str, slots: dict[str, Any]) -> str:
    return sentence % slots if slots else sentence


def _language() -> str:
    known: Actor | None = g.get("actor")
    if known is not None and known.language in LANGUAGES:
        return known.language
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES, "en")
