"""What one request may weigh, how much all may hold, and how often one client may ask."""

import asyncio
import math
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattelier.serve import keys
from mattelier.serve.problems import Problem, answer
from mattelier.serve.settings import Settings

WINDOW_S = 60
FETCHING = {("GET", "/api/remove")}  # the one way to ask for a picture without a body
MOST_CLIENTS = 10_000  # remembered at once
DISCARD_S = 10.0  # of reading on after a refusal, so that the client is still there to read the answer
DISCARD_BYTES = 1 << 30


@dataclass(frozen=True)
class Allowance:
    """How much of its rate a client has left.

    limit: requests a minute.  remaining: of them, in this minute.  reset: when the next minute begins, Unix seconds.
    """

    limit: int
    remaining: int
    reset: int


class Rate:
    """Requests of every client, counted by the minute."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._minute = 0
        self._counts: dict[str, int] = {}

    def look(self, client: str, now: float | None = None) -> Allowance:
        """What the client has left, without counting."""
        return self._allowance(self._turn(now), self._counts.get(client, 0))

    def take(self, client: str, now: float | None = None) -> Allowance:
        """Count one request.  Raises Problem 429 with Retry-After when there are too many."""
        now = time.time() if now is None else now
        minute = self._turn(now)
        used = self._counts.get(client, 0)
        allowance = self._allowance(minute, used + 1)
        if used >= self.per_minute:
            wait_s = max(1, math.ceil(allowance.reset - now))
            raise Problem(
                429,
                "rate_limited",
                f"{used} requests came in this minute; at most {self.per_minute} were expected; "
                f"try again in {wait_s} seconds",
                {"Retry-After": str(wait_s), **rate_headers(allowance)},
            )
        # one more stranger than can be remembered: all begin again, which is kinder than refusing a new one
        if client not in self._counts and len(self._counts) >= MOST_CLIENTS:
            self._counts.clear()
        self._counts[client] = used + 1
        return allowance

    def _turn(self, now: float | None) -> int:
        minute = int((time.time() if now is None else now) // WINDOW_S)
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        return minute

    def _allowance(self, minute: int, used: int) -> Allowance:
        return Allowance(self.per_minute, max(0, self.per_minute - used), (minute + 1) * WINDOW_S)


def rate_headers(allowance: Allowance) -> dict[str, str]:
    """An allowance as the headers that the remove.bg protocol knows."""
    return {
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Reset": str(allowance.reset),
    }


class Gate:
    """The middleware in front of everything that reads a body: headers, key, rate, bytes.

    Sets request.state.key, the key's name or None, and request.state.allowance.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.rate = Rate(settings.rate_per_minute)
        self.held = 0  # bytes of bodies in memory, all requests together

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _Body(self, receive)
        try:
            self._admit(Request(scope))
        except Problem as problem:
            await body.discard(scope)
            await answer(problem, scope["path"])(scope, receive, send)
            return
        try:
            await self.app(scope, body.receive, send)
        finally:
            self.held -= body.held

    def _admit(self, request: Request) -> None:
        """Everything that can be refused before a byte of the body is read."""
        check_headers(request.scope, self.settings)
        method, path = request.method, request.url.path
        request.state.key = keys.admit(method, path, request.headers, self.settings.keys)
        client = f"key {request.state.key}" if request.state.key else request.client.host if request.client else ""
        counts = (method == "POST" and keys.needs_key(method, path)) or (method, path) in FETCHING
        request.state.allowance = self.rate.take(client) if counts else self.rate.look(client)
        declared = request.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self.settings.body_bytes:
            raise too_large(int(declared), self.settings)


class _Body:
    """One request's body, counted as it comes."""

    def __init__(self, gate: Gate, receive: Receive) -> None:
        self.held = 0
        self._gate = gate
        self._receive = receive

    async def receive(self) -> Message:
        """The next message.  Raises Problem 413 over the limit of one request, 503 over that of all together."""
        message = await self._receive()
        if message["type"] != "http.request":
            return message
        size = len(message.get("body", b""))
        self.held += size
        self._gate.held += size
        settings = self._gate.settings
        if self.held > settings.body_bytes:
            await self._read_on(message)
            raise too_large(self.held, settings)
        if self._gate.held > settings.held_bytes:
            await self._read_on(message)
            raise Problem(
                503,
                "busy",
                "other requests hold the memory that the server may use; try again in 2 seconds",
                {"Retry-After": "2"},
            )
        return message

    async def discard(self, scope: Scope) -> None:
        """Read a refused body to its end, keeping nothing: who still sends when the line closes reads no answer.

        A client that asks first (Expect: 100-continue) has sent nothing yet, and is answered at once.
        """
        if Headers(scope=scope).get("expect", "").lower() != "100-continue":
            await self._read_on({"type": "http.request", "more_body": True})

    async def _read_on(self, message: Message) -> None:
        thrown_away = 0
        try:
            async with asyncio.timeout(DISCARD_S):
                while message.get("more_body") and thrown_away < DISCARD_BYTES:
                    message = await self._receive()
                    thrown_away += len(message.get("body", b""))
        except TimeoutError:
            return


def check_headers(scope: Scope, settings: Settings) -> None:
    """Raises Problem 431 for more bytes of headers and query string than a request may have."""
    size = len(scope["query_string"]) + sum(len(name) + len(value) for name, value in scope["headers"])
    if size > settings.header_bytes:
        raise Problem(
            431,
            "headers_too_large",
            f"headers and query string have {size} bytes; at most {settings.header_bytes} were expected; "
            "send long values in the body",
        )


def too_large(size: int, settings: Settings) -> Problem:
    """The refusal of a body."""
    return Problem(
        413,
        "too_large",
        f"the body has at least {size} bytes; at most {settings.body_bytes} were expected; send a smaller picture",
    )
