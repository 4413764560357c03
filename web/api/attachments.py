"""Files in the bodies of the API, in base64, and what tells of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final

import marshmallow as ma
from flask import request

from governance.errors import FieldProblem
from governance.subjects.files import MOST_BYTES, MOST_FILES, Brought
from web.api.bodies import misfit
from web.api.schemas import Answer, Body, List, Nested, Text, Whole, at_most

#: How many characters of base64 a file of the largest size takes.
_LONGEST_FILE: Final = (MOST_BYTES + 2) // 3 * 4
_MOST_BODY: Final = MOST_FILES * _LONGEST_FILE + 200_000


def with_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a view take a body that holds files."""

    @wraps(view)
    def taking(*arguments: Any, **named: Any) -> Any:
        request.max_content_length = _MOST_BODY
        return view(*arguments, **named)

    return taking


class FileBody(Body):
    """A file: PDF, PNG, JPEG or plain text."""

    name = Text(required=True, validate=at_most(200))
    content = Text(
        required=True,
        validate=at_most(_LONGEST_FILE),
        metadata={"description": f"In base64; at most {MOST_BYTES:,} bytes"},
    )


def files_field() -> List:
    """Return the field of a body that brings files."""
    return List(
        Nested(FileBody),
        load_default=[],
        validate=ma.validate.Length(max=MOST_FILES, error=f"Expected at most {MOST_FILES} files."),
    )


class FileAnswer(Answer):
    """A file that came along."""

    number = Whole(required=True)
    name = Text(required=True)
    content_type = Text(required=True)
    size = Whole(required=True, metadata={"description": "Bytes"})


def files_of(body: Sequence[Mapping[str, Any]]) -> list[Brought]:
    """Return the files that a body brings.

    Raises:
        InvalidInput: one is not base64.
    """
    return [_file(place, each) for place, each in enumerate(body)]


def _file(place: int, body: Mapping[str, Any]) -> Brought:
    try:
        content = base64.b64decode(body["content"], validate=True)
    except (binascii.Error, ValueError):
        pointer = f"/files/{place}/content"
        raise misfit([FieldProblem(pointer=pointer, detail="Expected base64.")]) from None
    return Brought(name=body["name"], content=content)
