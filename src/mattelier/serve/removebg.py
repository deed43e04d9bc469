"""The remove.bg protocol, as publicly described, so that clients written for it can stay as they are.

docs/api.md lists every field with what it does here, and what of the protocol is not known for certain.
"""

import base64
import json
from uuid import UUID

from fastapi import APIRouter, Request, Response

from mattelier.serve import removebg_spec as spec
from mattelier.serve.desk import Desk
from mattelier.serve.headers import ignored_header, told
from mattelier.serve.limits import rate_headers
from mattelier.serve.problems import Problem
from mattelier.serve.removebg_order import Order, names_given, one_source, read_order
from mattelier.serve.removebg_result import Made, make
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, read_form

router = APIRouter()

MEDIA = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "zip": "application/zip"}
COST = 1  # credits a picture, where an operator has set a quota; the original's prices mean nothing here
# What a server without quotas says where clients expect a number: enough for those that look before they send.
UNLIMITED_CALLS = 1_000_000
# Our codes for a download that went wrong -> the protocol's.
DOWNLOADS = {
    ("image_url", "url_refused"): "invalid_image_url",
    ("image_url", "url_failed"): "failed_image_download",
    ("bg_image_url", "url_refused"): "invalid_bg_image_url",
    ("bg_image_url", "url_failed"): "failed_bg_download",
}
NOTHING_KEPT = UUID(int=0)


@router.post("/v1.0/removebg", response_class=Response, openapi_extra=spec.REMOVEBG)
async def removebg(request: Request) -> Response:
    """Remove the background of a picture, as remove.bg's API does."""
    settings: Settings = request.app.state.settings
    desk: Desk = request.app.state.desk
    form = await read_form(request, settings)
    order = read_order(form)
    as_data = wants_json(request.headers.get("accept", ""))
    key, ledger = request.state.key, request.app.state.ledger
    cost = 0 if ledger.balance(key) is None else COST
    with ledger.charged(key, cost):
        fetched = await _fetched(order, form, settings)
        made, body = await desk.do(lambda desk: answer(make(desk, order, form, fetched), as_data))
    headers = {
        **facts(made, order),
        "X-Credits-Charged": f"{cost:g}",
        **rate_headers(request.state.allowance),
        **told(order.ignored, made.removal),
    }
    return Response(body, headers=headers, media_type="application/json" if as_data else MEDIA[made.format])


@router.post("/v1.0/improve", response_class=Response, openapi_extra=spec.IMPROVE)
async def improve(request: Request) -> Response:
    """Take note of a picture that came out badly: this server trains nothing and keeps nothing, and says so."""
    form = await read_form(request, request.app.state.settings)
    given = names_given(form)
    one_source(given)
    body = {"id": str(NOTHING_KEPT), "stored": False}
    headers = {**ignored_header(sorted(given)), **rate_headers(request.state.allowance)}
    return Response(json.dumps(body), headers=headers, media_type="application/json")


@router.get("/v1.0/account", response_class=Response, openapi_extra=spec.ACCOUNT)
async def account(request: Request) -> Response:
    """What the key may still spend; without quotas, a number of free calls that no client uses up."""
    balance = request.app.state.ledger.balance(request.state.key)
    credits = {"total": balance or 0, "subscription": 0, "payg": balance or 0, "enterprise": 0}
    api = {"free_calls": UNLIMITED_CALLS if balance is None else 0, "sizes": "all"}
    body = {"data": {"attributes": {"credits": credits, "api": api}}}
    return Response(json.dumps(body), headers=rate_headers(request.state.allowance), media_type="application/json")


def wants_json(accept: str) -> bool:
    """Whether an Accept header names JSON before any other kind that could be answered."""
    ranked: list[tuple[float, str]] = []
    for entry in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        weights = [_weight(part[2:]) for part in parameters if part.startswith("q=")]
        ranked.append((-(weights[0] if weights else 1.0), kind))
    for _, kind in sorted(ranked, key=lambda pair: pair[0]):
        if kind == "application/json":
            return True
        if kind == "*/*" or kind in ("application/*", "application/zip") or kind.startswith("image/"):
            return False
    return False


def facts(made: Made, order: Order) -> dict[str, str]:
    """The protocol's headers on a result."""
    box, (height, width) = made.sheet.subject, made.sheet.hw
    headers = {
        "X-Width": width,
        "X-Height": height,
        "X-Max-Width": made.largest[1],
        "X-Max-Height": made.largest[0],
        "X-Foreground-Top": box.top,
        "X-Foreground-Left": box.left,
        "X-Foreground-Width": box.width,
        "X-Foreground-Height": box.height,
    }
    kind = {"X-Type": "other"} if order.shows_type else {}
    return {**{name: str(value) for name, value in headers.items()}, **kind}


def answer(made: Made, as_data: bool) -> tuple[Made, bytes]:
    """A result and the body that carries it: the file, or the protocol's JSON."""
    if not as_data:
        return made, made.data
    box = made.sheet.subject
    data = {
        "result_b64": base64.b64encode(made.data).decode(),
        "foreground_top": box.top,
        "foreground_left": box.left,
        "foreground_width": box.width,
        "foreground_height": box.height,
    }
    return made, json.dumps({"data": data}).encode()


async def _fetched(order: Order, form: Form, settings: Settings) -> dict[str, bytes]:
    """What lies at the URLs of an order, by field."""
    names = [name for name in (order.source, order.behind) if name in ("image_url", "bg_image_url")]
    return {name: await _download(form.fields[name].strip(), name, settings) for name in names}


async def _download(url: str, name: str, settings: Settings) -> bytes:
    """`fetch_url`, with the protocol's codes for what goes wrong."""
    from mattelier.serve.fetch import fetch_url  # imported late: most servers fetch nothing

    try:
        return await fetch_url(url, settings)
    except Problem as problem:
        code = DOWNLOADS.get((name, problem.code), problem.code)
        raise Problem(problem.status, code, problem.title, problem.headers) from problem


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
