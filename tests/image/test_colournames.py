"""Colour names of colours that nobody disputes, and the doubt between neighbours."""

import numpy as np
import pytest

from mattelier.image.colournames import COLOURS, NEIGHBOURS, colour_shares, hsv, is_coloured, name_pixels

UNDISPUTED = {
    "black": (10, 10, 10),
    "white": (250, 250, 248),
    "grey": (128, 128, 128),
    "red": (220, 20, 30),
    "orange": (255, 140, 0),
    "yellow": (250, 230, 30),
    "green": (40, 150, 60),
    "blue": (30, 60, 200),
    "purple": (120, 30, 160),
    "pink": (255, 150, 190),
    "brown": (110, 65, 30),
    "beige": (235, 220, 180),
}


@pytest.mark.parametrize("name", COLOURS)
def test_undisputed_colours(name: str) -> None:
    assert COLOURS[int(name_pixels(np.array([UNDISPUTED[name]], np.uint8))[0])] == name


def test_hsv_equals_the_standard_library() -> None:
    import colorsys

    pixels = np.random.default_rng(0).integers(0, 256, (500, 3), dtype=np.uint8)
    pixels[:3] = ((0, 0, 0), (255, 255, 255), (7, 7, 7))
    expected = np.array([colorsys.rgb_to_hsv(*(row / 255.0)) for row in pixels])
    hue, saturation, value = hsv(pixels)
    np.testing.assert_allclose(hue / 360, expected[:, 0], atol=1e-5)
    np.testing.assert_allclose(np.stack((saturation, value), 1), expected[:, 1:], atol=1e-6)


def test_shares_count_the_subject_only() -> None:
    rgb = np.zeros((2, 4, 3), np.uint8)
    rgb[0], rgb[1, :2] = (220, 20, 30), (30, 60, 200)
    alpha = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], np.float32)
    shares = colour_shares(rgb, alpha)
    assert shares["red"] == 0.75 and shares["blue"] == 0.25 and sum(shares.values()) == 1.0
    assert sum(colour_shares(rgb, np.zeros((2, 4), np.float32)).values()) == 0.0


def test_neighbouring_colours_leave_doubt() -> None:
    shares = dict.fromkeys(COLOURS, 0.0)
    assert is_coloured(shares | {"brown": 0.5}, "brown") is True
    assert is_coloured(shares | {"brown": 0.9, "red": 0.1}, "red") is None
    assert is_coloured(shares | {"green": 0.9, "red": 0.1}, "red") is False
    assert all(other in COLOURS for others in NEIGHBOURS.values() for other in others) and set(NEIGHBOURS) == set(
        COLOURS
    )
