"""Did a time-stamping authority see these bytes, and when?

RFC 3161 with SHA-256: the request, and the check of what was answered down to the certificates that one trusts. DER is
read strictly: a length that is not the shortest, or a byte too many, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1, sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

REQUEST_TYPE: Final = "application/timestamp-query"
RESPONSE_TYPE: Final = "application/timestamp-reply"

_BOOLEAN, _INTEGER, _OCTETS, _NULL, _OID = 0x01, 0x02, 0x04, 0x05, 0x06
_TIME, _SEQUENCE, _SET = 0x18, 0x30, 0x31
_CONTEXT_0, _CONTEXT_0_PLAIN = 0xA0, 0x80

_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_SHA256_DER: Final = bytes.fromhex("0609608648016503040201")
_HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = {
    _SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
_TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_2: Final = "1.2.840.113549.1.9.16.2.47"
_RSA_PSS: Final = "1.2.840.113549.1.1.10"
_GRANTED: Final = (0, 1)
_LONGEST_CHAIN: Final = 8


class StampRefused(ValueError):
    """Raised where a time stamp proves nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a checked time stamp says: when, by which certificate's subject, under which number."""

    at: datetime
    authority: str
    serial: int


def request(data: bytes, nonce: int) -> bytes:
    """Write the request to stamp bytes; send it as ``REQUEST_TYPE``. The nonce is a random number of up to 63 bits."""
    return _der(
        _SEQUENCE,
        _integer(1),
        _imprint(data),
        _integer(nonce),
        _der(_BOOLEAN, b"\xff"),  # The answer is to hold the authority's certificates.
    )


def check(
    response: bytes,
    data: bytes,
    authorities: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
) -> Stamp:
    """Check what an authority answered (a TimeStampResp) for bytes, and the nonce where it is still known.

    The chain is checked for the time of the stamp, as a certificate that ran out later takes nothing back.

    Raises:
        StampRefused: it is malformed, of other bytes, or not signed by an authority that leads to those trusted.
    """
    try:
        return _check(response, data, authorities, nonce)
    except StampRefused:
        raise
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise StampRefused(f"The time stamp is malformed: {error}") from None


def _check(
    response: bytes, data: bytes, authorities: Sequence[x509.Certificate], nonce: int | None
) -> Stamp:
    status, *token = _sequence(_only(response))
    code = int.from_bytes(_children(status, _SEQUENCE)[0].content, "big")
    if code not in _GRANTED or not token:
        raise StampRefused(f"The authority did not stamp it: its status is {code}.")
    kind, wrapped = _sequence(token[0])
    if _oid(kind) != _SIGNED_DATA:
        raise StampRefused("The time stamp is no signed data.")
    _version, _digests, inner, *rest = _children(_children(wrapped, _CONTEXT_0)[0], _SEQUENCE)
    inner_kind, inner_wrapped = _sequence(inner)
    if _oid(inner_kind) != _TST_INFO:
        raise StampRefused("What was signed is no time stamp.")
    info = _children(inner_wrapped, _CONTEXT_0)[0].expect(_OCTETS).content
    certificates = [
        x509.load_der_x509_certificate(one.whole)
        for part in rest
        if part.tag == _CONTEXT_0
        for one in part
        if one.tag == _SEQUENCE
    ]
    signers = _children(rest[-1], _SET)
    if len(signers) != 1:
        raise StampRefused("A time stamp has one signer.")
    stamp_at, serial = _info(info, data, nonce)
    signer = _signer(signers[0], info, certificates)
    _check_chain(signer, certificates, authorities, stamp_at)
    return Stamp(at=stamp_at, authority=signer.subject.rfc4514_string(), serial=serial)


def _info(info: bytes, data: bytes, nonce: int | None) -> tuple[datetime, int]:
    _version, _policy, imprint, serial, at, *more = _sequence(_only(info))
    if imprint.whole != _imprint(data):
        # Some leave the parameters of SHA-256 out, as RFC 5754 allows.
        bare = _der(_SEQUENCE, _der(_SEQUENCE, _SHA256_DER), _der(_OCTETS, sha256(data).digest()))
        if imprint.whole != bare:
            raise StampRefused("The time stamp is of other bytes.")
    told = [int.from_bytes(one.content, "big", signed=True) for one in more if one.tag == _INTEGER]
    if nonce is not None and told != [nonce]:
        raise StampRefused("The time stamp answers another request: its nonce differs.")
    text = at.expect(_TIME).content.decode("ascii")
    form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    number = int.from_bytes(serial.expect(_INTEGER).content, "big", signed=True)
    return datetime.strptime(text, form).replace(tzinfo=UTC), number


def _signer(
    signer: _Value, info: bytes, certificates: Sequence[x509.Certificate]
) -> x509.Certificate:
    """Return the certificate that signed, after checking its signature."""
    _version, who, digest_algorithm, attributes, signature_algorithm, signature, *_ = _sequence(
        signer
    )
    algorithm = _HASHES.get(_oid(_sequence(digest_algorithm)[0]))
    if algorithm is None:
        raise StampRefused(
            "The time stamp is signed with a hash that is not SHA-256, -384 or -512."
        )
    attributes.expect(_CONTEXT_0)
    known = {_oid(pair[0]): _children(pair[1], _SET) for pair in map(_sequence, attributes)}
    digest = hashes.Hash(algorithm)
    digest.update(info)
    if _CONTENT_TYPE not in known or _MESSAGE_DIGEST not in known:
        raise StampRefused("The signature does not say what it is over.")
    if _oid(known[_CONTENT_TYPE][0]) != _TST_INFO:
        raise StampRefused("The signature is over something that is no time stamp.")
    if known[_MESSAGE_DIGEST][0].content != digest.finalize():
        raise StampRefused("The signature is over another time stamp.")
    certificate = next((one for one in certificates if _is_of(one, who)), None)
    if certificate is None:
        raise StampRefused("The time stamp does not hold the certificate that signed it.")
    _check_named(certificate, known)
    # What is signed is the set itself, not its place in the structure.
    signed = bytes([_SET]) + attributes.whole[1:]
    _check_signature(
        certificate, signature.expect(_OCTETS).content, signed, algorithm, signature_algorithm
    )
    return certificate


def _is_of(certificate: x509.Certificate, who: _Value) -> bool:
    if who.tag == _CONTEXT_0_PLAIN:
        try:
            found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        except x509.ExtensionNotFound:
            return False
        return found.value.digest == who.content
    issuer, serial = _sequence(who)
    return (
        certificate.issuer.public_bytes() == issuer.whole
        and certificate.serial_number == int.from_bytes(serial.content, "big", signed=True)
    )


def _check_named(certificate: x509.Certificate, known: Mapping[str, Sequence[_Value]]) -> None:
    """Hold the certificate against the hash of it that was signed, so that another with the same key cannot stand in."""
    whole = certificate.public_bytes(Encoding.DER)
    if _SIGNING_CERTIFICATE_2 in known:
        first = _sequence(_children(known[_SIGNING_CERTIFICATE_2][0], _SEQUENCE)[0])[0]
        parts = _sequence(first)
        algorithm: hashes.HashAlgorithm | None = hashes.SHA256()
        if parts[0].tag == _SEQUENCE:
            algorithm = _HASHES.get(_oid(_sequence(parts[0])[0]))
            parts = parts[1:]
        if algorithm is None:
            raise StampRefused("The signer's certificate is named by a hash that is not known.")
        digest = hashes.Hash(algorithm)
        digest.update(whole)
        named = parts[0].content == digest.finalize()
    elif _SIGNING_CERTIFICATE in known:
        first = _sequence(_children(known[_SIGNING_CERTIFICATE][0], _SEQUENCE)[0])[0]
        named = _sequence(first)[0].content == sha1(whole, usedforsecurity=False).digest()
    else:
        named = False
    if not named:
        raise StampRefused("The signature does not name the certificate that signed.")


def _check_signature(
    certificate: x509.Certificate,
    signature: bytes,
    signed: bytes,
    algorithm: hashes.HashAlgorithm,
    stated: _Value,
) -> None:
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey) and _oid(_sequence(stated)[0]) == _RSA_PSS:
            pss = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=padding.PSS.AUTO)
            key.verify(signature, signed, pss, algorithm)
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise StampRefused("The authority's key is of a kind that is not known here.")
    except InvalidSignature:
        raise StampRefused("The authority's signature does not verify.") from None


def _check_chain(
    signer: x509.Certificate,
    certificates: Iterable[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    at: datetime,
) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if list(usage) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise StampRefused("The signer's certificate is not one for time stamps alone.")
    known = [*authorities, *certificates]
    certificate = signer
    for _ in range(_LONGEST_CHAIN):
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise StampRefused(
                f"The certificate of {certificate.subject.rfc4514_string()} was not valid at the time of the stamp."
            )
        if certificate in authorities:
            return
        issuer = next(
            (one for one in known if one != certificate and _issued(one, certificate)), None
        )
        if issuer is None:
            break
        certificate = issuer
    raise StampRefused("The signer's certificate leads to no authority that is trusted here.")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return constraints.ca


# ------------------------------------------------------------------------------------------- DER


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    content: bytes
    whole: bytes

    def expect(self, tag: int) -> _Value:
        if self.tag != tag:
            raise StampRefused(
                f"The time stamp is malformed: {tag:#x} was due, {self.tag:#x} came."
            )
        return self

    def __iter__(self) -> Iterator[_Value]:
        rest = self.content
        while rest:
            value, rest = _read(rest)
            yield value


def _read(data: bytes) -> tuple[_Value, bytes]:
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise StampRefused("The time stamp is malformed: a value is cut off.")
    length, start = data[1], 2
    if length >= 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
        if not 1 <= count <= 4 or length < 0x80 or length >> (8 * (count - 1)) == 0:
            raise StampRefused("The time stamp is malformed: a length is not DER.")
    end = start + length
    if end > len(data):
        raise StampRefused("The time stamp is malformed: a value is cut off.")
    return _Value(data[0], data[start:end], data[:end]), data[end:]


def _only(data: bytes) -> _Value:
    value, rest = _read(data)
    if rest:
        raise StampRefused("The time stamp is malformed: something follows it.")
    return value


def _children(value: _Value, tag: int) -> list[_Value]:
    return list(value.expect(tag))


def _sequence(value: _Value) -> list[_Value]:
    return _children(value, _SEQUENCE)


def _oid(value: _Value) -> str:
    content = value.expect(_OID).content
    numbers, number = list[int](), 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def _der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _imprint(data: bytes) -> bytes:
    algorithm = _der(_SEQUENCE, _SHA256_DER, _der(_NULL))
    return _der(_SEQUENCE, algorithm, _der(_OCTETS, sha256(data).digest()))
