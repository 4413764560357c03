"""Which addresses messages may go to, so that nobody makes this service call what only it can reach."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import urlsplit

LONGEST_URL: Final = 1000
#: What the public part of IPv6 lies in, and the prefix behind which NAT64 reaches IPv4.
_PUBLIC_V6: Final = IPv6Network("2000::/3")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint's address taken apart; ``host`` is in ASCII, ``path`` is what stands in the request line."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return what the header Host holds."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == _PORTS["https" if self.secure else "http"]
            else f"{host}:{self.port}"
        )


def parse(url: str, *, plain: bool = False, private: bool = False) -> Target:
    """Take an endpoint's address apart.

    Args:
        url: The address.
        plain: Whether http is taken too.
        private: Whether addresses that are not public are taken too.

    Raises:
        ValueError: it is none that messages may go to; the message says what was expected.
    """
    if not 0 < len(url) <= LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(
            f"Give an address of at most {LONGEST_URL} ASCII characters, without blanks."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        raise ValueError("Give an address like https://app.example.com/webhooks.") from None
    if parts.scheme != "https" and not (plain and parts.scheme == "http"):
        raise ValueError("The address must begin with https://.")
    if parts.username is not None or parts.password is not None:
        raise ValueError("Leave user and password out of the address; messages are signed instead.")
    if not host or "%" in host or port == 0:
        raise ValueError("Give an address like https://app.example.com/webhooks.")
    if "#" in url or "\\" in url:
        raise ValueError("Leave out # and backslashes; they are not part of what is asked for.")
    if not private and _not_public(host):
        raise ValueError("The address lies in a private network. Give one that the internet knows.")
    return Target(
        secure=parts.scheme == "https",
        host=host,
        port=port or _PORTS[parts.scheme],
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet.

    Not public are private, loopback, link-local, unique-local, multicast, shared (CGNAT), documentation and reserved ones, and those that
    stand for such a one: IPv4 mapped, compatible, by 6to4, Teredo or NAT64.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(known, IPv4Address):
        return _public_v4(known)
    if known.ipv4_mapped is not None:
        return _public_v4(known.ipv4_mapped)
    if known in _NAT64:
        return _public_v4(IPv4Address(int(known) & 0xFFFFFFFF))
    if known.scope_id is not None or known.teredo is not None or known.sixtofour is not None:
        return False
    return known in _PUBLIC_V6 and _ordinary(known)


def _public_v4(address: IPv4Address) -> bool:
    return _ordinary(address)


def _ordinary(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_reserved
        or address.is_unspecified
    )


def _not_public(host: str) -> bool:
    """Tell whether a host as it is written can only be reached from here; what a name leads to is known when it is looked up."""
    if host.lower() == "localhost" or host.lower().endswith((".localhost", ".local", ".internal")):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)
