from ipaddress import ip_address

import pytest

from mattelier.serve.addresses import is_public, literal, looks_numeric


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_what_anybody_can_reach_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_no_other_ipv4_address_is(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1",
        "2001:db8::1", "3fff::1", "5f00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
        "2002:7f00:1::", "2002:808:808::1", "2001:0:7f00:1::1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::a00:1", "::ffff:0:127.0.0.1", "2600::5efe:10.0.0.1", "2600::200:5efe:8.8.8.8",
    ],
)  # fmt: skip
def test_no_other_ipv6_address_is_even_with_an_ipv4_address_inside(address: str) -> None:
    assert not is_public(ip_address(address))


def test_a_literal_is_spelled_in_the_usual_way_only() -> None:
    assert literal("127.0.0.1") == ip_address("127.0.0.1")
    assert literal("::1") == ip_address("::1")
    for odd in ("127.1", "2130706433", "0x7f000001", "0177.0.0.1", "010.0.0.1", "example.org", ""):
        assert literal(odd) is None


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7F.0.0.1", "127.1", "0177.0.0.01", "a.1", "1.2.3.4."])
def test_what_a_resolver_may_read_as_a_number_looks_numeric(host: str) -> None:
    assert looks_numeric(host)


@pytest.mark.parametrize("host", ["example.org", "1.example", "0xcafe.org", "x7f", "localhost"])
def test_a_name_does_not(host: str) -> None:
    assert not looks_numeric(host)
