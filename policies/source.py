"""Read the YAML (or JSON) text of a policy into plain values, remembering where each stood.

Only what JSON can say is accepted: no anchors, aliases, tags, dates or words that turn into booleans. A plain scalar
is a boolean, a number or null only in its JSON spelling, so that ``values: [yes, no]`` are the two words they look like.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST_TEXT = 256 * 1024
"""Bytes of UTF-8 a policy may have."""

DEEPEST = 16
"""Levels of nesting a policy may have; the deepest key that means something stands on the sixth."""

LARGEST_INTEGER = 2**53
"""Beyond this an integer is not the same number in every program that reads JSON."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing wrong with a policy's text: where, and what to do about it.

    Lines and columns count from 1; the pointer is a JSON pointer into the document.
    """

    line: int
    column: int
    pointer: str
    detail: str

    def __str__(self) -> str:
        """Say it the way compilers do."""
        where = f" ({self.pointer})" if self.pointer else ""
        return f"line {self.line}, column {self.column}: {self.detail}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a value begins in the text, and how its scalar was written."""

    line: int
    column: int
    style: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text as plain values, with the position of each by its JSON pointer."""

    text: str
    document: Any
    positions: dict[str, Position]
    keys: dict[str, Position]
    problems: tuple[Problem, ...]

    def problem(self, pointer: str, detail: str) -> Problem:
        """Place a problem at its value, at its key, or at the nearest thing around it that exists."""
        at = pointer
        while at not in self.keys and at not in self.positions:
            at = at.rpartition("/")[0]
        position = self.keys.get(at) or self.positions[at]
        return Problem(line=position.line, column=position.column, pointer=pointer, detail=detail)

    def problem_inside(self, pointer: str, line: int, column: int, detail: str) -> Problem:
        """Place a problem inside a text value, given the line and column (from 1) within that value."""
        position = self.positions[pointer]
        lines = self.text.splitlines()
        if position.style == "|":
            at = position.line + line
            written = lines[at - 1] if at <= len(lines) else ""
            indent = len(written) - len(written.lstrip(" "))
            return Problem(line=at, column=indent + column, pointer=pointer, detail=detail)
        quoted = 1 if position.style in ("'", '"') else 0
        if position.style == ">" or line > 1:
            column, quoted = 1, 0
        return Problem(
            line=position.line,
            column=position.column + quoted + column - 1,
            pointer=pointer,
            detail=detail,
        )


def member(pointer: str, key: object) -> str:
    """Give the pointer of a member of what ``pointer`` names."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


class _Unreadable(Exception):
    """Stop reading: what follows cannot be understood."""

    def __init__(self, mark: Any, detail: str) -> None:
        super().__init__(detail)
        self.mark = mark
        self.detail = detail


class _Composer(yaml.SafeLoader):
    """Compose nodes, refusing what JSON has no word for and what would make reading costly."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Compose one node, unless it is an alias, an anchor, a tag or too deep."""
        event = self.peek_event()  # type: ignore[no-untyped-call]  # types-PyYAML leaves it untyped.
        if isinstance(event, yaml.AliasEvent):
            raise _Unreadable(event.start_mark, "aliases (*name) are refused; write the value out")
        if getattr(event, "anchor", None) is not None:
            raise _Unreadable(event.start_mark, "anchors (&name) are refused; write the value out")
        if getattr(event, "tag", None) is not None:
            raise _Unreadable(event.start_mark, "tags (!name) are refused; write a plain value")
        if self.depth == DEEPEST:
            raise _Unreadable(event.start_mark, f"nested deeper than {DEEPEST} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Reader:
    """Turn composed nodes into values, noting positions and problems on the way."""

    def __init__(self) -> None:
        self.positions: dict[str, Position] = {}
        self.keys: dict[str, Position] = {}
        self.problems: list[Problem] = []

    def refuse(self, node: yaml.Node, pointer: str, detail: str) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.problems.append(Problem(line=line, column=column, pointer=pointer, detail=detail))

    def read(self, node: yaml.Node, pointer: str) -> Any:
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        self.positions[pointer] = Position(line=line, column=column, style=style)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, pointer)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, member(pointer, at)) for at, item in enumerate(node.value)]
        return self.mapping(node, pointer)

    def mapping(self, node: yaml.Node, pointer: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, pointer, "a key must be text")
                continue
            key = self.whole(key_node, pointer)
            at = member(pointer, key)
            if key in values:
                self.refuse(key_node, at, f"the key {key!r} stands here twice; remove one")
                continue
            mark = key_node.start_mark
            self.keys[at] = Position(line=mark.line + 1, column=mark.column + 1)
            values[key] = self.read(value_node, at)
        return values

    def whole(self, node: yaml.ScalarNode, pointer: str) -> str:
        """Join the surrogate pairs that JSON escapes are written in, which YAML reads one half at a time."""
        text: str = node.value
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.refuse(
                node, pointer, "the text is not valid Unicode: it holds half a surrogate pair"
            )
            return ""

    def scalar(self, node: yaml.ScalarNode, pointer: str) -> Any:
        text = self.whole(node, pointer)
        if "\x00" in text:
            self.refuse(node, pointer, "the character U+0000 is refused; remove it")
        if node.style is not None:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text):
            if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
                self.refuse(
                    node,
                    pointer,
                    "an integer beyond 2^53 is refused; it would not be exact everywhere",
                )
                return 0
            return int(text)
        if _NUMBER.match(text):
            number = float(text)
            if not math.isfinite(number):
                self.refuse(node, pointer, "this number is too large to be held exactly")
                return 0.0
            return number
        return text


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read(text: str) -> Source:
    """Read a policy's text; what could not be read is among the problems, and the document is then None."""
    start = {"": Position(line=1, column=1)}

    def unreadable(line: int, column: int, detail: str) -> Source:
        problem = Problem(line=line, column=column, pointer="", detail=detail)
        return Source(text=text, document=None, positions=start, keys={}, problems=(problem,))

    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return unreadable(1, 1, "the text is not valid Unicode: it holds half a surrogate pair")
    if size > LARGEST_TEXT:
        return unreadable(
            1, 1, f"a policy has at most {LARGEST_TEXT // 1024} kB; this one has {size // 1024} kB"
        )
    try:
        # YAML refuses the tabs that JSON may be indented with; inside its texts JSON has none.
        composer = _Composer(text.replace("\t", " ") if "\t" in text and _is_json(text) else text)
        try:
            node = composer.get_single_node()
        finally:
            composer.dispose()
    except _Unreadable as error:
        mark = error.mark
        return unreadable(
            mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, error.detail
        )
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        detail = f"not readable as YAML: {error.problem or error.context}"
        return unreadable(place.line + 1 if place else 1, place.column + 1 if place else 1, detail)
    except yaml.YAMLError as error:
        return unreadable(1, 1, f"not readable as YAML: {str(error).splitlines()[0]}")
    if node is None:
        return unreadable(1, 1, "the policy is empty")
    reader = _Reader()
    document = reader.read(node, "")
    return Source(
        text=text,
        document=document,
        positions=reader.positions,
        keys=reader.keys,
        problems=tuple(reader.problems),
    )
