"""Awkward files: each gives the right picture, or one sentence of three parts that says what to do.

All are made here. Those in GOOD must be read as the array beside them; those in BAD must be refused with InputError, in
words that match. No other exception, no warning, no file left over, no gigabytes.
"""

import io
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from mattelier.errors import InputError
from mattelier.image.io import Limits, decode, decode_mask

SHAPE = (24, 32)
PHOTO = np.random.default_rng(5).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
DEEP = np.random.default_rng(6).integers(0, 65536, (*SHAPE, 3), dtype=np.uint16)
FLAT = np.full((*SHAPE, 3), 200, np.uint8)


def saved(pixels, format, **options):
    out = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, format, **options)
    return out.getvalue()


def tiff(samples, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, samples, **options)
    return out.getvalue()


def chunk(kind, data, checksum=None):
    checksum = zlib.crc32(kind + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def png(width, height, depth, colour, raw, before=b"", after=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = before + chunk(b"IDAT", zlib.compress(raw, 9)) + after
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def rows(samples):
    """Unfiltered PNG rows."""
    return b"".join(b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples)


def bomb():
    """13300 x 13300 grey zeros: some kilobytes on disk, hundreds of megabytes decoded."""
    deflate = zlib.compressobj(9)
    raw = b"".join(deflate.compress(bytes(13301)) for _ in range(13300)) + deflate.flush()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 13300, 13300, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", raw) + chunk(b"IEND", b"")


def bad_exif(content):
    return saved(PHOTO, "PNG")[:33] + chunk(b"eXIf", content) + saved(PHOTO, "PNG")[33:]


def palette_picture():
    image = Image.frombytes("P", SHAPE[::-1], bytes(i % 3 for i in range(SHAPE[0] * SHAPE[1])))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    return image


def palette_pixels():
    return np.array(palette_picture().convert("RGB"))


def animated(format, **options):
    return saved(Image.fromarray(FLAT), format, save_all=True, append_images=[Image.fromarray(255 - FLAT)], **options)


def patched(data, offset, new):
    return data[:offset] + new + data[offset + len(new) :]


PNG = saved(PHOTO, "PNG")
JPEG = saved(FLAT, "JPEG", quality=100, subsampling=0)
TIFF = tiff(PHOTO, photometric="rgb")
WEBP = saved(PHOTO, "WEBP", lossless=True)
BMP = saved(PHOTO, "BMP")
AVIF = saved(FLAT, "AVIF")
GIF = saved(palette_picture(), "GIF")
DEEP_PNG = png(32, 24, 16, 2, rows(DEEP))

GOOD = {
    "a PNG called .jpg": ("a.jpg", PNG, PHOTO),
    "a JPEG called .png": ("a.png", JPEG, FLAT),
    "no suffix": ("photo", PNG, PHOTO),
    "a name of many scripts": ("ünï 猫 🐈.png", PNG, PHOTO),
    "a name with blanks and quotes": (" a 'b' \"c\" .png", PNG, PHOTO),
    "capital suffix": ("A.PNG", PNG, PHOTO),
    "1 x 1": ("a.png", saved(PHOTO[:1, :1], "PNG"), PHOTO[:1, :1]),
    "1 x 5000": ("a.png", saved(np.tile(PHOTO[:1, :1], (1, 5000, 1)), "PNG"), np.tile(PHOTO[:1, :1], (1, 5000, 1))),
    "5000 x 1": ("a.png", saved(np.tile(PHOTO[:1, :1], (5000, 1, 1)), "PNG"), np.tile(PHOTO[:1, :1], (5000, 1, 1))),
    "bytes after the end of a PNG": ("a.png", PNG + b"junk" * 100, PHOTO),
    "bytes after the end of a JPEG": ("a.jpg", JPEG + b"junk" * 100, FLAT),
    "a PNG of many small IDAT chunks": (
        "a.png",
        PNG[:33] + b"".join(chunk(b"IDAT", bytes([b])) for b in zlib.compress(rows(PHOTO))) + chunk(b"IEND", b""),
        PHOTO,
    ),
    "an unknown chunk": ("a.png", png(32, 24, 8, 2, rows(PHOTO), before=chunk(b"teSt", b"x" * 50)), PHOTO),
    "a broken text chunk": ("a.png", png(32, 24, 8, 2, rows(PHOTO), before=chunk(b"zTXt", b"k\0\0junk")), PHOTO),
    "a broken ICC chunk": ("a.png", png(32, 24, 8, 2, rows(PHOTO), before=chunk(b"iCCP", b"k\0\0junk")), PHOTO),
    "garbage for EXIF": ("a.png", bad_exif(b"II*\0\xff\xff\xff\x7f"), PHOTO),
    "EXIF of one endless directory": ("a.png", bad_exif(b"II*\0\x08\0\0\0\xff\xff" + b"\x12\x01" * 9), PHOTO),
    "an orientation of 99": (
        "a.png",
        bad_exif(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x63\0\0\0\0\0\0\0"),
        PHOTO,
    ),
    "garbage for EXIF in a JPEG": (
        "a.jpg",
        saved(FLAT, "JPEG", quality=100, exif=b"Exif\0\0II*\0\x08\0\0\0\x09\0"),
        FLAT,
    ),
    "16-bit PNG": ("a.png", DEEP_PNG, DEEP),
    "16-bit TIFF": ("a.tif", tiff(DEEP, photometric="rgb"), DEEP),
    "16-bit TIFF in planes": ("a.tif", tiff(np.moveaxis(DEEP, -1, 0).copy(), photometric="rgb", planarconfig=2), DEEP),
    "16-bit TIFF with two channels that are no alpha": (
        "a.tif",
        tiff(np.dstack([DEEP, DEEP[..., :2]]), photometric="rgb", extrasamples=["unspecified"] * 2),
        DEEP,
    ),
    "TIFF with one channel that is no alpha": (
        "a.tif",
        tiff(np.dstack([PHOTO, PHOTO[..., :1]]), photometric="rgb", extrasamples=["unspecified"]),
        PHOTO,
    ),
    "big-endian TIFF": ("a.tif", tiff(PHOTO, photometric="rgb", byteorder=">"), PHOTO),
    "BigTIFF": ("a.tif", tiff(PHOTO, photometric="rgb", bigtiff=True), PHOTO),
    "a TIFF of two pages": ("a.tif", tiff(np.stack([PHOTO, 255 - PHOTO]), photometric="rgb"), PHOTO),
    "an animated GIF": ("a.gif", animated("GIF"), FLAT),
    "an animated WebP": ("a.webp", animated("WEBP", lossless=True), FLAT),
    "an animated PNG": ("a.png", animated("PNG"), FLAT),
    "a GIF cut inside its second frame": ("a.gif", animated("GIF")[:-20], FLAT),
    "palette PNG": ("a.png", saved(palette_picture(), "PNG"), palette_pixels()),
    "palette GIF": ("a.gif", GIF, palette_pixels()),
    "palette BMP": ("a.bmp", saved(palette_picture(), "BMP"), palette_pixels()),
    "palette TIFF": ("a.tif", saved(palette_picture(), "TIFF"), palette_pixels()),
    "1-bit TIFF": (
        "a.tif",
        saved(Image.fromarray(PHOTO[..., 0] > 99), "TIFF", compression="group4"),
        np.dstack([np.where(PHOTO[..., 0] > 99, 255, 0).astype(np.uint8)] * 3),
    ),
    "grey JPEG": ("a.jpg", saved(FLAT[..., 0], "JPEG", quality=100), FLAT),
    "progressive JPEG": ("a.jpg", saved(FLAT, "JPEG", quality=100, progressive=True), FLAT),
    "RGB JPEG without YCbCr": ("a.jpg", saved(FLAT, "JPEG", quality=100, keep_rgb=True), FLAT),
    "lossless WebP": ("a.webp", WEBP, PHOTO),
    "BMP": ("a.bmp", BMP, PHOTO),
}

BAD = {
    "empty": ("a.png", b"", "empty"),
    "one byte": ("a.png", b"\x89", "not a picture"),
    "a text": ("a.jpg", b"I am no picture, sorry.\n", "a text"),
    "a web page": ("a.jpg", b"<!DOCTYPE html><title>404</title>", "web page"),
    "SVG": ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "PDF": ("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    "ZIP": ("a.png", b"PK\x03\x04" + bytes(50), "ZIP"),
    "Photoshop": ("a.psd", b"8BPS\0\x01" + bytes(50), "Photoshop"),
    "JPEG XL": ("a.jxl", b"\xff\x0a" + bytes(50), "JPEG XL"),
    "noise": ("a.png", np.random.default_rng(1).bytes(5000), "not a picture"),
    "zeros": ("a.png", bytes(5000), "not a picture"),
    "JPEG cut in its pixels": ("a.jpg", saved(PHOTO, "JPEG")[:-200], "damaged JPEG"),
    "JPEG cut in its header": ("a.jpg", JPEG[:30], "damaged JPEG"),
    "JPEG signature only": ("a.jpg", b"\xff\xd8\xff", "damaged JPEG"),
    "PNG cut in its pixels": ("a.png", PNG[: len(PNG) // 2], "damaged PNG"),
    "16-bit PNG cut in its pixels": ("a.png", DEEP_PNG[: len(DEEP_PNG) // 2], "damaged PNG"),
    "PNG cut in its header": ("a.png", PNG[:20], "damaged PNG"),
    "PNG signature only": ("a.png", PNG[:8], "damaged PNG"),
    "PNG without pixels": ("a.png", PNG[:33] + chunk(b"IEND", b""), "damaged PNG"),
    "PNG with a wrong checksum": ("a.png", patched(PNG, 29, b"\0\0\0\0"), "damaged PNG"),
    "PNG with broken deflate": ("a.png", patched(PNG, 60, b"\xff" * 400), "damaged PNG"),
    "PNG with too few rows": ("a.png", png(32, 24, 8, 2, rows(PHOTO[:10])), "damaged PNG"),
    "PNG of 0 x 0": ("a.png", png(0, 0, 8, 2, b""), "damaged PNG|at least 1 x 1"),
    "PNG of 0 x 5": ("a.png", png(0, 5, 8, 2, b"\0" * 5), "damaged PNG|at least 1 x 1"),
    "PNG of an impossible depth": ("a.png", png(32, 24, 5, 2, rows(PHOTO)), "damaged PNG"),
    "PNG bomb": ("a.png", bomb(), "13300 x 13300 = 176890000 pixels"),
    "PNG of 2 billion squared": ("a.png", png(2**31 - 1, 2**31 - 1, 8, 2, b""), "pixels; at most"),
    "GIF of 65535 squared": ("a.gif", patched(GIF, 6, b"\xff\xff\xff\xff"), "pixels; at most"),
    "GIF cut": ("a.gif", GIF[: len(GIF) // 2], "damaged GIF"),
    "BMP of a negative width": ("a.bmp", patched(BMP, 18, struct.pack("<i", -32)), "pixels; at most"),
    "BMP of 2 billion squared": ("a.bmp", patched(BMP, 18, b"\xff\xff\xff\x7f" * 2), "pixels; at most"),
    "BMP cut": ("a.bmp", BMP[: len(BMP) // 2], "damaged BMP"),
    "BM and nothing": ("a.bmp", b"BM" + bytes(4), "damaged BMP"),
    "TIFF cut": ("a.tif", TIFF[: len(TIFF) // 2], "damaged TIFF"),
    "TIFF signature only": ("a.tif", b"II*\0", "damaged TIFF"),
    "TIFF whose directory is nowhere": ("a.tif", b"II*\0\xff\xff\xff\x7f" + bytes(50), "damaged TIFF"),
    "16-bit TIFF cut": ("a.tif", tiff(DEEP, photometric="rgb")[:-900], "damaged TIFF"),
    "WebP cut": ("a.webp", WEBP[: len(WEBP) // 2], "damaged WEBP"),
    "WebP header only": ("a.webp", b"RIFF\x20\0\0\0WEBPVP8 ", "damaged WEBP"),
    "AVIF cut": ("a.avif", AVIF[: len(AVIF) // 2], "damaged AVIF"),
    "float TIFF of 0..255": ("a.tif", tiff(PHOTO.astype(np.float32), photometric="rgb"), "within 0 and 1"),
    "float TIFF with NaN": ("a.tif", tiff(np.full(SHAPE, np.nan, np.float32)), "within 0 and 1"),
    "32-bit grey TIFF": ("a.tif", tiff(DEEP[..., 0].astype(np.uint32)), "white"),
    "32-bit RGB TIFF": ("a.tif", tiff(DEEP.astype(np.uint32), photometric="rgb"), "8 or 16 bits"),
    "signed 16-bit TIFF": ("a.tif", tiff(DEEP[..., 0].view(np.int16)), "8 or 16 bits"),
    "16-bit CMYK TIFF": ("a.tif", tiff(np.dstack([DEEP, DEEP[..., :1]]), photometric="separated"), "CMYK"),
    "complex TIFF": ("a.tif", tiff(np.zeros(SHAPE, np.complex64)), "8 or 16 bits"),
    "camera raw (DNG)": (
        "a.dng",
        tiff(PHOTO, photometric="rgb", subfiletype=1, extratags=[(50706, 1, 4, (1, 4, 0, 0), True)]),
        "raw",
    ),
}


@pytest.mark.parametrize("case", GOOD)
def test_read_as_it_is(case, tmp_path):
    name, data, expected = GOOD[case]
    path = tmp_path / name
    path.write_bytes(data)
    picture = decode(path)
    assert picture.pixels.dtype == expected.dtype
    assert np.array_equal(picture.pixels, expected)
    assert picture.alpha is None
    several = any(word in case for word in ("animated", "two pages", "second frame"))
    assert any("first" in note for note in picture.notes) == several
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("case", BAD)
def test_refused_with_a_sentence(case, tmp_path):
    name, data, words = BAD[case]
    path = tmp_path / name
    path.write_bytes(data)
    tracemalloc.start()
    for source in (path, data):
        for read in (decode, decode_mask):
            with pytest.raises(InputError, match=words) as caught:
                read(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    sentence = str(caught.value)
    assert sentence.count("; ") >= 2 and "expected" in sentence and "\n" not in sentence
    assert peak < 20e6
    assert os.listdir(tmp_path) == [name]


def test_what_is_no_file(tmp_path):
    for path, words in [(tmp_path, "folder"), (tmp_path / "none.png", "does not exist"), ("a\0b", "cannot be read")]:
        with pytest.raises(InputError, match=words) as caught:
            decode(path)
        assert str(caught.value).count("; ") == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(InputError, match="permission"):
        decode(tmp_path / "a.png")


def test_link_and_dangling_link(tmp_path):
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "dangling.png").symlink_to("none.png")
    assert np.array_equal(decode(tmp_path / "link.png").pixels, PHOTO)
    with pytest.raises(InputError, match="does not exist"):
        decode(tmp_path / "dangling.png")


def test_the_bomb_is_small_and_refused_without_reading_its_pixels():
    data = bomb()
    assert len(data) < 200_000
    with pytest.raises(InputError, match=r"Limits\.pixels"):
        decode(data, Limits(pixels=176_889_999))


def test_pillows_own_limits_are_neither_used_nor_changed(monkeypatch):
    large = Image.new("RGB", (1000, 700))
    files = {format: saved(large, format) for format in ("PNG", "JPEG", "BMP", "GIF", "AVIF", "TIFF")}
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300_000)
    with pytest.raises(InputError, match="MAX_IMAGE_PIXELS"):
        decode(files.pop("TIFF"))  # this reader asks for it by itself
    for data in files.values():
        assert decode(data).pixels.shape == (700, 1000, 3)
    assert Image.MAX_IMAGE_PIXELS == 300_000


def test_damage_anywhere_is_a_sentence_or_a_picture():
    """Every format with bytes changed at seeded places: nothing but InputError comes out."""
    random = np.random.default_rng(8)
    for data in (PNG, JPEG, TIFF, WEBP, BMP, AVIF, GIF, DEEP_PNG, tiff(DEEP.astype(np.float32), photometric="rgb")):
        for _ in range(40):
            broken = bytearray(data)
            for place in random.integers(0, min(len(data), 400), 3):
                broken[place] = random.integers(0, 256)
            try:
                decode(bytes(broken), Limits(pixels=10_000))
            except InputError as error:
                assert "expected" in str(error)
