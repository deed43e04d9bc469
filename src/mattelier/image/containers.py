"""Which kind of file some bytes are, and the Pillow image that reads it.

Pillow's `Image.open` is not used: it warns and fails by a limit of the whole process (`MAX_IMAGE_PIXELS`), tries
forty formats, some of which start other programs, and imports all of them. Here the content names the one plugin.
"""

import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import cast

from PIL import Image, ImageFile

from mattelier.errors import InputError

READABLE = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF or HEIC"

# What Pillow's plugins raise on damaged files; ImageFile turns some, not all, of them into SyntaxError.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
)

_PLUGINS = {
    "jpeg": ("JpegImagePlugin", "JpegImageFile"),
    "png": ("PngImagePlugin", "PngImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
    "avif": ("AvifImagePlugin", "AvifImageFile"),
}

_SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"BM", "bmp"),
)

# Files that people take for pictures, named so that the sentence helps.
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"gimp xcf", "a GIMP document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML text, perhaps an SVG drawing"),
    (b"<!", "a web page"),
    (b"<html", "a web page"),
)

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_quiet_lock = threading.Lock()


def kind_of(data: bytes, name: str) -> str:
    """The kind of picture by its first bytes, whatever its name says; InputError when it is none we read."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, min(data[3], 64), 4))}
        if brands & {b"avif", b"avis"}:
            return "avif"
        if brands & _HEIF_BRANDS:
            return "heif"
    raise InputError(f"{name} is {_describe(data)}; {READABLE} was expected; convert it or choose another file")


def _describe(data: bytes) -> str:
    start = data[:64].lstrip().lower()
    for signature, words in _OTHERS:
        if data.startswith(signature) or start.startswith(signature.lower()):
            return words
    return "a text" if data[:512].isascii() and b"\0" not in data[:512] else "not a picture that can be recognised"


def open_image(data: bytes, kind: str, name: str) -> ImageFile.ImageFile:
    """The Pillow image of these bytes with its header read and its pixels not yet; InputError when damaged."""
    module, plugin = _PLUGINS[kind]
    factory = getattr(import_module(f"PIL.{module}"), plugin)
    with quiet(), refuse_damage(name, kind):
        return cast(ImageFile.ImageFile, factory(BytesIO(data)))


def holds_several(image: Image.Image) -> bool:
    """True for an animation or a file of several pages; may leave `image` at another of them.

    A damaged second picture does not spoil the first.
    """
    try:
        with quiet():
            return bool(getattr(image, "is_animated", False))
    except (*DAMAGE, Image.DecompressionBombError):
        return False


def avif_bits(data: bytes) -> int:
    """Bits a sample of an AVIF, from its AV1 configuration (AV1-ISOBMFF 2.3: high_bitdepth, twelve_bit)."""
    place = data.find(b"av1C")
    flags = data[place + 6] if 0 <= place < len(data) - 6 else 0
    return 12 if flags & 0x60 == 0x60 else 10 if flags & 0x40 else 8


@contextmanager
def refuse_damage(name: str, kind: str) -> Iterator[None]:
    """Turn what a decoder raises on a damaged file into one sentence."""
    try:
        yield
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{name} is a damaged {kind.upper()} file ({reason}); a whole one was expected; "
            "copy or download it again, or open it in another program and export it"
        ) from error
    except Image.DecompressionBombError as error:  # in its TIFF, WebP and GIF readers, out of our reach
        raise InputError(
            f"{name} is a {kind.upper()} file larger than Pillow allows; at most twice PIL.Image.MAX_IMAGE_PIXELS "
            "was expected; scale it down, convert it to PNG, or raise that limit in your program"
        ) from error
    except MemoryError as error:
        raise InputError(
            f"{name} needs more memory than there is; a smaller picture was expected; scale it down first"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """No Python warnings from Pillow about odd metadata; they would reach the user as noise, or with -W error as
    a traceback. The lock keeps threads from restoring each other's filters in the wrong order."""
    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
