"""Where the subject stands on its canvas: size in megapixels, crop with margins, scale, position.

Pure functions on 8-bit samples. A canvas is only ever copied, cut or padded; resampling is Pillow's, with the colours
weighted by alpha, so that what is transparent lends its colour to nothing.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mattelier.errors import NoSubject
from mattelier.image import Array

FAINT = 0.02  # alpha up to this is empty: nobody sees it, and a crop should not be wide for its sake  # ours
HW = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels; it may reach beyond a picture, as a crop with a margin does."""

    top: int
    left: int
    height: int
    width: int

    @property
    def hw(self) -> HW:
        """Its size."""
        return self.height, self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, for a box that lies inside a picture."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Margins:
    """Pixels added on each side."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def at_least(self, other: "Margins") -> "Margins":
        """The wider of two on every side."""
        return Margins(
            max(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
            max(self.left, other.left),
        )


@dataclass(frozen=True, eq=False)
class Sheet:
    """A subject on its canvas.

    colours: (H, W, 3) uint8, straight.  alpha: (H, W) uint8.  subject: where alpha is not empty, inside the canvas.
    """

    colours: Array
    alpha: Array
    subject: Box

    @property
    def hw(self) -> HW:
        """The canvas's size."""
        return self.alpha.shape[0], self.alpha.shape[1]


def within(hw: HW, most_px: int) -> HW:
    """The size scaled down to at most `most_px` pixels in all, aspect kept; never scaled up, no side under 1."""
    height, width = hw
    if height * width <= most_px:
        return hw
    scale = math.sqrt(most_px / (height * width))
    small = max(1, math.floor(height * scale)), max(1, math.floor(width * scale))
    # beside a side of 1 px the other one has the whole budget
    return min(small[0], max(1, most_px // small[1])), min(small[1], max(1, most_px // small[0]))


def subject_box(alpha: Array, faint: float = FAINT) -> Box | None:
    """The smallest box that holds all of alpha that is not empty; None when all of it is.

    alpha: (H, W), float in [0, 1], uint8 or uint16.  faint: alpha up to this share of white counts as empty.
    """
    white = 1.0 if alpha.dtype.kind == "f" else np.iinfo(alpha.dtype).max
    seen = alpha > faint * white
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(top, left, int(rows[-1]) + 1 - top, int(columns[-1]) + 1 - left)


def require_subject(alpha: Array, faint: float = FAINT) -> Box:
    """The same box.  Raises NoSubject when there is none."""
    box = subject_box(alpha, faint)
    if box is None:
        raise NoSubject("no subject found: all of the picture looks like background; crop closer to what to keep")
    return box


def take(plane: Array, box: Box) -> Array:
    """What of (H, W) or (H, W, C) lies in a box; 0 where the box reaches beyond."""
    height, width = plane.shape[:2]
    top, bottom = max(box.top, 0), min(box.top + box.height, height)
    left, right = max(box.left, 0), min(box.left + box.width, width)
    out: Array = np.zeros((*box.hw, *plane.shape[2:]), plane.dtype)
    if top < bottom and left < right:
        out[top - box.top : bottom - box.top, left - box.left : right - box.left] = plane[top:bottom, left:right]
    return out


def cropped(sheet: Sheet, margins: Margins) -> Sheet:
    """The subject with margins around it; a margin wider than the canvas is padded with transparency."""
    subject = sheet.subject
    box = Box(
        subject.top - margins.top,
        subject.left - margins.left,
        subject.height + margins.top + margins.bottom,
        subject.width + margins.left + margins.right,
    )
    placed = Box(margins.top, margins.left, *subject.hw)
    return Sheet(take(sheet.colours, box), take(sheet.alpha, box), placed)


def arranged(sheet: Sheet, scale: float | None, position: tuple[float, float] | None) -> Sheet:
    """The subject at another size or place on the same canvas; its surroundings become transparent.

    scale: the share of the canvas that it fills along the side where it is larger, (0, 1]; None: its own size.
    position: horizontal and vertical, 0 at the left or top edge, 1 at the right or bottom, 0.5 in the middle;
    None: its own, as far as it still fits.
    """
    if scale is None and position is None:
        return sheet
    subject, canvas = sheet.subject, sheet.hw
    hw = subject.hw if scale is None else _scaled(subject.hw, canvas, scale)
    box = _own_place(subject, hw, canvas) if position is None else _place(hw, canvas, position)
    patch = resampled(sheet.colours[subject.slices], sheet.alpha[subject.slices], hw)
    colours, alpha = np.zeros_like(sheet.colours), np.zeros_like(sheet.alpha)
    colours[box.slices], alpha[box.slices] = patch
    return Sheet(colours, alpha, box)


def shrunk(sheet: Sheet, most_px: int) -> Sheet:
    """The sheet scaled down to at most `most_px` pixels; the same one when it is that small."""
    hw = within(sheet.hw, most_px)
    if hw == sheet.hw:
        return sheet
    colours, alpha = resampled(sheet.colours, sheet.alpha, hw)
    down, across = hw[0] / sheet.hw[0], hw[1] / sheet.hw[1]
    box = sheet.subject
    top, left = round(box.top * down), round(box.left * across)
    size = max(1, round(box.height * down)), max(1, round(box.width * across))
    top, left = min(top, hw[0] - 1), min(left, hw[1] - 1)
    return Sheet(colours, alpha, Box(top, left, min(size[0], hw[0] - top), min(size[1], hw[1] - left)))


def resampled(colours: Array, alpha: Array | None, hw: HW) -> tuple[Array, Array]:
    """Colours and alpha at another size, uint8; alpha None: all opaque.  Averages areas where it gets smaller."""
    height, width = colours.shape[:2]
    alpha = np.full((height, width), 255, np.uint8) if alpha is None else alpha
    if (height, width) == hw:
        return colours, alpha
    smaller = hw[0] <= height and hw[1] <= width
    how = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    if alpha.min() == 255:
        image = Image.fromarray(np.ascontiguousarray(colours)).resize((hw[1], hw[0]), how)
        return np.asarray(image), np.full(hw, 255, np.uint8)
    # Pillow weights the colours of RGBA by alpha, here and back
    both = np.asarray(Image.fromarray(np.dstack((colours, alpha))).resize((hw[1], hw[0]), how))
    return np.ascontiguousarray(both[..., :3]), np.ascontiguousarray(both[..., 3])


def _scaled(subject: HW, canvas: HW, scale: float) -> HW:
    factor = min(scale * canvas[0] / subject[0], scale * canvas[1] / subject[1])
    height, width = round(subject[0] * factor), round(subject[1] * factor)
    return min(canvas[0], max(1, height)), min(canvas[1], max(1, width))


def _place(hw: HW, canvas: HW, position: tuple[float, float]) -> Box:
    across, down = position
    return Box(round((canvas[0] - hw[0]) * down), round((canvas[1] - hw[1]) * across), *hw)


def _own_place(subject: Box, hw: HW, canvas: HW) -> Box:
    """Around the middle that it had, pushed back inside where it would be cut."""
    top = round(subject.top + (subject.height - hw[0]) / 2)
    left = round(subject.left + (subject.width - hw[1]) / 2)
    return Box(min(max(top, 0), canvas[0] - hw[0]), min(max(left, 0), canvas[1] - hw[1]), *hw)
