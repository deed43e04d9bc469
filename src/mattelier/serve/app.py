"""create_app: the settings in, the whole server out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mattelier.errors import MattelierError
from mattelier.serve.credits import Ledger
from mattelier.serve.desk import Desk
from mattelier.serve.limits import Gate
from mattelier.serve.problems import answer, problem_of
from mattelier.serve.settings import Settings

PAGE = Path(__file__).parent / "page"
ROUTERS = ("native", "removebg", "rembg", "health", "manual")
ABOUT = "Takes the background out of pictures, on this machine."
SECURITY = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def create_app(settings: Settings | None = None, desk: Desk | None = None) -> FastAPI:
    """The server as an ASGI application.

    desk: one that is warm or getting warm already; None makes one, which is warmed when the server starts.
    Raises InputError for settings that cannot work.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="Mattelier",
        version=version("mattelier"),
        description=ABOUT,
        docs_url=None,  # FastAPI's own loads its scripts from another host
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.openapi_version = "3.0.3"  # what the bundled Swagger UI reads
    app.state.settings = settings
    app.state.desk = desk or Desk(settings)
    app.state.ledger = Ledger(settings)
    for name in ROUTERS:
        if find_spec(f"mattelier.serve.{name}"):
            router: APIRouter = import_module(f"mattelier.serve.{name}").router
            app.include_router(router)
    _add_page(app)
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


def _add_page(app: FastAPI) -> None:
    """The page's own files: the entry at /, the rest below /page/."""
    if not (PAGE / "index.html").is_file():
        return

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/page", StaticFiles(directory=PAGE), name="page")


class SecurityHeaders:
    """Adds to every response what keeps a browser from trusting more than it must."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in SECURITY.items()]
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, with_headers)
