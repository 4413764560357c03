"""Looking at bytes: text in UTF-8 passes whatever pieces it comes in, everything else is named for what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.imports.inspecting import Inspection, form_of, inspected
from governance.imports.states import Form

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=200
).map(str.encode)
#: A file whose first bytes are those of something else is none of ours.
PLAIN = TEXTS.map(lambda text: b"a" + text)


def pieces(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


@given(PLAIN, st.integers(min_value=1, max_value=7))
def test_a_text_is_the_same_in_whatever_pieces_it_comes(raw: bytes, size: int) -> None:
    whole = inspected("a.csv", [raw])
    assert inspected("a.csv", pieces(raw, size)) == whole
    assert whole == Inspection(
        sha256=hashlib.sha256(raw).hexdigest(),
        size=len(raw),
        lines=raw.count(b"\n") + (not raw.endswith(b"\n")),
    )


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "an old Excel workbook"),
        (b"\x1f\x8b\x08rest", "compressed"),
        (b"%PDF-1.7", "a PDF"),
        ("a;b\n".encode("utf-16"), "written in UTF-16"),
        (b"a,b\n1,\x00\n", "the byte 0 in line 2"),
        ("a,b\nMünchen,1\n".encode("latin-1"), "line 2 holds the byte 0xFC"),
        (b"a,b\n1,2\n\xe4\xb8", "line 3 holds the byte 0xE4"),
        (b"a,b\r1,2\r3,4\r", "as on old Macs"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_no_text_in_utf8_is_named_with_what_to_do(raw: bytes, what: str, size: int) -> None:
    with pytest.raises(InvalidInput, match=what) as caught:
        inspected("october.csv", pieces(raw, size))
    assert caught.value.detail.startswith(("october.csv", "The lines of october.csv"))


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", Form.CSV), ("A.CSV", Form.CSV), ("a.tsv", Form.CSV), ("a.jsonl", Form.NDJSON)],
)
def test_a_files_name_says_how_it_is_written(name: str, form: Form) -> None:
    assert form_of(name) is form


@pytest.mark.parametrize("name", ["a.xlsx", "a", "csv", "a.csv.gz"])
def test_a_file_of_another_sort_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.csv or \.ndjson"):
        form_of(name)
