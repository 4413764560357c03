"""What governance says in a sentence, in the reader's language."""

from __future__ import annotations

from datetime import date, datetime

from audits.sentences import Sentence, Value
from web.console import times
from web.console.shell import number
from web.console.speech import unfilled, unfilled_number


def spoken(said: Sentence) -> str:
    """Say a sentence as the present page does, with its numbers and times; what other programs said stays as they said it."""
    num = said.values.get("num")
    if said.plural and isinstance(num, int):
        return said.told(unfilled_number(said.template, said.plural, num), _written)
    return said.told(unfilled(said.template), _written)


def _written(value: Value) -> str:
    if isinstance(value, Sentence):
        return spoken(value)
    if isinstance(value, datetime):
        return times.written(value)
    if isinstance(value, date):
        return times.written_day(value)
    return value if isinstance(value, str) else number(round(value, 1))
