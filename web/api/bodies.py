"""Strict JSON: what any body may hold, and where each mistake is.

Python's own reader takes what JSON has not (NaN), drops what was said twice, and keeps characters that no database
stores. Here each of these is a mistake with its JSON pointer (RFC 6901).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NoReturn

from governance.errors import FieldProblem, InvalidInput
from web.problems import NotJson

#: Bytes of one body, and of one line of a batch.
MOST_BYTES: Final = 1_000_000
#: How deep objects and lists may stand in each other, the whole body counted.
MOST_LEVELS: Final = 32
#: The largest whole number that every reader of JSON takes for what it is.
MOST_EXACT: Final = 2**53
_MOST_DIGITS: Final = 20


class _Members(list[tuple[str, Any]]):
    """An object's members as they were written, so that a key said twice is seen."""


class _HugeNumber:
    """A whole number of more digits than are worth reading."""


def _whole(digits: str) -> int | _HugeNumber:
    return int(digits) if len(digits) <= _MOST_DIGITS else _HugeNumber()


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_Members, parse_int=_whole, parse_constant=float
)


def decode(raw: bytes) -> Any:
    """Read a JSON text.

    Raises:
        NotJson: it is not UTF-8, not JSON, or deeper than ``MOST_LEVELS``.
        InvalidInput: it is JSON, but holds what is not taken; every place is listed.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson(
            f"The body is not UTF-8 (at byte {error.start}). Send JSON in UTF-8."
        ) from None
    try:
        document = _DECODER.decode(text)
    except RecursionError:
        _too_deep()
    except json.JSONDecodeError as error:
        raise NotJson(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    problems: list[FieldProblem] = []
    plain = _plain(document, (), problems)
    if problems:
        raise misfit(problems)
    return plain


def deeper_than(document: Any, levels: int) -> bool:
    """Tell whether objects and lists stand deeper in each other than this."""
    layer = [document]
    for _ in range(levels):
        layer = [child for value in layer for child in _children(value)]
        if not layer:
            return False
    return any(isinstance(value, dict | list) for value in layer)


def pointer(*path: str | int) -> str:
    """Return the JSON pointer to a place; what cannot be written in UTF-8 is shown escaped."""
    return "".join(
        "/"
        + str(step)
        .replace("~", "~0")
        .replace("/", "~1")
        .encode("utf-8", "backslashreplace")
        .decode()
        for step in path
    )


def misfit(problems: Sequence[FieldProblem]) -> InvalidInput:
    """Return the error that lists these problems."""
    count = len(problems)
    return InvalidInput(
        f"The request does not fit: {count} problem{'s' if count > 1 else ''}. Nothing was stored.",
        problems,
    )


def listed(messages: Any, *path: str | int) -> Iterator[FieldProblem]:
    """Return marshmallow's nested messages as problems with pointers."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from listed(inner, *path, *(() if name == "_schema" else (name,)))
    else:
        for message in messages if isinstance(messages, list | tuple) else [messages]:
            yield FieldProblem(pointer=pointer(*path), detail=str(message))


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _too_deep() -> NoReturn:
    raise NotJson(f"The body is nested deeper than {MOST_LEVELS} levels.") from None


def _plain(value: Any, path: tuple[str | int, ...], problems: list[FieldProblem]) -> Any:
    if isinstance(value, _Members | list) and len(path) >= MOST_LEVELS:
        _too_deep()
    if isinstance(value, _Members):
        members: dict[str, Any] = {}
        for name, inner in value:
            place = (*path, name)
            if name in members:
                problems.append(
                    FieldProblem(
                        pointer=pointer(*place), detail="The key stands here twice; send it once."
                    )
                )
            _check_text(name, place, problems)
            members[name] = _plain(inner, place, problems)
        return members
    if isinstance(value, list):
        return [_plain(inner, (*path, index), problems) for index, inner in enumerate(value)]
    if isinstance(value, str):
        _check_text(value, path, problems)
    elif isinstance(value, float) and not math.isfinite(value):
        problems.append(
            FieldProblem(
                pointer=pointer(*path),
                detail="NaN and Infinity are no JSON numbers, nor is one this large; send a finite number.",
            )
        )
    elif isinstance(value, _HugeNumber) or (type(value) is int and abs(value) > MOST_EXACT):
        problems.append(
            FieldProblem(
                pointer=pointer(*path),
                detail="Whole numbers are taken from -2^53 to 2^53, since beyond it readers differ; send it as a text.",
            )
        )
    return value


def _check_text(text: str, path: tuple[str | int, ...], problems: list[FieldProblem]) -> None:
    if "\0" in text:
        problems.append(
            FieldProblem(
                pointer=pointer(*path),
                detail="The character U+0000 is not taken; leave it out.",
            )
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        problems.append(
            FieldProblem(
                pointer=pointer(*path),
                detail="Half of a surrogate pair is no character; send the whole character.",
            )
        )
