"""Trimaps: what is background, what is foreground, and where a matter has to look.

A trimap is (H, W) uint8 of BACKGROUND, UNKNOWN and FOREGROUND; FBA's own encoding is image.trimap_encoding.
"""

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.geometry import resize

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
    inside = _inside(mask)
    return _with_band(inside, inside, radius_px)


def from_grey(grey: Array, slack: int = 0) -> Array:
    """A trimap from a grey picture: black is background, white is foreground, any other grey is unknown.

    grey: (H, W) uint8 or uint16, as a file holds it.  slack: steps of the type by which black and white may be off,
    as JPEG and paint programs leave them. Raises InputError for another shape or type.
    """
    if grey.ndim != 2 or grey.dtype not in (np.dtype(np.uint8), np.dtype(np.uint16)):
        raise InputError(
            f"trimap of shape {grey.shape} and type {grey.dtype}; expected (H, W) of 8 or 16 bits; save it as grey"
        )
    return _three(grey > slack, grey >= np.iinfo(grey.dtype).max - slack)


def from_scribbles(subject: Array, background: Array) -> Array:
    """Known where somebody has drawn, unknown everywhere else, and where both kinds of strokes cross.

    subject, background: (H, W) bool, or uint8 where 128 and above is drawn.
    Raises InputError when their sizes differ, and when strokes of one kind are missing.
    """
    if subject.shape != background.shape:
        raise InputError(f"strokes {subject.shape} and {background.shape}; expected one size; draw both on one picture")
    marked, struck = _inside(subject), _inside(background)
    for strokes, words in ((marked, "subject"), (struck, "background")):
        if not strokes.any():
            raise InputError(f"no stroke marks the {words}; expected one or more of each kind; draw one on the {words}")
    return np.where(marked == struck, UNKNOWN, np.where(marked, FOREGROUND, BACKGROUND)).astype(np.uint8)


def from_glance(scores: Float, hw: tuple[int, int], radius_px: int = 0) -> Array:
    """The unknown region that a network has learned to see, at the photo's size hw.

    scores: (3, h, w), of background, unknown and foreground at the network's size; the highest decides. The classes
    are drawn larger as greys and only pure black and white stay known, so one small pixel of doubt covers all that it
    could touch, and a border between the two known classes becomes unknown.  radius_px: a further margin at hw.
    Raises InputError for scores of another shape, or that are not finite.
    """
    _check_radius(radius_px)
    if scores.ndim != 3 or scores.shape[0] != 3 or not np.isfinite(scores).all():
        raise InputError(
            f"glance scores of shape {scores.shape}, or not all of them numbers; expected (3, h, w): background, "
            "unknown, foreground; check which network they are from"
        )
    classes = np.array((BACKGROUND, UNKNOWN, FOREGROUND), np.uint8)[scores.argmax(0)]
    large = resize(classes, hw)
    return _with_band(large > BACKGROUND, large == FOREGROUND, radius_px)


def check_size(trimap: Array, hw: tuple[int, int]) -> None:
    """Raise InputError, naming both sizes, unless the trimap is as large as its photo."""
    if trimap.shape != tuple(hw):
        height, width = trimap.shape[:2]
        raise InputError(
            f"the trimap is {width} x {height} px and the photo {hw[1]} x {hw[0]}; expected one size; "
            "export it at the photo's size, upright as the photo is shown"
        )


def check(trimap: Array) -> tuple[str, ...]:
    """Raise InputError unless the trimap has an unknown part and a known one, and no values but its three.

    Returns a sentence for the user where one of the two known sides is missing: a net or smoke may have no pixel that
    is surely subject, and networks take that; far more often it is a slip.
    """
    if trimap.ndim != 2 or trimap.dtype != np.uint8:
        raise InputError(
            f"trimap of shape {trimap.shape} and type {trimap.dtype}; expected (H, W) uint8; save it as grey"
        )
    counts = np.bincount(trimap.ravel(), minlength=256)
    background, unknown, foreground = (int(counts[value]) for value in (BACKGROUND, UNKNOWN, FOREGROUND))
    if others := trimap.size - background - unknown - foreground:
        raise InputError(
            f"the trimap has {others} pixels that are not 0, 128 or 255; expected these three values; "
            "save it without smoothing, as PNG"
        )
    if not unknown:
        raise InputError(
            "the trimap has no unknown part (128): there is nothing to find; expected grey where the subject's edge "
            "lies; paint it in"
        )
    if not background and not foreground:
        raise InputError(
            "the trimap knows nothing: all of it is unknown (128); expected black on the background and white on the "
            "subject; paint some in"
        )
    missing = {"subject (255)": foreground, "background (0)": background}
    return tuple(f"The trimap has no known {words}." for words, count in missing.items() if not count)


def _check_radius(radius_px: int) -> None:
    if radius_px < 0:
        raise InputError(f"trimap radius {radius_px} px; expected 0 or more; pass a positive number")


def _with_band(possible: Array, certain: Array, radius_px: int) -> Array:
    """Unknown wherever a window of radius_px holds both a possible subject and an uncertain one."""
    if radius_px == 0:
        return _three(possible, certain)
    from scipy.ndimage import maximum_filter, minimum_filter

    size = 2 * radius_px + 1
    return _three(maximum_filter(possible, size), minimum_filter(certain, size))


def _three(possible: Array, certain: Array) -> Array:
    return np.where(certain, FOREGROUND, np.where(possible, UNKNOWN, BACKGROUND)).astype(np.uint8)


def _inside(mask: Array) -> Array:
    inside: Array = mask if mask.dtype == bool else mask >= UNKNOWN
    return inside
