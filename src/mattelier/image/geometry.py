"""Sizes and resampling. Every (height, width) pair is called hw; Pillow's (width, height) stays inside."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array

How = Literal["area", "bilinear"]
_FILTERS = {"area": Image.Resampling.BOX, "bilinear": Image.Resampling.BILINEAR}
_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


def fit_size(hw: tuple[int, int], longest_px: int, multiple_of: int = 1) -> tuple[int, int]:
    """Size with the longer side at longest_px and the aspect kept, each side at the nearest multiple.

    No side becomes smaller than one multiple. Raises InputError when a number is below one.
    """
    if min(*hw, longest_px, multiple_of) < 1:
        raise InputError(
            f"size {hw[0]}x{hw[1]}, longest side {longest_px} px, multiple of {multiple_of}: "
            "every number must be at least 1; pass positive sizes"
        )
    scale = longest_px / max(hw)
    height, width = (max(1, round(side * scale / multiple_of)) * multiple_of for side in hw)
    return height, width


def resize(array: Array, hw: tuple[int, int], how: How = "bilinear") -> Array:
    """Resample (H, W) or (H, W, C) to hw; uint8, uint16 or float32 in, the same out.

    "area" averages the exact source area of every pixel (for shrinking); "bilinear" interpolates,
    and widens its triangle when shrinking so that nothing aliases. Channels are treated alike:
    premultiply first if one of them is alpha. Raises InputError for other dtypes and empty arrays.
    """
    _check(array, hw)
    if array.shape[:2] == tuple(hw):
        return array.copy()
    if array.ndim == 2:
        return _resize_plane(array, hw, how)
    if array.dtype == np.uint8 and array.shape[2] == 3:
        return _pillow(array, hw, how)
    # Pillow knows no 16-bit or float colour, and would premultiply RGBA: plane by plane.
    result = np.empty((*hw, array.shape[2]), array.dtype)
    for channel in range(array.shape[2]):
        result[..., channel] = _resize_plane(array[..., channel], hw, how)
    return result


def tiles(hw: tuple[int, int], side_px: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of square tiles that cover hw once, row by row; the last ones may be smaller."""
    for top in range(0, hw[0], side_px):
        for left in range(0, hw[1], side_px):
            yield slice(top, min(top + side_px, hw[0])), slice(left, min(left + side_px, hw[1]))


def _check(array: Array, hw: tuple[int, int]) -> None:
    if array.dtype not in _DTYPES or array.ndim not in (2, 3):
        raise InputError(
            f"array of shape {array.shape} and type {array.dtype} cannot be resized; "
            "expected (H, W) or (H, W, C) of uint8, uint16 or float32; convert it first"
        )
    if array.size == 0 or min(hw) < 1:
        raise InputError(
            f"cannot resize {array.shape[:2]} to {tuple(hw)}: every side must be at least 1 px; check the picture"
        )


def _resize_plane(plane: Array, hw: tuple[int, int], how: How) -> Array:
    if plane.dtype != np.uint16:
        return _pillow(plane, hw, how)
    # float32 holds every 16-bit value exactly; neither filter has negative lobes, so no clipping.
    return np.rint(_pillow(plane.astype(np.float32), hw, how)).astype(np.uint16)


def _pillow(array: Array, hw: tuple[int, int], how: How) -> Array:
    image = Image.fromarray(np.ascontiguousarray(array))
    return np.array(image.resize((hw[1], hw[0]), _FILTERS[how]))
