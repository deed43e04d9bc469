"""A network's alpha moved to where the photo's colours put it: closed-form matting that starts from an answer.

Levin, Lischinski, Weiss, "A Closed-Form Solution to Natural Image Matting" (PAMI 2008): in a window of 3 x 3 px where
foreground and background each have colours on a line, alpha is linear in colour. What alpha leaves over of that in
all windows is alpha' L alpha. Here it is minimised together with the distance to what a network said,

    alpha' L alpha / 9 + weight |alpha - prior|^2        over the unknown region; what the trimap knows stays

so that the network decides what is subject where colours cannot tell, and the colours draw its hairs. Where the network
is sure it counts more: a little of every window is left over in the best of fits, and would spread over clear sky.

L is never built: a guided filter G fits alpha to colour in every window and averages the fits, and L = 9 (1 - G)
(He, Sun, Tang, "Guided Image Filtering", PAMI 2013). The steps are Chebyshev's (Golub and Varga, 1961), whose factors
are known beforehand: no sums over the picture, so that a tile with a margin gives what the whole picture would. A
pyramid brings alpha over long distances: every level starts with the fits of the level below, seen in its own colours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import to_depth, white
from mattelier.image.geometry import tiles
from mattelier.image.trimap import BACKGROUND, FOREGROUND, UNKNOWN

# Chosen on 24 drawn scenes of split val, by what was left of the error of fba-lite's alpha: 0.71 with these, 0.76 with
# 1e-6; 0.74 with 6 steps, 0.71 with 12; 0.79 with four levels. One more at the photo's own size changed nothing.
# The network's sure pixels: of thresholds from 0.001 to 0.05 and factors from 3 to 1000 no better were found.
_EPSILON = 1e-7
_SURE, _SURE_FACTOR = 0.01, 100
_LEVELS, _SMALLEST_PX = 5, 8
_STEPS, _LAST_STEPS = 8, 3  # at the smaller levels, at the photo's own size
_TILE_PX = 256
_REACH_PX = 2  # of one filtering: fits of windows, averaged over windows
_KNOWN = 0.999  # share of a pixel of a smaller level that must be known alike


@dataclass(frozen=True)
class _Level:
    """A level's picture (H, W, 3); prior and weight (H, W), unknown (H, W) bool: what is held to, and how far."""

    pixels: Array
    prior: Float
    weight: Float
    unknown: Array


def polish(alpha: Float, trimap: Array, pixels: Array, weight: float) -> Float:
    """Alpha (H, W) float32 in [0, 1], nearer to what the colours say; exactly 0 and 1 where the trimap knows.

    alpha: (H, W) float32 in [0, 1], a network's; trimap: (H, W) uint8 {0, 128, 255}; pixels: (H, W, 3) uint8, uint16
    or float32, the photo's own colours; weight: how far alpha counts, 1e-5 lets colours move it, 1 hardly; within 0.01
    of 0 and 1 it counts a hundred times as much.
    Nearly all of its time goes into the unknown region. Raises InputError for other shapes, types and weights.
    """
    _check(alpha, trimap, pixels, weight)
    levels = _pyramid(alpha, trimap, pixels, weight)
    found, below = levels[-1].prior, levels[-1].pixels
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        steps = _LAST_STEPS if depth == 0 else _STEPS
        found = _solved(level, found, below, steps, is_first=depth == len(levels) - 1)
        below = level.pixels
    return found


def _check(alpha: Float, trimap: Array, pixels: Array, weight: float) -> None:
    white(pixels.dtype)
    hw = trimap.shape
    if len(hw) != 2 or 0 in hw or alpha.shape != hw or alpha.dtype != np.float32 or pixels.shape != (*hw, 3):
        raise InputError(
            f"alpha {alpha.shape} of type {alpha.dtype}, trimap {trimap.shape} and pixels {pixels.shape} do not fit; "
            "expected (H, W) float32, (H, W) and (H, W, 3); bring all three to the photo's size first"
        )
    if not 0 < weight <= 1:
        raise InputError(f"a weight of {weight:g} for the network's alpha; expected one above 0, at most 1")


def _pyramid(alpha: Float, trimap: Array, pixels: Array, weight: float) -> list[_Level]:
    """The photo, then means of 2 x 2, each of which stands for four; none is smaller than a window."""
    clear, solid = (np.asarray(trimap == value) for value in (BACKGROUND, FOREGROUND))
    prior = np.where(solid, 1, np.where(clear, 0, alpha)).astype(np.float32)
    is_sure = (prior < _SURE) | (prior > 1 - _SURE)
    weights = np.minimum(np.where(is_sure, np.float32(_SURE_FACTOR * weight), np.float32(weight)), 1)
    levels = [_Level(pixels, prior, weights, trimap == UNKNOWN)]
    shares: list[Array] = [clear.view(np.uint8), solid.view(np.uint8)]
    while len(levels) < _LEVELS and min(levels[-1].prior.shape) >= _SMALLEST_PX:
        shares = [_halved(share) for share in shares]
        unknown = np.maximum(*shares) < _KNOWN
        weights = np.minimum(4 * _halved(weights), 1)
        levels.append(_Level(_halved_colours(levels[-1].pixels), _halved(levels[-1].prior), weights, unknown))
    return levels


def _solved(level: _Level, found: Float, below: Array, steps: int, is_first: bool) -> Float:
    """The level's alpha, tile by tile; found, below: alpha and pixels of the level below, or where to start."""
    result = np.where(level.unknown, level.prior, np.rint(level.prior)).astype(np.float32)
    margin_px = _REACH_PX * (steps + 1)
    # of the whole level, not of a tile: tiles must take the same steps
    limits = (float(level.weight.min()), 1 + float(level.weight.max()))
    for inner, outer in _parts(level.unknown, margin_px):
        windows = _Windows.of(level.pixels[outer])
        start = level.prior[outer] if is_first else _drawn(found, below, outer, level.pixels[outer])
        part = _Level(level.pixels[outer], level.prior[outer], level.weight[outer], level.unknown[outer])
        alpha = _stepped(windows, np.where(part.unknown, start, result[outer]), part, limits, steps)
        rows, columns = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(inner, outer, strict=True))
        np.copyto(result[inner], np.clip(alpha[rows, columns], 0, 1), where=level.unknown[inner])
    return result


def _parts(unknown: Array, margin_px: int) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Tiles with unknown pixels, cut down to them; and the same with a margin, from an even row and column on."""
    for rows, columns in tiles((unknown.shape[0], unknown.shape[1]), _TILE_PX):
        down, across = (np.flatnonzero(unknown[rows, columns].any(axis)) for axis in (1, 0))
        if len(down):
            inner = (_span(rows, down), _span(columns, across))
            outer = (_grown(inner[0], margin_px, unknown.shape[0]), _grown(inner[1], margin_px, unknown.shape[1]))
            yield inner, outer


def _span(part: slice, at: Array) -> slice:
    return slice(part.start + int(at[0]), part.start + int(at[-1]) + 1)


def _grown(part: slice, margin_px: int, side: int) -> slice:
    return slice(max(0, (part.start - margin_px) // 2 * 2), min(side, part.stop + margin_px))


def _drawn(found: Float, below: Array, area: tuple[slice, slice], pixels: Array) -> Float:
    """Alpha of the level below in an area of this one: its fits to colour, evaluated in the colours of this level."""
    # one pixel more for the windows, one for the bilinear weights; area starts at an even row and column
    seen = tuple(
        slice(max(0, part.start // 2 - 2), min(side, -(-part.stop // 2) + 2))
        for part, side in zip(area, found.shape, strict=True)
    )
    inside = tuple(
        slice(part.start - 2 * small.start, part.stop - 2 * small.start) for part, small in zip(area, seen, strict=True)
    )
    slopes, offset = _Windows.of(below[seen]).fit(found[seen])
    drawn = _doubled(np.concatenate((slopes, offset[None])))[:, *inside]
    alpha: Float = (drawn[:3] * _centred(pixels)).sum(0) + drawn[3]
    return alpha


def _stepped(windows: "_Windows", alpha: Float, part: _Level, limits: tuple[float, float], steps: int) -> Float:
    """Chebyshev's steps towards (1 - G + weight) alpha = weight prior.  limits: between which the operator lies."""

    def residual() -> Float:
        left: Float = windows.filtered(alpha) - alpha + part.weight * (part.prior - alpha)
        return np.where(part.unknown, left, np.float32(0))

    middle, half = (limits[0] + limits[1]) / 2, (limits[1] - limits[0]) / 2
    share = half / middle
    step = residual() / np.float32(middle)
    alpha = alpha + step
    for _ in range(steps - 1):
        following = 1 / (2 * middle / half - share)
        step = np.float32(following * share) * step + np.float32(2 * following / half) * residual()
        share = following
        alpha = alpha + step
    return alpha


@dataclass(frozen=True)
class _Windows:
    """A picture's windows of 3 x 3 px: colours (3, h, w) about grey, their means, and their covariances, factored."""

    colours: Float
    means: Float
    lower: tuple[Float, Float, Float]  # L of the covariance L D L', below its diagonal: (1, 0), (2, 0), (2, 1)
    diagonal: tuple[Float, Float, Float]

    @classmethod
    def of(cls, pixels: Array) -> "_Windows":
        """pixels: (h, w, 3), any type. Windows beyond its border repeat the last pixel."""
        colours = _centred(pixels)
        # with twice the digits: the squares of a smooth window differ in the last of them
        precise = colours.astype(np.float64)
        means = _mean(precise)
        (rr, rg, rb), (gg, gb), (bb,) = (_mean(precise[i] * precise[i:]) - means[i] * means[i:] for i in range(3))
        first = np.maximum(rr, 0) + _EPSILON
        l10, l20 = rg / first, rb / first
        second = np.maximum(gg - l10 * rg, 0) + _EPSILON
        left = gb - l10 * rb
        l21 = left / second
        third = np.maximum(bb - l20 * rb - l21 * left, 0) + _EPSILON
        factors = [each.astype(np.float32) for each in (l10, l20, l21, first, second, third)]
        return cls(colours, means.astype(np.float32), (*factors[:3],), (*factors[3:],))

    def fit(self, plane: Float) -> tuple[Float, Float]:
        """Slopes (3, h, w) and offset (h, w) of plane (h, w) over colour, in every window: equations 5 and 6 of He."""
        mean, *joint = _mean(np.concatenate((plane[None], self.colours * plane)))
        r, g, b = (one - of_colour * mean for one, of_colour in zip(joint, self.means, strict=True))
        l10, l20, l21 = self.lower
        g = g - l10 * r
        b = (b - l20 * r - l21 * g) / self.diagonal[2]
        g = g / self.diagonal[1] - l21 * b
        r = r / self.diagonal[0] - l10 * g - l20 * b
        slopes = np.stack((r, g, b))
        return slopes, mean - (slopes * self.means).sum(0)

    def filtered(self, plane: Float) -> Float:
        """G plane: the fits of all windows that a pixel lies in, averaged, at its colour: equation 8 of He."""
        slopes, offset = self.fit(plane)
        *averaged, base = _mean(np.concatenate((slopes, offset[None])))
        alpha: Float = sum((slope * colour for slope, colour in zip(averaged, self.colours, strict=True)), base)
        return alpha


def _centred(pixels: Array) -> Float:
    """(h, w, 3) -> (3, h, w) float32 about 0: squares of small numbers keep more of their differences."""
    planes: Float = np.ascontiguousarray(to_depth(pixels, np.float32).transpose(2, 0, 1)) - np.float32(0.5)
    return planes


def _mean(planes: Array) -> Array:
    """Means of 3 x 3 px of (..., h, w)."""
    down = planes.copy()
    down[..., 1:, :] += planes[..., :-1, :]
    down[..., :1, :] += planes[..., :1, :]
    down[..., :-1, :] += planes[..., 1:, :]
    down[..., -1:, :] += planes[..., -1:, :]
    total = down.copy()
    total[..., 1:] += down[..., :-1]
    total[..., :1] += down[..., :1]
    total[..., :-1] += down[..., 1:]
    total[..., -1:] += down[..., -1:]
    total *= planes.dtype.type(1 / 9)
    return total


def _halved(array: Array) -> Float:
    """Means of 2 x 2 px of (H, W) or (H, W, C); an odd last row or column counts twice."""
    for axis in (0, 1):
        at = np.moveaxis(array, axis, 0)
        if len(at) % 2:
            at = np.concatenate((at, at[-1:]))
        array = np.moveaxis((at[::2] + at[1::2]) * np.float32(0.5), 0, axis)
    return np.asarray(array, np.float32)


def _halved_colours(pixels: Array) -> Float:
    """The same of a picture of any type, in strips: it is never float as a whole."""
    halved = np.empty((-(-pixels.shape[0] // 2), -(-pixels.shape[1] // 2), 3), np.float32)
    for top in range(0, len(pixels), 2 * _TILE_PX):
        strip = _halved(to_depth(pixels[top : top + 2 * _TILE_PX], np.float32))
        halved[top // 2 : top // 2 + len(strip)] = strip
    return halved


def _doubled(planes: Float) -> Float:
    """(C, h, w) -> (C, 2 h, 2 w), bilinear."""
    for axis in (1, 2):
        at = np.moveaxis(planes, axis, 0)
        before, after = np.concatenate((at[:1], at[:-1])), np.concatenate((at[1:], at[-1:]))
        large = np.empty((2 * len(at), *at.shape[1:]), np.float32)
        large[::2] = 0.75 * at + 0.25 * before
        large[1::2] = 0.75 * at + 0.25 * after
        planes = np.moveaxis(large, 0, axis)
    return planes
