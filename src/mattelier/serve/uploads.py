"""The body of a request as fields and files, whichever way it was packed; everything stays in memory."""

import asyncio
import base64
import binascii
import json
import math
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

from starlette.requests import Request

from mattelier.serve.multipart import read_parts
from mattelier.serve.problems import Problem
from mattelier.serve.settings import Settings

V = TypeVar("V")
Kind = Literal["multipart", "urlencoded", "json", "raw"]
MOST_FIELDS = 64  # of one request; every protocol here knows fewer
LONG_BYTES = 1 << 18  # JSON above this is parsed in a thread: the event loop has others to serve


@dataclass(frozen=True)
class Upload:
    """A file as it came: its bytes, and the name and the type that the client gave it (never trusted)."""

    data: bytes
    name: str
    type: str


@dataclass(frozen=True)
class Form:
    """A request's fields, from its query string and its body, and its files.

    raw: the whole body when it is neither a form nor JSON; None otherwise, and when there is no body.
    """

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    raw: bytes | None = None
    kind: Kind = "raw"


async def read_form(request: Request, settings: Settings) -> Form:
    """The fields and files of a request: multipart, urlencoded, JSON (one flat object), or the raw bytes of a picture.

    Fields of the query string count too. A JSON number or boolean becomes its text, null counts as not given.
    Raises InputError and Problem 400 for a body that is not what its type says, and for a field given twice; Problem
    408 when it does not arrive in time, 413 for a file over `settings.file_bytes`.
    """
    try:
        async with asyncio.timeout(settings.body_seconds):
            form = await _read(request)
    except TimeoutError:
        raise Problem(
            408,
            "too_slow",
            f"the body had not arrived after {settings.body_seconds:g} seconds; all of it was expected; send it again",
        ) from None
    for data in (*(upload.data for upload in form.files.values()), form.raw or b""):
        check_file(len(data), settings)
    return form


def check_file(size: int, settings: Settings) -> None:
    """Raises Problem 413 for a picture of more bytes than one may have."""
    if size > settings.file_bytes:
        raise Problem(
            413,
            "too_large",
            f"the file has {size} bytes; at most {settings.file_bytes} were expected; send a smaller one",
        )


def from_base64(text: str, name: str, settings: Settings) -> bytes:
    """The bytes that a field holds as base64, with or without a `data:...;base64,` before it.

    Raises Problem 400 when it is not base64, 413 when it holds too much.
    """
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Problem(
            400, "bad_input", f"the field {name} is not base64; a picture in base64 was expected; encode it again"
        ) from None
    check_file(len(data), settings)
    return data


async def _read(request: Request) -> Form:
    query = _pairs(request.url.query)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        fields, files = await _multipart(request)
        return Form(_once([*query, *fields]), _once(files), None, "multipart")
    body = await request.body()
    if kind == "application/x-www-form-urlencoded":
        return Form(_once([*query, *_pairs(_text(body, "form"))]), {}, None, "urlencoded")
    if kind == "application/json":
        pairs = _json(body) if len(body) < LONG_BYTES else await asyncio.to_thread(_json, body)
        return Form(_once([*query, *pairs]), {}, None, "json")
    return Form(_once(query), {}, body or None, "raw")


async def _multipart(request: Request) -> tuple[list[tuple[str, str]], list[tuple[str, Upload]]]:
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, Upload]] = []
    for part in await read_parts(request.headers["content-type"], request.stream(), MOST_FIELDS):
        if part.filename is None:
            fields.append((part.name, _text(bytes(part.data), "form")))
        else:
            files.append((part.name, Upload(bytes(part.data), part.filename, part.type)))
        part.data.clear()  # one copy of a picture at a time
    return fields, files


def _json(body: bytes) -> list[tuple[str, str]]:
    try:
        found = json.loads(body, object_pairs_hook=_pairs_of)
    except (ValueError, RecursionError):
        raise _bad("the body is not JSON; one object was expected") from None
    if not isinstance(found, _Pairs):
        raise _bad("the JSON body is no object; one object of fields was expected")
    return [(name, text) for name, value in found if (text := _scalar(name, value)) is not None]


class _Pairs(list[tuple[str, object]]):
    """A JSON object that still knows which of its names were there twice."""


def _pairs_of(pairs: list[tuple[str, object]]) -> _Pairs:
    return _Pairs(pairs)


def _scalar(name: str, value: object) -> str | None:
    """A JSON value as the text that a form would hold; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    raise _bad(f"the JSON field {_shown(name)} holds a list, an object or no finite number; one value was expected")


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:  # too many fields, or percent signs that are no UTF-8
        raise _bad(f"the fields are not readable; at most {MOST_FIELDS} in UTF-8 were expected") from None


def _text(body: bytes, what: str) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise _bad(f"the {what} is not UTF-8; text was expected") from None


def _once(pairs: "list[tuple[str, V]]") -> "dict[str, V]":
    """The pairs as a dict.  Raises Problem 400 for a name given twice, and for text that no UTF-8 can hold."""
    found: dict[str, V] = {}
    for name, value in pairs:
        if name in found:
            raise _bad(f"the field {_shown(name)} was given twice; once was expected")
        _check_text(name)
        if isinstance(value, str):
            _check_text(value)
        found[name] = value
    return found


def _check_text(text: str) -> None:
    """JSON can name half a character (a lone surrogate), which no file, header or log could hold later."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _bad("a field holds half a character (a lone surrogate); text was expected") from None


def _shown(name: str) -> str:
    """A client's word, short and printable enough for a sentence."""
    return ascii(name[:40])


def _bad(text: str) -> Problem:
    return Problem(400, "bad_input", f"{text}; send the request again")
