"""Connected regions of masks."""

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float

FAINT, PRESENT = 0.05, 0.8


def connected(seeds: Array, mask: Array) -> Array:
    """The parts of mask that reach a seed through 8-neighbours: (H, W) bool.

    seeds, mask: (H, W) bool; a seed outside the mask reaches nothing. Raises InputError when their shapes differ.
    """
    if seeds.shape != mask.shape:
        raise InputError(f"seeds {seeds.shape} and mask {mask.shape} differ; expected one size")
    # Sweeps instead of labels: a handful of them fills ordinary shapes, and scipy's import costs more than all of them.
    reached = seeds & mask
    while True:
        grown = _sweep(_sweep(reached, mask), mask, backwards=True)
        if np.array_equal(grown, reached):
            return reached
        reached = grown


def _sweep(reached: Array, mask: Array, backwards: bool = False) -> Array:
    """Carry what is reached over all rows, then over all columns, in one direction."""
    for transposed in (False, True):
        rows = (reached.T if transposed else reached)[:: -1 if backwards else 1].copy()
        allowed = (mask.T if transposed else mask)[:: -1 if backwards else 1]
        for y in range(1, len(rows)):
            above = rows[y - 1]
            near = above.copy()
            near[1:] |= above[:-1]
            near[:-1] |= above[1:]
            rows[y] |= near & allowed[y]
        reached = rows[:: -1 if backwards else 1]
        reached = reached.T if transposed else reached
    return reached


def without_ghosts(alpha: Float, faint: float = FAINT, present: float = PRESENT) -> Float:
    """alpha (H, W) in [0, 1] with 0 wherever a region above `faint` nowhere exceeds `present`.

    A network's doubt about something in the background leaves a faint island; a strand, a shadow or a veil that hangs
    together with the subject is kept as it is.
    """
    visible = alpha > faint
    kept = connected(alpha > present, visible)
    return np.where(visible & ~kept, np.float32(0), alpha)
