"""Does the old background's colour bleed? Two measures of a system's colours, where the subject's own are known.

A cut-out is used over something else, so it is laid over backgrounds that it never saw and compared with the true
composite there. Foreground colours come from the set, or are estimated with the true alpha (`reference`). A system
that answers with alpha alone keeps the photo's colours, as tools that use it do.

Colours are encoded (as in the file), straight, (H, W, 3) uint8 or uint16; alphas (H, W), uint8 or float32 [0, 1].
"""

from collections.abc import Iterator

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth
from mattelier.image.foreground import estimate

# Two greys and two saturated colours, opposite in every channel: whatever bleeds, differs from one of each pair.
NEW_BACKGROUNDS: Float = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 1]], np.float32)
_ROWS = 256  # computed at a time: a large photo's floats are never all there


def reference(photo: Array, target: Array) -> Float:
    """The subject's colours, (H, W, 3) float32 [0, 1], from the photo and its true alpha (image.foreground)."""
    return estimate(photo, to_depth(target, np.float32))


def composite_error(alpha: Array, colours: Array, target: Array, truth: Array, scored: Array | None = None) -> float:
    """Mean absolute difference of the composites over NEW_BACKGROUNDS, channels and scored pixels, 0 to 1.

    |(alpha F + (1 - alpha) B) - (alpha* F* + (1 - alpha*) B)|, F = colours and F* = truth; scored: (H, W) bool, None
    for the whole picture. Raises InputError when shapes differ or nothing is scored.
    """
    _check(alpha, colours, target, truth)
    total, count = 0.0, 0
    for rows in _strips(target.shape[0]):
        a, t = (to_depth(plane[rows], np.float32)[..., None] for plane in (alpha, target))
        kept = np.ones(a.shape[:2], bool) if scored is None else scored[rows]
        difference = a * to_depth(colours[rows], np.float32) - t * to_depth(truth[rows], np.float32)
        for background in NEW_BACKGROUNDS:
            total += float(np.abs(difference + (t - a) * background)[kept].sum(dtype=np.float64))
        count += int(kept.sum())
    if count == 0:
        raise InputError("no pixel is scored; expected some; leave the region out to score the whole picture")
    return total / (count * 3 * len(NEW_BACKGROUNDS))


def bleed(colours: Array, target: Array, truth: Array) -> float | None:
    """How far colours are from the subject's own in half-transparent pixels, 0 to 1; None without such pixels.

    The mean of |F - F*| over channels and pixels with 0 < alpha* < 1, weighted by alpha*: what a pixel would still show
    of the old background if alpha were right.
    """
    _check(target, colours, target, truth)
    total, weight = 0.0, 0.0
    for rows in _strips(target.shape[0]):
        t = to_depth(target[rows], np.float32)
        w = np.where((t > 0) & (t < 1), t, 0)
        off = np.abs(to_depth(colours[rows], np.float32) - to_depth(truth[rows], np.float32)).mean(-1)
        total += float((w * off).sum(dtype=np.float64))
        weight += float(w.sum(dtype=np.float64))
    return total / weight if weight else None


def _strips(height: int) -> Iterator[slice]:
    for top in range(0, height, _ROWS):
        yield slice(top, top + _ROWS)


def _check(alpha: Array, colours: Array, target: Array, truth: Array) -> None:
    shape = (*target.shape, 3)
    if alpha.shape != target.shape or colours.shape != shape or truth.shape != shape:
        raise InputError(
            f"alpha {alpha.shape} with colours {colours.shape} and true alpha {target.shape} with colours "
            f"{truth.shape} do not fit; expected one size; bring the answer to the photo's size"
        )
