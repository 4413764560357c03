from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.webhooks.targets import is_public, parse

#: What IANA's registries keep from the internet, written down apart from the code.
NOT_PUBLIC = [
    ipaddress.ip_network(text)
    for text in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/8",
        "100::/64",
        "64:ff9b:1::/48",
        "2001::/32",
        "2001:db8::/32",
        "2002::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ]
]


def addresses_within(network):
    first, last = int(network.network_address), int(network.broadcast_address)
    kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    return st.integers(first, last).map(kind)


@given(st.sampled_from(NOT_PUBLIC).flatmap(addresses_within))
def test_no_address_that_the_internet_does_not_know_is_public(address) -> None:
    mapped = address.version == 6 and address.ipv4_mapped
    assert not is_public(str(address)) or mapped, address


@given(st.sampled_from([n for n in NOT_PUBLIC if n.version == 4]).flatmap(addresses_within))
def test_a_private_address_does_not_get_by_in_the_dress_of_ipv6(address) -> None:
    for dressed in (
        int(ipaddress.IPv6Address("::ffff:0:0")) + int(address),
        int(ipaddress.IPv6Address("64:ff9b::")) + int(address),
        int(address),
        (0x2002 << 112) + (int(address) << 80) + 1,
    ):
        assert not is_public(str(ipaddress.IPv6Address(dressed)))


@given(st.ip_addresses())
def test_what_is_public_is_public_to_the_standard_library_too(address) -> None:
    if is_public(str(address)):
        plain = getattr(address, "ipv4_mapped", None) or address
        assert plain.is_global
        assert not plain.is_private
        assert not plain.is_multicast


@given(st.text(max_size=40))
def test_what_is_no_address_is_not_public(text) -> None:
    if is_public(text):
        ipaddress.ip_address(text)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "64:ff9b::101:101"]
)
def test_addresses_of_the_internet_are_public(address) -> None:
    assert is_public(address)


def test_an_address_with_a_scope_is_of_this_machine() -> None:
    assert not is_public("fe80::1%eth0")
    assert not is_public("2606:4700::1%eth0")


def test_an_endpoint_is_taken_apart() -> None:
    target = parse("https://App.example.com:8443/hooks?shop=1")
    assert (target.secure, target.host, target.port) == (True, "app.example.com", 8443)
    assert (target.path, target.authority) == ("/hooks?shop=1", "app.example.com:8443")
    bare = parse("https://app.example.com")
    assert (bare.port, bare.path, bare.authority) == (443, "/", "app.example.com")
    six = parse("https://[2606:4700::1]:8443/")
    assert six.authority == "[2606:4700::1]:8443"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "app.example.com/hooks",
        "http://app.example.com/hooks",
        "ftp://app.example.com/hooks",
        "https://",
        "https:///hooks",
        "https://user:pass@app.example.com/",
        "https://user@app.example.com/",
        "https://app.example.com/#part",
        "https://app.example.com/a b",
        "https://app.example.com/\r\nX-Other: 1",
        "https://app.example.com:0/",
        "https://app.example.com:99999/",
        "https://app.example.com\\@127.0.0.1/",
        "https://münchen.example/",
        "https://[::1/",
        "https://localhost/",
        "https://localhost./",
        "https://printer.local/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data",
        "https://app.example.com/" + "a" * 1000,
    ],
)
def test_an_address_that_messages_may_not_go_to_is_refused(url) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse(url)


def test_settings_let_http_and_private_addresses_through() -> None:
    assert parse("http://127.0.0.1:8000/", plain=True, private=True).port == 8000
    with pytest.raises(ValueError, match="private network"):
        parse("http://127.0.0.1:8000/", plain=True)
    with pytest.raises(ValueError, match="https://"):
        parse("http://127.0.0.1:8000/", private=True)


@given(st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=60))
def test_whatever_is_typed_is_refused_or_gives_a_request_line_of_one_line(text) -> None:
    try:
        target = parse(f"https://{text}", private=True)
    except ValueError:
        return
    for part in (target.path, target.authority):
        assert part.isascii()
        assert part.isprintable()
        assert " " not in part
