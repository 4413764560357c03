"""What waits of an upload before its form is checked gives back what was written, and lies nowhere in clear."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import uploads
from web.uploads import Sealed

SECRET = b"zz-somebody " * 200_000


@given(st.lists(st.binary(max_size=50)), st.integers(min_value=1, max_value=64))
def test_what_is_written_comes_back_in_pieces(parts: list[bytes], size: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(uploads, "_PIECE", size)
        with Sealed() as sealed:
            for part in parts:
                assert sealed.write(part) == len(part)
            sealed.seek(0)
            pieces = list(sealed.pieces())
            assert b"".join(pieces) == b"".join(parts)
            assert all(len(piece) == size for piece in pieces[:-1])
            assert list(sealed.pieces()) == pieces, "it can be read again"


def test_nothing_of_it_lies_in_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = (tmp_path / "kept").open("w+b")
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: kept)
    with Sealed() as sealed:
        sealed.write(SECRET)
        sealed.seek(0)
        kept.flush()
        on_disk = (tmp_path / "kept").read_bytes()
        assert len(on_disk) > len(SECRET)
        assert b"zz-somebody" not in on_disk
        assert b"".join(sealed.pieces()) == SECRET
    assert kept.closed
