"""Which facts may the person concerned correct, and is what they say a value of the declared kind? Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from policies.document import Feature, FeatureType, Policy
from policies.rulings import LARGEST_INTEGER, LONGEST_STRING

_YES: Final = frozenset({"true", "yes", "1"})
_NO: Final = frozenset({"false", "no", "0"})


def correctable(policy: Policy) -> Mapping[str, Feature]:
    """Return the facts that the person concerned may correct: those that the policy does not keep from it."""
    return {name: feature for name, feature in policy.features.items() if feature.correctable}


def problems(policy: Policy, corrections: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with corrected facts, each with the name of its fact; nothing where all fit."""
    open_to = correctable(policy)
    found = []
    for name, value in corrections.items():
        if name not in policy.features:
            found.append((name, "unknown; the policy declares no such fact"))
        elif name not in open_to:
            found.append((name, "this is no fact that can be corrected"))
        elif wrong := _wrong(open_to[name], value):
            found.append((name, wrong))
    return found


def typed(feature: Feature, text: str) -> Any:
    """Read what somebody typed as a value of a fact.

    Raises:
        ValueError: it is none; the message says what is expected.
    """
    said = text.strip()
    value: Any = said
    if feature.type is FeatureType.BOOLEAN:
        value = True if said.lower() in _YES else False if said.lower() in _NO else said
    elif feature.type is FeatureType.ARRAY:
        value = [line.strip() for line in text.splitlines() if line.strip()]
    elif feature.type in {FeatureType.INTEGER, FeatureType.NUMBER}:
        value = _number(feature, said)
    wrong = _wrong(feature, value)
    if wrong:
        raise ValueError(wrong)
    return value


def _number(feature: Feature, said: str) -> Any:
    # Half the readers write a comma where the other half writes a point; neither parts thousands here.
    plain = said.replace(",", ".", 1) if "." not in said else said
    try:
        return int(plain) if feature.type is FeatureType.INTEGER else float(plain)
    except ValueError:
        return said


def _wrong(feature: Feature, value: Any) -> str | None:
    kinds = {
        FeatureType.STRING: "a text",
        FeatureType.INTEGER: "a whole number",
        FeatureType.NUMBER: "a number",
        FeatureType.BOOLEAN: "true or false",
        FeatureType.ARRAY: "a list of texts",
    }
    if not _is_of_type(feature.type, value):
        return f"expected {kinds[feature.type]}"
    if feature.values is not None:
        items = value if isinstance(value, list) else [value]
        if any(item not in feature.values for item in items):
            return f"expected one of {', '.join(str(one) for one in feature.values)}"
    low, high = feature.minimum, feature.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            return f"expected {low:g} or more"
        return f"expected {high:g} or less" if low is None else f"expected {low:g} to {high:g}"
    return None


def _is_of_type(kind: FeatureType, value: Any) -> bool:
    if kind is FeatureType.STRING:
        return _is_text(value)
    if kind is FeatureType.ARRAY:
        return isinstance(value, list) and all(_is_text(item) for item in value)
    if kind is FeatureType.BOOLEAN:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if kind is FeatureType.INTEGER and not isinstance(value, int):
        return False
    return math.isfinite(value) and abs(value) <= LARGEST_INTEGER


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return False
    try:
        return len(value.encode()) <= LONGEST_STRING
    except UnicodeEncodeError:
        return False
