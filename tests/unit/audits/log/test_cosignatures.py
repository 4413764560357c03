from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audits.log import cosignatures, notes
from audits.log.cosignatures import CosignerKey, CosigningKey
from audits.log.notes import MalformedNote, SignatureWrong, SigningKey

LOG = SigningKey(name="log.corner.example/1", seed=bytes(range(32)))
WITNESS = CosigningKey(name="witness.example/w1", seed=bytes(range(32, 64)))
OTHER = CosigningKey(name="witness.example/w2", seed=bytes(range(64, 96)))
BODY = notes.checkpoint_body(LOG.name, 7, bytes(32))
NOTE = notes.sign(BODY, LOG)
AT = 1_679_315_147


def test_a_cosignature_is_over_two_lines_and_the_whole_body_as_c2sp_says() -> None:
    line = WITNESS.cosign(BODY, AT)

    # Taken apart by hand: name, then key id, time and signature.
    dash, name, encoded = line.rstrip("\n").split(" ")
    signed = base64.b64decode(encoded)
    assert (dash, name) == ("\u2014", "witness.example/w1")
    assert signed[:4] == WITNESS.verifying_key.key_id
    assert signed[4:12] == AT.to_bytes(8, "big")
    Ed25519PublicKey.from_public_bytes(WITNESS.verifying_key.public).verify(
        signed[12:], f"cosignature/v1\ntime 1679315147\n{BODY}".encode()
    )


def test_known_witnesses_are_told_with_their_times_and_others_passed_over() -> None:
    cosigned = cosignatures.with_lines(NOTE, [WITNESS.cosign(BODY, AT), OTHER.cosign(BODY, AT + 5)])

    assert notes.open_checkpoint(cosigned, [LOG.verifying_key]).size == 7
    found = cosignatures.check_cosignatures(cosigned, [OTHER.verifying_key])
    assert [(one.cosigner.name, one.time) for one in found] == [("witness.example/w2", AT + 5)]
    assert cosignatures.check_cosignatures(NOTE, [WITNESS.verifying_key]) == ()


def test_lines_that_stand_there_already_are_not_added_again() -> None:
    line = WITNESS.cosign(BODY, AT)
    once = cosignatures.with_lines(NOTE, [line])

    assert cosignatures.with_lines(once, [line]) == once
    assert once.startswith(NOTE)


def test_a_changed_time_body_or_signature_is_refused() -> None:
    line = WITNESS.cosign(BODY, AT)
    encoded = line.rsplit(" ", 1)[1]
    signed = bytearray(base64.b64decode(encoded))
    signed[11] ^= 1  # One second later.
    moved = line.replace(encoded, base64.b64encode(signed).decode() + "\n")
    other = notes.checkpoint_body(LOG.name, 8, bytes(32))

    for note in (
        cosignatures.with_lines(NOTE, [moved]),
        cosignatures.with_lines(notes.sign(other, LOG), [line]),
    ):
        with pytest.raises(SignatureWrong, match=r"witness\.example/w1"):
            cosignatures.check_cosignatures(note, [WITNESS.verifying_key])
    short = line.replace(encoded, base64.b64encode(signed[:-1]).decode() + "\n")
    with pytest.raises(MalformedNote, match="72 bytes"):
        cosignatures.check_cosignatures(
            cosignatures.with_lines(NOTE, [short]), [WITNESS.verifying_key]
        )


def test_a_cosigners_key_reads_back_and_is_no_log_key() -> None:
    vkey = WITNESS.verifying_key.encode()

    assert CosignerKey.parse(vkey) == WITNESS.verifying_key
    assert base64.b64decode(vkey.split("+", 2)[2])[:1] == b"\x04"
    with pytest.raises(MalformedNote, match="type 0x04"):
        CosignerKey.parse(LOG.verifying_key.encode())
    with pytest.raises(MalformedNote, match="type 0x01"):
        notes.VerifyingKey.parse(vkey)
    with pytest.raises(MalformedNote, match="id should be"):
        CosignerKey.parse(vkey.replace("w1+", "w2+"))
