"""Bring a network's small alpha to the photo's own size, with the photo's own edges.

A fast guided filter (He and Sun, "Fast Guided Filter", arXiv 1505.00996) with the colours as guide. In a window
where foreground and background each have about one colour, compositing makes alpha a linear function of the
colour, at every scale; so the function is fitted where it is cheap and evaluated where it is wanted:

    small photo, alpha ──fit per window──> slopes, offset ──bilinear──> slopes . photo + offset
          (h, w)                              (h, w)                          (H, W)

Two things differ from the paper. The coefficients are not averaged over windows; instead a share of what the
fit leaves over is added back, so the result shrunk again stays near what the network said. And nothing is
computed where the small alpha is certain: tiles without an unknown pixel are filled with 0 or 1.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, white
from mattelier.image.geometry import resize

# Below and above these the small alpha is taken at its word: 0 and 1.
CERTAIN = (0.02, 0.98)
# Chosen on synthetic discs, hair and ramps and, with the trained network's own alpha, on cut-outs of the training set
# over other backgrounds: of windows of 1 to 4 px and shares of 0.5 to 1 these had the lowest MAD. A larger window
# sharpens a blurred alpha more but lets texture in; luminance alone as guide was worse than bilinear.
_RADIUS_PX = 2
_EPSILON = 1e-5
# Share of the fit's residual that is added back.
_KEEP = 0.5
# Small pixels over which the fit fades into certainty, outside the band.
_FADE_PX = 2
_TILE_PX = 128
# Rows filtered at a time: they stay in the cache, at half the time of the whole.
_STRIP_PX = 32
# Half a step of 8 bits.
_INVISIBLE = 1 / 510


def upsample_alpha(alpha_small: Float, pixels: Array, small: Array | None = None) -> Float:
    """Edge-aware upsampling of alpha_small (h, w) in [0, 1] to the size of pixels.

    pixels: (H, W, 3) uint8, uint16 or float32, the photo's own colours. Returns (H, W) float32 in [0, 1].
    small: pixels averaged to (h, w, 3), where someone has them already; None makes them.
    Exactly 0 or 1 away from the unknown band (small alpha in CERTAIN and a margin of two small pixels).
    A photo smaller than alpha_small gets the plain average. Raises InputError for shapes that are not these.
    """
    _check(alpha_small, pixels)
    height, width = pixels.shape[:2]
    if height <= alpha_small.shape[0] or width <= alpha_small.shape[1]:
        return _snap(resize(alpha_small, (height, width)))
    band = unknown_band(alpha_small)
    small = resize(pixels, _hw(alpha_small), "area") if small is None else small
    slopes, offset = _fit(alpha_small, small, band)
    planes = np.concatenate([np.moveaxis(slopes, -1, 0), offset[None]])
    touched = _window(np.maximum, band, 1 + 2 * _FADE_PX)
    alpha = np.empty((height, width), np.float32)
    for down, across in product(_stretches(height, band.shape[0]), _stretches(width, band.shape[1])):
        tile, seen = (down.large, across.large), (down.small, across.small)
        if touched[seen].any():
            *drawn, base = down.weights @ planes[:, *seen] @ across.weights.T
            alpha[tile] = _evaluate(drawn, base, pixels[tile])
        else:
            alpha[tile] = offset[seen][0, 0]
    return alpha


def unknown_band(alpha: Float) -> Array:
    """True where alpha is not certain: between CERTAIN, or a step from one side to the other in a 3 x 3 window."""
    clear = _window(np.maximum, alpha, 3) <= CERTAIN[0]
    solid = _window(np.minimum, alpha, 3) >= CERTAIN[1]
    return np.asarray(~(clear | solid))


def _window(combine: Callable[[Array, Array], Array], plane: Array, size_px: int) -> Array:
    """Maximum, minimum or sum in the square window around every pixel; the border's pixels go on beyond it."""
    height, width = plane.shape
    padded = np.pad(plane, size_px // 2, mode="edge")
    result = np.empty_like(plane)
    for top in range(0, height, _STRIP_PX):
        bottom = min(top + _STRIP_PX, height)
        rows = reduce(combine, [padded[top + i : bottom + i] for i in range(size_px)])
        result[top:bottom] = reduce(combine, [rows[:, i : i + width] for i in range(size_px)])
    return result


def _check(alpha_small: Float, pixels: Array) -> None:
    if alpha_small.ndim != 2 or alpha_small.dtype != np.float32 or alpha_small.size == 0:
        raise InputError(
            f"alpha of shape {alpha_small.shape} and type {alpha_small.dtype}; expected (h, w) float32; "
            "take one picture's alpha out of the network's batch"
        )
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise InputError(f"pixels of shape {pixels.shape}; expected (H, W, 3); split alpha off or repeat grey thrice")
    white(pixels.dtype)


def _hw(plane: Array) -> tuple[int, int]:
    return plane.shape[0], plane.shape[1]


def _fit(alpha: Float, small: Array, band: Array) -> tuple[Float, Float]:
    """Slopes (h, w, 3) and offset (h, w) of alpha over colour; outside the band slope 0 and offset 0 or 1."""
    guide = to_depth(small, np.float32)
    inner, outer = (_window(np.maximum, band, size_px) for size_px in (1 + _FADE_PX, 1 + 2 * _FADE_PX))
    slopes = np.zeros_like(guide)
    slopes[outer], regressed = _regress(alpha, guide, outer)
    fading = _window(np.add, inner.astype(np.float32), 1 + _FADE_PX)
    weight = np.multiply(fading, 1 / (1 + _FADE_PX) ** 2, dtype=np.float32)
    offset = (alpha > 0.5).astype(np.float32)
    residual = alpha[outer] - regressed - (slopes[outer] * guide[outer]).sum(-1)
    fitted = regressed + _KEEP * residual
    offset[outer] += weight[outer] * (fitted - offset[outer])
    return slopes * weight[..., None], offset


def _regress(alpha: Float, guide: Float, where: Array) -> tuple[Float, Float]:
    """Ridge regression in the window of every pixel of `where`: slopes (n, 3), offsets (n,)."""
    size_px = 2 * _RADIUS_PX + 1

    def mean(plane: Float) -> Float:
        # float64: float32 would drown the small covariances of flat regions.
        total = _window(np.add, plane.astype(np.float64), size_px)
        return np.asarray(total[where] / size_px**2)

    colour = [np.ascontiguousarray(guide[..., i]) for i in range(3)]
    mean_alpha, mean_colour = mean(alpha), np.stack([mean(c) for c in colour], -1)
    with_alpha = np.stack([mean(c * alpha) for c in colour], -1) - mean_colour * mean_alpha[:, None]
    spread = np.empty((len(mean_alpha), 3, 3))
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        covariance = mean(colour[i] * colour[j]) - mean_colour[:, i] * mean_colour[:, j]
        spread[:, i, j] = spread[:, j, i] = covariance
    slopes = np.linalg.solve(spread + _EPSILON * np.eye(3), with_alpha[..., None])[..., 0]
    offsets = mean_alpha - (slopes * mean_colour).sum(-1)
    return slopes.astype(np.float32), offsets.astype(np.float32)


@dataclass(frozen=True)
class _Stretch:
    """Bilinear interpolation along a part of one side."""

    large: slice
    small: slice  # the small pixels it sees
    weights: Float  # (large, small)


def _stretches(size: int, small_size: int) -> Iterator[_Stretch]:
    """The whole side, a tile's length at a time."""
    for start in range(0, size, _TILE_PX):
        large = np.arange(start, min(start + _TILE_PX, size))
        at = np.clip((large + 0.5) * small_size / size - 0.5, 0, small_size - 1)
        small = np.arange(int(at[0]), min(int(at[-1]) + 2, small_size))
        weights = np.maximum(1 - np.abs(at[:, None] - small), 0).astype(np.float32)
        yield _Stretch(slice(start, start + len(large)), slice(small[0], small[-1] + 1), weights)


def _evaluate(slopes: list[Float], offset: Float, pixels: Array) -> Float:
    detail = np.zeros_like(offset)
    for channel, slope in enumerate(slopes):
        detail += slope * pixels[..., channel]
    return _snap(offset + detail * np.float32(1 / white(pixels.dtype)))


def _snap(alpha: Float) -> Float:
    """Into [0, 1]; what 8 bits would show as 0 or 1 becomes exactly that."""
    alpha = np.where(alpha < _INVISIBLE, np.float32(0), alpha)
    return np.where(alpha > 1 - _INVISIBLE, np.float32(1), alpha)
