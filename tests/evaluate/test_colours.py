"""Composite error and bleeding, by hand."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.evaluate.colours import NEW_BACKGROUNDS, bleed, composite_error, reference
from mattelier.image.foreground import decontaminate


def pixel(*values: float) -> np.ndarray:
    return np.float32([[values]])


def test_new_backgrounds_come_in_opposite_pairs() -> None:
    black, white, green, magenta = NEW_BACKGROUNDS
    assert (black + white).tolist() == (green + magenta).tolist() == [1, 1, 1]


def test_the_truth_has_no_error() -> None:
    alpha, colours = np.float32([[0.0, 0.3, 1.0]]), np.random.default_rng(0).random((1, 3, 3), np.float32)
    assert composite_error(alpha, colours, alpha, colours) == 0
    assert bleed(colours, alpha, colours) == 0


def test_a_wrong_colour_counts_by_its_alpha() -> None:
    alpha = np.float32([[0.5]])
    # F is 0.2 off in one of three channels: 0.5 * 0.2 / 3 over every background; the colour alone is 0.2 / 3 off
    wrong, true = pixel(0.2, 0, 0), pixel(0, 0, 0)
    assert composite_error(alpha, wrong, alpha, true) == pytest.approx(0.5 * 0.2 / 3)
    assert bleed(wrong, alpha, true) == pytest.approx(0.2 / 3)


def test_a_wrong_alpha_counts_by_the_distance_to_the_background() -> None:
    grey = pixel(0.25, 0.25, 0.25)
    # alpha 1 instead of 0.5 of F = 1/4: 0.5 * |1/4 - B| a channel; B is 0 in six of twelve channels and 1 in six
    error = composite_error(np.float32([[1.0]]), grey, np.float32([[0.5]]), grey)
    assert error == pytest.approx(0.5 * (0.25 + 0.75) / 2)


def test_only_the_region_is_scored() -> None:
    alpha, colours = np.float32([[1.0, 0.5]]), np.zeros((1, 2, 3), np.float32)
    target = np.float32([[1.0, 0.25]])
    whole = composite_error(alpha, colours, target, colours)
    right = composite_error(alpha, colours, target, colours, np.array([[False, True]]))
    assert right == pytest.approx(2 * whole) and whole > 0
    with pytest.raises(InputError, match="no pixel is scored"):
        composite_error(alpha, colours, target, colours, np.zeros((1, 2), bool))


def test_bleed_weighs_half_transparent_pixels_by_alpha() -> None:
    target = np.float32([[0.0, 0.25, 0.75, 1.0]])
    truth = np.zeros((1, 4, 3), np.float32)
    colours = np.float32([[[1] * 3, [0.4] * 3, [0.8] * 3, [1] * 3]])
    assert bleed(colours, target, truth) == pytest.approx(0.25 * 0.4 + 0.75 * 0.8)
    assert bleed(colours, np.float32([[0.0, 0.0, 1.0, 1.0]]), truth) is None


def test_strips_make_no_difference() -> None:
    rng = np.random.default_rng(1)
    alpha, target = rng.random((2, 600, 5), np.float32)
    colours, truth = rng.random((2, 600, 5, 3), np.float32)
    a, t = alpha[..., None], target[..., None]
    plain = [np.abs(a * colours + (1 - a) * b - t * truth - (1 - t) * b).mean() for b in NEW_BACKGROUNDS]
    assert composite_error(alpha, colours, target, truth) == pytest.approx(np.mean(plain), rel=1e-5)


def test_a_photo_bleeds_more_than_clean_colours() -> None:
    y, x = np.mgrid[:60, :60]
    alpha = np.clip((20 - np.hypot(y - 30, x - 30)) / 8 + 0.5, 0, 1).astype(np.float32)
    truth = np.full((60, 60, 3), (240, 200, 160), np.uint8)
    photo = np.rint(truth * alpha[..., None] + np.array([0, 0, 200]) * (1 - alpha[..., None])).astype(np.uint8)
    kept, cleaned = bleed(photo, alpha, truth), bleed(decontaminate(photo, alpha), alpha, truth)
    assert kept is not None and cleaned is not None and cleaned < kept / 4
    found = reference(photo, np.rint(alpha * 255).astype(np.uint8))
    rest = bleed(found, alpha, truth)
    assert rest is not None and rest < kept / 4


def test_sizes_must_fit() -> None:
    with pytest.raises(InputError, match="do not fit"):
        composite_error(np.zeros((2, 2)), np.zeros((2, 2, 3)), np.zeros((2, 3)), np.zeros((2, 3, 3)))
