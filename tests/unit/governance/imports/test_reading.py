"""Rows of files: each with the lines it stands on, and what cannot be read keeps nothing else from being read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.imports import reading
from governance.imports.reading import LONGEST_LINE, Joined, Row
from governance.imports.states import Form

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12
)


class Held:
    """A file that is held in memory."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def open(self):
        return io.BytesIO(self.raw)


def rows(text: str | bytes, form: Form = Form.CSV, delimiter: str = ",", after: int = 0):
    raw = text.encode() if isinstance(text, str) else text
    return list(reading.rows(Held(raw), form, delimiter, after=after))


def test_a_row_says_on_which_lines_it_stands() -> None:
    found = rows('a,b\n1,"two\nlines"\n\n3,4\n')
    assert found == [
        Row(line=2, until=3, cells=["1", "two\nlines"]),
        Row(line=5, until=5, cells=["3", "4"]),
    ]


@pytest.mark.parametrize("after", range(8))
def test_going_on_behind_a_line_gives_the_rows_that_are_left(after: int) -> None:
    text = 'a,b\n1,"two\nlines"\nbad\n3,4\n'
    assert rows(text, after=after) == [row for row in rows(text) if row.line > after]


def test_a_row_that_cannot_be_read_is_named_and_the_next_is_read() -> None:
    found = rows('a,b\n1\n2,2,2\n"3"x,3\n4,4\n')
    assert [(row.line, row.cells) for row in found if row.problem is None] == [(5, ["4", "4"])]
    problems = {row.line: row.problem for row in found if row.problem is not None}
    assert list(problems) == [2, 3, 4]
    assert "has 1 cells" in str(problems[2])
    assert "has 3 cells" in str(problems[3])
    assert "closes a cell before its end" in str(problems[4])


def test_a_quotation_mark_that_nothing_closes_takes_no_more_than_it_must() -> None:
    lines = "".join(f"{number},x\n" for number in range(40_000))
    found = rows(f'a,b\n1,"open\n{lines}')
    assert "nothing closes it" in str(found[0].problem)
    assert len(found) > 1, "the rows behind it are read again"
    assert found[-1].cells == ["39999", "x"]


def test_a_line_that_is_too_long_is_named_and_the_next_is_read() -> None:
    long = b"1," + b"x" * (10 * LONGEST_LINE) + b"\n"
    found = rows(b"a,b\n" + long + b"2,2\n")
    assert "longer than 1,000,000 bytes" in str(found[0].problem)
    assert found[1] == Row(line=3, until=3, cells=["2", "2"])
    (long_json, after) = rows(b'{"a":"' + long + b'{"b":1}', Form.NDJSON)
    assert "longer than" in str(long_json.problem)
    assert (after.line, after.raw) == (2, b'{"b":1}')


def test_the_mark_before_utf8_is_no_part_of_the_first_column() -> None:
    raw = b"\xef\xbb\xbfa;b\n1;2\n"
    head = reading.head(Held(raw), Form.CSV, rows=5)
    assert (head.delimiter, head.columns, head.rows) == (";", ("a", "b"), (["1", "2"],))
    assert rows(raw, delimiter=";") == [Row(line=2, until=2, cells=["1", "2"])]
    (first,) = rows(b'\xef\xbb\xbf{"a":1}\n', Form.NDJSON)
    assert first.raw == b'{"a":1}\n'


@pytest.mark.parametrize("raw", [b"\n", b",,\n", b'"a\n'])
def test_a_table_without_names_of_columns_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput, match="names no columns"):
        reading.head(Held(raw), Form.CSV)


def test_a_file_that_changed_after_it_was_inspected_is_refused() -> None:
    with pytest.raises(InvalidInput, match="changed while it was read"):
        rows(b"a,b\n\xff,1\n")


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=8),
    st.sampled_from([",", ";", "\t"]),
)
def test_what_a_writer_of_tables_writes_is_read_as_it_was(table, delimiter: str) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["first", "second"])
    writer.writerows(table)
    found = rows(written.getvalue(), delimiter=delimiter)
    assert [tuple(row.cells or ()) for row in found] == [row for row in table if any(row)]
    assert [row.problem for row in found] == [None] * len(found)


@given(st.binary(max_size=400))
def test_whatever_bytes_there_are_rows_are_read_or_named(raw: bytes) -> None:
    for form in Form:
        try:
            found = rows(b"a,b\n" + raw, form)
        except InvalidInput:
            continue
        assert all(row.line <= row.until for row in found)
        assert [row.line for row in found] == sorted({row.line for row in found})


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(min_value=1, max_value=20))
def test_pieces_read_as_one_file(pieces: list[bytes], size: int) -> None:
    file = io.BufferedReader(Joined(iter(pieces)), 8)
    read = b""
    while some := file.read(size):
        read += some
    assert read == b"".join(pieces)


def test_a_file_of_this_machine_is_read_as_often_as_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    source = reading.PathSource(path)
    assert [list(reading.rows(source, Form.CSV, ",")) for _ in range(2)] == [
        [Row(line=2, until=2, cells=["1"])]
    ] * 2
