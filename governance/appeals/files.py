"""Is a file one that can come with an appeal? By what it holds, never by what it is called. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from governance.errors import FieldProblem, InvalidInput

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
