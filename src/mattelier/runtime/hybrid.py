"""GFM's own test procedures: what the network sees of a photo, and how its answers come back to the photo's size.

Li et al., "Bridging Composite and Real", IJCV 2022, section 5.1, and the released test code. Glance is asked at a third
of the photo's size, where the whole subject fits the network's view, and focus at a half, where edges are sharper.
Torch-free: the network is any function from a picture to its heads, such as an Engine's `run`.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Literal

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float

Network = Callable[[Float], Mapping[str, Array]]  # (1, 3, h, w) float32, RGB 0..255 -> heads (1, c, h, w)
GLANCE_SCALE, FOCUS_SCALE = Fraction(1, 3), Fraction(1, 2)
LONGEST_PX, MULTIPLE = 1600, 32
LEVELS = {"tt": (0.0, 128 / 255, 1.0), "ft": (0.0, 1.0), "bt": (0.0, 1.0)}  # of glance's classes, as bytes / 255


def hybrid(net: Network, rgb: Array, representation: Literal["tt", "ft", "bt"] = "tt") -> Float:
    """Alpha from glance at a third and focus at half of the photo's size: the procedure of the paper's tables.

    rgb: (H, W, 3) uint8. Returns (H, W) float32 in [0, 1].  Raises InputError for pictures of another kind.
    """
    _check(rgb)
    hw = (rgb.shape[0], rgb.shape[1])
    glance = glance_map(net(shrunk(rgb, GLANCE_SCALE))["glance"], representation)
    focus = np.asarray(net(shrunk(rgb, FOCUS_SCALE))["focus"][0, 0], np.float32)
    return merge(resize(glance, hw), resize(focus, hw), representation)


def whole(net: Network, rgb: Array) -> Float:
    """Alpha from one pass at half size, merged by the network itself ("resize" in the released code)."""
    return _one_pass(net, rgb, FOCUS_SCALE)


def rim(net: Network, rgb: Array) -> Float:
    """Alpha of the mixing network, from one pass at a third of the size.  It may leave [0, 1] and is clipped here."""
    return _one_pass(net, rgb, GLANCE_SCALE)


def merge(glance: Float, focus: Float, representation: Literal["tt", "ft", "bt"] = "tt") -> Float:
    """Collaborative matting of resized maps, (H, W) in [0, 1]; focus decides wherever glance is not exactly certain."""
    if representation == "tt":
        merged = np.where((glance == 0) | (glance == 1), glance, focus)
    else:
        merged = np.clip(glance + focus if representation == "ft" else glance - focus, 0, 1)
    return merged.astype(np.float32, copy=False)


def glance_map(scores: Array, representation: Literal["tt", "ft", "bt"]) -> Float:
    """The winning class of every pixel at its level, (h, w); scores: (1, classes, h, w)."""
    levels = np.array(LEVELS[representation], np.float32)
    if scores.shape[1] != len(levels):
        raise InputError(
            f"glance has {scores.shape[1]} classes; the representation {representation} has {len(levels)}; "
            "name the one that the weights were trained for"
        )
    chosen: Float = levels[scores[0].argmax(0)]
    return chosen


def shrunk(rgb: Array, scale: Fraction) -> Float:
    """The network's copy of a photo, (1, 3, h, w) in 0..255."""
    small = resize(rgb / np.float32(255.0), scaled_size((rgb.shape[0], rgb.shape[1]), scale))
    return np.ascontiguousarray(255.0 * small.transpose(2, 0, 1)[None], np.float32)


def scaled_size(hw: tuple[int, int], scale: Fraction) -> tuple[int, int]:
    """Each side scaled, its remainder of 32 dropped, at most 1600 px; ours: at least 32 px, where nothing was left."""
    sides = (min(LONGEST_PX, int(side * scale) // MULTIPLE * MULTIPLE) for side in hw)
    height, width = (max(MULTIPLE, side) for side in sides)
    return height, width


def resize(array: Array, hw: tuple[int, int]) -> Float:
    """scikit-image's linear resize: a Gaussian before shrinking, pixel centres kept, values within the input's range.

    array: (H, W) or (H, W, C) float.  (Others shrink by area here; the published figures were measured like this.)
    """
    from scipy.ndimage import gaussian_filter, zoom

    ratios = [was / now for was, now in zip(array.shape, hw, strict=False)]
    low, high = array.min(), array.max()
    flat = [0.0] * (array.ndim - 2)  # channels are neither blurred nor resized
    if max(ratios) > 1:
        array = gaussian_filter(array, [max(0.0, (ratio - 1) / 2) for ratio in ratios] + flat, mode="mirror")
    factors = [1 / ratio for ratio in ratios] + [1.0] * len(flat)
    resized: Float = zoom(array, factors, order=1, mode="mirror", grid_mode=True)
    return np.clip(resized, low, high)


def _one_pass(net: Network, rgb: Array, scale: Fraction) -> Float:
    _check(rgb)
    alpha = np.asarray(net(shrunk(rgb, scale))["alpha"][0, 0], np.float32)
    return np.clip(resize(alpha, (rgb.shape[0], rgb.shape[1])), 0, 1).astype(np.float32)


def _check(rgb: Array) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
        raise InputError(
            f"a picture of shape {rgb.shape} and type {rgb.dtype}; expected (H, W, 3) uint8, sRGB; convert it first"
        )
