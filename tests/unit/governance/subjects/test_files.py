"""Files are known by what they hold."""

from __future__ import annotations

import pytest

from governance.errors import InvalidInput
from governance.subjects import files
from governance.subjects.files import MOST_BYTES, MOST_FILES, Brought


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0...", "image/jpeg"),
        ("Grüße\n".encode(), "text/plain"),
        (b"MZ\x90\x00", None),
        (b"PK\x03\x04", None),
        (b"text with \x00 in it", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_beginning_and_not_by_its_name(content, kind) -> None:
    assert files.content_type(content) == kind


def test_a_program_that_is_called_a_picture_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"holiday\.png"):
        files.require_fitting([Brought(name="holiday.png", content=b"MZ\x90\x00")])


def test_too_many_and_too_large_files_are_refused() -> None:
    small = Brought(name="a.txt", content=b"a")
    with pytest.raises(InvalidInput, match="At most"):
        files.require_fitting([small] * (MOST_FILES + 1))
    with pytest.raises(InvalidInput, match="larger"):
        files.require_fitting([Brought(name="b.txt", content=b"b" * (MOST_BYTES + 1))])
    assert files.require_fitting([small] * MOST_FILES) == ["text/plain"] * MOST_FILES


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("letter.pdf", "application/pdf", "letter.pdf"),
        ("letter.exe", "application/pdf", "letter.pdf"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\me\\photo.jpeg", "image/jpeg", "photo.jpg"),
        ('a"b\r\nc.png', "image/png", "a_b__c.png"),
        ("?.png", "image/png", "_.png"),
        ("Mahnung März.txt", "text/plain", "Mahnung März.txt"),
    ],
)
def test_a_name_is_kept_without_what_could_be_misread(name, kind, kept) -> None:
    assert files.plain_name(name, kind) == kept
