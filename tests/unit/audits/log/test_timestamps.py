from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from audits.log import timestamps
from audits.log.timestamps import StampRefused
from tests.stamping import Authority, openssl

DATA = b"log.corner.example\n5\nAAAA\n"
NONCE = 0x7FEE_0000_1234


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stamps") / "authority")


@pytest.fixture(scope="module")
def stamped(authority):
    return authority.stamp(timestamps.request(DATA, NONCE))


def test_openssl_reads_what_is_asked_for(authority):
    path = authority.folder / "own.tsq"
    path.write_bytes(timestamps.request(DATA, NONCE))
    text = openssl("ts", "-query", "-in", str(path), "-text")
    assert "Hash Algorithm: sha256" in text
    assert "Certificate required: yes" in text
    assert f"Nonce: 0x{NONCE:X}" in text


def test_what_openssl_stamped_holds_for_these_bytes_and_this_request(authority, stamped):
    stamp = timestamps.check(stamped, DATA, [authority.root], nonce=NONCE)
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert stamp.authority == "CN=Corner Stamps"
    assert timestamps.check(stamped, DATA, [authority.root]) == stamp


def test_another_text_request_or_root_is_refused(authority, stamped, tmp_path):
    stranger = Authority(tmp_path / "stranger")
    for why, refused in (
        ("of other bytes", lambda: timestamps.check(stamped, DATA + b" ", [authority.root])),
        ("its nonce", lambda: timestamps.check(stamped, DATA, [authority.root], nonce=1)),
        ("no authority", lambda: timestamps.check(stamped, DATA, [stranger.root])),
        ("no authority", lambda: timestamps.check(stamped, DATA, [])),
    ):
        with pytest.raises(StampRefused, match=why):
            refused()


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_bit_of_a_stamp_can_be_changed_where_it_says_something(authority, stamped):
    sound = timestamps.check(stamped, DATA, [authority.root], nonce=NONCE)
    harmless = 0
    for at in range(len(stamped)):
        spoiled = bytearray(stamped)
        spoiled[at] ^= 1 << at % 8
        try:
            assert timestamps.check(bytes(spoiled), DATA, [authority.root], nonce=NONCE) == sound
        except StampRefused:
            continue
        harmless += 1
    # Versions and identifiers that nothing depends on may differ; what is told may not.
    assert harmless < 60, harmless


def test_a_refusal_and_what_is_none_of_it_are_refused(authority, stamped):
    denied = bytes.fromhex("3007300502010203020105")
    for response in (b"", b"fine", denied[:9], stamped[:-1], stamped + b"\0", bytes(40)):
        with pytest.raises(StampRefused):
            timestamps.check(response, DATA, [authority.root])
    with pytest.raises(StampRefused, match="did not stamp it: its status is 2"):
        timestamps.check(bytes.fromhex("30053003020102"), DATA, [authority.root])
