"""How alike are two cases, and in what do they differ? By their facts alone, so that anybody can follow it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Texts longer than this are seldom equal and say little by being different, so they are not compared.
_LONGEST_COMPARED: Final = 60


def ranges(seen: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Return for each fact how far apart its numbers are in what was seen; facts without numbers are absent."""
    found = {}
    for name in names:
        numbers = [each[name] for each in seen if _is_number(each.get(name))]
        if numbers:
            found[name] = float(max(numbers) - min(numbers))
    return found


def distance(
    here: Mapping[str, Any],
    there: Mapping[str, Any],
    names: Sequence[str],
    spans: Mapping[str, float],
) -> float:
    """Return how unlike two cases are, from 0 (alike in every fact) to 1: the mean over the facts.

    Two numbers differ by their share of the range seen; anything else is equal or not. Long texts are not compared.
    """
    if not names:
        return 0.0
    return sum(_apart(here.get(name), there.get(name), spans.get(name, 0.0)) for name in names) / (
        len(names)
    )


def differing(
    here: Mapping[str, Any], there: Mapping[str, Any], names: Sequence[str]
) -> tuple[str, ...]:
    """Name the facts in which two cases differ."""
    return tuple(name for name in names if _apart(here.get(name), there.get(name), 1.0) > 0)


def _apart(here: Any, there: Any, span: float) -> float:
    if _is_number(here) and _is_number(there):
        if here == there:
            return 0.0
        return min(1.0, abs(here - there) / span) if span > 0 else 1.0
    return 0.0 if _is_long(here) or _is_long(there) else float(here != there)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > _LONGEST_COMPARED
