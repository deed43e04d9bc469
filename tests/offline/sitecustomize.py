"""Refuses every way out of this machine. Its own loopback addresses may be talked to: the tests run servers there.

`tests/conftest.py` runs this file in the test process; child processes get it by its name, because Python imports
`sitecustomize` at start from the folders of PYTHONPATH. An audit hook sees the calls of compiled code too and cannot
be taken away again.
"""

import sys

AF_UNIX = 1  # socket.AF_UNIX; the module is not imported here, so that a child's import times stay its own
NAME_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
WAYS_OUT = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _stays_here(host: object) -> bool:
    """127.0.0.0/8 and ::1 as literals, the one name localhost, and no host at all (every address of this machine)."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost", "::1"):
        return True
    # a name may begin with 127. too, so all four parts must be plain numbers
    numbers = host.split(".") if isinstance(host, str) else []
    return (
        len(numbers) == 4 and numbers[0] == "127" and all(n.isascii() and n.isdigit() and len(n) < 4 for n in numbers)
    )


class NetworkUsed(OSError):
    """A test, or what it started, tried to reach the network."""


def _is_loopback(address: object) -> bool:
    """Whether a socket's address is one of this machine alone; no host at all would be an address to connect to."""
    return isinstance(address, tuple) and bool(address[0]) and _stays_here(address[0])


def _refuse(event: str, arguments: tuple) -> None:
    if event in NAME_LOOKUPS and not _stays_here(arguments[0]):
        raise NetworkUsed(f"{event} {arguments[0]!r}: the tests run without a network")
    if event in WAYS_OUT and arguments[0].family != AF_UNIX and not _is_loopback(arguments[1]):
        raise NetworkUsed(f"{event} {arguments[1]!r}: the tests run without a network")


sys.addaudithook(_refuse)
