"""Tiles over the unknown region: where a network looks at a photo's own size.

    ┌ shown ──────────────────┐    shown      what the network is given: `reach_px` more than it answers for
    │   ┌ answered ───────┐   │    answered   its part of the grid, cut down to where unknown pixels lie
    │   │         :       │   │    :          the seam: SEAM_PX wide, both neighbours answer for it, one fading out
    │   └─────────────────┘   │
    └─────────────────────────┘

Parts of the grid without an unknown pixel have no tile.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array

SEAM_PX = 16  # DESIGN.md §8 allows a seam this wide
Span = tuple[int, int]  # from, to (exclusive), in pixels of the photo
Area = tuple[slice, slice]  # rows, columns


@dataclass(frozen=True)
class Tile:
    """answered, shown: parts of the photo, the first inside the second.  weights: (h, w) uint8 of answered, 1..16."""

    answered: Area
    shown: Area
    weights: Array

    @property
    def inner(self) -> Area:
        """`answered` as a part of `shown`."""
        rows, columns = (
            slice(one.start - all_.start, one.stop - all_.start)
            for one, all_ in zip(self.answered, self.shown, strict=True)
        )
        return rows, columns


def whole(hw: tuple[int, int]) -> Tile:
    """One tile for a photo that is small enough."""
    area = (slice(0, hw[0]), slice(0, hw[1]))
    return Tile(area, area, np.ones(hw, np.uint8))


def plan(unknown: Array, side_px: int, reach_px: int, multiple_of: int) -> Iterator[Tile]:
    """The tiles that cover every unknown pixel, row by row; at most side_px long, sides multiples where that fits.

    unknown: (H, W) bool.  A side of the photo itself that is no multiple, and shorter than a tile wants to be, is shown
    whole.  Raises InputError when a tile of side_px has no room for its margins.
    """
    step_px = (side_px - 2 * reach_px - SEAM_PX) // multiple_of * multiple_of
    if step_px < 2 * SEAM_PX:  # a seam joins two tiles, four at a corner, never more
        raise InputError(
            f"tiles of {side_px} px with {reach_px} px of margin have no room for seams of {SEAM_PX} px; expected at "
            f"least {2 * reach_px + 3 * SEAM_PX} px; correct the card's contract"
        )
    region = bounds(unknown)
    if region is None:
        return
    for cell in product(*(list(_cells(span, step_px)) for span in region)):
        if not unknown[_area(cell)].any():
            continue
        wide = tuple(_grown(span, SEAM_PX // 2, limits) for span, limits in zip(cell, region, strict=True))
        found = bounds(unknown[_area(wide)])
        assert found is not None  # wide holds the cell, and that an unknown pixel
        answered = tuple((edge[0] + part[0], edge[0] + part[1]) for edge, part in zip(wide, found, strict=True))
        shown = (
            _rounded(_grown(span, reach_px, (0, side)), side, multiple_of)
            for span, side in zip(answered, unknown.shape, strict=True)
        )
        yield Tile(_area(answered), _area(tuple(shown)), _weights(answered, wide))


def around(area: Area, margin_px: int, hw: tuple[int, int]) -> tuple[Area, Area]:
    """An area with a margin, as far as the photo goes; and where in it the area lies."""
    wide = tuple(_grown((part.start, part.stop), margin_px, (0, side)) for part, side in zip(area, hw, strict=True))
    rows, columns = (slice(part.start - edge[0], part.stop - edge[0]) for part, edge in zip(area, wide, strict=True))
    return _area(wide), (rows, columns)


def bounds(mask: Array) -> tuple[Span, Span] | None:
    """The rows and columns that hold all of a mask (H, W) bool; None when it is empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def _cells(span: Span, step_px: int) -> Iterator[Span]:
    """A span in parts of about one length, none above step_px."""
    start, length = span[0], span[1] - span[0]
    count = -(-length // step_px)
    for i in range(count):
        yield start + i * length // count, start + (i + 1) * length // count


def _grown(span: Span, margin_px: int, limits: Span) -> Span:
    return max(limits[0], span[0] - margin_px), min(limits[1], span[1] + margin_px)


def _rounded(span: Span, side: int, multiple_of: int) -> Span:
    """The span made a multiple long, to the right, then to the left; the whole side where it has no such length."""
    length = -(-(span[1] - span[0]) // multiple_of) * multiple_of
    if length > side:
        return 0, side
    stop = min(side, span[0] + length)
    return stop - length, stop


def _weights(answered: tuple[Span, ...], wide: tuple[Span, ...]) -> Array:
    """How much a tile counts: 16 inside, down to 1 at the edges of its part of the grid."""
    ramps = []
    for (start, stop), (first, end) in zip(answered, wide, strict=True):
        at = np.arange(start, stop)
        ramps.append(np.minimum(np.minimum(at - first + 1, end - at), SEAM_PX))
    return np.minimum.outer(*ramps).astype(np.uint8)


def _area(spans: tuple[Span, ...]) -> Area:
    rows, columns = (slice(*span) for span in spans)
    return rows, columns
