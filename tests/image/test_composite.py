"""The laws of over, cover by hand, and a blur that does not smear the subject."""

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.colour import to_depth, white
from mattelier.image.composite import blur_background, cover, over

DTYPES = [np.uint8, np.uint16, np.float32]


def picture(seed: int, dtype, hw=(150, 170)):
    return to_depth(np.random.default_rng(seed).random((*hw, 3), np.float32), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_over_keeps_f_and_b_bit_for_bit(dtype):
    foreground, background = picture(1, dtype), picture(2, dtype)
    alpha = np.random.default_rng(3).choice(np.array([0, 0.25, 1], np.float32), (150, 170))
    alpha[:130, :130] = 1  # one tile is uniform, the others mixed
    result = over(foreground, background, alpha)
    assert result.dtype == dtype
    assert np.array_equal(result[alpha == 1], foreground[alpha == 1])
    assert np.array_equal(result[alpha == 0], background[alpha == 0])
    quarter = alpha == 0.25
    expected = 0.25 * foreground[quarter].astype(float) + 0.75 * background[quarter].astype(float)
    assert np.abs(result[quarter] - expected).max() <= (1e-6 if dtype == np.float32 else 0.51)


def test_over_by_hand_on_one_colour():
    foreground = np.full((1, 2, 3), 100, np.uint8)
    alpha = np.array([[0.5, 0]], np.float32)
    assert over(foreground, np.array([0, 200, 100], np.uint8), alpha).tolist() == [[[50, 150, 100], [0, 200, 100]]]


def test_over_leaves_its_arguments():
    foreground, background, alpha = picture(1, np.uint8), picture(2, np.uint8), np.full((150, 170), 0.5, np.float32)
    before = foreground.copy(), background.copy(), alpha.copy()
    over(foreground, background, alpha)
    assert all(np.array_equal(a, b) for a, b in zip(before, (foreground, background, alpha), strict=True))


def test_over_refuses_what_does_not_fit():
    alpha = np.zeros((4, 4), np.float32)
    with pytest.raises(InputError, match=r"composite\.cover"):
        over(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8), alpha)
    with pytest.raises(InputError, match=r"colour\.to_depth"):
        over(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint16), alpha)


@pytest.mark.parametrize("hw", [(30, 50), (50, 30), (7, 7), (400, 10)])
def test_cover_fills_and_keeps_the_middle(hw):
    background = np.zeros((60, 100, 3), np.uint8)
    background[25:35, 45:55] = 255
    result = cover(background, hw)
    assert result.shape == (*hw, 3)
    assert result[hw[0] // 2, hw[1] // 2].min() > 127
    assert result[0, 0].max() == 0


def test_cover_keeps_the_aspect():
    background = np.zeros((100, 200, 3), np.uint8)
    background[:, :100] = 255  # the left half stays the left half, cut to a square
    result = cover(background, (50, 50))
    assert result[:, :24].min() == 255
    assert result[:, 26:].max() == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("radius_px", [2, 20])
def test_blurred_background_has_none_of_the_subject(dtype, radius_px):
    alpha = np.zeros((120, 160), np.float32)
    alpha[40:80, 50:110] = 1
    pixels = np.where(alpha[..., None] == 1, [1, 0, 0], [0, 0.5, 0.25]).astype(np.float32)
    blurred = to_depth(blur_background(to_depth(pixels, dtype), alpha, radius_px), np.float32)
    outside = alpha == 0
    # A plain blur would leave red at the subject's edge; what is left is quantisation and the floor of the weight.
    assert np.abs(blurred[outside] - [0, 0.5, 0.25]).max() < 0.02


def test_blur_averages():
    pixels = picture(5, np.uint8, (200, 200))
    blurred = blur_background(pixels, np.zeros((200, 200), np.float32), 8)
    assert blurred.std() < 0.1 * pixels.std()
    assert blurred.mean() == pytest.approx(pixels.mean(), abs=white(np.uint8) * 0.01)
    assert np.array_equal(blur_background(pixels, np.zeros((200, 200), np.float32), 0), pixels)


@pytest.mark.parametrize("radius_px", [-1, float("nan"), float("inf")])
def test_blur_refuses_a_radius_that_is_none(radius_px):
    with pytest.raises(InputError, match="blur:20"):
        blur_background(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), radius_px)
