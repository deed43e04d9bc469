"""Compositing training pictures: I = alpha F + (1 - alpha) B, with the gaps between F and B narrowed.

A cut-out pasted onto a photo differs from it in colour, light and sharpness, and a network learns to find those
differences instead of the subject (Li et al., "Bridging Composite and Real", section 4). So the two are matched here in
several ways, sometimes not at all. Arrays are float32 in [0, 1], straight alpha.
"""

import numpy as np
from PIL import Image

from mattelier.data.augment import Rng, blur, unit
from mattelier.errors import InputError
from mattelier.image import Array, Float
from mattelier.image.colour import linear_to_srgb, srgb_to_linear


def composite(foreground: Float, background: Float, alpha: Float, is_linear: bool = False) -> Float:
    """(H, W, 3), (H, W, 3), (H, W) -> (H, W, 3); is_linear mixes as light does, and the result is sRGB again.

    The published sets all mix encoded values, so networks trained on them expect that.
    """
    a = alpha[..., None]
    if is_linear:
        return linear_to_srgb(a * srgb_to_linear(foreground) + (1.0 - a) * srgb_to_linear(background))
    return a * foreground + (1.0 - a) * background


def composite_bytes(foreground: Array, background: Array, alpha: Array) -> Array:
    """The same for uint8, in whole numbers, rounded to nearest: right to half a step in every pixel."""
    if not (foreground.dtype == background.dtype == alpha.dtype == np.uint8):
        raise InputError(
            f"foreground, background and alpha are {foreground.dtype}, {background.dtype} and {alpha.dtype}; "
            "expected uint8 each; convert them"
        )
    a = alpha[..., None].astype(np.uint16)
    total = a * foreground + (255 - a) * background + 127
    # x // 255 for every x up to 65535, at a quarter of a division's time
    return ((total + 1 + (total >> 8)) >> 8).astype(np.uint8)


def merge(front: tuple[Float, Float], back: tuple[Float, Float]) -> tuple[Float, Float]:
    """Two foregrounds as one: alpha 1 - (1 - a1)(1 - a2), colours as the front one over the other shows them.

    front, back: (H, W, 3) straight and (H, W), of one size. Returns the same. Where both are empty the front's
    colours stay. (Code that is around keeps a1 F1 + (1 - a1) F2, which is wrong wherever a2 < 1.)
    """
    (colour_1, alpha_1), (colour_2, alpha_2) = front, back
    behind = (1.0 - alpha_1) * alpha_2
    alpha = alpha_1 + behind
    mixed = (alpha_1[..., None] * colour_1 + behind[..., None] * colour_2) / np.maximum(alpha, 1e-6)[..., None]
    return np.where(alpha[..., None] > 0, mixed, colour_1).astype(np.float32), alpha


def extend(rgb: Array, alpha: Float) -> Float:
    """A subject's colours carried on over the whole picture, so that a loss on F can be taken everywhere (FBA).

    rgb: (H, W, 3) uint8 or float32; alpha: (H, W) float32. Returns float32: multi-level foreground estimation.
    """
    from mattelier.image.foreground import estimate

    return estimate(rgb, alpha)


def match_colour(foreground: Float, background: Float, alpha: Float, rng: Rng) -> Float:
    """The foreground with its colour statistics moved part of the way to the background's (Reinhard et al. 2001).

    In RGB, by mean and spread or by mean alone, by a random share; a third of the time not at all.
    """
    way = rng.choice(("none", "mean", "mean and spread"))
    solid = alpha > 0.5
    if way == "none" or not solid.any():
        return foreground
    share = rng.uniform(0.2, 0.8)
    inside = foreground[solid]
    mean, target = inside.mean(0), background.mean((0, 1))
    spread = 1.0
    if way == "mean and spread":
        spread = np.clip(background.std((0, 1)) / (inside.std(0) + 1e-3), 0.6, 1.6) ** share
    moved = (foreground - mean) * spread + mean + share * (target - mean) * 0.5
    matched: Float = np.clip(moved, 0.0, 1.0).astype(np.float32)
    return matched


def match_sharpness(background: Float, rng: Rng) -> Float:
    """The background out of focus as a lens would leave it, a third of the time (RSSN: the sharpness gap)."""
    return blur(background, rng.uniform(0.5, 5.0)) if rng.random() < 0.35 else background


def blur_fusion(rgb: Float, alpha: Float, radius_px: int) -> Float:
    """Foreground colours of a matted photo (Forte, "Approximate Fast Foreground Colour Estimation", ICIP 2021).

    One pass of blur fusion: local means of F and B, then the residual of the compositing equation given to F.
    """
    a = alpha[..., None]
    weight = box(alpha, radius_px)[..., None]
    mean_f = box(rgb * a, radius_px) / (weight + 1e-5)
    mean_b = box(rgb * (1.0 - a), radius_px) / (1.0 - weight + 1e-5)
    return np.clip(mean_f + a * (rgb - a * mean_f - (1.0 - a) * mean_b), 0.0, 1.0).astype(np.float32)


def box(array: Float, radius_px: int) -> Float:
    """Mean over a square window of side 2 radius + 1, edges repeated; (H, W) or (H, W, C)."""
    for axis in (0, 1):
        pad = [(0, 0)] * array.ndim
        pad[axis] = (radius_px + 1, radius_px)
        sums = np.cumsum(np.pad(array, pad, mode="edge"), axis=axis, dtype=np.float64)
        upper = np.take(sums, range(2 * radius_px + 1, sums.shape[axis]), axis)
        lower = np.take(sums, range(sums.shape[axis] - 2 * radius_px - 1), axis)
        array = ((upper - lower) / (2 * radius_px + 1)).astype(np.float32)
    return array


def place(rgba: Array, side_px: int, rng: Rng) -> tuple[Float, Float]:
    """A cut-out scaled to 45 to 115 % of a square canvas and put somewhere on it.

    rgba: (H, W, 4) uint8. Returns foreground (side, side, 3) and alpha (side, side).
    Colours travel premultiplied, so that what lies under alpha 0 never bleeds in.
    """
    height, width = rgba.shape[:2]
    scale = side_px * rng.uniform(0.45, 1.15) / max(height, width)
    h, w = max(8, round(height * scale)), max(8, round(width * scale))
    if rng.random() < 0.5:
        rgba = rgba[:, ::-1]
    small = Image.fromarray(np.ascontiguousarray(rgba)).resize((w, h), Image.Resampling.BILINEAR)
    canvas = Image.new("RGBA", (side_px, side_px))
    canvas.paste(small, (_offset(side_px, w, rng), _offset(side_px, h, rng)))
    placed = unit(np.asarray(canvas))
    return placed[..., :3], placed[..., 3]


def _offset(side_px: int, length_px: int, rng: Rng) -> int:
    # at most a quarter of the cut-out leaves the canvas, or as much as it must
    slack = side_px - length_px
    low, high = min(0, slack) - length_px // 4 * (slack > 0), max(0, slack) + length_px // 4 * (slack > 0)
    return int(rng.integers(low, high + 1))
