"""The PNG writer, read back by two other programs (pypng, Pillow) and by eye on its own bytes."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import png
import pytest
from PIL import Image, ImageCms

from mattelier.image.png import encode_png, has_all_rows


def noise(shape, dtype, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def read_with_pypng(data):
    width, height, rows, info = png.Reader(bytes=data).read()
    samples = np.array([list(row) for row in rows]).reshape(height, width, info["planes"])
    return samples, info


def chunks(data):
    position, found = 8, []
    while position < len(data):
        (length,) = struct.unpack_from(">I", data, position)
        found.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_another_reader_finds_the_same_samples(dtype, colours, with_alpha):
    pixels = noise((13, 7) if colours == 1 else (13, 7, 3), dtype)
    alpha = np.maximum(noise((13, 7), dtype, 1), 1) if with_alpha else None
    samples, info = read_with_pypng(encode_png(pixels, alpha))
    assert info["bitdepth"] == 8 * np.dtype(dtype).itemsize
    assert np.array_equal(samples[..., :colours], pixels.reshape(13, 7, colours))
    if with_alpha:
        assert np.array_equal(samples[..., -1], alpha)
    assert info["planes"] == colours + with_alpha


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 70000), (2000, 300)])
def test_any_shape_and_number_of_bands(shape):
    pixels, alpha = noise((*shape, 3), np.uint8), np.full(shape, 255, np.uint8)
    back = np.asarray(Image.open(io.BytesIO(encode_png(pixels, alpha))))
    assert np.array_equal(back, np.dstack([pixels, alpha]))


def test_views_and_foreign_byte_order():
    whole = noise((20, 30, 4), np.uint16)
    pixels, alpha = whole[::2, ::-1, :3], np.maximum(whole[::2, ::-1, 3], 1).astype(">u2")
    samples, _ = read_with_pypng(encode_png(pixels, alpha))
    assert np.array_equal(samples, np.dstack([pixels, alpha]))


def test_colour_nobody_sees_is_written_as_black_and_arguments_stay():
    pixels, alpha = noise((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8)
    alpha[1, 2] = 1
    before = pixels.copy()
    back = np.asarray(Image.open(io.BytesIO(encode_png(pixels, alpha))))
    assert np.array_equal(back[1, 2, :3], pixels[1, 2])
    assert back[alpha == 0].max() == 0
    assert np.array_equal(pixels, before)


def test_bytes_are_filtered_against_the_average_of_left_and_above():
    data = encode_png(np.array([[[10, 20, 30], [15, 20, 40]], [[7, 21, 255], [0, 0, 0]]], np.uint8), None)
    raw = zlib.decompress(b"".join(content for kind, content in chunks(data) if kind == b"IDAT"))
    first = [3, 10, 20, 30, 15 - 5, 20 - 10, 40 - 15]
    second = [3, 7 - 5, 21 - 10, 255 - 15, 256 - (15 + 7) // 2, 256 - (20 + 21) // 2, 256 - (40 + 255) // 2]
    assert list(raw) == first + second


def test_a_photo_takes_little_more_than_at_zlibs_sixth_level():
    y, x = np.mgrid[:300, :400]
    clean = np.stack([x / 3 + 60, y / 2 + 40, (x + y) / 4], -1)
    pixels = np.clip(clean + np.random.default_rng(0).normal(0, 3, clean.shape), 0, 255).astype(np.uint8)
    alpha = np.clip(4 * (120 - np.hypot(y - 150, x - 200)), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(np.dstack([pixels * (alpha > 0)[..., None], alpha])).save(out, "PNG")
    assert len(encode_png(pixels, alpha)) < 1.15 * len(out.getvalue())


def test_chunks_are_in_order_with_their_checksums_and_nothing_else():
    data = encode_png(noise((9, 5, 3), np.uint8), None, profile=b"p" * 200)
    kinds = [kind for kind, _ in chunks(data)]
    assert kinds[:2] == [b"IHDR", b"iCCP"]
    assert set(kinds[2:-1]) == {b"IDAT"}
    assert kinds[-1] == b"IEND"
    position = 8
    for kind, content in chunks(data):
        position += 8 + len(content)
        assert struct.unpack_from(">I", data, position)[0] == zlib.crc32(kind + content)
        position += 4
    assert position == len(data)


def test_profile_comes_back_byte_for_byte():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.open(io.BytesIO(encode_png(noise((2, 2, 3), np.uint8), None, profile)))
    assert image.info["icc_profile"] == profile


def test_memory_does_not_grow_with_the_picture():
    pixels, alpha = np.zeros((2000, 2000, 3), np.uint8), np.zeros((2000, 2000), np.uint8)
    encode_png(pixels[:1], alpha[:1])  # imports
    tracemalloc.start()
    encode_png(pixels, alpha)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6  # interleaved it is 16 MB


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (8, 8), (9, 17), (700, 900)])
def test_missing_rows_are_found_at_any_depth(interlace, depth, shape):
    height, width = shape
    out = io.BytesIO()
    rows = np.zeros(shape, int).tolist()
    png.Writer(width, height, greyscale=True, bitdepth=depth, interlace=interlace).write(out, rows)
    assert has_all_rows(out.getvalue())
    raw = zlib.decompress(b"".join(content for kind, content in chunks(out.getvalue()) if kind == b"IDAT"))
    short = zlib.compress(raw[:-1])
    data = out.getvalue()[:33] + struct.pack(">I", len(short)) + b"IDAT" + short + bytes(4)
    assert not has_all_rows(data)


def test_the_smaller_of_two_ways_is_kept_for_a_small_picture():
    rng = np.random.default_rng(3)
    grain = np.clip(rng.normal(128, 6, (200, 200, 3)), 0, 255).astype(np.uint8)
    tile = np.tile(noise((20, 20, 3), np.uint8), (10, 10, 1))
    for pixels, better in ((grain, "runs"), (tile, "repetitions")):
        [idat] = [data for kind, data in chunks(encode_png(pixels, None)) if kind == b"IDAT"]
        lines = zlib.decompress(idat)
        by_runs = zlib.compressobj(strategy=zlib.Z_RLE)
        size = len(by_runs.compress(lines) + by_runs.flush())
        assert len(idat) == size if better == "runs" else len(idat) < size / 3
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(pixels, None)))), pixels)


def test_a_large_picture_is_written_band_by_band():
    pixels = noise((1100, 1000, 4), np.uint8)[..., :3]
    assert [kind for kind, _ in chunks(encode_png(pixels, np.full((1100, 1000), 255, np.uint8)))].count(b"IDAT") > 1
