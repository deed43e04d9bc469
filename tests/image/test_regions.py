"""Connected regions, against scipy's labels and by hand."""

import numpy as np
import pytest
from scipy.ndimage import label

from mattelier.errors import InputError
from mattelier.image.regions import connected, without_ghosts


@pytest.mark.parametrize("seed", range(12))
def test_equals_the_labels_that_hold_a_seed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.random((40, 55)) < rng.uniform(0.3, 0.6)
    seeds = rng.random((40, 55)) < 0.01
    labels, _ = label(mask, np.ones((3, 3)))
    expected = np.isin(labels, np.unique(labels[seeds & mask])) & mask
    np.testing.assert_array_equal(connected(seeds, mask), expected)


def test_a_spiral_is_followed_to_its_end() -> None:
    mask = np.zeros((31, 31), bool)
    y, x, dy, dx, length = 15, 15, 0, 1, 2
    while length < 28:
        for _ in range(length):
            mask[y, x] = True
            y, x = y + dy, x + dx
        dy, dx, length = dx, -dy, length + 1
    seeds = np.zeros_like(mask)
    seeds[15, 15] = True
    assert connected(seeds, mask).sum() == mask.sum()


def test_different_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="expected one size"):
        connected(np.zeros((2, 2), bool), np.zeros((2, 3), bool))


def test_faint_islands_go_and_faint_parts_of_the_subject_stay() -> None:
    alpha = np.zeros((1, 9), np.float32)
    alpha[0] = (0.3, 0.2, 0, 0.02, 0, 0.3, 0.9, 1, 0.1)
    expected = (0, 0, 0, 0.02, 0, 0.3, 0.9, 1, 0.1)
    np.testing.assert_array_equal(without_ghosts(alpha)[0], np.float32(expected))
