"""Flicker: mattes of a video made frame by frame, and MODNet's one-frame delay against it.

Ke et al., MODNet, AAAI 2022, "One-Frame Delay": a pixel that jumps in one frame and is back in the next did not move.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Float

THRESHOLD = 0.1  # of the paper, as far as known: its code was never released


def steadied(before: Float, now: Float, after: Float, threshold: float = THRESHOLD) -> Float:
    """The middle one of three consecutive mattes, its flickering pixels replaced by the mean of their neighbours.

    before, now, after: (H, W) float in [0, 1]. A pixel flickers when its neighbours in time differ by at most
    `threshold` and it differs from each by more. Returns (H, W), dtype of now.
    Raises InputError when the sizes differ or a matte is not of a float type (integers would wrap around).
    """
    _check(before, now, after)
    agree = np.abs(before - after) <= threshold
    apart = (np.abs(now - before) > threshold) & (np.abs(now - after) > threshold)
    return np.where(agree & apart, (before + after) / 2, now).astype(now.dtype, copy=False)


def steady(mattes: Iterable[Float], threshold: float = THRESHOLD) -> Iterator[Float]:
    """All mattes of a video in order, each given out as soon as the one after it is known.

    Neighbours are taken as they come in, not as they went out; the first and the last matte are given out unchanged.
    """
    before: Float | None = None
    now: Float | None = None
    for after in mattes:
        if now is not None:
            yield now if before is None else steadied(before, now, after, threshold)
        before, now = now, after
    if now is not None:
        yield now


def _check(*mattes: Float) -> None:
    shapes = [matte.shape for matte in mattes]
    if len(set(shapes)) > 1:
        raise InputError(f"consecutive mattes are {shapes}; expected frames of one size; resize them first")
    for matte in mattes:
        if not np.issubdtype(matte.dtype, np.floating):
            raise InputError(
                f"a matte is of type {matte.dtype}; expected float in [0, 1]; divide it by its largest value"
            )
