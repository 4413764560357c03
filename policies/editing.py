"""Change one value of a policy's text, and leave every other character of it as its author wrote it.

A document that is handed over to be tried must differ from the one in force by what was asked for and by nothing else,
so what was changed is read again and compared before it is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import yaml

from policies.document import load

_KEY: Final = "confidence_below"


class EditRefused(Exception):
    """The text cannot be changed as asked without changing something else; ``detail`` says why."""

    def __init__(self, detail: str) -> None:
        """Take the reason, as a sentence that ends with what to do."""
        self.detail = detail
        super().__init__(detail)


def with_threshold(policy_text: str, threshold: float) -> str:
    """Set ``review.confidence_below`` in a policy's text, and keep its comments, order and layout.

    Where the key is there its value is written over; where it is not it is added behind ``queue``. A text that says this
    threshold already comes back unchanged.

    Raises:
        PolicyInvalid: the text is not a policy, or would be none with this threshold.
        EditRefused: the threshold is not from 0 to 1, or more than the threshold would change.
    """
    if not (math.isfinite(threshold) and 0 <= threshold <= 1):
        raise EditRefused(f"A threshold lies from 0 to 1; {threshold} does not. Choose another.")
    before = load(policy_text).document
    review: Mapping[str, Any] = before["review"]
    if _is(review.get(_KEY), threshold):
        return policy_text
    changed = _written(policy_text, format(Decimal(repr(float(threshold))), "f"))
    after = load(changed).document
    expected = {**before, "review": {**review, _KEY: float(threshold)}}
    if after != expected:
        raise EditRefused(
            "The text is laid out so that the threshold cannot be set by itself. "
            f"Set review.{_KEY} by hand."
        )
    return changed


def _is(value: object, threshold: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == threshold


def _written(text: str, figure: str) -> str:
    review = _member(_composed(text), "review")
    for key, value in review.value:
        if key.value == _KEY:
            return text[: value.start_mark.index] + figure + text[value.end_mark.index :]
    at = next(at for at, (key, _value) in enumerate(review.value) if key.value == "queue")
    queue, value = review.value[at]
    quote = queue.style or ""
    entry = f"{quote}{_KEY}{quote}: {figure}"
    line_start = text.rfind("\n", 0, queue.start_mark.index) + 1
    before_queue = text[line_start : queue.start_mark.index]
    line_break = "\r\n" if "\r\n" in text else "\n"
    end: int = value.end_mark.index
    if review.flow_style:
        own_line = not before_queue.strip()
        joint = f",{line_break}{before_queue}" if own_line else ", "
        return text[:end] + joint + entry + text[end:]
    # A comment behind the queue belongs to it, so the new line comes after the end of the queue's.
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    if text[:line_end].endswith("\r"):
        line_end -= 1
    return text[:line_end] + line_break + before_queue + entry + text[line_end:]


def _composed(text: str) -> yaml.MappingNode:
    """Compose the text's nodes, whose marks count its characters.

    ``load`` has read the text before, so it is YAML, or JSON that may be indented with tabs, which YAML does not take.
    """
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        node = yaml.compose(text.replace("\t", " "), yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode), "load takes nothing else"
    return node


def _member(node: yaml.MappingNode, name: str) -> yaml.MappingNode:
    found = next(value for key, value in node.value if key.value == name)
    assert isinstance(found, yaml.MappingNode), "load takes nothing else"
    return found
