"""The protocol of `rembg s`: GET and POST /api/remove, answered with a PNG.

Its errors are this server's own. Its models are not here: another one does their work, and a header says so.
"""

import re

from fastapi import APIRouter, Request, Response

from mattelier.image.io import encode
from mattelier.runtime.background import render
from mattelier.runtime.cutout import timed
from mattelier.serve import rembg_spec as spec
from mattelier.serve.desk import Desk
from mattelier.serve.fields import Fields
from mattelier.serve.headers import told
from mattelier.serve.layers import hardened, under
from mattelier.serve.layout import Sheet
from mattelier.serve.problems import Problem
from mattelier.serve.rembg_spec import MATTING, MODELS, OPTIONS
from mattelier.serve.removal import Removal, remove
from mattelier.serve.removebg_values import Colour, flag
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, read_form

router = APIRouter()


@router.get("/api/remove", response_class=Response, openapi_extra=spec.GET)
async def remove_from_url(request: Request) -> Response:
    """Remove the background of the picture at a URL, as rembg's server does."""
    settings: Settings = request.app.state.settings
    form = await read_form(request, settings)
    check(form)
    if not form.fields.get("url", "").strip():
        raise Problem(400, "bad_input", "the request has no url; one was expected; add it, or POST a file")
    return await _answer(request, form, None)


@router.post("/api/remove", response_class=Response, openapi_extra=spec.POST)
async def remove_from_file(request: Request) -> Response:
    """Remove the background of an uploaded picture, as rembg's server does."""
    form = await read_form(request, request.app.state.settings)
    check(form)
    if "file" not in form.files:
        raise Problem(400, "bad_input", "the request has no picture; a file called file was expected; add it")
    return await _answer(request, form, form.files["file"].data)


async def _answer(request: Request, form: Form, photo: bytes | None) -> Response:
    """The same work for both; photo None: fetch it first."""
    settings: Settings = request.app.state.settings
    desk: Desk = request.app.state.desk
    with request.app.state.ledger.charged(request.state.key, 1):
        data = await _fetch(form.fields["url"].strip(), settings) if photo is None else photo
        removal, body = await desk.do(lambda desk: make(desk, form, data))
    return Response(body, headers=told(ignored(form), removal), media_type="image/png")


def check(form: Form) -> None:
    """Raises Problem 400 for values that mean nothing, before a picture is fetched or cut."""
    fields = Fields(form)
    for name in ("a", "om", "ppm"):
        fields.read(name, flag, False)
    for name in ("af", "ab"):
        fields.read(name, lambda text: _whole(text, 255), 0)
    fields.read("ae", lambda text: _whole(text, 10_000), 0)
    fields.read("bgc", _colour, None)


def make(desk: Desk, form: Form, photo: bytes) -> tuple[Removal, bytes]:
    """The work itself, in a worker thread: the removal and the bytes of a PNG.  Raises what `remove` raises."""
    fields = Fields(form)
    name = form.fields.get("model", "").strip()
    removal = remove(desk, photo, None if name in MODELS else name or None)
    with timed(removal.seconds, "encode"):
        sheet = hardened(removal.sheet) if fields.read("ppm", flag, False) else removal.sheet
        if fields.read("om", flag, False):
            return removal, encode(sheet.alpha, None, "png", 8)
        sheet = _over(sheet, fields.read("bgc", _colour, None), removal.profile)
        return removal, encode(sheet.colours, sheet.alpha, "png", 8, removal.profile)


def ignored(form: Form) -> tuple[str, ...]:
    """Names of fields that were given and change nothing."""
    fields = Fields(form)
    given = {name for name, text in form.fields.items() if text.strip()} | set(form.files)
    names = given - OPTIONS
    if not fields.read("a", flag, False):
        given -= {"a"}
    names |= given & MATTING  # edges are always refined here, and not by thresholds
    if form.fields.get("model", "").strip() in MODELS:
        names.add("model")
    if fields.read("om", flag, False):
        names |= given & {"bgc"}
    return tuple(sorted(names))


def _over(sheet: Sheet, colour: Colour | None, profile: bytes | None) -> Sheet:
    if colour is None:
        return sheet
    red, green, blue, opacity = colour
    below = render(f"#{red:02x}{green:02x}{blue:02x}", sheet.colours, sheet.alpha, profile)
    return under(sheet, below, opacity)


async def _fetch(url: str, settings: Settings) -> bytes:
    from mattelier.serve.fetch import fetch_url  # imported late: most servers fetch nothing

    return await fetch_url(url, settings)


def _colour(text: str) -> Colour:
    """Red, green, blue and opacity, "0,255,0,128"; three numbers are opaque."""
    found = [_whole(word, 255) for word in re.split(r"\s*,\s*", text)]
    if len(found) not in (3, 4):
        raise ValueError("three or four numbers from 0 to 255, as in 255,255,255,255,")
    return found[0], found[1], found[2], found[3] if len(found) == 4 else 255


def _whole(text: str, most: int) -> int:
    """A whole number from 0 to `most`."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) > most:
        raise ValueError(f"a whole number from 0 to {most}")
    return int(text)
