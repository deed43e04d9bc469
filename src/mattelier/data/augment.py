"""Random changes of a training picture: pure functions of an array and a numpy generator.

Pictures are (H, W, 3) float32 in [0, 1]; geometry is applied to picture, alpha and weight alike.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

from mattelier.image import Array, Float

Rng = np.random.Generator


def crop_box(hw: tuple[int, int], rng: Rng, alpha: Array | None = None) -> tuple[int, int, int, int]:
    """left, top, right, bottom of a crop of 40 to 100 % of the area, aspect changed by at most 4:3.

    With an alpha the box keeps at least a quarter of the subject; a third of the boxes are the whole picture.
    """
    height, width = hw
    whole = (0, 0, width, height)
    if rng.random() < 1 / 3:
        return whole
    for _ in range(8):
        area, aspect = rng.uniform(0.4, 1.0), float(np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3))))
        w = min(width, round(width * np.sqrt(area * aspect)))
        h = min(height, round(height * np.sqrt(area / aspect)))
        left, top = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        if alpha is None or alpha[top : top + h, left : left + w].sum() >= 0.25 * alpha.sum():
            return left, top, left + w, top + h
    return whole


def resize_crop(plane: Array, box: tuple[int, int, int, int], side_px: int, width_px: int = 0) -> Array:
    """The box of a uint8 (H, W[, C]) array at side_px by side_px, or by width_px; antialiased when it shrinks."""
    return np.asarray(Image.fromarray(plane).resize((width_px or side_px, side_px), Image.Resampling.BILINEAR, box=box))


def recolour(rgb: Float, rng: Rng) -> Float:
    """Brightness, contrast, saturation, white balance and gamma, each a little; one picture in twenty turns grey."""
    grey = rgb.mean(2, keepdims=True)
    rgb = grey + (rgb - grey) * (0.0 if rng.random() < 0.05 else rng.uniform(0.6, 1.4))
    rgb = (rgb - rgb.mean()) * rng.uniform(0.75, 1.25) + rgb.mean() * rng.uniform(0.75, 1.25)
    balance = rng.uniform(0.92, 1.08, 3).astype(np.float32)
    brightened: Float = np.clip(rgb * balance, 0.0, 1.0) ** np.float32(rng.uniform(0.8, 1.25))
    return brightened


def degrade(rgb: Float, rng: Rng) -> Float:
    """What cameras and web sites do: sometimes blur, sensor noise, JPEG."""
    if rng.random() < 0.15:
        rgb = blur(rgb, rng.uniform(0.4, 1.5))
    if rng.random() < 0.25:
        rgb = rgb + rng.normal(0.0, rng.uniform(0.005, 0.04), rgb.shape).astype(np.float32)
    if rng.random() < 0.25:
        rgb = jpeg(rgb, int(rng.integers(40, 92)))
    return np.clip(rgb, 0.0, 1.0)


def blur(rgb: Float, radius_px: float) -> Float:
    return unit(np.asarray(picture(rgb).filter(ImageFilter.GaussianBlur(radius_px))))


def jpeg(rgb: Float, quality: int) -> Float:
    stream = io.BytesIO()
    picture(rgb).save(stream, "JPEG", quality=quality)
    return unit(np.asarray(Image.open(stream)))


def picture(rgb: Float) -> Image.Image:
    return Image.fromarray((np.clip(rgb, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8))


def unit(array: Array) -> Float:
    """uint8 to float32 in [0, 1]."""
    return array.astype(np.float32) / np.float32(255.0)
