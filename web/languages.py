"""Speak the reader's language: which ones there are, and the sentences of the pages in each.

A catalogue is read from its `.po` file when first needed, so that translating needs no build step. The
sentences' English form is their key; what a catalogue lacks is shown in English, and a test lets none lack.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations
from importlib.resources import files

from babel.messages.pofile import read_po

LANGUAGES = ("en", "de")


class Catalogue(NullTranslations):
    """The sentences of one language; in all of ours one is singular and everything else plural."""

    def __init__(self, sentences: dict[str, str | tuple[str, ...]]) -> None:
        super().__init__()
        self._sentences = sentences

    def gettext(self, message: str) -> str:
        """Give a sentence in this language, or in English where it has none."""
        said = self._sentences.get(message, message)
        return said if isinstance(said, str) else said[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Give the sentence that fits the number, or the English one."""
        said = self._sentences.get(msgid1)
        if not isinstance(said, tuple):
            said = (msgid1, msgid2)
        return said[0] if n == 1 else said[1]


@cache
def catalogue(language: str) -> Catalogue:
    """Read the catalogue of one of `LANGUAGES`; English has none, its sentences are the keys."""
    if language == "en":
        return Catalogue({})
    with (files("web") / "translations" / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return Catalogue(
        {
            message.id if isinstance(message.id, str) else message.id[0]: message.string
            if isinstance(message.string, str)
            else tuple(message.string)
            for message in catalog
            if message.id and message.string
        }
    )
