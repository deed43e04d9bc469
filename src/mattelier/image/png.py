"""A fast PNG writer, and a check for rows that are missing.

Every byte is filtered against the average of its neighbours left and above and deflated by ISA-L: a twentieth of
Pillow's time for 4 to 11 % more bytes on cut-outs, pixel for pixel exact. (The best of all filters row by row saves
another 1 %, and takes longer than all the rest.) The file is made in bands of rows: no second whole picture in
memory. A small picture is also deflated with runs as the only repetitions, which suits the noise that filtering leaves
of a photo (2 % more bytes than Pillow's), and the smaller of both is kept. PNG (ISO/IEC 15948): section 5 chunks,
9 filters, 11 the chunks written here.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from mattelier.image import Array
from mattelier.image.bands import bands

_AVERAGE = 3  # filter type: difference to the mean of the bytes left and above
_COLOUR_TYPE = {1: 0, 2: 4, 3: 2, 4: 6}  # channels -> grey, grey + alpha, RGB, RGBA
_SMALL_BYTES = 4 << 20  # of samples: the second way takes 7 ms for a megabyte of them
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> samples a pixel; 3 is a palette
# Adam7: first column, first row, steps (ISO/IEC 15948, 8.2)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def encode_png(pixels: Array, alpha: Array | None, profile: bytes | None = None) -> bytes:
    """A PNG of these samples.

    pixels: (H, W) or (H, W, 3), uint8 or uint16; alpha: (H, W), same dtype, straight, or None.
    Colour under alpha 0 is written as 0: nobody sees it and it compresses. profile: an ICC profile to embed.
    """
    height, width = pixels.shape[:2]
    channels = (pixels.shape[2] if pixels.ndim == 3 else 1) + (alpha is not None)
    header = struct.pack(">IIBBBBB", width, height, pixels.dtype.itemsize * 8, _COLOUR_TYPE[channels], 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", *_chunk(b"IHDR", header)]
    if profile is not None:
        parts += _chunk(b"iCCP", b"ICC\0\0" + zlib.compress(profile))
    for data in _deflated(_filtered(pixels, alpha, channels), height * width * channels * pixels.dtype.itemsize):
        parts += _chunk(b"IDAT", data)
    parts += _chunk(b"IEND", b"")
    return b"".join(parts)


def _filtered(pixels: Array, alpha: Array | None, channels: int) -> Iterator[Array]:
    pixel_bytes = channels * pixels.dtype.itemsize
    above: Array = np.zeros(pixels.shape[1] * pixel_bytes, np.uint8)
    for band in bands(pixels, alpha, channels):
        samples = np.ascontiguousarray(band, band.dtype.newbyteorder(">"))
        # One row above and one pixel to the left of the band: what is not there counts as 0.
        framed = np.zeros((len(band) + 1, pixel_bytes + len(above)), np.uint8)
        framed[0, pixel_bytes:] = above
        framed[1:, pixel_bytes:] = samples.view(np.uint8).reshape(len(band), -1)
        yield _less_average(framed, pixel_bytes)
        above = framed[-1, pixel_bytes:]


def _less_average(framed: Array, pixel_bytes: int) -> Array:
    """The band's rows, each behind its filter type, less the mean of left and above, rounded down (section 9.2)."""
    rows, up, left = framed[1:, pixel_bytes:], framed[:-1, pixel_bytes:], framed[1:, :-pixel_bytes]
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _AVERAGE
    half: Array = up ^ left  # (a + b) // 2 = (a & b) + (a ^ b) // 2 stays within a byte
    half >>= 1
    half += up & left
    np.subtract(rows, half, out=filtered[:, 1:])
    return filtered


def _deflated(blocks: Iterator[Array], size_bytes: int) -> Iterator[bytes]:
    if size_bytes > _SMALL_BYTES:
        yield from _deflate(blocks)
        return
    whole = list(blocks)
    runs = zlib.compressobj(strategy=zlib.Z_RLE)
    by_runs = b"".join(runs.compress(block.data) for block in whole) + runs.flush()
    yield min(b"".join(_deflate(iter(whole))), by_runs, key=len)


def _deflate(blocks: Iterator[Array]) -> Iterator[bytes]:
    from isal import isal_zlib

    compressor = isal_zlib.compressobj(level=2)
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()


def _chunk(kind: bytes, data: bytes) -> tuple[bytes, ...]:
    if kind == b"IDAT" and not data:
        return ()
    return struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def has_all_rows(data: bytes) -> bool:
    """Whether this PNG (header known to be sound) holds as many bytes of samples as its size asks for.

    Pillow leaves rows black, without a word, when the compressed stream ends well but early.
    """
    from isal import isal_zlib

    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    missing = 0
    for x, y, right, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - x) // right), -(-(height - y) // down)
        missing += rows * (1 + -(-columns * depth * _CHANNELS[colour] // 8)) if columns > 0 else 0
    inflater = isal_zlib.decompressobj()
    try:
        for block in _pixel_data(data):
            while block and missing > 0 and not inflater.eof:
                missing -= len(inflater.decompress(block, 1 << 20))
                block = inflater.unconsumed_tail
        return missing <= len(inflater.flush())
    except isal_zlib.error:  # type: ignore[misc] # a wrong checksum; (the stub calls the class an instance)
        return False


def _pixel_data(data: bytes) -> Iterator[bytes]:
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            yield data[position + 8 : position + 8 + length]
        position += 12 + length
