"""Trimaps: what is certainly background, certainly foreground, or unknown; the one place for thresholds."""

import numpy as np

from mattelier.image import Array

BACKGROUND, UNKNOWN, FOREGROUND = 0, 128, 255


def from_alpha(alpha: Array) -> Array:
    """(H, W) in [0, 1] -> (H, W) uint8: BACKGROUND where alpha is 0, FOREGROUND where it is 1, UNKNOWN between."""
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    trimap[alpha <= 0] = BACKGROUND
    trimap[alpha >= 1] = FOREGROUND
    return trimap
