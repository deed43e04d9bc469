"""Pictures in and out: samples that other libraries wrote, orientation by hand, profiles, limits, files."""

import base64
import errno
import io
import os
import struct
import zlib

import numpy as np
import png
import pytest
import tifffile
from PIL import Image, ImageCms

from mattelier.errors import InputError, MissingExtra
from mattelier.image import output
from mattelier.image.io import FORMATS, Limits, decode, decode_mask, encode, to_depth, write


def noise(shape, dtype=np.uint8, seed=0):
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def png_by_pypng(samples, interlace=False, **options):
    height, width, planes = samples.shape
    out = io.BytesIO()
    writer = png.Writer(
        width,
        height,
        bitdepth=8 * samples.dtype.itemsize,
        greyscale=planes < 3,
        alpha=planes in (2, 4),
        interlace=interlace,
        **options,
    )
    writer.write(out, samples.reshape(height, -1).tolist())
    return out.getvalue()


def tiff(samples, **options):
    out = io.BytesIO()
    tifffile.imwrite(out, samples, **options)
    return out.getvalue()


def ramp():
    return np.dstack([*np.meshgrid(np.arange(64) * 3, np.arange(48) * 4), np.full((48, 64), 90)]).astype(np.uint8)


def profile_of(kind):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()


# --- samples are kept, bit for bit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planes", [1, 2, 3, 4])
@pytest.mark.parametrize("interlace", [False, True])
def test_png_of_another_writer(dtype, planes, interlace):
    samples = noise((11, 13, planes), dtype)
    picture = decode(png_by_pypng(samples, interlace))
    assert picture.pixels.dtype == dtype
    colours = 3 if planes > 2 else 1
    assert np.array_equal(picture.pixels, np.broadcast_to(samples[..., :colours], (11, 13, 3)))
    if planes in (2, 4):
        assert picture.alpha.dtype == dtype
        assert np.array_equal(picture.alpha, samples[..., -1])
    else:
        assert picture.alpha is None
    assert picture.notes == ()


def png_with_all_filters(samples):
    """PNG filters 0 to 4 in turn, each written as its definition says (ISO/IEC 15948, 9.2)."""
    height, width, planes = samples.shape
    step = planes * samples.dtype.itemsize
    rows = [list(row.astype(samples.dtype.newbyteorder(">")).tobytes()) for row in samples]
    raw, above = bytearray(), [0] * len(rows[0])
    for y, row in enumerate(rows):
        raw.append(y % 5)
        for x, value in enumerate(row):
            left, corner = (row[x - step], above[x - step]) if x >= step else (0, 0)
            guess = left + above[x] - corner
            paeth = min((left, above[x], corner), key=lambda known: abs(guess - known))
            raw.append((value - (0, left, above[x], (left + above[x]) // 2, paeth)[y % 5]) % 256)
        above = row
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[planes]
    header = struct.pack(">IIBBBBB", width, height, 8 * samples.dtype.itemsize, colour, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(raw))), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("planes", [1, 2, 3, 4])
def test_16_bit_png_with_every_filter(planes):
    samples = noise((15, 9, planes), np.uint16)
    picture = decode(png_with_all_filters(samples))
    whole = picture.pixels if picture.alpha is None else np.dstack([picture.pixels, picture.alpha])
    expected = samples if planes > 2 else np.dstack([samples[..., :1]] * 3 + ([samples[..., 1]] if planes == 2 else []))
    assert np.array_equal(whole, expected)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": 2},
        {"planarconfig": "separate"},
        {"planarconfig": "separate", "compression": "zlib"},
        {"tile": (16, 16)},
        {"bigtiff": True},
    ],
)
@pytest.mark.parametrize("planes", [1, 3, 4])
def test_tiff_of_another_writer(dtype, order, options, planes):
    samples = noise((37, 21, planes), dtype)
    stored = np.moveaxis(samples, -1, 0) if "planarconfig" in options else samples
    if planes == 1:
        stored, options = samples[..., 0], {k: v for k, v in options.items() if k != "planarconfig"}
    kind = {"photometric": "rgb"} if planes > 1 else {"photometric": "minisblack"}
    if planes == 4:
        kind["extrasamples"] = ["unassalpha"]
    picture = decode(tiff(np.ascontiguousarray(stored), byteorder=order, **kind, **options))
    assert picture.pixels.dtype == dtype
    assert np.array_equal(picture.pixels, np.broadcast_to(samples[..., :3], (37, 21, 3)))
    if planes == 4:
        assert np.array_equal(picture.alpha, samples[..., 3])


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "raw"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "I;16"])
def test_tiff_of_pillow(compression, mode):
    planes = {"RGB": 3, "RGBA": 4}.get(mode, 1)
    samples = noise((16, 17, planes), np.uint16 if mode == "I;16" else np.uint8)
    picture = decode(saved(Image.fromarray(samples.squeeze()), "TIFF", compression=compression))
    assert np.array_equal(picture.pixels, np.broadcast_to(samples[..., :3], (16, 17, 3)))


def test_16_bit_premultiplied_tiff_is_divided_at_16_bits():
    alpha = np.array([[65535, 32768, 1000, 0]], np.uint16)
    straight = noise((1, 4, 3), np.uint16)
    stored = np.rint(straight * (alpha[..., None] / 65535)).astype(np.uint16)
    data = tiff(np.dstack([stored, alpha]), photometric="rgb", extrasamples=["assocalpha"])
    picture = decode(data)
    assert np.array_equal(picture.alpha, alpha)
    assert np.array_equal(picture.pixels[0, 0], straight[0, 0])
    assert abs(picture.pixels[0, 1].astype(int) - straight[0, 1]).max() <= 1
    assert abs(picture.pixels[0, 2].astype(int) - straight[0, 2]).max() <= 33
    assert picture.pixels[0, 3].max() == 0


def test_16_bit_tiff_where_white_is_zero():
    samples = noise((4, 5), np.uint16)
    picture = decode(tiff(samples, photometric="miniswhite"))
    assert np.array_equal(picture.pixels[..., 0], 65535 - samples)


@pytest.mark.parametrize("planes", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_tiff_within_0_and_1_is_scaled_by_65535(planes, dtype):
    steps = noise((6, 7, planes), np.uint16)
    steps[0, 0], steps[0, 1] = 30000, 40000  # its own extremes must not matter
    samples = (steps.clip(30000, 40000) / 65535).astype(dtype)
    kind = {"photometric": "rgb"} if planes > 1 else {"photometric": "minisblack"}
    if planes == 4:
        kind["extrasamples"] = ["unassalpha"]
    picture = decode(tiff(samples if planes > 1 else samples[..., 0], **kind))
    expected = np.rint(samples.astype(np.float64) * 65535)
    assert picture.pixels.dtype == np.uint16
    assert abs(picture.pixels.astype(int) - expected[..., :3]).max() <= (32 if dtype == np.float16 else 0)
    assert any("floats" in note for note in picture.notes)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_grey_png_with_a_transparent_value(depth):
    top = (1 << depth) - 1
    values = np.array([[0, 1, top, 1]], np.uint16)
    out = io.BytesIO()
    png.Writer(4, 1, greyscale=True, bitdepth=depth, transparent=1).write(out, values.tolist())
    picture = decode(out.getvalue())
    white = 65535 if depth == 16 else 255
    assert picture.pixels[0, :, 0].tolist() == (values[0].astype(int) * white // top).tolist()
    assert picture.alpha.tolist() == np.where(values == 1, 0, white).tolist()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_rgb_png_with_a_transparent_colour(dtype):
    samples = noise((5, 6, 3), dtype)
    key = tuple(samples[2, 3].tolist())
    near = samples[2, 3].copy()
    near[2] ^= 1
    samples[0, 0] = near  # differs in the lowest bit only
    picture = decode(png_by_pypng(samples, transparent=key))
    expected = np.full((5, 6), np.iinfo(dtype).max)
    expected[2, 3] = 0
    assert np.array_equal(picture.alpha, expected)
    assert np.array_equal(picture.pixels, samples)


def test_palette_with_and_without_transparency():
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    image.putpalette([255, 0, 0, 0, 255, 0, 10, 20, 30])
    plain = decode(saved(image, "PNG"))
    assert plain.pixels.tolist() == [[[255, 0, 0], [0, 255, 0], [10, 20, 30]]]
    assert plain.alpha is None
    shaded = decode(saved(image, "PNG", transparency=bytes([0, 128, 255])))
    assert shaded.alpha.tolist() == [[0, 128, 255]]
    assert shaded.pixels[0, 1].tolist() == [0, 255, 0]


def test_one_bit():
    bits = np.array([[True, False, True]])
    picture = decode(saved(Image.fromarray(bits), "PNG"))
    assert picture.pixels[0, :, 1].tolist() == [255, 0, 255]


@pytest.mark.parametrize("format", ["BMP", "GIF", "PNG", "TIFF", "WEBP"])
def test_lossless_formats_give_the_array_back(format):
    samples = noise((10, 12, 3))
    if format == "GIF":
        samples //= 128
        samples *= 255
    options = {"lossless": True} if format == "WEBP" else {}
    assert np.array_equal(decode(saved(Image.fromarray(samples), format, **options)).pixels, samples)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_equal_pillow(format):
    data = saved(Image.fromarray(ramp()), format, quality=95)
    assert np.array_equal(decode(data).pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


# --- upright --------------------------------------------------------------------------------------------------------

UPRIGHT = [[1, 2, 3], [4, 5, 6]]
STORED = {  # EXIF 2.32, tag 0x0112: where row 0 and column 0 of the stored picture lie
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_eight_orientations(orientation, format):
    grey = np.array(STORED[orientation], np.uint8) * 40
    options = {"lossless": True} if format == "WEBP" else {}
    data = saved(Image.fromarray(np.dstack([grey] * 3)), format, exif=exif(orientation), **options)
    assert (decode(data).pixels[..., 0] // 40).tolist() == UPRIGHT


@pytest.mark.parametrize("orientation", STORED)
def test_eight_orientations_of_a_jpeg(orientation):
    blocks = np.kron(np.array(STORED[orientation], np.uint8) * 40, np.ones((16, 16), np.uint8))
    data = saved(Image.fromarray(blocks), "JPEG", quality=95, exif=exif(orientation))
    assert (np.rint(decode(data).pixels[8::16, 8::16, 0] / 40)).tolist() == UPRIGHT


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("planes", [1, 2, 3])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_eight_orientations_of_a_16_bit_tiff(orientation, planes, compression):
    stored = np.dstack([np.array(STORED[orientation], np.uint16) * 1000 + 7] * planes)
    kind = {"photometric": "rgb"} if planes == 3 else {"photometric": "minisblack"}
    if planes == 2:
        kind["extrasamples"] = ["unassalpha"]
    tag = (274, 3, 1, orientation, False)
    data = tiff(stored.squeeze(), compression=compression, extratags=[tag], **kind)
    assert (decode(data).pixels[..., 0] // 1000).tolist() == UPRIGHT


@pytest.mark.parametrize("orientation", STORED)
def test_eight_orientations_of_a_16_bit_png(orientation):
    data = png_by_pypng(np.dstack([np.array(STORED[orientation], np.uint16) * 1000 + 7] * 3))
    block = exif(orientation).removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    assert (decode(data[:33] + chunk + data[33:]).pixels[..., 2] // 1000).tolist() == UPRIGHT


# --- colour ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_profile_is_kept(format):
    profile = profile_of("sRGB")
    assert decode(saved(Image.new("RGB", (8, 8)), format, icc_profile=profile)).profile == profile


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpg"])
@pytest.mark.parametrize("bits", [8, 16])
def test_profile_survives_the_way_through(format, bits):
    if bits == 16 and format in ("webp", "jpg"):
        pytest.skip("8-bit formats")
    profile = profile_of("sRGB")
    data = encode(noise((8, 8, 3)), None, format, bits, profile)
    assert decode(data).profile == profile


def test_cmyk_becomes_srgb_once_and_says_so():
    image = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    picture = decode(saved(image, "TIFF"))
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]
    assert len(picture.notes) == 1
    assert "CMYK" in picture.notes[0]
    assert "sRGB" in picture.notes[0]


def test_cmyk_jpeg_of_adobe_is_not_negative():
    picture = decode(saved(Image.new("CMYK", (16, 16), (0, 0, 0, 255)), "JPEG", quality=100))
    assert picture.pixels.max() <= 2


def test_lab_becomes_srgb():
    white_and_black = np.array([[[255, 0, 0], [0, 0, 0]]], np.uint8)  # a and b are signed: 0 is neutral
    picture = decode(tiff(white_and_black, photometric="cielab"))
    assert abs(picture.pixels.astype(int) - [[[255] * 3, [0] * 3]]).max() <= 2
    assert "LAB" in picture.notes[0]


def test_a_profile_that_does_not_fit_is_left_out_with_a_note():
    for wrong in (profile_of("LAB"), b"not a profile" * 20):
        picture = decode(saved(Image.new("RGB", (4, 4), (9, 8, 7)), "PNG", icc_profile=wrong))
        assert picture.profile is None
        assert "profile" in picture.notes[0]
        assert picture.pixels[0, 0].tolist() == [9, 8, 7]


def icc(kind, space, connection, tags):
    """A small valid ICC profile (ICC.1:2001-04 section 6): header, table of tags, their contents."""
    text = b"desc" + bytes(4) + struct.pack(">I", 2) + b"g\0" + bytes(78)
    white = b"XYZ \0\0\0\0" + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    tags = {b"desc": text, b"wtpt": white, **tags}
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s12x4s", offset + len(body), b"lcms", 0x02100000, kind, space, connection, b"acsp")
    header = header.ljust(68, b"\0") + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def grey_profile(gamma):
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return icc(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def cyan_only_profile():
    """CMYK in which only cyan is ink and makes black; the other three do nothing (lut8Type, Lab)."""
    straight = bytes(range(256))
    grid = b"".join(bytes([0 if corner & 8 else 255, 128, 128]) for corner in range(16))
    identity = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 16)
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + straight * 4 + grid + straight * 3
    return icc(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


@pytest.mark.parametrize("format", ["TIFF", "JPEG"])
def test_cmyk_is_converted_by_its_profile(format):
    for ink, value in ((255, 0), (0, 255)):
        image = Image.new("CMYK", (8, 8), (ink, 200, 100, 50))
        picture = decode(saved(image, format, icc_profile=cyan_only_profile()))
        assert abs(picture.pixels.astype(int) - value).max() <= 3
        assert picture.profile is None
        assert "by its colour profile" in picture.notes[0]


def test_a_grey_profile_is_converted_away():
    values = np.array([[0, 64, 128, 255]], np.uint8)
    picture = decode(saved(Image.fromarray(values), "PNG", icc_profile=grey_profile(1.0)))
    linear = values / 255
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert abs(picture.pixels[..., 1] - expected).max() <= 2
    assert picture.profile is None
    assert "sRGB" in picture.notes[0]


# --- limits, notes, names -------------------------------------------------------------------------------------------


def test_file_limit_is_checked_before_reading(tmp_path):
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # a hole; reading it would never end
    with pytest.raises(InputError, match=r"bytes.*expected"):
        decode(path)


def test_pixel_limit_can_be_raised():
    data = saved(Image.new("L", (100, 100)), "PNG")
    with pytest.raises(InputError, match=r"10000 pixels; at most 9999"):
        decode(data, Limits(pixels=9_999))
    assert decode(data, Limits(pixels=10_000)).pixels.shape == (100, 100, 3)


def test_content_decides_not_the_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(Image.new("RGB", (3, 2), (1, 2, 3)), "PNG"))
    assert decode(path).pixels.tolist() == decode(str(path)).pixels.tolist() == [[[1, 2, 3]] * 3] * 2


def test_first_frame_and_a_note():
    frames = [Image.new("P", (4, 4), colour) for colour in (1, 2)]
    for frame in frames:
        frame.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture = decode(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.pixels[0, 0].tolist() == [255, 0, 0]
    assert "first" in picture.notes[0]
    assert decode(saved(frames[0], "GIF")).notes == ()


# --- arrays and PIL images ------------------------------------------------------------------------------------------


def test_arrays_are_taken_as_they_are_and_copied():
    array = noise((5, 6, 4), np.uint16)
    picture = decode(array)
    assert np.array_equal(picture.pixels, array[..., :3])
    assert np.array_equal(picture.alpha, array[..., 3])
    kept = picture.pixels.copy()
    array[:] = 0
    assert np.array_equal(picture.pixels, kept)
    rgb = noise((5, 6, 3))
    picture = decode(rgb)
    rgb[:] = 0
    assert picture.pixels.any()


def test_float_arrays_are_scaled_by_65535():
    assert decode(np.full((2, 2, 3), 0.5, np.float32)).pixels[0, 0].tolist() == [32768] * 3
    with pytest.raises(InputError, match="from 0 to 255"):
        decode(np.array([[[0.0, 128.0, 255.0]]]))
    with pytest.raises(InputError, match="nan"):
        decode(np.full((2, 2, 3), np.nan))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((3, 4, 5), np.uint8),
        np.zeros((1, 3, 4, 4), np.uint8),
        np.zeros(3, np.uint8),
        np.zeros((0, 3, 3), np.uint8),
        np.zeros((2, 2, 3), np.int64),
        np.zeros((2, 2, 3), bool),
        np.zeros((2, 2, 3), complex),
    ],
)
def test_wrong_arrays_get_a_sentence(array):
    with pytest.raises(InputError, match=r"; .*expected.*; "):
        decode(array)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "La", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I;16", "F"]
)
def test_every_pil_mode_is_understood(mode):
    picture = decode(Image.new(mode, (3, 2)))
    assert picture.pixels.shape == (2, 3, 3)
    assert (picture.alpha is not None) == (mode in ("LA", "PA", "RGBA", "La", "RGBa"))


def test_pil_image_of_32_bit_integers_is_refused():
    with pytest.raises(InputError, match="white"):
        decode(Image.new("I", (2, 2)))


def test_pil_image_is_turned_upright():
    data = saved(Image.fromarray(np.array(STORED[6], np.uint8) * 40), "PNG", exif=exif(6))
    with Image.open(io.BytesIO(data)) as image:
        assert (decode(image).pixels[..., 0] // 40).tolist() == UPRIGHT
        assert (decode(image).pixels[..., 0] // 40).tolist() == UPRIGHT  # not turned twice, the caller's stays
        assert image.size == (2, 3)


@pytest.mark.parametrize("planes", [2, 3, 4])
def test_unread_16_bit_pil_image_is_refused_and_left_alone(planes):
    image = Image.open(io.BytesIO(png_by_pypng(noise((2, 2, planes), np.uint16))))
    tile = list(image.tile)
    with pytest.raises(InputError, match="pass the file's path"):
        decode(image)
    assert image.tile == tile


def test_something_else_is_refused():
    for source in (None, 7, ["a.png"], io.BytesIO(b"x")):
        with pytest.raises(InputError, match="expected"):
            decode(source)


# --- masks ----------------------------------------------------------------------------------------------------------


def test_masks():
    values = np.array([[0, 128, 255]], np.uint8)
    assert decode_mask(values).tolist() == values.tolist()
    assert decode_mask(values > 100).tolist() == [[0, 255, 255]]
    assert decode_mask(saved(Image.fromarray(values), "PNG")).tolist() == values.tolist()
    assert decode_mask(to_depth(values, 16)).tolist() == values.tolist()
    assert decode_mask(np.dstack([values] * 3)).tolist() == values.tolist()
    assert decode_mask(np.dstack([values] * 3 + [np.array([[255, 255, 0]], np.uint8)])).tolist() == [[0, 128, 0]]
    assert decode_mask(np.array([[[255, 0, 0]]], np.uint8)).tolist() == [[76]]
    assert decode_mask(np.array([[0.0, 0.5, 1.0]])).tolist() == [[0, 128, 255]]
    turned = saved(Image.fromarray(np.array(STORED[8], np.uint8) * 40), "PNG", exif=exif(8))
    assert (decode_mask(turned) // 40).tolist() == UPRIGHT


# --- out ------------------------------------------------------------------------------------------------------------


def test_depths():
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(to_depth(every, 8), np.rint(every / 257).astype(np.uint8))
    assert np.array_equal(to_depth(to_depth(every.astype(np.uint8), 16), 8), every.astype(np.uint8))
    assert to_depth(every, 16) is every


@pytest.mark.parametrize("format", ["png", "tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("with_alpha", [False, True])
def test_decode_of_encode_is_the_same(format, dtype, with_alpha):
    pixels = noise((700, 41, 3), dtype)
    alpha = np.maximum(noise((700, 41), dtype, 1), 1) if with_alpha else None
    picture = decode(encode(pixels, alpha, format))
    assert picture.pixels.dtype == dtype
    assert np.array_equal(picture.pixels, pixels)
    assert np.array_equal(picture.alpha, alpha) if with_alpha else picture.alpha is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("planes", [1, 2, 3, 4])
def test_tiff_in_another_reader(dtype, planes):
    samples = np.maximum(noise((3000, 701, planes), dtype), 1)
    colours = samples[..., 0] if planes < 3 else samples[..., :3]
    data = encode(colours, samples[..., -1] if planes in (2, 4) else None, "tiff", profile=b"profile")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages.first
        assert np.array_equal(page.asarray(), samples.squeeze())
        assert page.photometric == (2 if planes > 2 else 1)
        assert [int(kind) for kind in page.extrasamples] == ([2] if planes in (2, 4) else [])
        assert page.tags.valueof(34675) == b"profile"
        assert len(page.dataoffsets) > 1
    if planes != 2 and dtype == np.uint8:
        image = Image.open(io.BytesIO(data))
        assert np.array_equal(np.asarray(image), samples.squeeze())


def test_webp_keeps_alpha_exactly_and_colour_nearly():
    alpha = noise((48, 64))
    alpha[:, :32] = 255
    back = np.asarray(Image.open(io.BytesIO(encode(ramp(), alpha, "webp"))))
    assert np.array_equal(back[..., 3], alpha)
    assert abs(back[:, :32, :3].astype(int) - ramp()[:, :32]).mean() < 2


def test_bits():
    deep, flat = noise((4, 4, 3), np.uint16), noise((4, 4, 3))
    assert np.array_equal(decode(encode(flat, None, "png", bits=16)).pixels, flat.astype(np.uint16) * 257)
    assert np.array_equal(decode(encode(deep, None, "png", bits=8)).pixels, to_depth(deep, 8))
    assert decode(encode(deep, None, "webp")).pixels.dtype == np.uint8
    for format in ("webp", "jpg"):
        with pytest.raises(InputError, match="16 bits"):
            encode(deep, None, format, bits=16)


def test_what_a_format_cannot_hold_gets_a_sentence():
    pixels, alpha = noise((4, 4, 3)), noise((4, 4))
    wrong = [
        (pixels, alpha, "jpg", None),
        (pixels, alpha, "gif", None),
        (pixels, alpha, "png", 12),
        (pixels, alpha[:2], "png", None),
        (pixels, alpha.astype(np.uint16), "png", None),
        (pixels.astype(np.float32), None, "png", None),
        (noise((4, 4, 4)), None, "png", None),
        (noise((0, 4, 3)), None, "png", None),
        (noise((1, 16384, 3)), None, "webp", None),
    ]
    for case in wrong:
        with pytest.raises(InputError, match=r"; .*; |; jpg"):
            encode(*case)


def test_grey_out():
    grey = noise((5, 6))
    for format in FORMATS.values():
        assert decode(encode(grey, None, format)).pixels.shape == (5, 6, 3)


# --- files ----------------------------------------------------------------------------------------------------------


def names(folder):
    return sorted(os.listdir(folder))


def test_write_and_refuse_to_overwrite(tmp_path):
    path = tmp_path / "a.png"
    write(path, b"one")
    with pytest.raises(InputError, match="exists already"):
        write(path, b"two")
    assert path.read_bytes() == b"one"
    write(path, b"two", overwrite=True)
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["a.png"]


def test_a_file_that_appears_at_the_last_moment_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    monkeypatch.setattr(output.os.path, "lexists", lambda _: False)
    path.write_bytes(b"theirs")
    with pytest.raises(InputError, match="exists already"):
        write(path, b"ours")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a.png"]


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(output.os, "link", no_links)
    write(tmp_path / "a.png", b"one")
    assert (tmp_path / "a.png").read_bytes() == b"one"
    monkeypatch.setattr(output.os.path, "lexists", lambda _: False)
    with pytest.raises(InputError, match="exists already"):
        write(tmp_path / "a.png", b"two")
    assert (tmp_path / "a.png").read_bytes() == b"one"
    assert names(tmp_path) == ["a.png"]


@pytest.mark.parametrize(
    "code, words",
    [
        (errno.ENOSPC, "disk"),
        (errno.EACCES, "may not be written"),
        (errno.EROFS, "may not be written"),
        (errno.EIO, "cannot be written"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_failures_leave_nothing(tmp_path, monkeypatch, code, words, overwrite):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    for name in ("link", "replace"):
        monkeypatch.setattr(output.os, name, fail)
    with pytest.raises(InputError, match=words):
        write(tmp_path / "a.png", b"one", overwrite)
    assert names(tmp_path) == []


def test_places_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for path, words in [
        (tmp_path / "none" / "a.png", "does not exist"),
        (tmp_path / "file" / "a.png", "does not exist"),
        (tmp_path / ("n" * 300), "cannot be written"),
        (tmp_path / "zero\0byte", "cannot be written"),
    ]:
        with pytest.raises(InputError, match=words):
            write(path, b"x")
    with pytest.raises(InputError, match="folder"):
        write(tmp_path, b"x", overwrite=True)
    assert names(tmp_path) == ["file"]


def test_new_files_have_the_users_permissions(tmp_path):
    write(tmp_path / "a.png", b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b.png").stat().st_mode


# --- HEIC -----------------------------------------------------------------------------------------------------------


def test_heic_without_its_extra_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
    with pytest.raises(MissingExtra, match=r"mattelier\[heif\]"):
        decode(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(100))


def heic(name):
    return base64.b64decode(HEIC[name])


# 64 x 64, red = 4 x, green = 4 y, blue = 100, made once by pillow-heif (quality 30), as nothing here can encode HEIC
HEIC = {
    "8 bit": (
        "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJp"
        "bG9jAAAAAERAAAEAAQAAAAABZgABAAAAAAAAAEUAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAAB"
        "AAAAwmlwcnAAAACkaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEA"
        "AQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABA"
        "AAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAABNbWRhdAAAAEEoAa8ZgPeAQ/3rxK4uaaWJ7Og3CRrr0ZpE5ZLp"
        "AveQ4jq4Gwm6DJbi5ZNyZMToLcXveiqjFIgOPFpfWQQh1TUeaA=="
    ),
    "8 bit with alpha": (
        "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAjFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAADRp"
        "bG9jAAAAAERAAAIAAQAAAAACVQABAAAAAAAAAEUAAgAAAAACmgABAAAAAAAAACYAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAAAAABAABo"
        "dmMxAAAAABVpbmZlAgAAAAACAABodmMxAAAAAA5waXRtAAAAAAABAAABcGlwcnAAAAFLaXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA"
        "/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSSmubgIaDAgAAAMA"
        "yAAAAwAIQGIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABAAAAAEHBpeGkAAAAAAwgICAAAAHJodmNDAQQIAAAAn/gAAAAAHvAA"
        "/Pz4+AAADwNgAAEAF0ABDAH//wQIAAADAJ/4AAADAAAeugJAYQABACZCAQEECAAAAwCf+AAAAwAAHsCCBBZbqSSmubAgAAADAyAAAAMA"
        "IWIAAQAHRAHBcrAiQAAAAA5waXhpAAAAAAEIAAAAJ2F1eEMAAAAAdXJuOm1wZWc6aGV2YzoyMDE1OmF1eGlkOjEAAAAAHWlwbWEAAAAA"
        "AAAAAgABA4ECAwACBIQCBYYAAAAaaXJlZgAAAAAAAAAOYXV4bAACAAEAAQAAAHNtZGF0AAAAQSgBrxmA94BD/evEri5ppYns6DcJGuvR"
        "mkTlkukC95DiOrgbCboMluLlk3JkxOgtxe96KqMUiA48Wl9ZBCHVNR5oAAAAIigBrjN9DL1l//6OvCsuXcf9bVK/EoeJwbAuvGSJpf9J"
        "ZYA="
    ),
    "10 bit": (
        "AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAT9tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJp"
        "bG9jAAAAAERAAAEAAQAAAAABYwABAAAAAAAAAEYAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAAB"
        "AAAAv2lwcnAAAAChaXBjbwAAAHVodmNDAQQIAAAAnbgAAAAAHvAA/P36+gAADwNgAAEAF0ABDAH//wQIAAADAJ24AAADAAAeugJAYQAB"
        "AClCAQEECAAAAwCduAAAAwAAHqAggQTZbqSSmubgIaDAgAAADIAAAAMAhGIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAEAAAABAAAAA"
        "EHBpeGkAAAAAAwoKCgAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAABObWRhdAAAAEIoAa8ZgPeAQ/3rxK4uaaWJ7Og3CRrr0ZpE/bq9QcMM"
        "iJDq4GwgqPi6j0B6TYlYncyP+Lcg5dsSegcOqfr6ghB7jYA="
    ),
}


@pytest.mark.parametrize("kind", HEIC)
def test_heic(kind):
    pytest.importorskip("pi_heif")
    picture = decode(heic(kind))
    y, x = np.mgrid[0:64, 0:64]
    white = 65535 if kind == "10 bit" else 255
    assert picture.pixels.dtype == (np.uint16 if kind == "10 bit" else np.uint8)
    expected = np.dstack([x * 4, y * 4, np.full_like(x, 100)]) / 255
    assert abs(picture.pixels / white - expected)[:, :28].mean() < 0.02
    if kind == "10 bit":  # repeated below, so that white is 65535
        assert np.array_equal(picture.pixels & 63, picture.pixels >> 10)
    if kind == "8 bit with alpha":
        assert picture.alpha[:, :30].max() <= 2 and picture.alpha[:, 36:].min() >= 253  # lossy
    else:
        assert picture.alpha is None


@pytest.mark.parametrize("kind", HEIC)
def test_heic_is_limited_before_decoding(kind):
    pytest.importorskip("pi_heif")
    with pytest.raises(InputError, match="64 x 64 = 4096 pixels"):
        decode(heic(kind), Limits(pixels=4_095))
