"""DIM's input and its way back, without its network."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.interpolate import interpolate
from mattelier.runtime.prepare_dim import (
    published_alpha,
    published_input,
    published_size,
    published_tiles,
    put_back,
    resize_8bit,
)

PARITY = Path(__file__).parent.parent / "parity"


@pytest.mark.parametrize("name", ["stage1", "foamliu"])
def test_input_equals_the_published_codes_to_the_bit(name: str) -> None:
    fixture = np.load(PARITY / f"dim_{name}.npz")
    x = published_input(fixture["image_rgb"], fixture["trimap"])["x"]
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, fixture["net_input"])


@pytest.mark.parametrize(
    ("hw", "expected"),
    [((75, 101), (64, 96)), ((64, 96), (64, 96)), ((3000, 1000), (1600, 992)), ((20, 1601), (32, 1600))],
)
def test_size_rule(hw: tuple[int, int], expected: tuple[int, int]) -> None:
    assert published_size(hw) == expected


def test_known_pixels_are_put_back() -> None:
    trimap = np.array([[0, 128, 255, 64]], np.uint8)
    alpha = np.full((1, 4), 0.5, np.float32)
    np.testing.assert_array_equal(put_back(alpha, trimap), np.array([[0, 0.5, 1, 0.5]], np.float32))
    restored = published_alpha(np.full((1, 1, 32, 32), 0.25, np.float32), trimap)
    assert restored.dtype == np.float32
    np.testing.assert_allclose(restored, [[0, 0.25, 1, 0.25]], rtol=0, atol=1e-7)


def test_tiles_lie_side_by_side_and_the_known_ones_are_left_out() -> None:
    trimap = np.zeros((5, 7), np.uint8)
    trimap[4, 6] = trimap[0, 0] = 128
    tiles = [
        (rows.start, columns.start, trimap[rows, columns].shape) for rows, columns in published_tiles(trimap, (4, 4))
    ]
    assert tiles == [(0, 0, (4, 4)), (4, 4, (1, 3))]


@pytest.mark.parametrize("hw", [(6, 4), (17, 23), (40, 70)])
def test_eight_bit_resizing_is_bilinear_and_rounded(hw: tuple[int, int]) -> None:
    array = np.random.default_rng(0).integers(0, 256, (21, 13, 3), dtype=np.uint8)
    small = resize_8bit(array, hw)
    assert small.shape == (*hw, 3) and small.dtype == np.uint8
    exact = interpolate(array.astype(np.float64), hw)
    assert np.abs(small - exact).max() < 0.5 + 0.3  # weights of eleven bits, four bits cut off
    np.testing.assert_array_equal(small[..., 1], resize_8bit(array[..., 1], hw))
    flat = resize_8bit(np.full((21, 13), 255, np.uint8), hw)
    np.testing.assert_array_equal(flat, 255)


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(InputError, match=r"trimap is 5 x 4 px and the picture 4 x 4"):
        published_input(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match=r"expected \(H, W, 3\) uint8"):
        published_input(np.zeros((4, 4, 3)), np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match=r"trimap of shape .* expected \(H, W\) uint8"):
        published_input(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 1), np.uint8))
