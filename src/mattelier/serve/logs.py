"""One JSON line a request, and the numbers for /metrics. Never a picture, never a query string, never a key."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattelier.serve.health import Meters

REQUESTS = logging.getLogger("mattelier.serve")
ELSEWHERE = "elsewhere"  # what the numbers call every path that is no route


class JsonLines(logging.Formatter):
    """A log record as one JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; an exception's trace is a list of its lines."""
        facts: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        facts |= getattr(record, "facts", {})
        if record.exc_info:
            facts["trace"] = [
                line for part in traceback.format_exception(*record.exc_info) for line in part.splitlines()
            ]
        return json.dumps(facts)


def to_stderr() -> None:
    """Send this server's lines, and warnings and errors of uvicorn, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("mattelier.serve", logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False


class Watch:
    """The outermost middleware: sees when a request comes, and what became of it."""

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self.app = app
        self.meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status, sent = perf_counter(), 500, 0

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, counted)
        finally:
            self._note(scope, status, sent, perf_counter() - start)

    def _note(self, scope: Scope, status: int, sent: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", ELSEWHERE)
        self.meters.count(scope["method"], route, status, seconds)
        facts = {
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "seconds": round(seconds, 4),
            "bytes": sent,
            "key": scope.get("state", {}).get("key"),
        }
        REQUESTS.info("answered", extra={"facts": facts})
