"""Refuses every way out of this machine.

`tests/conftest.py` runs this file in the test process; child processes get it by its name, because Python imports
`sitecustomize` at start from the folders of PYTHONPATH. An audit hook sees the calls of compiled code too and cannot
be taken away again.
"""

import sys

AF_UNIX = 1  # socket.AF_UNIX; the module is not imported here, so that a child's import times stay its own
NAME_LOOKUPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
WAYS_OUT = {"socket.connect", "socket.sendto", "socket.sendmsg"}


class NetworkUsed(OSError):
    """A test, or what it started, tried to reach the network."""


def _refuse(event: str, arguments: tuple) -> None:
    if event in NAME_LOOKUPS:
        raise NetworkUsed(f"{event} {arguments[0]!r}: the tests run without a network")
    if event in WAYS_OUT and arguments[0].family != AF_UNIX:
        raise NetworkUsed(f"{event} {arguments[1]!r}: the tests run without a network")


sys.addaudithook(_refuse)
