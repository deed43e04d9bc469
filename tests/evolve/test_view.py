"""Small copies, and the place where the edge is shown."""

import numpy as np
import pytest

from mattelier.evolve import view
from mattelier.evolve.view import Place, find_place


def test_a_small_copy_keeps_its_shape_and_a_smaller_photo_stays() -> None:
    assert view.small(np.zeros((3000, 1500, 3), np.uint8)).shape == (960, 480, 3)
    photo = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert np.array_equal(view.small(photo), photo)


def test_a_networks_plane_gets_the_photos_shape() -> None:
    assert view.shaped(np.zeros((96, 384), np.uint8), (500, 1800)).shape == (107, 384)
    same = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(view.shaped(same, (30, 40)), same)


def test_a_photo_for_the_eye_has_alpha_where_its_file_has() -> None:
    pixels, alpha = np.full((4, 6, 3), 65535, np.uint16), np.full((4, 6), 32896, np.uint16)
    assert view.shown(pixels, None, None).shape == (4, 6, 3)
    rgba = view.shown(pixels, alpha, None)
    assert rgba.dtype == np.uint8 and rgba[0, 0].tolist() == [255, 255, 255, 128]


@pytest.mark.parametrize(
    ("hw", "cell"), [((600, 600), (306, 306)), ((100, 4000), (150, 306)), ((4000, 100), (408, 306))]
)
def test_a_cell_follows_the_photo_within_reason(hw: tuple[int, int], cell: tuple[int, int]) -> None:
    assert view.cell_of(hw) == cell


def test_windows_are_summed() -> None:
    plane = np.arange(12, dtype=np.float32).reshape(3, 4)
    slow = [[plane[y : y + 2, x : x + 3].sum() for x in range(2)] for y in range(2)]
    assert view.window_sums(plane, (2, 3)).tolist() == slow
    assert view.window_sums(plane, (9, 9)).tolist() == [[66]]


def test_the_place_is_where_the_grey_is_and_one_for_one_in_a_large_photo() -> None:
    alpha = np.zeros((2000, 3000), np.uint8)
    alpha[:, 1500:] = 255  # a hard edge all the way down
    alpha[1400:1500, 2400:2600] = 128  # and a large soft part
    place = find_place(alpha)
    assert (place.zoom, place.height, place.width) == (1, 204, 306)
    assert place.top <= 1400 and place.top + place.height >= 1500
    assert place.left <= 2400 and place.left + place.width >= 2600


def test_a_hard_edge_is_found_too() -> None:
    alpha = np.zeros((1000, 1000), np.uint8)
    alpha[700:, :] = 255
    place = find_place(alpha)
    assert place.top < 700 < place.top + place.height


@pytest.mark.parametrize("hw", [(1, 1), (3, 500), (40, 30), (64, 64), (96, 4000), (700, 41)])
def test_every_photo_has_a_place_of_at_most_half_of_it(hw: tuple[int, int]) -> None:
    for fill in (0, 128, 255):
        place = find_place(np.full(hw, fill, np.uint8))
        assert place.fits(hw) and place.height >= 1 and place.width >= 1
        assert place.height <= max(1, hw[0] / 2) and place.width <= max(1, hw[1] / 2)
        assert np.zeros(hw)[place.area].shape == (place.height, place.width)


def test_an_edge_is_the_photos_own_pixels() -> None:
    rng = np.random.default_rng(0)
    pixels, alpha = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8), rng.integers(0, 256, (20, 30), dtype=np.uint8)
    place = Place(top=3, left=5, height=4, width=6, zoom=2)
    assert np.array_equal(view.edge(pixels, None, None, place), pixels[3:7, 5:11])
    assert np.array_equal(view.edge(pixels, alpha, None, place)[..., 3], alpha[3:7, 5:11])
    assert not place.fits((6, 30)) and place.fits((7, 11))
