"""One POST to a real server on this machine: what it says, and everything that can go wrong."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from governance.webhooks.sending import Sender
from tests.receiver import raw, receiving

HOST = "hooks.example.com"


def sender(**changes) -> Sender:
    return Sender(**{"plain": True, "private": True, "seconds": 5.0, **changes})


def post(url: str, **changes):
    return sender(**changes).send(url, {"webhook-id": "m1"}, b'{"a":1}')


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that speaks for one host, and the folder of its two files."""
    folder = tmp_path_factory.mktemp("certificate")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


@pytest.fixture
def secure(certificate):
    """A receiver that speaks TLS as the host; which names it was asked for is kept."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    asked: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with receiving(tls=context) as receiver:
        receiver.asked = asked
        yield receiver


def test_a_message_is_posted_with_its_headers_and_nothing_is_followed() -> None:
    with receiving() as receiver, receiving() as elsewhere:
        answered = post(f"{receiver.url}?shop=1")
        assert (answered.status, answered.arrived, answered.error) == (204, True, None)
        (came,) = receiver.received
        assert (came.path, came.body) == ("/hooks?shop=1", b'{"a":1}')
        assert came.headers["webhook-id"] == "m1"
        assert came.headers["content-type"] == "application/json"
        assert came.headers["host"] == f"127.0.0.1:{receiver.port}"
        receiver.answers = [(302, {"Location": elsewhere.url})]
        answered = post(receiver.url)
        assert not answered.arrived
        assert "redirects are not followed" in answered.error
        assert elsewhere.received == []


def test_how_long_to_wait_is_taken_from_the_answer() -> None:
    with receiving() as receiver:
        receiver.answers = [
            (429, {"Retry-After": "17"}),
            (503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        ]
        answered = post(receiver.url)
        assert (answered.status, answered.retry_after) == (429, 17)
        assert answered.error == "The receiver answered 429."
        assert post(receiver.url).retry_after is None


def test_a_private_address_is_not_connected_to() -> None:
    with receiving() as receiver:
        answered = post(receiver.url, private=False)
        assert "private network" in answered.error
        answered = post(
            f"http://{HOST}:{receiver.port}/", private=False, resolve=lambda *_: ["127.0.0.1"]
        )
        assert "not public" in answered.error
        assert receiver.received == []


def test_a_name_is_looked_up_once_so_that_it_cannot_lead_elsewhere_the_second_time(
    monkeypatch,
) -> None:
    looked_up, connected = [], []

    def resolve(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["10.0.0.7", "93.184.216.34"] if len(looked_up) == 1 else ["127.0.0.1"]

    def connect(address, timeout):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", connect)
    answered = post(f"https://{HOST}/", private=False, resolve=resolve)
    assert answered.error == "The receiver refused the connection."
    assert looked_up == [HOST]
    assert connected == [("93.184.216.34", 443)], "the address itself, and only the public one"


def test_the_checked_address_is_asked_for_the_host_by_name(
    secure, certificate, monkeypatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "certificate.pem"))
    answered = post(f"https://{HOST}:{secure.port}/", resolve=lambda *_: ["127.0.0.1"])
    assert (answered.status, answered.error) == (204, None)
    assert secure.asked == [HOST]
    assert secure.received[0].headers["host"] == f"{HOST}:{secure.port}"
    answered = post(f"https://other.example.com:{secure.port}/", resolve=lambda *_: ["127.0.0.1"])
    assert "certificate is not trusted" in answered.error
    assert len(secure.received) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(secure) -> None:
    answered = post(f"https://{HOST}:{secure.port}/", resolve=lambda *_: ["127.0.0.1"])
    assert "certificate is not trusted" in answered.error
    assert secure.received == []


def test_a_dead_address_leaves_time_for_the_next() -> None:
    with receiving() as receiver:
        answered = post(f"http://{HOST}:{receiver.port}/", resolve=lambda *_: ["::1", "127.0.0.1"])
        assert answered.status == 204


def test_a_receiver_that_says_nothing_is_given_up_at_the_deadline() -> None:
    over = threading.Event()
    with raw(lambda _: over.wait(20) and None) as port:
        answered = post(f"http://127.0.0.1:{port}/", seconds=0.3)
        over.set()
    assert answered.too_slow
    assert answered.error == "The receiver did not answer within 0.3 seconds."


def test_a_receiver_that_sends_a_byte_now_and_then_does_not_stretch_the_deadline() -> None:
    over = threading.Event()

    def drip(connection) -> None:
        while not over.wait(0.05):
            connection.sendall(b"H")

    with raw(drip) as port:
        answered = post(f"http://127.0.0.1:{port}/", seconds=0.5)
        over.set()
    assert answered.too_slow


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\n", "closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "is no HTTP"),
        (b"HTTP/1.1 999 No\r\n\r\n", "is no HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, "is no HTTP"),
    ],
)
def test_what_is_no_answer_is_a_failure(said, told) -> None:
    with raw(lambda connection: connection.sendall(said)) as port:
        answered = post(f"http://127.0.0.1:{port}/")
    assert answered.status is None
    assert told in answered.error


def test_the_word_that_an_answer_is_on_its_way_is_not_the_answer() -> None:
    said = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"
    with raw(lambda connection: connection.sendall(said)) as port:
        assert post(f"http://127.0.0.1:{port}/").status == 200


def test_a_port_where_nobody_listens_and_a_host_that_nobody_knows_are_told() -> None:
    with receiving() as receiver:
        port = receiver.port
    assert post(f"http://127.0.0.1:{port}/").error == "The receiver refused the connection."

    def unknown(host: str, port: int) -> list[str]:
        raise OSError

    assert post(f"https://{HOST}/", resolve=unknown).error == "The receiver's host is not known."
