"""A time-stamping authority for tests: OpenSSL stamps, under certificates made here."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIGURATION = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256, sha512
signer_digest = sha256
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Authority:
    """A root, a time-stamping certificate under it, and what OpenSSL needs to stamp with them."""

    def __init__(self, folder: Path, *, usage: x509.ObjectIdentifier | None = None) -> None:
        folder.mkdir()
        self.folder = folder
        self.root, root_key = _certificate("Corner Root", authority=True)
        self.certificate, key = _certificate(
            "Corner Stamps",
            issuer=(self.root, root_key),
            usage=usage or ExtendedKeyUsageOID.TIME_STAMPING,
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(self.root.public_bytes(Encoding.PEM))
        (folder / "tsa.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(_CONFIGURATION.format(folder=folder))

    def stamp(self, request: bytes) -> bytes:
        (self.folder / "request.tsq").write_bytes(request)
        openssl(
            *("ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-section", "one"),
            *("-queryfile", str(self.folder / "request.tsq")),
            *("-signer", str(self.folder / "tsa.pem"), "-inkey", str(self.folder / "tsa.key")),
            *("-out", str(self.folder / "answer.tsr")),
        )
        return (self.folder / "answer.tsr").read_bytes()

    def application(self, answer: Callable[[bytes], bytes] | None = None) -> Callable[..., Any]:
        """Return the authority over HTTP."""
        stamp = answer or self.stamp

        def app(environ: Any, start: Any) -> list[bytes]:
            assert environ["CONTENT_TYPE"] == "application/timestamp-query"
            body = stamp(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            start("200 OK", [("Content-Type", "application/timestamp-reply")])
            return [body]

        return app


def openssl(*arguments: str) -> str:
    done = subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def _certificate(
    name: str,
    *,
    authority: bool = False,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    usage: x509.ObjectIdentifier | None = None,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return builder.sign(key if issuer is None else issuer[1], hashes.SHA256()), key
