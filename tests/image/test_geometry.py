"""Sizes by hand, resampling against plain block means, and what is refused."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.geometry import fit_size, resize, tiles


@pytest.mark.parametrize(
    ("hw", "longest_px", "multiple_of", "expected"),
    [
        ((3000, 4000), 512, 32, (384, 512)),
        ((4000, 3000), 512, 1, (512, 384)),
        ((100, 100), 512, 32, (512, 512)),
        ((517, 1000), 512, 32, (256, 512)),  # 264.7 is nearer to 8 x 32 than to 9 x 32
        ((10, 4000), 512, 32, (32, 512)),  # never below one multiple
        ((1, 1), 1, 1, (1, 1)),
    ],
)
def test_fit_size(hw, longest_px, multiple_of, expected):
    assert fit_size(hw, longest_px, multiple_of) == expected


@pytest.mark.parametrize("arguments", [((0, 10), 512, 32), ((10, 10), 0, 32), ((10, 10), 512, 0)])
def test_fit_size_refuses_nothing_to_fit(arguments):
    with pytest.raises(InputError, match="at least 1"):
        fit_size(*arguments)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [None, 3, 4])
def test_area_is_the_block_mean(dtype, channels):
    rng = np.random.default_rng(1)
    shape = (12, 20) if channels is None else (12, 20, channels)
    array = rng.random(shape, np.float32) if dtype == np.float32 else rng.integers(0, 256, shape).astype(dtype)
    blocks = array.reshape(3, 4, 5, 4, *shape[2:]).astype(float).mean((1, 3))
    small = resize(array, (3, 5), "area")
    assert small.dtype == dtype
    # Pillow works along one axis after the other and rounds 8-bit values after each: two halves.
    tolerance = {np.uint8: 1.0, np.uint16: 0.51, np.float32: 1e-6}[dtype]
    assert np.abs(small - blocks).max() <= tolerance


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_bilinear_keeps_constants_and_ramps(dtype):
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1.0}[dtype]
    assert np.all(resize(np.full((7, 5, 3), full, dtype), (50, 33)) == full)
    ramp = np.arange(0, 160, 10).astype(dtype)[None].repeat(4, 0)
    wide = resize(ramp, (4, 32))
    # Pixel centres: output x lies at (x + 0.5) / 2 - 0.5 of the input.
    expected = np.clip((np.arange(32) + 0.5) / 2 - 0.5, 0, 15) * 10
    assert np.abs(wide[0] - expected).max() <= 0.51


def test_resize_returns_a_copy_and_takes_views():
    array = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    same = resize(array, (4, 5))
    same[:] = 0
    assert array.max() == 59
    assert np.array_equal(resize(array[::-1, ::-1], (2, 2)), resize(array[::-1, ::-1].copy(), (2, 2)))


@pytest.mark.parametrize(
    ("array", "hw"),
    [
        (np.zeros((4, 4), np.float64), (2, 2)),
        (np.zeros((4, 4), bool), (2, 2)),
        (np.zeros((4,), np.uint8), (2, 2)),
        (np.zeros((0, 4), np.uint8), (2, 2)),
        (np.zeros((4, 4), np.uint8), (0, 2)),
    ],
)
def test_resize_refuses(array, hw):
    with pytest.raises(InputError):
        resize(array, hw)


def test_tiles_cover_every_pixel_once():
    seen = np.zeros((50, 33), int)
    for tile in tiles((50, 33), 16):
        seen[tile] += 1
    assert np.all(seen == 1)
