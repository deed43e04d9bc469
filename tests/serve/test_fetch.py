"""The guarded download against a server on loopback that misbehaves in every way a client might point us at."""

import asyncio
import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mattelier.serve import fetch as module
from mattelier.serve.addresses import Address, is_public
from mattelier.serve.fetch import AT_ONCE, Policy, download, fetch, fetch_url, policy_of
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings

PICTURE = bytes(range(256)) * 40


def loopback_alone(address: Address) -> bool:
    """The one address that the tests' server has; all others are judged as on a real server."""
    return str(address) == "127.0.0.1" or is_public(address)


POLICY = Policy(size_bytes=20_000, seconds=5, redirects=3, may_reach=loopback_alone, any_port=True)


class Site(ThreadingHTTPServer):
    daemon_threads = False  # closing it waits for its answers, so that no socket is left to the next test


class Misbehaving(BaseHTTPRequestHandler):
    """Answers by path; `seen` holds what was asked of it."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str]]

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        type(self).seen.append((self.headers["Host"], self.path))
        path, _, rest = self.path.partition("?")
        answer: Callable[[str], None] = getattr(self, "answer_" + path.strip("/"))
        try:
            answer(rest)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_picture(self, _: str) -> None:
        self.send(200, PICTURE, Content_Type="text/html")

    def answer_missing(self, _: str) -> None:
        self.send(404, b"none")

    def answer_go(self, to: str) -> None:
        self.send(302, b"", Location=to)

    def answer_nowhere(self, _: str) -> None:
        self.send(302, b"")

    def answer_large(self, _: str) -> None:
        self.send(200, bytes(POLICY.size_bytes + 1))

    def answer_endless(self, _: str) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(bytes(4096))

    def answer_packed(self, _: str) -> None:
        self.send(200, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")

    def answer_short(self, _: str) -> None:
        self.send(200, PICTURE, Content_Length=str(len(PICTURE) + 1000))
        self.close_connection = True

    def answer_drops(self, _: str) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(300):
            self.wfile.write(b".")
            time.sleep(0.02)

    def answer_headers(self, _: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(300):
            self.wfile.write(b"a")
            time.sleep(0.02)

    def answer_garbage(self, _: str) -> None:
        self.wfile.write(b"\x00\x01 no http at all\r\n\r\n")
        self.close_connection = True


@pytest.fixture
def handler() -> type[Misbehaving]:
    return type("Handler", (Misbehaving,), {"seen": []})


@pytest.fixture
def site(handler: type[Misbehaving]) -> Iterator[str]:
    """The address of the server, http://127.0.0.1:port."""
    with Site(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refusal(url: str, policy: Policy = POLICY) -> Problem:
    with pytest.raises(Problem) as caught:
        download(url, policy)
    return caught.value


def test_the_bytes_arrive_whatever_the_server_says_they_are(site: str) -> None:
    assert asyncio.run(fetch(f"{site}/picture", POLICY)) == PICTURE


def test_a_name_is_resolved_once_and_its_address_pinned(site: str, handler: type[Misbehaving]) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        # rebinding: public when it is checked, private when it is asked again
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    port = site.rpartition(":")[2]
    policy = replace(POLICY, resolve=resolve)
    assert download(f"http://pictures.example:{port}/picture", policy) == PICTURE
    assert asked == ["pictures.example"]
    assert handler.seen == [(f"pictures.example:{port}", "/picture")]


def test_the_next_address_is_tried_when_one_does_not_answer(site: str) -> None:
    port = site.rpartition(":")[2]
    policy = replace(POLICY, may_reach=lambda _: True, resolve=lambda host, port: ["127.0.0.2", "::ffff:127.0.0.1"])
    assert download(f"http://pictures.example:{port}/picture", policy) == PICTURE


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.2"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:10.0.0.1"], ["fd00::1"], ["100.64.0.1"],
        ["8.8.8.8", "10.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["fe80::1%eth0"], ["2002:7f00:1::"],
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused_if_only_one_of_its_addresses_does(found: list[str]) -> None:
    problem = refusal("http://inside.example/", replace(POLICY, resolve=lambda host, port: found))
    assert (problem.status, problem.code) == (400, "url_refused")
    assert not any(address in str(problem) for address in found)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://10.0.0.1/", "http://192.168.0.1/", "http://172.31.0.1/",
        "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://0.0.0.0/", "http://224.0.0.1/",
        "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[fe80::1]/",
        "http://[fd00::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[::127.0.0.1]/",
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/",
        "http://127.0.0.1./", "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "http://[fe80::1%25lo]/", "file:///etc/passwd",
        "gopher://127.0.0.1:70/_", "http://user:word@127.0.0.1/", "http://127.0.0.1:22/", "https://127.0.0.1/",
    ],
)  # fmt: skip
def test_a_server_as_it_is_set_up_reaches_nothing_inside(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "resolve", lambda host, port: ["127.0.0.1"])
    policy = replace(policy_of(Settings(allow_url=True)), resolve=lambda host, port: ["127.0.0.1"])
    assert refusal(url, policy).code == "url_refused"


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/", "http://127.0.0.2/", "http://[::1]/", "http://169.254.169.254/", "http://2130706433/",
        "http://0x7f000001/", "http://inside.example/", "file:///etc/passwd", "gopher://example.org/", "//10.0.0.1/",
        "http://user:word@example.org/", "http://[::ffff:10.0.0.1]/",
    ],
)  # fmt: skip
def test_a_redirect_is_checked_like_the_first_address(site: str, to: str) -> None:
    policy = replace(POLICY, resolve=lambda host, port: ["192.168.0.1"])
    assert refusal(f"{site}/go?{to}", policy).code == "url_refused"


def test_redirects_are_followed_so_far(site: str) -> None:
    assert download(f"{site}/go?/picture", POLICY) == PICTURE
    assert download(f"{site}/go?{site}/go?/picture", POLICY) == PICTURE
    assert "more than 3 times" in str(refusal(f"{site}/go?/go?/go?/go?/picture"))
    assert refusal(f"{site}/go?/picture", replace(POLICY, redirects=0)).code == "url_failed"


def test_a_redirect_to_nowhere_fails(site: str) -> None:
    assert "without saying where" in str(refusal(f"{site}/nowhere"))


@pytest.mark.parametrize("path", ["large", "endless"])
def test_no_more_bytes_are_read_than_allowed(site: str, path: str) -> None:
    problem = refusal(f"{site}/{path}")
    assert (problem.status, problem.code) == (413, "too_large")


def test_what_is_compressed_once_more_is_not_unpacked(site: str) -> None:
    assert "compressed" in str(refusal(f"{site}/packed"))


@pytest.mark.parametrize("path", ["missing", "short", "garbage"])
def test_what_does_not_arrive_whole_fails(site: str, path: str) -> None:
    problem = refusal(f"{site}/{path}")
    assert (problem.status, problem.code) == (400, "url_failed")


@pytest.mark.parametrize("path", ["drops", "headers"])
def test_a_byte_now_and_then_does_not_hold_us(site: str, path: str) -> None:
    began = time.monotonic()
    problem = refusal(f"{site}/{path}", replace(POLICY, seconds=0.3))
    assert "0.3 seconds" in str(problem)
    assert time.monotonic() - began < 5  # it would send for six


def test_a_name_that_leads_nowhere_fails() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for resolve in (unknown, lambda host, port: []):
        assert refusal("http://nowhere.example/", replace(POLICY, resolve=resolve)).code == "url_failed"


def test_a_resolver_that_sleeps_does_not_hold_the_answer() -> None:
    awake = threading.Event()

    def asleep(host: str, port: int) -> list[str]:
        awake.wait(10)
        return []

    policy = replace(POLICY, seconds=0.01, resolve=asleep)
    with pytest.raises(Problem, match="had not arrived"):
        asyncio.run(fetch("http://slow.example/", policy))
    awake.set()


def test_one_download_too_many_is_busy_and_the_places_come_back(site: str) -> None:
    awake = threading.Event()

    def asleep(host: str, port: int) -> list[str]:
        awake.wait(10)
        return ["127.0.0.1"]

    async def crowd() -> list[BaseException | bytes]:
        port = site.rpartition(":")[2]
        policy = replace(POLICY, seconds=20, resolve=asleep)
        tasks = [asyncio.ensure_future(fetch(f"http://a.example:{port}/picture", policy)) for _ in range(AT_ONCE + 1)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        awake.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = asyncio.run(crowd())
    refused = [result for result in results if isinstance(result, Problem)]
    assert [problem.status for problem in refused] == [503]
    assert refused[0].headers["Retry-After"]
    assert results.count(PICTURE) == AT_ONCE
    assert asyncio.run(fetch(f"{site}/picture", POLICY)) == PICTURE


def test_a_server_fetches_nothing_unless_it_is_told_to(site: str) -> None:
    with pytest.raises(Problem, match="--allow-url"):
        asyncio.run(fetch_url(f"{site}/picture", Settings()))
    with pytest.raises(Problem, match="port"):
        asyncio.run(fetch_url(f"{site}/picture", Settings(allow_url=True)))
    settings = Settings(allow_url=True, allow_private_urls=True)
    assert asyncio.run(fetch_url(f"{site}/picture", settings)) == PICTURE


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for pictures.example, and its key, in one file."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pictures.example"
    command += " -addext subjectAltName=DNS:pictures.example -keyout key.pem -out certificate.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "certificate.pem").read_bytes())
    return both


@pytest.fixture
def secure_port(handler: type[Misbehaving], certificate: Path) -> Iterator[int]:
    """The port of the same server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Site(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_https_checks_the_name_on_the_pinned_address(secure_port: int, certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    policy = replace(POLICY, resolve=lambda host, port: ["127.0.0.1"], tls=lambda: trusting)
    assert download(f"https://pictures.example:{secure_port}/picture", policy) == PICTURE
    assert refusal(f"https://other.example:{secure_port}/picture", policy).code == "url_failed"
    assert refusal(f"https://127.0.0.1:{secure_port}/picture", policy).code == "url_failed"


def test_https_wants_a_certificate_that_is_known(secure_port: int) -> None:
    policy = replace(POLICY, resolve=lambda host, port: ["127.0.0.1"])
    assert refusal(f"https://pictures.example:{secure_port}/picture", policy).code == "url_failed"
