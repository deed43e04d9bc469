"""FBA's trimap encoding against the released code's numbers, by brute force, and for trimaps that lack a class."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from mattelier.errors import InputError
from mattelier.image.trimap_encoding import REACH_PX, SIGMAS_PX, distance_maps, squared_distance, two_channels

PARITY = Path(__file__).parent.parent / "parity"
OPS, FIXTURE = np.load(PARITY / "fba_ops.npz"), np.load(PARITY / "fba.npz")


@pytest.mark.parametrize("case", ["full", "no_bg", "no_fg", "all_unknown"])
def test_encoding_equals_the_released_code(case: str) -> None:
    two_chan = two_channels(OPS[f"trimap_{case}"])
    np.testing.assert_array_equal(two_chan, OPS[f"two_chan_{case}"])
    np.testing.assert_allclose(distance_maps(two_chan), OPS[f"transform_{case}"], rtol=0, atol=1e-6)


def test_a_resized_trimap_wraps_around_as_the_released_code_does() -> None:
    scaled = FIXTURE["odd_scaled_trimap"]
    assert scaled.min() < -0.2 and scaled.max() > 1.2
    np.testing.assert_allclose(distance_maps(scaled), FIXTURE["odd_trimap_transformed"], rtol=0, atol=1e-6)


def test_only_pure_black_and_white_are_known() -> None:
    two_chan = two_channels(np.array([[0, 1, 128, 254, 255]], np.uint8))
    assert two_chan[0].tolist() == [[1, 0], [0, 0], [0, 0], [0, 0], [0, 1]]
    with pytest.raises(InputError, match="uint8"):
        two_channels(np.zeros((2, 2)))


def test_distances_by_brute_force() -> None:
    rng = np.random.default_rng(0)
    trimap = rng.choice(np.array([0, 128, 255], np.uint8), (9, 14), p=[0.05, 0.9, 0.05])
    y, x = np.mgrid[:9, :14]
    maps = distance_maps(two_channels(trimap))
    for k, value in enumerate((0, 255)):
        places = np.argwhere(trimap == value)
        squared = np.min([(y - row) ** 2 + (x - column) ** 2 for row, column in places], axis=0)
        for s, sigma in enumerate(SIGMAS_PX):
            np.testing.assert_allclose(maps[3 * k + s], np.exp(-squared / (2 * sigma**2)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("hw", [(1, 1), (1, 40), (60, 1), (37, 300), (300, 37), (259, 130)])
@pytest.mark.parametrize("share", [0.0005, 0.05, 0.9])
def test_distances_are_scipys(hw: tuple[int, int], share: float) -> None:
    rng = np.random.default_rng(hw[0])
    members = rng.random(hw) < share
    members[rng.integers(hw[0]), rng.integers(hw[1])] = True
    np.testing.assert_allclose(squared_distance(members), distance_transform_edt(~members) ** 2, rtol=1e-6, atol=1e-4)
    assert squared_distance(members).dtype == np.float32


def test_what_lies_beyond_the_reach_does_not_matter() -> None:
    trimap = np.full((2, 2 * REACH_PX), 128, np.uint8)
    trimap[:, 0] = 255
    maps = distance_maps(two_channels(trimap))
    assert maps[..., REACH_PX:].max() <= 1 / 255 < maps[..., REACH_PX - 2].max()
