"""The guarded download: a URL from a client, without letting the client reach what only this server can reach.

Every hop goes the same way: parse, resolve once, refuse unless every address found is public, connect to one of those
very addresses (the name goes into Host, SNI and the certificate check alone), read within the caps.
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from ipaddress import IPv6Address, ip_address
from time import monotonic
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from mattelier.serve.addresses import Address, is_public, literal
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings
from mattelier.serve.urls import Target, parse, refused

REDIRECTS = (301, 302, 303, 307, 308)
AT_ONCE = 8  # downloads of the whole server; one more is answered 503
CHUNK = 64 * 1024
_HEADERS = {"Accept": "image/*, */*;q=0.1", "Accept-Encoding": "identity", "User-Agent": "mattelier"}

_PLACES = threading.BoundedSemaphore(AT_ONCE)
_POOL = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="matte-fetch")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system tells them.  Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@lru_cache(maxsize=1)
def certificates() -> ssl.SSLContext:
    """The system's certificate authorities, read once; names are checked."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class Policy:
    """What a download may do; the tests change single rules, a server takes them from its settings.

    may_reach: whether an address may be connected to.  any_port: other ports than 80 and 443.
    """

    size_bytes: int
    seconds: float
    redirects: int
    may_reach: Callable[[Address], bool] = is_public
    any_port: bool = False
    resolve: Callable[[str, int], list[str]] = resolve
    tls: Callable[[], ssl.SSLContext] = certificates


def policy_of(settings: Settings) -> Policy:
    """The rules that a server's settings ask for."""
    private = settings.allow_private_urls
    return Policy(
        size_bytes=min(settings.url_bytes, settings.file_bytes),
        seconds=settings.url_seconds,
        redirects=settings.redirects,
        may_reach=(lambda _: True) if private else is_public,
        any_port=private,
    )


async def fetch_url(url: str, settings: Settings) -> bytes:
    """What lies at a URL, at most `settings.url_bytes`, within `settings.url_seconds`.

    Raises Problem: 400 `url_refused` when this server fetches none, or not this one; 400 `url_failed` when it does
    not arrive whole; 413 `too_large`; 503 `busy` when many downloads are under way.
    """
    if not settings.allow_url:
        raise refused(
            "a URL was given; this server fetches none; send the picture itself, or start it with --allow-url"
        )
    return await fetch(url, policy_of(settings))


async def fetch(url: str, policy: Policy) -> bytes:
    """What lies at a URL, under a policy; the event loop stays free.  Raises Problem as `fetch_url` does."""
    if not _PLACES.acquire(blocking=False):
        raise Problem(
            503,
            "busy",
            f"{AT_ONCE} downloads are under way; fewer were expected; try again in a moment",
            {"Retry-After": "2"},
        )
    task = _POOL.submit(download, url, policy)
    task.add_done_callback(lambda _: _PLACES.release())
    try:
        # a name server cannot be hurried: the answer does not wait for it, the thread does
        return await asyncio.wait_for(asyncio.wrap_future(task), policy.seconds + 1)
    except TimeoutError:
        raise _too_slow(policy) from None


def download(url: str, policy: Policy) -> bytes:
    """`fetch`, in the calling thread."""
    deadline = monotonic() + policy.seconds
    for _ in range(policy.redirects + 1):
        target = parse(url, policy.any_port)
        with _get(target, policy, deadline) as response:
            if response.status not in REDIRECTS:
                return _body(response, target, policy)
            location = response.headers.get("Location", "")
        if not location:
            raise _failed(f"{target.host} answered {response.status} without saying where to; a picture was expected")
        url = urljoin(url, location)
    raise _failed(f"the URL was redirected more than {policy.redirects} times; a picture was expected")


def reachable(target: Target, policy: Policy) -> list[str]:
    """The addresses to try, in order; the name is resolved here and never again.

    Raises Problem `url_refused` when one of them is not public, `url_failed` when there is none.
    """
    own = literal(target.host)
    try:
        found = [str(own)] if own else policy.resolve(target.host, target.port)
        addresses = [ip_address(text) for text in found]
    except (OSError, ValueError):  # UnicodeError is a ValueError; so is an address with a zone
        raise _failed(f"the name {target.host} leads nowhere; a public host was expected") from None
    if not addresses:
        raise _failed(f"the name {target.host} has no address; a public host was expected")
    if not all(policy.may_reach(address) for address in addresses):
        raise refused(f"{target.host} is not on the public internet; a host that everybody can reach was")
    return [str(_plain(address)) for address in addresses]


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped one: what was checked is what is connected to."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@contextmanager
def _get(target: Target, policy: Policy, deadline: float) -> Iterator[HTTPResponse]:
    """An answer whose body is still to be read; the connection is cut at the deadline, whatever it does."""
    connection = _connect(target, policy, deadline)
    # the socket itself: http.client forgets it when the server says that it will close
    guard = threading.Timer(max(0.0, deadline - monotonic()), _cut, [connection.sock])
    guard.daemon = True
    guard.start()
    try:
        headers = {"Host": target.authority, **_HEADERS}
        connection.request("GET", target.path, headers=headers, preload_content=False, decode_content=False)
        with closing(connection.getresponse()) as response:
            yield response
        if monotonic() >= deadline:  # cut off; where no length was named, that looks like an end
            raise _too_slow(policy)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        raise _broken(target, policy, deadline) from error
    finally:
        guard.cancel()
        connection.close()


def _connect(target: Target, policy: Policy, deadline: float) -> HTTPConnection:
    """A connection to the first address that answers; each was checked."""
    for address in reachable(target, policy):
        left_s = deadline - monotonic()
        if left_s <= 0:
            break
        connection = _connection(address, target, policy, left_s)
        try:
            connection.connect()
        except (HTTPError, OSError):
            connection.close()
            continue
        return connection
    raise _broken(target, policy, deadline)


def _connection(address: str, target: Target, policy: Policy, timeout_s: float) -> HTTPConnection:
    """Not connected yet. urllib3 is given the address as the host, so there is nothing left to resolve."""
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=timeout_s)
    return HTTPSConnection(
        address,
        target.port,
        timeout=timeout_s,
        ssl_context=policy.tls(),
        server_hostname=target.host,  # the certificate is checked for it too, by the context
    )


def _cut(wire: socket.socket) -> None:
    """End a connection from another thread: reading that waits in it wakes up."""
    with suppress(OSError):  # it may be closed already
        wire.shutdown(socket.SHUT_RDWR)


def _body(response: HTTPResponse, target: Target, policy: Policy) -> bytes:
    """The whole body, counted while it comes: what the headers say of its length is not trusted."""
    if response.status != 200:
        raise _failed(f"{target.host} answered {response.status}; 200 and a picture were expected")
    # identity was asked for; unpacking something else would need a second count of bytes
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise _failed(f"{target.host} sent the picture compressed once more; a plain file was expected")
    data = bytearray()
    while piece := response.read1(CHUNK, decode_content=False):
        data += piece
        if len(data) > policy.size_bytes:
            raise Problem(
                413,
                "too_large",
                f"the file at {target.host} has more than {policy.size_bytes} bytes; fewer were expected; "
                "send a smaller picture",
            )
    return bytes(data)


def _broken(target: Target, policy: Policy, deadline: float) -> Problem:
    if monotonic() >= deadline:
        return _too_slow(policy)
    return _failed(f"{target.host} did not answer, or broke off; a picture was expected")


def _too_slow(policy: Policy) -> Problem:
    return _failed(f"the picture at the URL had not arrived after {policy.seconds:g} seconds; all of it was expected")


def _failed(text: str) -> Problem:
    return Problem(400, "url_failed", f"{text}; check the URL, or send the picture itself")
