"""The three classes, by hand."""

import numpy as np

from mattelier.image.trimap import from_alpha


def test_only_a_whole_alpha_is_certain() -> None:
    alpha = np.array([[0.0, 1e-6, 0.5], [1 - 1e-6, 1.0, 0.0]], np.float32)
    trimap = from_alpha(alpha)
    assert trimap.dtype == np.uint8
    assert trimap.tolist() == [[0, 128, 128], [128, 255, 0]]
