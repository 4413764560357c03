"""What is asked of a time-stamping authority?

The request of RFC 3161, with SHA-256. What it answers, ``audits.verifying.timestamps`` checks.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

REQUEST_TYPE: Final = "application/timestamp-query"
_SHA256_DER: Final = bytes.fromhex("300d06096086480165030402010500")


def request(data: bytes) -> bytes:
    """Write the request to stamp bytes, with the authority's certificate in the answer; send it as ``REQUEST_TYPE``.

    It carries no nonce: an old stamp of the same bytes proves as much.
    """
    imprint = _der(0x30, _SHA256_DER, _der(0x04, sha256(data).digest()))
    return _der(0x30, _der(0x02, b"\x01"), imprint, _der(0x01, b"\xff"))


def _der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes([tag, len(content)]) + content
