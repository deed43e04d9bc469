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

import numpy as np
from PIL import Image

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import white
from mattelier.image.geometry import resize, tiles

# Below and above these the small alpha is taken at its word: 0 and 1.
CERTAIN = (0.02, 0.98)
# Chosen on synthetic discs, hair and ramps and on measured mattes: a larger window sharpens a blurred alpha
# more but lets texture in; luminance alone as guide was worse than bilinear on most photographs.
_RADIUS_PX = 2
_EPSILON = 1e-5
# Share of the fit's residual that is added back.
_KEEP = 0.75
# Small pixels over which the fit fades into certainty, outside the band.
_FADE_PX = 2
_TILE_PX = 128
# Half a step of 8 bits.
_INVISIBLE = 1 / 510


def upsample_alpha(alpha_small: Float, pixels: Array) -> Float:
    """Edge-aware upsampling of alpha_small (h, w) in [0, 1] to the size of pixels.

    pixels: (H, W, 3) uint8, uint16 or float32, the photo's own colours. Returns (H, W) float32 in [0, 1].
    Exactly 0 or 1 away from the unknown band (small alpha in CERTAIN and a margin of two small pixels).
    A photo smaller than alpha_small gets the plain average. Raises InputError for shapes that are not these.
    """
    _check(alpha_small, pixels)
    height, width = pixels.shape[:2]
    if height <= alpha_small.shape[0] or width <= alpha_small.shape[1]:
        return _snap(resize(alpha_small, (height, width)))
    band = unknown_band(alpha_small)
    slopes, offset = _fit(alpha_small, resize(pixels, _hw(alpha_small), "area"), band)
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in (*np.moveaxis(slopes, -1, 0), offset)]
    touched = _grow(band, 1 + 2 * _FADE_PX)
    alpha = np.empty((height, width), np.float32)
    for tile in tiles((height, width), _TILE_PX):
        box = _box(tile, alpha.shape, alpha_small.shape)
        near = _cells(box)
        if touched[near].any():
            alpha[tile] = _evaluate(planes, pixels[tile], box)
        else:
            alpha[tile] = offset[near].flat[0]
    return alpha


def unknown_band(alpha: Float) -> Array:
    """True where alpha is not certain: between CERTAIN, or a step from one side to the other in a 3 x 3 window."""
    from scipy.ndimage import maximum_filter, minimum_filter

    clear = maximum_filter(alpha, 3) <= CERTAIN[0]
    solid = minimum_filter(alpha, 3) >= CERTAIN[1]
    return np.asarray(~(clear | solid))


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


def _grow(mask: Array, size_px: int) -> Array:
    from scipy.ndimage import maximum_filter

    return np.asarray(maximum_filter(mask, size_px))


def _fit(alpha: Float, small: Array, band: Array) -> tuple[Float, Float]:
    """Slopes (h, w, 3) and offset (h, w) of alpha over colour; outside the band slope 0 and offset 0 or 1."""
    from scipy.ndimage import uniform_filter

    guide = small * np.float32(1 / white(small.dtype))
    inner, outer = _grow(band, 1 + _FADE_PX), _grow(band, 1 + 2 * _FADE_PX)
    slopes = np.zeros_like(guide)
    slopes[outer], regressed = _regress(alpha, guide, outer)
    # uniform_filter leaves dust where it should give 0, outer removes it.
    weight = np.where(outer, uniform_filter(inner.astype(np.float32), 1 + _FADE_PX), 0).astype(np.float32)
    offset = (alpha > 0.5).astype(np.float32)
    residual = alpha[outer] - regressed - (slopes[outer] * guide[outer]).sum(-1)
    fitted = regressed + _KEEP * residual
    offset[outer] += weight[outer] * (fitted - offset[outer])
    return slopes * weight[..., None], offset


def _regress(alpha: Float, guide: Float, where: Array) -> tuple[Float, Float]:
    """Ridge regression in the window of every pixel of `where`: slopes (n, 3), offsets (n,)."""
    from scipy.ndimage import uniform_filter

    def mean(plane: Float) -> Float:
        # float64: a running sum in float32 would drown the small covariances of flat regions.
        averaged = uniform_filter(plane, 2 * _RADIUS_PX + 1, output=np.float64, mode="nearest")
        return np.asarray(averaged[where])

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


Box = tuple[float, float, float, float]


def _box(tile: tuple[slice, slice], full: tuple[int, ...], small: tuple[int, ...]) -> Box:
    """The tile's left, top, right, bottom in the small picture."""
    y, x = small[0] / full[0], small[1] / full[1]
    return tile[1].start * x, tile[0].start * y, tile[1].stop * x, tile[0].stop * y


def _cells(box: Box) -> tuple[slice, slice]:
    """Small pixels that bilinear interpolation inside the box can reach."""
    left, top, right, bottom = box
    return slice(max(0, int(top) - 1), int(bottom) + 2), slice(max(0, int(left) - 1), int(right) + 2)


def _evaluate(planes: list[Image.Image], pixels: Array, box: Box) -> Float:
    size = (pixels.shape[1], pixels.shape[0])
    *slopes, offset = (np.asarray(p.resize(size, Image.Resampling.BILINEAR, box=box)) for p in planes)
    detail = np.zeros(pixels.shape[:2], np.float32)
    for channel, slope in enumerate(slopes):
        detail += slope * pixels[..., channel]
    return _snap(offset + detail * np.float32(1 / white(pixels.dtype)))


def _snap(alpha: Float) -> Float:
    """Into [0, 1]; what 8 bits would show as 0 or 1 becomes exactly that."""
    alpha = np.where(alpha < _INVISIBLE, np.float32(0), alpha)
    return np.where(alpha > 1 - _INVISIBLE, np.float32(1), alpha)
