"""Two hundred bodies that are not what they should be: each is refused with a sentence, none breaks the server."""

import base64
import gzip
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from PIL import Image

SEED = 20261122
BOUNDARY = "line"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Bad:
    """One request that must be refused."""

    name: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    path: str = "/api/cut"


def pictures() -> dict[str, bytes]:
    """A good picture in every format that is read without an extra."""
    y, x = np.mgrid[:48, :64]
    noise = np.random.default_rng(SEED).integers(0, 20, (48, 64, 3))
    pixels = (np.where((np.hypot(y - 24, x - 32) < 15)[..., None], 220, 10) + noise).astype(np.uint8)
    made = {}
    for format in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, format)
        made[format] = out.getvalue()
    return made


def part(name: str, data: bytes, filename: str | None = "a.png") -> bytes:
    """A whole multipart body of one part."""
    file = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def png_of(width: int, height: int, data: bytes, depth: int = 8, colour: int = 2) -> bytes:
    """A PNG file that promises a size, and holds `data` compressed."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def truncated() -> Iterator[Bad]:
    """Every format, broken off at several places."""
    for format, data in pictures().items():
        for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.9):
            yield Bad(f"{format} cut at {share}", data[: int(len(data) * share)])
            yield Bad(f"{format} cut at {share} in a form", part("image", data[: int(len(data) * share)]), FORM)


def bombs() -> Iterator[Bad]:
    """Few bytes that promise or unpack to very many."""
    for side in (20_000, 60_000, 2**31 - 1):
        yield Bad(f"PNG of {side} a side", png_of(side, side, bytes(1 << 20)))
    yield Bad("PNG whose rows never end", png_of(64, 64, bytes(64 << 20))[:4000])
    yield Bad("PNG of nothing", png_of(0, 0, b""))
    yield Bad("PNG of one missing row", png_of(64, 64, bytes(63 * 193)))
    yield Bad("WebP of 16383 a side", b"RIFF\x20\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f" + b"\xff" * 12)
    yield Bad(
        "BMP of 2 to the 30 pixels",
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 32768, 32768, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield Bad("gzip of a picture", gzip.compress(bytes(1 << 22)), {"Content-Encoding": "gzip"})
    yield Bad(
        "SVG that loads a file", b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    )
    yield Bad("a billion laughs", b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>')
    yield Bad("Photoshop", b"8BPS\x00\x01" + bytes(60))
    yield Bad("EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n")
    yield Bad("PDF", b"%PDF-1.7\n1 0 obj <<>> endobj\n")
    yield Bad("MP4", struct.pack(">I", 24) + b"ftypisom" + bytes(64))


def wrong_types() -> Iterator[Bad]:
    """Good pictures under a type that they are not, and types that hold no picture."""
    good = pictures()["PNG"]
    for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data", FORM["Content-Type"]):
        yield Bad(f"a PNG as {kind}", good, {"Content-Type": kind})
    for kind in (
        "text/plain",
        "text/html",
        "application/pdf",
        "audio/ogg",
        "",
        "image/png",
        ";;;",
        "a/b; c=" + "d" * 500,
    ):
        yield Bad(f"text as {kind!r}", b"this is no picture", {"Content-Type": kind})
    for kind in (
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 300,
        "multipart/mixed; boundary=line",
    ):
        yield Bad(f"a form as {kind[:40]!r}", part("image", good), {"Content-Type": kind})


def junk() -> Iterator[Bad]:
    """Bytes drawn at random, a few with the beginning of a picture."""
    rng = np.random.default_rng(SEED)
    for number, head in enumerate(
        [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"II*\x00", b"BM"] * 3
    ):
        yield Bad(f"junk {number} after {head!r}", head + rng.bytes(int(rng.integers(1, 4000))))
    yield Bad("more than the limit", bytes(3_000_000))
    yield Bad("more than the limit in a form", part("image", bytes(3_000_000)), FORM)
    yield Bad("more than the limit in JSON", json.dumps({"image": "A" * 3_000_000}).encode(), JSON)
    yield Bad("nothing", b"")
    yield Bad("a zero", b"\x00")


def forms() -> Iterator[Bad]:
    """Multipart bodies that are damaged, or hold what they should not."""
    good = part("image", pictures()["PNG"])
    for cut in (1, 5, 20, 60, len(good) // 2, len(good) - 30, len(good) - 10, len(good) - 4):
        yield Bad(f"a form of {cut} bytes", good[:cut], FORM)
    yield Bad("no name", good.replace(b'name="image"', b'nome="image"'), FORM)
    yield Bad("an empty name", part("", b"x"), FORM)
    yield Bad("a name of half a letter", good.replace(b"image", b"imag\xff", 1), FORM)
    yield Bad("a file of no bytes", part("image", b""), FORM)
    yield Bad("another file name", part("file", pictures()["PNG"]), FORM)
    yield Bad("a path as the name", part("../../image", pictures()["PNG"]), FORM)
    yield Bad("a picture as text", part("image", b"\xff\xd8\xff", None), FORM)
    yield Bad("two pictures", good.replace(f"--{BOUNDARY}--".encode(), b"") + good, FORM)
    yield Bad("a very long header", good.replace(b"form-data", b"form-data; x=" + b"y" * 100_000), FORM)
    yield Bad("very many headers", good.replace(b"\r\nContent", b"\r\nX: y" * 1000 + b"\r\nContent", 1), FORM)
    yield Bad("very many parts", b"".join(part(f"f{i}", b"x", None) for i in range(100)), FORM)
    yield Bad("line ends of one byte", good.replace(b"\r\n", b"\n"), FORM)


def objects() -> Iterator[Bad]:
    """JSON that is broken, nested, or holds what is no picture."""
    texts = [
        "", "{", "}", "[]", "null", "1", '"x"', "[" * 50_000, '{"image":' * 50_000, '{"image": {}}', '{"image": []}',
        '{"image": 1}', '{"image": true}', '{"image": ""}', '{"image": "not base64"}', '{"image": "AAAA"}',
        '{"image": "data:image/png;base64,"}', '{"image": "data:image/png;base64,????"}', '{"image": "\\ud800"}',
        '{"image": "AAAA", "image": "AAAA"}', '{"image": NaN}', '{"image": -Infinity}', '{"bild": "AAAA"}',
        '{"image": "AAAA", "keep": {"a": 1}}', '{"image": "/etc/passwd"}', '{"url": "file:///etc/passwd"}',
        '{"url": "http://127.0.0.1:1/"}', '{"url": ""}', '{"image": "AAAA", "crop": 2}', "{'image': 'AAAA'}",
        '{"image": "AAAA"} trailing', '{"image": 1e999999}', '{"image": ' + "9" * 10_000 + "}",
    ]  # fmt: skip
    for number, text in enumerate(texts):
        yield Bad(f"JSON {number}: {text[:30]}", text.encode(), JSON)
    yield Bad("JSON of half a letter", b'{"image": "\xff"}', JSON)
    yield Bad("JSON of sixteen bits", '{"image": "AAAA"}'.encode("utf-16-be"), JSON)
    cut = base64.b64encode(pictures()["JPEG"][:300]).decode()
    yield Bad("JSON with half a picture", json.dumps({"image": cut}).encode(), JSON)


def addresses() -> Iterator[Bad]:
    """Good pictures with a query string or headers that are not."""
    good = pictures()["PNG"]
    for query in ("a=1", "keep=alpha&keep=alpha", "keep=%ff", "keep=rgba%00", "bits=9", "bits=-8", "background=../x",
                  "model=../../etc/passwd", "model=%00", "model=modnet@zz", "format=exe", "quality=finest", "crop=1",
                  "background=blur:99999999", "prompt=" + "x" * 10_000, "&".join(f"a{i}=1" for i in range(200)),
                  "x" * 40_000):  # fmt: skip
        yield Bad(f"query {query[:30]}", good, path=f"/api/cut?{query}")
    yield Bad("huge headers", good, {"X-Huge": "x" * 100_000})
    yield Bad("many headers", good, {f"X-{i}": "y" * 100 for i in range(500)})
    yield Bad("no such path", good, path="/api/cut/../../etc/passwd")
    yield Bad("a slash too many", good, path="/api/cut//")


BODIES = [*truncated(), *bombs(), *wrong_types(), *junk(), *forms(), *objects(), *addresses()]


def test_they_are_two_hundred_and_all_different() -> None:
    assert len(BODIES) >= 200
    assert (
        len({(bad.body, str(bad.headers), bad.path) for bad in BODIES})
        == len({bad.name for bad in BODIES})
        == len(BODIES)
    )


@pytest.mark.parametrize(
    "bodies",
    [[*truncated()], [*bombs()], [*wrong_types()], [*junk()], [*forms()], [*objects()], [*addresses()]],
    ids=["truncated", "bombs", "types", "junk", "forms", "objects", "addresses"],
)
def test_each_is_refused_with_a_sentence_and_the_next_good_one_is_cut(
    serving: Any, photo: bytes, bodies: list[Bad]
) -> None:
    client = serving(pixels=1_000_000, file_bytes=1_000_000, body_bytes=2_000_000)
    answers = {bad.name: client.post(bad.path, content=bad.body, headers=bad.headers) for bad in bodies}
    wrong = {name: (answer.status_code, answer.text[:300]) for name, answer in answers.items() if not refused(answer)}
    assert not wrong
    assert client.post("/api/cut", content=photo).status_code == 200
    assert client.app.state.desk.running == 0


def refused(answer: Any) -> bool:
    """Whether an answer is a 4xx with our form of error: a code, and one sentence in one line."""
    if not 400 <= answer.status_code < 500:
        return False
    error = answer.json()["error"]
    message = error["message"]
    return bool(error["code"]) and 20 < len(message) < 1000 and "\n" not in message and "Traceback" not in message
