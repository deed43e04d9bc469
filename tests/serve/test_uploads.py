"""Bodies: the same fields however they are packed, and nothing on the disk."""

import asyncio
import base64
import json
import tempfile
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from mattelier.errors import InputError, MattelierError
from mattelier.serve.problems import Problem, problem_of
from mattelier.serve.settings import Settings
from mattelier.serve.uploads import Form, Upload, from_base64, read_form

BOUNDARY = "line"


def read(body: bytes, kind: str | None, query: str = "", settings: Settings | None = None, pieces: int = 1) -> Form:
    """read_form of a request made by hand, whose body comes in pieces."""
    step = max(1, -(-len(body) // pieces))
    parts = [body[at : at + step] for at in range(0, len(body), step)] or [b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    headers = [(b"content-type", kind.encode())] if kind else []
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query.encode(), "headers": headers}
    scope |= {"server": ("localhost", 80), "scheme": "http"}
    return asyncio.run(read_form(Request(scope, receive), settings or Settings()))


def multipart(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    """Parts, each the rest of its Content-Disposition and further headers, and its content."""
    text = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return text + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


FORM = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.mark.parametrize("pieces", [1, 7, 1000])
def test_multipart_brings_fields_and_files(pieces: int) -> None:
    body = multipart(
        ('name="keep"', b"alpha"), ('name="image"; filename="a b.png"\r\nContent-Type: image/png', b"\x89PNG\r\n--x")
    )
    form = read(body, FORM, pieces=pieces)
    assert form.kind == "multipart"
    assert form.fields == {"keep": "alpha"}
    assert form.files == {"image": Upload(b"\x89PNG\r\n--x", "a b.png", "image/png")}
    assert form.raw is None


def test_large_files_never_touch_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def on_disk(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", on_disk)
    monkeypatch.setattr(tempfile, "_TemporaryFileWrapper", on_disk)
    body = multipart(('name="image"; filename="a.png"', bytes(5 << 20)))
    assert len(read(body, FORM, pieces=50).files["image"].data) == 5 << 20


def test_urlencoded_and_query_bring_fields() -> None:
    form = read(urlencode({"keep": "a b", "x": "ä"}).encode(), "application/x-www-form-urlencoded", "bits=8")
    assert (form.kind, form.fields) == ("urlencoded", {"bits": "8", "keep": "a b", "x": "ä"})


def test_json_values_become_the_text_of_a_form() -> None:
    body = json.dumps({"a": "x", "b": True, "c": False, "d": 3, "e": 0.5, "f": None}).encode()
    form = read(body, "application/json; charset=utf-8")
    assert (form.kind, form.fields) == ("json", {"a": "x", "b": "true", "c": "false", "d": "3", "e": "0.5"})


def test_long_json_is_read_too() -> None:
    assert len(read(json.dumps({"image": "A" * 400_000}).encode(), "application/json").fields["image"]) == 400_000


def test_any_other_body_is_the_picture() -> None:
    form = read(b"\xff\xd8", "image/jpeg", "keep=alpha")
    assert (form.kind, form.raw, form.fields) == ("raw", b"\xff\xd8", {"keep": "alpha"})
    assert read(b"", None).raw is None


@pytest.mark.parametrize(
    ("body", "kind", "query"),
    [
        (b"", "multipart/form-data", ""),
        (b"junk", FORM, ""),
        (multipart(('nothing="x"', b"")), FORM, ""),
        (multipart(('name="keep"', b"\xff")), FORM, ""),
        (multipart(('name="' + "x" * 5000 + '"', b"")), FORM, ""),
        (multipart(*[('name="a"', b"x")] * 2), FORM, ""),
        (multipart(('name="image"; filename="a"', b"x"), ('name="image"; filename="b"', b"y")), FORM, ""),
        (multipart(*[(f'name="a{i}"', b"x") for i in range(100)]), FORM, ""),
        (b"{", "application/json", ""),
        (b"[1]", "application/json", ""),
        (b'"x"', "application/json", ""),
        (b"", "application/json", ""),
        (b'{"a": [1]}', "application/json", ""),
        (b'{"a": {"b": 1}}', "application/json", ""),
        (b'{"a": NaN}', "application/json", ""),
        (b'{"a": 1e999}', "application/json", ""),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", ""),
        (b'{"a": 1, "a": 2}', "application/json", ""),
        (b'{"a": "\\ud800"}', "application/json", ""),
        (b'{"a": "\xff"}', "application/json", ""),
        (b"[" * 200_000, "application/json", ""),
        (b'{"a":' * 100_000, "application/json", ""),
        (b"a=1&a=2", "application/x-www-form-urlencoded", ""),
        (b"a=%ff", "application/x-www-form-urlencoded", ""),
        (b"\xff=1", "application/x-www-form-urlencoded", ""),
        (b"&".join(b"a%d=1" % i for i in range(100)), "application/x-www-form-urlencoded", ""),
        (b"a=1", "application/x-www-form-urlencoded", "a=2"),
        (b"", None, "a=1&a=2"),
        (b"", None, "a=%ff"),
    ],
)
def test_what_is_not_what_it_says_is_a_400_with_a_sentence(body: bytes, kind: str | None, query: str) -> None:
    with pytest.raises(MattelierError, match="expected") as refused:
        read(body, kind, query)
    assert problem_of(refused.value).status == 400


def test_a_form_that_breaks_off_is_no_smaller_form() -> None:
    body = multipart(('name="keep"', b"alpha"), ('name="image"; filename="a.png"', b"half of it"), end=False)
    with pytest.raises(InputError, match="breaks off"):
        read(body, FORM)


@pytest.mark.parametrize("cut", range(0, 140, 7))
def test_wherever_it_breaks_off(cut: int) -> None:
    body = multipart(('name="keep"', b"alpha"), ('name="image"; filename="a.png"', b"all of it"))
    assert read(body, FORM).files["image"].data == b"all of it"
    with pytest.raises(InputError, match="damaged"):
        read(body[:cut], FORM)


def test_one_file_has_a_limit_of_its_own() -> None:
    small = Settings(file_bytes=10)
    body = multipart(('name="image"; filename="a"', bytes(11)))
    with pytest.raises(Problem, match="11 bytes; at most 10") as refused:
        read(body, FORM, settings=small)
    assert refused.value.status == 413


def test_a_raw_body_has_the_limit_of_a_file() -> None:
    with pytest.raises(Problem) as refused:
        read(bytes(11), "image/png", settings=Settings(file_bytes=10))
    assert refused.value.status == 413


def test_a_body_that_never_ends_is_given_up() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    with pytest.raises(Problem) as refused:
        asyncio.run(read_form(Request(scope, receive), Settings(body_seconds=0.1)))
    assert refused.value.status == 408


@pytest.mark.parametrize("before", ["", "data:image/png;base64,"])
def test_base64_with_blanks_and_with_the_head_of_a_data_url(before: str) -> None:
    text = before + base64.encodebytes(bytes(range(256))).decode()
    assert from_base64(text, "image", Settings()) == bytes(range(256))


@pytest.mark.parametrize("text", ["=", "a", "%%%%", "äöü=", "AAAA=AAA"])
def test_what_is_no_base64_is_a_400(text: str) -> None:
    with pytest.raises(Problem, match="image is not base64") as refused:
        from_base64(text, "image", Settings())
    assert refused.value.status == 400


def test_base64_has_the_limit_of_a_file() -> None:
    with pytest.raises(Problem) as refused:
        from_base64(base64.b64encode(bytes(11)).decode(), "image", Settings(file_bytes=10))
    assert refused.value.status == 413
