"""Trimaps: what is background, what is foreground, and where a matter has to look.

A trimap is (H, W) uint8 of BACKGROUND, UNKNOWN and FOREGROUND; a network's own encoding is made in runtime.prepare.
"""

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float

BACKGROUND = 0
UNKNOWN = 128
FOREGROUND = 255


def from_alpha(alpha: Float, low: float = 0.02, high: float = 0.98, radius_px: int = 0) -> Array:
    """Unknown where alpha lies between low and high or steps across them, grown by radius_px to all sides.

    alpha: (H, W) float in [0, 1]. The growth is square, so diagonals grow by 1.4 times radius_px.
    Raises InputError when the thresholds are not in order or the radius is negative.
    """
    _check_radius(radius_px)
    if not 0 <= low <= high <= 1:
        raise InputError(f"thresholds {low} and {high}: expected 0 <= low <= high <= 1; swap or correct them")
    return _with_band(alpha > low, alpha >= high, radius_px)


def from_mask(mask: Array, radius_px: int) -> Array:
    """A band of radius_px on both sides of a mask's outline is unknown.

    mask: (H, W) bool, or uint8 where 128 and above is inside. Raises InputError when the radius is negative.
    """
    _check_radius(radius_px)
    inside = mask if mask.dtype == bool else mask >= UNKNOWN
    return _with_band(inside, inside, radius_px)


def check(trimap: Array) -> None:
    """Raise InputError, saying what is missing, unless all three values occur in the trimap, and nothing else."""
    if trimap.ndim != 2 or trimap.dtype != np.uint8:
        raise InputError(
            f"trimap of shape {trimap.shape} and type {trimap.dtype}; expected (H, W) uint8; save it as grey"
        )
    counts = np.bincount(trimap.ravel(), minlength=256)
    others = trimap.size - int(counts[[BACKGROUND, UNKNOWN, FOREGROUND]].sum())
    if others:
        raise InputError(
            f"the trimap has {others} pixels that are not 0, 128 or 255; expected these three values; "
            "save it without smoothing, as PNG"
        )
    missing = {FOREGROUND: "known subject (255)", BACKGROUND: "known background (0)", UNKNOWN: "unknown part (128)"}
    for value, words in missing.items():
        if counts[value] == 0:
            raise InputError(f"the trimap has no {words}; expected some of 0, 128 and 255 each; paint it in")


def _check_radius(radius_px: int) -> None:
    if radius_px < 0:
        raise InputError(f"trimap radius {radius_px} px; expected 0 or more; pass a positive number")


def _with_band(possible: Array, certain: Array, radius_px: int) -> Array:
    """Unknown wherever a window of radius_px holds both a possible subject and an uncertain one."""
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * radius_px + 1
    grown, shrunk = maximum_filter(possible, size), minimum_filter(certain, size)
    return np.where(shrunk, FOREGROUND, np.where(grown, UNKNOWN, BACKGROUND)).astype(np.uint8)
