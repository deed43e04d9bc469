"""A picture in bands of rows, as the PNG and TIFF writers take it: no second whole picture in memory."""

from collections.abc import Iterator

import numpy as np

from mattelier.image import Array

_BAND_BYTES = 1 << 18  # fits a second-level cache with all that the PNG filter needs beside it


def rows_per_band(width: int, channels: int, itemsize: int) -> int:
    return max(1, _BAND_BYTES // (width * channels * itemsize))


def bands(pixels: Array, alpha: Array | None, channels: int) -> Iterator[Array]:
    """The samples interleaved, (rows, W, channels), a quarter of a megabyte at a time; colour 0 where alpha is 0."""
    height, width = pixels.shape[:2]
    colours = pixels.reshape(height, width, -1)
    rows = rows_per_band(width, channels, pixels.dtype.itemsize)
    for top in range(0, height, rows):
        colour = colours[top : top + rows]
        if alpha is None:
            yield colour
            continue
        cover = alpha[top : top + rows]
        seen = cover != 0
        band = np.empty((*cover.shape, channels), pixels.dtype)
        for c in range(channels - 1):  # channel by channel: four times faster than by the short last axis
            np.multiply(colour[..., c], seen, out=band[..., c])
        band[..., -1] = cover
        yield band
