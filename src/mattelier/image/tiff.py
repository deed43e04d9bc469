"""TIFF: a writer for 8 and 16 bit, and a reader for the layouts that Pillow cannot hold.

TIFF revision 6.0: section 2 the directory, 14 the predictor, 18 ExtraSamples; deflate is Adobe's code 8.
"""

import logging
import struct
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.bands import bands, rows_per_band
from mattelier.image.limits import Limits, check_pixels

_SHORT, _LONG, _RATIONAL, _UNDEFINED = 3, 4, 5, 7
_BUILT_IN = (1, 8, 32773, 32946)  # none, deflate, PackBits, old deflate: those tifffile does alone
_SILENT = logging.NullHandler()
_LETTER = {_SHORT: "H", _LONG: "I"}


def encode_tiff(pixels: Array, alpha: Array | None, profile: bytes | None = None) -> bytes:
    """A deflated TIFF of these samples, in strips, with horizontal differences.

    pixels: (H, W) or (H, W, 3), uint8 or uint16; alpha: (H, W), same dtype, straight ("unassociated"), or None.
    Colour under alpha 0 is written as 0, as in `encode_png`. profile: an ICC profile to embed.
    """
    height, width = pixels.shape[:2]
    colours = pixels.shape[2] if pixels.ndim == 3 else 1
    channels = colours + (alpha is not None)
    strips = [_deflate(band) for band in bands(pixels, alpha, channels)]
    counts = [len(strip) for strip in strips]
    offsets = [8 + start for start in np.cumsum([0, *counts[:-1]]).tolist()]
    padding = b"\0" * (sum(counts) % 2)  # the directory begins on a word
    directory_at = 8 + sum(counts) + len(padding)
    entries: list[tuple[int, int, list[int] | bytes]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [pixels.dtype.itemsize * 8] * channels),
        (259, _SHORT, [8]),  # compression: deflate
        (262, _SHORT, [2 if colours == 3 else 1]),  # RGB, or black is zero
        (273, _LONG, offsets),
        (277, _SHORT, [channels]),
        (278, _LONG, [rows_per_band(width, channels, pixels.dtype.itemsize)]),
        (279, _LONG, counts),
        (282, _RATIONAL, struct.pack("<II", 72, 1)),
        (283, _RATIONAL, struct.pack("<II", 72, 1)),
        (284, _SHORT, [1]),  # samples interleaved
        (296, _SHORT, [2]),  # resolution per inch
        (317, _SHORT, [2]),  # predictor: horizontal differences
    ]
    if alpha is not None:
        entries.append((338, _SHORT, [2]))  # the extra sample is straight alpha
    if profile is not None:
        entries.append((34675, _UNDEFINED, profile))
    header = b"II*\0" + struct.pack("<I", directory_at)
    return b"".join([header, *strips, padding, _directory(entries, directory_at)])


def _deflate(band: Array) -> bytes:
    from isal import isal_zlib

    samples = np.ascontiguousarray(band, band.dtype.newbyteorder("<"))
    differences = samples.copy()
    np.subtract(samples[:, 1:], samples[:, :-1], out=differences[:, 1:])
    packed: bytes = isal_zlib.compress(differences, 1)
    return packed


def _directory(entries: list[tuple[int, int, list[int] | bytes]], start: int) -> bytes:
    """The directory at offset `start`, its long values behind it."""
    table = struct.pack("<H", len(entries))
    values = b""
    values_start = start + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        if isinstance(value, bytes):
            data, count = value, len(value) // (8 if kind == _RATIONAL else 1)
        else:
            data, count = struct.pack(f"<{len(value)}{_LETTER[kind]}", *value), len(value)
        if len(data) <= 4:
            field = data.ljust(4, b"\0")
        else:
            field = struct.pack("<I", values_start + len(values))
            values += data + b"\0" * (len(data) % 2)
        table += struct.pack("<HHI", tag, kind, count) + field
    return table + b"\0\0\0\0" + values


@dataclass(frozen=True)
class Samples:
    """What a TIFF holds, before it is scaled or turned upright."""

    values: Array  # (H, W, channels) as stored, black is zero
    orientation: int  # as in EXIF
    premultiplied: bool
    profile: bytes | None


def decode_unusual(data: bytes, name: str, limits: Limits) -> Samples:
    """Read a TIFF that Pillow does not: float colour, 16-bit grey with alpha, 16-bit planes.

    Raises InputError for what is neither grey nor RGB or is packed with a codec that only Pillow has; ValueError
    and the like for damage.
    """
    import tifffile

    logging.getLogger("tifffile").addHandler(_SILENT)  # else Python prints its remarks to stderr
    try:
        with tifffile.TiffFile(BytesIO(data)) as file:
            page = file.pages.first
            if page.photometric not in (0, 1, 2) or page.axes not in ("YX", "YXS", "SYX"):
                raise InputError(
                    f"{name} is a TIFF of an unusual kind (photometric {page.photometric}, axes {page.axes}); "
                    "grey or RGB samples were expected; export it as RGB TIFF"
                )
            check_pixels(name, page.imagewidth, page.imagelength, limits)
            if page.compression not in _BUILT_IN or page.predictor not in (1, 2):
                raise InputError(
                    f"{name} holds {page.bitspersample}-bit samples packed as {page.compression}, predictor "
                    f"{page.predictor}; no packing, or deflate, was expected of such samples; export it that way"
                )
            values = page.asarray()
            tags = {code: page.tags.valueof(code) for code in (262, 274, 338, 34675)}
    except tifffile.TiffFileError as error:  # a ValueError only in newer versions
        raise ValueError(str(error)) from error
    values = np.moveaxis(values, 0, -1) if page.axes == "SYX" else values.reshape(*values.shape[:2], -1)
    if tags[262] == 0 and values.dtype.kind == "u":
        values = np.iinfo(values.dtype).max - values  # white is zero
    extra = tags[338] if isinstance(tags[338], tuple) else (tags[338],)
    colours = 3 if tags[262] == 2 else 1
    if values.shape[2] < colours:
        raise ValueError(f"RGB of {values.shape[2]} samples")
    values = values[..., : colours + (extra[0] in (1, 2))]  # further samples are no transparency
    profile = tags[34675]
    return Samples(values, int(tags[274] or 1), extra[0] == 1, bytes(profile) if profile else None)
