"""/docs: the API to read and try, from files of this server alone."""

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

# From the package swagger-ui-bundle; the names are a table, so that no client's word becomes a path.
BUNDLED = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mattelier: the API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="manual"></div>
<noscript>This page needs JavaScript; the same as data: <a href="/openapi.json">/openapi.json</a></noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# validatorUrl: null, or its badge would ask another host about this document
START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#manual", deepLinking: true, validatorUrl: null});
"""


@router.get("/docs")
async def docs() -> Response:
    """The page of the manual."""
    return Response(PAGE, media_type="text/html")


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    """What that page loads."""
    if name == "start.js":
        return Response(START, media_type="text/javascript")
    if name not in BUNDLED:
        raise HTTPException(404)
    return Response(_bundled(name), media_type=BUNDLED[name], headers={"Cache-Control": "max-age=86400"})


@lru_cache(maxsize=len(BUNDLED))
def _bundled(name: str) -> bytes:
    from swagger_ui_bundle import swagger_ui_path  # imported late: it is slow to find its folder

    return (Path(str(swagger_ui_path)) / name).read_bytes()
