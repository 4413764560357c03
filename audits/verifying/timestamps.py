"""Has a time-stamping authority seen these bytes, and when?

RFC 3161 over CMS (RFC 5652). Signatures and the way to a trusted certificate are checked by ``cryptography``; only the
reading of DER is here. Revocation is not checked: that needs lists which no file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import new as new_hash
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

MAX_BYTES: Final = 1_000_000
_GRANTED: Final = (0, 1)
_SEQUENCE, _SET, _INTEGER, _OCTETS, _OID, _GENERALIZED = 0x30, 0x31, 0x02, 0x04, 0x06, 0x18
_CONTEXT_0, _KEY_ID = 0xA0, 0x80

_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_2: Final = "1.2.840.113549.1.9.16.2.47"
_DIGESTS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA: Final = {
    "1.2.840.113549.1.1.1": None,
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: Final = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_ED25519: Final = "1.3.101.112"
_STRANGE: Final = (
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


class TimestampWrong(ValueError):
    """Raised where a time stamp does not hold: it is of other bytes, was changed, or nobody trusted made it."""


class TimestampUnknown(ValueError):
    """Raised where a time stamp is of a form that this program cannot check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A time stamp that holds: when, and whose certificate signed it."""

    at: datetime
    authority: str


@dataclass(frozen=True, slots=True)
class _Node:
    """One element of DER: its tag, its content, and both as they stood."""

    tag: int
    content: bytes
    whole: bytes

    def children(self) -> list[_Node]:
        return list(_read(self.content))


def load_authorities(pem: bytes) -> list[x509.Certificate]:
    """Read the certificates that time stamps must lead to.

    Raises:
        ValueError: there is none, or one cannot be read.
    """
    return x509.load_pem_x509_certificates(pem)


def check_timestamp(
    response: bytes, messages: Iterable[bytes], authorities: Sequence[x509.Certificate]
) -> Timestamp:
    """Check a time stamp response over one of several messages.

    Raises:
        TimestampWrong: it does not hold.
        TimestampUnknown: it cannot be checked by this program.
    """
    try:
        return _check(response, tuple(messages), authorities)
    except (TimestampWrong, TimestampUnknown):
        raise
    except (IndexError, ArithmeticError, ValueError, RecursionError) as error:
        raise TimestampWrong(f"it is not a time stamp response ({error})") from None
    except _STRANGE as error:
        raise TimestampUnknown(f"its certificate cannot be read ({error})") from None


def _check(
    response: bytes, messages: tuple[bytes, ...], authorities: Sequence[x509.Certificate]
) -> Timestamp:
    signed = _unwrap(response)
    parts = signed.children()
    _expect(parts[1], _SET)
    encapsulated = parts[2].children()
    if _oid(encapsulated[0]) != _TST_INFO:
        raise TimestampWrong("what it signs is not a time stamp")
    content = _expect(_expect(encapsulated[1], _CONTEXT_0).children()[0], _OCTETS).content
    certificates = [
        one
        for part in parts[3:]
        if part.tag == _CONTEXT_0
        for one in _certificates(part.children())
    ]
    signers = _expect(parts[-1], _SET).children()
    if len(signers) != 1:
        raise TimestampWrong(f"a time stamp has one signature, this has {len(signers)}")
    at = _imprint(content, messages)
    signer = _check_signer(signers[0], content, certificates)
    _check_chain(signer, certificates, authorities, at)
    return Timestamp(at=at, authority=signer.subject.rfc4514_string())


def _unwrap(response: bytes) -> _Node:
    """Return the signed data of a response, or of a token alone."""
    outer = _one(response)
    parts = _expect(outer, _SEQUENCE).children()
    token = outer
    if parts[0].tag == _SEQUENCE:
        code = int.from_bytes(_expect(parts[0].children()[0], _INTEGER).content, signed=True)
        if code not in _GRANTED or len(parts) < 2:
            raise TimestampWrong(f"the authority refused it (status {code})")
        token = parts[1]
    content = _expect(token, _SEQUENCE).children()
    if _oid(content[0]) != _SIGNED_DATA:
        raise TimestampWrong("it holds no signed data")
    return _expect(_expect(content[1], _CONTEXT_0).children()[0], _SEQUENCE)


def _imprint(content: bytes, messages: tuple[bytes, ...]) -> datetime:
    """Return the time of the TSTInfo, if it is of one of the messages."""
    fields = _expect(_one(content), _SEQUENCE).children()
    algorithm, digest = _expect(fields[2], _SEQUENCE).children()[:2]
    name = _DIGESTS.get(_oid(algorithm.children()[0]))
    if name is None:
        raise TimestampUnknown("its digest is none of SHA-256, SHA-384 and SHA-512")
    if all(new_hash(name, message).digest() != digest.content for message in messages):
        raise TimestampWrong("it is of other bytes than this checkpoint's")
    return _time(_expect(fields[4], _GENERALIZED).content.decode("ascii"))


def _check_signer(
    signer: _Node, content: bytes, certificates: list[x509.Certificate]
) -> x509.Certificate:
    fields = _expect(signer, _SEQUENCE).children()
    digest = _DIGESTS.get(_oid(_expect(fields[2], _SEQUENCE).children()[0]))
    if digest is None:
        raise TimestampUnknown("its signature's digest is none of SHA-256, SHA-384 and SHA-512")
    attributes = _expect(fields[3], _CONTEXT_0)
    said = {
        _oid(one.children()[0]): _expect(one.children()[1], _SET).children()[0]
        for one in attributes.children()
    }
    if _CONTENT_TYPE not in said or _oid(said[_CONTENT_TYPE]) != _TST_INFO:
        raise TimestampWrong("its signature is not of a time stamp")
    if (
        _MESSAGE_DIGEST not in said
        or said[_MESSAGE_DIGEST].content != new_hash(digest, content).digest()
    ):
        raise TimestampWrong("its time or imprint was changed after it was signed")
    certificate = _signing_certificate(fields[1], certificates)
    _check_named(said, certificate)
    # What is signed is the set itself, not its place in the signature (RFC 5652, 5.4).
    signed = bytes([_SET]) + attributes.whole[1:]
    _check_signature(
        certificate, fields[4].children(), digest, _expect(fields[5], _OCTETS).content, signed
    )
    return certificate


def _signing_certificate(sid: _Node, certificates: list[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        if sid.tag == _SEQUENCE:
            issuer, serial = sid.children()[:2]
            if (
                issuer.whole == certificate.issuer.public_bytes()
                and int.from_bytes(serial.content, signed=True) == certificate.serial_number
            ):
                return certificate
        elif sid.tag == _KEY_ID:
            try:
                known = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            except (x509.ExtensionNotFound, ValueError):
                continue
            if known.value.digest == sid.content:
                return certificate
    raise TimestampUnknown(
        "the certificate that signed it is not in it; ask the authority for one with its certificate"
    )


def _check_named(said: dict[str, _Node], certificate: x509.Certificate) -> None:
    """Make sure that the signature names its certificate, so that none of the same key takes its place (RFC 5816)."""
    if _SIGNING_CERTIFICATE_2 in said:
        first = said[_SIGNING_CERTIFICATE_2].children()[0].children()[0].children()
        name: str | None = "sha256"
        if first[0].tag == _SEQUENCE:
            name = _DIGESTS.get(_oid(first[0].children()[0]))
            first = first[1:]
        if name is None:
            raise TimestampUnknown("it names its certificate by an unknown digest")
        algorithm: hashes.HashAlgorithm = _HASHES[name]
    elif _SIGNING_CERTIFICATE in said:
        first = said[_SIGNING_CERTIFICATE].children()[0].children()[0].children()
        algorithm = hashes.SHA1()  # noqa: S303 - what RFC 3161 asks for; the signature is by another digest
    else:
        raise TimestampWrong("its signature does not name the certificate that it is by")
    if first[0].content != certificate.fingerprint(algorithm):
        raise TimestampWrong("its signature names another certificate than it is by")


def _check_signature(
    certificate: x509.Certificate,
    algorithm: list[_Node],
    digest: str,
    signature: bytes,
    signed: bytes,
) -> None:
    oid, key = _oid(algorithm[0]), certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and oid in _RSA:
            key.verify(signature, signed, padding.PKCS1v15(), _HASHES[_RSA[oid] or digest])
        elif isinstance(key, ec.EllipticCurvePublicKey) and oid in _ECDSA:
            key.verify(signature, signed, ec.ECDSA(_HASHES[_ECDSA[oid]]))
        elif isinstance(key, ed25519.Ed25519PublicKey) and oid == _ED25519:
            key.verify(signature, signed)
        else:
            raise TimestampUnknown(f"its signature is of an algorithm that is not checked ({oid})")
    except InvalidSignature:
        raise TimestampWrong("its signature does not fit: it was changed") from None
    except UnsupportedAlgorithm as error:
        raise TimestampUnknown(str(error)) from None


def _check_chain(
    signer: x509.Certificate,
    certificates: list[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    policy = (
        verification.PolicyBuilder()
        .store(verification.Store(list(authorities)))
        .time(at.replace(tzinfo=None))
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.permit_all().require_present(
                x509.BasicConstraints, verification.Criticality.AGNOSTIC, _must_be_authority
            ),
            ee_policy=verification.ExtensionPolicy.permit_all().require_present(
                x509.ExtendedKeyUsage, verification.Criticality.CRITICAL, _must_be_for_time
            ),
        )
    )
    try:
        policy.build_client_verifier().verify(signer, certificates)
    except verification.VerificationError as error:
        raise TimestampWrong(
            f"its certificate leads to none of the authorities given ({error})"
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TimestampUnknown(f"its certificates cannot be checked ({error})") from None


def _must_be_authority(
    _policy: verification.Policy, _certificate: x509.Certificate, said: x509.BasicConstraints
) -> None:
    if not said.ca:
        raise ValueError("a certificate between is no authority's")


def _must_be_for_time(
    _policy: verification.Policy, _certificate: x509.Certificate, said: x509.ExtendedKeyUsage
) -> None:
    if list(said) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("the certificate is not for time stamps alone")


def _certificates(nodes: Iterable[_Node]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for node in nodes:
        try:
            found.append(x509.load_der_x509_certificate(node.whole))
        except (ValueError, *_STRANGE):
            continue
    return found


def _time(text: str) -> datetime:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or (fraction and not fraction.isdigit()):
        raise TimestampWrong(f"its time is not one ({text[:40]!r})")
    try:
        at = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise TimestampWrong(f"its time is not one ({text[:40]!r})") from None
    return at + timedelta(microseconds=int(f"{fraction[:6]:0<6}"))


def _one(data: bytes) -> _Node:
    nodes = list(_read(data))
    if len(nodes) != 1:
        raise TimestampWrong("it is not a time stamp response: it ends early, or more follows")
    return nodes[0]


def _read(data: bytes) -> Iterable[_Node]:
    position = 0
    while position < len(data):
        start = position
        tag, length = data[position], data[position + 1]
        position += 2
        if tag & 0x1F == 0x1F:
            raise TimestampUnknown("it holds elements with long tags")
        if length == 0x80:
            raise TimestampUnknown("it is in BER with indefinite lengths, which is not read")
        if length > 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size])
            position += size
        end = position + length
        if end > len(data):
            raise TimestampWrong("it ends within an element")
        yield _Node(tag, data[position:end], data[start:end])
        position = end


def _expect(node: _Node, tag: int) -> _Node:
    if node.tag != tag:
        raise TimestampWrong(f"an element has tag {node.tag:#x} where {tag:#x} is expected")
    return node


def _oid(node: _Node) -> str:
    if node.tag != _OID or not node.content:
        raise TimestampWrong("an identifier is missing")
    numbers: list[int] = []
    value = 0
    for byte in node.content[:64]:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        raise TimestampWrong("an identifier is cut off")
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
