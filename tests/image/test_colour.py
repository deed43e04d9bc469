"""Depths tried exhaustively, sRGB by its published anchor values, profiles through LittleCMS."""

import struct

import numpy as np
import pytest
from PIL import ImageCms

from mattelier.errors import InputError
from mattelier.image.colour import is_rgb_profile, linear_to_srgb, luminance, srgb_to_linear, to_depth, to_srgb, white


def display_p3() -> bytes:
    """A matrix profile with Display P3 primaries and a gamma of 2.2, written tag by tag (ICC.1:2010)."""

    def s15(*values: float) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(v * 65536) for v in values))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + s15(*values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 4) + b"sRGB" + b"\0" * 83  # a name that lies
    text += b"\0" * (-len(text) % 4)
    tags = [
        (b"desc", text),
        (b"wtpt", xyz(0.9642, 1.0, 0.8249)),
        (b"rXYZ", xyz(0.5151, 0.2412, -0.0011)),
        (b"gXYZ", xyz(0.2920, 0.6922, 0.0419)),
        (b"bXYZ", xyz(0.1571, 0.0666, 0.7841)),
        (b"rTRC", curve),
        (b"gTRC", curve),
        (b"bTRC", curve),
    ]
    offset, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags:
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data
    head = struct.pack(
        ">I4sI4s4s4s12s4s", offset + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp"
    )
    head = (head + b"\0" * 28 + s15(0.9642, 1.0, 0.8249)).ljust(128, b"\0")
    return head + struct.pack(">I", len(tags)) + table + body


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def grey_or_lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def test_to_depth_rounds_every_16_bit_value():
    x = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(to_depth(x, np.uint8), np.rint(x / 257).astype(np.uint8))


def test_to_depth_round_trips():
    eight = np.arange(256, dtype=np.uint8)
    sixteen = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(to_depth(to_depth(eight, np.uint16), np.uint8), eight)
    assert np.array_equal(to_depth(to_depth(eight, np.float32), np.uint8), eight)
    assert np.array_equal(to_depth(to_depth(sixteen, np.float32), np.uint16), sixteen)
    assert to_depth(np.array([-0.5, 1.5], np.float32), np.uint8).tolist() == [0, 255]
    assert to_depth(eight, np.uint8) is eight


def test_to_depth_refuses_other_types():
    with pytest.raises(InputError, match="int64"):
        to_depth(np.arange(3), np.uint8)
    with pytest.raises(InputError, match="float16"):
        white(np.float16)


def test_srgb_curve():
    # IEC 61966-2-1: mid grey 0.5 is 0.21404 of full light; the straight piece ends at 0.04045.
    assert srgb_to_linear(np.array([0, 0.5, 1.0, 0.04045])) == pytest.approx([0, 0.21404114, 1, 0.0031308], abs=1e-6)
    values = np.linspace(0, 1, 1001, dtype=np.float32)
    assert np.abs(linear_to_srgb(srgb_to_linear(values)) - values).max() < 1e-6


def test_luminance_by_hand():
    assert luminance(np.array([[[1, 1, 1], [1, 0, 0]]])) == pytest.approx(np.array([[1, 0.2126]]))


def test_to_srgb_leaves_srgb_alone():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(to_srgb(pixels, None), pixels)
    assert np.array_equal(to_srgb(pixels, srgb_profile()), pixels)
    assert np.array_equal(to_srgb(to_depth(pixels, np.uint16), None), pixels)


def test_to_srgb_converts_a_wide_space_whatever_its_name():
    # P3 (200, 100, 100): linear light, P3 -> sRGB matrix, sRGB curve, worked out in float.
    to_xyz = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
    from_srgb = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    colour = np.array([200, 100, 100])
    linear = np.linalg.inv(from_srgb) @ to_xyz @ (colour / 255) ** 2.2
    expected = linear_to_srgb(np.clip(linear, 0, 1)) * 255
    converted = to_srgb(np.full((2, 2, 3), colour, np.uint8), display_p3())
    assert np.abs(converted - expected).max() <= 1.5  # LittleCMS works in 8-bit tables here
    assert converted[0, 0, 0] > 205


@pytest.mark.parametrize("profile", [b"", b"not a profile", srgb_profile()[:200], grey_or_lab_profile()])
def test_a_bad_profile_is_refused_with_what_to_do(profile):
    assert not is_rgb_profile(profile)
    with pytest.raises(InputError, match="save the picture again"):
        to_srgb(np.zeros((2, 2, 3), np.uint8), profile)


def test_is_rgb_profile():
    assert is_rgb_profile(srgb_profile())
    assert is_rgb_profile(display_p3())
