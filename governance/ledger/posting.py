"""One POST to a witness or a time-stamping authority: no proxy, no redirect, over before the deadline."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final
from urllib.parse import urlsplit

from audits.sentences import Sentence, sentence
from governance.errors import Failed

#: The most bytes of an answer that are read.
_LONGEST: Final = 131_072


class PostingFailed(Failed):
    """Nothing usable came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came back."""

    status: int
    content_type: str
    body: bytes


def post(url: str, body: bytes, *, content_type: str, seconds: float) -> Posted:
    """Post a body to an address that the settings name, and return the answer, whatever its status.

    Raises:
        PostingFailed: no whole answer came in time.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise PostingFailed(
            sentence("%(scheme)s is no http or https address.", scheme=parts.scheme)
            if parts.scheme
            else sentence("The address is no http or https address.")
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Unlike urllib this asks no proxy of the environment and follows nothing.
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=seconds, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    late = threading.Event()

    def cut() -> None:
        # A server that sends a byte now and then would otherwise stretch the time for ever.
        late.set()
        with contextlib.suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "POST",
            path,
            body,
            {
                "Content-Type": content_type,
                "User-Agent": f"Answerable/{version('answerable')}",
                "Connection": "close",
            },
        )
        answer = connection.getresponse()
        read = answer.read(_LONGEST + 1)
    except TimeoutError:
        raise PostingFailed(
            sentence("no answer came within %(seconds)s seconds.", seconds=f"{seconds:g}")
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise PostingFailed(
            sentence("its certificate is not trusted: %(why)s.", why=error.verify_message)
        ) from None
    except ConnectionRefusedError:
        raise PostingFailed(sentence("it refused the connection.")) from None
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        if late.is_set():
            raise PostingFailed(_not_whole(seconds)) from None
        raise PostingFailed(
            sentence("the connection failed (%(error)s).", error=type(error).__name__)
        ) from None
    finally:
        watch.cancel()
        connection.close()
    if late.is_set():
        raise PostingFailed(_not_whole(seconds))
    if len(read) > _LONGEST:
        raise PostingFailed(sentence("the answer has more than %(most)s bytes.", most=_LONGEST))
    return Posted(
        status=answer.status, content_type=answer.headers.get("Content-Type", ""), body=read
    )


def _not_whole(seconds: float) -> Sentence:
    return sentence("no whole answer came within %(seconds)s seconds.", seconds=f"{seconds:g}")
