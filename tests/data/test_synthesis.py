"""Compositing for training: the equation, and what matching may and may not touch."""

import numpy as np
import pytest

from mattelier.data.synthesis import (
    blur_fusion,
    box,
    composite,
    composite_bytes,
    match_colour,
    match_sharpness,
    merge,
    place,
)
from mattelier.errors import InputError


def halves() -> np.ndarray:
    alpha = np.zeros((8, 8), np.float32)
    alpha[:, 4:] = 1.0
    alpha[:, 3] = 0.5
    return alpha


def test_composite_by_hand() -> None:
    red, blue = np.tile(np.float32([1, 0, 0]), (8, 8, 1)), np.tile(np.float32([0, 0, 1]), (8, 8, 1))
    result = composite(red, blue, halves())
    assert result[0, 0].tolist() == [0, 0, 1] and result[0, 7].tolist() == [1, 0, 0]
    assert result[0, 3].tolist() == [0.5, 0, 0.5]


def test_box_is_the_mean_of_the_window() -> None:
    array = np.random.default_rng(0).random((9, 7, 3)).astype(np.float32)
    padded = np.pad(array, ((2, 2), (2, 2), (0, 0)), mode="edge")
    expected = np.empty_like(array)
    for y in range(9):
        for x in range(7):
            expected[y, x] = padded[y : y + 5, x : x + 5].mean((0, 1))
    np.testing.assert_allclose(box(array, 2), expected, atol=1e-5)


def test_blur_fusion_takes_the_old_background_out() -> None:
    # a white subject before black: its half-transparent column looks grey, and is white
    alpha = halves()
    foreground = blur_fusion(np.repeat(alpha[..., None], 3, 2), alpha, 2)
    assert foreground[:, 3].min() > 0.85  # 0.5 in the picture; one pass of the method gives 0.9


@pytest.mark.parametrize("seed", range(12))
def test_matched_colours_move_towards_the_background_at_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    foreground = np.full((8, 8, 3), 0.8, np.float32) + rng.normal(0, 0.05, (8, 8, 3)).astype(np.float32)
    background = np.full((8, 8, 3), 0.2, np.float32)
    moved = match_colour(foreground, background, halves(), rng)
    assert 0.2 < moved.mean() <= foreground.mean() + 1e-3
    assert moved.dtype == np.float32 and moved.min() >= 0 and moved.max() <= 1


def test_every_way_of_matching_occurs() -> None:
    foreground, background = np.full((8, 8, 3), 0.8, np.float32), np.full((8, 8, 3), 0.2, np.float32)
    moved = [match_colour(foreground, background, halves(), np.random.default_rng(s)).mean() for s in range(20)]
    assert any(m == pytest.approx(0.8) for m in moved) and any(m < 0.75 for m in moved)
    stripes = np.tile(np.float32([[0], [1]]), (4, 8))[..., None].repeat(3, 2)
    spreads = [match_sharpness(stripes, np.random.default_rng(s)).std() for s in range(20)]
    assert any(s == pytest.approx(0.5) for s in spreads) and any(s < 0.4 for s in spreads)


@pytest.mark.parametrize("seed", range(20))
def test_a_placed_cut_out_keeps_its_colours_and_most_of_itself(seed: int) -> None:
    rgba = np.zeros((40, 30, 4), np.uint8)
    rgba[8:32, 6:24] = (250, 120, 10, 255)  # what is transparent is black, and must not darken the edge
    foreground, alpha = place(rgba, 64, np.random.default_rng(seed))
    assert foreground.shape == (64, 64, 3) and alpha.shape == (64, 64)
    assert alpha.max() == 1
    colours = foreground[alpha > 0.2]
    assert np.abs(colours - np.float32([250, 120, 10]) / 255).max() < 0.03


def test_whole_numbers_are_rounded_right_everywhere() -> None:
    a, f = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    for behind in (0, 1, 77, 254, 255):
        foreground, background = np.repeat(f[..., None], 3, 2), np.full((256, 256, 3), behind, np.uint8)
        exact = (a * 1.0 * f + (255.0 - a) * behind) / 255
        error = np.abs(composite_bytes(foreground, background, a)[..., 0] - exact)
        assert error.max() <= 0.5


def test_whole_numbers_only() -> None:
    with pytest.raises(InputError, match="expected uint8 each"):
        composite_bytes(np.zeros((1, 1, 3)), np.zeros((1, 1, 3)), np.zeros((1, 1)))


def test_linear_light_by_hand() -> None:
    white, black = np.ones((1, 1, 3), np.float32), np.zeros((1, 1, 3), np.float32)
    mixed = composite(white, black, np.float32([[0.5]]), is_linear=True)
    assert mixed[0, 0, 0] == pytest.approx(0.7354, abs=1e-4)  # half the light, encoded


def test_merging_is_laying_over_twice() -> None:
    rng = np.random.default_rng(0)
    (f1, f2, b), (a1, a2) = rng.random((3, 5, 6, 3), np.float32), rng.random((2, 5, 6), np.float32)
    a1[0], a2[0] = 0, 0
    a1[1], a2[2] = 1, 0
    colour, alpha = merge((f1, a1), (f2, a2))
    np.testing.assert_allclose(alpha, 1 - (1 - a1) * (1 - a2), atol=1e-6)
    np.testing.assert_allclose(composite(colour, b, alpha), composite(f1, composite(f2, b, a2), a1), atol=1e-5)
    np.testing.assert_array_equal(colour[0], f1[0])
