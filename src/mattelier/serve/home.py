"""The page: GET / and its files under /page/, from memory, each with an ETag.

The files are read once and found by name in a table, so no text of a client ever becomes part of a path.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

FOLDER = Path(__file__).parent / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """A file of the page, as it is sent."""

    data: bytes
    type: str
    etag: str


@lru_cache(maxsize=1)
def assets() -> dict[str, Asset]:
    """Every file of the page by its name below `page/`, with / between folders."""
    files = sorted(path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in TYPES)
    return {path.relative_to(FOLDER).as_posix(): _read(path) for path in files}


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    return Asset(data, TYPES[path.suffix], f'"{hashlib.sha256(data).hexdigest()[:20]}"')


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request) -> Response:
    """The page itself."""
    return _answer(request, "index.html")


@router.api_route("/page/{name:path}", methods=["GET", "HEAD"])
async def file(request: Request, name: str) -> Response:
    """A file that the page is made of."""
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    """200 with the file, 304 when the client holds it already, 404 for any other name."""
    asset = assets().get(name)
    if asset is None:
        return Response("The page has no such file; open / instead.\n", 404, media_type="text/plain")
    # no-cache: kept, but asked about each time, so that a new version shows at once
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache"}
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.data, headers=headers, media_type=asset.type)
