"""Interpolation without antialiasing, as published test procedures have it: OpenCV's rules, written from its manual.

Pixel centres at one half, borders repeated. `geometry.resize` is what this package uses for itself: it averages when
shrinking.
"""

from typing import Literal

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array

How = Literal["bilinear", "lanczos4"]
_TAPS = {"bilinear": 2, "lanczos4": 8}


def interpolate(array: Array, hw: tuple[int, int], how: How = "bilinear") -> Array:
    """(H, W) or (H, W, C) float -> hw, the same dtype.  Lanczos overshoots: values may leave their range.

    Raises InputError for other dtypes and empty sizes.
    """
    if array.dtype not in (np.dtype(np.float32), np.dtype(np.float64)) or array.size == 0 or min(hw) < 1:
        raise InputError(
            f"array of shape {array.shape} and type {array.dtype} to {tuple(hw)}; expected float pixels and sides of "
            "at least 1 px; convert it, or check the size"
        )
    return _along(_along(array, hw[0], 0, how), hw[1], 1, how)


def _along(array: Array, length: int, axis: int, how: How) -> Array:
    """One axis resampled; the same length is left as it is."""
    old = array.shape[axis]
    if length == old:
        return array.copy()
    taps = _TAPS[how]
    centres = (np.arange(length) + 0.5) * (old / length) - 0.5
    first = np.floor(centres).astype(np.int64)
    weights = _weights(centres - first, how).astype(array.dtype)
    shape = [1] * array.ndim
    shape[axis] = length
    result: Array = np.zeros((*array.shape[:axis], length, *array.shape[axis + 1 :]), array.dtype)
    for tap in range(taps):
        source = np.clip(first + tap - (taps // 2 - 1), 0, old - 1)
        result += weights[:, tap].reshape(shape) * array.take(source, axis)
    return result


def _weights(fraction: Array, how: How) -> Array:
    """(n,) positions between two pixels -> (n, taps), each row with sum 1."""
    if how == "bilinear":
        return np.stack((1.0 - fraction, fraction), -1)
    distance = fraction[:, None] + 3.0 - np.arange(8.0)
    kernel = np.sinc(distance) * np.sinc(distance / 4.0)
    normalised: Array = kernel / kernel.sum(-1, keepdims=True)
    return normalised
