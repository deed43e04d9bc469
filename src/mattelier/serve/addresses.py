"""Which addresses of the internet protocol are public: an allow list, so that what is new or odd is refused."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

# `is_global` calls this one public: the retired 6to4 relay (RFC 7526).
_RELAY = IPv4Network("192.88.99.0/24")
# All that is handed out for use on the internet lies in one block (RFC 4291 §2.5.4); the rest is refused unseen.
_UNICAST = IPv6Network("2000::/3")
_NO_HOSTS = (
    IPv6Network("2001::/23"),  # protocol assignments, Teredo (2001::/32) among them: an IPv4 address in disguise
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address in disguise
    IPv6Network("3fff::/20"),  # documentation
)
_NAT64 = IPv6Network("64:ff9b::/96")  # how an IPv6-only network reaches IPv4 (RFC 6052); the last 32 bits decide
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # upper half of the interface's 64 bits (RFC 5214), then an IPv4 address


def is_public(address: Address) -> bool:
    """True for an address that anybody may reach on the internet.

    False for loopback, link-local, private, shared (carrier-grade NAT), multicast, reserved and documentation
    addresses of both versions, and for IPv6 forms that carry an IPv4 address, unless they are IPv4-mapped or NAT64
    and that address is public.
    """
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    if address.ipv4_mapped is not None:
        return _is_public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address not in _UNICAST or any(address in block for block in _NO_HOSTS) or not address.is_global:
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in _RELAY


def literal(host: str) -> Address | None:
    """The address that a host's text spells in the one usual way; None for a name, and for decimal, hex and octal."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def looks_numeric(host: str) -> bool:
    """True when a resolver might read the text as a number (2130706433, 0x7f.1, 0177.0.0.1): its last part is one.

    The same rule by which browsers tell a name from an address (WHATWG URL, "ends in a number").
    """
    last = host.rstrip(".").rpartition(".")[2].lower()
    if last.startswith("0x"):
        return all(digit in "0123456789abcdef" for digit in last[2:])
    return last.isdigit()
