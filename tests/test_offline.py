"""The guard itself: if it broke, "no network is used" would be an empty sentence."""

import socket
import subprocess
import sys

import pytest

TRY_OUTSIDE = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"


def test_a_connection_is_refused_before_it_is_tried() -> None:
    with socket.socket() as outside, pytest.raises(OSError, match="without a network"):
        outside.connect(("127.0.0.1", 9))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(OSError, match="without a network"):
        socket.getaddrinfo("example.org", 443)


def test_a_datagram_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
        pytest.raises(OSError, match="without a network"),
    ):
        outside.sendto(b"x", ("127.0.0.1", 9))


def test_processes_of_one_machine_may_talk() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall(b"word")
        assert there.recv(4) == b"word"


def test_a_child_process_is_refused_too(offline: dict[str, str]) -> None:
    child = subprocess.run([sys.executable, "-c", TRY_OUTSIDE], env=offline, capture_output=True, text=True)
    assert child.returncode == 1
    assert "without a network" in child.stderr
