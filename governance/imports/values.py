"""What the text of a cell means, read strictly: what could mean two things is refused with how to write it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from governance.clock import rfc3339
from policies.document import FeatureType

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,19}(?:\.0{1,9})?", re.ASCII)
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_COMMA: Final = re.compile(r"[+-]?[0-9.]*[0-9],[0-9]+|[+-]?[0-9]{1,3}(?:,[0-9]{3})+", re.ASCII)
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NAIVE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?", re.ASCII
)
_AWARE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_NOON: Final = time(12, tzinfo=UTC)
_SHOWN: Final = 60

Read = Callable[[str], Any]


class Unfit(Exception):
    """A line cannot be taken; the message says what is wrong, where, and how to write it."""


class _Unreadable(ValueError):
    pass


def shown(text: str) -> str:
    """Return a text as a message quotes it, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def reader_of(field: str, kind: FeatureType) -> Read:
    """Return what reads the texts of a field.

    The function returned raises ``Unfit`` with the field and the text.
    """
    return reading(field, _OF_TYPE[kind])


def reading(field: str, parse: Callable[[str], Any]) -> Read:
    """Return a function that reads texts of a field, and names both where it cannot."""

    def read(text: str) -> Any:
        try:
            return parse(text)
        except _Unreadable as error:
            raise Unfit(f"{field}: {shown(text)} cannot be read as {error}{_comma(text)}") from None

    return read


def text_of(text: str) -> str:
    """Return a text as it is."""
    return text


def whole(text: str) -> int:
    """Read a whole number; tables write 3 as 3.0 where a column has gaps."""
    text = text.strip()
    if _WHOLE.fullmatch(text) is None:
        raise _Unreadable("a whole number, like 42")
    return int(text.partition(".")[0])


def number(text: str) -> float:
    """Read a finite number with a decimal point."""
    text = text.strip()
    if _NUMBER.fullmatch(text) is None:
        raise _Unreadable("a number, like 89.5")
    read = float(text)
    if not math.isfinite(read):
        raise _Unreadable("a number that is not too large")
    return read


def truth(text: str) -> bool:
    """Read a truth value."""
    try:
        return _TRUTH[text.strip().lower()]
    except KeyError:
        raise _Unreadable("true or false") from None


def texts(text: str) -> list[str]:
    """Read a list of texts, joined by bars."""
    return [part for part in text.split("|") if part]


def times(zone: ZoneInfo) -> Callable[[str], str]:
    """Return what reads instants into RFC 3339: with an offset; without one as the business's clock; a date alone as its noon in UTC.

    So the day that a date names is the day under which it is counted.
    """

    def read(text: str) -> str:
        text = text.strip()
        try:
            if _AWARE.fullmatch(text):
                return rfc3339(datetime.fromisoformat(text.upper()))
            if _NAIVE.fullmatch(text):
                return rfc3339(datetime.fromisoformat(text).replace(tzinfo=zone))
            if _DATE.fullmatch(text):
                return rfc3339(datetime.combine(date.fromisoformat(text), _NOON))
        except (ValueError, OverflowError):
            pass
        raise _Unreadable("a time, like 2026-11-21T10:00:00Z, 2026-11-21 10:00 or 2026-11-21")

    return read


def one_of(names: Iterable[str], labels: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """Return what reads a word of a vocabulary by its name, or by a label that only one has; anything else stays as it is."""
    known = {name: name for name in names}
    by_label: dict[str, set[str]] = {}
    for label, name in labels:
        by_label.setdefault(label.strip().casefold(), set()).add(name)
    unique = {label: found.pop() for label, found in by_label.items() if len(found) == 1}

    def read(text: str) -> str:
        text = text.strip()
        return known.get(text) or unique.get(text.casefold(), text)

    return read


def _comma(text: str) -> str:
    if _COMMA.fullmatch(text.strip()):
        return ". Numbers with a comma are not taken, since it means decimals here and thousands there; write a point for decimals, and nothing for thousands."
    return "."


_OF_TYPE: Final[dict[FeatureType, Callable[[str], Any]]] = {
    FeatureType.STRING: text_of,
    FeatureType.INTEGER: whole,
    FeatureType.NUMBER: number,
    FeatureType.BOOLEAN: truth,
    FeatureType.ARRAY: texts,
}
