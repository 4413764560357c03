"""How can what the log and the service say of themselves be said in another language?

A sentence is its English text, wherever it goes: into an answer of the API, a command's output or a file. Besides, it
remembers what it was made of, so that a page looks its template up in a catalogue and fills that one with the same
values. Nothing here knows a catalogue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Self

Value = str | float | date
"""What fills a slot: a number, a day or an instant in UTC is written as the reader does, a text as it is, a sentence in the reader's language."""


class Sentence(str):
    """An English text, with the ``template`` and the ``values`` it is made of.

    Where a number decides, that is the value ``num``, and ``plural`` is the template for all numbers but one.
    """

    __slots__ = ("plural", "template", "values")

    template: str
    plural: str
    values: Mapping[str, Value]

    def __new__(
        cls, template: str, plural: str = "", values: Mapping[str, Value] | None = None
    ) -> Self:
        """Fill the template in English."""
        values = values or {}
        fits = plural if plural and values["num"] != 1 else template
        made = super().__new__(cls, _filled(fits, values, _in_english))
        made.template, made.plural, made.values = template, plural, values
        return made

    def told(self, template: str, written: Callable[[Value], str]) -> str:
        """Fill the template of another language, with the values as that one writes them."""
        return _filled(template, self.values, written)


def sentence(template: str, **values: Value) -> Sentence:
    """Make a sentence; a catalogue must have its template."""
    return Sentence(template, values=values)


def numbered(template: str, plural: str, num: int, **values: Value) -> Sentence:
    """Make a sentence with a number, which it names ``num``; a catalogue must have it too."""
    return Sentence(template, plural, {"num": num, **values})


def verbatim(text: str) -> Sentence:
    """Return a text as a sentence: as it is if it is one, else one that is the same in every language."""
    return text if isinstance(text, Sentence) else Sentence("%(text)s", values={"text": text})


def together(*sentences: Sentence | None, between: str = " ") -> Sentence:
    """Put those sentences that there are one after another."""
    values = {f"part{at}": one for at, one in enumerate(sentences) if one}
    return Sentence(between.join(f"%({name})s" for name in values), values=values)


def packed(said: Sentence) -> str:
    """Write a sentence with what it is made of, to be stored."""
    return json.dumps(_plain(said), ensure_ascii=False)


def unpacked(stored: str) -> Sentence:
    """Read what ``packed`` wrote; any other text stays as it is."""
    try:
        return _made(json.loads(stored))
    except (ValueError, LookupError, TypeError, AttributeError):
        return verbatim(stored)


def _filled(template: str, values: Mapping[str, Value], written: Callable[[Value], str]) -> str:
    # Without values nothing is filled, so that a sentence may hold a per cent sign.
    return template % {name: written(one) for name, one in values.items()} if values else template


def _in_english(value: Value) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _plain(value: Value) -> Any:
    if isinstance(value, Sentence):
        values = {name: _plain(one) for name, one in value.values.items()}
        plural = {"plural": value.plural} if value.plural else {}
        return {"template": value.template, **plural, "values": values}
    return _in_english(value) if isinstance(value, date) else value


def _made(stored: Any) -> Sentence:
    values = {
        name: _made(one) if isinstance(one, dict) else one for name, one in stored["values"].items()
    }
    return Sentence(stored["template"], stored.get("plural", ""), values)
