"""matte serve: what is refused before it starts; and a real server, from its first line to its last answer."""

import contextlib
import http.client
import io
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from mattelier.serve import keys

LONG_S = 180  # no wait of these tests is expected to take so long


def test_an_open_address_without_a_key_is_refused(matte: Any) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        result = matte("serve", "--host", host)
        assert result.exit_code == 1
        assert "no API key is set" in result.stderr and "--new-key" in result.stderr


def test_a_new_key_is_shown_once_and_kept_as_a_hash(matte: Any, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"port": 8000}')
    result = matte("serve", "--settings", file, "--new-key", "anna")
    assert result.exit_code == 0
    key = result.stdout.strip()
    assert json.loads(file.read_text()) == {"port": 8000, "keys": {"anna": keys.hash_of(key)}}
    assert key not in file.read_text()
    assert matte("serve", "--settings", file, "--new-key", "anna").exit_code == 1


def test_a_new_key_needs_a_file(matte: Any) -> None:
    result = matte("serve", "--new-key", "anna")
    assert result.exit_code == 1
    assert "--settings" in result.stderr


def test_a_misspelt_model_ends_it_at_once(matte: Any) -> None:
    result = matte("serve", "--model", "modnet-brigt")
    assert result.exit_code == 2
    assert "modnet-bright" in result.stderr


def test_a_broken_settings_file_is_named(matte: Any, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("{")
    result = matte("serve", "--settings", file)
    assert result.exit_code == 1
    assert "settings.json is not JSON" in result.stderr


def test_a_taken_port_is_a_sentence(matte: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = matte("serve", "--port", port)
    assert result.exit_code == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in result.stderr


def test_without_the_extra_it_says_how_to_get_it(matte: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mattelier.cli.serve.PACKAGES", ("uvicorn", "not_there_at_all"))
    result = matte("serve")
    assert result.exit_code == 2
    assert "not_there_at_all" in result.stderr and "mattelier[serve]" in result.stderr


class Running:
    """A server in a process of its own."""

    def __init__(self, environment: dict[str, str], *words: str) -> None:
        command = [sys.executable, "-m", "mattelier", "serve", "--port", "0", *words]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout
        self.line = self.process.stdout.readline()
        self.address = urlsplit(self.line.strip()).netloc

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.address, timeout=LONG_S)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def until_ready(self) -> None:
        end = time.monotonic() + LONG_S
        while self.ask("GET", "/readyz")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.02)

    def stop(self, sign: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit status and what went to stderr."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        _, said = self.process.communicate(timeout=LONG_S)
        return self.process.returncode, said


@pytest.fixture
def start(offline: dict[str, str]) -> Iterator[Callable[..., Running]]:
    """start("--workers", "1") is a running server with the shipped model and no network."""
    servers: list[Running] = []

    def run(*words: str) -> Running:
        servers.append(Running(offline, *words))
        return servers[-1]

    # where the tests are a shell's background job they ignore SIGINT, and so would every process that they start
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    for server in servers:
        server.stop()
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def sample(root: Path) -> bytes:
    """A small photo with a subject."""
    out = io.BytesIO()
    Image.open(root / "examples" / "coffee.png").resize((150, 100)).save(out, "PNG")
    return out.getvalue()


def test_it_prints_its_address_and_logs_lines_of_json(start: Any, sample: bytes) -> None:
    server = start()
    assert server.line.startswith("http://127.0.0.1:") and server.line.endswith("/\n")
    server.until_ready()
    status, body = server.ask("POST", "/api/cut?keep=alpha", sample)
    assert status == 200 and body.startswith(b"\x89PNG")
    _, said = server.stop()
    lines = [json.loads(line) for line in said.splitlines()]
    assert lines[-1]["path"] == "/api/cut" and lines[-1]["status"] == 200
    assert {line["message"] for line in lines} == {"answered"}


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_finished(start: Any, sample: bytes, sign: int) -> None:
    server = start("--workers", "1")
    server.until_ready()
    answers: list[tuple[int, bytes]] = []
    clients = [
        threading.Thread(target=lambda: answers.append(server.ask("POST", "/api/cut", sample))) for _ in range(6)
    ]
    for client in clients:
        client.start()
    while b"mattelier_running 1" not in server.ask("GET", "/metrics")[1]:
        time.sleep(0.005)
    time.sleep(0.2)  # the others' bodies arrive
    code, _ = server.stop(sign)
    for client in clients:
        client.join(LONG_S)
    assert [status for status, _ in answers] == [200] * 6
    assert code in (-sign, 130)


def test_a_body_over_the_limit_is_answered_and_not_only_cut_off(start: Any, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"body_bytes": 1000000}')
    server = start("--settings", str(file))
    status, body = server.ask("POST", "/api/cut", bytes(50_000_000))
    assert status == 413 and json.loads(body)["error"]["code"] == "too_large"
    pieces = (bytes(100_000) for _ in range(3_000))  # 300 MB
    status, body = server.ask("POST", "/api/cut", pieces)
    assert status == 413


def test_headers_without_end_are_a_4xx(start: Any) -> None:
    server = start()
    host, port = server.address.split(":")
    for extra, expected in ((b"X: " + b"y" * 20_000 + b"\r\n\r\n", b" 431 "), (b"X: " + b"y" * 300_000, b" 400 ")):
        with socket.create_connection((host, int(port)), timeout=LONG_S) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
            with contextlib.suppress(OSError):  # it need not be read to its end
                line.sendall(extra)
            assert expected in line.recv(4096).split(b"\r\n")[0]


def test_nothing_tells_what_runs_here(start: Any) -> None:
    server = start()
    connection = http.client.HTTPConnection(server.address, timeout=LONG_S)
    connection.request("GET", "/healthz")
    headers = {name.lower() for name, _ in connection.getresponse().getheaders()}
    connection.close()
    assert "server" not in headers and "x-powered-by" not in headers


def test_many_small_requests_at_once_all_succeed(start: Any, sample: bytes) -> None:
    server = start()
    server.until_ready()
    statuses: list[int] = []

    def client() -> None:
        for _ in range(2):
            statuses.append(server.ask("POST", "/api/cut?quality=draft&format=webp", sample)[0])

    clients = [threading.Thread(target=client) for _ in range(8)]
    for one in clients:
        one.start()
    for one in clients:
        one.join(LONG_S)
    assert statuses == [200] * 16
