"""Which records can stand in the log, and are these bytes the only ones that stand for one?

The restricted profile of RFC 8785 (JSON Canonicalization Scheme): no floats, integers within 2^53-1, keys of
``[a-z0-9_]``, valid Unicode. Within it every writer of JSON that sorts keys and adds no white space writes the same
bytes, so ``canonical`` may use a fast one, and who verifies the standard library's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

MAX_BYTES: Final = 60_000
MAX_DEPTH: Final = 16
MAX_INTEGER: Final = 2**53 - 1

_is_key = re.compile(r"[a-z0-9_]+").fullmatch
_read = json.JSONDecoder().raw_decode
# What was read from a text is in no circle.
_write = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False
).encode
_MOST_KNOWN: Final = 4096
_known: set[tuple[Any, ...]] = set()
"""Keys that were found to be allowed together; most entries have those of some entry before."""


class NotCanonical(ValueError):
    """Raised where a record or stored bytes lie outside the profile; ``detail`` says where and why."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"This cannot stand in a log entry: {detail}")
        self.detail = detail


class _Refused(Exception):
    """Carries a reason up to the record's root, gathering the path on its way."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.path: list[str] = []


def check(record: dict[str, Any]) -> None:
    """Refuse a record of which any value lies outside the profile.

    Raises:
        NotCanonical: one does; the detail names it.
    """
    try:
        _check_object(record, 1)
    except _Refused as refused:
        where = "".join(reversed(refused.path)).removeprefix(".") or "the record"
        raise NotCanonical(f"{where} {refused.reason}") from None


def parse(entry: bytes) -> dict[str, Any]:
    """Read stored bytes with the standard library alone, and refuse any that are not canonical.

    Raises:
        NotCanonical: the bytes are not the canonical form of a record.
    """
    # What follows the first value is not written again, and so differs.
    return parse_with(
        entry, lambda stored: _read(stored.decode())[0], lambda record: _write(record).encode()
    )


def parse_all(entries: Sequence[bytes]) -> list[dict[str, Any] | NotCanonical]:
    """Do the same for many; in the place of each that is refused comes why.

    Each is read by itself to its end, so the list of what was read, written again, is the list of what is there only if
    each of them is: one comparison for all.
    """
    try:
        records = [_read_whole(entry) for entry in entries]
        if _write(records).encode() == b"[" + b",".join(entries) + b"]":
            return [*records]
    except (ValueError, RecursionError):
        pass
    return [_parsed_or_refused(entry) for entry in entries]


def _read_whole(entry: bytes) -> dict[str, Any]:
    text = entry.decode()
    record, end = _read(text)
    if type(record) is not dict or end != len(text) or len(entry) > MAX_BYTES:
        raise NotCanonical("the bytes are not one object")
    check(record)
    return record


def _parsed_or_refused(entry: bytes) -> dict[str, Any] | NotCanonical:
    try:
        return parse(entry)
    except NotCanonical as refused:
        return refused


def parse_with(
    entry: bytes,
    read: Callable[[bytes], object],
    write: Callable[[dict[str, Any]], bytes],
) -> dict[str, Any]:
    """Read stored bytes back by a reader and a writer of JSON, and refuse any that are not canonical.

    Duplicate keys, white space, other escapes and other forms of a number all change the bytes, so comparing
    what is read and written again refuses them all.

    Raises:
        NotCanonical: the bytes are not the canonical form of a record.
    """
    if not 1 <= len(entry) <= MAX_BYTES:
        raise NotCanonical(f"it takes {len(entry)} bytes, 1 to {MAX_BYTES} are allowed")
    try:
        document = read(entry)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"the bytes are not JSON in UTF-8 ({error})") from None
    if type(document) is not dict:
        raise NotCanonical("the bytes are JSON, but not an object")
    check(document)
    try:
        written = write(document)
    except (TypeError, UnicodeEncodeError) as error:
        raise NotCanonical(f"a text is not valid Unicode ({error})") from None
    if written != entry:
        raise NotCanonical(
            "the bytes are not in canonical form: a key twice, white space, or another spelling"
        )
    return document


def _check_keys(keys: tuple[Any, ...]) -> None:
    for key in keys:
        if type(key) is not str or _is_key(key) is None:
            refused = _Refused("is not an allowed key; keys are texts of a-z, 0-9 and _")
            refused.path.append(f".{key}")
            raise refused
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known.add(keys)


def _check_object(value: dict[Any, Any], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Refused(f"lies deeper than {MAX_DEPTH} levels; make it flatter")
    keys = tuple(value)
    if keys not in _known:
        _check_keys(keys)
    for key, item in value.items():
        # Most values are texts and small things, so they are passed over here rather than by a call.
        kind = type(item)
        if kind is str or item is None or kind is bool:
            continue
        if kind is int and -MAX_INTEGER <= item <= MAX_INTEGER:
            continue
        try:
            _check(item, depth)
        except _Refused as refused:
            refused.path.append(f".{key}")
            raise


def _check(value: object, depth: int) -> None:
    kind = type(value)
    if kind is dict:
        _check_object(value, depth + 1)  # type: ignore[arg-type]  # narrowed by kind above
    elif kind is list or kind is tuple:
        _check_array(value, depth + 1)  # type: ignore[arg-type]  # narrowed by kind above
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]  # narrowed by kind above
            raise _Refused("is an integer beyond 2^53-1; write it as a text")
    elif value is None or kind is bool or isinstance(value, str):
        return
    elif kind is float:
        raise _Refused("is a float; write it as a text with decimal_text")
    else:
        raise _Refused(
            f"is a {kind.__name__}; allowed are text, integer, true, false, null, array and object"
        )


def _check_array(value: list[Any] | tuple[Any, ...], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Refused(f"lies deeper than {MAX_DEPTH} levels; make it flatter")
    for position, item in enumerate(value):
        if type(item) is not str:
            try:
                _check(item, depth)
            except _Refused as refused:
                refused.path.append(f"[{position}]")
                raise
