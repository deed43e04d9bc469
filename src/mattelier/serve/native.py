"""Our own API: POST /api/cut with every option of `matte cut`, and GET /api/models."""

import base64
import difflib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, get_args
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from PIL import ImageColor

from mattelier.errors import InputError
from mattelier.runtime.background import Background
from mattelier.runtime.cutout import Cutout, check_output
from mattelier.runtime.options import Bits, Format, Keep, Quality
from mattelier.runtime.pipeline import card_of
from mattelier.runtime.words import reads
from mattelier.serve import catalogue, openapi
from mattelier.serve.desk import Desk
from mattelier.serve.layout import Box, require_subject
from mattelier.serve.removal import read_image
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, from_base64, read_form

router = APIRouter()

PICTURES = ("image", "trimap", "background_image")  # files, or base64
OPTIONS = ("url", "model", "prompt", "keep", "background", "quality", "format", "bits", "crop")
MEDIA = {"png": "image/png", "webp": "image/webp", "tiff": "image/tiff", "jpg": "image/jpeg"}
LONGEST_OPTION = 4096


@dataclass(frozen=True)
class Order:
    """The options of one request, checked as far as that needs no picture."""

    model: str | None
    prompt: str | None
    keep: Keep
    background: str | None
    quality: Quality
    format: Format
    bits: Bits | None
    crop: bool


@dataclass(frozen=True)
class Made:
    """A finished cut-out: the file asked for, where the subject was, and its parts when JSON was asked for."""

    cutout: Cutout
    file: bytes
    box: Box
    alpha: bytes | None
    foreground: bytes | None


@router.post("/api/cut", response_class=Response, openapi_extra=openapi.CUT)
async def cut(request: Request) -> Response:
    """Cut the subject out of one picture.

    The picture comes as the file `image` of a form, as base64 in a JSON object, or as the whole body with the options
    in the query string. The answer is the file; with `Accept: application/json` it is an object with its parts.
    """
    settings: Settings = request.app.state.settings
    form = await read_form(request, settings)
    order = read_order(form)
    require_one_source(form)
    fetched = await _fetched(form, settings)
    as_parts = "application/json" in request.headers.get("accept", "").lower()
    with request.app.state.ledger.charged(request.state.key, 1):
        made = await request.app.state.desk.do(lambda desk: make(desk, form, fetched, order, as_parts))
    return parts(made) if as_parts else file(made, order.format, name_of(form))


@router.get("/api/models", response_class=Response, openapi_extra=openapi.MODELS)
async def models() -> Response:
    """All models this version knows, and which of the six systems run here."""
    return Response(json.dumps(catalogue.listing()), media_type="application/json")


async def _fetched(form: Form, settings: Settings) -> bytes | None:
    """The picture that a URL names, under the guards of fetch.py."""
    if "url" not in form.fields:
        return None
    from mattelier.serve.fetch import fetch_url  # imported late: most servers fetch nothing

    return await fetch_url(form.fields["url"], settings)


def make(desk: Desk, form: Form, fetched: bytes | None, order: Order, as_parts: bool) -> Made:
    """The work itself, in a worker thread.  Raises what Matter.cut and Cutout.encoded raise, and Problem."""
    settings = desk.settings
    photo = fetched if fetched is not None else form.raw if form.raw is not None else picture(form, "image", settings)
    trimap = picture(form, "trimap", settings)
    behind = background_of(form, order, settings)
    cutout = desk.matter(model_of(desk, order.model, order.prompt)).cut(
        photo or b"", trimap=trimap, prompt=order.prompt, quality=order.quality, limits=settings.limits
    )
    box = require_subject(cutout.alpha, faint=0)  # ours loses nothing; the page and `getbbox` see the same box
    if order.crop:
        cutout = cutout.part(*box.slices)
    made = Made(
        cutout,
        cutout.encoded(order.format, keep=order.keep, background=behind, bits=order.bits),
        box,
        cutout.encoded("png", keep="alpha") if as_parts else None,
        cutout.encoded("png", keep="foreground") if as_parts else None,
    )
    desk.note(cutout.seconds)
    return made


def model_of(desk: Desk, model: str | None, prompt: str | None) -> str | None:
    """The model that was named, or for words without a model one that reads.  Raises InputError without any."""
    if model is not None or prompt is None or reads(card_of(desk.settings.model)):
        return model
    return card_of(None, prompt).name


def read_order(form: Form) -> Order:
    """The options of a form.  Raises InputError for what is unknown, and for what excludes each other."""
    check_names(form)
    fields = form.fields
    order = Order(
        model=fields.get("model") or None,
        prompt=fields.get("prompt") or None,
        keep=choice(fields, "keep", get_args(Keep), "rgba"),
        background=fields.get("background") or None,
        quality=choice(fields, "quality", get_args(Quality), "standard"),
        format=choice(fields, "format", get_args(Format), "png"),
        bits={"8": 8, "16": 16, "": None}[choice(fields, "bits", ("8", "16"), "")],
        crop=choice(fields, "crop", ("true", "false"), "false") == "true",
    )
    if order.background is not None:
        check_background(order.background)
    has_picture = "background_image" in form.files or "background_image" in fields
    if order.background and has_picture:
        raise InputError("background and background_image were both given; one was expected; leave one of them away")
    check_output(order.format, order.keep, has_picture or order.background is not None, order.bits)
    return order


def check_names(form: Form) -> None:
    """Raises InputError for a field that means nothing here, so that a slip of the pen is not silently ignored."""
    for name in form.files:
        if name not in PICTURES:
            raise InputError(f"the file field is called {name[:40]!a}; {_near(name, PICTURES)}; rename it")
    for name, value in form.fields.items():
        if name not in PICTURES + OPTIONS:
            raise InputError(f"there is no field {name[:40]!a}; {_near(name, PICTURES + OPTIONS)}; rename it")
        if name in form.files:
            raise InputError(f"the field {name} was given twice, as file and as text; once was expected")
        if name in OPTIONS and len(value) > LONGEST_OPTION:
            raise InputError(f"{name} has {len(value)} characters; at most {LONGEST_OPTION} were expected; shorten it")


def require_one_source(form: Form) -> None:
    """Raises InputError unless there is exactly one picture to cut."""
    sources: list[str] = [name for name in ("image", "url") if name in form.files or name in form.fields]
    sources += ["the body"] if form.raw is not None else []
    if not sources:
        raise InputError("the request has no picture; a file called image was expected; add it, or url or a raw body")
    if len(sources) > 1:
        raise InputError(f"the picture came {len(sources)} times ({', '.join(sources)}); once was expected; send one")


def choice(fields: dict[str, str], name: str, choices: tuple[str, ...], default: str) -> Any:
    """The value of a field with closed choices; empty counts as not given."""
    value = fields.get(name) or default
    if value != default and value not in choices:
        raise InputError(f"{name} is {value[:40]!a}; {' or '.join(choices)} was expected; choose one of them")
    return value


def check_background(text: str) -> None:
    """Raises InputError unless the words mean a colour or a blur: a path from a client is never looked at."""
    if re.fullmatch(r"blur(:\d{1,6}(\.\d{1,6})?)?", text):
        return
    try:
        ImageColor.getrgb(text)
    except ValueError:
        raise InputError(
            f"background is {text[:40]!a}; a colour such as white or #00ff00, blur or blur:20 was expected; "
            "send a picture as background_image"
        ) from None


def picture(form: Form, name: str, settings: Settings) -> bytes | None:
    """A picture field, as a file or as base64."""
    if name in form.files:
        return form.files[name].data
    return from_base64(form.fields[name], name, settings) if name in form.fields else None


def background_of(form: Form, order: Order, settings: Settings) -> Background | None:
    """The words of a background, or its picture, decoded under the server's own limits."""
    data = picture(form, "background_image", settings)
    if data is None:
        return order.background
    return read_image(data, settings.limits)


def name_of(form: Form) -> str:
    """The stem of the name that the client gave its file; shown to the client alone."""
    given = form.files["image"].name if "image" in form.files else ""
    return PurePath(given.replace("\\", "/")).stem[:100] or "picture"


def file(made: Made, format: Format, stem: str) -> Response:
    """The cut-out as a file, what is known of it in headers."""
    name = f"{stem}.cutout.{format}"
    headers = {
        "X-Mattelier-Model": made.cutout.model,
        "X-Mattelier-Seconds": json.dumps(_rounded(made.cutout.seconds)),
        "Content-Disposition": f"inline; filename=\"cutout.{format}\"; filename*=UTF-8''{quote(name, safe='')}",
    }
    if made.cutout.notes:
        headers["X-Mattelier-Notes"] = quote(" ".join(made.cutout.notes))
    return Response(made.file, headers=headers, media_type=MEDIA[format])


def parts(made: Made) -> Response:
    """The cut-out, its alpha and its foreground in one JSON object."""
    height, width = made.cutout.alpha.shape
    facts = {
        "image": _base64(made.file),
        "alpha": _base64(made.alpha),
        "foreground": _base64(made.foreground),
        "width": width,
        "height": height,
        "model": made.cutout.model,
        "seconds": _rounded(made.cutout.seconds),
        "notes": list(made.cutout.notes),
        "box": asdict(made.box),
    }
    return Response(json.dumps(facts), media_type="application/json")


def _base64(data: bytes | None) -> str:
    return base64.b64encode(data or b"").decode()


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 4) for stage, value in seconds.items()}


def _near(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, n=3) or known
    return f"expected {' or '.join(near)}"
