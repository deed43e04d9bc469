"""POST /api/look: what a network says on its way to alpha, head by head, for the panels of the page.

photo ─ decode ─> picture ─┬─ a file, or another network's glance ─> trimap ─┐
                           └──────────────── words ──────────────────────────┴─ Matter.look ─> layers ─> cut-out
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from fastapi import APIRouter, Request, Response
from PIL import Image

from mattelier.errors import InputError, NoSubject, WeightsError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.geometry import resize
from mattelier.image.io import Picture, decode
from mattelier.image.output import encode
from mattelier.image.trimap import from_grey
from mattelier.runtime.hints import check_hints, read_trimap
from mattelier.runtime.look import Layer, made_trimap
from mattelier.runtime.pipeline import Matter
from mattelier.runtime.prepare import levelled, network_copy, small_alpha
from mattelier.serve import catalogue, openapi
from mattelier.serve.desk import Desk
from mattelier.serve.native import LONGEST_OPTION, model_of, picture
from mattelier.serve.removal import as_image
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, read_form

router = APIRouter()

FIELDS = ("image", "trimap", "model", "prompt")
FILES = ("image", "trimap")
GLANCE = "glance"  # the one word that `trimap` may be; it is no base64, so nothing can mean both


@dataclass(frozen=True)
class Hint:
    """A trimap as large as the photo, (H, W) uint8 {0, 128, 255}, and who made it."""

    trimap: Array | None = None
    origin: Literal["painted", "glance"] | None = None
    model: str | None = None  # whose glance
    notes: tuple[str, ...] = ()  # what the user should see about it


@router.post("/api/look", response_class=Response, openapi_extra=openapi.LOOK)
async def look(request: Request) -> Response:
    """Show what a system says of a picture on its way to alpha.

    The answer holds the system's own intermediate results as PNG files, at the network's size, coarse to refined, and
    a cut-out made of the last of them. A system that needs a trimap takes one as a file, or `trimap=glance`: then one
    is made from another system's glance, and the answer says so.
    """
    settings: Settings = request.app.state.settings
    form = await read_form(request, settings)
    check(form)
    with request.app.state.ledger.charged(request.state.key, 1):
        body = await request.app.state.desk.do(lambda desk: make(desk, form))
    return Response(body, media_type="application/json")


def check(form: Form) -> None:
    """Raises InputError for a field that means nothing here, and unless there is exactly one picture."""
    for name in (*form.files, *form.fields):
        if name not in (FILES if name in form.files else FIELDS):
            raise InputError(f"there is no field {name[:40]!a} here; expected {', '.join(FIELDS)}; leave it away")
        if name in form.files and name in form.fields:
            raise InputError(f"the field {name} was given twice, as file and as text; once was expected")
    for name in ("model", "prompt"):
        if len(form.fields.get(name, "")) > LONGEST_OPTION:
            raise InputError(f"{name} is too long; at most {LONGEST_OPTION} characters were expected; shorten it")
    named = "image" in form.files or "image" in form.fields
    if named == (form.raw is not None):
        found = "two pictures" if named else "no picture"
        raise InputError(f"the request has {found}; one was expected, as a file called image; send that one")


def make(desk: Desk, form: Form) -> bytes:
    """The work itself, in a worker thread: the answer's JSON.  Raises what Matter.look and made_trimap raise."""
    limits = desk.settings.limits
    prompt = form.fields.get("prompt") or None
    matter = desk.matter(model_of(desk, form.fields.get("model") or None, prompt))
    given = form.files.get("trimap") or form.fields.get("trimap") or None
    check_hints(matter.card, given, prompt, "standard")  # before anything is decoded for nothing
    data = form.raw if form.raw is not None else picture(form, "image", desk.settings) or b""
    photo = decode(data, limits)
    source = as_image(photo)  # read once: whoever needs the photo takes it from here
    hint = hint_of(desk, form, source, photo)
    seen = matter.look(source, trimap=hint.trimap, prompt=prompt, limits=limits)
    alpha = levelled(to_depth(last_alpha(seen.layers), np.float32), matter.card.contract)
    layers = (*as_layer(hint, seen.layers), *seen.layers, cut_out(matter, photo, seen.layers, alpha))
    desk.note({"look": seen.seconds})
    facts = {
        "model": matter.name,
        "trimap": hint.origin,
        "trimap_model": hint.model,
        "seconds": round(seen.seconds, 4),
        "notes": [*photo.notes, *hint.notes],
        "doubt": seen.doubt,
        "layers": [packed(layer) for layer in layers],
    }
    return json.dumps(facts).encode()


def hint_of(desk: Desk, form: Form, source: Image.Image, photo: Picture) -> Hint:
    """The trimap that was sent, or one that another system's glance makes; bytes only, never a path."""
    if form.fields.get("trimap") == GLANCE:
        glancer = glancing(desk)
        try:
            return Hint(made_trimap(glancer, source, desk.settings.limits), "glance", glancer.name)
        except NoSubject as error:
            raise NoSubject(f"{glancer.card.name} made no trimap: {error}, or send a trimap") from error
    sent = picture(form, "trimap", desk.settings) if form.files.get("trimap") or form.fields.get("trimap") else None
    if sent is None:
        return Hint()
    trimap, notes = read_trimap(sent, (photo.pixels.shape[0], photo.pixels.shape[1]), desk.settings.limits)
    return Hint(trimap, "painted", notes=notes)


def glancing(desk: Desk) -> Matter:
    """The first system here that tells where it is unsure.  Raises WeightsError without one."""
    card = catalogue.glancing()
    if card is not None:
        return desk.matter(card.name)
    raise WeightsError(
        "trimap=glance was asked for; a system that glances, as gfm-lite does, was expected, and none is installed "
        "here; send a trimap as a file"
    )


def as_layer(hint: Hint, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """What the network was told, at the size of what it answered; nothing without a trimap."""
    if hint.trimap is None:
        return ()
    small = from_grey(resize(hint.trimap, size_of(layers), "area"))
    return (Layer("trimap", "trimap: background, unclear, subject", small),)


def cut_out(matter: Matter, photo: Picture, layers: tuple[Layer, ...], alpha: Float) -> Layer:
    """(h, w, 4): alpha with the network's own foreground, or with the photo's colours where it has none."""
    hw = size_of(layers)
    seen = network_copy(matter.card.contract, photo, resize(photo.pixels, hw, "area"))
    if photo.alpha is not None:
        alpha = alpha * small_alpha(photo.alpha, hw)  # what was transparent stays so
    colours = next((layer.pixels for layer in layers if layer.name == "foreground"), seen)
    return Layer("cut-out", "cut-out: what this alpha keeps", np.dstack((colours, to_depth(alpha, np.uint8))))


def last_alpha(layers: tuple[Layer, ...]) -> Array:
    """(h, w) uint8, what every network comes to."""
    return next(layer.pixels for layer in layers if layer.name == "alpha")


def size_of(layers: tuple[Layer, ...]) -> tuple[int, int]:
    """Height and width of the last alpha: the network's own size."""
    height, width = last_alpha(layers).shape
    return height, width


def packed(layer: Layer) -> dict[str, Any]:
    """A layer as it travels."""
    pixels, alpha = layer.pixels, None
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels, alpha = pixels[..., :3], pixels[..., 3]
    return {
        "name": layer.name,
        "title": layer.title,
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "png": base64.b64encode(encode(pixels, alpha, "png")).decode(),
    }
