"""What lies under a subject: its shadow, a colour, a picture; and what fills holes in it. 8-bit samples throughout."""

import math

import numpy as np
from PIL import Image, ImageFilter

from mattelier.image import Array
from mattelier.serve.layout import Box, Margins, Sheet, subject_box, take

# A soft drop shadow, in shares of the subject's longer side.  # ours
_DOWN, _RIGHT, _SOFT = 0.030, 0.015, 0.020
_EDGE_SHARE = (
    0.01  # of the subject's longer side: as far from the empty part, a half-transparent pixel is an edge  # ours
)
_ROWS = 256  # blended at a time: no float copy of a whole picture


def drop_shadow(sheet: Sheet, opacity: float) -> Array:
    """A shadow of the subject below and to the right of it, blurred: its alpha, (H, W) uint8.

    opacity: of its darkest part, in [0, 1].
    """
    down, right, soft_px = _shadow_px(sheet.subject)
    height, width = sheet.hw
    moved = take(sheet.alpha, Box(-down, -right, height, width))
    blurred = Image.fromarray(moved).filter(ImageFilter.GaussianBlur(soft_px))
    return np.asarray(blurred.point([round(value * opacity) for value in range(256)]))


def shadow_margins(subject: Box) -> Margins:
    """How far the shadow of a subject is seen beyond it."""
    down, right, soft_px = _shadow_px(subject)
    reach = math.ceil(2.5 * soft_px)  # of a Gaussian, 1 % is left there
    return Margins(max(0, reach - down), reach + right, reach + down, max(0, reach - right))


def under(sheet: Sheet, colours: Array, alpha: Array | int) -> Sheet:
    """The sheet with a layer below it.

    colours: (H, W, 3), or (3,) for one colour, uint8.  alpha: (H, W) uint8, or one number 0 to 255.
    """
    below = np.broadcast_to(colours, sheet.colours.shape)
    cover = np.broadcast_to(np.asarray(alpha, np.uint8), sheet.hw)
    out_colours, out_alpha = np.empty_like(sheet.colours), np.empty_like(sheet.alpha)
    for top in range(0, sheet.hw[0], _ROWS):
        rows = slice(top, top + _ROWS)
        out_colours[rows], out_alpha[rows] = _blend(sheet.colours[rows], sheet.alpha[rows], below[rows], cover[rows])
    return Sheet(out_colours, out_alpha, sheet.subject)


def solid(sheet: Sheet) -> Sheet:
    """The sheet with nothing half transparent inside the subject; its edge against what is empty stays soft."""
    from scipy.ndimage import minimum_filter

    radius_px = max(1, round(_EDGE_SHARE * max(sheet.subject.hw)))
    seen = sheet.alpha > 0
    # a picture's own border is no edge: what is cut off there goes on
    inside = minimum_filter(seen, size=2 * radius_px + 1, mode="constant", cval=True)
    alpha = np.where(inside, np.uint8(255), sheet.alpha)
    return Sheet(sheet.colours, alpha, subject_box(alpha) or sheet.subject)


def hardened(sheet: Sheet) -> Sheet:
    """The sheet with alpha 0 or 255 only, its outline smoothed: opened by 3 px, blurred by 2 px, cut in the middle."""
    opened = Image.fromarray(sheet.alpha).filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
    blurred = np.asarray(opened.filter(ImageFilter.GaussianBlur(2)))
    alpha = np.where(blurred < 127, np.uint8(0), np.uint8(255))
    return Sheet(sheet.colours, alpha, subject_box(alpha) or sheet.subject)


def _shadow_px(subject: Box) -> tuple[int, int, float]:
    longest = max(subject.hw)
    return max(1, round(_DOWN * longest)), max(1, round(_RIGHT * longest)), max(1.0, _SOFT * longest)


def _blend(colours: Array, alpha: Array, below: Array, cover: Array) -> tuple[Array, Array]:
    """Straight colours over straight colours, a band of rows at a time."""
    a = alpha.astype(np.float32)[..., None] / np.float32(255)
    b = (1 - a) * (cover.astype(np.float32)[..., None] / np.float32(255))
    total = a + b
    mixed = (a * colours + b * below) / np.maximum(total, np.float32(1 / 1024))
    # where the layer below shows nothing, the subject's own samples stay as they are
    kept = np.where(b > 0, np.rint(mixed), colours)
    return kept.astype(np.uint8), np.rint(total[..., 0] * 255).astype(np.uint8)
