"""Interpolation against the published resizing, by hand, and by laws."""

from pathlib import Path

import numpy as np
import pytest

from mattelier.errors import InputError
from mattelier.image.interpolate import interpolate
from mattelier.image.trimap_encoding import two_channels

FIXTURE = np.load(Path(__file__).parent.parent / "parity" / "fba.npz")


def test_lanczos_equals_the_released_procedure() -> None:
    image = interpolate(FIXTURE["odd_image_rgb"] / 255.0, (80, 104), "lanczos4")
    np.testing.assert_allclose(image, FIXTURE["odd_scaled_image"], rtol=0, atol=1e-5)
    trimap = interpolate(two_channels(FIXTURE["odd_trimap"]).astype(np.float64), (80, 104), "lanczos4")
    np.testing.assert_allclose(trimap, FIXTURE["odd_scaled_trimap"], rtol=0, atol=1e-5)


def test_bilinear_by_hand() -> None:
    row = np.array([[0.0, 4.0]])
    # centres of four pixels lie at -0.25, 0.25, 0.75, 1.25 of the two
    np.testing.assert_allclose(interpolate(row, (1, 4)), [[0, 1, 3, 4]])
    np.testing.assert_allclose(interpolate(np.array([[0.0, 4.0, 8.0, 2.0]]), (1, 2)), [[2, 5]])
    np.testing.assert_allclose(interpolate(row.T, (4, 1)).ravel(), [0, 1, 3, 4])


@pytest.mark.parametrize("how", ["bilinear", "lanczos4"])
def test_the_same_size_and_a_constant_stay(how) -> None:
    array = np.random.default_rng(0).random((5, 7, 2)).astype(np.float32)
    same = interpolate(array, (5, 7), how)
    assert np.array_equal(same, array) and same is not array and same.dtype == np.float32
    np.testing.assert_allclose(interpolate(np.full((5, 7), 0.3), (9, 4), how), 0.3)


def test_lanczos_overshoots_at_a_step() -> None:
    step = interpolate(np.repeat([0.0, 1.0], 8)[None], (1, 24), "lanczos4")
    assert step.min() < -0.02 and step.max() > 1.02


@pytest.mark.parametrize(("array", "hw"), [(np.zeros((2, 2), np.uint8), (4, 4)), (np.zeros((2, 2)), (0, 4))])
def test_bad_input_is_refused(array, hw) -> None:
    with pytest.raises(InputError, match="expected float pixels"):
        interpolate(array, hw)
