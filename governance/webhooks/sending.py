"""One POST to one receiver: resolved once, sent to the address that was checked, never redirected, over before the deadline.

It stands on sockets rather than on an HTTP client, since each of these needs a hand on the connection: connecting to an address that was checked while TLS
asks for the host by name, and a deadline for all of it, which a receiver that sends a byte now and then cannot stretch.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from importlib.metadata import version
from typing import Final

from governance.webhooks import targets
from governance.webhooks.targets import Target
from governance.webhooks.transitions import Answered

#: How long a receiver has from the first byte of the connection to the head of its answer.
SECONDS: Final = 15.0
#: Addresses of a host that are tried, and bytes of an answer's head that are read.
_MOST_ADDRESSES: Final = 4
_LONGEST_HEAD: Final = 32_768
_LONGEST_SENTENCE: Final = 200
_END_OF_HEAD: Final = b"\r\n\r\n"

#: Return the addresses of a host and port, as ``socket.getaddrinfo`` names them.
Resolve = Callable[[str, int], Sequence[str]]


class _Failed(Exception):
    """The attempt failed; the message is the sentence that the delivery log shows."""

    def __init__(self, sentence: str, *, too_slow: bool = False) -> None:
        super().__init__(sentence)
        self.too_slow = too_slow


def resolved(host: str, port: int) -> list[str]:
    """Look a host up.

    Raises:
        OSError: it is not known.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Sender:
    """Sends messages. ``plain`` lets http through, ``private`` addresses that are not public."""

    def __init__(
        self, *, plain: bool, private: bool, resolve: Resolve = resolved, seconds: float = SECONDS
    ) -> None:
        self._plain = plain
        self._private = private
        self._resolve = resolve
        self._seconds = seconds

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post a body and return how it was answered; whatever goes wrong is part of the answer."""
        begun = time.monotonic()
        status = retry_after = error = None
        too_slow = False
        try:
            status, retry_after = self._post(url, headers, body)
        except _Failed as failed:
            error, too_slow = str(failed), failed.too_slow
        if status is not None and not 200 <= status < 300:
            error = _sentence(status)
        return Answered(
            milliseconds=round((time.monotonic() - begun) * 1000),
            status=status,
            error=None if error is None else error[:_LONGEST_SENTENCE],
            retry_after=retry_after,
            too_slow=too_slow,
        )

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, int | None]:
        try:
            target = targets.parse(url, plain=self._plain, private=self._private)
        except ValueError as error:
            raise _Failed(str(error)) from None
        addresses = self._allowed(target)
        deadline = time.monotonic() + self._seconds
        try:
            with closing(self._connected(target, addresses, deadline)) as connection:
                connection.settimeout(_left(deadline))
                connection.sendall(_request(target, headers, body))
                return _answer(connection, deadline)
        except TimeoutError:
            raise _Failed(
                f"The receiver did not answer within {self._seconds:g} seconds.", too_slow=True
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise _Failed(
                f"The receiver's certificate is not trusted: {error.verify_message}."
            ) from None
        except ssl.SSLError:
            raise _Failed("The receiver does not speak TLS as we do.") from None
        except ConnectionRefusedError:
            raise _Failed("The receiver refused the connection.") from None
        except OSError as error:
            raise _Failed(f"The connection failed ({type(error).__name__}).") from None

    def _allowed(self, target: Target) -> list[str]:
        """Return the addresses that may be connected to; what was looked up here is not looked up again."""
        try:
            found = self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise _Failed("The receiver's host is not known.") from None
        allowed = [one for one in found if self._private or targets.is_public(one)]
        if not allowed:
            raise _Failed(
                "The receiver's host leads to an address that is not public; messages are not sent there."
            )
        return allowed[:_MOST_ADDRESSES]

    def _connected(
        self, target: Target, addresses: Sequence[str], deadline: float
    ) -> socket.socket:
        for number, address in enumerate(addresses, start=1):
            # Each address gets its share of the time, so that a dead one leaves some for the next.
            share = _left(deadline) / (len(addresses) - number + 1)
            try:
                connection = socket.create_connection((address, target.port), timeout=share)
            except OSError:
                if number == len(addresses):
                    raise
                continue
            if not target.secure:
                return connection
            try:
                connection.settimeout(_left(deadline))
                return self._trust.wrap_socket(connection, server_hostname=target.host)
            except BaseException:
                connection.close()
                raise
        raise AssertionError("there is always an address")


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: Answerable/{version('answerable')}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Accept: */*",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + _END_OF_HEAD + body


def _answer(connection: socket.socket, deadline: float) -> tuple[int, int | None]:
    """Read the head of the answer and no more; its status and how many seconds it asks to wait."""
    known = b""
    while True:
        head, found, rest = known.partition(_END_OF_HEAD)
        if found:
            status, retry_after = _parsed(head)
            if status >= 200:
                return status, retry_after
            # What came was only the word that the answer is on its way.
            known = rest
            continue
        if len(known) > _LONGEST_HEAD:
            raise _Failed("The receiver's answer is no HTTP.")
        connection.settimeout(_left(deadline))
        more = connection.recv(4096)
        if not more:
            raise _Failed("The receiver closed the connection without an answer.")
        known += more


def _parsed(head: bytes) -> tuple[int, int | None]:
    first, *lines = head.split(b"\r\n")
    words = first.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not _is_status(words[1]):
        raise _Failed("The receiver's answer is no HTTP.")
    retry_after = None
    for line in lines:
        name, _, value = line.partition(b":")
        said = value.strip()
        if name.lower() == b"retry-after" and said.isdigit() and len(said) < 8:
            retry_after = int(said)
    return int(words[1]), retry_after


def _is_status(word: bytes) -> bool:
    return len(word) == 3 and word.isdigit() and 100 <= int(word) <= 599


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _sentence(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered {status}, which leads elsewhere; redirects are not followed."
    if status == 410:
        return "The receiver answered 410: it is gone and wants no more."
    return f"The receiver answered {status}."
