"""create_app: the settings in, the whole server out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattelier.errors import MattelierError
from mattelier.serve import health, home, look, manual, native, openapi, rembg, removebg
from mattelier.serve.credits import Ledger
from mattelier.serve.desk import Desk
from mattelier.serve.health import Meters
from mattelier.serve.limits import Gate
from mattelier.serve.logs import Watch
from mattelier.serve.problems import answer, problem_of
from mattelier.serve.settings import Settings

# What keeps a browser from trusting a page of ours more than it must.
SECURITY = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class Server(FastAPI):
    """FastAPI, with the parts of its document that openapi.py writes."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = openapi.complete(super().openapi())
        return self.openapi_schema


def create_app(settings: Settings | None = None, desk: Desk | None = None) -> FastAPI:
    """The server as an ASGI application.

    desk: one that is getting warm already; None makes one, which is warmed when the server starts.
    Raises InputError for settings that cannot work.
    """
    settings = settings or Settings()
    app = Server(
        title="Mattelier",
        version=version("mattelier"),
        description="Takes the background out of pictures, on this machine.",
        docs_url=None,  # FastAPI's own pages load their scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat the client's own Host header
        lifespan=_lifespan,
    )
    app.openapi_version = "3.0.3"  # what the bundled Swagger UI reads
    app.state.settings = settings
    app.state.desk = desk or Desk(settings)
    app.state.ledger = Ledger(settings)
    app.state.meters = Meters(app.state.desk)
    for module in (native, look, removebg, rembg, health, manual, home):
        app.include_router(module.router)
    for kind in (MattelierError, HTTPException, MemoryError, Exception):
        app.add_exception_handler(kind, _refuse)
    _add_middleware(app, settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    desk.warm()
    yield
    await desk.drain()


async def _refuse(request: Request, error: Exception) -> Response:
    return answer(problem_of(error), request.url.path)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added sees a request first."""
    app.add_middleware(Gate, settings=settings)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Api-Key"],
            expose_headers=["*"],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Watch, meters=app.state.meters)


class SecurityHeaders:
    """Adds SECURITY to every response that does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)
