"""Trimaps to train on: drawn from a true alpha as each paper draws them, or from what a person or a network marks.

Alpha is (H, W), uint8 or float32 in [0, 1]; a trimap is (H, W) uint8 of BACKGROUND, UNKNOWN and FOREGROUND. Every
function is pure: what is random comes from the generator that is passed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import maximum_filter1d

from mattelier.data.augment import Rng
from mattelier.errors import InputError
from mattelier.image import Array
from mattelier.image.geometry import resize
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN, from_glance

Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two are outside
_FLOAT_EDGE = 1e-5  # MatteFormer: below is background, 1 minus it is foreground


@dataclass(frozen=True)
class Ranges:
    """From what a paper draws the ellipse that grows the unknown region; both ends belong to a range."""

    kernel_px: tuple[int, int]
    iterations: tuple[int, int] = (1, 1)
    side_px: int | None = None  # drawn on the alpha resized to this square, so that the band follows the picture's size
    has_two_kernels: bool = False  # one towards the background, another towards the foreground
    glance_share: float = 0.0  # how often it is drawn by `glance` instead

    def __post_init__(self) -> None:
        for name, (low, high) in (("kernel_px", self.kernel_px), ("iterations", self.iterations)):
            if not 1 <= low <= high:
                raise InputError(
                    f"{name} is {low} to {high}; expected 1 or more, the smaller first; swap or raise them"
                )


DIM = Ranges(
    kernel_px=(2, 4), iterations=(5, 14)
)  # pytorch-deep-image-matting's code; the paper says "random dilation"
GFM = Ranges(kernel_px=(25, 25))  # section 5.1: one width for training and test
FBA = Ranges(kernel_px=(3, 25))  # 3 to 25 px; that both sides share one kernel is ours
MATTEFORMER = Ranges(kernel_px=(1, 29), side_px=640, has_two_kernels=True)
# ours: what people paint, and what an automatic matter asks for. With one kernel the edge runs in the middle of the
# band, and a small network learns that instead of looking at the picture.
LITE = Ranges(kernel_px=(3, 41), has_two_kernels=True, glance_share=0.25)
PAPERS = {"dim": DIM, "gfm": GFM, "fba": FBA, "matteformer": MATTEFORMER}


def draw(alpha: Array, ranges: Ranges, rng: Rng) -> Array:
    """A trimap as a paper's training draws it.  Raises InputError when alpha is not one plane of uint8 or float."""
    _check(alpha)
    if ranges.glance_share and rng.random() < ranges.glance_share:
        return glance(alpha, rng)
    kernels = [_between(ranges.kernel_px, rng) for _ in range(1 + ranges.has_two_kernels)]
    iterations = _between(ranges.iterations, rng)
    if ranges.side_px is None:
        return grow(alpha, kernels[0], kernels[-1], iterations)
    square = resize(alpha, (ranges.side_px, ranges.side_px))
    return nearest(grow(square, kernels[0], kernels[-1], iterations), (alpha.shape[0], alpha.shape[1]))


def grow(alpha: Array, outward_px: int, inward_px: int | None = None, iterations: int = 1) -> Array:
    """Unknown wherever alpha is between 0 and 1, and as far as ellipses of these sides reach, so many times over.

    outward_px: side of the ellipse that takes background away; inward_px: the same for foreground, None: as outward.
    """
    _check(alpha)
    possible, certain = _possible(alpha), _certain(alpha)
    for _ in range(iterations):
        possible = dilate(possible, ellipse(outward_px))
        certain = erode(certain, ellipse(inward_px or outward_px))
    return _joined(possible, certain)


def ellipse(side_px: int) -> Array:
    """OpenCV's elliptic structuring element, (side, side) bool; 3 is a cross, and even sides lean up and left."""
    radius = side_px // 2
    offset = np.arange(side_px) - radius
    reach = np.rint(radius * np.sqrt(np.maximum(radius**2 - offset**2, 0) / max(radius, 1) ** 2))
    element: Array = np.abs(offset) <= reach[:, None]
    return element


def dilate(mask: Array, element: Array) -> Array:
    """(H, W) bool grown by a convex element around its middle; what lies outside the picture counts as empty.

    Every row of the element is one run, so each costs a running maximum, however long: an ellipse of 50 px takes 25
    of them and not 2000 comparisons a pixel.
    """
    side, height = element.shape[0], mask.shape[0]
    result = np.zeros_like(mask)
    runs: dict[tuple[int, int], Array] = {}
    for row in range(side):
        first, last = (int(i) for i in np.flatnonzero(element[row])[[0, -1]])
        if (first, last) not in runs:
            runs[first, last] = _run(mask, first - side // 2, last - side // 2)
        shift = row - side // 2
        if abs(shift) < height:
            target, source = (slice(0, height - shift), slice(shift, None)) if shift >= 0 else (
                slice(-shift, None), slice(0, height + shift))  # fmt: skip
            result[target] |= runs[first, last][source]
    return result


def erode(mask: Array, element: Array) -> Array:
    """(H, W) bool shrunk by the element; what lies outside the picture counts as full."""
    return ~dilate(~mask, element)


def scribbles(alpha: Array, rng: Rng, strokes: tuple[int, int] = (1, 4), width_share: float = 0.015) -> Array:
    """As if a person had drawn a few strokes into subject and background; everything else is unknown.

    strokes: the least and the most for each of the two; width_share: of the longer side. A stroke is a curve through
    three places of its region, and never leaves the region.
    """
    _check(alpha)
    trimap = np.full(alpha.shape, UNKNOWN, np.uint8)
    width_px = max(1, round(max(alpha.shape) * width_share))
    for value, region in ((FOREGROUND, _certain(alpha)), (BACKGROUND, ~_possible(alpha))):
        places = np.argwhere(region)
        for _ in range(_between(strokes, rng) if len(places) else 0):
            curve = _curve(places[rng.integers(len(places), size=3)].astype(np.float64))
            trimap[region & _painted(curve, width_px, region.shape)] = value
    return trimap


def from_strokes(hw: tuple[int, int], subject: Sequence[Array], background: Sequence[Array], width_px: int) -> Array:
    """A trimap of drawn lines: each stroke is (N, 2) of y and x, round pen of width_px; unknown between them.

    Where both were drawn the background, drawn last, stays.
    """
    trimap = np.full(hw, UNKNOWN, np.uint8)
    for value, strokes in ((FOREGROUND, subject), (BACKGROUND, background)):
        for stroke in strokes:
            trimap[_painted(np.asarray(stroke, np.float64), width_px, hw)] = value
    return trimap


def from_box(hw: tuple[int, int], box: Box) -> Array:
    """Background outside the box, unknown inside.  Raises InputError for a box without a pixel of the picture."""
    left, top, right, bottom = (max(0, side) for side in box)
    trimap = np.full(hw, BACKGROUND, np.uint8)
    inside = trimap[top:bottom, left:right]
    if inside.size == 0:
        raise InputError(f"box {box} covers nothing of {hw[1]} x {hw[0]} px; expected left < right, top < bottom")
    inside[:] = UNKNOWN
    return trimap


def loose_box(alpha: Array, rng: Rng, slack: float = 0.15) -> Box:
    """The box around all that is not background, each side moved outwards by up to slack of the box's own size.

    Raises InputError for an alpha that is empty.
    """
    rows, columns = (np.flatnonzero(_possible(alpha).any(axis)) for axis in (1, 0))
    if len(rows) == 0:
        raise InputError("the alpha is 0 everywhere; a box needs a subject; leave this picture out")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    out = rng.uniform(0, slack, 4) * (right - left, bottom - top, right - left, bottom - top)
    height, width = alpha.shape
    edges = (max(0, left - out[0]), max(0, top - out[1]), min(width, right + out[2]), min(height, bottom + out[3]))
    return round(edges[0]), round(edges[1]), round(edges[2]), round(edges[3])


def glance(alpha: Array, rng: Rng, shrink: tuple[int, int] = (4, 16), doubt: float = 0.02) -> Array:
    """As if an automatic matter had looked first: a trimap whose band follows a small picture's pixels.

    shrink: how many times smaller that picture is; doubt: share of its known pixels that it is unsure of for no reason.
    """
    _check(alpha)
    hw = (alpha.shape[0], alpha.shape[1])
    factor = _between(shrink, rng)
    small = resize(grow(alpha, 3), (max(1, hw[0] // factor), max(1, hw[1] // factor)), "area")
    classes = np.where(small <= 4, 0, np.where(small >= 251, 2, 1))
    classes[rng.random(classes.shape) < doubt] = 1
    return from_glance(np.eye(3, dtype=np.float32)[classes].transpose(2, 0, 1), hw)


def nearest(trimap: Array, hw: tuple[int, int]) -> Array:
    """A trimap at another size, every pixel one of the old ones."""
    return np.asarray(Image.fromarray(trimap).resize((hw[1], hw[0]), Image.Resampling.NEAREST))


def _check(alpha: Array) -> None:
    if alpha.ndim != 2 or alpha.dtype not in (np.dtype(np.uint8), np.dtype(np.float32)):
        raise InputError(f"alpha is {alpha.dtype} of shape {alpha.shape}; expected (H, W) uint8 or float32; convert it")


def _possible(alpha: Array) -> Array:
    result: Array = alpha > (0 if alpha.dtype == np.uint8 else _FLOAT_EDGE)
    return result


def _certain(alpha: Array) -> Array:
    result: Array = alpha >= (255 if alpha.dtype == np.uint8 else 1 - _FLOAT_EDGE)
    return result


def _joined(possible: Array, certain: Array) -> Array:
    return np.where(certain, FOREGROUND, np.where(possible, UNKNOWN, BACKGROUND)).astype(np.uint8)


def _between(ends: tuple[int, int], rng: Rng) -> int:
    return int(rng.integers(ends[0], ends[1] + 1))


def _run(mask: Array, first: int, last: int) -> Array:
    """Whether any pixel from `first` to `last` columns beside a pixel is set."""
    length = last - first + 1
    # the window of this filter begins length // 2 + origin to the left
    origin = -(first + length // 2)
    if not -(length // 2) <= origin <= (length - 1) // 2:
        raise InputError(f"a run from {first} to {last} lies beside the element's middle; expected a convex element")
    flags = maximum_filter1d(mask.view(np.uint8), length, axis=1, mode="constant", cval=0, origin=origin)
    result: Array = flags.view(bool)
    return result


def _curve(places: Array) -> Array:
    """Points (24, 2) of the parabola that starts at the first place, heads for the second and ends at the third."""
    t = np.linspace(0, 1, 24)[:, None]
    points: Array = (1 - t) ** 2 * places[0] + 2 * t * (1 - t) * places[1] + t**2 * places[2]
    return points


def _painted(stroke: Array, width_px: int, hw: tuple[int, int]) -> Array:
    image = Image.new("L", (hw[1], hw[0]))
    pen = ImageDraw.Draw(image)
    points = [(float(x), float(y)) for y, x in stroke]
    pen.line(points, fill=1, width=width_px, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - width_px / 2, y - width_px / 2, x + width_px / 2, y + width_px / 2), fill=1)
    return np.asarray(image) > 0
