"""The guard itself: if it broke, "no network is used" would be an empty sentence."""

import socket
import subprocess
import sys

import pytest

TRY_OUTSIDE = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=1)"  # TEST-NET-1: nobody is there
ELSEWHERE = ("192.0.2.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "128.0.0.1")
ELSEWHERE_6 = ("2001:db8::1", "fe80::1", "::ffff:127.0.0.1", "::")


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_connection_is_refused_before_it_is_tried(host: str) -> None:
    with socket.socket() as outside, pytest.raises(OSError, match="without a network"):
        outside.connect((host, 9))


@pytest.mark.parametrize("host", ELSEWHERE_6)
def test_so_is_one_by_the_newer_protocol(host: str) -> None:
    with socket.socket(socket.AF_INET6) as outside, pytest.raises(OSError, match="without a network"):
        outside.connect((host, 9))


@pytest.mark.parametrize(
    "name",
    [
        "example.org",
        "localhost.example.org",
        "127.example",
        "127.0.0.1.example.org",
        "127.0.0.1x",
        "8.8.8.8",
        b"example.org",
    ],
)
def test_a_name_is_not_looked_up(name: str | bytes) -> None:
    with pytest.raises(OSError, match="without a network"):
        socket.getaddrinfo(name, 443)


def test_a_datagram_is_refused() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside,
        pytest.raises(OSError, match="without a network"),
    ):
        outside.sendto(b"x", ("192.0.2.1", 9))


def test_a_server_on_loopback_may_be_talked_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, port), timeout=5) as client, server.accept()[0] as there:
                client.sendall(b"word")
                assert there.recv(4) == b"word"


def test_processes_of_one_machine_may_talk() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall(b"word")
        assert there.recv(4) == b"word"


def test_a_child_process_is_refused_too(offline: dict[str, str]) -> None:
    child = subprocess.run([sys.executable, "-c", TRY_OUTSIDE], env=offline, capture_output=True, text=True)
    assert child.returncode == 1
    assert "without a network" in child.stderr
