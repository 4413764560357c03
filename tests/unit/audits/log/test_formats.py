from __future__ import annotations

import pytest

from audits.log.bundles import MalformedBundle, parse_bundle, write_bundle
from audits.log.proofs import HEADER, MalformedProof, parse_proof
from audits.log.tiles import parse_tile_path


@pytest.mark.parametrize(
    "path",
    [
        "00/000",
        "64/000",
        "-1/000",
        "0/1",
        "0/1000",
        "0/x000/001",
        "0/x001/x067",
        "0/001.p/0",
        "0/001.p/01",
        "0/001.p/256",
        "0/001.p/",
        "0/001/",
        "0/001\n",
        "0/００１",
        "entry/001",
        "0//001",
        "",
    ],
)
def test_a_path_that_the_specification_does_not_spell_names_nothing(path: str) -> None:
    assert parse_tile_path(path) is None


@pytest.mark.parametrize(
    ("bundle", "width"),
    [
        (b"", None),
        (b"\x00", None),
        (b"\x00\x02a", None),
        (b"\x00\x00" * 257, None),
        (b"\x00\x01a", 2),
    ],
)
def test_bytes_that_are_no_bundle_are_refused(bundle: bytes, width: int | None) -> None:
    with pytest.raises(MalformedBundle):
        parse_bundle(bundle, width)


def test_a_bundle_takes_neither_too_many_entries_nor_one_too_long() -> None:
    with pytest.raises(ValueError, match="1 to 256"):
        write_bundle([b""] * 257)
    with pytest.raises(ValueError, match="65535"):
        write_bundle([bytes(65_536)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("c2sp.org/tlog-proof@v2\nindex 0\n\na\n", "begins with the line"),
        (f"{HEADER}\n\na\n", "names the entry"),
        (f"{HEADER}\nindex 00\n\na\n", "leading zeros"),
        (f"{HEADER}\nindex 1_0\n\na\n", "leading zeros"),
        (f"{HEADER}\nindex 0\nAAAA\n\na\n", "32 bytes"),
        (f"{HEADER}\nindex 0\nAB==\n\na\n", "base64"),
        (f"{HEADER}\nindex 0\n" + ("A" * 43 + "=\n") * 64 + "\na\n", "at most 63"),
        (f"{HEADER}\nindex 0\n", "empty line"),
        (f"{HEADER}\nindex 0\n\na", "empty line"),
        (f"{HEADER}\nextra !\nindex 0\n\na\n", "base64"),
    ],
)
def test_a_text_that_is_no_proof_is_refused_with_what_was_expected(text: str, told: str) -> None:
    with pytest.raises(MalformedProof, match=told):
        parse_proof(text)
