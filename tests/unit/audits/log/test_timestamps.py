from __future__ import annotations

from audits.log import timestamps
from audits.verifying.timestamps import check_timestamp
from tests.stamping import Authority, openssl

DATA = b"log.corner.example\n5\nAAAA\n"


def test_openssl_reads_what_is_asked_for_and_its_stamp_holds(tmp_path):
    authority = Authority(tmp_path / "authority")
    path = authority.folder / "own.tsq"
    path.write_bytes(timestamps.request(DATA))

    text = openssl("ts", "-query", "-in", str(path), "-text")
    assert "Hash Algorithm: sha256" in text
    assert "Certificate required: yes" in text

    stamp = check_timestamp(authority.stamp(path.read_bytes()), [DATA], [authority.root])
    assert stamp.authority == "CN=Corner Stamps"
