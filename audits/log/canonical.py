"""Which bytes stand for a record in the log?

RFC 8785 (JSON Canonicalization Scheme) in the restricted profile of ``profile``, where orjson writes the same bytes
as any conforming implementation. Outside that profile writers of JSON disagree (``1.0`` or ``1``, ``NaN`` or
``null``), so it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from audits.log.profile import MAX_BYTES, MAX_DEPTH, MAX_INTEGER, NotCanonical, check, parse_with

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_INTEGER", "NotCanonical", "canonical", "parse"]


def canonical(record: Mapping[str, Any]) -> bytes:
    """Write a record as the only bytes that stand for it.

    Raises:
        NotCanonical: a value lies outside the profile, or the bytes exceed 60,000.
    """
    document = record if type(record) is dict else dict(record)
    check(document)
    try:
        entry = _write(document)
    except TypeError as error:
        raise NotCanonical(
            f"a text is not valid Unicode ({error}); remove lone surrogates"
        ) from None
    if len(entry) > MAX_BYTES:
        raise NotCanonical(
            f"it takes {len(entry)} bytes, at most {MAX_BYTES} are allowed; put what is long in a payload"
        )
    return entry


def parse(entry: bytes) -> dict[str, Any]:
    """Read stored bytes back, and refuse any that ``canonical`` would not have written.

    Raises:
        NotCanonical: the bytes are not the canonical form of a record.
    """
    return parse_with(entry, orjson.loads, _write)


def _write(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
