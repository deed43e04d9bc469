"""What of a photo fits on a sheet: a small copy, and one place of its edge at the photo's own size."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, to_srgb
from mattelier.image.geometry import fit_size, resize

HW = tuple[int, int]
VIEW_PX = 960  # the longer side of a small copy
CELL_PX = 306  # the width of a picture on the sheet; its height follows the photo, within these
CELL_HEIGHTS = (150, 408)
_GRID_PX = 4  # a place is looked for at this step, in px of the sheet


def small(pixels: Array) -> Array:
    """(H, W) or (H, W, C), at most VIEW_PX on its longer side; dtype kept."""
    hw = (pixels.shape[0], pixels.shape[1])
    return pixels if max(hw) <= VIEW_PX else resize(pixels, fit_size(hw, VIEW_PX), "area")


def shown(pixels: Array, alpha: Array | None, profile: bytes | None) -> Array:
    """A small copy for the eye: (h, w, 3) uint8 sRGB, or (h, w, 4) with alpha."""
    return with_alpha(to_srgb(small(pixels), profile), None if alpha is None else small(alpha))


def shaped(pixels: Array, hw: HW) -> Array:
    """A network's plane in the photo's shape: it saw the photo with its sides rounded, each by itself."""
    own = (pixels.shape[0], pixels.shape[1])
    return resize(pixels, fit_size(hw, max(own)))


def with_alpha(rgb: Array, alpha: Array | None) -> Array:
    """(h, w, 3) uint8 and (h, w) of any depth -> (h, w, 4) uint8; without alpha the colours as they are."""
    return rgb if alpha is None else np.dstack((rgb, to_depth(alpha, np.uint8)))


def cell_of(hw: HW) -> HW:
    """Height and width of the frame that every picture of this photo gets on the sheet."""
    height = round(CELL_PX * hw[0] / hw[1])
    return min(max(height, CELL_HEIGHTS[0]), CELL_HEIGHTS[1]), CELL_PX


@dataclass(frozen=True)
class Place:
    """A part of a photo, in its own pixels, and how many times larger it is drawn."""

    top: int
    left: int
    height: int
    width: int
    zoom: int

    @property
    def area(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)

    def fits(self, hw: HW) -> bool:
        """Whether it lies inside a picture of that size."""
        return self.top + self.height <= hw[0] and self.left + self.width <= hw[1]


def find_place(grey: Array) -> Place:
    """Where the edge fills a cell most: of an alpha or a trimap, (H, W) uint8, in which grey is edge.

    The photo's own pixels are drawn as they are, one for one, unless the photo is so small that the place would be
    more than half of it; then larger.
    """
    hw = (grey.shape[0], grey.shape[1])
    cell = cell_of(hw)
    zoom = max(1, *(ceil(2 * side / whole) for side, whole in zip(cell, hw, strict=True)))
    height, width = (max(1, min(side // zoom, whole)) for side, whole in zip(cell, hw, strict=True))
    step = max(1, _GRID_PX * height // cell[0])
    coarse = resize(grey, (ceil(hw[0] / step), ceil(hw[1] / step)), "area").astype(np.float32) / np.float32(255)
    # neighbours are averaged: a hard edge between two steps of the grid is grey too
    wide = np.pad(coarse, (0, 1), "edge")
    mean = ((wide[1:, 1:] + wide[:-1, 1:] + wide[1:, :-1] + wide[:-1, :-1]) / 4).astype(np.float32)
    sums = window_sums(mean * (1 - mean), (max(1, height // step), max(1, width // step)))
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    return Place(min(int(row) * step, hw[0] - height), min(int(column) * step, hw[1] - width), height, width, zoom)


def marked(photo: Image.Image, hw: HW, place: Place | None) -> Image.Image:
    """A copy of a picture of a photo of size hw, the place framed: dark and light, so that it is seen on both."""
    picture = photo.copy()
    if place is None:
        return picture
    down, across, line = picture.height / hw[0], picture.width / hw[1], max(2, round(picture.width / 150))
    left, top = round(place.left * across), round(place.top * down)
    # no smaller than can be seen
    right, bottom = left + max(6, round(place.width * across)), top + max(6, round(place.height * down))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((left - line, top - line, right + line, bottom + line), outline=(17, 23, 22), width=line)
    pen.rectangle((left, top, right, bottom), outline=(255, 255, 255), width=line)
    return picture


def window_sums(plane: Float, window: HW) -> Float:
    """(h, w) -> (h - wh + 1, w - ww + 1), the sum of every window, named by its upper left corner."""
    height, width = (min(side, whole) for side, whole in zip(window, plane.shape, strict=True))
    total = np.zeros((plane.shape[0] + 1, plane.shape[1] + 1))
    total[1:, 1:] = plane.cumsum(0, dtype=np.float64).cumsum(1)
    sums = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return sums.astype(np.float32)


def edge(pixels: Array, alpha: Array | None, profile: bytes | None, place: Place) -> Array:
    """The place in the photo's own pixels: (h, w, 3) uint8 sRGB, or (h, w, 4) with alpha."""
    rgb = to_srgb(np.ascontiguousarray(pixels[place.area]), profile)
    return with_alpha(rgb, None if alpha is None else alpha[place.area])
