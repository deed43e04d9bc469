"""Lay a cut-out over something: a colour, another picture, or its own blurred background."""

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, white
from mattelier.image.geometry import resize, tiles

# Side of a square computed at a time: no float copy of a whole photo, and most squares are plain copies.
_TILE_PX = 128


def over(foreground: Array, background: Array, alpha: Array) -> Array:
    """Lay foreground over background: alpha * F + (1 - alpha) * B.

    foreground: (H, W, 3) uint8, uint16 or float32, straight. background: (H, W, 3), or (3,) for one colour,
    of the same type and colour space. alpha: (H, W) float in [0, 1].
    Returns (H, W, 3), dtype of foreground; alpha 1 and 0 give F and B bit for bit.
    Raises InputError when shapes or types do not fit.
    """
    _check(foreground, background, alpha)
    background = np.broadcast_to(background, foreground.shape)
    result = np.empty_like(foreground)
    for tile in tiles((alpha.shape[0], alpha.shape[1]), _TILE_PX):
        a = alpha[tile]
        low, high = a.min(), a.max()
        if low == high and low in (0, 1):
            result[tile] = foreground[tile] if low == 1 else background[tile]
        else:
            result[tile] = _blend(foreground[tile], background[tile], a)
    return result


def cover(background: Array, hw: tuple[int, int]) -> Array:
    """Scale (H, W, 3) so that it covers hw, and cut the middle out; dtype kept."""
    height, width = background.shape[:2]
    scale = max(hw[0] / height, hw[1] / width)
    # Cutting before scaling touches only the pixels that stay; half a source pixel of centring is lost.
    rows = min(height, max(1, round(hw[0] / scale)))
    columns = min(width, max(1, round(hw[1] / scale)))
    top, left = (height - rows) // 2, (width - columns) // 2
    return resize(background[top : top + rows, left : left + columns], hw)


def blur_background(pixels: Array, alpha: Array, radius_px: float) -> Array:
    """The photo's own background, blurred by a Gaussian of standard deviation radius_px.

    pixels: (H, W, 3) uint8, uint16 or float32; alpha: (H, W) in [0, 1]. Returns (H, W, 3), dtype of pixels.
    The average is weighted by 1 - alpha, so the subject's colours do not glow around it.
    Raises InputError when radius_px is negative or not finite.
    """
    from scipy.ndimage import gaussian_filter

    if not 0 <= radius_px < np.inf:
        raise InputError(f"blur radius {radius_px} is not a size; expected 0 px or more; pass for example blur:20")
    if radius_px == 0:
        return pixels.copy()
    hw = (alpha.shape[0], alpha.shape[1])
    # A Gaussian of 4 px loses nothing visible when sampled every pixel and drawn larger.
    shrink = max(1.0, radius_px / 4)
    small = (max(1, round(hw[0] / shrink)), max(1, round(hw[1] / shrink)))
    sigma = (radius_px * small[0] / hw[0], radius_px * small[1] / hw[1])
    # Where no background is near, the plain picture is averaged instead (it stays hidden).
    weight = np.maximum(1 - resize(alpha.astype(np.float32), small, "area"), np.float32(1e-4))
    total = gaussian_filter(weight, sigma, mode="nearest")
    rgb = to_depth(resize(pixels, small, "area"), np.float32) * weight[..., None]
    mean = gaussian_filter(rgb, (*sigma, 0), mode="nearest") / total[..., None]
    return resize(to_depth(mean, pixels.dtype), hw)


def _check(foreground: Array, background: Array, alpha: Array) -> None:
    white(foreground.dtype)
    if foreground.dtype != background.dtype:
        raise InputError(
            f"foreground is {foreground.dtype} and background {background.dtype}; expected one type; "
            "convert one with colour.to_depth"
        )
    if foreground.shape != (*alpha.shape, 3) or background.shape not in ((3,), foreground.shape):
        raise InputError(
            f"foreground {foreground.shape}, background {background.shape} and alpha {alpha.shape} do not fit; "
            "expected (H, W, 3), (H, W, 3) or (3,), and (H, W); resize with composite.cover"
        )


def _blend(foreground: Array, background: Array, alpha: Array) -> Array:
    a: Float = alpha.astype(np.float32)[..., None]
    # Both products, not B + a (F - B): the short form misses F by a rounding when a = 1.
    mixed = a * foreground + (1 - a) * background
    return mixed if foreground.dtype.kind == "f" else np.rint(mixed).astype(foreground.dtype)
