"""Files that come with an appeal, an answer or a comment: which may, by what they hold and never by what they are called, and how they are kept.

A record's files are payloads of it: one that lists them, and one for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy.orm import Session

from governance.errors import FieldProblem, InvalidInput, NotFound
from governance.subjects import payloads
from governance.subjects.keys import SubjectKeys

#: The payload that lists the files of a record.
FILES: Final = "files"

MOST_FILES: Final = 3
MOST_BYTES: Final = 4_000_000
_LONGEST_NAME: Final = 120
_BY_BEGINNING: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "text/plain": ".txt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A file as it came in."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file of a record, by the number under which it is read."""

    number: int
    name: str
    content_type: str
    size: int


def stored(files: Sequence[Brought]) -> dict[str, bytes]:
    """Return files as payloads of the record that they come with, by name; nothing where there are none.

    Raises:
        InvalidInput: there are too many, or one is too large, empty, or of another kind.
    """
    kinds = require_fitting(files)
    if not files:
        return {}
    listed = [
        {"name": plain_name(file.name, kind), "type": kind, "size": len(file.content)}
        for file, kind in zip(files, kinds, strict=True)
    ]
    return {FILES: orjson.dumps(listed)} | {
        _name(number): file.content for number, file in enumerate(files, 1)
    }


def of_records(
    session: Session, keys: SubjectKeys, record_ids: Iterable[str]
) -> dict[str, list[FileView]]:
    """Return the files of many records; those with none, and erased ones, are absent."""
    found = payloads.read_many(session, keys, record_ids, FILES)
    return {record_id: _listed(said) for record_id, said in found.items()}


def read(
    session: Session, keys: SubjectKeys, record_id: str, number: int
) -> tuple[FileView, bytes]:
    """Return one file of a record.

    Raises:
        NotFound: there is none of this number, or it was erased.
    """
    listed = of_records(session, keys, [record_id]).get(record_id, [])
    found = next((one for one in listed if one.number == number), None)
    content = None if found is None else payloads.read(session, keys, record_id, _name(number))
    if found is None or content is None:
        raise NotFound("There is no such file here.")
    return found, content


def _name(number: int) -> str:
    return f"file-{number}"


def _listed(said: bytes) -> list[FileView]:
    return [
        FileView(number=number, name=each["name"], content_type=each["type"], size=each["size"])
        for number, each in enumerate(orjson.loads(said), 1)
    ]


def content_type(content: bytes) -> str | None:
    """Return what a file holds: PDF, PNG, JPEG or plain text; None for anything else."""
    for beginning, kind in _BY_BEGINNING:
        if content.startswith(beginning):
            return kind
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    shown = all(character.isprintable() or character in "\n\r\t" for character in text)
    return "text/plain" if text and shown else None


def plain_name(name: str, kind: str) -> str:
    """Return a file's name without what a folder, a header or a page could misread, and with the ending of what it holds."""
    last = name.replace("\\", "/").rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    kept = "".join(one if one.isalnum() or one in " -_()" else "_" for one in stem).strip(" .")
    return (kept[:_LONGEST_NAME] or "file") + _ENDINGS[kind]


def require_fitting(files: Sequence[Brought]) -> list[str]:
    """Return what each file holds.

    Raises:
        InvalidInput: there are too many, or one is too large, empty, or of another kind.
    """
    if len(files) > MOST_FILES:
        raise _misfit(f"At most {MOST_FILES} files can be sent; these are {len(files)}.")
    kinds = []
    for file in files:
        if len(file.content) > MOST_BYTES:
            raise _misfit(f"“{file.name}” is larger than {MOST_BYTES // 1_000_000} MB.")
        kind = content_type(file.content)
        if kind is None:
            raise _misfit(f"“{file.name}” is not a PDF, a PNG or JPEG picture, or plain text.")
        kinds.append(kind)
    return kinds


def _misfit(detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer="/files", detail=detail)])
