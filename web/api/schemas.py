"""The fields that bodies and answers are made of: strict on the way in, described for OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final

import marshmallow as ma

from governance.clock import parse_rfc3339, rfc3339

_RFC3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _said(**messages: str) -> dict[str, Any]:
    """Return what a field says of each mistake."""
    return {"required": "This is required.", "null": "This may not be null.", **messages}


class Body(ma.Schema):
    """What a request brings: unknown fields are mistakes."""

    error_messages = _said(unknown="There is no such field.", type="Expected an object.")

    class Meta:
        """Refuse what is not declared."""

        unknown = ma.RAISE


class Answer(ma.Schema):
    """What an answer holds."""


class Text(ma.fields.String):
    """A text, and nothing that could be made one."""

    default_error_messages = _said(invalid="Expected a text.")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise ma.ValidationError("The character U+0000 is not taken; leave it out.")
        return value


class Whole(ma.fields.Integer):
    """A whole number."""

    default_error_messages = _said(invalid="Expected a whole number.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)


class Number(ma.fields.Float):
    """A finite number; a text that looks like one is none."""

    default_error_messages = _said(
        invalid="Expected a number.", special="Expected a finite number."
    )

    def _validated(self, value: Any) -> float:
        if not isinstance(value, int | float):
            raise self.make_error("invalid")
        return super()._validated(value)


class Share(ma.fields.Float):
    """A number of a query from 0 to 1, which comes as text."""

    default_error_messages = _said(
        invalid="Expected a number from 0 to 1.", special="Expected a number from 0 to 1."
    )

    def __init__(self, **kwargs: Any) -> None:
        between = ma.validate.Range(min=0, max=1, error="Expected a number from 0 to 1.")
        super().__init__(validate=between, **kwargs)


class Flag(ma.fields.Boolean):
    """True or false; neither 1 nor "yes"."""

    default_error_messages = _said(invalid="Expected true or false.")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Nested(ma.fields.Nested):
    """An object of its own."""

    default_error_messages = _said(type="Expected an object.")


class List(ma.fields.List):
    """A list."""

    default_error_messages = _said(invalid="Expected a list.")


class Members(ma.fields.Field):
    """An object whose members have names of the caller's choice; ``values`` says that each is a text."""

    default_error_messages = _said(invalid="Expected an object.")

    def __init__(
        self,
        *,
        texts: bool = False,
        most: int | None = None,
        longest: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.texts, self.most, self.longest = texts, most, longest

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if self.most is not None and len(value) > self.most:
            raise ma.ValidationError(f"Expected at most {self.most} members, got {len(value)}.")
        if self.texts:
            wrong = {
                name: [problem]
                for name, inner in value.items()
                if (problem := self._wrong(inner)) is not None
            }
            if wrong:
                raise ma.ValidationError(wrong)
        return value

    def _serialize(
        self, value: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> dict[str, Any] | None:
        return None if value is None else dict(value)

    def _wrong(self, inner: Any) -> str | None:
        if not isinstance(inner, str):
            return "Expected a text."
        if self.longest is not None and len(inner) > self.longest:
            return f"Expected at most {self.longest} characters."
        return None


class Instant(ma.fields.Field):
    """An instant: RFC 3339 in UTC on the way out, with any offset on the way in."""

    default_error_messages = _said(
        invalid="Expected a time with an offset, like 2026-11-21T10:00:00Z."
    )

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not is_rfc3339(value):
            raise self.make_error("invalid")
        try:
            return parse_rfc3339(value).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None


class Day(ma.fields.Field):
    """A day like 2026-12-25."""

    default_error_messages = _said(invalid="Expected a day like 2026-12-25.")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or _DAY.fullmatch(value) is None:
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()


class Raw(ma.fields.Raw):
    """Any value of JSON."""


class Count(ma.fields.Integer):
    """A whole number of a query, which comes as text."""

    default_error_messages = _said(invalid="Expected a whole number.")


def is_rfc3339(text: str) -> bool:
    """Tell whether a text has the form of RFC 3339; whether there is such a day is another matter."""
    return _RFC3339.fullmatch(text) is not None


def at_most(characters: int, *, least: int = 1) -> ma.validate.Length:
    """Return the check of a text's length."""
    said = f"Expected {least} to {characters} characters."
    return ma.validate.Length(min=least, max=characters, error=said)


def one_of(words: type[StrEnum] | tuple[str, ...]) -> ma.validate.OneOf:
    """Return the check that a text is one of a closed vocabulary."""
    choices = [str(word) for word in words]
    return ma.validate.OneOf(choices, error=f"Expected one of {', '.join(choices)}.")


class Mistake(Answer):
    """One mistake of a request."""

    pointer = Text(
        required=True,
        metadata={
            "description": "JSON pointer to the field in the body; `/query/NAME` or `/headers/NAME` where it is there"
        },
    )
    detail = Text(required=True)


class Problem(Answer):
    """A failure, told as RFC 9457 says."""

    type = Text(
        required=True, metadata={"format": "uri", "description": "Names and describes the kind"}
    )
    title = Text(required=True)
    status = Whole(required=True)
    detail = Text(
        required=True,
        metadata={"description": "What was wrong, what was expected, what to do"},
    )
    errors = List(
        Nested(Mistake), metadata={"description": "Each mistake of a request that does not fit"}
    )
    request_id = Text(metadata={"description": "The reference under which our logs have it"})


def properties(_: Any, field: Any, **__: Any) -> Mapping[str, Any]:
    """Describe our own fields for OpenAPI."""
    if isinstance(field, Instant):
        kind: dict[str, Any] = {"type": "string", "format": "date-time"}
    elif isinstance(field, Members):
        kind = {"type": "object", "additionalProperties": {}}
        if field.texts:
            kind["additionalProperties"] = {"type": "string"}
            if field.longest is not None:
                kind["additionalProperties"]["maxLength"] = field.longest
        if field.most is not None:
            kind["maxProperties"] = field.most
    else:
        return {}
    if field.allow_none:
        kind["type"] = [kind["type"], "null"]
    return kind
