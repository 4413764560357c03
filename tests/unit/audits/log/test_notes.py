from __future__ import annotations

import base64

import pytest

from audits.log import notes
from audits.log.notes import (
    MalformedNote,
    SignatureMissing,
    SignatureWrong,
    SigningKey,
    VerifyingKey,
)
from audits.log.tree import EMPTY_ROOT

# Known answers of Go's golang.org/x/mod/sumdb/note, whose format C2SP signed-note describes.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WW"
    "d1RvMc+QQ=\n"
)
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)

ORIGIN = "log.corner.example/1"
KEY = SigningKey(name=ORIGIN, seed=bytes(range(32)))
OTHER = SigningKey(name=ORIGIN, seed=bytes(32))


def test_a_known_key_signs_as_other_implementations_do() -> None:
    key = SigningKey(name="PeterNeumann", seed=PETER_SEED)

    assert key.verifying_key.encode() == PETER
    assert notes.sign(TEXT, key) == f"{TEXT}\n{PETER_LINE}"


def test_a_note_of_others_is_opened_by_whichever_of_its_keys_is_known() -> None:
    note = f"{TEXT}\n{PETER_LINE}{ENOCH_LINE}"
    peter, enoch = VerifyingKey.parse(PETER), VerifyingKey.parse(ENOCH)

    assert notes.open_note(note, [peter]).signed_by == (peter,)
    assert notes.open_note(note, [enoch]).signed_by == (enoch,)
    assert notes.open_note(note, [enoch, peter]).signed_by == (peter, enoch)
    assert notes.open_note(note, [enoch]).body == TEXT
    with pytest.raises(SignatureMissing, match="No known key"):
        notes.open_note(note, [])


def test_a_verifying_key_reads_back() -> None:
    assert VerifyingKey.parse(PETER).encode() == PETER
    assert VerifyingKey.parse(KEY.verifying_key.encode()) == KEY.verifying_key


def test_every_mangled_verifying_key_is_refused() -> None:
    mangled = [PETER[:end] for end in range(len(PETER))]
    mangled += [PETER[start:] for start in range(1, len(PETER))]
    mangled += [PETER[:at] + chr(ord(c) + 1) + PETER[at + 1 :] for at, c in enumerate(PETER)]
    mangled += [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ]

    for vkey in mangled:
        with pytest.raises(MalformedNote):
            VerifyingKey.parse(vkey)


def test_an_empty_line_within_the_text_belongs_to_the_text() -> None:
    note = notes.sign("one\n\ntwo\n", KEY)

    assert notes.open_note(note, [KEY.verifying_key]).body == "one\n\ntwo\n"


def test_two_keys_sign_one_note() -> None:
    note = notes.sign("text\n", KEY, OTHER)

    assert notes.open_note(note, [OTHER.verifying_key]).signed_by == (OTHER.verifying_key,)
    assert len(notes.open_note(note, [KEY.verifying_key, OTHER.verifying_key]).signed_by) == 2


def test_a_wrong_signature_of_a_known_key_is_refused_even_beside_a_good_one() -> None:
    note = notes.sign("text\n", KEY, OTHER)
    changed = note.replace("text", "tExt", 1)
    body, _, lines = note.rpartition("\n\n")
    own, other = lines.splitlines(keepends=True)
    forged = notes.sign("another\n", OTHER).rpartition("\n\n")[2]

    with pytest.raises(SignatureWrong, match="one of the two was changed"):
        notes.open_note(changed, [KEY.verifying_key])
    with pytest.raises(SignatureWrong):
        notes.open_note(f"{body}\n\n{own}{forged}", [KEY.verifying_key, OTHER.verifying_key])
    assert notes.open_note(f"{body}\n\n{own}{other}", [KEY.verifying_key])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}\n{PETER_LINE[:-1]}",
        f"\x01{TEXT}\n{PETER_LINE}",
        f"{TEXT}\r\n{PETER_LINE}",
        f"\ud800{TEXT}\n{PETER_LINE}",
        f"{TEXT}\n{PETER_LINE}Unexpected line.\n",
        f"{TEXT}\n{PETER_LINE}\n",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Bad+Name')}",
        f"{TEXT}\n{PETER_LINE.replace('PeterNeumann ', ' ')}",
        f"{TEXT}\n{PETER_LINE.replace('— ', '- ')}",
        f"{TEXT}\n{PETER_LINE.replace('AM=', 'AN=')}",
        f"{TEXT}\n{PETER_LINE.replace('x08go', 'x0_go')}",
        f"{TEXT}\n— PeterNeumann x08gow==\n",
        f"{TEXT}\n{PETER_LINE * 101}",
        f"{'x' * 1_000_000}\n\n{PETER_LINE}",
    ],
)
def test_what_is_not_a_signed_note_is_refused(note: str) -> None:
    with pytest.raises(MalformedNote):
        notes.open_note(note, [VerifyingKey.parse(PETER)])


def test_a_key_of_the_same_name_is_not_the_same_key() -> None:
    with pytest.raises(SignatureMissing):
        notes.open_note(notes.sign("text\n", OTHER), [KEY.verifying_key])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\x01"])
def test_a_key_needs_a_name_that_fits_a_line(name: str) -> None:
    with pytest.raises(MalformedNote, match="A key's name"):
        SigningKey(name=name, seed=bytes(32))


def test_a_seed_has_one_length_and_is_never_shown() -> None:
    with pytest.raises(ValueError, match="takes 32 bytes, got 31"):
        SigningKey(name="a", seed=bytes(31))
    assert "seed" not in repr(KEY)


def test_what_cannot_be_opened_again_cannot_be_signed() -> None:
    with pytest.raises(MalformedNote, match="end in a newline"):
        notes.sign("text", KEY)
    with pytest.raises(MalformedNote, match="control characters"):
        notes.sign("te\tt\n", KEY)
    with pytest.raises(ValueError, match="at least one"):
        notes.sign("text\n")


def test_a_checkpoint_says_origin_size_and_root_in_three_lines() -> None:
    body = notes.checkpoint_body(ORIGIN, 20852163, EMPTY_ROOT)

    assert body == f"{ORIGIN}\n20852163\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    assert notes.parse_checkpoint(body) == notes.Checkpoint(
        origin=ORIGIN, size=20852163, root=EMPTY_ROOT
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "a\n1\n",
        "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nmore\n",
        "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n٣\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n99999999999999999999\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "a\n1\n47DEQpj8HBSa\n",
        "a\n1\n\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(MalformedNote):
        notes.parse_checkpoint(body)


def test_a_checkpoint_must_be_signed_by_the_log_it_speaks_for() -> None:
    witness = SigningKey(name="witness.example", seed=bytes(32))
    body = notes.checkpoint_body(ORIGIN, 3, EMPTY_ROOT)
    known = [KEY.verifying_key, witness.verifying_key]

    assert notes.open_checkpoint(notes.sign(body, KEY, witness), known).size == 3
    with pytest.raises(SignatureMissing, match="not by the log"):
        notes.open_checkpoint(notes.sign(body, witness), known)


@pytest.mark.parametrize(("size", "root"), [(-1, EMPTY_ROOT), (1, b"short")])
def test_a_checkpoint_of_no_tree_cannot_be_written(size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="A checkpoint needs"):
        notes.checkpoint_body(ORIGIN, size, root)


def test_signing_twice_gives_the_same_note() -> None:
    body = notes.checkpoint_body(ORIGIN, 3, EMPTY_ROOT)

    assert notes.sign(body, KEY) == notes.sign(body, SigningKey(name=ORIGIN, seed=KEY.seed))
